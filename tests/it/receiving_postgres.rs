//! `hb serve` on a real PostgreSQL: the same promises as on its own file.

use serde_json::json;

use super::databases::start_postgresql;
use super::hb::Home;
use super::server::{PING_KEY, Server};

/// A receiver on this home's PostgreSQL.
pub(crate) fn on_postgres(home: &Home) -> Server {
    let url = format!("postgres://hb@/shop?host={}", home.path("server").display());
    Server::start_with(home, |command| {
        command.env("HB_DATABASE", url);
    })
}

#[test]
fn a_receiver_on_postgresql_keeps_judges_and_remembers() {
    let home = Home::new();
    let _database = start_postgresql(&home);
    let server = on_postgres(&home);
    server.monitor(json!({ "slug": "job", "schedule": "every 1h", "owner": "dba" }));
    server.monitor(json!({
        "slug": "quick", "schedule": "every 1s", "grace": "1s", "tolerance": 0,
    }));
    assert_eq!(server.post(&format!("/ping/{PING_KEY}/job/start"), b"").status, 200);
    assert_eq!(server.look("job")["status"], "running");
    assert_eq!(server.post(&format!("/ping/{PING_KEY}/job/7"), b"no space left").status, 200);
    let failed = server.look("job");
    assert_eq!((&failed["status"], &failed["event_count"]), (&json!("failed"), &json!(2)));
    let runs = server.api("GET", "/monitors/job/runs", None).json();
    assert_eq!(runs["runs"][0]["exit_code"], 7, "{runs:#}");
    server.await_status("quick", "missed");
    let events = json!([
        { "kind": "success", "run_id": "r", "seq": 1 },
        { "kind": "success", "run_id": "r", "seq": 1 },
    ]);
    let answer = server.post(&format!("/hb/{PING_KEY}/job/events"), events.to_string().as_bytes());
    let results: Vec<_> =
        answer.json().as_array().expect("a list").iter().map(|one| one["result"].clone()).collect();
    assert_eq!(results, [json!("stored"), json!("duplicate")]);
    let incidents = server.api("GET", "/incidents", None).json();
    assert_eq!(incidents["incidents"].as_array().expect("a list").len(), 2, "{incidents:#}");
    server.kill();

    let again = on_postgres(&home);
    assert_eq!(again.look("job")["status"], "up");
    assert_eq!(again.look("quick")["status"], "missed");
    let kept = again.api("GET", "/incidents", None).json();
    assert_eq!(kept["incidents"].as_array().expect("a list").len(), 2, "none is told twice");
    assert_eq!(again.stop(), Some(0));
}

#[test]
fn pings_are_refused_while_the_database_is_away_and_taken_when_it_is_back() {
    let home = Home::new();
    let database = start_postgresql(&home);
    let server = on_postgres(&home);
    server.monitor(json!({ "slug": "job", "schedule": "every 1h" }));
    let target = format!("/ping/{PING_KEY}/job");
    assert_eq!(server.get(&target).status, 200);
    drop(database);
    let refused = server.get(&target);
    assert_eq!(refused.status, 503, "{}", refused.text());
    assert!(refused.header("retry-after").is_some());
    assert_eq!(server.get("/readyz").status, 503);
    assert_eq!(server.get("/healthz").status, 200);
    let _database = super::databases::start_again(&home);
    let began = std::time::Instant::now();
    while server.get(&target).status != 200 {
        assert!(began.elapsed().as_secs() < 30, "the receiver does not come back");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    assert_eq!(server.get("/readyz").status, 200);
    assert_eq!(server.look("job")["event_count"], 2, "what was refused was not kept");
}
