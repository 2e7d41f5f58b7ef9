//! The words a woken person reads: which monitor, what happened, since when; then the rest.
//!
//! All of it is text without markup; a channel escapes it for its own. Every field is held to one
//! line and a bounded length here, so that a monitor's name cannot add a line that looks like ours.
#![cfg_attr(not(test), expect(dead_code, reason = "channels that show one short line come later"))]

use super::message::{LAST_LINES_BYTES_MAX, LAST_LINES_MAX, Message, What};
use super::together;
use crate::domain::{text, unix_signal};

/// Characters of a name in a subject: longer ones hide what happened.
const NAME_CHARS_MAX: usize = 100;

/// Characters of any other field.
const FIELD_CHARS_MAX: usize = 500;

/// Characters of a short text: what a lock screen and a text message show.
const SHORT_CHARS_MAX: usize = 480;

/// A field on one line: nothing that ends a line, steers a terminal, turns the reading direction or
/// takes no room, and not longer than `chars_max`.
pub(crate) fn one_line(field: &str, chars_max: usize) -> String {
    let flat: String = field
        .chars()
        .map(|c| if matches!(c, '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}') { ' ' } else { c })
        .filter(|c| !matches!(c, '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}' | '\u{ad}'))
        .collect();
    shortened(text::without_controls(flat.trim()).trim(), chars_max)
}

/// At most so many characters, the last of them `…` where some are missing.
pub(crate) fn shortened(text: &str, chars_max: usize) -> String {
    match text.char_indices().nth(chars_max) {
        None => text.to_owned(),
        Some(_) => {
            let kept: String = text.chars().take(chars_max.saturating_sub(1)).collect();
            format!("{}…", kept.trim_end())
        }
    }
}

/// What the monitor is called.
pub(crate) fn name(message: &Message) -> String {
    let monitor = &message.monitor;
    let given = [&monitor.name, &monitor.slug].map(|name| one_line(name, NAME_CHARS_MAX));
    given.into_iter().find(|name| !name.is_empty()).unwrap_or_else(|| "hb".to_owned())
}

/// One line that says it all: `MISSED: nightly backup, since 2026-09-29 03:40 Europe/Berlin`.
pub(crate) fn subject(message: &Message) -> String {
    let name = match together::and_more(message) {
        Some(more) => format!("{} {more}", name(message)),
        None => name(message),
    };
    let status = one_line(&message.status, NAME_CHARS_MAX).to_uppercase();
    let (since, until) = (since(message), until(message));
    match message.what {
        What::Opened => format!("{status}: {name}, since {since}"),
        What::Worse => format!("WORSE, NOW {status}: {name}, since {since}"),
        What::Reminder => format!("STILL {status}: {name}, since {since}"),
        What::Recovered => format!("RECOVERED: {name}, at {until}"),
        What::WasDown => format!("WAS {status}: {name}, from {since} until {until}"),
        What::Test => format!("TEST: {name}, nothing is wrong"),
        What::Blind => format!("BLIND: hb saw nothing from {since} until {until}"),
    }
}

/// The same as a sentence: `nightly backup has been missing since 2026-09-29 03:40 Europe/Berlin`.
pub(crate) fn sentence(message: &Message) -> String {
    let more = together::and_more(message).map(|more| match message.what.is_good() {
        true => format!("; {more} are well again, too"),
        false => format!("; {more} are not well either"),
    });
    format!("{}{}", own_sentence(message), more.unwrap_or_default())
}

fn own_sentence(message: &Message) -> String {
    let name = name(message);
    let been = been(&one_line(&message.status, NAME_CHARS_MAX));
    let (since, until) = (since(message), until(message));
    match message.what {
        What::Opened => format!("{name} has {been} since {since}"),
        What::Worse => {
            let now = local(&message.happened_at);
            format!(
                "{name} got worse: it has {been} since {now}, and has not been well since {since}"
            )
        }
        What::Reminder => format!("{name} is still not well: it has {been} since {since}"),
        What::Recovered => {
            format!("{name} has been well again since {until}; it had {been} since {since}")
        }
        What::WasDown => {
            let late = "hb could not say so earlier";
            format!("{name} had {been} from {since} until {until} and is well again; {late}")
        }
        What::Test => format!("this is a test for {name}; nothing is wrong"),
        What::Blind => format!("hb saw nothing from {since} until {until}"),
    }
}

