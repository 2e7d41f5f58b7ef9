//! Checks: listed, made, shown, changed and removed.

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use super::caller::Call;
use super::check;
use super::fields::Spec;
use super::list;
use super::refusal::Refusal;
use super::route::Name;
use super::unique;
use super::view::{self, Check, Look};
use crate::domain::schedule::{Line, Schedule};
use crate::serve::access::Caller;
use crate::serve::alerts::Chosen;
use crate::serve::app::App;
use crate::serve::definition::StoredRules;
use crate::serve::effects::Effects;
use crate::serve::in_file;
use crate::serve::reply;
use crate::serve::{audit, creation};
use crate::store::channels::{self, Channel};
use crate::store::monitors::{self, About, Filter, Monitor, Named};
use crate::store::{Trouble, Tx, projects};
use crate::sys::clock;

/// What a transaction of this room gives: what was asked for, or why not.
pub(super) type Asked<T> = Result<Result<T, Refusal>, Trouble>;

/// A check and the channels of its project.
pub(super) type Seen = (Monitor, Vec<Channel>);

impl Call {
    /// How this caller looks at checks.
    pub(super) fn look(&self, caller: Caller) -> Look {
        let is_reader = !caller.kind.writes();
        Look { version: self.version, is_reader, now: clock::now() }
    }

    /// A check, as this caller sees it.
    pub(super) fn view<'a>(&self, caller: Caller, (monitor, channels): &'a Seen) -> Check<'a> {
        view::check(&self.app, &self.app.public_url(), monitor, channels, self.look(caller))
    }
}

/// All checks of a project that have this slug and these tags.
pub(super) fn all(
    tx: &mut dyn Tx,
    project_id: i64,
    filter: &Filter,
) -> Result<Vec<Monitor>, Trouble> {
    monitors::all(tx, project_id, filter)
}

/// The check of this name, if it is this caller's.
pub(super) fn named(
    tx: &mut dyn Tx,
    caller: Caller,
    name: &Name,
    for_change: bool,
) -> Asked<Monitor> {
    let found = match name {
        Name::Uuid(uuid) => {
            let names = [Named::Uuid(uuid.clone())];
            let found =
                if for_change { monitors::load(tx, &names)? } else { monitors::look(tx, &names)? };
            found.into_iter().next().map(|found| found.monitor)
        }
        Name::UniqueKey(key) => {
            let own = all(tx, caller.project_id, &Filter::default())?;
            own.into_iter().find(|monitor| unique::key(&monitor.uuid) == *key)
        }
    };
    Ok(match found {
        None => Err(Refusal::not_found()),
        Some(monitor) if monitor.project_id != caller.project_id => Err(Refusal::forbidden()),
        Some(monitor) => Ok(monitor),
    })
}

/// A check with what its view needs.
pub(super) fn seen(tx: &mut dyn Tx, id: i64) -> Result<Seen, Trouble> {
    let found = monitors::look(tx, &[Named::Id(id)])?.into_iter().next();
    let gone = || Trouble::Ours("a check that was just written is not there".to_owned());
    let monitor = found.ok_or_else(gone)?.monitor;
    let channels = channels::of_project(tx, monitor.project_id)?;
    Ok((monitor, channels))
}

/// The checks of the project, by tags and slug.
pub(super) async fn list(call: Call) -> Result<Response, Refusal> {
    let caller = call.reader().await?;
    let mut filter = Filter::default();
    for (name, value) in call.query() {
        match name.as_str() {
            "tag" => filter.tags.push(value),
            "slug" => filter.slug = Some(value).filter(|slug| !slug.is_empty()),
            _ => {}
        }
    }
    let (look, app) = (call.look(caller), call.app);
    let reader = std::sync::Arc::clone(&app);
    let found = app.store.read(move |tx| {
        let channels = channels::of_project(tx, caller.project_id)?;
        list::find(tx, &reader, caller.project_id, &filter, channels, look)
    });
    let found = found.await?;
    // Thousands take a while, in which others are not to wait for this thread.
    let written = tokio::task::spawn_blocking(move || list::write(&app, found));
    let text = written.await.map_err(|error| Trouble::Ours(error.to_string()))?;
    Ok(reply::json_text(StatusCode::OK, text))
}

