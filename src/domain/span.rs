//! Spans of time as people write them: `90`, `5m`, `1h 30m`, `2 days`.
//!
//! A bare number is seconds. Otherwise every number carries a unit, the largest unit comes first and each comes once, because
//! `1m1m` and `30m1h` are typing mistakes far more often than sums. Units are lower case: `M` is a month to some programs
//! and a minute to others, and a grace that is silently 43,200 times too long is found out on the worst day.
//!
//! This module must not guess. What it refuses it explains, and where the meaning is plain the error carries the right
//! spelling as a hint. Whether zero is allowed is the business of the option, so `0` is read as zero.

use std::fmt;
use std::time::Duration;

use crate::domain::nearest::nearest;
use crate::domain::text::excerpt;

/// The longest span hb accepts: 3650 days. Nothing scheduled is rarer, and every sum of such spans fits its integer.
pub(crate) const SPAN_MAX: Duration = Duration::from_secs(3650 * 86_400);

/// The longest text that is read: seven parts with their longest units and generous blanks.
const TEXT_BYTES_MAX: usize = 256;

/// More parts than there are units must repeat one, so reading stops there.
const PARTS_MAX: usize = 7;

/// One unit: its length in milliseconds and all its spellings, the shortest first.
struct Unit {
    /// How long one of it is.
    ms: u64,
    /// What may be written for it.
    names: &'static [&'static str],
}

/// Every unit, largest first. The milliseconds are last and only read by [`parse_with_ms`].
const UNITS: [Unit; 6] = [
    Unit { ms: 604_800_000, names: &["w", "week", "weeks"] },
    Unit { ms: 86_400_000, names: &["d", "day", "days"] },
    Unit { ms: 3_600_000, names: &["h", "hr", "hrs", "hour", "hours"] },
    Unit { ms: 60_000, names: &["m", "min", "mins", "minute", "minutes"] },
    Unit { ms: 1_000, names: &["s", "sec", "secs", "second", "seconds"] },
    Unit { ms: 1, names: &["ms"] },
];

/// Why a text is not a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SpanFault {
    /// There is nothing but blanks.
    Empty,
    /// It starts with `-` or `+`.
    Signed,
    /// A number has a decimal point.
    Fraction,
    /// A number was expected and something else stands there.
    NoNumber,
    /// A number that is not alone has no unit.
    NoUnit,
    /// What follows the number is not a unit.
    UnknownUnit,
    /// The unit is shorter than a second and this option counts in seconds.
    BelowSecond,
    /// A smaller unit stands before a larger one.
    Order,
    /// A unit stands there twice.
    Repeated,
    /// It is more than [`SPAN_MAX`].
    TooLong,
    /// Its text is longer than anything that means a span.
    Endless,
}

/// A refused span: one short line for [`fmt::Display`], and perhaps what to write instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SpanError {
    /// The law that was broken.
    pub(crate) fault: SpanFault,
    /// What to do, for a `hint:` line of its own.
    pub(crate) hint: Option<String>,
    /// The start of the text, escaped and short.
    shown: String,
}

impl fmt::Display for SpanError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let why = match self.fault {
            SpanFault::Empty => return out.write_str("a span of time is missing"),
            SpanFault::Signed => "it has a sign",
            SpanFault::Fraction => "only whole numbers are read",
            SpanFault::NoNumber => "a number is missing",
            SpanFault::NoUnit => "a number has no unit",
            SpanFault::UnknownUnit => "its unit is unknown",
            SpanFault::BelowSecond => "whole seconds are the smallest step here",
            SpanFault::Order => "a larger unit follows a smaller one",
            SpanFault::Repeated => "a unit is repeated",
            SpanFault::Endless => "the text has no end",
            SpanFault::TooLong => {
                return write!(out, "`{}` is too long: the most is 3650 days", self.shown);
            }
        };
        write!(out, "`{}` is not a span of time: {why}", self.shown)
    }
}

/// Reads a span in whole seconds: `parse("1h 30m")` is 5400 s, `parse("90")` is 90 s, `parse("500ms")` is refused.
///
/// Blanks and tabs may surround every number and unit. One line end after it is forgiven, for values out of files.
pub(crate) fn parse(text: &str) -> Result<Duration, SpanError> {
    read(text, false)
}

/// Reads a span that may also count milliseconds: `parse_with_ms("500ms")` is half a second.
pub(crate) fn parse_with_ms(text: &str) -> Result<Duration, SpanError> {
    read(text, true)
}

