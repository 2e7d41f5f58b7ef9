//! Services with a JSON body of their own: Honeybadger, AppSignal, CronBeacon, PagerDuty.

use serde_json::Value;

use super::{Heard, Refused, Told, one, told};
use crate::domain::arrival::Arrival;
use crate::domain::event::Kind;
use crate::domain::ping::body::json;
use crate::domain::ping::bounds;
use crate::domain::ping::payload::{Payload, body_is_output};
use crate::domain::ping::request::Request;
use crate::domain::ping::spot::Spot;
use crate::domain::ping::{values, words};

/// The most lines of an AppSignal report that are read; its client sends at most a few at a time.
const LINES_MAX: usize = 1_000;

/// Honeybadger: a GET is a success, a POST says more.
pub(super) fn honeybadger(spot: &Spot, request: &Request) -> Result<Vec<Told>, Refused> {
    let mut arrival = Arrival::new(Kind::Success);
    let Some(mut sent) = json(request) else {
        body_is_output(&mut arrival, request);
        return one(spot, arrival);
    };
    let Some(Value::Object(mut members)) = sent.get_mut("check_in").map(Value::take) else {
        return one(spot, arrival);
    };
    let status = members.remove("status").as_ref().and_then(values::word);
    if let Some(kind) = status.as_deref().and_then(words::kind) {
        arrival.kind = kind;
    }
    // Its durations are milliseconds, unlike most.
    let duration = members.remove("duration");
    arrival.duration_ms = duration.and_then(|value| values::span_ms(&value, 1.0));
    let errors = members.remove("stderr").as_ref().and_then(Value::as_str).map(str::to_owned);
    arrival.message = errors.as_deref().and_then(bounds::message);
    Payload::of(members).fill(&mut arrival);
    one(spot, arrival)
}

/// AppSignal: one line of JSON per event, each for a monitor of its own.
pub(super) fn appsignal(_: &Spot, request: &Request) -> Result<Vec<Told>, Refused> {
    let key = request.filled("api_key").ok_or_else(|| Refused::new(401, "api_key is missing"))?;
    let label = |name: &str| request.filled(name).and_then(|text| bounds::label(&text));
    let (host, env) = (label("hostname"), label("environment"));
    let lines = request.body.split(|byte| *byte == b'\n').take(LINES_MAX);
    let told = lines.filter_map(|line| {
        let event: Value = serde_json::from_slice(line).ok()?;
        let mut arrival = Arrival::new(match event["kind"].as_str() {
            Some("start") => Kind::Start,
            // A heartbeat has no kind; a finish is a success, for it knows no failures.
            _ => Kind::Success,
        });
        arrival.run_id = event["digest"].as_str().and_then(bounds::run_id);
        arrival.at = values::moment(&event["timestamp"]);
        (arrival.host, arrival.env) = (host.clone(), env.clone());
        let identifier = event["identifier"].as_str()?.to_owned();
        Some(told(vec![key.clone(), identifier], arrival))
    });
    Ok(told.collect())
}

/// CronBeacon: the key of the job in the body, the token in a header.
pub(super) fn cronbeacon(_: &Spot, request: &Request) -> Result<Vec<Told>, Refused> {
    let token = request.bearer().ok_or_else(|| Refused::new(401, "token is missing"))?;
    let Some(Value::Object(mut members)) = json(request) else {
        return Err(Refused::new(400, "the body is not JSON"));
    };
    let job = members.remove("job_key").as_ref().and_then(values::word);
    let job = job.ok_or_else(|| Refused::new(400, "job_key is missing"))?;
    let event = members.remove("event").as_ref().and_then(values::word);
    let kind = event.as_deref().and_then(words::kind);
    let kind = kind.ok_or_else(|| Refused::new(400, "event is missing or unknown"))?;
    let mut arrival = Arrival::new(kind);
    Payload::of(members).fill(&mut arrival);
    let heard = Heard::Event(Box::new(arrival));
    Ok(vec![Told { keys: vec![vec![job, token.clone()]], token: Some(token), heard }])
}

/// PagerDuty: it only hears of failures and of their end.
pub(super) fn pagerduty(_: &Spot, request: &Request) -> Result<Vec<Told>, Refused> {
    let Some(Value::Object(mut sent)) = json(request) else {
        return Err(Refused::new(400, "the body is not JSON"));
    };
    let mut taken = |name: &str| sent.remove(name).unwrap_or(Value::Null);
    let Some(key) = taken("routing_key").as_str().map(str::to_owned) else {
        return Err(Refused::new(400, "'routing_key' is missing"));
    };
    let kind = match taken("event_action").as_str() {
        Some("trigger") => Kind::Failure,
        Some("resolve") => Kind::Success,
        Some("acknowledge") => Kind::Log,
        Some(_) | None => return Err(Refused::new(400, "'event_action' is invalid")),
    };
    let mut payload = match taken("payload") {
        Value::Object(payload) => Value::Object(payload),
        _ => Value::Object(serde_json::Map::new()),
    };
    let severe = !matches!(payload["severity"].as_str(), Some("warning" | "info"));
    let kind = if kind == Kind::Failure && !severe { Kind::Warning } else { kind };
    let mut arrival = Arrival::new(kind);
    arrival.message = payload["summary"].as_str().and_then(bounds::message);
    arrival.host = payload["source"].as_str().and_then(bounds::label);
    arrival.at = values::moment(&payload["timestamp"]);
    if let Value::Object(details) = payload["custom_details"].take() {
        Payload::of(details).fill(&mut arrival);
    }
    let mut room = bounds::FIELDS_BYTES_MAX;
    for (name, value) in [
        ("dedup_key", taken("dedup_key")),
        ("component", payload["component"].take()),
        ("group", payload["group"].take()),
        ("class", payload["class"].take()),
    ] {
        if !value.is_null() {
            bounds::keep(&mut arrival.fields, &mut room, name, value);
        }
    }
    Ok(vec![told(vec![key], arrival)])
}
