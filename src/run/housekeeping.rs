//! What every `hb` does for the others once its own job has been told: dead runs, the spool, old
//! records.
//!
//! One process at a time does it; whoever finds it being done goes home. It is bounded in time, so a
//! crontab line never waits for somebody else's backlog.

use std::collections::HashMap;
use std::time::Duration;

use crate::domain::event::{Event, Kind};
use crate::domain::record::{Delivery, Line, TargetRef, Told};
use crate::domain::time::Moment;
use crate::journal::history::{self, Wanted};
use crate::journal::spool::{Spool, Spooled};
use crate::journal::state::State;
use crate::journal::{addresses, dead, learned};
use crate::send::flush::{self, Flushed, Letter};
use crate::send::target::Target;
use crate::sys::clock;

/// Time for the spool after a run of one's own.
pub(crate) const FLUSH_BUDGET: Duration = Duration::from_secs(2);

/// Runs of a monitor looked at for a newer finish.
const LOOKED_AT_MAX: usize = 50;

/// Finds a target by what the spool calls it, for a monitor.
pub(crate) type Resolve<'a> = &'a dyn Fn(&TargetRef, &str) -> Result<Target, String>;

/// What was done, for the person.
#[derive(Debug, Default)]
pub(crate) struct Done {
    /// Events delivered.
    pub(crate) delivered: usize,
    /// Events that receivers refused for good, with why.
    pub(crate) refused: Vec<String>,
    /// Events still waiting.
    pub(crate) waiting: usize,
    /// The last trouble, when events still wait.
    pub(crate) trouble: Option<String>,
    /// Spool files that could not be read and were set aside.
    pub(crate) set_aside: Vec<String>,
    /// Runs found whose hb had died.
    pub(crate) vanished: Vec<String>,
    /// Events that were given up because the spool was full.
    pub(crate) dropped: u64,
}

/// Does all of it, unless somebody else is doing it.
///
/// Nothing goes to the targets in `unreached`: this hb has just tried them for as long as it may, or
/// they asked to be left alone for longer than that (`Retry-After`).
pub(crate) fn keep(
    state: &State,
    resolve: Resolve<'_>,
    budget: Duration,
    unreached: &[TargetRef],
) -> anyhow::Result<Option<Done>> {
    let Some(_ticket) = state.try_ticket("housekeeping")? else { return Ok(None) };
    let now = clock::now();
    let mut done = Done::default();
    for record in dead::bury(state, now)? {
        done.vanished.push(record.begun.monitor);
    }
    flush_spool(state, resolve, budget, now, unreached, &mut done)?;
    if history::sweep(state, now)? {
        addresses::sweep(state, now)?;
    }
    Ok(Some(done))
}

fn flush_spool(
    state: &State,
    resolve: Resolve<'_>,
    budget: Duration,
    now: Moment,
    unreached: &[TargetRef],
    done: &mut Done,
) -> anyhow::Result<()> {
    let Some(spool) = Spool::open_there(state) else { return Ok(()) };
    let contents = spool.read_but(unreached)?;
    if contents.left_alone > 0 {
        done.waiting = contents.left_alone;
        done.trouble = Some("its target was not reached just now".to_owned());
    }
    done.set_aside = contents.set_aside;
    done.dropped = spool.dropped();
    if contents.events.is_empty() {
        return Ok(());
    }
    let newest = newest_finishes(state, &contents.events, now);
    let mut letters = Vec::new();
    for (id, spooled) in contents.events {
        match resolve(&spooled.target, &spooled.event.monitor) {
            Ok(target) => {
                let limits = learned::limits(state, &target.reference);
                let key = (spooled.target.key(), spooled.event.monitor.clone());
                let newest = newest.get(&key).copied();
                letters.push(Letter { id, spooled, target, limits, newest });
            }
            Err(why) => {
                done.waiting += 1;
                done.trouble = Some(why);
            }
        }
    }
    let total = letters.len();
    tell_dropped(&mut letters, done.dropped, now);
    let settled = std::cell::RefCell::new((0usize, Vec::new(), None, false));
    flush::flush(letters, now, budget, &|flushed: Flushed| {
        let mut settled = settled.borrow_mut();
        let Some(result) = flushed.result else {
            settled.2 = flushed.detail;
            return;
        };
        if flushed.id.is_empty() {
            settled.3 = result != Delivery::Lost;
            return;
        }
        settled.0 += 1;
        // The record first: an event that is in both places is sent twice, one in neither is lost.
        note(state, &flushed, result, now);
        let _ = spool.remove(&flushed.id);
        if result == Delivery::Refused {
            let why = flushed.detail.unwrap_or_default();
            settled.1.push(format!("`{}`: {why}", flushed.spooled.name));
        }
    })?;
    let (count, refused, trouble, told_dropped) = settled.into_inner();
    if told_dropped {
        let _ = spool.forget_dropped();
    }
    done.delivered = count - refused.len();
    done.refused = refused;
    done.waiting += total - count;
    done.trouble = trouble.or(done.trouble.take());
    Ok(())
}

/// The newest finish per target and monitor: of those told already, and of those in the spool.
fn newest_finishes(
    state: &State,
    events: &[(String, Spooled)],
    now: Moment,
) -> HashMap<(String, String), Moment> {
    let mut newest: HashMap<(String, String), Moment> = HashMap::new();
    let mut keep = |target: String, monitor: &str, at: Moment| {
        let slot = newest.entry((target, monitor.to_owned())).or_insert(at);
        *slot = (*slot).max(at);
    };
    let mut monitors: Vec<&str> = Vec::new();
    for (_, spooled) in events {
        let event = &spooled.event;
        if event.kind.is_finish() {
            keep(spooled.target.key(), &event.monitor, event.at);
        }
        if !monitors.contains(&event.monitor.as_str()) {
            monitors.push(&event.monitor);
        }
    }
    for monitor in monitors {
        let wanted = Wanted { monitor: Some(monitor), count: LOOKED_AT_MAX, after: None };
        for (record, _) in history::read(state, &wanted).unwrap_or_default() {
            let Some(ending) = &record.ending else { continue };
            for told in &record.told {
                let wrong_clock = ending.ended_at > now;
                if told.kind.is_finish() && told.result == Delivery::Delivered && !wrong_clock {
                    keep(told.target.key(), monitor, ending.ended_at);
                }
            }
        }
    }
    newest
}

/// When events were given up, the first letter's receiver hears how many.
fn tell_dropped(letters: &mut Vec<Letter>, dropped: u64, now: Moment) {
    let Some(first) = letters.first().filter(|_| dropped > 0) else { return };
    let mut event = Event::new(Kind::Log, &first.spooled.event.monitor, now);
    event.message = Some(format!("{dropped} events were dropped because the spool was full"));
    let spooled = Spooled { event, ..first.spooled.clone() };
    let letter = Letter {
        id: String::new(),
        spooled,
        target: first.target.clone(),
        limits: first.limits,
        newest: None,
    };
    letters.insert(0, letter);
}

fn note(state: &State, flushed: &Flushed, result: Delivery, now: Moment) {
    let event = &flushed.spooled.event;
    let Some(run_id) = event.run_id else { return };
    let told = Told {
        target: flushed.spooled.target.clone(),
        name: flushed.spooled.name.clone(),
        kind: event.kind,
        result,
        at: now,
        detail: flushed.detail.clone(),
    };
    let _ = history::append(state, &event.monitor, run_id, &Line::Told(told));
}
