//! From TOML to a [`Service`]: the built-in tables and a person's own `[dialects.NAME]`.
//!
//! Walked by hand, so that every mistake is found with its place, and not only the first.
//! What is wrong is left out; whoever asked decides whether the rest is of use.

use toml::de::DeTable;

use super::reading::{KINDS, Mistake, Reading, Valued, list_of, scalar};
use super::service::{
    Body, Check, Message, Method, Parameter, Parser, Service, Status, Transport, Variant,
};
use super::variables;
use crate::domain::address::Address;
use crate::domain::event::Kind;

const MEMBERS: [&str; 38] = [
    "title",
    "example",
    "lacks",
    "transport",
    "message",
    "parser",
    "url",
    "split_last",
    "strip",
    "segments_min",
    "swap",
    "keep_slash",
    "name_after",
    "drop_query",
    "query",
    "common",
    "headers",
    "common_json",
    "body",
    "form",
    "form_json",
    "items",
    "packet",
    "tags",
    "accept",
    "permanent",
    "retry",
    "check",
    "permanent_if",
    "unverified",
    "clock",
    "body_bytes_max",
    "forbid_on",
    "fallback",
    "parameters",
    "key",
    "on",
    "timeout_s",
];

const VARIANT_MEMBERS: [&str; 16] = [
    "when",
    "method",
    "url",
    "verb",
    "query",
    "headers",
    "text",
    "form",
    "json",
    "json_array",
    "ndjson",
    "envelope",
    "lines",
    "udp",
    "items",
    "packet",
];

/// Reads the table of one service.
pub(crate) fn read(name: &str, table: &DeTable<'_>) -> (Service, Vec<Mistake>) {
    let mut reader = Reading::default();
    let mut service = Service {
        name: name.to_owned(),
        title: name.to_owned(),
        segments_min: 1,
        accept: vec![Status::Hundred(2)],
        permanent: vec![],
        retry: [408, 425, 429].map(Status::One).into_iter().chain([Status::Hundred(5)]).collect(),
        ..Service::default()
    };
    for (key, value) in table {
        reader.member(&mut service, key.get_ref(), key.span().start, value);
    }
    if service.message.is_some() {
        // Whoever is woken by it may say it in words of their own.
        for own in ["title", "text"] {
            let parameter = Parameter { is_template: true, ..Parameter::default() };
            service.parameters.entry(own.to_owned()).or_insert(parameter);
        }
    }
    variables::check(&service, &mut reader.mistakes);
    if reader.mistakes.is_empty()
        && let Some((key, message, hint)) = speechless(&service)
    {
        let places = table.keys().filter(|known| key.is_empty() || *known.get_ref() == key);
        let at = places.map(|known| known.span().start).min().unwrap_or(0);
        reader.wrong(at, message, Some(hint));
    }
    reader.mistakes.sort_by_key(|mistake| mistake.offset);
    (service, reader.mistakes)
}

/// The member because of which nothing would be sent, why, and what to write: in silence nobody
/// would notice.
fn speechless(service: &Service) -> Option<(&'static str, String, String)> {
    let circles = |kind: &Kind| {
        let next = |kind: &Kind| match service.on.contains_key(kind) {
            true => None,
            false => service.fallback.get(kind).copied(),
        };
        let mut reached = *kind;
        (0..KINDS.len()).all(|_| next(&reached).map(|kind| reached = kind).is_some())
    };
    if let Some(kind) = service.fallback.keys().find(|kind| circles(kind)) {
        let message = format!("`fallback` leads from `{}` in a circle", kind.word());
        return Some(("fallback", message, "let it end at a kind that `on` has".to_owned()));
    }
    if let Some(text) = service.url.as_ref().and_then(|url| url.literal())
        && let Err(why) = Address::parse(text)
    {
        let hint = "write a whole one, as in `https://HOST/PATH`".to_owned();
        return Some(("url", format!("`url` cannot be used: {why}"), hint));
    }
    service.on.is_empty().then(|| {
        let hint = "write what is sent, as in `on.success = { method = \"GET\" }`".to_owned();
        ("", "the dialect has no word for any event".to_owned(), hint)
    })
}

