//! One question to a receiver, and its answer or the reason why there is none.
//!
//! Redirects are not followed: the key would go along to wherever they lead.

use std::fmt;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION};
use serde_json::Value;

use super::answer::Object;
use crate::domain::address::{Address, percent_encode};
use crate::domain::{base64, text};
use crate::sys::http::{self, ClientSettings};

/// The largest answer that is read: a page of runs with their output stays well below.
const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Bytes of a receiver's own words that are repeated.
const WORDS_BYTES_MAX: usize = 1000;

/// Where the API begins below the receiver's address.
const ROOT: [&str; 3] = ["api", "hb", "v1"];

/// A receiver, and how to reach it.
pub(crate) struct Receiver {
    /// Its address, with the path that it may be installed below.
    pub(crate) address: Address,
    /// Certificates and proxy.
    pub(crate) client: ClientSettings,
    /// How it knows who asks.
    pub(crate) credential: Credential,
    /// Headers that something in front of it wants.
    pub(crate) headers: Vec<(String, String)>,
}

/// What is shown to a receiver.
pub(crate) enum Credential {
    /// An API key.
    Key(String),
    /// The admin password.
    Password(String),
}

/// A receiver's management API.
pub(crate) struct Api {
    http: reqwest::Client,
    address: Address,
    headers: HeaderMap,
}

/// What is asked.
pub(crate) struct Ask<'a> {
    /// `GET`, `POST`, `PUT`, `PATCH` or `DELETE`.
    pub(crate) method: &'static str,
    /// The path below the API's root, not yet encoded.
    pub(crate) path: &'a [&'a str],
    /// The query.
    pub(crate) query: &'a [(&'a str, &'a str)],
    /// What is sent along.
    pub(crate) body: Option<&'a Value>,
    /// Time for the answer, where the usual is too short.
    pub(crate) patience: Option<Duration>,
}

impl<'a> Ask<'a> {
    /// Asks to be told something.
    pub(crate) fn get(path: &'a [&'a str]) -> Ask<'a> {
        Ask { method: "GET", path, query: &[], body: None, patience: None }
    }

    /// Asks for something to be done.
    pub(crate) fn post(path: &'a [&'a str], body: &'a Value) -> Ask<'a> {
        Ask { method: "POST", body: Some(body), ..Ask::get(path) }
    }
}

/// An answer: as it came, and as it was understood.
pub(crate) struct Answer {
    /// The bytes.
    pub(crate) bytes: Vec<u8>,
    /// What they say; null where they are none.
    pub(crate) value: Value,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The receiver cannot be reached.
    Unreached(String),
    /// It answers that it cannot answer now.
    Busy(String),
    /// It does not accept the key.
    Key(String),
    /// It knows no such thing.
    Missing(String),
    /// It refuses, with the field that is wrong where it is one.
    Refused {
        /// Its HTTP status.
        status: u16,
        /// Its words.
        message: String,
        /// The field that it names, or nothing.
        field: String,
        /// All that is wrong, where it tells more than one thing.
        mistakes: Vec<Value>,
    },
    /// What answers is not hb's API.
    Odd(String),
}

impl fmt::Display for Trouble {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trouble::Unreached(why)
            | Trouble::Busy(why)
            | Trouble::Key(why)
            | Trouble::Missing(why)
            | Trouble::Odd(why) => out.write_str(why),
            Trouble::Refused { message, .. } => out.write_str(message),
        }
    }
}

impl Api {
    /// Prepares to ask; nothing is sent yet.
    pub(crate) fn new(receiver: Receiver) -> Result<Api, String> {
        let mut address = receiver.address.without_query();
        let segments = address.segments();
        if segments.ends_with(&ROOT) {
            address = address.with_segments(&segments[..segments.len() - ROOT.len()]);
        }
        if !address.is_http() {
            return Err(format!("`{}` is no web address", address.shown()));
        }
        let mut headers = HeaderMap::new();
        for (name, value) in &receiver.headers {
            let name = HeaderName::from_bytes(name.as_bytes());
            if let (Ok(name), Some(value)) = (name, sensitive(value)) {
                headers.insert(name, value);
            }
        }
        // A user in the address is for a proxy in front, which takes the usual header for itself.
        let (name, value) = match (receiver.credential, address.user()) {
            (Credential::Key(key), None) => (AUTHORIZATION, format!("Bearer {key}")),
            (Credential::Key(key), Some(_)) => (HeaderName::from_static("x-api-key"), key),
            (Credential::Password(password), None) => {
                let both = base64::encode(format!("admin:{password}").as_bytes());
                (AUTHORIZATION, format!("Basic {both}"))
            }
            (Credential::Password(_), Some(_)) => {
                let why = "the admin password and the user of the address want the same header";
                return Err(format!("{why}: use an admin key"));
            }
        };
        headers.insert(name, sensitive(&value).ok_or("the API key holds what no header can")?);
        let settings = ClientSettings {
            https: address.is_https(),
            socket: address.socket().map(str::to_owned),
            ..receiver.client
        };
        let http = http::client(&settings).map_err(|error| format!("{error:#}"))?;
        Ok(Api { http, address, headers })
    }

