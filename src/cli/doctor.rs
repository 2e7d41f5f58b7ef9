//! `hb doctor`: everything that can be wrong, looked at, each with what to do about it.
//!
//! Nothing is sent that a receiver would count: a name is looked up, a connection made, and the
//! host's root asked for its clock.

use std::ffi::OsString;
use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};

use super::context::Context;
use super::doctor_dialect;
use super::doctor_probe::{self, Finding, Level};
use super::run_arguments::TellingArguments;
use super::targets::{self, Found, Named, Resolver};
use super::world::identity;
use super::{arguments, exit, run_settle, say};
use crate::config::policy::Policy;
use crate::domain::address::Address;
use crate::domain::dialect::{Dialect, Place};
use crate::domain::redact::Redactor;
use crate::domain::text;
use crate::journal::history::{self, Wanted};
use crate::journal::spool::Spool;
use crate::send::target::Target;
use crate::sys::files;

/// Checks configuration, network and keys.
#[derive(Args, Debug)]
pub(crate) struct DoctorArguments {
    /// Only this monitor, or this ping URL
    #[arg(value_name = "MONITOR|URL")]
    what: Option<String>,
    /// One JSON object: `ok` and `findings`, each with its level, what it is about, and what to do
    #[arg(long)]
    json: bool,
    /// Look at what is known without asking the network
    #[arg(long)]
    no_network: bool,
}

/// Runs the command.
pub(crate) fn main(inherited: &crate::sys::inherited::Inherited, words: &[OsString]) -> i32 {
    let arguments: DoctorArguments = match arguments::read("doctor", words) {
        Ok(arguments) => arguments,
        Err(code) => return code,
    };
    super::run::mask_arguments(inherited);
    let context = Context::read();
    let mut findings = Vec::new();
    let mut object = json!({});
    look_at_config(&context, &mut findings);
    look_at_state(&context, &mut findings);
    look_at_path(&mut findings);
    if let Err(why) = look_at_targets(&arguments, &context, &mut findings, &mut object) {
        say::error(why);
        return exit::USAGE;
    }
    let bad = findings.iter().any(|finding| finding.level == Level::Bad);
    if arguments.json {
        object["ok"] = json!(!bad);
        object["findings"] = Value::Array(findings.iter().map(Finding::to_json).collect());
        say::json(&object);
    } else {
        findings.iter().for_each(|finding| say::data(&finding.to_line(say::coloured())));
    }
    if bad { exit::FAILED } else { exit::OK }
}

fn look_at_config(context: &Context, findings: &mut Vec<Finding>) {
    for mistake in &context.mistakes {
        findings.push(Finding::bad("config", mistake.to_string(), mistake.hint.clone()));
    }
    for warning in &context.config.warnings {
        findings.push(Finding::odd("config", warning.to_string(), warning.hint.clone()));
    }
    let settings = context.config.monitors.iter().map(|(name, settings)| (name.as_str(), settings));
    for (name, settings) in settings.chain([("defaults", &context.config.defaults)]) {
        let policy = &settings.policy;
        let watched = [&settings.redact, &policy.fail_if_output, &policy.require_output];
        for pattern in watched.into_iter().flatten().flatten() {
            if let Err((_, why)) = Redactor::new(std::slice::from_ref(pattern)) {
                let shown = text::excerpt(pattern.as_bytes());
                let text = format!("`{name}`: `{shown}` is no pattern: {why}");
                findings.push(Finding::bad("config", text, None));
            }
        }
    }
    if context.mistakes.is_empty() {
        let (monitors, targets) = (context.config.monitors.len(), context.config.targets.len());
        let is = if monitors + targets == 1 { "is" } else { "are" };
        let monitors = text::count(monitors, "monitor");
        let text = format!("{monitors} and {} {is} configured", text::count(targets, "target"));
        findings.push(Finding::good("config", text));
    }
}

fn look_at_state(context: &Context, findings: &mut Vec<Finding>) {
    let state = match context.state() {
        Ok(state) => state,
        Err(why) => {
            let hint = "set HB_STATE_DIR to a directory that this user can write";
            findings.push(Finding::bad("state", why, Some(hint.to_owned())));
            return;
        }
    };
    let wanted = Wanted { monitor: None, count: 1000, after: None };
    let runs = history::read(&state, &wanted).map_or(0, |runs| runs.len());
    let text = format!("`{}` holds {}", state.path().display(), text::count(runs, "run"));
    findings.push(Finding::good("state", text));
    let spool = Spool::open_there(&state);
    let (waiting, aside) = spool.map_or((0, 0), |spool| (spool.count(), spool.aside().len()));
    if waiting > 0 {
        let hint = "run `hb spool` to see why, `hb spool flush` to try now";
        let text = match waiting {
            1 => "1 event waits".to_owned(),
            count => format!("{count} events wait"),
        };
        findings.push(Finding::odd("spool", text, Some(hint.into())));
    } else {
        findings.push(Finding::good("spool", "nothing waits".to_owned()));
    }
    if aside > 0 {
        let hint = "look at spool/set-aside, then `hb spool drop --all`";
        findings.push(Finding::odd(
            "spool",
            format!("{} cannot be read", text::count(aside, "file")),
            Some(hint.into()),
        ));
    }
}

