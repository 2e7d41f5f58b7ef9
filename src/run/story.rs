//! The stations of one run, each a method: begin, wait, try, end, tell.
//!
//! The order in here is the promise: the record is begun before the job, secured after it has
//! started, ended before anything is sent, and closed after everything was.

use std::ffi::{CString, OsString};
use std::os::unix::ffi::OsStrExt;
use std::time::{Duration, Instant};

use super::child::{exit_of_spawn_error, holds_the_terminal, recorded_command, wait_plainly};
use super::heard::Heard;
use super::output::Output;
use super::plan::Plan;
use super::progress::Progress;
use super::report::Reporter;
use super::supervise::{Attended, Desk, Job};
use super::unix_signals::{self, Reach};
use super::{conditions, exit_of, shown};
use crate::domain::record::{Begun, Line, VERSION};
use crate::domain::run::Outcome;
use crate::domain::text;
use crate::journal::locks::{RunLock, run_variable};
use crate::journal::logs;
use crate::journal::state::State;
use crate::sys::inherited::Inherited;
use crate::sys::signal_fd::SignalFd;
use crate::sys::spawn::{self, Spawn, SpawnError};
use crate::sys::wait::Ended;
use crate::sys::{clock, fault, process, random};

/// How often it is looked whether a slow reader has taken the rest.
const PASSAGE_STEP: Duration = Duration::from_millis(20);

/// One run.
pub(super) struct Story<'a> {
    pub(super) desk: Desk<'a>,
    inherited: &'a Inherited,
    pub(super) state: Option<&'a State>,
    boot_id: String,
    pub(super) attempts: u32,
    pub(super) attended: Attended,
    pub(super) spawn_error: Option<SpawnError>,
    pub(super) output: Option<Output>,
    pub(super) leaked_by: Option<String>,
    pub(super) log: Option<logs::LogFile>,
    pub(super) warnings: Vec<String>,
    pub(super) not_run: Option<String>,
    pub(super) elapsed: Option<Duration>,
}

