//! Requests that clients of other services were recorded to send, sent to the real receiver: monitors
//! that adopt the keys of those services, all at once, hear what was meant, and the client gets the
//! answer that it knows.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::hb::Home;
use super::server::{API_KEY, Answer, Server};

const VECTORS: &str = include_str!("../../src/domain/ping/tests/vectors.json");

/// How something went; else what is wrong.
type Outcome = Result<(), String>;

fn vectors() -> Vec<Value> {
    serde_json::from_str(VECTORS).expect("the vectors are JSON")
}

/// A service and a key of its.
fn owner(vector: &Value) -> (String, Vec<String>) {
    let expect = &vector["expect"];
    let parts = expect["key"].as_array().expect("a key").iter();
    let parts = parts.map(|part| part.as_str().expect("a text").to_owned()).collect();
    (expect["dialect"].as_str().expect("a dialect").to_owned(), parts)
}

/// Makes a monitor for each key of the vectors; gives its slug by its key.
fn adopt(server: &Server) -> BTreeMap<(String, Vec<String>), String> {
    let vectors = vectors();
    let known = vectors.iter().filter(|vector| vector["expect"]["response"]["status"] != 404);
    let owners: BTreeSet<_> = known.map(owner).collect();
    let mut slugs = BTreeMap::new();
    for (number, (dialect, key)) in owners.into_iter().enumerate() {
        let slug = format!("adopted-{number}");
        server.monitor(json!({
            "slug": slug, "schedule": "every 1h", "keys": [{"dialect": dialect, "key": key}],
        }));
        slugs.insert((dialect, key), slug);
    }
    slugs
}

/// Sends the request of a vector.
fn send(server: &Server, request: &Value) -> Answer {
    let text = |name: &str| request[name].as_str().expect("a text");
    let headers = request["headers"].as_object().expect("headers");
    let headers: Vec<(&str, &str)> = headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str().expect("a text")))
        .collect();
    server.send(text("method"), text("target"), &headers, text("body").as_bytes())
}

/// Whether a JSON value holds another.
fn holds(wanted: &Value, found: &Value) -> bool {
    match wanted {
        Value::Object(members) => members.iter().all(|(name, value)| holds(value, &found[name])),
        Value::Number(number) => number.as_f64() == found.as_f64(),
        _ => wanted == found,
    }
}

fn check_answer(wanted: &Value, answer: &Answer) -> Outcome {
    let status = Value::from(answer.status);
    let others = wanted["status_alternatives"].as_array().cloned().unwrap_or_default();
    let text = answer.text();
    let sent = || serde_json::from_str::<Value>(&text).unwrap_or_default();
    let held =
        wanted.as_object().expect("a response").iter().all(|(name, wanted)| match name.as_str() {
            "status" => *wanted == status || others.contains(&status),
            "status_alternatives" => true,
            "body" => *wanted == text,
            "body_contains" => text.contains(wanted.as_str().expect("a text")),
            "empty_body" => text.is_empty(),
            "json" => *wanted == sent(),
            "json_subset" => holds(wanted, &sent()),
            "json_present" => wanted
                .as_array()
                .expect("a list")
                .iter()
                .all(|name| !sent()[name.as_str().expect("a text")].is_null()),
            "headers" => {
                answer.header("ping-body-limit").is_some_and(|limit| limit.parse::<u32>().is_ok())
            }
            other => panic!("a vector asks for `{other}`"),
        });
    if held { Ok(()) } else { Err(format!("{} {text} instead of {wanted}", answer.status)) }
}

fn check_fields(server: &Server, wanted: &Value, event: &Value) -> Outcome {
    for (name, wanted) in wanted.as_object().expect("fields") {
        let found = match name.as_str() {
            "run_id" | "series" => event["run_id"].clone(),
            "message" | "exit_code" | "metrics" => event[name].clone(),
            "env" | "host" | "stage" => event["fields"][name].clone(),
            "duration_ms" => json!(event["duration_s"].as_f64().unwrap_or(-1.0) * 1000.0),
            "progress" => json!({ "percent": event["fields"]["percent"] }),
            "tail" => {
                let id = event["id"].as_str().expect("an id");
                server.api("GET", &format!("/runs/event-{id}"), None).json()["output"].clone()
            }
            // A moment of the client counts for a day; that of a recording lies further back.
            "at" => continue,
            other => panic!("a vector asks for `{other}`"),
        };
        if !holds(wanted, &found) {
            return Err(format!("{name} is {found} instead of {wanted}"));
        }
    }
    Ok(())
}

/// To pause takes a key of the receiver: the token of the other service is no key here.
fn check_pause(server: &Server, slug: &str, vector: &Value) -> Outcome {
    let foreign = send(server, &vector["request"]);
    if foreign.status != 401 || server.look(slug)["status"] == "paused" {
        return Err(format!("{} for a foreign token", foreign.status));
    }
    let mut request = vector["request"].clone();
    request["headers"]["X-Notifly-Key"] = API_KEY.into();
    check_answer(&vector["expect"]["response"], &send(server, &request))?;
    match server.look(slug)["status"].as_str() {
        Some("paused") => Ok(()),
        other => Err(format!("{other:?} after a pause")),
    }
}

