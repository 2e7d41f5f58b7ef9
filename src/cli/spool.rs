//! `hb spool`: events that are not delivered yet, listed, delivered, given up.

use std::ffi::OsString;
use std::time::Duration;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::context::Context;
use super::run_arguments::TellingArguments;
use super::targets::Resolver;
use super::{arguments, exit, run_settle, say};
use crate::domain::time::Moment;
use crate::domain::{span, text};
use crate::journal::spool::{Spool, Spooled, Tries};
use crate::journal::state::State;
use crate::run::housekeeping::{self, Done, Just};
use crate::sys::clock;

/// Time for a flush that somebody asked for.
const FLUSH_BUDGET: Duration = Duration::from_secs(60);

/// How long such a flush waits for another one to end.
const WAIT_MAX: Duration = Duration::from_secs(10);

/// Events that are not delivered yet.
#[derive(Args, Debug)]
pub(crate) struct SpoolArguments {
    #[command(subcommand)]
    action: Option<Action>,
}

/// What is done with them.
#[derive(Subcommand, Debug)]
enum Action {
    /// Show what waits
    List {
        /// One JSON array: id, monitor, event, at, target, why, tries, tried_at, next_try_at
        #[arg(long)]
        json: bool,
    },
    /// Deliver what waits, now
    Flush {
        /// Say nothing when nothing is left
        #[arg(long, short)]
        quiet: bool,
    },
    /// Give events up
    Drop {
        /// The event's id, as `hb spool list` shows it
        #[arg(required_unless_present = "all")]
        id: Vec<String>,
        /// All of them
        #[arg(long, conflicts_with = "id")]
        all: bool,
    },
}

/// Runs the command.
pub(crate) fn main(words: &[OsString]) -> i32 {
    let arguments: SpoolArguments = match arguments::read("spool", words) {
        Ok(arguments) => arguments,
        Err(code) => return code,
    };
    let context = Context::read();
    let state = match context.state_there() {
        Ok(Some(state)) => state,
        Ok(None) => {
            if let Some(Action::List { json: true }) = arguments.action {
                say::data("[]\n");
            } else if !matches!(arguments.action, Some(Action::Flush { quiet: true })) {
                say::data("nothing waits\n");
            }
            return exit::OK;
        }
        Err(why) => {
            say::error(why);
            return exit::FAILED;
        }
    };
    let done = match arguments.action.unwrap_or(Action::List { json: false }) {
        Action::List { json } => list(&state, json),
        Action::Flush { quiet } => flush(&context, &state, quiet),
        Action::Drop { id, all } => give_up(&state, &id, all),
    };
    done.unwrap_or_else(|why| {
        say::error(why);
        exit::FAILED
    })
}

fn list(state: &State, as_json: bool) -> Result<i32, String> {
    let Some(spool) = Spool::open_there(state) else {
        say::data(if as_json { "[]\n" } else { "nothing waits\n" });
        return Ok(exit::OK);
    };
    let contents = spool.read().map_err(|error| format!("the spool cannot be read: {error}"))?;
    for name in &contents.set_aside {
        say::warning(format!("`{name}` cannot be read and was set aside"));
    }
    let now = clock::now();
    let resting = contents.resting(now);
    let next = |spooled: &Spooled| resting.get(&spooled.target).map(|rest| rest.until);
    if as_json {
        let events = contents.events.iter().map(|(id, spooled)| {
            json!({
                "id": id,
                "monitor": spooled.event.monitor,
                "event": spooled.event.kind,
                "run_id": spooled.event.run_id,
                "at": spooled.event.at.to_rfc3339(),
                "target": spooled.name,
                "why": spooled.why,
                "tries": spooled.tries.count,
                "tried_at": spooled.tries.last_at.map(Moment::to_rfc3339),
                "next_try_at": next(spooled).map(Moment::to_rfc3339),
            })
        });
        say::json(&Value::Array(events.collect()));
        return Ok(exit::OK);
    }
    for (id, spooled) in &contents.events {
        let event = &spooled.event;
        let age = span::format(Duration::from_secs(now.since(event.at).as_secs()));
        let (monitor, kind) = (&event.monitor, event.kind.word());
        say::data(&format!(
            "{monitor} {kind} of {age} ago, for {}: {}\n  {}\n  {id}\n",
            spooled.name,
            spooled.why,
            tries(&spooled.tries, next(spooled), now)
        ));
    }
    let aside = spool.aside().len();
    if aside > 0 {
        let (files, are) = (text::count(aside, "file"), if aside == 1 { "is" } else { "are" });
        let place = state.path().join("spool/set-aside");
        say::data(&format!("{files} that cannot be read {are} in {}\n", place.display()));
    }
    if contents.events.is_empty() && aside == 0 {
        say::data("nothing waits\n");
    }
    Ok(exit::OK)
}

