//! Slack's incoming webhooks, and what imitates them (Mattermost, Rocket.Chat).
//!
//! Everything is shown literally: markup is switched off wherever Slack has a switch, `&<>` are
//! escaped so that no `<!channel>` or link can form, and the words that call everybody get a
//! character without width behind their `@`, because imitations know no switches. Links are not
//! unfurled: a preview must not press the button that acknowledges.

use serde_json::{Value, json};

use super::message::{Message, What};
use super::request::Request;
use super::wording;

/// Characters of the quoted lines: Slack folds longer texts.
const LINES_CHARS_MAX: usize = 2_500;

/// The request.
pub(crate) fn render(url: &str, message: &Message) -> Request {
    Request::json(url, &body(message))
}

fn body(message: &Message) -> Value {
    let mut fields: Vec<Value> = wording::facts(message)
        .into_iter()
        .map(|(label, value)| json!({ "title": label, "value": literal(&value), "short": true }))
        .collect();
    if let Some((words, url)) = wording::acknowledge(message) {
        let both = [words, url.unwrap_or_default()].into_iter().filter(|part| !part.is_empty());
        let both = literal(&both.collect::<Vec<_>>().join(" or "));
        fields.push(json!({ "title": "to acknowledge", "value": both, "short": false }));
    }
    if let Some(page) = wording::page(message) {
        fields.push(json!({ "title": "the monitor", "value": literal(&page), "short": false }));
    }
    let subject = literal(&wording::subject(message));
    let lines = wording::quoted(message).join("\n");
    let mut attachment = json!({
        "color": colour(message.what),
        "fallback": subject,
        "fields": fields,
        "mrkdwn_in": [],
    });
    if !lines.is_empty() {
        attachment["text"] = Value::String(literal(&tail(&lines)));
    }
    json!({
        "text": format!("{subject}\n{}", literal(&wording::reason(message))),
        "mrkdwn": false,
        "parse": "none",
        "link_names": false,
        "unfurl_links": false,
        "unfurl_media": false,
        "attachments": [attachment],
    })
}

fn colour(what: What) -> &'static str {
    match what {
        What::Opened | What::Worse | What::Reminder => "danger",
        What::Recovered | What::WasDown => "good",
        What::Test | What::Blind => "#5b6470",
    }
}

/// The end of a text that is too long.
fn tail(text: &str) -> String {
    let beyond = text.chars().count().saturating_sub(LINES_CHARS_MAX);
    text.chars().skip(beyond).collect()
}

/// Text that stays text.
fn literal(text: &str) -> String {
    quiet(&text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"))
}

/// Without a word that calls everybody, whatever its case.
pub(crate) fn quiet(text: &str) -> String {
    const CALLS: [&str; 4] = ["everyone", "channel", "here", "all"];
    let mut quiet = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('@') {
        let behind = &rest[at + 1..];
        quiet.push_str(&rest[..=at]);
        let calls = |call: &&str| {
            behind.get(..call.len()).is_some_and(|word| word.eq_ignore_ascii_case(call))
        };
        if CALLS.iter().any(calls) {
            quiet.push('\u{200b}');
        }
        rest = behind;
    }
    quiet.push_str(rest);
    quiet
}
