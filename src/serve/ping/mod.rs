//! A ping's way in: from a request to arrivals, to the recorder, and back as the answer its client knows.
//!
//! `domain::ping` reads and answers; this room has the body read, the keys looked up and the result
//! waited for. A ping is answered after it is on disk. What cannot be read is refused in one line and
//! changes nothing; what can only partly be read counts.

mod directory;
mod lookup;
mod submit;
mod wire;

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::response::Response;

pub(crate) use directory::{Directory, Known, Place, keep_looking_up, key_text};
pub(crate) use lookup::is_of_another;

use super::app::App;
use super::body::{self, Read, Unread};
use crate::domain::ping::{self, Answer, Outcome, Refused, Route};
use submit::Told;
use wire::Wire;

/// Seconds after which a client is to come again when nothing can be stored.
const RETRY_AFTER_S: u32 = 5;

/// The same for who asks for too many unknown keys: they are counted by the minute.
const STRANGERS_RETRY_AFTER_S: u32 = 60;

/// The longest list of events: a thousand with all that hb says in one, or some with long outputs. A longer
/// one is refused with 413, and its client sends less at once.
const EVENTS_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Any request that is nobody else's.
pub(crate) async fn any(State(app): State<Arc<App>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let wire = match read(parts.uri.path(), &parts.headers, body).await {
        Ok(read) => Wire::new(parts, &app.proxies(), read),
        Err(unread) => return wire::refused(&unread),
    };
    let answer = answer(&app, &wire).await;
    wire::response(answer)
}

/// The events of several monitors, with their ping key in a header.
pub(crate) async fn events(state: State<Arc<App>>, request: Request) -> Response {
    // Below a nested router the path has lost its prefix; the shape needs it.
    let (mut parts, body) = request.into_parts();
    parts.uri = axum::http::Uri::from_static("/api/hb/v1/events");
    any(state, Request::from_parts(parts, body)).await
}

/// Reads the body, and unpacks it where it is packed. An output may lose its middle; a list of events may
/// not.
async fn read(
    path: &str,
    headers: &HeaderMap,
    body: axum::body::Body,
) -> Result<(Vec<u8>, u64), Unread> {
    let read = match path.ends_with("/events") {
        true => {
            let bytes = body::whole(body, EVENTS_BYTES_MAX).await?;
            Read { total: bytes.len() as u64, bytes }
        }
        false => body::head_and_tail(body, headers).await?,
    };
    let encoding = headers.get(axum::http::header::CONTENT_ENCODING);
    let Some(encoding) = encoding.and_then(|encoding| encoding.to_str().ok()) else {
        return Ok((read.bytes, read.total));
    };
    Ok(match ping::unpack(encoding, &read.bytes) {
        ping::Unpacked::AsItIs => (read.bytes, read.total),
        ping::Unpacked::Whole(plain) | ping::Unpacked::Cut(plain) => {
            let total = plain.len() as u64;
            (plain, total)
        }
    })
}

async fn answer(app: &Arc<App>, wire: &Wire) -> Answer {
    let headers = wire.headers();
    let request = wire.request(&headers);
    let (dialect, place, told) = match ping::route(&request) {
        Route::Nothing => return ping::answer("", &Outcome::Unknown, &request),
        Route::BadMethod { allow } => {
            return ping::answer("", &Outcome::BadMethod { allow }, &request);
        }
        Route::Literal { dialect, spot } => {
            (dialect.to_owned(), None, ping::read(dialect, &spot, &request))
        }
        Route::Family { spots } => match app.directory.place(&spots).await {
            Ok(Some((place, spot))) => {
                let dialect = place.dialect().to_owned();
                let told = ping::read(&dialect, spot, &request);
                (dialect, Some((place, spot.key.clone())), told)
            }
            Ok(None) => {
                // Nobody has this key. What is wrong with the rest is told first, as Healthchecks does.
                let read = spots.first().map(|spot| ping::read("healthchecks", spot, &request));
                match read {
                    Some(told) => ("healthchecks".to_owned(), None, told),
                    None => return ping::answer("", &Outcome::Unknown, &request),
                }
            }
            Err(trouble) => return busy(app, "", &trouble, &request),
        },
    };
    let told = match told {
        Ok(told) => told,
        Err(refused) => return ping::answer(&dialect, &Outcome::Refused(refused), &request),
    };
    let told = told.into_iter().map(|told| Told::new(told, place.as_ref())).collect();
    submit::all(app, wire, &dialect, told, &request).await
}

/// The answer when nothing can be stored.
fn busy(
    app: &App,
    dialect: &str,
    trouble: &crate::store::Trouble,
    request: &ping::Request<'_>,
) -> Answer {
    app.noted(trouble);
    ping::answer(dialect, &Outcome::Busy { retry_after_s: RETRY_AFTER_S }, request)
}

/// The answer to too many unknown keys from one place.
fn too_many(dialect: &str, request: &ping::Request<'_>) -> Answer {
    let line = "too many unknown keys from this address, try again in a minute".to_owned();
    let refused = Outcome::Refused(Refused { status: 429, line });
    let mut answer = ping::answer(dialect, &refused, request);
    answer.headers.push(("retry-after", STRANGERS_RETRY_AFTER_S.to_string()));
    answer
}
