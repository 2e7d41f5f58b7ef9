//! What a message target is told: a person hears of a failure once, then seldom, then of its end.
//!
//! Such a target is no monitor: ntfy or a pager keeps no state of ours, so the state is kept here. Per
//! monitor and target there is at most one open alert. It is opened by a failure, repeated while
//! failures go on, but no sooner than [`REMIND_AFTER`], and closed by the next success, once.
//!
//! Worked example, a job every five minutes that breaks at 03:00 and is mended at 12:10: messages at
//! 03:00, at 11:00 with the number of failures, and at 12:10 that it is well again.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::event::Kind;
use super::time::Moment;

/// How long a person is left alone with what they have been told already.
pub(crate) const REMIND_AFTER: Duration = Duration::from_secs(8 * 3600);

/// An alert that a target has been told of and that is not over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Open {
    /// When the first failure was.
    pub(crate) since: Moment,
    /// When a message last went out.
    pub(crate) told_at: Moment,
    /// Failures so far.
    pub(crate) failures: u32,
}

/// What a finish means for a message target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Said {
    /// A message: the alert opens, or this kind is wanted in any case.
    Told,
    /// A message that it still fails.
    Still(Open),
    /// A message that the alert is over.
    Over(Open),
    /// Nothing.
    Silent,
}

/// Decides what is said of a finish of this kind, and what is open from then on.
///
/// `wanted` says whether the person asked for this kind; failures that nobody asked for open nothing.
pub(crate) fn decide(
    open: Option<Open>,
    kind: Kind,
    wanted: bool,
    now: Moment,
) -> (Said, Option<Open>) {
    match (kind, open) {
        (Kind::Failure, None) if wanted => {
            (Said::Told, Some(Open { since: now, told_at: now, failures: 1 }))
        }
        (Kind::Failure, Some(open)) => {
            let failures = open.failures.saturating_add(1);
            // A clock that was put back must not silence anybody: then the time since is unknown.
            let rested = now < open.told_at || now.since(open.told_at) >= REMIND_AFTER;
            if rested && wanted {
                let open = Open { told_at: now, failures, ..open };
                (Said::Still(open), Some(open))
            } else {
                (Said::Silent, Some(Open { failures, ..open }))
            }
        }
        (Kind::Success, Some(open)) => (Said::Over(open), None),
        (_, open) if wanted => (Said::Told, open),
        (_, open) => (Said::Silent, open),
    }
}

#[cfg(test)]
mod tests {
    use super::{Open, REMIND_AFTER, Said, decide};
    use crate::domain::event::Kind;
    use crate::domain::time::Moment;

    /// What a person hears of these finishes, as `time word`, when only failures are wanted.
    fn heard(finishes: &[(i64, Kind)]) -> Vec<String> {
        let mut open: Option<Open> = None;
        let mut heard = Vec::new();
        for (minute, kind) in finishes {
            let now = Moment::from_epoch_ms(minute * 60_000);
            let (said, next) = decide(open, *kind, *kind == Kind::Failure, now);
            match said {
                Said::Told => heard.push(format!("{minute} {}", kind.word())),
                Said::Still(open) => heard.push(format!("{minute} still, {}", open.failures)),
                Said::Over(open) => heard.push(format!("{minute} over after {}", open.failures)),
                Said::Silent => {}
            }
            open = next;
        }
        heard
    }

    #[test]
    fn a_person_hears_of_a_failure_once_then_seldom_then_of_its_end() {
        use Kind::{Failure, Success, Warning};
        assert_eq!(heard(&[(0, Success), (5, Success)]), Vec::<String>::new());
        assert_eq!(
            heard(&[(0, Failure), (5, Failure), (10, Success), (15, Success)]),
            ["0 failure", "10 over after 2"]
        );
        assert_eq!(
            heard(&[(0, Failure), (1, Warning), (479, Failure), (480, Failure), (481, Failure)]),
            ["0 failure", "480 still, 3"]
        );
        let nightly: Vec<_> = (0..3).map(|night| (night * 1440, Failure)).collect();
        assert_eq!(heard(&nightly), ["0 failure", "1440 still, 2", "2880 still, 3"]);
    }

    #[test]
    fn whatever_comes_alerts_open_and_close_in_turn() {
        let kinds = [Kind::Success, Kind::Warning, Kind::Failure, Kind::Log];
        for number in 0..4u32.pow(6) {
            let mut open = None;
            for at in 0..6 {
                let kind = kinds[(number / 4u32.pow(at) % 4) as usize];
                let now = Moment::from_epoch_ms(i64::from(at) * 3_600_000 * 5);
                let (said, next) = decide(open, kind, kind == Kind::Failure, now);
                let (was, is) = (open.is_some(), next.is_some());
                match said {
                    Said::Told => assert_eq!((kind, was, is), (Kind::Failure, false, true)),
                    Said::Still(_) => assert_eq!((kind, was, is), (Kind::Failure, true, true)),
                    Said::Over(_) => assert_eq!((kind, was, is), (Kind::Success, true, false)),
                    Said::Silent => assert_eq!(was, is),
                }
                open = next;
            }
        }
    }

    #[test]
    fn a_clock_that_was_put_back_silences_nobody() {
        let later = Moment::from_epoch_ms(1_000_000_000_000);
        let open = Open { since: later, told_at: later, failures: 1 };
        let now = Moment::from_epoch_ms(0);
        assert!(matches!(decide(Some(open), Kind::Failure, true, now).0, Said::Still(_)));
        assert!(REMIND_AFTER.as_secs() > 0);
    }
}
