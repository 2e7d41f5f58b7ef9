//! The arguments of `hb run`, as they are typed.
//!
//! Texts stay texts here; `run_settle.rs` lays them over the configuration and reads them, so that a
//! mistake in a flag and the same mistake in the file get the same words.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;

/// Run a job and report it.
#[derive(Args, Debug, Default)]
pub(crate) struct RunArguments {
    /// The monitor: a name, or a whole ping URL
    #[arg(value_name = "MONITOR")]
    pub(crate) monitor: OsString,

    /// The job: its command and arguments, byte for byte
    #[arg(last = true, value_name = "COMMAND")]
    pub(crate) command: Vec<OsString>,

    /// Run this line through $SHELL, else /bin/sh, with errexit and, where the shell has it, pipefail
    /// (bash has; Debian's sh before dash 0.5.13 has not)
    #[arg(long, value_name = "LINE", conflicts_with = "command")]
    pub(crate) shell: Option<OsString>,

    #[command(flatten)]
    pub(crate) telling: TellingArguments,

    #[command(flatten)]
    pub(crate) monitor_is: MonitorArguments,

    #[command(flatten)]
    pub(crate) verdict: VerdictArguments,

    #[command(flatten)]
    pub(crate) conditions: ConditionArguments,

    #[command(flatten)]
    pub(crate) time: TimeArguments,

    #[command(flatten)]
    pub(crate) output: OutputArguments,

    #[command(flatten)]
    pub(crate) world: WorldArguments,
}

/// Where and how it is told.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Where it is told")]
pub(crate) struct TellingArguments {
    /// A target's name or a ping URL; may be given several times
    #[arg(long, value_name = "URL|NAME")]
    pub(crate) to: Vec<String>,
    /// Spell pings as this service wants them, whatever the URL looks like
    #[arg(long, value_name = "NAME")]
    pub(crate) dialect: Option<String>,
    /// Send this header along (`Name: value`)
    #[arg(long, value_name = "HEADER")]
    pub(crate) header: Vec<String>,
    /// Trust only the certificates in this file: a private CA's, or the server's own
    #[arg(long, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,
    /// Show this certificate to the server
    #[arg(long, value_name = "FILE")]
    pub(crate) client_cert: Option<PathBuf>,
    /// The key of that certificate, unless it stands in the same file
    #[arg(long, value_name = "FILE", requires = "client_cert")]
    pub(crate) client_key: Option<PathBuf>,
    /// Time for the report after the job; then it is kept and sent later [default: 30s]
    #[arg(long, value_name = "TIME")]
    pub(crate) report_timeout: Option<String>,
    /// Say every so often that the job is still running
    #[arg(long, value_name = "TIME")]
    pub(crate) keepalive: Option<String>,
    /// Say once that the job runs longer than this
    #[arg(long, value_name = "TIME")]
    pub(crate) warn_after: Option<String>,
    /// Write one line of JSON about the run to this file at the end; `-` is standard output, `3` a descriptor
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Send nothing, run nothing, print what would be sent
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Give the job the first ping URL as HB_URL
    #[arg(long)]
    pub(crate) export: bool,
    /// Do not run the job when the configuration has a mistake (exit 78)
    #[arg(long)]
    pub(crate) strict: bool,
}

/// What a receiver of hb's own knows of the monitor.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "What hb serve is told of the monitor")]
pub(crate) struct MonitorArguments {
    /// When a success is expected: `0 3 * * *`, `every 1h`, `calendar Mon..Fri 02:00`, `by 08:00`; makes
    /// the monitor where it is not there yet, as all of these do
    #[arg(long, value_name = "SCHEDULE")]
    pub(crate) schedule: Option<String>,
    /// The time zone of the schedule: Europe/Berlin [default: the receiver's]
    #[arg(long, value_name = "ZONE")]
    pub(crate) timezone: Option<String>,
    /// How late a success may be: 90m [default: by how often it is expected]
    #[arg(long, value_name = "TIME")]
    pub(crate) grace: Option<String>,
    /// How late a start may be
    #[arg(long, value_name = "TIME")]
    pub(crate) start_within: Option<String>,
    /// How long a run may take before somebody is told
    #[arg(long, value_name = "TIME")]
    pub(crate) run_at_most: Option<String>,
    /// How many expected runs in a row may be missed
    #[arg(long, value_name = "N")]
    pub(crate) tolerance: Option<u32>,
    /// `host`: only time in which this host is awake counts, for a laptop that sleeps [default: always]
    #[arg(long, value_name = "WHOSE")]
    pub(crate) presence: Option<String>,
    /// With that, how long after its deadline it is told in any case [default: 14d]
    #[arg(long, value_name = "TIME")]
    pub(crate) absent_at_most: Option<String>,
    /// Who is responsible
    #[arg(long, value_name = "NAME")]
    pub(crate) owner: Option<String>,
    /// What it is for
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,
    /// A label; may be given several times
    #[arg(long, value_name = "TAG")]
    pub(crate) tag: Vec<String>,
    /// Be heard of at least so often while the job runs, so that a run that is gone is known soon; 0
    /// promises nothing [default: 5m]
    #[arg(long, value_name = "TIME")]
    pub(crate) lease: Option<String>,
    /// Say with the lease that the job has come to a halt, once it and everything it started has used no
    /// CPU time and moved no byte for so long [default: never]
    #[arg(long, value_name = "TIME")]
    pub(crate) stalled_after: Option<String>,
}

