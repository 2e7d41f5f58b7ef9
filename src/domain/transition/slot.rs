//! Expected slots: which one a finish answers, and which is expected next.
//!
//! A slot is a due moment of the schedule. It opens a little before (or, of a window, when the window
//! opens), it is late from the due moment on, and its deadline is the due moment and the grace. A
//! finish answers the slot that is open when it happens; so a late ping belongs to the slot that has
//! passed, and one that comes two seconds early to the slot that comes.
//!
//! The hard part is that pings arrive in any order and little may be remembered. A finish that falls
//! into the same slot as its start leaves one slot expected whatever was before it: the first that
//! opens later. It is a barrier, and one moment remembers everything up to it. Only runs that cross
//! from one slot into another depend on what was answered before; those few are kept as they are and
//! answered again, in order, each time.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::deadline::SLACK;
use super::state::State;
use crate::domain::monitor::{Rules, TOLERANCE_MAX};
use crate::domain::schedule::Schedule;
use crate::domain::schedule::every::{self, Every};
use crate::domain::schedule::zone::Zone;
use crate::domain::time::Moment;

/// The most a `by` window is held open after it closed, for the ping that comes late.
const BY_REACH_MAX: Duration = Duration::from_secs(12 * 3600);

/// The most slots looked at to find the gap before one: enough for one a second.
const GAP_STEPS_MAX: usize = 128;

/// The most runs that crossed slots and are remembered. At the maximum the oldest is taken for
/// answered in order.
const CROSSED_MAX: usize = 8;

/// The last moment that is reckoned with, 2200-01-01. What lies behind it never comes; what lies before
/// 1970 is 1970. Schedules look decades ahead, and have to stay within the calendar.
const LAST_MS: i64 = 7_258_118_400_000;

/// The due moment of a slot that does not exist.
const NEVER: Moment = Moment(i64::MAX);

/// A moment within what is reckoned with.
pub(super) fn sane(at: Moment) -> Moment {
    Moment::from_epoch_ms(at.epoch_ms().clamp(0, LAST_MS))
}

/// The first slot after a moment, if there is one within what is reckoned with.
pub(crate) fn slot_after(schedule: &Schedule, zone: &Zone, after: Moment) -> Option<Moment> {
    if after.epoch_ms() >= LAST_MS {
        return None;
    }
    let mut from = sane(after);
    if let Schedule::Calendar(_) = schedule {
        from = before_repeated_hour(zone, from).unwrap_or(from);
    }
    // A schedule that did not advance would never end.
    schedule.next(from, zone).filter(|next| *next > after && next.epoch_ms() < LAST_MS)
}

/// The moment before an hour that the clock shows again, from within that hour. A timer skips it as a
/// whole; asked in the middle of it, as after a reload, systemd would name times in it.
fn before_repeated_hour(zone: &Zone, at: Moment) -> Option<Moment> {
    let at_s = at.epoch_ms().div_euclid(1_000);
    let back = zone.change_until(at_s).filter(|change| change.forward_s() < 0)?;
    (at_s < back.at_s - back.forward_s()).then(|| Moment(back.at_s * 1_000 - 1))
}

/// The same as a moment that may be never.
fn next(rules: &Rules, after: Moment) -> Moment {
    let schedule = rules.schedule.as_ref();
    schedule.and_then(|schedule| slot_after(schedule, &rules.zone, after)).unwrap_or(NEVER)
}

/// The slots that were answered.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Slots {
    /// The slot that the newest barrier leaves expected.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Moment>,
    /// Finishes after it whose runs began in an earlier slot, with their starts; in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    crossed: Vec<(Moment, Moment)>,
}

/// What is expected now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Expected {
    /// From here on a success may well come.
    pub(super) due: Moment,
    /// From here on it is late: the same, but for `every 4h..6h`.
    pub(super) slot: Moment,
}

impl Slots {
    /// Whether nothing was answered.
    pub(super) fn is_empty(&self) -> bool {
        self.next.is_none() && self.crossed.is_empty()
    }

