//! The state directory, and the one-at-a-time tickets for work on all of it.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use crate::sys::files::PrivateDir;

/// Where root's passing things are, on systems that have it.
const ROOT_RUNTIME_DIR: &str = "/run/hb";

/// The same where /run is on a disk, as in most containers.
const ROOT_MEMORY_DIR: &str = "/dev/shm/hb";

/// Whether what is made there never touches a disk.
fn is_in_memory(place: &str) -> bool {
    #[cfg(target_os = "linux")]
    {
        use nix::sys::statfs::{TMPFS_MAGIC, statfs};
        statfs(place).is_ok_and(|facts| facts.filesystem_type() == TMPFS_MAGIC)
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = place;
        true
    }
}

/// A private directory in memory, where this user has one.
fn runtime_dir() -> Option<PathBuf> {
    if nix::unistd::geteuid().is_root() {
        let in_memory = is_in_memory("/run") || !is_in_memory("/dev/shm");
        return Some(PathBuf::from(if in_memory { ROOT_RUNTIME_DIR } else { ROOT_MEMORY_DIR }));
    }
    let own = PathBuf::from(std::env::var_os("XDG_RUNTIME_DIR")?);
    own.is_absolute().then(|| own.join("hb"))
}

/// The room `name` of the directory in memory, below that one.
fn in_memory(name: &str) -> Option<(PrivateDir, PrivateDir)> {
    let place = PrivateDir::open(&runtime_dir()?).ok()?;
    let room = place.child(name).ok()?;
    Some((place, room))
}

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

    /// A room for what is of no use after the run: in memory where the system has such a place, since
    /// making and removing a directory on a disk costs more than all else that is done for a job.
    pub(crate) fn passing_room(&self, name: &str) -> io::Result<PrivateDir> {
        match in_memory(name) {
            Some((_, room)) => Ok(room),
            None => self.room(name),
        }
    }

    /// The same, with a way to it for a job that runs as another user. The state directory itself is
    /// nobody else's business and stays closed.
    pub(crate) fn passing_room_for_others(&self, name: &str) -> io::Result<PrivateDir> {
        let Some((place, room)) = in_memory(name) else { return self.room(name) };
        place.let_through()?;
        room.let_through()?;
        Ok(room)
    }

    /// Removes from all rooms what writers left beside its place who were killed more than `age_s`
    /// seconds ago.
    pub(crate) fn sweep(&self, now_s: i64, age_s: i64) -> io::Result<()> {
        for name in self.root.names()? {
            if let Ok(room) = self.room_there(&name) {
                room.sweep(now_s, age_s)?;
            }
        }
        Ok(())
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
