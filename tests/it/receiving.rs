//! `hb serve` as its clients and its owner see it: pings in, statuses, incidents and alerts out.

use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::hb::Home;
use super::receiver::{self, FakeReceiver};
use super::server::{API_KEY, PING_KEY, READ_KEY, Server, send};

/// A monitor that is missed two seconds after it was last heard of.
pub(crate) fn quick(slug: &str) -> Value {
    json!({ "slug": slug, "schedule": "every 1s", "grace": "1s", "tolerance": 0 })
}

#[test]
fn a_first_start_needs_nothing_and_says_where_its_keys_are() {
    let home = Home::new();
    let mut server = Server::start_with(&home, |command| {
        for name in ["HB_PING_KEY", "HB_API_KEY", "HB_API_KEY_READONLY", "HB_ADMIN_PASSWORD"] {
            command.env_remove(name);
        }
    });
    let line = server.line("keys");
    let file = line.split("file=").nth(1).expect("a file").to_owned();
    let keys = std::fs::read_to_string(&file).expect("the keys can be read");
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(&file).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let key = |name: &str| {
        let line = keys.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        line.unwrap_or_else(|| panic!("no {name} in {keys}")).to_owned()
    };
    assert_eq!(key("HB_API_KEY").len(), 32);
    assert!(!key("HB_ADMIN_PASSWORD").is_empty());
    let target = format!("/ping/{}/nightly?create=1", key("HB_PING_KEY"));
    assert_eq!(server.get(&target).status, 201);
    let bearer = format!("Bearer {}", key("HB_API_KEY_READONLY"));
    let headers = [("Authorization", bearer.as_str())];
    let answer = server.send("GET", "/api/hb/v1/monitors/nightly", &headers, b"");
    assert_eq!(answer.json()["status"], "up");
    assert!(server.lines().iter().all(|line| !line.contains(&key("HB_API_KEY"))));
    assert_eq!(server.stop(), Some(0));

    let again = Server::start_with(&home, |command| {
        for name in ["HB_PING_KEY", "HB_API_KEY", "HB_API_KEY_READONLY", "HB_ADMIN_PASSWORD"] {
            command.env_remove(name);
        }
    });
    assert_eq!(std::fs::read_to_string(&file).expect("the keys"), keys, "they stay");
    assert_eq!(again.send("GET", "/api/hb/v1/monitors/nightly", &headers, b"").status, 200);
}

#[test]
fn keys_do_what_they_are_for_and_nothing_else() {
    let home = Home::new();
    let server = Server::start(&home);
    server.monitor(quick("a"));
    let with = |key: &str, method: &str, path: &str| {
        let bearer = format!("Bearer {key}");
        server.send(method, &format!("/api/hb/v1{path}"), &[("Authorization", &bearer)], b"").status
    };
    for (method, path, ping, read, write) in [
        ("GET", "/monitors", 403, 200, 200),
        ("GET", "/monitors/a", 403, 200, 200),
        ("GET", "/incidents", 403, 200, 200),
        ("GET", "/channels", 403, 200, 200),
        ("GET", "/status", 403, 200, 200),
        ("POST", "/monitors", 403, 403, 400),
        ("POST", "/channels", 403, 403, 400),
        ("POST", "/monitors/a/resume", 403, 403, 200),
        ("POST", "/monitors/none/resume", 403, 403, 404),
        ("DELETE", "/monitors/a", 403, 403, 200),
    ] {
        assert_eq!(with("wrong", method, path), 401, "{method} {path} without a key");
        assert_eq!(with(PING_KEY, method, path), ping, "{method} {path} with the ping key");
        assert_eq!(with(READ_KEY, method, path), read, "{method} {path} with the reading key");
        assert_eq!(with(API_KEY, method, path), write, "{method} {path} with the writing key");
    }
}

