//! The settings of a channel: what a person has to say so that hb can reach somebody through it.
//!
//! They come as JSON from the management API, are stored as the same JSON, and are shown with every
//! secret masked. A webhook's URL is a password, and so are header values and body templates, where
//! tokens are put: none of them is ever printed. `parse` is the only way to make settings, so what
//! is held here is known to be usable.

use std::fmt;

use serde_json::{Map, Value, json};

use super::fields::Fields;
use crate::domain::address::Address;

/// What stands where a secret is.
pub(crate) const MASK: &str = "****";

/// A mistake in a channel's settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mistake {
    /// The field it is in: `url`, `headers.X-Key`, `up.method`.
    pub(crate) field: String,
    /// What is wrong and what to do.
    pub(crate) message: String,
}

/// A value that prints as `****`.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Hidden(String);

impl Hidden {
    /// Takes a value.
    pub(crate) fn new(value: String) -> Hidden {
        Hidden(value)
    }

    /// The value itself, for the one place that sends it.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(MASK)
    }
}

/// How a mail server is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MailTls {
    /// In the clear.
    None,
    /// In the clear, then encrypted: a server that does not offer it gets nothing.
    StartTls,
    /// Encrypted from the first byte.
    Tls,
}

impl MailTls {
    /// The word for it in settings.
    pub(crate) fn word(self) -> &'static str {
        match self {
            MailTls::None => "none",
            MailTls::StartTls => "starttls",
            MailTls::Tls => "tls",
        }
    }
}

/// E-mail through a relay.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Email {
    /// The relay.
    pub(crate) host: String,
    /// Its port.
    pub(crate) port: u16,
    /// How it is spoken to.
    pub(crate) tls: MailTls,
    /// User and password, where it wants them.
    pub(crate) login: Option<(String, Hidden)>,
    /// The sender: `hb <hb@example.com>`.
    pub(crate) from: String,
    /// Who gets it.
    pub(crate) to: Vec<String>,
}

/// ntfy, at ntfy.sh or elsewhere.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ntfy {
    /// The server.
    pub(crate) url: Hidden,
    /// The topic: whoever knows it can read it.
    pub(crate) topic: Hidden,
    /// An access token.
    pub(crate) token: Option<Hidden>,
    /// The priority of bad news, 1 to 5, instead of one by severity.
    pub(crate) priority: Option<u8>,
}

/// One request of a webhook.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Call {
    /// Where to; may hold placeholders behind its host.
    pub(crate) url: Hidden,
    /// `GET`, `POST`, `PUT` or `PATCH`.
    pub(crate) method: String,
    /// Headers; their values may hold placeholders.
    pub(crate) headers: Vec<(String, Hidden)>,
    /// The body; without one hb's own JSON is sent.
    pub(crate) body: Option<Hidden>,
}

/// A webhook.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Webhook {
    /// The request for bad news, and for good news without a request of their own.
    pub(crate) down: Call,
    /// The request for good news.
    pub(crate) up: Option<Call>,
}

/// What kind of channel it is, with what it needs.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    /// E-mail.
    Email(Email),
    /// A Slack incoming webhook, or one of its imitations.
    Slack(Hidden),
    /// A Discord webhook.
    Discord(Hidden),
    /// ntfy.
    Ntfy(Ntfy),
    /// Any other HTTP service.
    Webhook(Webhook),
    /// A command on the receiver's host: program and arguments.
    Command(Vec<String>),
}

/// A channel's settings.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Settings {
    /// What it needs.
    pub(crate) kind: Kind,
    /// Whether it may reach loopback and private addresses.
    pub(crate) allow_private: bool,
}

/// The kinds, as settings name them.
pub(crate) const KINDS: [&str; 6] = ["email", "slack", "discord", "ntfy", "webhook", "command"];

