//! One member of a definition each: from what people write to what the store keeps.
//!
//! A reader takes the member's name for the mistake it may have to tell, and looks at nothing else.

use std::time::Duration;

use serde_json::Value;

use super::{ForeignKey, Presence};
use crate::domain::span;
use crate::serve::reply::Mistake;
use crate::sys::zone;

/// The longest slug.
const SLUG_BYTES_MAX: usize = 100;

/// The longest entry of a list.
const ENTRY_CHARS_MAX: usize = 200;

/// The longest schedule; a whole pasted line of a crontab fits.
const SCHEDULE_BYTES_MAX: usize = 1000;

/// Tags, channels and foreign keys at most.
const LIST_MAX: usize = 50;

/// Missed runs in a row that may be tolerated at most.
const TOLERANCE_MAX: u64 = 1000;

/// The name in URLs.
pub(crate) fn slug(name: &str, value: &Value) -> Result<String, Mistake> {
    let slug = value.as_str().ok_or_else(|| Mistake::field(name, "`slug` is not a text"))?;
    let fine = (1..=SLUG_BYTES_MAX).contains(&slug.len())
        && slug.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
        && !slug.bytes().all(|byte| byte == b'.');
    if fine {
        return Ok(slug.to_owned());
    }
    Err(Mistake::field(
        name,
        format!("a `slug` takes up to {SLUG_BYTES_MAX} letters, digits, `.`, `_` and `-`"),
    ))
}

/// A text of at most so many characters; nothing is an empty one.
pub(super) fn words(name: &str, value: &Value, chars_max: usize) -> Result<String, Mistake> {
    match value {
        Value::Null => Ok(String::new()),
        Value::String(text) if text.chars().count() <= chars_max => Ok(text.replace('\0', "")),
        Value::String(_) => {
            Err(Mistake::field(name, format!("`{name}` is longer than {chars_max} characters")))
        }
        _ => Err(Mistake::field(name, format!("`{name}` is not a text"))),
    }
}

/// A list of texts, or texts with blanks between them.
pub(super) fn list(name: &str, value: &Value) -> Result<Option<Vec<String>>, Mistake> {
    let wrong = |why: &str| Mistake::field(name, format!("`{name}` {why}"));
    let items: Vec<Value> = match value {
        Value::Null => return Ok(None),
        Value::Array(items) => items.clone(),
        Value::String(text) => text.split_whitespace().map(Value::from).collect(),
        _ => return Err(wrong("is not a list of texts")),
    };
    if items.len() > LIST_MAX {
        return Err(wrong(&format!("has more than {LIST_MAX} entries")));
    }
    items
        .iter()
        .map(|item| match words(name, item, ENTRY_CHARS_MAX) {
            Ok(text) if !text.is_empty() => Ok(text),
            Ok(_) => Err(wrong("has an empty entry")),
            Err(mistake) => Err(mistake),
        })
        .collect::<Result<Vec<String>, Mistake>>()
        .map(Some)
}

/// Keys of other services.
pub(super) fn foreign_keys(name: &str, value: &Value) -> Result<Option<Vec<ForeignKey>>, Mistake> {
    let wrong = |why: String| Mistake::field(name, why);
    if value.is_null() {
        return Ok(None);
    }
    let items = value.as_array().ok_or_else(|| wrong("`keys` is not a list".to_owned()))?;
    if items.len() > LIST_MAX {
        return Err(wrong(format!("`keys` has more than {LIST_MAX} entries")));
    }
    let read = |item: &Value| {
        let dialect = item["dialect"].as_str().unwrap_or_default();
        let parts: Option<Vec<String>> = match &item["key"] {
            Value::String(text) => Some(vec![text.clone()]),
            Value::Array(parts) => {
                parts.iter().map(|part| part.as_str().map(str::to_owned)).collect()
            }
            _ => None,
        };
        let parts = parts.filter(|parts| {
            !parts.is_empty() && parts.len() <= 8 && parts.iter().all(|part| part.len() <= 500)
        });
        match parts {
            Some(key) if !dialect.is_empty() && dialect.len() <= 50 => {
                Ok(ForeignKey { dialect: dialect.to_owned(), key })
            }
            _ => Err(wrong(
                "each of `keys` is {\"dialect\": \"cronitor\", \"key\": [\"<api key>\", \"<monitor key>\"]}"
                    .to_owned(),
            )),
        }
    };
    items.iter().map(read).collect::<Result<Vec<_>, _>>().map(Some)
}

