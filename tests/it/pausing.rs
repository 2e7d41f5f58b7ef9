//! `POST /heartbeat/<id>/pause` and `/resume`: for scripts that were written for another service, and
//! for nobody without an API key.

use serde_json::json;

use super::hb::Home;
use super::server::{API_KEY, PING_KEY, READ_KEY, Server};

#[test]
fn a_heartbeat_is_paused_with_an_api_key_and_with_nothing_else() {
    let home = Home::new();
    let server = Server::start(&home);
    let keys = json!([{ "dialect": "notifly", "key": ["42"] }]);
    let made = server.monitor(json!({ "slug": "job", "schedule": "every 1h", "keys": keys }));
    let uuid = made["id"].as_str().expect("an id");
    let bearer = |key: &str| format!("Bearer {key}");
    for (id, name, key, status) in [
        (uuid, "Accept", String::new(), 401),
        (uuid, "Authorization", bearer("nobody-has-this-key"), 401),
        (uuid, "Authorization", bearer(PING_KEY), 403),
        (uuid, "X-Api-Key", READ_KEY.to_owned(), 403),
        ("43", "X-Api-Key", API_KEY.to_owned(), 404),
        ("job", "X-Api-Key", API_KEY.to_owned(), 200),
        (uuid, "Authorization", bearer(API_KEY), 200),
        ("42", "X-Notifly-Key", API_KEY.to_owned(), 200),
    ] {
        for verb in ["pause?for=1h&reason=moving", "resume"] {
            let target = format!("/heartbeat/{id}/{verb}");
            let answer = server.send("POST", &target, &[(name, key.as_str())], b"");
            assert_eq!(answer.status, status, "{target} {name}: {}", answer.text());
            let is_paused = status == 200 && verb != "resume";
            let job = server.look("job");
            assert_eq!(job["status"] == "paused", is_paused, "{target}: {job:#}");
            if is_paused {
                assert_eq!(job["pause"]["reason"], "moving");
                assert!(job["pause"]["until"].is_string(), "{job:#}");
            }
        }
    }
    assert_eq!(server.events("job").len(), 0, "an order is no ping");
}

#[test]
fn a_pause_that_cannot_be_read_changes_nothing() {
    let home = Home::new();
    let server = Server::start(&home);
    server.monitor(json!({ "slug": "job", "schedule": "every 1h" }));
    for (query, part) in [
        ("for=soon", "`for`"),
        ("until=yesterday", "`until` is a moment"),
        ("until=2020-01-01T00:00:00Z", "lies in the past"),
        ("fore=1h", "there is no `fore` in a pause"),
        ("until_success=perhaps", "`until_success` is true or false"),
    ] {
        let target = format!("/heartbeat/job/pause?{query}&token={API_KEY}");
        let answer = server.post(&target, b"");
        assert_eq!(answer.status, 400, "{query}: {}", answer.text());
        assert!(answer.text().contains(part), "{query}: {}", answer.text());
        assert_ne!(server.look("job")["status"], "paused", "{query}");
    }
    assert_eq!(server.get(&format!("/heartbeat/job/pause?token={API_KEY}")).status, 405);
    let body = json!({ "until_success": true }).to_string();
    let answer = server.send(
        "POST",
        "/heartbeat/job/pause",
        &[("X-Api-Key", API_KEY), ("Content-Type", "application/json")],
        body.as_bytes(),
    );
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(server.look("job")["status"], "paused");
    assert_eq!(server.get(&format!("/ping/{PING_KEY}/job")).status, 200);
    assert_ne!(server.look("job")["status"], "paused", "a success has ended it");
}
