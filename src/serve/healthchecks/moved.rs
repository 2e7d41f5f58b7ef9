//! Checks that move here: what another Healthchecks knows of one becomes a monitor with its uuid, so that
//! its ping URL goes on working under another host name, with its pings and its flips.
//!
//! Everything may come again: a check is known by its uuid, a ping by its number there, and of the flips
//! only those are taken that are newer than what is known. The pings are heard once more, each at its own
//! time, so that the next deadline is the one that the check had. What went bad and good again meanwhile
//! was told by whoever was asked to tell it, and is no news here; what is bad now opens an incident, as
//! soon as the checker looks at it. The flip to what is bad by silence is the checker's, too. A pause is
//! taken once, when the monitor is made: from then on people pause and resume it here.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::check;
use super::fields::Spec;
use super::habits;
use super::imported::Imported;
use crate::domain::base64;
use crate::domain::event::Kind;
use crate::domain::healthchecks::is_down;
use crate::domain::monitor::Status;
use crate::domain::time::Moment;
use crate::domain::transition::{Heard, Input, Pause, Reason, Taken};
use crate::serve::access::Caller;
use crate::serve::alerts::Chosen;
use crate::serve::app::App;
use crate::serve::effects::Effects;
use crate::serve::judge::Judged;
use crate::serve::record::flags;
use crate::serve::{audit, creation, in_file};
use crate::store::changes::{self, NewChange};
use crate::store::events::{self, NewEvent};
use crate::store::monitors::{self, About, Live, Monitor, Named};
use crate::store::outputs::{self, Output};
use crate::store::{Trouble, Tx, channels};

/// A piece of a check that moves.
#[derive(Debug, Deserialize)]
pub(crate) struct Moving {
    /// Its uuid.
    uuid: String,
    /// The check as its API shows it, where that is to be taken over.
    #[serde(default)]
    check: Option<Map<String, Value>>,
    /// The names of its channels.
    #[serde(default)]
    channels: Vec<String>,
    /// Its pings.
    #[serde(default)]
    pings: Vec<MovingPing>,
    /// When it went up and down.
    #[serde(default)]
    flips: Vec<MovingFlip>,
    /// Newer pings come with the next call; until then no deadline counts.
    #[serde(default)]
    more: bool,
}

/// A ping as Healthchecks lists it, with its body.
#[derive(Debug, Deserialize)]
struct MovingPing {
    n: u64,
    #[serde(rename = "type")]
    kind: String,
    date: String,
    #[serde(default)]
    scheme: Option<String>,
    #[serde(default)]
    remote_addr: Option<String>,
    #[serde(default)]
    method: Option<String>,
    #[serde(default)]
    ua: Option<String>,
    #[serde(default)]
    rid: Option<String>,
    #[serde(default, deserialize_with = "base64::deserialize")]
    body: Vec<u8>,
}

/// A flip as Healthchecks lists it.
#[derive(Debug, Deserialize)]
struct MovingFlip {
    timestamp: String,
    up: u8,
}

/// Takes one in; gives what became of it: `created`, `changed`, `known`, `kept` (in a file) or `refused`.
pub(crate) fn take(
    tx: &mut dyn Tx,
    app: &App,
    caller: Caller,
    moving: &Moving,
    (now, effects): (Moment, &mut Effects),
) -> Result<Value, Trouble> {
    let refused = |why: String| json!({ "uuid": moving.uuid, "became": "refused", "why": why });
    let Some(uuid) = canonical(&moving.uuid) else {
        return Ok(refused("its uuid is none".to_owned()));
    };
    let found = monitors::load(tx, &[Named::Uuid(uuid.clone())])?.into_iter().next();
    let known = match found.map(|found| found.monitor) {
        Some(other) if other.project_id != caller.project_id => {
            return Ok(refused("its uuid belongs to another project here".to_owned()));
        }
        known => known,
    };
    let (monitor, became) = match (&moving.check, known) {
        (None, Some(known)) => (known, "known"),
        (None, None) => return Ok(refused("there is no such monitor".to_owned())),
        (Some(members), known) => {
            let about = match about(tx, caller, members, moving, known.as_ref())? {
                Ok(about) => about,
                Err(why) => return Ok(refused(why)),
            };
            settle(tx, app, caller, uuid.clone(), known, about, (now, &mut *effects))?
        }
    };
    let (id, is_made) = (monitor.id, became == "created");
    let before = match is_made {
        true => Imported::default(),
        false => Imported::find(tx, &uuid, monitor.live.event_count)?,
    };
    let mut pings: Vec<&MovingPing> =
        moving.pings.iter().filter(|ping| before.lacks(ping.n, ping.at())).collect();
    pings.sort_unstable_by_key(|ping| ping.n);
    pings.dedup_by_key(|ping| ping.n);
    let grace = app.rules.get(&monitor.about.rules, now).rules.grace;
    let is_paused = is_made
        && moving.check.as_ref().is_some_and(|check| check.get("status") == Some(&json!("paused")));
    let mut status = Status::parse(&monitor.live.status);
    if !pings.is_empty() || is_paused || !moving.more {
        let heard = (pings.as_slice(), is_paused, moving.more);
        status = Some(hear(tx, app, monitor, heard, (now, &mut *effects))?);
    }
    let taken = flip(tx, (id, status), &moving.flips, &pings, grace)?;
    let newest = pings.iter().fold(before, |newest, ping| newest.with(ping.n, ping.at()));
    if is_made || newest != before {
        newest.save(tx, &uuid)?;
    }
    Ok(json!({
        "uuid": moving.uuid, "became": became, "pings": pings.len(), "flips": taken,
        "newest_n": newest.n, "newest_at": newest.at().map(Moment::to_rfc3339),
    }))
}

