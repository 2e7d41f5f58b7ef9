//! The events of a monitor, as they came.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde_json::{Value, json};

use super::extract::{Path, Query, Reader};
use super::monitors::named;
use super::{Page, views};
use crate::serve::app::App;
use crate::serve::reply::{self, Mistake};
use crate::store::events;

/// A page of events, the newest first.
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Reader(caller): Reader,
    Path(slug): Path,
    Query(page): Query<Page>,
) -> Result<Response, Mistake> {
    let (limit, before) = (page.limit()?, page.after()?);
    let found = app.store.read(move |tx| {
        let monitor = match named(tx, caller, &slug, false)? {
            Ok(monitor) => monitor,
            Err(mistake) => return Ok(Err(mistake)),
        };
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        events::page(tx, monitor.id, before, limit).map(Ok)
    });
    let page = found.await??;
    let shown: Vec<Value> = page.rows.iter().map(views::event).collect();
    let next = page.next.map(|next| next.to_string());
    Ok(reply::json_ok(&json!({ "events": shown, "next": next })))
}