/// What makes a run a success.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "What is a success")]
pub(crate) struct VerdictArguments {
    /// Exit codes that are a success (`0,1` or `0-3`)
    #[arg(long, value_name = "CODES")]
    pub(crate) ok_exit: Option<String>,
    /// Exit codes that are a warning
    #[arg(long, value_name = "CODES")]
    pub(crate) warn_exit: Option<String>,
    /// Know this tool's exit codes and summary: borg, restic, rsync, rclone, pg_dump, mysqldump, tar,
    /// certbot, or none [default: recognised from the command]
    #[arg(long, value_name = "TOOL")]
    pub(crate) preset: Option<String>,
    /// Fail when a line of the output matches
    #[arg(long, value_name = "REGEX")]
    pub(crate) fail_if_output: Vec<String>,
    /// Fail when no line of the output matches
    #[arg(long, value_name = "REGEX")]
    pub(crate) require_output: Vec<String>,
    /// Fail when the job writes to stderr
    #[arg(long)]
    pub(crate) fail_on_stderr: bool,
    /// Fail when the job ends sooner than this
    #[arg(long, value_name = "TIME")]
    pub(crate) min_duration: Option<String>,
    /// Tell the first N failures in a row as log lines only
    #[arg(long, value_name = "N")]
    pub(crate) tolerate: Option<u32>,
}

/// What must be there before and afterwards.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "What must be there")]
pub(crate) struct ConditionArguments {
    /// Run the job only when this is a mount point
    #[arg(long, value_name = "DIR")]
    pub(crate) require_mount: Vec<PathBuf>,
    /// Run the job only with so much room (`20G`, or `20G:/mnt/backup`)
    #[arg(long, value_name = "SIZE[:DIR]")]
    pub(crate) require_free: Vec<OsString>,
    /// Run the job only when this command succeeds
    #[arg(long, value_name = "CMD")]
    pub(crate) pre: Vec<OsString>,
    /// Fail when no file like this is newer than the start
    #[arg(long, value_name = "GLOB")]
    pub(crate) expect_newer: Vec<String>,
    /// Fail when these files are smaller than this in all
    #[arg(long, value_name = "SIZE")]
    pub(crate) min_size: Option<String>,
    /// Measure this file or directory; may be given several times
    #[arg(long, value_name = "PATH")]
    pub(crate) size_of: Vec<PathBuf>,
    /// Hash this file
    #[arg(long, value_name = "PATH")]
    pub(crate) sha256_of: Vec<PathBuf>,
    /// Fail when that hash is another one
    #[arg(long, value_name = "HEX", requires = "sha256_of")]
    pub(crate) expect_sha256: Option<String>,
}

