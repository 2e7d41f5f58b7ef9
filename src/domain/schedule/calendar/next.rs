//! When an OnCalendar expression elapses next.
//!
//! systemd looks for the next time that a clock on the wall shows, and then for the moment at which it
//! does. A time that the clock jumps over is skipped, unlike with cron; one that it shows twice counts
//! the first time, and after that the whole repeated hour is skipped, also for `*:0/15`.
//!
//! systemd settles the parts one after the other, the largest first, and looks after each whether the
//! clock shows that time at all. An hour that begins in a jump is therefore skipped as a whole, also
//! the part of it that is shown.
//!
//! Seconds may have fractions; they are counted here in milliseconds.

use super::super::zone::Zone;
use super::{Calendar, Chain, Link, YEAR_MAX, holds};
use crate::domain::time::{Civil, Moment, month_days};

const DAY_S: i64 = 86_400;

impl Calendar {
    /// The first moment after `after` at which it elapses. The zone of the expression itself, when it
    /// has one, is what has to be passed.
    pub(crate) fn next(&self, after: Moment, zone: &Zone) -> Option<Moment> {
        let lines = std::iter::once(self).chain(&self.others);
        lines.filter_map(|line| line.next_of_line(after, zone)).min()
    }

    /// The number of a line, from 1, that never elapses after `after`. It would be looked for to the end of
    /// the calendar each time.
    pub(crate) fn dead_line(&self, after: Moment, zone: &Zone) -> Option<usize> {
        let mut lines = std::iter::once(self).chain(&self.others);
        lines.position(|line| line.next_of_line(after, zone).is_none()).map(|place| place + 1)
    }

    fn next_of_line(&self, after: Moment, zone: &Zone) -> Option<Moment> {
        let after_s = after.epoch_ms().div_euclid(1000);
        let mut local_ms = after.epoch_ms() + zone.offset_s(after_s) * 1000 + 1;
        loop {
            local_ms = self.shown(local_ms, zone)?;
            let (local_s, ms) = (local_ms.div_euclid(1000), local_ms.rem_euclid(1000));
            let at_s = zone.showing(local_s, after_s - 1).map(|at_s| at_s * 1000 + ms);
            match at_s {
                Some(at_ms) if at_ms > after.epoch_ms() => {
                    return Some(Moment::from_epoch_ms(at_ms));
                }
                Some(_) | None => local_ms += 1,
            }
        }
    }

    /// The first of its times from `local_ms` on.
    fn shown(&self, local_ms: i64, zone: &Zone) -> Option<i64> {
        let mut day_s = local_ms.div_euclid(DAY_S * 1000) * DAY_S;
        let mut in_day = local_ms - day_s * 1000;
        loop {
            let date = Moment::from_epoch_ms(day_s * 1000).civil(0);
            if date.year > YEAR_MAX {
                return None;
            }
            let month_left = month_days(date.year, date.month) - date.day + 1;
            if !holds(&self.years, date.year) {
                let months: i64 =
                    (date.month + 1..=12).map(|month| month_days(date.year, month)).sum();
                (day_s, in_day) = (day_s + (months + month_left) * DAY_S, 0);
                continue;
            }
            if !holds(&self.months, date.month) {
                (day_s, in_day) = (day_s + month_left * DAY_S, 0);
                continue;
            }
            if self.has_day(date, day_s)
                && let Some((hour, ms)) = self.ms_from(in_day)
            {
                // Where the search has come to a new hour, that hour's first second has to be shown.
                let begin_s =
                    day_s + if hour * 3_600_000 > in_day { hour * 3600 } else { in_day / 1000 };
                let Some(jump) = zone.jump_over(begin_s) else { return Some(day_s * 1000 + ms) };
                // Sought out of an hour that it names, it steps over the jump; else glibc turns back where
                // summer ends by a jump forward (Ireland, Morocco), and systemd gives up the day.
                if !jump.ends_summer || holds(&self.hours, in_day / 3_600_000) {
                    in_day = (begin_s + jump.forward_s() - day_s) * 1000;
                    if in_day < DAY_S * 1000 {
                        continue;
                    }
                }
            }
            (day_s, in_day) = (day_s + DAY_S, 0);
        }
    }

    fn has_day(&self, date: Civil, day_s: i64) -> bool {
        let weekday = (day_s.div_euclid(DAY_S) + 3).rem_euclid(7);
        if self.weekdays != 0 && self.weekdays & 1 << weekday == 0 {
            return false;
        }
        if !self.from_end {
            return holds(&self.days, date.day);
        }
        // `~1` is the last day. Steps always run forward, so a range begins at its far end.
        let last = month_days(date.year, date.month);
        let turned = self.days.as_ref().map(|links| {
            let turn = |link: &Link| match link.stop {
                Some(stop) => Link {
                    start: last + 1 - link.start.max(stop),
                    stop: Some(last + 1 - link.start.min(stop)),
                    repeat: link.repeat,
                },
                None => Link { start: last + 1 - link.start, ..*link },
            };
            links.iter().map(turn).collect()
        });
        holds(&turned, date.day)
    }

    /// The first of its milliseconds of a day from this one on, with its hour.
    fn ms_from(&self, ms: i64) -> Option<(i64, i64)> {
        let (first_hour, first_minute) = (ms / 3_600_000, ms / 60_000 % 60);
        for hour in (first_hour..24).filter(|hour| holds(&self.hours, *hour)) {
            let minute_from = if hour == first_hour { first_minute } else { 0 };
            for minute in (minute_from..60).filter(|minute| holds(&self.minutes, *minute)) {
                let same = hour == first_hour && minute == first_minute;
                if let Some(found) = first_of(&self.ms, if same { ms % 60_000 } else { 0 }) {
                    return Some((hour, hour * 3_600_000 + minute * 60_000 + found));
                }
            }
        }
        None
    }
}

/// The first value of a chain from `from` on, within a minute.
fn first_of(chain: &Chain, from: i64) -> Option<i64> {
    let Some(links) = chain else {
        return Some((from + 999) / 1000 * 1000).filter(|ms| *ms < 60_000);
    };
    let next = |link: &Link| {
        let passed = (from - link.start).max(0);
        let value = match link.repeat {
            0 if passed > 0 => return None,
            0 => link.start,
            repeat => link.start + (passed + repeat - 1) / repeat * repeat,
        };
        (value <= link.stop.unwrap_or(59_999)).then_some(value)
    };
    links.iter().filter_map(next).min()
}