    /// The receiver's address, as it may be shown. It holds no secret.
    pub(crate) fn shown(&self) -> String {
        match self.address.socket() {
            Some(socket) => format!("unix:{socket}"),
            None => self.address.without_user().base(false),
        }
    }

    /// Asks.
    pub(crate) async fn ask(&self, ask: Ask<'_>) -> Result<Answer, Trouble> {
        let sent = self.request(&ask).send().await;
        let mut response = sent.map_err(|error| self.unreached(&error))?;
        let status = response.status().as_u16();
        let location = response.headers().get(LOCATION).and_then(|to| to.to_str().ok());
        let location = location.map(str::to_owned);
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.unreached(&error))? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > ANSWER_BYTES_MAX {
                let place = self.shown();
                return Err(Trouble::Odd(format!("the answer of `{place}` is larger than 16 MiB")));
            }
        }
        let value = serde_json::from_slice(&bytes).ok();
        match (status, value) {
            (200..=299, None) if bytes.is_empty() => Ok(Answer { bytes, value: Value::Null }),
            (200..=299, Some(value)) => Ok(Answer { bytes, value }),
            (_, value) => Err(self.refusal(status, value.as_ref(), location.as_deref())),
        }
    }

    /// Asks for a stream, from behind the message with this id.
    pub(super) async fn send_after(
        &self,
        ask: &Ask<'_>,
        last_id: &str,
    ) -> Result<reqwest::Response, Trouble> {
        let request = self.request(ask);
        let request = match HeaderValue::from_str(last_id) {
            Ok(id) if !last_id.is_empty() => request.header("last-event-id", id),
            Ok(_) | Err(_) => request,
        };
        request.send().await.map_err(|error| self.unreached(&error))
    }

    fn request(&self, ask: &Ask<'_>) -> reqwest::RequestBuilder {
        let encoded: Vec<String> = ask.path.iter().map(|part| percent_encode(part)).collect();
        let more: Vec<&str> = ROOT.into_iter().chain(encoded.iter().map(String::as_str)).collect();
        let method = reqwest::Method::from_bytes(ask.method.as_bytes()).unwrap_or_default();
        let mut request = self.http.request(method, self.address.url(&more, ask.query));
        request = request.headers(self.headers.clone());
        if let Some(patience) = ask.patience {
            request = request.timeout(patience);
        }
        if let Some(body) = ask.body {
            request = request.header(CONTENT_TYPE, "application/json").body(body.to_string());
        }
        request
    }

    fn unreached(&self, error: &reqwest::Error) -> Trouble {
        Trouble::Unreached(format!("cannot reach `{}`: {}", self.shown(), http::explain(error)))
    }

    /// What a status that is no success means.
    fn refusal(&self, status: u16, value: Option<&Value>, location: Option<&str>) -> Trouble {
        let place = self.shown();
        let error = value.and_then(|value| value.get("error")).map(Object);
        let words = error.and_then(|error| error.word("message")).unwrap_or_default();
        let words = text::printable(&words.as_bytes()[..words.len().min(WORDS_BYTES_MAX)]);
        match status {
            401 => Trouble::Key(format!("`{place}` does not accept the API key")),
            // What names a member is about that, and another key would be told the same.
            403 if error.is_none_or(|error| error.word("field").is_none()) => match words {
                words if words.is_empty() => {
                    Trouble::Key(format!("the API key may not do this at `{place}`"))
                }
                words => Trouble::Key(words),
            },
            404 if error.is_some() => Trouble::Missing(words),
            429 | 500..=599 => {
                let why = if words.is_empty() { "it cannot answer now".to_owned() } else { words };
                Trouble::Busy(format!("`{place}` answered {status}: {why}"))
            }
            300..=399 => {
                let to = text::excerpt(location.unwrap_or("elsewhere").as_bytes());
                Trouble::Odd(format!("`{place}` leads on to `{to}`; use that URL if it is right"))
            }
            _ if error.is_some() && !words.is_empty() => {
                let field = error.map(|error| error.text("field").to_owned()).unwrap_or_default();
                let mistakes = error.map(|error| error.items("mistakes").to_vec());
                let mistakes = mistakes.unwrap_or_default();
                Trouble::Refused { status, message: words, field, mistakes }
            }
            _ => Trouble::Odd(format!(
                "`{place}` does not answer as `hb serve` does (status {status}); is the URL right?"
            )),
        }
    }
}

fn sensitive(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}
