//! What a run can say about itself in numbers: how many bytes, how many files, how long.
//!
//! A [`Metric`] is a number, a raw text, or a text together with the number it spells. Three
//! sources fill them: a tool's own summary, lines of `KEY=VALUE` the job wrote to a file, and JSON
//! somebody sent us. All three are hostile, so every limit is checked here and nowhere else: what
//! does not fit is refused or cut, and a refusal never fails the run.
//!
//! The numbers people write, `45.2GiB` or `1h30m`, are read by [`parse_amount`].

mod amount;

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Number, Value};

pub(crate) use self::amount::parse_amount;

/// The most metrics one run may have. At the maximum new names are dropped; names already known can
/// still change.
pub(crate) const METRICS_MAX: usize = 100;
/// The longest name of a metric. A longer name is refused, since a cut one could become another
/// metric's name.
pub(crate) const METRIC_NAME_BYTES_MAX: usize = 64;
/// The longest text kept for a metric. The rest is cut off, at a character's border.
pub(crate) const METRIC_TEXT_BYTES_MAX: usize = 200;
/// Whole numbers up to here are exact in an `f64`, so they are written without a fraction.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;

/// One measured thing: at least one of the two fields is there.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Metric {
    /// The value as a number in base units (bytes, seconds, pieces); always finite.
    number: Option<f64>,
    /// The value as it was spelled, or a text that never was a number, such as the name of a
    /// snapshot.
    text: Option<String>,
}

impl Metric {
    /// The value as a number in base units, when it is one.
    pub(crate) fn number(&self) -> Option<f64> {
        self.number
    }

    /// The value as it was spelled, when it came as text.
    pub(crate) fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }
}

/// The metrics of one run by name, never more than [`METRICS_MAX`].
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Metrics(BTreeMap<String, Metric>);

impl fmt::Display for Metric {
    /// As it was said, else the plain number.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.text(), self.number()) {
            (Some(text), _) => out.write_str(text),
            (None, Some(number)) => write!(out, "{number}"),
            (None, None) => Ok(()),
        }
    }
}

impl Serialize for Metrics {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(to)
    }
}

impl<'de> Deserialize<'de> for Metrics {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Metrics, D::Error> {
        serde_json::Value::deserialize(from).map(|value| Metrics::from_json(&value))
    }
}

impl Metrics {
    /// Keeps `text` under `name`, with its number when it spells one: `set("bytes", "2 kB")` has
    /// the number 2000. Says whether there was room and the name was a name.
    pub(crate) fn set(&mut self, name: &str, text: &str) -> bool {
        let text = clean(text);
        let number = parse_amount(&text);
        self.insert(name, Metric { number, text: Some(text) })
    }

    /// Keeps `text` as a text even if it looks like a number: the snapshot `40152067` is a name.
    pub(crate) fn set_text(&mut self, name: &str, text: &str) -> bool {
        self.insert(name, Metric { number: None, text: Some(clean(text)) })
    }

    /// Keeps a number in base units. One that is infinite or not a number is refused.
    pub(crate) fn set_number(&mut self, name: &str, number: f64) -> bool {
        number.is_finite() && self.insert(name, Metric { number: Some(number), text: None })
    }

    /// Keeps the number if there is one: what the tools' parsers call, since most of their lines
    /// may be missing.
    pub(crate) fn set_found(&mut self, name: &str, number: Option<f64>) {
        if let Some(number) = number {
            self.set_number(name, number);
        }
    }

    /// Takes over everything from `other`, which wins where both know a name.
    pub(crate) fn merge(&mut self, other: Metrics) {
        for (name, metric) in other.0 {
            self.insert(&name, metric);
        }
    }

    /// The metric of that name.
    pub(crate) fn get(&self, name: &str) -> Option<&Metric> {
        self.0.get(name)
    }

    /// The number of that name: what a rule asks for.
    pub(crate) fn number(&self, name: &str) -> Option<f64> {
        self.get(name)?.number
    }

    /// All metrics in the order of their names.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Metric)> {
        self.0.iter().map(|(name, metric)| (name.as_str(), metric))
    }

    /// Whether nothing was measured.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// An object of name → number, or → text where there is no number. The spelling of a number is
    /// not kept.
    pub(crate) fn to_json(&self) -> Value {
        let members = self.iter().map(|(name, metric)| {
            let value = match (metric.number, &metric.text) {
                (Some(number), _) => json_number(number),
                (None, Some(text)) => Value::String(text.clone()),
                (None, None) => Value::Null,
            };
            (name.to_owned(), value)
        });
        Value::Object(members.collect::<Map<_, _>>())
    }

    /// Reads [`Self::to_json`] back, from anybody: members that are neither number nor string, have
    /// no proper name or no room are left out. A string stays a text, or a snapshot called
    /// `40152067` would come back as a number.
    pub(crate) fn from_json(value: &Value) -> Metrics {
        let mut metrics = Metrics::default();
        for (name, value) in value.as_object().into_iter().flatten() {
            match value {
                Value::Number(number) => metrics.set_found(name, number.as_f64()),
                Value::String(text) => {
                    metrics.set_text(name, text);
                }
                Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {}
            }
        }
        metrics
    }

    /// The one door in, where name and room are checked.
    fn insert(&mut self, name: &str, metric: Metric) -> bool {
        let room = self.0.len() < METRICS_MAX || self.0.contains_key(name);
        let welcome = room && is_name(name);
        if welcome {
            self.0.insert(name.to_owned(), metric);
        }
        welcome
    }
}

