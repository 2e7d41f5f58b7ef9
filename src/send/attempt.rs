//! One attempt to deliver one request, and what its answer means.
//!
//! Everything that can go wrong between here and the receiver is trouble that may pass; only an
//! answer can refuse an event for good. An answer's words never steer hb: of its headers three are
//! read, each bounded, and of its body nothing but its end, unless the dialect has a test for it or
//! knows words that take a yes back.

use std::time::Duration;

use reqwest::header::{CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue, LOCATION};

use super::target::Target;
use crate::domain::dialect::{Answer, Dialect, HttpRequest};
use crate::domain::retry_after;
use crate::sys::http::ATTEMPT_TIMEOUT;
use crate::sys::{clock, http};

/// Redirects followed, on the same host only.
pub(super) const REDIRECTS_MAX: usize = 2;

/// Bytes of an answer read so that its connection can be used again.
pub(super) const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// What came of an attempt.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Attempt {
    /// The receiver has it, and may have told how much of a body it keeps.
    Delivered {
        /// Its `Ping-Body-Limit`.
        body_bytes_max: Option<usize>,
        /// Whether its answer proves that.
        confirmed: bool,
        /// What it did not take of the monitor's definition.
        untaken: Vec<&'static str>,
    },
    /// It may work later.
    Later {
        /// What went wrong.
        why: String,
        /// When the receiver wants to be asked again.
        after: Option<Duration>,
    },
    /// A smaller body may work.
    TooLarge,
    /// It will never work.
    Refused {
        /// What the receiver said.
        why: String,
    },
}

impl Attempt {
    /// It went where nobody says more than yes.
    pub(super) fn delivered(confirmed: bool) -> Attempt {
        Attempt::Delivered { body_bytes_max: None, confirmed, untaken: Vec::new() }
    }
}

/// Sends `request` once.
pub(crate) async fn attempt(
    client: &reqwest::Client,
    target: &Target,
    request: &HttpRequest,
) -> Attempt {
    let mut url = match reqwest::Url::parse(&request.url) {
        Ok(url) => url,
        Err(error) => return Attempt::Refused { why: format!("the URL cannot be used: {error}") },
    };
    for _ in 0..=REDIRECTS_MAX {
        let sent = build(client, target, request, url.clone()).send().await;
        let response = match sent {
            Ok(response) => response,
            Err(error) => return Attempt::Later { why: http::explain(&error), after: None },
        };
        let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
        if response.status().is_redirection()
            && let Some(next) = location.and_then(|to| redirected(&url, to))
        {
            url = next;
            continue;
        }
        return judge(target, hear(target, response).await);
    }
    led_astray()
}

/// What comes of an answer that leads on and on: a mistake of somebody between here and the receiver,
/// or of its own front; nobody has refused the event.
pub(super) fn led_astray() -> Attempt {
    Attempt::Later { why: format!("more than {REDIRECTS_MAX} redirects"), after: None }
}

fn build(
    client: &reqwest::Client,
    target: &Target,
    request: &HttpRequest,
    url: reqwest::Url,
) -> reqwest::RequestBuilder {
    let method = match request.method {
        "GET" => reqwest::Method::GET,
        "PUT" => reqwest::Method::PUT,
        _ => reqwest::Method::POST,
    };
    let mut headers = HeaderMap::new();
    let given = target.headers.0.iter().map(|(name, value)| (name.as_str(), value));
    let own = request.headers.iter().map(|(name, value)| (name.as_str(), value));
    for (name, value) in own.chain(given) {
        if let (Ok(name), Ok(mut value)) =
            (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value))
        {
            value.set_sensitive(true);
            headers.insert(name, value);
        }
    }
    // Some proxies refuse a POST that does not say how long it is, also when it is empty.
    if method != reqwest::Method::GET || !request.body.is_empty() {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(request.body.len()));
    }
    client.request(method, url).headers(headers).body(request.body.clone())
}

/// Where a redirect leads, when it may be followed: to the same host, and never out of TLS.
pub(super) fn redirected(from: &reqwest::Url, location: &str) -> Option<reqwest::Url> {
    let to = from.join(location).ok()?;
    let same_host = to.host_str() == from.host_str();
    let kept = to.scheme() == from.scheme() && to.port() == from.port();
    let upgraded = from.scheme() == "http" && to.scheme() == "https";
    (same_host && (kept || upgraded)).then_some(to)
}

/// What is heeded of an answer.
pub(super) struct Heard {
    status: u16,
    body_bytes_max: Option<usize>,
    after: Option<Duration>,
    body: Vec<u8>,
    cut: bool,
}

