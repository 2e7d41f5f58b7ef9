//! What a ping tells a monitor, whoever sent it and however it was spelled.
//!
//! An [`Arrival`] is already within every limit: texts are cut, maps are bounded, run ids are short.
//! Nothing here says whether it changes anything; that is for the rules that judge it.

use serde_json::{Map, Value};

use super::event::{Counted, Kind};
use super::host::Uptime;
use super::metric::Metrics;
use super::time::Moment;

/// The longest run id that is kept. A UUID has 36 bytes and Cronitor's own ids 14; what is longer is
/// kept as a hash of itself, because two cut ids could become one run.
pub(crate) const RUN_ID_BYTES_MAX: usize = 100;

/// One ping, as a monitor hears it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Arrival {
    /// What happened.
    pub(crate) kind: Kind,
    /// Whatever the client calls its run, at most [`RUN_ID_BYTES_MAX`] bytes.
    pub(crate) run_id: Option<String>,
    /// The place in the run: with the run id it makes repeats harmless.
    pub(crate) seq: Option<u32>,
    /// When it happened, by the client's clock; none: when it was received.
    pub(crate) at: Option<Moment>,
    /// Whether it is told once, or stands until the next one.
    pub(crate) told: Told,
    /// When it was sent, by the same clock: what shows how wrong that clock is.
    pub(crate) sent_at: Option<Moment>,
    /// When the run began.
    pub(crate) started_at: Option<Moment>,
    /// How long the run took.
    pub(crate) duration_ms: Option<u64>,
    /// The exit code; negative: killed by that Unix signal, as Python says it.
    pub(crate) exit_code: Option<i32>,
    /// One short line for a person.
    pub(crate) message: Option<String>,
    /// The phase the run is in.
    pub(crate) stage: Option<String>,
    /// How far it is, in per cent.
    pub(crate) percent: Option<f64>,
    /// What is counted besides.
    pub(crate) counted: Counted,
    /// What it measured.
    pub(crate) metrics: Metrics,
    /// Everything else the payload had, bounded.
    pub(crate) fields: Map<String, Value>,
    /// Head and tail of what was sent, already within the limits.
    pub(crate) output: Vec<u8>,
    /// How much was sent.
    pub(crate) output_bytes: u64,
    /// The host it happened on.
    pub(crate) host: Option<String>,
    /// For how long that had been running when this was sent.
    pub(crate) uptime: Option<Uptime>,
    /// Where it runs: production, staging.
    pub(crate) env: Option<String>,
    /// The client promises to be heard of again within this.
    pub(crate) lease_ms: Option<u64>,
    /// The client sees no CPU time, no input or output, no words.
    pub(crate) stalled: Option<bool>,
    /// How long this run says it will take.
    pub(crate) expected_ms: Option<u64>,
    /// Of a verification: whether what was found is what had to be.
    pub(crate) matches_expected: Option<bool>,
    /// The monitor as its job describes it: a receiver creates or updates it.
    pub(crate) definition: Option<Box<Definition>>,
}

/// Whether something is told once, when it happens, or again and again until something else is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// A message: that it comes is the news.
    Once,
    /// A value with a moment of its own: news if that is newer than what is known.
    Standing,
    /// The same, and its moment lies so far back that it says nothing about now.
    Outdated,
}

/// The longest description that travels whole; the rest would be cut on its way.
pub(crate) const DESCRIPTION_BYTES_MAX: usize = 2_000;

/// The longest owner and the longest tag.
pub(crate) const LABEL_BYTES_MAX: usize = 200;

/// The most tags.
pub(crate) const TAGS_MAX: usize = 50;

/// A monitor as its job describes it; each member as a person would write it in the configuration.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub(crate) struct Definition {
    /// When success is expected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) schedule: Option<String>,
    /// Whose wall clock the schedule is read by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) timezone: Option<String>,
    /// How long to keep quiet after it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) grace: Option<String>,
    /// Who is asked about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) owner: Option<String>,
    /// What it is, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    /// Words to find it by.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) tags: Vec<String>,
    /// The longest a run may take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) run_at_most: Option<String>,
    /// How soon after it is due a run has to begin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) start_within: Option<String>,
    /// How many expected runs in a row may be missed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tolerance: Option<u32>,
    /// Whether only time in which its host was awake counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) presence: Option<String>,
    /// How long a deadline is put off by that at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) absent_at_most: Option<String>,
    /// What people call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
}

impl Arrival {
    /// A ping that tells its kind and nothing else.
    pub(crate) fn new(kind: Kind) -> Arrival {
        Arrival {
            kind,
            run_id: None,
            seq: None,
            at: None,
            told: Told::Once,
            sent_at: None,
            started_at: None,
            duration_ms: None,
            exit_code: None,
            message: None,
            stage: None,
            percent: None,
            counted: Counted::default(),
            metrics: Metrics::default(),
            fields: Map::new(),
            output: Vec::new(),
            output_bytes: 0,
            host: None,
            uptime: None,
            env: None,
            lease_ms: None,
            stalled: None,
            expected_ms: None,
            matches_expected: None,
            definition: None,
        }
    }
}
