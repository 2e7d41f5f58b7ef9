//! Moments as people write and read them: on this host's clock, and by how far they are.

use std::time::Duration;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

use crate::domain::text;
use crate::domain::time::Moment;

/// A moment in this host's zone.
pub(crate) fn local(moment: Moment) -> String {
    let stamp = jiff::Timestamp::from_millisecond(moment.epoch_ms()).unwrap_or_default();
    stamp.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// How far a moment is: `3h 5m ago`, `in 40s`, `now`.
pub(crate) fn distance(moment: Moment, now: Moment) -> String {
    let (ago, ahead) = (now.since(moment), moment.since(now));
    if ago.max(ahead) < Duration::from_secs(1) {
        "now".to_owned()
    } else if ahead.is_zero() {
        format!("{} ago", rough(ago))
    } else {
        format!("in {}", rough(ahead))
    }
}

/// A span in its two largest units, which is as much as a glance takes in.
pub(crate) fn rough(span: Duration) -> String {
    let seconds = span.as_secs();
    let units = [(86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")];
    let first = units.iter().position(|(size, _)| seconds >= *size).unwrap_or(units.len() - 1);
    let mut rest = seconds;
    let mut words = Vec::new();
    for (size, unit) in units.iter().skip(first).take(2) {
        if rest >= *size || words.is_empty() {
            words.push(format!("{}{unit}", rest / size));
        }
        rest %= size;
    }
    words.join(" ")
}

/// The moment that a person means: RFC 3339, or `2026-12-24`, `2026-12-24 18:00` and `18:00` on the
/// clock of this zone. A time of day is the next one.
pub(crate) fn meant(text: &str, now: Moment, zone: &TimeZone) -> Result<Moment, String> {
    let text = text.trim();
    if let Some(moment) = Moment::parse_rfc3339(text) {
        return Ok(moment);
    }
    let shown = || text::excerpt(text.as_bytes());
    let on_the_clock = |at: DateTime| {
        let zoned = at.to_zoned(zone.clone()).ok()?;
        Some(Moment::from_epoch_ms(zoned.timestamp().as_millisecond()))
    };
    let time = |text: &str| -> Option<Time> {
        let (hour, minute) = text.split_once(':')?;
        let digits = |text: &str| {
            let plain = (1..=2).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
            text.parse::<i8>().ok().filter(|_| plain)
        };
        Time::new(digits(hour)?, digits(minute).filter(|_| minute.len() == 2)?, 0, 0).ok()
    };
    let date = |text: &str| text.parse::<Date>().ok().filter(|_| text.len() == 10);
    let today = jiff::Timestamp::from_millisecond(now.epoch_ms()).unwrap_or_default();
    let today = today.to_zoned(zone.clone()).date();
    let found = match text.split_once([' ', 'T']) {
        Some((day, clock)) => {
            date(day).zip(time(clock)).and_then(|(d, t)| on_the_clock(d.to_datetime(t)))
        }
        None => match (date(text), time(text)) {
            (Some(day), _) => on_the_clock(day.to_datetime(Time::midnight())),
            (None, Some(clock)) => {
                let next = on_the_clock(today.to_datetime(clock)).filter(|at| *at > now);
                let tomorrow = || on_the_clock(today.tomorrow().ok()?.to_datetime(clock));
                next.or_else(tomorrow)
            }
            (None, None) => None,
        },
    };
    found.ok_or_else(|| {
        format!(
            "`{}` is no moment; write `18:00`, `2026-12-24 18:00` or 2026-12-24T17:00:00Z",
            shown()
        )
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::tz::TimeZone;

    use super::{distance, meant, rough};
    use crate::domain::time::Moment;

    fn moment(text: &str) -> Moment {
        Moment::parse_rfc3339(text).unwrap()
    }

    #[test]
    fn a_person_may_write_a_moment_in_four_ways() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let now = moment("2026-12-23T17:30:00Z");
        for (text, expected) in [
            ("2026-12-24T17:00:00Z", "2026-12-24T17:00:00.000Z"),
            ("2026-12-24 18:00", "2026-12-24T17:00:00.000Z"),
            ("2026-12-24T18:00", "2026-12-24T17:00:00.000Z"),
            ("2026-07-01", "2026-06-30T22:00:00.000Z"),
            ("18:29", "2026-12-24T17:29:00.000Z"),
            ("18:31", "2026-12-23T17:31:00.000Z"),
            (" 6:05 ", "2026-12-24T05:05:00.000Z"),
        ] {
            let got = meant(text, now, &berlin).map(Moment::to_rfc3339);
            assert_eq!(got.as_deref(), Ok(expected), "{text}");
        }
        for text in
            ["", "soon", "24:00", "1h", "18:0", "2026-13-01", "26-12-24", "2026-12-24 25:00"]
        {
            assert!(meant(text, now, &berlin).is_err(), "{text}");
        }
    }

    #[test]
    fn a_glance_takes_in_two_units() {
        for (seconds, expected) in [
            (0, "0s"),
            (59, "59s"),
            (60, "1m"),
            (61, "1m 1s"),
            (3_605, "1h"),
            (3_660, "1h 1m"),
            (90_000, "1d 1h"),
            (86_400 * 40 + 59, "40d"),
        ] {
            assert_eq!(rough(Duration::from_secs(seconds)), expected);
        }
        let now = moment("2026-12-23T17:30:00Z");
        assert_eq!(distance(now, now), "now");
        assert_eq!(distance(now.before(Duration::from_secs(90)), now), "1m 30s ago");
        assert_eq!(distance(now.after(Duration::from_secs(90)), now), "in 1m 30s");
    }
}
