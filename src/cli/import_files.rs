//! `hb import uptime-kuma` and `hb import cronitor`: what another service wrote into a file.
//!
//! A monitor that can be taken becomes one of the receiver's, with the key that its job pings; what cannot
//! be taken is named with the reason. The same file again changes nothing.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::given::{sent_text_of, text_of};
use super::receiver::{Asking, Failed};
use super::table::one_line;
use super::{exit, import_cronitor, import_kuma, say};
use crate::client::answer::Object;
use crate::client::api::{Ask, Trouble};
use crate::domain::{name, text};

/// What a file holds for us.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Found {
    /// The monitors, as the receiver's API takes them.
    pub(super) monitors: Vec<Map<String, Value>>,
    /// Slugs of those that are paused.
    pub(super) paused: Vec<String>,
    /// Names of those that are left out, each with the reason.
    pub(super) skipped: Vec<(String, String)>,
    slugs: BTreeSet<String>,
}

impl Found {
    /// A slug of a name that no other monitor of the file has.
    pub(super) fn slug(&mut self, from: &str) -> String {
        let first = name::slug_of(from);
        let mut slug = first.clone();
        let mut number = 2;
        while !self.slugs.insert(slug.clone()) {
            slug = format!("{first}-{number}");
            number += 1;
        }
        slug
    }
}

/// Takes over the file of an Uptime Kuma.
pub(super) async fn kuma(asking: &Asking, file: &Path) -> Result<i32, Failed> {
    let whole = json_in(file, "Settings > Backup of Uptime Kuma 1 writes it")?;
    let found = import_kuma::read(&whole).map_err(|why| wrong(file, why))?;
    take(asking, found, "paused in Uptime Kuma").await
}

/// Takes over the file of a Cronitor.
pub(super) async fn cronitor(
    asking: &Asking,
    file: &Path,
    key_file: Option<&Path>,
) -> Result<i32, Failed> {
    let hint = "YAML is not read; `curl -u API_KEY: https://cronitor.io/api/monitors` gives JSON";
    let whole = json_in(file, hint)?;
    let key = key_file.map(text_of).transpose()?;
    let key = key.as_deref().map(|key| key.lines().next().unwrap_or_default().trim());
    let here = asking.api.ask(Ask::get(&["channels"])).await?;
    let channels: Vec<&str> =
        Object(&here.value).items("channels").iter().map(|one| Object(one).text("name")).collect();
    let found = import_cronitor::read(&whole, key, &channels).map_err(|why| wrong(file, why))?;
    let code = take(asking, found, "paused in Cronitor").await?;
    if key.is_none() {
        say::hint(
            "with `--ping-key-file` jobs that ping `/p/<api key>/<monitor key>` arrive unchanged",
        );
    }
    Ok(code)
}

fn wrong(file: &Path, why: &str) -> Failed {
    let shown = text::excerpt(file.as_os_str().as_encoded_bytes());
    Failed::usage(format!("`{shown}`: {why}"))
}

fn json_in(file: &Path, hint: &str) -> Result<Value, Failed> {
    serde_json::from_str(&sent_text_of(file)?).map_err(|error| {
        let place = format!("it is no JSON: line {}, column {}", error.line(), error.column());
        wrong(file, &place).hint(hint)
    })
}

/// Makes the monitors. One that the receiver does not take is left out, and the others are not.
async fn take(asking: &Asking, mut found: Found, reason: &str) -> Result<i32, Failed> {
    let mut monitors = std::mem::take(&mut found.monitors);
    let body = |monitors: &[Map<String, Value>], dry_run: bool| json!({ "monitors": monitors, "dry_run": dry_run });
    let tried = asking.api.ask(Ask::post(&["apply"], &body(&monitors, true))).await;
    if let Err(Trouble::Refused { mistakes, .. }) = &tried
        && !mistakes.is_empty()
    {
        let mut bad: Vec<(usize, &str)> = mistakes
            .iter()
            .filter_map(|one| {
                let at = usize::try_from(Object(one).whole("at")?).ok()?;
                Some((at, Object(one).text("message")))
            })
            .collect();
        bad.sort_unstable();
        bad.dedup_by_key(|(at, _)| *at);
        for (at, why) in bad.into_iter().rev() {
            if at >= monitors.len() {
                continue;
            }
            let monitor = monitors.remove(at);
            let name = monitor.get("name").and_then(Value::as_str).unwrap_or_default();
            found.skipped.push((name.to_owned(), why.to_owned()));
        }
    } else {
        tried?;
    }
    let answer = asking.api.ask(Ask::post(&["apply"], &body(&monitors, false))).await?;
    let done = Object(&answer.value);
    for slug in done.items("created").iter().map(|one| Object(one).text("slug")) {
        if found.paused.iter().any(|paused| paused == slug) {
            let body = json!({ "reason": reason });
            asking.api.ask(Ask::post(&["monitors", slug, "pause"], &body)).await?;
        }
    }
    for (name, why) in &found.skipped {
        say::warning(format!("`{}` is left out: {}", one_line(name), one_line(why)));
    }
    let count = |member: &str| done.items(member).len();
    let paused = text::count(found.paused.len(), "paused one");
    say::data(&format!(
        "{} created, {} changed, {} as they were, {} left out; {paused}\n",
        count("created"),
        count("changed"),
        count("unchanged"),
        found.skipped.len(),
    ));
    Ok(exit::OK)
}
