//! Calls that their client may repeat: with an `Idempotency-Key` a call that makes something is carried out
//! once, and whoever repeats it within a day gets the same answer.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::BODY_BYTES_MAX;
use crate::serve::access::{self, Caller};
use crate::serve::app::App;
use crate::serve::body;
use crate::serve::reply::{self, Mistake};
use crate::serve::secrets;
use crate::store::repeats::{self, Repeat};
use crate::sys::clock;

/// The header.
const HEADER: &str = "idempotency-key";

/// The longest key that a client may choose.
const KEY_BYTES_MAX: usize = 255;

/// The calls that make something and answer with no secret.
const TAKEN_BY: [&str; 3] = ["/monitors", "/channels", "/maintenance"];

/// Keys of calls that are being answered.
#[derive(Default)]
pub(crate) struct Answering(Mutex<BTreeSet<(i64, String)>>);

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
    let caller = access::writer(&app, request.headers()).await?;
    let (parts, body) = request.into_parts();
    let bytes = body::whole(body, BODY_BYTES_MAX)
        .await
        .map_err(|why| super::unread(why, BODY_BYTES_MAX))?;
    let request_hash = secrets::hash(&format!("{path}\n{}", String::from_utf8_lossy(&bytes)));
    if let Some(known) = known(&app, caller, &key_hash).await? {
        return again(&known, &request_hash);
    }
    let which = (caller.project_id, key_hash.clone());
    let Some(_guard) = Guard::take(&app, which) else {
        return Err(Mistake::conflict("the first call with this key is being answered; try again"));
    };
    let request = Request::from_parts(parts, Body::from(bytes));
    let response = next.run(request).await;
    if !response.status().is_success() {
        return Ok(response);
    }
    let status = response.status();
    let (_, body) = response.into_parts();
    let bytes = body::whole(body, BODY_BYTES_MAX)
        .await
        .map_err(|why| super::unread(why, BODY_BYTES_MAX))?;
    let repeat = Repeat {
        request_hash: request_hash.clone(),
        status: status.as_u16(),
        body: String::from_utf8_lossy(&bytes).into_owned(),
    };
    let kept = repeat.clone();
    let now = clock::now();
    app.store.write(move |tx| repeats::keep(tx, caller.project_id, &key_hash, &kept, now)).await?;
    Ok(shown(&repeat))
}

fn key(headers: &HeaderMap) -> Result<String, Mistake> {
    let key = headers.get(HEADER).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if key.is_empty() || key.len() > KEY_BYTES_MAX {
        let why = format!("an `Idempotency-Key` has 1 to {KEY_BYTES_MAX} letters");
        return Err(Mistake::field("Idempotency-Key", why));
    }
    Ok(key.to_owned())
}

async fn known(app: &App, caller: Caller, key_hash: &str) -> Result<Option<Repeat>, Mistake> {
    let key_hash = key_hash.to_owned();
    Ok(app.store.read(move |tx| repeats::find(tx, caller.project_id, &key_hash)).await?)
}

fn again(known: &Repeat, request_hash: &str) -> Result<Response, Mistake> {
    if known.request_hash != request_hash {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        let why = "this `Idempotency-Key` was used for another call";
        return Err(Mistake::new(status, "key_reused", why));
    }
    let mut response = shown(known);
    response.headers_mut().insert("idempotent-replayed", HeaderValue::from_static("true"));
    Ok(response)
}

fn shown(repeat: &Repeat) -> Response {
    let status = StatusCode::from_u16(repeat.status).unwrap_or(StatusCode::OK);
    let value = serde_json::from_str(&repeat.body).unwrap_or_default();
    reply::json_with(status, &value)
}

/// Takes a key out of those that are being answered, whatever happens.
struct Guard {
    app: Arc<App>,
    which: (i64, String),
}

impl Guard {
    fn take(app: &Arc<App>, which: (i64, String)) -> Option<Guard> {
        let mut answering = app.answering.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = answering.insert(which.clone());
        is_new.then(|| Guard { app: Arc::clone(app), which })
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let mut answering = self.app.answering.0.lock().unwrap_or_else(PoisonError::into_inner);
        answering.remove(&self.which);
    }
}
