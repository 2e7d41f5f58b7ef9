//! Healthchecks: `POST <url>[/start|/fail|/log|/<exit code>]?rid=<run id>`, the output as the body.
//!
//! The server keeps the *first* bytes of a body, up to the `Ping-Body-Limit` that its answers name,
//! so the end of the output, where the error stands, has to be cut out here. It has no word for a
//! warning (a success with a line that says so), for progress and for stages (log lines).
//! Source: the service's own HTTP API document and the code of its open-source server.

use super::detect::is_uuid;
use super::wording::text;
use super::{Answer, HttpRequest, Limits, Request};
use crate::domain::address::{Address, percent_encode};
use crate::domain::event::{Event, Kind};

/// The body that a server keeps when it has not told: the default of the open-source server.
const BODY_BYTES_DEFAULT: usize = 10_000;

/// The hosted service, whose pings have no `/ping` in front.
const HOSTED: [&str; 2] = ["hc-ping.com", "hchk.io"];

/// What the hosted service answers, with status 200, to a ping of a UUID that it does not know.
const NOT_FOUND: &str = "OK (not found)";

/// What it answers, with status 200 as well, to pings that it throws away because they come too often.
const RATE_LIMITED: [&str; 2] = ["OK (rate limited)", "OK (rate-limited)"];

/// See [`super::Dialect::complete`].
///
/// Worked examples, for the monitor `nightly`:
/// `https://hc-ping.com/<uuid>/start` → `https://hc-ping.com/<uuid>`;
/// `https://hc-ping.com/<key>` → `https://hc-ping.com/<key>/nightly`;
/// `https://hc.example.org/ping/<key>` → `https://hc.example.org/ping/<key>/nightly`;
/// `https://hc.example.org` with a key → `https://hc.example.org/ping/<key>/nightly`.
pub(super) fn complete(
    pasted: &Address,
    key: Option<&str>,
    monitor: &str,
) -> Result<Address, String> {
    let mut segments = pasted.segments();
    strip_event_word(&mut segments);
    if segments.last().is_some_and(|last| is_uuid(last)) {
        return Ok(pasted.with_segments(&segments));
    }
    let monitor = slug(monitor);
    let encoded = key.map(percent_encode);
    let hosted = HOSTED.contains(&pasted.host());
    let behind_ping =
        segments.iter().rposition(|segment| matches!(*segment, "ping" | "hb")).map(|at| at + 1);
    let mut key_at = if hosted { Some(0) } else { behind_ping };
    // A URL that has its key keeps it: another one must not travel to this server.
    if let Some(key) = encoded.as_deref()
        && key_at.is_none_or(|at| segments.len() == at)
    {
        if key_at.is_none() {
            segments.push("ping");
        }
        key_at = Some(segments.len());
        segments.push(key);
    }
    match key_at {
        Some(at) if segments.len() == at && hosted => {
            Err("the URL lacks the ping key or the check's UUID".to_owned())
        }
        // `/ping/<key>` lacks the slug; `/ping` alone is an open receiver that goes by names.
        Some(at) if segments.len() <= at + 1 => {
            segments.push(&monitor);
            Ok(pasted.with_segments(&segments))
        }
        Some(_) | None => Ok(pasted.with_segments(&segments)),
    }
}

/// See [`super::Dialect::monitor_in`].
pub(super) fn monitor_in(address: &Address) -> Option<String> {
    let mut segments = address.segments();
    strip_event_word(&mut segments);
    let last = *segments.last()?;
    let first = usize::from(!HOSTED.contains(&address.host())) + 1;
    let is_slug = segments.len() > first && !is_uuid(last) && last != "ping";
    is_slug.then(|| last.to_owned())
}

/// See [`super::Dialect::spell`].
pub(super) fn spell(address: &Address, event: &Event, limits: Limits) -> Vec<Request> {
    let code = event.exit_code.filter(|code| (1..=255).contains(code)).map(|code| code.to_string());
    let word = match (event.kind, &code) {
        (Kind::Start, _) => Some("start"),
        (Kind::Success | Kind::Warning, _) => None,
        (Kind::Failure, Some(code)) => Some(code.as_str()),
        (Kind::Failure, None) => Some("fail"),
        (Kind::Progress | Kind::Stage | Kind::Log | Kind::Verified | Kind::Test, _) => Some("log"),
        // Its ping URLs have no word for these.
        (Kind::Pause | Kind::Resume, _) => return Vec::new(),
    };
    let rid = event.run_id.map(|id| id.to_string());
    let pairs: Vec<(&str, &str)> = rid.iter().map(|rid| ("rid", rid.as_str())).collect();
    let limit = limits.body_bytes_max.unwrap_or(BODY_BYTES_DEFAULT);
    let body = text(event, limit);
    let headers = if body.is_empty() {
        Vec::new()
    } else {
        vec![("content-type".to_owned(), "text/plain; charset=utf-8".to_owned())]
    };
    let more: Vec<&str> = word.into_iter().collect();
    let url = address.url(&more, &pairs);
    vec![Request::Http(HttpRequest { method: "POST", url, headers, body })]
}

/// See [`super::Dialect::judge`]. A receiver of its shape may say what it likes, as long as it is a yes;
/// only the very words with which the hosted service takes its yes back are heeded.
pub(super) fn judge(status: u16, body: &[u8]) -> Answer {
    let says = |words: &str| body.trim_ascii() == words.as_bytes();
    match status {
        200 if says(NOT_FOUND) => Answer::Refused,
        200 if RATE_LIMITED.into_iter().any(says) => Answer::Later,
        200..=299 => Answer::Accepted,
        0 | 408 | 425 | 429 | 500..=599 => Answer::Later,
        413 => Answer::TooLarge,
        _ => Answer::Refused,
    }
}

/// Takes off an event word that was pasted along with the URL.
fn strip_event_word(segments: &mut Vec<&str>) {
    let Some(last) = segments.last() else { return };
    let number = last.len() <= 3 && !last.is_empty() && last.bytes().all(|b| b.is_ascii_digit());
    if segments.len() > 1 && (number || matches!(*last, "start" | "fail" | "log")) {
        segments.pop();
    }
}

/// Slugs are lower case on the server, and know no dots.
fn slug(monitor: &str) -> String {
    monitor.to_ascii_lowercase().replace('.', "-")
}
