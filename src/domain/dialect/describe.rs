//! A dialect in words: what is sent for each kind of event, and what the service cannot carry.
//!
//! Made of the same data that makes the requests, so that `hb doctor` and the manual cannot say
//! anything else than what happens.

use super::service::{Body, Method, Pair, Service, Transport, Variant};
use super::{Dialect, Service as Table};
use crate::domain::event::Kind;

/// What a person should know of a dialect.
pub(crate) struct Description {
    /// What people call the service.
    pub(crate) title: &'static str,
    /// How its address is written.
    pub(crate) example: &'static str,
    /// What it cannot carry.
    pub(crate) lacks: &'static str,
    /// Whether the moment of an event travels with it, so that it may come late.
    pub(crate) client_clock: bool,
    /// Whether its answer proves that it has the event.
    pub(crate) confirms: bool,
    /// The longest body.
    pub(crate) body_bytes_max: Option<usize>,
}

/// What is sent for one kind of event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    /// Nothing.
    Nothing,
    /// The same as for another kind.
    Like(Kind),
    /// One of these requests, the first that fits.
    Requests(Vec<String>),
}

impl Dialect {
    /// What a person should know of it.
    pub(crate) fn describe(self) -> Description {
        match self {
            Dialect::Healthchecks => Description {
                title: "Healthchecks",
                example: "https://hc-ping.com/UUID",
                lacks: "durations (it computes them)",
                client_clock: false,
                confirms: true,
                body_bytes_max: None,
            },
            Dialect::Hb => Description {
                title: "hb serve",
                example: "https://HOST/hb/UUID",
                lacks: "nothing",
                client_clock: true,
                confirms: true,
                body_bytes_max: None,
            },
            Dialect::Table(service) => describe(service),
        }
    }

    /// What all that is sent for a kind of event waits for: `with.NAME`, a parameter of the target, or
    /// `told`, that somebody wants to hear of it.
    pub(crate) fn condition(self, kind: Kind) -> Option<&'static str> {
        let Dialect::Table(service) = self else { return None };
        let variants = service.variants(kind);
        let first = variants.first()?.when.first()?;
        variants.iter().all(|variant| !variant.when.is_empty()).then_some(first)
    }

    /// What is sent for a kind of event.
    pub(crate) fn sent(self, kind: Kind) -> Sent {
        match self {
            Dialect::Healthchecks => {
                let one = |text: &str| Sent::Requests(vec![text.to_owned()]);
                match kind {
                    Kind::Start => one("POST ·/start?rid"),
                    Kind::Success => one("POST ·?rid [text]"),
                    Kind::Failure => Sent::Requests(vec![
                        "POST ·/{exit_code}?rid [text]".to_owned(),
                        "POST ·/fail?rid [text]".to_owned(),
                    ]),
                    Kind::Log => one("POST ·/log?rid [text]"),
                    Kind::Warning => Sent::Like(Kind::Success),
                    Kind::Progress | Kind::Stage | Kind::Verified | Kind::Test => {
                        Sent::Like(Kind::Log)
                    }
                    Kind::Pause | Kind::Resume => Sent::Nothing,
                }
            }
            Dialect::Hb => match kind {
                Kind::Pause | Kind::Resume => Sent::Nothing,
                _ => Sent::Requests(vec!["POST ·/events [JSON list]".to_owned()]),
            },
            Dialect::Table(service) => sent(service, kind),
        }
    }
}

fn describe(service: &'static Table) -> Description {
    Description {
        title: &service.title,
        example: &service.example,
        lacks: &service.lacks,
        client_clock: service.client_clock,
        confirms: service.unverified.is_empty(),
        body_bytes_max: service.body_bytes_max,
    }
}

fn sent(service: &Service, kind: Kind) -> Sent {
    if let Some(variants) = service.on.get(&kind) {
        // What people hear of, and when, is hb's own rule (`domain/alert`), not the service's.
        let when = match (service.message, kind) {
            (Some(_), Kind::Success) => " once, after a failure",
            (Some(_), Kind::Warning) => " where `on` names it",
            (Some(_) | None, _) => "",
        };
        let shape = |variant| format!("{}{when}", shape(service, variant));
        let mut requests: Vec<String> = variants.iter().map(shape).collect();
        // Two that differ only in what fills them look the same.
        requests.dedup();
        return Sent::Requests(requests);
    }
    let next = service.fallback.get(&kind).copied();
    let next = next.or(matches!(kind, Kind::Verified | Kind::Test).then_some(Kind::Log));
    match next {
        Some(next) if !service.variants(next).is_empty() => Sent::Like(next),
        Some(_) | None => Sent::Nothing,
    }
}

/// A request in short: `POST ·/start?rid [text]`.
fn shape(service: &Service, variant: &Variant) -> String {
    let body = variant.body.as_ref().and_then(|body| service.body(body));
    match service.transport {
        Transport::Http => {}
        Transport::Udp => return "UDP lines".to_owned(),
        Transport::Zabbix => return "trapper items".to_owned(),
        Transport::Nsca => return "NSCA packet".to_owned(),
        Transport::Command => return "your command".to_owned(),
    }
    let method = variant.method.unwrap_or(match body {
        Some(_) => Method::Post,
        None => Method::Get,
    });
    let url =
        variant.url.as_ref().map_or("·".to_owned(), |url| url.shape().replace("{base}", "·"));
    let verb = variant.verb.as_ref().map(|verb| format!("/{verb}/…"));
    let names: Vec<String> =
        service.query.iter().chain(&variant.query).flat_map(|pair| names(service, pair)).collect();
    let query = if names.is_empty() { String::new() } else { format!("?{}", names.join("&")) };
    let kind = match body {
        None => "",
        Some(Body::Text(_)) => " [text]",
        Some(Body::Form(_)) => " [form]",
        Some(Body::Json(_)) => " [JSON]",
        Some(Body::JsonArray(_)) => " [JSON list]",
        Some(Body::NdJson(_)) => " [JSON line]",
        Some(Body::Envelope(_)) => " [envelope]",
        Some(Body::Lines(_)) => " [metrics]",
        Some(Body::Udp(_) | Body::Items(_) | Body::Packet(_) | Body::Constant(..)) => "",
    };
    format!("{} {}{query}{kind}", method.name(), verb.unwrap_or(url))
}

/// A pair as it is shown: a fixed word with its value, anything else by its name.
fn names(service: &Service, pair: &Pair) -> Vec<String> {
    match pair {
        Pair::One(name, template) => vec![match template.literal() {
            Some(text) => format!("{name}={text}"),
            None => name.clone(),
        }],
        Pair::Common => service.common.iter().flat_map(|pair| names(service, pair)).collect(),
        Pair::Metrics(name, _) => vec![name.clone()],
    }
}
