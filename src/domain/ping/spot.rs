//! Where in the registry of keys a path may point, and the word behind the key.
//!
//! `/ping/a/b/start` can be the word `start` behind the keys `a` and `b`, or three keys of nobody. The
//! longest word is tried first, which is why such words can be no keys: see [`is_reserved`].

use crate::domain::event::Kind;
use crate::domain::name::NAME_BYTES_MAX;

/// One reading of a path: these keys, that word.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Spot {
    /// The keys, to be looked up as one tuple.
    pub(crate) key: Vec<String>,
    /// The word behind them.
    pub(crate) verb: Verb,
    /// Whether the path ended in a slash, which Healthchecks takes in one place only.
    pub(crate) slash: bool,
}

/// The word behind a key.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Verb {
    /// There is none.
    Nothing,
    /// It tells what happened.
    Is(Kind),
    /// It is an exit code; one above 255 is refused where it is read.
    Exit(u32),
    /// So many per cent are done: `/progress/42`.
    Percent(u8),
    /// A list of hb's own events is in the body.
    Events,
}

/// How a key names a monitor of ours without having been registered.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Native<'a> {
    /// By its UUID, in lower case and with hyphens.
    Uuid(&'a str),
    /// By a ping key and a slug.
    Slug {
        /// The ping key of the project.
        ping_key: &'a str,
        /// The slug within it, as it was sent: Healthchecks refuses capitals.
        slug: &'a str,
    },
}

/// What `key` is to us, if no other service's key is registered under it.
pub(crate) fn native(key: &[String]) -> Option<Native<'_>> {
    match key {
        [one] if is_uuid(one) => Some(Native::Uuid(one)),
        [ping_key, slug] if is_slug(slug) => Some(Native::Slug { ping_key, slug }),
        _ => None,
    }
}

impl Spot {
    /// The keys with no word behind them.
    pub(super) fn of(key: &[&str]) -> Spot {
        let key = key.iter().map(|part| (*part).to_owned()).collect();
        Spot { key, verb: Verb::Nothing, slash: false }
    }

    /// The same keys with that word.
    pub(super) fn with(mut self, verb: Verb) -> Spot {
        self.verb = verb;
        self
    }
}

/// Whether Healthchecks would make a check of this slug for `create=1`: only one of its own alphabet,
/// and no word that means something behind a key.
pub(crate) fn may_be_made(slug: &str) -> bool {
    let lower = slug.bytes().all(|byte| byte.is_ascii_lowercase() || is_slug_sign(byte));
    !slug.is_empty() && slug.len() <= NAME_BYTES_MAX && lower && !is_word(slug)
}

/// The words that may stand behind a key, and what they tell.
const WORDS: [(&str, Kind); 15] = [
    ("start", Kind::Start),
    ("starting", Kind::Start),
    ("run", Kind::Start),
    ("success", Kind::Success),
    ("ok", Kind::Success),
    ("tick", Kind::Success),
    ("complete", Kind::Success),
    ("completed", Kind::Success),
    ("finish", Kind::Success),
    ("finished", Kind::Success),
    ("fail", Kind::Failure),
    ("failed", Kind::Failure),
    ("log", Kind::Log),
    ("progress", Kind::Progress),
    ("end", Kind::Success),
];

/// What else can be no key: first words of paths, and words of control.
const RESERVED: [&str; 26] = [
    "pause",
    "resume",
    "ping",
    "pulse",
    "alert",
    "p",
    "hb",
    "m",
    "api",
    "v1",
    "v2",
    "1.1",
    "ext",
    "metrics",
    "heartbeat",
    "incoming-request",
    "integrations",
    "oncall",
    "message",
    "check_ins",
    "loki",
    "nrdp",
    "badge",
    "healthz",
    "readyz",
    "events",
];

/// Whether a word can be no key of one segment and no slug, because some path means it otherwise.
pub(crate) fn is_reserved(word: &str) -> bool {
    RESERVED.contains(&word) || is_word(word)
}

/// Whether it means something behind a key.
fn is_word(word: &str) -> bool {
    let is_code = is_number(word) && word.parse::<u32>().is_ok_and(|number| number <= 255);
    is_code || WORDS.iter().any(|(known, _)| *known == word)
}

/// The words at the end of these segments, the longest first, each with how many segments it takes.
pub(super) fn verbs(segments: &[String]) -> Vec<(usize, Verb)> {
    let mut found = Vec::new();
    if let [.., first, second] = segments {
        match (first.as_str(), second.as_str()) {
            ("end", "success") => found.push((2, Verb::Is(Kind::Success))),
            ("end", "fail") => found.push((2, Verb::Is(Kind::Failure))),
            ("progress", percent) if is_number(percent) => {
                let percent = percent.parse::<u8>().unwrap_or(100).min(100);
                found.push((2, Verb::Percent(percent)));
            }
            _ => {}
        }
    }
    if let Some(last) = segments.last() {
        found.extend(word(last).map(|verb| (1, verb)));
    }
    found.push((0, Verb::Nothing));
    found
}

/// One segment as a word: `start` or an exit code.
pub(super) fn word(segment: &str) -> Option<Verb> {
    if is_number(segment) {
        return Some(Verb::Exit(segment.parse().unwrap_or(u32::MAX)));
    }
    let (_, kind) = WORDS.iter().find(|(known, _)| *known == segment)?;
    // Alone, `end` says nothing; it stands here because it is reserved.
    (segment != "end").then_some(Verb::Is(*kind))
}

/// Whether this is written in digits alone.
pub(super) fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether this is a UUID as Healthchecks' paths have it: hyphens, lower case.
pub(crate) fn is_uuid(text: &str) -> bool {
    let shape = text.len() == 36 && !text.bytes().any(|byte| byte.is_ascii_uppercase());
    shape && uuid::Uuid::try_parse(text).is_ok()
}

/// Whether this can be a slug in a path. Ours may hold dots and capitals, which no other's may.
fn is_slug(text: &str) -> bool {
    let sign = |byte: u8| byte.is_ascii_alphabetic() || byte == b'.' || is_slug_sign(byte);
    !text.is_empty() && text.len() <= NAME_BYTES_MAX && text.bytes().all(sign)
}

/// What stands in a slug besides letters.
fn is_slug_sign(byte: u8) -> bool {
    byte.is_ascii_digit() || b"_-".contains(&byte)
}
