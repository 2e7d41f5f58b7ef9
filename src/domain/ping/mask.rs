//! Paths for logs: keys are credentials, words are not.

use super::spot;

/// How much of a key is shown, so that two can be told apart.
const SHOWN_CHARS: usize = 4;
/// Keys shorter than this are not shown at all.
const SHOWN_FROM_CHARS: usize = 12;

/// A path without its keys: `/ping/5bf66975-…/start` becomes `/ping/5bf6****/start`. Segments that are
/// words of a path stay; everything else may be a key. The query is not for logs at all.
pub(crate) fn mask(path: &str) -> String {
    let path = &path[..path.floor_char_boundary(512)];
    let segments = path.split('/').map(|segment| {
        let word = spot::is_reserved(segment) || PATH_WORDS.contains(&segment);
        if segment.is_empty() || word {
            return segment.to_owned();
        }
        let shown = if segment.chars().count() >= SHOWN_FROM_CHARS { SHOWN_CHARS } else { 0 };
        let plain = segment.chars().take(shown).filter(char::is_ascii_alphanumeric);
        format!("{}****", plain.collect::<String>())
    });
    segments.collect::<Vec<_>>().join("/")
}

/// Words of paths that are not reserved as keys.
const PATH_WORDS: [&str; 12] = [
    "push",
    "cron",
    "envelope",
    "endpoints",
    "external",
    "check_in",
    "heartbeats",
    "json",
    "ingest",
    "enqueue",
    "alerts",
    "job",
];
