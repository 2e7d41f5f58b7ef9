//! From going bad to being good again: when people are told, and what.
//!
//! Plans are level-triggered: they look at how a monitor does and at whether an incident is open, not at how
//! it came to be so. So what went bad in maintenance opens when that is over, what was bad before
//! and after it is not told again, and a restart tells nothing twice.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::monitor::Status;
use super::time::Moment;

/// How soon after the last message an incident that nobody has acknowledged is told again.
const REMINDER: Duration = Duration::from_secs(8 * 3600);

/// The longest time between two reminders, and the time between them once it is acknowledged.
const REMINDER_MAX: Duration = Duration::from_secs(24 * 3600);

/// How bad it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Severity {
    /// Worth knowing.
    Info,
    /// To be looked at some time.
    Warning,
    /// To be looked at now.
    #[default]
    Critical,
    /// What everybody relied on is not there.
    Emergency,
}

impl Severity {
    /// All of them with their words.
    pub(crate) const ALL: [(Severity, &'static str); 4] = [
        (Severity::Info, "info"),
        (Severity::Warning, "warning"),
        (Severity::Critical, "critical"),
        (Severity::Emergency, "emergency"),
    ];

    /// The word as it is shown and stored.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Critical => "critical",
            Severity::Emergency => "emergency",
        }
    }

    /// Reads a word.
    pub(crate) fn parse(word: &str) -> Option<Severity> {
        Severity::ALL.into_iter().find(|(_, own)| *own == word).map(|(severity, _)| severity)
    }
}

/// How bad a word is; none where nobody is told.
pub(crate) fn severity_of(status: Status) -> Option<Severity> {
    match status {
        Status::VerifyFailed => Some(Severity::Emergency),
        Status::Missed | Status::Failed | Status::Vanished => Some(Severity::Critical),
        Status::Overrun | Status::Stalled => Some(Severity::Warning),
        Status::New | Status::Up | Status::Running | Status::Late | Status::Partial => None,
        Status::Paused | Status::Unknown => None,
    }
}

/// The incident that a monitor is in, as far as a plan needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Open {
    /// The worst that was told of it.
    pub(crate) severity: Severity,
    /// A person has closed it, and knows what is still bad.
    pub(crate) is_resolved: bool,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Plan {
    /// Leave everything as it is.
    Nothing,
    /// Open an incident and tell.
    Open {
        /// How bad it is.
        severity: Severity,
        /// The word that opens it.
        reason: Status,
    },
    /// Tell that it is worse.
    Worsen {
        /// How bad it is now.
        severity: Severity,
    },
    /// Close it.
    Close,
    /// Nobody is in it any more; a person has closed it before.
    Forget,
}

/// What a monitor's word means for its incident while nobody asks to be left alone.
///
/// Law: bad opens one, worse tells it, good closes it. In maintenance nothing of that is done, and
/// afterwards what then holds is, so that one which is bad before and after is not told twice
/// (uptime-kuma#7148). Doubt and a pause leave an open one open, since they say nothing about the job.
/// One that a person has closed is over: what they know is not told again, and what is worse is another one.
pub(crate) fn plan(open: Option<&Open>, status: Status) -> Plan {
    let severity = severity_of(status);
    let says_nothing = matches!(status, Status::Paused | Status::Unknown);
    match (open, severity) {
        (None, Some(severity)) => Plan::Open { severity, reason: status },
        (Some(open), Some(severity)) if open.is_resolved && severity > open.severity => {
            Plan::Open { severity, reason: status }
        }
        (Some(open), Some(severity)) if severity > open.severity => Plan::Worsen { severity },
        (Some(open), None) if open.is_resolved && !says_nothing => Plan::Forget,
        (Some(_), None) if !says_nothing => Plan::Close,
        (None | Some(_), None | Some(_)) => Plan::Nothing,
    }
}

/// When an open incident is told again: by time, never by tick. Unacknowledged ones after 8 h, then ever more
/// slowly to once a day; acknowledged ones once a day.
///
/// Worked example: opened and told at 00:00, it is told again at 08:00, at 16:00 and at 08:00 of the next day.
pub(crate) fn next_reminder(opened_at: Moment, last_told_at: Moment, acked: bool) -> Moment {
    let open_for = last_told_at.since(opened_at);
    let wait = if acked { REMINDER_MAX } else { open_for.clamp(REMINDER, REMINDER_MAX) };
    last_told_at.after(wait)
}

/// When a reminder is due by what people were told and have acknowledged, although it was put off because
/// they were to be left alone.
pub(crate) fn owed_at(opened_at: Moment, told_at: Moment, acked_at: Option<Moment>) -> Moment {
    let last = acked_at.map_or(told_at, |acked_at| acked_at.max(told_at));
    next_reminder(opened_at, last, acked_at.is_some())
}

/// What became of the messages that told of an incident through a channel, from the least to what counts
/// most where there are several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Opening {
    /// There was none: nobody is to be told of this monitor.
    Unplanned,
    /// It was given up.
    Failed,
    /// It waits.
    Pending,
    /// It is on its way, or was when the receiver stopped.
    Sending,
    /// It arrived.
    Sent,
}

