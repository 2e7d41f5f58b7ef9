//! A Healthchecks that is asked for everything it knows: its checks, their pings, bodies and flips.
//!
//! The key goes to the address that was given and nowhere else: an answer's own URLs are not followed.
//! A server that asks for patience gets it, within bounds. A body of a ping that it cannot give is no
//! reason to take nothing else: it may lie in a store of its own, which may be gone for good.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use reqwest::header::{HeaderName, HeaderValue, RETRY_AFTER};
use serde_json::Value;

use super::api::Trouble;
use crate::domain::address::Address;
use crate::sys::http::{self, ClientSettings};

/// The largest answer that is read: a thousand pings, or all checks of a large account.
const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;

/// How often one question is asked.
const TRIES_MAX: u32 = 5;

/// How often a body is asked for once another could not be had: thousands may be in the same place.
const LATER_TRIES_MAX: u32 = 2;

/// The longest rest between two tries.
const REST_MAX: Duration = Duration::from_secs(60);

/// Time for one answer: the list of all checks can be slow.
const PATIENCE: Duration = Duration::from_secs(60);

/// The version of the API that is spoken.
const ROOT: [&str; 3] = ["api", "v3", "checks"];

/// A Healthchecks with its key. Clones share its connections.
#[derive(Clone)]
pub(crate) struct Source {
    http: reqwest::Client,
    address: Address,
    key: HeaderValue,
    /// Bodies that could not be had.
    lost: Arc<AtomicU64>,
}

/// A question that was not answered.
struct Unanswered {
    trouble: Trouble,
    /// How long the server wants to be left alone.
    after: Option<Duration>,
    /// It answers, and that it cannot.
    is_broken: bool,
}

impl From<Trouble> for Unanswered {
    fn from(trouble: Trouble) -> Unanswered {
        Unanswered { trouble, after: None, is_broken: false }
    }
}

impl Source {
    /// Prepares to ask; nothing is sent yet.
    pub(crate) fn new(url: &str, key: &str) -> Result<Source, String> {
        let mut address = Address::parse(url)?.without_query();
        let segments = address.segments();
        if let Some(at) = segments.iter().position(|segment| *segment == "api") {
            address = address.with_segments(&segments[..at]);
        }
        if !address.is_http() {
            return Err(format!("`{}` is no web address", address.shown()));
        }
        let mut header =
            HeaderValue::from_str(key).map_err(|_| "the key holds what no header can")?;
        header.set_sensitive(true);
        let settings = ClientSettings {
            https: address.is_https(),
            socket: address.socket().map(str::to_owned),
            ..ClientSettings::default()
        };
        let http = http::client(&settings).map_err(|error| format!("{error:#}"))?;
        Ok(Source { http, address, key: header, lost: Arc::default() })
    }

    /// Its address, as it may be shown.
    pub(crate) fn shown(&self) -> String {
        self.address.without_user().base(false)
    }

    /// All its checks.
    pub(crate) async fn checks(&self) -> Result<Vec<Value>, Trouble> {
        self.list(&[""], "checks").await
    }

    /// Its channels: id, name and kind.
    pub(crate) async fn channels(&self) -> Result<Vec<Value>, Trouble> {
        let bytes = self.get(&["api", "v3", "channels", ""]).await?;
        self.listed(&bytes, "channels")
    }

    /// The pings of a check, the newest first: as many as it lists.
    pub(crate) async fn pings(&self, uuid: &str) -> Result<Vec<Value>, Trouble> {
        self.list(&[uuid, "pings", ""], "pings").await
    }

