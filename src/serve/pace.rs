//! How much one monitor may say in a minute: chatter is coalesced, results never are.
//!
//! A job that reports its progress a hundred times a second would fill the store with what nobody reads.
//! Beyond [`CHATTER_MAX`] a minute such an event still counts as a sign of life, and is not kept. What
//! begins or ends a run is always kept, for it is what everything else is about. Each node counts alone.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::domain::arrival::Arrival;
use crate::domain::event::{Kind, SEQ_FINISH};
use crate::domain::time::Moment;

/// Events of a monitor that are kept in a minute, beside those that begin or end a run: one a second is
/// more than a page can show.
const CHATTER_MAX: u32 = 60;

/// What is counted in one go.
const MINUTE: Duration = Duration::from_secs(60);

/// Monitors that are counted at most, about 2 MB. A further one is not limited: keeping too much is
/// better than losing something.
const COUNTED_MAX: usize = 65_536;

/// Whether an event only tells how a run goes on.
fn is_chatter(arrival: &Arrival) -> bool {
    // A finish that changes nothing comes as a log line, with the place of a finish.
    matches!(arrival.kind, Kind::Progress | Kind::Stage | Kind::Log)
        && arrival.seq != Some(SEQ_FINISH)
        && arrival.exit_code.is_none()
}

#[derive(Debug, Default)]
struct Counted {
    by_monitor: HashMap<i64, (Moment, u32)>,
    swept_at: Option<Moment>,
}

/// What monitors have said in their current minute.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    counted: Mutex<Counted>,
}

impl Pace {
    /// Whether this is more than is kept.
    pub(crate) fn is_too_much(&self, monitor_id: i64, arrival: &Arrival, now: Moment) -> bool {
        if !is_chatter(arrival) {
            return false;
        }
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        counted.count(monitor_id, now) > CHATTER_MAX
    }
}

/// Whether a minute that began then is over; one that begins in the future is, for the clock was put.
fn is_over(began_at: Moment, now: Moment) -> bool {
    now < began_at || now.since(began_at) >= MINUTE
}

impl Counted {
    /// How many it has said in its minute, this one included.
    fn count(&mut self, monitor_id: i64, now: Moment) -> u32 {
        if let Some((began_at, count)) = self.by_monitor.get_mut(&monitor_id) {
            if is_over(*began_at, now) {
                (*began_at, *count) = (now, 0);
            }
            *count = count.saturating_add(1);
            return *count;
        }
        if self.by_monitor.len() >= COUNTED_MAX {
            // Looking through all of them is done once a minute at most.
            if self.swept_at.is_none_or(|swept_at| is_over(swept_at, now)) {
                self.swept_at = Some(now);
                self.by_monitor.retain(|_, (began_at, _)| !is_over(*began_at, now));
            }
            if self.by_monitor.len() >= COUNTED_MAX {
                return 1;
            }
        }
        self.by_monitor.insert(monitor_id, (now, 1));
        1
    }
}

#[cfg(test)]
mod tests {
    use super::{CHATTER_MAX, COUNTED_MAX, Pace};
    use crate::domain::arrival::Arrival;
    use crate::domain::event::{Kind, SEQ_FINISH};
    use crate::domain::time::Moment;

    fn at(second: i64) -> Moment {
        Moment::from_epoch_ms(1_795_000_000_000 + second * 1000)
    }

    #[test]
    fn chatter_is_kept_sixty_times_a_minute_and_results_always() {
        let pace = Pace::default();
        let kept = |kind, second: i64, times: u32| {
            let arrival = Arrival::new(kind);
            (0..times).filter(|_| !pace.is_too_much(1, &arrival, at(second))).count()
        };
        let max = CHATTER_MAX as usize;
        assert_eq!(kept(Kind::Progress, 0, 50), 50);
        assert_eq!(kept(Kind::Log, 30, 50), max - 50);
        assert_eq!(kept(Kind::Stage, 59, 5), 0);
        for kind in [Kind::Start, Kind::Success, Kind::Warning, Kind::Failure, Kind::Verified] {
            assert_eq!(kept(kind, 59, 200), 200, "{kind:?}");
        }
        let finish = Arrival { seq: Some(SEQ_FINISH), ..Arrival::new(Kind::Log) };
        let exit = Arrival { exit_code: Some(3), ..Arrival::new(Kind::Log) };
        assert!(!pace.is_too_much(1, &finish, at(59)) && !pace.is_too_much(1, &exit, at(59)));
        assert!(!pace.is_too_much(2, &Arrival::new(Kind::Log), at(59)), "another monitor");
        assert_eq!(kept(Kind::Progress, 60, 100), max, "a new minute");
        assert_eq!(kept(Kind::Progress, -3600, 100), max, "the clock was put back");
    }

    #[test]
    fn memory_stays_bounded_and_nobody_is_refused_for_want_of_it() {
        let pace = Pace::default();
        let log = Arrival::new(Kind::Log);
        let many = i64::try_from(COUNTED_MAX).expect("a number") + 1_000;
        let len = |pace: &Pace| pace.counted.lock().expect("nobody panics").by_monitor.len();
        for id in 0..many {
            assert!(!pace.is_too_much(id, &log, at(0)));
        }
        assert_eq!(len(&pace), COUNTED_MAX);
        assert!((0..200).all(|_| !pace.is_too_much(many, &log, at(1))));
        assert!(!pace.is_too_much(many, &log, at(61)));
        assert_eq!(len(&pace), 1);
    }
}