fn check(
    server: &Server,
    slugs: &BTreeMap<(String, Vec<String>), String>,
    vector: &Value,
) -> Outcome {
    let (expect, owner) = (&vector["expect"], owner(vector));
    let events = || slugs.get(&owner).map(|slug| server.events(slug)).unwrap_or_default();
    if expect["kind"] == "pause" {
        return check_pause(server, slugs.get(&owner).expect("it is adopted"), vector);
    }
    let before: Vec<Value> = events().iter().map(|event| event["id"].clone()).collect();
    check_answer(&expect["response"], &send(server, &vector["request"]))?;
    let mut new = events();
    new.retain(|event| !before.contains(&event["id"]));
    let kind = match new.as_slice() {
        [] => "reject",
        [event]
            if event["notes"].as_array().is_some_and(|notes| notes.contains(&json!("ignored"))) =>
        {
            "ignore"
        }
        [event] => event["kind"].as_str().unwrap_or_default(),
        _ => return Err(format!("{} events of one request", new.len())),
    };
    let allowed = expect["allowed_kinds"].as_array().cloned().unwrap_or_default();
    // What asks for no event leaves none: neither what is refused nor what says nothing.
    let silent =
        new.is_empty() && (expect["kind"] == "ignore" || allowed.contains(&json!("ignore")));
    if !(expect["kind"] == kind || allowed.contains(&json!(kind)) || silent) {
        return Err(format!("{kind} instead of {}", expect["kind"]));
    }
    match new.first() {
        Some(event) if event["dialect"] != owner.0.as_str() => {
            Err(format!("taken for {}", event["dialect"]))
        }
        Some(event) => check_fields(server, &expect["fields"], event),
        None => Ok(()),
    }
}

#[test]
fn every_recorded_client_is_understood_and_answered_over_the_socket() {
    let home = Home::new();
    let server = Server::start(&home);
    let slugs = adopt(&server);
    let vectors = vectors();
    let wrong: Vec<String> = vectors
        .iter()
        .filter_map(|vector| {
            let why = check(&server, &slugs, vector).err()?;
            Some(format!("{}: {why}", vector["id"]))
        })
        .collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), vectors.len(), wrong.join("\n"));
}

#[test]
fn one_monitor_may_adopt_every_key_and_each_leads_to_one_monitor() {
    let home = Home::new();
    let server = Server::start(&home);
    let owners: BTreeSet<_> = vectors().iter().map(owner).collect();
    let keys: Vec<Value> =
        owners.iter().map(|(dialect, key)| json!({ "dialect": dialect, "key": key })).collect();
    server.monitor(json!({ "slug": "all", "schedule": "every 1h", "keys": keys }));
    let other = json!({ "slug": "other", "keys": [keys[0]] });
    let answer = server.api("POST", "/monitors", Some(other.clone()));
    assert_eq!(answer.status, 409, "{}", answer.text());
    assert_eq!(server.api("PATCH", "/monitors/all", Some(json!({ "keys": [] }))).status, 200);
    assert_eq!(server.api("POST", "/monitors", Some(other)).status, 201);
}

#[test]
fn a_value_that_is_pushed_again_and_again_is_one_success_at_its_own_moment() {
    let home = Home::new();
    let server = Server::start(&home);
    let keys = json!([{ "dialect": "pushgateway", "key": ["backup"] }]);
    server.monitor(json!({ "slug": "pushed", "schedule": "every 1h", "keys": keys }));
    let now_s = jiff::Timestamp::now().as_second();
    let success = |at_s: i64| format!("backup_last_success_timestamp_seconds {at_s}\n");
    let start = |at_s: i64| format!("backup_last_start_timestamp_seconds {at_s}\n");
    let failure = "backup_exit_code 2\n".to_owned();
    // What is pushed, the kind it is kept as, whether it is stale, and the status after it.
    for (pushed, kind, is_stale, status) in [
        (success(now_s - 259_200), "success", true, "new"),
        (success(now_s - 20), "success", false, "up"),
        (success(now_s - 20), "log", false, "up"),
        (start(now_s - 30), "log", false, "up"),
        (success(now_s - 19) + &failure, "failure", false, "failed"),
        (success(now_s - 20), "log", false, "failed"),
        (success(now_s - 259_200), "success", true, "failed"),
        (success(0), "success", true, "failed"),
        (success(now_s + 259_200), "log", false, "failed"),
        ("backup_last_success 9e99\n".to_owned(), "log", false, "failed"),
        (success(now_s + 30), "success", false, "up"),
    ] {
        assert_eq!(server.post("/metrics/job/backup", pushed.as_bytes()).status, 200);
        let event = &server.events("pushed")[0];
        let notes = event["notes"].as_array().expect("notes");
        let found = (&event["kind"], notes.contains(&json!("stale")));
        assert_eq!(found, (&json!(kind), is_stale), "{pushed}: {event:#}");
        assert_eq!(server.look("pushed")["status"], status, "{pushed}");
    }
    assert_eq!(server.look("pushed")["facts"]["runs"], json!([]));
}
