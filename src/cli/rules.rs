//! The rules of a run, each from its flag, else from the configuration, else from its default.

use std::time::Duration;

use regex_lite::Regex;

use super::flags::{codes, positive, read, time};
use super::run_arguments::{OutputArguments, RunArguments, TimeArguments};
use super::targets::Named;
use super::world::identity;
use crate::config::policy::{self, Policy};
use crate::config::settings::Settings;
use crate::domain::redact::Redactor;
use crate::domain::text;
use crate::domain::tool::Tool;
use crate::domain::{size, unix_signal};
use crate::run::plan::{
    Capture, LockRules, LockSkip, OutputRules, Quiet, StartRules, TimeRules, VerdictRules,
};
use crate::sys::host;
use crate::sys::spawn::Identity;

/// The bytes of a tail, unless somebody says otherwise.
const TAIL_BYTES: u64 = 64 * 1024;

/// The largest tail.
const TAIL_BYTES_MAX: u64 = 1024 * 1024;

/// How long to read on after the job.
const DRAIN: Duration = Duration::from_millis(500);

/// The pause before another try, and between a time-out's signal and KILL.
const PAUSE: Duration = Duration::from_secs(30);

/// What hb exits with when the lock is busy: EX_TEMPFAIL.
const LOCK_BUSY_EXIT: u8 = 75;

pub(crate) fn start_rules(
    arguments: &RunArguments,
    policy: &Policy,
    named: &Named,
) -> Result<(StartRules, Option<String>), String> {
    let TimeArguments { retry, retry_delay, retry_on_exit, jitter, .. } = &arguments.time;
    let jitter = match jitter {
        Some(text) => {
            Some(crate::config::shape::jitter(text).map_err(|why| format!("`--jitter`: {why}"))?)
        }
        None => policy.jitter,
    };
    let delay = jitter.map_or(Duration::ZERO, |jitter| {
        spread(jitter.from, jitter.until, &format!("{}/{}", host::name(), named.monitor))
    });
    let world = &arguments.world;
    let mut nobody = None;
    let user = match (&world.user, &policy.user) {
        (Some(name), _) => Some(identity(name).map_err(|why| format!("`--user`: {why}"))?),
        // To run as whoever hb is would be worse than not to run.
        (None, Some(name)) => identity(name)
            .map_err(|why| nobody = Some(format!("`user` of the configuration: {why}")))
            .ok(),
        (None, None) => None,
    };
    let on = |flag: bool, configured: Option<bool>| flag || configured.unwrap_or(false);
    let rules = StartRules {
        delay,
        lock: lock_rules(&arguments.time, policy, &named.monitor)?,
        retries: retry.or(policy.retry).unwrap_or(0),
        retry_delay: time("retry-delay", retry_delay)?.or(policy.retry_delay).unwrap_or(PAUSE),
        retry_on_exit: codes("retry-on-exit", retry_on_exit)?.or(policy.retry_on_exit),
        identity: Identity {
            user,
            dies_with_parent: on(world.die_with_parent, policy.die_with_parent),
        },
        is_init: on(world.init, policy.init) || std::process::id() == 1,
        signal_group: on(world.signal_group, policy.signal_group)
            || arguments.time.timeout.is_some()
            || policy.timeout.is_some(),
    };
    Ok((rules, nobody))
}

/// A delay that differs between hosts and monitors and is always the same for one of them.
///
/// SHA-256 and not `name::key`: FNV lets its last bytes reach only some bits, so that `db-1` to `db-9`
/// would all begin within the same microsecond, which is what a jitter is there to prevent.
fn spread(from: Duration, until: Duration, who: &str) -> Duration {
    let digest = ring::digest::digest(&ring::digest::SHA256, who.as_bytes());
    let number = digest.as_ref().iter().take(6).fold(0u64, |sum, byte| sum << 8 | u64::from(*byte));
    let part = number as f64 / 2f64.powi(48);
    from + until.saturating_sub(from).mul_f64(part)
}

