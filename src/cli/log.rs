//! `hb log`: what ran on this host, from this host's own memory.

use std::ffi::OsString;
use std::time::Duration;

use clap::Args;

use super::context::Context;
use super::{arguments, exit, log_view, say};
use crate::domain::record::Record;
use crate::domain::run::RunId;
use crate::domain::time::Moment;
use crate::domain::{span, text};
use crate::journal::history::{self, Wanted};
use crate::journal::state::State;
use crate::sys::{clock, process};

/// The usual reason why a run is not found: it was root's, and somebody else looks.
const OTHER_USERS: &str = "runs of other users are in directories of theirs, root's in /var/lib/hb";

/// Runs shown when nobody says how many.
const RUNS_SHOWN: usize = 20;

/// How often `--follow` looks.
const FOLLOW_STEP: Duration = Duration::from_millis(500);

/// What ran on this host.
#[derive(Args, Debug)]
pub(crate) struct LogArguments {
    /// Only this monitor, or the run of this id in full
    #[arg(value_name = "MONITOR|RUN")]
    monitor: Option<String>,
    /// The newest N runs [default: 20, with --since all]
    #[arg(short, long = "lines", value_name = "N")]
    n: Option<usize>,
    /// Only runs since then: `2h`, or a moment such as 2026-03-29T01:00:00Z
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// One JSON object per run, on a line of its own
    #[arg(long)]
    json: bool,
    /// Go on with runs as they end
    #[arg(long, short)]
    follow: bool,
    /// The last run in full, with its output
    #[arg(long, conflicts_with = "follow")]
    last: bool,
}

/// Runs the command.
pub(crate) fn main(words: &[OsString]) -> i32 {
    let arguments: LogArguments = match arguments::read("log", words) {
        Ok(arguments) => arguments,
        Err(code) => return code,
    };
    let since = match arguments.since.as_deref().map(since_moment).transpose() {
        Ok(since) => since,
        Err(why) => {
            say::error(why);
            return exit::USAGE;
        }
    };
    match show(&arguments, since) {
        Ok(()) => exit::OK,
        Err(why) => {
            say::error(why);
            exit::FAILED
        }
    }
}

fn show(arguments: &LogArguments, since: Option<Moment>) -> Result<(), String> {
    let context = Context::read();
    let opened = if arguments.follow { context.state().map(Some) } else { context.state_there() };
    let Some(state) = opened? else {
        if !arguments.json {
            say::error(format!(
                "nothing has run yet: `{}` does not exist; {OTHER_USERS}",
                context.state_dir.display()
            ));
        }
        return Ok(());
    };
    let run_id = arguments.monitor.as_deref().and_then(RunId::parse);
    let monitor = arguments.monitor.as_deref().filter(|_| run_id.is_none());
    // Who asks for a night wants all of it: the run that failed may be the first of many.
    let usual = if since.is_some() { usize::MAX } else { RUNS_SHOWN };
    let count = if arguments.last { 1 } else { arguments.n.unwrap_or(usual) };
    let count = if run_id.is_some() { usize::MAX } else { count };
    let mut runs = read(&state, &Wanted { monitor, count, after: None })?;
    if let Some(since) = since {
        runs.retain(|(record, _)| record.begun.started_at >= since);
    }
    if let Some(run_id) = run_id {
        runs.retain(|(record, _)| record.begun.run_id == run_id);
    }
    if runs.is_empty() && !arguments.json && !arguments.follow && count > 0 {
        let of = arguments
            .monitor
            .as_deref()
            .map(|name| format!(" of `{}`", text::excerpt(name.as_bytes())))
            .unwrap_or_default();
        let place = state.path().display();
        let since = arguments.since.as_ref();
        let since = since.map(|text| format!(" since {}", text::excerpt(text.as_bytes())));
        let since = since.unwrap_or_default();
        return Err(format!("no run{of}{since} is remembered in `{place}`; {OTHER_USERS}"));
    }
    let boot_id = process::boot_id();
    let view = |runs: &[(Record, bool)], heading: bool| {
        for (record, open) in runs.iter().filter(|_| arguments.json) {
            say::data(&format!("{}\n", log_view::json(record, status(record, *open, &boot_id))));
        }
        if !arguments.json && (arguments.last || run_id.is_some()) {
            for (record, open) in runs {
                say::data(&log_view::full(record, status(record, *open, &boot_id)));
            }
        } else if !arguments.json {
            let rows: Vec<_> = runs
                .iter()
                .map(|(record, open)| (record, status(record, *open, &boot_id)))
                .collect();
            say::data(&log_view::table(&rows, heading, say::coloured()));
        }
    };
    view(&runs, true);
    if arguments.follow {
        runs.retain(|(_, open)| !open);
        follow(&state, monitor, runs, &|runs| view(runs, false))?;
    }
    Ok(())
}

/// A span before now, or a moment.
fn since_moment(text: &str) -> Result<Moment, String> {
    match (span::parse(text), Moment::parse_rfc3339(text)) {
        (Ok(span), _) => Ok(clock::now().before(span)),
        (Err(_), Some(moment)) => Ok(moment),
        (Err(error), None) => {
            Err(format!("`--since`: {error}; write `2h`, or a moment such as 2026-03-29T01:00:00Z"))
        }
    }
}

fn read(state: &State, wanted: &Wanted<'_>) -> Result<Vec<(Record, bool)>, String> {
    history::read(state, wanted).map_err(|error| format!("the log cannot be read: {error}"))
}

/// Shows runs, each with whether it is still open.
type View<'a> = &'a dyn Fn(&[(Record, bool)]);

/// Shows runs as they end, until somebody has seen enough.
fn follow(
    state: &State,
    monitor: Option<&str>,
    shown: Vec<(Record, bool)>,
    view: View<'_>,
) -> Result<(), String> {
    /// Runs that may end while as many others are shown; more than a host runs at once.
    const WINDOW: usize = 1000;
    let mut shown: Vec<RunId> = shown.iter().map(|(record, _)| record.begun.run_id).collect();
    let first = read(state, &Wanted { monitor, count: WINDOW, after: None })?;
    shown.extend(first.iter().filter(|(_, open)| !open).map(|(record, _)| record.begun.run_id));
    loop {
        std::thread::sleep(FOLLOW_STEP);
        let mut runs = read(state, &Wanted { monitor, count: WINDOW, after: None })?;
        runs.retain(|(record, open)| !open && !shown.contains(&record.begun.run_id));
        shown.extend(runs.iter().map(|(record, _)| record.begun.run_id));
        let surplus = shown.len().saturating_sub(4 * WINDOW);
        shown.drain(..surplus);
        if !runs.is_empty() {
            view(&runs);
        }
    }
}

/// The one word for how a run stands.
fn status(record: &Record, open: bool, boot_id: &str) -> &'static str {
    match &record.ending {
        Some(ending) => ending.outcome.word(),
        None if !open => "unknown",
        None => match &record.process {
            Some(job) if !process::is_alive(job, boot_id) => "ending",
            Some(_) | None => "running",
        },
    }
}
