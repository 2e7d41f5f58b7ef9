//! The word: how a monitor does at a moment, from its rules and its facts.
//!
//! Four facts are kept apart, because most wrong alarms come from squeezing them into one: what the
//! schedule says, what the runs do, how good the last result was, and whether anybody wants to be told.
//! The word is the worst of the first three; a pause only covers it.

use super::Phase;
use super::runs::{self, OpenRun};
use super::slot::{self, Expected};
use super::state::State;
use crate::domain::monitor::{Rules, Status};
use crate::domain::time::Moment;

/// What the schedule says about the slot that is expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// There is no schedule, or it never comes again.
    Unscheduled,
    /// Nothing was heard yet, and nothing is expected before it.
    WaitingFirst,
    /// It is not due, and none was answered before it.
    NotDue,
    /// It is not due, and the one before it was answered.
    Satisfied,
    /// It is due and may still come in time: a run is under way, or has time to begin.
    Due,
    /// It is late.
    Late,
    /// Its deadline passed unheard while the receiver was blind.
    Unknown,
    /// Its deadline has passed.
    Missed,
}

impl Verdict {
    /// The word as it is shown.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Verdict::Unscheduled => "unscheduled",
            Verdict::WaitingFirst => "waiting-first",
            Verdict::NotDue => "not-due",
            Verdict::Satisfied => "satisfied",
            Verdict::Due => "due",
            Verdict::Late => "late",
            Verdict::Unknown => "unknown",
            Verdict::Missed => "missed",
        }
    }
}

/// How an open run does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RunWord {
    /// It runs.
    Running,
    /// It runs, and looks whether everything is there.
    Preparing,
    /// It runs, and looks at what it has made.
    Verifying,
    /// It is alive and does nothing.
    Stalled,
    /// Its lease or its limit ended while the receiver was blind.
    Unknown,
    /// It takes longer than it may.
    Overrun,
    /// Its lease has ended.
    Vanished,
    /// It promised nothing, and nothing was heard of it for days.
    Lost,
}

impl RunWord {
    /// Whether it goes on as it should.
    pub(super) fn is_well(self) -> bool {
        matches!(self, RunWord::Running | RunWord::Preparing | RunWord::Verifying)
    }

    /// The word as it is shown.
    pub(crate) fn word(self) -> &'static str {
        match self {
            RunWord::Running => "running",
            RunWord::Preparing => "preparing",
            RunWord::Verifying => "verifying",
            RunWord::Stalled => "stalled",
            RunWord::Unknown => "unknown",
            RunWord::Overrun => "overrun",
            RunWord::Vanished => "vanished",
            RunWord::Lost => "lost",
        }
    }
}

/// The four facts behind the word.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Facts {
    /// What the schedule says.
    pub(crate) verdict: Verdict,
    /// The open runs.
    pub(crate) runs: Vec<RunFact>,
    /// How many open runs were too many to remember.
    pub(crate) runs_dropped: u32,
    /// The last run failed.
    pub(crate) is_failed: bool,
    /// Its exit code.
    pub(crate) exit_code: Option<i32>,
    /// The last good run had reservations.
    pub(crate) is_partial: bool,
    /// What was made was not what was expected.
    pub(crate) is_unverified: bool,
    /// A pause covers it.
    pub(crate) is_paused: bool,
    /// Maintenance covers it.
    pub(crate) is_quiet: bool,
}

/// An open run and how it does.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RunFact {
    /// The run.
    pub(crate) run: OpenRun,
    /// How it does.
    pub(crate) word: RunWord,
}

impl State {
    /// The facts at a moment.
    pub(crate) fn facts(&self, rules: &Rules, now: Moment) -> Facts {
        let runs = runs::open(rules, self).into_iter().map(|run| {
            let word = run_word(rules, self, &run, now);
            RunFact { run, word }
        });
        Facts {
            verdict: verdict(rules, self, now),
            runs: runs.collect(),
            runs_dropped: self.runs.dropped(),
            is_failed: self.has_failed(),
            exit_code: self.exit_code.filter(|_| self.has_failed()),
            is_partial: self.partial,
            is_unverified: self.unverified,
            is_paused: self.pause.is_some(),
            is_quiet: self.quiet_until.is_some_and(|until| now < until),
        }
    }

    /// When the next success is due.
    pub(crate) fn due_at(&self, rules: &Rules) -> Option<Moment> {
        slot::expected(rules, self).map(|expected| expected.due)
    }

    /// When it is missed, where its host does not put that off.
    pub(crate) fn deadline_at(&self, rules: &Rules) -> Option<Moment> {
        let deadline = slot::deadline(rules, slot::expected(rules, self)?)?;
        Some(deadline.at)
    }

    /// When it is missed, as far as is known of its host.
    pub(crate) fn missed_at(&self, rules: &Rules) -> Option<Moment> {
        let deadline = slot::deadline(rules, slot::expected(rules, self)?)?;
        Some(self.reached(rules, deadline.from, deadline.at))
    }

    /// The runs that are open.
    pub(crate) fn open_runs(&self, rules: &Rules) -> Vec<OpenRun> {
        runs::open(rules, self)
    }
}

/// From when on the expected slot is late where no run is under way.
pub(super) fn late_at(rules: &Rules, expected: Expected) -> Moment {
    rules.start_within.map_or(expected.slot, |within| expected.slot.after(within))
}

