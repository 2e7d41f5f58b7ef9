//! What a receiver's answers have told about it: how much of a body it keeps.

use std::io;

use super::state::State;
use crate::domain::dialect::Limits;
use crate::domain::record::TargetRef;

const ROOM: &str = "learned";

/// What is known about a target.
pub(crate) fn limits(state: &State, target: &TargetRef) -> Limits {
    let read = || -> Option<usize> {
        let bytes = state.room_there(ROOM).ok()?.read(&target.key(), 32).ok()?;
        std::str::from_utf8(&bytes).ok()?.trim().parse().ok()
    };
    Limits { body_bytes_max: read() }
}

/// Remembers a limit where it is new.
pub(crate) fn remember(state: &State, target: &TargetRef, body_bytes_max: usize) -> io::Result<()> {
    if limits(state, target).body_bytes_max == Some(body_bytes_max) {
        return Ok(());
    }
    state.room(ROOM)?.replace(&target.key(), body_bytes_max.to_string().as_bytes())
}
