//! What is expected of a monitor, and the word for how it does.
//!
//! Rules are settled once, when a monitor is read: schedules parsed, defaults filled in. The state that
//! they are held against is in [`super::transition`].

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::schedule::Schedule;
use super::schedule::zone::Zone;
use super::time::Moment;

/// The least grace: a minute is what cron itself may be late by.
const GRACE_MIN: Duration = Duration::from_secs(60);

/// The interval at which the rule for grace has its foot.
const GRACE_FOOT_S: f64 = 300.0;

/// Grace grows more slowly than the interval: a weekly job is not four hours less exact than a daily one.
const GRACE_POWER: f64 = 0.86;

/// Below this interval one missed run is tolerated, for a single lost ping is noise there.
const TOLERANT_BELOW: Duration = Duration::from_secs(300);

/// How many slots are looked at for the smallest gap: two months of a daily job, a whole year of a
/// weekly one. A gap that comes later than that is not found.
const GAPS_MAX: usize = 64;

/// The most missed runs that may be tolerated: each costs one look at the schedule. More is taken
/// for this many.
pub(crate) const TOLERANCE_MAX: u32 = 100;

/// Whose presence may count, by their words: see [`Rules::absent_at_most`].
pub(crate) const PRESENCES: [&str; 2] = ["host", "always"];

/// How long a deadline is put off by a host that sleeps, unless somebody says how long: holidays.
pub(crate) const ABSENT_MAX: Duration = Duration::from_secs(14 * 86_400);

/// How much earlier than its due moment a slot opens, unless its grace or half the gap before it is
/// less: clocks of two hosts differ, and cron and a timer are not one.
pub(crate) const EARLY_MAX: Duration = Duration::from_secs(60);

/// What is expected of a monitor.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rules {
    /// When a success is expected; none: never, and only what is told counts.
    pub(crate) schedule: Option<Schedule>,
    /// The zone of the schedule.
    pub(crate) zone: Zone,
    /// How long to keep quiet after the due moment; the run's own time is part of it.
    pub(crate) grace: Duration,
    /// A run that began is not late; one that has not is, so long after the due moment.
    pub(crate) start_within: Option<Duration>,
    /// How long a run may take.
    pub(crate) run_at_most: Option<Duration>,
    /// How many expected runs in a row may be missed.
    pub(crate) tolerance: u32,
    /// Nothing is expected before the first event.
    pub(crate) wait_first: bool,
    /// Whole days are days of the clock on the wall, of which one has 25 hours.
    pub(crate) by_the_wall: bool,
    /// Only time in which its host was awake brings a deadline nearer, which is put off by so much at most;
    /// none: all time counts.
    pub(crate) absent_at_most: Option<Duration>,
    /// How much before its due moment a success may come and still answers it; see `EARLY_MAX`.
    pub(crate) early: Duration,
}

impl Rules {
    /// The rules of a schedule with nothing else said: grace and tolerance follow from its interval.
    pub(crate) fn of(schedule: Option<Schedule>, zone: Zone, now: Moment) -> Rules {
        let interval = schedule.as_ref().and_then(|schedule| interval_of(schedule, &zone, now));
        Rules {
            schedule,
            zone,
            grace: interval.map_or(GRACE_MIN, grace_for),
            start_within: None,
            run_at_most: None,
            tolerance: interval.map_or(0, tolerance_for),
            wait_first: false,
            by_the_wall: true,
            absent_at_most: None,
            early: EARLY_MAX,
        }
    }
}

/// The grace for an interval: 60 s · (I / 300 s)^0.86, and never below 60 s.
///
/// Worked example: an hourly job gets 8 min 28 s, a daily one 2 h 10 min, a weekly one 11 h 35 min.
pub(crate) fn grace_for(interval: Duration) -> Duration {
    let factor = (interval.as_secs_f64() / GRACE_FOOT_S).powf(GRACE_POWER);
    let grace = Duration::try_from_secs_f64((GRACE_MIN.as_secs_f64() * factor).round());
    grace.unwrap_or(Duration::MAX).max(GRACE_MIN)
}

/// How many expected runs in a row may be missed where nobody has said: one below five minutes.
pub(crate) fn tolerance_for(interval: Duration) -> u32 {
    u32::from(interval < TOLERANT_BELOW)
}

