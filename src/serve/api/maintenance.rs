//! Maintenance: planned, listed and called off.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::extract::{Path, Reader, Writer};
use super::pauses::moment;
use super::{json_of, views};
use crate::domain::maintenance::LASTS_MAX;
use crate::domain::schedule::{Line, Schedule};
use crate::domain::time::Moment;
use crate::serve::app::App;
use crate::serve::audit;
use crate::serve::definition::span_of;
use crate::serve::quiet::{self, StoredScope};
use crate::serve::reply::{self, Mistake};
use crate::store::maintenance::{self, Maintenance};
use crate::store::monitors::{self, Named};
use crate::store::{Trouble, Tx};
use crate::sys::{clock, zone};

/// Plans of a project at most; a further one is refused. Each is asked whenever a window begins or ends.
const PLANS_MAX: usize = 500;

/// Monitors, or tags, that one plan names at most; more have a tag in common, or are all.
const NAMES_MAX: usize = 1_000;

/// The longest reason.
const REASON_CHARS_MAX: usize = 500;

/// What a plan may have.
const MEMBERS: &str = "monitors, tags, from, until, schedule, for, timezone, reason";

/// The plans of the project.
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Reader(caller): Reader,
) -> Result<Response, Mistake> {
    let plans = app.store.read(move |tx| of_project(tx, caller.project_id)).await?;
    let now = clock::now();
    let shown: Vec<Value> = plans.iter().map(|(id, plan)| show(*id, plan, now)).collect();
    Ok(reply::json_ok(&json!({ "maintenance": shown, "next": null })))
}

fn of_project(tx: &mut dyn Tx, project_id: i64) -> Result<Vec<(i64, Maintenance)>, Trouble> {
    let mut plans = maintenance::all(tx)?;
    plans.retain(|(_, plan)| plan.project_id == project_id);
    Ok(plans)
}

fn show(id: i64, plan: &Maintenance, now: Moment) -> Value {
    let scope = StoredScope::parse(&plan.scope);
    let when = quiet::when(plan);
    json!({
        "id": id.to_string(),
        "monitors": scope.monitors,
        "tags": scope.tags,
        "from": views::moment(plan.from_at),
        "until": views::moment(plan.until_at),
        "schedule": plan.schedule,
        "for": plan.duration_ms.map(|ms| ms / 1000),
        "timezone": scope.timezone,
        "reason": plan.reason,
        "active_until": views::moment(when.as_ref().and_then(|when| when.quiet_until(now))),
        "next_at": views::moment(when.as_ref().and_then(|when| when.next_begin(now))),
    })
}

/// Plans maintenance.
pub(crate) async fn create(
    State(app): State<Arc<App>>,
    Writer(caller): Writer,
    body: Body,
) -> Result<Response, Mistake> {
    let now = clock::now();
    let body = json_of(body).await?;
    let members = body.as_object().ok_or_else(|| Mistake::bad("the body is no JSON object"))?;
    let plan = asked(members, caller.project_id, now)?;
    let slugs = StoredScope::parse(&plan.scope).monitors;
    let shown = plan.clone();
    let made = app.store.write(move |tx| {
        for slug in &slugs {
            let name = Named::Slug(caller.project_id, slug.clone());
            if monitors::look(tx, &[name])?.is_empty() {
                let why = format!("there is no monitor `{slug}`; `hb monitor list` shows them");
                return Ok(Err(Mistake::field("monitors", why)));
            }
        }
        let known = of_project(tx, caller.project_id)?;
        // What is over makes room for what is to come.
        for (id, _) in known.iter().filter(|(_, old)| old.until_at.is_some_and(|at| at < now)) {
            maintenance::delete(tx, caller.project_id, *id)?;
        }
        let running = known.iter().filter(|(_, old)| old.until_at.is_none_or(|at| at >= now));
        if running.count() >= PLANS_MAX {
            let why = format!("there are {PLANS_MAX} plans already; remove one that is not needed");
            return Ok(Err(Mistake::conflict(why)));
        }
        quiet::changed(tx)?;
        let id = maintenance::insert(tx, &plan)?;
        let (name, said) = (id.to_string(), show(id, &plan, now));
        audit::note(tx, caller, "maintenance.create", &name, Some(&said), now)?;
        Ok(Ok(id))
    });
    let id = made.await??;
    quiet::refresh(&app).await?;
    Ok(reply::json_with(StatusCode::CREATED, &show(id, &shown, now)))
}

/// Calls a plan off. What it has kept back is told now.
pub(crate) async fn remove(
    State(app): State<Arc<App>>,
    Writer(caller): Writer,
    Path(id): Path,
) -> Result<Response, Mistake> {
    let id: i64 = id.parse().map_err(|_| Mistake::not_found("maintenance"))?;
    let removed = app.store.write(move |tx| {
        let found = of_project(tx, caller.project_id)?.into_iter().find(|(known, _)| *known == id);
        if found.is_some() {
            maintenance::delete(tx, caller.project_id, id)?;
            quiet::changed(tx)?;
            let name = id.to_string();
            audit::note(tx, caller, "maintenance.remove", &name, None, clock::now())?;
        }
        Ok(found)
    });
    let (id, plan) = removed.await?.ok_or_else(|| Mistake::not_found("maintenance"))?;
    quiet::refresh(&app).await?;
    Ok(reply::json_ok(&show(id, &plan, clock::now())))
}

