//! `hb progress`, `hb stage`, `hb step`, `hb metric`: what a job says about itself.
//!
//! Each appends lines to `$HB_RUN_DIR/metrics` and ends. They never fail the job: outside of a run,
//! or where the line cannot be written, they do nothing and exit with 0.

use std::ffi::OsString;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;

use clap::{Args, FromArgMatches};

use super::{arguments, exit, say};
use crate::domain::text;
use crate::run::Exit;
use crate::sys::inherited::Inherited;
use crate::sys::spawn::{self, Spawn};

/// How far the job is.
#[derive(Args, Debug)]
pub(crate) struct ProgressArguments {
    /// Per cent done, 0 to 100
    #[arg(value_name = "PERCENT")]
    percent: String,
    /// The stage it is in
    #[arg(long, value_name = "NAME")]
    stage: Option<String>,
    /// How fast it goes, as in 25MB/s
    #[arg(long, value_name = "RATE")]
    rate: Option<String>,
    /// How long it will still take
    #[arg(long, value_name = "TIME")]
    eta: Option<String>,
}

/// A new stage.
#[derive(Args, Debug)]
pub(crate) struct StageArguments {
    /// What begins: preparing, copying, verifying …
    #[arg(value_name = "NAME")]
    name: String,
}

/// One named step.
#[derive(Args, Debug)]
pub(crate) struct StepArguments {
    /// What it is called in reports
    #[arg(value_name = "NAME")]
    name: String,
    /// Its command
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

/// Measured things.
#[derive(Args, Debug)]
pub(crate) struct MetricArguments {
    /// size=45.2GB files=15420 transfer_rate=25MB/s …
    #[arg(required = true, value_name = "KEY=VALUE")]
    metrics: Vec<String>,
}

/// `hb progress`.
pub(crate) fn progress(words: &[OsString]) -> i32 {
    let arguments: ProgressArguments = match read("progress", words) {
        Ok(arguments) => arguments,
        Err(code) => return code,
    };
    let percent = arguments.percent.trim_end_matches('%').trim();
    if !percent.parse::<f64>().is_ok_and(|percent| (0.0..=100.0).contains(&percent)) {
        let shown = text::excerpt(percent.as_bytes());
        say::error(format!("`{shown}` is not a number from 0 to 100"));
        return mistaken(exit::USAGE);
    }
    let mut lines = Vec::new();
    // The stage goes first, so that a receiver hears of 40 % of the right thing.
    lines.extend(arguments.stage.map(|stage| format!("stage={stage}")));
    lines.extend(arguments.rate.map(|rate| format!("rate={rate}")));
    lines.extend(arguments.eta.map(|eta| format!("eta={eta}")));
    lines.push(format!("progress={percent}"));
    append(&lines)
}

/// `hb stage`.
pub(crate) fn stage(words: &[OsString]) -> i32 {
    match read::<StageArguments>("stage", words) {
        Ok(arguments) => append(&[format!("stage={}", arguments.name)]),
        Err(code) => code,
    }
}

/// `hb metric`.
pub(crate) fn metric(words: &[OsString]) -> i32 {
    let arguments: MetricArguments = match read("metric", words) {
        Ok(arguments) => arguments,
        Err(code) => return code,
    };
    for metric in &arguments.metrics {
        if crate::domain::metric::parse_line(metric.as_bytes()).is_none() {
            say::error(format!(
                "`{}` is not KEY=VALUE; a key is letters, digits, `_`, `.`, `-`",
                text::excerpt(metric.as_bytes())
            ));
            return mistaken(exit::USAGE);
        }
    }
    append(&arguments.metrics)
}

/// `hb step`: runs the command and notes its exit code.
pub(crate) fn step(inherited: &Inherited, words: &[OsString]) -> Exit {
    let arguments: StepArguments = match arguments::read("step", words) {
        Ok(arguments) => arguments,
        Err(code) => return Exit::Code(u8::try_from(code).unwrap_or(1)),
    };
    let environment = spawn::environment();
    let request = Spawn {
        words: &arguments.command,
        environment: &environment,
        inherited,
        redirected: &[],
        own_group: false,
        identity: Default::default(),
    };
    append(&[format!("stage={}", arguments.name)]);
    let (exit, shown) = match crate::run::step(&request) {
        Ok(ended) => ended,
        Err(error) => {
            let (code, why) = crate::run::spawn_trouble(&error, &arguments.command);
            say::error(why);
            (Exit::Code(code), i32::from(code))
        }
    };
    append(&[format!("step.{}={shown}", arguments.name)]);
    exit
}

/// Reads the arguments. Inside of a run a mistake in them is said, and is no failure.
fn read<T: FromArgMatches>(name: &str, words: &[OsString]) -> Result<T, i32> {
    arguments::read(name, words).map_err(mistaken)
}

/// What a mistake in the arguments means: with `set -e`, a code would end somebody's backup.
fn mistaken(code: i32) -> i32 {
    if std::env::var_os("HB_RUN_DIR").is_some() { exit::OK } else { code }
}

/// Appends lines in one write. The job must not fail for it, so nothing is said when it cannot be.
fn append(lines: &[String]) -> i32 {
    let Some(directory) = std::env::var_os("HB_RUN_DIR") else { return exit::OK };
    let mut text = String::new();
    for line in lines {
        text.extend(line.chars().map(|c| if c.is_control() { ' ' } else { c }));
        text.push('\n');
    }
    let file = std::fs::File::options()
        .append(true)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
        .open(std::path::Path::new(&directory).join("metrics"));
    if let Ok(mut file) = file {
        let _ = file.write_all(text.as_bytes());
    }
    exit::OK
}
