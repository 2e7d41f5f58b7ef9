//! Monitors that wait for their host: a laptop that sleeps is not late, and one that is awake is.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use super::described::{members, to};
use super::hb::{Home, Seen};
use super::receiver::{FakeReceiver, Step};
use super::receiving::{ahead, wait_for};
use super::server::{PING_KEY, Server};

const HOUR_MS: u64 = 3_600_000;

/// A channel that writes down what people are told.
fn channel(server: &Server) -> FakeReceiver {
    let hook = FakeReceiver::always(&Step::Ok);
    let channel = json!({
        "name": "hook", "kind": "webhook", "url": hook.url("/told"), "allow_private": true,
        "method": "POST", "body": "$NAME $STATUS",
    });
    assert_eq!(server.api("POST", "/channels", Some(channel)).status, 201);
    hook
}

/// Of whom people were told; reminders are no news.
fn told(hook: &FakeReceiver) -> BTreeSet<String> {
    let text = |body: &[u8]| String::from_utf8_lossy(body).into_owned();
    hook.requests().iter().map(|request| text(&request.body)).collect()
}

/// A success on the laptop, which has been up for so long and awake for so much of that.
fn success(server: &Server, slug: &str, up_ms: u64, awake_ms: u64) {
    let event = json!([{
        "kind": "success", "host": "laptop", "up_ms": up_ms, "awake_ms": awake_ms,
    }]);
    let path = format!("/hb/{PING_KEY}/{slug}/events");
    let answer = server.post(&path, event.to_string().as_bytes());
    assert_eq!(answer.json()[0]["result"], "stored", "{}", answer.text());
}

#[test]
fn a_host_that_slept_for_eight_hours_alarms_nobody() {
    let home = Home::new();
    let server = Server::start(&home);
    let hook = channel(&server);
    let hourly = |slug: &str, presence: Value| {
        json!({
            "slug": slug, "schedule": "every 1s", "grace": "1s", "tolerance": 0,
            "presence": presence,
        })
    };
    let made = server.monitor(hourly("backup", json!("host")));
    assert_eq!(
        members(&made, &["presence", "absent_at_most"]),
        [json!("host"), json!(14 * 86_400)]
    );
    server.monitor(hourly("desk", Value::Null));
    server.monitor(json!({ "slug": "other" }));
    success(&server, "backup", HOUR_MS, HOUR_MS);
    success(&server, "desk", HOUR_MS, HOUR_MS);
    let told_of = |slugs: &[&str]| {
        told(&hook) == slugs.iter().map(|slug| format!("{slug} down")).collect::<BTreeSet<_>>()
    };
    wait_for(|| told_of(&["desk"]));
    let late = server.await_status("backup", "late");
    assert_eq!(late["facts"]["schedule"], "late", "{late:#}");
    server.kill();

    // Eight hours later it wakes up, and something else runs first.
    let server = ahead(&home, "+8h");
    success(&server, "other", 9 * HOUR_MS, HOUR_MS + 1_900);
    std::thread::sleep(Duration::from_secs(8));
    assert_eq!(server.look("backup")["status"], "late");
    success(&server, "backup", 9 * HOUR_MS + 9_000, HOUR_MS + 10_900);
    server.await_status("backup", "up");
    server.kill();

    // An hour later it has been awake all the time, and the job did not run.
    let server = ahead(&home, "+9h");
    assert!(told_of(&["desk"]), "{:?}", told(&hook));
    success(&server, "other", 10 * HOUR_MS, 2 * HOUR_MS);
    wait_for(|| told_of(&["backup", "desk"]));
    let incidents = server.api("GET", "/incidents", None).json()["incidents"].clone();
    let reason = incidents[0]["reason"].as_str().expect("a sentence");
    assert!(reason.contains("; its host was last heard of at "), "{reason}");
}

#[test]
fn a_job_says_that_its_host_sleeps_and_for_how_long_it_did_not() {
    let home = Home::new();
    let server = Server::start(&home);
    let to = to(&server);
    let words = [
        "run",
        "m",
        "--to",
        &to,
        "--schedule",
        "every 2d",
        "--presence",
        "host",
        "--absent-at-most",
        "30d",
        "--",
        "true",
    ];
    let seen = Seen::of(&mut home.hb(&words));
    assert_eq!((seen.status, &*seen.stderr), (0, ""));
    let said = ["presence", "absent_at_most"];
    assert_eq!(members(&server.look("m"), &said), [json!("host"), json!(30 * 86_400)]);
    home.config("[monitors.m]\npresence = \"always\"\n");
    let seen = Seen::of(&mut home.hb(&["run", "m", "--to", &to, "--", "true"]));
    assert_eq!((seen.status, &*seen.stderr), (0, ""));
    assert_eq!(members(&server.look("m"), &said), [Value::Null, json!(30 * 86_400)]);

    let receiver = FakeReceiver::always(&Step::Ok);
    let to = format!("{}{PING_KEY}", receiver.url("/hb/"));
    Seen::of(&mut home.hb(&["run", "m", "--to", &to, "--dialect", "hb", "--", "true"]));
    let sent: Value = serde_json::from_slice(&receiver.only().body).expect("JSON");
    let ms = |name: &str| sent[0][name].as_u64().expect(name);
    assert!(ms("up_ms") >= ms("awake_ms") && ms("awake_ms") > 0, "{sent:#}");

    // What waits here shows that more is to be told of the time before.
    assert_eq!(sent[0]["behind"], Value::Null, "{sent:#}");
    let dead = format!("http://127.0.0.1:9/hb/{PING_KEY}");
    let words = ["run", "m", "--report-timeout", "100ms", "--to", &dead, "--", "true"];
    Seen::of(&mut home.hb(&words));
    receiver.go_on(&[Step::Ok]);
    Seen::of(&mut home.hb(&["run", "m", "--to", &to, "--dialect", "hb", "--", "true"]));
    let sent: Value = serde_json::from_slice(&receiver.only().body).expect("JSON");
    assert_eq!(sent[0]["behind"], true, "{sent:#}");

    for (flag, word, part) in
        [("--presence", "hosts", "it is host or always"), ("--absent-at-most", "0", "more than 0")]
    {
        let words = ["run", "m", "--strict", "--to", &to, flag, word, "--", "true"];
        let seen = Seen::of(&mut home.hb(&words));
        assert!(seen.stderr.contains(part), "{}", seen.stderr);
    }
}
