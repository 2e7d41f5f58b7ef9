//! The state directory, and the one-at-a-time tickets for work on all of it.

use std::fs::File;
use std::io;
use std::path::Path;

use crate::sys::files::PrivateDir;

/// The opened state directory.
pub(crate) struct State {
    root: PrivateDir,
}

impl State {
    /// Opens the directory, making it where it is missing.
    pub(crate) fn open(path: &Path) -> io::Result<State> {
        Ok(State { root: PrivateDir::open(path)? })
    }

    /// Opens the directory only where it exists, for commands that only look.
    pub(crate) fn open_there(path: &Path) -> io::Result<State> {
        Ok(State { root: PrivateDir::open_there(path)? })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        self.root.path()
    }

    /// One of its rooms, made where it is missing.
    pub(crate) fn room(&self, name: &str) -> io::Result<PrivateDir> {
        self.root.child(name)
    }

    /// One of its rooms, only where it exists.
    pub(crate) fn room_there(&self, name: &str) -> io::Result<PrivateDir> {
        self.root.child_there(name)
    }

    /// A ticket that one process holds at a time; none while somebody else has it.
    ///
    /// The kernel takes it back when its holder dies, so nothing can stay locked for ever.
    pub(crate) fn try_ticket(&self, name: &str) -> io::Result<Option<File>> {
        let file = self.root.child("locks")?.open_or_create(name)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(std::fs::TryLockError::WouldBlock) => Ok(None),
            Err(std::fs::TryLockError::Error(error)) => Err(error),
        }
    }
}
