//! How everything does, in one answer.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde_json::{Value, json};

use super::extract::Reader;
use crate::serve::app::App;
use crate::serve::reply::{self, Mistake};
use crate::store::{deliveries, incidents, monitors, projects, refusals};
use crate::sys::clock;

/// Refused pings that are shown.
const REFUSALS_SHOWN: u32 = 20;

/// The project's monitors by status, what is open, and what the receiver itself went through.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    Reader(caller): Reader,
) -> Result<Response, Mistake> {
    let found = app.store.read(move |tx| {
        let mut by_status: BTreeMap<String, u64> = BTreeMap::new();
        for (project_id, status, count) in monitors::counts(tx)? {
            if project_id == caller.project_id {
                *by_status.entry(status).or_default() += count;
            }
        }
        let open = incidents::open_counts(tx)?;
        let open: u64 = open
            .iter()
            .filter(|(project_id, ..)| *project_id == caller.project_id)
            .map(|(.., count)| count)
            .sum();
        // What belongs to no project is the business of those to whom the receiver belongs.
        let is_first =
            projects::all(tx)?.first().is_some_and(|first| first.id == caller.project_id);
        let whole = match is_first {
            true => (deliveries::counts(tx)?, refusals::newest(tx, REFUSALS_SHOWN)?),
            false => Default::default(),
        };
        Ok((by_status, open, whole.0, whole.1))
    });
    let (by_status, open, deliveries, refused) = found.await?;
    let blind: Vec<Value> = app
        .watch
        .recent()
        .iter()
        .map(|blind| json!({ "from": blind.from.to_rfc3339(), "until": blind.until.to_rfc3339() }))
        .collect();
    let refused: Vec<Value> = refused
        .iter()
        .map(|one| {
            json!({
                "path": one.key_mark,
                "remote": one.remote,
                "count": one.count,
                "last_at": one.last_at.to_rfc3339(),
            })
        })
        .collect();
    Ok(reply::json_ok(&json!({
        "monitors": by_status,
        "incidents_open": open,
        "deliveries": deliveries.into_iter().collect::<BTreeMap<String, u64>>(),
        "refused_pings": refused,
        "blind": blind,
        "version": env!("CARGO_PKG_VERSION"),
        "node": app.watch.node(),
        "now": clock::now().to_rfc3339(),
    })))
}
