//! `--lock`: one run at a time.
//!
//! Two things hold a lock. The kernel's `flock` holds it while `hb` lives, on a descriptor that the
//! job never gets, so a daemon left behind by the job cannot keep it. The name of the job's process
//! in the file holds it when `hb` was killed and its job goes on: the next run still sees that job.
//!
//! The hard part is the moment between the start of the job and the note of its process. Before it
//! the run is noted, and its job is then known by `HB_RUN_ID` in its environment. Lines are appended
//! and the last whole one counts, so that `hb` can be killed at any byte.

use std::fs::File;
use std::io::{self, Read, Seek, Write};

use serde::{Deserialize, Serialize};

use super::state::State;
use crate::domain::host::ProcessName;
use crate::domain::name;
use crate::domain::run::RunId;
use crate::sys::process;

const ROOM: &str = "run-locks";

/// A lock that is held until this value is dropped.
pub(crate) struct RunLock {
    file: File,
}

/// What came of trying.
pub(crate) enum Taken {
    /// It is ours.
    Ours(RunLock),
    /// Somebody else holds it: this process, when it is known.
    Busy(Option<u32>),
}

/// A line in the file of a lock: whose it is.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Holder {
    /// This job's.
    Job(ProcessName),
    /// That of the job which this run is just starting.
    Starting { run_id: RunId },
}

/// Bytes of a lock's file that are read; two lines are in it.
const HOLDER_BYTES_MAX: u64 = 1024;

/// Tries to take the lock `lock_name`, without waiting.
pub(crate) fn take(state: &State, lock_name: &str, boot_id: &str) -> io::Result<Taken> {
    let room = state.room(ROOM)?;
    let file = room.open_or_create(&name::key(lock_name))?;
    take_file(file, boot_id).map_err(|error| room.named(&error))
}

fn take_file(mut file: File, boot_id: &str) -> io::Result<Taken> {
    match file.try_lock() {
        Ok(()) => {}
        Err(std::fs::TryLockError::WouldBlock) => {
            return Ok(Taken::Busy(match holder(&mut file)? {
                Some(Holder::Job(job)) => Some(job.pid),
                Some(Holder::Starting { .. }) | None => None,
            }));
        }
        Err(std::fs::TryLockError::Error(error)) => return Err(error),
    }
    let job = match holder(&mut file)? {
        Some(Holder::Job(job)) => process::is_alive(&job, boot_id).then_some(job),
        Some(Holder::Starting { run_id }) => job_of(run_id, boot_id),
        None => None,
    };
    if let Some(job) = job {
        return Ok(Taken::Busy(Some(job.pid)));
    }
    file.set_len(0)?;
    Ok(Taken::Ours(RunLock { file }))
}

/// The last holder that was noted whole.
fn holder(file: &mut File) -> io::Result<Option<Holder>> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.take(HOLDER_BYTES_MAX).read_to_end(&mut bytes)?;
    let mut lines = bytes.split(|byte| *byte == b'\n').rev();
    Ok(lines.find_map(|line| serde_json::from_slice(line).ok()))
}

/// The living job of a run whose `hb` died before it could note the job's process.
///
/// When the job has ended and only a daemon of it is left, that is taken for the job: then the run is
/// told later than it could be, but no living job is ever called gone.
pub(crate) fn job_of(run_id: RunId, boot_id: &str) -> Option<ProcessName> {
    process::started_with(&run_variable(run_id), boot_id)
}

/// How a job's environment says which run it is of.
pub(crate) fn run_variable(run_id: RunId) -> String {
    format!("HB_RUN_ID={run_id}")
}

impl RunLock {
    /// Notes that a job of this run is about to be started; no earlier one is alive.
    pub(crate) fn announce(&mut self, run_id: RunId) -> io::Result<()> {
        self.file.set_len(0)?;
        self.append(&Holder::Starting { run_id })
    }

    /// Notes whose job the lock is for.
    pub(crate) fn note(&mut self, job: &ProcessName) -> io::Result<()> {
        self.append(&Holder::Job(job.clone()))
    }

    fn append(&mut self, holder: &Holder) -> io::Result<()> {
        let mut line = serde_json::to_vec(holder)?;
        line.push(b'\n');
        self.file.write_all(&line)
    }

    /// Gives the lock back: the job has ended.
    pub(crate) fn release(self) {
        let _ = self.file.set_len(0);
    }
}
