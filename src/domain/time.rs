//! Moments: milliseconds since 1970-01-01T00:00:00Z, and how they are written.
//!
//! One newtype keeps moments apart from spans and from seconds. The calendar is done by hand: the two functions that are
//! needed are shorter than the reasons for a dependency, and the tests walk every day of four centuries. There are no zones
//! here; whoever wants local time passes the offset in force. There are no leap seconds either, as POSIX has none.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Days from 0000-01-01 to 1970-01-01 in the Gregorian calendar.
const DAYS_BEFORE_EPOCH: i64 = 719_528;
/// The first moment RFC 3339 can write, 0000-01-01T00:00:00.000Z.
const FIRST_MS: i64 = -DAYS_BEFORE_EPOCH * DAY_MS;
/// The last one, 9999-12-31T23:59:59.999Z.
const LAST_MS: i64 = 253_402_300_799_999;
/// A day without leap seconds.
const DAY_MS: i64 = 86_400_000;

/// A point in time, in milliseconds since the epoch. Any value is fine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Moment(pub(crate) i64);

/// A moment taken apart in some zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Civil {
    /// 0 to 9999.
    pub(crate) year: i64,
    /// 1 to 12.
    pub(crate) month: i64,
    /// 1 to 31.
    pub(crate) day: i64,
    /// 0 to 23.
    pub(crate) hour: i64,
    /// 0 to 59.
    pub(crate) minute: i64,
    /// 0 to 59.
    pub(crate) second: i64,
    /// 0 to 999.
    pub(crate) ms: i64,
}

impl Moment {
    /// The moment so many milliseconds after the epoch.
    pub(crate) fn from_epoch_ms(ms: i64) -> Moment {
        Moment(ms)
    }

    /// Milliseconds since the epoch.
    pub(crate) fn epoch_ms(self) -> i64 {
        self.0
    }

