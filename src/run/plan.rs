//! The settled plan of one run: everything that flags, environment and configuration decided.
//!
//! Below `cli` nobody knows where a setting came from.

use std::ffi::{CString, OsString};
use std::path::PathBuf;
use std::time::Duration;

use regex_lite::Regex;

use super::lease;
use crate::domain::arrival::Definition;
use crate::domain::event::{Event, Kind};
use crate::domain::exit_set::ExitSet;
use crate::domain::redact::{self, Redactor};
use crate::domain::run::RunId;
use crate::domain::tool::Tool;
use crate::journal::addresses::Kept;
use crate::send::target::Target;
use crate::sys::spawn::Identity;

/// One run, settled.
pub(crate) struct Plan {
    /// The monitor's name.
    pub(crate) monitor: String,
    /// The command and its arguments.
    pub(crate) command: Vec<OsString>,
    /// The job's environment, but for what only the run knows.
    pub(crate) environment: Vec<CString>,
    /// The run that this one stands inside, when there is one.
    pub(crate) parent_run_id: Option<RunId>,
    /// Who is told.
    pub(crate) targets: Vec<Target>,
    /// Addresses given on the spot, to be kept for later deliveries.
    pub(crate) addresses: Vec<Kept>,
    /// What is started, and how often.
    pub(crate) start: StartRules,
    /// How long it may take, and what happens then.
    pub(crate) time: TimeRules,
    /// What is done with its output.
    pub(crate) output: OutputRules,
    /// What makes it a success.
    pub(crate) verdict: VerdictRules,
    /// What must be there before and afterwards.
    pub(crate) conditions: Conditions,
    /// How and how long it is told.
    pub(crate) telling: TellRules,
}

/// What is started, and how often.
#[derive(Default)]
pub(crate) struct StartRules {
    /// A delay before the start.
    pub(crate) delay: Duration,
    /// The lock to hold while it runs.
    pub(crate) lock: Option<LockRules>,
    /// How often a failure is tried again.
    pub(crate) retries: u32,
    /// The pause before trying again.
    pub(crate) retry_delay: Duration,
    /// Exit codes worth trying again; none: every failure.
    pub(crate) retry_on_exit: Option<ExitSet>,
    /// Who the job runs as, and whether it dies with hb.
    pub(crate) identity: Identity,
    /// Whether hb is the init of a container and reaps what nobody waits for.
    pub(crate) is_init: bool,
    /// Whether the job gets a process group of its own, to all of which forwarded signals go; not in a
    /// terminal's foreground, which it would leave.
    pub(crate) signal_group: bool,
}

/// The lock of a run.
pub(crate) struct LockRules {
    /// Its name.
    pub(crate) name: String,
    /// How long to wait for it.
    pub(crate) wait: Duration,
    /// What a busy lock means.
    pub(crate) skip: LockSkip,
    /// What hb exits with then.
    pub(crate) busy_exit: u8,
}

/// What a busy lock means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LockSkip {
    /// Nothing is wrong; hb exits with 0.
    Ok,
    /// The run has failed.
    Fail,
    /// The receivers get a log line.
    Log,
}

/// How long a run may take.
#[derive(Default)]
pub(crate) struct TimeRules {
    /// Its longest time.
    pub(crate) timeout: Option<Duration>,
    /// The signal that ends it then.
    pub(crate) timeout_signal: i32,
    /// How long it has to obey.
    pub(crate) kill_after: Duration,
    /// The shortest time that can be right.
    pub(crate) min_duration: Option<Duration>,
    /// How often receivers hear that it is still running.
    pub(crate) keepalive: Option<Duration>,
    /// After how long receivers are told once that it takes long.
    pub(crate) warn_after: Option<Duration>,
}

/// Which of the job's streams hb reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Capture {
    /// stderr, unless it is a terminal; both when they are the same file.
    Auto,
    /// stderr, also on a terminal.
    Pipe,
    /// stdout and stderr through a pseudo terminal.
    Pty,
    /// stdout and stderr.
    Both,
    /// Nothing.
    None,
}

/// When output reaches hb's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quiet {
    /// At once.
    Never,
    /// Only when the run is not a success.
    Success,
    /// Never.
    Always,
}

