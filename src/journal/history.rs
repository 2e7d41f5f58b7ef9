//! Finished runs: listed, read, pruned.
//!
//! Each monitor has its own room, so a job of every minute cannot push a yearly one out of memory,
//! and the work at the end of a run is bounded by that room alone. The whole is swept once an hour
//! at most, by whoever comes first (`sweep.rs`).

use std::io;

use super::open_run::{self, file_name};
use super::state::State;
use super::sweep::Ages;
use crate::domain::name;
use crate::domain::record::{Line, Record};
use crate::domain::run::RunId;
use crate::sys::files::PrivateDir;

/// Runs kept per monitor: a year of nightly ones is 365. A few more may lie there until they are pruned.
pub(crate) const RUNS_PER_MONITOR_MAX: usize = 500;

/// Bytes kept over all monitors.
pub(crate) const HISTORY_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Days after which a run is forgotten; a yearly job is still remembered at its next run.
pub(crate) const HISTORY_DAYS_MAX: i64 = 400;

/// The largest record that is read.
const RECORD_BYTES_MAX: u64 = 2 * 1024 * 1024;

const ROOM: &str = "history";

/// The room of one monitor.
pub(crate) fn room(state: &State, monitor: &str) -> io::Result<PrivateDir> {
    state.room(ROOM)?.child(&name::key(monitor))
}

/// Moves the record `name` in from another room, and gives the room that it is in now.
pub(crate) fn admit(
    state: &State,
    monitor: &str,
    from: &PrivateDir,
    name: &str,
) -> io::Result<PrivateDir> {
    let place = room(state, monitor)?;
    match from.rename(name, &place, name) {
        // A sweep has just removed the room, because it was still empty.
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let place = room(state, monitor)?;
            from.rename(name, &place, name).map(|()| place)
        }
        moved => moved.map(|()| place),
    }
}

/// Keeps the newest runs of a room.
pub(crate) fn prune(room: &PrivateDir) -> io::Result<()> {
    let names = room.names()?;
    for name in names.iter().take(names.len().saturating_sub(RUNS_PER_MONITOR_MAX)) {
        room.remove(name)?;
    }
    Ok(())
}

/// Which runs to read.
pub(crate) struct Wanted<'a> {
    /// Only of this monitor.
    pub(crate) monitor: Option<&'a str>,
    /// The newest so many.
    pub(crate) count: usize,
    /// Only those after this run.
    pub(crate) after: Option<RunId>,
}

/// Runs, oldest first, those still open among them, each with whether it is still open.
pub(crate) fn read(state: &State, wanted: &Wanted<'_>) -> io::Result<Vec<(Record, bool)>> {
    let mut found: Vec<(String, usize, bool)> = Vec::new();
    let mut rooms = Vec::new();
    for (place, open) in places(state, wanted.monitor)? {
        let after = wanted.after.map(file_name).unwrap_or_default();
        let mut names = place.names()?;
        names.retain(|name| *name > after);
        // What lies there beyond the limit is as good as pruned.
        let most = wanted.count.min(RUNS_PER_MONITOR_MAX);
        if !open && names.len() > most {
            names.drain(..names.len() - most);
        }
        found.extend(names.into_iter().map(|name| (name, rooms.len(), open)));
        rooms.push(place);
    }
    found.sort_unstable();
    let mut records = Vec::new();
    for (name, index, open) in found.into_iter().rev() {
        if records.len() == wanted.count {
            break;
        }
        let Ok(bytes) = rooms[index].read(&name, RECORD_BYTES_MAX) else { continue };
        if let Some(record) = Record::fold(&bytes)
            && wanted.monitor.is_none_or(|monitor| record.begun.monitor == monitor)
        {
            records.push((record, open));
        }
    }
    records.reverse();
    Ok(records)
}

/// The rooms to look in, each with whether it is the room of open runs.
fn places(state: &State, monitor: Option<&str>) -> io::Result<Vec<(PrivateDir, bool)>> {
    let mut places = Vec::new();
    if let Ok(room) = state.room_there(open_run::ROOM) {
        places.push((room, true));
    }
    let history = match state.room_there(ROOM) {
        Ok(history) => history,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(places),
        Err(error) => return Err(error),
    };
    match monitor {
        Some(monitor) => {
            if let Ok(room) = history.child_there(&name::key(monitor)) {
                places.push((room, false));
            }
        }
        None => {
            for name in history.names()? {
                if let Ok(room) = history.child_there(&name) {
                    places.push((room, false));
                }
            }
        }
    }
    Ok(places)
}

/// Appends a line to the record of a finished run, where it still is.
pub(crate) fn append(state: &State, monitor: &str, run_id: RunId, line: &Line) -> io::Result<()> {
    use std::io::Write;
    room(state, monitor)?.open_file(&file_name(run_id))?.write_all(&line.to_bytes()?)
}

/// Forgets what is too old, then what is too much, oldest first, but never the newest run of a monitor
/// for its size.
pub(crate) fn sweep(state: &State, ages: Ages) -> io::Result<()> {
    let Ok(history) = state.room_there(ROOM) else { return Ok(()) };
    let mut kept: Vec<(String, u64, bool, usize)> = Vec::new();
    let mut rooms = Vec::new();
    for key in history.names()? {
        let room = history.child(&key)?;
        let names = room.names()?;
        let count = names.len();
        for (place, name) in names.into_iter().enumerate() {
            let Ok(facts) = room.facts(&name) else { continue };
            if ages.is_past(facts.st_mtime, HISTORY_DAYS_MAX) {
                room.remove(&name)?;
            } else {
                let bytes = u64::try_from(facts.st_size).unwrap_or(0);
                kept.push((name, bytes, place + 1 == count, rooms.len()));
            }
        }
        let _ = history.remove_child(&key);
        rooms.push(room);
    }
    kept.sort_unstable();
    let mut bytes: u64 = kept.iter().map(|run| run.1).sum();
    for (name, size, newest, index) in kept {
        if bytes > HISTORY_BYTES_MAX && !newest {
            rooms[index].remove(&name)?;
            bytes -= size;
        }
    }
    Ok(())
}
