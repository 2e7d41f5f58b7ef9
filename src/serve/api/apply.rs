//! All monitors of a file at once, and all definitions for a file.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use super::extract::Writer;
use super::json_within;
use crate::serve::app::App;
use crate::serve::applied::{self, Wanted, Wrong};
use crate::serve::effects::Effects;
use crate::serve::in_file::LABEL_CHARS_MAX;
use crate::serve::reply::{self, Mistake};
use crate::store::monitors::{self, Filter};
use crate::store::{Trouble, projects};
use crate::sys::clock;

/// The longest body: a file of a few thousand monitors, as JSON.
const BODY_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Monitors of one file at most: they are written in one go, and pings wait for that second.
const MONITORS_MAX: usize = 5_000;

/// Makes the monitors as they are wanted, all or none; with `dry_run` says what would be done.
pub(crate) async fn apply(
    State(app): State<Arc<App>>,
    Writer(caller): Writer,
    body: Body,
) -> Result<Response, Mistake> {
    let body = json_within(body, BODY_BYTES_MAX).await?;
    let wanted = wanted(&body)?;
    let is_dry = flag(&body, "dry_run")?;
    let maker = Arc::clone(&app);
    let op = move |tx: &mut dyn crate::store::Tx| {
        let (now, mut effects) = (clock::now(), Effects::default());
        if !is_dry {
            projects::lock(tx, caller.project_id)?;
        }
        let mut plan = match applied::plan(tx, caller, &wanted, now)? {
            Ok(plan) => plan,
            Err(wrong) => return Ok((Err(wrong), effects)),
        };
        if !is_dry {
            plan.lock(tx)?;
            if let Err(mistake) = plan.carry_out(tx, &maker, caller, now, &mut effects)? {
                // The plan has looked for that; whatever was written must not stay.
                return Err(Trouble::Conflict(mistake.message().to_owned()));
            }
        }
        Ok((Ok(plan.told()), effects))
    };
    let done = if is_dry { app.store.read(op).await? } else { app.store.write(op).await? };
    let (told, effects) = done;
    match told {
        Err(wrong) => Ok(mistakes(&wrong)),
        Ok(mut told) => {
            if !is_dry {
                app.directory.forget();
                app.done(&effects);
            }
            told["dry_run"] = Value::from(is_dry);
            Ok(reply::json_ok(&told))
        }
    }
}

fn wanted(body: &Value) -> Result<Wanted, Mistake> {
    if let Some(members) = body.as_object() {
        let known = ["monitors", "label", "prune", "dry_run"];
        if let Some(other) = members.keys().find(|name| !known.contains(&name.as_str())) {
            let shown = crate::domain::text::excerpt(other.as_bytes());
            return Err(Mistake::field(shown.clone(), format!("`{shown}` means nothing here")));
        }
    }
    let wrong = || Mistake::field("monitors", "`monitors` is a list of monitors");
    let monitors = body["monitors"].as_array().ok_or_else(wrong)?.clone();
    if monitors.len() > MONITORS_MAX {
        let why =
            format!("a file has {MONITORS_MAX} monitors at most; divide it, each with its `label`");
        return Err(Mistake::field("monitors", why));
    }
    let label = match &body["label"] {
        Value::Null => None,
        Value::String(label) if (1..=LABEL_CHARS_MAX).contains(&label.chars().count()) => {
            Some(label.replace('\0', ""))
        }
        _ => {
            let why = format!("`label` is the name of a file, up to {LABEL_CHARS_MAX} characters");
            return Err(Mistake::field("label", why));
        }
    };
    let is_pruning = flag(body, "prune")?;
    if is_pruning && label.is_none() {
        let why = "`prune` takes a `label`: the file whose monitors are meant";
        return Err(Mistake::field("prune", why));
    }
    Ok(Wanted { monitors, label, is_pruning })
}

fn flag(body: &Value, name: &str) -> Result<bool, Mistake> {
    match &body[name] {
        Value::Null => Ok(false),
        Value::Bool(flag) => Ok(*flag),
        _ => Err(Mistake::field(name, format!("`{name}` is true or false"))),
    }
}

/// Everything that is wrong, each with the monitor and the member; the first is the error itself.
fn mistakes(wrong: &[Wrong]) -> Response {
    let all: Vec<Value> = wrong
        .iter()
        .map(|one| {
            let mistake = &one.mistake;
            json!({ "at": one.at, "field": mistake.member(), "message": mistake.message() })
        })
        .collect();
    let first = wrong.first().map_or("", |one| one.mistake.message());
    let error = json!({ "code": "bad_request", "message": first, "mistakes": all });
    reply::json_with(StatusCode::BAD_REQUEST, &json!({ "error": error }))
}

/// The definitions of all monitors of the project: what was said of them and nothing else. With them go
/// the keys of other services, so this takes a key that writes.
pub(crate) async fn definitions(
    State(app): State<Arc<App>>,
    Writer(caller): Writer,
) -> Result<Response, Mistake> {
    let found = app.store.read(move |tx| {
        let all = monitors::all(tx, caller.project_id, &Filter::default())?;
        let written = |monitor: &monitors::Monitor| {
            let mut written = applied::whole(tx, monitor)?.written();
            if monitor.about.slug.is_empty() {
                // Clients of Healthchecks make monitors without one; only the id names them.
                written["id"] = Value::from(monitor.uuid.as_str());
            }
            Ok(written)
        };
        all.iter().map(written).collect::<Result<Vec<Value>, Trouble>>()
    });
    Ok(reply::json_ok(&json!({ "monitors": found.await? })))
}
