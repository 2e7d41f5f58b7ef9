//! hb's own: `POST <url>/events` with a JSON array of events, each with its moment and its place.
//!
//! The receiver judges events by when they happened and knows a repeat by its run and its place, so
//! they may come late, twice and out of order, and nothing has to be left out or turned into a log
//! line. Nothing of an event is lost on the way but what only concerns this host. The other end is
//! `domain/ping/reader/hb.rs`; the test that both agree stands there.

use serde_json::{Map, Value, json};

use super::detect::is_uuid;
use super::{Answer, HttpRequest, Limits, Parameters, Request};
use crate::domain::address::{Address, percent_encode};
use crate::domain::base64;
use crate::domain::event::{Event, Kind};
use crate::domain::text::fit;
use crate::domain::time::Moment;

/// The version of the events on the wire. A receiver reads later ones as far as it knows them.
const VERSION: u8 = 1;
/// How much output travels, where the receiver has not told what it keeps: as `hb serve` keeps.
const TAIL_BYTES_DEFAULT: usize = 100_000;
/// The first segment of hb's own ping URLs.
const PREFIX: &str = "hb";

/// See [`super::Dialect::complete`].
///
/// Worked examples, for the monitor `nightly`:
/// `https://h.example/hb/<uuid>/start` → `https://h.example/hb/<uuid>`;
/// `https://h.example/hb/<key>` → `https://h.example/hb/<key>/nightly`;
/// `https://h.example` with a key → `https://h.example/hb/<key>/nightly`.
pub(super) fn complete(
    pasted: &Address,
    key: Option<&str>,
    monitor: &str,
) -> Result<Address, String> {
    let mut segments = pasted.segments();
    let monitor = percent_encode(monitor);
    let encoded = key.map(percent_encode);
    let at = match segments.iter().rposition(|segment| *segment == PREFIX) {
        Some(at) => at,
        None => {
            segments.push(PREFIX);
            segments.len() - 1
        }
    };
    let behind = segments.split_off(at + 1);
    match (behind.as_slice(), encoded.as_deref()) {
        ([uuid, ..], _) if is_uuid(uuid) => segments.push(uuid),
        ([key], _) => segments.extend([key, &*monitor]),
        ([key, slug, ..], _) => segments.extend([key, slug]),
        ([], Some(key)) => segments.extend([key, &*monitor]),
        ([], None) => return Err("the URL lacks the ping key or the monitor's UUID".to_owned()),
    }
    Ok(pasted.with_segments(&segments))
}

/// See [`super::Dialect::monitor_in`].
pub(super) fn monitor_in(address: &Address) -> Option<String> {
    let segments = address.segments();
    let at = segments.iter().rposition(|segment| *segment == PREFIX)?;
    match &segments[at + 1..] {
        [key, slug, ..] if !is_uuid(key) => Some((*slug).to_owned()),
        _ => None,
    }
}

/// See [`super::Dialect::spell`].
pub(super) fn spell(
    address: &Address,
    event: &Event,
    limits: Limits,
    parameters: &Parameters,
) -> Vec<Request> {
    // To pause is an order that needs another key than a ping.
    if matches!(event.kind, Kind::Pause | Kind::Resume) {
        return Vec::new();
    }
    let most = limits.body_bytes_max.unwrap_or(TAIL_BYTES_DEFAULT);
    let body = Value::Array(vec![written(event, parameters, most)]).to_string().into_bytes();
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    let url = address.url(&["events"], &[]);
    vec![Request::Http(HttpRequest { method: "POST", url, headers, body })]
}

/// One event as it travels; members that say nothing are left out.
fn written(event: &Event, parameters: &Parameters, tail_bytes_max: usize) -> Value {
    let moment = |at: Moment| Value::String(at.to_rfc3339());
    let mut members = Map::new();
    members.insert("v".to_owned(), json!(VERSION));
    members.insert("kind".to_owned(), json!(event.kind.word()));
    members.insert("monitor".to_owned(), json!(event.monitor));
    members.insert("at".to_owned(), moment(event.at));
    let placed = event.seq > 0 || event.kind == Kind::Start;
    let said = |value: Value| Some(value).filter(|value| !value.is_null());
    let optional = [
        // A place is one only within a run, and what is told by hand in between has none: were it 0 for
        // all of them, the second log line would be taken for a repeat of the first.
        ("run_id", event.run_id.map(|id| Value::String(id.to_string()))),
        ("seq", event.run_id.filter(|_| placed).map(|_| json!(event.seq))),
        ("sent_at", parameters.sent_at.map(moment)),
        ("up_ms", parameters.uptime.map(|uptime| json!(uptime.up_ms))),
        ("awake_ms", parameters.uptime.map(|uptime| json!(uptime.awake_ms))),
        ("behind", parameters.uptime.filter(|uptime| uptime.behind).map(|_| json!(true))),
        ("started_at", event.started_at.map(moment)),
        ("duration_ms", said(json!(event.elapsed_ms))),
        ("exit_code", said(json!(event.exit_code))),
        ("message", said(json!(event.message))),
        ("stage", said(json!(event.stage))),
        ("percent", said(json!(event.percent))),
        ("counted", (!event.counted.is_nothing()).then(|| json!(event.counted))),
        ("metrics", (!event.metrics.is_empty()).then(|| event.metrics.to_json())),
        ("tail", (!event.tail.is_empty()).then(|| bytes(&fit(&event.tail, tail_bytes_max)))),
        ("host", said(json!(event.host))),
        ("env", said(json!(event.env))),
        ("lease_ms", said(json!(event.lease_ms))),
        ("stalled", said(json!(event.stalled))),
        ("expected_ms", said(json!(event.expected_ms))),
        ("matches_expected", said(json!(event.matches_expected))),
        ("definition", said(json!(event.definition))),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            members.insert(name.to_owned(), value);
        }
    }
    Value::Object(members)
}

/// Bytes as JSON: a text where they are one.
fn bytes(bytes: &[u8]) -> Value {
    match std::str::from_utf8(bytes) {
        Ok(text) => Value::String(text.to_owned()),
        Err(_) => json!({ "base64": base64::encode(bytes) }),
    }
}

/// The members of a definition, as they are named on the wire.
const MEMBERS: [&str; 12] = [
    "schedule",
    "timezone",
    "grace",
    "owner",
    "description",
    "tags",
    "run_at_most",
    "start_within",
    "tolerance",
    "name",
    "presence",
    "absent_at_most",
];

/// See [`super::Dialect::untaken`]. The reasons stay unread: an answer may say anything.
pub(super) fn untaken(body: &[u8]) -> Vec<&'static str> {
    let results = serde_json::from_slice::<Vec<Value>>(body).unwrap_or_default();
    let Some(untaken) = results.first().and_then(|result| result["untaken"].as_object()) else {
        return Vec::new();
    };
    MEMBERS.into_iter().filter(|member| untaken.contains_key(*member)).collect()
}

/// See [`super::Dialect::judge`]: the answer names what became of each event, and a yes that does not
/// is somebody else's.
pub(super) fn judge(status: u16, body: &[u8]) -> Answer {
    match status {
        200..=299 => match serde_json::from_slice::<Vec<Value>>(body) {
            Ok(results) => match results.first().and_then(|result| result["result"].as_str()) {
                Some("stored" | "duplicate" | "late" | "ignored") => Answer::Accepted,
                Some(_) | None => Answer::Refused,
            },
            Err(_) => Answer::Refused,
        },
        0 | 408 | 425 | 429 | 500..=599 => Answer::Later,
        413 => Answer::TooLarge,
        _ => Answer::Refused,
    }
}