/// What is done with output.
pub(crate) struct OutputRules {
    /// Which streams are read.
    pub(crate) capture: Capture,
    /// Bytes of the tail.
    pub(crate) tail_bytes: usize,
    /// Bytes of the head kept beside it.
    pub(crate) head_bytes: usize,
    /// Whether it is shown.
    pub(crate) quiet: Quiet,
    /// How long to read on after the job, from descendants; none: until they end.
    pub(crate) drain: Option<Duration>,
    /// Where the whole output of a failed run is kept.
    pub(crate) log_dir: Option<PathBuf>,
    /// Whether progress bars and colours stay in the report.
    pub(crate) raw: bool,
    /// Whether output is told at all.
    pub(crate) told: bool,
    /// What masks secrets.
    pub(crate) redactor: Redactor,
    /// Secrets of hb's own, masked wherever they turn up.
    pub(crate) secrets: Vec<String>,
    /// Whether what descendants write after the job still reaches hb's own output.
    pub(crate) follow_descendants: bool,
}

impl OutputRules {
    /// A piece of the output as it may be told: without secrets of anybody's.
    pub(crate) fn mask(&self, text: &[u8]) -> Vec<u8> {
        let secrets: Vec<&[u8]> = self.secrets.iter().map(String::as_bytes).collect();
        redact::mask_literal(&self.redactor.mask(text), &secrets).into_owned()
    }
}

/// What makes a run a success.
#[derive(Default)]
pub(crate) struct VerdictRules {
    /// Exit codes that are a success, besides 0.
    pub(crate) ok_exit: Option<ExitSet>,
    /// Exit codes that are a warning.
    pub(crate) warn_exit: Option<ExitSet>,
    /// The tool whose exit codes and summaries are known.
    pub(crate) tool: Option<Tool>,
    /// A line like this is a failure.
    pub(crate) fail_if_output: Option<Regex>,
    /// No line like this is a failure.
    pub(crate) require_output: Option<Regex>,
    /// Anything on stderr is a failure.
    pub(crate) fail_on_stderr: bool,
    /// So many failures in a row are told as log lines.
    pub(crate) tolerate: u32,
}

/// What must be there before and afterwards.
#[derive(Default)]
pub(crate) struct Conditions {
    /// What already stands in the way: a directory that cannot be entered.
    pub(crate) blocked: Option<String>,
    /// These are mount points.
    pub(crate) mounts: Vec<PathBuf>,
    /// There is so much room at these.
    pub(crate) free: Vec<(u64, PathBuf)>,
    /// These commands succeed first.
    pub(crate) pre: Vec<OsString>,
    /// A file like this is newer than the start.
    pub(crate) newer: Vec<String>,
    /// What is checked for size is at least so large.
    pub(crate) min_bytes: Option<u64>,
    /// These are measured.
    pub(crate) size_of: Vec<PathBuf>,
    /// These are hashed.
    pub(crate) sha256_of: Vec<PathBuf>,
    /// And this is what comes out.
    pub(crate) expect_sha256: Option<String>,
}

/// How and how long a run is told.
pub(crate) struct TellRules {
    /// Time for the finish, after the job.
    pub(crate) report_timeout: Duration,
    /// Where one line of JSON about the run goes at the end.
    pub(crate) json_to: Option<PathBuf>,
    /// Problems with the settings, told along as notes.
    pub(crate) notes: Vec<String>,
    /// Whether hb exits with 128 and the number of the signal that killed the job.
    pub(crate) plain_exit: bool,
    /// The monitor as its job describes it; a receiver that can makes it so.
    pub(crate) definition: Option<Box<Definition>>,
    /// For how long a receiver that can may do without a word of a run; none: nothing is promised.
    pub(crate) lease: Option<Duration>,
    /// After how long without any work such a receiver is told that the job has come to a halt; none: never.
    pub(crate) stalled_after: Option<Duration>,
}

impl TellRules {
    /// Adds what only a receiver of hb's own is told to a start, or to the finish that has to stand for it.
    pub(crate) fn describe(&self, target: &Target, event: &mut Event) {
        if target.speaks_hb() {
            event.definition.clone_from(&self.definition);
        }
        if event.kind == Kind::Start && target.keeps_leases() {
            event.lease_ms = self.lease.map(lease::ms);
        }
    }
}
