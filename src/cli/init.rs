//! `hb init`: this host's configuration, its keys and a first monitor, in one go.
//!
//! It may be run again and again: what is there and right stays, what is there and different stays, too,
//! until `--force` says otherwise. In the end a ping goes the way that every ping will go, through the
//! files that were just written; only that shows that all of it fits together.

use std::ffi::OsString;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use super::init_files::{GivenKeys, Written, put};
use super::monitor_added::cron_fields;
use super::monitor_definition::{DefinitionArguments, usable_name};
use super::receiver::Failed;
use super::table::facts;
use super::{arguments, exit, ping, say};
use crate::client::answer::Object;
use crate::client::api::{Api, Ask, Credential, Receiver, Trouble};
use crate::client::local;
use crate::config::find;
use crate::domain::address::Address;
use crate::domain::dialect::{Dialect, Place};
use crate::sys::http::ClientSettings;
use crate::sys::inherited::Inherited;

/// The longest answer to a question.
const ANSWER_BYTES_MAX: u64 = 4_096;

/// Set up this host: configuration, keys, a first monitor
#[derive(Args, Debug)]
pub(crate) struct InitArguments {
    /// Where pings go: the address of an `hb serve`, or a ping URL of any service [default: the `hb serve`
    /// of this user on this host]
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    /// A file with the ping key, the API key, or the lines `HB_PING_KEY=` and `HB_API_KEY=` of both, such as
    /// the one that `hb serve` has made
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// The first monitor; with an API key it is made on the server
    #[arg(long, value_name = "NAME")]
    monitor: Option<String>,
    #[command(flatten)]
    definition: DefinitionArguments,
    /// Replace a configuration and keys that are there; the old configuration stays as config.toml.old
    #[arg(long)]
    force: bool,
    /// Send no test ping
    #[arg(long)]
    no_ping: bool,
}

/// Runs the command.
pub(crate) fn main(inherited: &Inherited, words: &[OsString]) -> i32 {
    let arguments: InitArguments = match arguments::read("init", words) {
        Ok(arguments) => arguments,
        Err(code) => return code,
    };
    match init(&arguments) {
        Ok(Done { rows, code, monitor }) => {
            let pinged = monitor.filter(|_| !arguments.no_ping && code == exit::OK);
            let sent = pinged
                .map(|name| ping::main(inherited, &[OsString::from(name), OsString::from("test")]));
            let mut rows = rows;
            let word = sent.map(|code| match code {
                exit::OK => "delivered",
                exit::TEMPORARY => "not delivered, and kept; `hb doctor` says what is wrong",
                _ => "refused; `hb doctor` says what is wrong",
            });
            let crontab = rows.pop();
            rows.extend(word.map(|word| ("test ping", word.to_owned())));
            rows.extend(crontab);
            say::data(&facts(&rows));
            if code == exit::OK { sent.unwrap_or(code) } else { code }
        }
        Err(failed) => failed.tell(),
    }
}