impl<'a> Story<'a> {
    /// Takes over the signals and begins the record.
    pub(super) fn begin(
        plan: &'a Plan,
        inherited: &'a Inherited,
        state: Option<&'a State>,
    ) -> std::io::Result<Story<'a>> {
        fault::point("begin");
        let wanted = unix_signals::wanted(|signal| inherited.was_ignored(signal));
        let signals = SignalFd::open(&wanted)?;
        let now = clock::now();
        let begun = Begun {
            version: VERSION,
            run_id: random::run_id(now),
            monitor: plan.monitor.clone(),
            started_at: now,
            command: recorded_command(plan),
            directory: std::env::current_dir().unwrap_or_default().display().to_string(),
            parent_run_id: plan.parent_run_id,
            targets: plan.targets.iter().map(|target| target.reference.clone()).collect(),
        };
        let run_id = begun.run_id;
        let reporter = Reporter::begin(plan, state, begun);
        // After the record: what a killed hb has made is cleared away by whoever finds its record.
        let writer = plan.start.identity.user.as_ref().map(|(uid, gid, _)| (*uid, *gid));
        let progress = state.and_then(|state| Progress::open(state, run_id, writer).ok());
        let desk = Desk {
            plan,
            signals,
            reporter,
            progress,
            heard: Heard::default(),
            started: Instant::now(),
            terminated_by: None,
            oom_kills: None,
        };
        let attended = Attended {
            ended: None,
            usage: Default::default(),
            timed_out: None,
            paused: Duration::ZERO,
        };
        Ok(Story {
            desk,
            inherited,
            state,
            boot_id: String::new(),
            attempts: 0,
            attended,
            spawn_error: None,
            output: None,
            leaked_by: None,
            log: None,
            warnings: Vec::new(),
            not_run: None,
            elapsed: None,
        })
    }

    /// Keeps a line for the person until the job is over.
    pub(super) fn warn(&mut self, warning: String) {
        self.warnings.push(warning);
    }

    /// Waits while no job is there; an error means that somebody wants the run to end.
    pub(super) fn wait(&mut self, pause: Duration) -> Result<(), ()> {
        let until = Instant::now() + pause;
        loop {
            if self.desk.end_asked().is_some() {
                return Err(());
            }
            if Instant::now() >= until {
                return Ok(());
            }
            self.desk.sleep_until(Some(until));
        }
    }

    /// Runs the commands of `--pre`; gives the sentence about the first that fails. None runs after
    /// somebody has asked for the end.
    pub(super) fn pre_commands(&mut self) -> Option<String> {
        for command in &self.desk.plan.conditions.pre {
            let words = conditions::shell_words(command);
            let environment = self.environment();
            let request = self.request(&words, &environment, &[], false);
            let code = match spawn::spawn(&request) {
                Ok(pid) => {
                    let job =
                        Job { pid, own_group: false, reach: reach(false), started: Instant::now() };
                    self.attend(&job, &mut Output::none());
                    shown(exit_of(self.attended.ended, None))
                }
                Err(error) => i32::from(exit_of_spawn_error(&error)),
            };
            if code != 0 {
                let command = self.desk.plan.output.redactor.mask(command.as_bytes()).into_owned();
                let command = text::printable(&command);
                return Some(format!("the check `{command}` exited with {code}"));
            }
            if self.desk.terminated_by.is_some() {
                break;
            }
        }
        None
    }

    /// Starts the job, and again as often as the plan allows.
    pub(super) fn attempts(&mut self, lock: &mut Option<RunLock>) {
        let rules = &self.desk.plan.start;
        self.desk.started = Instant::now();
        loop {
            self.attempts += 1;
            self.attempt(lock);
            let failed = match self.attended.ended {
                Some(Ended::Exited(code)) => {
                    let listed = |set: &crate::domain::exit_set::ExitSet| set.contains(code);
                    self.verdict(&[]).outcome == Outcome::Failure
                        && rules.retry_on_exit.as_ref().is_none_or(listed)
                }
                Some(Ended::Killed { .. }) => rules.retry_on_exit.is_none(),
                None => false,
            };
            let end_wanted = self.desk.terminated_by.is_some();
            if !failed || end_wanted || self.attempts > rules.retries {
                break;
            }
            if self.wait(rules.retry_delay).is_err() {
                break;
            }
        }
    }

    fn attempt(&mut self, lock: &mut Option<RunLock>) {
        let plan = self.desk.plan;
        if let Some(directory) = &plan.output.log_dir
            && self.log.is_none()
        {
            let begun = self.desk.reporter.begun();
            match logs::create(directory, &begun.monitor, begun.started_at, begun.run_id) {
                Ok(log) => self.log = Some(log),
                Err(error) => self
                    .warnings
                    .push(format!("no log file can be kept in `{}`: {error}", directory.display())),
            }
        }
        let log = self.log.as_ref().and_then(logs::LogFile::writer);
        let mut output = Output::open(plan, self.inherited, log);
        let environment = self.environment();
        let own_group = plan.start.signal_group && !holds_the_terminal();
        if plan.time.timeout.is_some() || plan.start.is_init {
            process::become_subreaper();
        }
        let redirected = output.redirected();
        if let Some(lock) = lock {
            let _ = lock.announce(self.desk.reporter.begun().run_id);
        }
        let started = Instant::now();
        let request = self.request(&plan.command, &environment, &redirected, own_group);
        let before = clock::since_boot();
        let spawned = spawn::spawn(&request);
        let between = [before, clock::since_boot()];
        // The process is noted first of all: whoever finds this run without its hb must know its job.
        let note = |pid: &u32| fault::contain(|| self.note_process(*pid, between, lock)).flatten();
        let born = spawned.as_ref().ok().and_then(note);
        output.hand_over();
        match spawned {
            Ok(pid) => {
                fault::contain(|| self.desk.reporter.keep_addresses());
                let job = Job { pid, own_group, reach: reach(own_group), started };
                self.attend(&job, &mut output);
                fault::contain(|| self.desk.sweep(&mut self.attended, born));
                // What is read from others afterwards is not the job's time.
                self.elapsed = Some(self.desk.started.elapsed());
                output.start_all();
                fault::contain(|| self.drain(&mut output));
            }
            Err(error) => self.spawn_error = Some(error),
        }
        self.warnings.append(&mut output.warnings);
        self.output = Some(output);
    }

    /// Attends a process to its end. A bug in hb must not become the job's problem: then the job is
    /// waited for and read, and nothing more.
    fn attend(&mut self, job: &Job, output: &mut Output) {
        match fault::contain(|| self.desk.attend(job, output)) {
            Some(attended) => self.attended = attended,
            None => {
                self.warnings.push("a bug in hb: the job was not supervised".to_owned());
                output.start_all();
                self.attended.ended = wait_plainly(job.pid, || output.look_after());
            }
        }
    }

    /// Writes down which process the job is; gives the tick at which it was born.
    fn note_process(
        &mut self,
        pid: u32,
        between: [Duration; 2],
        lock: &mut Option<RunLock>,
    ) -> Option<u64> {
        fault::point("note");
        if self.boot_id.is_empty() {
            self.boot_id = process::boot_id();
        }
        let job = process::name_of_newborn(pid, between, &self.boot_id)?;
        let born = job.start_ticks;
        if let Some(lock) = lock {
            let _ = lock.note(&job);
        }
        self.desk.reporter.note(&Line::Spawned(job));
        Some(born)
    }

    /// Reads on after the job, as long as the plan allows; what has been written by then is carried to
    /// its reader in any case, however slow that is. Bare, the job itself would have had to wait.
    fn drain(&mut self, output: &mut Output) {
        fault::point("drain");
        let until = self.desk.plan.output.drain.map(|drain| Instant::now() + drain);
        for index in 0..output.count() {
            let mut owed = None;
            while !output.has_ended(index) {
                let over = until.is_some_and(|until| Instant::now() >= until);
                let asked = self.desk.end_asked().is_some();
                let arrived = over && {
                    let owed = *owed.get_or_insert_with(|| output.owed(index));
                    output.has_carried(index, owed)
                };
                if asked || arrived {
                    self.leaked_by =
                        Some(output.holder().unwrap_or_else(|| "a process".to_owned()));
                    break;
                }
                let until = if over { Some(Instant::now() + PASSAGE_STEP) } else { until };
                self.desk.sleep_beside(until, &output.awaited(index));
                output.look_after();
            }
        }
    }

    fn request<'r>(
        &'r self,
        words: &'r [OsString],
        environment: &'r [CString],
        redirected: &'r [(i32, i32)],
        own_group: bool,
    ) -> Spawn<'r> {
        Spawn {
            words,
            environment,
            inherited: self.inherited,
            redirected,
            own_group,
            identity: self.desk.plan.start.identity.clone(),
        }
    }

    /// The job's environment: the plan's, and what only this run knows.
    fn environment(&self) -> Vec<CString> {
        let begun = self.desk.reporter.begun();
        let mut own = vec![
            run_variable(begun.run_id).into_bytes(),
            format!("HB_MONITOR={}", begun.monitor).into_bytes(),
        ];
        if let Some(progress) = &self.desk.progress {
            let mut entry = b"HB_RUN_DIR=".to_vec();
            entry.extend_from_slice(progress.path().as_os_str().as_bytes());
            own.push(entry);
        }
        let own = own.into_iter().filter_map(|entry| CString::new(entry).ok());
        self.desk.plan.environment.iter().cloned().chain(own).collect()
    }
}

/// Whether the terminal's signals reach a process that hb starts.
fn reach(own_group: bool) -> Reach {
    if own_group { Reach::Hb } else { Reach::of_same_group(process::leads_session()) }
}