/// What the schedule says at a moment.
pub(super) fn verdict(rules: &Rules, state: &State, now: Moment) -> Verdict {
    verdict_with(rules, state, slot::expected(rules, state), now, &|| {
        let runs = runs::open(rules, state);
        runs.iter().any(|run| is_alive(run_word(rules, state, run, now)))
    })
}

/// Whether a run may still answer its slot.
pub(super) fn is_alive(word: RunWord) -> bool {
    match word {
        RunWord::Running | RunWord::Preparing | RunWord::Verifying => true,
        RunWord::Stalled | RunWord::Unknown | RunWord::Overrun => true,
        RunWord::Vanished | RunWord::Lost => false,
    }
}

/// What the schedule says, when it is known what it expects and whether a run is under way.
pub(super) fn verdict_with(
    rules: &Rules,
    state: &State,
    expected: Option<Expected>,
    now: Moment,
    is_running: &dyn Fn() -> bool,
) -> Verdict {
    let Some(expected) = expected else {
        let waits = rules.wait_first && state.first_event_at.is_none() && rules.schedule.is_some();
        return if waits { Verdict::WaitingFirst } else { Verdict::Unscheduled };
    };
    if now < expected.due {
        let answered = state.last_finish_at().is_some();
        return if answered { Verdict::Satisfied } else { Verdict::NotDue };
    }
    if now >= expected.slot.after(rules.grace)
        && let Some(deadline) = slot::deadline(rules, expected)
        && let judged_at = deadline.judged_at(rules, state)
        && now >= judged_at
    {
        let settled_at = state.blind.settled(rules, judged_at);
        return if now < settled_at { Verdict::Unknown } else { Verdict::Missed };
    }
    let in_time = now < late_at(rules, expected) || is_running();
    if in_time { Verdict::Due } else { Verdict::Late }
}

/// When the lease of a run ends and when its limit does.
pub(super) fn run_ends(
    rules: &Rules,
    state: &State,
    run: &OpenRun,
) -> (Option<Moment>, Option<Moment>) {
    let lease = run.lease_until.map(|at| state.reached(rules, run.last_event_at, at));
    let limit = run.limit_at(rules).map(|at| state.reached(rules, run.started_at, at));
    (lease, limit)
}

/// How an open run does at a moment.
pub(super) fn run_word(rules: &Rules, state: &State, run: &OpenRun, now: Moment) -> RunWord {
    let passed = |at: Moment| now >= at;
    let settled = |at: Moment| state.blind.settled(rules, at);
    let (lease, limit) = run_ends(rules, state, run);
    if let Some(lease) = lease.filter(|at| passed(*at)) {
        return if passed(settled(lease)) { RunWord::Vanished } else { RunWord::Unknown };
    }
    if let Some(limit) = limit.filter(|at| passed(*at)) {
        return if passed(settled(limit)) { RunWord::Overrun } else { RunWord::Unknown };
    }
    if run.lease_until.is_none() && limit.is_none() && passed(run.patience_until(rules)) {
        return RunWord::Lost;
    }
    match run.stage {
        _ if run.stalled => RunWord::Stalled,
        Some((_, Some(Phase::Preparing))) => RunWord::Preparing,
        Some((_, Some(Phase::Verifying))) => RunWord::Verifying,
        Some((_, None)) | None => RunWord::Running,
    }
}

/// What is looked at again and again while the moments are walked over.
pub(super) struct View {
    /// What is expected.
    pub(super) expected: Option<Expected>,
    /// The open runs.
    pub(super) runs: Vec<OpenRun>,
}

impl View {
    /// The view of a state.
    pub(super) fn of(rules: &Rules, state: &State) -> View {
        View { expected: slot::expected(rules, state), runs: runs::open(rules, state) }
    }

    /// The word at a moment.
    ///
    /// Law, the worst first: verify-failed, failed, missed, vanished, overrun, stalled, unknown, late, running,
    /// partial, up, new. A pause covers them all.
    pub(super) fn status(&self, rules: &Rules, state: &State, now: Moment) -> Status {
        if state.pause.is_some() {
            return Status::Paused;
        }
        if state.unverified {
            return Status::VerifyFailed;
        }
        if state.has_failed() {
            return Status::Failed;
        }
        let word = |run: &OpenRun| run_word(rules, state, run, now);
        let any = |wanted: RunWord| self.runs.iter().any(|run| word(run) == wanted);
        let is_running = || self.runs.iter().any(|run| is_alive(word(run)));
        let verdict = verdict_with(rules, state, self.expected, now, &is_running);
        let ladder = [
            (verdict == Verdict::Missed, Status::Missed),
            (any(RunWord::Vanished), Status::Vanished),
            (any(RunWord::Overrun), Status::Overrun),
            (any(RunWord::Stalled), Status::Stalled),
            (verdict == Verdict::Unknown || any(RunWord::Unknown), Status::Unknown),
            (verdict == Verdict::Late, Status::Late),
            (self.runs.iter().any(|run| word(run).is_well()), Status::Running),
            (state.partial, Status::Partial),
            (state.last_success_at.is_some(), Status::Up),
        ];
        let worst = ladder.into_iter().find(|(holds, _)| *holds);
        worst.map_or(Status::New, |(_, status)| status)
    }
}
