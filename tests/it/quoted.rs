//! What a message to people quotes: the exit code and the output of the run that it is about, and when a
//! success is expected.

use serde_json::{Value, json};

use super::hb::Home;
use super::receiver::{FakeReceiver, Step};
use super::receiving::wait_for;
use super::server::{PING_KEY, Server};

/// A receiver with one channel, and what that is told.
struct Desk {
    server: Server,
    hook: FakeReceiver,
    _home: Home,
}

impl Desk {
    fn new() -> Desk {
        let home = Home::new();
        let (server, hook) = (Server::start(&home), FakeReceiver::always(&Step::Ok));
        let channel = json!({
            "name": "desk", "kind": "webhook", "url": hook.url("/told"), "allow_private": true,
        });
        assert_eq!(server.api("POST", "/channels", Some(channel)).status, 201);
        Desk { server, hook, _home: home }
    }

    fn ping(&self, rest: &str, body: &str) {
        let answer = self.server.post(&format!("/hb/{PING_KEY}/{rest}"), body.as_bytes());
        assert_eq!(answer.status, 200, "{}", answer.text());
    }

    /// The message after so many others.
    fn told(&self, after: usize) -> Value {
        wait_for(|| self.hook.requests().len() > after);
        serde_json::from_slice(&self.hook.requests()[after].body).expect("a message is JSON")
    }
}

fn quoted(message: &Value) -> (Value, Value) {
    (message["exit_code"].clone(), message["last_lines"].clone())
}

#[test]
fn a_failure_and_its_recovery_quote_their_own_runs() {
    let desk = Desk::new();
    desk.server.monitor(json!({
        "slug": "job", "schedule": "0 3 * * *", "timezone": "Europe/Berlin", "grace": "90m",
        "name": "The customer database", "owner": "dba", "description": "all of it", "tags": ["db"],
    }));
    desk.ping("job/3", "pg_dump: error");
    let failed = desk.told(0);
    assert_eq!(quoted(&failed), (json!(3), json!(["pg_dump: error"])));
    let expected = failed["expected"].as_str().expect("the next one is expected");
    assert!(expected.contains("03:00 Europe/Berlin"), "{expected}");
    let monitor = &failed["monitor"];
    let said = ["name", "owner", "description", "slug"].map(|name| monitor[name].clone());
    assert_eq!(said, ["The customer database", "dba", "all of it", "job"].map(Value::from));
    assert_eq!(monitor["tags"], json!(["db"]));
    let reason = failed["reason"].as_str().expect("a reason");
    assert_eq!(reason, "a run failed with exit code 3");
    let id = failed["incident_id"].as_str().expect("an incident");
    for part in ["The customer database", "FAILED"] {
        assert!(failed["subject"].as_str().is_some_and(|text| text.contains(part)), "{failed}");
    }
    let text = failed["text"].as_str().expect("the words");
    let ack = format!("to acknowledge: hb incident ack {id}");
    for part in ["dba", "03:00 Europe/Berlin", "with exit code 3", "pg_dump: error", &ack] {
        assert!(text.contains(part), "{part}: {text}");
    }
    desk.ping("job", "");
    assert_eq!(quoted(&desk.told(1)), (Value::Null, json!([])), "nothing of the failure");
    desk.ping("job/fail", "");
    assert_eq!(quoted(&desk.told(2)), (Value::Null, json!([])), "nothing of the one before");
    desk.ping("job/0", "12 files");
    assert_eq!(quoted(&desk.told(3)), (json!(0), json!(["12 files"])));
}

#[test]
fn a_run_that_takes_too_long_is_not_quoted_from_the_one_before() {
    let desk = Desk::new();
    desk.server.monitor(json!({ "slug": "job", "schedule": "every 1h", "run_at_most": "1s" }));
    desk.ping("job/0?rid=4c4803c8-81d1-4511-95aa-676b541695b0", "all fine");
    desk.ping("job/start?rid=4c4803c8-81d1-4511-95aa-676b541695b1", "");
    desk.ping("job/log?rid=4c4803c8-81d1-4511-95aa-676b541695b1", "chunk 7 of 9");
    let overrun = desk.told(0);
    assert_eq!(overrun["status"], "overrun", "{overrun}");
    assert_eq!(quoted(&overrun), (Value::Null, json!(["chunk 7 of 9"])));
}

#[test]
fn a_run_that_never_came_has_nothing_to_quote() {
    let desk = Desk::new();
    desk.server.monitor(json!({
        "slug": "job", "schedule": "every 1s", "grace": "1s", "tolerance": 0,
    }));
    desk.ping("job/0", "all fine");
    let missed = desk.told(0);
    assert_eq!(missed["status"], "missed", "{missed}");
    assert_eq!(quoted(&missed), (Value::Null, json!([])));
    assert!(missed["expected"].is_string(), "{missed}");
    let reason = missed["reason"].as_str().expect("a reason");
    assert!(
        reason.starts_with("no success by ") && reason.contains("; it was due at "),
        "{reason}"
    );
}