impl Heard {
    /// The beginning of an answer, whose headers `header` finds.
    pub(super) fn new<'h>(status: u16, header: impl Fn(&'static str) -> Option<&'h str>) -> Heard {
        let now = clock::now();
        Heard {
            status,
            body_bytes_max: header("ping-body-limit").and_then(|value| value.trim().parse().ok()),
            after: header("retry-after").and_then(|value| retry_after::parse(value, now)),
            body: Vec::new(),
            cut: false,
        }
    }

    /// The same with the body, which may have been cut off.
    pub(super) fn with_body(self, body: Vec<u8>, cut: bool) -> Heard {
        Heard { body, cut, ..self }
    }
}

/// Time for the words of a receiver whose status has said all that there has to be said: they come with
/// it, or they are not worth the wait.
const WORDS_TIMEOUT: Duration = Duration::from_millis(500);

/// How long the words of a target's answer are waited for once its status is there.
pub(super) fn patience(target: &Target) -> Duration {
    if target.dialect.reads_answers() { ATTEMPT_TIMEOUT } else { WORDS_TIMEOUT }
}

async fn hear(target: &Target, mut response: reqwest::Response) -> Heard {
    let headers = response.headers();
    let heard = Heard::new(response.status().as_u16(), |name| headers.get(name)?.to_str().ok());
    let until = tokio::time::Instant::now() + patience(target);
    let mut body = Vec::new();
    while body.len() < ANSWER_BYTES_MAX {
        match tokio::time::timeout_at(until, response.chunk()).await {
            Ok(Ok(Some(chunk))) => body.extend_from_slice(&chunk),
            Ok(Ok(None)) => break,
            Ok(Err(_)) | Err(_) => return heard.with_body(body, true),
        }
    }
    heard.with_body(body, false)
}

/// What an answer means.
pub(super) fn judge(target: &Target, heard: Heard) -> Attempt {
    let Heard { status, body_bytes_max, after, body, cut } = heard;
    // An accepted event is accepted even if the rest of the answer never comes, unless its words
    // decide: then a cut answer is one that does not say what it must, and is asked for again.
    let reads = target.dialect.reads_answers();
    if reads && cut {
        return Attempt::Later { why: "the answer was cut off".to_owned(), after };
    }
    match target.dialect.judge(status, &body) {
        Answer::Accepted => {
            let untaken = target.dialect.untaken(&body);
            Attempt::Delivered { body_bytes_max, confirmed: true, untaken }
        }
        Answer::Unconfirmed => {
            Attempt::Delivered { body_bytes_max, confirmed: false, untaken: Vec::new() }
        }
        Answer::Later if status == 200 => {
            let why = "the server answered 200, but that it takes no more pings for now";
            Attempt::Later { why: why.to_owned(), after }
        }
        Answer::Later => Attempt::Later { why: format!("the server answered {status}"), after },
        Answer::TooLarge => Attempt::TooLarge,
        // A portal in front of the network sends everybody elsewhere; the receiver has said nothing.
        Answer::Refused if (300..400).contains(&status) => {
            Attempt::Later { why: refusal(status), after: None }
        }
        // A proxy wants to know who asks; the receiver has not even been asked.
        Answer::Refused if status == 407 => Attempt::Later { why: refusal(status), after: None },
        Answer::Refused if status == 404 && target.dialect == Dialect::Hb => {
            let why = "no such monitor; `hb monitor add` makes it, and so does --schedule here";
            Attempt::Refused { why: format!("the server answered {status}: {why}") }
        }
        Answer::Refused if reads && !body.is_empty() => {
            // Its words may repeat a key, and stay in the record for ever: they are not told.
            let why = "but not that it took the event; does it know this monitor and this key?";
            Attempt::Refused { why: format!("the server answered {status}, {why}") }
        }
        // Hosted Healthchecks says so to whoever pings a UUID that there is not.
        Answer::Refused if status == 200 && target.dialect == Dialect::Healthchecks => {
            let why = meaning(404);
            Attempt::Refused {
                why: format!("the server answered 200, but that it was not found: {why}"),
            }
        }
        Answer::Refused => Attempt::Refused { why: refusal(status) },
    }
}

fn refusal(status: u16) -> String {
    format!("the server answered {status}: {}", meaning(status))
}

/// What a refusal means to the person who has to mend it.
fn meaning(status: u16) -> &'static str {
    match status {
        401 | 403 => "the key is not accepted",
        407 => "the proxy wants a user and a password, as in `http://user:password@proxy`",
        404 => "no such check; is the URL or the key right?",
        409 => "the slug names more than one check",
        410 => "the check was deleted",
        300..=399 => "a redirect to another place; use that URL itself if it is right",
        _ => "it will not take this event",
    }
}