impl Settings {
    /// Reads settings, or finds every mistake in them. A `name` beside them is the caller's.
    pub(crate) fn parse(value: &Value) -> Result<Settings, Vec<Mistake>> {
        let Some(object) = value.as_object() else {
            let message = "a channel is a JSON object, as in `{\"kind\": \"ntfy\", …}`".to_owned();
            return Err(vec![Mistake { field: String::new(), message }]);
        };
        Fields::new(object).settings()
    }

    /// The word for the kind.
    pub(crate) fn kind(&self) -> &'static str {
        match &self.kind {
            Kind::Email(_) => "email",
            Kind::Slack(_) => "slack",
            Kind::Discord(_) => "discord",
            Kind::Ntfy(_) => "ntfy",
            Kind::Webhook(_) => "webhook",
            Kind::Command(_) => "command",
        }
    }

    /// Whether one message may tell of many monitors. A template names one of them.
    pub(crate) fn takes_many(&self) -> bool {
        match &self.kind {
            Kind::Webhook(Webhook { down, up }) => {
                let is_plain = down.body.is_none() && down.method != "GET" && up.is_none();
                let values = down.headers.iter().map(|(_, value)| value);
                is_plain && values.chain([&down.url]).all(|value| !value.expose().contains('$'))
            }
            Kind::Email(_) | Kind::Slack(_) | Kind::Discord(_) | Kind::Ntfy(_) => true,
            Kind::Command(_) => true,
        }
    }

    /// For the store: what `parse` reads back as the same settings, secrets and all.
    pub(crate) fn stored(&self) -> Value {
        self.written(false)
    }

    /// For people and the API: no secret in it.
    pub(crate) fn shown(&self) -> Value {
        self.written(true)
    }

    fn written(&self, masked: bool) -> Value {
        let secret = |value: &Hidden| {
            if masked { MASK.to_owned() } else { value.expose().to_owned() }
        };
        let url = |value: &Hidden| match Address::parse(value.expose()) {
            Ok(address) if masked => {
                let shown = address.shown();
                // What is hidden leaves a mark, or it could not be told from a URL that hides nothing.
                let is_all = value.expose().trim_end_matches('/') == shown;
                if is_all || shown.ends_with(MASK) { shown } else { format!("{shown}/{MASK}") }
            }
            Ok(_) | Err(_) => secret(value),
        };
        let call = |call: &Call| {
            let headers: Map<String, Value> = call
                .headers
                .iter()
                .map(|(name, value)| (name.clone(), Value::String(secret(value))))
                .collect();
            let mut written =
                json!({ "url": url(&call.url), "method": call.method, "headers": headers });
            if let Some(body) = &call.body {
                written["body"] = Value::String(secret(body));
            }
            written
        };
        let mut written = match &self.kind {
            Kind::Email(email) => {
                let mut written = json!({
                    "host": email.host, "port": email.port, "tls": email.tls.word(),
                    "from": email.from, "to": email.to,
                });
                if let Some((user, password)) = &email.login {
                    written["user"] = Value::String(user.clone());
                    written["password"] = Value::String(secret(password));
                }
                written
            }
            Kind::Slack(hook) | Kind::Discord(hook) => json!({ "url": url(hook) }),
            Kind::Ntfy(ntfy) => {
                let mut written = json!({ "url": url(&ntfy.url), "topic": secret(&ntfy.topic) });
                if let Some(token) = &ntfy.token {
                    written["token"] = Value::String(secret(token));
                }
                if let Some(priority) = ntfy.priority {
                    written["priority"] = Value::from(priority);
                }
                written
            }
            Kind::Webhook(webhook) => {
                let mut written = call(&webhook.down);
                if let Some(up) = &webhook.up {
                    written["up"] = call(up);
                }
                written
            }
            Kind::Command(argv) if masked => {
                let word = |(place, word)| if place == 0 { word } else { MASK };
                let words = argv.iter().map(String::as_str).enumerate().map(word);
                json!({ "argv": words.collect::<Vec<_>>() })
            }
            Kind::Command(argv) => json!({ "argv": argv }),
        };
        written["kind"] = Value::from(self.kind());
        written["allow_private"] = Value::from(self.allow_private);
        written
    }
}
