//! ntfy, by its JSON form: nothing of a message comes near a header.

use serde_json::{Value, json};

use super::channel::Ntfy;
use super::message::{Message, What};
use super::request::Request;
use super::wording;
use crate::domain::incident::Severity;

/// Bytes of a message: beyond 4,096 ntfy makes an attachment of it, which no lock screen shows.
const MESSAGE_BYTES_MAX: usize = 3_900;

/// Characters of a title.
const TITLE_CHARS_MAX: usize = 200;

/// The request.
pub(crate) fn render(ntfy: &Ntfy, message: &Message) -> Request {
    let mut request = Request::json(ntfy.url.expose(), &body(ntfy, message));
    if let Some(token) = &ntfy.token {
        let value = format!("Bearer {}", token.expose());
        request.headers.push(("Authorization".to_owned(), value.into_bytes()));
    }
    request
}

fn body(ntfy: &Ntfy, message: &Message) -> Value {
    let mut body = json!({
        "topic": ntfy.topic.expose(),
        "title": wording::shortened(&wording::subject(message), TITLE_CHARS_MAX),
        "message": text(message),
        "priority": priority(ntfy, message),
        "tags": [mark(message.what)],
        "markdown": false,
    });
    if let Some(page) = wording::page(message) {
        body["click"] = Value::String(page);
    }
    let acknowledge = wording::acknowledge(message).and_then(|(_, url)| url);
    if let Some(url) = acknowledge {
        body["actions"] = json!([{ "action": "view", "label": "acknowledge", "url": url }]);
    }
    body
}

/// The text below the title, its end first to go: the last lines are the longest.
fn text(message: &Message) -> String {
    let text = format!("{}\n{}", wording::reason(message), wording::details(message));
    if text.len() <= MESSAGE_BYTES_MAX {
        return text.trim_end().to_owned();
    }
    let mut end = MESSAGE_BYTES_MAX;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}…", text[..end].trim_end())
}

fn priority(ntfy: &Ntfy, message: &Message) -> u8 {
    match (message.what, ntfy.priority, message.severity) {
        (What::Recovered | What::WasDown | What::Test | What::Blind, _, _) => 3,
        (_, Some(priority), _) => priority,
        (_, None, Severity::Info) => 2,
        (_, None, Severity::Warning) => 3,
        (_, None, Severity::Critical) => 4,
        (_, None, Severity::Emergency) => 5,
    }
}

/// ntfy's names of small pictures.
fn mark(what: What) -> &'static str {
    match what {
        What::Opened | What::Worse | What::Reminder => "rotating_light",
        What::Recovered | What::WasDown => "white_check_mark",
        What::Test => "test_tube",
        What::Blind => "eyes",
    }
}
