//! The words that clients have for how a run went, all in one table.

use crate::domain::event::Kind;

/// Every word that was seen in a client, or that a person would write, by what it tells.
const WORDS: [(Kind, &[&str]); 9] = [
    (
        Kind::Success,
        &[
            "ok",
            "up",
            "success",
            "successful",
            "succeeded",
            "complete",
            "completed",
            "finish",
            "finished",
            "done",
            "passed",
            "pass",
            "healthy",
            "good",
            "tick",
            "recovered",
            "resolved",
        ],
    ),
    (Kind::Warning, &["warn", "warning", "partial", "degraded", "partially_failed"]),
    (
        Kind::Failure,
        &[
            "error",
            "errored",
            "err",
            "fail",
            "failed",
            "failure",
            "down",
            "fatal",
            "critical",
            "crash",
            "crashed",
            "abort",
            "aborted",
            "killed",
            "timeout",
            "timed_out",
            "missed",
            "unhealthy",
            "bad",
            "alert",
            "cancelled",
            "canceled",
            "exception",
        ],
    ),
    (
        Kind::Start,
        &[
            "start",
            "started",
            "starting",
            "run",
            "running",
            "in_progress",
            "begin",
            "began",
            "begun",
        ],
    ),
    (Kind::Log, &["log", "info", "debug", "notice"]),
    (Kind::Progress, &["progress"]),
    (Kind::Verified, &["verified"]),
    (Kind::Test, &["test"]),
    (Kind::Stage, &["stage"]),
];

/// What a word tells, in any case and with any sign between its parts; none where it tells nothing.
pub(super) fn kind(word: &str) -> Option<Kind> {
    if word.len() > 32 {
        return None;
    }
    let plain = word.trim().to_ascii_lowercase().replace(['-', ' '], "_");
    WORDS.iter().find(|(_, words)| words.contains(&plain.as_str())).map(|(kind, _)| *kind)
}
