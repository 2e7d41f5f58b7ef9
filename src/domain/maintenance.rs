//! Maintenance: times in which people are not told, once or again and again.
//!
//! A plan is asked, it never acts: whoever judges a monitor asks until when it is to be quiet. So
//! nobody has to be visited when a window begins, and one that covers a million monitors costs as much
//! as one that covers none. A window begins when its schedule says, in its zone, and then lasts a span
//! of real time: one of two hours takes two hours in the night when the clock is put, too.

use std::time::Duration;

use super::schedule::Schedule;
use super::schedule::zone::Zone;
use super::time::Moment;

/// The longest window that comes again and again. What takes longer is a pause, which is listed and
/// ends in somebody's sight.
pub(crate) const LASTS_MAX: Duration = Duration::from_secs(7 * 24 * 3600);

/// Overlapping windows of one plan that are looked through. At the maximum the end found is an earlier
/// one, at which the plan is asked again.
const OVERLAPS_MAX: usize = 100;

/// When it is quiet.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum When {
    /// From a moment until before another.
    Once {
        /// The first quiet moment.
        from: Moment,
        /// The first that is not.
        until: Moment,
    },
    /// From each moment of a schedule for a while.
    Again {
        /// When it begins.
        schedule: Box<Schedule>,
        /// In which zone.
        zone: Zone,
        /// How long it takes.
        lasts: Duration,
    },
}

impl When {
    /// Until when it is quiet; none where it is not quiet at `now`.
    ///
    /// Worked example: `0 2 * * 0` for two hours in Berlin is quiet on Sundays from 02:00 until 04:00,
    /// and on the day of spring, when 02:00 does not exist, from 03:00 until 05:00.
    pub(crate) fn quiet_until(&self, now: Moment) -> Option<Moment> {
        match self {
            When::Once { from, until } => (*from <= now && now < *until).then_some(*until),
            When::Again { schedule, zone, lasts } => {
                let begins_by_now =
                    |after: Moment| schedule.next(after, zone).filter(|begin| *begin <= now);
                let mut begin = begins_by_now(now.before(*lasts))?;
                for _ in 0..OVERLAPS_MAX {
                    match begins_by_now(begin) {
                        Some(later) => begin = later,
                        None => break,
                    }
                }
                Some(begin.after(*lasts))
            }
        }
    }

    /// When the first window after `now` begins.
    pub(crate) fn next_begin(&self, now: Moment) -> Option<Moment> {
        match self {
            When::Once { from, .. } => Some(*from).filter(|from| *from > now),
            When::Again { schedule, zone, .. } => schedule.next(now, zone),
        }
    }
}

/// For which monitors a plan is. One that names nothing is for all of its project.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Scope {
    /// Those with these slugs.
    pub(crate) monitors: Vec<String>,
    /// Those with any of these tags.
    pub(crate) tags: Vec<String>,
}

impl Scope {
    /// Whether a monitor is one of them.
    pub(crate) fn covers(&self, slug: &str, tags: &[String]) -> bool {
        let is_all = self.monitors.is_empty() && self.tags.is_empty();
        is_all
            || self.monitors.iter().any(|known| known == slug)
            || self.tags.iter().any(|known| tags.contains(known))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Scope, When};
    use crate::domain::schedule::{Line, zone::Zone};
    use crate::domain::time::Moment;

    fn berlin() -> Zone {
        Zone::new(jiff::tz::TimeZone::get("Europe/Berlin").expect("a zone"))
    }

    fn at(text: &str) -> Moment {
        Moment::parse_rfc3339(text).expect("a moment")
    }

    fn again(schedule: &str, hours: u64) -> When {
        let schedule = Line::parse(None, schedule).expect("a schedule").schedule;
        When::Again {
            schedule: Box::new(schedule),
            zone: berlin(),
            lasts: Duration::from_secs(hours * 3600),
        }
    }

