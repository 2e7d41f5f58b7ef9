//! Monitors: made, shown, changed and removed.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::extract::{Path, Reader, Writer};
use super::tag::{Condition, tagged};
use super::{json_of, views};
use crate::domain::ping;
use crate::serve::access::Caller;
use crate::serve::app::App;
use crate::serve::audit;
use crate::serve::creation;
use crate::serve::definition::{Definition, checked_slug};
use crate::serve::effects::Effects;
use crate::serve::in_file;
use crate::serve::reply::{self, Mistake};
use crate::store::channels::{self, Channel};
use crate::store::monitors::{self, About, Monitor, Named};
use crate::store::{Trouble, Tx, projects};
use crate::sys::clock;

/// The monitor of a project that a path names, by its slug or its UUID.
pub(crate) fn named(
    tx: &mut dyn Tx,
    caller: Caller,
    name: &str,
    for_change: bool,
) -> Result<Result<Monitor, Mistake>, Trouble> {
    let names =
        [Named::Slug(caller.project_id, name.to_owned()), Named::Uuid(name.to_ascii_lowercase())];
    one_of(tx, caller, &names, for_change)
}

/// The one monitor of a project that has any of these names.
pub(crate) fn one_of(
    tx: &mut dyn Tx,
    caller: Caller,
    names: &[Named],
    for_change: bool,
) -> Result<Result<Monitor, Mistake>, Trouble> {
    let found = if for_change { monitors::load(tx, names)? } else { monitors::look(tx, names)? };
    let mut own: Vec<Monitor> = found
        .into_iter()
        .map(|found| found.monitor)
        .filter(|monitor| monitor.project_id == caller.project_id)
        .collect();
    Ok(match own.len() {
        0 => Err(Mistake::not_found("monitor")),
        1 => Ok(own.remove(0)),
        count => Err(Mistake::conflict(format!(
            "{count} monitors have this slug; name the one you mean by its id"
        ))),
    })
}

/// The monitor of this name, locked, if it is what its caller expects to find.
fn as_expected(
    tx: &mut dyn Tx,
    caller: Caller,
    name: &str,
    expected: &Condition,
) -> Result<Result<Monitor, Mistake>, Trouble> {
    let found = named(tx, caller, name, true)?;
    Ok(found.and_then(|monitor| expected.check(&monitor.about).map(|()| monitor)))
}

/// A monitor with what its answer needs.
pub(crate) type Shown = (Monitor, Vec<Channel>);

fn with_channels(tx: &mut dyn Tx, monitor: Monitor) -> Result<Shown, Trouble> {
    let channels = channels::of_project(tx, monitor.project_id)?;
    Ok((monitor, channels))
}

fn view(app: &App, (monitor, channels): &Shown) -> Value {
    views::monitor(app, monitor, channels, clock::now())
}

/// One monitor.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    Reader(caller): Reader,
    Path(slug): Path,
) -> Result<Response, Mistake> {
    let found = app.store.read(move |tx| match named(tx, caller, &slug, false)? {
        Ok(monitor) => with_channels(tx, monitor).map(Ok),
        Err(mistake) => Ok(Err(mistake)),
    });
    let found = found.await??;
    let shown = view(&app, &found);
    let shown = if caller.kind.writes() { shown } else { views::without_address(shown) };
    Ok(tagged(reply::json_ok(&shown), &found.0.about))
}

/// Makes a monitor.
pub(crate) async fn create(
    State(app): State<Arc<App>>,
    Writer(caller): Writer,
    body: Body,
) -> Result<Response, Mistake> {
    let definition = Definition::default().read(&json_of(body).await?, clock::now())?;
    let made = make(&app, caller, definition).await?;
    let answer = reply::json_with(StatusCode::CREATED, &view(&app, &made));
    Ok(tagged(answer, &made.0.about))
}

