//! What a foreign text must not repeat: the secrets of a channel, in every spelling that went out.
//!
//! A server that refuses a request likes to say which one it was: its path, a header, a field of its body.
//! Those words are stored and shown to people who may not see the channel's settings. So each secret is
//! known as a whole and in the parts that a server takes it apart into, as it was written and as it was
//! filled in. In doubt too much is masked: a word that is missing from an error can be asked for, a token
//! that was told cannot be taken back.

use serde_json::Value;

use super::channel::{Call, Hidden, Kind, MASK, Settings};
use super::request::Request;
use crate::domain::address::percent_decode;
use crate::domain::base64;

/// The shortest secret that is looked for: shorter ones are parts of any text.
const WHOLE_BYTES_MIN: usize = 4;

/// The shortest part of a path, a query or a header: below it are words like `hook` and `v1`.
const PART_BYTES_MIN: usize = 6;

/// The shortest word of a body, most of which is prose.
const WORD_BYTES_MIN: usize = 8;

/// What stands at the end of a text that was cut.
const CUT: char = '…';

/// The placeholders that stand for JSON, not for a text within it.
const JSON_PLACEHOLDERS: [&str; 3] = ["$NAME_JSON", "$BODY_JSON", "$JSON"];

/// The secrets of a channel.
#[derive(Default)]
pub(crate) struct Secrets(Vec<String>);

impl Secrets {
    /// Those of these settings.
    pub(crate) fn of(settings: &Settings) -> Secrets {
        let mut secrets = Secrets::default();
        match &settings.kind {
            Kind::Email(email) => {
                if let Some((user, password)) = &email.login {
                    let password = password.expose();
                    secrets.whole(password);
                    // As they go over the line (RFC 4616, and LOGIN).
                    secrets.whole(&base64::encode(password.as_bytes()));
                    secrets.whole(&base64::encode(format!("\0{user}\0{password}").as_bytes()));
                }
            }
            Kind::Slack(hook) | Kind::Discord(hook) => secrets.url(hook.expose()),
            Kind::Ntfy(ntfy) => {
                secrets.url(ntfy.url.expose());
                for secret in ntfy.token.iter().chain([&ntfy.topic]) {
                    secrets.whole(secret.expose());
                }
            }
            Kind::Webhook(webhook) => {
                for call in std::iter::once(&webhook.down).chain(&webhook.up) {
                    secrets.call(call);
                }
            }
            // The program is no secret; its arguments may be.
            Kind::Command(argv) => argv.iter().skip(1).for_each(|word| secrets.part(word)),
        }
        secrets
    }

    /// And those of a request that was made of them.
    pub(crate) fn and_of(&mut self, request: &Request) {
        self.url(&request.url);
        for (name, value) in &request.headers {
            if !name.eq_ignore_ascii_case("content-type") {
                self.header(&String::from_utf8_lossy(value));
            }
        }
    }

    /// The text without them.
    pub(crate) fn hide(&self, text: &str) -> String {
        let mut secrets: Vec<&str> = self.0.iter().map(String::as_str).collect();
        // A secret goes before what is only a part of it.
        secrets.sort_unstable_by_key(|secret| (std::cmp::Reverse(secret.len()), *secret));
        secrets.dedup();
        let mut parts: Vec<String> = text.split(CUT).map(str::to_owned).collect();
        let last = parts.len() - 1;
        for part in &mut parts[..last] {
            without_beginning(part, &secrets);
        }
        let text = parts.join(&CUT.to_string());
        secrets.iter().fold(text, |text, secret| text.replace(secret, MASK))
    }

    fn call(&mut self, call: &Call) {
        self.url(call.url.expose());
        call.headers.iter().for_each(|(_, value)| self.header(value.expose()));
        if let Some(body) = &call.body {
            self.body(body);
        }
    }

