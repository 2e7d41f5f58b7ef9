//! The audit log: every change through an API leaves a line in the transaction that makes it.

use serde_json::Value;

use super::access::Caller;
use super::secrets;
use crate::domain::time::Moment;
use crate::store::audit::{self, NewLine};
use crate::store::{Trouble, Tx, projects};

/// Notes that a caller did something to an object. What is different now may be said; never a secret.
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
        detail: detail.map(Value::to_string),
    };
    audit::insert(tx, &line)
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

    use super::difference;

    #[test]
    fn a_difference_names_what_changed_and_nothing_else() {
        let (old, new) = (json!({"a": 1, "b": 2, "c": [3]}), json!({"a": 1, "b": 5, "d": null}));
        let expected = json!({
            "b": {"was": 2, "is": 5}, "c": {"was": [3], "is": null}, "d": {"was": null, "is": null},
        });
        assert_eq!(difference(&old, &new), expected);
        assert_eq!(difference(&new, &new), json!({}));
    }
}