fn lock_rules(
    flags: &TimeArguments,
    policy: &Policy,
    monitor: &str,
) -> Result<Option<LockRules>, String> {
    let wanted = flags.lock_wait.is_some() || flags.lock_skip.is_some();
    let name = match (&flags.lock, &policy.lock) {
        (Some(name), _) if !name.is_empty() => name.clone(),
        (Some(_), _) | (None, Some(policy::Lock::On)) => monitor.to_owned(),
        (None, Some(policy::Lock::Named(name))) => name.clone(),
        (None, Some(policy::Lock::Off) | None) if wanted => monitor.to_owned(),
        (None, Some(policy::Lock::Off) | None) => return Ok(None),
    };
    let skip = match flags.lock_skip.as_deref() {
        Some("ok") => LockSkip::Ok,
        Some("fail") => LockSkip::Fail,
        Some("log") => LockSkip::Log,
        Some(other) => {
            return Err(format!("`--lock-skip` is ok, fail or log, not `{}`", excerpt(other)));
        }
        None => match policy.lock_skip {
            Some(policy::LockSkip::Ok) => LockSkip::Ok,
            Some(policy::LockSkip::Fail) => LockSkip::Fail,
            Some(policy::LockSkip::Log) | None => LockSkip::Log,
        },
    };
    let wait = time("lock-wait", &flags.lock_wait)?.or(policy.lock_wait).unwrap_or_default();
    let busy_exit = flags.lock_busy_exit.or(policy.lock_busy_exit).unwrap_or(LOCK_BUSY_EXIT);
    Ok(Some(LockRules { name, wait, skip, busy_exit }))
}

pub(crate) fn time_rules(arguments: &RunArguments, policy: &Policy) -> Result<TimeRules, String> {
    let flags = &arguments.time;
    let by_name = |name: &str| {
        unix_signal::parse(name).ok_or_else(|| {
            let shown = text::excerpt(name.as_bytes());
            format!(
                "`--timeout-signal`: there is no signal `{shown}`; write TERM, INT, or a number"
            )
        })
    };
    let signal = flags.timeout_signal.as_deref().or(policy.timeout_signal.as_deref());
    Ok(TimeRules {
        timeout: positive("timeout", &flags.timeout)?.or(policy.timeout),
        timeout_signal: signal.map(by_name).transpose()?.unwrap_or(libc::SIGTERM),
        kill_after: time("kill-after", &flags.kill_after)?.or(policy.kill_after).unwrap_or(PAUSE),
        min_duration: time("min-duration", &arguments.verdict.min_duration)?
            .or(policy.min_duration),
        keepalive: positive("keepalive", &arguments.telling.keepalive)?.or(policy.keepalive),
        warn_after: positive("warn-after", &arguments.telling.warn_after)?.or(policy.warn_after),
    })
}

pub(crate) fn output_rules(
    flags: &OutputArguments,
    settings: &Settings,
    secrets: Vec<String>,
    troubles: &mut Vec<String>,
) -> Result<OutputRules, String> {
    let policy = &settings.policy;
    let quiet = match flags.quiet.as_deref() {
        Some("success") => Quiet::Success,
        Some("always") => Quiet::Always,
        Some(other) => {
            return Err(format!("`--quiet` is success or always, not `{}`", excerpt(other)));
        }
        None => match policy.quiet {
            Some(policy::Quiet::Success) => Quiet::Success,
            Some(policy::Quiet::Always) => Quiet::Always,
            Some(policy::Quiet::Off) | None => Quiet::Never,
        },
    };
    let capture = match flags.capture.as_deref() {
        Some("auto") => Capture::Auto,
        Some("pipe") => Capture::Pipe,
        Some("pty") => Capture::Pty,
        Some("both") => Capture::Both,
        Some("none") => Capture::None,
        Some(other) => {
            return Err(format!(
                "`--capture` is auto, pipe, pty, both or none, not `{}`",
                excerpt(other)
            ));
        }
        None => match policy.capture {
            Some(policy::Capture::Pipe) => Capture::Pipe,
            Some(policy::Capture::Pty) => Capture::Pty,
            Some(policy::Capture::Both) => Capture::Both,
            Some(policy::Capture::None) => Capture::None,
            Some(policy::Capture::Auto) | None => Capture::Auto,
        },
    };
    let drain = match flags.drain.as_deref() {
        Some("inf") => None,
        Some(_) => Some(time("drain", &flags.drain)?.unwrap_or(DRAIN)),
        None => match policy.drain {
            Some(policy::Drain::Forever) => None,
            Some(policy::Drain::For(drain)) => Some(drain),
            None => Some(DRAIN),
        },
    };
    let tail =
        read("tail", &flags.tail, size::parse)?.or(settings.tail_bytes).unwrap_or(TAIL_BYTES);
    let head = read("head", &flags.head, size::parse)?.or(policy.head_bytes).unwrap_or(0);
    let (redactor, whole) = redactor(&flags.redact, settings, troubles)?;
    Ok(OutputRules {
        capture,
        tail_bytes: tail.min(TAIL_BYTES_MAX) as usize,
        head_bytes: head.min(TAIL_BYTES_MAX) as usize,
        quiet,
        drain,
        log_dir: flags.log_dir.clone().or_else(|| policy.log_dir.clone()),
        raw: flags.raw || policy.raw.unwrap_or(false),
        told: whole && !(flags.no_output || policy.no_output.unwrap_or(false)),
        redactor,
        secrets,
        follow_descendants: flags.follow_descendants || policy.follow_descendants.unwrap_or(false),
    })
}

