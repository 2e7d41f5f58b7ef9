//! Monitoring that is told in numbers: Prometheus' Pushgateway, and Zabbix' history.

use serde_json::Value;

use super::{Heard, Refused, Told, one, told};
use crate::domain::arrival::{self, Arrival};
use crate::domain::event::Kind;
use crate::domain::ping::body::json;
use crate::domain::ping::bounds;
use crate::domain::ping::payload::body_is_output;
use crate::domain::ping::request::Request;
use crate::domain::ping::spot::Spot;
use crate::domain::ping::values;
use crate::domain::time::Moment;

/// The most lines of a push that are read.
const LINES_MAX: usize = 10_000;
/// The most items of a Zabbix request that are read.
const ITEMS_MAX: usize = 1_000;

/// A push. What it means is in the names of its metrics; one that says nothing is a log line.
///
/// A metric stays as it is until the next run, and many push the same one every minute. So the moment
/// of the last success says that there was one then, and is no success of now.
pub(super) fn pushgateway(spot: &Spot, request: &Request) -> Result<Vec<Told>, Refused> {
    if request.method != "POST" && request.method != "PUT" {
        let keys = vec![spot.key.clone()];
        return Ok(vec![Told { keys, token: None, heard: Heard::Nothing }]);
    }
    let mut arrival = Arrival::new(Kind::Log);
    // Only text is read; of a push in protobuf no more is known than that it came.
    if let Ok(text) = std::str::from_utf8(request.body) {
        let (mut rank, mut ended_at) = (u8::MAX, None);
        for (name, number) in text.lines().take(LINES_MAX).filter_map(sample) {
            if let Some((said, kind, at)) = says(name, number).filter(|(said, ..)| *said < rank) {
                (rank, arrival.kind, arrival.at) = (said, kind, at);
                arrival.told =
                    if at.is_some() { arrival::Told::Standing } else { arrival::Told::Once };
            }
            match name {
                "job_last_duration_seconds" => arrival.duration_ms = values::whole_ms(number * 1e3),
                "job_last_exit_code" => arrival.exit_code = values::exit_code(&number.into()),
                "job_last_completion_timestamp_seconds" => ended_at = values::epoch(number),
                _ => {}
            }
            arrival.metrics.set_number(&name.replace(':', "."), number);
        }
        arrival.at = arrival.at.or(ended_at);
    }
    body_is_output(&mut arrival, request);
    one(spot, arrival)
}

/// One line of the text format: its name without labels, and its value.
fn sample(line: &str) -> Option<(&str, f64)> {
    let line = line.trim();
    if line.starts_with('#') {
        return None;
    }
    let end = line.find(['{', ' ', '\t'])?;
    let (name, rest) = line.split_at(end);
    // A label's value may hold a closing brace; what follows the last one is the number.
    let rest = if rest.starts_with('{') { rest.rsplit_once('}')?.1 } else { rest };
    let number = values::plain_number(rest.split_whitespace().next()?)?;
    (!name.is_empty()).then_some((name, number))
}

/// What a metric says, and how much that counts: a failure over a success over a start.
fn says(name: &str, number: f64) -> Option<(u8, Kind, Option<Moment>)> {
    let name = name.to_ascii_lowercase();
    let bad = name.contains("exit_code") && number != 0.0;
    if bad || name == "resticprofile_backup_status" && number == 0.0 {
        return Some((0, Kind::Failure, None));
    }
    if name == "resticprofile_backup_status" {
        let kind = if number == 1.0 { Kind::Warning } else { Kind::Success };
        return Some((1, kind, None));
    }
    let success = name.contains("last_success");
    if success || name.split_once("success").is_some_and(|(_, rest)| rest.contains("timestamp")) {
        return Some((2, Kind::Success, Some(values::epoch(number)?)));
    }
    let start = name.contains("last_start").then(|| values::epoch(number)).flatten()?;
    Some((3, Kind::Start, Some(start)))
}

/// Zabbix' `history.push`: each item is a monitor, known by its host and its key.
pub(super) fn zabbix_api(_: &Spot, request: &Request) -> Result<Vec<Told>, Refused> {
    let sent = json(request).ok_or_else(|| Refused::new(400, "the body is not JSON"))?;
    let items = match &sent["params"] {
        Value::Array(items) => items.iter().take(ITEMS_MAX).collect(),
        Value::Null => Vec::new(),
        item => vec![item],
    };
    let told = items.into_iter().filter_map(|item| {
        let word = |name: &str| values::word(&item[name]);
        let key = match (word("host"), word("key")) {
            (Some(host), Some(key)) => vec![host, key],
            _ => vec![word("itemid")?],
        };
        let value = word("value").unwrap_or_default();
        let mut arrival = Arrival::new(match value.to_ascii_uppercase().as_str() {
            "0" | "OK" | "SUCCESS" => Kind::Success,
            "STARTED" | "START" => Kind::Start,
            _ => Kind::Failure,
        });
        arrival.at = item.get("clock").and_then(values::moment);
        arrival.exit_code = values::exit_code(&item["value"]);
        if arrival.exit_code.is_none() {
            arrival.message = bounds::message(&value);
        }
        Some(told(key, arrival))
    });
    Ok(told.collect())
}
