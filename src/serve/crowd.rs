//! Who is here, counted by address: nobody takes the room that is everybody's.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use super::strangers;

/// As many as may come from one address at a time.
pub(crate) struct Crowd {
    max: usize,
    /// Only addresses from which somebody is here.
    counts: Mutex<HashMap<String, usize>>,
}

impl Crowd {
    /// So many from each.
    pub(crate) fn new(max: usize) -> Arc<Crowd> {
        Arc::new(Crowd { max, counts: Mutex::default() })
    }

    /// Lets one more in from `address`, for as long as the seat is held; none is left where enough are here.
    pub(crate) fn enter(self: &Arc<Crowd>, address: IpAddr) -> Option<Seat> {
        let network = strangers::network(&address.to_canonical().to_string());
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(network.clone()).or_insert(0);
        if *count >= self.max {
            return None;
        }
        *count += 1;
        Some(Seat { crowd: Arc::clone(self), network })
    }
}

/// A place that one of them has; it is free again when this is dropped.
pub(crate) struct Seat {
    crowd: Arc<Crowd>,
    network: String,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut counts = self.crowd.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.network) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Crowd;

    #[test]
    fn each_network_has_its_own_seats_and_gets_them_back() {
        let crowd = Crowd::new(2);
        let enter = |address: &str| crowd.enter(address.parse().expect("an address"));
        let (one, two) = (enter("192.0.2.1"), enter("::ffff:192.0.2.1"));
        assert!(one.is_some() && two.is_some() && enter("192.0.2.1").is_none());
        let others = [enter("192.0.2.2"), enter("2001:db8::1"), enter("2001:db8::2")];
        assert!(others.iter().all(Option::is_some) && enter("2001:db8::3").is_none());
        drop(one);
        assert!(enter("192.0.2.1").is_some());
        drop((two, others));
        assert!(crowd.counts.lock().expect("nobody panics with it").is_empty());
    }
}