    /// The moment `span` earlier, or the first one there is.
    pub(crate) fn before(self, span: Duration) -> Moment {
        Moment(self.0.saturating_sub(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)))
    }

    /// The moment `span` later, or the last one there is.
    pub(crate) fn after(self, span: Duration) -> Moment {
        Moment(self.0.saturating_add(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)))
    }

    /// How much time passed since `earlier`; nothing if it is in fact later, for clocks are set back.
    pub(crate) fn since(self, earlier: Moment) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// RFC 3339 with milliseconds: `2026-03-29T01:00:00.123Z`. Moments outside the years 0 to 9999 are written as the nearest.
    pub(crate) fn to_rfc3339(self) -> String {
        let Civil { year, month, day, hour, minute, second, ms } = self.civil(0);
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z")
    }

    /// For people, in UTC, to the second: `2026-03-29 01:00:00`.
    pub(crate) fn to_short_utc(self) -> String {
        self.to_short(0)
    }

    /// For people, on a clock that many seconds east of UTC: with 7200 the same moment reads `2026-03-29 03:00:00`.
    pub(crate) fn to_short(self, offset_seconds: i32) -> String {
        let Civil { year, month, day, hour, minute, second, .. } = self.civil(offset_seconds);
        format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
    }

    /// Takes a moment apart on a clock that many seconds east of UTC.
    pub(crate) fn civil(self, offset_seconds: i32) -> Civil {
        let local_ms =
            self.0.saturating_add(i64::from(offset_seconds) * 1_000).clamp(FIRST_MS, LAST_MS);
        let (days, in_day) =
            (local_ms.div_euclid(DAY_MS) + DAYS_BEFORE_EPOCH, local_ms.rem_euclid(DAY_MS));
        // The guess is at most a year off, because years differ from their mean by less than two days.
        let mut year = days * 400 / 146_097;
        while days_before_year(year) > days {
            year -= 1;
        }
        while days_before_year(year + 1) <= days {
            year += 1;
        }
        let (mut month, mut day) = (1, days - days_before_year(year) + 1);
        while day > month_days(year, month) {
            day -= month_days(year, month);
            month += 1;
        }
        let (hour, minute) = (in_day / 3_600_000, in_day / 60_000 % 60);
        Civil { year, month, day, hour, minute, second: in_day / 1_000 % 60, ms: in_day % 1_000 }
    }

    /// Puts a UTC moment together, or `None` if there is no such date or time (30 February, 24:00).
    pub(crate) fn from_civil(civil: Civil) -> Option<Moment> {
        let Civil { year, month, day, hour, minute, second, ms } = civil;
        let exists = (0..=9999).contains(&year)
            && (1..=12).contains(&month)
            && (1..=month_days(year, month)).contains(&day)
            && (0..24).contains(&hour)
            && (0..60).contains(&minute)
            && (0..60).contains(&second)
            && (0..1_000).contains(&ms);
        exists.then(|| {
            let months: i64 = (1..month).map(|earlier| month_days(year, earlier)).sum();
            let days = days_before_year(year) + months + day - 1 - DAYS_BEFORE_EPOCH;
            Moment(days * DAY_MS + hour * 3_600_000 + minute * 60_000 + second * 1_000 + ms)
        })
    }

    /// Reads what [`Moment::to_rfc3339`] writes, and its neighbours: no or up to nine decimals (cut to milliseconds), and
    /// `+02:00` instead of `Z`. Lower case `t` and `z` are refused; nothing that writes to hb uses them.
    pub(crate) fn parse_rfc3339(text: &str) -> Option<Moment> {
        let bytes = text.as_bytes();
        let number = |at: usize, width: usize| digits(bytes.get(at..at + width)?);
        let marks = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
        if !marks.iter().all(|(at, mark)| bytes.get(*at) == Some(mark)) {
            return None;
        }
        let mut zone = bytes.get(19..)?;
        let mut ms = 0;
        if let Some(rest) = zone.strip_prefix(b".") {
            let width = rest.iter().take_while(|b| b.is_ascii_digit()).count();
            if !(1..=9).contains(&width) {
                return None;
            }
            ms = digits(&rest[..width.min(3)])? * [100, 10, 1][width.min(3) - 1];
            zone = &rest[width..];
        }
        let moment = Moment::from_civil(Civil {
            year: number(0, 4)?,
            month: number(5, 2)?,
            day: number(8, 2)?,
            hour: number(11, 2)?,
            minute: number(14, 2)?,
            second: number(17, 2)?,
            ms,
        })?;
        Some(Moment(moment.0 - zone_ms(zone)?))
    }
}

/// The offset written as `Z`, `+02:00` or `-05:30`.
fn zone_ms(zone: &[u8]) -> Option<i64> {
    match zone {
        b"Z" => Some(0),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let (hours, minutes) = (digits(&[*h1, *h2])?, digits(&[*m1, *m2])?);
            let size = (hours * 60 + minutes) * 60_000;
            (hours < 24 && minutes < 60).then_some(if *sign == b'-' { -size } else { size })
        }
        _ => None,
    }
}

/// A short run of ASCII digits as a number.
pub(crate) fn digits(bytes: &[u8]) -> Option<i64> {
    let valid = !bytes.is_empty() && bytes.len() <= 9 && bytes.iter().all(u8::is_ascii_digit);
    valid.then(|| bytes.iter().fold(0, |number, digit| number * 10 + i64::from(digit - b'0')))
}

/// Days from 0000-01-01 to the first of January of a year that is not negative.
fn days_before_year(year: i64) -> i64 {
    365 * year + (year + 3) / 4 - (year + 99) / 100 + (year + 399) / 400
}

