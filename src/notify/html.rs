//! The same words as a page of mail: no images, no scripts, no links but to the receiver itself.

use super::message::{Message, What};
use super::wording;

/// Text that is only text in HTML, in an element and in a quoted attribute.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// The colour of what is told.
fn colour(what: What) -> &'static str {
    match what {
        What::Opened | What::Worse | What::Reminder => "#b3261e",
        What::Recovered | What::WasDown => "#1b7f3b",
        What::Test | What::Blind => "#5b6470",
    }
}

/// The whole page.
pub(crate) fn page(message: &Message) -> String {
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title></head>\n\
         <body style=\"margin:0;padding:16px;font-family:sans-serif;font-size:16px;color:#1c1f23\">\n\
         <h1 style=\"font-size:20px;margin:0 0 8px;color:{colour}\">{title}</h1>\n\
         <p style=\"margin:0 0 16px\">{first}</p>\n",
        title = escape(&wording::subject(message)),
        colour = colour(message.what),
        first = escape(&wording::reason(message)),
    );
    let facts = wording::facts(message);
    if !facts.is_empty() {
        page.push_str("<table style=\"border-collapse:collapse\">\n");
        for (label, value) in facts {
            page.push_str(&format!(
                "<tr><th style=\"text-align:left;padding:2px 12px 2px 0;font-weight:normal;\
                 color:#5b6470;vertical-align:top\">{label}</th><td style=\"padding:2px 0\">{}</td></tr>\n",
                escape(&value)
            ));
        }
        page.push_str("</table>\n");
    }
    let lines = wording::quoted(message);
    if !lines.is_empty() {
        page.push_str(&format!(
            "<p style=\"margin:16px 0 4px;color:#5b6470\">last lines of its output</p>\n\
             <pre style=\"margin:0;padding:8px;background:#f2f3f5;white-space:pre-wrap\">{}</pre>\n",
            escape(&lines.join("\n"))
        ));
    }
    if let Some((words, url)) = wording::acknowledge(message) {
        let shown = escape(&words);
        page.push_str(&match url {
            Some(url) if words.is_empty() => {
                format!("<p><a href=\"{}\">acknowledge</a></p>\n", escape(&url))
            }
            Some(url) => {
                format!("<p><a href=\"{}\">acknowledge</a>, or: {shown}</p>\n", escape(&url))
            }
            None => format!("<p>to acknowledge: {shown}</p>\n"),
        });
    }
    if let Some(url) = wording::page(message) {
        page.push_str(&format!("<p><a href=\"{}\">the monitor</a></p>\n", escape(&url)));
    }
    page.push_str("</body></html>\n");
    page
}
