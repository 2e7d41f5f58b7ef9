//! What a file may say about a monitor, under `[monitors.NAME]` or for all under `[defaults]`.
//!
//! Everything is optional, and `None` means that the file is silent, so that a flag, a
//! monitor, the defaults and two files can be laid over each other with one rule: the
//! upper one wins, member by member.

use std::time::Duration;

use crate::config::policy::Policy;

/// One monitor's settings, or the defaults of all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Settings {
    /// Names of targets, and URLs; an empty list means that nothing is sent.
    pub(crate) to: Option<Vec<String>>,
    /// How many of the last bytes of output are reported.
    pub(crate) tail_bytes: Option<u64>,
    /// How long a report may take after the job's end.
    pub(crate) report_timeout: Option<Duration>,
    /// The time zone of the schedule, as written.
    pub(crate) timezone: Option<String>,
    /// How late a run may be.
    pub(crate) grace: Option<Duration>,
    /// When the job is expected to succeed, as written.
    pub(crate) schedule: Option<String>,
    /// How long a run may take before its receiver takes it for overrun.
    pub(crate) run_at_most: Option<Duration>,
    /// How soon after it is due a run has to begin.
    pub(crate) start_within: Option<Duration>,
    /// How many expected runs in a row may be missed.
    pub(crate) tolerance: Option<u32>,
    /// Whether only time in which this host is awake counts.
    pub(crate) presence: Option<String>,
    /// How long a deadline is put off by that at most.
    pub(crate) absent_at_most: Option<Duration>,
    /// For how long a receiver may do without a word of a run; nothing: no promise.
    pub(crate) lease: Option<Duration>,
    /// After how long without any work such a receiver is told that the job has come to a halt.
    pub(crate) stalled_after: Option<Duration>,
    /// The name of the tool whose exit codes and output are understood.
    pub(crate) preset: Option<String>,
    /// Whose job it is.
    pub(crate) owner: Option<String>,
    /// What it is for.
    pub(crate) description: Option<String>,
    /// Words to find it by.
    pub(crate) tags: Option<Vec<String>>,
    /// Patterns of text that is never reported. Not yet compiled.
    pub(crate) redact: Option<Vec<String>>,
    /// How the job is run.
    pub(crate) policy: Policy,
}

impl Settings {
    /// These settings, and the lower layer's where these say nothing. Only `redact` adds up,
    /// because a pattern that was written to hide something must go on hiding it.
    pub(crate) fn over(self, lower: Self) -> Self {
        Self {
            to: self.to.or(lower.to),
            tail_bytes: self.tail_bytes.or(lower.tail_bytes),
            report_timeout: self.report_timeout.or(lower.report_timeout),
            timezone: self.timezone.or(lower.timezone),
            grace: self.grace.or(lower.grace),
            schedule: self.schedule.or(lower.schedule),
            run_at_most: self.run_at_most.or(lower.run_at_most),
            start_within: self.start_within.or(lower.start_within),
            tolerance: self.tolerance.or(lower.tolerance),
            presence: self.presence.or(lower.presence),
            absent_at_most: self.absent_at_most.or(lower.absent_at_most),
            lease: self.lease.or(lower.lease),
            stalled_after: self.stalled_after.or(lower.stalled_after),
            preset: self.preset.or(lower.preset),
            owner: self.owner.or(lower.owner),
            description: self.description.or(lower.description),
            tags: self.tags.or(lower.tags),
            redact: joined(self.redact, lower.redact),
            policy: self.policy.over(lower.policy),
        }
    }
}

/// Both lists, each pattern once.
fn joined(upper: Option<Vec<String>>, lower: Option<Vec<String>>) -> Option<Vec<String>> {
    match (upper, lower) {
        (Some(mut all), Some(lower)) => {
            for pattern in lower {
                if !all.contains(&pattern) {
                    all.push(pattern);
                }
            }
            Some(all)
        }
        (upper, lower) => upper.or(lower),
    }
}
