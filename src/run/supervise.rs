//! The one loop: everything that can happen while a job runs, and what follows from it.
//!
//! It sleeps until a Unix signal, a word of the job's, a report of the courier's or a timer; it
//! never polls. The child is looked at on SIGCHLD and is reaped here alone, so its process id cannot
//! be recycled while anything is sent to it.

use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::decide::TimedOut;
use super::heard::Heard;
use super::output::Output;
use super::plan::Plan;
use super::progress::Progress;
use super::report::{Reporter, START_HOLD, START_HOLD_MAX, START_HOLD_STEP};
use super::unix_signals::{self, Own, Reach};
use crate::domain::event::{Event, Kind};
use crate::domain::span;
use crate::sys::signal_fd::{Received, SignalFd};
use crate::sys::wait::{self, Change, Ended};
use crate::sys::{clock, fault, host, process};

/// Time for the network after somebody asked the run to end: systemd and containers give ten
/// seconds or more before they kill.
pub(crate) const SHUTDOWN_BUDGET: Duration = Duration::from_secs(3);

/// How often the last descendants are looked for once a time-out has passed.
const SWEEP_STEP: Duration = Duration::from_millis(100);

/// What the whole run works with.
pub(crate) struct Desk<'a> {
    /// The plan.
    pub(crate) plan: &'a Plan,
    /// Unix signals.
    pub(crate) signals: SignalFd,
    /// Record and deliveries.
    pub(crate) reporter: Reporter<'a>,
    /// The job's words.
    pub(crate) progress: Option<Progress>,
    /// What the job has said.
    pub(crate) heard: Heard,
    /// When the run began.
    pub(crate) started: Instant,
    /// The last signal that asked the run to end.
    pub(crate) terminated_by: Option<(i32, String)>,
    /// Kills for want of memory in this control group, counted when the job had lived a moment.
    pub(crate) oom_kills: Option<u64>,
}

/// The process that is being attended.
pub(crate) struct Job {
    /// Its id.
    pub(crate) pid: u32,
    /// Whether it has a process group of its own.
    pub(crate) own_group: bool,
    /// Whether the terminal's signals reach it.
    pub(crate) reach: Reach,
    /// When it was started.
    pub(crate) started: Instant,
}

/// What is known once it has ended.
pub(crate) struct Attended {
    /// How it ended; none when the kernel would not say.
    pub(crate) ended: Option<Ended>,
    /// What it used.
    pub(crate) usage: crate::domain::usage::Usage,
    /// Whether its time was up.
    pub(crate) timed_out: Option<TimedOut>,
    /// How long it was stopped.
    pub(crate) paused: Duration,
}

/// The timers of a job.
struct Timers {
    hold: Option<Instant>,
    timeout: Option<Instant>,
    kill: Option<Instant>,
    keepalive: Option<Instant>,
    warn: Option<Instant>,
}

impl Timers {
    fn next(&self) -> Option<Instant> {
        let all = [self.hold, self.timeout, self.kill, self.keepalive, self.warn];
        all.into_iter().flatten().min()
    }

    /// Whether the start has waited long enough for the finish; on a crowded host it waits on.
    fn hold_is_over(&mut self, job: &Job, now: Instant) -> bool {
        if !due(&mut self.hold, now) {
            return false;
        }
        let waits = now < job.started + START_HOLD_MAX && host::is_crowded();
        self.hold = waits.then(|| now + START_HOLD_STEP);
        !waits
    }

    /// Moves what counts the job's own time by a pause.
    fn shift(&mut self, pause: Duration) {
        for timer in [&mut self.timeout, &mut self.warn].into_iter().flatten() {
            *timer += pause;
        }
    }
}

/// Whether a timer has come; then it is taken.
fn due(timer: &mut Option<Instant>, now: Instant) -> bool {
    let due = timer.is_some_and(|at| at <= now);
    if due {
        *timer = None;
    }
    due
}

