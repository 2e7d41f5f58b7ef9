//! Messages and alerts that other programs send to people: Gotify, ntfy, Loki, Alertmanager.
//!
//! Most of them say nothing about a run. A message is a log line, for a success made of one would hide
//! a job that does not run, and a failure made of one would cry wolf.

use serde_json::Value;

use super::{Heard, Refused, Told, one, told};
use crate::domain::arrival::Arrival;
use crate::domain::event::Kind;
use crate::domain::ping::body::{form, json};
use crate::domain::ping::bounds;
use crate::domain::ping::payload::{Payload, body_is_output};
use crate::domain::ping::request::Request;
use crate::domain::ping::spot::Spot;
use crate::domain::ping::values;

/// The most alerts or lines of one request that are read.
const ITEMS_MAX: usize = 1_000;

/// Gotify, and Notifly's messages: the token is the key, wherever it travels.
pub(super) fn gotify(_: &Spot, request: &Request) -> Result<Vec<Told>, Refused> {
    let token = request.header("x-gotify-key").or_else(|| request.header("x-notifly-key"));
    let token = token.or_else(|| request.filled("token")).or_else(|| request.bearer());
    let token = token.filter(|token| !token.is_empty());
    let token =
        token.ok_or_else(|| Refused::new(401, "you need to provide a valid access token"))?;
    let mut arrival = Arrival::new(Kind::Log);
    let payload = match json(request) {
        Some(Value::Object(members)) => Some(Payload::of(members)),
        Some(_) | None => form(request, &["message"]).map(Payload::of_pairs),
    };
    match payload {
        Some(payload) => payload.fill(&mut arrival),
        None => body_is_output(&mut arrival, request),
    }
    let heard = Heard::Event(Box::new(arrival));
    Ok(vec![Told { keys: vec![vec![token.clone()]], token: Some(token), heard }])
}

/// ntfy: to a topic, or in JSON to the root with the topic in it.
pub(super) fn ntfy(spot: &Spot, request: &Request) -> Result<Vec<Told>, Refused> {
    let mut arrival = Arrival::new(Kind::Log);
    let mut key = spot.key.clone();
    match json(request) {
        Some(Value::Object(mut members)) if key.is_empty() => {
            let topic = members.remove("topic").as_ref().and_then(values::word);
            key.extend(topic);
            Payload::of(members).fill(&mut arrival);
        }
        _ => {
            body_is_output(&mut arrival, request);
            let title = request.header("title").or_else(|| request.header("x-title"));
            let text = title.unwrap_or_else(|| bounds::as_text(request.body));
            arrival.message = bounds::message(&text);
        }
    }
    if key.is_empty() {
        return Err(Refused::new(404, "not found"));
    }
    Ok(vec![told(key, arrival)])
}

/// Loki: the labels of a stream are the key, and borgmatic's lines say what happened.
pub(super) fn loki(_: &Spot, request: &Request) -> Result<Vec<Told>, Refused> {
    let sent = json(request).ok_or_else(|| Refused::new(400, "the body is not JSON"))?;
    let mut found = Vec::new();
    for stream in sent["streams"].as_array().into_iter().flatten().take(ITEMS_MAX) {
        let labels = stream["stream"].as_object();
        let mut labels: Vec<String> = labels
            .into_iter()
            .flatten()
            .map(|(name, value)| format!("{name}={}", values::word(value).unwrap_or_default()))
            .collect();
        labels.sort();
        for line in stream["values"].as_array().into_iter().flatten().take(ITEMS_MAX) {
            let text = line[1].as_str().unwrap_or_default();
            let mut arrival = Arrival::new(match text.split_whitespace().next() {
                Some("Started") => Kind::Start,
                Some("Finished") => Kind::Success,
                Some("Failed") => Kind::Failure,
                Some(_) | None => Kind::Log,
            });
            arrival.at = values::moment(&line[0]);
            arrival.message = bounds::message(text);
            found.push(told(vec![labels.join(",")], arrival));
            if found.len() >= ITEMS_MAX {
                return Ok(found);
            }
        }
    }
    Ok(found)
}

/// Alertmanager's own API: each alert is for the monitor that its labels name, else for its name.
pub(super) fn alertmanager(_: &Spot, request: &Request) -> Result<Vec<Told>, Refused> {
    let Some(Value::Array(alerts)) = json(request) else {
        return Err(Refused::new(400, "the body is not a JSON array of alerts"));
    };
    let told = alerts.iter().take(ITEMS_MAX).filter_map(|alert| {
        let label = |name: &str| alert["labels"][name].as_str().map(str::to_owned);
        let name = label("alertname")?;
        let ended = alert["endsAt"].as_str().is_some_and(|ends| !ends.starts_with("0001-"));
        let heard = match (is_watchdog(&name), ended) {
            (true, true) => Heard::Nothing,
            (watchdog, ended) => {
                let good = watchdog || ended;
                let mut arrival = Arrival::new(if good { Kind::Success } else { Kind::Failure });
                let said = alert["annotations"]["summary"].as_str();
                arrival.message = said.and_then(bounds::message);
                arrival.host = label("instance").and_then(|host| bounds::label(&host));
                let at = if ended { &alert["endsAt"] } else { &alert["startsAt"] };
                // A watchdog began long ago and is alive now.
                arrival.at = (!watchdog).then(|| values::moment(at)).flatten();
                Heard::Event(Box::new(arrival))
            }
        };
        let keys = [label("monitor").map(|monitor| vec![monitor]), Some(vec![name])];
        Some(Told { keys: keys.into_iter().flatten().collect(), token: None, heard })
    });
    Ok(told.collect())
}

/// Whether an alert of that name fires as long as all is well.
fn is_watchdog(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.contains("watchdog") || name.contains("deadman")
}

/// Alertmanager's webhook: firing means alive, and resolved is no sign of life.
pub(super) fn watchdog(spot: &Spot, sent: &Value) -> Result<Vec<Told>, Refused> {
    if sent["status"] == "resolved" {
        let keys = vec![spot.key.clone()];
        return Ok(vec![Told { keys, token: None, heard: Heard::Nothing }]);
    }
    let mut arrival = Arrival::new(Kind::Success);
    let said = &sent["commonAnnotations"]["summary"];
    let name = &sent["commonLabels"]["alertname"];
    arrival.message = said.as_str().or(name.as_str()).and_then(bounds::message);
    one(spot, arrival)
}