/// What was done: what is said of it, what to exit with, and the monitor to ping. The last row is the
/// line for the crontab.
struct Done {
    rows: Vec<(&'static str, String)>,
    code: i32,
    monitor: Option<String>,
}

/// Where pings go.
enum Server {
    /// To this user's own receiver, which nobody needs to name.
    Here(String),
    /// To an `hb serve`.
    Hb(String),
    /// To something else.
    Other(String),
}

fn init(arguments: &InitArguments) -> Result<Done, Failed> {
    if let Some(name) = &arguments.monitor {
        usable_name(name)?;
    }
    let place = find::own_file(|name| std::env::var_os(name)).ok_or_else(|| {
        Failed::because("this user has no home directory to keep the configuration in")
            .hint("say where with HB_CONFIG")
    })?;
    if place == Path::new("/dev/null") {
        return Err(Failed::usage(
            "`HB_CONFIG` is /dev/null, so there is no configuration to write",
        ));
    }
    let given = arguments.key_file.as_deref().map(GivenKeys::read).transpose()?;
    let has_api_key = given.as_ref().is_some_and(|keys| keys.api.is_some());
    let server = server(arguments, has_api_key)?;
    let keys = given.unwrap_or_else(|| match server {
        Server::Here(_) => {
            let api = local::find().and_then(|local| local.api_key());
            GivenKeys { ping: None, api }
        }
        Server::Hb(_) | Server::Other(_) => GivenKeys::default(),
    });
    let (mut rows, mut code, mut ping_url) = (Vec::new(), exit::OK, None);
    let mut failed = None;
    if let (Some(name), Some(key), Server::Here(url) | Server::Hb(url)) =
        (&arguments.monitor, &keys.api, &server)
    {
        match make(url, key, name, &arguments.definition) {
            Ok((word, url)) => {
                rows.push(("monitor", format!("`{name}` {word}")));
                ping_url = Some(url);
            }
            Err(why) => failed = Some(why),
        }
    }
    let ours = Ours { server: &server, keys: &keys, ping_url, place: &place, arguments };
    let files = ours.write()?;
    files.into_iter().rev().for_each(|row| rows.insert(0, row));
    if let Some(failed) = failed {
        code = failed.tell();
        rows.push(("monitor", "was not made; run this again when that is mended".to_owned()));
    }
    let name = arguments.monitor.as_deref().unwrap_or("NAME");
    let command = format!("hb run {name} -- COMMAND");
    let schedule = arguments.definition.schedule.as_deref().and_then(cron_fields);
    let line = schedule.map_or(command.clone(), |fields| format!("{fields}  {command}"));
    rows.push(("in a crontab", line));
    Ok(Done { rows, code, monitor: arguments.monitor.clone() })
}

/// Where pings are to go: the option, this host's own receiver, or what a person answers.
fn server(arguments: &InitArguments, has_api_key: bool) -> Result<Server, Failed> {
    let given = match (&arguments.server, local::find()) {
        (Some(url), _) => url.clone(),
        (None, Some(local)) => return Ok(Server::Here(local.url)),
        (None, None) => question("Where do pings go? The address of an hb serve, or a ping URL:")
            .ok_or_else(|| {
            Failed::usage("no server is named, and no `hb serve` of this user runs here")
                .hint("say where pings go with `--server URL`, or start `hb serve` first")
        })?,
    };
    let wrong = |why: String| Failed::usage(format!("`--server` cannot be used: {why}"));
    let address = Address::parse(&given).map_err(wrong)?;
    let known = Dialect::recognise(&address, Place::default()).map(|(dialect, _)| dialect.name());
    let url = given.trim_end_matches('/').to_owned();
    let is_bare = address.segments().iter().all(|segment| segment.is_empty());
    // An address with nothing behind it is where an hb serve is, unless its name is a service's; one
    // with a path is, where there is a key for hb's API.
    let is_hb = matches!(known, None | Some("get_success")) && (is_bare || has_api_key);
    Ok(if is_hb { Server::Hb(url) } else { Server::Other(url) })
}

/// What a person at the terminal answers, if there is one.
fn question(words: &str) -> Option<String> {
    let (input, mut output) = (std::io::stdin(), std::io::stderr());
    if !input.is_terminal() || !output.is_terminal() {
        return None;
    }
    output.write_all(format!("{words} ").as_bytes()).ok()?;
    let mut answer = String::new();
    std::io::BufRead::read_line(
        &mut std::io::Read::take(input.lock(), ANSWER_BYTES_MAX),
        &mut answer,
    )
    .ok()?;
    let answer = answer.trim();
    (!answer.is_empty()).then(|| answer.to_owned())
}

/// Makes the monitor, or finds it made; gives what was done, and its ping URL.
fn make(
    url: &str,
    key: &str,
    name: &str,
    definition: &DefinitionArguments,
) -> Result<(String, String), Failed> {
    let address = Address::parse(url).map_err(Failed::usage)?;
    let client = ClientSettings::default();
    let receiver = Receiver {
        address,
        client,
        credential: Credential::Key(key.to_owned()),
        headers: Vec::new(),
    };
    let api = Api::new(receiver).map_err(Failed::because)?;
    let mut members = definition.members()?;
    members.insert("slug".to_owned(), json!(name));
    let body = serde_json::Value::Object(members);
    let runtime = crate::sys::runtime::build();
    let runtime =
        runtime.map_err(|error| Failed::because(format!("cannot set up HTTP: {error}")))?;
    let done = runtime.block_on(async {
        match api.ask(Ask::post(&["monitors"], &body)).await {
            Ok(answer) => Ok((answer, format!("was made at {}", api.shown()))),
            Err(Trouble::Refused { status: 409, .. }) => {
                let answer = api.ask(Ask::get(&["monitors", name])).await?;
                Ok((answer, format!("is there already, and stays as it is, at {}", api.shown())))
            }
            Err(trouble) => Err(Failed::from(trouble)),
        }
    });
    runtime.shutdown_background();
    let (answer, word) = done?;
    Ok((word, Object(&answer.value).text("ping_url").to_owned()))
}

/// What is written, and where.
struct Ours<'a> {
    server: &'a Server,
    keys: &'a GivenKeys,
    ping_url: Option<String>,
    place: &'a Path,
    arguments: &'a InitArguments,
}

