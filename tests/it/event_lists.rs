//! Lists of hb's own events: what comes twice, what is said wrongly, and what is for nobody.

use serde_json::{Value, json};

use super::hb::Home;
use super::server::{API_KEY, Answer, PING_KEY, Server};

/// Sends events of several monitors.
fn send(server: &Server, events: &Value) -> Answer {
    let bearer = format!("Bearer {PING_KEY}");
    let headers = [("Authorization", bearer.as_str())];
    server.send("POST", "/api/hb/v1/events", &headers, events.to_string().as_bytes())
}

/// What became of each of them.
fn results(answer: &Answer) -> Vec<Value> {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let all = answer.json();
    all.as_array().expect("a list").iter().map(|one| one["result"].clone()).collect()
}

#[test]
fn what_is_told_again_is_one_event() {
    let home = Home::new();
    let server = Server::start(&home);
    let job = server.monitor(json!({ "slug": "job", "schedule": "every 1h" }));
    let event = |run: &str, seq: u32, kind: &str| json!({ "monitor": "job", "kind": kind, "run_id": run, "seq": seq });
    let first = json!([event("r", 0, "success")]);
    assert_eq!(results(&send(&server, &first)), ["stored"]);
    for _ in 0..5 {
        assert_eq!(results(&send(&server, &first)), ["duplicate"]);
    }
    assert_eq!(server.look("job")["event_count"], 1);
    // Many at once share a transaction; whatever comes behind a repeat there has no gap before it.
    std::thread::scope(|scope| {
        for number in 0..12 {
            let (server, first, event) = (&server, &first, &event);
            scope.spawn(move || {
                for turn in 0..4 {
                    assert_eq!(results(&send(server, first)), ["duplicate"]);
                    let new = json!([event(&format!("r{number}"), turn, "log")]);
                    assert_eq!(results(&send(server, &new)), ["stored"]);
                }
            });
        }
    });
    assert_eq!(server.look("job")["event_count"], 49);
    let path = format!("/api/v3/checks/{}/pings/", job["id"].as_str().expect("an id"));
    let pings = server.send("GET", &path, &[("X-Api-Key", API_KEY)], b"").json();
    let pings = pings["pings"].as_array().expect("a list");
    let mut numbers: Vec<u64> = pings.iter().filter_map(|ping| ping["n"].as_u64()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=49).collect::<Vec<u64>>());
}

#[test]
fn what_came_too_late_to_change_anything_is_stored() {
    let home = Home::new();
    let server = Server::start(&home);
    server.monitor(json!({ "slug": "job", "schedule": "every 1h" }));
    let event = |seq: u32, at: &str| json!({ "monitor": "job", "kind": "success", "run_id": "r", "seq": seq, "at": at });
    let now = jiff::Timestamp::now();
    let earlier = now - jiff::SignedDuration::from_hours(2);
    let told = json!([event(1, &now.to_string()), event(0, &earlier.to_string())]);
    assert_eq!(results(&send(&server, &told)), ["stored", "stored"]);
    assert_eq!(results(&send(&server, &told)), ["duplicate", "duplicate"]);
}

#[test]
fn an_event_that_says_wrongly_when_or_where_it_was_is_refused_alone() {
    let home = Home::new();
    let server = Server::start(&home);
    server.monitor(json!({ "slug": "job", "schedule": "every 1h" }));
    for (member, value) in [
        ("at", json!("yesterday")),
        ("at", json!(true)),
        ("sent_at", json!("soon")),
        ("started_at", json!([])),
        ("seq", json!(-1)),
        ("seq", json!("1")),
        ("seq", json!(1.5)),
    ] {
        let mut wrong = json!({ "monitor": "job", "kind": "success", "run_id": "w", "seq": 0 });
        wrong[member] = value.clone();
        let right = json!({ "monitor": "job", "kind": "log", "at": null, "seq": null });
        let answer = send(&server, &json!([wrong, right]));
        assert_eq!(results(&answer), ["refused", "stored"], "{member}: {value}");
        let reason = answer.json()[0]["reason"].as_str().expect("a reason").to_owned();
        assert!(reason.starts_with(&format!("its `{member}` is no ")), "{reason}");
    }
    assert_eq!(server.look("job")["status"], "new");
}

#[test]
fn what_was_stored_is_told_however_many_strangers_are_in_the_list() {
    let home = Home::new();
    let server = Server::start(&home);
    server.monitor(json!({ "slug": "job", "schedule": "every 1h" }));
    let nobodys = json!({ "monitor": "nobody", "kind": "log" });
    let refused: Vec<Answer> = (0..70).map(|_| send(&server, &json!([nobodys]))).collect();
    let slowed = refused.last().expect("an answer");
    assert_eq!((slowed.status, slowed.header("retry-after")), (429, Some("60")));
    let mixed = json!([nobodys, { "monitor": "job", "kind": "success", "run_id": "r", "seq": 0 }]);
    assert_eq!(results(&send(&server, &mixed)), ["refused", "stored"]);
    assert_eq!(server.look("job")["status"], "up");
}

#[test]
fn one_run_that_hung_is_not_how_long_runs_take_and_an_unknown_size_is_not_nothing() {
    let home = Home::new();
    let server = Server::start(&home);
    server.monitor(json!({ "slug": "job", "schedule": "every 1h" }));
    let run = |said: Value| {
        let mut event = json!({ "monitor": "job", "kind": "success" });
        event.as_object_mut().expect("an object").extend(said.as_object().cloned().expect("one"));
        assert_eq!(results(&send(&server, &json!([event]))), ["stored"]);
        server.events("job")[0]["metrics"]["bytes"].clone()
    };
    let five_minutes = 300_000;
    for duration_ms in [five_minutes, 12 * 3_600_000, five_minutes, five_minutes, five_minutes] {
        run(json!({ "duration_ms": duration_ms }));
    }
    let told = server.api("GET", "/monitors/job/statistics", None).json();
    let days = told["days"].as_array().expect("a list");
    let fullest = days.iter().max_by_key(|day| day["succeeded"].as_u64()).expect("a day");
    assert_eq!(fullest["duration_median_s"].as_f64(), Some(300.0), "{told}");
    assert_eq!(told["months"][0]["duration_longest_s"].as_f64(), Some(43_200.0), "{told}");
    assert_eq!(run(json!({ "metrics": { "bytes": 0 } })), json!(0));
    for unknown in [json!({}), json!({ "metrics": {} }), json!({ "metrics": { "bytes": null } })] {
        assert_eq!(run(unknown.clone()), Value::Null, "{unknown}");
    }
}
