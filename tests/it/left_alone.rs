//! When people are left alone: maintenance, chatter that is not kept, and what they are told afterwards.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::databases::start_postgresql;
use super::hb::Home;
use super::receiver::{FakeReceiver, Step};
use super::receiving::{ahead, quick, wait_for};
use super::server::{PING_KEY, Server};

/// A receiver with a channel that writes down what people are told.
fn with_channel(home: &Home) -> (Server, FakeReceiver) {
    let server = Server::start(home);
    let hook = channel_of(&server);
    (server, hook)
}

fn channel_of(server: &Server) -> FakeReceiver {
    let hook = FakeReceiver::always(&Step::Ok);
    let channel = json!({
        "name": "hook", "kind": "webhook", "url": hook.url("/told"), "allow_private": true,
        "method": "POST", "body": "$NAME $STATUS",
    });
    let made = server.api("POST", "/channels", Some(channel));
    assert_eq!(made.status, 201, "{}", made.text());
    hook
}

/// What people were told so far, sorted.
fn told(hook: &FakeReceiver) -> Vec<String> {
    let mut told: Vec<String> = hook
        .requests()
        .iter()
        .map(|request| String::from_utf8_lossy(&request.body).into_owned())
        .collect();
    told.sort();
    told
}

fn incidents(server: &Server) -> Vec<Value> {
    let answer = server.api("GET", "/incidents", None);
    answer.json()["incidents"].as_array().expect("a list").clone()
}

fn ping(server: &Server, slug: &str, word: &str) {
    let answer = server.get(&format!("/hb/{PING_KEY}/{slug}{word}"));
    assert_eq!(answer.status, 200, "{}", answer.text());
}

#[test]
fn maintenance_tells_nobody_and_what_still_holds_is_told_at_its_end() {
    let home = Home::new();
    let (server, hook) = with_channel(&home);
    for slug in ["bad", "flaps", "mended", "broken", "passing", "other"] {
        let tags = if slug == "other" { json!([]) } else { json!(["db"]) };
        let monitor = json!({ "slug": slug, "name": slug, "schedule": "every 1h", "tags": tags });
        server.monitor(monitor);
        ping(&server, slug, "");
    }
    for slug in ["bad", "flaps", "mended"] {
        ping(&server, slug, "/fail");
    }
    wait_for(|| told(&hook) == ["bad down", "flaps down", "mended down"]);

    let plan = json!({ "tags": ["db"], "for": "1h", "reason": "new disks" });
    let plan = server.api("POST", "/maintenance", Some(plan));
    assert_eq!(plan.status, 201, "{}", plan.text());
    let id = plan.json()["id"].as_str().expect("an id").to_owned();
    assert_eq!(server.look("bad")["facts"]["attention"], "maintenance");
    assert_eq!(server.look("other")["facts"]["attention"], "active");
    for (slug, word) in [
        ("flaps", ""),
        ("flaps", "/fail"),
        ("mended", ""),
        ("broken", "/fail"),
        ("passing", "/fail"),
        ("passing", ""),
        ("other", "/fail"),
    ] {
        ping(&server, slug, word);
    }
    assert_eq!(server.look("broken")["status"], "failed", "everything is recorded");
    wait_for(|| told(&hook).contains(&"other down".to_owned()));
    server.kill();

    // Plans outlive the receiver.
    let server = Server::start(&home);
    assert_eq!(server.look("broken")["facts"]["attention"], "maintenance");
    let listed = server.api("GET", "/maintenance", None).json();
    assert_eq!(listed["maintenance"][0]["id"], json!(id), "{listed:#}");
    assert_eq!(incidents(&server).len(), 4, "bad, flaps, mended, other");
    assert_eq!(told(&hook).len(), 4);
    let removed = server.api("DELETE", &format!("/maintenance/{id}"), None);
    assert_eq!(removed.status, 200, "{}", removed.text());
    let all = ["bad down", "broken down", "flaps down", "mended down", "mended up", "other down"];
    wait_for(|| told(&hook).len() >= all.len());
    assert_eq!(told(&hook), all);
    let reason = incidents(&server)
        .into_iter()
        .find(|incident| incident["monitors"][0] == "broken")
        .map(|incident| incident["reason"].clone());
    assert!(
        reason.is_some_and(|reason| reason != "it is failed"),
        "the reason is the recorded one"
    );
    assert_eq!(server.api("DELETE", &format!("/maintenance/{id}"), None).status, 404);
}

