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
use crate::journal::spool::{Contents, Rest, Spool, Spooled};
use crate::journal::state::State;
use crate::journal::{addresses, dead, learned, sweep};
use crate::send::alerts;
use crate::send::deliver::NO_ANSWER;
use crate::send::flush::{self, Flushed, Letter};
use crate::send::order;
use crate::send::target::Target;
use crate::sys::{clock, fault, host};

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

/// What this hb knows about its targets before it looks at the spool.
#[derive(Default)]
pub(crate) struct Just {
    /// Nothing goes there: it has just tried them for as long as it may, or they asked to be left
    /// alone for longer than that (`Retry-After`).
    unreached: Vec<TargetRef>,
    /// They have just answered, so a pause because nobody was there is over.
    reached: Vec<TargetRef>,
    /// A person asked for it: no pause holds.
    asked: bool,
}

impl Just {
    /// It has told `all` of them, but for the `unreached`.
    pub(crate) fn told(mut all: Vec<TargetRef>, unreached: Vec<TargetRef>) -> Just {
        all.retain(|target| !unreached.contains(target));
        Just { unreached, reached: all, asked: false }
    }

    /// A person wants everything to be sent now.
    pub(crate) fn asked() -> Just {
        Just { asked: true, ..Just::default() }
    }

    /// Whether a pause holds.
    fn heeds(&self, target: &TargetRef, rest: &Rest) -> bool {
        // What gets no answer although the server is there may have arrived each time.
        let is_back = self.reached.contains(target) && rest.why != NO_ANSWER;
        !self.asked && !is_back
    }
}

/// Does all of it, unless somebody else is doing it.
pub(crate) fn keep(
    state: &State,
    resolve: Resolve<'_>,
    budget: Duration,
    just: &Just,
) -> anyhow::Result<Option<Done>> {
    fault::point("housekeeping");
    let Some(_ticket) = state.try_ticket("housekeeping")? else { return Ok(None) };
    let now = clock::now();
    let mut done = Done::default();
    for record in dead::bury(state, now)? {
        done.vanished.push(record.begun.monitor);
    }
    flush_spool(state, resolve, budget, just, &mut done)?;
    sweep::when_due(state, now)?;
    Ok(Some(done))
}

fn flush_spool(
    state: &State,
    resolve: Resolve<'_>,
    budget: Duration,
    just: &Just,
    done: &mut Done,
) -> anyhow::Result<()> {
    let Some(spool) = Spool::open_there(state) else { return Ok(()) };
    let mut contents = spool.read_but(&just.unreached)?;
    // Read again: what another hb has kept since this one began is not of the future.
    let now = clock::now();
    contents.events.sort_by_key(|(_, spooled)| !order::is_undatable(&spooled.event, now));
    if contents.left_alone > 0 {
        done.waiting = contents.left_alone;
        done.trouble = Some("its target was not reached just now".to_owned());
    }
    done.dropped = spool.dropped();
    done.set_aside.clone_from(&contents.set_aside);
    if contents.events.is_empty() {
        return Ok(());
    }
    let mut letters = letters(state, resolve, contents, just, now, done);
    let total = letters.len();
    let first = letters.first().map(|letter| (letter.id.clone(), letter.spooled.clone()));
    tell_dropped(&mut letters, done.dropped, now);
    let settled = std::cell::RefCell::new((0usize, Vec::new(), None, false));
    let flushed = flush::flush(letters, now, budget, &|flushed: Flushed| {
        let mut settled = settled.borrow_mut();
        let Some(result) = flushed.result else {
            settled.2 = note_try(&spool, flushed, first.as_ref());
            return;
        };
        if flushed.id.is_empty() {
            settled.3 = result != Delivery::Lost;
            return;
        }
        settled.0 += 1;
        if let (Some(after), true) = (&flushed.afterwards, took(result)) {
            after.keep(state);
        }
        // The record first: an event that is in both places is sent twice, one in neither is lost.
        note(state, &flushed, result, now);
        let _ = spool.remove(&flushed.id);
        if result == Delivery::Refused {
            let why = flushed.detail.unwrap_or_default();
            settled.1.push(format!("`{}`: {why}", flushed.spooled.name));
        }
    });
    let (count, refused, trouble, told_dropped) = settled.into_inner();
    if told_dropped {
        let _ = spool.forget_dropped();
    }
    done.delivered = count - refused.len();
    done.refused = refused;
    done.waiting += total - count;
    let unsendable = flushed.err().map(|error| format!("{error:#}"));
    done.trouble = unsendable.or(trouble).or(done.trouble.take());
    Ok(())
}

