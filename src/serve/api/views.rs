//! What the API shows of a monitor, an event, a run, an incident and a channel.

use serde_json::{Map, Value, json};

use crate::domain::time::Moment;
use crate::domain::transition::State;
use crate::serve::app::App;
use crate::serve::definition::StoredRules;
use crate::serve::judge::quiet_until;
use crate::serve::kept::Kept;
use crate::serve::record::flags;
use crate::serve::rules::Compiled;
use crate::store::channels::Channel;
use crate::store::deliveries::Delivery;
use crate::store::events::StoredEvent;
use crate::store::incidents::Incident;
use crate::store::monitors::Monitor;

/// A moment, or nothing.
pub(crate) fn moment(at: Option<Moment>) -> Value {
    at.map_or(Value::Null, |at| Value::from(at.to_rfc3339()))
}

/// A monitor.
pub(crate) fn monitor(app: &App, monitor: &Monitor, channels: &[Channel], now: Moment) -> Value {
    let rules: StoredRules = serde_json::from_str(&monitor.about.rules).unwrap_or_default();
    let compiled = app.rules.get(&monitor.about.rules, now);
    let Kept { state, damage } = Kept::of(monitor);
    let fault = compiled.fault.clone().or(damage);
    let chosen = crate::serve::alerts::Chosen::parse(&monitor.about.channels);
    let told = chosen.told(channels);
    let told: Vec<&str> = told.iter().map(|channel| channel.about.name.as_str()).collect();
    let pause = state.pause.as_ref().map(|pause| {
        json!({
            "since": pause.from.to_rfc3339(),
            "until": moment(pause.until),
            "until_success": pause.until_success,
            "reason": pause.reason,
        })
    });
    let quiet_until = quiet_until(app, monitor, now);
    let file = crate::serve::in_file::label(&monitor.about);
    let mut shown = json!({
        "id": monitor.uuid,
        "slug": monitor.about.slug,
        "name": monitor.about.name,
        "description": monitor.about.description,
        "owner": monitor.about.owner,
        "tags": monitor.about.tags,
        "schedule": rules.schedule,
        "timezone": rules.timezone.unwrap_or_else(|| compiled.rules.zone.name().to_owned()),
        "grace": compiled.rules.grace.as_secs(),
        "start_within": rules.start_within_s,
        "run_at_most": rules.run_at_most_s,
        "tolerance": compiled.rules.tolerance,
        "presence": rules.presence,
        "absent_at_most": compiled
            .rules
            .absent_at_most
            .map_or(rules.absent_at_most_s, |most| Some(most.as_secs())),
        "wait_first": rules.wait_first,
        "channels": told,
        "ping_url": app.ping_url(&monitor.uuid),
        "status": if fault.is_some() { "unknown" } else { monitor.live.status.as_str() },
        "facts": facts(&state, &compiled, quiet_until, now),
        "due_at": moment(monitor.live.due_at),
        "deadline_at": moment(monitor.live.deadline_at),
        "last_success_at": moment(monitor.live.last_success_at),
        "last_event_at": moment(monitor.live.last_event_at),
        "event_count": monitor.live.event_count,
        "pause": pause,
        "source": if file.is_some() { "file" } else { monitor.about.source.as_str() },
        "file": file,
        "created_at": monitor.created_at.to_rfc3339(),
        "updated_at": monitor.updated_at.to_rfc3339(),
    });
    if let Some(fault) = fault {
        shown["fault"] = Value::from(fault);
    }
    if let Some(warning) = &compiled.warning {
        shown["warnings"] = json!([warning]);
    }
    if let Some(schedule) = &compiled.rules.schedule {
        shown["explanation"] = Value::from(schedule.explain());
    }
    shown
}

/// The same for somebody who may only look: the id is also the address to ping, and whoever pings may
/// describe the monitor anew.
pub(crate) fn without_address(mut shown: Value) -> Value {
    shown["id"] = Value::Null;
    shown["ping_url"] = Value::Null;
    shown
}

/// The four facts behind the status.
fn facts(state: &State, compiled: &Compiled, quiet_until: Option<Moment>, now: Moment) -> Value {
    let facts = state.facts(&compiled.rules, now);
    let runs: Vec<Value> = facts
        .runs
        .iter()
        .map(|run| {
            json!({
                "run_id": run.run.run_id,
                "started_at": run.run.started_at.to_rfc3339(),
                "last_event_at": run.run.last_event_at.to_rfc3339(),
                "is": run.word.word(),
            })
        })
        .collect();
    let last = match (facts.is_failed, facts.is_partial, state.last_success_at) {
        (true, ..) => Some("failed"),
        (false, true, _) => Some("partial"),
        (false, false, Some(_)) => Some("ok"),
        (false, false, None) => None,
    };
    let mut quality = Vec::new();
    if facts.is_unverified {
        quality.push("verify-failed");
    }
    let attention = match (facts.is_paused, quiet_until.is_some()) {
        (true, _) => "paused",
        (false, true) => "maintenance",
        (false, false) => "active",
    };
    json!({
        "schedule": facts.verdict.word(),
        "runs": runs,
        "last": last,
        "exit_code": facts.exit_code,
        "quality": quality,
        "attention": attention,
        "maintenance_until": moment(quiet_until),
    })
}

