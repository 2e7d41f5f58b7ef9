//! `hb monitor`: the monitors of a receiver: made, shown, changed, paused, removed.

use std::ffi::OsString;

use clap::{Args, Subcommand};
use serde_json::Value;

use super::monitor_definition::{DefinitionArguments, usable_name};
use super::receiver::{Asking, Failed, ReceiverArguments, ask, in_a_path, print};
use super::status::{MONITORS_MAX, canvas, say_more};
use super::table::one_line;
use super::{
    arguments, exit, monitor_added, monitor_apply, monitor_export, monitor_pause, monitor_view,
    prompt, say, status_view,
};
use crate::client::answer::Object;
use crate::client::api::{Ask, Trouble};
use crate::client::pages;
use crate::domain::text;
use crate::sys::clock;

/// Runs and events shown where nobody says how many.
const LINES: usize = 20;

/// The monitors of a receiver.
#[derive(Args, Debug)]
pub(crate) struct MonitorArguments {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    receiver: ReceiverArguments,
}

/// What is done with them.
#[derive(Subcommand, Debug)]
enum Action {
    /// Show them with their schedules
    List(ListArguments),
    /// Show one in full
    Show {
        /// The monitor
        #[arg(value_name = "MONITOR")]
        name: String,
        /// The receiver's answer
        #[arg(long)]
        json: bool,
    },
    /// Make one, and print its ping URL and a line for the crontab
    Add {
        /// Its name: letters, digits, `.`, `_`, `-`
        #[arg(value_name = "MONITOR")]
        name: String,
        #[command(flatten)]
        definition: Box<DefinitionArguments>,
        /// Where one of this name exists, replace its definition
        #[arg(long)]
        replace: bool,
        /// The receiver's answer
        #[arg(long)]
        json: bool,
    },
    /// Change what is given, leave the rest
    Edit {
        /// The monitor
        #[arg(value_name = "MONITOR")]
        name: String,
        #[command(flatten)]
        definition: Box<DefinitionArguments>,
        /// Give it another name; ping URLs with the old one lead nowhere then
        #[arg(long, value_name = "MONITOR")]
        rename: Option<String>,
        /// The receiver's answer
        #[arg(long)]
        json: bool,
    },
    /// Keep it quiet: what happens is recorded, and nobody is told
    Pause(monitor_pause::PauseArguments),
    /// End a pause
    Resume {
        /// The monitors
        #[arg(value_name = "MONITOR", required = true)]
        names: Vec<String>,
    },
    /// Remove it with its history
    Rm {
        /// The monitors
        #[arg(value_name = "MONITOR", required = true)]
        names: Vec<String>,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
    /// Print its ping URL, and nothing else
    Url {
        /// The monitor
        #[arg(value_name = "MONITOR")]
        name: String,
    },
    /// Print them as the file that `apply` reads
    Export(monitor_export::ExportArguments),
    /// Make the monitors of a file those of the receiver: all of them, or none
    Apply(monitor_apply::ApplyArguments),
    /// Take it out of the hands of the file that it is kept in: it can be changed here again
    Release {
        /// The monitors
        #[arg(value_name = "MONITOR", required = true)]
        names: Vec<String>,
    },
    /// Show its runs, or one of them with its output
    Runs {
        /// The monitor
        #[arg(value_name = "MONITOR")]
        name: String,
        /// This run in full
        #[arg(value_name = "RUN")]
        run: Option<String>,
        #[command(flatten)]
        page: PageArguments,
    },
    /// Show what was heard of it
    Events {
        /// The monitor
        #[arg(value_name = "MONITOR")]
        name: String,
        #[command(flatten)]
        page: PageArguments,
    },
}

/// Which monitors are listed.
#[derive(Args, Debug)]
struct ListArguments {
    /// Only those with this label
    #[arg(long, value_name = "TAG")]
    tag: Option<String>,
    /// Only those of this status, or `bad` for all that need somebody
    #[arg(long, value_name = "STATUS")]
    status: Option<String>,
    /// At most N [default: 1000]
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// The receiver's answer
    #[arg(long)]
    json: bool,
}

/// How much is shown.
#[derive(Args, Debug)]
struct PageArguments {
    /// The newest N [default: 20]
    #[arg(short = 'n', long, value_name = "N")]
    limit: Option<usize>,
    /// The receiver's answer
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(crate) fn main(words: &[OsString]) -> i32 {
    let arguments: MonitorArguments = match arguments::read("monitor", words) {
        Ok(arguments) => arguments,
        Err(code) => return code,
    };
    ask(&arguments.receiver, async |asking| match arguments.action {
        Action::List(wanted) => list(asking, &wanted).await,
        Action::Show { name, json } => show(asking, &name, json).await,
        Action::Add { name, definition, replace, json } => {
            monitor_added::add(asking, &name, &definition, replace, json).await
        }
        Action::Edit { name, definition, rename, json } => {
            edit(asking, &name, &definition, rename, json).await
        }
        Action::Pause(wanted) => monitor_pause::pause(asking, &wanted).await,
        Action::Resume { names } => monitor_pause::resume(asking, &names).await,
        Action::Rm { names, yes } => remove(asking, &names, yes).await,
        Action::Url { name } => url(asking, &name).await,
        Action::Export(wanted) => monitor_export::export(asking, &wanted).await,
        Action::Apply(wanted) => monitor_apply::apply(asking, &wanted).await,
        Action::Release { names } => monitor_apply::release(asking, &names).await,
        Action::Runs { name, run: Some(run), page } => one_run(asking, &name, &run, &page).await,
        Action::Runs { name, run: None, page } => part(asking, &name, "runs", &page).await,
        Action::Events { name, page } => part(asking, &name, "events", &page).await,
    })
}

async fn list(asking: &Asking, wanted: &ListArguments) -> Result<i32, Failed> {
    let limit = wanted.limit.unwrap_or(MONITORS_MAX);
    let mut listed = pages::list(&asking.api, &["monitors"], "monitors", &[], limit).await?;
    if !listed.more {
        asking.remember(&listed.items);
    }
    listed.retain(|one| {
        let monitor = Object(one);
        let status = monitor.text("status");
        let is_bad = status_view::standing(status) == status_view::Standing::Bad;
        let tagged = wanted.tag.as_deref().is_none_or(|tag| monitor.texts("tags").contains(&tag));
        let fits = |word: &str| word == status || (word == "bad" && is_bad);
        tagged && wanted.status.as_deref().is_none_or(fits)
    });
    if wanted.json {
        print(&listed.json());
    } else if listed.items.is_empty() {
        let any = wanted.tag.is_some() || wanted.status.is_some();
        let line = if any { "no monitor is like that\n" } else { "no monitors yet\n" };
        say::data(line);
    } else {
        say::data(&monitor_view::table(&listed.items, canvas()));
    }
    say_more(listed.more, listed.items.len(), "monitors");
    Ok(exit::OK)
}

async fn show(asking: &Asking, name: &str, json: bool) -> Result<i32, Failed> {
    let answer = asking.monitor(name).await?;
    if json {
        print(&answer.bytes);
    } else {
        say::data(&monitor_view::full(Object(&answer.value), clock::now(), say::coloured()));
    }
    Ok(exit::OK)
}

async fn edit(
    asking: &Asking,
    name: &str,
    definition: &DefinitionArguments,
    rename: Option<String>,
    json: bool,
) -> Result<i32, Failed> {
    let mut members = definition.members()?;
    if let Some(new) = rename {
        usable_name(&new)?;
        members.insert("slug".to_owned(), Value::String(new));
    }
    if members.is_empty() {
        let why = "nothing was said to change; as in `hb monitor edit nightly --grace 2h`";
        return Err(Failed::usage(why));
    }
    let body = Value::Object(members);
    let path = ["monitors", name];
    let ask = Ask { method: "PATCH", ..Ask::post(&path, &body) };
    let answer = asking.about(name, ask).await?;
    if json {
        print(&answer.bytes);
    } else {
        say::data(&monitor_view::full(Object(&answer.value), clock::now(), say::coloured()));
    }
    Ok(exit::OK)
}

async fn remove(asking: &Asking, names: &[String], yes: bool) -> Result<i32, Failed> {
    if !yes && !prompt::agreed(&format!("remove {} with all history?", quoted(names))) {
        return Err(Failed::because("nothing was removed"));
    }
    each(names, async |name| {
        let path = ["monitors", name];
        let ask = Ask { method: "DELETE", ..Ask::get(&path) };
        asking.about(name, ask).await?;
        say::data(&format!("`{name}` was removed\n"));
        Ok(())
    })
    .await
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// Does the same for each name; one that fails keeps no other from being done.
pub(super) async fn each(
    names: &[String],
    work: impl AsyncFn(&str) -> Result<(), Failed>,
) -> Result<i32, Failed> {
    let mut code = exit::OK;
    for name in names {
        in_a_path(name)?;
        if let Err(failed) = work(name).await {
            // What keeps one from being reached keeps all.
            if failed.may_pass() || names.len() == 1 {
                return Err(failed);
            }
            code = failed.tell();
        }
    }
    Ok(code)
}

async fn url(asking: &Asking, name: &str) -> Result<i32, Failed> {
    let answer = asking.monitor(name).await?;
    match Object(&answer.value).word("ping_url") {
        Some(url) => say::data(&format!("{}\n", one_line(url))),
        None => return Err(Failed::because(format!("the receiver tells no ping URL of `{name}`"))),
    }
    Ok(exit::OK)
}

async fn part(
    asking: &Asking,
    name: &str,
    part: &'static str,
    page: &PageArguments,
) -> Result<i32, Failed> {
    let listed = asking.part(name, part, page.limit.unwrap_or(LINES)).await?;
    if page.json {
        print(&listed.json());
    } else if listed.items.is_empty() {
        say::data(&format!("no {part} of `{name}` yet\n"));
    } else if part == "runs" {
        say::data(&monitor_view::runs(&listed.items, canvas()));
    } else {
        say::data(&monitor_view::events(&listed.items, canvas()));
    }
    Ok(exit::OK)
}

async fn one_run(
    asking: &Asking,
    name: &str,
    run: &str,
    page: &PageArguments,
) -> Result<i32, Failed> {
    in_a_path(run)?;
    let answer = match asking.api.ask(Ask::get(&["runs", run])).await {
        Err(Trouble::Missing(_)) => {
            let shown = text::excerpt(run.as_bytes());
            let why = format!("there is no run `{shown}`");
            return Err(Failed::because(why).hint(format!("`hb monitor runs {name}` shows them")));
        }
        answer => answer?,
    };
    if page.json {
        print(&answer.bytes);
    } else {
        say::data(&monitor_view::run(Object(&answer.value)));
    }
    Ok(exit::OK)
}
