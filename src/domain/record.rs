//! What this host remembers of one run.
//!
//! A record is written as lines, each a fact that was true when it was appended: begun, spawned,
//! ended, delivered. Nothing is ever rewritten, so a crash at any byte leaves a record that still
//! says what was known; a line that was cut is left out. [`Record::fold`] turns lines into one value.

use serde::{Deserialize, Serialize};

use super::base64;
use super::event::Kind;
use super::host::{HostFacts, ProcessName};
use super::metric::Metrics;
use super::run::{Outcome, Reason, RunId};
use super::time::Moment;
use super::usage::Usage;

/// The version of the lines; a reader leaves alone what is newer than it knows.
pub(crate) const VERSION: u32 = 1;

/// One line of a record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Line {
    /// The run is about to start.
    Begun(Begun),
    /// The job has a process.
    Spawned(ProcessName),
    /// The run is over.
    Ended(Box<Ending>),
    /// A receiver was told, or could not be.
    Told(Told),
}

impl Line {
    /// The line as it stands in a file, with its end, to be appended in one write.
    pub(crate) fn to_bytes(&self) -> serde_json::Result<Vec<u8>> {
        let mut bytes = serde_json::to_vec(self)?;
        bytes.push(b'\n');
        Ok(bytes)
    }
}

/// What is known before the job starts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Begun {
    /// The version of the lines.
    pub(crate) version: u32,
    /// The run.
    pub(crate) run_id: RunId,
    /// The monitor it belongs to.
    pub(crate) monitor: String,
    /// When it began, by the wall clock.
    pub(crate) started_at: Moment,
    /// The command line, masked.
    pub(crate) command: Vec<String>,
    /// Where it was started.
    pub(crate) directory: String,
    /// The run that started this one, when `hb run` stands inside another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) parent_run_id: Option<RunId>,
    /// Who is to be told: names of targets, or references to addresses.
    pub(crate) targets: Vec<TargetRef>,
}

/// What names a target without its secrets.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TargetRef {
    /// A target of the configuration.
    Named(String),
    /// A target of the configuration whose address was made whole with `HB_KEY`.
    Keyed(String),
    /// An address given on the spot; the state directory keeps it under this key.
    Address(String),
}

impl TargetRef {
    /// A short text that is unique per target, for file names.
    pub(crate) fn key(&self) -> String {
        match self {
            TargetRef::Named(name) | TargetRef::Keyed(name) => super::name::key(name),
            TargetRef::Address(key) => key.clone(),
        }
    }
}

/// What is known when the run is over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Ending {
    /// When it ended, by the wall clock.
    pub(crate) ended_at: Moment,
    /// How long it took, by the monotonic clock.
    pub(crate) elapsed_ms: u64,
    /// How long of that it was stopped.
    #[serde(default)]
    pub(crate) paused_ms: u64,
    /// How it came out.
    pub(crate) outcome: Outcome,
    /// What decided that.
    pub(crate) reason: Reason,
    /// The same for a person.
    pub(crate) message: String,
    /// What `hb` exits with.
    pub(crate) exit_code: Option<i32>,
    /// The Unix signal that killed the job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) unix_signal: Option<i32>,
    /// Whether it left a core dump.
    #[serde(default)]
    pub(crate) core_dumped: bool,
    /// How often it was started.
    pub(crate) attempts: u32,
    /// What it used.
    pub(crate) usage: Usage,
    /// The host at the end.
    pub(crate) host: HostFacts,
    /// Bytes that went through hb: stdout, stderr. A stream that hb did not carry counts nothing.
    #[serde(default)]
    pub(crate) output_bytes: [u64; 2],
    /// The last output, masked.
    #[serde(default, with = "base64")]
    pub(crate) tail: Vec<u8>,
    /// What it measured.
    #[serde(default)]
    pub(crate) metrics: Metrics,
    /// Its stages, each with the milliseconds after the start at which it began.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) stages: Vec<(String, u64)>,
    /// Its named steps, each with its exit code.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) steps: Vec<(String, i32)>,
    /// Anything else a person should know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) notes: Vec<String>,
    /// Whether failures before this one are still being tolerated: a finish is told as a log line.
    #[serde(default)]
    pub(crate) tolerated: bool,
}