/// A schedule as it was given.
pub(super) fn schedule_text(name: &str, value: &Value) -> Result<Option<String>, Mistake> {
    match value {
        Value::Null => Ok(None),
        // A bare number is the seconds between two successes.
        Value::Number(number) => Ok(Some(format!("every {number}s"))),
        Value::String(text) if text.len() <= SCHEDULE_BYTES_MAX && !text.contains('\0') => {
            Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty()))
        }
        Value::String(_) => Err(Mistake::field(
            name,
            format!("`schedule` is longer than {SCHEDULE_BYTES_MAX} bytes"),
        )),
        _ => Err(Mistake::field(name, "`schedule` is a text such as `0 3 * * *` or `every 1h`")),
    }
}

/// The name of a time zone.
pub(super) fn zone_name(name: &str, value: &Value) -> Result<Option<String>, Mistake> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) if text.is_empty() => Ok(None),
        Value::String(text) => {
            zone::named(text).map_err(|why| Mistake::field(name, why))?;
            Ok(Some(text.clone()))
        }
        _ => Err(Mistake::field(name, "`timezone` is a text such as `Europe/Berlin`")),
    }
}

/// A span: whole seconds, or a text that people write.
pub(crate) fn span_of(name: &str, value: &Value) -> Result<Duration, Mistake> {
    let wrong = |why: String| Mistake::field(name, why);
    let read = match value {
        Value::Number(number) => match number.as_u64() {
            Some(seconds) => Duration::from_secs(seconds),
            None => return Err(wrong(format!("`{name}` takes whole seconds, or `90m`"))),
        },
        Value::String(text) => {
            span::parse(text).map_err(|error| wrong(format!("`{name}`: {error}")))?
        }
        _ => return Err(wrong(format!("`{name}` takes seconds, or a text such as `90m`"))),
    };
    if read > span::SPAN_MAX {
        return Err(wrong(format!("`{name}` is longer than ten years")));
    }
    Ok(read)
}

/// A span in whole seconds.
pub(super) fn seconds(
    name: &str,
    value: &Value,
    may_be_nothing: bool,
) -> Result<Option<u64>, Mistake> {
    if value.is_null() {
        return Ok(None);
    }
    let span = span_of(name, value)?;
    if span.is_zero() && !may_be_nothing {
        return Err(Mistake::field(name, format!("`{name}` must be longer than nothing")));
    }
    Ok(Some(span.as_secs()))
}

/// How many missed runs in a row are no reason to tell anybody.
pub(super) fn tolerance(name: &str, value: &Value) -> Result<Option<u32>, Mistake> {
    match value.as_u64() {
        _ if value.is_null() => Ok(None),
        Some(count) if count <= TOLERANCE_MAX => Ok(u32::try_from(count).ok()),
        _ => Err(Mistake::field(
            name,
            format!("`tolerance` is a number of missed runs, up to {TOLERANCE_MAX}"),
        )),
    }
}

/// Whose presence counts; nobody's where nothing is said.
pub(super) fn presence(name: &str, value: &Value) -> Result<Option<Presence>, Mistake> {
    match value {
        Value::Null => Ok(None),
        Value::String(word) if word.is_empty() || word == "always" => Ok(None),
        Value::String(word) if word == "host" => Ok(Some(Presence::Host)),
        _ => Err(Mistake::field(
            name,
            "`presence` is `host`, and only time in which that is awake counts, or `always`",
        )),
    }
}

/// True or false; nothing is false.
pub(super) fn flag(name: &str, value: &Value) -> Result<bool, Mistake> {
    match value {
        Value::Null => Ok(false),
        Value::Bool(on) => Ok(*on),
        _ => Err(Mistake::field(name, format!("`{name}` is true or false"))),
    }
}