impl Opening {
    /// What became of several: who has heard one of them knows of the incident.
    pub(crate) fn of(all: &[Opening]) -> Opening {
        all.iter().copied().max().unwrap_or(Opening::Unplanned)
    }
}

/// What is told when an incident closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// That it is good again.
    Recovery,
    /// One message instead of two: it was down from then to then. The one that waits is withdrawn.
    Merged,
    /// Nothing.
    Silent,
}

/// What to tell through a channel when an incident closes, by what became of its opening there.
///
/// Law: a recovery follows an alarm and nothing else; what could not be told in time is told once, whole.
/// While an alarm is on its way its recovery waits, and once that has ended this is asked again.
///
/// Worked example: bad at 03:10, and the pager hangs; good at 03:11. At 03:12 the pager answers 503, so the
/// alarm waits for its next attempt: it is taken back, and what goes out is "was down 03:10-03:11".
pub(crate) fn closing(opening: Opening) -> Told {
    match opening {
        Opening::Sent | Opening::Sending => Told::Recovery,
        Opening::Pending | Opening::Failed => Told::Merged,
        Opening::Unplanned => Told::Silent,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Moment;

    #[test]
    fn an_incident_follows_the_word() {
        let nothing = Plan::Nothing;
        let open = |severity, reason| Plan::Open { severity, reason };
        // (status, where none is open, where one is open as a warning)
        let worse = |severity| Plan::Worsen { severity };
        let (warning, critical) = (Severity::Warning, Severity::Critical);
        let emergency = Severity::Emergency;
        let cases = [
            (Status::New, nothing, Plan::Close),
            (Status::Up, nothing, Plan::Close),
            (Status::Running, nothing, Plan::Close),
            (Status::Late, nothing, Plan::Close),
            (Status::Partial, nothing, Plan::Close),
            (Status::Paused, nothing, nothing),
            (Status::Unknown, nothing, nothing),
            (Status::Overrun, open(warning, Status::Overrun), nothing),
            (Status::Stalled, open(warning, Status::Stalled), nothing),
            (Status::Missed, open(critical, Status::Missed), worse(critical)),
            (Status::Failed, open(critical, Status::Failed), worse(critical)),
            (Status::Vanished, open(critical, Status::Vanished), worse(critical)),
            (Status::VerifyFailed, open(emergency, Status::VerifyFailed), worse(emergency)),
        ];
        assert_eq!(cases.len(), Status::ALL.len());
        let known = Open { severity: warning, is_resolved: false };
        let resolved = Open { is_resolved: true, ..known };
        for (status, when_closed, when_open) in cases {
            assert_eq!(plan(None, status), when_closed, "{status:?}");
            assert_eq!(plan(Some(&known), status), when_open, "{status:?}");
            // Nothing is ever told of one that a person has closed: what is worse is another one.
            let when_resolved = match when_open {
                Plan::Close => Plan::Forget,
                Plan::Worsen { .. } => when_closed,
                other => other,
            };
            assert_eq!(plan(Some(&resolved), status), when_resolved, "{status:?}");
        }
    }

    #[test]
    fn reminders_grow_rarer() {
        let hour = |hour: i64| Moment::from_epoch_ms(hour * 3_600_000);
        let mut told = hour(0);
        let mut hours = Vec::new();
        for _ in 0..5 {
            told = next_reminder(hour(0), told, false);
            hours.push(told.epoch_ms() / 3_600_000);
        }
        assert_eq!(hours, [8, 16, 32, 56, 80]);
        assert_eq!(next_reminder(hour(0), hour(8), true), hour(32));
    }

    #[test]
    fn a_reminder_is_owed_since_people_last_heard_or_acted() {
        let hour = |hour: i64| Moment::from_epoch_ms(hour * 3_600_000);
        assert_eq!(owed_at(hour(0), hour(8), None), hour(16));
        assert_eq!(owed_at(hour(0), hour(8), Some(hour(10))), hour(34));
        assert_eq!(owed_at(hour(0), hour(34), Some(hour(10))), hour(58));
    }

    #[test]
    fn a_recovery_follows_an_alarm_that_was_heard() {
        let cases = [
            (Opening::Sent, Told::Recovery),
            (Opening::Sending, Told::Recovery),
            (Opening::Pending, Told::Merged),
            (Opening::Failed, Told::Merged),
            (Opening::Unplanned, Told::Silent),
        ];
        for (opening, told) in cases {
            assert_eq!(closing(opening), told);
            // Alarms that wait or were given up hide none that was heard or may be.
            for (other, other_told) in cases {
                let both = Opening::of(&[opening, other]);
                let wanted = match (told, other_told) {
                    (Told::Recovery, _) | (_, Told::Recovery) => Told::Recovery,
                    (Told::Merged, _) | (_, Told::Merged) => Told::Merged,
                    (Told::Silent, Told::Silent) => Told::Silent,
                };
                assert_eq!(closing(both), wanted, "{opening:?} and {other:?}");
            }
        }
        assert_eq!(Opening::of(&[]), Opening::Unplanned);
        for (severity, word) in Severity::ALL {
            assert_eq!((severity.word(), Severity::parse(word)), (word, Some(severity)));
        }
    }
}
