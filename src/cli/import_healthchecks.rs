//! `hb import healthchecks`: everything that a Healthchecks knows, over its API, into a receiver of ours.
//!
//! First all checks, then the pings and flips of each, the oldest first. The receiver says how far it is
//! with each check, so the same command again goes on where it was interrupted, and takes what is new.
//! What was fetched before the other service gave out is sent on all the same.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::path::Path;
use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::task::JoinSet;

use super::given::text_of;
use super::receiver::{Asking, Failed};
use super::table::one_line;
use super::{exit, say};
use crate::client::answer::Object;
use crate::client::api::{Ask, Trouble};
use crate::client::healthchecks::Source;
use crate::domain::time::Moment;
use crate::domain::{base64, text};

/// Checks in one call of the receiver.
const CHECKS_AT_ONCE: usize = 100;

/// Bytes of pings in one call: below a quarter of what the receiver reads.
const CALL_BYTES_MAX: usize = 3 * 1024 * 1024;

/// Pieces of checks in one call.
const PIECES_AT_ONCE: usize = 50;

/// Questions to the other service at the same time: it serves others as well.
const ASKING_MAX: usize = 8;

/// Time for the receiver's answer.
const PATIENCE: Duration = Duration::from_secs(120);

/// A check whose history is to be fetched.
struct Waiting {
    uuid: String,
    /// The number of the newest ping that was taken, as the other service counts.
    newest_n: u64,
    /// The latest moment of one.
    newest_at: Option<Moment>,
}

impl Waiting {
    /// Whether a ping was not taken yet; the receiver looks again.
    fn is_new(&self, ping: &Value) -> bool {
        let at = ping["date"].as_str().and_then(Moment::parse_rfc3339);
        let is_later = self.newest_at.is_some_and(|newest_at| at > Some(newest_at));
        ping["n"].as_u64().unwrap_or(0) > self.newest_n || is_later
    }
}

/// What was fetched of a check, in pieces that fit into a call, each with its size.
struct Fetched {
    pieces: Vec<(Value, usize)>,
    /// Why there is no more of it.
    trouble: Option<Trouble>,
}

/// Pieces that wait for their call.
#[derive(Default)]
struct Outgoing {
    pieces: Vec<Value>,
    bytes: usize,
}

/// What has come of it so far.
#[derive(Default)]
struct Sum {
    became: HashMap<String, usize>,
    pings: u64,
    flips: u64,
    is_wrong: bool,
}

/// Runs the command.
pub(super) async fn import(
    asking: &Asking,
    url: &str,
    key_file: &Path,
    with_history: bool,
) -> Result<i32, Failed> {
    let key = text_of(key_file)?;
    let key = key.lines().next().unwrap_or_default().trim();
    if key.is_empty() {
        let shown = text::excerpt(key_file.as_os_str().as_encoded_bytes());
        return Err(Failed::usage(format!("`{shown}` is empty; it holds the API key alone")));
    }
    let source = Source::new(url, key).map_err(Failed::usage)?;
    let checks = source.checks().await.map_err(of_source)?;
    if let Some(check) = checks.iter().find(|check| Object(check).word("uuid").is_none()) {
        let name = one_line(Object(check).text("name"));
        let why = format!("the key of `{}` shows no uuid of `{name}`", source.shown());
        return Err(Failed::because(why).hint("it takes a read-write key, not a read-only one"));
    }
    let channels = source.channels().await.map_err(of_source)?;
    let mut sum = Sum::default();
    let waiting = take_checks(asking, &checks, &channels, &mut sum).await?;
    if with_history {
        take_history(asking, &source, waiting, &mut sum).await?;
    }
    say::progress("");
    if source.lost() > 0 {
        let (place, lost) = (one_line(&source.shown()), source.lost());
        say::warning(format!(
            "`{place}` could not give the bodies of {lost} pings; those pings are here without one"
        ));
    }
    tell_channels(asking, &checks, &channels).await?;
    say::data(&sum.told(&source.shown()));
    Ok(if sum.is_wrong { exit::FAILED } else { exit::OK })
}

