//! Who is calling, and what they may do.
//!
//! Keys come in headers: `Authorization: Bearer` or `X-Api-Key`, so that they stand in no log of a proxy.
//! They are looked up by their hash, which makes guessing by the clock pointless.

use axum::http::{HeaderMap, header};

use super::app::App;
use super::reply::Mistake;
use super::secrets::{self, KeyKind};
use crate::store::projects;
use crate::sys::clock;

/// No key is longer; what is, is none.
const KEY_BYTES_MAX: usize = 200;

/// A caller whose key is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Caller {
    /// The project that the key belongs to.
    pub(crate) project_id: i64,
    /// What it may do.
    pub(crate) kind: KeyKind,
}

/// The key in the headers.
pub(crate) fn key_in(headers: &HeaderMap) -> Option<String> {
    let text = |name| headers.get(name)?.to_str().ok().map(str::trim);
    let bearer = text(header::AUTHORIZATION.as_str()).and_then(|value| {
        let (scheme, key) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
    });
    let key = bearer.or_else(|| text("x-api-key"))?;
    (!key.is_empty() && key.len() <= KEY_BYTES_MAX).then(|| key.to_owned())
}

/// The caller that a key belongs to.
pub(crate) async fn caller(app: &App, key: &str) -> Result<Option<Caller>, Mistake> {
    let hash = secrets::hash(key);
    let found = app.store.read(move |tx| projects::key_by_hash(tx, &hash)).await?;
    Ok(found
        .map(|key| key.about)
        .filter(|key| key.expires_at.is_none_or(|at| at > clock::now()))
        .and_then(|key| {
            Some(Caller { project_id: key.project_id, kind: KeyKind::parse(&key.kind)? })
        }))
}

/// A caller who may read.
pub(crate) async fn reader(app: &App, headers: &HeaderMap) -> Result<Caller, Mistake> {
    reader_with(app, key_in(headers)).await
}

async fn reader_with(app: &App, key: Option<String>) -> Result<Caller, Mistake> {
    let key = key.ok_or_else(Mistake::unauthorized)?;
    match caller(app, &key).await? {
        Some(caller) if matches!(caller.kind, KeyKind::Read | KeyKind::Write) => Ok(caller),
        Some(_) => Err(Mistake::forbidden("this key can do nothing but ping")),
        None => Err(Mistake::unauthorized()),
    }
}

/// A caller who may write.
pub(crate) async fn writer(app: &App, headers: &HeaderMap) -> Result<Caller, Mistake> {
    writer_with(app, key_in(headers)).await
}

/// A caller who may write, by a key that was found where another service's clients carry theirs.
pub(crate) async fn writer_with(app: &App, key: Option<String>) -> Result<Caller, Mistake> {
    let caller = reader_with(app, key).await?;
    match caller.kind {
        KeyKind::Write => Ok(caller),
        KeyKind::Read | KeyKind::Ping | KeyKind::Admin => {
            Err(Mistake::forbidden("this key may read, but not change anything"))
        }
    }
}
