//! The state machine: what one input does to a monitor.
//!
//! Silence is an input too. A ping, a passing moment, a blind time and a pause all go through
//! [`step`], and nothing else changes a state. It works in three parts, each a folder's file:
//!
//! - facts (`state`, `slot`, `runs`, `blind`, `awake`, `pause`): what is known. They are maxima, minima and small sorted
//!   sets, so that events may arrive late, twice and in any order and still leave the same facts;
//! - the word (`status`): a function of the rules, the facts and a moment, and of nothing else;
//! - the moments (`deadline`): when that word can change although nothing is heard.
//!
//! A change is a difference of that function, found by walking over its moments. So a tick that comes
//! hours late tells the same changes as ticks that were in time, and a second tick tells none.
//! What is expected is judged by when things happened; leases by when they were heard.
mod awake;
mod blind;
mod deadline;
mod loose;
mod pause;
mod phase;
mod reason;
mod runs;
mod slot;
mod state;
mod status;
#[cfg(test)]
mod tests;

use std::time::Duration;

use super::event::Kind;
use super::host::Uptime;
use super::monitor::{Rules, Status};
use super::time::Moment;

pub(crate) use pause::{Forgiven, Pause};
pub(crate) use phase::Phase;
pub(crate) use reason::Reason;
pub(crate) use slot::slot_after;
pub(crate) use state::State;

/// What comes in.
#[derive(Clone, Debug)]
pub(crate) enum Input<'a> {
    /// Something was heard.
    Event(&'a Heard),
    /// Time passed.
    Tick,
    /// The receiver could not hear: each time from the last moment at which it surely could to the first
    /// at which it could again. All that are news, in order: what one of them leaves in doubt, time must
    /// not pass by before the next one is known.
    Blind(Vec<(Moment, Moment)>),
    /// Its host was heard of elsewhere.
    Sign {
        /// When.
        at: Moment,
        /// What it said.
        uptime: Uptime,
    },
    /// Nothing is expected for a while.
    Pause {
        /// It ends by itself; what lies behind ends it at once.
        until: Option<Moment>,
        /// It ends with a success.
        until_success: bool,
        /// Why, in a person's words.
        reason: Option<String>,
    },
    /// Runs are expected again.
    Resume,
    /// The rules are others than before.
    Rules,
    /// Maintenance: people are not told until then; none ends it.
    Quiet {
        /// When it ends by itself.
        until: Option<Moment>,
    },
}

/// An event as the state machine needs it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Heard {
    /// What happened.
    pub(crate) kind: Kind,
    /// In which run.
    pub(crate) run_id: Option<String>,
    /// The place in the run.
    pub(crate) seq: Option<u32>,
    /// When it happened, by the receiver's clock as well as that can be known.
    pub(crate) at: Moment,
    /// When it was heard.
    pub(crate) received_at: Moment,
    /// When the run began.
    pub(crate) started_at: Option<Moment>,
    /// How long it took.
    pub(crate) duration_ms: Option<u64>,
    /// The exit code; negative: killed by that Unix signal.
    pub(crate) exit_code: Option<i32>,
    /// The client promises to be heard of again within this.
    pub(crate) lease_ms: Option<u64>,
    /// The client sees it do nothing.
    pub(crate) stalled: Option<bool>,
    /// Of [`Kind::Stage`]: which one begins, if it is one that is told apart.
    pub(crate) phase: Option<Phase>,
    /// How long this run may take, by its own word.
    pub(crate) expected_ms: Option<u64>,
    /// Of [`Kind::Verified`]: whether it is what was expected.
    pub(crate) matches_expected: Option<bool>,
    /// The host it happened on.
    pub(crate) host: Option<String>,
    /// For how long that had been running when this was sent.
    pub(crate) uptime: Option<Uptime>,
    /// One short line, for the reason of a change.
    pub(crate) message: Option<String>,
}

impl Heard {
    /// An event that is heard when it happens and says nothing else.
    pub(crate) fn new(kind: Kind, at: Moment) -> Heard {
        Heard {
            kind,
            run_id: None,
            seq: None,
            at,
            received_at: at,
            started_at: None,
            duration_ms: None,
            exit_code: None,
            lease_ms: None,
            stalled: None,
            phase: None,
            expected_ms: None,
            matches_expected: None,
            host: None,
            uptime: None,
            message: None,
        }
    }