/// The reader behind both: parts first, then their order, then what the reader would need to hear.
fn read(text: &str, with_ms: bool) -> Result<Duration, SpanError> {
    let bare = text.trim_end_matches(['\r', '\n']).trim_matches([' ', '\t']);
    let bounded = if bare.len() > TEXT_BYTES_MAX { Err(SpanFault::Endless) } else { Ok(bare) };
    bounded
        .and_then(|bare| parts(bare, with_ms))
        .and_then(|parts| in_order(&parts))
        .map(Duration::from_millis)
        .map_err(|fault| SpanError {
            fault,
            hint: hint(bare, fault, with_ms),
            shown: excerpt(bare.as_bytes()),
        })
}

/// One number with the place of its unit in [`UNITS`].
type Part = (u64, usize);

/// Splits `1h30m` into its parts. A bare number is one part in seconds.
fn parts(bare: &str, with_ms: bool) -> Result<Vec<Part>, SpanFault> {
    match bare.chars().next() {
        None => return Err(SpanFault::Empty),
        Some('-' | '+' | '\u{2212}') => return Err(SpanFault::Signed),
        Some(_) => {}
    }
    let (mut parts, mut rest, mut total_ms) = (Vec::new(), bare, 0_u64);
    while !rest.is_empty() && parts.len() < PARTS_MAX {
        let (digits, after) =
            rest.split_at(rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len()));
        if digits.is_empty() {
            return Err(SpanFault::NoNumber);
        }
        if after.starts_with(['.', ',']) {
            return Err(SpanFault::Fraction);
        }
        let after = after.trim_start_matches([' ', '\t']);
        let (name, after) = after.split_at(after.find(ends_unit).unwrap_or(after.len()));
        let place = if name.is_empty() {
            if !after.is_empty() || !parts.is_empty() {
                return Err(SpanFault::NoUnit);
            }
            4
        } else {
            unit_place(name, with_ms)?
        };
        let number = digits
            .bytes()
            .fold(0_u64, |n, d| n.saturating_mul(10).saturating_add(u64::from(d - b'0')));
        total_ms = total_ms.saturating_add(number.saturating_mul(UNITS[place].ms));
        if u128::from(total_ms) > SPAN_MAX.as_millis() {
            return Err(SpanFault::TooLong);
        }
        parts.push((number, place));
        rest = after.trim_start_matches([' ', '\t']);
    }
    Ok(parts)
}

/// Whether a unit's name stops before this character.
fn ends_unit(c: char) -> bool {
    c.is_ascii_digit() || c == ' ' || c == '\t'
}

/// Finds a unit by one of its names, or says why it is none.
fn unit_place(name: &str, with_ms: bool) -> Result<usize, SpanFault> {
    match UNITS.iter().position(|unit| unit.names.contains(&name)) {
        Some(5) if !with_ms => Err(SpanFault::BelowSecond),
        Some(place) => Ok(place),
        None if ["us", "µs", "ns"].contains(&name) => Err(SpanFault::BelowSecond),
        None => Err(SpanFault::UnknownUnit),
    }
}

/// Adds the parts up if every unit is smaller than the one before it.
fn in_order(parts: &[Part]) -> Result<u64, SpanFault> {
    for (at, (_, place)) in parts.iter().enumerate() {
        if parts[..at].iter().any(|(_, earlier)| earlier == place) {
            return Err(SpanFault::Repeated);
        }
        if at > 0 && parts[at - 1].1 > *place {
            return Err(SpanFault::Order);
        }
    }
    Ok(sum_ms(parts))
}

/// The plain sum; it cannot overflow because [`parts`] stops at [`SPAN_MAX`].
fn sum_ms(parts: &[Part]) -> u64 {
    parts.iter().map(|(number, place)| number * UNITS[*place].ms).sum()
}

/// What the writer of a refused span may have meant.
fn hint(bare: &str, fault: SpanFault, with_ms: bool) -> Option<String> {
    match fault {
        SpanFault::Empty | SpanFault::NoNumber => Some(named_span(bare)),
        SpanFault::Signed => Some("write it without the sign".to_owned()),
        SpanFault::Fraction => Some(whole_numbers(bare)),
        SpanFault::NoUnit => Some("write a unit after every number, as in `1h30m`".to_owned()),
        SpanFault::UnknownUnit => unit_hint(bare),
        SpanFault::BelowSecond if with_ms => Some("the smallest unit is `ms`".to_owned()),
        SpanFault::BelowSecond => Some("the smallest unit is `s`".to_owned()),
        SpanFault::Order | SpanFault::Repeated => {
            let parts = parts(bare, with_ms).ok().filter(|parts| parts.len() < PARTS_MAX)?;
            Some(format!("largest unit first and each once: write `{}`", compact(sum_ms(&parts))))
        }
        SpanFault::TooLong | SpanFault::Endless => None,
    }
}

