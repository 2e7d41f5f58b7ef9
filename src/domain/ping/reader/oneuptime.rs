//! OneUptime's incoming requests, and the vocabulary that its users write: `{"status": "completed"}`.
//!
//! It takes any body from anybody, so this reader has to: JSON under any label, a form, the query, or
//! a text with a word in it. A request without a body is a sign of life.

use serde_json::Value;

use super::{Refused, Told, one};
use crate::domain::arrival::Arrival;
use crate::domain::event::Kind;
use crate::domain::ping::body::{broken_member, form, json, looks_like_json};
use crate::domain::ping::bounds;
use crate::domain::ping::filter::holds;
use crate::domain::ping::payload::{Payload, body_is_output, judge_exit, kind_of};
use crate::domain::ping::request::Request;
use crate::domain::ping::spot::Spot;
use crate::domain::ping::words;

/// What OneUptime's own default rule looks for: with this in the body a monitor is offline.
const BAD_WORD: &[u8] = b"error";

/// Names that make a form or a query more than a text.
const NAMES: [&str; 6] = ["status", "test", "exit_code", "error", "message", "duration"];

/// Reads a ping as the seeds of OneUptime's users mean it.
pub(super) fn read(spot: &Spot, request: &Request) -> Result<Vec<Told>, Refused> {
    let asked = request.pairs();
    let in_query = asked.iter().any(|(name, _)| NAMES.contains(&name.as_str()));
    let mut payload = match json(request) {
        Some(Value::Object(members)) => Some(Payload::of(members)),
        Some(_) => None,
        None => form(request, &NAMES).map(Payload::of_pairs),
    };
    if payload.is_none() && in_query {
        payload = Some(Payload::of_pairs(asked));
    }
    let arrival = match payload {
        Some(payload) => of_payload(payload),
        None => of_text(request),
    };
    one(spot, arrival)
}

/// What a payload tells. A word that is none of ours is the name of a stage.
pub(super) fn of_payload(mut payload: Payload) -> Arrival {
    let (kind, stage) = match kind_of(&mut payload) {
        Ok(Some(kind)) => (kind, None),
        Ok(None) => (Kind::Success, None),
        Err(word) => {
            payload.take(&["status", "state", "kind", "event", "result", "outcome"]);
            (Kind::Stage, bounds::label(&word))
        }
    };
    let mut arrival = Arrival::new(kind);
    arrival.stage = stage;
    payload.fill(&mut arrival);
    judge_exit(&mut arrival);
    arrival
}

/// What a text tells, or JSON that is broken or was too long to be kept whole.
fn of_text(request: &Request) -> Arrival {
    let body = request.body;
    let said = looks_like_json(request).then(|| broken_member(body, "status")).flatten();
    let kind = said.as_deref().and_then(words::kind);
    let bad = request.method == "POST" && holds(body, BAD_WORD);
    let mut arrival = Arrival::new(match kind {
        Some(kind) => kind,
        None if bad => Kind::Failure,
        None => Kind::Success,
    });
    body_is_output(&mut arrival, request);
    arrival
}
