//! What a batch of pings does to its monitors, within one transaction.
//!
//! Load every monitor once, let `domain::transition` take each ping in the order in which it came, and
//! write what has changed: the states, the events, and what people are to be told. Nothing outside is
//! called here, and nothing is remembered: the whole may be done again.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::app::App;
use super::blind;
use super::effects::Effects;
use super::healthchecks::habits;
use super::judge::Judged;
use super::presence::Sign;
use super::recorder::{Ping, Recorded};
use crate::domain::arrival::Told;
use crate::domain::event::Kind;
use crate::domain::time::Moment;
use crate::domain::transition::{Heard, Input, Phase, Taken};
use crate::store::events::{self, NewEvent};
use crate::store::monitors::{self, Named};
use crate::store::outputs::{self, Output};
use crate::store::{Trouble, Tx};

/// What an event was besides what it says, as bits in the store.
pub(crate) mod flags {
    /// It answered its slot after the deadline.
    pub(crate) const LATE: i64 = 1;
    /// It came a little before its slot.
    pub(crate) const EARLY: i64 = 2;
    /// Something newer was known.
    pub(crate) const STALE: i64 = 4;
    /// It had no run id, and several runs may have been meant.
    pub(crate) const AMBIGUOUS: i64 = 8;
    /// A rule of the monitor or a link preview: it changed nothing.
    pub(crate) const IGNORED: i64 = 16;
    /// Told more than a minute after it happened.
    pub(crate) const REPORTED_LATE: i64 = 32;
}

/// From here on an event counts as reported late.
const REPORTED_LATE_MS: i64 = 60_000;

/// What a batch came to.
pub(crate) struct Done {
    /// What became of each ping.
    pub(crate) recorded: Vec<Recorded>,
    /// What is to be done about it outside.
    pub(crate) effects: Effects,
}

/// Records a batch.
pub(crate) fn all(
    tx: &mut dyn Tx,
    app: &App,
    pings: &[Ping],
    now: Moment,
) -> Result<Done, Trouble> {
    blind::notice(tx, &app.watch, now)?;
    let mut monitors = load(tx, app, pings, now)?;
    let mut effects = Effects::default();
    let mut recorded = vec![Recorded::Gone; pings.len()];
    let new = hear(&mut monitors, pings, &mut recorded, now);
    let (places, events): (Vec<usize>, Vec<NewEvent>) = new.into_iter().unzip();
    let ids = events::insert(tx, &events)?;
    let mut kept = Vec::new();
    for (place, id) in places.iter().zip(&ids) {
        match (id, &pings[*place].packed) {
            (None, _) => recorded[*place] = Recorded::Duplicate,
            (Some(event_id), Some(packed)) => {
                kept.push(output(app, &pings[*place], *event_id, packed));
            }
            (Some(_), None) => {}
        }
    }
    if !kept.is_empty() {
        outputs::insert(tx, &kept)?;
    }
    if recorded.contains(&Recorded::Duplicate) {
        // Only now it is known what was told before. It must not renew a lease or begin a run that has
        // ended, so everything is judged again without it. Nor does it count: what came behind it in
        // this batch moves up.
        monitors = load(tx, app, pings, now)?;
        let moved = hear(&mut monitors, pings, &mut recorded, now);
        let stored = places.iter().zip(ids).zip(&events);
        let numbered =
            stored.filter_map(|((place, id), event)| Some((*place, (id?, event.n)))).collect();
        events::number(tx, &moved_up(&numbered, &moved))?;
    }
    if app.presence.is_followed() {
        effects.signs = pings.iter().filter_map(|ping| sign(&monitors, ping)).collect();
    }
    for judged in monitors.values_mut() {
        judged.settle(tx, now, &mut effects)?;
    }
    super::judge::save(tx, monitors.values().collect(), now)?;
    Ok(Done { recorded, effects })
}

/// What a ping says of its host to those that follow it.
fn sign(monitors: &BTreeMap<i64, Judged>, ping: &Ping) -> Option<Sign> {
    Some(Sign {
        project_id: monitors.get(&ping.monitor_id)?.monitor.project_id,
        host: ping.arrival.host.clone()?,
        at: ping.received_at,
        uptime: ping.arrival.uptime.filter(|uptime| !uptime.behind)?,
    })
}

/// The events that have another place among their monitor's than they were stored with, and which.
fn moved_up(
    numbered: &BTreeMap<usize, (i64, u64)>,
    heard: &[(usize, NewEvent)],
) -> Vec<(i64, u64)> {
    let moved = heard.iter().filter_map(|(place, event)| {
        let (id, n) = numbered.get(place)?;
        (*n != event.n).then_some((*id, event.n))
    });
    moved.collect()
}

/// Lets the monitors hear what is no repeat; gives the events to be kept, with the places of their pings.
fn hear(
    monitors: &mut BTreeMap<i64, Judged>,
    pings: &[Ping],
    recorded: &mut [Recorded],
    now: Moment,
) -> Vec<(usize, NewEvent)> {
    let mut new = Vec::new();
    for (place, ping) in pings.iter().enumerate() {
        let Some(judged) = monitors.get_mut(&ping.monitor_id) else { continue };
        if recorded[place] == Recorded::Duplicate {
            continue;
        }
        let ignored = ping.ignored || habits::ignores(judged);
        if !ping.coalesced {
            judged.count_event();
        }
        let ping = &*as_news(judged, ping);
        let taken = match ping.dialect.as_str() {
            _ if ignored => Taken::default(),
            _ if ping.arrival.told == Told::Outdated => {
                let heard = Heard::new(Kind::Log, ping.received_at);
                Taken { stale: true, ..judged.step(&Input::Event(&heard), now) }
            }
            dialect => {
                let heard = heard(judged, ping);
                // What happened after all else has happened by now.
                let now = if ping.arrival.at.is_none() { now.max(heard.at) } else { now };
                match dialect {
                    "healthchecks" => habits::hear(judged, heard, now),
                    _ => judged.step(&Input::Event(&heard), now),
                }
            }
        };
        if ping.coalesced {
            // The run that it tells of is alive; nothing else of it is kept.
            recorded[place] = Recorded::Coalesced;
            continue;
        }
        recorded[place] = if taken.stale { Recorded::Late } else { Recorded::Stored };
        new.push((place, event(ping, judged.event_count(), &taken, ignored)));
    }
    new
}