    #[test]
    fn a_window_is_as_long_as_it_says_whatever_the_clock_does() {
        let sunday = again("0 2 * * 0", 2);
        let calendar = again("calendar Sun 02:00", 2);
        let often = again("0 * * * *", 2);
        let once =
            When::Once { from: at("2026-06-01T10:00:00Z"), until: at("2026-06-01T12:00:00Z") };
        // (plan, now, quiet until, next begin)
        let cases = [
            (&once, "2026-06-01T09:59:59Z", None, Some("2026-06-01T10:00:00Z")),
            (&once, "2026-06-01T10:00:00Z", Some("2026-06-01T12:00:00Z"), None),
            (&once, "2026-06-01T12:00:00Z", None, None),
            (&sunday, "2026-06-06T23:59:59Z", None, Some("2026-06-07T00:00:00Z")),
            (
                &sunday,
                "2026-06-07T00:00:00Z",
                Some("2026-06-07T02:00:00Z"),
                Some("2026-06-14T00:00:00Z"),
            ),
            (
                &sunday,
                "2026-06-07T01:59:59Z",
                Some("2026-06-07T02:00:00Z"),
                Some("2026-06-14T00:00:00Z"),
            ),
            (&sunday, "2026-06-07T02:00:00Z", None, Some("2026-06-14T00:00:00Z")),
            // Spring: 02:00 is passed over, so it begins at 03:00, which is 01:00 UTC.
            (&sunday, "2026-03-29T00:59:59Z", None, Some("2026-03-29T01:00:00Z")),
            (
                &sunday,
                "2026-03-29T02:59:59Z",
                Some("2026-03-29T03:00:00Z"),
                Some("2026-04-05T00:00:00Z"),
            ),
            // Autumn: 02:00 comes twice, and the window once.
            (
                &sunday,
                "2026-10-25T00:00:00Z",
                Some("2026-10-25T02:00:00Z"),
                Some("2026-11-01T01:00:00Z"),
            ),
            (&sunday, "2026-10-25T02:00:00Z", None, Some("2026-11-01T01:00:00Z")),
            (
                &calendar,
                "2026-06-07T00:30:00Z",
                Some("2026-06-07T02:00:00Z"),
                Some("2026-06-14T00:00:00Z"),
            ),
            // Windows that overlap end when the last of them does.
            (
                &often,
                "2026-06-07T00:30:00Z",
                Some("2026-06-07T02:00:00Z"),
                Some("2026-06-07T01:00:00Z"),
            ),
        ];
        for (plan, now, until, next) in cases {
            assert_eq!(plan.quiet_until(at(now)), until.map(at), "{now} of {plan:?}");
            assert_eq!(plan.next_begin(at(now)), next.map(at), "{now} of {plan:?}");
        }
    }

    #[test]
    fn every_quiet_minute_lies_in_a_window_and_no_other_does() {
        for (schedule, hours) in [("30 2 * * *", 1), ("0 2 * * 0", 3), ("0 */6 * * *", 7)] {
            let plan = again(schedule, hours);
            let When::Again { schedule: starts, zone, lasts } = &plan else { panic!("again") };
            for (from, days) in [("2026-03-27T00:00:00Z", 4), ("2026-10-23T00:00:00Z", 4)] {
                let from = at(from);
                let mut begins = Vec::new();
                let mut begin = from.before(Duration::from_secs(8 * 86_400));
                while let Some(next) = starts.next(begin, zone) {
                    if next > from.after(Duration::from_secs(days * 86_400)) {
                        break;
                    }
                    begins.push(next);
                    begin = next;
                }
                for minute in 0..days * 1440 {
                    let now = from.after(Duration::from_secs(minute * 60));
                    let last = begins.iter().rev().find(|begin| **begin <= now);
                    let until = last.map(|begin| begin.after(*lasts)).filter(|until| now < *until);
                    assert_eq!(plan.quiet_until(now), until, "{schedule} at {now:?}");
                }
            }
        }
    }

    #[test]
    fn a_plan_that_names_nothing_is_for_all() {
        let words =
            |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let cases = [
            (&[][..], &[][..], true),
            (&["a"], &[], true),
            (&["b"], &[], false),
            (&[], &["db"], true),
            (&[], &["web"], false),
            (&["b"], &["web", "db"], true),
        ];
        for (monitors, tags, covers) in cases {
            let scope = Scope { monitors: words(monitors), tags: words(tags) };
            assert_eq!(scope.covers("a", &words(&["db", "prod"])), covers, "{scope:?}");
        }
    }
}
