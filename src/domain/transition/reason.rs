//! Why a word changed: kept with the change, and what messages to people are made of.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::pause::Forgiven;
use super::runs::OpenRun;
use super::state::State;
use super::status::{RunWord, View, run_ends, run_word};
use super::{Input, slot};
use crate::domain::event::Kind;
use crate::domain::monitor::{Rules, Status};
use crate::domain::time::Moment;

/// Why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reason {
    /// Nothing is wrong, and nothing was heard.
    Waiting,
    /// A run began or was heard of.
    Began {
        /// Which.
        run_id: Option<String>,
    },
    /// A run went well.
    Succeeded {
        /// When it did; it may have been told later.
        at: Option<Moment>,
        /// In its own words.
        message: Option<String>,
    },
    /// A run went well with reservations.
    Warned {
        /// When it did.
        at: Option<Moment>,
        /// In its own words.
        message: Option<String>,
    },
    /// A run failed.
    Failed {
        /// When it did.
        at: Option<Moment>,
        /// Its exit code; negative: the Unix signal that killed it.
        exit_code: Option<i32>,
        /// In its own words.
        message: Option<String>,
    },
    /// What was made is not what was expected.
    VerifyFailed {
        /// When that was found.
        at: Option<Moment>,
        /// In its own words.
        message: Option<String>,
    },
    /// Due, and not heard of.
    Late {
        /// When it was due.
        due_at: Moment,
        /// When its host was last heard of, where that matters.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        host_heard_at: Option<Moment>,
    },
    /// Too late.
    Missed {
        /// When the run was due whose deadline decided.
        due_at: Moment,
        /// That deadline; where its host was away, the one that counted in its stead.
        deadline_at: Moment,
        /// How many expected runs in a row were missed by then.
        missed: u32,
        /// The receiver had been blind, and waited until then.
        settled_at: Option<Moment>,
        /// When its host was last heard of, where that has put the deadline off.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        host_heard_at: Option<Moment>,
    },
    /// A run takes too long.
    Overrun {
        /// Which.
        run_id: Option<String>,
        /// Since when.
        started_at: Moment,
        /// When it ought to have ended.
        limit_at: Option<Moment>,
        /// When its host was last heard of, where that has put its limit off.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        host_heard_at: Option<Moment>,
    },
    /// A run does nothing.
    Stalled {
        /// Which.
        run_id: Option<String>,
        /// Since when it runs.
        started_at: Moment,
    },
    /// A run was not heard of as it had promised.
    Vanished {
        /// Which.
        run_id: Option<String>,
        /// When it was last heard of.
        last_event_at: Moment,
    },
    /// The receiver was blind when something should have been heard.
    Blind {
        /// When it is decided, where that is known.
        settles_at: Option<Moment>,
    },
    /// Somebody paused it.
    Paused {
        /// It ends by itself.
        until: Option<Moment>,
        /// It ends with a success.
        until_success: bool,
        /// Why, in a person's words.
        reason: Option<String>,
    },
    /// A pause ended; what it kept quiet.
    Resumed(Forgiven),
    /// The rules are others than before.
    RulesChanged,
}

impl Reason {
    /// One run was missed, of which no more is known than its deadline.
    pub(crate) fn missed_by(deadline_at: Moment, grace: Duration) -> Reason {
        Reason::Missed {
            due_at: deadline_at.before(grace),
            deadline_at,
            missed: 1,
            settled_at: None,
            host_heard_at: None,
        }
    }
}

/// Why time alone made it this, and when that became true.
pub(super) fn of_time(
    rules: &Rules,
    state: &State,
    view: &View,
    status: Status,
    at: Moment,
) -> (Moment, Reason) {
    let why = of_status(rules, state, view, status, at);
    let happened_at = match &why {
        Reason::Missed { deadline_at, settled_at, .. } => settled_at.unwrap_or(*deadline_at),
        Reason::Overrun { limit_at: Some(limit_at), host_heard_at: None, .. } => *limit_at,
        _ => return (at, why),
    };
    // Never before what was told last, so that changes stay in order.
    (happened_at.max(state.told.since.unwrap_or(happened_at)).min(at), why)
}

