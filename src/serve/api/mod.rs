//! hb's own API: JSON in, JSON out, one file per noun.
//!
//! A caller is known by its key before anything of the request is looked at. Objects of other projects
//! do not exist. A wrong member is named; then nothing has changed.

mod audit_log;
mod channels;
mod events;
mod incidents;
mod keys;
mod maintenance;
mod monitors;
mod overview;
mod pauses;
mod projects;
mod runs;
mod stream;
mod views;

pub(crate) use pauses::{pause_heartbeat, resume_heartbeat};

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::routing::{delete, get, patch, post};
use serde::Deserialize;
use serde_json::Value;

use super::app::App;
use super::body::{self, Unread};
use super::ping;
use super::reply::Mistake;

/// The longest body of a call.
const BODY_BYTES_MAX: usize = 1024 * 1024;

/// Entries of a list where nobody says how many.
const PAGE: usize = 50;

/// Entries of a list at most.
const PAGE_MAX: usize = 1000;

/// The routes below `/api/hb/v1`.
pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/events", post(ping::events))
        .route("/monitors", get(monitors::list).post(monitors::create))
        .route(
            "/monitors/{slug}",
            get(monitors::show)
                .put(monitors::replace)
                .patch(monitors::change)
                .delete(monitors::remove),
        )
        .route("/monitors/{slug}/pause", post(pauses::pause))
        .route("/monitors/{slug}/resume", post(pauses::resume))
        .route("/monitors/{slug}/events", get(events::list))
        .route("/monitors/{slug}/runs", get(runs::list))
        .route("/runs/{run_id}", get(runs::show))
        .route("/incidents", get(incidents::list))
        .route("/incidents/{id}", get(incidents::show))
        .route("/incidents/{id}/ack", post(incidents::acknowledge))
        .route("/incidents/{id}/snooze", post(incidents::snooze))
        .route("/incidents/{id}/resolve", post(incidents::resolve))
        .route("/maintenance", get(maintenance::list).post(maintenance::create))
        .route("/maintenance/{id}", delete(maintenance::remove))
        .route("/channels", get(channels::list).post(channels::create))
        .route(
            "/channels/{name}",
            get(channels::show).patch(channels::change).delete(channels::remove),
        )
        .route("/channels/{name}/test", post(channels::test))
        .route("/keys", get(keys::list).post(keys::create))
        .route("/keys/{id}", delete(keys::remove))
        .route("/keys/{id}/rotate", post(keys::rotate))
        .route("/projects", get(projects::list).post(projects::create))
        .route("/projects/{slug}", patch(projects::change).delete(projects::remove))
        .route("/audit", get(audit_log::list))
        .route("/status", get(overview::show))
        .route("/stream", get(stream::follow))
        .fallback(nothing)
        .method_not_allowed_fallback(wrong_method)
}

async fn nothing() -> Mistake {
    Mistake::not_found("path")
}

async fn wrong_method() -> Mistake {
    let status = axum::http::StatusCode::METHOD_NOT_ALLOWED;
    Mistake::new(status, "method_not_allowed", "this path does not take this method")
}

/// Which part of a list is wanted.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Page {
    limit: Option<String>,
    cursor: Option<String>,
}

impl Page {
    /// How many entries, within bounds.
    pub(crate) fn limit(&self) -> Result<usize, Mistake> {
        match self.limit.as_deref() {
            None | Some("") => Ok(PAGE),
            Some(text) => match text.parse::<usize>() {
                Ok(limit) if (1..=PAGE_MAX).contains(&limit) => Ok(limit),
                _ => Err(Mistake::field("limit", format!("`limit` is a number up to {PAGE_MAX}"))),
            },
        }
    }

    /// The entry that the last page ended with.
    pub(crate) fn after(&self) -> Result<Option<i64>, Mistake> {
        match self.cursor.as_deref() {
            None | Some("") => Ok(None),
            Some(text) => text
                .parse::<i64>()
                .map(Some)
                .map_err(|_| Mistake::field("cursor", "`cursor` is the `next` of an answer")),
        }
    }
}

/// The JSON of a body; nothing is an empty object where that is allowed.
pub(crate) async fn json_of(body: Body) -> Result<Value, Mistake> {
    let bytes = body::whole(body, BODY_BYTES_MAX).await.map_err(|unread| match unread {
        Unread::TooLong => {
            Mistake::too_large(format!("the body is longer than {BODY_BYTES_MAX} bytes"))
        }
        Unread::Broken => Mistake::bad("the body did not come whole"),
        Unread::Slow => Mistake::bad("the body came too slowly"),
    })?;
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Ok(Value::Object(serde_json::Map::new()));
    }
    // serde_json bounds the depth at 128 and refuses NaN.
    serde_json::from_slice(&bytes)
        .map_err(|error| Mistake::bad(format!("the body is no JSON: {error}")))
}
