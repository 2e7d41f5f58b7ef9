//! Incidents: listed, acknowledged, snoozed, resolved.

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use super::extract::{Path, Query, Reader, Writer};
use super::pauses::moment;
use super::{Page, json_of, views};
use crate::domain::time::Moment;
use crate::serve::access::Caller;
use crate::serve::app::App;
use crate::serve::audit;
use crate::serve::deeds::{self, Deed, Done};
use crate::serve::definition::span_of;
use crate::serve::reply::{self, Mistake};
use crate::store::incidents::{self, Incident, IncidentCursor};
use crate::store::monitors::{self, Named};
use crate::store::{Trouble, Tx, channels, deliveries};
use crate::sys::clock;

/// The longest name of somebody who acknowledges.
const NAME_CHARS_MAX: usize = 200;

/// The longest note.
const NOTE_CHARS_MAX: usize = 2_000;

/// Which incidents are wanted.
#[derive(Debug, Deserialize)]
pub(crate) struct Wanted {
    #[serde(flatten)]
    page: Page,
    open: Option<String>,
}

/// A page of incidents, the newest first.
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Reader(caller): Reader,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Mistake> {
    let limit = wanted.page.limit()?;
    let before = wanted.page.cursor.as_deref().filter(|text| !text.is_empty());
    let before = before.map(cursor).transpose()?;
    let is_open_only = match wanted.open.as_deref() {
        None | Some("" | "0" | "false" | "no") => false,
        Some("1" | "true" | "yes") => true,
        Some(_) => return Err(Mistake::field("open", "`open` is true or false")),
    };
    let found = app.store.read(move |tx| {
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        let (rows, next) =
            incidents::page(tx, caller.project_id, is_open_only, before.as_ref(), limit)?;
        let mut shown = Vec::new();
        for row in &rows {
            shown.push(views::incident(row, slug(tx, row)?.as_deref()));
        }
        Ok((shown, next))
    });
    let (shown, next) = found.await?;
    let next = next.map(|next| format!("{}_{}", next.opened_at.epoch_ms(), next.id));
    Ok(reply::json_ok(&json!({ "incidents": shown, "next": next })))
}

fn cursor(text: &str) -> Result<IncidentCursor, Mistake> {
    let read = text.split_once('_').and_then(|(ms, id)| {
        let opened_at = Moment::from_epoch_ms(ms.parse().ok()?);
        Some(IncidentCursor { opened_at, id: id.to_owned() })
    });
    read.ok_or_else(|| Mistake::field("cursor", "`cursor` is the `next` of an answer"))
}

fn slug(tx: &mut dyn Tx, incident: &Incident) -> Result<Option<String>, Trouble> {
    let found = monitors::look(tx, &[Named::Id(incident.monitor_id)])?.into_iter().next();
    Ok(found.map(|found| found.monitor.about.slug))
}

/// One incident.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    Reader(caller): Reader,
    Path(id): Path,
) -> Result<Response, Mistake> {
    let found = app.store.read(move |tx| match deeds::of_project(tx, caller.project_id, &id)? {
        Some(incident) => {
            let mut shown = views::incident(&incident, slug(tx, &incident)?.as_deref());
            shown["deliveries"] = told(tx, &incident)?;
            Ok(Some(shown))
        }
        None => Ok(None),
    });
    found.await?.map(|shown| reply::json_ok(&shown)).ok_or_else(|| Mistake::not_found("incident"))
}

/// How people were told of it, the oldest first.
fn told(tx: &mut dyn Tx, incident: &Incident) -> Result<Value, Trouble> {
    let names: HashMap<i64, String> = channels::of_project(tx, incident.project_id)?
        .into_iter()
        .map(|channel| (channel.id, channel.about.name))
        .collect();
    let deliveries = deliveries::of_incident(tx, &incident.id)?;
    let shown = deliveries.iter().map(|delivery| {
        let channel = names.get(&delivery.about.channel_id).map(String::as_str);
        views::delivery(delivery, channel)
    });
    Ok(shown.collect())
}

/// Somebody knows; reminders become rare.
pub(crate) async fn acknowledge(
    State(app): State<Arc<App>>,
    Writer(caller): Writer,
    Path(id): Path,
    body: Body,
) -> Result<Response, Mistake> {
    let body = json_of(body).await?;
    let (by, note) = (by_of(&body)?, note_of(&body)?);
    let now = clock::now();
    let until = asked_until(&body, now)?;
    answer(&app, caller, id, Deed::Acknowledge { by, note, until }, now).await
}

/// Nobody wants to hear of it for a while.
pub(crate) async fn snooze(
    State(app): State<Arc<App>>,
    Writer(caller): Writer,
    Path(id): Path,
    body: Body,
) -> Result<Response, Mistake> {
    let body = json_of(body).await?;
    let now = clock::now();
    let until = asked_until(&body, now)?
        .ok_or_else(|| Mistake::field("for", "say how long: `for` or `until`"))?;
    answer(&app, caller, id, Deed::Snooze { until }, now).await
}

/// A person closes it.
pub(crate) async fn resolve(
    State(app): State<Arc<App>>,
    Writer(caller): Writer,
    Path(id): Path,
    body: Body,
) -> Result<Response, Mistake> {
    let body = json_of(body).await?;
    let (by, note) = (by_of(&body)?, note_of(&body)?);
    answer(&app, caller, id, Deed::Resolve { by, note }, clock::now()).await
}

/// Who does it.
fn by_of(body: &Value) -> Result<Option<String>, Mistake> {
    match &body["by"] {
        Value::Null => Ok(None),
        Value::String(by) if by.chars().count() <= NAME_CHARS_MAX => Ok(Some(by.clone())),
        _ => Err(Mistake::field("by", "`by` is the name of a person")),
    }
}

/// What they say about it.
fn note_of(body: &Value) -> Result<Option<String>, Mistake> {
    match &body["note"] {
        Value::Null => Ok(None),
        Value::String(note) if note.chars().count() <= NOTE_CHARS_MAX => {
            Ok(Some(note.clone()).filter(|note| !note.is_empty()))
        }
        _ => Err(Mistake::field(
            "note",
            format!("`note` is a text of up to {NOTE_CHARS_MAX} characters"),
        )),
    }
}

/// `for` and `until` of a body.
fn asked_until(body: &Value, now: Moment) -> Result<Option<Moment>, Mistake> {
    match (&body["for"], &body["until"]) {
        (Value::Null, Value::Null) => Ok(None),
        (Value::Null, until) => moment("until", until, now).map(Some),
        (span, Value::Null) => Ok(Some(now.after(span_of("for", span)?))),
        (..) => Err(Mistake::field("for", "say either `for` or `until`")),
    }
}

async fn answer(
    app: &Arc<App>,
    caller: Caller,
    id: String,
    deed: Deed,
    now: Moment,
) -> Result<Response, Mistake> {
    let changed = app.store.write(move |tx| {
        Ok(match deeds::done(tx, caller.project_id, &id, &deed, now)? {
            Done::Gone => Err(Mistake::not_found("incident")),
            Done::Over => Err(Mistake::conflict("this incident is over")),
            Done::Changed(incident) => {
                audit::note(tx, caller, deed.action(), &incident.id, None, now)?;
                Ok(views::incident(&incident, slug(tx, &incident)?.as_deref()))
            }
        })
    });
    Ok(reply::json_ok(&changed.await??))
}
