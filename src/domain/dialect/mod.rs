//! How a server wants an event spelled: events in, requests out as data, answers judged.
//!
//! Nothing here opens a connection. A request is a value that a test can compare and `--dry-run` can
//! print; `send` carries it. One file per service that needs code.

mod healthchecks;

use super::address::Address;
use super::event::Event;

/// A service's way of spelling events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// Healthchecks, hosted or self-hosted, and everything that answers like it.
    Healthchecks,
}

impl Dialect {
    /// Every dialect.
    pub(crate) const ALL: [Dialect; 1] = [Dialect::Healthchecks];

    /// The name in the configuration.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Dialect::Healthchecks => "healthchecks",
        }
    }

    /// Reads a name.
    pub(crate) fn parse(name: &str) -> Option<Dialect> {
        Dialect::ALL.into_iter().find(|dialect| dialect.name() == name)
    }

    /// Recognises the dialect of a pasted URL.
    pub(crate) fn recognise(_address: &Address) -> Dialect {
        Dialect::Healthchecks
    }

    /// The address of one monitor: what the person pasted, completed with key and name where it is
    /// only the beginning, and rid of an event word that was pasted along.
    pub(crate) fn complete(
        self,
        pasted: &Address,
        key: Option<&str>,
        monitor: &str,
    ) -> Result<Address, String> {
        match self {
            Dialect::Healthchecks => healthchecks::complete(pasted, key, monitor),
        }
    }

    /// The name of the monitor that a whole ping URL stands for, when the URL tells one.
    pub(crate) fn monitor_in(self, address: &Address) -> Option<String> {
        match self {
            Dialect::Healthchecks => healthchecks::monitor_in(address),
        }
    }

    /// The requests that tell a server of `event`; none where it has no word for it.
    pub(crate) fn spell(self, address: &Address, event: &Event, limits: Limits) -> Vec<Request> {
        match self {
            Dialect::Healthchecks => healthchecks::spell(address, event, limits),
        }
    }

    /// What an answer's status means.
    pub(crate) fn judge(self, status: u16) -> Answer {
        match status {
            200..=299 => Answer::Accepted,
            408 | 425 | 429 | 500..=599 => Answer::Later,
            413 => Answer::TooLarge,
            _ => Answer::Refused,
        }
    }
}

/// What a receiver has told about itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Limits {
    /// How much of a body it keeps, from its `Ping-Body-Limit`.
    pub(crate) body_bytes_max: Option<usize>,
}

/// One HTTP request, as data.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Request {
    /// `GET` or `POST`.
    pub(crate) method: &'static str,
    /// The whole URL; it is a secret.
    pub(crate) url: String,
    /// Headers beyond those of every request.
    pub(crate) headers: Vec<(&'static str, String)>,
    /// The body.
    pub(crate) body: Vec<u8>,
}

/// What an answer means for the event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The receiver has it.
    Accepted,
    /// The receiver cannot now; the same request may succeed later.
    Later,
    /// The body is larger than the receiver takes; a smaller one may succeed.
    TooLarge,
    /// The receiver will never take it.
    Refused,
}
