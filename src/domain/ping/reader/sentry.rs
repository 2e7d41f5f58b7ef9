//! Sentry's check-ins, as single requests and in envelopes.

use serde_json::{Map, Value};

use super::{Refused, Told, told};
use crate::domain::arrival::{Arrival, Definition};
use crate::domain::event::Kind;
use crate::domain::ping::body::json;
use crate::domain::ping::bounds;
use crate::domain::ping::request::Request;
use crate::domain::ping::spot::Spot;
use crate::domain::ping::values;

/// The most items of an envelope that are looked at; SDKs send three.
const ITEMS_MAX: usize = 100;

/// A check-in by itself: the words in the query, or in JSON with the definition of the monitor.
pub(super) fn read(spot: &Spot, request: &Request) -> Result<Vec<Told>, Refused> {
    let mut members = match json(request) {
        Some(Value::Object(members)) => members,
        Some(_) | None => Map::new(),
    };
    for name in ["status", "check_in_id", "environment", "duration"] {
        if let Some(value) = request.filled(name) {
            members.insert(name.to_owned(), Value::String(value));
        }
    }
    let mut key = spot.key.clone();
    if key.len() == 2 {
        key.extend(sender(request));
    }
    match check_in(&members) {
        Some(arrival) => Ok(vec![told(key, arrival)]),
        None => Err(Refused::new(400, "missing check-in status")),
    }
}

/// An envelope: of its items only check-ins count, everything else is answered with a yes.
pub(super) fn read_envelope(spot: &Spot, request: &Request) -> Result<Vec<Told>, Refused> {
    let (header, mut rest) = line(request.body);
    let header: Value = serde_json::from_slice(header).unwrap_or(Value::Null);
    let dsn = header["dsn"].as_str().and_then(|dsn| {
        let (user, _) = dsn.split_once("://")?.1.split_once('@')?;
        Some(user.split(':').next().unwrap_or_default().to_owned())
    });
    let sender = sender(request).or(dsn);
    let mut found = Vec::new();
    for _ in 0..ITEMS_MAX {
        let (item, after) = line(rest);
        if item.is_empty() && after.is_empty() {
            break;
        }
        rest = after;
        let Ok(item) = serde_json::from_slice::<Value>(item) else { continue };
        let (payload, after) = body_of(&item, rest);
        rest = after;
        let is_check_in = item["type"] == "check_in";
        let Some(Value::Object(members)) =
            is_check_in.then(|| serde_json::from_slice(payload).ok()).flatten()
        else {
            continue;
        };
        let slug = members.get("monitor_slug").and_then(Value::as_str).unwrap_or_default();
        let mut key = vec![spot.key[0].clone(), slug.to_owned()];
        key.extend(sender.clone());
        found.extend(check_in(&members).map(|mut arrival| {
            arrival.sent_at = header.get("sent_at").and_then(values::moment);
            told(key, arrival)
        }));
    }
    Ok(found)
}

/// The body of an item: as long as its header says, where a line ends there; else up to the line's end.
fn body_of<'a>(item: &Value, rest: &'a [u8]) -> (&'a [u8], &'a [u8]) {
    let length = item["length"].as_u64().and_then(|length| usize::try_from(length).ok());
    if let Some((body, after)) = length.and_then(|length| rest.split_at_checked(length)) {
        match after {
            [] => return (body, after),
            [b'\n', after @ ..] => return (body, after),
            _ => {}
        }
    }
    line(rest)
}

/// The first line and what follows it.
fn line(bytes: &[u8]) -> (&[u8], &[u8]) {
    match bytes.iter().position(|byte| *byte == b'\n') {
        Some(end) => (&bytes[..end], &bytes[end + 1..]),
        None => (bytes, &[]),
    }
}

/// The public key of who sends: `X-Sentry-Auth: Sentry sentry_key=…`, or in the query.
fn sender(request: &Request) -> Option<String> {
    let header = request.header("x-sentry-auth").or_else(|| request.header("authorization"));
    let header = header.unwrap_or_default();
    let named = header.split([',', ' ']).find_map(|part| part.trim().strip_prefix("sentry_key="));
    named.map(str::to_owned).or_else(|| request.filled("sentry_key"))
}

/// What a check-in tells; none where it has no status at all.
fn check_in(members: &Map<String, Value>) -> Option<Arrival> {
    let text = |name: &str| members.get(name).and_then(values::word);
    let mut arrival = Arrival::new(match text("status")?.as_str() {
        "in_progress" => Kind::Start,
        "ok" => Kind::Success,
        "error" | "timeout" | "missed" => Kind::Failure,
        // Sentry stores it as unknown; so it changes nothing here.
        _ => Kind::Log,
    });
    arrival.run_id = text("check_in_id").and_then(|id| bounds::run_id(&id));
    arrival.env = text("environment").and_then(|env| bounds::label(&env));
    arrival.duration_ms = members.get("duration").and_then(|value| values::span_ms(value, 1e3));
    arrival.definition = members.get("monitor_config").and_then(definition);
    Some(arrival)
}

/// The monitor that a `monitor_config` describes.
fn definition(config: &Value) -> Option<Box<Definition>> {
    let schedule = &config["schedule"];
    let minutes = |name: &str| {
        let number = config[name].as_u64()?;
        Some(format!("{number}m"))
    };
    let schedule = match schedule["type"].as_str()? {
        "crontab" => schedule["value"].as_str().and_then(bounds::message),
        "interval" => {
            let (number, unit) = (schedule["value"].as_u64()?, schedule["unit"].as_str()?);
            // A month has no length; its longest keeps quiet long enough.
            let days = match unit {
                "month" => Some(31),
                "year" => Some(366),
                _ => None,
            };
            match (days, unit) {
                (Some(days), _) => Some(format!("every {}d", number.saturating_mul(days))),
                (None, "minute" | "hour" | "day" | "week") => {
                    Some(format!("every {number}{}", &unit[..1]))
                }
                (None, _) => None,
            }
        }
        _ => None,
    };
    let tolerance = config["failure_issue_threshold"].as_u64().unwrap_or(1).saturating_sub(1);
    Some(Box::new(Definition {
        schedule,
        timezone: config["timezone"].as_str().and_then(bounds::label),
        grace: minutes("checkin_margin"),
        run_at_most: minutes("max_runtime"),
        tolerance: u32::try_from(tolerance).ok().filter(|tolerance| *tolerance > 0),
        ..Definition::default()
    }))
}
