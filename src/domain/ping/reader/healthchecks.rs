//! Healthchecks, and what has its shape: the word behind the key, `rid`, and any body as output.
//!
//! To the letter of its server, with two additions that it would answer with a 404 or ignore: more
//! words (`/success`, `/complete`), and `/log?progress=…&step_name=…`, which is Cronping's progress.

use serde_json::Value;

use super::{Refused, Told, one};
use crate::domain::arrival::Arrival;
use crate::domain::event::Kind;
use crate::domain::ping::bounds;
use crate::domain::ping::payload::{body_is_output, whole};
use crate::domain::ping::request::Request;
use crate::domain::ping::spot::{Spot, Verb};
use crate::domain::ping::values;

/// The largest exit code that there is.
const EXIT_MAX: u32 = 255;

/// Reads a ping as Healthchecks does.
pub(super) fn read(spot: &Spot, request: &Request) -> Result<Vec<Told>, Refused> {
    // Its server takes a slash behind the UUID and nowhere else.
    if spot.slash && (spot.verb != Verb::Nothing || spot.key.len() > 1) {
        return Err(Refused::new(404, "not found"));
    }
    let mut arrival = by_verb(spot)?;
    if let Some(rid) = request.param("rid") {
        let id = uuid::Uuid::try_parse(&rid).ok().filter(|_| rid.len() == 36);
        let id = id.ok_or_else(|| Refused::new(400, "invalid uuid format"))?;
        arrival.run_id = Some(id.hyphenated().to_string());
    }
    fill(&mut arrival, request);
    one(spot, arrival)
}

/// Reads a ping of a service of its shape whose run ids may be anything.
pub(super) fn read_lenient(spot: &Spot, request: &Request) -> Result<Vec<Told>, Refused> {
    let mut arrival = by_verb(spot)?;
    arrival.run_id = request.param("rid").and_then(|rid| bounds::run_id(&rid));
    fill(&mut arrival, request);
    one(spot, arrival)
}

/// An arrival of the kind that the word behind the key tells; without one it is a success.
pub(super) fn by_verb(spot: &Spot) -> Result<Arrival, Refused> {
    let mut arrival = Arrival::new(match spot.verb {
        Verb::Nothing | Verb::Events | Verb::Exit(0) => Kind::Success,
        Verb::Is(kind) => kind,
        Verb::Exit(_) => Kind::Failure,
        Verb::Percent(_) => Kind::Progress,
    });
    match spot.verb {
        Verb::Exit(code) if code > EXIT_MAX => return Err(Refused::new(400, "invalid url format")),
        Verb::Exit(code) => arrival.exit_code = i32::try_from(code).ok(),
        Verb::Percent(percent) => arrival.percent = Some(f64::from(percent)),
        Verb::Nothing | Verb::Is(_) | Verb::Events => {}
    }
    Ok(arrival)
}

/// The body, and of a log line how far the run is.
fn fill(arrival: &mut Arrival, request: &Request) {
    body_is_output(arrival, request);
    if !matches!(arrival.kind, Kind::Log | Kind::Progress | Kind::Stage) {
        return;
    }
    let number = |name: &str| values::plain_number(&request.filled(name)?);
    let percent = number("progress").filter(|percent| (0.0..=100.0).contains(percent));
    arrival.percent = percent.or(arrival.percent);
    arrival.counted.step = number("step").and_then(whole);
    arrival.counted.steps = number("total").or_else(|| number("steps")).and_then(whole);
    arrival.stage = request.filled("step_name").and_then(|stage| bounds::label(&stage));
    let counted = arrival.percent.is_some() || arrival.counted.step.is_some();
    if arrival.kind == Kind::Log && counted {
        arrival.kind = Kind::Progress;
    } else if arrival.kind == Kind::Log && arrival.stage.is_some() {
        arrival.kind = Kind::Stage;
    }
    if arrival.kind != Kind::Log {
        let text = Value::String(bounds::as_text(request.body));
        arrival.message = text.as_str().and_then(bounds::message);
    }
}