impl Desk<'_> {
    /// Attends a job to its end.
    pub(crate) fn attend(&mut self, job: &Job, output: &mut Output) -> Attended {
        fault::point("supervise");
        let time = &self.plan.time;
        let mut timers = Timers {
            hold: Some(job.started + START_HOLD),
            timeout: time.timeout.map(|timeout| job.started + timeout),
            kill: None,
            keepalive: time.keepalive.map(|every| job.started + every),
            warn: time.warn_after.map(|after| job.started + after),
        };
        let mut timed_out = None;
        let mut paused = Duration::ZERO;
        let mut stopped_at: Option<Instant> = None;
        loop {
            match wait::look(job.pid) {
                Ok(Change::Ended(ended, usage)) => {
                    // One that goes on and ends at once tells of its end alone; one that is killed while
                    // it is stopped never goes on.
                    paused += stopped_at.map_or(Duration::ZERO, |at| at.elapsed());
                    // Who ends a whole unit may have ended the job before hb has read its own signal.
                    let _ = self.end_asked();
                    return Attended { ended: Some(ended), usage, timed_out, paused };
                }
                Ok(Change::Stopped) => stopped_at = stopped_at.or(Some(Instant::now())),
                Ok(Change::Continued) => {
                    if let Some(at) = stopped_at.take() {
                        timers.shift(at.elapsed());
                        paused += at.elapsed();
                    }
                }
                Ok(Change::None) => {
                    let asleep = if stopped_at.is_some() { timers.kill } else { timers.next() };
                    self.sleep_beside(asleep, &output.unattended());
                    output.look_after();
                    if self.plan.start.is_init || time.timeout.is_some() {
                        wait::reap_strays(job.pid);
                    }
                    let now = Instant::now();
                    let pause = self.take_signals(job, output);
                    // A pause of hb's own lies within one of the job's that has been seen to begin.
                    if pause > Duration::ZERO && stopped_at.is_none() {
                        timers.shift(pause);
                        paused += pause;
                    }
                    if timers.hold_is_over(job, now) {
                        self.oom_kills = host::oom_kills();
                        self.reporter.open();
                        self.reporter.secure_beside();
                        if let Some(progress) = &mut self.progress {
                            progress.watch();
                        }
                        // What was said before is announced by nobody.
                        self.listen();
                    }
                    if stopped_at.is_none() && due(&mut timers.timeout, now) {
                        timed_out = Some(TimedOut::told(time.timeout_signal));
                        end_all(job, time.timeout_signal);
                        timers.kill = Some(now + time.kill_after);
                    }
                    if due(&mut timers.kill, now) {
                        timed_out = Some(TimedOut::Killed);
                        end_all(job, libc::SIGKILL);
                    }
                    self.tell_alive(job, output, &mut timers, now);
                }
                // Somebody reaped our child: it has ended, and nobody knows how.
                Err(_) => {
                    let usage = Default::default();
                    return Attended { ended: None, usage, timed_out, paused };
                }
            }
        }
    }

    /// Sleeps until something happens, or until `until`.
    pub(crate) fn sleep_until(&mut self, until: Option<Instant>) {
        self.sleep_beside(until, &[]);
    }

    /// The same, also woken by what is awaited `beside`. Whatever hb waits for, here it renews what
    /// it has promised, and tells what had to wait.
    pub(crate) fn sleep_beside(&mut self, until: Option<Instant>, beside: &[PollFd<'_>]) {
        let own = [self.reporter.lease.renew_at(), self.tell_at()];
        let until = own.into_iter().chain([until]).flatten().min();
        let timeout = match until {
            None => PollTimeout::NONE,
            Some(at) => {
                let left = at.saturating_duration_since(Instant::now());
                // Rounded up, else the last millisecond would be spent spinning.
                let ms = left.as_micros().div_ceil(1000).min(i32::MAX as u128);
                PollTimeout::try_from(ms as i32).unwrap_or(PollTimeout::MAX)
            }
        };
        if self.reporter.sleep(until, &[self.signals.as_fd()]) {
            self.reporter.collect();
            return;
        }
        let mut watched = vec![PollFd::new(self.signals.as_fd(), PollFlags::POLLIN)];
        let announced = self.progress.as_ref().and_then(Progress::announced);
        for descriptor in self.reporter.bell().into_iter().chain(announced) {
            watched.push(PollFd::new(descriptor, PollFlags::POLLIN));
        }
        watched.extend(beside.iter().cloned());
        let _ = poll(&mut watched, timeout);
        // What has been announced is taken at once, else the next sleep would be none.
        self.reporter.collect();
        self.listen();
        self.renew();
    }

    /// Takes what signals have come; gives how long hb was stopped by one of them.
    fn take_signals(&mut self, job: &Job, output: &Output) -> Duration {
        let mut pause = Duration::ZERO;
        let mut continued = false;
        while let Some(received) = self.signals.next() {
            let mut response = unix_signals::respond(received, job.reach);
            // A stop from the terminal may have reached the job before hb passed on the SIGCONT that
            // came first; that has undone it. A stopped job takes no harm from a second one.
            response.forward |= continued && response.own == Own::Stop;
            continued |= received.unix_signal == libc::SIGCONT && response.forward;
            if response.ends {
                let sender = unix_signals::sender(received, process::command_of);
                self.terminated_by = Some((received.unix_signal, sender));
            }
            if response.forward {
                let group = job.own_group && self.plan.start.signal_group;
                process::send(job.pid, received.unix_signal, group);
            }
            match response.own {
                Own::Nothing | Own::Look => {}
                Own::Resize => output.resize(),
                Own::Stop => pause += stop(),
            }
        }
        pause
    }

    /// The next signal that asks the run to end, while no job is there to take it.
    pub(crate) fn end_asked(&mut self) -> Option<Received> {
        while let Some(received) = self.signals.next() {
            let response = unix_signals::respond(received, Reach::Hb);
            if response.ends {
                let sender = unix_signals::sender(received, process::command_of);
                self.terminated_by = Some((received.unix_signal, sender));
                return Some(received);
            }
            if response.own == Own::Stop {
                stop();
            }
        }
        None
    }

    /// When to tell what the job has said and what had to wait. Nobody but receivers of hb's own is worth
    /// waking for; others hear of it with the next word of the job's.
    fn tell_at(&self) -> Option<Instant> {
        let watched = self.progress.as_ref().and_then(Progress::announced).is_some();
        let due = self.heard.due().filter(|_| watched && self.reporter.speaks_hb())?;
        Some(self.started + due)
    }

    /// Hears what the job has said, and tells what changes.
    fn listen(&mut self) {
        let Some(progress) = &mut self.progress else { return };
        if progress.announced().is_none() {
            return;
        }
        let said = progress.hear();
        let elapsed = self.started.elapsed();
        for event in self.heard.take(said, elapsed, &self.plan.monitor, clock::now()) {
            self.reporter.post(event);
        }
    }

    /// Tells that the job is still running, when it is time for that.
    fn tell_alive(&mut self, job: &Job, output: &Output, timers: &mut Timers, now: Instant) {
        let elapsed = span::format(Duration::from_secs(job.started.elapsed().as_secs()));
        if due(&mut timers.warn, now) {
            let mut event = Event::new(Kind::Log, &self.plan.monitor, clock::now());
            event.message = Some(format!("still running after {elapsed}"));
            self.reporter.post(event);
        }
        if due(&mut timers.keepalive, now) {
            let every = self.plan.time.keepalive.unwrap_or(START_HOLD);
            timers.keepalive = Some(now + every);
            let mut event = Event::new(Kind::Log, &self.plan.monitor, clock::now());
            event.message = Some(format!("running for {elapsed}; {}", output.summary(self.plan)));
            event.percent = self.heard.percent;
            event.stage = self.heard.stage().map(str::to_owned);
            self.reporter.post(event);
        }
    }

    /// After a time-out: what escaped from the job's group gets the same treatment.
    ///
    /// hb may have children that are older than the job, from a shell that became hb; those, born
    /// before tick `born`, are none of the job's.
    pub(crate) fn sweep(&mut self, attended: &mut Attended, born: Option<u64>) {
        fault::point("sweep");
        let (Some(_), Some(born)) = (attended.timed_out, born) else { return };
        let until = Instant::now() + self.plan.time.kill_after;
        let own = std::process::id();
        let mut asked = Vec::new();
        loop {
            wait::reap_strays(0);
            let mut left = process::descendants(own);
            left.retain(|pid| process::start_ticks(*pid).is_some_and(|ticks| ticks >= born));
            if left.is_empty() {
                return;
            }
            // Whoever was orphaned before the time was up has heard nothing so far.
            for pid in left.iter().filter(|pid| !asked.contains(*pid)) {
                process::send(*pid, self.plan.time.timeout_signal, false);
                process::send(*pid, libc::SIGCONT, false);
            }
            asked.clone_from(&left);
            if Instant::now() >= until {
                for pid in left {
                    process::send(pid, libc::SIGKILL, false);
                }
                attended.timed_out = Some(TimedOut::Killed);
                wait::reap_strays(0);
                return;
            }
            self.sleep_until(Some(Instant::now() + SWEEP_STEP));
            let _ = self.end_asked();
        }
    }
}

/// Ends a job and everything below it.
fn end_all(job: &Job, unix_signal: i32) {
    let below = process::descendants(job.pid);
    process::send(job.pid, unix_signal, job.own_group);
    for pid in below {
        process::send(pid, unix_signal, false);
        process::send(pid, libc::SIGCONT, false);
    }
    // A stopped process takes its signal only when it goes on.
    process::send(job.pid, libc::SIGCONT, job.own_group);
}

/// Stops hb as the terminal wanted; returns when somebody continues it.
fn stop() -> Duration {
    let before = Instant::now();
    process::send(std::process::id(), libc::SIGSTOP, false);
    before.elapsed()
}