/// Reads one line `KEY=VALUE` that a job wrote about itself, without knowing that job: `b"rows =
/// 12\n"` is `("rows", "12")`. Bytes that are not UTF-8, control characters, an improper name and
/// an empty value are refused; a long value is cut.
pub(crate) fn parse_line(line: &[u8]) -> Option<(String, String)> {
    let line = std::str::from_utf8(line).ok()?.trim();
    let (name, value) = line.split_once('=')?;
    let (name, value) = (name.trim(), value.trim());
    if !is_name(name) || value.is_empty() || line.contains(char::is_control) {
        return None;
    }
    Some((name.to_owned(), cut(value).to_owned()))
}

/// Whether this can name a metric: `[A-Za-z_][A-Za-z0-9_.-]{0,63}`.
pub(crate) fn is_name(name: &str) -> bool {
    let first = name.bytes().next();
    name.len() <= METRIC_NAME_BYTES_MAX
        && first.is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
}

/// Whole numbers without a fraction, so that a count is `12` for every reader and not `12.0`.
fn json_number(number: f64) -> Value {
    #[expect(clippy::cast_possible_truncation, reason = "whole and below 2^53, so nothing is lost")]
    if number.fract() == 0.0 && number.abs() < EXACT_MAX {
        return Value::from(number as i64);
    }
    Number::from_f64(number).map_or(Value::Null, Value::Number)
}

/// A text fit to be shown: no control characters, not too long.
fn clean(text: &str) -> String {
    let text: String = cut(text.trim())
        .chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .collect();
    text.trim().to_owned()
}

/// At most [`METRIC_TEXT_BYTES_MAX`] bytes of the text.
fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(METRIC_TEXT_BYTES_MAX)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_taken_only_when_they_are_clean() {
        let check = |line: &[u8], expected: Option<(&str, &str)>| {
            let read = parse_line(line);
            assert_eq!(
                read.as_ref().map(|(name, value)| (name.as_str(), value.as_str())),
                expected,
                "{line:?}"
            );
        };
        check(b"rows=12", Some(("rows", "12")));
        check(b"  rows = 12 kB \r\n", Some(("rows", "12 kB")));
        check(b"a.b-c_1=x=y", Some(("a.b-c_1", "x=y")));
        for line in [
            &b"rows"[..],
            b"=1",
            b"rows=",
            b"1a=1",
            b"a b=1",
            b"# a=1",
            b"a=\xff",
            b"a=\x1b[2J",
            b"a=b\0c",
            b"a\n=b",
            b"",
        ] {
            check(line, None);
        }
        let long_name = "n".repeat(METRIC_NAME_BYTES_MAX + 1);
        check(format!("{}=1", &long_name[1..]).as_bytes(), Some((&long_name[1..], "1")));
        check(format!("{long_name}=1").as_bytes(), None);
        check(format!("a={}", "ü".repeat(150)).as_bytes(), Some(("a", &"ü".repeat(100))));
    }

    #[test]
    fn metrics_hold_their_limits_and_survive_json() {
        let mut metrics = Metrics::default();
        assert!(
            metrics.set("bytes", "1.5 kB")
                && metrics.set("snapshot", "ab\u{1b}[0m")
                && metrics.set_text("id", "40152067")
        );
        assert!(
            metrics.set_number("rate", 0.5)
                && !metrics.set_number("odd", f64::NAN)
                && !metrics.set("1", "x")
        );
        let json =
            serde_json::json!({"bytes": 1500, "snapshot": "ab [0m", "id": "40152067", "rate": 0.5});
        assert_eq!(metrics.to_json(), json);
        assert_eq!(Metrics::from_json(&json).to_json(), json);
        assert_eq!(metrics.get("bytes").and_then(Metric::text), Some("1.5 kB"));

        let mut full = Metrics::default();
        for index in 0..METRICS_MAX {
            assert!(full.set_number(&format!("n{index}"), 1.0));
        }
        assert!(!full.set_number("one_more", 1.0) && full.set_number("n7", 2.0));
        full.merge(metrics);
        assert_eq!(
            (full.iter().count(), full.number("n7"), full.get("bytes")),
            (METRICS_MAX, Some(2.0), None)
        );
        assert!(
            Metrics::from_json(
                &serde_json::json!({"a": null, "b": [1], "c": {"d": 1}, "e f": 1, "g": true})
            )
            .is_empty()
        );
    }
}
