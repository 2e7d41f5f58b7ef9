//! What a run used of the host: CPU, memory, disk.
//!
//! The numbers are the kernel's own, taken when the job is reaped, so they cost nothing and hold for
//! the job with all its children that were waited for.

use serde::{Deserialize, Serialize};

/// The resources a process tree used, as `getrusage(2)` counts them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Usage {
    /// Seconds of CPU in user mode.
    pub(crate) user_s: f64,
    /// Seconds of CPU in the kernel.
    pub(crate) system_s: f64,
    /// The largest resident set of one process of the tree. Linux counts the memory of `hb` at the
    /// moment of the start as the job's own, so this is never less than a few megabytes.
    pub(crate) rss_bytes_max: u64,
    /// 512-byte blocks read from a device, in bytes.
    pub(crate) read_bytes: u64,
    /// 512-byte blocks written to a device, in bytes.
    pub(crate) written_bytes: u64,
    /// Page faults that needed the disk.
    pub(crate) major_faults: u64,
    /// Times it waited by its own choice.
    pub(crate) waits: u64,
    /// Times the kernel took the CPU away.
    pub(crate) preemptions: u64,
}
