//! The pings of a check: its events in Healthchecks' words, and what came with them.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::caller::Call;
use super::checks::named;
use super::refusal::Refusal;
use super::route::Name;
use crate::domain::ping::PING_BODY_LIMIT;
use crate::domain::time::Moment;
use crate::serve::output;
use crate::serve::record::flags;
use crate::serve::reply;
use crate::store::events::{self, StoredEvent};
use crate::store::outputs;

/// Pings that are shown; older ones are out of reach here, and hb's own API has them.
const SHOWN_MAX: usize = 100;

/// Events that are looked through for the start of a run that is shown.
const LOOKED_AT: u32 = 300;

/// A start that is longer ago belongs to no finish: 72 hours.
const RUN_MS_MAX: i64 = 72 * 3_600_000;

/// The newest pings of a check.
pub(super) async fn list(call: Call, uuid: String) -> Result<Response, Refusal> {
    let caller = call.writer().await?;
    let name = Name::Uuid(uuid.clone());
    let found = call.app.store.read(move |tx| match named(tx, caller, &name, false)? {
        Ok(monitor) => events::page(tx, monitor.id, None, LOOKED_AT).map(Ok),
        Err(refusal) => Ok(Err(refusal)),
    });
    let rows = found.await??.rows;
    let base = format!("{}/api/v{}/checks/{uuid}/pings", call.app.public_url(), call.version);
    let shown: Vec<Value> =
        (0..rows.len().min(SHOWN_MAX)).map(|place| ping(&rows, place, &base)).collect();
    Ok(reply::json_ok(&json!({ "pings": shown })))
}

/// What came with a ping.
pub(super) async fn body(call: Call, uuid: String, n: u64) -> Result<Response, Refusal> {
    let caller = call.writer().await?;
    let name = Name::Uuid(uuid);
    let found = call.app.store.read(move |tx| {
        let monitor = match named(tx, caller, &name, false)? {
            Ok(monitor) => monitor,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let newest = monitor.live.event_count;
        let in_reach = n.saturating_add(SHOWN_MAX as u64) > newest;
        let event = if in_reach { events::by_n(tx, monitor.id, n)? } else { None };
        let kept = match &event {
            Some(event) => outputs::of_event(tx, event.id)?,
            None => None,
        };
        Ok(kept.ok_or_else(Refusal::not_found))
    });
    let mut plain = output::unpack(&found.await??.packed);
    // hb keeps the end of a long body, too; here the beginning is what was promised.
    plain.truncate(PING_BODY_LIMIT);
    let headers = [
        (header::CONTENT_TYPE, "text/plain"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    Ok((StatusCode::OK, headers, plain).into_response())
}

/// One of some pings, the newest of which comes first.
fn ping(rows: &[StoredEvent], place: usize, base: &str) -> Value {
    let event = &rows[place].event;
    let body_url = (event.output_bytes > 0).then(|| format!("{base}/{}/body", event.n));
    let mut shown = json!({
        "type": kind(&rows[place]),
        "date": date(event.received_at),
        "n": event.n,
        "scheme": event.scheme,
        "remote_addr": event.remote,
        "method": event.method,
        "ua": event.agent,
        "rid": event.run_id,
        "body_url": body_url,
    });
    if let Some(duration_ms) = duration_ms(rows, place) {
        shown["duration"] = Value::from(duration_ms as f64 / 1000.0);
    }
    shown
}

/// The kind of a ping in Healthchecks' words.
fn kind(stored: &StoredEvent) -> &'static str {
    match stored.event.kind.as_str() {
        _ if stored.event.flags & flags::IGNORED != 0 => "ign",
        "start" => "start",
        "success" | "warning" => "success",
        "failure" => "fail",
        _ => "log",
    }
}

/// How long the run took that a ping ends: since the nearest start with its id, if no other ping
/// ended that run before.
fn duration_ms(rows: &[StoredEvent], place: usize) -> Option<u64> {
    let is_finish = |stored: &StoredEvent| matches!(kind(stored), "success" | "fail");
    let own = rows.get(place).filter(|own| is_finish(own))?;
    let same = |other: &&StoredEvent| other.event.run_id == own.event.run_id;
    let mut older = rows[place + 1..].iter().filter(same);
    let start = older.find(|other| is_finish(other) || kind(other) == "start");
    let start = start.filter(|start| kind(start) == "start");
    let Some(start) = start else {
        return own.event.duration_ms.filter(|_| own.event.dialect == "hb");
    };
    let took = own.event.at.epoch_ms() - start.event.at.epoch_ms();
    u64::try_from(took).ok().filter(|_| took < RUN_MS_MAX)
}

/// A moment with its fraction: `2026-11-20T09:23:21.123000+00:00`.
fn date(at: Moment) -> String {
    format!("{}000+00:00", at.to_rfc3339().trim_end_matches('Z'))
}