async fn make(app: &Arc<App>, caller: Caller, definition: Definition) -> Result<Shown, Mistake> {
    let maker = Arc::clone(app);
    let made = app.store.write(move |tx| {
        projects::lock(tx, caller.project_id)?;
        if let Some(taken) = taken(tx, caller, &definition.slug)? {
            return Ok(Err(taken));
        }
        let project_id = caller.project_id;
        let now = clock::now();
        match creation::insert(tx, &maker, project_id, &definition, "api", now)? {
            Ok(id) => {
                let said = definition.written();
                audit::note(tx, caller, "monitor.create", &definition.slug, Some(&said), now)?;
                shown(tx, id).map(Ok)
            }
            Err(mistake) => Ok(Err(mistake)),
        }
    });
    let made = made.await??;
    app.directory.forget();
    app.wake_checker.notify_one();
    Ok(made)
}

/// What is wrong with a slug that another monitor of the project has; whoever asks holds the project's lock.
fn taken(tx: &mut dyn Tx, caller: Caller, slug: &str) -> Result<Option<Mistake>, Trouble> {
    let known = monitors::look(tx, &[Named::Slug(caller.project_id, slug.to_owned())])?;
    let why = || Mistake::conflict(format!("there is a monitor `{slug}` already"));
    Ok((!known.is_empty()).then(why))
}

fn shown(tx: &mut dyn Tx, id: i64) -> Result<Shown, Trouble> {
    match monitors::look(tx, &[Named::Id(id)])?.into_iter().next() {
        Some(found) => with_channels(tx, found.monitor),
        None => Err(Trouble::Ours("a monitor that was just written is not there".to_owned())),
    }
}

/// Creates a monitor or gives it another definition.
pub(crate) async fn replace(
    State(app): State<Arc<App>>,
    Writer(caller): Writer,
    headers: HeaderMap,
    Path(slug): Path,
    body: Body,
) -> Result<Response, Mistake> {
    let body = json_of(body).await?;
    let expected = Condition::of(&headers);
    let (path, said) = (slug.clone(), body.clone());
    let replaced = change_to(&app, caller, &slug, expected.clone(), move |_, monitor| {
        Ok(anew(&monitor.about.slug, &path, &said))
    });
    match replaced.await {
        // An id is given by hb: one that nobody has names nothing, and is no slug for a new monitor.
        Err(mistake)
            if mistake.status() == StatusCode::NOT_FOUND
                && !expected.needs_one()
                && !ping::is_uuid(&slug.to_ascii_lowercase()) =>
        {
            let slug = checked_slug("slug", &Value::from(slug))?;
            let made = make(&app, caller, anew(&slug, &slug, &body)?).await?;
            let answer = reply::json_with(StatusCode::CREATED, &view(&app, &made));
            Ok(tagged(answer, &made.0.about))
        }
        done => {
            let shown = done?;
            Ok(tagged(reply::json_ok(&view(&app, &shown)), &shown.0.about))
        }
    }
}

/// The definition that a body alone gives to the monitor of this slug, which a path names.
fn anew(slug: &str, path: &str, body: &Value) -> Result<Definition, Mistake> {
    let bare = Definition { slug: slug.to_owned(), ..Definition::default() };
    let definition = over(bare, body)?;
    // A path may also name a monitor by its id; then the body may give it another slug.
    if path == slug && definition.slug != slug {
        return Err(Mistake::field("slug", "the body names another slug than the path"));
    }
    Ok(definition)
}

/// What a body says over what is known. A slug is only changed by name: clients of Healthchecks make monitors
/// that have none.
fn over(known: Definition, body: &Value) -> Result<Definition, Mistake> {
    let slug = known.slug.clone();
    let read = known.read(body, clock::now())?;
    Ok(if body.get("slug").is_some() { read } else { Definition { slug, ..read } })
}

/// Changes some members of a monitor.
pub(crate) async fn change(
    State(app): State<Arc<App>>,
    Writer(caller): Writer,
    headers: HeaderMap,
    Path(slug): Path,
    body: Body,
) -> Result<Response, Mistake> {
    let body = json_of(body).await?;
    let changed = change_to(&app, caller, &slug, Condition::of(&headers), move |tx, monitor| {
        Ok(over(creation::definition_of(tx, monitor)?, &body))
    });
    let shown = changed.await?;
    Ok(tagged(reply::json_ok(&view(&app, &shown)), &shown.0.about))
}