/// The smallest gap between the coming slots; none where there are no two of them.
///
/// Worked example: `0 2,3 * * *` has an interval of one hour, although 23 lie in between as well.
pub(crate) fn interval_of(schedule: &Schedule, zone: &Zone, now: Moment) -> Option<Duration> {
    if let Schedule::Every(every) = schedule {
        return Some(every.at_most);
    }
    let mut at = super::transition::slot_after(schedule, zone, now)?;
    let mut smallest: Option<Duration> = None;
    for _ in 0..GAPS_MAX {
        let Some(next) = super::transition::slot_after(schedule, zone, at) else { break };
        let gap = next.since(at);
        smallest = Some(smallest.map_or(gap, |smallest| smallest.min(gap)));
        at = next;
    }
    smallest
}

/// The one word that is shown for a monitor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Status {
    /// Nothing was heard yet, and nothing is overdue.
    #[default]
    New,
    /// The last run went well and the next is not due.
    Up,
    /// A run is under way.
    Running,
    /// Due, and still within its grace.
    Late,
    /// The deadline has passed.
    Missed,
    /// The last run failed.
    Failed,
    /// The last run finished with reservations.
    Partial,
    /// A run takes longer than it may.
    Overrun,
    /// A run is alive and does nothing.
    Stalled,
    /// A run has broken its promise to be heard of.
    Vanished,
    /// What was made is not what was expected.
    VerifyFailed,
    /// Nothing is expected, because somebody said so.
    Paused,
    /// A deadline passed while the receiver was blind, or shortly after it. Also what a word that
    /// this version does not know is read as.
    #[serde(other)]
    Unknown,
}

impl Status {
    /// All of them with their words.
    pub(crate) const ALL: [(Status, &'static str); 13] = [
        (Status::New, "new"),
        (Status::Up, "up"),
        (Status::Running, "running"),
        (Status::Late, "late"),
        (Status::Missed, "missed"),
        (Status::Failed, "failed"),
        (Status::Partial, "partial"),
        (Status::Overrun, "overrun"),
        (Status::Stalled, "stalled"),
        (Status::Vanished, "vanished"),
        (Status::VerifyFailed, "verify-failed"),
        (Status::Paused, "paused"),
        (Status::Unknown, "unknown"),
    ];

    /// The word as it is shown and stored.
    pub(crate) fn word(self) -> &'static str {
        Status::ALL.into_iter().find(|(status, _)| *status == self).map_or("new", |(_, word)| word)
    }

    /// Reads a word.
    pub(crate) fn parse(word: &str) -> Option<Status> {
        Status::ALL.into_iter().find(|(_, own)| *own == word).map(|(status, _)| status)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::schedule::Line;

    #[test]
    fn grace_grows_more_slowly_than_the_interval() {
        let cases = [
            (1, 60),
            (300, 60),
            (3_600, 508),
            (21_600, 2_374),
            (86_400, 7_820),
            (604_800, 41_688),
            (2_592_000, 145_731),
        ];
        for (interval_s, grace_s) in cases {
            let grace = grace_for(Duration::from_secs(interval_s));
            assert_eq!(grace.as_secs(), grace_s, "{interval_s}");
        }
        assert!(grace_for(Duration::MAX) > Duration::from_secs(1 << 40));
    }

    #[test]
    fn the_interval_is_the_smallest_gap() {
        let cases = [
            ("every 4h..6h", Some(6 * 3_600)),
            ("0 2,3 * * *", Some(3_600)),
            ("*/5 * * * *", Some(300)),
            ("calendar *:0/15", Some(900)),
            ("by 08:00", Some(86_400)),
            ("0 0 1 * *", Some(28 * 86_400)),
            ("calendar 2027-01-01", None),
        ];
        for (text, expected) in cases {
            let schedule = Line::parse(None, text).expect("a schedule").schedule;
            let now = Moment::from_epoch_ms(1_774_746_000_000);
            let interval = interval_of(&schedule, &Zone::utc(), now);
            assert_eq!(interval.map(|gap| gap.as_secs()), expected, "{text}");
        }
    }

    #[test]
    fn every_word_is_read_and_written() {
        for (status, word) in Status::ALL {
            assert_eq!((status.word(), Status::parse(word)), (word, Some(status)));
            assert_eq!(serde_json::to_string(&status).unwrap(), format!("\"{word}\""));
        }
        assert_eq!(serde_json::from_str::<Status>("\"on-fire\"").unwrap(), Status::Unknown);
    }
}
