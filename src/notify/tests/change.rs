//! Settings that somebody changes: every secret that is sent back as it was shown stays what it was.

use serde_json::{Value, json};

use super::{parse, settings::complete};
use crate::notify::change::changed;

fn change(stored: &Value, changes: Value) -> Result<Value, Vec<(String, String)>> {
    let changes = changes.as_object().expect("an object");
    let changed = changed(stored, changes).map(|settings| settings.stored());
    changed.map_err(|all| all.into_iter().map(|one| (one.field, one.message)).collect())
}

fn fields(refused: Result<Value, Vec<(String, String)>>) -> Vec<String> {
    refused.expect_err("refused").into_iter().map(|(field, _)| field).collect()
}

#[test]
fn what_was_shown_is_what_was_stored_whole_and_member_by_member() {
    for stored in complete() {
        let shown = parse(stored.clone()).shown();
        assert_eq!(change(&stored, shown.clone()), Ok(stored.clone()));
        for (name, value) in shown.as_object().expect("an object") {
            assert_eq!(change(&stored, json!({ name: value })), Ok(stored.clone()), "{name}");
        }
    }
    // A URL with nothing but a secret query, and a command's arguments, are shown as what they are not.
    for (stored, other) in [
        (
            json!({ "kind": "slack", "url": "https://h.example?k=s3cret" }),
            json!({ "url": "https://h.example" }),
        ),
        (
            json!({ "kind": "command", "argv": ["/bin/tell", "s3cret"] }),
            json!({ "argv": ["/bin/tell"] }),
        ),
    ] {
        let stored = parse(stored).stored();
        let (name, value) = other.as_object().expect("an object").iter().next().expect("one");
        assert_eq!(&change(&stored, other.clone()).expect("taken")[name], value);
    }
}

#[test]
fn a_mask_where_no_secret_is_kept_is_refused() {
    let [mail, slack, _, ntfy, hook, command] = &complete()[..] else { panic!("six kinds") };
    for (stored, changes, field) in [
        (mail, json!({ "user": "****" }), "user"),
        (mail, json!({ "to": ["****"] }), "to"),
        (slack, json!({ "url": "****" }), "url"),
        (slack, json!({ "url": "https://elsewhere.example/****" }), "url"),
        (ntfy, json!({ "topic": "****-2" }), "topic"),
        (hook, json!({ "headers": { "X-Key": "Bearer ****" } }), "headers.X-Key"),
        (hook, json!({ "headers": { "x-key": "****" } }), "headers.x-key"),
        (hook, json!({ "up": { "url": "https://h.example/****", "body": "****" } }), "up.body"),
        (command, json!({ "argv": ["/bin/other", "****"] }), "argv"),
        (&Value::Null, json!({ "kind": "slack", "url": "https://h.example/****" }), "url"),
    ] {
        assert_eq!(fields(change(stored, changes.clone())), [field], "{changes}");
    }
}

#[test]
fn a_secret_goes_to_no_other_place_than_it_was_given_for() {
    let [mail, _, _, ntfy, hook, _] = &complete()[..] else { panic!("six kinds") };
    let (url, up) = (json!("https://evil.example/"), json!({ "url": "https://evil.example/" }));
    for (stored, changes, expected) in [
        (mail, json!({ "host": "evil.example" }), &["password"][..]),
        (mail, json!({ "port": 26 }), &["password"]),
        (mail, json!({ "tls": "none", "allow_private": true }), &["password"]),
        (mail, json!({ "tls": "tls", "password": "****" }), &["password"]),
        (ntfy, json!({ "url": url }), &["token", "topic"]),
        (ntfy, json!({ "url": url, "token": null, "topic": "t" }), &[]),
        (hook, json!({ "url": url }), &["body", "headers.X-Key"]),
        (
            hook,
            json!({ "url": url, "body": null, "headers": { "X-Key": "****" } }),
            &["headers.X-Key"],
        ),
        (hook, json!({ "url": url, "body": "new", "headers": {} }), &[]),
        (hook, json!({ "up": up }), &[]),
        (hook, json!({ "method": "POST", "up": null }), &[]),
    ] {
        let refused = change(stored, changes.clone());
        let refused: Vec<String> =
            refused.err().into_iter().flatten().map(|(field, _)| field).collect();
        assert_eq!(refused, expected, "{changes}");
    }
    let up = json!({ "url": "https://h.example/up", "headers": { "X-Up": "s3cret" } });
    let both = json!({ "kind": "webhook", "url": "https://h.example/", "up": up });
    let moved = json!({ "up": { "url": "https://evil.example/", "headers": { "X-Up": "****" } } });
    assert_eq!(fields(change(&both, moved)), ["up.headers.X-Up"]);
}
