//! What a monitor's own rules make of a ping: Healthchecks' `methods` and its keywords in the body.

use super::bounds::PING_BODY_LIMIT;
use super::request::Request;
use crate::domain::event::Kind;

/// The rules of one monitor.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub(crate) struct Filters {
    /// Only POST counts.
    pub(crate) post_only: bool,
    /// The body decides.
    pub(crate) body: Option<BodyWords>,
}

/// Words in a body and what they mean; the first list that has one of them wins.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub(crate) struct BodyWords {
    /// Commas part the words that mean a failure.
    pub(crate) failure: String,
    /// And a success.
    pub(crate) success: String,
    /// And a start.
    pub(crate) start: String,
    /// A body with none of them is a failure; else it is ignored.
    pub(crate) default_fails: bool,
}

impl Filters {
    /// What the ping is under these rules; none: it is recorded and changes nothing.
    ///
    /// As Healthchecks has it: a method that does not count is ignored whatever its body says, and
    /// where the body decides, it decides alone: `POST /fail` with `SUCCESS` in it is a success.
    /// Bodies that are no text are searched as bytes.
    pub(crate) fn apply(&self, kind: Kind, request: &Request) -> Option<Kind> {
        if self.post_only && request.method != "POST" {
            return None;
        }
        let Some(words) = &self.body else { return Some(kind) };
        words.judge(&request.body[..request.body.len().min(PING_BODY_LIMIT)])
    }
}

impl BodyWords {
    /// What a text with these words is; none: it is recorded and changes nothing.
    pub(super) fn judge(&self, text: &[u8]) -> Option<Kind> {
        let has = |list: &str| {
            let words = list.split(',').map(str::trim).filter(|word| !word.is_empty());
            words.into_iter().any(|word| holds(text, word.as_bytes()))
        };
        if has(&self.failure) {
            Some(Kind::Failure)
        } else if has(&self.success) {
            Some(Kind::Success)
        } else if has(&self.start) {
            Some(Kind::Start)
        } else {
            self.default_fails.then_some(Kind::Failure)
        }
    }
}

/// Whether these bytes hold that word.
pub(super) fn holds(bytes: &[u8], word: &[u8]) -> bool {
    !word.is_empty() && bytes.windows(word.len()).any(|window| window == word)
}
