//! When a crontab line runs next, on a clock on the wall that is put forward and back.
//!
//! Cron wakes every minute and compares the clock with where it thought to be. What it does when the
//! two differ is, for a change of up to three hours:
//!
//! - forward: fixed jobs of the minutes that were jumped over run at the first minute after;
//! - back: fixed jobs wait until the clock shows a minute that it has not shown before.
//!
//! Jobs with `*` in minute or hour run whenever the clock shows their minute. A larger change is
//! taken for a correction of the clock: the minutes in between do not exist, or exist twice.
//!
//! Worked example, Europe/Berlin, `30 2 * * *`: on 2026-03-29 the clock goes from 02:00 to 03:00, and
//! the job runs at 03:00; on 2026-10-25 half past two comes twice, and it runs the first time.

use super::super::zone::{Change, Zone};
use super::Cron;
use crate::domain::time::{Civil, Moment, month_days};

const MINUTE_S: i64 = 60;
const DAY_S: i64 = 86_400;

/// The largest change that cron takes for daylight saving time.
const SEASON_S: i64 = 3 * 3600;

/// A jump this small is made up for minute by minute, by all jobs.
const HICCUP_S: i64 = 4 * MINUTE_S;

/// Nothing rarer than this is looked for: `29 2` on a given weekday comes every 40 years at worst.
const HORIZON_S: i64 = 45 * 366 * DAY_S;

impl Cron {
    /// The first moment after `after` at which it runs.
    pub(crate) fn next(&self, after: Moment, zone: &Zone) -> Option<Moment> {
        let after_s = after.epoch_ms().div_euclid(1000);
        let mut from_s = (after_s.div_euclid(MINUTE_S) + 1) * MINUTE_S;
        let end_s = from_s + HORIZON_S;
        while from_s < end_s {
            let offset_s = zone.offset_s(from_s);
            let last = zone.change_until(from_s);
            if last.is_some_and(|change| change.at_s == from_s && self.jumped_over(change)) {
                return Some(Moment::from_epoch_ms(from_s * 1000));
            }
            let change = zone.change_after(from_s);
            let segment_end_s = change.map_or(end_s, |change| change.at_s.min(end_s));
            let mut local_s = from_s + offset_s;
            // Back: what has been shown before is not shown to fixed jobs again.
            if self.fixed
                && let Some(back) = last
                && (-SEASON_S..0).contains(&back.forward_s())
            {
                local_s = local_s.max(back.at_s + back.before_s);
            }
            if let Some(local_s) = self.shown(local_s, segment_end_s + offset_s) {
                return Some(Moment::from_epoch_ms((local_s - offset_s) * 1000));
            }
            from_s = change?.at_s;
        }
        None
    }

    /// Whether a jump forward skips a minute that is made up for right after it.
    fn jumped_over(&self, change: Change) -> bool {
        let (first, end) = (change.at_s + change.before_s, change.at_s + change.after_s);
        let forward_s = change.forward_s();
        // Cron counts the minute it wakes in as well, so a jump of three hours is one minute too far.
        let made_up = forward_s <= HICCUP_S || (self.fixed && forward_s < SEASON_S);
        forward_s > 0 && made_up && self.shown(first, end).is_some()
    }

    /// The first of its minutes that a clock shows from `local_s` on, before `end_s`.
    fn shown(&self, local_s: i64, end_s: i64) -> Option<i64> {
        let mut minute_s = (local_s + MINUTE_S - 1).div_euclid(MINUTE_S) * MINUTE_S;
        while minute_s < end_s {
            let day_s = minute_s.div_euclid(DAY_S) * DAY_S;
            let date = Moment::from_epoch_ms(day_s * 1000).civil(0);
            if self.months & 1 << date.month == 0 {
                minute_s = day_s + (month_days(date.year, date.month) - date.day + 1) * DAY_S;
                continue;
            }
            let weekday = (day_s.div_euclid(DAY_S) + 4).rem_euclid(7);
            let in_day = (minute_s - day_s) / MINUTE_S;
            if self.has_day(date, weekday)
                && let Some(minute) = self.minute_from(in_day)
            {
                let found_s = day_s + minute * MINUTE_S;
                return (found_s < end_s).then_some(found_s);
            }
            minute_s = day_s + DAY_S;
        }
        None
    }

    /// The first of its minutes of a day from this one on.
    fn minute_from(&self, minute: i64) -> Option<i64> {
        let first_hour = minute / 60;
        (first_hour..24).filter(|hour| self.hours & 1 << hour != 0).find_map(|hour| {
            let from = if hour == first_hour { minute % 60 } else { 0 };
            let left = self.minutes >> from << from;
            (left != 0).then(|| hour * 60 + i64::from(left.trailing_zeros()))
        })
    }

    /// Whether it runs on this date.
    fn has_day(&self, date: Civil, weekday: i64) -> bool {
        let last_day = month_days(date.year, date.month);
        let days = &self.days;
        let in_month = days.listed & 1 << date.day != 0
            || (days.last && date.day == last_day)
            || (days.last_weekday && date.day == last_workday(date, weekday, last_day));
        let weekdays = &self.weekdays;
        let is = |bits: u64| bits & 1 << weekday != 0;
        let nth = (date.day - 1) / 7 + 1;
        let in_week = is(weekdays.listed)
            || (is(weekdays.last) && date.day + 7 > last_day)
            || weekdays
                .counted
                .iter()
                .any(|(day, count)| i64::from(*day) == weekday && i64::from(*count) == nth);
        if self.both_days { in_month && in_week } else { in_month || in_week }
    }

    /// Whether there is any date at all.
    pub(super) fn can_fire(&self) -> bool {
        let start = Moment::from_epoch_ms(0);
        self.minutes != 0 && self.hours != 0 && self.next(start, &Zone::utc()).is_some()
    }
}

/// The last day from Monday to Friday of a month, seen from one of its dates.
fn last_workday(date: Civil, weekday: i64, last_day: i64) -> i64 {
    match (weekday + last_day - date.day).rem_euclid(7) {
        0 => last_day - 2,
        6 => last_day - 1,
        _ => last_day,
    }
}