fn of_source(trouble: Trouble) -> Failed {
    let hint = match &trouble {
        Trouble::Unreached(_) | Trouble::Busy(_) => "the same command goes on where this one ended",
        Trouble::Key(_) => "`--key-file` names a file with a read-write API key of that project",
        Trouble::Missing(_) => "it takes a Healthchecks with API version 3",
        Trouble::Odd(_) | Trouble::Refused { .. } => "the URL is that of the start page",
    };
    let may_pass = matches!(trouble, Trouble::Unreached(_) | Trouble::Busy(_));
    say::progress("");
    let code = if may_pass { exit::TEMPORARY } else { exit::FAILED };
    Failed::because(trouble.to_string()).hint(hint).code(code)
}

/// Makes the monitors; gives those that have pings which are not here yet.
async fn take_checks(
    asking: &Asking,
    checks: &[Value],
    channels: &[Value],
    sum: &mut Sum,
) -> Result<VecDeque<Waiting>, Failed> {
    let names: HashMap<&str, &str> = channels
        .iter()
        .map(|channel| (Object(channel).text("id"), Object(channel).text("name")))
        .collect();
    let mut waiting = VecDeque::new();
    for (number, some) in checks.chunks(CHECKS_AT_ONCE).enumerate() {
        say::progress(&format!("checks {}/{}", number * CHECKS_AT_ONCE, checks.len()));
        let pieces: Vec<Value> = some
            .iter()
            .map(|check| {
                let ids = Object(check).text("channels").split(',');
                let told: Vec<&str> = ids.filter_map(|id| names.get(id).copied()).collect();
                // No deadline counts before its pings are here, too.
                json!({ "uuid": check["uuid"], "check": check, "channels": told, "more": true })
            })
            .collect();
        let answer = send(asking, pieces).await?;
        for (check, became) in some.iter().zip(Object(&answer).items("checks").iter().map(Object)) {
            sum.add(became, Object(check).text("name"));
            if became.text("became") == "refused" {
                continue;
            }
            let newest_n = became.whole("newest_n").and_then(|n| u64::try_from(n).ok());
            waiting.push_back(Waiting {
                uuid: Object(check).text("uuid").to_owned(),
                newest_n: newest_n.unwrap_or(0),
                newest_at: Moment::parse_rfc3339(became.text("newest_at")),
            });
        }
    }
    Ok(waiting)
}

/// Fetches the history of several checks at a time, and sends it on as it comes.
async fn take_history(
    asking: &Asking,
    source: &Source,
    mut waiting: VecDeque<Waiting>,
    sum: &mut Sum,
) -> Result<(), Failed> {
    let all = waiting.len();
    let mut tasks: JoinSet<Fetched> = JoinSet::new();
    let (mut outgoing, mut trouble, mut done) = (Outgoing::default(), None, 0);
    loop {
        while tasks.len() < ASKING_MAX
            && trouble.is_none()
            && let Some(next) = waiting.pop_front()
        {
            tasks.spawn(fetch(source.clone(), next));
        }
        let Some(joined) = tasks.join_next().await else { break };
        let fetched = joined.map_err(|error| Failed::because(error.to_string()))?;
        for (piece, size) in fetched.pieces {
            let is_full =
                outgoing.bytes + size > CALL_BYTES_MAX || outgoing.pieces.len() >= PIECES_AT_ONCE;
            if is_full {
                deliver(asking, std::mem::take(&mut outgoing), sum).await?;
            }
            outgoing.bytes += size;
            outgoing.pieces.push(piece);
        }
        // The others that were being asked about may be told to their end.
        trouble = trouble.or(fetched.trouble);
        done += 1;
        say::progress(&format!("history {done}/{all}, {} pings", sum.pings));
    }
    deliver(asking, outgoing, sum).await?;
    trouble.map_or(Ok(()), |trouble| Err(of_source(trouble)))
}

/// What is new of one check, as far as it is to be had.
async fn fetch(source: Source, of: Waiting) -> Fetched {
    let mut pieces = Vec::new();
    let trouble = fetch_into(&mut pieces, &source, &of).await.err();
    Fetched { pieces, trouble }
}

