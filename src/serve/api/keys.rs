//! Keys: shown by their beginnings, made, replaced with an overlap, ended. A key itself is told once.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use super::extract::{Admin, Path};
use super::pauses::moment;
use super::{json_of, views};
use crate::domain::time::Moment;
use crate::serve::access::Caller;
use crate::serve::app::App;
use crate::serve::audit;
use crate::serve::definition::span_of;
use crate::serve::reply::{self, Mistake};
use crate::serve::scope::Scope;
use crate::serve::secrets::{self, KeyKind};
use crate::store::projects::{self, Key, NewKey};
use crate::store::{Trouble, Tx, audit as audit_lines};
use crate::sys::clock;

/// The longest name of a key.
const NAME_CHARS_MAX: usize = 100;

/// How long a key that is replaced goes on working where nobody says so.
const OVERLAP: std::time::Duration = std::time::Duration::from_secs(86_400);

/// What the audit log calls it when a key comes in the place of another.
const ROTATED: &str = "key.rotate";

/// All keys of the project.
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Admin(caller): Admin,
) -> Result<Response, Mistake> {
    let found = app.store.read(move |tx| projects::keys(tx, caller.project_id)).await?;
    let keys = found.iter().filter(|key| !secrets::is_of_password(key));
    let shown: Vec<Value> = keys.map(|key| view(key, clock::now())).collect();
    Ok(reply::json_ok(&json!({ "keys": shown, "next": null })))
}

fn view(key: &Key, now: Moment) -> Value {
    let scope = key.about.scope.as_deref().and_then(|scope| serde_json::from_str(scope).ok());
    json!({
        "id": key.id.to_string(),
        "kind": key.about.kind,
        "name": key.about.name,
        "prefix": key.about.prefix,
        "scope": scope.unwrap_or(Value::Null),
        "created_at": key.created_at.to_rfc3339(),
        "expires_at": views::moment(key.about.expires_at),
        "is_expired": key.about.expires_at.is_some_and(|at| at <= now),
        "last_used_at": views::moment(key.last_used_at),
    })
}

/// Makes a key.
pub(crate) async fn create(
    State(app): State<Arc<App>>,
    Admin(caller): Admin,
    body: Body,
) -> Result<Response, Mistake> {
    let now = clock::now();
    let asked = Asked::read(&json_of(body).await?, now)?;
    let made = made(&app, caller, move |_, _| Ok(Ok(asked.clone())), now).await?;
    Ok(reply::json_with(StatusCode::CREATED, &made))
}

/// Makes a key in the place of another, which ends after the overlap.
pub(crate) async fn rotate(
    State(app): State<Arc<App>>,
    Admin(caller): Admin,
    Path(id): Path,
    body: Body,
) -> Result<Response, Mistake> {
    let now = clock::now();
    let body = json_of(body).await?;
    let overlap = match &body["overlap"] {
        Value::Null => OVERLAP,
        Value::Number(seconds) if seconds.as_u64() == Some(0) => std::time::Duration::ZERO,
        span => span_of("overlap", span)?,
    };
    let ends_at = now.after(overlap);
    let replaced = move |tx: &mut dyn Tx, caller: Caller| {
        let Some(old) = own(tx, caller, &id)? else {
            return Ok(Err(Mistake::not_found("key")));
        };
        if let Some(heir) = replaced_by(tx, &old)? {
            let why = format!("`{heir}` has replaced this key already; rotate that one");
            return Ok(Err(Mistake::conflict(why)));
        }
        let old_ends_at = old.about.expires_at.map_or(ends_at, |at| at.min(ends_at));
        projects::end_key(tx, caller.project_id, old.id, old_ends_at)?;
        Ok(Ok(Asked {
            kind: KeyKind::parse(&old.about.kind).unwrap_or(KeyKind::Ping),
            name: old.about.name,
            // What was given for a while is not given for ever by being replaced.
            expires_at: old.about.expires_at,
            scope: old.about.scope,
            replaces: Some((old.id, old_ends_at)),
        }))
    };
    let made = made(&app, caller, replaced, now).await?;
    app.directory.forget();
    Ok(reply::json_with(StatusCode::CREATED, &made))
}

/// The first letters of the key that has replaced this one: what is left of this one is its overlap, and
/// another key in its place would end with that.
fn replaced_by(tx: &mut dyn Tx, old: &Key) -> Result<Option<String>, Trouble> {
    if old.about.expires_at.is_none() {
        return Ok(None);
    }
    let id = Value::from(old.id.to_string());
    let lines = audit_lines::of_action(tx, old.about.project_id, ROTATED, old.created_at)?;
    let replacing = lines.into_iter().map(|line| line.line).find(|line| {
        let detail = line.detail.as_deref().map(serde_json::from_str::<Value>);
        detail.and_then(Result::ok).is_some_and(|detail| detail["replaces"] == id)
    });
    Ok(replacing.map(|line| line.object))
}