fn asked(
    members: &Map<String, Value>,
    project_id: i64,
    now: Moment,
) -> Result<Maintenance, Mistake> {
    let known: Vec<&str> = MEMBERS.split(", ").collect();
    if let Some(other) = members.keys().find(|name| !known.contains(&name.as_str())) {
        let shown = crate::domain::text::excerpt(other.as_bytes());
        let why = format!("there is no `{shown}` in a maintenance; it has {MEMBERS}");
        return Err(Mistake::field(shown, why));
    }
    let member = |name: &str| members.get(name).filter(|value| !value.is_null());
    let timezone = text(member("timezone"), "timezone")?;
    let scope = StoredScope {
        monitors: names(member("monitors"), "monitors")?,
        tags: names(member("tags"), "tags")?,
        timezone: timezone.clone(),
    };
    let mut plan = Maintenance {
        project_id,
        scope: serde_json::to_string(&scope)
            .map_err(|error| Mistake::bad(format!("the plan cannot be written: {error}")))?,
        from_at: None,
        until_at: None,
        schedule: text(member("schedule"), "schedule")?,
        duration_ms: None,
        reason: text(member("reason"), "reason")?.unwrap_or_default(),
    };
    if plan.reason.chars().count() > REASON_CHARS_MAX {
        let why = format!("`reason` is longer than {REASON_CHARS_MAX} characters");
        return Err(Mistake::field("reason", why));
    }
    let lasts = member("for").map(|value| span_of("for", value)).transpose()?;
    if let Some(schedule) = &plan.schedule {
        if let Some(name) = ["from", "until"].into_iter().find(|name| member(name).is_some()) {
            let why = format!("`{name}` does not go with `schedule`; say `for`, how long it takes");
            return Err(Mistake::field(name, why));
        }
        let lasts = lasts
            .filter(|lasts| !lasts.is_zero())
            .ok_or_else(|| Mistake::field("for", "say how long each takes: `for`, such as `2h`"))?;
        if lasts > LASTS_MAX {
            return Err(Mistake::field("for", "`for` is longer than a week; pause the monitor"));
        }
        check(schedule, timezone.as_deref())?;
        plan.duration_ms = u64::try_from(lasts.as_millis()).ok();
        return Ok(plan);
    }
    let from = match member("from") {
        None => now,
        Some(value) => value.as_str().and_then(Moment::parse_rfc3339).ok_or_else(|| {
            Mistake::field("from", "`from` is a moment such as 2026-12-24T18:00:00Z")
        })?,
    };
    let until = match (member("until"), lasts) {
        (Some(_), Some(_)) => {
            return Err(Mistake::field("for", "say either `for` or `until`"));
        }
        (Some(value), None) => moment("until", value, now)?,
        (None, Some(lasts)) => from.after(lasts),
        (None, None) => {
            return Err(Mistake::field("until", "say when it ends: `until`, or `for` how long"));
        }
    };
    if until <= from || until <= now {
        return Err(Mistake::field("until", "it ends before it begins, or has ended already"));
    }
    (plan.from_at, plan.until_at) = (Some(from), Some(until));
    Ok(plan)
}

/// Whether windows can begin by this schedule.
fn check(schedule: &str, timezone: Option<&str>) -> Result<(), Mistake> {
    let line = Line::parse(None, schedule).map_err(|fault| {
        let hint = fault.hint.map(|hint| format!("; {hint}")).unwrap_or_default();
        Mistake::field("schedule", format!("{}{hint}", fault.why))
    })?;
    if !matches!(line.schedule, Schedule::Cron(_) | Schedule::Calendar(_)) {
        let why = "windows begin at moments of the clock: write cron's fields, such as `0 2 * * 0`, or \
                   `calendar Sun 02:00`";
        return Err(Mistake::field("schedule", why));
    }
    for name in [timezone, line.zone.as_deref()].into_iter().flatten() {
        zone::named(name).map_err(|why| Mistake::field("timezone", why))?;
    }
    Ok(())
}

fn text(value: Option<&Value>, name: &str) -> Result<Option<String>, Mistake> {
    match value {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone()).filter(|text| !text.is_empty())),
        Some(_) => Err(Mistake::field(name, format!("`{name}` is not a text"))),
    }
}

fn names(value: Option<&Value>, name: &str) -> Result<Vec<String>, Mistake> {
    let Some(value) = value else { return Ok(Vec::new()) };
    let list: Option<Vec<String>> = value.as_array().and_then(|list| {
        list.iter().map(|one| one.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>()
    });
    // An empty list would mean all of them, which is hardly what somebody meant who has written it.
    list.filter(|list| !list.is_empty() && list.len() <= NAMES_MAX).ok_or_else(|| {
        let why = format!(
            "`{name}` is a list of 1 to {NAMES_MAX} texts; leave it out for all of the project"
        );
        Mistake::field(name, why)
    })
}
