//! The verdict: facts about a run in, outcome and reason out. Pure.
//!
//! Rules, the first that applies decides:
//! 1. it could not be started, or a precondition was not met;
//! 2. it ran out of time;
//! 3. a Unix signal killed it: somebody's word (`terminated`), the kernel's want of memory, or else;
//! 4. its exit code is neither a success nor a warning, by flags first, by the tool's manual second;
//! 5. it came out well but is not: a step failed, its output or a file says so, it was too quick.
//!
//! The exit status of `hb` is not decided here: it is the job's own.

use std::time::Duration;

use super::plan::{TimeRules, VerdictRules};
use crate::domain::run::{Outcome, Reason};
use crate::domain::span;
use crate::domain::tool::Meaning;
use crate::domain::unix_signal;
use crate::sys::wait::Ended;

/// What is known at the end.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    /// How the job ended; none when it never started.
    pub(crate) ended: Option<Ended>,
    /// Why it never started.
    pub(crate) not_started: Option<(Reason, String)>,
    /// Whether it was ended for its time, and whether KILL was needed.
    pub(crate) timed_out: Option<TimedOut>,
    /// The last signal that asked the run to end, with who sent it.
    pub(crate) terminated_by: Option<(i32, String)>,
    /// Whether the kernel killed for want of memory in this control group.
    pub(crate) oom_killed: bool,
    /// How long it took.
    pub(crate) elapsed: Duration,
    /// What the watched output held.
    pub(crate) output: OutputFacts,
    /// Steps that failed, with their exit codes.
    pub(crate) failed_steps: Vec<(String, i32)>,
    /// Postconditions that are not met.
    pub(crate) unmet: Vec<String>,
}

/// How a time-out ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TimedOut {
    /// The job obeyed the first signal.
    Obeyed,
    /// It had to be killed.
    Killed,
}

impl TimedOut {
    /// What a job is that this signal was sent to: nobody obeys SIGKILL.
    pub(crate) fn told(unix_signal: i32) -> TimedOut {
        if unix_signal == libc::SIGKILL { TimedOut::Killed } else { TimedOut::Obeyed }
    }
}

/// What the watched output held.
#[derive(Clone, Debug, Default)]
pub(crate) struct OutputFacts {
    /// A line that `--fail-if-output` found.
    pub(crate) forbidden: Option<String>,
    /// Whether `--require-output` found one.
    pub(crate) required_seen: bool,
    /// Bytes on stderr.
    pub(crate) stderr_bytes: u64,
    /// Why output that hb carried could not be written, when it was data.
    pub(crate) lost: Option<String>,
}

/// The verdict on a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// How it came out.
    pub(crate) outcome: Outcome,
    /// What decided that.
    pub(crate) reason: Reason,
    /// The same for a person.
    pub(crate) message: String,
}

/// Decides.
pub(crate) fn decide(facts: &Facts, rules: &VerdictRules, time: &TimeRules) -> Verdict {
    if let Some((reason, message)) = &facts.not_started {
        return fail(*reason, message.clone());
    }
    if let Some(timed_out) = facts.timed_out {
        let limit = span::format(time.timeout.unwrap_or(facts.elapsed));
        let how = match timed_out {
            TimedOut::Obeyed => "was stopped",
            TimedOut::Killed => "had to be killed",
        };
        return fail(Reason::TimedOut, format!("ran longer than {limit} and {how}"));
    }
    match facts.ended {
        None => fail(Reason::Vanished, "the job ended, and its exit status is lost".to_owned()),
        Some(Ended::Killed { unix_signal, core_dumped }) => killed(facts, unix_signal, core_dumped),
        Some(Ended::Exited(code)) => {
            let by_code = by_exit_code(code, rules);
            match by_code.outcome {
                Outcome::Failure => by_code,
                Outcome::Success | Outcome::Warning | Outcome::Skipped => {
                    objections(facts, rules, time).unwrap_or(by_code)
                }
            }
        }
    }
}