/// How many days a month has; the month is 1 to 12.
pub(crate) fn month_days(year: i64, month: i64) -> i64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_moments_are_written_and_read() {
        for (ms, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (1_774_746_000_123, "2026-03-29T01:00:00.123Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (FIRST_MS, "0000-01-01T00:00:00.000Z"),
            (LAST_MS, "9999-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(Moment(ms).to_rfc3339(), text);
            assert_eq!(Moment::parse_rfc3339(text), Some(Moment(ms)));
        }
        assert_eq!(Moment(i64::MAX).to_rfc3339(), "9999-12-31T23:59:59.999Z");
        assert_eq!(Moment(i64::MIN).to_rfc3339(), "0000-01-01T00:00:00.000Z");
        assert_eq!(Moment(1_774_746_000_123).to_short_utc(), "2026-03-29 01:00:00");
        assert_eq!(Moment(1_774_746_000_123).to_short(7_200), "2026-03-29 03:00:00");
        assert_eq!(Moment(1_774_746_000_123).to_short(-12_600), "2026-03-28 21:30:00");
    }

    #[test]
    fn neighbouring_forms_are_read_and_nonsense_is_not() {
        let read = |text| Moment::parse_rfc3339(text).map(|moment| moment.0);
        assert_eq!(read("2026-03-29T01:00:00Z"), Some(1_774_746_000_000));
        assert_eq!(read("2026-03-29T01:00:00.1Z"), Some(1_774_746_000_100));
        assert_eq!(read("2026-03-29T01:00:00.123999999Z"), Some(1_774_746_000_123));
        assert_eq!(read("2026-03-29T03:00:00+02:00"), Some(1_774_746_000_000));
        for text in [
            "",
            "2026-03-29",
            "2026-03-29T01:00:00",
            "2026-03-29T01:00:00.Z",
            "2026-02-29T01:00:00Z",
            "2026-03-29T24:00:00Z",
            "2026-03-29T01:00:60Z",
            "2026-03-29t01:00:00z",
            "2026-03-29T01:00:00.1234567890Z",
            "+026-03-29T01:00:00Z",
            "2026-03-29T01:00:00+2:00",
            "2026-03-29T01:00:00Zé",
            "2026-13-01T01:00:00Z",
            "2026-00-01T01:00:00Z",
            "é026-03-29T01:00:00Z",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn every_day_of_twelve_centuries_agrees_with_counting() {
        let start = Civil { year: 1600, month: 1, day: 1, hour: 0, minute: 0, second: 0, ms: 0 };
        let (mut date, mut ms) = (start, Moment::from_civil(start).unwrap().0);
        assert_eq!(ms, -11_676_096_000_000);
        while date.year < 2800 {
            assert_eq!(Moment(ms).civil(0), date);
            assert_eq!(Moment::from_civil(date), Some(Moment(ms)));
            ms += DAY_MS;
            date.day += 1;
            let february = if date.year % 400 == 0 || (date.year % 4 == 0 && date.year % 100 != 0) {
                29
            } else {
                28
            };
            let lengths = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
            if date.day > lengths[usize::try_from(date.month).unwrap() - 1] {
                (date.month, date.day) = (date.month + 1, 1);
            }
            if date.month > 12 {
                (date.year, date.month) = (date.year + 1, 1);
            }
        }
    }

    #[test]
    fn random_moments_survive_the_round_trip() {
        let mut seed = 7_u64;
        for _ in 0..20_000 {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let moment =
                Moment(FIRST_MS + i64::try_from(seed >> 1).unwrap() % (LAST_MS - FIRST_MS));
            assert_eq!(Moment::parse_rfc3339(&moment.to_rfc3339()), Some(moment));
        }
    }

    #[test]
    fn sums_stop_at_the_ends() {
        assert_eq!(Moment(5).before(Duration::from_millis(7)), Moment(-2));
        assert_eq!(Moment(i64::MIN + 1).before(Duration::MAX), Moment(i64::MIN));
        assert_eq!(Moment(12).since(Moment(5)), Duration::from_millis(7));
        assert_eq!(Moment(5).since(Moment(12)), Duration::ZERO);
        assert_eq!(
            Moment(i64::MAX).since(Moment(i64::MIN)),
            Duration::from_millis(i64::MAX.unsigned_abs())
        );
    }
}
