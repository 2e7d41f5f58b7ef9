//! Who asks for keys that nobody has: guessing is slowed down, pinging is not.
//!
//! Only unknown keys count. A valid ping from the same address passes whatever else comes from there,
//! because behind one address may stand a whole office. Passwords are counted in the same way.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::domain::time::Moment;

/// Unknown keys that one address may ask for in a minute.
const UNKNOWN_MAX: u32 = 60;

/// The window in which they are counted.
const WINDOW_MS: i64 = 60_000;

/// Addresses that are counted at a time; beyond it all counting starts anew, so that a million
/// addresses cost no more memory than this many.
const ADDRESSES_MAX: usize = 10_000;

/// How many unknown keys each address has asked for.
#[derive(Default)]
pub(crate) struct Strangers {
    counts: Mutex<HashMap<String, (i64, u32)>>,
}

impl Strangers {
    /// Counts an unknown key; whether it may be answered as one.
    pub(crate) fn may_ask(&self, remote: &str, now: Moment) -> bool {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let place = network(remote);
        if counts.len() >= ADDRESSES_MAX && !counts.contains_key(&place) {
            counts.clear();
        }
        let (since, count) = counts.entry(place).or_insert((now.epoch_ms(), 0));
        if now.epoch_ms().saturating_sub(*since).unsigned_abs() > WINDOW_MS.unsigned_abs() {
            (*since, *count) = (now.epoch_ms(), 0);
        }
        *count += 1;
        *count <= UNKNOWN_MAX
    }
}

/// An IPv6 client has a whole /64 to itself, so that is what is counted.
pub(crate) fn network(remote: &str) -> String {
    match remote.parse::<std::net::Ipv6Addr>() {
        Ok(address) => {
            let parts: Vec<String> =
                address.segments()[..4].iter().map(|part| format!("{part:x}")).collect();
            parts.join(":")
        }
        Err(_) => remote.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{ADDRESSES_MAX, Strangers, UNKNOWN_MAX};
    use crate::domain::time::Moment;

    #[test]
    fn guessing_is_slowed_down_per_network_and_minute() {
        let strangers = Strangers::default();
        let at = |s: i64| Moment::from_epoch_ms(1_795_000_000_000 + s * 1000);
        for _ in 0..UNKNOWN_MAX {
            assert!(strangers.may_ask("2001:db8::1", at(0)));
        }
        assert!(!strangers.may_ask("2001:db8::2", at(1)));
        assert!(strangers.may_ask("2001:db8:0:1::2", at(1)));
        assert!(strangers.may_ask("192.0.2.1", at(1)));
        assert!(strangers.may_ask("2001:db8::1", at(62)));
    }

    #[test]
    fn a_million_addresses_cost_no_more_than_some() {
        let strangers = Strangers::default();
        for number in 0..3 * ADDRESSES_MAX {
            strangers.may_ask(&format!("host{number}"), Moment::from_epoch_ms(0));
        }
        assert!(strangers.counts.lock().unwrap().len() <= ADDRESSES_MAX);
    }
}
