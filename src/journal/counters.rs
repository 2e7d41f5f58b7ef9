//! Failures in a row, for `--tolerate`.

use std::io;

use super::state::State;
use crate::domain::name;

const ROOM: &str = "counters";

/// Counts one more failure of `monitor` and gives how many there are in a row now.
///
/// A counter that cannot be read counts from one: a corrupt file must not silence a failure for
/// longer than the person allowed.
pub(crate) fn count_failure(state: &State, monitor: &str) -> io::Result<u32> {
    let room = state.room(ROOM)?;
    let key = name::key(monitor);
    let lock = room.open_or_create(&format!("{key}.lock"))?;
    lock.lock()?;
    let text = room.read(&key, 16).unwrap_or_default();
    let before = std::str::from_utf8(&text).ok().and_then(|text| text.trim().parse().ok());
    let count = before.unwrap_or(0u32).saturating_add(1);
    room.replace(&key, count.to_string().as_bytes())?;
    Ok(count)
}

/// Forgets the failures of `monitor`: it has succeeded.
pub(crate) fn reset(state: &State, monitor: &str) {
    if let Ok(room) = state.room_there(ROOM) {
        let _ = room.remove(&name::key(monitor));
    }
}
