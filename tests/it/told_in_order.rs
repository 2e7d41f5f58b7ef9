//! What people are told of an incident: the end never before the beginning.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use super::databases::start_postgresql;
use super::hb::Home;
use super::receiver::{FakeReceiver, Step};
use super::receiving::wait_for;
use super::server::{PING_KEY, Server};

fn ping(server: &Server, slug: &str, word: &str) {
    let answer = server.get(&format!("/hb/{PING_KEY}/{slug}{word}"));
    assert_eq!(answer.status, 200, "{}", answer.text());
}

fn webhook(server: &Server, name: &str, hook: &FakeReceiver) {
    let channel = json!({
        "name": name, "kind": "webhook", "url": hook.url("/told"), "allow_private": true,
        "method": "POST",
    });
    let made = server.api("POST", "/channels", Some(channel));
    assert_eq!(made.status, 201, "{}", made.text());
}

/// What a webhook was told, in order.
fn told(hook: &FakeReceiver) -> Vec<String> {
    let what = |body: &[u8]| -> Value {
        serde_json::from_slice::<Value>(body).expect("a message is JSON")["what"].clone()
    };
    let all = hook.requests();
    all.iter().map(|request| what(&request.body).as_str().unwrap_or("?").to_owned()).collect()
}

fn incidents(server: &Server) -> Vec<Value> {
    let answer = server.api("GET", "/incidents", None);
    answer.json()["incidents"].as_array().expect("a list").clone()
}

fn show(server: &Server, incident: &Value) -> Value {
    let id = incident["id"].as_str().expect("an id");
    server.api("GET", &format!("/incidents/{id}"), None).json()
}

/// An alarm hangs while its incident ends, and then is refused for now.
fn the_end_waits_for_the_alarm(server: &Server) {
    let free = Arc::new(AtomicBool::new(false));
    let slow = FakeReceiver::new(&[Step::Held(500, Arc::clone(&free)), Step::Ok]);
    let quick = FakeReceiver::always(&Step::Ok);
    webhook(server, "slow", &slow);
    webhook(server, "quick", &quick);
    server.monitor(json!({ "slug": "job", "schedule": "every 1h" }));
    ping(server, "job", "/fail");
    wait_for(|| told(&slow) == ["opened"] && told(&quick) == ["opened"]);
    ping(server, "job", "");
    wait_for(|| told(&quick) == ["opened", "recovered"]);
    assert_eq!(told(&slow), ["opened"], "the end waits");
    free.store(true, Ordering::SeqCst);
    wait_for(|| told(&slow).len() == 2);
    assert_eq!(told(&slow), ["opened", "was_down"], "nobody has taken the alarm");
    let states = || -> Vec<String> {
        let shown = show(server, &incidents(server)[0]);
        let deliveries = shown["deliveries"].as_array().expect("a list").clone();
        let of_slow = deliveries.iter().filter(|one| one["channel"] == "slow");
        of_slow.map(|one| format!("{} {}", one["what"], one["state"])).collect()
    };
    wait_for(|| states() == ["\"opened\" \"merged\"", "\"closed\" \"sent\""]);
    assert_eq!((told(&slow).len(), told(&quick).len()), (2, 2));
}

#[test]
fn the_end_is_not_told_before_the_beginning() {
    let home = Home::new();
    the_end_waits_for_the_alarm(&Server::start(&home));
}

#[test]
fn the_end_is_not_told_before_the_beginning_on_postgresql() {
    let home = Home::new();
    let _database = start_postgresql(&home);
    let url = format!("postgres://hb@/shop?host={}", home.path("server").display());
    let server = Server::start_with(&home, |command| {
        command.env("HB_DATABASE", url);
    });
    the_end_waits_for_the_alarm(&server);
}
