//! What moves here from another receiver, in pieces that may come again.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use serde_json::{Value, json};

use super::extract::Writer;
use super::json_within;
use crate::serve::app::App;
use crate::serve::effects::Effects;
use crate::serve::healthchecks::{Moving, take};
use crate::serve::reply::{self, Mistake};
use crate::sys::clock;

/// The longest body: bodies of pings are what makes it long.
const BODY_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Checks in one call: one transaction, in which other writers wait.
const CHECKS_MAX: usize = 500;

/// Takes pieces of checks in, and says of each what became of it.
pub(crate) async fn healthchecks(
    State(app): State<Arc<App>>,
    Writer(caller): Writer,
    body: Body,
) -> Result<Response, Mistake> {
    let mut body = json_within(body, BODY_BYTES_MAX).await?;
    let checks: Vec<Moving> = serde_json::from_value(body["checks"].take())
        .map_err(|error| Mistake::field("checks", format!("`checks` cannot be read: {error}")))?;
    if checks.len() > CHECKS_MAX {
        let why = format!("`checks` has more than {CHECKS_MAX} entries");
        return Err(Mistake::field("checks", why));
    }
    let taker = Arc::clone(&app);
    let taken = app.store.write(move |tx| {
        let (now, mut effects) = (clock::now(), Effects::default());
        let became = checks
            .iter()
            .map(|moving| take(tx, &taker, caller, moving, (now, &mut effects)))
            .collect::<Result<Vec<Value>, _>>()?;
        Ok((became, effects))
    });
    let (became, effects) = taken.await?;
    app.directory.forget();
    app.done(&effects);
    Ok(reply::json_ok(&json!({ "checks": became })))
}
