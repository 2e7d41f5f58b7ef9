//! What the values of payloads mean: moments, spans and numbers in the spellings of many clients.

use serde_json::Value;

use crate::domain::metric::parse_amount;
use crate::domain::time::Moment;

/// Texts longer than this are no number and no moment.
const VALUE_BYTES_MAX: usize = 64;
/// Numbers of seconds end here, and milliseconds begin: the year 5138.
const SECONDS_END: f64 = 1e11;
/// The last moment that can be written, in milliseconds.
const LAST_MS: f64 = 253_402_300_799_999.0;

/// A number, also where it came as text: `2`, `"2"`, `"-9"`.
pub(super) fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => plain_number(text),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A number without a unit.
pub(super) fn plain_number(text: &str) -> Option<f64> {
    let text = text.trim();
    let plain = |byte: u8| byte.is_ascii_digit() || b"+-.eE".contains(&byte);
    let fits = text.len() <= VALUE_BYTES_MAX && text.bytes().all(plain);
    let number: f64 = text.parse().ok().filter(|_| fits)?;
    number.is_finite().then_some(number)
}

/// An exit code, or a Unix signal as a negative number.
pub(super) fn exit_code(value: &Value) -> Option<i32> {
    let number = number(value)?;
    #[expect(clippy::cast_possible_truncation, reason = "whole and within the range of i32")]
    let code = number as i64;
    let whole = number.fract() == 0.0 && number.abs() <= f64::from(i32::MAX);
    i32::try_from(code).ok().filter(|_| whole)
}

/// A moment: seconds, milliseconds, micro- or nanoseconds since the epoch as a number or as text, or
/// an ISO date; one without a zone is UTC.
pub(super) fn moment(value: &Value) -> Option<Moment> {
    match (number(value), value) {
        (Some(number), _) => epoch(number),
        (None, Value::String(text)) => iso(text),
        (None, _) => None,
    }
}

/// A moment from a number, by its size.
pub(super) fn epoch(number: f64) -> Option<Moment> {
    let size = number.abs();
    let ms = match size {
        _ if size < SECONDS_END => number * 1e3,
        _ if size < SECONDS_END * 1e3 => number,
        _ if size < SECONDS_END * 1e6 => number / 1e3,
        _ => number / 1e6,
    };
    #[expect(clippy::cast_possible_truncation, reason = "within the years 0 to 9999")]
    (ms.is_finite() && ms.abs() <= LAST_MS).then(|| Moment::from_epoch_ms(ms.round() as i64))
}

/// A date as programs write it: `2026-11-20T09:31:25Z`, `2026-11-20 09:31:25`, `…+0100`.
fn iso(text: &str) -> Option<Moment> {
    let text = text.trim();
    if text.len() > VALUE_BYTES_MAX || !text.is_ascii() {
        return None;
    }
    let mut plain = text.to_ascii_uppercase();
    if plain.get(10..11) == Some(" ") {
        plain.replace_range(10..11, "T");
    }
    plain = plain.replace(' ', "").replace(',', ".");
    if plain.len() == 16 {
        plain.push_str(":00");
    }
    let zone = plain.get(19..).and_then(|rest| rest.find(['Z', '+', '-'])).map(|at| at + 19);
    match zone {
        None => plain.push('Z'),
        Some(at) if plain.len() == at + 5 && !plain.ends_with('Z') => plain.insert(at + 3, ':'),
        Some(at) if plain.len() == at + 3 => plain.push_str(":00"),
        Some(_) => {}
    }
    Moment::parse_rfc3339(&plain)
}

/// Milliseconds from a number of `unit_ms` each, or from a text such as `1h30m`.
pub(super) fn span_ms(value: &Value, unit_ms: f64) -> Option<u64> {
    let ms = match (number(value), value) {
        (Some(number), _) => number * unit_ms,
        (None, Value::String(text)) => parse_amount(text)? * 1e3,
        (None, _) => return None,
    };
    whole_ms(ms)
}

/// What may be a span: not negative, and no longer than any moment.
pub(super) fn whole_ms(ms: f64) -> Option<u64> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked")]
    (ms.is_finite() && (0.0..=LAST_MS).contains(&ms)).then(|| ms.round() as u64)
}

/// A span as Go writes it: `1m2.5s`, `300ms`, `1h0m0s`.
pub(super) fn go_span_ms(text: &str) -> Option<u64> {
    const UNITS: [(&str, f64); 7] = [
        ("ms", 1.0),
        ("ns", 1e-6),
        ("us", 1e-3),
        ("µs", 1e-3),
        ("h", 3_600_000.0),
        ("m", 60_000.0),
        ("s", 1e3),
    ];
    let (mut rest, mut sum) = (text.trim(), 0.0);
    if rest == "0" {
        return Some(0);
    }
    if rest.is_empty() || rest.len() > VALUE_BYTES_MAX {
        return None;
    }
    while !rest.is_empty() {
        let end = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.')?;
        let number: f64 = rest[..end].parse().ok()?;
        let (unit, ms) = UNITS.iter().find(|(unit, _)| rest[end..].starts_with(unit))?;
        sum += number * ms;
        rest = &rest[end + unit.len()..];
    }
    whole_ms(sum)
}

/// The text of a value that is one word, number or truth.
pub(super) fn word(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
