//! hb's own events: a JSON array, each with its own moment and its place in its run.
//!
//! The same URL takes Healthchecks' words, for curl. See `domain/dialect/hb.rs` for the other end.

use serde_json::{Map, Value};

use super::{Heard, Refused, Told, healthchecks, told};
use crate::domain::arrival::{Arrival, Definition, TAGS_MAX};
use crate::domain::base64;
use crate::domain::event::Kind;
use crate::domain::host::Uptime;
use crate::domain::metric::Metrics;
use crate::domain::ping::body::json;
use crate::domain::ping::bounds;
use crate::domain::ping::payload::Payload;
use crate::domain::ping::request::Request;
use crate::domain::ping::spot::{Spot, Verb};
use crate::domain::ping::values;

/// The most events of one request. A client that has more spooled sends them in several.
pub(crate) const EVENTS_MAX: usize = 1_000;

/// Reads a ping at one of hb's own URLs. What stands in the body is the job's output, which may be JSON
/// with any words in it; only `{"test": true}` says that nothing has happened.
pub(super) fn read(spot: &Spot, request: &Request) -> Result<Vec<Told>, Refused> {
    match spot.verb {
        Verb::Events => events(spot, request),
        Verb::Nothing if is_test(request) => super::one(spot, Arrival::new(Kind::Test)),
        _ => healthchecks::read_lenient(spot, request),
    }
}

/// Whether somebody only tries out whether a ping arrives.
fn is_test(request: &Request) -> bool {
    json(request).is_some_and(|sent| sent == serde_json::json!({ "test": true }))
}

/// The events in the body, in their order. One that cannot be read is refused by itself.
fn events(spot: &Spot, request: &Request) -> Result<Vec<Told>, Refused> {
    if request.method != "POST" {
        return Err(Refused::new(405, "events are sent by POST"));
    }
    let key = request.bearer();
    if spot.key.is_empty() && key.is_none() {
        return Err(Refused::new(401, "a ping key is missing: `Authorization: Bearer …`"));
    }
    let list = match json(request) {
        Some(Value::Array(list)) => list,
        Some(one) => vec![one],
        None => return Err(Refused::new(400, "the body is not a JSON array of events")),
    };
    if list.len() > EVENTS_MAX {
        let line = format!("{} events at once; the most is {EVENTS_MAX}", list.len());
        return Err(Refused { status: 413, line });
    }
    Ok(list.into_iter().map(|value| event(spot, key.as_deref(), value)).collect())
}

/// One event of a list.
fn event(spot: &Spot, ping_key: Option<&str>, value: Value) -> Told {
    let refused =
        |keys, why: &str| Told { keys, token: None, heard: Heard::Refused(why.to_owned()) };
    let Value::Object(members) = value else {
        return refused(vec![spot.key.clone()], "it is not an object");
    };
    let monitor = members.get("monitor").and_then(Value::as_str).unwrap_or_default().to_owned();
    // The URL names the monitor; only the address for all of them leaves that to the event.
    let key = match (spot.key.is_empty(), ping_key) {
        (true, Some(ping_key)) => vec![ping_key.to_owned(), monitor],
        _ => spot.key.clone(),
    };
    match arrival(members) {
        Ok(arrival) => told(key, arrival),
        Err(why) => refused(vec![key], &why),
    }
}

/// What an event tells, or why it tells nothing.
fn arrival(members: Map<String, Value>) -> Result<Arrival, String> {
    check(&members)?;
    let mut payload = Payload::of(members);
    let word = payload.word(&["kind"]).ok_or("it has no `kind`")?;
    let kind = Kind::parse(&word).ok_or_else(|| {
        format!("`{}` is no kind of event", crate::domain::text::excerpt(word.as_bytes()))
    })?;
    let mut arrival = Arrival::new(kind);
    payload.forget(&["v", "monitor"]);
    arrival.seq = payload.read(&["seq"], number);
    arrival.sent_at = payload.read(&["sent_at"], values::moment);
    let up_ms = payload.read(&["up_ms"], Value::as_u64);
    let awake_ms = payload.read(&["awake_ms"], Value::as_u64);
    let behind = payload.read(&["behind"], Value::as_bool) == Some(true);
    arrival.uptime =
        up_ms.zip(awake_ms).map(|(up_ms, awake_ms)| Uptime { up_ms, awake_ms, behind });
    arrival.metrics = payload.take(&["metrics"]).map_or_else(Metrics::default, metrics);
    if let Some(counted) = payload.take(&["counted"]) {
        arrival.counted = serde_json::from_value(counted).unwrap_or_default();
        arrival.counted.unit = arrival.counted.unit.as_deref().and_then(bounds::label);
    }
    arrival.definition = payload.take(&["definition"]).and_then(definition);
    let output = payload.read(&["tail"], bytes).unwrap_or_default();
    arrival.output_bytes = u64::try_from(output.len()).unwrap_or(u64::MAX);
    arrival.output = bounds::output(&output, arrival.output_bytes);
    let fields = payload.take(&["fields"]);
    payload.fill(&mut arrival);
    if let Some(Value::Object(fields)) = fields {
        let mut room = bounds::FIELDS_BYTES_MAX;
        for (name, value) in fields {
            bounds::keep(&mut arrival.fields, &mut room, &name, value);
        }
    }
    Ok(arrival)
}

/// Refuses what an event is known and judged by where that is said wrongly: without it it would be another
/// event.
fn check(members: &Map<String, Value>) -> Result<(), String> {
    let said = |name: &str| members.get(name).filter(|value| !value.is_null());
    if said("seq").is_some_and(|value| number(value).is_none()) {
        return Err("its `seq` is no whole number from 0".to_owned());
    }
    let is_wrong = |name: &&str| said(name).is_some_and(|value| values::moment(value).is_none());
    match ["at", "sent_at", "started_at"].iter().find(|name| is_wrong(name)) {
        Some(name) => Err(format!("its `{name}` is no moment such as 2026-12-24T18:00:00Z")),
        None => Ok(()),
    }
}

/// A place in a run.
fn number(value: &Value) -> Option<u32> {
    value.as_u64().and_then(|seq| u32::try_from(seq).ok())
}

/// Metrics as hb writes them: numbers are numbers, and a text is a text even where it looks like one.
fn metrics(value: Value) -> Metrics {
    Metrics::from_json(&value)
}

/// Bytes in either of their JSON forms.
fn bytes(value: &Value) -> Option<Vec<u8>> {
    match value {
        Value::String(text) => Some(text.clone().into_bytes()),
        Value::Object(members) => base64::decode(members.get("base64")?.as_str()?),
        _ => None,
    }
}

/// The monitor as its job describes it, within bounds; none where it says nothing that can be read.
fn definition(value: Value) -> Option<Box<Definition>> {
    let mut read: Definition = serde_json::from_value(value).ok()?;
    let texts = [
        &mut read.schedule,
        &mut read.timezone,
        &mut read.grace,
        &mut read.owner,
        &mut read.description,
        &mut read.run_at_most,
        &mut read.start_within,
        &mut read.presence,
        &mut read.absent_at_most,
        &mut read.name,
    ];
    for text in texts {
        *text = text.as_deref().and_then(bounds::message);
    }
    read.tags = read.tags.iter().take(TAGS_MAX).filter_map(|tag| bounds::label(tag)).collect();
    (read != Definition::default()).then(|| Box::new(read))
}