/// What became of an event at one target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Told {
    /// The target.
    pub(crate) target: TargetRef,
    /// What a person calls it.
    pub(crate) name: String,
    /// Which event.
    pub(crate) kind: Kind,
    /// What became of it.
    pub(crate) result: Delivery,
    /// When that was settled.
    pub(crate) at: Moment,
    /// Why, where it was not simply delivered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) detail: Option<String>,
}

/// The ways an event can end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Delivery {
    /// The receiver took it.
    Delivered,
    /// It was sent to a receiver whose answer proves nothing.
    Unconfirmed,
    /// It waits in the spool.
    Spooled,
    /// The receiver will never take it.
    Refused,
    /// It was sent late, as a log line, because a newer run had already been told.
    DeliveredAsLog,
    /// It came too late to be told to a service that dates what it hears by its own clock.
    Dropped,
    /// It could be neither sent nor spooled.
    Lost,
}

/// The lines of one run, folded.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Record {
    /// The beginning.
    pub(crate) begun: Begun,
    /// The job's process.
    pub(crate) process: Option<ProcessName>,
    /// The end, once there is one.
    pub(crate) ending: Option<Ending>,
    /// Every delivery so far.
    pub(crate) told: Vec<Told>,
}

impl Record {
    /// Folds the bytes of a record's file; none where not even the beginning is whole.
    pub(crate) fn fold(bytes: &[u8]) -> Option<Record> {
        let mut lines = bytes
            .split(|byte| *byte == b'\n')
            .filter_map(|line| serde_json::from_slice::<Line>(line).ok());
        let Some(Line::Begun(begun)) = lines.next() else { return None };
        if begun.version > VERSION {
            return None;
        }
        let mut record = Record { begun, process: None, ending: None, told: Vec::new() };
        for line in lines {
            match line {
                // A second beginning can only be foreign bytes; the first one named the file.
                Line::Begun(_) => {}
                Line::Spawned(process) => record.process = Some(process),
                Line::Ended(ending) => record.ending = Some(*ending),
                Line::Told(told) => record.told.push(told),
            }
        }
        Some(record)
    }

    /// Whether the end of the run has reached its own end at `target`, one way or the other.
    pub(crate) fn is_settled_at(&self, target: &TargetRef) -> bool {
        self.told.iter().any(|told| told.target == *target && told.kind.is_finish())
    }
}

#[cfg(test)]
mod tests {
    use super::{Begun, Line, Record, TargetRef, VERSION};
    use crate::domain::run::RunId;
    use crate::domain::time::Moment;

    #[test]
    fn a_record_cut_anywhere_still_says_what_was_known() {
        let at = Moment::from_epoch_ms(1_795_167_085_000);
        let begun = Line::Begun(Begun {
            version: VERSION,
            run_id: RunId::mint(at, [7; 10]),
            monitor: "nightly".into(),
            started_at: at,
            command: vec!["true".into()],
            directory: "/".into(),
            parent_run_id: None,
            targets: vec![TargetRef::Named("home".into())],
        });
        let mut bytes = serde_json::to_vec(&begun).expect("json");
        let whole = bytes.len();
        bytes.extend_from_slice(
            b"\n{\"spawned\":{\"pid\":7,\"start_ticks\":9,\"boot_id\":\"x\"}}\n",
        );
        for cut in 0..bytes.len() {
            let record = Record::fold(&bytes[..cut]);
            assert_eq!(record.is_some(), cut >= whole, "cut at {cut}");
        }
        assert!(Record::fold(&bytes).is_some_and(|record| record.process.is_some()));
    }
}