impl Reading {
    fn member(&mut self, service: &mut Service, key: &str, at: usize, value: &Valued<'_>) {
        match key {
            "title" => service.title = self.text(key, value),
            "example" => service.example = self.text(key, value),
            "lacks" => service.lacks = self.text(key, value),
            "transport" => {
                let words = [
                    ("http", Transport::Http),
                    ("udp", Transport::Udp),
                    ("tcp:zbxd", Transport::Zabbix),
                    ("tcp:nsca", Transport::Nsca),
                    ("command", Transport::Command),
                ];
                service.transport = self.word(key, value, &words).unwrap_or_default();
            }
            "parser" => {
                let words = [
                    ("sentry", Parser::Sentry),
                    ("sentry_envelope", Parser::SentryEnvelope),
                    ("pushgateway", Parser::Pushgateway),
                    ("gatus", Parser::Gatus),
                    ("opsgenie", Parser::Opsgenie),
                    ("cronitor", Parser::Cronitor),
                ];
                service.parser = self.word(key, value, &words);
            }
            "url" => service.url = self.template(key, value),
            "split_last" => service.split_last = Some(self.text(key, value)),
            "message" => {
                let words = [("note", Message::Note), ("incident", Message::Incident)];
                service.message = self.word(key, value, &words);
            }
            "strip" => service.strip = self.texts(key, value),
            "segments_min" => service.segments_min = self.count(key, value),
            "swap" => service.swap = self.texts(key, value),
            "keep_slash" => service.keep_slash = self.flag(key, value),
            "name_after" => service.name_after = Some(self.text(key, value)),
            "drop_query" => service.drop_query = self.texts(key, value),
            "query" => service.query = self.pairs(key, value),
            "common" => service.common = self.pairs(key, value),
            "headers" => service.headers = self.headers(key, value),
            "common_json" | "body" => {
                let json = self.json(value);
                service.constants.insert(key.to_owned(), Body::Json(json));
            }
            "form" => {
                let form = Body::Form(self.pairs(key, value));
                service.constants.insert(key.to_owned(), form);
            }
            "form_json" => service.form_json = self.object(key, value),
            "items" | "packet" => {
                let body = self.body(key, value);
                service.constants.extend(body.map(|body| (key.to_owned(), body)));
            }
            _ => self.judging(service, key, at, value),
        }
    }

    /// The members about answers, fallbacks, parameters and events.
    fn judging(&mut self, service: &mut Service, key: &str, at: usize, value: &Valued<'_>) {
        match key {
            "tags" => service.tags = self.templates(key, value),
            "accept" => service.accept = self.statuses(key, value),
            "permanent" => service.permanent = self.statuses(key, value),
            "retry" => service.retry = self.statuses(key, value),
            "unverified" => service.unverified = self.unverified(key, value),
            "check" => service.check = self.check(key, value),
            "permanent_if" => service.permanent_if = self.permanent_if(key, value),
            "clock" => {
                let words = [("client", true), ("server", false)];
                service.client_clock = self.word(key, value, &words).unwrap_or_default();
            }
            "body_bytes_max" => service.body_bytes_max = Some(self.count(key, value)),
            "forbid_on" => service.forbid_on = self.forbid_on(key, value),
            "fallback" => {
                for (kind, value) in self.kinds(key, value) {
                    let words = KINDS.map(|kind| (kind.word(), Some(kind)));
                    let words: Vec<_> = words.into_iter().chain([("none", None)]).collect();
                    if let Some(Some(to)) = self.word(key, value, &words) {
                        service.fallback.insert(kind, to);
                    }
                }
            }
            "parameters" => service.parameters = self.parameters(key, value),
            "key" => service.key = Some(self.text(key, value)),
            "on" => {
                for (kind, value) in self.kinds(key, value) {
                    let variants =
                        list_of(value).into_iter().map(|value| self.variant(value)).collect();
                    service.on.insert(kind, variants);
                }
            }
            // Every attempt has the same time; a table that names one is not wrong.
            "timeout_s" => {}
            _ => self.unknown(key, at, &MEMBERS),
        }
    }

    fn variant(&mut self, value: &Valued<'_>) -> Variant {
        let mut variant = Variant::default();
        for (key, at, value) in self.table("on", value) {
            match key {
                "when" => variant.when = self.texts(key, value),
                "method" => {
                    let words =
                        [("GET", Method::Get), ("POST", Method::Post), ("PUT", Method::Put)];
                    variant.method = self.word(key, value, &words);
                }
                "url" => variant.url = self.template(key, value),
                "verb" => variant.verb = Some(self.text(key, value)),
                "query" => variant.query = self.pairs(key, value),
                "headers" => variant.headers = self.headers(key, value),
                _ if VARIANT_MEMBERS.contains(&key) => {
                    if variant.body.is_some() {
                        self.wrong(at, "there is a body already".to_owned(), None);
                    }
                    variant.body = self.body(key, value);
                }
                _ => self.unknown(key, at, &VARIANT_MEMBERS),
            }
        }
        variant
    }

