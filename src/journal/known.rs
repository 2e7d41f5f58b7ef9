//! Monitors that a receiver is known to have: for the completion of names, which asks no network.

use std::io;

use super::state::State;

const ROOM: &str = "known";

const FILE: &str = "monitors";

/// Names kept; more would only slow TAB down.
const NAMES_MAX: usize = 2000;

/// Room for so many of the longest names.
const FILE_BYTES_MAX: u64 = 256 * 1024;

/// Remembers these names in place of those before.
pub(crate) fn remember(state: &State, names: &[&str]) -> io::Result<()> {
    let text: String = names.iter().take(NAMES_MAX).map(|name| format!("{name}\n")).collect();
    let room = state.room(ROOM)?;
    if room.read(FILE, FILE_BYTES_MAX).is_ok_and(|known| known == text.as_bytes()) {
        return Ok(());
    }
    room.replace(FILE, text.as_bytes())
}

/// The names that were remembered last.
pub(crate) fn names(state: &State) -> Vec<String> {
    let bytes = state.room_there(ROOM).and_then(|room| room.read(FILE, FILE_BYTES_MAX));
    let text = String::from_utf8(bytes.unwrap_or_default()).unwrap_or_default();
    text.lines().take(NAMES_MAX).map(str::to_owned).collect()
}
