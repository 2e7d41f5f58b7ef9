//! One execution of a job: its id, how it came out, and why.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::time::Moment;

/// The id of a run: a UUID v7, so that sorting by id is sorting by start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct RunId(Uuid);

impl RunId {
    /// Mints an id from a moment and ten random bytes.
    pub(crate) fn mint(at: Moment, random: [u8; 10]) -> RunId {
        let ms = u64::try_from(at.epoch_ms()).unwrap_or(0);
        RunId(uuid::Builder::from_unix_timestamp_millis(ms, &random).into_uuid())
    }

    /// One of its random bytes, to do something once in so many runs.
    pub(crate) fn random_byte(self) -> u8 {
        self.0.as_bytes()[15]
    }

    /// Reads the hyphenated form.
    pub(crate) fn parse(text: &str) -> Option<RunId> {
        Uuid::try_parse(text).ok().map(RunId)
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.0.hyphenated())
    }
}

impl Serialize for RunId {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for RunId {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<RunId, D::Error> {
        let text = String::deserialize(from)?;
        RunId::parse(&text).ok_or_else(|| serde::de::Error::custom("not a run id"))
    }
}

/// How a run came out, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Outcome {
    /// It did what it should.
    Success,
    /// It finished, with reservations.
    Warning,
    /// It did not do what it should.
    Failure,
    /// It was not started, because another run was still there.
    Skipped,
}

impl Outcome {
    /// The word as it is printed.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Outcome::Success => "success",
            Outcome::Warning => "warning",
            Outcome::Failure => "failure",
            Outcome::Skipped => "skipped",
        }
    }
}

/// What decided the outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reason {
    /// The job's exit code.
    Exit,
    /// A Unix signal killed the job.
    UnixSignal,
    /// The kernel killed it for want of memory.
    OomKilled,
    /// Somebody told hb to stop, and the job stopped.
    Terminated,
    /// It ran longer than it may.
    TimedOut,
    /// It could not be started.
    ExecFailed,
    /// It ended sooner than it can have done its work.
    TooShort,
    /// A line of its output, or the lack of one.
    Output,
    /// It wrote to stderr and may not.
    Stderr,
    /// A named step inside it failed.
    Step,
    /// Something was missing before the start.
    Precondition,
    /// Something was missing afterwards.
    Postcondition,
    /// Its output could not be written.
    OutputLost,
    /// Another run held the lock.
    LockBusy,
    /// hb, or the host, died while the job ran.
    Vanished,
}
