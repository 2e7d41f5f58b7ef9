//! A person's own HTTP service, told by a template with Healthchecks' placeholders.

use super::channel::{Call, Webhook};
use super::message::Message;
use super::placeholders::{Place, Values, json_of};
use super::request::{Request, bytes_of_header};
use crate::domain::time::Moment;

/// The request that tells `message` at `now`.
pub(crate) fn render(webhook: &Webhook, message: &Message, now: Moment) -> Request {
    let call = match &webhook.up {
        Some(up) if message.what.is_good() => up,
        Some(_) | None => &webhook.down,
    };
    let values = Values::new(message, now);
    let (body, kind) = body(call, message, &values);
    let mut headers: Vec<(String, Vec<u8>)> = Vec::new();
    if !body.is_empty() {
        headers.push(("Content-Type".to_owned(), kind.as_bytes().to_vec()));
    }
    for (name, template) in &call.headers {
        let value = bytes_of_header(&values.fill(template.expose(), Place::Header));
        headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        headers.push((name.clone(), value));
    }
    Request {
        method: call.method.clone(),
        url: values.fill(call.url.expose(), Place::Url),
        headers,
        body,
    }
}

fn body(call: &Call, message: &Message, values: &Values) -> (Vec<u8>, &'static str) {
    const JSON: &str = "application/json";
    match &call.body {
        Some(template) => {
            let body = values.fill(template.expose(), Place::Body);
            // What a template looks like decides, not what a value made of it.
            let is_json = template.expose().trim_start().starts_with(['{', '[']);
            let kind = if is_json { JSON } else { "text/plain; charset=utf-8" };
            (body.into_bytes(), kind)
        }
        None if call.method == "GET" => (Vec::new(), JSON),
        None => (json_of(message).to_string().into_bytes(), JSON),
    }
}
