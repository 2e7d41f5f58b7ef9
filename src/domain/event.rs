//! Something that happened to a run, as it is told to receivers.
//!
//! An event carries the moment it happened and its place in the run (`seq`), so that a receiver, or
//! hb itself when it delivers late, can tell an old event from a new one and a repeat from a second.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::alert::Said;
use super::arrival::Definition;
use super::base64;
use super::metric::Metrics;
use super::run::RunId;
use super::time::Moment;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// A run began.
    Start,
    /// It told how far it is.
    Progress,
    /// A named phase of it began.
    Stage,
    /// It finished well.
    Success,
    /// It finished with reservations.
    Warning,
    /// It finished badly, or not at all.
    Failure,
    /// A line that changes no state.
    Log,
    /// What it made was checked.
    Verified,
    /// A person tries the way out.
    Test,
    /// The receiver is to expect nothing for a while.
    Pause,
    /// It is to expect runs again.
    Resume,
}

impl Kind {
    /// Every kind that a run or a person tells of, in the order of the manual. To pause a monitor is
    /// no event of a run, and few services have a word for it.
    pub(crate) const ALL: [Kind; 9] = [
        Kind::Success,
        Kind::Start,
        Kind::Failure,
        Kind::Warning,
        Kind::Log,
        Kind::Test,
        Kind::Progress,
        Kind::Verified,
        Kind::Stage,
    ];

    /// The word as it is printed and stored.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Kind::Start => "start",
            Kind::Progress => "progress",
            Kind::Stage => "stage",
            Kind::Success => "success",
            Kind::Warning => "warning",
            Kind::Failure => "failure",
            Kind::Log => "log",
            Kind::Verified => "verified",
            Kind::Test => "test",
            Kind::Pause => "pause",
            Kind::Resume => "resume",
        }
    }

    /// Reads a word; `fail` is what people type.
    pub(crate) fn parse(word: &str) -> Option<Kind> {
        if word == "fail" {
            return Some(Kind::Failure);
        }
        Kind::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// Whether this ends a run.
    pub(crate) fn is_finish(self) -> bool {
        match self {
            Kind::Success | Kind::Warning | Kind::Failure => true,
            Kind::Start | Kind::Progress | Kind::Stage | Kind::Log => false,
            Kind::Verified | Kind::Test | Kind::Pause | Kind::Resume => false,
        }
    }
}

/// The place of a finish in its run: after everything else.
pub(crate) const SEQ_FINISH: u32 = u32::MAX;

/// One event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Event {
    /// What happened.
    pub(crate) kind: Kind,
    /// To which monitor.
    pub(crate) monitor: String,
    /// In which run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) run_id: Option<RunId>,
    /// The place in the run: the start is 0, the finish is last.
    #[serde(default)]
    pub(crate) seq: u32,
    /// When it happened, by this host's clock.
    pub(crate) at: Moment,
    /// When the run began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) started_at: Option<Moment>,
    /// How long the run took, by a clock that cannot be set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) elapsed_ms: Option<u64>,
    /// The exit code, 0 to 255, when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) exit_code: Option<i32>,
    /// One short line for a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) message: Option<String>,
    /// The last output, already masked.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "base64")]
    pub(crate) tail: Vec<u8>,
    /// The phase the run is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) stage: Option<String>,
    /// How far it is, in per cent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) percent: Option<f64>,
    /// What is counted besides.
    #[serde(default, skip_serializing_if = "Counted::is_nothing")]
    pub(crate) counted: Counted,
    /// What it measured.
    #[serde(default, skip_serializing_if = "Metrics::is_empty")]
    pub(crate) metrics: Metrics,
    /// What a message target says of it; no other looks at this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) said: Option<Said>,
    /// The host it happened on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) host: Option<String>,
    /// Where it runs: production, staging.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) env: Option<String>,
    /// Until when, from now, the receiver may wait to be told of this run again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) lease_ms: Option<u64>,
    /// Whether the run uses no CPU time, moves no bytes and says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) stalled: Option<bool>,
    /// How long this run says it will take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) expected_ms: Option<u64>,
    /// Of a verification: whether what was found is what had to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) matches_expected: Option<bool>,
    /// The monitor as its job describes it, for a receiver that can create or change it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) definition: Option<Box<Definition>>,
}

/// The shortest lease: with a shorter one the renewals alone would be a flood of pings.
const LEASE_MIN: Duration = Duration::from_secs(1);

/// A lease as a person may write it; nothing at all means that nothing is promised.
pub(crate) fn check_lease(lease: Duration) -> Result<Duration, String> {
    if lease.is_zero() || lease >= LEASE_MIN {
        return Ok(lease);
    }
    Err("is shorter than a second; write `30s`, `5m`, or `0` for no lease".to_owned())
}

/// How far a run is, in pieces and in steps.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Counted {
    /// Pieces done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) current: Option<f64>,
    /// Pieces in all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) total: Option<f64>,
    /// What a piece is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) unit: Option<String>,
    /// The step it is at, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) step: Option<u32>,
    /// Steps in all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) steps: Option<u32>,
}

impl Counted {
    /// Whether there is nothing to tell.
    pub(crate) fn is_nothing(&self) -> bool {
        *self == Counted::default()
    }
}

impl Event {
    /// Whether it says nothing but that the run is still there. Such an event is worth nothing later.
    pub(crate) fn is_renewal(&self) -> bool {
        self.kind == Kind::Progress && self.lease_ms.is_some()
    }

    /// An event with nothing but its kind, its monitor and its moment.
    pub(crate) fn new(kind: Kind, monitor: &str, at: Moment) -> Event {
        Event {
            kind,
            monitor: monitor.to_owned(),
            run_id: None,
            seq: 0,
            at,
            started_at: None,
            elapsed_ms: None,
            exit_code: None,
            message: None,
            tail: Vec::new(),
            stage: None,
            percent: None,
            counted: Counted::default(),
            metrics: Metrics::default(),
            said: None,
            host: None,
            env: None,
            lease_ms: None,
            stalled: None,
            expected_ms: None,
            matches_expected: None,
            definition: None,
        }
    }
}
