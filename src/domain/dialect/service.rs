//! A service as data: the grammar of the dialect tables, built in or a person's own.
//!
//! `reader` makes these values from TOML, `render` makes requests of them, `judge` reads answers with
//! them. What every member means to the person who writes one stands in the manual of the
//! configuration; the names are the same here.

use std::collections::BTreeMap;

use serde_json::Value;

use super::template::Template;
use crate::domain::event::Kind;

/// How one service wants events spelled.
#[derive(Debug, Default)]
pub(crate) struct Service {
    /// Its name in the configuration.
    pub(crate) name: String,
    /// What people call it.
    pub(crate) title: String,
    /// How its address is written.
    pub(crate) example: String,
    /// What it cannot carry, in one sentence.
    pub(crate) lacks: String,
    /// How it is reached.
    pub(super) transport: Transport,
    /// Whether it carries words to a person, and keeps no state of a monitor.
    pub(super) message: Option<Message>,
    /// Code that makes the address.
    pub(super) parser: Option<Parser>,
    /// The address of a request, where it is not the target's own.
    pub(super) url: Option<Template>,
    /// The variable that holds the last segment of the path, which is then no part of the address.
    pub(super) split_last: Option<String>,
    /// Event words at the end of a pasted address.
    pub(super) strip: Vec<String>,
    /// Segments that a pasted address keeps in any case.
    pub(super) segments_min: usize,
    /// Event words in the middle of an address, one of which `verb` puts in.
    pub(super) swap: Vec<String>,
    /// Whether a slash at the end of the address stays.
    pub(super) keep_slash: bool,
    /// The segment of the path after which the monitor's name stands.
    pub(super) name_after: Option<String>,
    /// Pairs of a pasted query that are dropped.
    pub(super) drop_query: Vec<String>,
    /// Query pairs of every request.
    pub(super) query: Vec<Pair>,
    /// Query pairs named `@common`.
    pub(super) common: Vec<Pair>,
    /// Headers of every request.
    pub(super) headers: Vec<(String, Template)>,
    /// What `"@name"` stands for in a body.
    pub(super) constants: BTreeMap<String, Body>,
    /// A JSON text in a form field of that name.
    pub(super) form_json: Vec<(String, Json)>,
    /// The `{tags}` of a DogStatsD line.
    pub(super) tags: Vec<Template>,
    /// Statuses that mean that it was taken.
    pub(super) accept: Vec<Status>,
    /// Statuses that will never change, though they are in `retry`.
    pub(super) permanent: Vec<Status>,
    /// Statuses worth another attempt.
    pub(super) retry: Vec<Status>,
    /// What the body must say as well.
    pub(super) check: Option<Check>,
    /// A status and a text in the body that mean that it will never be taken.
    pub(super) permanent_if: Option<(Status, String)>,
    /// Statuses that are taken, but prove nothing.
    pub(super) unverified: Vec<Status>,
    /// Whether the moment of an event travels with it.
    pub(super) client_clock: bool,
    /// The longest body.
    pub(super) body_bytes_max: Option<usize>,
    /// A word that no body may hold, and for which kinds.
    pub(super) forbid_on: Option<(String, Vec<Kind>)>,
    /// Which kind stands in for one that it has no word for.
    pub(super) fallback: BTreeMap<Kind, Kind>,
    /// What a target has to say besides its address.
    pub(super) parameters: BTreeMap<String, Parameter>,
    /// The parameter that `key` stands for.
    pub(super) key: Option<String>,
    /// The requests of each kind.
    pub(super) on: BTreeMap<Kind, Vec<Variant>>,
}

/// How a service is reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Transport {
    /// HTTP.
    #[default]
    Http,
    /// Datagrams.
    Udp,
    /// A Zabbix trapper.
    Zabbix,
    /// NSCA.
    Nsca,
    /// A program on this host.
    Command,
}

/// Words to a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Message {
    /// Each stands for itself, as in a chat.
    Note,
    /// The first opens something that the last one closes.
    Incident,
}

/// Code that makes an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Parser {
    /// A DSN into the address of check-ins.
    Sentry,
    /// A DSN into the address of envelopes.
    SentryEnvelope,
    /// A job and labels into a path.
    Pushgateway,
    /// A group and a name into a key.
    Gatus,
    /// A name into a path.
    Opsgenie,
    /// Cronitor's address with or without an API key.
    Cronitor,
}

