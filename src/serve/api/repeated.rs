//! Calls that their client may repeat: with an `Idempotency-Key` a call that makes something is carried out
//! once, and whoever repeats it within a day gets the same answer.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::BODY_BYTES_MAX;
use crate::serve::access;
use crate::serve::app::App;
use crate::serve::body;
use crate::serve::reply::{self, Mistake};
use crate::serve::secrets;
use crate::store::Trouble;
use crate::store::repeats::{self, Repeat};
use crate::sys::clock;

/// The header.
const HEADER: &str = "idempotency-key";

/// The longest key that a client may choose.
pub(super) const KEY_BYTES_MAX: usize = 255;

/// The calls that make something and answer with no secret.
const TAKEN_BY: [&str; 3] = ["/monitors", "/channels", "/maintenance"];

/// A call that was begun so long ago and has no answer died with its receiver; whoever repeats it has it
/// carried out. Calls that make something are answered within seconds.
const LOST_AFTER: Duration = Duration::from_secs(60);

/// Carries a call out once.
pub(super) async fn once(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    if request.method() != Method::POST || !request.headers().contains_key(HEADER) {
        return next.run(request).await;
    }
    answered(app, request, next).await.unwrap_or_else(IntoResponse::into_response)
}

async fn answered(app: Arc<App>, request: Request, next: Next) -> Result<Response, Mistake> {
    let path = request.uri().path().to_owned();
    if !TAKEN_BY.iter().any(|taken| path == *taken) {
        let why = "this call takes no `Idempotency-Key`: monitors, channels and maintenance do";
        return Err(Mistake::field("Idempotency-Key", why));
    }
    let key_hash = secrets::hash(&key(request.headers())?);
    let caller = access::writer(&app, (request.headers(), request.extensions())).await?;
    let (parts, body) = request.into_parts();
    let bytes = body::whole(body, BODY_BYTES_MAX)
        .await
        .map_err(|why| super::unread(why, BODY_BYTES_MAX))?;
    let request_hash = secrets::hash(&format!("{path}\n{}", String::from_utf8_lossy(&bytes)));
    let which = (caller.project_id, key_hash);
    if !reserve(&app, &which, &request_hash).await? {
        let key = which.clone();
        let known = app.store.read(move |tx| repeats::find(tx, key.0, &key.1)).await?;
        return match known {
            Some(known) if known.request_hash != request_hash => Err(reused()),
            Some(known) if known.status > 0 => Ok(again(&known)),
            _ => {
                let why = "the first call with this key is being answered; try again";
                Err(Mistake::conflict(why))
            }
        };
    }
    let request = Request::from_parts(parts, Body::from(bytes));
    // A client that has gone repeats its call: what was begun for it is ended, and its answer kept.
    let work = tokio::spawn(carried_out(app, which, request, next));
    let ended = work.await;
    ended.unwrap_or_else(|_| Err(Trouble::Ours("a call ended without an answer".to_owned()).into()))
}

async fn reserve(app: &App, which: &(i64, String), request_hash: &str) -> Result<bool, Trouble> {
    let (which, request_hash, now) = (which.clone(), request_hash.to_owned(), clock::now());
    let lost_before = now.before(LOST_AFTER);
    app.store
        .write(move |tx| repeats::reserve(tx, (which.0, &which.1), &request_hash, now, lost_before))
        .await
}

/// Carries out the call that has reserved the key, and keeps its answer or gives the key back.
async fn carried_out(
    app: Arc<App>,
    which: (i64, String),
    request: Request,
    next: Next,
) -> Result<Response, Mistake> {
    let response = next.run(request).await;
    let status = response.status();
    if !status.is_success() {
        app.store.write(move |tx| repeats::release(tx, (which.0, &which.1))).await?;
        return Ok(response);
    }
    let (_, body) = response.into_parts();
    let bytes = body::whole(body, BODY_BYTES_MAX)
        .await
        .map_err(|why| super::unread(why, BODY_BYTES_MAX))?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let response = shown(status.as_u16(), &text);
    app.store
        .write(move |tx| repeats::answer(tx, (which.0, &which.1), status.as_u16(), &text))
        .await?;
    Ok(response)
}

fn key(headers: &HeaderMap) -> Result<String, Mistake> {
    let key = headers.get(HEADER).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if key.is_empty() || key.len() > KEY_BYTES_MAX {
        let why = format!("an `Idempotency-Key` has 1 to {KEY_BYTES_MAX} letters");
        return Err(Mistake::field("Idempotency-Key", why));
    }
    Ok(key.to_owned())
}

fn reused() -> Mistake {
    let why = "this `Idempotency-Key` was used for another call";
    Mistake::new(StatusCode::UNPROCESSABLE_ENTITY, "key_reused", why)
}

fn again(known: &Repeat) -> Response {
    let mut response = shown(known.status, &known.body);
    response.headers_mut().insert("idempotent-replayed", HeaderValue::from_static("true"));
    response
}

fn shown(status: u16, body: &str) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    reply::json_text(status, body.as_bytes().to_vec())
}
