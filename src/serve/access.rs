//! Who is calling, and what they may do.
//!
//! Keys come in headers: `Authorization: Bearer` or `X-Api-Key`, so that they stand in no log of a proxy.
//! They are looked up by their hash, which makes guessing by the clock pointless. The admin password comes
//! as `Authorization: Basic`.

use axum::http::{Extensions, HeaderMap, header};

use super::app::App;
use super::client::Client;
use super::reply::Mistake;
use super::secrets::{self, KeyKind};
use crate::domain::base64;
use crate::domain::time::Moment;
use crate::store::{Trouble, Tx, projects};
use crate::sys::clock;

/// No key is longer; what is, is none.
const KEY_BYTES_MAX: usize = 200;

/// What a request says of its caller, and what we know of where it comes from.
pub(crate) type Asked<'a> = (&'a HeaderMap, &'a Extensions);

/// A caller whose key is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Caller {
    /// The project that the key belongs to.
    pub(crate) project_id: i64,
    /// What it may do.
    pub(crate) kind: KeyKind,
    /// The number of the key.
    pub(crate) key_id: i64,
    /// Whether it is the person with the password, to whom the whole receiver belongs.
    pub(crate) is_owner: bool,
}

/// The key in the headers.
pub(crate) fn key_in(headers: &HeaderMap) -> Option<String> {
    let key = scheme(headers, "bearer").or_else(|| text(headers, "x-api-key"))?;
    (!key.is_empty() && key.len() <= KEY_BYTES_MAX).then(|| key.to_owned())
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

fn scheme<'a>(headers: &'a HeaderMap, wanted: &str) -> Option<&'a str> {
    let (scheme, rest) = text(headers, header::AUTHORIZATION.as_str())?.split_once(' ')?;
    scheme.eq_ignore_ascii_case(wanted).then(|| rest.trim())
}

/// The password of a Basic authorization, whatever the user is called.
fn password_in(headers: &HeaderMap) -> Option<String> {
    let packed = scheme(headers, "basic")?;
    let plain = base64::decode(packed)?;
    let (_, password) = std::str::from_utf8(&plain).ok()?.split_once(':')?;
    (!password.is_empty() && password.len() <= KEY_BYTES_MAX).then(|| password.to_owned())
}

/// The caller that a key belongs to.
pub(crate) async fn caller(app: &App, key: &str) -> Result<Option<Caller>, Trouble> {
    let (hash, now) = (secrets::hash(key), clock::now());
    let found = app.store.read(move |tx| valid(tx, &hash, now)).await?;
    let Some(key) = found else { return Ok(None) };
    app.keys_used.note(key.id, now);
    let kind = KeyKind::parse(&key.about.kind);
    Ok(kind.map(|kind| Caller {
        project_id: key.about.project_id,
        kind,
        key_id: key.id,
        is_owner: false,
    }))
}

/// The key of this hash, if its time is not over.
pub(crate) fn valid(
    tx: &mut dyn Tx,
    hash: &str,
    now: Moment,
) -> Result<Option<projects::Key>, Trouble> {
    let key = projects::key_by_hash(tx, hash)?;
    Ok(key.filter(|key| key.about.expires_at.is_none_or(|at| at > now)))
}

/// The person with the password.
async fn owner(
    app: &App,
    (headers, extensions): Asked<'_>,
    password: String,
) -> Result<Option<Caller>, Mistake> {
    let (client, now) = (Client::of(headers, extensions, &app.proxies()), clock::now());
    let owner = app.password.owner(&app.store, password, (&client.address, now)).await?;
    Ok(owner.map(|owner| {
        app.keys_used.note(owner.key_id, now);
        let (project_id, key_id) = (owner.project_id, owner.key_id);
        Caller { project_id, kind: KeyKind::Admin, key_id, is_owner: true }
    }))
}

async fn known(app: &App, asked: Asked<'_>, other: Option<String>) -> Result<Caller, Mistake> {
    let found = match (key_in(asked.0).or(other), password_in(asked.0)) {
        (Some(key), _) => caller(app, &key).await?,
        (None, Some(password)) => owner(app, asked, password).await?,
        (None, None) => None,
    };
    found.ok_or_else(Mistake::unauthorized)
}

/// A caller who may read.
pub(crate) async fn reader(app: &App, asked: Asked<'_>) -> Result<Caller, Mistake> {
    reader_with(app, asked, None).await
}

async fn reader_with(
    app: &App,
    asked: Asked<'_>,
    other: Option<String>,
) -> Result<Caller, Mistake> {
    let caller = known(app, asked, other).await?;
    if caller.kind.reads() {
        return Ok(caller);
    }
    Err(Mistake::forbidden("this key can do nothing but ping"))
}

/// A caller who may write.
pub(crate) async fn writer(app: &App, asked: Asked<'_>) -> Result<Caller, Mistake> {
    writer_with(app, asked, None).await
}

/// A caller who may write, whose key may also be where another service's clients carry theirs.
pub(crate) async fn writer_with(
    app: &App,
    asked: Asked<'_>,
    other: Option<String>,
) -> Result<Caller, Mistake> {
    let caller = reader_with(app, asked, other).await?;
    if caller.kind.writes() {
        return Ok(caller);
    }
    Err(Mistake::forbidden("this key may read, but not change anything"))
}

/// A caller who may make keys and see who did what.
pub(crate) async fn admin(app: &App, asked: Asked<'_>) -> Result<Caller, Mistake> {
    let caller = reader_with(app, asked, None).await?;
    if caller.kind == KeyKind::Admin {
        return Ok(caller);
    }
    Err(Mistake::forbidden("that takes an admin key, or the admin password"))
}

/// The person to whom the receiver belongs.
pub(crate) async fn only_owner(app: &App, asked: Asked<'_>) -> Result<Caller, Mistake> {
    let caller = admin(app, asked).await?;
    if caller.is_owner {
        return Ok(caller);
    }
    Err(Mistake::forbidden("projects are made and removed with the admin password"))
}
