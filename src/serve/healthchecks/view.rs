//! A check as the API shows it: its 28 members and its period or its schedule.

use serde::{Serialize, Serializer};

use super::check::{TIMEOUT_S, Words, is_post_only};
use super::{badges, unique};
use crate::domain::healthchecks::{Memory, Shown, Word, shown};
use crate::domain::schedule::Schedule;
use crate::domain::time::Moment;
use crate::domain::transition::State;
use crate::serve::alerts::Chosen;
use crate::serve::app::App;
use crate::serve::kept;
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

/// A moment that is written to the second.
struct Second(Moment);

impl Serialize for Second {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&second(self.0))
    }
}

/// A check as it is written. A list has ten thousand of them, so what is stored is borrowed.
#[derive(Serialize)]
pub(super) struct Check<'a> {
    name: &'a str,
    slug: &'a str,
    tags: String,
    desc: &'a str,
    grace: u64,
    n_pings: u64,
    status: &'static str,
    started: bool,
    last_ping: Option<Second>,
    next_ping: Option<Second>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_duration: Option<u64>,
    methods: &'static str,
    subject: String,
    subject_fail: String,
    #[serde(flatten)]
    words: Words,
    #[serde(flatten)]
    timing: Timing,
    badge_url: String,
    #[serde(flatten)]
    address: Address<'a>,
}

/// The period, or the schedule and its zone.
#[derive(Serialize)]
#[serde(untagged)]
enum Timing {
    Period { timeout: u64 },
    Schedule { schedule: String, tz: String },
}

/// How it is reached: a reader is not shown how to ping.
#[derive(Serialize)]
#[serde(untagged)]
enum Address<'a> {
    Hidden {
        unique_key: String,
    },
    Known {
        uuid: &'a str,
        ping_url: String,
        update_url: String,
        pause_url: String,
        resume_url: String,
        channels: String,
    },
}

/// How a check does, and what Healthchecks remembers of it.
pub(super) fn standing(app: &App, monitor: &Monitor, now: Moment) -> (Shown, Memory) {
    let compiled = app.rules.get(&monitor.about.rules, now);
    standing_by(&compiled, monitor, now)
}

fn standing_by(compiled: &Compiled, monitor: &Monitor, now: Moment) -> (Shown, Memory) {
    let state: State = serde_json::from_str(&monitor.live.state).unwrap_or_default();
    let memory = kept::memory(&monitor.live);
    (shown(&compiled.rules, &state, &memory, now), memory)
}

/// A check; addresses begin with `base`.
pub(super) fn check<'a>(
    app: &App,
    base: &str,
    monitor: &'a Monitor,
    channels: &[Channel],
    look: Look,
) -> Check<'a> {
    check_until(app, base, monitor, channels, look).0
}

/// The same, and until when it is shown like that if nobody touches it.
pub(super) fn check_until<'a>(
    app: &App,
    base: &str,
    monitor: &'a Monitor,
    channels: &[Channel],
    look: Look,
) -> (Check<'a>, Option<Moment>) {
    let about = &monitor.about;
    let compiled = app.rules.get(&about.rules, look.now);
    let (shown, memory) = standing_by(&compiled, monitor, look.now);
    let words = Words::parse(&about.filters);
    let subject = |kw: &str| if words.filter_subject { kw.to_owned() } else { String::new() };
    // In the first version a run was a status of its own.
    let grace = compiled.rules.grace;
    let runs = shown.started_at.is_some_and(|at| look.now < at.after(grace));
    let is_run = look.version == 1 && runs;
    let live = &monitor.live;
    let moments = [live.due_at, live.deadline_at, shown.started_at.map(|at| at.after(grace))];
    let until = moments.into_iter().flatten().filter(|at| *at > look.now).min();
    let check = Check {
        name: &about.name,
        slug: &about.slug,
        tags: about.tags.join(" "),
        desc: &about.description,
        grace: grace.as_secs(),
        n_pings: monitor.live.event_count,
        status: if is_run { "started" } else { shown.word.word() },
        started: shown.started_at.is_some(),
        last_ping: shown.last_ping.map(Second),
        next_ping: shown.next_ping.map(Second),
        last_duration: memory.duration_ms.map(|duration_ms| duration_ms / 1000),
        methods: if is_post_only(&about.filters) { "POST" } else { "" },
        subject: subject(&words.success_kw),
        subject_fail: subject(&words.failure_kw),
        words,
        timing: timing(&compiled),
        badge_url: badges::url_of_check(app, base, monitor),
        address: address(base, monitor, channels, look),
    };
    (check, until)
}

fn timing(compiled: &Compiled) -> Timing {
    let given = compiled.written.schedule.as_deref().unwrap_or_default();
    let bare = |kind: &str| given.strip_prefix(kind).unwrap_or(given).to_owned();
    let schedule = match &compiled.rules.schedule {
        None if compiled.fault.is_none() => return Timing::Period { timeout: TIMEOUT_S },
        Some(Schedule::Every(every)) => {
            return Timing::Period { timeout: every.at_most.as_secs() };
        }
        Some(Schedule::Cron(_)) => bare("cron "),
        Some(Schedule::Calendar(_)) => bare("calendar "),
        Some(Schedule::Window(_)) => given.to_owned(),
        // Which kind cannot be judged by is hb's own word, and is said elsewhere.
        None => ["cron ", "calendar "]
            .iter()
            .find_map(|kind| given.strip_prefix(kind))
            .unwrap_or(given)
            .to_owned(),
    };
    let zone = compiled.written.timezone.as_deref();
    let tz = zone.unwrap_or_else(|| compiled.rules.zone.name()).to_owned();
    Timing::Schedule { schedule, tz }
}

fn address<'a>(base: &str, monitor: &'a Monitor, channels: &[Channel], look: Look) -> Address<'a> {
    if look.is_reader {
        return Address::Hidden { unique_key: unique::key(&monitor.uuid) };
    }
    let uuid = monitor.uuid.as_str();
    let own = format!("{base}/api/v{}/checks/{uuid}", look.version);
    Address::Known {
        uuid,
        ping_url: format!("{base}/ping/{uuid}"),
        pause_url: format!("{own}/pause"),
        resume_url: format!("{own}/resume"),
        update_url: own,
        channels: chosen(monitor, channels),
    }
}

/// The ids of the channels that are told.
fn chosen(monitor: &Monitor, channels: &[Channel]) -> String {
    let chosen = Chosen::parse(&monitor.about.channels);
    let told = chosen.told(channels);
    let mut ids: Vec<&str> = told.iter().map(|channel| channel.about.uuid.as_str()).collect();
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

#[cfg(test)]
mod tests {
    use super::{Moment, timing};
    use crate::serve::rules::compile;

    #[test]
    fn a_schedule_is_shown_as_it_was_sent_also_where_it_cannot_be_judged_by() {
        for (stored, shown) in [
            ("cron 0 3 * * *", "0 3 * * *"),
            ("calendar 10:00", "10:00"),
            ("calendar 10:00 Nowhere/Land", "10:00 Nowhere/Land"),
            ("cron 0 3 * *", "0 3 * *"),
        ] {
            let text =
                serde_json::json!({"schedule": stored, "timezone": "UTC", "healthchecks": true});
            let compiled = compile(&text.to_string(), Moment::from_epoch_ms(1_795_000_000_000));
            let timing = serde_json::to_value(timing(&compiled)).expect("it is written");
            assert_eq!(timing["schedule"], shown, "{stored}");
        }
    }
}