/// Why, in a sentence; where no reason is known, what happened.
pub(crate) fn reason(message: &Message) -> String {
    let reason = one_line(&message.reason, FIELD_CHARS_MAX);
    if reason.is_empty() { sentence(message) } else { reason }
}

/// What a status word means, behind `has` or `had`.
fn been(status: &str) -> String {
    match status {
        "missed" => "been missing".to_owned(),
        "failed" => "been failing".to_owned(),
        "verify-failed" => "been failing its verification".to_owned(),
        "vanished" => "been gone in the middle of a run".to_owned(),
        "overrun" => "been running for too long".to_owned(),
        "stalled" => "been running without moving".to_owned(),
        "partial" => "been done only in part".to_owned(),
        other => format!("been {other}"),
    }
}

fn since(message: &Message) -> String {
    local(message.since.as_deref().unwrap_or(&message.happened_at))
}

fn until(message: &Message) -> String {
    local(message.until.as_deref().unwrap_or(&message.happened_at))
}

/// A moment without the UTC in brackets, which the facts repeat in full.
fn local(when: &str) -> String {
    let when = one_line(when, NAME_CHARS_MAX);
    match when.split_once(" (") {
        Some((local, utc)) if utc.ends_with(" UTC)") => local.to_owned(),
        Some(_) | None => when,
    }
}

/// What else there is to know, in the order in which it helps.
pub(crate) fn facts(message: &Message) -> Vec<(&'static str, String)> {
    let monitor = &message.monitor;
    let about_a_monitor = !(monitor.name.is_empty() && monitor.slug.is_empty());
    let owner = monitor.owner.clone().filter(|owner| !owner.trim().is_empty());
    let owner = owner.or_else(|| about_a_monitor.then(|| "nobody is named".to_owned()));
    let bad = matches!(message.what, What::Opened | What::Worse | What::Reminder);
    let told = message.what != What::Test;
    let happened = Some(message.happened_at.clone()).filter(|happened| {
        told && ![&message.since, &message.until].contains(&&Some(happened.clone()))
    });
    let facts = [
        ("too", together::named(message)),
        ("owner", owner),
        (expected_label(message), message.expected.clone()),
        ("exit code", message.exit_code.map(exit_code)),
        ("since", message.since.clone().filter(|_| told)),
        ("until", message.until.clone().filter(|_| told)),
        ("happened", happened),
        ("severity", bad.then(|| message.severity.word().to_owned())),
        ("project", Some(message.project.clone())),
        ("tags", Some(monitor.tags.join(", "))),
        ("about", monitor.description.clone()),
    ];
    facts
        .into_iter()
        .filter_map(|(label, value)| Some((label, one_line(&value?, FIELD_CHARS_MAX))))
        .filter(|(_, value)| !value.is_empty())
        .collect()
}

/// A run that failed was there; what is expected is the next one.
fn expected_label(message: &Message) -> &'static str {
    match message.status.as_str() {
        "missed" | "late" => "expected",
        _ => "next due",
    }
}

/// `1`, or `-9 (SIGKILL)`.
fn exit_code(code: i32) -> String {
    match code {
        0.. => code.to_string(),
        _ => format!("{code} ({})", unix_signal::name(code.saturating_neg())),
    }
}