/// One check.
pub(super) async fn show(call: Call, name: Name) -> Result<Response, Refusal> {
    let caller = call.reader().await?;
    let found = call.app.store.read(move |tx| match named(tx, caller, &name, false)? {
        Ok(monitor) => seen(tx, monitor.id).map(Ok),
        Err(refusal) => Ok(Err(refusal)),
    });
    let seen = found.await??;
    Ok(reply::json_ok(&call.view(caller, &seen)))
}

/// Makes a check, or changes the one that `unique` finds.
pub(super) async fn create(call: Call) -> Result<Response, Refusal> {
    let caller = call.writer().await?;
    let spec = Spec::read(&call.body)?;
    let (maker, version) = (std::sync::Arc::clone(&call.app), call.version);
    let made = call.app.store.write(move |tx| {
        let now = clock::now();
        projects::lock(tx, caller.project_id)?;
        let chosen = match chosen(tx, caller, &spec)? {
            Ok(chosen) => chosen,
            Err(refusal) => return Ok(Err(refusal)),
        };
        if let Some(known) = alike(tx, caller, &spec)? {
            let mut effects = Effects::default();
            let about = check::apply(&known.about, &spec, version, chosen);
            if let Some(refusal) = kept_elsewhere(&known, &about) {
                return Ok(Err(refusal));
            }
            replace(tx, &maker, caller, &known, about, &mut effects)?;
            return Ok(Ok((seen(tx, known.id)?, StatusCode::OK, effects)));
        }
        let about = check::apply(&check::bare(), &spec, version, chosen);
        let slug = about.slug.clone();
        let id = creation::insert_about(tx, &maker, caller.project_id, about, now)?;
        audit::note(tx, caller, "monitor.create", &slug, None, now)?;
        Ok(Ok((seen(tx, id)?, StatusCode::CREATED, Effects::default())))
    });
    let (seen, status, effects) = made.await??;
    call.app.directory.forget();
    call.app.done(&effects);
    Ok(reply::json_with(status, &call.view(caller, &seen)))
}

