//! Runs: what the events of one execution come to.
//!
//! A run is folded from its events when somebody asks. One without an id is told by its finish alone, and
//! is named `event-<number>`.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde_json::{Value, json};

use super::extract::{Path, Query, Reader};
use super::monitors::named;
use super::{Page, views};
use crate::serve::access::Caller;
use crate::serve::app::App;
use crate::serve::output;
use crate::serve::record::flags;
use crate::serve::reply::{self, Mistake};
use crate::store::events::{self, StoredEvent};
use crate::store::monitors::{self, Named};
use crate::store::{Trouble, Tx, outputs};

/// What the id of a run without one begins with.
const OF_EVENT: &str = "event-";

/// Events that one page of runs is folded from, per run that is asked for: a start, a finish and what a
/// chatty job says in between.
const EVENTS_PER_RUN: usize = 8;

/// Events that are folded at most.
const EVENTS_MAX: usize = 5000;

/// The outcome that a kind of event gives a run; none where it does not end one.
fn outcome(kind: &str) -> Option<&'static str> {
    match kind {
        "success" => Some("success"),
        "warning" => Some("partial"),
        "failure" => Some("failure"),
        _ => None,
    }
}

/// A page of runs, the newest first.
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Reader(caller): Reader,
    Path(slug): Path,
    Query(page): Query<Page>,
) -> Result<Response, Mistake> {
    let (limit, before) = (page.limit()?, page.after()?);
    let found = app.store.read(move |tx| {
        let monitor = match named(tx, caller, &slug, false)? {
            Ok(monitor) => monitor,
            Err(mistake) => return Ok(Err(mistake)),
        };
        let wanted = (limit * EVENTS_PER_RUN).min(EVENTS_MAX);
        let wanted = u32::try_from(wanted).unwrap_or(u32::MAX);
        let page = events::page(tx, monitor.id, before, wanted)?;
        Ok(Ok(folded(page.rows, page.next, limit)))
    });
    let (runs, next) = found.await??;
    Ok(reply::json_ok(&json!({ "runs": runs, "next": next.map(|next| next.to_string()) })))
}

/// Runs of a list of events, the newest first, and where the next page begins.
fn folded(events: Vec<StoredEvent>, rest: Option<i64>, limit: usize) -> (Vec<Value>, Option<i64>) {
    let mut order: Vec<String> = Vec::new();
    let mut by_run: BTreeMap<String, Vec<StoredEvent>> = BTreeMap::new();
    let mut last_id = None;
    let mut is_cut = false;
    for stored in events {
        let is_own = stored.event.run_id.is_none();
        // What was ignored, a link that somebody looked at, is no run.
        let is_ignored = stored.event.flags & flags::IGNORED != 0;
        if is_ignored || is_own && outcome(&stored.event.kind).is_none() {
            last_id = Some(stored.id);
            continue;
        }
        let id = stored.event.run_id.clone().unwrap_or_else(|| format!("{OF_EVENT}{}", stored.id));
        if !by_run.contains_key(&id) {
            if order.len() == limit {
                is_cut = true;
                break;
            }
            order.push(id.clone());
        }
        last_id = Some(stored.id);
        by_run.entry(id).or_default().push(stored);
    }
    let runs = order.iter().filter_map(|id| Some(run(id, by_run.get(id)?, None))).collect();
    (runs, if is_cut { last_id } else { rest })
}

/// One run, of its events in any order.
fn run(id: &str, events: &[StoredEvent], output: Option<String>) -> Value {
    let mut sorted: Vec<&StoredEvent> = events.iter().collect();
    sorted.sort_by_key(|stored| (stored.event.at, stored.id));
    let counts = |stored: &StoredEvent| stored.event.flags & flags::IGNORED == 0;
    let ends = |stored: &StoredEvent| counts(stored) && outcome(&stored.event.kind).is_some();
    let finish = sorted.iter().rev().find(|stored| ends(stored));
    let start = sorted.iter().find(|stored| counts(stored) && stored.event.kind == "start");
    let duration_ms = finish.and_then(|finish| {
        let by_clock = || Some(finish.event.at.since(start?.event.at).as_millis());
        finish.event.duration_ms.or_else(|| u64::try_from(by_clock()?).ok())
    });
    let started_at = start.map(|start| start.event.at).or_else(|| {
        let finish = finish?;
        Some(finish.event.at.before(std::time::Duration::from_millis(finish.event.duration_ms?)))
    });
    let shown = finish.or(sorted.last());
    let mut run = json!({
        "id": id,
        "started_at": views::moment(started_at),
        "ended_at": views::moment(finish.map(|finish| finish.event.at)),
        "outcome": finish.and_then(|finish| outcome(&finish.event.kind)),
        "exit_code": finish.and_then(|finish| finish.event.exit_code),
        "duration_s": duration_ms.map(views::seconds),
        "message": shown.and_then(|shown| shown.event.message.clone()),
        "metrics": shown.map_or(json!({}), |shown| views::event(shown)["metrics"].clone()),
        "output_bytes": sorted.iter().map(|stored| stored.event.output_bytes).max(),
    });
    if let Some(output) = output {
        run["output"] = Value::from(output);
        run["events"] = sorted.iter().map(|stored| views::event(stored)).collect();
    }
    run
}

/// One run in full, with its output.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    Reader(caller): Reader,
    Path(run_id): Path,
) -> Result<Response, Mistake> {
    let found = app.store.read(move |tx| look(tx, caller, &run_id));
    found.await?.map(|run| reply::json_ok(&run)).ok_or_else(|| Mistake::not_found("run"))
}

fn look(tx: &mut dyn Tx, caller: Caller, run_id: &str) -> Result<Option<Value>, Trouble> {
    let events = match run_id.strip_prefix(OF_EVENT).and_then(|id| id.parse::<i64>().ok()) {
        Some(id) => events::after(tx, id.saturating_sub(1), 1)?
            .into_iter()
            .filter(|stored| stored.id == id)
            .collect(),
        None => events::of_run(tx, run_id)?,
    };
    // Two monitors may have used one id; the run is that of the caller's.
    let mut own = Vec::new();
    let mut monitor_id = None;
    for stored in events {
        if monitor_id.is_none() {
            let name = Named::Id(stored.event.monitor_id);
            let found = monitors::look(tx, &[name])?.into_iter().next();
            if found.is_none_or(|found| found.monitor.project_id != caller.project_id) {
                continue;
            }
            monitor_id = Some((stored.event.monitor_id, name_of(tx, stored.event.monitor_id)?));
        }
        if monitor_id.as_ref().is_some_and(|(id, _)| *id == stored.event.monitor_id) {
            own.push(stored);
        }
    }
    let Some((_, slug)) = monitor_id else { return Ok(None) };
    let mut output = Vec::new();
    for stored in own.iter().filter(|stored| stored.event.output_bytes > 0) {
        if let Some(kept) = outputs::of_event(tx, stored.id)? {
            output = output::unpack(&kept.packed);
        }
    }
    let text = String::from_utf8_lossy(&output).into_owned();
    let mut run = run(run_id, &own, Some(text));
    run["monitor"] = Value::from(slug);
    Ok(Some(run))
}

fn name_of(tx: &mut dyn Tx, monitor_id: i64) -> Result<String, Trouble> {
    let found = monitors::look(tx, &[Named::Id(monitor_id)])?;
    Ok(found.first().map(|found| found.monitor.about.slug.clone()).unwrap_or_default())
}
