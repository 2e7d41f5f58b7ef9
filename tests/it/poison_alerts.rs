//! Alerts that make no sense in the store: they are given up one by one, and all others go out.

use serde_json::{Value, json};

use super::hb::Home;
use super::poison_monitors::{slug, store};
use super::receiver::{FakeReceiver, Step, status};
use super::receiving::wait_for;
use super::server::{PING_KEY, Server};

/// What is written by SQL into an alert that waits, and whether it goes out all the same.
const POISONS: [(&str, &str, bool); 12] = [
    ("message", "x'00ff'", false),
    ("message", "'no JSON'", false),
    ("channel_id", "'the other one'", false),
    ("next_at", "'soon'", true),
    ("next_at", "x'00ff'", true),
    ("created_at", "'once'", true),
    ("attempts", "'many'", true),
    ("attempts", "-1", true),
    ("leased_by", "x'00ff'", true),
    ("last_error", "x'00ff'", true),
    ("sent_at", "'never'", true),
    ("fold", "x'00ff'", true),
];

/// Whose failure a channel has heard of.
fn told(hook: &FakeReceiver) -> Vec<String> {
    let mut told: Vec<String> = hook
        .requests()
        .iter()
        .map(|request| {
            let sent: Value = serde_json::from_slice(&request.body).expect("JSON");
            sent["monitor"]["slug"].as_str().expect("a slug").to_owned()
        })
        .collect();
    told.sort();
    told.dedup();
    told
}

fn fail(server: &Server, slug: &str) {
    server.monitor(json!({ "slug": slug, "schedule": "every 1h" }));
    assert_eq!(server.get(&format!("/ping/{PING_KEY}/{slug}/fail")).status, 200);
}

#[test]
fn one_that_makes_no_sense_keeps_no_other_from_being_sent() {
    let home = Home::new();
    let server = Server::start(&home);
    let hook = FakeReceiver::always(&status(503));
    server.channel("hook", &hook);
    for number in 0..POISONS.len() {
        fail(&server, &slug(number));
    }
    fail(&server, "healthy");
    wait_for(|| told(&hook).len() == POISONS.len() + 1);
    assert_eq!(server.stop(), Some(0));

    let store = store(&home);
    assert_eq!(
        store.execute("update deliveries set next_at = 1, state = 'pending'", []),
        Ok(POISONS.len() + 1)
    );
    for (number, (column, value, _)) in POISONS.iter().enumerate() {
        let sql = format!(
            "update deliveries set {column} = {value} \
             where monitor_id = (select id from monitors where slug = ?1)"
        );
        assert_eq!(store.execute(&sql, [slug(number)]), Ok(1), "{column}");
    }
    hook.go_on(&[Step::Ok]);
    let server = Server::start(&home);
    let mut expected: Vec<String> = POISONS
        .iter()
        .enumerate()
        .filter(|(_, (_, _, goes_out))| *goes_out)
        .map(|(number, _)| slug(number))
        .collect();
    expected.push("healthy".to_owned());
    expected.sort();
    wait_for(|| told(&hook) == expected);

    // What was given up is shown as such, and nothing that looks at it fails.
    let incidents = server.api("GET", "/incidents?limit=100", None);
    assert_eq!(incidents.status, 200, "{}", incidents.text());
    for incident in incidents.json()["incidents"].as_array().expect("a list") {
        let id = incident["id"].as_str().expect("an id");
        let shown = server.api("GET", &format!("/incidents/{id}"), None);
        assert_eq!(shown.status, 200, "{}", shown.text());
    }
    assert_eq!(server.get("/metrics").status, 200);
}

/// What is written by SQL beside monitors and alerts: none of it may keep people from being told.
const BESIDE: [&str; 14] = [
    "update channels set created_at = 'once'",
    "update channels set last_ok_at = 'once', last_error = x'00ff', last_note = x'00ff'",
    "update channels set settings = x'00ff' where name = 'other'",
    "update channels set kind = x'00ff', name = x'00ff', disabled = x'00ff' where name = 'other'",
    "update nodes set started_at = 'once'",
    "update nodes set seen_at = 'just now'",
    "insert into nodes (id, started_at, seen_at) values (x'00ff', 1, 1)",
    "insert into blind_times (from_at, until_at, reason) values ('then', 'now', x'00ff')",
    "insert into blind_times (from_at, until_at, reason) values ('then', 1, x'00ff')",
    "insert into maintenance (project_id, scope, from_at, until_at, reason) \
     values (1, x'00ff', 'then', 'now', x'00ff')",
    "insert into maintenance (project_id, scope, schedule, duration_ms, reason) \
     values (1, '{}', 'every blue moon', 'long', '')",
    "update meta set value = x'00ff' where name <> 'schema' and name <> 'oldest-beside'",
    "insert into followers (monitor_id, project_id, host) values (99, 'one', x'00ff')",
    "insert into aliases (dialect, key, monitor_id) values ('hb', x'00ff', 'one')",
];

#[test]
fn nonsense_beside_them_keeps_nobody_from_being_told() {
    let home = Home::new();
    let server = Server::start(&home);
    let (hook, other) = (FakeReceiver::always(&Step::Ok), FakeReceiver::always(&Step::Ok));
    server.channel("hook", &hook);
    server.channel("other", &other);
    fail(&server, "before");
    wait_for(|| told(&hook) == ["before"]);
    let store = store(&home);
    let plan = json!({ "tags": ["quiet"], "for": "1h", "reason": "new disks" });
    for (number, sql) in BESIDE.iter().enumerate() {
        store.execute(sql, []).expect(sql);
        // Plans are read again when one changes.
        assert_eq!(server.api("POST", "/maintenance", Some(plan.clone())).status, 201, "{sql}");
        let slug = format!("after-{number:02}");
        fail(&server, &slug);
        wait_for(|| told(&hook).contains(&slug));
    }
    assert_eq!(server.stop(), Some(0));
    let server = Server::start(&home);
    fail(&server, "restarted");
    wait_for(|| told(&hook).contains(&"restarted".to_owned()));
    for path in ["/status", "/channels", "/maintenance", "/incidents", "/monitors", "/audit"] {
        let shown = server.api("GET", path, None);
        assert!(matches!(shown.status, 200 | 403), "{path}: {} {}", shown.status, shown.text());
    }
    server.await_status("restarted", "failed");
}
