//! How a server wants an event spelled: events in, requests out as data, answers judged.
//!
//! Nothing here opens a connection. A request is a value that a test can compare and `--dry-run` can
//! print; `send` carries it. Services are data (`table/*.toml`, read by `reader`, filled in by
//! `render`); the few things that data cannot say have a file each. Healthchecks is code, because it
//! is on the way of almost every run, learns a limit from its answers, and completes addresses; hb's
//! own is code, because it carries the whole event.

mod base;
mod catalogue;
mod cronitor;
mod describe;
mod detect;
mod gatus;
mod hb;
mod healthchecks;
mod judge;
pub(crate) mod nsca;
mod opsgenie;
mod parameters;
mod pushgateway;
mod reader;
mod reading;
mod render;
mod request;
mod sentry;
mod service;
mod template;
mod variables;
mod wording;
pub(crate) mod zabbix;

#[cfg(test)]
mod tests;

pub(crate) use self::catalogue::keep;
pub(crate) use self::describe::Sent;
pub(crate) use self::detect::Place;
pub(crate) use self::parameters::Parameters;
pub(crate) use self::reader::read;
pub(crate) use self::request::{Exchange, HttpRequest, Request};
pub(crate) use self::service::{Message, Service};

use super::address::Address;
use super::event::Event;

/// A service's way of spelling events.
#[derive(Clone, Copy)]
pub(crate) enum Dialect {
    /// Healthchecks, hosted or self-hosted, and everything that answers like it.
    Healthchecks,
    /// `hb serve`, which takes events as they are.
    Hb,
    /// A service that is data.
    Table(&'static Service),
}

impl PartialEq for Dialect {
    fn eq(&self, other: &Dialect) -> bool {
        self.name() == other.name()
    }
}

impl std::fmt::Debug for Dialect {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(self.name())
    }
}

