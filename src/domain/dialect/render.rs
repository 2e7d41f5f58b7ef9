//! An event as the requests of a [`Service`]: the table is read, the templates are filled in.
//!
//! Whatever stands in an event stays in its place: it is percent-encoded in a URL, escaped in JSON,
//! rid of control characters in a header and in a line. A body that would be too large is made again
//! with less room for the tail and the message, until it fits.

use std::cell::Cell;

use serde_json::{Map, Value};

use super::base::{name_of, swapped};
use super::nsca::{Encryption, Packet};
use super::parameters::Parameters;
use super::request::{Exchange, HttpRequest, Request};
use super::service::{Body, Json, Method, Pair, Parser, Service, Transport, Variant};
use super::template::plain;
use super::variables::Scope;
use super::{Limits, sentry};
use crate::domain::address::{Address, percent_encode};
use crate::domain::event::Event;

/// How often a body is made again to fit; each time it has at most 15/16 of the room.
const FITS_MAX: usize = 64;

/// The longest URL: the usual limit of a request's first line is 8192 bytes.
const URL_BYTES_MAX: usize = 8000;

/// Bytes of one datagram that pass every usual network whole.
const DATAGRAM_BYTES_MAX: usize = 1432;

/// The longest value in the environment of a command: well below what Linux takes as one string.
const ENVIRONMENT_BYTES_MAX: usize = 32 * 1024;

/// See [`super::Dialect::spell`].
pub(super) fn spell(
    service: &Service,
    address: &Address,
    event: &Event,
    limits: Limits,
    parameters: &Parameters,
) -> Vec<Request> {
    let room = Cell::new(usize::MAX);
    let (base, last) = (String::new(), None);
    let mut scope = Scope { service, address, event, parameters, limits, base, last, room };
    let variant = service
        .variants(event.kind)
        .iter()
        .find(|variant| variant.when.iter().all(|name| scope.holds(name)));
    let Some(variant) = variant else { return Vec::new() };
    let request = match service.transport {
        Transport::Http => http(&mut scope, variant),
        Transport::Udp => udp(&scope, variant),
        Transport::Zabbix => zabbix(&scope, variant),
        Transport::Nsca => nsca(&scope, variant),
        Transport::Command => command(&mut scope, variant),
    };
    request.into_iter().collect()
}

fn http(scope: &mut Scope<'_>, variant: &Variant) -> Option<Request> {
    let (service, address) = (scope.service, scope.address);
    let address = match &variant.verb {
        Some(verb) => swapped(service, address, verb),
        None => address.clone(),
    };
    set_base(scope, &address)?;
    let url = fitting_url(scope, variant, &address)?;
    let (body, content_type) = match &variant.body {
        Some(body) => fitting(scope, service.body(body)?),
        None => (Vec::new(), None),
    };
    if let Some((word, kinds)) = &service.forbid_on
        && kinds.contains(&scope.event.kind)
        && !word.is_empty()
        && String::from_utf8_lossy(&body).contains(word.as_str())
    {
        return None;
    }
    let method = variant.method.unwrap_or(match variant.body {
        Some(_) => Method::Post,
        None => Method::Get,
    });
    let mut headers: Vec<(String, String)> = Vec::new();
    if let Some(content_type) = content_type {
        headers.push(("content-type".to_owned(), content_type.to_owned()));
    }
    for (name, template) in service.headers.iter().chain(&variant.headers) {
        let Some(value) = template.text(&|name| scope.look_up(name)) else { continue };
        headers.retain(|(known, _)| known != name);
        let value: String = value.chars().filter(|c| !c.is_control()).collect();
        headers.push((name.clone(), value.trim().to_owned()));
    }
    Some(Request::Http(HttpRequest { method: method.name(), url, headers, body }))
}

/// A person's own program: the event as JSON on its stdin, its main facts in its environment. Nothing
/// of an event stands in the line that a shell reads.
fn command(scope: &mut Scope<'_>, variant: &Variant) -> Option<Request> {
    let line = scope.look_up("with.command")?.as_str()?.to_owned();
    let (mut input, _) = match &variant.body {
        Some(body) => fitting(scope, scope.service.body(body)?),
        None => (Vec::new(), None),
    };
    input.push(b'\n');
    let facts = [
        ("HB_EVENT", "kind"),
        ("HB_MONITOR", "monitor"),
        ("HB_HOST", "host"),
        ("HB_RUN_ID", "run_id"),
        ("HB_EXIT_CODE", "exit_code"),
        ("HB_SUMMARY", "summary"),
        ("HB_TEXT", "text"),
    ];
    let environment = facts.into_iter().filter_map(|(name, variable)| {
        let value = super::template::plain(&scope.look_up(variable)?).replace('\0', "");
        Some((name, super::template::last_bytes(&value, ENVIRONMENT_BYTES_MAX).to_owned()))
    });
    Some(Request::Command { line, environment: environment.collect(), input })
}