/// How often it was tried, and what comes next.
fn tries(tries: &Tries, next: Option<Moment>, now: Moment) -> String {
    let whole = |span: Duration| span::format(Duration::from_secs(span.as_secs()));
    let last = tries.last_at.map(|at| whole(now.since(at)));
    let so_far = match (tries.count, last) {
        (0, _) | (_, None) => "not tried yet".to_owned(),
        (1, Some(ago)) => format!("tried once, {ago} ago"),
        (count, Some(ago)) => format!("tried {count} times, the last {ago} ago"),
    };
    match next {
        None => format!("{so_far}; the next hb tries it"),
        Some(at) => format!(
            "{so_far}; rests for {} more, `hb spool flush` tries it now",
            whole(at.since(now) + Duration::from_millis(999))
        ),
    }
}

fn flush(context: &Context, state: &State, quiet: bool) -> Result<i32, String> {
    let flags = TellingArguments::default();
    let resolver = Resolver {
        config: &context.config,
        kept_in: &context.state_dir,
        flags: &flags,
        key: run_settle::key_of_environment(),
    };
    let resolve = |target: &_, monitor: &str| resolver.spooled(state, target, monitor);
    let began = std::time::Instant::now();
    let done = loop {
        match housekeeping::keep(state, &resolve, FLUSH_BUDGET, &Just::asked()) {
            Ok(Some(done)) => break done,
            Ok(None) if began.elapsed() < WAIT_MAX => {
                std::thread::sleep(Duration::from_millis(100))
            }
            Ok(None) => return Err("another hb is flushing the spool".to_owned()),
            Err(error) => return Err(format!("the spool cannot be flushed: {error:#}")),
        }
    };
    Ok(tell(&done, quiet))
}

fn tell(done: &Done, quiet: bool) -> i32 {
    super::run::tell_done(done);
    if done.waiting > 0 {
        let trouble = done.trouble.as_deref().unwrap_or("there was no time");
        let wait = if done.waiting == 1 { "waits" } else { "wait" };
        say::warning(format!(
            "{} delivered, {} still {wait}: {trouble}",
            done.delivered, done.waiting
        ));
        return exit::TEMPORARY;
    }
    if !quiet {
        say::data(&format!("{} delivered, nothing waits\n", done.delivered));
    }
    exit::OK
}

fn give_up(state: &State, ids: &[String], all: bool) -> Result<i32, String> {
    let Some(spool) = Spool::open_there(state) else {
        say::data("nothing waits\n");
        return Ok(exit::OK);
    };
    let known = spool.ids().map_err(|error| format!("the spool cannot be read: {error}"))?;
    let chosen = if all { known.clone() } else { ids.to_vec() };
    for id in &chosen {
        if !known.contains(id) {
            let shown = text::excerpt(id.as_bytes());
            return Err(format!("no event `{shown}` waits; see `hb spool list`"));
        }
    }
    for id in &chosen {
        spool.remove(id).map_err(|error| format!("cannot drop `{id}`: {error}"))?;
    }
    if all {
        spool.clear_aside().map_err(|error| format!("cannot drop what was set aside: {error}"))?;
    }
    say::data(&format!("{} dropped\n", chosen.len()));
    Ok(exit::OK)
}