/// `daily` and `hourly` name a span; for anything else the hint shows the form.
fn named_span(bare: &str) -> String {
    match bare.trim_start_matches('@') {
        "hourly" => "write `1h`".to_owned(),
        "daily" => "write `1d`".to_owned(),
        "weekly" => "write `1w`".to_owned(),
        "monthly" => "months have no fixed length; write `30d`".to_owned(),
        _ => "write a number and a unit, as in `90s`, `5m` or `1h30m`".to_owned(),
    }
}

/// Turns `1.5h` into the hint to write `1h30m`, if it comes out in whole milliseconds.
fn whole_numbers(bare: &str) -> String {
    let exact = || {
        let unit_at = bare.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let place = unit_place(bare[unit_at..].trim_start(), false).ok()?;
        let (whole, fraction) = bare[..unit_at].split_once('.')?;
        if fraction.is_empty() || fraction.len() > 3 || whole.len() > 6 {
            return None;
        }
        let scale = 10_u64.pow(u32::try_from(fraction.len()).ok()?);
        let number = whole.parse::<u64>().ok()? * scale + fraction.parse::<u64>().ok()?;
        let ms = number * UNITS[place].ms;
        ms.is_multiple_of(scale * 1_000).then(|| compact(ms / scale))
    };
    exact().map_or_else(|| "use a smaller unit".to_owned(), |better| format!("write `{better}`"))
}

/// Explains a unit that is not one: too large to have a length, upper case, or mistyped.
fn unit_hint(bare: &str) -> Option<String> {
    let unit_at = bare.find(|c: char| c.is_ascii_alphabetic())?;
    let name = bare[unit_at..].split(ends_unit).next()?;
    let number = bare[..unit_at].trim_end().parse::<u64>().ok().filter(|number| *number <= 120);
    let days = |each: u64| {
        number.map_or_else(|| format!("{each}d"), |n| format!("{}d", (n * each).min(3650)))
    };
    match name {
        "M" => {
            let minutes = number.unwrap_or(1);
            return Some(format!(
                "months have no fixed length; write `{}`, or `{minutes}m` for minutes",
                days(30)
            ));
        }
        "mo" | "mon" | "month" | "months" => {
            return Some(format!("months have no fixed length; write `{}`", days(30)));
        }
        "y" | "Y" | "yr" | "yrs" | "year" | "years" => {
            return Some(format!("years have no fixed length; write `{}`", days(365)));
        }
        _ => {}
    }
    let lower = bare.to_ascii_lowercase();
    if bare.len() <= 40 && lower != bare && !bare.contains('M') && parse(&lower).is_ok() {
        return Some(format!("units are lower case; write `{lower}`"));
    }
    let names =
        UNITS[..5].iter().flat_map(|unit| unit.names).copied().filter(|name| name.len() > 1);
    nearest(name, names).map(|near| format!("did you mean `{near}`?"))
}

/// An exact spelling that [`parse_with_ms`] reads back: `5_400_000` is `1h30m`.
fn compact(mut ms: u64) -> String {
    let mut out = String::new();
    for unit in &UNITS[1..] {
        if ms >= unit.ms {
            out.push_str(&format!("{}{}", ms / unit.ms, unit.names[0]));
            ms %= unit.ms;
        }
    }
    if out.is_empty() { "0s".to_owned() } else { out }
}

/// A span for people to read: `340ms`, `12.5s`, `1h 30m 5s`, `2d 3h`.
///
/// Precision goes where it no longer matters: tenths end at a minute, seconds end at a day. It always rounds down, so
/// `59.99s` never becomes a minute that has not passed. Parts that are nought are left out.
pub(crate) fn format(span: Duration) -> String {
    let (seconds, ms) = (span.as_secs(), span.subsec_millis());
    if span.is_zero() {
        return "0s".to_owned();
    }
    if seconds == 0 {
        return if ms == 0 { "<1ms".to_owned() } else { format!("{ms}ms") };
    }
    if seconds < 60 {
        return if ms < 100 { format!("{seconds}s") } else { format!("{seconds}.{}s", ms / 100) };
    }
    let parts = [
        (seconds / 86_400, "d"),
        (seconds / 3_600 % 24, "h"),
        (seconds / 60 % 60, "m"),
        (seconds % 60, "s"),
    ];
    let shown = if seconds < 86_400 { &parts[..] } else { &parts[..3] };
    let words = shown
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, unit)| format!("{number}{unit}"));
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
