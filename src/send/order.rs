//! How spooled events are told late, so that none hides a newer state.
//!
//! Most receivers stamp a ping when it arrives. A success of last night that arrives this noon would
//! then look like a success of this noon: it could cover a failure told in between, or the run that
//! is missing since. So per monitor and target, oldest first:
//!
//! - a finish older than one that the receiver already has, or than another one in the spool, goes
//!   as a log line;
//! - a success that is the newest but older than [`LATE_SUCCESS_MAX`] goes as a log line, too, unless
//!   the event's own moment travels with it;
//! - a failure or warning that is the newest goes as what it is, however late;
//! - of a finish that is dated in the future nobody knows whether it is the newest: the clock was wrong
//!   then and has been set back since. A success goes as a log line; a failure or warning goes as what it
//!   is, for a false alarm ends with the next success and one that never comes does not, but before all
//!   others, so that it covers nothing;
//! - a start, progress or stage is dropped: its run is over or has told since.
//!
//! A receiver that puts events in their order by itself, as `hb serve` does, gets them as they are.
//!
//! Example: at 09:00 the spool holds the failure of 03:00 and the success of 08:30. The failure goes
//! as a log line, the success as a success. Had the success been of 05:00, both go as log lines.

use std::time::Duration;

use crate::domain::event::{Event, Kind};
use crate::domain::span;
use crate::domain::time::Moment;

/// A success that is older than this no longer says that the monitor is well now.
pub(crate) const LATE_SUCCESS_MAX: Duration = Duration::from_secs(3600);

/// How an event is told late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// As what it is.
    AsIs,
    /// As a line that changes no state.
    AsLog,
    /// Not at all.
    Dropped,
}

/// Decides for one event. `newest` is the moment of the newest finish of its monitor that the
/// target has been told or that waits behind this one; `dated` says that the receiver is told when
/// the event happened.
pub(crate) fn decide(event: &Event, newest: Option<Moment>, dated: bool, now: Moment) -> Told {
    let overtaken = newest.is_some_and(|newest| newest > event.at);
    let undatable = is_undatable(event, now);
    let late = now.epoch_ms().saturating_sub(event.at.epoch_ms());
    let stale = late > i64::try_from(LATE_SUCCESS_MAX.as_millis()).unwrap_or(i64::MAX);
    match event.kind {
        Kind::Start | Kind::Progress | Kind::Stage => Told::Dropped,
        Kind::Success if overtaken || undatable || (stale && !dated) => Told::AsLog,
        Kind::Failure | Kind::Warning if overtaken => Told::AsLog,
        Kind::Success | Kind::Warning | Kind::Failure => Told::AsIs,
        Kind::Log | Kind::Verified | Kind::Test | Kind::Pause | Kind::Resume => Told::AsIs,
    }
}

/// Whether nobody knows when it happened.
pub(crate) fn is_undatable(event: &Event, now: Moment) -> bool {
    event.at > now
}

/// The event as it is told late.
pub(crate) fn late(event: &Event, told: Told, now: Moment) -> Event {
    let mut event = event.clone();
    let late = now.epoch_ms().saturating_sub(event.at.epoch_ms());
    let late = Duration::from_millis(u64::try_from(late).unwrap_or(0));
    let message = event.message.take().unwrap_or_else(|| event.kind.word().to_owned());
    let since = format!("{} UTC, told {} late", event.at.to_short_utc(), span::format(whole(late)));
    event.message = match told {
        Told::AsLog => Some(format!("{}: {message} ({since})", event.kind.word())),
        Told::AsIs | Told::Dropped => Some(format!("{message} ({since})")),
    };
    if told == Told::AsLog {
        event.kind = Kind::Log;
    }
    event
}

/// Whole seconds: nobody wants to read how many milliseconds late a ping was.
fn whole(span: Duration) -> Duration {
    Duration::from_secs(span.as_secs())
}

#[cfg(test)]
mod tests {
    use super::{Told, decide};
    use crate::domain::event::{Event, Kind};
    use crate::domain::time::Moment;

    /// The state that a receiver shows that stamps pings on arrival: the last finish it was told.
    fn shown(order: &[(Kind, i64)], now: i64) -> Option<(Kind, i64)> {
        let mut newest = None;
        for (kind, at) in order {
            let event = Event::new(*kind, "m", Moment::from_epoch_ms(*at));
            let later = order.iter().filter(|(kind, _)| kind.is_finish()).map(|(_, at)| *at).max();
            let later = later.map(Moment::from_epoch_ms);
            let told = decide(&event, later, false, Moment::from_epoch_ms(now));
            if told == Told::AsIs && kind.is_finish() {
                newest = Some((*kind, *at));
            }
        }
        newest
    }

    #[test]
    fn whatever_the_order_the_newest_finish_is_what_is_shown() {
        let events = [(Kind::Failure, 1000), (Kind::Success, 2000), (Kind::Failure, 3000)];
        for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            let order: Vec<_> = order.iter().map(|index| events[*index]).collect();
            assert_eq!(shown(&order, 5000), Some((Kind::Failure, 3000)), "{order:?}");
        }
    }

    #[test]
    fn a_stale_success_never_covers_a_missing_run() {
        let hour = 3_600_000;
        assert_eq!(shown(&[(Kind::Success, 0)], hour), Some((Kind::Success, 0)));
        assert_eq!(shown(&[(Kind::Success, 0)], hour + 1), None);
        assert_eq!(shown(&[(Kind::Failure, 0)], 24 * hour), Some((Kind::Failure, 0)));
    }

    #[test]
    fn a_success_of_the_future_is_no_news_and_a_failure_is() {
        for (kind, expected) in [(Kind::Success, Told::AsLog), (Kind::Failure, Told::AsIs)] {
            let event = Event::new(kind, "m", Moment::from_epoch_ms(86_400_000));
            for newest in [None, Some(Moment::from_epoch_ms(1000))] {
                for dated in [false, true] {
                    let now = Moment::from_epoch_ms(2000);
                    assert_eq!(decide(&event, newest, dated, now), expected, "{newest:?} {dated}");
                }
            }
        }
    }

    #[test]
    fn a_receiver_that_is_told_when_it_happened_takes_a_late_success_for_what_it_is() {
        let event = Event::new(Kind::Success, "m", Moment::from_epoch_ms(0));
        let day = Moment::from_epoch_ms(86_400_000);
        assert_eq!(decide(&event, None, true, day), Told::AsIs);
        assert_eq!(decide(&event, None, false, day), Told::AsLog);
        assert_eq!(decide(&event, Some(day), true, day), Told::AsLog);
    }
}