    /// Adds a finish of a run that began at `started_at`.
    ///
    /// Law: the finish answers the expected slot if that is open, and leaves expected the first slot
    /// after it that opens after the start and whose deadline the finish did not outlive.
    ///
    /// Worked example, `0 2 * * *`: a run from Monday 02:00 to Tuesday 02:05 answers Monday and leaves
    /// Tuesday expected. Without a known start it answers Tuesday.
    pub(super) fn answer(
        &mut self,
        rules: &Rules,
        floor: Option<Moment>,
        at: Moment,
        started_at: Moment,
    ) {
        if matches!(rules.schedule, None | Some(Schedule::Every(_))) {
            return;
        }
        let after = first_opening_after(rules, at);
        if self.next.is_some_and(|next| next >= after) {
            return;
        }
        let from_start =
            if started_at < at { first_opening_after(rules, started_at) } else { after };
        if from_start >= after || first_not_passed(rules, at) >= after {
            self.next = Some(after);
            let counts =
                |crossed_at| crossed_at > at && first_opening_after(rules, crossed_at) > after;
            self.crossed.retain(|(crossed_at, _)| counts(*crossed_at));
            return;
        }
        let place = self.crossed.partition_point(|known| *known < (at, started_at));
        if self.crossed.get(place) != Some(&(at, started_at)) {
            self.crossed.insert(place, (at, started_at));
        }
        if self.crossed.len() > CROSSED_MAX {
            let (at, started_at) = self.crossed.remove(0);
            let first = self.first(rules, floor.unwrap_or(at));
            self.next = Some(fill(rules, first, at, started_at));
        }
    }

    /// The slot that is expected before any crossing run.
    fn first(&self, rules: &Rules, floor: Moment) -> Moment {
        self.next.filter(|next| *next > floor).unwrap_or_else(|| next(rules, floor))
    }

    /// The slot that is expected.
    fn expected(&self, rules: &Rules, floor: Moment) -> Moment {
        let first = self.first(rules, floor);
        self.crossed.iter().fold(first, |slot, (at, start)| fill(rules, slot, *at, *start))
    }
}

/// The slot that is expected after a finish, if `slot` was before.
fn fill(rules: &Rules, slot: Moment, at: Moment, started_at: Moment) -> Moment {
    if slot >= first_opening_after(rules, at) {
        return slot;
    }
    let left = next(rules, slot).max(first_not_passed(rules, at));
    left.max(first_opening_after(rules, started_at))
}

/// The first slot whose deadline a finish at `at` keeps; one at the deadline keeps it.
fn first_not_passed(rules: &Rules, at: Moment) -> Moment {
    next(rules, Moment(at.before(rules.grace).epoch_ms().saturating_sub(1)))
}

/// The first slot that opens after a moment.
fn first_opening_after(rules: &Rules, at: Moment) -> Moment {
    let early = rules.early.min(rules.grace);
    if let Some(Schedule::Window(window)) = &rules.schedule {
        return match window.next_opening(sane(at.after(early)), &rules.zone) {
            // What closes as it opens, in an hour that the clock jumps over, is a slot as well.
            Some(opens) => next(rules, Moment(opens.epoch_ms() - 1)),
            // A `by` window opens when the one before is over, its grace included.
            None => next(rules, next(rules, at.before(rules.grace.min(BY_REACH_MAX)))),
        };
    }
    let mut slot = next(rules, at);
    for _ in 0..GAP_STEPS_MAX {
        if slot.since(at) > early || slot.since(at) > early_of(rules, slot, early) {
            break;
        }
        slot = next(rules, slot);
    }
    slot
}

