//! Reading a channel's settings field by field, so that every mistake is told at once.

use std::net::IpAddr;
use std::str::FromStr;

use lettre::message::Mailbox;
use serde_json::{Map, Value};

use super::channel::{Call, Email, Hidden, KINDS, Kind, MailTls, Mistake, Ntfy, Settings, Webhook};
use crate::domain::address::Address;
use crate::domain::nearest;
use crate::sys::outbound;

/// Bytes of any one field; longer ones are a mistake of the hand.
const FIELD_BYTES_MAX: usize = 2_000;

/// Bytes of a body template: Healthchecks takes 1,000, and cards for chats are longer.
const BODY_BYTES_MAX: usize = 10_000;

/// Headers of a webhook.
const HEADERS_MAX: usize = 30;

/// Recipients of a mail: a list of more is a mailing list.
const RECIPIENTS_MAX: usize = 20;

/// Words of a command.
const WORDS_MAX: usize = 50;

/// Headers that belong to the connection.
const HEADERS_OF_OURS: [&str; 7] =
    ["host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer"];

/// Methods of a webhook.
const METHODS: [&str; 4] = ["GET", "POST", "PUT", "PATCH"];

/// A JSON object being read, and what was found to be wrong with it.
pub(crate) struct Fields<'a> {
    object: &'a Map<String, Value>,
    /// In front of field names in mistakes: `up.`.
    prefix: &'static str,
    known: Vec<&'static str>,
    mistakes: Vec<Mistake>,
}

