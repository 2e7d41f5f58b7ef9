//! The audit log: who has changed what, the newest first.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde_json::{Value, json};

use super::Page;
use super::extract::{Admin, Query};
use crate::serve::app::App;
use crate::serve::reply::{self, Mistake};
use crate::store::audit::{self, Line};

/// A page of it.
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Admin(caller): Admin,
    Query(page): Query<Page>,
) -> Result<Response, Mistake> {
    let (limit, before) = (page.limit()?, page.after()?);
    let limit = u32::try_from(limit).unwrap_or(u32::MAX);
    let found = app.store.read(move |tx| audit::page(tx, caller.project_id, before, limit)).await?;
    let shown: Vec<Value> = found.rows.iter().map(view).collect();
    let next = found.next.map(|next| next.to_string());
    Ok(reply::json_ok(&json!({ "audit": shown, "next": next })))
}

fn view(line: &Line) -> Value {
    let detail = line.line.detail.as_deref().and_then(|text| serde_json::from_str(text).ok());
    json!({
        "id": line.id.to_string(),
        "at": line.line.at.to_rfc3339(),
        "actor": line.line.actor,
        "action": line.line.action,
        "object": line.line.object,
        "detail": detail.unwrap_or(Value::Null),
    })
}
