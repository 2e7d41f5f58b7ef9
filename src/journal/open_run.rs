//! The record of a run while it lives: begun before the job, appended to, then moved to history.
//!
//! The file stays locked by its `hb`. Whoever can take the lock knows that this `hb` is dead.

use std::fs::File;
use std::io::{self, Write};

use super::history;
use super::state::State;
use crate::domain::record::{Begun, Line};
use crate::domain::run::RunId;
use crate::sys::fault;
use crate::sys::files::PrivateDir;

/// The room of runs that are not finished.
pub(crate) const ROOM: &str = "open";

/// The stack of a thread that makes one system call.
const STACK_BYTES: usize = 64 * 1024;

/// How many runs of a monitor there are to one pruning.
const PRUNE_EVERY: u8 = 64;

/// The record of this process's own run.
pub(crate) struct OpenRun {
    room: PrivateDir,
    file: File,
    name: String,
    monitor: String,
    run_id: RunId,
    whole_bytes: u64,
}

/// The file name of a run's record.
pub(crate) fn file_name(run_id: RunId) -> String {
    format!("{run_id}.jsonl")
}

impl OpenRun {
    /// Begins a record. It survives the death of hb from here on; [`OpenRun::secure`] makes it
    /// survive the death of the host, and can wait until the job has started.
    pub(crate) fn begin(state: &State, begun: Begun) -> io::Result<OpenRun> {
        let room = state.room(ROOM)?;
        let name = file_name(begun.run_id);
        let file = room.create(&name)?;
        // Nobody else can know the name of a run id minted just now; the lock cannot be contended
        // but by somebody who looks for dead runs between these two lines. He finds the file empty
        // and young, and lets go of it.
        file.lock().map_err(|error| room.named(&error))?;
        let (monitor, run_id) = (begun.monitor.clone(), begun.run_id);
        let mut run = OpenRun { room, file, name, monitor, run_id, whole_bytes: 0 };
        run.append(&Line::Begun(begun))?;
        Ok(run)
    }

    /// Appends a line, in one write.
    pub(crate) fn append(&mut self, line: &Line) -> io::Result<()> {
        let bytes = line.to_bytes()?;
        let written = self.file.write_all(&bytes);
        match written {
            Ok(()) => self.whole_bytes += bytes.len() as u64,
            // Half a line would swallow the next one; a full disk may have room for a shorter one.
            Err(_) => self.file.set_len(self.whole_bytes).map_err(|e| self.room.named(&e))?,
        }
        written.map_err(|error| self.room.named(&error))
    }

    /// Removes a record that has no end, because the end could not be written: whoever found it would
    /// take a run that was told for one that died.
    pub(crate) fn discard(self) -> io::Result<()> {
        self.room.remove(&self.name)
    }

    /// Waits until everything appended is on the disk.
    ///
    /// The file is new, and ext4, XFS and btrfs write a new file's name together with its content;
    /// a second sync of the directory would double the cost of every run for nothing.
    pub(crate) fn secure(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    /// The same, without waiting. What fails here is tried again at the end.
    pub(crate) fn secure_beside(&self) {
        let Ok(file) = self.file.try_clone() else { return };
        let secure = std::thread::Builder::new().name("secure".to_owned());
        let _ = secure.stack_size(STACK_BYTES).spawn(move || {
            fault::point("secure");
            file.sync_data()
        });
    }

    /// Moves the record to history, where it is read by `hb log`.
    pub(crate) fn close(self, state: &State) -> io::Result<()> {
        let place = history::admit(state, &self.monitor, &self.room, &self.name)?;
        // Looking through a room costs as much as a run; one in so many does it for the others.
        if self.run_id.random_byte().is_multiple_of(PRUNE_EVERY) {
            history::prune(&place)
        } else {
            Ok(())
        }
    }
}