#[test]
fn what_is_wrong_is_said_in_one_line_and_changes_nothing() {
    let home = Home::new();
    let server = Server::start(&home);
    for (body, status, part) in [
        ("", 400, "slug"),
        ("nonsense", 400, "no JSON"),
        ("[1]", 400, "no JSON object"),
        (r#"{"slug": "a", "schedule": "* * * * * *"}"#, 400, "schedule"),
        (r#"{"slug": "a", "schedule": "0 0 31 2 *"}"#, 400, "schedule"),
        (r#"{"slug": "a", "channels": ["none"]}"#, 400, "no channel `none`"),
        (r#"{"slug": "a", "grase": 5}"#, 400, "grace"),
    ] {
        let key = format!("Bearer {API_KEY}");
        let headers = [("Authorization", key.as_str())];
        let answer = server.send("POST", "/api/hb/v1/monitors", &headers, body.as_bytes());
        assert_eq!(answer.status, status, "{body}: {}", answer.text());
        let error = answer.json()["error"].clone();
        let message = error["message"].as_str().expect("a message").to_owned();
        let all = format!("{message} {}", error["field"]);
        assert!(all.contains(part) && !message.contains('\n'), "{body}: {error}");
    }
    assert_eq!(server.api("GET", "/monitors", None).json()["monitors"], json!([]));
    assert_eq!(server.get("/ping/5bf66975-d4c7-4bf5-bcc8-b8d8a82ea278").status, 404);
    assert_eq!(server.get("/ping/no-such-key/nightly?create=1").status, 404);
    assert_eq!(server.api("GET", "/nonsense", None).status, 404);
    assert_eq!(server.api("PUT", "/incidents", None).status, 405);
}

#[test]
fn silence_becomes_an_incident_an_alert_and_a_recovery_each_once() {
    let home = Home::new();
    let server = Server::start(&home);
    let hook = FakeReceiver::always(&receiver::Step::Ok);
    let channel = json!({
        "name": "hook", "kind": "webhook", "url": hook.url("/alert"), "allow_private": true,
        "body": "$NAME is $STATUS",
    });
    assert_eq!(server.api("POST", "/channels", Some(channel)).status, 201);
    server.monitor(json!({
        "slug": "quick", "name": "the quick one", "owner": "dba", "schedule": "every 1s",
        "grace": "1s", "tolerance": 0,
    }));
    let answer = server.get(&format!("/ping/{PING_KEY}/quick"));
    assert_eq!((answer.status, answer.text().as_str()), (200, "OK"));
    assert_eq!(answer.header("ping-body-limit"), Some("100000"));
    server.await_status("quick", "missed");
    wait_for(|| hook.requests().len() == 1);
    assert_eq!(server.get(&format!("/ping/{PING_KEY}/quick")).status, 200);
    wait_for(|| hook.requests().len() >= 2);
    let bodies: Vec<String> = hook
        .requests()
        .iter()
        .map(|request| String::from_utf8_lossy(&request.body).into_owned())
        .collect();
    assert_eq!(bodies[..2], ["the quick one is down", "the quick one is up"]);
    let incidents = server.api("GET", "/incidents", None).json();
    let first = &incidents["incidents"].as_array().expect("a list").last().expect("one").clone();
    assert_eq!(first["monitors"], json!(["quick"]));
    assert_eq!(first["severity"], "critical");
    assert!(!first["closed_at"].is_null(), "{first}");
}

#[test]
fn an_alert_is_not_lost_when_its_channel_is_away_and_comes_once() {
    let home = Home::new();
    let server = Server::start(&home);
    let hook = FakeReceiver::new(&[
        receiver::status(503),
        receiver::Step::Reset,
        receiver::status(500),
        receiver::Step::Ok,
    ]);
    let hung = FakeReceiver::always(&receiver::Step::HalfOpen);
    for (name, url) in [("hook", hook.url("/a")), ("hung", hung.url("/b"))] {
        let channel = json!({ "name": name, "kind": "webhook", "url": url, "allow_private": true });
        assert_eq!(server.api("POST", "/channels", Some(channel)).status, 201);
    }
    server.monitor(json!({ "slug": "job", "schedule": "every 1h" }));
    assert_eq!(server.get(&format!("/ping/{PING_KEY}/job/7")).status, 200);
    assert_eq!(server.look("job")["status"], "failed");
    // The attempt that is reset is no request, so the third one is the fourth attempt: the pauses before
    // it are 5, 10 and 20 s at most, and each is seen within a moment.
    wait_within(Duration::from_secs(5 + 10 + 20 + 3), || hook.requests().len() >= 3);
    let keys: Vec<Option<String>> = hook
        .requests()
        .iter()
        .map(|request| request.header("idempotency-key").map(str::to_owned))
        .collect();
    assert!(keys[0].is_some() && keys.iter().all(|key| *key == keys[0]), "{keys:?}");
}

/// Starts the receiver with a clock that is ahead.
pub(crate) fn ahead(home: &Home, offset: &str) -> Server {
    ahead_with(home, offset, &[])
}

/// The same with more words.
pub(crate) fn ahead_with(home: &Home, offset: &str, words: &[&str]) -> Server {
    Server::start_with(home, |command| {
        fake_clock(command);
        command.args(words).env("FAKETIME", offset);
    })
}

/// Starts the receiver with a clock that `home.write("offset", "+3600\n")` moves while it runs.
pub(crate) fn with_own_clock(home: &Home) -> Server {
    home.write("offset", "+0\n");
    Server::start_with(home, |command| {
        fake_clock(command);
        command.env("FAKETIME_TIMESTAMP_FILE", home.path("offset")).env("FAKETIME_NO_CACHE", "1");
    })
}

/// Has a command go by another clock, but for spans of time.
fn fake_clock(command: &mut Command) {
    let machine = std::env::consts::ARCH;
    let library = format!("/usr/lib/{machine}-linux-gnu/faketime/libfaketimeMT.so.1");
    command.env("LD_PRELOAD", library).env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
}

#[test]
fn a_deadline_that_passed_while_nobody_watched_is_a_question_first() {
    let home = Home::new();
    let server = Server::start(&home);
    for slug in ["ran", "did-not"] {
        server.monitor(json!({
            "slug": slug, "schedule": "every 30m", "grace": "4s", "tolerance": 0,
        }));
        assert_eq!(server.get(&format!("/ping/{PING_KEY}/{slug}")).status, 200);
    }
    server.kill();

    let server = ahead(&home, "+31m");
    server.await_status("ran", "unknown");
    server.await_status("did-not", "unknown");
    let status = server.api("GET", "/status", None).json();
    assert_eq!(status["blind"].as_array().expect("a list").len(), 1, "{status:#}");
    // The job ran in time, and its client tells so now.
    let at = server.look("ran")["due_at"].as_str().expect("a moment").to_owned();
    let sent_at = status["now"].as_str().expect("a moment").to_owned();
    let events = json!([{
        "kind": "success", "run_id": "r1", "seq": 1, "at": at, "sent_at": sent_at,
    }]);
    let answer = server.post(&format!("/hb/{PING_KEY}/ran/events"), events.to_string().as_bytes());
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.json()[0]["result"], "stored");
    let again = server.post(&format!("/hb/{PING_KEY}/ran/events"), events.to_string().as_bytes());
    assert_eq!(again.json()[0]["result"], "duplicate");
    assert_eq!(server.look("ran")["status"], "up");
    let late: Vec<Value> = server.events("ran").iter().map(|one| one["notes"].clone()).collect();
    assert!(late.contains(&json!(["reported-late"])), "{late:?}");
    server.await_status("did-not", "missed");
    let incidents = server.api("GET", "/incidents", None).json();
    let named: Vec<&Value> = incidents["incidents"]
        .as_array()
        .expect("a list")
        .iter()
        .flat_map(|incident| incident["monitors"].as_array().expect("a list"))
        .collect();
    assert_eq!(named, [&json!("did-not")], "{incidents:#}");
    let reason = incidents["incidents"][0]["reason"].as_str().expect("a reason");
    assert!(reason.contains("could not see"), "{reason}");
}

#[test]
fn restarts_postpone_no_alarm_and_repeat_none() {
    let home = Home::new();
    let server = Server::start(&home);
    server
        .monitor(json!({ "slug": "dead", "schedule": "every 1h", "grace": "1s", "tolerance": 0 }));
    assert_eq!(server.get(&format!("/ping/{PING_KEY}/dead")).status, 200);
    server.kill();
    for (offset, status) in [("+20m", "up"), ("+40m", "up"), ("+59m", "up")] {
        let server = ahead(&home, offset);
        assert_eq!(server.look("dead")["status"], status, "{offset}");
        server.kill();
    }
    let server = ahead(&home, "+61m");
    server.await_status("dead", "missed");
    server.kill();
    for offset in ["+81m", "+121m"] {
        let server = ahead(&home, offset);
        server.await_status("dead", "missed");
        let incidents = server.api("GET", "/incidents", None).json();
        assert_eq!(incidents["incidents"].as_array().expect("a list").len(), 1, "{offset}");
        server.kill();
    }
}

#[test]
fn every_ping_that_was_acknowledged_is_there_after_kill_9() {
    let home = Home::new();
    let mut acknowledged = 0;
    for round in 0..5u64 {
        let server = Server::start(&home);
        if round == 0 {
            server.monitor(json!({ "slug": "job", "schedule": "every 1h" }));
        }
        let address = server.address.clone();
        let pinger = std::thread::spawn(move || {
            let mut count = 0u64;
            let target = format!("/ping/{PING_KEY}/job");
            while let Ok(answer) = send(&address, "POST", &target, &[], b"output") {
                if answer.status != 200 {
                    break;
                }
                count += 1;
            }
            count
        });
        std::thread::sleep(Duration::from_millis(150 + 90 * round));
        server.kill();
        acknowledged += pinger.join().expect("the pinger ends");
    }
    let server = Server::start(&home);
    let kept = server.look("job")["event_count"].as_u64().expect("a count");
    assert!(acknowledged > 20, "{acknowledged}");
    assert!(kept >= acknowledged, "{acknowledged} acknowledged, {kept} kept");
    // A ping that was on disk and whose answer was cut off counts, too: one per round at most.
    assert!(kept <= acknowledged + 5, "{acknowledged} acknowledged, {kept} kept");
}

#[test]
fn slow_clients_keep_nobody_out() {
    use std::io::Write;
    let home = Home::new();
    let server = Server::start(&home);
    server.monitor(json!({ "slug": "job", "schedule": "every 1h" }));
    let half: Vec<_> = (0..200)
        .map(|_| {
            let mut stream = std::net::TcpStream::connect(&server.address).expect("connects");
            stream.write_all(b"POST /ping/half HTTP/1.1\r\nHost: h\r\nContent-").expect("writes");
            stream
        })
        .collect();
    let began = Instant::now();
    assert_eq!(server.get(&format!("/ping/{PING_KEY}/job")).status, 200);
    assert!(began.elapsed() < Duration::from_secs(5));
    drop(half);
}

#[test]
fn a_paused_monitor_answers_records_and_tells_nobody() {
    let home = Home::new();
    let server = Server::start(&home);
    server.monitor(quick("job"));
    let paused =
        server.api("POST", "/monitors/job/pause", Some(json!({ "for": "1h", "reason": "moving" })));
    assert_eq!(paused.json()["status"], "paused", "{}", paused.text());
    assert_eq!(paused.json()["pause"]["reason"], "moving");
    assert_eq!(server.get(&format!("/ping/{PING_KEY}/job/fail")).status, 200);
    assert_eq!(server.look("job")["status"], "paused");
    assert_eq!(server.events("job").len(), 1);
    assert_eq!(server.api("GET", "/incidents", None).json()["incidents"], json!([]));
    let resumed = server.api("POST", "/monitors/job/resume", None);
    assert_eq!(resumed.json()["status"], "failed", "what is still bad is shown");
    assert_eq!(server.api("GET", "/incidents", None).json()["incidents"][0]["monitors"][0], "job");
}

#[test]
fn hb_run_finds_what_it_reports_in_the_receiver() {
    let home = Home::new();
    let server = Server::start(&home);
    let to = format!("http://{}/hb/{PING_KEY}", server.address);
    server.monitor(json!({ "slug": "job", "schedule": "every 1h" }));
    let mut command =
        home.hb(&["run", "job", "--to", &to, "--", "sh", "-c", "echo to-the-end >&2; exit 3"]);
    let output = command.output().expect("hb runs");
    assert_eq!(output.status.code(), Some(3), "{}", String::from_utf8_lossy(&output.stderr));
    let monitor = server.look("job");
    assert_eq!(monitor["status"], "failed", "{monitor:#}");
    let runs = server.api("GET", "/monitors/job/runs", None).json();
    let run = runs["runs"][0].clone();
    assert_eq!((&run["outcome"], &run["exit_code"]), (&json!("failure"), &json!(3)), "{runs:#}");
    let id = run["id"].as_str().expect("an id");
    let whole = server.api("GET", &format!("/runs/{id}"), None).json();
    assert!(whole["output"].as_str().expect("output").contains("to-the-end"), "{whole:#}");
}

/// Waits for something that must come true.
#[track_caller]
pub(crate) fn wait_for(holds: impl FnMut() -> bool) {
    wait_within(Duration::from_secs(30), holds);
}

/// The same with a time of its own.
#[track_caller]
pub(crate) fn wait_within(limit: Duration, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < limit, "it did not come true");
        std::thread::sleep(Duration::from_millis(20));
    }
}