/// The last lines of the job's output, each harmless by itself; of too many the last.
pub(crate) fn quoted(message: &Message) -> Vec<String> {
    let beyond = message.last_lines.len().saturating_sub(LAST_LINES_MAX);
    let mut room = LAST_LINES_BYTES_MAX;
    let mut quoted = Vec::new();
    for line in message.last_lines[beyond..].iter().rev() {
        let line = line.replace(['\n', '\r', '\u{2028}', '\u{2029}'], " ");
        let line = shortened(&text::without_controls(&line), LAST_LINES_BYTES_MAX / 4);
        if line.len() > room {
            break;
        }
        room -= line.len();
        quoted.push(line);
    }
    quoted.reverse();
    quoted
}

/// How to acknowledge: the words, and a URL that may be followed.
pub(crate) fn acknowledge(message: &Message) -> Option<(String, Option<String>)> {
    let how = message.how_to_ack.as_ref()?;
    let url = how.url.as_deref().and_then(web_url);
    let words = one_line(&how.text, FIELD_CHARS_MAX);
    (url.is_some() || !words.is_empty()).then_some((words, url))
}

/// The monitor's page, where it is one that may be followed.
pub(crate) fn page(message: &Message) -> Option<String> {
    message.monitor.url.as_deref().and_then(web_url)
}

/// A URL that a reader may be led to.
fn web_url(url: &str) -> Option<String> {
    let of_the_web = url.starts_with("https://") || url.starts_with("http://");
    let plain = url.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '<' | '>' | '"' | '\''));
    let harmless = plain && !url.contains(['|', '`', '\\']) && url.len() <= FIELD_CHARS_MAX;
    (of_the_web && harmless).then(|| url.to_owned())
}

/// A few lines for small screens: what happened, why, whose it is, how to acknowledge.
pub(crate) fn short(message: &Message) -> String {
    let mut end = String::new();
    let owner = facts(message).into_iter().find(|(label, _)| *label == "owner");
    if let Some((label, value)) = owner {
        end.push_str(&format!("\n{label}: {}", shortened(&value, NAME_CHARS_MAX)));
    }
    if let Some((words, url)) = acknowledge(message) {
        let how = url.unwrap_or_else(|| shortened(&words, NAME_CHARS_MAX));
        end.push_str(&format!("\nacknowledge: {how}"));
    }
    let sentence = sentence(message);
    // The first line and the end are what helps, so it is the reason that gives way.
    let taken = sentence.chars().count() + end.chars().count() + 1;
    let reason = one_line(&message.reason, SHORT_CHARS_MAX.saturating_sub(taken));
    let reason = if reason.is_empty() { reason } else { format!("\n{reason}") };
    format!("{sentence}{reason}{end}")
}

/// The whole text.
pub(crate) fn long(message: &Message) -> String {
    let sentence = sentence(message);
    let reason = reason(message);
    let reason = if reason == sentence { String::new() } else { format!("{reason}\n") };
    format!("{sentence}\n{reason}{}", details(message))
}

/// The whole text behind its first two lines, for what stands below a title.
pub(crate) fn details(message: &Message) -> String {
    let mut text = String::new();
    let facts = facts(message);
    if !facts.is_empty() {
        text.push('\n');
    }
    for (label, value) in facts {
        let label = format!("{label}:");
        text.push_str(&format!("{label:<11}{value}\n"));
    }
    let lines = quoted(message);
    if !lines.is_empty() {
        text.push_str("\nlast lines of its output:\n");
    }
    for line in lines {
        text.push_str(&format!("  {line}\n"));
    }
    if let Some((words, url)) = acknowledge(message) {
        text.push_str("\nto acknowledge: ");
        let both = [words, url.unwrap_or_default()].into_iter().filter(|part| !part.is_empty());
        text.push_str(&both.collect::<Vec<_>>().join("\n  or open "));
        text.push('\n');
    }
    if let Some(page) = page(message) {
        text.push_str(&format!("\nthe monitor: {page}\n"));
    }
    if !message.incident_id.is_empty() {
        text.push_str(&format!("incident: {}\n", one_line(&message.incident_id, NAME_CHARS_MAX)));
    }
    text
}