/// The events whose turn it is, each with its target; the others are counted.
fn letters(
    state: &State,
    resolve: Resolve<'_>,
    contents: Contents,
    just: &Just,
    now: Moment,
    done: &mut Done,
) -> Vec<Letter> {
    let places = std::cell::RefCell::new(HashMap::new());
    let place = |target: &TargetRef| -> String {
        let mut places = places.borrow_mut();
        let known = places.entry(target.clone());
        known.or_insert_with(|| addresses::place(state, target)).clone()
    };
    let newest = newest_finishes(state, &contents.events, &place, now);
    let resting = contents.resting(now);
    let mut letters = Vec::new();
    for (id, spooled) in contents.events {
        if resting.get(&spooled.target).is_some_and(|rest| just.heeds(&spooled.target, rest)) {
            done.waiting += 1;
            continue;
        }
        match resolve(&spooled.target, &spooled.event.monitor) {
            Ok(target) => {
                let key = (place(&spooled.target), spooled.event.monitor.clone());
                let newest = newest.get(&key).copied();
                letters.push(letter(state, id, spooled, target, newest, now));
            }
            Err(why) => {
                done.waiting += 1;
                done.trouble = Some(why);
            }
        }
    }
    letters
}

/// A kept event with all that its delivery needs.
fn letter(
    state: &State,
    id: String,
    mut spooled: Spooled,
    target: Target,
    newest: Option<Moment>,
    now: Moment,
) -> Letter {
    let limits = learned::limits(state, &target.reference);
    // A run that died without a report knows no host, and an alert is closed by the host that opened it.
    spooled.event.host.get_or_insert_with(host::name);
    let (event, afterwards) = alerts::shape(Some(state), &target, &spooled.event, now);
    spooled.event = event;
    Letter { id, spooled, target, limits, newest, afterwards }
}

/// Notes a try in vain with its event, and gives its trouble.
fn note_try(spool: &Spool, flushed: Flushed, first: Option<&(String, Spooled)>) -> Option<String> {
    if !flushed.tried {
        return flushed.detail;
    }
    let told = (flushed.id, flushed.spooled);
    // The line about dropped events is in no file; what waits behind it has the pause.
    let (id, mut spooled) =
        Some(told).filter(|(id, _)| !id.is_empty()).or_else(|| first.cloned())?;
    spooled.tries = spooled.tries.and_one(clock::now(), flushed.after);
    spooled.why = flushed.detail.unwrap_or_default();
    // Without room on the disk the pause is not remembered, and the event stays as it was.
    let _ = spool.tried(&id, &spooled);
    Some(spooled.why)
}

/// The newest finish per target and monitor: of those told already, and of those in the spool.
fn newest_finishes(
    state: &State,
    events: &[(String, Spooled)],
    place: &dyn Fn(&TargetRef) -> String,
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
        if event.kind.is_finish() && !order::is_undatable(event, now) {
            keep(place(&spooled.target), &event.monitor, event.at);
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
                if told.kind.is_finish() && took(told.result) && !wrong_clock {
                    keep(place(&told.target), monitor, ending.ended_at);
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
    let were = if dropped == 1 { "event was" } else { "events were" };
    event.message = Some(format!("{dropped} {were} dropped because the spool was full"));
    let spooled = Spooled { event, ..first.spooled.clone() };
    let letter = Letter {
        id: String::new(),
        spooled,
        target: first.target.clone(),
        limits: first.limits,
        newest: None,
        afterwards: None,
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
/// Whether a receiver has been told, as far as it lets anybody know.
fn took(result: Delivery) -> bool {
    matches!(result, Delivery::Delivered | Delivery::Unconfirmed)
}
