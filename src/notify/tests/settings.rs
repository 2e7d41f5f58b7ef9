//! Settings: what is taken, every mistake at once, and no secret in anything that is shown.

use serde_json::{Value, json};

use super::parse;
use crate::notify::channel::Settings;

pub(super) fn complete() -> Vec<Value> {
    vec![
        json!({
            "kind": "email", "host": "mail.example.com", "port": 2525, "tls": "starttls",
            "user": "hb", "password": "s3cret-1", "from": "hb <hb@example.com>",
            "to": ["a@example.com", "B <b@example.com>"], "allow_private": false,
        }),
        json!({ "kind": "slack", "url": "https://hooks.slack.com/s3cret-1", "allow_private": false }),
        json!({ "kind": "discord", "url": "https://discord.com/s3cret-1", "allow_private": true }),
        json!({
            "kind": "ntfy", "url": "https://ntfy.sh/", "topic": "s3cret-1", "token": "s3cret-2",
            "priority": 5, "allow_private": false,
        }),
        json!({
            "kind": "webhook", "url": "https://user:s3cret-1@h.example/s3cret-2?k=s3cret-3",
            "method": "PUT", "headers": { "X-Key": "s3cret-4" }, "body": "{\"key\": \"s3cret-5\"}",
            "up": { "url": "https://h.example/s3cret-6", "method": "POST", "headers": {} },
            "allow_private": false,
        }),
        json!({ "kind": "command", "argv": ["/bin/tell", "s3cret-1"], "allow_private": false }),
    ]
}

#[test]
fn settings_come_back_from_the_store_and_hide_their_secrets_from_everybody_else() {
    for written in complete() {
        let settings = parse(written.clone());
        assert_eq!(settings.stored(), written);
        assert_eq!(parse(settings.stored()), settings);
        let shown = settings.shown().to_string();
        assert!(!shown.contains("s3cret"), "{shown}");
        assert_eq!(settings.shown()["kind"], written["kind"]);
        let debug = format!("{:?}", settings.kind);
        assert!(written["kind"] == "command" || !debug.contains("s3cret"), "{debug}");
    }
    let shown = parse(complete().remove(4)).shown();
    assert_eq!(shown["url"], "https://h.example/****");
    assert_eq!(shown["headers"]["X-Key"], "****");
}

#[test]
fn what_is_left_out_has_a_default() {
    for (tls, port, expected) in [
        (json!(null), json!(null), ("starttls", 587)),
        (json!("tls"), json!(null), ("tls", 465)),
        (json!("none"), json!(null), ("none", 25)),
        (json!(null), json!(465), ("tls", 465)),
        (json!(null), json!(25), ("starttls", 25)),
    ] {
        let mut written = json!({ "kind": "email", "host": "h", "from": "a@b.c", "to": "d@e.f" });
        written["tls"] = tls;
        written["port"] = port;
        let stored = parse(written).stored();
        assert_eq!((stored["tls"].as_str().unwrap(), stored["port"].as_u64().unwrap()), expected);
        assert_eq!(stored["to"], json!(["d@e.f"]));
    }
    let ntfy = parse(json!({ "kind": "ntfy", "topic": "t", "name": "mine" })).stored();
    assert_eq!(ntfy["url"], "https://ntfy.sh");
    assert_eq!(parse(json!({ "kind": "webhook", "url": "https://h/" })).stored()["method"], "POST");
}

/// Fields and the start of what is said about them.
fn mistakes(written: Value) -> Vec<String> {
    let mistakes = Settings::parse(&written).expect_err("there are mistakes");
    mistakes.into_iter().map(|mistake| format!("{}: {}", mistake.field, mistake.message)).collect()
}

