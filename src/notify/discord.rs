//! Discord's webhooks.
//!
//! `allowed_mentions` is empty, so that no `@everyone` reaches anybody, and all markup in values is
//! escaped. Links stand between `<` and `>`, which Discord shows without fetching a preview.

use serde_json::{Value, json};

use super::message::Message;
use super::request::Request;
use super::slack::quiet;
use super::wording;

/// Characters of a message, as Discord counts them at most: UTF-16 units, to be safe.
const CONTENT_UNITS_MAX: usize = 2_000;

/// The flag that keeps links from being unfolded.
const SUPPRESS_EMBEDS: u64 = 4;

/// The request.
pub(crate) fn render(url: &str, message: &Message) -> Request {
    Request::json(url, &body(message))
}

fn body(message: &Message) -> Value {
    json!({
        "content": content(message),
        "allowed_mentions": { "parse": [] },
        "flags": SUPPRESS_EMBEDS,
    })
}

fn content(message: &Message) -> String {
    let mut head = format!(
        "**{}**\n{}\n",
        literal(&wording::subject(message)),
        literal(&wording::shortened(&wording::reason(message), 400)),
    );
    let mut end = String::new();
    if let Some((words, url)) = wording::acknowledge(message) {
        let link = url.map(|url| format!("<{url}>"));
        let words = Some(literal(&wording::shortened(&words, 200))).filter(|it| !it.is_empty());
        let both: Vec<String> = [words, link].into_iter().flatten().collect();
        end.push_str(&format!("to acknowledge: {}\n", both.join(" or ")));
    }
    if let Some(page) = wording::page(message) {
        end.push_str(&format!("the monitor: <{page}>\n"));
    }
    if units(&head) + units(&end) > CONTENT_UNITS_MAX {
        end.clear();
        head = cut(&head, CONTENT_UNITS_MAX);
    }
    // What helps most has its place first; facts and lines share what is left.
    let mut middle = String::new();
    for (label, value) in wording::facts(message) {
        let line = format!("{label}: {}\n", literal(&wording::shortened(&value, 200)));
        if units(&head) + units(&middle) + units(&line) + units(&end) <= CONTENT_UNITS_MAX {
            middle.push_str(&line);
        }
    }
    let room = CONTENT_UNITS_MAX.saturating_sub(units(&head) + units(&middle) + units(&end));
    format!("{head}{middle}{}{end}", block(&wording::quoted(message), room))
}

/// The last lines that fit, as a block in which nothing is markup.
fn block(lines: &[String], room: usize) -> String {
    let mut room = room.saturating_sub(units("```\n```\n"));
    let mut kept = Vec::new();
    for line in lines.iter().rev() {
        // Only backquotes end a block.
        let line = quiet(&line.replace('`', "'"));
        if units(&line) + 1 > room {
            break;
        }
        room -= units(&line) + 1;
        kept.push(line);
    }
    kept.reverse();
    if kept.is_empty() { String::new() } else { format!("```\n{}\n```\n", kept.join("\n")) }
}

fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

fn cut(text: &str, units_max: usize) -> String {
    let mut room = units_max;
    let fits = |c: &char| {
        let fits = c.len_utf16() <= room;
        room = room.saturating_sub(c.len_utf16());
        fits
    };
    text.chars().take_while(fits).collect()
}

/// Text that stays text: every sign that can be markup is escaped.
fn literal(text: &str) -> String {
    let mut literal = String::with_capacity(text.len());
    for c in quiet(text).chars() {
        if "\\*_~`|<>[]#@".contains(c) {
            literal.push('\\');
        }
        literal.push(c);
    }
    literal
}