/// Changes some members of a check.
pub(super) async fn update(call: Call, name: Name) -> Result<Response, Refusal> {
    let caller = call.writer().await?;
    let spec = Spec::read(&call.body)?;
    let (maker, version) = (std::sync::Arc::clone(&call.app), call.version);
    let changed = call.app.store.write(move |tx| {
        let known = match named(tx, caller, &name, true)? {
            Ok(known) => known,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let chosen = match chosen(tx, caller, &spec)? {
            Ok(chosen) => chosen,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let mut effects = Effects::default();
        let about = check::apply(&known.about, &spec, version, chosen);
        if let Some(refusal) = kept_elsewhere(&known, &about) {
            return Ok(Err(refusal));
        }
        replace(tx, &maker, caller, &known, about, &mut effects)?;
        Ok(Ok((seen(tx, known.id)?, effects)))
    });
    let (seen, effects) = changed.await??;
    call.app.directory.forget();
    call.app.done(&effects);
    Ok(reply::json_ok(&call.view(caller, &seen)))
}

/// Why a check is not changed here: it is kept in a file, and something would be different.
fn kept_elsewhere(known: &Monitor, about: &About) -> Option<Refusal> {
    let why = in_file::why(&known.about).filter(|_| *about != known.about);
    why.map(|why| in_file::refusal(why).into())
}

/// Gives a check what is said of it now, and notes in what that differs.
fn replace(
    tx: &mut dyn Tx,
    app: &App,
    caller: Caller,
    known: &Monitor,
    about: About,
    effects: &mut Effects,
) -> Result<(), Trouble> {
    let now = clock::now();
    creation::replace_about(tx, app, known, &about, now, effects)?;
    let changed = Monitor { about, ..known.clone() };
    let was = creation::definition_of(tx, known)?.written();
    let is = creation::definition_of(tx, &changed)?.written();
    let different = audit::difference(&was, &is);
    audit::note(tx, caller, "monitor.change", &changed.about.slug, Some(&different), now)
}

/// Removes a check, and shows it for the last time.
pub(super) async fn remove(call: Call, name: Name) -> Result<Response, Refusal> {
    let caller = call.writer().await?;
    let removed = call.app.store.write(move |tx| {
        let monitor = match named(tx, caller, &name, true)? {
            Ok(monitor) => monitor,
            Err(refusal) => return Ok(Err(refusal)),
        };
        if let Some(why) = in_file::why(&monitor.about) {
            return Ok(Err(in_file::refusal(why).into()));
        }
        let seen = seen(tx, monitor.id)?;
        audit::note(tx, caller, "monitor.remove", &monitor.about.slug, None, clock::now())?;
        monitors::delete(tx, monitor.id, clock::now())?;
        Ok(Ok(seen))
    });
    let seen = removed.await??;
    call.app.directory.forget();
    Ok(reply::json_ok(&call.view(caller, &seen)))
}

/// The channels of the project.
pub(super) async fn channels(call: Call) -> Result<Response, Refusal> {
    let caller = call.writer().await?;
    let found = call.app.store.read(move |tx| channels::of_project(tx, caller.project_id)).await?;
    let shown: Vec<Value> = found
        .iter()
        .map(|channel| {
            let about = &channel.about;
            json!({ "id": about.uuid, "name": about.name, "kind": about.kind })
        })
        .collect();
    Ok(reply::json_ok(&json!({ "channels": shown })))
}

/// Whether the store answers.
pub(super) async fn status(call: Call) -> Result<Response, Refusal> {
    call.app.store.read(|tx| crate::store::meta::find(tx, "schema").map(drop)).await?;
    Ok(reply::text(StatusCode::OK, "OK"))
}

/// The channels that a text names: all of them, none, or a list of ids and names. Blanks count.
fn chosen(tx: &mut dyn Tx, caller: Caller, spec: &Spec) -> Asked<Option<Chosen>> {
    let text = match spec.channels.as_deref() {
        None => return Ok(Ok(None)),
        Some("*") => return Ok(Ok(Some(Chosen::All))),
        Some("") => return Ok(Ok(Some(Chosen::Some(Vec::new())))),
        Some(text) => text,
    };
    let known = channels::of_project(tx, caller.project_id)?;
    let mut uuids: Vec<String> = Vec::new();
    for word in text.split(',') {
        let mut found = known.iter().filter(|one| one.about.uuid == word || one.about.name == word);
        let why = match (word, found.next(), found.next()) {
            ("", ..) => "empty channel identifier".to_owned(),
            (_, Some(channel), None) => {
                if !uuids.contains(&channel.about.uuid) {
                    uuids.push(channel.about.uuid.clone());
                }
                continue;
            }
            (_, None, _) => format!("invalid channel identifier: {word}"),
            (_, Some(_), Some(_)) => format!("non-unique channel identifier: {word}"),
        };
        return Ok(Err(Refusal::error(why)));
    }
    Ok(Ok(Some(Chosen::Some(uuids))))
}

/// The check that is like what was said in everything that `unique` names. What it names and nobody
/// says is like nothing.
fn alike(tx: &mut dyn Tx, caller: Caller, spec: &Spec) -> Result<Option<Monitor>, Trouble> {
    if spec.unique.is_empty() {
        return Ok(None);
    }
    let is_alike = |monitor: &Monitor| {
        let about = &monitor.about;
        let rules: StoredRules = serde_json::from_str(&about.rules).unwrap_or_default();
        spec.unique.iter().all(|name| match name.as_str() {
            "name" => spec.name.as_ref() == Some(&about.name),
            "slug" => spec.slug.as_ref() == Some(&about.slug),
            "tags" => spec.tags.as_ref().is_some_and(|tags| check::tags_of(tags) == about.tags),
            "timeout" => spec.timeout.is_some() && spec.timeout == timeout_of(&rules),
            _ => spec.grace.is_some() && spec.grace == rules.grace_s,
        })
    };
    let found = all(tx, caller.project_id, &Filter::default())?.into_iter().find(is_alike);
    let Some(found) = found else { return Ok(None) };
    let locked = monitors::load(tx, &[Named::Id(found.id)])?.into_iter().next();
    Ok(locked.map(|found| found.monitor))
}

fn timeout_of(rules: &StoredRules) -> Option<u64> {
    match Line::parse(None, rules.schedule.as_deref()?).ok()?.schedule {
        Schedule::Every(every) => Some(every.at_most.as_secs()),
        Schedule::Cron(_) | Schedule::Calendar(_) | Schedule::Window(_) => None,
    }
}