#[test]
fn maintenance_ends_by_itself_and_bad_plans_are_refused() {
    let home = Home::new();
    let (server, hook) = with_channel(&home);
    let mut job = quick("job");
    job["name"] = json!("job");
    server.monitor(job);
    let ends = Instant::now() + Duration::from_secs(5);
    let until = (jiff::Timestamp::now() + jiff::SignedDuration::from_secs(5)).to_string();
    let plan = server.api("POST", "/maintenance", Some(json!({ "until": until })));
    assert_eq!(plan.status, 201, "{}", plan.text());
    ping(&server, "job", "");
    server.await_status("job", "missed");
    wait_for(|| told(&hook) == ["job down"]);
    assert!(hook.requests()[0].at >= ends, "nobody is told before it ends");

    let weekly = json!({ "monitors": ["job"], "schedule": "0 2 * * 0", "for": "2h",
        "timezone": "Europe/Berlin" });
    let weekly = server.api("POST", "/maintenance", Some(weekly));
    assert_eq!(weekly.status, 201, "{}", weekly.text());
    assert_eq!((&weekly.json()["for"], weekly.json()["next_at"].is_string()), (&json!(7200), true));
    for (plan, field) in [
        (json!({}), "until"),
        (json!({ "until": "2020-01-01T00:00:00Z" }), "until"),
        (json!({ "for": "1h", "until": "2100-01-01T00:00:00Z" }), "for"),
        (json!({ "for": "1h", "monitors": ["nobody"] }), "monitors"),
        (json!({ "for": "1h", "monitors": [] }), "monitors"),
        (json!({ "schedule": "0 2 * * 0" }), "for"),
        (json!({ "schedule": "every 1h", "for": "5m" }), "schedule"),
        (json!({ "schedule": "0 2 * * 0", "for": "8d" }), "for"),
        (json!({ "schedule": "0 2 * * 0", "for": "1h", "timezone": "Mars/Base" }), "timezone"),
        (json!({ "for": "1h", "colour": "red" }), "colour"),
    ] {
        let refused = server.api("POST", "/maintenance", Some(plan.clone()));
        assert_eq!(refused.status, 400, "{plan}");
        assert_eq!(refused.json()["error"]["field"], field, "{plan}: {}", refused.text());
    }
}

#[test]
fn chatter_is_coalesced_and_results_are_kept() {
    let home = Home::new();
    let server = Server::start(&home);
    server.monitor(json!({ "slug": "job", "schedule": "every 1h" }));
    let chatter = |seq: u32| json!({ "kind": "progress", "run_id": "r", "seq": seq, "percent": 1 });
    let mut events = vec![json!({ "kind": "start", "run_id": "r", "seq": 0 })];
    events.extend((1..=70).map(chatter));
    let post = |events: &[Value]| {
        let target = format!("/hb/{PING_KEY}/job/events");
        let answer = server.post(&target, json!(events).to_string().as_bytes());
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json().as_array().expect("a list").clone()
    };
    let answers = post(&events);
    let count = |word: &str| answers.iter().filter(|answer| answer["result"] == word).count();
    assert_eq!((count("stored"), count("ignored")), (61, 10), "{answers:?}");
    // A sign of life that is not kept is one all the same.
    let last_event_at = |server: &Server| server.look("job")["last_event_at"].clone();
    let before = last_event_at(&server);
    std::thread::sleep(Duration::from_millis(5));
    assert_eq!(post(&[chatter(71)])[0]["result"], "ignored");
    assert_ne!(last_event_at(&server), before);
    let finish =
        json!({ "kind": "failure", "run_id": "r", "seq": 4_294_967_295u32, "exit_code": 3 });
    assert_eq!(post(&[finish])[0]["result"], "stored");
    assert_eq!(server.look("job")["event_count"], 62);
    assert_eq!(server.look("job")["status"], "failed");
}

