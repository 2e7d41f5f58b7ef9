//! Projects: what belongs together, with keys of its own. Nothing of one is seen from another.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::extract::{Admin, Owner, Path, Reader};
use super::json_of;
use crate::serve::access::Caller;
use crate::serve::app::App;
use crate::serve::audit;
use crate::serve::definition::checked_slug;
use crate::serve::reply::{self, Mistake};
use crate::serve::secrets::{self, KeyKind};
use crate::store::projects::{self, NewKey, Project};
use crate::store::{Trouble, Tx};
use crate::sys::clock;

/// The longest name of a project.
const NAME_CHARS_MAX: usize = 100;

/// The kinds of keys that a new project has.
const FIRST_KEYS: [KeyKind; 4] = [KeyKind::Ping, KeyKind::Read, KeyKind::Write, KeyKind::Admin];

/// The projects that a caller may see: all with the password, else its own.
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Reader(caller): Reader,
) -> Result<Response, Mistake> {
    let found = app.store.read(projects::all).await?;
    let seen = found.iter().filter(|one| caller.is_owner || one.id == caller.project_id);
    let shown: Vec<Value> = seen.map(view).collect();
    Ok(reply::json_ok(&json!({ "projects": shown, "next": null })))
}

fn view(project: &Project) -> Value {
    json!({
        "id": project.uuid,
        "slug": project.slug,
        "name": project.name,
        "created_at": project.created_at.to_rfc3339(),
    })
}

/// Makes a project with its first keys, which are told once.
pub(crate) async fn create(
    State(app): State<Arc<App>>,
    Owner(caller): Owner,
    body: Body,
) -> Result<Response, Mistake> {
    let (slug, name) = asked(&json_of(body).await?, None)?;
    let uuid = secrets::uuid().map_err(Mistake::bad)?;
    let made = app.store.write(move |tx| {
        if projects::all(tx)?.iter().any(|one| one.slug == slug) {
            return Ok(Err(taken(&slug)));
        }
        let now = clock::now();
        let id = projects::insert(tx, &uuid, &slug, &name, now)?;
        let mut keys = Map::new();
        for kind in FIRST_KEYS {
            let secret = kind.mint().map_err(Trouble::Unavailable)?;
            let key = NewKey {
                project_id: id,
                kind: kind.word().to_owned(),
                name: "first".to_owned(),
                prefix: secrets::mark(&secret),
                hash: secrets::hash(&secret),
                expires_at: None,
                scope: None,
            };
            projects::insert_key(tx, &key, now)?;
            keys.insert(kind.word().to_owned(), secret.into());
        }
        audit::note(tx, caller, "project.create", &slug, None, now)?;
        let uuid = uuid.clone();
        let mut shown =
            view(&Project { id, uuid, slug: slug.clone(), name: name.clone(), created_at: now });
        shown["keys"] = Value::Object(keys);
        Ok(Ok(shown))
    });
    Ok(reply::json_with(StatusCode::CREATED, &made.await??))
}

/// Gives a project another slug or name.
pub(crate) async fn change(
    State(app): State<Arc<App>>,
    Admin(caller): Admin,
    Path(slug): Path,
    body: Body,
) -> Result<Response, Mistake> {
    let body = json_of(body).await?;
    let changed = app.store.write(move |tx| {
        let Some(known) = named(tx, caller, &slug)? else {
            return Ok(Err(Mistake::not_found("project")));
        };
        let (slug, name) = match asked(&body, Some(&known)) {
            Ok(asked) => asked,
            Err(mistake) => return Ok(Err(mistake)),
        };
        if projects::all(tx)?.iter().any(|one| one.slug == slug && one.id != known.id) {
            return Ok(Err(taken(&slug)));
        }
        projects::rename(tx, known.id, &slug, &name)?;
        let changed = Project { slug, name, ..known.clone() };
        let detail = audit::difference(&view(&known), &view(&changed));
        audit::note(tx, caller, "project.change", &changed.slug, Some(&detail), clock::now())?;
        Ok(Ok(view(&changed)))
    });
    Ok(reply::json_ok(&changed.await??))
}

/// Removes a project that has no monitor any more.
pub(crate) async fn remove(
    State(app): State<Arc<App>>,
    Owner(caller): Owner,
    Path(slug): Path,
) -> Result<Response, Mistake> {
    let removed = app.store.write(move |tx| {
        let Some(known) = named(tx, caller, &slug)? else {
            return Ok(Err(Mistake::not_found("project")));
        };
        if known.id == caller.project_id {
            return Ok(Err(Mistake::conflict("the first project holds the password; it stays")));
        }
        if !projects::delete(tx, known.id)? {
            let why = "this project has monitors; remove them first";
            return Ok(Err(Mistake::conflict(why)));
        }
        audit::note(tx, caller, "project.remove", &known.slug, None, clock::now())?;
        Ok(Ok(view(&known)))
    });
    let removed = removed.await??;
    app.directory.forget();
    Ok(reply::json_ok(&removed))
}

fn named(tx: &mut dyn Tx, caller: Caller, name: &str) -> Result<Option<Project>, Trouble> {
    let all = projects::all(tx)?.into_iter();
    let mut seen = all.filter(|one| caller.is_owner || one.id == caller.project_id);
    Ok(seen.find(|one| one.slug == name || one.uuid == name))
}

fn taken(slug: &str) -> Mistake {
    Mistake::conflict(format!("there is a project `{slug}` already"))
}

/// The slug and the name that a body asks for.
fn asked(body: &Value, known: Option<&Project>) -> Result<(String, String), Mistake> {
    let members = body.as_object().ok_or_else(|| Mistake::bad("the body is no JSON object"))?;
    if let Some(other) = members.keys().find(|name| *name != "slug" && *name != "name") {
        let shown = crate::domain::text::excerpt(other.as_bytes());
        let why = format!("there is no `{shown}` in a project; it has slug and name");
        return Err(Mistake::field(shown.clone(), why));
    }
    let slug = match (members.get("slug"), known) {
        (None, Some(known)) => known.slug.clone(),
        (value, _) => checked_slug("slug", value.unwrap_or(&Value::Null))?,
    };
    let name = match (members.get("name"), known) {
        (Some(Value::String(name)), _)
            if !name.trim().is_empty() && name.chars().count() <= NAME_CHARS_MAX =>
        {
            name.trim().to_owned()
        }
        (None, Some(known)) => known.name.clone(),
        (None, None) => slug.clone(),
        (Some(_), _) => {
            let why = format!("`name` is a text of up to {NAME_CHARS_MAX} characters");
            return Err(Mistake::field("name", why));
        }
    };
    Ok((slug, name))
}