/// How much before its due moment a slot opens: the least of a minute, the grace and half the gap
/// before it, so that a job of every minute is not taken for the next one's.
fn early_of(rules: &Rules, slot: Moment, early: Duration) -> Duration {
    let mut before = next(rules, Moment(slot.before(early * 2).epoch_ms().saturating_sub(1)));
    for _ in 0..GAP_STEPS_MAX {
        if before >= slot {
            return early;
        }
        let following = next(rules, before);
        if following >= slot {
            return early.min(slot.since(before) / 2);
        }
        before = following;
    }
    Duration::ZERO
}

/// What is expected now; none where nothing is.
pub(super) fn expected(rules: &Rules, state: &State) -> Option<Expected> {
    let floor = state.floor(rules)?;
    let slot = match rules.schedule.as_ref()? {
        Schedule::Every(every) => return Some(counted(rules, every, state, floor)),
        Schedule::Cron(_) | Schedule::Calendar(_) | Schedule::Window(_) => {
            state.slots.expected(rules, floor)
        }
    };
    (slot < NEVER).then_some(Expected { due: slot, slot })
}

/// What is expected so often after the last finish.
fn counted(rules: &Rules, every: &Every, state: &State, floor: Moment) -> Expected {
    let base = state.last_finish_at().map_or(floor, |at| at.max(floor));
    let later = |span: Duration| match rules.by_the_wall {
        true => every::later(base, span, &rules.zone),
        false => base.after(span),
    };
    Expected { due: later(every.at_least), slot: later(every.at_most) }
}

/// The deadline that decides: that of the slot after as many as may be missed in a row.
///
/// Worked example, `every 1m`, grace 60 s, tolerance 1, success at 03:00: the slot of 03:01 may be missed,
/// that of 03:02 may not, and 03:03 is the deadline.
pub(super) fn deadline(rules: &Rules, expected: Expected) -> Option<Deadline> {
    let mut slot = expected.slot;
    for _ in 0..rules.tolerance.min(TOLERANCE_MAX) {
        slot = next(rules, slot);
    }
    let from = match rules.schedule {
        Some(Schedule::Every(every)) => expected.slot.before(every.at_most),
        Some(_) | None => slot,
    };
    (slot < NEVER).then(|| Deadline { slot, from, at: slot.after(rules.grace) })
}

/// A slot and its deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Deadline {
    /// The slot.
    pub(super) slot: Moment,
    /// Since when the job has had time for it.
    pub(super) from: Moment,
    /// Its deadline.
    pub(super) at: Moment,
}

impl Deadline {
    /// When it is judged: a moment after its host had the time for it.
    pub(super) fn judged_at(&self, rules: &Rules, state: &State) -> Moment {
        state.reached(rules, self.from, self.at).after(SLACK)
    }
}

/// Whether slots are moments that a run may come a little before; windows and intervals are not.
pub(super) fn opens_early(rules: &Rules) -> bool {
    matches!(rules.schedule, Some(Schedule::Cron(_) | Schedule::Calendar(_)))
}

/// So many milliseconds.
fn span_ms(ms: u128) -> Duration {
    Duration::from_millis(u64::try_from(ms).unwrap_or(u64::MAX))
}

/// The slots whose deadlines lie after `from` and up to `until` and that nothing answered: how many,
/// at most `max`, and the first few.
pub(super) fn passed(
    rules: &Rules,
    state: &State,
    from: Moment,
    until: Moment,
    max: usize,
) -> Vec<Moment> {
    let mut found = Vec::new();
    let Some(first) = expected(rules, state) else { return found };
    let mut slot = first.slot.max(match &rules.schedule {
        // All that passed before are stepped over at once: of a job of every second that died a year ago
        // there are thirty million.
        Some(Schedule::Every(every)) => {
            let passed = from.before(rules.grace).since(first.slot).as_millis();
            let behind = passed % every.at_most.as_millis();
            first.slot.after(span_ms(passed - behind))
        }
        None => first.slot,
        Some(_) => first_not_passed(rules, from),
    });
    while found.len() < max && slot < NEVER && slot.after(rules.grace) <= until {
        if slot.after(rules.grace) > from {
            found.push(slot);
        }
        slot = next(rules, slot);
    }
    found
}