    fn body(&mut self, key: &str, value: &Valued<'_>) -> Option<Body> {
        if let Some(name) = value.get_ref().as_str().and_then(|text| text.strip_prefix('@')) {
            return Some(Body::Constant(name.to_owned(), value.span().start));
        }
        Some(match key {
            "text" => Body::Text(self.template(key, value)?),
            "form" => Body::Form(self.pairs(key, value)),
            "json_array" => Body::JsonArray(self.json(value)),
            "ndjson" => Body::NdJson(self.json(value)),
            "envelope" => Body::Envelope(self.json(value)),
            "lines" => Body::Lines(self.templates(key, value)),
            "udp" => {
                let lines = list_of(value).iter().map(|line| self.templates(key, line)).collect();
                Body::Udp(lines)
            }
            "items" => Body::Items(list_of(value).iter().map(|item| self.json(item)).collect()),
            "packet" => Body::Packet(self.json(value)),
            _ => Body::Json(self.json(value)),
        })
    }

    fn parameters(
        &mut self,
        key: &str,
        value: &Valued<'_>,
    ) -> std::collections::BTreeMap<String, Parameter> {
        let mut parameters = std::collections::BTreeMap::new();
        for (name, _, value) in self.table(key, value) {
            let mut parameter = Parameter::default();
            for (key, at, value) in self.table(name, value) {
                match key {
                    "needed" => parameter.needed = self.flag(key, value),
                    "query" => parameter.query = Some(self.text(key, value)),
                    "default" => parameter.default = self.template(key, value),
                    "template" => parameter.is_template = self.flag(key, value),
                    "words" => parameter.words = self.texts(key, value),
                    _ => {
                        let known = ["needed", "query", "default", "template", "words"];
                        self.unknown(key, at, &known);
                    }
                }
            }
            parameters.insert(name.to_owned(), parameter);
        }
        parameters
    }

    fn check(&mut self, key: &str, value: &Valued<'_>) -> Option<Check> {
        let (mut json, mut equals, mut check) = (None, None, None);
        for (key, at, value) in self.table(key, value) {
            match key {
                "json" => json = Some(self.text(key, value)),
                "equals" => equals = Some(scalar(value.get_ref())),
                "json_absent" => check = Some(Check::Absent(self.texts(key, value))),
                "json_all_2xx" => {
                    let path = self.text(key, value);
                    let (list, code) = path.split_once(".*.").unwrap_or((&path, "code"));
                    check = Some(Check::All2xx(list.to_owned(), code.to_owned()));
                }
                "contains" | "regex" => check = Some(Check::Contains(self.text(key, value))),
                _ => {
                    let known = ["json", "equals", "json_absent", "json_all_2xx", "contains"];
                    self.unknown(key, at, &known);
                }
            }
        }
        check.or_else(|| Some(Check::Equals(json?, equals?)))
    }

    fn permanent_if(&mut self, key: &str, value: &Valued<'_>) -> Option<(Status, String)> {
        let (mut status, mut contains) = (None, None);
        for (key, at, value) in self.table(key, value) {
            match key {
                "status" => status = self.statuses(key, value).first().copied(),
                "body_contains" => contains = Some(self.text(key, value)),
                _ => self.unknown(key, at, &["status", "body_contains"]),
            }
        }
        status.zip(contains)
    }

    fn forbid_on(&mut self, key: &str, value: &Valued<'_>) -> Option<(String, Vec<Kind>)> {
        let (mut word, mut kinds) = (None, Vec::new());
        for (key, at, value) in self.table(key, value) {
            match key {
                "word" => word = Some(self.text(key, value)),
                "kinds" => {
                    let words = KINDS.map(|kind| (kind.word(), kind));
                    let items = list_of(value);
                    kinds = items.iter().filter_map(|item| self.word(key, item, &words)).collect();
                }
                _ => self.unknown(key, at, &["word", "kinds"]),
            }
        }
        word.map(|word| (word, kinds))
    }

    /// `true`: every status that is taken proves nothing.
    fn unverified(&mut self, key: &str, value: &Valued<'_>) -> Vec<Status> {
        match value.get_ref().as_bool() {
            Some(true) => vec![Status::Hundred(2)],
            Some(false) => Vec::new(),
            None => self.statuses(key, value),
        }
    }
}
