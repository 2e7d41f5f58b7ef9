//! `hb export`: everything that a receiver knows of a project, as one JSON object.
//!
//! Events come last and are written as they are read: there may be more of them than fit into memory.

use std::ffi::OsString;

use clap::Args;
use serde_json::{Value, json};

use super::receiver::{Asking, Failed, ReceiverArguments, ask};
use super::{arguments, exit, monitor_export, say};
use crate::client::answer::Object;
use crate::client::api::Ask;
use crate::client::pages;
use crate::sys::clock;

/// Things of one kind that are asked for at most: as many pages as `client::pages` turns.
const ITEMS_MAX: usize = 100_000;

/// What stands in the place of a secret, as in the settings of channels.
const MASK: &str = "****";

/// Export everything.
#[derive(Args, Debug)]
pub(crate) struct ExportArguments {
    /// All events, too; of a large receiver that is much
    #[arg(long)]
    events: bool,
    #[command(flatten)]
    receiver: ReceiverArguments,
}

/// Runs the command.
pub(crate) fn main(words: &[OsString]) -> i32 {
    let arguments: ExportArguments = match arguments::read("export", words) {
        Ok(arguments) => arguments,
        Err(code) => return code,
    };
    ask(&arguments.receiver, async |asking| export(asking, arguments.events).await)
}

async fn export(asking: &Asking, with_events: bool) -> Result<i32, Failed> {
    let monitors = all(asking, &["monitors"], "monitors").await?;
    let definitions = masked(monitor_export::definitions(asking).await?);
    let channels = asking.api.ask(Ask::get(&["channels"])).await?;
    let incidents = all(asking, &["incidents"], "incidents").await?;
    let whole = json!({
        "exported_at": clock::now().to_rfc3339(),
        "receiver": asking.api.shown(),
        "monitors": monitors,
        "definitions": definitions,
        "channels": Object(&channels.value).items("channels"),
        "incidents": incidents,
    });
    let whole = whole.to_string();
    if !with_events {
        say::data(&format!("{whole}\n"));
        return Ok(exit::OK);
    }
    say::data(&format!("{},\"events\":[", whole.strip_suffix('}').unwrap_or_default()));
    let mut is_first = true;
    for monitor in monitors.iter().map(Object) {
        let (id, slug) = (monitor.text("id"), monitor.text("slug"));
        for mut event in all(asking, &["monitors", id, "events"], "events").await? {
            event["monitor"] = Value::from(id);
            event["slug"] = Value::from(slug);
            say::data(&format!("{}{event}", if is_first { "\n" } else { ",\n" }));
            is_first = false;
        }
    }
    say::data("\n]}\n");
    Ok(exit::OK)
}

/// Definitions with no key of another service in them: each opens its monitor as a ping URL does.
fn masked(mut definitions: Vec<Value>) -> Vec<Value> {
    let keys = definitions.iter_mut().filter_map(|one| one.get_mut("keys")?.as_array_mut());
    for part in keys.flatten().filter_map(|key| key.get_mut("key")?.as_array_mut()).flatten() {
        *part = Value::from(MASK);
    }
    definitions
}

async fn all(asking: &Asking, path: &[&str], member: &'static str) -> Result<Vec<Value>, Failed> {
    let listed = pages::list(&asking.api, path, member, &[], ITEMS_MAX).await?;
    if listed.more {
        say::warning(format!("there are more than {ITEMS_MAX} {member}; the others are left out"));
    }
    Ok(listed.items)
}
