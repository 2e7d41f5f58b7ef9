//! Cronitor's two kinds of address: `/p/<API key>/<monitor>` with the state in the query, and the
//! older `/<code>` with the state behind it.

use crate::domain::address::Address;

const VERBS: [&str; 5] = ["run", "complete", "fail", "ok", "tick"];

/// Where the API key stands, in an address that has one.
fn key_at(segments: &[&str]) -> Option<usize> {
    let at = segments.iter().position(|segment| matches!(*segment, "p" | "ping"))?;
    (segments.len() > at + 2).then_some(at + 1)
}

/// Whether an address has an API key in it.
pub(super) fn is_keyed(address: &Address) -> bool {
    key_at(&address.segments()).is_some()
}

/// The address without a state that was pasted along.
pub(super) fn complete(pasted: &Address) -> Address {
    let mut segments = pasted.segments();
    match key_at(&segments) {
        Some(at) => segments.truncate(at + 2),
        None if segments.len() > 1 && segments.last().is_some_and(|last| VERBS.contains(last)) => {
            segments.pop();
        }
        None => {}
    }
    pasted.with_segments(&segments)
}