/// How long and how often.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "How long and how often")]
pub(crate) struct TimeArguments {
    /// End the job after this time (exit 124, or 137 where KILL was needed)
    #[arg(long, value_name = "TIME")]
    pub(crate) timeout: Option<String>,
    /// Time between the signal and KILL [default: 30s]
    #[arg(long, value_name = "TIME")]
    pub(crate) kill_after: Option<String>,
    /// The signal that ends it [default: TERM]
    #[arg(long, value_name = "SIGNAL")]
    pub(crate) timeout_signal: Option<String>,
    /// Start a failed job again, up to N times; only the last end counts
    #[arg(long, value_name = "N")]
    pub(crate) retry: Option<u32>,
    /// Pause before that [default: 30s]
    #[arg(long, value_name = "TIME")]
    pub(crate) retry_delay: Option<String>,
    /// Only after these exit codes
    #[arg(long, value_name = "CODES")]
    pub(crate) retry_on_exit: Option<String>,
    /// One run at a time, under the monitor's name or this one
    #[arg(long, value_name = "NAME", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    pub(crate) lock: Option<String>,
    /// Wait so long for the lock
    #[arg(long, value_name = "TIME")]
    pub(crate) lock_wait: Option<String>,
    /// What a busy lock means: ok, fail, log [default: log]
    #[arg(long, value_name = "WORD")]
    pub(crate) lock_skip: Option<String>,
    /// The exit code for a busy lock [default: 75]
    #[arg(long, value_name = "CODE")]
    pub(crate) lock_busy_exit: Option<u8>,
    /// Run it now and then every so often, for containers that have no cron
    #[arg(long, value_name = "TIME", conflicts_with = "at")]
    pub(crate) every: Option<String>,
    /// Run it every day at this time of the host's zone (`03:30`)
    #[arg(long, value_name = "HH:MM")]
    pub(crate) at: Option<String>,
    /// Wait up to this long before the start, always the same on this host (`5m` or `1m-5m`)
    #[arg(long, value_name = "TIME")]
    pub(crate) jitter: Option<String>,
}

/// What is done with the output.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "What is done with its output")]
pub(crate) struct OutputArguments {
    /// Show output only when the run is no success, or never
    #[arg(long, value_name = "WHEN", num_args = 0..=1, require_equals = true, default_missing_value = "success")]
    pub(crate) quiet: Option<String>,
    /// Bytes of the end of the output that are reported [default: 64KiB]
    #[arg(long, value_name = "SIZE")]
    pub(crate) tail: Option<String>,
    /// Bytes of the beginning that are reported as well [default: 0]
    #[arg(long, value_name = "SIZE")]
    pub(crate) head: Option<String>,
    /// Record and report no output
    #[arg(long)]
    pub(crate) no_output: bool,
    /// Mask what matches in records and reports; may be given several times
    #[arg(long, value_name = "REGEX")]
    pub(crate) redact: Vec<String>,
    /// Leave colours and progress bars in reports
    #[arg(long)]
    pub(crate) raw: bool,
    /// Which streams are read: auto, pipe, pty, both, none [default: auto]
    #[arg(long, value_name = "HOW")]
    pub(crate) capture: Option<String>,
    /// Keep the whole output of a failed run in this directory
    #[arg(long, value_name = "DIR")]
    pub(crate) log_dir: Option<PathBuf>,
    /// Read on so long after the job when something it left holds the pipe (or inf) [default: 500ms]
    #[arg(long, value_name = "TIME")]
    pub(crate) drain: Option<String>,
    /// Carry on the output of what the job left behind, after hb has ended
    #[arg(long)]
    pub(crate) follow_descendants: bool,
}

/// The world the job runs in.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "The world it runs in")]
pub(crate) struct WorldArguments {
    /// Run with this nice value added, from -20 to 19
    #[arg(
        long, value_name = "N", allow_negative_numbers = true,
        value_parser = clap::value_parser!(i32).range(-20..=19)
    )]
    pub(crate) nice: Option<i32>,
    /// Run with this I/O class: idle, best-effort, best-effort:0-7
    #[arg(long, value_name = "CLASS")]
    pub(crate) ionice: Option<String>,
    /// Run in this directory
    #[arg(long, value_name = "DIR")]
    pub(crate) chdir: Option<PathBuf>,
    /// Run as this user (root only)
    #[arg(long, value_name = "USER")]
    pub(crate) user: Option<String>,
    /// Read variables for the job from this file
    #[arg(long, value_name = "FILE")]
    pub(crate) env_file: Vec<PathBuf>,
    /// Send signals to the job's whole group
    #[arg(long)]
    pub(crate) signal_group: bool,
    /// Reap what nobody waits for, as the init of a container must
    #[arg(long)]
    pub(crate) init: bool,
    /// End the job when hb is killed
    #[arg(long)]
    pub(crate) die_with_parent: bool,
    /// How a death by signal is passed on: signal (die of it) or plain (exit 128+n) [default: signal]
    #[arg(long, value_name = "HOW")]
    pub(crate) exit_style: Option<String>,
}
