//! One HTTP request to a channel, sent once, and what its answer means.
//!
//! Every hop's address is checked when it is connected to. An answer's words are told to the person
//! who has to mend the channel, bounded, harmless, and without the channel's own secrets in them;
//! they steer nothing. Only the status decides, and `Retry-After` within its bounds.

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION, RETRY_AFTER};
use reqwest::{Method, Url};

use super::Outcome;
use super::outbound::Outbound;
use crate::domain::retry_after;
use crate::domain::time::Moment;
use crate::sys::{http, outbound};

/// Redirects followed.
const REDIRECTS_MAX: usize = 3;

/// Bytes of an answer read: enough for the words of every service that says why it refuses.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// Time for those words: the status has been heard by then, and decides without them.
const WORDS_TIME_MAX: Duration = Duration::from_secs(3);

/// Time for what comes after good news.
const REST_TIME_MAX: Duration = Duration::from_millis(50);

/// Characters of those words that are told.
const WORDS_CHARS_MAX: usize = 200;

/// What is sent.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Request {
    /// The method.
    pub(crate) method: String,
    /// Where to.
    pub(crate) url: String,
    /// Names and values.
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    /// The body.
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// A POST of JSON.
    pub(crate) fn json(url: &str, body: &serde_json::Value) -> Request {
        Request {
            method: "POST".to_owned(),
            url: url.to_owned(),
            headers: vec![("Content-Type".to_owned(), b"application/json".to_vec())],
            body: body.to_string().into_bytes(),
        }
    }
}

/// Whose answers are judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answers {
    /// A service whose refusals are meant: a wrong token stays wrong.
    Service,
    /// A person's own code: a 404 or 403 may pass with the next deployment, so only `410 Gone` is
    /// the end.
    OwnCode,
}

/// Text as the bytes of a header's value: Latin-1, and XML character references for the rest, as
/// Healthchecks writes it.
pub(crate) fn bytes_of_header(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    for c in text.chars() {
        match u8::try_from(u32::from(c)) {
            Ok(_) if c.is_control() => bytes.push(b' '),
            Ok(byte) => bytes.push(byte),
            Err(_) => bytes.extend_from_slice(format!("&#{};", u32::from(c)).as_bytes()),
        }
    }
    bytes
}

/// Sends `request` with `key` as its deduplication key.
pub(crate) async fn send(
    outbound: &Outbound,
    allow_private: bool,
    request: &Request,
    key: &str,
    answers: Answers,
    now: Moment,
) -> Outcome {
    let refused = |why: String| Outcome::Refused { why };
    let mut url = match Url::parse(&request.url) {
        Ok(url) => url,
        Err(error) => return refused(format!("the URL cannot be used: {error}")),
    };
    let mut headers = match headers(request) {
        Ok(headers) => headers,
        Err(why) => return refused(why),
    };
    for _ in 0..=REDIRECTS_MAX {
        let clients = match outbound.http(&url, allow_private) {
            Ok(clients) => clients,
            Err(denied) => return refused(denied.to_string()),
        };
        let Ok(method) = Method::from_bytes(request.method.as_bytes()) else {
            return refused("the method cannot be used".to_owned());
        };
        let mut sent = headers.clone();
        if let Ok(key) = HeaderValue::from_bytes(&bytes_of_header(key))
            && !key.is_empty()
        {
            sent.insert("Idempotency-Key", key);
        }
        let attempt = |client: &reqwest::Client| {
            let built = client.request(method.clone(), url.clone()).headers(sent.clone());
            built.body(request.body.clone()).send()
        };
        let mut heard = attempt(&clients.kept).await;
        if heard.as_ref().is_err_and(went_stale) {
            heard = attempt(&clients.fresh).await;
        }
        let response = match heard {
            Ok(response) => response,
            Err(error) => return trouble(&error),
        };
        let status = response.status().as_u16();
        if !matches!(status, 301 | 302 | 307 | 308) {
            return judge(response, answers, now).await;
        }
        let next = match redirected(&url, response.headers()) {
            Ok(next) => next,
            Err(why) => return refused(why),
        };
        if next.origin() != url.origin() {
            headers = for_another(&headers);
        }
        url = next;
    }
    refused(format!("more than {REDIRECTS_MAX} redirects"))
}

