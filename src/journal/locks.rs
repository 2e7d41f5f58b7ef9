//! `--lock`: one run at a time.
//!
//! Two things hold a lock. The kernel's `flock` holds it while `hb` lives, on a descriptor that the
//! job never gets, so a daemon left behind by the job cannot keep it. The name of the job's process
//! in the file holds it when `hb` was killed and its job goes on: the next run still sees that job.

use std::fs::File;
use std::io::{self, Read, Seek, Write};

use super::state::State;
use crate::domain::host::ProcessName;
use crate::domain::name;
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

/// Tries to take the lock `lock_name`, without waiting.
pub(crate) fn take(state: &State, lock_name: &str, boot_id: &str) -> io::Result<Taken> {
    let room = state.room(ROOM)?;
    let file = room.open_or_create(&name::key(lock_name))?;
    take_file(file, boot_id).map_err(|error| room.named(&error))
}

fn take_file(mut file: File, boot_id: &str) -> io::Result<Taken> {
    let mut bytes = Vec::new();
    let holder = |file: &mut File, bytes: &mut Vec<u8>| -> io::Result<Option<ProcessName>> {
        bytes.clear();
        file.rewind()?;
        file.take(1024).read_to_end(bytes)?;
        Ok(serde_json::from_slice(bytes).ok())
    };
    match file.try_lock() {
        Ok(()) => {}
        Err(std::fs::TryLockError::WouldBlock) => {
            return Ok(Taken::Busy(holder(&mut file, &mut bytes)?.map(|holder| holder.pid)));
        }
        Err(std::fs::TryLockError::Error(error)) => return Err(error),
    }
    if let Some(job) = holder(&mut file, &mut bytes)?
        && process::is_alive(&job, boot_id)
    {
        return Ok(Taken::Busy(Some(job.pid)));
    }
    file.set_len(0)?;
    Ok(Taken::Ours(RunLock { file }))
}

impl RunLock {
    /// Notes whose job the lock is for.
    pub(crate) fn note(&mut self, job: &ProcessName) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.write_all(&serde_json::to_vec(job)?)
    }

    /// Gives the lock back: the job has ended.
    pub(crate) fn release(self) {
        let _ = self.file.set_len(0);
    }
}