/// Why an input made it this, and when that became true.
pub(super) fn of_input(
    rules: &Rules,
    state: &State,
    view: &View,
    status: Status,
    input: &Input,
    now: Moment,
) -> (Moment, Reason) {
    let mut why = of_status(rules, state, view, status, now);
    match (input, &mut why) {
        (
            Input::Event(event),
            Reason::Succeeded { at, message }
            | Reason::Warned { at, message }
            | Reason::Failed { at, message, .. }
            | Reason::VerifyFailed { at, message },
        ) if *at == Some(slot::sane(event.at).min(now)) => message.clone_from(&event.message),
        (Input::Rules, Reason::Waiting | Reason::Succeeded { .. }) => why = Reason::RulesChanged,
        _ => {}
    }
    let Input::Event(event) = input else { return (now, why) };
    let happened_at = slot::sane(event.at).min(now);
    let told = state.told.seen_at.max(state.told.since);
    let is_new = told.is_none_or(|told| told <= happened_at);
    let is_its_own = matches!(
        event.kind,
        Kind::Start | Kind::Success | Kind::Warning | Kind::Failure | Kind::Verified
    );
    (if is_new && is_its_own { happened_at } else { now }, why)
}

/// Why it is this.
fn of_status(rules: &Rules, state: &State, view: &View, status: Status, at: Moment) -> Reason {
    let run = |wanted: RunWord| -> Option<&OpenRun> {
        view.runs.iter().find(|run| run_word(rules, state, run, at) == wanted)
    };
    match status {
        Status::New => Some(Reason::Waiting),
        Status::Up => Some(Reason::Succeeded { at: state.last_success_at, message: None }),
        Status::Partial => Some(Reason::Warned { at: state.last_success_at, message: None }),
        Status::Failed => Some(Reason::Failed {
            at: state.last_failure_at,
            exit_code: state.exit_code,
            message: None,
        }),
        Status::VerifyFailed => Some(Reason::VerifyFailed { at: state.verified_at, message: None }),
        Status::Running => {
            let is_well = |run: &&OpenRun| run_word(rules, state, run, at).is_well();
            view.runs.iter().find(is_well).map(|run| Reason::Began { run_id: run.run_id.clone() })
        }
        Status::Stalled => run(RunWord::Stalled)
            .map(|run| Reason::Stalled { run_id: run.run_id.clone(), started_at: run.started_at }),
        Status::Overrun => run(RunWord::Overrun).map(|run| Reason::Overrun {
            run_id: run.run_id.clone(),
            started_at: run.started_at,
            limit_at: run.limit_at(rules),
            host_heard_at: (run_ends(rules, state, run).1 > run.limit_at(rules))
                .then(|| state.awake.heard_at())
                .flatten(),
        }),
        Status::Vanished => run(RunWord::Vanished).map(|run| Reason::Vanished {
            run_id: run.run_id.clone(),
            last_event_at: run.last_event_at,
        }),
        Status::Late => view.expected.map(|expected| Reason::Late {
            due_at: expected.slot,
            host_heard_at: rules.absent_at_most.and_then(|_| state.awake.heard_at()),
        }),
        Status::Missed => missed(rules, state, view),
        Status::Unknown => {
            let judged_at = view
                .expected
                .and_then(|expected| slot::deadline(rules, expected))
                .map(|deadline| deadline.judged_at(rules, state));
            let settles_at = judged_at.map(|judged_at| state.blind.settled(rules, judged_at));
            Some(Reason::Blind { settles_at: settles_at.filter(|settles_at| *settles_at > at) })
        }
        Status::Paused => state.pause.as_ref().map(|pause| Reason::Paused {
            until: pause.until,
            until_success: pause.until_success,
            reason: pause.reason.clone(),
        }),
    }
    .unwrap_or(Reason::Waiting)
}

/// Why it is missed.
fn missed(rules: &Rules, state: &State, view: &View) -> Option<Reason> {
    let deadline = slot::deadline(rules, view.expected?)?;
    let judged_at = deadline.judged_at(rules, state);
    let settled_at = state.blind.settled(rules, judged_at);
    let deadline_at = state.reached(rules, deadline.from, deadline.at);
    let host_heard_at = state.awake.heard_at().filter(|_| deadline_at > deadline.at);
    Some(Reason::Missed {
        due_at: deadline.slot,
        deadline_at,
        missed: rules.tolerance.min(crate::domain::monitor::TOLERANCE_MAX).saturating_add(1),
        settled_at: (settled_at > judged_at).then_some(settled_at),
        host_heard_at,
    })
}
