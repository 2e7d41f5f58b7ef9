//! Healthchecks' placeholders in a webhook's URL, headers and body.
//!
//! One pass from left to right: what a value brings along is never looked at again, so a monitor
//! that is called `$BODY` stays `$BODY`. Where names begin alike the longest wins, and a
//! placeholder that means nothing, like `$TAG7` of a monitor with two tags, stays as it is.

use serde_json::{Value, json};

use super::message::{Message, What};
use super::wording;
use crate::domain::address::percent_encode;
use crate::domain::time::Moment;

/// Where a template stands, which decides how values are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Percent-encoded, without `$BODY`.
    Url,
    /// On one line, without `$BODY`.
    Header,
    /// As they are.
    Body,
}

/// The values of a message's placeholders.
pub(crate) struct Values {
    /// The longest name first.
    names: Vec<(String, String)>,
}

impl Values {
    /// The values of `message`, sent at `now`.
    pub(crate) fn new(message: &Message, now: Moment) -> Values {
        let monitor = &message.monitor;
        let name = if monitor.name.is_empty() { &monitor.slug } else { &monitor.name };
        let body = message.body.clone().unwrap_or_else(|| message.last_lines.join("\n"));
        let now = message.at_ms.map_or(now, Moment::from_epoch_ms);
        let json = match &message.monitor_json {
            Some(json) => json.to_string(),
            None => json_of(message).to_string(),
        };
        let quoted = |text: &str| Value::from(text).to_string();
        let mut names = vec![
            ("CODE".to_owned(), monitor.uuid.clone()),
            ("STATUS".to_owned(), status(message).to_owned()),
            ("NOW".to_owned(), iso(now)),
            ("NAME".to_owned(), name.clone()),
            ("NAME_JSON".to_owned(), quoted(name)),
            ("SLUG".to_owned(), monitor.slug.clone()),
            ("TAGS".to_owned(), monitor.tags.join(" ")),
            ("JSON".to_owned(), json),
            ("EXITSTATUS".to_owned(), message.exit_code.unwrap_or(-1).to_string()),
            ("BODY".to_owned(), body.clone()),
            ("BODY_JSON".to_owned(), quoted(&body)),
        ];
        let tags = monitor.tags.iter().enumerate();
        names.extend(tags.map(|(place, tag)| (format!("TAG{}", place + 1), tag.clone())));
        names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        Values { names }
    }

    /// The template with its placeholders replaced.
    pub(crate) fn fill(&self, template: &str, place: Place) -> String {
        let mut filled = String::with_capacity(template.len());
        let mut rest = template;
        while let Some(at) = rest.find('$') {
            filled.push_str(&rest[..at]);
            rest = &rest[at + 1..];
            let found = self.names.iter().find(|(name, _)| {
                rest.starts_with(name.as_str())
                    && (place == Place::Body || !name.starts_with("BODY"))
            });
            match found {
                Some((name, value)) => {
                    filled.push_str(&written(value, place));
                    rest = &rest[name.len()..];
                }
                None => filled.push('$'),
            }
        }
        filled.push_str(rest);
        filled
    }
}

fn written(value: &str, place: Place) -> String {
    match place {
        Place::Url => percent_encode(value),
        Place::Header => value.chars().map(|c| if c.is_control() { ' ' } else { c }).collect(),
        Place::Body => value.to_owned(),
    }
}

/// A moment as Healthchecks writes it: `2026-09-29T01:52:03+00:00`.
fn iso(now: Moment) -> String {
    format!("{}+00:00", now.to_short_utc().replace(' ', "T"))
}

/// `down` or `up`, the two words that Healthchecks has.
pub(crate) fn status(message: &Message) -> &'static str {
    match message.what {
        What::Opened | What::Worse | What::Reminder | What::Test | What::Blind => "down",
        What::Recovered | What::WasDown => "up",
    }
}

/// The message as JSON: the body of a webhook that has none of its own.
pub(crate) fn json_of(message: &Message) -> Value {
    let monitor = &message.monitor;
    json!({
        "what": message.what,
        "state": status(message),
        "subject": wording::subject(message),
        "text": wording::long(message),
        "project": message.project,
        "monitor": {
            "name": monitor.name, "slug": monitor.slug, "uuid": monitor.uuid,
            "owner": monitor.owner, "description": monitor.description,
            "tags": monitor.tags, "url": monitor.url,
        },
        "status": message.status,
        "severity": message.severity,
        "reason": message.reason,
        "expected": message.expected,
        "happened_at": message.happened_at,
        "since": message.since,
        "until": message.until,
        "exit_code": message.exit_code,
        "last_lines": message.last_lines,
        "incident_id": message.incident_id,
        "delivery_id": message.delivery_id,
        "host": message.host,
        "others": message.others,
    })
}
