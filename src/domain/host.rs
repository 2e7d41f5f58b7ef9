//! What a record says about the host and about a process on it.

use serde::{Deserialize, Serialize};

/// Facts about the host at one moment of a run, for the record and the report.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct HostFacts {
    /// The host's own name.
    pub(crate) name: String,
    /// The user that hb runs as.
    pub(crate) user: String,
    /// Load averages over 1, 5 and 15 minutes.
    pub(crate) load: [f64; 3],
    /// Seconds since the host was started.
    pub(crate) uptime_s: u64,
    /// Memory that a new process could have, in bytes.
    pub(crate) memory_available_bytes: u64,
    /// All memory, in bytes.
    pub(crate) memory_bytes: u64,
}

/// For how long a host has been running, by its own counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Uptime {
    /// Milliseconds since it was started.
    pub(crate) up_ms: u64,
    /// How many of them it was awake: not suspended.
    pub(crate) awake_ms: u64,
    /// It has kept events of before that were not sent yet: what it did in that time is not known.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) behind: bool,
}

/// A process named so that a recycled number is not taken for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ProcessName {
    /// The process id.
    pub(crate) pid: u32,
    /// Clock ticks after boot at which it started.
    pub(crate) start_ticks: u64,
    /// The boot it belongs to.
    pub(crate) boot_id: String,
}