fn killed(facts: &Facts, number: i32, core_dumped: bool) -> Verdict {
    let name = unix_signal::name(number);
    if facts.oom_killed && number == libc::SIGKILL {
        return fail(Reason::OomKilled, "the kernel killed it: out of memory".to_owned());
    }
    if let Some((sent, sender)) = &facts.terminated_by
        && *sent == number
    {
        return fail(Reason::Terminated, format!("terminated by {name}, sent by {sender}"));
    }
    let core = if core_dumped { ", core dumped" } else { "" };
    fail(Reason::UnixSignal, format!("killed by {name}{core}"))
}

fn by_exit_code(code: u8, rules: &VerdictRules) -> Verdict {
    let contains = |set: &Option<crate::domain::exit_set::ExitSet>| {
        set.as_ref().is_some_and(|set| set.contains(code))
    };
    if contains(&rules.ok_exit) {
        return verdict(Outcome::Success, format!("exited with {code}, which counts as success"));
    }
    if contains(&rules.warn_exit) {
        return verdict(Outcome::Warning, format!("exited with {code}, which counts as a warning"));
    }
    let name = rules.tool.map_or("", |tool| tool.name());
    match rules.tool.map(|tool| tool.meaning(code)) {
        Some(Meaning::Warning(text)) => {
            verdict(Outcome::Warning, format!("{name} exited with {code}: {text}"))
        }
        Some(Meaning::Failure(text)) if code != 0 => {
            verdict(Outcome::Failure, format!("{name} exited with {code}: {text}"))
        }
        Some(Meaning::Success) if code != 0 => {
            verdict(Outcome::Success, format!("{name} exited with {code}, which is a success"))
        }
        Some(Meaning::Success | Meaning::Failure(_)) | None if code == 0 => {
            verdict(Outcome::Success, "exited with 0".to_owned())
        }
        Some(Meaning::Success | Meaning::Failure(_)) | None => {
            verdict(Outcome::Failure, format!("exited with {code}"))
        }
    }
}

/// What makes a good exit code a lie.
fn objections(facts: &Facts, rules: &VerdictRules, time: &TimeRules) -> Option<Verdict> {
    if let Some((name, code)) = facts.failed_steps.first() {
        let more = match facts.failed_steps.len() {
            1 => String::new(),
            count => format!(" (and {} more)", count - 1),
        };
        return Some(fail(Reason::Step, format!("step `{name}` exited with {code}{more}")));
    }
    if let Some(why) = &facts.output.lost {
        return Some(fail(Reason::OutputLost, format!("its output could not be written: {why}")));
    }
    if let Some(line) = &facts.output.forbidden {
        return Some(fail(Reason::Output, format!("its output says: {line}")));
    }
    if let Some(wanted) = &rules.require_output
        && !facts.output.required_seen
    {
        let message = format!("no line of its output matches `{}`", wanted.as_str());
        return Some(fail(Reason::Output, message));
    }
    if rules.fail_on_stderr && facts.output.stderr_bytes > 0 {
        let bytes = facts.output.stderr_bytes;
        return Some(fail(Reason::Stderr, format!("it wrote {bytes} bytes to stderr")));
    }
    if !facts.unmet.is_empty() {
        return Some(fail(Reason::Postcondition, facts.unmet.join("; ")));
    }
    let least = time.min_duration.filter(|least| facts.elapsed < *least)?;
    let (took, least) = (span::format(facts.elapsed), span::format(least));
    Some(fail(Reason::TooShort, format!("it took {took}, less than the least {least}")))
}

fn fail(reason: Reason, message: String) -> Verdict {
    Verdict { outcome: Outcome::Failure, reason, message }
}

fn verdict(outcome: Outcome, message: String) -> Verdict {
    Verdict { outcome, reason: Reason::Exit, message }
}