/// What a run of this monitor would stumble over before its job.
fn look_at_world(policy: &Policy, findings: &mut Vec<Finding>) {
    let mut bad = |text: String| findings.push(Finding::bad("job", text, None));
    if let Some(Err(why)) = policy.user.as_deref().map(identity) {
        bad(format!("`user`: {why}; the job would not be run"));
    }
    if let Some(place) = policy.chdir.as_ref().filter(|place| !place.is_dir()) {
        bad(format!("`chdir`: `{}` is no directory; the job would not be run", place.display()));
    }
    for file in policy.env_file.iter().flatten() {
        if let Err(error) = files::read_given(file) {
            let why = text::without_errnos(&error.to_string());
            bad(format!("`env_file`: cannot read `{}`: {why}", file.display()));
        }
    }
}

/// Which `hb` a crontab would find: another program may have the name.
fn look_at_path(findings: &mut Vec<Finding>) {
    let own = std::env::current_exe().ok().and_then(|path| path.canonicalize().ok());
    let path = std::env::var_os("PATH").unwrap_or_default();
    let first =
        std::env::split_paths(&path).map(|place| place.join("hb")).find(|file| file.is_file());
    let Some(first) = first else {
        let hint = "write its whole path in crontabs and units";
        findings.push(Finding::odd("PATH", "`hb` is not in PATH".into(), Some(hint.into())));
        return;
    };
    if first.canonicalize().ok() == own {
        findings.push(Finding::good("PATH", format!("`hb` is `{}`", first.display())));
    } else {
        let text = format!("`hb` in PATH is another program: `{}`", first.display());
        let hint = "write this one's whole path, or rename one of them";
        findings.push(Finding::odd("PATH", text, Some(hint.into())));
    }
    let in_cron = ["/usr/bin", "/bin"].iter().any(|place| first.starts_with(place));
    if !in_cron {
        let text = format!("cron looks in /usr/bin:/bin only, and `hb` is in `{}`", place(&first));
        let hint = "set PATH at the top of the crontab, or write the whole path";
        findings.push(Finding::odd("PATH", text, Some(hint.into())));
    }
}

fn place(file: &std::path::Path) -> String {
    file.parent().unwrap_or(file).display().to_string()
}

fn look_at_targets(
    arguments: &DoctorArguments,
    context: &Context,
    findings: &mut Vec<Finding>,
    object: &mut Value,
) -> Result<(), String> {
    let flags = TellingArguments::default();
    let key = run_settle::key_of_environment();
    let resolver =
        Resolver { config: &context.config, kept_in: &context.state_dir, flags: &flags, key };
    let mut found = Found::default();
    match &arguments.what {
        Some(word) => {
            let named = targets::named(word, None)?;
            if let Some(url) = &named.url {
                let address = Address::parse(url)?;
                let (dialect, why) = Dialect::recognise(&address, Place::default())
                    .ok_or("the scheme of the URL does not say what is spoken there")?;
                object["dialect"] = json!(dialect.name());
                object["events"] = doctor_dialect::events(dialect);
                object["limits"] = doctor_dialect::limits(dialect);
                doctor_dialect::look_at(dialect, why, findings);
            }
            let settings = context.config.settings_for(&named.monitor);
            look_at_world(&settings.policy, findings);
            object["monitor"] = json!(named.monitor);
            found = resolver.find(&named, &settings);
        }
        None => {
            let monitor = context.config.monitors.keys().next().map_or("doctor", String::as_str);
            let named = Named { monitor: monitor.to_owned(), url: None };
            let listed = resolver.find(&named, &context.config.settings_for(monitor));
            found.targets = listed.targets;
            found.troubles = listed.troubles;
            for name in context.config.targets.keys() {
                match resolver.configured(name, monitor, &mut found) {
                    Ok(target) if known(&found.targets, &target) => {}
                    Ok(target) => found.targets.push(target),
                    Err(why) if found.troubles.contains(&why) => {}
                    Err(why) => found.troubles.push(why),
                }
            }
        }
    }
    let is_any = !found.troubles.is_empty();
    for trouble in found.troubles {
        findings.push(Finding::bad("target", trouble, None));
    }
    for warning in found.warnings {
        findings.push(Finding::odd("target", warning, None));
    }
    if found.targets.is_empty() && is_any {
        let text = "no receiver can be used: runs are recorded on this host only".to_owned();
        findings.push(Finding::odd("target", text, None));
    } else if found.targets.is_empty() {
        let text = "no receiver is configured: runs are recorded on this host only".to_owned();
        let hint = "add a target to the configuration, or use `--to URL`".to_owned();
        findings.push(Finding::odd("target", text, Some(hint)));
    }
    if object.get("dialect").is_none() {
        doctor_dialect::look_at_targets(&found.targets, findings);
    }
    if !arguments.no_network {
        for target in &found.targets {
            doctor_probe::look_at(target, PROBE_TIMEOUT, findings);
        }
    }
    Ok(())
}

/// Time for looking at one target.
const PROBE_TIMEOUT: Duration = Duration::from_secs(10);

fn known(targets: &[Target], target: &Target) -> bool {
    targets.iter().any(|known| known.reference == target.reference)
}