impl Ours<'_> {
    /// Writes the keys, then the configuration that names them.
    fn write(&self) -> Result<Vec<(&'static str, String)>, Failed> {
        let mut rows = Vec::new();
        if !matches!(self.server, Server::Here(_)) {
            for (key, name) in [(&self.keys.ping, "ping-key"), (&self.keys.api, "api-key")] {
                let Some(key) = key else { continue };
                let file = self.beside(name);
                let written = put(&file, &format!("{key}\n"), self.arguments.force)?;
                rows.push(("key", said(&file, written)));
            }
        }
        let written = put(self.place, &self.config(), self.arguments.force)?;
        rows.insert(0, ("configuration", said(self.place, written)));
        Ok(rows)
    }

    fn beside(&self, name: &str) -> PathBuf {
        self.place.with_file_name(name)
    }

    /// The configuration. A JSON text is a TOML text as well.
    fn config(&self) -> String {
        let mut text = "# Made by `hb init`; `hb doctor` checks it.\n".to_owned();
        let mut add = |line: String| text.push_str(&line);
        let file = |name: &str| json!(format!("file:{}", self.beside(name).display()));
        let has_way = self.keys.ping.is_some();
        match self.server {
            Server::Here(_) => {
                add("# Pings go to the `hb serve` that this user runs here.\n".into())
            }
            Server::Hb(url) => {
                if has_way {
                    add("\n[defaults]\nto = [\"home\"]\n\n[targets.home]\n".into());
                    add(format!(
                        "url = {}\ndialect = \"hb\"\nkey = {}\n",
                        json!(url),
                        file("ping-key")
                    ));
                }
                if self.keys.api.is_some() {
                    add(format!("\n[server]\nurl = {}\nkey = {}\n", json!(url), file("api-key")));
                }
            }
            Server::Other(url) => {
                add("\n[defaults]\nto = [\"home\"]\n\n[targets.home]\n".into());
                add(format!("url = {}\n", json!(url)));
                if has_way {
                    add(format!("key = {}\n", file("ping-key")));
                }
            }
        }
        let Some(name) = &self.arguments.monitor else { return text };
        add(format!("\n[monitors.{}]\n", json!(name)));
        if let (Server::Hb(_), false, Some(url)) = (self.server, has_way, &self.ping_url) {
            add(format!("to = [{}]\n", json!(url)));
        }
        // A monitor that could not be made now is made by its first run.
        let definition = &self.arguments.definition;
        for (key, value) in [("schedule", &definition.schedule), ("timezone", &definition.tz)] {
            if let (Some(value), None) = (value, &self.ping_url) {
                add(format!("{key} = {}\n", json!(value)));
            }
        }
        text
    }
}

fn said(file: &Path, written: Written) -> String {
    let word = match written {
        Written::New => "written",
        Written::Same => "is as it should be",
        Written::Replaced => "replaced",
        Written::Other => "is another, and stays; `--force` replaces it",
    };
    format!("{} {word}", file.display())
}
