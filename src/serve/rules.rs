//! Rules as the store has them, read into rules as they are judged by; and remembered.
//!
//! A thousand monitors with `every 1h` have one schedule. Reading it costs more than judging by it, so
//! what was read is kept under its text.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::definition::{Presence, StoredRules};
use crate::domain::monitor::{ABSENT_MAX, Rules, interval_of};
use crate::domain::schedule::zone::Zone;
use crate::domain::schedule::{Line, Schedule};
use crate::domain::span;
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
    /// What makes sense, and hardly what was meant.
    pub(crate) warning: Option<String>,
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
        Ok(rules) => {
            // By Healthchecks' rules nothing is said that it would not say.
            let is_healthchecks = stored.healthchecks;
            let is_own = stored.grace_s.is_some() && !is_healthchecks;
            let warning = is_own.then(|| long_grace(&rules, now)).flatten();
            Compiled { rules, fault: None, is_healthchecks, written, warning }
        }
        Err(fault) => {
            let rules = Rules::of(None, Zone::utc(), now);
            let (fault, is_healthchecks) = (Some(fault), false);
            Compiled { rules, fault, is_healthchecks, written, warning: None }
        }
    }
}

/// Says that a grace reaches to the next slot, where slots are moments: what was missed is told when
/// another run was due already, and one that is late takes the next one's place.
///
/// Worked example: `0 * * * *` with a grace of 3 h tells at 13:00 of what was due at 10:00.
fn long_grace(rules: &Rules, now: Moment) -> Option<String> {
    let schedule = rules.schedule.as_ref()?;
    if matches!(schedule, Schedule::Every(_)) {
        return None;
    }
    let gap = interval_of(schedule, &rules.zone, now)?;
    (rules.grace >= gap).then(|| {
        let (grace, gap) = (span::format(rules.grace), span::format(gap));
        format!(
            "the grace of {grace} is not shorter than the {gap} between two runs: a missed one is told after the next was due"
        )
    })
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
    rules.absent_at_most = stored
        .presence
        .map(|Presence::Host| seconds(stored.absent_at_most_s).unwrap_or(ABSENT_MAX));
    rules.wait_first = stored.wait_first;
    if stored.healthchecks {
        // It expects the first moment after the last ping, however near that is, and counts seconds.
        (rules.early, rules.by_the_wall) = (Duration::ZERO, false);
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
        for (schedule, grace_s, warns) in [
            ("0 * * * *", 3600, true),
            ("0 * * * *", 3599, false),
            ("0 2,3 * * *", 5400, true),
            ("calendar daily", 86_400, true),
            ("every 1h", 10_800, false),
        ] {
            let text =
                format!(r#"{{"schedule": "{schedule}", "timezone": "UTC", "grace_s": {grace_s}}}"#);
            assert_eq!(compile(&text, now).warning.is_some(), warns, "{text}");
            let check = text.replace('}', r#", "healthchecks": true}"#);
            assert_eq!(compile(&check, now).warning, None, "{check}");
        }
        let text = r#"{"schedule": "every 1h", "grace_s": 600, "tolerance": 2}"#;
        let cache = RulesCache::default();
        let compiled = cache.get(text, now);
        assert_eq!(compiled.fault, None);
        assert_eq!((compiled.rules.grace.as_secs(), compiled.rules.tolerance), (600, 2));
        assert!(std::sync::Arc::ptr_eq(&compiled, &cache.get(text, now)));
    }
}
