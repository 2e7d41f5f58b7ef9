//! A check as the API shows it: its 28 members and its period or its schedule.

use serde_json::{Value, json};

use super::check::{TIMEOUT_S, Words, is_post_only};
use super::{badges, unique};
use crate::domain::healthchecks::{Memory, Shown, Word, shown};
use crate::domain::schedule::Schedule;
use crate::domain::time::Moment;
use crate::domain::transition::State;
use crate::serve::alerts::Chosen;
use crate::serve::app::App;
use crate::serve::definition::StoredRules;
use crate::serve::judge;
use crate::serve::rules::Compiled;
use crate::store::channels::Channel;
use crate::store::monitors::Monitor;

/// Who looks, and by which version.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    /// The version of the API.
    pub(super) version: u8,
    /// A reader is not shown how to ping.
    pub(super) is_reader: bool,
    /// When.
    pub(super) now: Moment,
}

/// A moment to the second: `2026-11-20T09:23:21+00:00`.
pub(super) fn second(at: Moment) -> String {
    format!("{}+00:00", at.to_short_utc().replace(' ', "T"))
}

fn maybe_second(at: Option<Moment>) -> Value {
    at.map_or(Value::Null, |at| Value::from(second(at)))
}

/// How a check does, and what Healthchecks remembers of it.
pub(super) fn standing(app: &App, monitor: &Monitor, now: Moment) -> (Shown, Memory) {
    let compiled = app.rules.get(&monitor.about.rules, now);
    let state: State = serde_json::from_str(&monitor.live.state).unwrap_or_default();
    let memory = judge::memory(&monitor.live);
    (shown(&compiled.rules, &state, &memory, now), memory)
}

/// A check.
pub(super) fn check(app: &App, monitor: &Monitor, channels: &[Channel], look: Look) -> Value {
    let about = &monitor.about;
    let (shown, memory) = standing(app, monitor, look.now);
    let words = Words::parse(&about.filters);
    let compiled = app.rules.get(&about.rules, look.now);
    let subject = |kw: &str| if words.filter_subject { kw.to_owned() } else { String::new() };
    // In the first version a run was a status of its own.
    let grace = compiled.rules.grace;
    let runs = shown.started_at.is_some_and(|at| look.now < at.after(grace));
    let is_run = look.version == 1 && runs;
    let mut check = json!({
        "name": about.name,
        "slug": about.slug,
        "tags": about.tags.join(" "),
        "desc": about.description,
        "grace": compiled.rules.grace.as_secs(),
        "n_pings": monitor.live.event_count,
        "status": if is_run { "started" } else { shown.word.word() },
        "started": shown.started_at.is_some(),
        "last_ping": maybe_second(shown.last_ping),
        "next_ping": maybe_second(shown.next_ping),
        "manual_resume": words.manual_resume,
        "methods": if is_post_only(&about.filters) { "POST" } else { "" },
        "subject": subject(&words.success_kw),
        "subject_fail": subject(&words.failure_kw),
        "start_kw": words.start_kw,
        "success_kw": words.success_kw,
        "failure_kw": words.failure_kw,
        "filter_subject": words.filter_subject,
        "filter_body": words.filter_body,
        "filter_http_body": words.filter_http_body,
        "filter_default_fail": words.filter_default_fail,
        "badge_url": badges::url_of_check(app, monitor),
    });
    if let Some(duration_ms) = memory.duration_ms {
        check["last_duration"] = Value::from(duration_ms / 1000);
    }
    timing(&mut check, &about.rules, &compiled);
    if look.is_reader {
        check["unique_key"] = Value::from(unique::key(&monitor.uuid));
        return check;
    }
    let base = app.public_url();
    let own = format!("{base}/api/v{}/checks/{}", look.version, monitor.uuid);
    check["uuid"] = Value::from(monitor.uuid.as_str());
    check["ping_url"] = Value::from(format!("{base}/ping/{}", monitor.uuid));
    check["pause_url"] = Value::from(format!("{own}/pause"));
    check["resume_url"] = Value::from(format!("{own}/resume"));
    check["update_url"] = Value::from(own);
    check["channels"] = Value::from(chosen(monitor, channels));
    check
}

/// The period, or the schedule and its zone.
fn timing(check: &mut Value, rules: &str, compiled: &Compiled) {
    let stored: StoredRules = serde_json::from_str(rules).unwrap_or_default();
    let bare = |kind: &str| {
        let text = stored.schedule.as_deref().unwrap_or_default();
        text.strip_prefix(kind).unwrap_or(text).to_owned()
    };
    let schedule = match &compiled.rules.schedule {
        None if compiled.fault.is_none() => {
            check["timeout"] = Value::from(TIMEOUT_S);
            return;
        }
        Some(Schedule::Every(every)) => {
            check["timeout"] = Value::from(every.at_most.as_secs());
            return;
        }
        Some(Schedule::Cron(_)) => bare("cron "),
        Some(Schedule::Calendar(_)) => bare("calendar "),
        Some(Schedule::Window(_)) | None => bare(""),
    };
    check["schedule"] = Value::from(schedule);
    let zone = stored.timezone.as_deref().unwrap_or_else(|| compiled.rules.zone.name());
    check["tz"] = Value::from(zone);
}

/// The ids of the channels that are told.
fn chosen(monitor: &Monitor, channels: &[Channel]) -> String {
    let chosen = Chosen::parse(&monitor.about.channels);
    let told = channels.iter().filter(|channel| chosen.has(channel));
    let mut ids: Vec<&str> = told.map(|channel| channel.about.uuid.as_str()).collect();
    ids.sort_unstable();
    ids.join(",")
}

/// Whether a badge shows it as up where being late is no word: everything that is not down is.
pub(super) fn is_down(word: Word) -> bool {
    match word {
        Word::Down => true,
        Word::New | Word::Up | Word::Grace | Word::Paused => false,
    }
}
