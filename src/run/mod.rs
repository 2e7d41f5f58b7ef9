//! One job, supervised: the story of `hb run` from its first system call to its exit status.
//!
//! The job is started before anything that could take time; what it needs is its record on disk (a
//! few system calls) and its pipes. Then one loop attends it (`supervise.rs`), a pure rule decides
//! how it came out (`decide.rs`), and the reporter writes that down and tells it (`report.rs`).
//! hb's own troubles become warnings. They never change the job's start, output or exit status.

mod child;
mod collected;
mod conditions;
mod decide;
mod ending;
mod glob;
mod heard;
pub(crate) mod housekeeping;
pub(crate) mod lease;
mod matching;
mod news;
mod output;
pub(crate) mod plan;
mod progress;
mod pump;
mod quiet;
mod report;
mod sluice;
mod story;
mod supervise;
mod unix_signals;
pub(crate) mod words;

use std::time::{Duration, Instant};

use self::plan::{LockRules, LockSkip, Plan};
use self::story::Story;
use self::unix_signals::Reach;
use crate::domain::record::TargetRef;
use crate::domain::run::Reason;
use crate::domain::unix_signal;
use crate::journal::locks::{self, RunLock, Taken};
use crate::journal::state::State;
use crate::sys::inherited::Inherited;
use crate::sys::signal_fd::SignalFd;
use crate::sys::spawn::{Spawn, SpawnError, spawn};
use crate::sys::wait::Ended;
use crate::sys::{fault, process};

/// What hb exits with when a precondition keeps the job from running: EX_UNAVAILABLE.
pub(crate) const EXIT_PRECONDITION: u8 = 69;

/// What hb exits with when the job ran out of time, as `timeout(1)` does.
const EXIT_TIMED_OUT: u8 = 124;

/// What hb exits with when somebody else reaped the job and its status is lost.
const EXIT_UNKNOWN: u8 = 125;

/// How often a busy lock is tried again.
const LOCK_STEP: Duration = Duration::from_millis(200);

/// How hb ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// With this code.
    Code(u8),
    /// By this Unix signal, as the job did.
    UnixSignal(i32),
}

/// What a run leaves for its caller.
pub(crate) struct Finished {
    /// How hb ends.
    pub(crate) exit: Exit,
    /// Why the job was not run at all.
    pub(crate) not_run: Option<String>,
    /// What the person should hear.
    pub(crate) warnings: Vec<String>,
    /// What went well, for those who asked to hear of it.
    pub(crate) infos: Vec<String>,
    /// Whether this host remembers it; if not, a warning says why.
    pub(crate) recorded: bool,
    /// Targets that were tried in vain.
    pub(crate) unreached: Vec<TargetRef>,
    /// One line of JSON about the run.
    pub(crate) summary: serde_json::Value,
    /// Whether somebody asked the run to end: then nothing else may take time any more.
    pub(crate) end_asked: bool,
}

/// Runs the job of a plan.
pub(crate) fn run(plan: &Plan, inherited: &Inherited, state: Option<&State>) -> Finished {
    let begun = fault::contain(|| Story::begin(plan, inherited, state));
    let mut story = match begun.unwrap_or_else(|| Err(std::io::Error::other("a bug in hb"))) {
        Ok(story) => story,
        Err(error) => return without_supervision(plan, inherited, &error),
    };
    if !plan.start.delay.is_zero() && story.wait(plan.start.delay).is_err() {
        return story.ended_before_start();
    }
    let mut held = None;
    if let (Some(rules), Some(state)) = (&plan.start.lock, state) {
        let acquired = fault::contain(|| acquire(&mut story, rules, state));
        match acquired.unwrap_or(Ok(None)) {
            Ok(lock) => held = lock,
            Err(Busy::EndAsked) => return story.ended_before_start(),
            Err(Busy::Held(holder)) => return story.skipped(rules, holder),
        }
    }
    if let Some(missing) = conditions::missing(&plan.conditions) {
        return story.not_started(Reason::Precondition, missing, EXIT_PRECONDITION);
    }
    let failed = story.pre_commands();
    // Whoever wants the end while a check runs wants no job after it.
    if story.desk.terminated_by.is_some() {
        return story.ended_before_start();
    }
    if let Some(failed) = failed {
        return story.not_started(Reason::Precondition, failed, EXIT_PRECONDITION);
    }
    story.attempts(&mut held);
    // Whatever goes wrong from here on, the job's status is known and is what hb exits with.
    let exit = story.exit();
    let finished = fault::contain(|| story.tell()).unwrap_or_else(|| Finished {
        exit,
        not_run: None,
        infos: Vec::new(),
        warnings: vec!["a bug in hb: this run was not told, the next hb will do it".to_owned()],
        recorded: false,
        unreached: Vec::new(),
        summary: serde_json::Value::Null,
        end_asked: false,
    });
    if let Some(lock) = held {
        lock.release();
    }
    finished
}

/// Why a lock was not acquired.
enum Busy {
    /// Somebody wants the run to end.
    EndAsked,
    /// This process holds it, when it is known.
    Held(Option<u32>),
}