async fn change_to(
    app: &Arc<App>,
    caller: Caller,
    slug: &str,
    expected: Condition,
    definition: impl Fn(&mut dyn Tx, &Monitor) -> Result<Result<Definition, Mistake>, Trouble>
    + Send
    + 'static,
) -> Result<Shown, Mistake> {
    let (maker, slug) = (Arc::clone(app), slug.to_owned());
    let changed = app.store.write(move |tx| {
        // Before the monitor, as whoever makes one does: so neither waits for the other.
        projects::lock(tx, caller.project_id)?;
        let monitor = match named(tx, caller, &slug, true)? {
            Ok(monitor) => monitor,
            Err(mistake) => return Ok(Err(mistake)),
        };
        let definition = match definition(tx, &monitor)? {
            Ok(definition) => definition,
            Err(mistake) => return Ok(Err(mistake)),
        };
        // RFC 9110, 13.2.1: a condition counts where the call would be carried out without it.
        if let Err(mistake) = expected.check(&monitor.about) {
            return Ok(Err(mistake));
        }
        if definition.slug != monitor.about.slug
            && let Some(taken) = taken(tx, caller, &definition.slug)?
        {
            return Ok(Err(taken));
        }
        let (now, mut effects) = (clock::now(), Effects::default());
        let known = creation::definition_of(tx, &monitor)?.written();
        let different = audit::difference(&known, &definition.written());
        let is_same = different.as_object().is_none_or(Map::is_empty);
        if !is_same && let Some(why) = in_file::why(&monitor.about) {
            return Ok(Err(in_file::refusal(why)));
        }
        let wanted = (&definition, monitor.about.source.as_str());
        match creation::replace(tx, &maker, &monitor, wanted, now, &mut effects)? {
            Ok(()) => {
                let slug = &definition.slug;
                audit::note(tx, caller, "monitor.change", slug, Some(&different), now)?;
                Ok(Ok((shown(tx, monitor.id)?, effects)))
            }
            Err(mistake) => Ok(Err(mistake)),
        }
    });
    let (shown, effects) = changed.await??;
    app.directory.forget();
    app.done(&effects);
    Ok(shown)
}

/// Takes a monitor out of the hands of its file; one that is in none stays as it is.
pub(crate) async fn release(
    State(app): State<Arc<App>>,
    Writer(caller): Writer,
    headers: HeaderMap,
    Path(slug): Path,
) -> Result<Response, Mistake> {
    let expected = Condition::of(&headers);
    let released = app.store.write(move |tx| {
        let monitor = match as_expected(tx, caller, &slug, &expected)? {
            Ok(monitor) => monitor,
            Err(mistake) => return Ok(Err(mistake)),
        };
        if let Some(file) = in_file::label(&monitor.about) {
            let (now, detail) = (clock::now(), json!({ "file": { "was": file, "is": null } }));
            audit::note(tx, caller, "monitor.release", &monitor.about.slug, Some(&detail), now)?;
            let about = About { source: in_file::RELEASED.to_owned(), ..monitor.about.clone() };
            monitors::update_about(tx, (monitor.id, monitor.version), &about, now)?;
        }
        Ok(Ok(shown(tx, monitor.id)?))
    });
    let released = released.await??;
    app.directory.forget();
    Ok(tagged(reply::json_ok(&view(&app, &released)), &released.0.about))
}

/// Removes a monitor with all that belongs to it.
pub(crate) async fn remove(
    State(app): State<Arc<App>>,
    Writer(caller): Writer,
    headers: HeaderMap,
    Path(slug): Path,
) -> Result<Response, Mistake> {
    let expected = Condition::of(&headers);
    let removed = app.store.write(move |tx| {
        let monitor = match as_expected(tx, caller, &slug, &expected)? {
            Ok(monitor) => monitor,
            Err(mistake) => return Ok(Err(mistake)),
        };
        if let Some(why) = in_file::why(&monitor.about) {
            return Ok(Err(in_file::refusal(why)));
        }
        let now = clock::now();
        let said = creation::definition_of(tx, &monitor)?.written();
        audit::note(tx, caller, "monitor.remove", &monitor.about.slug, Some(&said), now)?;
        let shown = with_channels(tx, monitor)?;
        monitors::delete(tx, shown.0.id, now)?;
        Ok(Ok(shown))
    });
    let removed = removed.await??;
    app.directory.forget();
    Ok(reply::json_ok(&view(&app, &removed)))
}