impl<'a> Fields<'a> {
    /// Starts to read.
    pub(crate) fn new(object: &'a Map<String, Value>) -> Fields<'a> {
        Fields { object, prefix: "", known: vec!["name"], mistakes: Vec::new() }
    }

    /// Reads all of it.
    pub(crate) fn settings(mut self) -> Result<Settings, Vec<Mistake>> {
        let word = self.needed("kind").unwrap_or_default();
        let allow_private = self.yes("allow_private");
        let kind = match word.as_str() {
            "email" => self.email(allow_private).map(Kind::Email),
            "slack" => self.url(allow_private).map(Kind::Slack),
            "discord" => self.url(allow_private).map(Kind::Discord),
            "ntfy" => self.ntfy(allow_private).map(Kind::Ntfy),
            "webhook" => self.webhook(allow_private).map(Kind::Webhook),
            "command" => self.command().map(Kind::Command),
            "" => return Err(self.mistakes),
            other => {
                let known = KINDS.map(|kind| format!("`{kind}`")).join(", ");
                self.wrong("kind", format!("`{}` is none of {known}", excerpt(other)));
                return Err(self.mistakes);
            }
        };
        self.unknown();
        match kind {
            Some(kind) if self.mistakes.is_empty() => Ok(Settings { kind, allow_private }),
            Some(_) | None => Err(self.mistakes),
        }
    }

    fn email(&mut self, allow_private: bool) -> Option<Email> {
        let host = self.needed("host");
        let port = self.number("port", 1, u64::from(u16::MAX));
        let port = port.and_then(|port| u16::try_from(port).ok());
        let tls = match self.text("tls").as_deref() {
            Some("none") => MailTls::None,
            Some("starttls") => MailTls::StartTls,
            Some("tls") => MailTls::Tls,
            None if port == Some(465) => MailTls::Tls,
            None => MailTls::StartTls,
            Some(other) => {
                let message = format!("`{}` is none of `starttls`, `tls`, `none`", excerpt(other));
                self.wrong("tls", message);
                MailTls::StartTls
            }
        };
        let port = port.unwrap_or(match tls {
            MailTls::None => 25,
            MailTls::StartTls => 587,
            MailTls::Tls => 465,
        });
        if let Some(host) = &host {
            let named = host.chars().all(|c| c.is_ascii_alphanumeric() || "-._:".contains(c));
            if !named {
                self.wrong("host", format!("`{}` is no host name", excerpt(host)));
            }
            self.reachable("host", host, allow_private);
        }
        let login = match (self.text("user"), self.text("password")) {
            (Some(user), Some(password)) => Some((user, Hidden::new(password))),
            (None, None) => None,
            (Some(_), None) => {
                self.wrong("password", "a `user` needs a `password`".to_owned());
                None
            }
            (None, Some(_)) => {
                self.wrong("user", "a `password` needs a `user`".to_owned());
                None
            }
        };
        if login.is_some() && tls == MailTls::None && !allow_private {
            let message = "a password is not sent in the clear; use `starttls` or `tls`".to_owned();
            self.wrong("tls", message);
        }
        let from = self.needed("from").filter(|from| self.mailbox("from", from));
        let to = self.list("to", RECIPIENTS_MAX).unwrap_or_default();
        let to: Vec<String> = to.into_iter().filter(|to| self.mailbox("to", to)).collect();
        Some(Email { host: host?, port, tls, login, from: from?, to })
    }

    fn ntfy(&mut self, allow_private: bool) -> Option<Ntfy> {
        let url = match self.object.contains_key("url") {
            true => self.url(allow_private),
            false => Some(Hidden::new("https://ntfy.sh".to_owned())),
        };
        self.known.push("url");
        let topic = self.needed("topic");
        if let Some(topic) = &topic {
            let named = topic.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
            if !named || topic.len() > 64 {
                let message = "a topic has at most 64 letters, digits, `-` and `_`".to_owned();
                self.wrong("topic", message);
            }
        }
        let token = self.text("token");
        if token.as_ref().is_some_and(|token| !token.chars().all(|c| c.is_ascii_graphic())) {
            self.wrong("token", "a token has letters, digits and signs only".to_owned());
        }
        let priority = self.number("priority", 1, 5).and_then(|number| u8::try_from(number).ok());
        Some(Ntfy {
            url: url?,
            topic: Hidden::new(topic?),
            token: token.map(Hidden::new),
            priority,
        })
    }

    fn webhook(&mut self, allow_private: bool) -> Option<Webhook> {
        let down = self.call(allow_private);
        self.known.push("up");
        let up = match self.object.get("up") {
            None | Some(Value::Null) => None,
            Some(Value::Object(object)) => {
                let mut inner =
                    Fields { object, prefix: "up.", known: Vec::new(), mistakes: Vec::new() };
                let up = inner.call(allow_private);
                inner.unknown();
                self.mistakes.append(&mut inner.mistakes);
                up
            }
            Some(_) => {
                self.wrong("up", "a JSON object with `url` is wanted here".to_owned());
                None
            }
        };
        Some(Webhook { down: down?, up })
    }

    fn call(&mut self, allow_private: bool) -> Option<Call> {
        let url = self.url(allow_private);
        let given = self.text("method").unwrap_or_else(|| "POST".to_owned());
        let method = given.to_ascii_uppercase();
        if !METHODS.contains(&method.as_str()) {
            let known = METHODS.map(|method| format!("`{method}`")).join(", ");
            self.wrong("method", format!("`{}` is none of {known}", excerpt(&given)));
        }
        let headers = self.headers();
        let body = self.bounded("body", BODY_BYTES_MAX);
        if method == "GET" && body.is_some() {
            self.wrong("body", "a GET has no body; use POST".to_owned());
        }
        Some(Call { url: url?, method, headers, body: body.map(Hidden::new) })
    }

    fn headers(&mut self) -> Vec<(String, Hidden)> {
        self.known.push("headers");
        let object = match self.object.get("headers") {
            None | Some(Value::Null) => return Vec::new(),
            Some(Value::Object(object)) => object,
            Some(_) => {
                self.wrong("headers", "an object is wanted, as in `{\"X-Key\": \"…\"}`".to_owned());
                return Vec::new();
            }
        };
        if object.len() > HEADERS_MAX {
            self.wrong("headers", format!("there are at most {HEADERS_MAX}"));
        }
        let mut headers = Vec::new();
        for (name, value) in object.iter().take(HEADERS_MAX) {
            let field = format!("headers.{}", excerpt(name));
            let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
            if name.is_empty() || name.len() > 100 || !name.chars().all(token) {
                self.wrong(&field, "this is not the name of a header".to_owned());
            } else if HEADERS_OF_OURS.contains(&name.to_ascii_lowercase().as_str()) {
                self.wrong(
                    &field,
                    "this header belongs to the connection; leave it out".to_owned(),
                );
            }
            match value.as_str() {
                Some(text) if text.len() > FIELD_BYTES_MAX => {
                    self.wrong(&field, format!("a value has at most {FIELD_BYTES_MAX} bytes"));
                }
                Some(text) if text.chars().any(|c| c.is_control()) => {
                    let message = "a value has no line breaks or control characters".to_owned();
                    self.wrong(&field, message);
                }
                Some(text) => headers.push((name.clone(), Hidden::new(text.to_owned()))),
                None => self.wrong(&field, "a text is wanted here".to_owned()),
            }
        }
        headers
    }

    fn command(&mut self) -> Option<Vec<String>> {
        let argv = self.list("argv", WORDS_MAX)?;
        if argv.iter().any(|word| word.contains('\0')) {
            self.wrong("argv", "a word holds no NUL".to_owned());
        }
        if !argv[0].starts_with('/') {
            let message = "name the program by its full path, as in `[\"/usr/local/bin/tell\"]`";
            self.wrong("argv", message.to_owned());
        }
        Some(argv)
    }

    /// A URL of the web whose host is written out.
    fn url(&mut self, allow_private: bool) -> Option<Hidden> {
        let url = self.needed("url")?;
        let host = Address::parse(&url).and_then(|address| {
            if !address.is_http() || address.socket().is_some() {
                return Err("only https:// and http:// can be used here".to_owned());
            }
            if address.origin().contains('$') {
                return Err("placeholders may stand behind the host only".to_owned());
            }
            let parsed = reqwest::Url::parse(&url);
            let parsed = parsed.map_err(|error| format!("the URL cannot be used: {error}"))?;
            Ok(parsed.host_str().unwrap_or_default().to_owned())
        });
        match host {
            Ok(host) => self.reachable("url", &host, allow_private),
            Err(message) => self.wrong("url", message),
        }
        Some(Hidden::new(url))
    }

    /// Says at once what the connection would say later. Names are looked up only then.
    fn reachable(&mut self, field: &str, host: &str, allow_private: bool) {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let address = match bare.to_ascii_lowercase().trim_end_matches('.') {
            "localhost" => "127.0.0.1".parse().ok(),
            _ => bare.parse::<IpAddr>().ok(),
        };
        if let Some(address) = address
            && !allow_private
            && !outbound::is_public(address)
        {
            self.wrong(field, outbound::Denied(address).to_string());
        }
    }

    /// Whether this is an address that mail can be sent to.
    fn mailbox(&mut self, field: &str, text: &str) -> bool {
        let usable = Mailbox::from_str(text).is_ok_and(|mailbox| {
            mailbox.email.to_string().is_ascii() && !text.chars().any(char::is_control)
        });
        if !usable {
            let message = format!(
                "`{}` is no address; write `a@example.com` or `Name <a@example.com>`",
                excerpt(text)
            );
            self.wrong(field, message);
        }
        usable
    }

    fn needed(&mut self, field: &'static str) -> Option<String> {
        let before = self.mistakes.len();
        let text = self.text(field);
        if text.is_none() && self.mistakes.len() == before {
            self.wrong(field, "this is needed".to_owned());
        }
        text
    }

    fn text(&mut self, field: &'static str) -> Option<String> {
        let text = self.bounded(field, FIELD_BYTES_MAX)?;
        if text.chars().any(char::is_control) {
            self.wrong(field, "no line breaks or control characters can stand here".to_owned());
            return None;
        }
        Some(text).filter(|text| !text.is_empty())
    }

    fn bounded(&mut self, field: &'static str, bytes_max: usize) -> Option<String> {
        self.known.push(field);
        match self.object.get(field)? {
            Value::Null => None,
            Value::String(text) if text.len() <= bytes_max => Some(text.clone()),
            Value::String(_) => {
                self.wrong(field, format!("at most {bytes_max} bytes can stand here"));
                None
            }
            _ => {
                self.wrong(field, "a text is wanted here".to_owned());
                None
            }
        }
    }

    fn number(&mut self, field: &'static str, least: u64, most: u64) -> Option<u64> {
        self.known.push(field);
        let value = self.object.get(field).filter(|value| !value.is_null())?;
        let number = value.as_u64().filter(|number| (least..=most).contains(number));
        if number.is_none() {
            self.wrong(field, format!("a number from {least} to {most} is wanted here"));
        }
        number
    }

    fn yes(&mut self, field: &'static str) -> bool {
        self.known.push(field);
        match self.object.get(field) {
            None | Some(Value::Null) => false,
            Some(Value::Bool(yes)) => *yes,
            Some(_) => {
                self.wrong(field, "`true` or `false` is wanted here".to_owned());
                false
            }
        }
    }

    /// One text or several, at least one.
    fn list(&mut self, field: &'static str, most: usize) -> Option<Vec<String>> {
        self.known.push(field);
        let values = match self.object.get(field) {
            Some(Value::Array(values)) => values.iter().map(Value::as_str).collect(),
            Some(Value::String(text)) => Some(vec![text.as_str()]),
            Some(_) | None => None,
        };
        let list: Option<Vec<String>> =
            values.map(|values: Vec<&str>| values.into_iter().map(str::to_owned).collect());
        let list = list.filter(|list: &Vec<String>| {
            (1..=most).contains(&list.len())
                && list.iter().all(|text| !text.is_empty() && text.len() <= FIELD_BYTES_MAX)
        });
        if list.is_none() {
            self.wrong(field, format!("a list of 1 to {most} texts is wanted here"));
        }
        list
    }

    fn unknown(&mut self) {
        for name in self.object.keys().filter(|name| !self.known.contains(&name.as_str())) {
            let near = nearest::nearest(name, self.known.iter().copied());
            let hint = near.map_or_else(
                || "leave it out".to_owned(),
                |near| format!("did you mean `{near}`?"),
            );
            let field = format!("{}{}", self.prefix, excerpt(name));
            self.mistakes
                .push(Mistake { field, message: format!("this field is not known; {hint}") });
        }
    }

    fn wrong(&mut self, field: &str, message: String) {
        self.mistakes.push(Mistake { field: format!("{}{field}", self.prefix), message });
    }
}

fn excerpt(text: &str) -> String {
    crate::domain::text::excerpt(text.as_bytes())
}
