//! The `Retry-After` header: seconds, or one of the three date forms of RFC 9110, section 5.6.7.
//!
//! The value comes from a stranger, perhaps from a proxy in front of the receiver, so it is advice and never an order: at most
//! an hour is believed, and what is absurd counts as no advice. The caller takes the larger of this and its own back-off.

use std::time::Duration;

use crate::domain::time::{Civil, Moment, digits};

/// No receiver keeps us away for longer than this.
pub(crate) const RETRY_AFTER_MAX: Duration = Duration::from_secs(3_600);

/// Beyond a week the value is a mistake and not a long maintenance, so it is not even worth the full hour.
const BELIEVABLE: Duration = Duration::from_secs(7 * 86_400);

/// Names of the months in every one of the forms.
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// How long to stay away, as seen at `now`, or `None` for no usable advice.
///
/// `120` is two minutes; `7200` is capped to an hour; a date that has passed is no wait at all; `-1`, `soon`, ten digits
/// and dates in the year 9999 are `None`.
pub(crate) fn parse(value: &str, now: Moment) -> Option<Duration> {
    let value = value.trim_matches([' ', '\t']);
    let wait = match digits(value.as_bytes()) {
        Some(seconds) => Duration::from_secs(seconds.unsigned_abs()),
        None => date(value, now)?.since(now),
    };
    (wait <= BELIEVABLE).then_some(wait.min(RETRY_AFTER_MAX))
}

/// Reads any of the three date forms; all are in GMT. The name of the day is read past, since it cannot add anything.
pub(crate) fn date(value: &str, now: Moment) -> Option<Moment> {
    // The longest form, with Wednesday, has 34 characters.
    if value.len() > 40 || !value.is_ascii() {
        return None;
    }
    let words: Vec<&str> = value.split_ascii_whitespace().collect();
    let (day, month, year, clock) = match words.as_slice() {
        // Sun, 06 Nov 1994 08:49:37 GMT
        [name, day, month, year, clock, "GMT"] if name.ends_with(',') && year.len() == 4 => {
            (*day, *month, digits(year.as_bytes())?, *clock)
        }
        // Sunday, 06-Nov-94 08:49:37 GMT
        [name, date, clock, "GMT"] if name.ends_with(',') => {
            let mut parts = date.splitn(3, '-');
            let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
            (day, month, full_year(year, now)?, *clock)
        }
        // Sun Nov  6 08:49:37 1994
        [_, month, day, clock, year] if year.len() == 4 => {
            (*day, *month, digits(year.as_bytes())?, *clock)
        }
        _ => return None,
    };
    let month = MONTHS.iter().position(|name| *name == month)?;
    let [h1, h2, b':', m1, m2, b':', s1, s2] = clock.as_bytes() else {
        return None;
    };
    Moment::from_civil(Civil {
        year,
        month: i64::try_from(month).ok()? + 1,
        day: digits(day.as_bytes())?,
        hour: digits(&[*h1, *h2])?,
        minute: digits(&[*m1, *m2])?,
        second: digits(&[*s1, *s2])?,
        ms: 0,
    })
}

/// Two digits mean the year that is at most fifty years ahead of now: in 2026, `94` is 1994 and `30` is 2030.
fn full_year(year: &str, now: Moment) -> Option<i64> {
    let this_year = now.civil(0).year;
    let year = digits(year.as_bytes()).filter(|_| year.len() == 2)? + this_year / 100 * 100;
    Some(if year > this_year + 50 { year - 100 } else { year })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_is_read_and_nonsense_is_ignored() {
        let now = Moment::parse_rfc3339("2026-03-29T01:00:00Z").unwrap();
        for (value, expected) in [
            ("0", Some(0)),
            ("120", Some(120)),
            (" 5 ", Some(5)),
            ("3600", Some(3600)),
            ("7200", Some(3600)),
            ("604800", Some(3600)),
            ("604801", None),
            ("999999999", None),
            ("99999999999999999999", None),
            ("-1", None),
            ("+5", None),
            ("1.5", None),
            ("", None),
            ("soon", None),
            ("５", None),
            ("1e3", None),
            ("Sun, 29 Mar 2026 01:00:30 GMT", Some(30)),
            ("Sunday, 29-Mar-26 01:00:30 GMT", Some(30)),
            ("Sun Mar 29 01:00:30 2026", Some(30)),
            ("Sun, 29 Mar 2026 09:00:00 GMT", Some(3600)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(0)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", Some(0)),
            ("Sun Nov  6 08:49:37 1994", Some(0)),
            ("Fri, 31 Dec 9999 23:59:59 GMT", None),
            ("Sun, 29 Mar 2026 01:00:30 CET", None),
            ("Sun, 30 Feb 2026 01:00:30 GMT", None),
            ("Sun, 29 Mar 2026 1:00:30 GMT", None),
            ("Sun, 29 mar 2026 01:00:30 GMT", None),
        ] {
            assert_eq!(parse(value, now), expected.map(Duration::from_secs), "{value}");
        }
    }
}