/// Only what says what the body is: the rest was meant for one place.
fn for_another(headers: &HeaderMap) -> HeaderMap {
    let kind = headers.get(CONTENT_TYPE).cloned();
    kind.map(|kind| (CONTENT_TYPE, kind)).into_iter().collect()
}

fn headers(request: &Request) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    for (name, value) in &request.headers {
        let (Ok(known), Ok(mut value)) =
            (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_bytes(value))
        else {
            return Err(format!("the header `{name}` cannot be sent"));
        };
        value.set_sensitive(true);
        headers.insert(known, value);
    }
    Ok(headers)
}

/// Where a redirect leads, when it may be followed: on the web, and never out of TLS.
fn redirected(from: &Url, headers: &HeaderMap) -> Result<Url, String> {
    let to = headers.get(LOCATION).and_then(|to| to.to_str().ok());
    let to = to.and_then(|to| from.join(to).ok());
    let to = to.ok_or("the server redirects to nowhere")?;
    match (from.scheme(), to.scheme()) {
        (_, "https") | ("http", "http") => Ok(to),
        (_, "http") => Err("the server redirects from https:// to http://".to_owned()),
        _ => Err("the server redirects out of the web".to_owned()),
    }
}

/// Whether the connection may have been closed before the request came: a server that closes what it
/// did not say it would close. Where it was not so, the request comes a second time under the same key.
fn went_stale(error: &reqwest::Error) -> bool {
    error.is_request() && !error.is_connect() && !error.is_timeout()
}

/// What an error on the way means.
fn trouble(error: &reqwest::Error) -> Outcome {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(this) = cause {
        if let Some(denied) = outbound::denied(this) {
            return Outcome::Refused { why: denied.to_string() };
        }
        cause = this.source();
    }
    if error.is_builder() {
        return Outcome::Refused { why: http::explain(error) };
    }
    Outcome::Retry { after: None, why: http::explain(error) }
}

async fn judge(mut response: reqwest::Response, answers: Answers, now: Moment) -> Outcome {
    let status = response.status().as_u16();
    if (200..300).contains(&status) {
        // The rest of the answer may be anything, also endless. A short one is read, for its connection
        // serves the next alert.
        let _ = read(&mut response, REST_TIME_MAX).await;
        return Outcome::Sent { note: None };
    }
    let after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    let after = after.and_then(|value| retry_after::parse(value, now));
    let words = words(&mut response).await;
    let why = match words.is_empty() {
        true => format!("the server answered {status}"),
        false => format!("the server answered {status}: {words}"),
    };
    let is_final = match answers {
        Answers::OwnCode => status == 410,
        Answers::Service => {
            (300..500).contains(&status) && !matches!(status, 408 | 409 | 421 | 423 | 425 | 429)
        }
    };
    if is_final { Outcome::Refused { why } } else { Outcome::Retry { after, why } }
}

/// As much of an answer as comes within a time and is not too long.
async fn read(response: &mut reqwest::Response, time_max: Duration) -> Vec<u8> {
    let mut read = Vec::new();
    let reading = async {
        while read.len() < ANSWER_BYTES_MAX {
            match response.chunk().await {
                Ok(Some(chunk)) => read.extend_from_slice(&chunk),
                Ok(None) | Err(_) => break,
            }
        }
    };
    let _ = tokio::time::timeout(time_max, reading).await;
    read.truncate(ANSWER_BYTES_MAX);
    read
}

/// The first line of an answer that says something.
async fn words(response: &mut reqwest::Response) -> String {
    let read = read(response, WORDS_TIME_MAX).await;
    let text = String::from_utf8_lossy(&read);
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    super::wording::one_line(line, WORDS_CHARS_MAX)
}