/// Settles what `{base}` stands for.
fn set_base(scope: &mut Scope<'_>, address: &Address) -> Option<()> {
    let mut shown = match scope.service.parser {
        // The key of a DSN travels in a header.
        Some(Parser::SentryEnvelope) => address.without_user(),
        _ => address.clone(),
    };
    if scope.service.split_last.is_some() {
        let segments = shown.segments();
        let (last, rest) = segments.split_last()?;
        scope.last = Some(crate::domain::address::percent_decode(last));
        shown = shown.with_segments(rest);
    }
    let slash = scope.service.keep_slash && shown.has_slash();
    scope.base = shown.base(slash);
    let own = scope.service.url.as_ref();
    let own = own.filter(|url| url.behind("cfg_base").is_none() && url.literal().is_none());
    if let Some(template) = own {
        scope.base = template.url(&|name| scope.look_up(name))?;
    }
    Some(())
}

/// The URL with as much of a message as fits: a longer one is refused by the servers in front of most
/// services, and the event with it.
fn fitting_url(scope: &Scope<'_>, variant: &Variant, address: &Address) -> Option<String> {
    let mut made = url(scope, variant, address)?;
    for _ in 0..FITS_MAX {
        if made.len() <= URL_BYTES_MAX || scope.room.get() == 0 {
            break;
        }
        let longest = scope.longest_bytes();
        scope.room.set(longest.saturating_sub((longest / 8).max(1)));
        made = url(scope, variant, address)?;
    }
    scope.room.set(usize::MAX);
    Some(made)
}

fn url(scope: &Scope<'_>, variant: &Variant, address: &Address) -> Option<String> {
    let look_up = |name: &str| scope.look_up(name);
    let mut url = match &variant.url {
        Some(template) => template.url(&look_up)?,
        None => scope.base.clone(),
    };
    let authority = url.find("://").map_or(0, |at| at + 3);
    if !url[authority..].contains('/') {
        url.push('/');
    }
    let mut added = pairs(scope, &scope.service.query);
    added.extend(pairs(scope, &variant.query));
    let kept = address.pairs().filter(|pair| {
        let name = name_of(pair);
        added.iter().all(|(replaced, _)| *replaced != name)
    });
    let query: Vec<String> = kept.map(str::to_owned).chain(encoded(&added)).collect();
    if !query.is_empty() {
        url.push(if url.contains('?') { '&' } else { '?' });
        url.push_str(&query.join("&"));
    }
    Some(url)
}

fn encoded(pairs: &[(String, String)]) -> impl Iterator<Item = String> {
    pairs.iter().map(|(name, value)| format!("{}={}", percent_encode(name), percent_encode(value)))
}

/// The pairs whose values are defined.
fn pairs(scope: &Scope<'_>, given: &[Pair]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for pair in given {
        match pair {
            Pair::One(name, template) => {
                let value = template.text(&|name| scope.look_up(name));
                found.extend(value.map(|value| (name.clone(), value)));
            }
            Pair::Common => found.extend(pairs(scope, &scope.service.common)),
            Pair::Metrics(name, template) => {
                for (key, metric) in scope.event.metrics.iter() {
                    let Some(number) = metric.number().filter(|_| key != "duration") else {
                        continue;
                    };
                    let value = template.text(&|name| match name {
                        "k" => Some(Value::from(metric_name(key))),
                        "v" => Some(super::template::number(number)),
                        name => scope.look_up(name),
                    });
                    found.extend(value.map(|value| (name.clone(), value)));
                }
            }
        }
    }
    found
}

/// A name as Cronitor takes it: at most 63 of `[a-z0-9_-]`.
fn metric_name(name: &str) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let name = name.chars().map(|c| if fits(c) { c.to_ascii_lowercase() } else { '_' });
    name.take(63).collect()
}

/// The body, made with as much room as the receiver has, and its type.
fn fitting(scope: &Scope<'_>, body: &Body) -> (Vec<u8>, Option<&'static str>) {
    let limits = [scope.service.body_bytes_max, scope.limits.body_bytes_max];
    let limit = limits.into_iter().flatten().min().unwrap_or(usize::MAX);
    // Only a text fills its room to the last byte; everything else has marks around its texts.
    if matches!(body, Body::Text(_)) {
        scope.room.set(limit);
    }
    let mut made = bytes(scope, body);
    for _ in 0..FITS_MAX {
        if made.0.len() <= limit || scope.room.get() == 0 {
            break;
        }
        let longest = scope.longest_bytes();
        let excess = made.0.len() - limit;
        scope.room.set(longest.saturating_sub((longest / 16).max(excess / 8).max(1)));
        made = bytes(scope, body);
    }
    made
}

