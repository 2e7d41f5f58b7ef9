//! Monitors that make no sense in the store: people are told of them, and all others are watched.
//!
//! No way leads there through hb itself. A person with SQL, a bad disk or a version to come may do it, and
//! SQLite refuses nothing: it keeps text in a column of numbers.

use std::time::Duration;

use rusqlite::Connection;
use serde_json::{Value, json};

use super::hb::Home;
use super::receiver::{FakeReceiver, Step};
use super::receiving::{quick, wait_for};
use super::server::{PING_KEY, Server};

/// What is written by SQL, and whether the next ping puts it right: then what hb knows is fresh again,
/// while rules are for people to mend.
const POISONS: [(&str, &str, bool); 14] = [
    ("rules", r#"'{"schedule": "every blue moon"}'"#, false),
    ("rules", r#"'{"schedule": "every -5m"}'"#, false),
    ("rules", r#"'{"schedule": "0 0 31 2 *"}'"#, false),
    ("rules", r#"'{"schedule": "0 3 * * *", "timezone": "Mars/Base"}'"#, false),
    ("rules", r#"'{"schedule": "every 1h", "grace_s": -60}'"#, false),
    ("rules", "'no JSON'", false),
    ("state", "'no JSON'", true),
    ("state", r#"'{"told": 5}'"#, true),
    ("wake_at", "'soon'", true),
    ("due_at", "'soon'", true),
    ("deadline_at", "'soon'", true),
    ("last_event_at", "x'00ff'", true),
    ("started_at", "1.5", true),
    ("event_count", "'many'", true),
];

pub(crate) fn store(home: &Home) -> Connection {
    let store = Connection::open(home.path("data/hb.sqlite")).expect("it opens");
    store.busy_timeout(Duration::from_secs(10)).expect("it waits");
    store
}

pub(crate) fn slug(number: usize) -> String {
    format!("poison-{number}")
}

fn ping(server: &Server, slug: &str) {
    let answer = server.get(&format!("/ping/{PING_KEY}/{slug}"));
    assert_eq!(answer.status, 200, "{slug}: {}", answer.text());
}

/// The incidents that are open about a monitor.
fn open(server: &Server, slug: &str) -> Vec<Value> {
    let answer = server.api("GET", "/incidents?open=1&limit=100", None);
    let all = answer.json()["incidents"].as_array().expect("a list").clone();
    let is_of = |one: &&Value| one["monitors"] == json!([slug]) && one["closed_at"].is_null();
    all.iter().filter(is_of).cloned().collect()
}

/// Makes a healthy monitor of each, and poisons them; `what` is written along.
fn poison(home: &Home, what: &str) {
    let store = store(home);
    for (number, (column, value, _)) in POISONS.iter().enumerate() {
        let sql = format!("update monitors set {what} {column} = {value} where slug = ?1");
        assert_eq!(store.execute(&sql, [slug(number)]), Ok(1), "{column}");
    }
}

fn healthy(server: &Server) {
    for number in 0..POISONS.len() {
        server.monitor(json!({ "slug": slug(number), "schedule": "every 1h" }));
        ping(server, &slug(number));
    }
}

/// People are told of each that is poisoned, and all others are watched.
fn all_are_watched(server: &Server, hook: &FakeReceiver) {
    server.monitor(quick("died"));
    ping(server, "died");
    server.await_status("died", "missed");
    for (number, (column, value, _)) in POISONS.iter().enumerate() {
        let (slug, why) = (slug(number), format!("{column} = {value}"));
        wait_for(|| open(server, &slug).len() == 1);
        let reason = open(server, &slug)[0]["reason"].as_str().expect("a reason").to_owned();
        assert!(reason.starts_with("it cannot be watched: "), "{why}: {reason}");
        let shown = server.look(&slug);
        assert_eq!(shown["status"], "unknown", "{why}: {shown}");
        let fault = shown["fault"].as_str().unwrap_or_default();
        assert!(!fault.is_empty() && reason.ends_with(fault), "{why}: {shown}");
    }
    wait_for(|| hook.requests().len() == POISONS.len() + 1);
    assert_eq!(server.api("GET", "/monitors", None).status, 200);
}

/// What hb knows is fresh with the next ping; rules stay what they are.
fn pings_put_right_what_they_can(server: &Server) {
    for (number, (column, value, is_mended)) in POISONS.iter().enumerate() {
        let (slug, why) = (slug(number), format!("{column} = {value}"));
        ping(server, &slug);
        let shown = server.look(&slug);
        assert_eq!(shown["fault"].is_null(), *is_mended, "{why}: {shown}");
        let status = if *is_mended { "up" } else { "unknown" };
        assert_eq!(shown["status"], status, "{why}: {shown}");
        assert_eq!(open(server, &slug).is_empty(), *is_mended, "{why}");
    }
}

fn hook(server: &Server) -> FakeReceiver {
    let hook = FakeReceiver::always(&Step::Ok);
    server.channel("hook", &hook);
    hook
}

#[test]
fn a_receiver_that_finds_poison_at_its_start_tells_of_it_at_once() {
    let home = Home::new();
    let server = Server::start(&home);
    let hook = hook(&server);
    healthy(&server);
    assert_eq!(server.stop(), Some(0));
    poison(&home, "");
    let server = Server::start(&home);
    all_are_watched(&server, &hook);
    // It lasts, and is told once.
    assert_eq!(server.stop(), Some(0));
    let server = Server::start(&home);
    all_are_known(&server);
    pings_put_right_what_they_can(&server);
    let alarms = || {
        let what =
            |body: &[u8]| serde_json::from_slice::<Value>(body).expect("JSON")["what"].clone();
        hook.requests().iter().filter(|one| what(&one.body) == "opened").count()
    };
    assert_eq!(alarms(), POISONS.len() + 1);
}

fn all_are_known(server: &Server) {
    for (number, poison) in POISONS.iter().enumerate() {
        assert!(server.look(&slug(number))["fault"].is_string(), "{poison:?}");
        assert_eq!(open(server, &slug(number)).len(), 1, "{poison:?}");
    }
}

#[test]
fn poison_that_comes_while_it_runs_is_told_when_its_turn_comes() {
    let home = Home::new();
    let server = Server::start(&home);
    let hook = hook(&server);
    healthy(&server);
    // The last word wins where it is about the same column; that one is found by who looks at all.
    poison(&home, "wake_at = 1,");
    let store = store(&home);
    let without_turn = "update monitors set wake_at = 1, due_at = 'soon' where wake_at = 'soon'";
    assert_eq!(store.execute(without_turn, []), Ok(1));
    all_are_watched(&server, &hook);
    pings_put_right_what_they_can(&server);
}

#[test]
fn what_no_deadline_hangs_on_keeps_nobody_from_being_judged() {
    let home = Home::new();
    let server = Server::start(&home);
    for slug in ["one", "other"] {
        server.monitor(quick(slug));
        ping(&server, slug);
    }
    let sql = "update monitors set version = 'the second', created_at = 'once', name = x'00ff', \
        wake_at = 1 where slug = 'one'";
    assert_eq!(store(&home).execute(sql, []), Ok(1));
    server.await_status("one", "missed");
    server.await_status("other", "missed");
    ping(&server, "one");
    assert_eq!(server.look("one")["status"], "up");
}

#[test]
fn one_that_cannot_be_judged_at_all_is_set_aside_and_the_others_are_judged() {
    let home = Home::new();
    let mut server = Server::start(&home);
    server.monitor(quick("poison"));
    ping(&server, "poison");
    server.await_status("poison", "missed");
    // Its incident makes no sense, so that whatever is done about it fails.
    let store = store(&home);
    assert_eq!(store.execute("update incidents set opened_at = 'once'", []), Ok(1));
    assert_eq!(store.execute("update monitors set wake_at = 1", []), Ok(1));
    server.monitor(quick("died"));
    ping(&server, "died");
    server.await_status("died", "missed");
    server.line("is set aside for an hour");
    let waits: i64 = store
        .query_row("select wake_at from monitors where slug = 'poison'", [], |row| row.get(0))
        .expect("a moment");
    assert!(waits > jiff::Timestamp::now().as_millisecond() + 3_000_000, "{waits}");
}
