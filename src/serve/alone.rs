//! One receiver to a directory.
//!
//! Two would both watch every deadline and both tell people, each without knowing of the other. SQLite
//! alone does not keep them apart: it lets several processes write in turn. Nodes that share their work
//! share a PostgreSQL.

use std::fs::{File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;

use super::run::Stopped;
use crate::store::Place;
use crate::sys::files::PrivateDir;

/// The file whose lock says that a receiver runs. The kernel gives the lock back when its holder ends,
/// however it ends, so a file that is left behind stops nobody.
const LOCK_FILE: &str = "serve.lock";

/// As much of that file is read: it holds one number.
const PID_BYTES_MAX: u64 = 20;

/// That no other receiver has the directory, for as long as this value lives.
pub(crate) struct Alone {
    _held: Option<File>,
}

/// Takes the directory of a store for this process; a store that nodes share is nobody's own.
pub(crate) fn take(place: &Place) -> Result<Alone, Stopped> {
    let Place::Sqlite(directory) = place else { return Ok(Alone { _held: None }) };
    let cannot = |error: std::io::Error| {
        Stopped::new(format!("cannot use the directory `{}`: {error}", directory.display()))
    };
    let mut file = PrivateDir::open(directory)
        .and_then(|place| place.open_or_create(LOCK_FILE))
        .map_err(cannot)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(taken(directory, &mut file)),
        Err(TryLockError::Error(error)) => return Err(cannot(error)),
    }
    // Only for people: a full disk is no reason not to start.
    let _ = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
    Ok(Alone { _held: Some(file) })
}

fn taken(directory: &Path, file: &mut File) -> Stopped {
    let mut text = String::new();
    let read = file.rewind().and_then(|()| file.take(PID_BYTES_MAX).read_to_string(&mut text));
    let pid = read.ok().and_then(|_| text.trim().parse::<u32>().ok());
    let whose = pid.map(|pid| format!(" with pid {pid}")).unwrap_or_default();
    Stopped {
        why: format!("another `hb serve`{whose} uses the directory `{}`", directory.display()),
        hint: Some(
            "stop that one first, or give this one its own with `--data DIR`; nodes that share \
             their work use `--database postgres://…`"
                .to_owned(),
        ),
    }
}
