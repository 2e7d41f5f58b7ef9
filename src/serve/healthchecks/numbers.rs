//! `metrics/`: four numbers about the server, for those who watch a Healthchecks by them. `/metrics` has more.

use axum::response::Response;
use serde_json::json;

use super::caller::Call;
use super::refusal::Refusal;
use crate::serve::reply;
use crate::store::{deliveries, events};
use crate::sys::clock;

/// What is on its way, in the words of the store.
const ON_THEIR_WAY: [&str; 2] = ["pending", "sending"];

/// The numbers. A change of status is written together with the messages about it, so what Healthchecks
/// calls a flip that nobody has looked at is here a message that has not gone out.
pub(super) async fn show(call: Call) -> Result<Response, Refusal> {
    if !call.may_count() {
        return Err(Refusal::forbidden());
    }
    let found = call.app.store.read(|tx| Ok((events::newest(tx)?, deliveries::counts(tx)?)));
    let (newest, counts) = found.await?;
    let sum = |wanted: &dyn Fn(&str) -> bool| -> u64 {
        let wanted = counts.iter().filter(|(state, _)| wanted(state));
        wanted.map(|(_, count)| count).sum()
    };
    Ok(reply::json_ok(&json!({
        "ts": clock::now().epoch_ms().div_euclid(1000),
        "max_ping_id": newest,
        "max_notification_id": sum(&|_| true),
        "num_unprocessed_flips": sum(&|state| ON_THEIR_WAY.contains(&state)),
    })))
}
