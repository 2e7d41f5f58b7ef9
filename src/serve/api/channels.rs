//! Channels: ways to tell people, made, tried and removed.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::extract::{Path, Reader, Writer};
use super::{json_of, views};
use crate::domain::text;
use crate::notify::change;
use crate::notify::channel::Settings;
use crate::notify::message::{About, Message, What};
use crate::notify::{self, Outcome};
use crate::serve::access::Caller;
use crate::serve::alerts::Chosen;
use crate::serve::app::App;
use crate::serve::audit;
use crate::serve::reply::{self, Mistake};
use crate::serve::secrets;
use crate::store::channels::{self, Channel, NewChannel};
use crate::store::{Trouble, Tx};
use crate::sys::clock;

/// The longest name.
const NAME_CHARS_MAX: usize = 100;

/// Members of a channel that are not settings.
const OWN_MEMBERS: [&str; 8] = [
    "name",
    "id",
    "disabled",
    "last_ok_at",
    "last_error",
    "last_error_at",
    "last_note",
    "created_at",
];

/// All channels of the project.
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Reader(caller): Reader,
) -> Result<Response, Mistake> {
    let found = app.store.read(move |tx| channels::of_project(tx, caller.project_id)).await?;
    let shown: Vec<Value> = found.iter().map(views::channel).collect();
    Ok(reply::json_ok(&json!({ "channels": shown, "next": null })))
}

/// One channel.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    Reader(caller): Reader,
    Path(name): Path,
) -> Result<Response, Mistake> {
    let found = app.store.read(move |tx| named(tx, caller, &name)).await?;
    found
        .map(|channel| reply::json_ok(&views::channel(&channel)))
        .ok_or_else(|| Mistake::not_found("channel"))
}

fn named(tx: &mut dyn Tx, caller: Caller, name: &str) -> Result<Option<Channel>, Trouble> {
    let all = channels::of_project(tx, caller.project_id)?;
    Ok(all.into_iter().find(|channel| channel.about.name == name || channel.about.uuid == name))
}

/// Makes a channel.
pub(crate) async fn create(
    State(app): State<Arc<App>>,
    Writer(caller): Writer,
    body: Body,
) -> Result<Response, Mistake> {
    let body = json_of(body).await?;
    let members = body.as_object().ok_or_else(|| Mistake::bad("the body is no JSON object"))?;
    let name = name(members.get("name"))?;
    let (kind, settings) = settings(&app, &Value::Null, members)?;
    let uuid = secrets::uuid().map_err(Mistake::bad)?;
    let made = app.store.write(move |tx| {
        let new = NewChannel {
            uuid: uuid.clone(),
            project_id: caller.project_id,
            name: name.clone(),
            kind: kind.clone(),
            settings: settings.clone(),
            disabled: None,
        };
        if named(tx, caller, &name)?.is_some() {
            return Ok(Err(Mistake::conflict(format!("there is a channel `{name}` already"))));
        }
        channels::insert(tx, &new, clock::now())?;
        let detail = json!({ "kind": kind });
        audit::note(tx, caller, "channel.create", &name, Some(&detail), clock::now())?;
        Ok(named(tx, caller, &new.uuid)?.ok_or_else(|| Mistake::not_found("channel")))
    });
    let made = made.await??;
    Ok(reply::json_with(StatusCode::CREATED, &views::channel(&made)))
}

fn name(value: Option<&Value>) -> Result<String, Mistake> {
    let name = value.and_then(Value::as_str).unwrap_or_default().trim();
    let fine = !name.is_empty()
        && name.chars().count() <= NAME_CHARS_MAX
        && !name.contains(|letter: char| letter.is_control() || letter == '/');
    if fine {
        return Ok(name.to_owned());
    }
    let why = format!("a channel needs a `name` of up to {NAME_CHARS_MAX} characters, without `/`");
    Err(Mistake::field("name", why))
}

/// The kind and the settings as the store keeps them, after changes of what it has of them.
fn settings(
    app: &App,
    stored: &Value,
    members: &Map<String, Value>,
) -> Result<(String, String), Mistake> {
    let own = members.iter().filter(|(name, _)| !OWN_MEMBERS.contains(&name.as_str()));
    let own: Map<String, Value> = own.map(|(name, value)| (name.clone(), value.clone())).collect();
    let changed = change::changed(stored, &own);
    let settings = changed.map_err(|mistakes| match mistakes.into_iter().next() {
        Some(mistake) => Mistake::field(mistake.field, mistake.message),
        None => Mistake::bad("these settings cannot be used"),
    })?;
    if settings.kind() == "command" && !app.allow_commands {
        let why = "commands are not allowed here; start `hb serve` with `--allow-commands`";
        return Err(Mistake::barred("kind", why));
    }
    Ok((settings.kind().to_owned(), settings.stored().to_string()))
}

