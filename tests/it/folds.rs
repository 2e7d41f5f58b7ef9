//! Many monitors of one host go bad, and well again, at the same time.

use std::time::Duration;

use serde_json::{Value, json};

use super::hb::Home;
use super::receiver::{FakeReceiver, Step};
use super::receiving::{wait_for, wait_within};
use super::server::{PING_KEY, Server};

const MONITORS: usize = 40;

/// What follows is gathered for a minute.
const WINDOW: Duration = Duration::from_secs(80);

fn tell(server: &Server, host: Option<&str>, kind: &str, slugs: impl Iterator<Item = usize>) {
    let event =
        |number: usize| json!({ "monitor": format!("job-{number}"), "kind": kind, "host": host });
    let events: Vec<Value> = slugs.map(event).collect();
    let bearer = format!("Bearer {PING_KEY}");
    let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
    let body = Value::from(events).to_string();
    let answer = server.send("POST", "/api/hb/v1/events", &headers, body.as_bytes());
    assert_eq!(answer.status, 200, "{}", answer.text());
}

fn channel(server: &Server, name: &str, settings: Value, hook: &FakeReceiver) {
    let mut channel = json!({
        "name": name, "kind": "webhook", "url": hook.url("/told"), "allow_private": true,
    });
    for (key, value) in settings.as_object().expect("an object") {
        channel[key] = value.clone();
    }
    assert_eq!(server.api("POST", "/channels", Some(channel)).status, 201);
}

fn told(hook: &FakeReceiver) -> Vec<Value> {
    let message = |body: &[u8]| serde_json::from_slice(body).expect("a message is JSON");
    hook.requests().iter().map(|request| message(&request.body)).collect()
}

fn others(message: &Value) -> usize {
    message["others"].as_array().map_or(0, Vec::len)
}

#[test]
fn the_last_word_of_a_monitor_is_the_newest() {
    let home = Home::new();
    let server = Server::start(&home);
    let desk = FakeReceiver::always(&Step::Ok);
    channel(&server, "desk", json!({}), &desk);
    for number in 0..2 {
        server.monitor(json!({ "slug": format!("job-{number}"), "schedule": "every 1h" }));
    }
    let first = |kind: &str| tell(&server, Some("web-3"), kind, 0..1);
    let second = |kind: &str| tell(&server, Some("web-3"), kind, 1..2);
    let whats = || -> Vec<String> {
        told(&desk).iter().map(|one| one["what"].as_str().expect("a word").to_owned()).collect()
    };
    first("failure");
    wait_for(|| whats() == ["opened"]);
    first("success");
    wait_for(|| whats() == ["opened", "recovered"]);
    // Both wait to be told together with others, until there is something newer.
    second("failure");
    second("success");
    second("failure");
    wait_for(|| whats() == ["opened", "recovered", "was_down", "opened"]);
}

#[test]
fn a_host_that_goes_down_is_one_page_and_one_list() {
    let home = Home::new();
    let server = Server::start(&home);
    let (desk, machine) = (FakeReceiver::always(&Step::Ok), FakeReceiver::always(&Step::Ok));
    channel(&server, "desk", json!({}), &desk);
    channel(&server, "machine", json!({ "body": "{\"name\": $NAME_JSON}" }), &machine);
    for number in 0..=MONITORS {
        server.monitor(json!({ "slug": format!("job-{number}"), "schedule": "every 1h" }));
    }
    tell(&server, Some("web-3"), "failure", 0..MONITORS);
    // A machine that is told by a template hears of each; so does everybody of a monitor without a host.
    wait_for(|| machine.requests().len() == MONITORS);
    tell(&server, None, "failure", MONITORS..=MONITORS);
    wait_for(|| told(&desk).len() == 2);
    assert_eq!(told(&desk).iter().map(others).collect::<Vec<_>>(), [0, 0]);
    // One is well again before the others are told of.
    tell(&server, Some("web-3"), "success", MONITORS - 1..MONITORS);

    wait_within(WINDOW, || told(&desk).len() >= 4);
    let lists: Vec<Value> = told(&desk).split_off(2);
    let list = lists.iter().find(|one| one["what"] == "opened").expect("the list of the bad");
    assert_eq!(others(list), MONITORS - 3, "{list}");
    let subject = list["subject"].as_str().expect("a subject");
    assert!(subject.contains(&format!(" and {} more on web-3, since", MONITORS - 3)), "{subject}");
    assert!(lists.iter().any(|one| one["what"] == "was_down" && others(one) == 0), "{lists:?}");
    assert_eq!(told(&desk).len(), 4);

    // Every one is told of as one by itself would be: each of its deliveries is noted as sent.
    let answer = server.api("GET", "/incidents?limit=100", None).json();
    let incidents = answer["incidents"].as_array().expect("a list").clone();
    assert_eq!(incidents.len(), MONITORS + 1);
    for incident in incidents {
        let id = incident["id"].as_str().expect("an id").to_owned();
        wait_for(|| {
            let shown = server.api("GET", &format!("/incidents/{id}"), None).json();
            let deliveries = shown["deliveries"].as_array().expect("a list").clone();
            deliveries.iter().all(|one| one["state"] == "sent" || one["state"] == "merged")
        });
    }
}

#[test]
fn of_three_hundred_monitors_of_a_host_that_falls_silent_there_is_one_page() {
    const SILENT: usize = 300;
    let home = Home::new();
    let server = Server::start(&home);
    let desk = FakeReceiver::always(&Step::Ok);
    channel(&server, "desk", json!({}), &desk);
    for number in 0..SILENT {
        server.monitor(json!({
            "slug": format!("job-{number}"), "schedule": "every 5s", "grace": "5s", "tolerance": 0,
        }));
    }
    tell(&server, Some("web-3"), "success", 0..SILENT);
    wait_for(|| !desk.requests().is_empty());
    wait_within(WINDOW, || told(&desk).iter().map(|one| 1 + others(one)).sum::<usize>() == SILENT);
    let words: Vec<(Value, usize)> =
        told(&desk).iter().map(|one| (one["status"].clone(), others(one))).collect();
    // One at once, and those that followed in as few messages as hold them.
    assert!(words.len() <= 3 && words[0].1 == 0, "{words:?}");
    assert!(words.iter().all(|(status, _)| status == "missed"), "{words:?}");
}
