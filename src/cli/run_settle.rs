//! Flags over configuration into a plan: the one place where a setting's origin is still known.
//!
//! A flag that cannot be read is a usage error and nothing is run. A setting of the file that cannot
//! be read was reported with its line and dropped before; the job runs without it.

use std::ffi::{CString, OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;
use std::time::Duration;

use super::again::Again;
use super::context::Context;
use super::described;
use super::dialects;
use super::flags::{read, time};
use super::rules::{output_rules, start_rules, time_rules, verdict_rules};
use super::run_arguments::RunArguments;
use super::targets::{self, Found, Resolver};
use super::world::environment;
use crate::config::policy::{ExitStyle, Policy};
use crate::config::settings::Settings;
use crate::config::shape::sha256_digits;
use crate::domain::io_class::{self, IoClass};
use crate::domain::run::RunId;
use crate::domain::size;
use crate::domain::text;
use crate::domain::tool::Tool;
use crate::run::plan::{Conditions, Plan, TellRules};

/// Time for the report after the job.
pub(crate) const REPORT_TIMEOUT: Duration = Duration::from_secs(30);

/// A settled command line.
pub(crate) struct Settled {
    /// The plan.
    pub(crate) plan: Plan,
    /// What of the configuration cannot be used, and why.
    pub(crate) troubles: Vec<String>,
    /// What works, but should be mended.
    pub(crate) warnings: Vec<String>,
    /// Whether the configuration asks for strictness.
    pub(crate) strict: bool,
    /// The directory to run in.
    pub(crate) chdir: Option<PathBuf>,
    /// The nice value to add.
    pub(crate) nice: Option<i32>,
    /// The I/O class.
    pub(crate) ionice: Option<IoClass>,
    /// Why the configured user is nobody on this host.
    pub(crate) nobody: Option<String>,
    /// When the job is to run again.
    pub(crate) again: Option<Again>,
}

/// Settles everything.
pub(crate) fn settle(arguments: &mut RunArguments, context: &Context) -> Result<Settled, String> {
    let command = command(arguments)?;
    let telling = &arguments.telling;
    let word = arguments.monitor.to_str().ok_or("a monitor's name is plain ASCII")?;
    // A dialect may be one that the configuration gets wrong: that keeps no job from running.
    let dialect = dialects::dialect_flag(&telling.dialect, &context.config);
    let named = targets::named(word, dialect.clone().ok().flatten())?;
    targets::check_words(&telling.to)?;
    targets::check_headers(&telling.header)?;
    let settings = context.config.settings_for(&named.monitor);
    let strict = settings.policy.strict.unwrap_or(false);
    let resolver = Resolver {
        config: &context.config,
        kept_in: &context.state_dir,
        flags: telling,
        key: key_of_environment(),
    };
    let mut found = resolver.find(&named, &settings);
    if let Err(why) = dialect
        && !found.troubles.iter().any(|trouble| trouble.contains(&why))
    {
        found.troubles.push(why);
    }
    let policy = &settings.policy;
    let tool = tool(&arguments.verdict.preset, &settings, &command, &mut found.troubles)?;
    let mut environment = environment(&arguments.world, policy, &mut found.troubles);
    let output = output_rules(&arguments.output, &settings, found.secrets, &mut found.troubles)?;
    let verdict = verdict_rules(arguments, policy, tool, &mut found.troubles)?;
    if (telling.export || policy.export.unwrap_or(false))
        && let Some(target) = found.targets.first()
        && let Ok(entry) = CString::new(format!("HB_URL={}", target.address.url(&[], &[])))
    {
        environment.push(entry);
    }
    let (start, nobody) = start_rules(arguments, policy, &named)?;
    let again = Again::settle(&arguments.time, policy)?;
    let conditions = conditions(arguments, policy, &mut found.troubles)?;
    let notes = context.mistakes_in_one_line().into_iter().chain(found.troubles.clone()).collect();
    let plan = Plan {
        environment,
        parent_run_id: std::env::var("HB_RUN_ID").ok().and_then(|id| RunId::parse(&id)),
        targets: found.targets,
        addresses: found.addresses,
        start,
        time: time_rules(arguments, policy)?,
        output,
        verdict,
        conditions,
        telling: TellRules {
            report_timeout: time("report-timeout", &telling.report_timeout)?
                .or(settings.report_timeout)
                .unwrap_or(REPORT_TIMEOUT),
            json_to: telling.json.clone().or_else(|| policy.json.clone()),
            notes,
            plain_exit: exit_style(&arguments.world.exit_style, policy)?,
            definition: described::definition(&arguments.monitor_is, &settings)?,
            lease: described::lease(&arguments.monitor_is, &settings)?,
            stalled_after: described::stalled_after(&arguments.monitor_is, &settings)?,
        },
        monitor: named.monitor,
        command,
    };
    let chdir = arguments.world.chdir.clone().or_else(|| policy.chdir.clone());
    let nice = arguments.world.nice.or(policy.nice.map(i32::from));
    let ionice = read("ionice", &arguments.world.ionice, io_class::parse)?.or(policy.ionice);
    let Found { troubles, warnings, .. } = found;
    Ok(Settled { plan, troubles, warnings, strict, chdir, nice, ionice, nobody, again })
}

/// `HB_KEY`, for targets that have no key of their own.
pub(crate) fn key_of_environment() -> Option<String> {
    std::env::var("HB_KEY").ok().filter(|key| !key.is_empty())
}

/// The words of the job.
fn command(arguments: &mut RunArguments) -> Result<Vec<OsString>, String> {
    match arguments.shell.take() {
        // A variable that is not set must not look like a job that went well.
        Some(line) if line.as_bytes().trim_ascii().is_empty() => {
            Err("`--shell` has an empty line; nothing would be run".to_owned())
        }
        Some(line) => Ok(through_shell(&line)),
        None if arguments.command.is_empty() => {
            Err("there is no command; write `hb run NAME -- COMMAND`".to_owned())
        }
        None => Ok(std::mem::take(&mut arguments.command)),
    }
}

/// A line through `$SHELL` or `/bin/sh`, which stops at the first error where it can.
///
/// dash has had `pipefail` only since 0.5.13; `set -o` in a subshell asks without dying of the answer.
fn through_shell(line: &OsStr) -> Vec<OsString> {
    let shell = std::env::var_os("SHELL").filter(|shell| is_posix_shell(shell));
    let shell = shell.unwrap_or_else(|| "/bin/sh".into());
    let mut script =
        b"set -e; if (set -o pipefail) 2>/dev/null; then set -o pipefail; fi\n".to_vec();
    script.extend_from_slice(line.as_bytes());
    vec![shell, "-c".into(), OsString::from_vec(script)]
}

/// fish, csh and nologin would not understand the line.
fn is_posix_shell(shell: &OsStr) -> bool {
    let name = std::path::Path::new(shell).file_name().and_then(OsStr::to_str).unwrap_or_default();
    matches!(name, "sh" | "bash" | "dash" | "zsh" | "ksh" | "ash" | "mksh" | "busybox")
}

fn tool(
    flag: &Option<String>,
    settings: &Settings,
    command: &[OsString],
    troubles: &mut Vec<String>,
) -> Result<Option<Tool>, String> {
    let unknown = |name: &str| {
        let known: Vec<&str> = Tool::ALL.into_iter().map(Tool::name).collect();
        let name = text::excerpt(name.as_bytes());
        format!("there is no preset `{name}`; known: {}, none", known.join(", "))
    };
    if let Some(name) = flag {
        return match name.as_str() {
            "none" => Ok(None),
            name => Tool::parse(name).map(Some).ok_or_else(|| unknown(name)),
        };
    }
    match settings.preset.as_deref() {
        Some("none") => return Ok(None),
        Some(name) => match Tool::parse(name) {
            Some(tool) => return Ok(Some(tool)),
            None => troubles.push(unknown(name)),
        },
        None => {}
    }
    Ok(Tool::recognise(command))
}

fn conditions(
    arguments: &RunArguments,
    policy: &Policy,
    troubles: &mut Vec<String>,
) -> Result<Conditions, String> {
    let flags = &arguments.conditions;
    fn or<T: Clone>(given: &[T], configured: &Option<Vec<T>>) -> Vec<T> {
        if given.is_empty() { configured.clone().unwrap_or_default() } else { given.to_vec() }
    }
    if flags.pre.iter().any(|command| command.as_bytes().trim_ascii().is_empty()) {
        return Err("`--pre` is empty; it would check nothing".to_owned());
    }
    if flags.expect_newer.iter().any(|pattern| pattern.trim().is_empty()) {
        return Err("`--expect-newer` is empty; it would check nothing".to_owned());
    }
    let mut free = Vec::new();
    for word in &flags.require_free {
        free.push(room(word)?);
    }
    if let (true, Some(bytes)) = (free.is_empty(), policy.require_free_bytes) {
        free.push((bytes, PathBuf::from(".")));
    }
    let pre: Vec<OsString> = policy.pre.iter().flatten().map(OsString::from).collect();
    let sha256_of = policy.sha256_of.clone().map(|path| vec![path]);
    let newer = or(&flags.expect_newer, &policy.expect_newer);
    let size_of = or(&flags.size_of, &policy.size_of);
    let sha256_of = or(&flags.sha256_of, &sha256_of);
    let mut min_bytes = read("min-size", &flags.min_size, size::parse)?;
    if newer.is_empty() && size_of.is_empty() && (min_bytes.or(policy.min_size_bytes)).is_some() {
        if min_bytes.is_some() {
            return Err("`--min-size` of what? add `--expect-newer` or `--size-of`".to_owned());
        }
        troubles.push("`min_size` needs `expect_newer` or `size_of`, and was left out".to_owned());
    } else {
        min_bytes = min_bytes.or(policy.min_size_bytes);
    }
    let expect_sha256 = read("expect-sha256", &flags.expect_sha256, sha256_digits)?;
    let expect_sha256 = expect_sha256.or_else(|| policy.expect_sha256.clone());
    if expect_sha256.is_some() && sha256_of.is_empty() {
        troubles.push("`expect_sha256` needs `sha256_of`, and was left out".to_owned());
    }
    Ok(Conditions {
        blocked: None,
        mounts: or(&flags.require_mount, &policy.require_mount),
        free,
        pre: or(&flags.pre, &Some(pre)),
        newer,
        min_bytes,
        size_of,
        sha256_of,
        expect_sha256,
    })
}

/// `20G`, or `20G:/mnt/backup`.
fn room(word: &OsStr) -> Result<(u64, PathBuf), String> {
    let bytes = word.as_bytes();
    let colon = bytes.iter().position(|byte| *byte == b':');
    let (amount, place) = match colon {
        Some(colon) => (&bytes[..colon], PathBuf::from(OsStr::from_bytes(&bytes[colon + 1..]))),
        None => (bytes, PathBuf::from(".")),
    };
    let amount = String::from_utf8_lossy(amount);
    let least = size::parse(&amount).map_err(|error| format!("`--require-free`: {error}"))?;
    Ok((least, place))
}

/// Whether hb exits with 128 and the number of the signal that killed the job.
fn exit_style(flag: &Option<String>, policy: &Policy) -> Result<bool, String> {
    match flag.as_deref() {
        None => Ok(policy.exit_style == Some(ExitStyle::Plain)),
        Some("signal") => Ok(false),
        Some("plain") => Ok(true),
        Some(other) => {
            let shown = text::excerpt(other.as_bytes());
            Err(format!("`--exit-style` is signal or plain, not `{shown}`"))
        }
    }
}