fn bytes(scope: &Scope<'_>, body: &Body) -> (Vec<u8>, Option<&'static str>) {
    const JSON: Option<&str> = Some("application/json");
    let look_up = |name: &str| scope.look_up(name);
    match body {
        Body::Text(template) => match template.text(&look_up) {
            Some(text) if !text.is_empty() => {
                (text.into_bytes(), Some("text/plain; charset=utf-8"))
            }
            Some(_) | None => (Vec::new(), None),
        },
        Body::Form(given) => {
            let mut pairs = pairs(scope, given);
            for (name, json) in &scope.service.form_json {
                let json = json_value(scope, json).unwrap_or_default();
                pairs.push((name.clone(), json.to_string()));
            }
            let form: Vec<String> = encoded(&pairs).collect();
            (form.join("&").into_bytes(), Some("application/x-www-form-urlencoded"))
        }
        Body::Json(json) => (json_value(scope, json).unwrap_or_default().to_string().into(), JSON),
        Body::JsonArray(json) => {
            let array = Value::Array(json_value(scope, json).into_iter().collect());
            (array.to_string().into(), JSON)
        }
        Body::NdJson(json) => {
            let line = json_value(scope, json).unwrap_or_default();
            (format!("{line}\n").into(), Some("application/x-ndjson"))
        }
        Body::Envelope(json) => {
            let check_in = json_value(scope, json).unwrap_or_default();
            let envelope = sentry::envelope(&check_in, scope.event.at);
            (envelope, Some("application/x-sentry-envelope"))
        }
        Body::Lines(lines) => {
            let lines = lines.iter().filter_map(|line| line.text(&look_up));
            let text: String = lines.map(|line| line + "\n").collect();
            (text.into(), Some("text/plain; charset=utf-8"))
        }
        // Of other transports; a table that mixes them says nothing.
        Body::Udp(_) | Body::Items(_) | Body::Packet(_) | Body::Constant(..) => (Vec::new(), None),
    }
}

/// A JSON value without what is undefined; none where it is undefined itself.
fn json_value(scope: &Scope<'_>, json: &Json) -> Option<Value> {
    Some(match json {
        Json::Text(template) => template.value(&|name| scope.look_up(name))?,
        Json::Plain(value) => value.clone(),
        Json::Object(members) => {
            let members = members.iter().filter_map(|(name, json)| {
                json_value(scope, json).map(|value| (name.clone(), value))
            });
            Value::Object(members.collect::<Map<String, Value>>())
        }
        Json::List(items) => {
            Value::Array(items.iter().filter_map(|item| json_value(scope, item)).collect())
        }
    })
}

fn udp(scope: &Scope<'_>, variant: &Variant) -> Option<Request> {
    let Some(Body::Udp(lines)) = variant.body.as_ref().and_then(|body| scope.service.body(body))
    else {
        return None;
    };
    scope.room.set(DATAGRAM_BYTES_MAX / 2);
    let line = |parts: &Vec<_>| {
        let parts: Vec<Option<String>> = parts
            .iter()
            .map(|part: &super::template::Template| part.text(&|name| scope.look_up(name)))
            .collect();
        // Without its first part the others would be of nothing.
        parts.first()?.as_ref()?;
        let line: Vec<String> = parts.into_iter().flatten().collect();
        let line: String = line.join("|").chars().filter(|c| !c.is_control()).collect();
        Some(super::template::head_bytes(&line, DATAGRAM_BYTES_MAX).to_owned())
    };
    let lines: Vec<String> = lines.iter().filter_map(line).collect();
    let to = scope.address.host_and_port(8125);
    (!lines.is_empty()).then_some(Request::Udp { to, lines })
}

fn zabbix(scope: &Scope<'_>, variant: &Variant) -> Option<Request> {
    let Some(Body::Items(items)) = variant.body.as_ref().and_then(|body| scope.service.body(body))
    else {
        return None;
    };
    let items = items.iter().filter_map(|item| json_value(scope, item));
    let items: Vec<Value> = items.filter(|item| item.get("value").is_some()).collect();
    let content = serde_json::json!({ "request": "sender data", "data": items });
    let to = scope.address.host_and_port(10051);
    Some(Request::Tcp { to, exchange: Exchange::Zabbix(content) })
}

fn nsca(scope: &Scope<'_>, variant: &Variant) -> Option<Request> {
    let Some(Body::Packet(json)) = variant.body.as_ref().and_then(|body| scope.service.body(body))
    else {
        return None;
    };
    let fields = json_value(scope, json)?;
    // The server writes these into lines of `host;service;code;output`.
    let text = |name: &str, replaced: &[char]| -> String {
        let text = fields.get(name).map(plain).unwrap_or_default();
        let fit = |c: char| match c {
            c if replaced.contains(&c) => '_',
            c if c.is_control() => ' ',
            c => c,
        };
        text.chars().map(fit).collect()
    };
    let password = scope.look_up("with.password").as_ref().map(plain);
    let method = scope.look_up("with.encryption").as_ref().map(plain);
    let encryption = match (method.as_deref(), password) {
        (Some("1" | "xor"), password) => Encryption::Xor(password.unwrap_or_default()),
        (Some(_), _) | (None, _) => Encryption::None,
    };
    let packet = Packet {
        host_name: text("host_name", &[';']),
        svc_description: text("svc_description", &[';']),
        return_code: fields.get("return_code").and_then(Value::as_i64).unwrap_or(3),
        plugin_output: text("plugin_output", &[]),
        encryption,
    };
    let to = scope.address.host_and_port(5667);
    Some(Request::Tcp { to, exchange: Exchange::Nsca(packet) })
}