/// Takes the lock, waiting as long as the rules allow. A lock that cannot be used at all is a
/// warning: the job must run.
fn acquire(
    story: &mut Story<'_>,
    rules: &LockRules,
    state: &State,
) -> Result<Option<RunLock>, Busy> {
    fault::point("lock");
    let boot_id = process::boot_id();
    let until = Instant::now() + rules.wait;
    loop {
        match locks::take(state, &rules.name, &boot_id) {
            Ok(Taken::Ours(lock)) => return Ok(Some(lock)),
            Ok(Taken::Busy(holder)) if Instant::now() >= until => return Err(Busy::Held(holder)),
            Ok(Taken::Busy(_)) => {
                let left = until.saturating_duration_since(Instant::now());
                story.wait(left.min(LOCK_STEP)).map_err(|()| Busy::EndAsked)?;
            }
            Err(error) => {
                story.warn(format!("the lock cannot be used, the job runs without it: {error}"));
                return Ok(None);
            }
        }
    }
}

/// What hb exits with, given how the job ended: the job's own, and nothing else.
pub(crate) fn exit_of(ended: Option<Ended>, timed_out: Option<decide::TimedOut>) -> Exit {
    match (timed_out, ended) {
        (Some(decide::TimedOut::Obeyed), _) => Exit::Code(EXIT_TIMED_OUT),
        (Some(decide::TimedOut::Killed), _) => Exit::Code(128 + libc::SIGKILL as u8),
        (None, Some(Ended::Exited(code))) => Exit::Code(code),
        (None, Some(Ended::Killed { unix_signal, .. })) => Exit::UnixSignal(unix_signal),
        // The child was reaped behind our back; all that is known is that it is gone.
        (None, None) => Exit::Code(EXIT_UNKNOWN),
    }
}

/// The code that a shell shows for this end.
pub(crate) fn shown(exit: Exit) -> i32 {
    match exit {
        Exit::Code(code) => i32::from(code),
        Exit::UnixSignal(number) => 128 + number,
    }
}

/// A host that cannot even give hb a descriptor for signals still runs the job.
fn without_supervision(plan: &Plan, inherited: &Inherited, error: &std::io::Error) -> Finished {
    let warnings = vec![format!("the job runs without supervision: {error}")];
    let request = Spawn {
        words: &plan.command,
        environment: &plan.environment,
        inherited,
        redirected: &[],
        own_group: false,
        identity: plan.start.identity.clone(),
    };
    let exit = match spawn(&request) {
        Ok(pid) => exit_of(child::wait_plainly(pid, || ()), None),
        Err(error) => Exit::Code(child::exit_of_spawn_error(&error)),
    };
    let (not_run, unreached, summary) = (None, Vec::new(), serde_json::Value::Null);
    Finished {
        exit,
        not_run,
        warnings,
        recorded: false,
        unreached,
        summary,
        infos: Vec::new(),
        end_asked: false,
    }
}

/// Runs one step of a job: its exit and the code that is shown for it. Signals go on to it.
pub(crate) fn step(request: &Spawn<'_>) -> Result<(Exit, i32), SpawnError> {
    let wanted = unix_signals::wanted(|signal| request.inherited.was_ignored(signal));
    let signals = SignalFd::open(&wanted);
    let pid = spawn(request)?;
    let ended = match signals {
        Ok(signals) => child::forward_until_end(pid, signals),
        Err(_) => child::wait_plainly(pid, || ()),
    };
    let exit = exit_of(ended, None);
    Ok((exit, shown(exit)))
}

/// Waits for the next of several runs; true when somebody asks for the end meanwhile.
pub(crate) fn wait_for_the_next(until: Instant, inherited: &Inherited) -> bool {
    let wanted = unix_signals::wanted(|signal| inherited.was_ignored(signal));
    let Ok(mut signals) = SignalFd::open(&wanted) else {
        std::thread::sleep(until.saturating_duration_since(Instant::now()));
        return false;
    };
    loop {
        while let Some(received) = signals.next() {
            if unix_signals::respond(received, Reach::Hb).ends {
                return true;
            }
        }
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return false;
        }
        child::wait_readable(&signals, left);
    }
}

/// What hb exits with when a command cannot be started, and why.
pub(crate) fn spawn_trouble(error: &SpawnError, command: &[std::ffi::OsString]) -> (u8, String) {
    (child::exit_of_spawn_error(error), child::explain_spawn_error(error, command.first()))
}

/// The sentence for a lock that is busy.
fn busy_message(rules: &LockRules, holder: Option<u32>) -> String {
    match holder {
        Some(pid) => format!("lock `{}` is held by process {pid}", rules.name),
        None => format!("lock `{}` is held by another run", rules.name),
    }
}

/// What hb exits with when it was skipped.
fn exit_of_skip(rules: &LockRules) -> u8 {
    match rules.skip {
        LockSkip::Ok => 0,
        LockSkip::Fail | LockSkip::Log => rules.busy_exit,
    }
}

/// The message for a signal that came before the job.
fn early_end(number: i32) -> String {
    format!("{} came before the job was started", unix_signal::name(number))
}

#[cfg(test)]
mod tests {
    use super::decide::TimedOut;
    use super::{Exit, exit_of};
    use crate::sys::wait::Ended;

    #[test]
    fn the_exit_status_is_the_jobs_own() {
        for code in 0..=255u8 {
            assert_eq!(exit_of(Some(Ended::Exited(code)), None), Exit::Code(code));
        }
        let killed = Some(Ended::Killed { unix_signal: 9, core_dumped: false });
        assert_eq!(exit_of(killed, None), Exit::UnixSignal(9));
        assert_eq!(exit_of(killed, Some(TimedOut::Obeyed)), Exit::Code(124));
        assert_eq!(exit_of(killed, Some(TimedOut::Killed)), Exit::Code(137));
    }
}
