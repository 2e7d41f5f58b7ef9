//! `hb import uptime-kuma` and `hb import cronitor`: what another service wrote into a file.
//!
//! A monitor that can be taken becomes one of the receiver's, with the key that its job pings; what cannot
//! be taken is named with the reason. The same file again changes nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use serde_json::{Map, Value, json};

use super::given::{sent_text_of, text_of};
use super::receiver::{Asking, Failed};
use super::table::one_line;
use super::{exit, import_cronitor, import_kuma, monitor_export, say};
use crate::client::answer::Object;
use crate::client::api::{Ask, Trouble};
use crate::domain::{name, text};

/// Of a name that is told of; one that is too long is why some are left out.
const NAME_CHARS_SHOWN: usize = 80;

/// What a file holds for us.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Found {
    /// The monitors, as the receiver's API takes them.
    pub(super) monitors: Vec<Map<String, Value>>,
    /// Slugs of those that are paused.
    pub(super) paused: Vec<String>,
    /// Names of those that are nothing for a receiver, each with the reason.
    pub(super) skipped: Vec<(String, String)>,
    /// Names of those that wait for a job and cannot be taken, each with the reason.
    pub(super) refused: Vec<(String, String)>,
    /// Whether the slug says which monitor it is, too, and not the keys alone.
    pub(super) is_known_by_slug: bool,
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

    /// Gives those whose key the receiver knows the slug that they have there, and the others one that is
    /// nobody's: two services may both have a `Backup`, and a name may have changed.
    fn settle(&mut self, known: &[Value]) {
        let owners: HashMap<&Value, &str> = known
            .iter()
            .map(Object)
            .flat_map(|one| one.items("keys").iter().map(move |key| (key, one.text("slug"))))
            .filter(|(_, slug)| !slug.is_empty())
            .collect();
        self.slugs = known.iter().map(|one| Object(one).text("slug").to_owned()).collect();
        let mut monitors = std::mem::take(&mut self.monitors);
        let paused = std::mem::take(&mut self.paused);
        for monitor in &mut monitors {
            let keys = monitor.get("keys").and_then(Value::as_array).into_iter().flatten();
            let owner = keys.filter_map(|key| owners.get(key)).next();
            let was = monitor.get("slug").and_then(Value::as_str).unwrap_or_default().to_owned();
            let slug = match owner {
                Some(owner) => (*owner).to_owned(),
                None if self.is_known_by_slug => was.clone(),
                None => self.slug(monitor.get("name").and_then(Value::as_str).unwrap_or_default()),
            };
            if paused.contains(&was) {
                self.paused.push(slug.clone());
            }
            monitor.insert("slug".to_owned(), json!(slug));
        }
        self.monitors = monitors;
    }
}

/// Takes over the file of an Uptime Kuma.
pub(super) async fn kuma(asking: &Asking, file: &Path) -> Result<i32, Failed> {
    let hint = "Settings > Backup of Uptime Kuma 1 writes it; `man hb-import` says how to get it from \
        the database of Uptime Kuma 2";
    let whole = json_in(file, hint)?;
    let channels = channels(asking).await?;
    let found = import_kuma::read(&whole, &channels).map_err(|why| wrong(file, why).hint(hint))?;
    take(asking, found, "paused in Uptime Kuma").await
}

/// Names of the receiver's channels.
async fn channels(asking: &Asking) -> Result<Vec<String>, Failed> {
    let here = asking.api.ask(Ask::get(&["channels"])).await?;
    let name = |one| Object(one).text("name").to_owned();
    Ok(Object(&here.value).items("channels").iter().map(name).collect())
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
    let channels = channels(asking).await?;
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
    let sent = sent_text_of(file).map_err(|failed| failed.hint(hint))?;
    serde_json::from_str(sent.trim_start_matches('\u{feff}')).map_err(|error| {
        let place = format!("it is no JSON: line {}, column {}", error.line(), error.column());
        wrong(file, &place).hint(hint)
    })
}

/// Makes the monitors. One that the receiver does not take is left out, and the others are not.
async fn take(asking: &Asking, mut found: Found, reason: &str) -> Result<i32, Failed> {
    found.settle(&monitor_export::definitions(asking).await?);
    let mut monitors = std::mem::take(&mut found.monitors);
    let body = |monitors: &[Map<String, Value>], dry_run: bool| json!({ "monitors": monitors, "dry_run": dry_run });
    let tried = asking.api.ask(Ask::post(&["apply"], &body(&monitors, true))).await;
    if let Err(Trouble::Refused { mistakes, .. }) = &tried
        && !mistakes.is_empty()
    {
        let mut bad: BTreeMap<usize, &str> = BTreeMap::new();
        for one in mistakes.iter().map(Object) {
            if let Some(at) = one.whole("at").and_then(|at| usize::try_from(at).ok()) {
                bad.entry(at).or_insert(one.text("message"));
            }
        }
        let mut taken = Vec::with_capacity(monitors.len());
        for (at, monitor) in monitors.into_iter().enumerate() {
            let Some(why) = bad.get(&at) else {
                taken.push(monitor);
                continue;
            };
            let name = monitor.get("name").and_then(Value::as_str).unwrap_or_default();
            found.refused.push((name.to_owned(), (*why).to_owned()));
        }
        monitors = taken;
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
    for (name, why) in found.skipped.iter().chain(&found.refused) {
        let shown: String = one_line(name).chars().take(NAME_CHARS_SHOWN).collect();
        say::warning(format!("`{shown}` is left out: {}", one_line(why)));
    }
    let count = |member: &str| done.items(member).len();
    let paused = text::count(found.paused.len(), "paused one");
    say::data(&format!(
        "{} created, {} changed, {} as they were, {} left out; {paused}\n",
        count("created"),
        count("changed"),
        count("unchanged"),
        found.skipped.len() + found.refused.len(),
    ));
    Ok(if found.refused.is_empty() { exit::OK } else { exit::FAILED })
}