/// Something that a target has to say, or may say.
#[derive(Debug, Default)]
pub(super) struct Parameter {
    /// Whether it must.
    pub(super) needed: bool,
    /// The query pair of the address that says it as well.
    pub(super) query: Option<String>,
    /// What it is where nobody says it.
    pub(super) default: Option<Template>,
    /// Whether it is a template of a person's own.
    pub(super) is_template: bool,
    /// The only values it may have; empty: any.
    pub(super) words: Vec<String>,
}

/// One way to tell of an event.
#[derive(Debug, Default)]
pub(super) struct Variant {
    /// Variables that must be there; another variant is used where one is not.
    pub(super) when: Vec<String>,
    /// The method; none: POST with a body, GET without one.
    pub(super) method: Option<Method>,
    /// The address, when it is not `{base}`.
    pub(super) url: Option<Template>,
    /// The word that takes the place of the one in `swap`.
    pub(super) verb: Option<String>,
    /// Query pairs.
    pub(super) query: Vec<Pair>,
    /// Headers.
    pub(super) headers: Vec<(String, Template)>,
    /// The body.
    pub(super) body: Option<Body>,
}

/// The methods a dialect may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    Get,
    Post,
    Put,
}

impl Method {
    /// As it stands in a request.
    pub(super) fn name(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Put => "PUT",
        }
    }
}

/// A pair of a query or a form.
#[derive(Clone, Debug)]
pub(super) enum Pair {
    /// A name and its value.
    One(String, Template),
    /// The pairs of `common`.
    Common,
    /// This pair for each metric, with `{k}` and `{v}`.
    Metrics(String, Template),
}

/// What a request carries.
#[derive(Clone, Debug)]
pub(super) enum Body {
    /// Plain text.
    Text(Template),
    /// A form.
    Form(Vec<Pair>),
    /// One JSON value.
    Json(Json),
    /// A JSON array with one value.
    JsonArray(Json),
    /// JSON lines.
    NdJson(Json),
    /// A Sentry envelope.
    Envelope(Json),
    /// Lines of text.
    Lines(Vec<Template>),
    /// Lines of a datagram, each in parts that may be left out.
    Udp(Vec<Vec<Template>>),
    /// Items of a Zabbix trapper.
    Items(Vec<Json>),
    /// An NSCA packet.
    Packet(Json),
    /// The body of that name.
    Constant(String, usize),
}

/// JSON with templates in it.
#[derive(Clone, Debug)]
pub(super) enum Json {
    /// A text, or the value of its one variable.
    Text(Template),
    /// As it is.
    Plain(Value),
    /// Members; one whose value is undefined is left out.
    Object(Vec<(String, Json)>),
    /// Items.
    List(Vec<Json>),
}

/// A status of HTTP, or all of a hundred.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    /// `404`.
    One(u16),
    /// `4xx`.
    Hundred(u16),
}

impl Status {
    /// Whether a status is meant.
    pub(super) fn holds(self, status: u16) -> bool {
        match self {
            Status::One(one) => one == status,
            Status::Hundred(hundred) => status / 100 == hundred,
        }
    }
}

/// What the body of an accepted answer must say.
#[derive(Clone, Debug)]
pub(super) enum Check {
    /// A JSON member with a value.
    Equals(String, Value),
    /// JSON without these members.
    Absent(Vec<String>),
    /// A list of objects, each with a 2xx `code`.
    All2xx(String, String),
    /// A text.
    Contains(String),
}

impl Service {
    /// The variants for a kind, by its own word or the one that stands in.
    pub(super) fn variants(&self, kind: Kind) -> &[Variant] {
        let mut kind = kind;
        // A person's own table may send a fallback round in a circle.
        for _ in 0..Kind::ALL.len() {
            if let Some(variants) = self.on.get(&kind) {
                return variants;
            }
            match (self.fallback.get(&kind), kind) {
                (Some(next), _) => kind = *next,
                (None, Kind::Verified | Kind::Test) => kind = Kind::Log,
                (None, _) => return &[],
            }
        }
        &[]
    }

    /// A body, with a name replaced by what it stands for.
    pub(super) fn body<'a>(&'a self, body: &'a Body) -> Option<&'a Body> {
        match body {
            Body::Constant(name, _) => self.constants.get(name),
            _ => Some(body),
        }
    }

    /// The parameter of that name.
    pub(super) fn parameter(&self, name: &str) -> Option<&Parameter> {
        self.parameters.get(name)
    }
}
