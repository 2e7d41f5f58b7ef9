//! `hb channel`: the ways in which a receiver tells people.

use std::ffi::OsString;
use std::time::Duration;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::channel_settings::SettingsArguments;
use super::monitor::each;
use super::receiver::{Asking, Failed, ReceiverArguments, ask, in_a_path, print};
use super::status::{MONITORS_MAX, canvas, say_more};
use super::table::{Cell, Colour, draw, one_line};
use super::{arguments, exit, moments, monitor_view, prompt, say};
use crate::client::answer::Object;
use crate::client::api::{Answer, Ask, Trouble};
use crate::client::pages;
use crate::domain::nearest::nearest;
use crate::domain::text;
use crate::sys::clock;
use crate::sys::inherited::Inherited;

/// Time for a test: the receiver gives a channel half a minute.
const TEST_PATIENCE: Duration = Duration::from_secs(45);

/// The channels of a receiver.
#[derive(Args, Debug)]
pub(crate) struct ChannelArguments {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    receiver: ReceiverArguments,
}

/// What is done with them.
#[derive(Subcommand, Debug)]
enum Action {
    /// Show them, and whether they work
    List {
        /// At most N [default: 1000]
        #[arg(long, value_name = "N")]
        limit: Option<usize>,
        /// The receiver's answer
        #[arg(long)]
        json: bool,
    },
    /// Make one
    Add {
        /// Its name
        #[arg(value_name = "CHANNEL")]
        name: String,
        #[command(flatten)]
        settings: Box<SettingsArguments>,
        /// The receiver's answer
        #[arg(long)]
        json: bool,
    },
    /// Change what is given, leave the rest
    Edit {
        /// The channel
        #[arg(value_name = "CHANNEL")]
        name: String,
        #[command(flatten)]
        settings: Box<SettingsArguments>,
        /// Give it another name
        #[arg(long, value_name = "CHANNEL")]
        rename: Option<String>,
        /// The receiver's answer
        #[arg(long)]
        json: bool,
    },
    /// Send a message through it that says it is a test
    Test {
        /// The channel
        #[arg(value_name = "CHANNEL")]
        name: String,
        /// The receiver's answer
        #[arg(long)]
        json: bool,
    },
    /// Remove it
    Rm {
        /// The channels
        #[arg(value_name = "CHANNEL", required = true)]
        names: Vec<String>,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
}

/// Runs the command.
pub(crate) fn main(inherited: &Inherited, words: &[OsString]) -> i32 {
    let arguments: ChannelArguments = match arguments::read("channel", words) {
        Ok(arguments) => arguments,
        Err(code) => return code,
    };
    super::run::mask_arguments(inherited);
    ask(&arguments.receiver, async |asking| match arguments.action {
        Action::List { limit, json } => list(asking, limit.unwrap_or(MONITORS_MAX), json).await,
        Action::Add { name, settings, json } => add(asking, &name, &settings, json).await,
        Action::Edit { name, settings, rename, json } => {
            edit(asking, &name, &settings, rename, json).await
        }
        Action::Test { name, json } => test(asking, &name, json).await,
        Action::Rm { names, yes } => remove(asking, &names, yes).await,
    })
}

async fn list(asking: &Asking, limit: usize, json: bool) -> Result<i32, Failed> {
    let listed = pages::list(&asking.api, &["channels"], "channels", &[], limit).await?;
    if json {
        print(&listed.json());
        return Ok(exit::OK);
    }
    if listed.items.is_empty() {
        say::data("no channels yet, so nobody is told; `hb channel add` makes one\n");
        return Ok(exit::OK);
    }
    let now = clock::now();
    let rows: Vec<Vec<Cell>> = listed.items.iter().map(|one| row(Object(one), now)).collect();
    say::data(&draw(&["channel", "kind", "last sent", "last failed", "where"], &rows, canvas()));
    say_more(listed.more, listed.items.len(), "channels");
    Ok(exit::OK)
}

fn row(channel: Object<'_>, now: crate::domain::time::Moment) -> Vec<Cell> {
    let moment = |name: &str| channel.moment(name);
    let ago = |name: &str| moment(name).map(|at| moments::distance(at, now)).unwrap_or_default();
    let (ok, error) = (moment("last_ok_at"), moment("last_error_at"));
    let fails = error.is_some_and(|error| ok.is_none_or(|ok| error > ok));
    let error = channel.word("last_error").filter(|_| fails);
    let (whither, colour) = match (channel.word("disabled"), error, channel.word("last_note")) {
        (Some(why), ..) => (format!("switched off: {why}"), fails.then_some(Colour::Red)),
        (None, Some(why), _) => (why.to_owned(), Some(Colour::Red)),
        (None, None, Some(note)) => (note.to_owned(), Some(Colour::Yellow)),
        (None, None, None) => (place(channel), fails.then_some(Colour::Red)),
    };
    vec![
        Cell::from(channel.text("name")),
        Cell::from(channel.text("kind")),
        Cell::from(ago("last_ok_at")),
        Cell::coloured(&ago("last_error_at"), fails.then_some(Colour::Red)),
        Cell::coloured(&whither, colour),
    ]
}

/// Where a channel leads, as much as the receiver shows of it.
fn place(channel: Object<'_>) -> String {
    let inner = channel.object("settings");
    let either = |name: &str| channel.word(name).or_else(|| inner.and_then(|i| i.word(name)));
    let to = inner.map(|inner| inner.texts("to")).unwrap_or_default();
    let to = if to.is_empty() { channel.texts("to") } else { to };
    if !to.is_empty() {
        return to.join(" ");
    }
    let argv = inner.map(|inner| inner.texts("argv")).unwrap_or_default();
    let argv = if argv.is_empty() { channel.texts("argv") } else { argv };
    either("url").map(str::to_owned).unwrap_or_else(|| argv.join(" "))
}

async fn add(
    asking: &Asking,
    name: &str,
    settings: &SettingsArguments,
    json: bool,
) -> Result<i32, Failed> {
    let mut members = settings.members(None)?;
    if !members.contains_key("kind") {
        let why = "a channel needs `--kind`: email, slack, discord, ntfy, webhook or command";
        return Err(Failed::usage(why));
    }
    members.insert("name".to_owned(), json!(name));
    let answer = match asking.api.ask(Ask::post(&["channels"], &Value::Object(members))).await {
        Err(Trouble::Refused { status: 409, .. }) => {
            let why = format!("there is a channel `{}` already", text::excerpt(name.as_bytes()));
            return Err(Failed::because(why).hint(format!("`hb channel edit {name}` changes it")));
        }
        answer => answer?,
    };
    if json {
        print(&answer.bytes);
    } else {
        say::data(&format!(
            "`{0}` is there; `hb channel test {0}` sends a test through it\n",
            one_line(name)
        ));
    }
    Ok(exit::OK)
}

async fn edit(
    asking: &Asking,
    name: &str,
    settings: &SettingsArguments,
    rename: Option<String>,
    json: bool,
) -> Result<i32, Failed> {
    // Which flags fit is known by its kind, which is asked for only where there are some.
    let mut members = settings.members(None)?;
    if let Some(new) = rename {
        members.insert("name".to_owned(), Value::String(new));
    }
    if members.is_empty() {
        let why = "nothing was said to change; as in `hb channel edit ops --to a@example.com`";
        return Err(Failed::usage(why));
    }
    let body = Value::Object(members);
    let path = ["channels", name];
    let answer = about(asking, name, Ask { method: "PATCH", ..Ask::post(&path, &body) }).await?;
    if json {
        print(&answer.bytes);
    } else {
        say::data(&format!("`{}` was changed\n", one_line(name)));
    }
    Ok(exit::OK)
}

async fn test(asking: &Asking, name: &str, json: bool) -> Result<i32, Failed> {
    let (path, body) = (["channels", name, "test"], json!({}));
    let ask = Ask { patience: Some(TEST_PATIENCE), ..Ask::post(&path, &body) };
    let answer = about(asking, name, ask).await?;
    let sent = answer.value["sent"] == Value::Bool(true);
    if json {
        print(&answer.bytes);
        return Ok(if sent { exit::OK } else { exit::FAILED });
    }
    let shown = one_line(name);
    if sent {
        let note = answer.value.get("note").map(monitor_view::plain);
        let note = note.map(|note| format!("; {}", one_line(&note))).unwrap_or_default();
        say::data(&format!("a test was sent through `{shown}`{note}; has it arrived?\n"));
        return Ok(exit::OK);
    }
    let why = answer.value.get("error").map(monitor_view::plain).unwrap_or_default();
    Err(Failed::because(format!("the test could not be sent through `{shown}`: {why}")))
}

async fn remove(asking: &Asking, names: &[String], yes: bool) -> Result<i32, Failed> {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    if !yes && !prompt::agreed(&format!("remove {}?", quoted.join(", "))) {
        return Err(Failed::because("nothing was removed"));
    }
    each(names, async |name| {
        let path = ["channels", name];
        about(asking, name, Ask { method: "DELETE", ..Ask::get(&path) }).await?;
        say::data(&format!("`{}` was removed\n", one_line(name)));
        Ok(())
    })
    .await
}

/// Asks about one channel; a name that there is not is told with the nearest.
async fn about(asking: &Asking, name: &str, ask: Ask<'_>) -> Result<Answer, Failed> {
    in_a_path(name)?;
    match asking.api.ask(ask).await {
        Err(Trouble::Missing(_)) => {
            let listed =
                pages::list(&asking.api, &["channels"], "channels", &[], MONITORS_MAX).await;
            let items = listed.map(|listed| listed.items).unwrap_or_default();
            let known = items.iter().map(|item| Object(item).text("name"));
            let near = nearest(name, known).map(|near| text::excerpt(near.as_bytes()));
            let near = near.map(|near| format!(", did you mean `{near}`?")).unwrap_or_default();
            let shown = text::excerpt(name.as_bytes());
            Err(Failed::because(format!("there is no channel `{shown}`{near}"))
                .hint("`hb channel list` shows them"))
        }
        answer => Ok(answer?),
    }
}
