//! Phases: what a run does beside its work proper, by the names of its stages.
//!
//! A run that still looks whether everything is there, or that looks at what it has made, runs like any
//! other. Whoever looks at it may know: one that verifies is nearly done, and has not succeeded yet.

use serde::{Deserialize, Serialize};

/// A phase that is told apart. Of two stages that begin at the same moment the later one here counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Phase {
    /// Nothing was made yet.
    Preparing,
    /// What was made is looked at.
    Verifying,
}

impl Phase {
    /// The phase of a stage of this name; none where the name means something else.
    pub(crate) fn of(stage: &str) -> Option<Phase> {
        match stage.trim().to_ascii_lowercase().as_str() {
            "preparing" | "prepare" => Some(Phase::Preparing),
            "verifying" | "verify" => Some(Phase::Verifying),
            _ => None,
        }
    }
}
