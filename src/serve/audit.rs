//! The audit log: every change through an API leaves a line in the transaction that makes it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::access::Caller;
use super::secrets;
use crate::domain::time::Moment;
use crate::store::audit::{self, NewLine};
use crate::store::{Trouble, Tx, projects};

/// Notes that a caller did something to an object. What is different now may be said; never a secret, so of
/// the keys of other services only how many there are.
pub(crate) fn note(
    tx: &mut dyn Tx,
    caller: Caller,
    action: &str,
    object: &str,
    detail: Option<&Value>,
    now: Moment,
) -> Result<(), Trouble> {
    let line = NewLine {
        project_id: caller.project_id,
        at: now,
        actor: actor(tx, caller)?,
        action: action.to_owned(),
        object: object.to_owned(),
        detail: detail.map(|detail| without_keys(detail).to_string()),
    };
    audit::insert(tx, &line)
}

/// The member of a definition that holds the keys of other services, each as good as a ping URL.
const KEYS: &str = "keys";

/// What is said of an object, or of how it differs, with numbers instead of keys.
fn without_keys(detail: &Value) -> Value {
    let mut detail = detail.clone();
    if let Some(keys) = detail.get_mut(KEYS) {
        *keys = match &*keys {
            Value::Object(both) => {
                let counted = both.iter().map(|(name, keys)| (name.clone(), counted(keys)));
                Value::Object(counted.collect())
            }
            keys => counted(keys),
        };
    }
    detail
}

/// How many keys there are of each dialect: `{"cronitor": 2}`.
fn counted(keys: &Value) -> Value {
    let Value::Array(keys) = keys else { return Value::Null };
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for key in keys {
        *counts.entry(key["dialect"].as_str().unwrap_or_default().to_owned()).or_default() += 1;
    }
    json!(counts)
}

/// Who it was, as people know the key.
fn actor(tx: &mut dyn Tx, caller: Caller) -> Result<String, Trouble> {
    if caller.is_owner {
        return Ok("the admin password".to_owned());
    }
    Ok(match projects::key(tx, caller.key_id)? {
        Some(key) if secrets::is_of_password(&key) => "the admin password".to_owned(),
        Some(key) => format!("{} key `{}` ({})", key.about.kind, key.about.name, key.about.prefix),
        None => "a key that is gone".to_owned(),
    })
}

/// The members in which two objects differ, each with what it was and what it is.
pub(crate) fn difference(old: &Value, new: &Value) -> Value {
    let empty = serde_json::Map::new();
    let (old, new) = (old.as_object().unwrap_or(&empty), new.as_object().unwrap_or(&empty));
    let mut changed = serde_json::Map::new();
    for name in old.keys().chain(new.keys()) {
        let (was, is) = (old.get(name), new.get(name));
        if was != is && !changed.contains_key(name) {
            changed.insert(name.clone(), serde_json::json!({ "was": was, "is": is }));
        }
    }
    Value::Object(changed)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{difference, without_keys};

    #[test]
    fn a_difference_names_what_changed_and_nothing_else() {
        let (old, new) = (json!({"a": 1, "b": 2, "c": [3]}), json!({"a": 1, "b": 5, "d": null}));
        let expected = json!({
            "b": {"was": 2, "is": 5}, "c": {"was": [3], "is": null}, "d": {"was": null, "is": null},
        });
        assert_eq!(difference(&old, &new), expected);
        assert_eq!(difference(&new, &new), json!({}));
    }

    #[test]
    fn of_the_keys_of_other_services_only_their_number_is_noted() {
        let keys = json!([
            {"dialect": "cronitor", "key": ["s3cret"]}, {"dialect": "cronitor", "key": ["s3cret"]},
            {"dialect": "oneuptime", "key": ["s3cret"]},
        ]);
        let count = json!({"cronitor": 2, "oneuptime": 1});
        for (said, noted) in [
            (json!({"slug": "a", "keys": keys}), json!({"slug": "a", "keys": count})),
            (
                json!({"keys": {"was": null, "is": keys}}),
                json!({"keys": {"was": null, "is": count}}),
            ),
            (json!({"keys": {"was": keys, "is": []}}), json!({"keys": {"was": count, "is": {}}})),
            (json!({"set": ["keys"]}), json!({"set": ["keys"]})),
        ] {
            assert_eq!(without_keys(&said), noted);
        }
    }
}
