//! A registry of keys as a receiver has one, in memory.

use crate::domain::arrival::Arrival;
use crate::domain::event::Kind;
use crate::domain::ping::{
    Accepted, Answer, Heard, Native, Outcome, Request, Route, answer, native, read, route,
};
use crate::domain::time::Moment;

/// Keys with their dialects, and the monitors of our own.
#[derive(Default)]
pub(super) struct Registry {
    pub(super) aliases: Vec<(Vec<String>, String)>,
    pub(super) uuids: Vec<String>,
    pub(super) slugs: Vec<(String, String)>,
}

/// What one ping came to.
#[derive(Debug)]
pub(super) struct Came {
    pub(super) dialect: String,
    /// The keys that were found and what their monitors heard; none: nothing that says anything.
    pub(super) heard: Vec<(Vec<String>, Option<Arrival>)>,
    pub(super) answer: Answer,
}

impl Registry {
    /// The dialect of this key, if somebody has it.
    fn find(&self, key: &[String], dialect: Option<&str>) -> Option<String> {
        let alias = self
            .aliases
            .iter()
            .find(|(known, of)| known == key && dialect.is_none_or(|dialect| dialect == of));
        let ours = match native(key) {
            Some(Native::Uuid(uuid)) => self.uuids.iter().any(|known| known == uuid),
            Some(Native::Slug { ping_key, slug }) => {
                self.slugs.iter().any(|(key, known)| key == ping_key && known == slug)
            }
            None => false,
        };
        alias
            .map(|(_, dialect)| dialect.clone())
            .or_else(|| ours.then(|| dialect.unwrap_or("healthchecks").to_owned()))
    }

    /// Takes a request as a receiver does.
    pub(super) fn take(&self, request: &Request) -> Came {
        let (dialect, spot) = match route(request) {
            Route::Literal { dialect, spot } => (dialect.to_owned(), spot),
            Route::Family { spots } => {
                let found =
                    spots.into_iter().find_map(|spot| Some((self.find(&spot.key, None)?, spot)));
                match found {
                    Some(found) => found,
                    None => return Came::none("healthchecks", &Outcome::Unknown, request),
                }
            }
            Route::Nothing => return Came::none("healthchecks", &Outcome::Unknown, request),
            Route::BadMethod { allow } => {
                return Came::none("", &Outcome::BadMethod { allow }, request);
            }
        };
        let told = match read(&dialect, &spot, request) {
            Ok(told) => told,
            Err(refused) => return Came::none(&dialect, &Outcome::Refused(refused), request),
        };
        let mut heard = Vec::new();
        for told in told {
            let key = told.keys.iter().find(|key| self.find(key, Some(&dialect)).is_some());
            let Some(key) = key else {
                return Came::none(&dialect, &Outcome::Unknown, request);
            };
            heard.push((
                key.clone(),
                match told.heard {
                    Heard::Event(arrival) => Some(*arrival),
                    Heard::Nothing | Heard::Refused(_) => None,
                },
            ));
        }
        let kind =
            heard.first().and_then(|(_, arrival)| arrival.as_ref().map(|arrival| arrival.kind));
        let outcome = taken(kind);
        Came { answer: answer(&dialect, &outcome, request), dialect, heard }
    }
}

/// A yes at some moment.
pub(super) fn taken(kind: Option<Kind>) -> Outcome {
    let received_at = Moment::from_epoch_ms(1_795_167_097_500);
    Outcome::Taken { accepted: Accepted::Stored, kind, received_at }
}

impl Came {
    fn none(dialect: &str, outcome: &Outcome, request: &Request) -> Came {
        let answer = answer(dialect, outcome, request);
        Came { dialect: dialect.to_owned(), heard: Vec::new(), answer }
    }

    /// What the one monitor heard.
    pub(super) fn one(&self) -> &Arrival {
        match self.heard.as_slice() {
            [(_, Some(arrival))] => arrival,
            other => panic!("not one arrival: {other:?}, answered {:?}", self.answer),
        }
    }

    /// The body of the answer as text.
    pub(super) fn text(&self) -> String {
        String::from_utf8(self.answer.body.clone()).expect("text")
    }
}

/// Calls with a request made of its parts.
pub(super) fn with<T>(
    (method, target): (&str, &str),
    headers: &[(&str, &str)],
    body: &[u8],
    call: impl FnOnce(&Request) -> T,
) -> T {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let lower: Vec<(String, &[u8])> =
        headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.as_bytes())).collect();
    let headers: Vec<(&str, &[u8])> =
        lower.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    let body_bytes = body.len() as u64;
    call(&Request { method, path, query, headers: &headers, body, body_bytes })
}