#[test]
fn an_incident_shows_what_people_said_and_whom_it_reached() {
    let home = Home::new();
    let (server, hook) = with_channel(&home);
    server.monitor(json!({ "slug": "job", "name": "job", "schedule": "every 1h" }));
    ping(&server, "job", "/fail");
    wait_for(|| told(&hook) == ["job down"]);
    let id = incidents(&server)[0]["id"].as_str().expect("an id").to_owned();
    let ack = json!({ "by": "dana", "note": "the disk is full" });
    assert_eq!(server.api("POST", &format!("/incidents/{id}/ack"), Some(ack)).status, 200);
    let show = || server.api("GET", &format!("/incidents/{id}"), None).json();
    wait_for(|| show()["deliveries"][0]["state"] == "sent");
    let shown = show();
    assert_eq!(shown["note"], "the disk is full");
    let delivery = &shown["deliveries"][0];
    assert_eq!((&delivery["channel"], &delivery["what"]), (&json!("hook"), &json!("opened")));
    assert_eq!((&delivery["attempts"], &delivery["last_error"]), (&json!(1), &Value::Null));
    assert!(delivery["sent_at"].is_string(), "{delivery}");
    let again = json!({ "by": "lee", "note": "I see it, too" });
    let again = server.api("POST", &format!("/incidents/{id}/ack"), Some(again)).json();
    for first in ["acknowledged_at", "acknowledged_by"] {
        assert!(again[first].is_string() && again[first] == shown[first], "{again:#}");
    }
    assert_eq!(again["note"], "I see it, too");
    let back = json!({ "note": "the disk is full" });
    assert_eq!(server.api("POST", &format!("/incidents/{id}/ack"), Some(back)).status, 200);
    let resolve = json!({ "by": "dana", "note": "bought another" });
    let resolved = server.api("POST", &format!("/incidents/{id}/resolve"), Some(resolve));
    assert_eq!(resolved.json()["resolved_note"], "bought another", "{}", resolved.text());
    assert_eq!(
        (&show()["note"], &show()["resolved_by"]),
        (&json!("the disk is full"), &json!("dana"))
    );
    let long = json!({ "note": "x".repeat(2001) });
    let refused = server.api("POST", &format!("/incidents/{id}/ack"), Some(long));
    assert_eq!((refused.status, &refused.json()["error"]["field"]), (400, &json!("note")));
}

#[test]
fn after_a_blind_time_each_channel_hears_once_what_was_due_in_it() {
    let home = Home::new();
    let (server, hook) = with_channel(&home);
    let whole = json!({
        "name": "whole", "kind": "webhook", "url": hook.url("/whole"), "allow_private": true,
        "method": "POST",
    });
    assert_eq!(server.api("POST", "/channels", Some(whole)).status, 201);
    for (slug, schedule) in [("ran", "every 30m"), ("did-not", "every 30m"), ("later", "every 9h")]
    {
        server.monitor(json!({
            "slug": slug, "schedule": schedule, "grace": "10m", "tolerance": 0, "channels": [],
        }));
        ping(&server, slug, "");
    }
    server.kill();
    let server = ahead(&home, "+45m");
    server.await_status("did-not", "unknown");
    ping(&server, "ran", "");
    let blind = |hook: &FakeReceiver| {
        let bodies =
            hook.requests().into_iter().filter(|request| request.target.contains("/whole"));
        bodies
            .map(|request| String::from_utf8_lossy(&request.body).into_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(blind(&hook), Vec::<String>::new(), "it is not settled yet");
    server.kill();
    // A restart while that waits neither forgets it nor tells it twice.
    for offset in ["+60m", "+61m", "+61m"] {
        let server = ahead(&home, offset);
        server.await_status("did-not", "missed");
        wait_for(|| blind(&hook).len() == 1);
        // One that is killed between sending and noting may send again; that is another test's matter.
        assert_eq!(server.stop(), Some(0));
    }
    let heard = blind(&hook);
    assert_eq!(heard.len(), 1, "{heard:?}");
    assert!(heard[0].contains("2 runs were due then; 1 is confirmed since, 1 not"), "{heard:?}");
}

#[test]
fn every_node_knows_of_maintenance_and_of_its_end() {
    let home = Home::new();
    let _database = start_postgresql(&home);
    let url = format!("postgres://hb@/shop?host={}", home.path("server").display());
    let other_home = Home::new();
    let on_database = |home: &Home| {
        Server::start_with(home, |command| {
            command.env("HB_DATABASE", &url);
        })
    };
    let (one, other) = (on_database(&home), on_database(&other_home));
    let hook = channel_of(&one);
    one.monitor(json!({ "slug": "job", "name": "job", "schedule": "every 1h" }));
    ping(&one, "job", "");
    let plan = one.api("POST", "/maintenance", Some(json!({ "for": "1h" })));
    let id = plan.json()["id"].as_str().expect("an id").to_owned();
    wait_for(|| other.look("job")["facts"]["attention"] == "maintenance");
    ping(&other, "job", "/fail");
    assert_eq!((one.look("job")["status"].clone(), incidents(&one).len()), (json!("failed"), 0));
    // Whichever of them judges it next, and whether it has heard of the end by then or not.
    let removed = one.api("DELETE", &format!("/maintenance/{id}"), None);
    assert_eq!(removed.status, 200, "{}", removed.text());
    wait_for(|| told(&hook) == ["job down"]);
}
