//! How a job is to be run: the options of `hb run` that a person would rather keep in the
//! file than in the crontab. Each has the same name there, with underscores.
//!
//! Only values, and the rule of which of two layers wins. What an option does is known by
//! the run layer; what is said twice, on the command line and here, is settled by the caller.

use std::path::PathBuf;
use std::time::Duration;

use crate::domain::exit_set::ExitSet;
use crate::domain::io_class::IoClass;

/// The options of a run; `None` where the file says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Policy {
    /// End the job after this long.
    pub(crate) timeout: Option<Duration>,
    /// After the timeout's unix signal, wait this long before KILL.
    pub(crate) kill_after: Option<Duration>,
    /// The unix signal that ends the job: `TERM`, `INT`, or a number.
    pub(crate) timeout_signal: Option<String>,
    /// How often a failed job is started again.
    pub(crate) retry: Option<u32>,
    /// The pause before the job is started again.
    pub(crate) retry_delay: Option<Duration>,
    /// The exit codes after which the job is started again.
    pub(crate) retry_on_exit: Option<ExitSet>,
    /// Whether only one run at a time is allowed.
    pub(crate) lock: Option<Lock>,
    /// How long to wait for the lock.
    pub(crate) lock_wait: Option<Duration>,
    /// What to report where the lock is busy.
    pub(crate) lock_skip: Option<LockSkip>,
    /// How `hb` exits where the lock is busy.
    pub(crate) lock_busy_exit: Option<u8>,
    /// The exit codes that mean success.
    pub(crate) ok_exit: Option<ExitSet>,
    /// The exit codes that mean success with a warning.
    pub(crate) warn_exit: Option<ExitSet>,
    /// A run shorter than this has failed.
    pub(crate) min_duration: Option<Duration>,
    /// How many failures in a row are kept quiet.
    pub(crate) tolerate: Option<u32>,
    /// Patterns that must not be in the output.
    pub(crate) fail_if_output: Option<Vec<String>>,
    /// Patterns that must be in the output.
    pub(crate) require_output: Option<Vec<String>>,
    /// Whether anything on stderr means failure.
    pub(crate) fail_on_stderr: Option<bool>,
    /// When the job's output is shown.
    pub(crate) quiet: Option<Quiet>,
    /// How often a running job is reported.
    pub(crate) keepalive: Option<Duration>,
    /// How long a run may take before receivers are told so.
    pub(crate) warn_after: Option<Duration>,
    /// When the job is run again.
    pub(crate) again: Option<Again>,
    /// How long to wait before the start.
    pub(crate) jitter: Option<Jitter>,
    /// The job's nice value.
    pub(crate) nice: Option<i8>,
    /// The job's I/O class.
    pub(crate) ionice: Option<IoClass>,
    /// The user that the job runs as; empty where the file names one that nobody can read.
    pub(crate) user: Option<String>,
    /// Whether unix signals go to the job's whole group.
    pub(crate) signal_group: Option<bool>,
    /// Whether hb reaps what nobody waits for.
    pub(crate) init: Option<bool>,
    /// Whether the job ends when hb is killed.
    pub(crate) die_with_parent: Option<bool>,
    /// How a death by a unix signal is passed on.
    pub(crate) exit_style: Option<ExitStyle>,
    /// The job's working directory.
    pub(crate) chdir: Option<PathBuf>,
    /// Files with environment variables for the job.
    pub(crate) env_file: Option<Vec<PathBuf>>,
    /// Where the whole output of a failed run is kept.
    pub(crate) log_dir: Option<PathBuf>,
    /// How many of the first bytes of output are reported as well.
    pub(crate) head_bytes: Option<u64>,
    /// Whether colours and progress bars stay in reports.
    pub(crate) raw: Option<bool>,
    /// Whether hb carries on the output of what the job left behind.
    pub(crate) follow_descendants: Option<bool>,
    /// How long to wait for output after the job's end.
    pub(crate) drain: Option<Drain>,
    /// How the job's output is seen.
    pub(crate) capture: Option<Capture>,
    /// Directories that must be mount points.
    pub(crate) require_mount: Option<Vec<PathBuf>>,
    /// How many bytes must be free.
    pub(crate) require_free_bytes: Option<u64>,
    /// Commands that must succeed before the job.
    pub(crate) pre: Option<Vec<String>>,
    /// Patterns of files that must be newer than the job's start.
    pub(crate) expect_newer: Option<Vec<String>>,
    /// How large these files must be at least.
    pub(crate) min_size_bytes: Option<u64>,
    /// Paths whose size is reported.
    pub(crate) size_of: Option<Vec<PathBuf>>,
    /// The file whose checksum is reported.
    pub(crate) sha256_of: Option<PathBuf>,
    /// What that checksum must be: 64 lower-case hexadecimal digits.
    pub(crate) expect_sha256: Option<String>,
    /// Whether no output is reported.
    pub(crate) no_output: Option<bool>,
    /// Where one line of JSON about the run is written.
    pub(crate) json: Option<PathBuf>,
    /// Whether the job is given the first ping URL.
    pub(crate) export: Option<bool>,
    /// Whether a mistake in the configuration keeps the job from running.
    pub(crate) strict: Option<bool>,
}

