//! Settings as somebody changes them: what comes back as it was shown stays, and secrets stay at home.
//!
//! Whoever reads a channel sees `****` where its secrets are, and sends that back with what is to change.
//! So a member that is equal to what is shown of it stays as it is stored, at any depth; a mask anywhere
//! else would become the secret itself, and is refused. And what is stored was given for one place: who
//! lets the channel go elsewhere has to give its secrets anew, or a key that may not read them would
//! carry them off by naming a host of its own.

use serde_json::{Map, Value};

use super::channel::{MASK, Mistake, Settings};
use crate::domain::text;

/// Members that say where a channel goes. A webhook's path is part of that: behind one host are many
/// people's.
const WHITHER: [&str; 4] = ["host", "port", "tls", "url"];

/// The settings that come of `stored` ones, or of none, by these changes; a member that is null is gone.
pub(crate) fn changed(
    stored: &Value,
    changes: &Map<String, Value>,
) -> Result<Settings, Vec<Mistake>> {
    let known = Settings::parse(stored).ok();
    let (stored, shown) = match &known {
        Some(known) => (known.stored(), known.shown()),
        None => (Value::Null, Value::Null),
    };
    let mut members = stored.as_object().cloned().unwrap_or_default();
    let mut mistakes = Vec::new();
    for (name, given) in changes {
        let field = text::excerpt(name.as_bytes());
        let settled = settled(&field, given, (&stored[name], &shown[name]), &mut mistakes);
        members.insert(name.clone(), settled);
    }
    members.retain(|_, value| !value.is_null());
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    let changed = Settings::parse(&Value::Object(members))?;
    let (given, new) = (Value::Object(changes.clone()), changed.stored());
    // A webhook has two requests, each with its own place.
    taken_along("", [&given, &stored, &shown, &new], &mut mistakes);
    taken_along("up.", [&given, &stored, &shown, &new].map(|all| &all["up"]), &mut mistakes);
    if mistakes.is_empty() { Ok(changed) } else { Err(mistakes) }
}

/// What is given, and what is stored where that is what is shown of it.
fn settled(
    field: &str,
    given: &Value,
    (stored, shown): (&Value, &Value),
    mistakes: &mut Vec<Mistake>,
) -> Value {
    if given == shown {
        return stored.clone();
    }
    if let Value::Object(members) = given {
        let inner = members.iter().map(|(name, given)| {
            let field = format!("{field}.{}", text::excerpt(name.as_bytes()));
            let was = (&stored[name], &shown[name]);
            (name.clone(), settled(&field, given, was, mistakes))
        });
        return Value::Object(inner.collect());
    }
    if is_masked(given) {
        let message = format!(
            "`{MASK}` stands for a secret that is not shown, and none is kept here under this; \
             write the value itself, or leave it out"
        );
        mistakes.push(Mistake { field: field.to_owned(), message });
    }
    given.clone()
}

fn is_masked(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains(MASK),
        Value::Array(items) => items.iter().any(is_masked),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
    }
}

/// Finds the stored secrets that would go to another place: those of one request, of which there are what
/// is given, what is stored, what is shown of that, and what comes of it.
fn taken_along(
    prefix: &str,
    [given, stored, shown, new]: [&Value; 4],
    mistakes: &mut Vec<Mistake>,
) {
    let moved = WHITHER.into_iter().find(|name| stored[*name] != new[*name]);
    let (Some(moved), Some(members)) = (moved, stored.as_object()) else { return };
    let mut look = |field: String, [given, stored, shown, new]: [&Value; 4]| {
        let is_kept = stored == new && (given.is_null() || given == shown);
        if is_kept && stored != shown {
            let message = format!(
                "`{prefix}{moved}` is another one now, and what is stored here does not go there: \
                 give it anew, or do without it"
            );
            mistakes.push(Mistake { field, message });
        }
    };
    let elsewhere = |name: &str| name == "up" || WHITHER.contains(&name);
    for name in members.keys().filter(|name| !elsewhere(name)) {
        let all = [given, stored, shown, new].map(|all| &all[name]);
        match all[1].as_object() {
            None => look(format!("{prefix}{name}"), all),
            Some(inner) => {
                for inner in inner.keys() {
                    let field = format!("{prefix}{name}.{inner}");
                    look(field, all.map(|all| &all[inner]));
                }
            }
        }
    }
}