fn load(
    tx: &mut dyn Tx,
    app: &App,
    pings: &[Ping],
    now: Moment,
) -> Result<BTreeMap<i64, Judged>, Trouble> {
    let mut ids: Vec<i64> = pings.iter().map(|ping| ping.monitor_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let names: Vec<Named> = ids.into_iter().map(Named::Id).collect();
    let found = monitors::load(tx, &names)?;
    Ok(found
        .into_iter()
        .map(|found| (found.monitor.id, Judged::new(app, found.monitor, now)))
        .collect())
}

/// The ping as far as it is news: a value that was told before is only a sign that somebody tells it.
/// Whoever exports the moment of his last success for ever has not succeeded again.
fn as_news<'a>(judged: &Judged, ping: &'a Ping) -> Cow<'a, Ping> {
    let known_at = match ping.arrival.kind {
        Kind::Success | Kind::Warning => judged.state.last_success_at,
        _ => judged.state.last_success_at.max(judged.state.last_failure_at),
    };
    if ping.arrival.told != Told::Standing || ping.arrival.at > known_at {
        return Cow::Borrowed(ping);
    }
    let mut told_before = ping.clone();
    (told_before.arrival.kind, told_before.arrival.at) = (Kind::Log, None);
    Cow::Owned(told_before)
}

/// The event as the state machine hears it.
fn heard(judged: &Judged, ping: &Ping) -> Heard {
    let arrival = &ping.arrival;
    Heard {
        kind: arrival.kind,
        run_id: arrival.run_id.clone(),
        seq: arrival.seq,
        at: arrival.at.unwrap_or_else(|| judged.state.after_all(ping.received_at)),
        received_at: ping.received_at,
        started_at: arrival.started_at,
        duration_ms: arrival.duration_ms,
        exit_code: arrival.exit_code,
        lease_ms: arrival.lease_ms,
        stalled: arrival.stalled,
        phase: arrival.stage.as_deref().and_then(Phase::of),
        expected_ms: arrival.expected_ms,
        matches_expected: arrival.matches_expected,
        host: arrival.host.clone(),
        uptime: arrival.uptime,
        message: arrival.message.clone(),
    }
}

/// The event as it is kept.
fn event(ping: &Ping, n: u64, taken: &Taken, ignored: bool) -> NewEvent {
    let arrival = &ping.arrival;
    let at = arrival.at.unwrap_or(ping.received_at);
    let mut bits = 0;
    for (is, bit) in [
        (taken.late, flags::LATE),
        (taken.early, flags::EARLY),
        (taken.stale, flags::STALE),
        (taken.ambiguous, flags::AMBIGUOUS),
        (ignored, flags::IGNORED),
        (ping.received_at.epoch_ms() - at.epoch_ms() > REPORTED_LATE_MS, flags::REPORTED_LATE),
    ] {
        if is {
            bits |= bit;
        }
    }
    let run = taken.run.as_ref();
    NewEvent {
        monitor_id: ping.monitor_id,
        n,
        kind: arrival.kind.word().to_owned(),
        dialect: ping.dialect.clone(),
        at,
        received_at: ping.received_at,
        run_id: arrival.run_id.clone(),
        seq: arrival.seq,
        exit_code: arrival.exit_code,
        duration_ms: arrival.duration_ms.or_else(|| run.and_then(|run| run.duration_ms)),
        message: arrival.message.clone(),
        metrics: (!arrival.metrics.is_empty()).then(|| arrival.metrics.to_json().to_string()),
        fields: fields(ping),
        method: Some(ping.method.clone()),
        scheme: Some(ping.scheme.clone()),
        remote: Some(ping.remote.clone()),
        agent: Some(ping.agent.clone()),
        output_bytes: arrival.output_bytes,
        flags: bits,
    }
}

/// Everything else that was said, as one object.
fn fields(ping: &Ping) -> Option<String> {
    let arrival = &ping.arrival;
    let mut fields = arrival.fields.clone();
    let mut put = |name: &str, value: serde_json::Value| {
        if !value.is_null() && !fields.contains_key(name) {
            fields.insert(name.to_owned(), value);
        }
    };
    put("host", arrival.host.clone().into());
    put("env", arrival.env.clone().into());
    put("stage", arrival.stage.clone().into());
    put("percent", arrival.percent.into());
    if arrival.kind == Kind::Verified {
        put("matches_expected", arrival.matches_expected.into());
    }
    if let Some(started_at) = arrival.started_at {
        put("started_at", started_at.to_rfc3339().into());
    }
    (!fields.is_empty()).then(|| serde_json::Value::Object(fields).to_string())
}

fn output(app: &App, ping: &Ping, event_id: i64, packed: &[u8]) -> Output {
    let keep_for = match ping.arrival.kind {
        Kind::Failure | Kind::Warning => app.keep().failures,
        _ => app.keep().successes,
    };
    Output {
        event_id,
        monitor_id: ping.monitor_id,
        packed: packed.to_vec(),
        plain_bytes: ping.arrival.output.len() as u64,
        keep_until: ping.received_at.after(keep_for),
    }
}