impl Dialect {
    /// The name of every built-in dialect.
    pub(crate) fn names() -> impl Iterator<Item = &'static str> + Clone {
        ["healthchecks", "hb"].into_iter().chain(catalogue::names())
    }

    /// The name in the configuration.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Dialect::Healthchecks => "healthchecks",
            Dialect::Hb => "hb",
            Dialect::Table(service) => &service.name,
        }
    }

    /// The built-in dialect of that name.
    pub(crate) fn parse(name: &str) -> Option<Dialect> {
        match name {
            "healthchecks" => Some(Dialect::Healthchecks),
            "hb" => Some(Dialect::Hb),
            name => catalogue::find(name).map(Dialect::Table),
        }
    }

    /// Recognises the dialect of a pasted URL, and says by what; none where a person has to say it.
    pub(crate) fn recognise(address: &Address, place: Place) -> Option<(Dialect, &'static str)> {
        let (name, why) = detect::recognise(address, place)?;
        Some((Dialect::parse(name)?, why))
    }

    /// The address that a target of this dialect has when it is given none.
    pub(crate) fn default_url(self) -> Option<&'static str> {
        match self {
            Dialect::Healthchecks | Dialect::Hb => None,
            Dialect::Table(service) => service.url.as_ref()?.literal(),
        }
    }

    /// The address of one monitor: what the person pasted, completed with parameters and name where
    /// it is only the beginning, and rid of an event word that was pasted along.
    ///
    /// A monitor without a name is one that is only known by this URL.
    pub(crate) fn complete(
        self,
        pasted: &Address,
        parameters: &Parameters,
        monitor: Option<&str>,
        fallback: &str,
    ) -> Result<Address, String> {
        match self {
            Dialect::Healthchecks => {
                let key = parameters.get("key").and_then(serde_json::Value::as_str);
                healthchecks::complete(pasted, key, monitor.unwrap_or(fallback))
            }
            Dialect::Hb => {
                let key = parameters.get("key").and_then(serde_json::Value::as_str);
                hb::complete(pasted, key, monitor.unwrap_or(fallback))
            }
            Dialect::Table(service) => base::complete(service, pasted, parameters, monitor),
        }
    }

    /// The name of the monitor that a whole ping URL stands for, when the URL tells one.
    pub(crate) fn monitor_in(self, address: &Address) -> Option<String> {
        match self {
            Dialect::Healthchecks => healthchecks::monitor_in(address),
            Dialect::Hb => hb::monitor_in(address),
            Dialect::Table(service) => base::monitor_in(service, address),
        }
    }

    /// The parameter that the `key` of a target stands for.
    pub(crate) fn key_parameter(self) -> Option<&'static str> {
        match self {
            Dialect::Healthchecks | Dialect::Hb => Some("key"),
            Dialect::Table(service) => service.key.as_deref(),
        }
    }

    /// The names of all parameters.
    pub(crate) fn parameters(self) -> Vec<&'static str> {
        match self {
            Dialect::Healthchecks | Dialect::Hb => Vec::new(),
            Dialect::Table(service) => service.parameters.keys().map(String::as_str).collect(),
        }
    }

    /// The parameters that are needed and that neither `has` nor the address holds.
    pub(crate) fn missing(
        self,
        address: &Address,
        has: &dyn Fn(&str) -> bool,
    ) -> Vec<&'static str> {
        match self {
            Dialect::Healthchecks | Dialect::Hb => Vec::new(),
            Dialect::Table(service) => parameters::missing(service, address, has),
        }
    }

    /// Whether it carries words to a person; then hb itself keeps the alert that is open.
    pub(crate) fn message(self) -> Option<Message> {
        match self {
            Dialect::Healthchecks | Dialect::Hb => None,
            Dialect::Table(service) => service.message,
        }
    }

    /// Whether the moment of an event travels with it, so that it may be told late as what it is.
    pub(crate) fn carries_moments(self) -> bool {
        match self {
            Dialect::Healthchecks => false,
            Dialect::Hb => true,
            Dialect::Table(service) => service.client_clock,
        }
    }

    /// Whether the receiver puts events in their order by itself, so that late ones go as they are.
    pub(crate) fn orders_events(self) -> bool {
        self == Dialect::Hb
    }

    /// What is wrong with a parameter that is a template of a person's own, and what to write.
    pub(crate) fn check_words(
        self,
        parameter: &str,
        text: &str,
    ) -> Option<(String, Option<String>)> {
        match self {
            Dialect::Healthchecks | Dialect::Hb => None,
            Dialect::Table(service) => {
                let known = service.parameters.get(parameter)?;
                if !known.words.is_empty() && !known.words.iter().any(|word| word == text) {
                    let text = super::text::excerpt(text.as_bytes());
                    let hint = format!("it takes {}", known.words.join(" or "));
                    return Some((format!("`{text}` cannot be used"), Some(hint)));
                }
                known.is_template.then(|| variables::check_own(service, text)).flatten()
            }
        }
    }

    /// The requests that tell a server of `event`; none where it has no word for it.
    pub(crate) fn spell(
        self,
        address: &Address,
        event: &Event,
        limits: Limits,
        parameters: &Parameters,
    ) -> Vec<Request> {
        match self {
            Dialect::Healthchecks => healthchecks::spell(address, event, limits),
            Dialect::Hb => hb::spell(address, event, limits, parameters),
            Dialect::Table(service) => render::spell(service, address, event, limits, parameters),
        }
    }

    /// What an answer means. The status is 0 where there is none: of other protocols than HTTP, or
    /// because the network failed and there is no body either.
    pub(crate) fn judge(self, status: u16, body: &[u8]) -> Answer {
        match self {
            Dialect::Healthchecks => healthchecks::judge(status, body),
            Dialect::Hb => hb::judge(status, body),
            Dialect::Table(service) => judge::judge(service, status, body),
        }
    }

    /// What the receiver did not take of the monitor's definition, although it took the event.
    pub(crate) fn untaken(self, body: &[u8]) -> Vec<&'static str> {
        if self == Dialect::Hb { hb::untaken(body) } else { Vec::new() }
    }

    /// Whether only the whole body of an answer decides.
    pub(crate) fn reads_answers(self) -> bool {
        match self {
            // Its status is a yes or a no; its words only take a yes back.
            Dialect::Healthchecks => false,
            Dialect::Hb => true,
            Dialect::Table(service) => service.check.is_some() || service.permanent_if.is_some(),
        }
    }
}

/// What a receiver has told about itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Limits {
    /// How much of a body it keeps, from its `Ping-Body-Limit`.
    pub(crate) body_bytes_max: Option<usize>,
}

/// What an answer means for the event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The receiver has it.
    Accepted,
    /// The receiver takes everything, also what it will throw away.
    Unconfirmed,
    /// The receiver cannot now; the same request may succeed later.
    Later,
    /// The body is larger than the receiver takes; a smaller one may succeed.
    TooLarge,
    /// The receiver will never take it.
    Refused,
}
