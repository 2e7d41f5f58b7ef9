//! The end of a run: what came of it, written down first and told second.

use std::time::{Duration, Instant};

use super::child::{exit_of_spawn_error, explain_spawn_error};
use super::decide::{self, Facts, OutputFacts, Verdict};
use super::plan::{LockRules, LockSkip, Quiet};
use super::story::Story;
use super::supervise::SHUTDOWN_BUDGET;
use super::{Exit, Finished, conditions, exit_of, shown};
use crate::domain::metric::Metrics;
use crate::domain::record::Ending;
use crate::domain::run::{Outcome, Reason};
use crate::domain::{redact, span, text, unix_signal};
use crate::journal::counters;
use crate::sys::wait::Ended;
use crate::sys::{clock, fault, host};

/// With less room than this, writing fails.
const FULL_BYTES: u64 = 64 * 1024;

/// How long a file system has to say how full it is: the failure is to be told in any case.
const FULL_ASK_MAX: Duration = Duration::from_millis(500);

/// Characters of a line of the output in a message.
const LINE_CHARS_MAX: usize = 200;

impl Story<'_> {
    /// The run ends before its job: somebody wanted that.
    pub(super) fn ended_before_start(self) -> Finished {
        let number = self.desk.terminated_by.as_ref().map_or(libc::SIGTERM, |(number, _)| *number);
        let verdict = Verdict {
            outcome: Outcome::Failure,
            reason: Reason::Terminated,
            message: super::early_end(number),
        };
        self.close(verdict, Exit::UnixSignal(number), Metrics::default())
    }

    /// Another run holds the lock.
    pub(super) fn skipped(mut self, rules: &LockRules, holder: Option<u32>) -> Finished {
        let message = super::busy_message(rules, holder);
        let outcome = match rules.skip {
            LockSkip::Ok | LockSkip::Log => Outcome::Skipped,
            LockSkip::Fail => Outcome::Failure,
        };
        let exit = super::exit_of_skip(rules);
        if exit != 0 {
            self.not_run = Some(format!("the job was not run: {message}"));
        }
        let verdict = Verdict { outcome, reason: Reason::LockBusy, message };
        self.close(verdict, Exit::Code(exit), Metrics::default())
    }

    /// Something is missing that the job needs.
    pub(super) fn not_started(mut self, reason: Reason, message: String, exit: u8) -> Finished {
        self.not_run = Some(format!("the job was not run: {message}"));
        let verdict = Verdict { outcome: Outcome::Failure, reason, message };
        self.close(verdict, Exit::Code(exit), Metrics::default())
    }

    /// What hb exits with, now that the job is over.
    pub(super) fn exit(&self) -> Exit {
        match &self.spawn_error {
            Some(error) => Exit::Code(exit_of_spawn_error(error)),
            None => exit_of(self.attended.ended, self.attended.timed_out),
        }
    }

    /// Decides, writes down, tells.
    pub(super) fn tell(mut self) -> Finished {
        fault::point("tell");
        if let Some(progress) = self.desk.progress.take() {
            let monitor = &self.desk.plan.monitor;
            self.desk.heard.take(
                progress.close(),
                self.desk.started.elapsed(),
                monitor,
                clock::now(),
            );
        }
        if let Some(output) = &self.output
            && let Ok(mut collected) = output.collected.lock()
        {
            collected.finish();
        }
        let mut metrics = self.tool_metrics();
        metrics.merge(std::mem::take(&mut self.desk.heard.metrics));
        let started = self.desk.reporter.begun().started_at;
        let ended_well = self.verdict(&[]).outcome != Outcome::Failure;
        let unmet = if ended_well {
            let plan = self.desk.plan;
            let mut stopped = || {
                self.desk.renew();
                self.desk.end_asked().is_some()
            };
            conditions::unmet(&plan.conditions, started, &mut metrics, &mut stopped)
        } else {
            Vec::new()
        };
        let verdict = self.verdict(&unmet);
        let exit = self.exit();
        if self.spawn_error.is_some() {
            self.not_run = Some(verdict.message.clone());
        }
        self.let_go(verdict.outcome);
        self.close(verdict, exit, metrics)
    }

    /// Held output goes where it belongs, or nowhere; a log of a success is not kept.
    fn let_go(&mut self, outcome: Outcome) {
        let show = match self.desk.plan.output.quiet {
            Quiet::Never | Quiet::Always => false,
            Quiet::Success => outcome != Outcome::Success,
        };
        if let (true, Some(output)) = (show, &self.output)
            && let Ok(mut collected) = output.collected.lock()
        {
            collected.replay();
        }
        if let Some(log) = self.log.take() {
            if outcome == Outcome::Success {
                log.discard();
            } else {
                self.warnings.push(format!("the whole output is in `{}`", log.path().display()));
            }
        }
    }

    fn tool_metrics(&self) -> Metrics {
        match (self.desk.plan.verdict.tool, &self.output) {
            (Some(tool), Some(output)) => match output.collected.lock() {
                Ok(mut collected) => tool.read_summary(&collected.tail().bytes),
                Err(_) => Metrics::default(),
            },
            (Some(_) | None, _) => Metrics::default(),
        }
    }

    /// The verdict on the facts so far.
    pub(super) fn verdict(&self, unmet: &[String]) -> Verdict {
        let plan = self.desk.plan;
        let facts = Facts {
            ended: self.attended.ended,
            not_started: self.spawn_error.as_ref().map(|error| {
                (Reason::ExecFailed, explain_spawn_error(error, plan.command.first()))
            }),
            timed_out: self.attended.timed_out,
            terminated_by: self.desk.terminated_by.clone(),
            oom_killed: self.desk.oom_kills.is_some_and(|before| host::oom_kills() > Some(before)),
            elapsed: self.elapsed().saturating_sub(self.attended.paused),
            output: self.output_facts(),
            failed_steps: self.desk.heard.failed_steps(),
            unmet: unmet.to_vec(),
        };
        decide::decide(&facts, &plan.verdict, &plan.time)
    }

    /// How long the job took, from its first start to its last end.
    fn elapsed(&self) -> Duration {
        self.elapsed.unwrap_or_else(|| self.desk.started.elapsed())
    }

    fn output_facts(&self) -> OutputFacts {
        let collected = self.output.as_ref().and_then(|output| output.collected.lock().ok());
        let facts = collected.map(|collected| collected.facts.clone()).unwrap_or_default();
        let rules = &self.desk.plan.output;
        let forbidden = facts.forbidden.map(|line| match rules.told {
            true => String::from_utf8_lossy(&rules.mask(line.as_bytes())).into_owned(),
            false => redact::MASK.to_owned(),
        });
        // It is cut when it is masked, so that no half of a secret escapes.
        let cut = |line: String| line.chars().take(LINE_CHARS_MAX).collect();
        OutputFacts { forbidden: forbidden.map(cut), ..facts }
    }

    /// Writes the end down, tells it within its budget, and closes the record.
    fn close(mut self, verdict: Verdict, exit: Exit, metrics: Metrics) -> Finished {
        let plan = self.desk.plan;
        let tolerated = self.tolerated(&verdict);
        let ending = self.ending(&verdict, exit, metrics, tolerated);
        let summary = summary_of(&self, &ending);
        let started = Instant::now();
        let mut until = started + plan.telling.report_timeout;
        if self.desk.terminated_by.is_some() {
            until = until.min(started + SHUTDOWN_BUDGET);
        }
        self.desk.reporter.end(ending, until);
        while !self.desk.reporter.is_settled() {
            self.desk.sleep_until(Some(until + Duration::from_millis(200)));
            self.desk.reporter.collect();
            if self.desk.end_asked().is_some() {
                // The first signal leaves time for one more try, the second none.
                let sooner = Instant::now() + SHUTDOWN_BUDGET;
                until = if until <= sooner { Instant::now() } else { sooner };
                self.desk.reporter.hurry(until);
            }
            if Instant::now() > until + Duration::from_millis(150) {
                break;
            }
        }
        self.desk.reporter.collect();
        let closed = self.desk.reporter.close();
        self.warnings.extend(closed.warnings);
        if let (Some(_), Some(output)) = (&self.leaked_by, &self.output) {
            output.follow();
        }
        Finished {
            exit,
            not_run: self.not_run,
            warnings: self.warnings,
            recorded: closed.recorded,
            unreached: closed.unreached,
            infos: closed.infos,
            end_asked: self.desk.terminated_by.is_some(),
            summary,
        }
    }

    fn tolerated(&mut self, verdict: &Verdict) -> bool {
        let plan = self.desk.plan;
        let Some(state) = self.state.filter(|_| plan.verdict.tolerate > 0) else { return false };
        match verdict.outcome {
            Outcome::Success | Outcome::Warning => {
                counters::reset(state, &plan.monitor);
                false
            }
            Outcome::Skipped => false,
            Outcome::Failure => match counters::count_failure(state, &plan.monitor) {
                Ok(count) => count <= plan.verdict.tolerate,
                Err(error) => {
                    self.warnings.push(format!("failures in a row cannot be counted: {error}"));
                    false
                }
            },
        }
    }

    fn ending(&self, verdict: &Verdict, exit: Exit, metrics: Metrics, tolerated: bool) -> Ending {
        let plan = self.desk.plan;
        let killed = match self.attended.ended {
            Some(Ended::Killed { unix_signal, core_dumped }) => Some((unix_signal, core_dumped)),
            Some(Ended::Exited(_)) | None => None,
        };
        let elapsed = self.elapsed();
        Ending {
            ended_at: clock::now(),
            elapsed_ms: u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
            paused_ms: u64::try_from(self.attended.paused.as_millis()).unwrap_or(u64::MAX),
            outcome: verdict.outcome,
            reason: verdict.reason,
            message: text::without_errnos(&verdict.message),
            exit_code: Some(shown(exit)),
            unix_signal: killed.map(|(number, _)| number),
            core_dumped: killed.is_some_and(|(_, core)| core),
            attempts: self.attempts,
            usage: self.attended.usage,
            host: host::facts(),
            output_bytes: self.output_bytes(),
            tail: self.told_tail(),
            metrics,
            stages: self.desk.heard.stages.clone(),
            steps: self.desk.heard.steps.clone(),
            notes: self.notes(verdict.outcome == Outcome::Failure),
            tolerated,
        }
        .with_delay(plan.start.delay)
    }

    fn notes(&self, failed: bool) -> Vec<String> {
        let plan = self.desk.plan;
        let mut notes = plan.telling.notes.clone();
        if let Some(output) = &self.output
            && let Ok(collected) = output.collected.lock()
        {
            notes.extend(collected.losses.iter().cloned());
        }
        if let Some(holder) = &self.leaked_by {
            notes.push(format!("leaked_pipe: {holder} still holds the output after the job ended"));
        }
        if failed {
            notes.extend(self.full_places());
        }
        if self.attempts > 1 {
            notes.push(format!("started {} times", self.attempts));
        }
        if let (Some((number, sender)), Some(Ended::Exited(_))) =
            (&self.desk.terminated_by, self.attended.ended)
        {
            let name = unix_signal::name(*number);
            notes.push(format!("{name} came from {sender} while it ran"));
        }
        notes.iter().map(|note| text::without_errnos(note)).collect()
    }

    fn output_bytes(&self) -> [u64; 2] {
        let collected = self.output.as_ref().and_then(|output| output.collected.lock().ok());
        collected.map_or([0; 2], |collected| collected.bytes)
    }

    /// Where a job writes and there is no room left: the reason that no exit code tells.
    fn full_places(&self) -> impl Iterator<Item = String> {
        let temporary = std::env::temp_dir();
        let places = [std::path::PathBuf::from("."), temporary].into_iter();
        let is_full = |place: &std::path::PathBuf| {
            host::free_bytes_within(place, FULL_ASK_MAX).is_some_and(|free| free < FULL_BYTES)
        };
        places.filter(is_full).map(|place| {
            let place = std::path::absolute(&place).unwrap_or(place);
            format!("no space is left at `{}`", place.display())
        })
    }

    /// The tail as it may be told: cleaned, masked, and without hb's own secrets.
    fn told_tail(&self) -> Vec<u8> {
        let rules = &self.desk.plan.output;
        let Some(output) = self.output.as_ref().filter(|_| rules.told) else { return Vec::new() };
        let Ok(mut collected) = output.collected.lock() else { return Vec::new() };
        let tail = collected.tail().bytes;
        let tail = if rules.raw { tail } else { text::clean(&tail) };
        rules.mask(&tail)
    }
}

impl Ending {
    /// Notes a planned delay.
    fn with_delay(mut self, delay: Duration) -> Ending {
        if !delay.is_zero() {
            self.notes.push(format!("started {} later, as planned", span::format(delay)));
        }
        self
    }
}

fn summary_of(story: &Story<'_>, ending: &Ending) -> serde_json::Value {
    let begun = story.desk.reporter.begun();
    serde_json::json!({
        "run_id": begun.run_id,
        "monitor": begun.monitor,
        "started_at": begun.started_at.to_rfc3339(),
        "ended_at": ending.ended_at.to_rfc3339(),
        "duration_s": ending.elapsed_ms as f64 / 1000.0,
        "outcome": ending.outcome,
        "reason": ending.reason,
        "message": ending.message,
        "exit_code": ending.exit_code,
        "unix_signal": ending.unix_signal,
        "metrics": ending.metrics,
    })
}
