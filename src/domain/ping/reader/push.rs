//! Services that are told by the query alone: Uptime Kuma, Peekaping, Gatus, Dead Man's Snitch.

use super::{Heard, Refused, Told, one};
use crate::domain::arrival::Arrival;
use crate::domain::event::Kind;
use crate::domain::ping::body::form;
use crate::domain::ping::bounds;
use crate::domain::ping::payload::body_is_output;
use crate::domain::ping::request::Request;
use crate::domain::ping::spot::Spot;
use crate::domain::ping::values;

/// What borgmatic says in `msg` when it begins, with `status=up`: taken for a success it would hide a
/// backup that hangs.
const BORGMATIC_START: &str = "start";

/// Uptime Kuma: `status` is exactly `up`, once, or it is down. A second one, appended to a pasted URL,
/// makes a list of it there, and so a failure here too.
pub(super) fn uptime_kuma(spot: &Spot, request: &Request) -> Result<Vec<Told>, Refused> {
    let pairs = request.pairs();
    let states: Vec<&str> =
        pairs.iter().filter(|(name, _)| name == "status").map(|(_, state)| &**state).collect();
    let mut arrival = Arrival::new(match states.as_slice() {
        [] | [""] | ["up"] => Kind::Success,
        _ => Kind::Failure,
    });
    let text = request.filled("msg");
    let borgmatic =
        request.header("user-agent").is_some_and(|agent| agent.starts_with("borgmatic"));
    if borgmatic && arrival.kind == Kind::Success && text.as_deref() == Some(BORGMATIC_START) {
        arrival.kind = Kind::Start;
    }
    arrival.message = text.and_then(|text| bounds::message(&text));
    let ping = request.filled("ping").and_then(|ping| values::plain_number(&ping));
    arrival.duration_ms = ping.and_then(values::whole_ms);
    one(spot, arrival)
}

/// Peekaping: numbers. Every word is a 1, so that `status=down` is up.
pub(super) fn peekaping(spot: &Spot, request: &Request) -> Result<Vec<Told>, Refused> {
    let status = request.filled("status").and_then(|status| values::plain_number(&status));
    let kind = match status {
        Some(0.0) => Kind::Failure,
        Some(2.0) => Kind::Log,
        Some(3.0) => {
            let keys = vec![spot.key.clone()];
            return Ok(vec![Told { keys, token: None, heard: Heard::Nothing }]);
        }
        Some(_) | None => Kind::Success,
    };
    let mut arrival = Arrival::new(kind);
    arrival.message = request.filled("msg").and_then(|text| bounds::message(&text));
    one(spot, arrival)
}

/// Gatus: `success` has to be there, and a token.
pub(super) fn gatus(spot: &Spot, request: &Request) -> Result<Vec<Told>, Refused> {
    let token = request.bearer();
    let token = token.ok_or_else(|| Refused::new(401, "invalid Authorization header"))?;
    let kind = match request.param("success").as_deref() {
        Some("true") => Kind::Success,
        Some("false") => Kind::Failure,
        Some(_) | None => return Err(Refused::new(400, "missing or invalid success value")),
    };
    let mut arrival = Arrival::new(kind);
    if let Some(duration) = request.filled("duration") {
        let ms = values::go_span_ms(&duration);
        arrival.duration_ms = Some(ms.ok_or_else(|| Refused::new(400, "invalid duration"))?);
    }
    if kind == Kind::Failure {
        arrival.message = request.filled("error").and_then(|text| bounds::message(&text));
    }
    let key = vec![spot.key[0].clone(), token.clone()];
    let keys = vec![key, spot.key.clone()];
    Ok(vec![Told { keys, token: Some(token), heard: Heard::Event(Box::new(arrival)) }])
}

/// Dead Man's Snitch: `s` is the exit status, in the query or in a form; absent, empty or 0 is well.
pub(super) fn deadmanssnitch(spot: &Spot, request: &Request) -> Result<Vec<Told>, Refused> {
    let sent = form(request, &["m", "s"]).unwrap_or_default();
    let member = |name: &str| {
        let in_form = sent.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        request.filled(name).or(in_form).filter(|value| !value.is_empty())
    };
    let mut arrival = super::healthchecks::by_verb(spot)?;
    if let Some(status) = member("s") {
        arrival.exit_code = values::exit_code(&status.clone().into());
        if arrival.exit_code != Some(0) {
            arrival.kind = Kind::Failure;
        }
    }
    arrival.message = member("m").and_then(|text| bounds::message(&text));
    if sent.is_empty() {
        body_is_output(&mut arrival, request);
    }
    one(spot, arrival)
}