/// Whether only one run at a time is allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Lock {
    /// No lock, where another layer asks for one.
    Off,
    /// A lock with the monitor's name.
    On,
    /// A lock with a name of its own, shared by several monitors.
    Named(String),
}

/// What to report where the lock is busy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LockSkip {
    /// The skipped run counts as a success.
    Ok,
    /// The skipped run counts as a failure.
    Fail,
    /// The skipped run is only noted.
    Log,
}

/// When the job's output is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quiet {
    /// As it comes; this is what `quiet = false` means.
    Off,
    /// Only after a failure; this is what `quiet = true` means.
    Success,
    /// Never.
    Always,
}

/// When the job is run again, where there is no cron. One of two, so that an upper layer's `at` also
/// replaces a lower layer's `every`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Again {
    /// At once, and then so long after each start.
    Every(Duration),
    /// Each day at this time of the host's zone.
    At(TimeOfDay),
}

/// A time of the day, to the minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TimeOfDay {
    /// 0 to 23.
    pub(crate) hour: i8,
    /// 0 to 59.
    pub(crate) minute: i8,
}

/// How a death by a unix signal is passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExitStyle {
    /// hb dies of the same one.
    Signal,
    /// hb exits with 128 and its number.
    Plain,
}

/// A start that is spread over some time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Jitter {
    /// Never earlier than this.
    pub(crate) from: Duration,
    /// Never later than this, and never before `from`.
    pub(crate) until: Duration,
}

/// How long to wait for output after the job's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Drain {
    /// At most this long.
    For(Duration),
    /// Until the last holder has closed the pipe.
    Forever,
}

/// How the job's output is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Capture {
    /// A pipe, unless the stream is a terminal.
    Auto,
    /// A pipe for stderr.
    Pipe,
    /// A terminal made for the job.
    Pty,
    /// Pipes for stdout and stderr.
    Both,
    /// Not at all.
    None,
}

impl Policy {
    /// These options, and the lower layer's where these say nothing.
    pub(crate) fn over(self, lower: Self) -> Self {
        Self {
            timeout: self.timeout.or(lower.timeout),
            kill_after: self.kill_after.or(lower.kill_after),
            timeout_signal: self.timeout_signal.or(lower.timeout_signal),
            retry: self.retry.or(lower.retry),
            retry_delay: self.retry_delay.or(lower.retry_delay),
            retry_on_exit: self.retry_on_exit.or(lower.retry_on_exit),
            lock: self.lock.or(lower.lock),
            lock_wait: self.lock_wait.or(lower.lock_wait),
            lock_skip: self.lock_skip.or(lower.lock_skip),
            lock_busy_exit: self.lock_busy_exit.or(lower.lock_busy_exit),
            ok_exit: self.ok_exit.or(lower.ok_exit),
            warn_exit: self.warn_exit.or(lower.warn_exit),
            min_duration: self.min_duration.or(lower.min_duration),
            tolerate: self.tolerate.or(lower.tolerate),
            fail_if_output: self.fail_if_output.or(lower.fail_if_output),
            require_output: self.require_output.or(lower.require_output),
            fail_on_stderr: self.fail_on_stderr.or(lower.fail_on_stderr),
            quiet: self.quiet.or(lower.quiet),
            keepalive: self.keepalive.or(lower.keepalive),
            warn_after: self.warn_after.or(lower.warn_after),
            again: self.again.or(lower.again),
            jitter: self.jitter.or(lower.jitter),
            nice: self.nice.or(lower.nice),
            ionice: self.ionice.or(lower.ionice),
            user: self.user.or(lower.user),
            signal_group: self.signal_group.or(lower.signal_group),
            init: self.init.or(lower.init),
            die_with_parent: self.die_with_parent.or(lower.die_with_parent),
            exit_style: self.exit_style.or(lower.exit_style),
            chdir: self.chdir.or(lower.chdir),
            env_file: self.env_file.or(lower.env_file),
            log_dir: self.log_dir.or(lower.log_dir),
            head_bytes: self.head_bytes.or(lower.head_bytes),
            raw: self.raw.or(lower.raw),
            follow_descendants: self.follow_descendants.or(lower.follow_descendants),
            drain: self.drain.or(lower.drain),
            capture: self.capture.or(lower.capture),
            require_mount: self.require_mount.or(lower.require_mount),
            require_free_bytes: self.require_free_bytes.or(lower.require_free_bytes),
            pre: self.pre.or(lower.pre),
            expect_newer: self.expect_newer.or(lower.expect_newer),
            min_size_bytes: self.min_size_bytes.or(lower.min_size_bytes),
            size_of: self.size_of.or(lower.size_of),
            sha256_of: self.sha256_of.or(lower.sha256_of),
            expect_sha256: self.expect_sha256.or(lower.expect_sha256),
            no_output: self.no_output.or(lower.no_output),
            json: self.json.or(lower.json),
            export: self.export.or(lower.export),
            strict: self.strict.or(lower.strict),
        }
    }
}