impl MovingPing {
    fn at(&self) -> Option<Moment> {
        Moment::parse_rfc3339(&self.date)
    }
}

/// A uuid in the one form in which it is kept.
fn canonical(text: &str) -> Option<String> {
    uuid::Uuid::parse_str(text).ok().map(|uuid| uuid.hyphenated().to_string())
}

/// What is said of a check; an error is a line for people.
fn about(
    tx: &mut dyn Tx,
    caller: Caller,
    members: &Map<String, Value>,
    moving: &Moving,
    known: Option<&Monitor>,
) -> Result<Result<About, String>, Trouble> {
    let mut members = members.clone();
    // Their ids are those of the other receiver.
    members.remove("channels");
    let spec = match Spec::read(&members) {
        Ok(spec) => spec,
        Err(refusal) => return Ok(Err(refusal.why())),
    };
    let there = channels::of_project(tx, caller.project_id)?;
    let found: Vec<String> = there
        .iter()
        .filter(|channel| moving.channels.contains(&channel.about.name))
        .map(|channel| channel.about.uuid.clone())
        .collect();
    let chosen = match (found.is_empty(), moving.channels.is_empty()) {
        // Somebody was to be told. Who, nobody knows here, so all are.
        (true, false) => Chosen::All,
        _ => Chosen::Some(found),
    };
    let base = known.map_or_else(check::bare, |known| known.about.clone());
    Ok(Ok(check::apply(&base, &spec, 3, Some(chosen))))
}

/// Makes the monitor, or gives it what is said of it now.
fn settle(
    tx: &mut dyn Tx,
    app: &App,
    caller: Caller,
    uuid: String,
    known: Option<Monitor>,
    about: About,
    (now, effects): (Moment, &mut Effects),
) -> Result<(Monitor, &'static str), Trouble> {
    let slug = about.slug.clone();
    let became = match known {
        Some(known) if known.about == about => return Ok((known, "known")),
        Some(known) if in_file::label(&known.about).is_some() => return Ok((known, "kept")),
        Some(known) => {
            creation::replace_about(tx, app, &known, &about, now, effects)?;
            audit::note(tx, caller, "monitor.change", &slug, None, now)?;
            "changed"
        }
        None => {
            let project_id = caller.project_id;
            creation::insert_named(tx, app, (project_id, uuid.clone()), about, now)?;
            audit::note(tx, caller, "monitor.create", &slug, None, now)?;
            "created"
        }
    };
    let found = monitors::load(tx, &[Named::Uuid(uuid)])?.into_iter().next();
    let gone = || Trouble::Ours("a check that was just written is not there".to_owned());
    Ok((found.ok_or_else(gone)?.monitor, became))
}

/// Lets the monitor hear the pings, each at its own time, and keeps them; gives what it is then. They
/// keep their numbers, and go on behind what was counted here.
fn hear(
    tx: &mut dyn Tx,
    app: &App,
    monitor: Monitor,
    (pings, is_paused, more): (&[&MovingPing], bool, bool),
    (now, effects): (Moment, &mut Effects),
) -> Result<Status, Trouble> {
    let (id, version, mut counted) = (monitor.id, monitor.version, monitor.live.event_count);
    let mut judged = Judged::of_the_past(app, monitor, now);
    // What was said before a pause began does not end it.
    let mut pause = judged.state.pause.take_if(|_| !pings.is_empty());
    let mut rows = Vec::with_capacity(pings.len());
    for ping in pings {
        let at = ping.at().unwrap_or(now).min(now);
        let kind = kind(&ping.kind);
        if let Some(pause) = pause.take_if(|pause| at > pause.from) {
            pause_again(&mut judged, pause);
        }
        judged.count_event();
        let is_ignored = ping.kind == "ign";
        let taken = if is_ignored {
            Taken::default()
        } else {
            let heard = Heard { run_id: ping.rid.clone(), ..Heard::new(kind, at) };
            habits::hear(&mut judged, heard, at)
        };
        counted = ping.n.max(counted + 1);
        rows.push(NewEvent { n: counted, ..row(id, ping, (kind, at), &taken, is_ignored) });
    }
    if let Some(pause) = pause {
        pause_again(&mut judged, pause);
    }
    if is_paused && judged.state.pause.is_none() {
        judged.step(&Input::Pause { until: None, until_success: true, reason: None }, now);
    }
    let ids = events::insert(tx, &rows)?;
    let mut kept = Vec::new();
    for ((ping, row), event_id) in pings.iter().zip(&rows).zip(ids) {
        if let Some(event_id) = event_id.filter(|_| !ping.body.is_empty()) {
            let is_bad = row.kind == Kind::Failure.word();
            let keep_for = if is_bad { app.keep().failures } else { app.keep().successes };
            kept.push(Output {
                event_id,
                monitor_id: id,
                packed: app.packers.pack(&ping.body),
                plain_bytes: ping.body.len() as u64,
                keep_until: row.received_at.after(keep_for),
            });
        }
    }
    if !kept.is_empty() {
        outputs::insert(tx, &kept)?;
    }
    let live = judged.live()?;
    let live = Live {
        event_count: counted,
        // The checker looks at once, and sees what is bad now; while pings are missing it must not.
        wake_at: (!more).then_some(now),
        ..live
    };
    effects.wake(live.wake_at);
    monitors::save(tx, &[(id, version, &live)], now)?;
    Ok(judged.status())
}

