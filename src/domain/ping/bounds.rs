//! How much of a ping is kept: every text, list and body that a stranger may send has its limit here.

use serde_json::{Map, Value};

use crate::domain::arrival::RUN_ID_BYTES_MAX;
use crate::domain::name;
use crate::domain::text::{marker, to_text, whole_start, without_controls};

/// How much of a body is promised to be kept whole, as `Ping-Body-Limit` says: what the hosted
/// Healthchecks keeps, and what borgmatic sends at most.
pub(crate) const PING_BODY_LIMIT: usize = 100_000;
/// Of an output that is longer than is kept, its beginning: what was run, and how. It is as much as is
/// promised, because Healthchecks' clients ask for exactly that again.
pub(crate) const OUTPUT_HEAD_BYTES: usize = PING_BODY_LIMIT;
/// And its end, where errors stand.
pub(crate) const OUTPUT_END_BYTES: usize = 96 * 1024;
/// The most that an output can take: beginning, end and the line that counts what is missing.
#[cfg(test)]
pub(crate) const OUTPUT_BYTES_MAX: usize = OUTPUT_HEAD_BYTES + OUTPUT_END_BYTES + 64;
/// The longest message: Cronitor's limit, the largest of all that name one. The rest is cut.
const MESSAGE_BYTES_MAX: usize = 2_000;
/// The longest host, environment or stage; the rest is cut.
const LABEL_BYTES_MAX: usize = 200;
/// The most members that a payload's own fields may have; later ones are dropped.
pub(super) const FIELDS_MAX: usize = 100;
/// The longest name of a field; a longer one is dropped, since a cut one could be another's name.
pub(super) const FIELD_NAME_BYTES_MAX: usize = 100;
/// How deep lists and objects in a field may nest; below that only `"…"` is kept.
pub(super) const FIELD_DEPTH_MAX: usize = 5;
/// The longest text in a field; the rest is cut.
pub(super) const FIELD_TEXT_BYTES_MAX: usize = 2_000;
/// The most that all fields take as JSON, counted roughly; what does not fit is dropped.
pub(super) const FIELDS_BYTES_MAX: usize = 16 * 1024;

/// A short text for a person: harmless to show, trimmed and cut; none where nothing is left.
pub(super) fn message(text: &str) -> Option<String> {
    line(text, MESSAGE_BYTES_MAX)
}

/// A name of a host, an environment or a stage.
pub(super) fn label(text: &str) -> Option<String> {
    line(text, LABEL_BYTES_MAX)
}

/// Cut twice: first what is far too long, so that escaping costs no more than its result is worth.
fn line(text: &str, most: usize) -> Option<String> {
    let near = &text[..text.floor_char_boundary(most.saturating_mul(4).min(text.len()))];
    let shown = without_controls(near.trim());
    let cut = shown[..shown.floor_char_boundary(most)].trim();
    (!cut.is_empty()).then(|| cut.to_owned())
}

/// What a client calls its run, in few enough bytes.
pub(super) fn run_id(text: &str) -> Option<String> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    if text.len() > RUN_ID_BYTES_MAX || text.contains(char::is_control) {
        return Some(name::key(text));
    }
    // A UUID is one run in all its spellings.
    match uuid::Uuid::try_parse(text) {
        Ok(id) if id.is_nil() => None,
        Ok(id) => Some(id.hyphenated().to_string()),
        Err(_) => Some(text.to_owned()),
    }
}

/// The beginning of a body, and its end where it is longer than is kept; `whole` is how long it was.
pub(super) fn output(body: &[u8], whole: u64) -> Vec<u8> {
    let given = u64::try_from(body.len()).unwrap_or(u64::MAX);
    if body.len() <= OUTPUT_HEAD_BYTES + OUTPUT_END_BYTES && given >= whole {
        return body.to_vec();
    }
    let (head, rest) = body.split_at(body.len().min(OUTPUT_HEAD_BYTES));
    let end = &rest[rest.len().saturating_sub(OUTPUT_END_BYTES)..];
    let end = if end.len() < rest.len() { &end[whole_start(end)..] } else { end };
    let kept = u64::try_from(head.len() + end.len()).unwrap_or(u64::MAX);
    let missing = whole.max(given).saturating_sub(kept);
    let mut out = head.to_vec();
    if missing > 0 {
        out.push(b'\n');
        out.extend_from_slice(marker(missing).as_bytes());
    }
    out.extend_from_slice(end);
    out
}

/// Keeps one member of a payload among the fields, within all limits; says whether it fit.
pub(super) fn keep(fields: &mut Map<String, Value>, room: &mut usize, name: &str, value: Value) {
    let shown = without_controls(name);
    let known = fields.contains_key(&shown);
    if shown.is_empty()
        || shown.len() > FIELD_NAME_BYTES_MAX
        || fields.len() >= FIELDS_MAX && !known
    {
        return;
    }
    let mut left = *room;
    let Some(bounded) = bounded(value, FIELD_DEPTH_MAX, &mut left) else { return };
    if let Some(left) = left.checked_sub(shown.len() + 4) {
        *room = left;
        fields.insert(shown, bounded);
    }
}

/// The value within the limits; none where there is no room left for it.
fn bounded(value: Value, depth: usize, room: &mut usize) -> Option<Value> {
    let mut take = |bytes: usize| match room.checked_sub(bytes) {
        Some(left) => {
            *room = left;
            Some(())
        }
        None => None,
    };
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => take(8).map(|()| value),
        Value::String(text) => {
            let near = &text[..text.floor_char_boundary(FIELD_TEXT_BYTES_MAX)];
            let text = without_controls(near);
            take(text.len() + 3).map(|()| Value::String(text))
        }
        Value::Array(_) | Value::Object(_) if depth == 0 => {
            take(6).map(|()| Value::String("…".to_owned()))
        }
        Value::Array(values) => {
            take(2)?;
            let kept = values.into_iter().map_while(|value| bounded(value, depth - 1, room));
            Some(Value::Array(kept.collect()))
        }
        Value::Object(members) => {
            take(2)?;
            let mut kept = Map::new();
            for (name, value) in members {
                let name = without_controls(&name);
                if name.len() > FIELD_NAME_BYTES_MAX {
                    continue;
                }
                let left = room.checked_sub(name.len() + 4);
                let Some(value) = left.and_then(|left| {
                    *room = left;
                    bounded(value, depth - 1, room)
                }) else {
                    break;
                };
                kept.insert(name, value);
            }
            Some(Value::Object(kept))
        }
    }
}

/// Bytes of a payload that should have been text, as text.
pub(super) fn as_text(bytes: &[u8]) -> String {
    to_text(&bytes[..bytes.len().min(PING_BODY_LIMIT)])
}
