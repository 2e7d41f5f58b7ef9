//! Whatever posts to a URL of its own: Duplicati, Apprise, beszel, kopia, Alertmanager, a webhook.
//!
//! These have no shape of their own, so the body is looked at. The word in the path, where there is
//! one, was put there by a person and wins; otherwise what is not understood is a success, because a
//! request at this URL is what was agreed on.

use serde_json::{Map, Value};

use super::healthchecks::by_verb;
use super::{Refused, Told, one, wire};
use crate::domain::arrival::Arrival;
use crate::domain::event::Kind;
use crate::domain::ping::body::{broken_member, form, json, looks_like_json};
use crate::domain::ping::bounds;
use crate::domain::ping::payload::{Payload, body_is_output, judge_exit, kind_of};
use crate::domain::ping::request::Request;
use crate::domain::ping::spot::{Spot, Verb};
use crate::domain::ping::words;

/// Names that make a form more than a text.
const NAMES: [&str; 7] =
    ["message", "msg", "status", "success", "exit_code", "title", "failure_message"];

/// Reads a ping of anybody.
pub(super) fn read(spot: &Spot, request: &Request) -> Result<Vec<Told>, Refused> {
    let mut arrival = by_verb(spot)?;
    let said = spot.verb != Verb::Nothing;
    match json(request) {
        Some(sent) if is_webhook(&sent) && !said => return wire::watchdog(spot, &sent),
        Some(Value::Object(members)) => of_json(&mut arrival, members, said),
        Some(_) => body_is_output(&mut arrival, request),
        None => match form(request, &NAMES) {
            Some(pairs) => of_form(&mut arrival, pairs, said),
            None => of_text(&mut arrival, request, said),
        },
    }
    let asked: Vec<_> =
        request.pairs().into_iter().filter(|(name, _)| NAMES.contains(&&**name)).collect();
    if !asked.is_empty() {
        let mut payload = Payload::of_pairs(asked);
        take_kind(&mut arrival, &mut payload, said);
        payload.fill(&mut arrival);
    }
    judge_exit(&mut arrival);
    one(spot, arrival)
}

/// Whether this is Alertmanager's webhook.
fn is_webhook(sent: &Value) -> bool {
    sent["version"] == "4" && sent["alerts"].is_array()
}

/// The kind that a payload tells, unless the path has told one.
fn take_kind(arrival: &mut Arrival, payload: &mut Payload, said: bool) {
    let kind = kind_of(payload).ok().flatten();
    if let Some(kind) = kind.filter(|_| !said) {
        arrival.kind = kind;
    }
}

/// A payload in JSON.
fn of_json(arrival: &mut Arrival, mut members: Map<String, Value>, said: bool) {
    let report = members.get("Data").and_then(|data| data.get("ParsedResult"));
    if let Some(result) = report.and_then(Value::as_str).map(str::to_owned) {
        if let Some(kind) = words::kind(&result).filter(|_| !said) {
            arrival.kind = kind;
        }
        return Payload::of(members).fill(arrival);
    }
    // Apprise says it in `type`, where others say what their payload is.
    let apprise = members.contains_key("title") && members.contains_key("version");
    if apprise && let Some(Value::String(word)) = members.remove("type") {
        if let Some(kind) = words::kind(&word).filter(|_| !said) {
            arrival.kind = kind;
        }
        let title = members.remove("title");
        arrival.message = title.as_ref().and_then(Value::as_str).and_then(bounds::message);
        return Payload::of(members).fill(arrival);
    }
    let mut payload = Payload::of(members);
    take_kind(arrival, &mut payload, said);
    payload.fill(arrival);
}

/// A form: Duplicati's report is the text of its `message`.
fn of_form(arrival: &mut Arrival, pairs: Vec<(String, String)>, said: bool) {
    let text = pairs.iter().find(|(name, _)| name == "message").map(|(_, text)| text.clone());
    let mut payload = Payload::of_pairs(pairs);
    take_kind(arrival, &mut payload, said);
    if let Some(text) = text {
        let result = text.split_once("ParsedResult:").map(|(_, rest)| rest);
        let word = result.and_then(|rest| rest.split_whitespace().next());
        if let Some(kind) = word.and_then(words::kind).filter(|_| !said) {
            arrival.kind = kind;
        }
    }
    payload.fill(arrival);
}

/// A text, or JSON that cannot be read; kopia says in a header how it went.
fn of_text(arrival: &mut Arrival, request: &Request, said: bool) {
    body_is_output(arrival, request);
    let broken = looks_like_json(request).then(|| broken_member(request.body, "status")).flatten();
    let subject = request.header("subject").filter(|subject| !subject.is_empty());
    let bad = subject.as_deref().is_some_and(|subject| {
        let subject = subject.to_ascii_lowercase();
        subject.contains("fail") || subject.contains("error")
    });
    let kind = broken.as_deref().and_then(words::kind).or(bad.then_some(Kind::Failure));
    if let Some(kind) = kind.filter(|_| !said) {
        arrival.kind = kind;
    }
    arrival.message = subject.and_then(|subject| bounds::message(&subject));
}
