//! Addresses given on the spot (`--to https://…`), kept so that their events can be sent later.
//!
//! A ping URL is a password. Records and spooled events name it by a key only and can be shown to
//! anybody; the URL itself stands in one file of its own, which only this user can read.

use std::io;
use std::path::PathBuf;

use super::state::State;
use crate::domain::name;
use crate::domain::record::TargetRef;
use crate::domain::time::Moment;

const ROOM: &str = "addresses";

/// The longest address that is kept.
const ADDRESS_BYTES_MAX: u64 = 8192;

/// Seconds after which an address in use is written anew.
const REFRESH_S: i64 = 7 * 86_400;

/// Seconds after which an address is forgotten: longer than any event stays in the spool.
const KEPT_S: i64 = 60 * 86_400;

/// What is kept: the address as given, and how it was to be reached.
#[derive(PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Kept {
    /// The URL as the person gave it.
    pub(crate) url: String,
    /// The dialect that was chosen for it, when one was.
    pub(crate) dialect: Option<String>,
    /// Whether it is only whole with a key that is not kept.
    #[serde(default)]
    pub(crate) needs_key: bool,
    /// Headers that were given along with it, as `Name: value`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) headers: Vec<String>,
    /// The only roots to trust.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ca_file: Option<PathBuf>,
    /// A client certificate and its key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) identity: Option<(PathBuf, PathBuf)>,
}

/// The reference of an address.
pub(crate) fn reference(url: &str) -> TargetRef {
    TargetRef::Address(name::key(url))
}

/// Keeps an address where it is not kept yet, or not with the same way to reach it.
pub(crate) fn keep(state: &State, kept: &Kept, now: Moment) -> io::Result<()> {
    let room = state.room(ROOM)?;
    let key = name::key(&kept.url);
    // Rewritten once in a while, so that its age says when it was last of use.
    let fresh = now.epoch_ms() / 1000 - REFRESH_S;
    let is_fresh = room.facts(&key).is_ok_and(|facts| facts.st_mtime > fresh);
    if is_fresh && find(state, &key).as_ref() == Some(kept) {
        return Ok(());
    }
    room.replace(&key, &serde_json::to_vec(kept)?)
}

/// Forgets addresses that nothing can be waiting for any more.
pub(crate) fn sweep(state: &State, now: Moment) -> io::Result<()> {
    let Ok(room) = state.room_there(ROOM) else { return Ok(()) };
    for key in room.names()? {
        if room.facts(&key).is_ok_and(|facts| facts.st_mtime < now.epoch_ms() / 1000 - KEPT_S) {
            room.remove(&key)?;
        }
    }
    Ok(())
}

/// The address behind a key.
pub(crate) fn find(state: &State, key: &str) -> Option<Kept> {
    let bytes = state.room_there(ROOM).ok()?.read(key, ADDRESS_BYTES_MAX).ok()?;
    serde_json::from_slice(&bytes).ok()
}