/// A text that should be JSON, as JSON.
fn parsed(text: Option<&String>) -> Value {
    let empty = || Value::Object(Map::new());
    text.map_or_else(empty, |text| serde_json::from_str(text).unwrap_or_else(|_| empty()))
}

/// An event.
pub(crate) fn event(stored: &StoredEvent) -> Value {
    let event = &stored.event;
    let notes: Vec<&str> = [
        (flags::LATE, "late"),
        (flags::EARLY, "early"),
        (flags::STALE, "stale"),
        (flags::AMBIGUOUS, "ambiguous"),
        (flags::IGNORED, "ignored"),
        (flags::REPORTED_LATE, "reported-late"),
    ]
    .into_iter()
    .filter(|(bit, _)| event.flags & bit != 0)
    .map(|(_, note)| note)
    .collect();
    json!({
        "id": stored.id.to_string(),
        "n": event.n,
        "kind": event.kind,
        "dialect": event.dialect,
        "at": event.at.to_rfc3339(),
        "received_at": event.received_at.to_rfc3339(),
        "run_id": event.run_id,
        "seq": event.seq,
        "exit_code": event.exit_code,
        "duration_s": event.duration_ms.map(seconds),
        "message": event.message,
        "metrics": parsed(event.metrics.as_ref()),
        "fields": parsed(event.fields.as_ref()),
        "method": event.method,
        "remote": event.remote,
        "agent": event.agent,
        "output_bytes": event.output_bytes,
        "notes": notes,
    })
}

/// Milliseconds as the seconds that people read.
pub(crate) fn seconds(ms: u64) -> f64 {
    ms as f64 / 1000.0
}

/// An incident.
pub(crate) fn incident(incident: &Incident, slug: Option<&str>) -> Value {
    let monitors: Vec<&str> = slug.into_iter().collect();
    let data: Value = serde_json::from_str(&incident.data).unwrap_or_default();
    json!({
        "id": incident.id,
        "monitors": monitors,
        "reason": incident.reason,
        "severity": incident.severity,
        "opened_at": incident.opened_at.to_rfc3339(),
        "closed_at": moment(incident.closed_at),
        "acknowledged_at": moment(incident.acknowledged_at),
        "acknowledged_by": incident.acknowledged_by,
        "snoozed_until": moment(incident.snoozed_until),
        "note": data["note"],
        "resolved_by": data["resolved_by"],
        "resolved_note": data["resolved_note"],
    })
}

/// How one channel was told; `channel` is its name, as long as it is there.
pub(crate) fn delivery(delivery: &Delivery, channel: Option<&str>) -> Value {
    json!({
        "channel": channel,
        "what": delivery.about.what,
        "state": delivery.state.word(),
        "attempts": delivery.attempts,
        "last_error": delivery.last_error,
        "created_at": delivery.created_at.to_rfc3339(),
        "sent_at": moment(delivery.sent_at),
    })
}

/// A channel, without its secrets.
pub(crate) fn channel(channel: &Channel) -> Value {
    let stored = serde_json::from_str(&channel.about.settings).unwrap_or_default();
    let shown = crate::notify::channel::Settings::parse(&stored).map(|settings| settings.shown());
    let mut shown = match shown {
        Ok(Value::Object(shown)) => shown,
        Ok(_) | Err(_) => Map::new(),
    };
    shown.insert("name".to_owned(), Value::from(channel.about.name.as_str()));
    shown.insert("kind".to_owned(), Value::from(channel.about.kind.as_str()));
    shown.insert("id".to_owned(), Value::from(channel.about.uuid.as_str()));
    shown.insert("disabled".to_owned(), Value::from(channel.about.disabled.as_deref()));
    shown.insert("last_ok_at".to_owned(), moment(channel.last_ok_at));
    shown.insert("last_error".to_owned(), Value::from(channel.last_error.as_deref()));
    shown.insert("last_error_at".to_owned(), moment(channel.last_error_at));
    shown.insert("last_note".to_owned(), Value::from(channel.last_note.as_deref()));
    Value::Object(shown)
}
