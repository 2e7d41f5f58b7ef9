//! How far a client's clock is believed.
//!
//! The moments of most services are only hints, and a host that boots with its clock in 1970 still has
//! jobs that run. hb's own events say when they were sent, which shows how wrong the clock is, and may
//! honestly be days old, because they were spooled.

use std::time::Duration;

use crate::domain::arrival::{Arrival, Told};
use crate::domain::event::Kind;
use crate::domain::time::Moment;

/// How far a moment may lie from the present before it is not believed at all.
const FOREIGN_CLOCK_MAX: Duration = Duration::from_secs(86_400);
/// A difference between sending and receiving that is only the network's. Above it the client's clock
/// is wrong, and its moments are moved by the difference.
const SKEW_MIN_MS: i64 = 60_000;

/// Makes the moments of an arrival fit to be judged: moved by the skew that [`Arrival::sent_at`] shows,
/// never later than `received_at`, and taken away where they cannot be true.
///
/// A value that stands until the next one keeps its moment however far back that lies, and never has
/// that of its coming: it was told many times before.
///
/// Worked example: received at 12:00:00; the client sent at 11:00:00 by its clock what happened at
/// 10:59:50. Its clock is an hour late, so it happened at 11:59:50.
pub(crate) fn settle(arrival: &mut Arrival, received_at: Moment) {
    let skew = arrival.sent_at.map(|sent| received_at.epoch_ms().saturating_sub(sent.epoch_ms()));
    let moved = |at: Moment| match skew {
        Some(skew) if skew.saturating_abs() >= SKEW_MIN_MS => {
            Some(Moment::from_epoch_ms(at.epoch_ms().saturating_add(skew)))
        }
        Some(_) => Some(at),
        None => {
            let far = at.since(received_at).max(received_at.since(at)) > FOREIGN_CLOCK_MAX;
            (!far).then_some(at)
        }
    };
    match (arrival.told, arrival.at) {
        (Told::Standing, Some(at)) if moved(at).is_none() && at < received_at => {
            arrival.told = Told::Outdated;
        }
        (_, at) => arrival.at = at.and_then(moved).map(|at| at.min(received_at)),
    }
    if arrival.told == Told::Standing && arrival.at.is_none() {
        // Nobody knows whether it is news.
        (arrival.kind, arrival.told) = (Kind::Log, Told::Once);
    }
    let at = arrival.at.unwrap_or(received_at);
    arrival.started_at = arrival.started_at.and_then(moved).filter(|started| *started <= at);
}
