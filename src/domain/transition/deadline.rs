//! The moments at which the word can change although nothing is heard, and the walk over them.
//!
//! There are only a few: the slot's due moment and deadline, each run's lease and limit, the end of
//! a pause, and for each the end of the doubt about it. Between two of them nothing changes, so a walk
//! from one to the next finds all changes, however late it is done.

use std::time::Duration;

use super::reason::{self, Reason};
use super::slot;
use super::state::State;
use super::status::{View, late_at, run_ends};
use super::{Change, Input};
use crate::domain::monitor::{Rules, Status};
use crate::domain::time::Moment;

/// A deadline is judged half a second after it, so that a ping which comes with it is not followed by
/// an alarm, and an alarm not at once by a recovery (uptime-kuma#1747). More would be felt: people are
/// to be told within a second of the deadline.
pub(super) const SLACK: Duration = Duration::from_millis(500);

/// What time alone has done by `now`: the changes, each at its own moment, and a pause that has ended.
pub(super) fn pass(rules: &Rules, state: &mut State, now: Moment, changes: &mut Vec<Change>) {
    if let Some(pause) = &state.pause
        && let Some(until) = pause.until.filter(|until| *until <= now)
    {
        let (from, at) = (pause.from, until.max(pause.from));
        let forgiven = state.forgiven(rules, from, at);
        state.resume_at(rules, at);
        let status = View::of(rules, state).status(rules, state, at);
        tell(state, status, at, Reason::Resumed(forgiven), changes);
        state.told.seen_at = Some(at);
    }
    let view = View::of(rules, state);
    let mut seen_at = state.told.seen_at.unwrap_or(now);
    while let Some(at) = next_moment(rules, state, &view, seen_at).filter(|at| *at <= now) {
        let status = view.status(rules, state, at);
        if status != state.told.status {
            let (happened_at, why) = reason::of_time(rules, state, &view, status, at);
            tell(state, status, happened_at, why, changes);
            state.told.seen_at = Some(at);
        }
        seen_at = at;
    }
}

/// Tells what an input has changed by now.
pub(super) fn compare(
    rules: &Rules,
    state: &mut State,
    input: &Input,
    now: Moment,
    changes: &mut Vec<Change>,
) {
    let view = View::of(rules, state);
    let status = view.status(rules, state, now);
    let (at, why) = reason::of_input(rules, state, &view, status, input, now);
    tell(state, status, at, why, changes);
    state.told.seen_at = Some(now);
}

/// Tells a word, if it is another one.
fn tell(state: &mut State, to: Status, at: Moment, reason: Reason, changes: &mut Vec<Change>) {
    let from = state.told.status;
    if from != to {
        state.told.status = to;
        state.told.since = Some(at);
        changes.push(Change { from, to, at, reason });
    }
}

/// The next moment after `now` at which a tick changes anything.
pub(super) fn wake_at(rules: &Rules, state: &State, now: Moment) -> Option<Moment> {
    let ahead = |at: Option<Moment>| at.filter(|at| *at > now);
    if let Some(pause) = &state.pause {
        return soonest(ahead(pause.until), ahead(state.quiet_until));
    }
    let view = View::of(rules, state);
    let mut at = next_moment(rules, state, &view, now);
    // A moment at which the word stays, because a worse one covers what changes, wakes nobody.
    while let Some(moment) = at
        && view.status(rules, state, moment) == state.told.status
    {
        at = next_moment(rules, state, &view, moment);
    }
    soonest(at, ahead(state.quiet_until))
}

/// The earlier of two moments that may not come.
fn soonest(one: Option<Moment>, other: Option<Moment>) -> Option<Moment> {
    one.into_iter().chain(other).min()
}

/// The first moment after `seen_at` at which the word may change.
fn next_moment(rules: &Rules, state: &State, view: &View, seen_at: Moment) -> Option<Moment> {
    let mut first: Option<Moment> = None;
    let mut consider = |at: Moment| {
        if at > seen_at && first.is_none_or(|first| at < first) {
            first = Some(at);
        }
    };
    for run in &view.runs {
        let (lease, limit) = run_ends(rules, state, run);
        for at in [lease, limit, Some(run.patience_until(rules))].into_iter().flatten() {
            consider(at);
            consider(state.blind.settled(rules, at));
        }
    }
    if let Some(expected) = view.expected {
        consider(late_at(rules, expected));
        // The deadline lies behind that in general, and looking it up costs the schedule some work.
        let deadline_from = expected.slot.after(rules.grace);
        let late_first = seen_at < expected.slot && late_at(rules, expected) <= deadline_from;
        if !late_first && let Some(deadline) = slot::deadline(rules, expected) {
            let judged_at = deadline.judged_at(rules, state);
            consider(judged_at);
            consider(state.blind.settled(rules, judged_at));
        }
    }
    first
}