async fn fetch_into(
    pieces: &mut Vec<(Value, usize)>,
    source: &Source,
    of: &Waiting,
) -> Result<(), Trouble> {
    let mut pings = source.pings(&of.uuid).await?;
    pings.reverse();
    let flips = source.flips(&of.uuid).await?;
    let (mut some, mut bytes) = (Vec::new(), 0);
    for ping in pings {
        if !of.is_new(&ping) {
            continue;
        }
        let body = match ping["body_url"].is_string() {
            true => source.body(&of.uuid, ping["n"].as_u64().unwrap_or(0)).await.map(Some),
            false => Ok(None),
        };
        let Ok(body) = body else {
            // The next import goes on behind what is here.
            pieces.push((json!({ "uuid": of.uuid, "pings": some, "more": true }), bytes));
            return body.map(drop);
        };
        let mut moving = members(&ping);
        if let Some(body) = body {
            let body = match String::from_utf8(body) {
                Ok(text) => Value::from(text),
                Err(error) => json!({ "base64": base64::encode(error.as_bytes()) }),
            };
            moving.insert("body".to_owned(), body);
        }
        let moving = Value::Object(moving);
        let size = moving.to_string().len();
        if bytes + size > CALL_BYTES_MAX {
            let piece =
                json!({ "uuid": of.uuid, "pings": std::mem::take(&mut some), "more": true });
            pieces.push((piece, bytes));
            bytes = 0;
        }
        bytes += size;
        some.push(moving);
    }
    pieces.push((json!({ "uuid": of.uuid, "pings": some, "flips": flips }), bytes + 1000));
    Ok(())
}

/// The members of a ping that are taken.
fn members(ping: &Value) -> Map<String, Value> {
    const TAKEN: [&str; 8] = ["n", "type", "date", "scheme", "remote_addr", "method", "ua", "rid"];
    let all = ping.as_object().into_iter().flatten();
    all.filter(|(name, _)| TAKEN.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

async fn deliver(asking: &Asking, outgoing: Outgoing, sum: &mut Sum) -> Result<(), Failed> {
    if outgoing.pieces.is_empty() {
        return Ok(());
    }
    let answer = send(asking, outgoing.pieces).await?;
    for became in Object(&answer).items("checks").iter().map(Object) {
        let count =
            |name: &str| became.whole(name).and_then(|n| u64::try_from(n).ok()).unwrap_or(0);
        sum.pings += count("pings");
        sum.flips += count("flips");
        if became.text("became") == "refused" {
            sum.add(became, became.text("uuid"));
        }
    }
    Ok(())
}

async fn send(asking: &Asking, pieces: Vec<Value>) -> Result<Value, Failed> {
    let body = json!({ "checks": pieces });
    let path = ["import", "healthchecks"];
    let ask = Ask { patience: Some(PATIENCE), ..Ask::post(&path, &body) };
    let answer = asking.api.ask(ask).await;
    if answer.is_err() {
        say::progress("");
    }
    Ok(answer?.value)
}

/// Channels that there are not here: an API shows their names, and none of their secrets.
async fn tell_channels(
    asking: &Asking,
    checks: &[Value],
    channels: &[Value],
) -> Result<(), Failed> {
    let here = asking.api.ask(Ask::get(&["channels"])).await?;
    let here: BTreeSet<&str> =
        Object(&here.value).items("channels").iter().map(|one| Object(one).text("name")).collect();
    for channel in channels.iter().map(Object) {
        let used = checks.iter().any(|check| {
            Object(check).text("channels").split(',').any(|id| id == channel.text("id"))
        });
        if used && !here.contains(channel.text("name")) {
            let (name, kind) = (one_line(channel.text("name")), one_line(channel.text("kind")));
            say::warning(format!(
                "channel `{name}` ({kind}) is not here, and its settings are in no API"
            ));
            say::hint(
                "make one of that name with `hb channel add`, then import again; until then checks with no known channel tell all of them",
            );
        }
    }
    Ok(())
}

impl Sum {
    fn add(&mut self, became: Object<'_>, name: &str) {
        let word = became.text("became");
        *self.became.entry(word.to_owned()).or_default() += 1;
        let name = one_line(name);
        match word {
            "refused" => {
                self.is_wrong = true;
                say::progress("");
                say::warning(format!("check `{name}` was not taken: {}", became.text("why")));
            }
            "kept" => {
                say::progress("");
                say::warning(format!("check `{name}` is kept in a file here and stays as it is"));
            }
            _ => {}
        }
    }

    fn told(&self, source: &str) -> String {
        let count = |word: &str| self.became.get(word).copied().unwrap_or(0);
        format!(
            "from {}: {} created, {} changed, {} as they were, {} refused; {} new pings, {} new flips\n",
            one_line(source),
            count("created"),
            count("changed"),
            count("known") + count("kept"),
            count("refused"),
            self.pings,
            self.flips,
        )
    }
}
