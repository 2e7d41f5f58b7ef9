//! How an answer is held to what is expected of it: parts of it, and questions about it.

use regex_lite::Regex;
use serde_json::{Value, json};

use super::healthchecks::{Case, Outcome, now, seconds};

impl Case<'_> {
    /// Whether a value is as wanted; none is one that is not there.
    pub(crate) fn matches(&self, wanted: &Value, found: Option<&Value>, place: &str) -> Outcome {
        if let Some((question, with)) = question(wanted) {
            return match self.holds(question, with, found) {
                Ok(true) => Ok(()),
                Ok(false) => Err(format!("{place}: {found:?} is not {question} {with}")),
                Err(why) => Err(format!("{place}: {why}")),
            };
        }
        let Some(found) = found else { return Err(format!("{place} is not there")) };
        match (wanted, found) {
            (Value::Object(members), Value::Object(there)) => {
                members.iter().try_for_each(|(name, wanted)| match name.as_str() {
                    "$keys" => {
                        let names = wanted.as_array().into_iter().flatten();
                        let mut names: Vec<&str> = names.filter_map(Value::as_str).collect();
                        let mut known: Vec<&str> = there.keys().map(String::as_str).collect();
                        names.sort_unstable();
                        known.sort_unstable();
                        if names == known { Ok(()) } else { Err(format!("{place}: {known:?}")) }
                    }
                    name => {
                        let name = self.fill(name);
                        self.matches(wanted, there.get(&name), &format!("{place}.{name}"))
                    }
                })
            }
            (Value::Array(items), Value::Array(there)) if items.len() == there.len() => items
                .iter()
                .zip(there)
                .try_for_each(|(wanted, found)| self.matches(wanted, Some(found), place)),
            (Value::String(text), found) if json!(self.fill(text)) == *found => Ok(()),
            (wanted, found) if wanted == found => Ok(()),
            (wanted, found) => Err(format!("{place}: {found}, not {wanted}")),
        }
    }

    fn holds(&self, question: &str, with: &Value, found: Option<&Value>) -> Outcome<bool> {
        if question == "$absent" {
            return Ok(found.is_none());
        }
        let Some(found) = found else { return Ok(false) };
        let text = found.as_str().unwrap_or_default();
        let own = self.fill(with.as_str().unwrap_or_default());
        let items = found.as_array().map(Vec::as_slice).unwrap_or_default();
        let length = if found.is_array() { items.len() } else { text.chars().count() };
        let fits = |item: &Value| self.matches(with, Some(item), "").is_ok();
        let pattern = |text: &str| Regex::new(text).map_err(|error| error.to_string());
        let number = |place: usize| with[place].as_f64().unwrap_or(0.0);
        let sorted = |text: &str| {
            let mut parts: Vec<String> = text.split(',').map(str::to_owned).collect();
            parts.sort_unstable();
            parts
        };
        Ok(match question {
            "$any" => true,
            "$re" => pattern(&own)?.is_match(text),
            "$isodt" if own.is_empty() => {
                pattern(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00$")?.is_match(text)
            }
            "$isodt" => pattern(&own)?.is_match(text),
            "$contains" => text.contains(&own),
            "$lacks" => !text.contains(&own),
            "$type" => match own.as_str() {
                "str" => found.is_string(),
                _ => found.is_number(),
            },
            "$range" => found.as_f64().is_some_and(|it| number(0) <= it && it <= number(1)),
            "$len" => json!(length) == *with,
            "$minlen" => length as u64 >= with.as_u64().unwrap_or(0),
            "$len_limit" => length as i64 == 100_000 + with.as_i64().unwrap_or(0),
            "$in" => with.as_array().into_iter().flatten().any(|one| self.fill_all(one) == *found),
            "$not" => self.fill_all(with) != *found,
            "$csv" => sorted(text) == sorted(&own),
            "$near_now" => (seconds(text)? - now()).abs() <= with.as_f64().unwrap_or(0.0) + 20.0,
            "$after" => {
                let from = self.look_up(with[0].as_str().unwrap_or_default())?;
                let apart =
                    seconds(text)? - seconds(from.as_str().unwrap_or_default())? - number(1);
                apart.abs() < 0.001
            }
            "$all" => {
                let mut all = with.as_array().into_iter().flatten();
                all.try_for_each(|one| self.matches(one, Some(found), ""))?;
                true
            }
            "$each" => items.iter().all(fits),
            "$has" => items.iter().any(fits),
            "$hasnot" => !items.iter().any(fits),
            other => return Err(format!("no such question: {other}")),
        })
    }
}

/// The question that a value is, and its member.
fn question(wanted: &Value) -> Option<(&str, &Value)> {
    let members = wanted.as_object().filter(|members| members.len() == 1)?;
    let (name, with) = members.iter().next()?;
    (name.starts_with('$') && name != "$keys").then_some((name.as_str(), with))
}