/// Changes some members of a channel. What comes back as it was shown stays as it is; a secret does not go
/// elsewhere with the rest.
pub(crate) async fn change(
    State(app): State<Arc<App>>,
    Writer(caller): Writer,
    Path(old_name): Path,
    body: Body,
) -> Result<Response, Mistake> {
    let body = json_of(body).await?;
    let changes =
        body.as_object().cloned().ok_or_else(|| Mistake::bad("the body is no JSON object"))?;
    let changer = Arc::clone(&app);
    let changed = app.store.write(move |tx| {
        let Some(known) = named(tx, caller, &old_name)? else {
            return Ok(Err(Mistake::not_found("channel")));
        };
        let stored: Value = serde_json::from_str(&known.about.settings).unwrap_or_default();
        let wanted =
            changes.get("name").map_or(Ok(known.about.name.clone()), |_| name(changes.get("name")));
        let checked = wanted.and_then(|name| Ok((name, settings(&changer, &stored, &changes)?)));
        let (name, (kind, settings)) = match checked {
            Ok(checked) => checked,
            Err(mistake) => return Ok(Err(mistake)),
        };
        let disabled = match changes.get("disabled") {
            None => known.about.disabled.clone(),
            Some(Value::Null | Value::Bool(false)) => None,
            Some(Value::String(why)) => Some(why.clone()),
            Some(_) => Some("switched off".to_owned()),
        };
        let about = NewChannel { name, kind, settings, disabled, ..known.about.clone() };
        channels::update(tx, known.id, &about)?;
        // The names of what was set: a value may be a secret.
        let set: Vec<&String> = changes.keys().collect();
        let detail = json!({ "set": set });
        audit::note(tx, caller, "channel.change", &about.name, Some(&detail), clock::now())?;
        Ok(named(tx, caller, &about.uuid)?.ok_or_else(|| Mistake::not_found("channel")))
    });
    Ok(reply::json_ok(&views::channel(&changed.await??)))
}

/// Removes a channel, unless it is all that some monitor has.
pub(crate) async fn remove(
    State(app): State<Arc<App>>,
    Writer(caller): Writer,
    Path(name): Path,
) -> Result<Response, Mistake> {
    let removed = app.store.write(move |tx| {
        let Some(channel) = named(tx, caller, &name)? else {
            return Ok(Err(Mistake::not_found("channel")));
        };
        let needing = needing(tx, &channel)?;
        if !needing.is_empty() {
            return Ok(Err(needed(&needing)));
        }
        channels::delete(tx, caller.project_id, channel.id)?;
        audit::note(tx, caller, "channel.remove", &channel.about.name, None, clock::now())?;
        Ok(Ok(channel))
    });
    Ok(reply::json_ok(&views::channel(&removed.await??)))
}

/// Monitors that are named in a refusal; of the others there is the number.
const NAMED_MAX: usize = 5;

/// The monitors of which nobody would be told any more, by the names that people know.
fn needing(tx: &mut dyn Tx, channel: &Channel) -> Result<Vec<String>, Trouble> {
    let all = channels::of_project(tx, channel.about.project_id)?;
    let choosing = channels::choosing(tx, channel)?;
    let needing =
        choosing.into_iter().filter(|one| Chosen::parse(&one.channels).needs(channel, &all));
    Ok(needing.map(|one| if one.slug.is_empty() { one.uuid } else { one.slug }).collect())
}

fn needed(monitors: &[String]) -> Mistake {
    let named = monitors.iter().take(NAMED_MAX);
    let named: Vec<String> =
        named.map(|name| format!("`{}`", text::excerpt(name.as_bytes()))).collect();
    let more = match monitors.len().saturating_sub(NAMED_MAX) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    Mistake::conflict(format!(
        "nobody else is told of {}{more}: give them other `channels`, or `null` for all of the \
         project's, then remove this one",
        named.join(", ")
    ))
}

/// Sends a test message now, and says how that went.
pub(crate) async fn test(
    State(app): State<Arc<App>>,
    Writer(caller): Writer,
    Path(name): Path,
) -> Result<Response, Mistake> {
    let found = app.store.read(move |tx| named(tx, caller, &name)).await?;
    let channel = found.ok_or_else(|| Mistake::not_found("channel"))?;
    let stored: Value = serde_json::from_str(&channel.about.settings).unwrap_or_default();
    let settings = Settings::parse(&stored)
        .map_err(|_| Mistake::conflict("the settings of this channel cannot be used"))?;
    let outcome = notify::send(&app.outbound, &settings, &try_out(&app, &channel)).await;
    let (id, now) = (channel.id, clock::now());
    let tried = match outcome {
        Outcome::Sent { note } => Ok(note),
        Outcome::Retry { why, .. } | Outcome::Refused { why } => Err(why),
    };
    let noted = tried.clone();
    let written = app.store.write(move |tx| match &noted {
        Ok(note) => channels::worked(tx, id, note.as_deref(), now),
        Err(why) => channels::failed(tx, id, why, now),
    });
    written.await?;
    Ok(reply::json_ok(&match tried {
        Ok(None) => json!({ "sent": true }),
        Ok(Some(note)) => json!({ "sent": true, "note": note }),
        Err(error) => json!({ "sent": false, "error": error }),
    }))
}

fn try_out(app: &App, channel: &Channel) -> Message {
    let now = clock::now();
    Message {
        what: What::Test,
        monitor: About {
            name: channel.about.name.clone(),
            url: Some(app.public_url()),
            ..About::default()
        },
        delivery_id: format!("test-{}-{}", channel.about.uuid, now.epoch_ms()),
        status: "test".to_owned(),
        reason: "somebody wanted to know whether this channel works".to_owned(),
        happened_at: format!("{} UTC", now.to_short_utc()),
        ..Message::default()
    }
}
