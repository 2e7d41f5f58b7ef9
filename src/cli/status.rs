//! `hb status`: what the receiver knows, once or as it changes.
//!
//! Its exit code answers the question of a script: is all well? A monitor that is late is not bad yet,
//! and one that is paused is nobody's business now.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::IsTerminal;

use clap::Args;
use serde_json::Value;

use super::receiver::{Asking, Failed, ReceiverArguments, ask, print};
use super::table::Canvas;
use super::{arguments, exit, monitor_view, say, status_view, status_watch};
use crate::client::answer::Object;
use crate::client::api::Ask;
use crate::client::pages;
use crate::sys::{clock, terminal};

/// Monitors shown where nobody says how many.
pub(crate) const MONITORS_MAX: usize = 1000;

/// What the receiver knows.
#[derive(Args, Debug)]
pub(crate) struct StatusArguments {
    /// Only this monitor, in full
    #[arg(value_name = "MONITOR")]
    pub(crate) monitor: Option<String>,
    /// The receiver's answer: the counts, or the monitor
    #[arg(long, conflicts_with = "watch")]
    json: bool,
    /// Stay, and show what changes; where stdout is no terminal, one line for each change
    #[arg(long, short)]
    watch: bool,
    /// Show at most N monitors [default: 1000]
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    #[command(flatten)]
    receiver: ReceiverArguments,
}

/// Runs the command.
pub(crate) fn main(words: &[OsString]) -> i32 {
    let arguments: StatusArguments = match arguments::read("status", words) {
        Ok(arguments) => arguments,
        Err(code) => return code,
    };
    ask(&arguments.receiver, async |asking| {
        if arguments.watch {
            let watched = status_watch::Watched {
                monitor: arguments.monitor.as_deref(),
                limit: arguments.limit.unwrap_or(MONITORS_MAX),
                on_terminal: std::io::stdout().is_terminal(),
            };
            return status_watch::watch(asking, &watched).await;
        }
        match &arguments.monitor {
            Some(name) => one(asking, name, arguments.json).await,
            None => all(asking, &arguments).await,
        }
    })
}

/// How stdout is drawn on.
pub(crate) fn canvas() -> Canvas {
    Canvas { columns: terminal::size().map(|(columns, _)| columns), coloured: say::coloured() }
}

/// What is known at one moment.
pub(crate) struct Picture {
    /// The counts and what the receiver did not see.
    pub(crate) status: Value,
    /// The monitors, those that are bad first.
    pub(crate) monitors: Vec<Value>,
    /// Why those are bad of which an incident is open.
    pub(crate) reasons: BTreeMap<String, String>,
    /// Whether there are more of them.
    pub(crate) more: bool,
}

/// Asks for everything.
pub(crate) async fn picture(asking: &Asking, limit: usize) -> Result<Picture, Failed> {
    let status = asking.api.ask(Ask::get(&["status"])).await?.value;
    let listed = pages::list(&asking.api, &["monitors"], "monitors", &[], limit).await?;
    let pages::Listed { items: mut monitors, more, .. } = listed;
    let open = match Object(&status).whole("incidents_open") {
        Some(0) => Vec::new(),
        _ => {
            let query = [("open", "1")];
            pages::list(&asking.api, &["incidents"], "incidents", &query, limit).await?.items
        }
    };
    if !more {
        asking.remember(&monitors);
    }
    status_view::sort(&mut monitors);
    let reasons = status_view::reasons(&open);
    Ok(Picture { status, monitors, reasons, more })
}

/// The monitor of a name; that there is none is no answer to the question whether it is well.
pub(crate) async fn monitor(
    asking: &Asking,
    name: &str,
) -> Result<crate::client::api::Answer, Failed> {
    asking.monitor(name).await.map_err(|failed| match failed.is_missing() {
        true => failed.code(exit::USAGE),
        false => failed,
    })
}

async fn one(asking: &Asking, name: &str, json: bool) -> Result<i32, Failed> {
    let answer = monitor(asking, name).await?;
    if json {
        print(&answer.bytes);
    } else {
        say::data(&monitor_view::full(Object(&answer.value), clock::now(), say::coloured()));
    }
    Ok(code_of(Object(&answer.value).text("status")))
}

/// The exit code that one status means.
pub(crate) fn code_of(status: &str) -> i32 {
    match status_view::standing(status) {
        status_view::Standing::Bad => exit::FAILED,
        _ => exit::OK,
    }
}

async fn all(asking: &Asking, arguments: &StatusArguments) -> Result<i32, Failed> {
    if arguments.json {
        let answer = asking.api.ask(Ask::get(&["status"])).await?;
        print(&answer.bytes);
        return Ok(if status_view::is_bad(&answer.value) { exit::FAILED } else { exit::OK });
    }
    let picture = picture(asking, arguments.limit.unwrap_or(MONITORS_MAX)).await?;
    say::data(&status_view::summary(&asking.api.shown(), &picture.status));
    if !picture.monitors.is_empty() {
        let table = status_view::table(&picture, clock::now(), canvas());
        say::data(&format!("\n{table}"));
    }
    say_more(picture.more, picture.monitors.len(), "monitors");
    let is_bad = status_view::is_bad(&picture.status);
    Ok(if is_bad { exit::FAILED } else { exit::OK })
}

/// Says that a list goes on.
pub(crate) fn say_more(more: bool, shown: usize, what: &str) {
    if more {
        say::warning(format!("only {shown} {what} are shown; `--limit N` shows more"));
    }
}