    /// The body of a ping; nothing where it is gone, or where the server cannot give it.
    pub(crate) async fn body(&self, uuid: &str, n: u64) -> Result<Vec<u8>, Trouble> {
        let n = n.to_string();
        let tries_max = if self.lost() == 0 { TRIES_MAX } else { LATER_TRIES_MAX };
        let path = [&ROOT[..], &[uuid, "pings", &n, "body"]].concat();
        match self.patiently(&path, tries_max).await {
            Err(Unanswered { trouble: Trouble::Missing(_), .. }) => Ok(Vec::new()),
            Err(Unanswered { is_broken: true, .. }) => {
                self.lost.fetch_add(1, Ordering::Relaxed);
                Ok(Vec::new())
            }
            body => body.map_err(|unanswered| unanswered.trouble),
        }
    }

    /// How many bodies it could not give.
    pub(crate) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// When a check went up and down.
    pub(crate) async fn flips(&self, uuid: &str) -> Result<Vec<Value>, Trouble> {
        self.list(&[uuid, "flips", ""], "flips").await
    }

    async fn list(&self, below: &[&str], member: &str) -> Result<Vec<Value>, Trouble> {
        let bytes = self.get(&[&ROOT[..], below].concat()).await?;
        self.listed(&bytes, member)
    }

    /// The list in an answer; the first versions gave flips as a list alone.
    fn listed(&self, bytes: &[u8], member: &str) -> Result<Vec<Value>, Trouble> {
        match serde_json::from_slice::<Value>(bytes) {
            Ok(Value::Array(items)) => Ok(items),
            Ok(Value::Object(mut members)) => match members.remove(member) {
                Some(Value::Array(items)) => Ok(items),
                Some(_) | None => Err(self.odd(200)),
            },
            Ok(_) | Err(_) => Err(self.odd(200)),
        }
    }

    async fn get(&self, path: &[&str]) -> Result<Vec<u8>, Trouble> {
        self.patiently(path, TRIES_MAX).await.map_err(|unanswered| unanswered.trouble)
    }

    async fn patiently(&self, path: &[&str], tries_max: u32) -> Result<Vec<u8>, Unanswered> {
        let mut tries = 1;
        loop {
            match self.once(path).await {
                Err(Unanswered {
                    trouble: Trouble::Busy(_) | Trouble::Unreached(_),
                    after,
                    ..
                }) if tries < tries_max => {
                    let own = Duration::from_millis(250) * 2_u32.pow(tries);
                    tokio::time::sleep(after.unwrap_or(own).min(REST_MAX)).await;
                    tries += 1;
                }
                answer => return answer,
            }
        }
    }

    async fn once(&self, path: &[&str]) -> Result<Vec<u8>, Unanswered> {
        let unreached = |error: &reqwest::Error| {
            let why = format!("cannot reach `{}`: {}", self.shown(), http::explain(error));
            Trouble::Unreached(why)
        };
        let key = HeaderName::from_static("x-api-key");
        let request = self.http.get(self.address.url(path, &[])).header(key, self.key.clone());
        let sent = request.timeout(PATIENCE).send().await;
        let mut response = sent.map_err(|error| unreached(&error))?;
        let status = response.status().as_u16();
        let after = response.headers().get(RETRY_AFTER).and_then(|after| after.to_str().ok());
        let after = after.and_then(|after| after.trim().parse().ok()).map(Duration::from_secs);
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| unreached(&error))? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > ANSWER_BYTES_MAX {
                return Err(Trouble::Odd("an answer is larger than 64 MiB".to_owned()).into());
            }
        }
        let place = self.shown();
        match status {
            200..=299 => Ok(bytes),
            401 | 403 => Err(Trouble::Key(format!("`{place}` does not accept the API key")).into()),
            404 => Err(Trouble::Missing(format!("`{place}` has no such thing")).into()),
            429 | 500..=599 => {
                let trouble = Trouble::Busy(format!("`{place}` answered {status}"));
                Err(Unanswered { trouble, after, is_broken: status >= 500 })
            }
            _ => Err(self.odd(status).into()),
        }
    }

    fn odd(&self, status: u16) -> Trouble {
        let place = self.shown();
        Trouble::Odd(format!(
            "`{place}` does not answer as Healthchecks does (status {status}); is the URL right?"
        ))
    }
}
