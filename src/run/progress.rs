//! The directory in which a job may leave words, and the reading of them.
//!
//! The job may belong to somebody who wishes us ill: the file is opened by hb before the job starts
//! and read through that one descriptor, so nothing can be put in its place; what is read is bounded
//! in lines and in bytes. Changes are announced by inotify, so hb sleeps while the job is silent.

use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::PathBuf;

use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};

use super::words::{self, LINE_BYTES_MAX, Word};
use crate::domain::run::RunId;
use crate::journal::dead::{WORDS_FILE, WORDS_ROOM};
use crate::journal::state::State;
use crate::sys::files::PrivateDir;

/// Bytes that a job may say in one run; what it says beyond is not heard.
const SAID_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// The directory of one run.
pub(crate) struct Progress {
    room: PrivateDir,
    place: PrivateDir,
    name: String,
    file: File,
    heard_bytes: u64,
    rest: Vec<u8>,
    inotify: Option<Inotify>,
}

impl Progress {
    /// Makes the directory and its file, for a job that runs as hb does or as the user `writer`.
    pub(crate) fn open(
        state: &State,
        run_id: RunId,
        writer: Option<(u32, u32)>,
    ) -> std::io::Result<Progress> {
        let room = match writer {
            None => state.passing_room(WORDS_ROOM)?,
            Some(_) => state.passing_room_for_others(WORDS_ROOM)?,
        };
        let name = run_id.to_string();
        let place = room.child(&name)?;
        let made = place.create(WORDS_FILE).and_then(|file| {
            writer.map_or(Ok(()), |writer| place.give(&file, writer))?;
            Ok(file)
        });
        let file = made.inspect_err(|_| {
            // Nobody else would know of the directory, and it would stay for ever.
            let _ = place.remove(WORDS_FILE);
            let _ = room.remove_child(&name);
        })?;
        Ok(Progress { room, place, name, file, heard_bytes: 0, rest: Vec::new(), inotify: None })
    }

    /// What the job gets as `HB_RUN_DIR`.
    pub(crate) fn path(&self) -> PathBuf {
        self.place.path().to_owned()
    }

    /// Begins to announce changes. A short job is never watched: ending a watch costs a timer tick.
    pub(crate) fn watch(&mut self) {
        let watch = || -> nix::Result<Inotify> {
            let inotify = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK)?;
            let changes = AddWatchFlags::IN_MODIFY | AddWatchFlags::IN_DONT_FOLLOW;
            inotify.add_watch(&self.place.path().join(WORDS_FILE), changes)?;
            Ok(inotify)
        };
        self.inotify = watch().ok();
    }

    /// Readable when the job has said something.
    pub(crate) fn announced(&self) -> Option<BorrowedFd<'_>> {
        self.inotify.as_ref().map(|inotify| inotify.as_fd())
    }

    /// What was said since the last call.
    pub(crate) fn hear(&mut self) -> Vec<Word> {
        if let Some(inotify) = &self.inotify {
            let _ = inotify.read_events();
        }
        let mut bytes = Vec::new();
        let left = SAID_BYTES_MAX.saturating_sub(self.heard_bytes);
        let read = (&mut self.file).take(left).read_to_end(&mut bytes).unwrap_or(0);
        self.heard_bytes += read as u64;
        let mut said = Vec::new();
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            if self.rest.len() <= LINE_BYTES_MAX {
                self.rest.extend_from_slice(part);
            }
            if let Some(line) = part.ends_with(b"\n").then(|| std::mem::take(&mut self.rest)) {
                said.extend(words::understand(line.strip_suffix(b"\n").unwrap_or(&line)));
            }
        }
        said
    }

    /// What was said last, also without a line end.
    pub(crate) fn close(mut self) -> Vec<Word> {
        let mut said = self.hear();
        said.extend(words::understand(&std::mem::take(&mut self.rest)));
        said
    }
}

impl Drop for Progress {
    /// The directory ends with the run, also with one that never came to its job.
    fn drop(&mut self) {
        // The job may have put more into its directory; that is its business, and stays.
        let _ = self.place.remove(WORDS_FILE);
        let _ = self.room.remove_child(&self.name);
    }
}
