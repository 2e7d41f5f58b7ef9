//! A time zone as schedules need it: the offset in force, and the moments at which it changes.
//!
//! Everything is seconds: since the epoch for moments, east of UTC for offsets. `Zone` holds rules that
//! somebody else has read; the domain opens no files.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A zone's rules.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Zone(TimeZone);

/// One change of the offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    /// The first second of the new offset.
    pub(crate) at_s: i64,
    /// The offset until then.
    pub(crate) before_s: i64,
    /// The offset from then on.
    pub(crate) after_s: i64,
    /// Daylight saving time ends with it, even where the clock goes forward, as in Ireland.
    pub(crate) ends_summer: bool,
}

impl Change {
    /// How far the clock on the wall is put forward; below zero it is put back.
    pub(crate) fn forward_s(self) -> i64 {
        self.after_s - self.before_s
    }
}

impl Zone {
    /// A zone with these rules.
    pub(crate) fn new(rules: TimeZone) -> Zone {
        Zone(rules)
    }

    /// UTC.
    pub(crate) fn utc() -> Zone {
        Zone(TimeZone::UTC)
    }

    /// The name in the tz database, in its own spelling.
    pub(crate) fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// The offset in force at a moment.
    pub(crate) fn offset_s(&self, at_s: i64) -> i64 {
        i64::from(self.0.to_offset(stamp(at_s)).seconds())
    }

    /// The first change after a moment.
    pub(crate) fn change_after(&self, at_s: i64) -> Option<Change> {
        let mut before_s = self.offset_s(at_s);
        for change in self.0.following(stamp(at_s)) {
            let after_s = i64::from(change.offset().seconds());
            // Some changes only rename the zone.
            if after_s != before_s {
                let at_s = change.timestamp().as_second();
                let ends_summer = self.is_summer(at_s - 1) && !change.dst().is_dst();
                return Some(Change { at_s, before_s, after_s, ends_summer });
            }
            before_s = after_s;
        }
        None
    }

    /// The last change at a moment or before it.
    pub(crate) fn change_until(&self, at_s: i64) -> Option<Change> {
        for change in self.0.preceding(stamp(at_s.saturating_add(1))) {
            let at_s = change.timestamp().as_second();
            let (before_s, after_s) =
                (self.offset_s(at_s - 1), i64::from(change.offset().seconds()));
            if before_s != after_s {
                let ends_summer = self.is_summer(at_s - 1) && !change.dst().is_dst();
                return Some(Change { at_s, before_s, after_s, ends_summer });
            }
        }
        None
    }

    fn is_summer(&self, at_s: i64) -> bool {
        self.0.to_offset_info(stamp(at_s)).dst().is_dst()
    }

    /// The jump forward that leaves out `local_s`, when one does.
    pub(crate) fn jump_over(&self, local_s: i64) -> Option<Change> {
        let near_s = local_s - self.offset_s(local_s);
        let change = self.change_after(near_s - 86_400)?;
        let left_out = change.at_s + change.before_s..change.at_s + change.after_s;
        left_out.contains(&local_s).then_some(change)
    }

    /// The moment after `after_s` at which a clock on the wall shows `local_s` (counted as if it were
    /// UTC); none where the clock jumps over it. Of two the first, as far as summer ends between them:
    /// glibc takes the second where a zone has moved for good.
    pub(crate) fn showing(&self, local_s: i64, after_s: i64) -> Option<i64> {
        // No zone is more than a day from UTC, so one of these offsets is in force at that time.
        let near = [local_s - 86_400, local_s + 86_400];
        let [one, other] = near.map(|near_s| local_s - self.offset_s(near_s));
        let shows = |at_s: &i64| *at_s > after_s && at_s + self.offset_s(*at_s) == local_s;
        let (first, last) = (one.min(other), one.max(other));
        match (Some(first).filter(shows), Some(last).filter(shows)) {
            (Some(first), Some(last)) if self.is_summer(first) == self.is_summer(last) => {
                Some(last)
            }
            (first, last) => first.or(last),
        }
    }
}

/// The nearest moment that the zone rules know.
fn stamp(at_s: i64) -> Timestamp {
    Timestamp::from_second(at_s).unwrap_or(if at_s < 0 { Timestamp::MIN } else { Timestamp::MAX })
}