/// What masks secrets, and whether all of it could be understood. A pattern of the file that cannot
/// be used would have hidden something: then the others still mask, and no output is told at all.
fn redactor(
    flags: &[String],
    settings: &Settings,
    troubles: &mut Vec<String>,
) -> Result<(Redactor, bool), String> {
    Redactor::new(flags).map_err(|(place, why)| {
        let shown = text::excerpt(flags.get(place).map_or(&b""[..], |flag| flag.as_bytes()));
        format!("`--redact`: `{shown}` cannot be used: {why}")
    })?;
    let mut patterns: Vec<String> =
        settings.redact.iter().flatten().chain(flags).cloned().collect();
    let mut whole = true;
    loop {
        match Redactor::new(&patterns) {
            Ok(redactor) => return Ok((redactor, whole)),
            Err((index, why)) => {
                let pattern = text::excerpt(patterns.remove(index).as_bytes());
                troubles.push(format!(
                    "`redact`: `{pattern}` cannot be used ({why}), so no output is reported"
                ));
                whole = false;
            }
        }
    }
}

pub(crate) fn verdict_rules(
    arguments: &RunArguments,
    policy: &Policy,
    tool: Option<Tool>,
    troubles: &mut Vec<String>,
) -> Result<VerdictRules, String> {
    let flags = &arguments.verdict;
    let mut regex = |flag: &str, given: &[String], configured: &Option<Vec<String>>| {
        let compile = |patterns: &[String]| {
            for pattern in patterns {
                Regex::new(pattern).map_err(|error| {
                    let shown = text::excerpt(pattern.as_bytes());
                    format!("`{shown}` is no pattern: {error}")
                })?;
            }
            match patterns {
                [] => Ok(None),
                [one] => Regex::new(one).map(Some).map_err(|error| error.to_string()),
                many => Regex::new(&format!("(?:{})", many.join(")|(?:")))
                    .map(Some)
                    .map_err(|error| error.to_string()),
            }
        };
        if !given.is_empty() {
            return compile(given).map_err(|why| format!("`--{flag}`: {why}"));
        }
        Ok(compile(configured.as_deref().unwrap_or_default()).unwrap_or_else(|why| {
            troubles.push(format!("`{}`: {why}", flag.replace('-', "_")));
            None
        }))
    };
    Ok(VerdictRules {
        fail_if_output: regex("fail-if-output", &flags.fail_if_output, &policy.fail_if_output)?,
        require_output: regex("require-output", &flags.require_output, &policy.require_output)?,
        ok_exit: codes("ok-exit", &flags.ok_exit)?.or(policy.ok_exit),
        warn_exit: codes("warn-exit", &flags.warn_exit)?.or(policy.warn_exit),
        tool,
        fail_on_stderr: flags.fail_on_stderr || policy.fail_on_stderr.unwrap_or(false),
        tolerate: flags.tolerate.or(policy.tolerate).unwrap_or(0),
    })
}

/// As much of a wrong word as helps to find it.
fn excerpt(word: &str) -> String {
    text::excerpt(word.as_bytes())
}
