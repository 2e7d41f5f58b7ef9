//! Requests that real clients were recorded to send, or that their documents show, all keys registered
//! at once: a shape must not steal another's ping.

use serde_json::Value;

use super::registry::{Came, Registry, with};
use crate::domain::arrival::Arrival;

const VECTORS: &str = include_str!("vectors.json");

fn texts(value: &Value) -> Vec<String> {
    let list = value.as_array().expect("a list");
    list.iter().map(|text| text.as_str().expect("a text").to_owned()).collect()
}

/// What the vectors call the kinds that are none of an event.
fn word(came: &Came) -> &'static str {
    match came.heard.as_slice() {
        [] => "reject",
        [(_, None), ..] => "ignore",
        [(_, Some(arrival)), ..] => arrival.kind.word(),
    }
}

/// Whether a JSON value holds another.
fn holds(wanted: &Value, found: &Value) -> bool {
    match wanted {
        Value::Object(members) => members.iter().all(|(name, value)| holds(value, &found[name])),
        Value::Number(number) => number.as_f64() == found.as_f64(),
        _ => wanted == found,
    }
}

fn check_field(id: &str, name: &str, wanted: &Value, arrival: &Arrival) {
    let text = |found: &Option<String>| Value::from(found.clone());
    let found = match name {
        "run_id" | "series" => text(&arrival.run_id),
        "message" => text(&arrival.message),
        "env" => text(&arrival.env),
        "host" => text(&arrival.host),
        "stage" => text(&arrival.stage),
        "duration_ms" => arrival.duration_ms.into(),
        "exit_code" => arrival.exit_code.into(),
        "tail" => String::from_utf8(arrival.output.clone()).expect(id).into(),
        "metrics" => arrival.metrics.to_json(),
        "progress" => serde_json::json!({ "percent": arrival.percent }),
        "at" => {
            let ms = arrival.at.expect(id).epoch_ms();
            let wanted = (wanted.as_f64().expect(id) * 1e3).round() as i64;
            return assert_eq!(ms, wanted, "{id}");
        }
        _ => panic!("{id}: {name}"),
    };
    assert!(holds(wanted, &found), "{id}: {name}: {found} instead of {wanted}");
}

fn check_response(id: &str, wanted: &Value, came: &Came) {
    let answer = &came.answer;
    let alternatives = wanted["status_alternatives"].as_array().cloned().unwrap_or_default();
    let status = Value::from(answer.status);
    assert!(wanted["status"] == status || alternatives.contains(&status), "{id}: {answer:?}");
    let json = || serde_json::from_slice::<Value>(&answer.body).expect(id);
    for (name, wanted) in wanted.as_object().expect("a response") {
        match name.as_str() {
            "status" | "status_alternatives" => {}
            "body" => assert_eq!(came.text(), wanted.as_str().expect(id), "{id}"),
            "body_contains" => assert!(came.text().contains(wanted.as_str().expect(id)), "{id}"),
            "empty_body" => assert!(answer.body.is_empty(), "{id}"),
            "json" => assert_eq!(json(), *wanted, "{id}"),
            "json_subset" => assert!(holds(wanted, &json()), "{id}: {}", json()),
            "json_present" => {
                for path in texts(wanted) {
                    assert!(!json()[&path].is_null(), "{id}: {path}");
                }
            }
            "headers" => {
                let limit = answer.headers.iter().find(|(name, _)| *name == "ping-body-limit");
                assert!(limit.is_some_and(|(_, value)| value.parse::<u32>().is_ok()), "{id}");
            }
            _ => panic!("{id}: {name}"),
        }
    }
}

#[test]
fn every_recorded_client_is_understood_and_answered() {
    let vectors: Vec<Value> = serde_json::from_str(VECTORS).expect("JSON");
    assert_eq!(vectors.len(), 89);
    let mut registry = Registry::default();
    for vector in &vectors {
        let expect = &vector["expect"];
        if expect["response"]["status"] != 404 {
            let dialect = expect["dialect"].as_str().expect("a dialect").to_owned();
            registry.aliases.push((texts(&expect["key"]), dialect));
        }
    }
    for vector in &vectors {
        let (id, request) = (vector["id"].as_str().expect("an id"), &vector["request"]);
        let text = |name: &str| request[name].as_str().expect(id);
        let headers = request["headers"].as_object().expect(id);
        let headers: Vec<(&str, &str)> = headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str().expect(id)))
            .collect();
        let line = (text("method"), text("target"));
        let came = with(line, &headers, text("body").as_bytes(), |request| registry.take(request));
        let expect = &vector["expect"];
        let kind = word(&came);
        let allowed = expect["allowed_kinds"].as_array().cloned().unwrap_or_default();
        assert!(
            expect["kind"] == kind || allowed.contains(&kind.into()),
            "{id}: {kind} instead of {}: {came:?}",
            expect["kind"]
        );
        if let [(key, arrival)] = came.heard.as_slice() {
            assert_eq!(
                (&came.dialect, key),
                (&expect["dialect"].as_str().expect(id).to_owned(), &texts(&expect["key"])),
                "{id}"
            );
            for (name, wanted) in expect["fields"].as_object().expect(id) {
                check_field(id, name, wanted, arrival.as_ref().expect(id));
            }
        }
        check_response(id, &expect["response"], &came);
    }
}