#[test]
fn every_mistake_is_told_at_once() {
    assert_eq!(
        mistakes(json!({
            "kind": "webhook", "url": "ftp://h/", "method": "brew", "headers": {
                "Host": "x", "a b": "x", "X-A": "line\r\nX-B: y", "X-C": 7,
            },
            "boddy": "x", "up": { "url": "https://127.0.0.1/", "retries": 3 },
        })),
        [
            "url: `ftp://` is not supported; use https:// or http://",
            "method: `brew` is none of `GET`, `POST`, `PUT`, `PATCH`",
            "headers.Host: this header belongs to the connection; leave it out",
            "headers.X-A: a value has no line breaks or control characters",
            "headers.X-C: a text is wanted here",
            "headers.a b: this is not the name of a header",
            "up.url: `127.0.0.1` is not a public address; if it is meant to be reached, set `allow_private`",
            "up.retries: this field is not known; leave it out",
            "boddy: this field is not known; did you mean `body`?",
        ]
    );
    assert_eq!(
        mistakes(json!({
            "kind": "email", "host": "local host", "port": 0, "tls": "ssl", "user": "u",
            "from": "nobody", "to": ["a@b.c\r\nBcc: x@y.z", "ü@b.c"],
        })),
        [
            "port: a number from 1 to 65535 is wanted here",
            "tls: `ssl` is none of `starttls`, `tls`, `none`",
            "host: `local host` is no host name",
            "password: a `user` needs a `password`",
            "from: `nobody` is no address; write `a@example.com` or `Name <a@example.com>`",
            "to: `a@b.c\\r\\nBcc: x@y.z` is no address; write `a@example.com` or `Name <a@example.com>`",
            "to: `\\u{fc}@b.c` is no address; write `a@example.com` or `Name <a@example.com>`",
        ]
    );
}

#[test]
fn what_cannot_work_is_refused() {
    for (written, expected) in [
        (json!([]), ": a channel is a JSON object, as in `{\"kind\": \"ntfy\", …}`"),
        (json!({}), "kind: this is needed"),
        (json!({ "kind": 7 }), "kind: a text is wanted here"),
        (
            json!({ "kind": "pager" }),
            "kind: `pager` is none of `email`, `slack`, `discord`, `ntfy`, `webhook`, `command`",
        ),
        (json!({ "kind": "slack" }), "url: this is needed"),
        (
            json!({ "kind": "slack", "url": "https://localhost/x" }),
            "url: `127.0.0.1` is not a public address; if it is meant to be reached, set `allow_private`",
        ),
        (
            json!({ "kind": "slack", "url": "unix:/run/x.sock:/y" }),
            "url: only https:// and http:// can be used here",
        ),
        (
            json!({ "kind": "webhook", "url": "https://$NAME/x" }),
            "url: placeholders may stand behind the host only",
        ),
        (
            json!({ "kind": "webhook", "url": "https://h/", "body": "x".repeat(10_001) }),
            "body: at most 10000 bytes can stand here",
        ),
        (
            json!({ "kind": "webhook", "url": "https://h/", "method": "GET", "body": "x" }),
            "body: a GET has no body; use POST",
        ),
        (
            json!({ "kind": "webhook", "url": "https://h/", "allow_private": "yes" }),
            "allow_private: `true` or `false` is wanted here",
        ),
        (
            json!({ "kind": "ntfy", "topic": "a/b" }),
            "topic: a topic has at most 64 letters, digits, `-` and `_`",
        ),
        (json!({ "kind": "command", "argv": [] }), "argv: a list of 1 to 50 texts is wanted here"),
        (
            json!({ "kind": "command", "argv": ["rm", "-rf"] }),
            "argv: name the program by its full path, as in `[\"/usr/local/bin/tell\"]`",
        ),
        (
            json!({
                "kind": "email", "host": "h.example", "tls": "none", "user": "u", "password": "p",
                "from": "a@b.c", "to": ["d@e.f"],
            }),
            "tls: a password is not sent in the clear; use `starttls` or `tls`",
        ),
        (
            json!({ "kind": "email", "host": "::1", "from": "a@b.c", "to": ["d@e.f"] }),
            "host: `::1` is not a public address; if it is meant to be reached, set `allow_private`",
        ),
    ] {
        assert_eq!(mistakes(written), [expected]);
    }
}