fn pause_again(judged: &mut Judged, pause: Pause) {
    let Pause { from, until, until_success, reason, .. } = pause;
    judged.step(&Input::Pause { until, until_success, reason }, from);
}

fn kind(word: &str) -> Kind {
    match word {
        "success" => Kind::Success,
        "start" => Kind::Start,
        "fail" => Kind::Failure,
        _ => Kind::Log,
    }
}

fn row(
    monitor_id: i64,
    ping: &MovingPing,
    (kind, at): (Kind, Moment),
    taken: &Taken,
    is_ignored: bool,
) -> NewEvent {
    NewEvent {
        monitor_id,
        n: ping.n,
        kind: kind.word().to_owned(),
        dialect: "healthchecks".to_owned(),
        at,
        received_at: at,
        run_id: ping.rid.clone(),
        seq: None,
        exit_code: None,
        duration_ms: taken.run.as_ref().and_then(|run| run.duration_ms),
        message: None,
        metrics: None,
        fields: None,
        method: ping.method.clone(),
        scheme: ping.scheme.clone(),
        remote: ping.remote_addr.clone(),
        agent: ping.ua.clone(),
        output_bytes: ping.body.len() as u64,
        flags: if is_ignored { flags::IGNORED } else { 0 },
    }
}

/// Keeps the flips that are newer than what is known; Healthchecks does not say why there was one.
///
/// The last one down is kept where the monitor is down by what it has heard. Where it is not, it went
/// down there by silence: either it is silent here as well, and the checker is about to write that down
/// with its moment, or it is heard of here.
fn flip(
    tx: &mut dyn Tx,
    (monitor_id, status): (i64, Option<Status>),
    flips: &[MovingFlip],
    pings: &[&MovingPing],
    grace: std::time::Duration,
) -> Result<usize, Trouble> {
    if flips.is_empty() {
        return Ok(0);
    }
    let newest = changes::page(tx, monitor_id, None, 1)?.rows.pop().map(|stored| stored.change.at);
    // The newest comes first, and of those within a second only the order tells which was last.
    let mut all: Vec<(Moment, bool)> = flips
        .iter()
        .rev()
        .filter_map(|flip| Some((Moment::parse_rfc3339(&flip.timestamp)?, flip.up == 1)))
        .filter(|(at, _)| newest.is_none_or(|newest| *at > newest))
        .collect();
    all.sort_by_key(|(at, _)| *at);
    let is_paused = status == Some(Status::Paused);
    if !is_paused && !status.is_some_and(is_down) {
        all.pop_if(|(_, is_up)| !*is_up);
    }
    let failed = |at: Moment| {
        pings.iter().any(|ping| {
            let own = ping.at();
            ping.kind == "fail" && own.is_some_and(|own| own.since(at).as_secs() < 1 && own >= at)
        })
    };
    let last = all.len().saturating_sub(1);
    let rows: Vec<NewChange> = all
        .iter()
        .enumerate()
        .map(|(place, (at, is_up))| {
            let (from, to, reason) = match is_up {
                false if is_paused && place == last => {
                    let paused = Reason::Paused { until: None, until_success: true, reason: None };
                    ("up", "paused", paused)
                }
                true => ("missed", "up", Reason::Succeeded { at: Some(*at), message: None }),
                false if failed(*at) => (
                    "up",
                    "failed",
                    Reason::Failed { at: Some(*at), exit_code: None, message: None },
                ),
                false => ("up", "missed", Reason::missed_by(*at, grace)),
            };
            NewChange {
                monitor_id,
                from_status: from.to_owned(),
                to_status: to.to_owned(),
                at: *at,
                reason: serde_json::to_string(&reason).unwrap_or_default(),
            }
        })
        .collect();
    changes::insert(tx, &rows)?;
    Ok(rows.len())
}