    /// When its run began, by its own word; never later than itself.
    fn own_start(&self) -> Option<Moment> {
        let by_duration = || self.duration_ms.map(|ms| self.at.before(Duration::from_millis(ms)));
        self.started_at.or_else(by_duration).map(|start| start.min(self.at))
    }
}

/// What one input did.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Step {
    /// The state after it.
    pub(crate) state: State,
    /// The next moment at which a tick changes anything.
    pub(crate) wake_at: Option<Moment>,
    /// How the word changed, in order.
    pub(crate) changes: Vec<Change>,
    /// What became of the event.
    pub(crate) heard: Option<Taken>,
}

/// One word turning into another.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Change {
    /// The word before.
    pub(crate) from: Status,
    /// The word after.
    pub(crate) to: Status,
    /// When it became true: of a deadline, the deadline itself.
    pub(crate) at: Moment,
    /// Why.
    pub(crate) reason: Reason,
}

/// What became of an event.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Taken {
    /// It happened after the deadline of the slot that it answers.
    pub(crate) late: bool,
    /// It happened a little before the slot that it answers.
    pub(crate) early: bool,
    /// It was known already.
    pub(crate) duplicate: bool,
    /// Something newer is known, and it changed nothing about how the monitor does.
    pub(crate) stale: bool,
    /// It has no run id, and several runs may be meant.
    pub(crate) ambiguous: bool,
    /// The run that it ended.
    pub(crate) run: Option<Ended>,
}

/// A run that has ended.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ended {
    /// What its client calls it.
    pub(crate) run_id: Option<String>,
    /// When it began, where that is known.
    pub(crate) started_at: Option<Moment>,
    /// When it ended.
    pub(crate) ended_at: Moment,
    /// How long it took, where that is known.
    pub(crate) duration_ms: Option<u64>,
}

/// What `input` does at `now`.
///
/// Law: first what time alone has done, then the input, then the word it leads to. Blind time and other
/// rules say how the time until now is to be judged, so they come before it. A tick leaves the facts
/// alone, so a second one finds nothing. `now` may run backwards: what then lies in the future
/// is taken for happened just now, for a clock that was wrong must not silence a deadline.
///
/// Worked example, `every 1h` with a grace of 10 min and a success at 03:00: a tick at 07:00 tells
/// up → late at 04:00 and late → missed at 04:10; a success that happened at 03:50 and arrives at 07:01
/// tells nothing at first sight, for 05:00 is missed too.
pub(crate) fn step(rules: &Rules, state: &State, input: &Input, now: Moment) -> Step {
    let (clock, now) = (now, slot::sane(now));
    let mut state = state.clone();
    let mut changes = Vec::new();
    let mut heard = None;
    state.heal(rules, now);
    match input {
        Input::Blind(times) => {
            for (from, until) in times {
                deadline::pass(rules, &mut state, (*from).min(now), &mut changes);
                state.was_blind(rules, *from, *until, now);
            }
        }
        Input::Rules => state.rules_changed(rules, now),
        _ => {}
    }
    deadline::pass(rules, &mut state, now, &mut changes);
    match input {
        Input::Event(event) => {
            heard = Some(state.hear(rules, event, now));
            state.follow(rules, event, now);
        }
        Input::Sign { at, uptime } => state.hear_host(rules, *at, *uptime, now),
        Input::Pause { until: Some(until), .. } if slot::sane(*until) <= now => {
            state.resume_at(rules, now);
        }
        Input::Pause { until, until_success, reason } => {
            state.pause_at(rules, now, *until, *until_success, reason.clone());
        }
        Input::Resume => state.resume_at(rules, now),
        Input::Quiet { until } => state.quiet_until = until.map(slot::sane),
        Input::Tick | Input::Blind(_) | Input::Rules => {}
    }
    if !matches!(input, Input::Tick) {
        deadline::compare(rules, &mut state, input, now, &mut changes);
    }
    let wake_at = deadline::wake_at(rules, &state, now).filter(|at| *at > clock);
    Step { state, wake_at, changes, heard }
}
