//! `hb monitor add`: makes a monitor, and says how its job tells about itself.

use serde_json::Value;

use super::monitor_definition::{DefinitionArguments, usable_name};
use super::receiver::{Asking, Failed, print};
use super::table::{facts, one_line};
use super::{exit, say};
use crate::client::answer::Object;
use crate::client::api::{Ask, Trouble};
use crate::domain::schedule::{Line, Schedule};
use crate::domain::span;
use crate::sys::zone;

/// Makes it, or puts it in place of another.
pub(crate) async fn add(
    asking: &Asking,
    name: &str,
    definition: &DefinitionArguments,
    replace: bool,
    json: bool,
) -> Result<i32, Failed> {
    usable_name(name)?;
    let mut members = definition.members()?;
    members.insert("slug".to_owned(), Value::String(name.to_owned()));
    let body = Value::Object(members);
    let answer = if replace {
        let path = ["monitors", name];
        asking.api.ask(Ask { method: "PUT", ..Ask::post(&path, &body) }).await?
    } else {
        match asking.api.ask(Ask::post(&["monitors"], &body)).await {
            Err(Trouble::Refused { status: 409, .. }) => {
                let why = format!("there is a monitor `{name}` already");
                let hint = format!("`hb monitor edit {name}` changes it, `--replace` replaces it");
                return Err(Failed::because(why).hint(hint));
            }
            answer => answer?,
        }
    };
    if json {
        print(&answer.bytes);
        return Ok(exit::OK);
    }
    let monitor = Object(&answer.value);
    say::data(&told(monitor, asking.is_local));
    for warning in monitor.texts("warnings") {
        say::warning(one_line(warning));
    }
    if let Some(hint) = other_clock(monitor, zone::of_this_host().name()) {
        say::hint(hint);
    }
    Ok(exit::OK)
}

/// What it is, where it is told, and the line to paste.
fn told(monitor: Object<'_>, is_local: bool) -> String {
    let (slug, url) = (monitor.text("slug"), monitor.text("ping_url"));
    let line = monitor.word("schedule").and_then(|text| Line::parse(None, text).ok());
    let expected = match (&line, monitor.word("schedule")) {
        (Some(line), _) => line.schedule.explain(),
        (None, Some(text)) => text.to_owned(),
        (None, None) => "nothing yet; `--schedule` says when".to_owned(),
    };
    // What is counted from the last success goes by no clock.
    let is_counted = line.as_ref().is_none_or(|line| matches!(line.schedule, Schedule::Every(_)));
    let zone = monitor.word("timezone").filter(|_| !is_counted);
    let zone = zone.map(|zone| format!(", {zone}")).unwrap_or_default();
    let grace = monitor.span("grace").map(span::format);
    let grace = grace.map(|grace| format!(", at most {grace} late")).unwrap_or_default();
    // This user's own receiver is found without being named.
    let to = if is_local { String::new() } else { format!(" --to {url}") };
    let command = format!("hb run {slug}{to} -- COMMAND");
    let crontab = match monitor.word("schedule").and_then(cron_fields) {
        Some(fields) => format!("{fields}  {command}"),
        None => command,
    };
    facts(&[
        ("monitor", slug.to_owned()),
        ("expected", format!("{expected}{zone}{grace}")),
        ("ping URL", url.to_owned()),
        ("in a crontab", crontab),
    ])
}

/// A schedule that can stand in front of a line of a crontab.
pub(super) fn cron_fields(schedule: &str) -> Option<&str> {
    let line = Line::parse(None, schedule).ok()?;
    let fields = schedule.trim().trim_start_matches("cron ").trim();
    let alone = fields.split_whitespace().count() == if fields.starts_with('@') { 1 } else { 5 };
    (matches!(line.schedule, Schedule::Cron(_)) && alone).then_some(fields)
}

/// A crontab is read on the clock of its host, whatever the monitor says.
fn other_clock(monitor: Object<'_>, host_zone: &str) -> Option<String> {
    let zone = monitor.word("timezone")?;
    cron_fields(monitor.word("schedule")?)?;
    (zone != host_zone).then(|| {
        let zone = one_line(zone);
        format!("cron on this host goes by `{host_zone}`, the monitor by `{zone}`")
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{other_clock, told};
    use crate::client::answer::Object;

    #[test]
    fn the_line_for_the_crontab_can_be_pasted() {
        let value = json!({"slug": "nightly", "schedule": "0 3 * * *", "timezone": "Europe/Berlin",
            "grace": 5400, "ping_url": "https://hb.example.org/hb/7c8f"});
        let text = told(Object(&value), false);
        let line = "\nin a crontab:  0 3 * * *  hb run nightly --to https://hb.example.org/hb/7c8f -- COMMAND\n";
        assert!(text.contains(line), "{text}");
        assert!(text.contains(", Europe/Berlin, at most 1h 30m late\n"), "{text}");
        let text = told(Object(&value), true);
        assert!(text.contains("\nin a crontab:  0 3 * * *  hb run nightly -- COMMAND\n"), "{text}");
        let every = json!({"slug": "poll", "schedule": "every 1h", "ping_url": "u"});
        let text = told(Object(&every), true);
        assert!(text.contains("\nin a crontab:  hb run poll -- COMMAND\n"), "{text}");
        assert!(other_clock(Object(&value), "UTC").is_some());
        assert_eq!(other_clock(Object(&value), "Europe/Berlin"), None);
        assert_eq!(other_clock(Object(&every), "UTC"), None);
    }
}
