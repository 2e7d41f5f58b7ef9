//! Cronitor's telemetry: everything in the query, the state first, and the client's own clock.

use super::healthchecks::by_verb;
use super::{Refused, Told, one};
use crate::domain::arrival::Arrival;
use crate::domain::event::Kind;
use crate::domain::ping::bounds;
use crate::domain::ping::payload::body_is_output;
use crate::domain::ping::request::Request;
use crate::domain::ping::spot::{Spot, Verb};
use crate::domain::ping::values;

/// Reads a ping as Cronitor does.
pub(super) fn read(spot: &Spot, request: &Request) -> Result<Vec<Told>, Refused> {
    let mut arrival = by_verb(spot)?;
    let pairs = request.pairs();
    let states: Vec<&str> =
        pairs.iter().filter(|(name, _)| name == "state").map(|(_, state)| &**state).collect();
    if let Some(kind) = kind(&states) {
        arrival.kind = kind;
    }
    for (name, value) in &pairs {
        take(&mut arrival, name, value);
    }
    // The state is what the client decided; a code that says otherwise is a reservation.
    let bad = arrival.exit_code.is_some_and(|code| code != 0);
    let said = !states.is_empty() || matches!(spot.verb, Verb::Is(_));
    if bad && arrival.kind == Kind::Success {
        arrival.kind = if said { Kind::Warning } else { Kind::Failure };
    }
    body_is_output(&mut arrival, request);
    one(spot, arrival)
}

/// What the states tell; of several, appended to a pasted URL, the worst.
fn kind(states: &[&str]) -> Option<Kind> {
    let kinds = states.iter().filter(|state| !state.is_empty()).map(|state| match *state {
        "fail" | "failed" => Kind::Failure,
        "run" | "start" => Kind::Start,
        "complete" | "ok" | "tick" => Kind::Success,
        _ => Kind::Log,
    });
    kinds.min_by_key(|kind| match kind {
        Kind::Failure => 0,
        Kind::Log => 1,
        Kind::Start => 2,
        _ => 3,
    })
}

/// One pair of the query.
fn take(arrival: &mut Arrival, name: &str, value: &str) {
    let seconds = |text: &str| values::plain_number(text).and_then(|s| values::whole_ms(s * 1e3));
    match name {
        "series" => arrival.run_id = bounds::run_id(value),
        "message" | "msg" => arrival.message = bounds::message(value),
        "duration" => arrival.duration_ms = seconds(value),
        "host" => arrival.host = bounds::label(value),
        "env" => arrival.env = bounds::label(value),
        "stamp" => arrival.at = values::plain_number(value).and_then(values::epoch),
        "status_code" => arrival.exit_code = values::exit_code(&value.into()),
        "metric" => match value.split_once(':') {
            Some(("duration", number)) => arrival.duration_ms = seconds(number),
            Some((name, number)) => {
                arrival.metrics.set_found(name, values::plain_number(number));
            }
            None => {}
        },
        _ => {}
    }
}
