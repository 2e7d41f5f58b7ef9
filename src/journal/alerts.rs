//! The alerts that message targets have been told of and that are not over.

use std::io;

use super::state::State;
use crate::domain::alert::Open;
use crate::domain::name;
use crate::domain::record::TargetRef;

const ROOM: &str = "alerts";

/// The longest entry that is read.
const ENTRY_BYTES_MAX: u64 = 1024;

fn key(target: &TargetRef, monitor: &str) -> String {
    name::key(&format!("{}/{monitor}", target.key()))
}

/// The open alert of a monitor at a target. One that cannot be read is none: a person would rather
/// hear of a failure twice than never.
pub(crate) fn open(state: &State, target: &TargetRef, monitor: &str) -> Option<Open> {
    let room = state.room_there(ROOM).ok()?;
    let bytes = room.read(&key(target, monitor), ENTRY_BYTES_MAX).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// Remembers what is open now.
pub(crate) fn remember(
    state: &State,
    target: &TargetRef,
    monitor: &str,
    open: Option<Open>,
) -> io::Result<()> {
    let key = key(target, monitor);
    match open {
        Some(open) => state.room(ROOM)?.replace(&key, &serde_json::to_vec(&open)?),
        None => match state.room_there(ROOM) {
            Ok(room) => room.remove(&key),
            Err(_) => Ok(()),
        },
    }
}