    /// A URL, and all that stands in it but its host.
    fn url(&mut self, url: &str) {
        let behind = url.split_once("://").map_or(url, |(_, behind)| behind);
        let end = behind.find(['/', '?', '#']).unwrap_or(behind.len());
        let (authority, rest) = behind.split_at(end);
        if let Some((user, _)) = authority.rsplit_once('@') {
            self.whole(user);
            self.whole(&base64::encode(percent_decode(user).as_bytes()));
            user.split(':').for_each(|part| self.decoded(part));
        }
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        for whole in [rest, path, query].map(|text| text.trim_matches('/')) {
            self.part(whole);
            self.part(&format!("/{whole}"));
        }
        path.split(['/', '#']).for_each(|part| self.decoded(part));
        for pair in query.split(['&', '#']) {
            self.decoded(pair.split_once('=').map_or(pair, |(_, value)| value));
        }
    }

    fn decoded(&mut self, part: &str) {
        for part in [part, &percent_decode(part)] {
            self.pieces(part);
        }
    }

    /// A header's value, and what stands behind its scheme.
    fn header(&mut self, value: &str) {
        self.whole(value);
        let credentials = value.split_once(' ').map_or(value, |(_, credentials)| credentials);
        self.whole(credentials);
        if let Some(plain) = base64::decode(credentials)
            && let Ok(plain) = String::from_utf8(plain)
            && let Some((_, password)) = plain.split_once(':')
        {
            self.whole(&plain);
            self.whole(password);
        }
        let parts = credentials.split([' ', ',', ';', '=', '"']);
        parts.for_each(|part| self.pieces(part));
    }

    /// The values of a body's template; its names are everybody's.
    fn body(&mut self, body: &Hidden) {
        let body = body.expose();
        let plain = JSON_PLACEHOLDERS
            .iter()
            .fold(body.to_owned(), |body, placeholder| body.replace(placeholder, "null"));
        match serde_json::from_str(&plain) {
            Ok(Value::String(_)) | Err(_) => {
                let pairs = body.split(['&', '\n']);
                pairs.for_each(|pair| {
                    self.prose(pair.split_once('=').map_or(pair, |(_, text)| text))
                });
            }
            Ok(json) => self.values(&json),
        }
    }

    fn values(&mut self, json: &Value) {
        match json {
            Value::String(text) => self.prose(text),
            Value::Array(items) => items.iter().for_each(|item| self.values(item)),
            Value::Object(members) => members.values().for_each(|value| self.values(value)),
            Value::Number(number) => self.part(&number.to_string()),
            Value::Null | Value::Bool(_) => {}
        }
    }

    /// A text that people read, with perhaps a token in it.
    fn prose(&mut self, text: &str) {
        self.pieces(text);
        let words = text
            .split(|letter: char| !letter.is_ascii_alphanumeric() && !"-_.+/~".contains(letter));
        words.filter(|word| word.len() >= WORD_BYTES_MIN).for_each(|word| self.part(word));
    }

    /// A template: itself, and what stands between its placeholders.
    fn pieces(&mut self, template: &str) {
        self.part(template);
        let is_name = |letter: char| letter.is_ascii_uppercase() || letter == '_';
        for (place, piece) in template.split('$').enumerate() {
            let behind =
                piece.trim_start_matches(is_name).trim_start_matches(|c: char| c.is_ascii_digit());
            self.part(if place == 0 { piece } else { behind });
        }
    }

    fn part(&mut self, part: &str) {
        self.of_length(part, PART_BYTES_MIN);
    }

    fn whole(&mut self, secret: &str) {
        self.of_length(secret, WHOLE_BYTES_MIN);
    }

    fn of_length(&mut self, text: &str, bytes_min: usize) {
        let text = text.trim();
        if text.len() >= bytes_min {
            self.0.push(text.to_owned());
        }
    }
}

/// Masks the beginning of a secret whose end was cut off.
fn without_beginning(text: &mut String, secrets: &[&str]) {
    let beginning = |secret: &&str| {
        let ends = (WHOLE_BYTES_MIN..secret.len()).rev();
        let mut ends = ends.filter(|end| secret.is_char_boundary(*end));
        ends.find(|end| text.ends_with(&secret[..*end]))
    };
    if let Some(length) = secrets.iter().filter_map(beginning).max() {
        text.truncate(text.len() - length);
        text.push_str(MASK);
    }
}
