//! Failures in a row, for `--tolerate`.

use std::fs::{File, TryLockError};
use std::io;
use std::time::{Duration, Instant};

use super::state::State;
use crate::domain::name;

const ROOM: &str = "counters";

/// How long to wait for another run of the monitor that is counting; that takes it microseconds.
const LOCK_WAIT_MAX: Duration = Duration::from_millis(500);

/// How often to try.
const LOCK_STEP: Duration = Duration::from_millis(10);

/// Counts one more failure of `monitor` and gives how many there are in a row now.
///
/// A counter that cannot be read counts from one: a corrupt file must not silence a failure for
/// longer than the person allowed.
pub(crate) fn count_failure(state: &State, monitor: &str) -> io::Result<u32> {
    let room = state.room(ROOM)?;
    let key = name::key(monitor);
    let lock = room.open_or_create(&format!("{key}.lock"))?;
    take(&lock)?;
    let text = room.read(&key, 16).unwrap_or_default();
    let before = std::str::from_utf8(&text).ok().and_then(|text| text.trim().parse().ok());
    let count = before.unwrap_or(0u32).saturating_add(1);
    room.replace(&key, count.to_string().as_bytes())?;
    Ok(count)
}

/// Locks the counter, but never waits for long: whoever holds it may have been stopped.
fn take(file: &File) -> io::Result<()> {
    let until = Instant::now() + LOCK_WAIT_MAX;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) if Instant::now() < until => {
                std::thread::sleep(LOCK_STEP);
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// Forgets the failures of `monitor`: it has succeeded.
pub(crate) fn reset(state: &State, monitor: &str) {
    if let Ok(room) = state.room_there(ROOM) {
        let _ = room.remove(&name::key(monitor));
    }
}
