//! hb's own API: JSON in, JSON out, one file per noun.
//!
//! A caller is known by its key before anything of the request is looked at. Objects of other projects
//! do not exist. A wrong member is named; then nothing has changed.

mod apply;
mod audit_log;
mod channels;
mod events;
mod extract;
mod imports;
mod incidents;
mod keys;
mod maintenance;
mod monitor_list;
mod monitors;
mod openapi;
mod operations;
mod overview;
mod pauses;
mod projects;
mod repeated;
mod runs;
mod statistics;
mod stream;
mod tag;
mod views;

pub(crate) use pauses::{pause_heartbeat, resume_heartbeat};

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::middleware;
use serde::Deserialize;
use serde_json::Value;

use super::app::App;
use super::body::{self, Unread};
use super::reply::Mistake;

/// The longest body of a call.
const BODY_BYTES_MAX: usize = 1024 * 1024;

/// Entries of a list where nobody says how many.
const PAGE: usize = 50;

/// Entries of a list at most.
const PAGE_MAX: usize = 1000;

/// The routes below `/api/hb/v1`.
pub(crate) fn routes(app: &Arc<App>) -> Router<Arc<App>> {
    operations::router()
        .fallback(nothing)
        .method_not_allowed_fallback(wrong_method)
        .layer(middleware::from_fn_with_state(Arc::clone(app), repeated::once))
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

/// The JSON object of a body; nothing is an empty one.
pub(crate) async fn json_of(body: Body) -> Result<Value, Mistake> {
    json_within(body, BODY_BYTES_MAX).await
}

/// The JSON object of a body of at most so many bytes.
pub(crate) async fn json_within(body: Body, bytes_max: usize) -> Result<Value, Mistake> {
    let bytes = body::whole(body, bytes_max).await.map_err(|why| unread(why, bytes_max))?;
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Ok(Value::Object(serde_json::Map::new()));
    }
    // serde_json bounds the depth at 128 and refuses NaN.
    let read: Value = serde_json::from_slice(&bytes)
        .map_err(|error| Mistake::bad(format!("the body is no JSON: {error}")))?;
    if read.is_object() { Ok(read) } else { Err(Mistake::bad("the body is no JSON object")) }
}

fn unread(why: Unread, bytes_max: usize) -> Mistake {
    match why {
        Unread::TooLong => Mistake::too_large(format!("the body is longer than {bytes_max} bytes")),
        Unread::Broken => Mistake::bad("the body did not come whole"),
        Unread::Slow => Mistake::bad("the body came too slowly"),
    }
}
