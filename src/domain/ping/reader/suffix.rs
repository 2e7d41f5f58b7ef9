//! Services that are told by a word in the path, and those that know only one: "I am alive".

use serde_json::Value;

use super::healthchecks::by_verb;
use super::{Refused, Told, one};
use crate::domain::arrival::Definition;
use crate::domain::event::Kind;
use crate::domain::ping::body::{form, json};
use crate::domain::ping::bounds;
use crate::domain::ping::payload::{Payload, body_is_output, judge_exit, kind_of};
use crate::domain::ping::request::Request;
use crate::domain::ping::spot::{Spot, Verb};
use crate::domain::ping::values;

/// How much of a body Cronhub took for a message.
const CRONHUB_MESSAGE_BYTES_MAX: usize = 1_000;

/// A plain sign of life. A word is honoured where there is one, for a service of one word has none. Where
/// the path has none, JSON may: whoever writes `{"status": "failed"}` has not succeeded. The body is kept
/// as output all the same. Checkly shows where it came from by its `Origin`.
pub(super) fn beat(spot: &Spot, request: &Request) -> Result<Vec<Told>, Refused> {
    let mut arrival = by_verb(spot)?;
    if spot.verb == Verb::Nothing
        && let Some(Value::Object(members)) = json(request)
    {
        let mut payload = Payload::of(members);
        arrival.kind = kind_of(&mut payload).ok().flatten().unwrap_or(arrival.kind);
        payload.fill(&mut arrival);
        judge_exit(&mut arrival);
    }
    body_is_output(&mut arrival, request);
    arrival.host = request.header("origin").and_then(|origin| bounds::label(&origin));
    one(spot, arrival)
}

/// Notifly: a beat, or an order to expect nothing for a while, with the key that may give it.
pub(super) fn notifly(spot: &Spot, request: &Request) -> Result<Vec<Told>, Refused> {
    let mut told = beat(spot, request)?;
    for told in &mut told {
        let super::Heard::Event(arrival) = &mut told.heard else { continue };
        if !matches!(arrival.kind, Kind::Pause | Kind::Resume) {
            continue;
        }
        let token = request.header("x-notifly-key").or_else(|| request.filled("token"));
        let token = token.or_else(|| request.header("x-api-key")).or_else(|| request.bearer());
        told.token = token.or_else(|| request.basic_user());
        let (mut room, asked) = (bounds::FIELDS_BYTES_MAX, ["for", "until", "reason"]);
        for (name, value) in asked.iter().filter_map(|name| Some((name, request.filled(name)?))) {
            bounds::keep(&mut arrival.fields, &mut room, name, value.into());
        }
    }
    Ok(told)
}

/// Opsgenie: a beat with an API key, wherever that travels.
pub(super) fn opsgenie(spot: &Spot, request: &Request) -> Result<Vec<Told>, Refused> {
    let token = request.authorization("geniekey").or_else(|| request.basic_user());
    let token = token.or_else(|| request.filled("apiKey"));
    with_token(spot, request, token, Refused::new(401, "API key is missing"))
}

/// Rootly: a beat with a secret of its own.
pub(super) fn rootly(spot: &Spot, request: &Request) -> Result<Vec<Told>, Refused> {
    with_token(spot, request, request.bearer(), Refused::new(401, "Not found or unauthorized"))
}

/// A beat whose key may be registered with its token or without.
fn with_token(
    spot: &Spot,
    request: &Request,
    token: Option<String>,
    missing: Refused,
) -> Result<Vec<Told>, Refused> {
    let token = token.ok_or(missing)?;
    let mut told = beat(spot, request)?;
    for told in &mut told {
        let mut whole = spot.key.clone();
        whole.push(token.clone());
        told.keys.insert(0, whole);
        told.token = Some(token.clone());
    }
    Ok(told)
}

/// Cronhub: the word in front of the key, and a message in the query or in the body.
pub(super) fn cronhub(spot: &Spot, request: &Request) -> Result<Vec<Told>, Refused> {
    let mut arrival = by_verb(spot)?;
    body_is_output(&mut arrival, request);
    let body = &request.body[..request.body.len().min(CRONHUB_MESSAGE_BYTES_MAX)];
    let sent = request.filled("payload").unwrap_or_else(|| bounds::as_text(body));
    arrival.message = bounds::message(&sent);
    one(spot, arrival)
}

/// CronBro: Cronhub's words, and the run's own name in a header.
pub(super) fn cronbro(spot: &Spot, request: &Request) -> Result<Vec<Told>, Refused> {
    let mut arrival = by_verb(spot)?;
    body_is_output(&mut arrival, request);
    arrival.run_id = request.header("x-run-id").and_then(|id| bounds::run_id(&id));
    one(spot, arrival)
}

/// Cronly: the key is in the query.
pub(super) fn cronly(spot: &Spot, request: &Request) -> Result<Vec<Told>, Refused> {
    let token = request.filled("token").ok_or_else(|| Refused::new(400, "token is missing"))?;
    let mut arrival = by_verb(spot)?;
    arrival.message = request.filled("message").and_then(|text| bounds::message(&text));
    one(&Spot::of(&[&token]), arrival)
}

/// CronRadar: a word, a message, and what the monitor is, so that it can be made by its first ping.
pub(super) fn cronradar(spot: &Spot, request: &Request) -> Result<Vec<Told>, Refused> {
    let mut arrival = by_verb(spot)?;
    body_is_output(&mut arrival, request);
    let text = |name: &str| request.filled(name).and_then(|text| bounds::message(&text));
    arrival.message = text("message");
    let grace = text("gracePeriod").filter(|grace| values::plain_number(grace).is_some());
    let definition = Definition {
        schedule: text("schedule"),
        grace,
        name: text("name"),
        ..Definition::default()
    };
    arrival.definition = (definition != Definition::default()).then(|| Box::new(definition));
    one(spot, arrival)
}

/// CronBeats: a word of up to two segments, and a message in JSON.
pub(super) fn cronbeats(spot: &Spot, request: &Request) -> Result<Vec<Told>, Refused> {
    let mut arrival = by_verb(spot)?;
    if let Some(Value::Object(members)) = json(request) {
        Payload::of(members).fill(&mut arrival);
    } else {
        body_is_output(&mut arrival, request);
    }
    // Without a number it is what other services call a log line.
    if spot.verb == Verb::Is(Kind::Progress) && arrival.percent.is_none() {
        arrival.kind = Kind::Log;
    }
    one(spot, arrival)
}

/// Oh Dear: a word, and what is known of the run as a form, in parts or in JSON.
pub(super) fn ohdear(spot: &Spot, request: &Request) -> Result<Vec<Told>, Refused> {
    let mut arrival = by_verb(spot)?;
    let names = ["runtime", "exit_code", "failure_message", "memory"];
    let pairs = form(request, &names);
    match (json(request), pairs) {
        (Some(Value::Object(members)), _) => Payload::of(members).fill(&mut arrival),
        (_, Some(pairs)) => Payload::of_pairs(pairs).fill(&mut arrival),
        // PHP writes an empty object as a list.
        (Some(_), None) => {}
        (None, None) => body_is_output(&mut arrival, request),
    }
    let asked: Vec<_> =
        request.pairs().into_iter().filter(|(name, _)| names.contains(&name.as_str())).collect();
    if !asked.is_empty() {
        Payload::of_pairs(asked).fill(&mut arrival);
    }
    judge_exit(&mut arrival);
    one(spot, arrival)
}