/// Ends a key at once.
pub(crate) async fn remove(
    State(app): State<Arc<App>>,
    Admin(caller): Admin,
    Path(id): Path,
) -> Result<Response, Mistake> {
    let now = clock::now();
    let removed = app.store.write(move |tx| {
        let Some(key) = own(tx, caller, &id)? else {
            return Ok(Err(Mistake::not_found("key")));
        };
        if key.id == caller.key_id {
            return Ok(Err(Mistake::conflict("a key does not remove itself; use another one")));
        }
        audit::note(tx, caller, "key.remove", &key.about.prefix, None, now)?;
        projects::delete_key(tx, caller.project_id, key.id)?;
        Ok(Ok(view(&key, now)))
    });
    let removed = removed.await??;
    app.directory.forget();
    Ok(reply::json_ok(&removed))
}

fn own(tx: &mut dyn Tx, caller: Caller, id: &str) -> Result<Option<Key>, Trouble> {
    let Ok(id) = id.parse::<i64>() else { return Ok(None) };
    let key = projects::key(tx, id)?.filter(|key| key.about.project_id == caller.project_id);
    Ok(key.filter(|key| !secrets::is_of_password(key)))
}

/// A key that is wanted.
#[derive(Clone)]
struct Asked {
    kind: KeyKind,
    name: String,
    expires_at: Option<Moment>,
    scope: Option<String>,
    /// The number of the key in whose place it comes, and when that ends.
    replaces: Option<(i64, Moment)>,
}

impl Asked {
    fn read(body: &Value, now: Moment) -> Result<Asked, Mistake> {
        let members = body.as_object().ok_or_else(|| Mistake::bad("the body is no JSON object"))?;
        let (mut kind, mut name, mut expires_at, mut scope) = (None, String::new(), None, None);
        for (member, value) in members {
            match (member.as_str(), value) {
                ("kind", Value::String(word)) => kind = KeyKind::parse(word),
                ("name", Value::String(text)) if text.chars().count() <= NAME_CHARS_MAX => {
                    name.clone_from(text);
                }
                ("name", _) => {
                    let why = format!("`name` is a text of up to {NAME_CHARS_MAX} characters");
                    return Err(Mistake::field("name", why));
                }
                ("expires_in" | "expires_at" | "scope", Value::Null) => {}
                ("expires_in", span) => expires_at = Some(now.after(span_of("expires_in", span)?)),
                ("expires_at", at) => expires_at = Some(moment("expires_at", at, now)?),
                ("scope", value) => scope = Some(Scope::parse(value)?),
                ("kind", _) => {}
                (other, _) => {
                    let shown = crate::domain::text::excerpt(other.as_bytes());
                    let why = format!(
                        "there is no `{shown}` in a key; it has kind, name, expires_in, expires_at, scope"
                    );
                    return Err(Mistake::field(shown.clone(), why));
                }
            }
        }
        let kind =
            kind.ok_or_else(|| Mistake::field("kind", "`kind` is ping, read, write or admin"))?;
        if scope.is_some() && kind != KeyKind::Ping {
            let why = "a scope says what a ping key may reach; the other kinds have none";
            return Err(Mistake::field("scope", why));
        }
        let scope = scope.map(|scope| scope.stored());
        Ok(Asked { kind, name, expires_at, scope, replaces: None })
    }
}

async fn made(
    app: &Arc<App>,
    caller: Caller,
    asked: impl Fn(&mut dyn Tx, Caller) -> Result<Result<Asked, Mistake>, Trouble> + Send + 'static,
    now: Moment,
) -> Result<Value, Mistake> {
    let made = app.store.write(move |tx| {
        let asked = match asked(tx, caller)? {
            Ok(asked) => asked,
            Err(mistake) => return Ok(Err(mistake)),
        };
        let secret = asked.kind.mint().map_err(Trouble::Unavailable)?;
        let new = NewKey {
            project_id: caller.project_id,
            kind: asked.kind.word().to_owned(),
            name: asked.name,
            prefix: secrets::mark(&secret),
            hash: secrets::hash(&secret),
            expires_at: asked.expires_at,
            scope: asked.scope,
        };
        let id = projects::insert_key(tx, &new, now)?;
        let action = if asked.replaces.is_some() { ROTATED } else { "key.create" };
        let detail = json!({
            "kind": new.kind,
            "name": new.name,
            "replaces": asked.replaces.map(|(id, _)| id.to_string()),
            "old_ends_at": asked.replaces.map(|(_, at)| at.to_rfc3339()),
        });
        audit::note(tx, caller, action, &new.prefix, Some(&detail), now)?;
        let key = Key { id, about: new, created_at: now, last_used_at: None };
        let mut shown = view(&key, now);
        shown["key"] = secret.into();
        if let Some((id, at)) = asked.replaces {
            shown["replaces"] = json!({ "id": id.to_string(), "ends_at": at.to_rfc3339() });
        }
        Ok(Ok(shown))
    });
    made.await?
}
