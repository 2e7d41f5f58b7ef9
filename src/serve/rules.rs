//! Rules as the store has them, read into rules as they are judged by; and remembered.
//!
//! A thousand monitors with `every 1h` have one schedule. Reading it costs more than judging by it, so
//! what was read is kept under its text.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::definition::StoredRules;
use crate::domain::monitor::Rules;
use crate::domain::schedule::Line;
use crate::domain::schedule::zone::Zone;
use crate::domain::time::Moment;
use crate::sys::zone;

/// Different texts that are remembered; then all are forgotten, which costs reading each again.
const REMEMBERED_MAX: usize = 4096;

/// The rules of a monitor, or why they cannot be judged by.
#[derive(Clone, Debug)]
pub(crate) struct Compiled {
    /// The rules; where the stored ones make no sense, those of a monitor without a schedule.
    pub(crate) rules: Rules,
    /// What makes no sense.
    pub(crate) fault: Option<String>,
    /// Whether it is judged as Healthchecks would.
    pub(crate) is_healthchecks: bool,
    /// The schedule and the zone as people wrote them.
    pub(crate) written: Written,
}

/// What people said of when it is expected.
#[derive(Clone, Debug, Default)]
pub(crate) struct Written {
    /// The schedule.
    pub(crate) schedule: Option<String>,
    /// Its zone.
    pub(crate) timezone: Option<String>,
}

/// What was read.
#[derive(Default)]
pub(crate) struct RulesCache {
    remembered: Mutex<HashMap<String, Arc<Compiled>>>,
}

impl RulesCache {
    /// The rules of this text.
    pub(crate) fn get(&self, text: &str, now: Moment) -> Arc<Compiled> {
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = remembered.get(text) {
            return Arc::clone(known);
        }
        if remembered.len() >= REMEMBERED_MAX {
            remembered.clear();
        }
        let compiled = Arc::new(compile(text, now));
        remembered.insert(text.to_owned(), Arc::clone(&compiled));
        compiled
    }
}

/// Reads stored rules. Whatever is in the store, something comes out that can be judged by: one
/// monitor that makes no sense must not keep others from being watched.
pub(crate) fn compile(text: &str, now: Moment) -> Compiled {
    let stored: Result<StoredRules, String> =
        serde_json::from_str(text).map_err(|error| format!("its rules are no JSON: {error}"));
    let read = stored.as_ref().map_err(Clone::clone).and_then(|stored| read(stored, now));
    let stored = stored.unwrap_or_default();
    let written = Written { schedule: stored.schedule, timezone: stored.timezone };
    match read {
        Ok(rules) => Compiled { rules, fault: None, is_healthchecks: stored.healthchecks, written },
        Err(fault) => {
            let rules = Rules::of(None, Zone::utc(), now);
            Compiled { rules, fault: Some(fault), is_healthchecks: false, written }
        }
    }
}

fn read(stored: &StoredRules, now: Moment) -> Result<Rules, String> {
    let line = match &stored.schedule {
        Some(schedule) => Some(
            Line::parse(None, schedule)
                .map_err(|fault| format!("its schedule `{schedule}` is none: {}", fault.why))?,
        ),
        None => None,
    };
    let own = line.as_ref().and_then(|line| line.zone.clone());
    let zone = match own.as_ref().or(stored.timezone.as_ref()) {
        Some(name) => zone::named(name)?,
        None => zone::of_this_host(),
    };
    let mut rules = Rules::of(line.map(|line| line.schedule), zone, now);
    let seconds = |seconds: Option<u64>| seconds.map(Duration::from_secs);
    if let Some(grace) = seconds(stored.grace_s) {
        rules.grace = grace;
    }
    rules.start_within = seconds(stored.start_within_s);
    rules.run_at_most = seconds(stored.run_at_most_s);
    rules.tolerance = stored.tolerance.unwrap_or(rules.tolerance);
    rules.wait_first = stored.wait_first;
    if stored.healthchecks {
        // It expects the first moment after the last ping, however near that is.
        rules.early = Duration::ZERO;
    }
    Ok(rules)
}

#[cfg(test)]
mod tests {
    use super::{RulesCache, compile};
    use crate::domain::time::Moment;

    #[test]
    fn nonsense_in_the_store_becomes_a_fault_and_rules_that_can_be_judged_by() {
        let now = Moment::from_epoch_ms(1_795_000_000_000);
        for text in [
            "",
            "null",
            "5",
            r#"{"schedule": "0 0 31 2 *"}"#,
            r#"{"schedule": "nonsense"}"#,
            r#"{"schedule": "every 1h", "timezone": "Mars/Base"}"#,
            r#"{"grace_s": -1}"#,
        ] {
            let compiled = compile(text, now);
            assert!(compiled.fault.is_some(), "{text}");
            assert!(compiled.rules.schedule.is_none(), "{text}");
        }
        let text = r#"{"schedule": "every 1h", "grace_s": 600, "tolerance": 2}"#;
        let cache = RulesCache::default();
        let compiled = cache.get(text, now);
        assert_eq!(compiled.fault, None);
        assert_eq!((compiled.rules.grace.as_secs(), compiled.rules.tolerance), (600, 2));
        assert!(std::sync::Arc::ptr_eq(&compiled, &cache.get(text, now)));
    }
}
