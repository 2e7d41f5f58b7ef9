//! Addresses given on the spot (`--to https://…`), kept so that their events can be sent later.
//!
//! A ping URL is a password. Records and spooled events name it by a key only and can be shown to
//! anybody; the URL itself stands in one file of its own, which only this user can read.
//!
//! Two lines of a crontab may give one URL different headers or certificates, so the key is that of
//! everything that is kept. A URL alone has the key that it had when nothing else was kept.

use std::io;
use std::path::PathBuf;

use super::spool::{self, Spool};
use super::state::State;
use super::sweep::Ages;
use crate::domain::name;
use crate::domain::record::TargetRef;
use crate::domain::time::Moment;

const ROOM: &str = "addresses";

/// The longest address that is kept.
const ADDRESS_BYTES_MAX: u64 = 8192;

/// Seconds after which an address in use is written anew.
const REFRESH_S: i64 = 7 * 86_400;

/// Days without use after which an address is forgotten.
const KEPT_DAYS: i64 = 60;

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

/// Addresses kept at most: more than events, so every event can have one of its own. A header that
/// is made anew for each run would otherwise fill the disk.
const ADDRESSES_MAX: usize = 2000;

impl Kept {
    /// The reference of this address.
    pub(crate) fn reference(&self) -> TargetRef {
        TargetRef::Address(self.key())
    }

    fn key(&self) -> String {
        let Kept { url, dialect, needs_key, headers, ca_file, identity } = self;
        let extras = (dialect, needs_key, headers.as_slice(), ca_file, identity);
        match extras {
            (None, false, [], None, None) => name::key(url),
            _ => name::key(&format!("{url}\n{extras:?}")),
        }
    }
}

/// What a reference's server and path are called: the same for all headers and certificates.
pub(crate) fn place(state: &State, target: &TargetRef) -> String {
    match target {
        TargetRef::Named(_) | TargetRef::Keyed(_) => target.key(),
        TargetRef::Address(key) => {
            find(state, key).map_or_else(|| key.clone(), |kept| name::key(&kept.url))
        }
    }
}

/// Keeps an address where it is not kept yet, or not with the same way to reach it.
pub(crate) fn keep(state: &State, kept: &Kept, now: Moment) -> io::Result<()> {
    let room = state.room(ROOM)?;
    let key = kept.key();
    // Rewritten once in a while, so that its age says when it was last of use.
    let fresh = now.epoch_ms() / 1000 - REFRESH_S;
    let is_fresh = room.facts(&key).is_ok_and(|facts| facts.st_mtime > fresh);
    if is_fresh && find(state, &key).as_ref() == Some(kept) {
        return Ok(());
    }
    room.replace(&key, &serde_json::to_vec(kept)?)
}

/// Forgets addresses that have not been of use for long, but none that an event waits for.
pub(crate) fn sweep(state: &State, ages: Ages) -> io::Result<()> {
    let Ok(room) = state.room_there(ROOM) else { return Ok(()) };
    let used_s = |key: &String| room.facts(key).map_or(0, |facts| facts.st_mtime);
    let mut kept: Vec<(i64, String)> =
        room.names()?.into_iter().map(|key| (used_s(&key), key)).collect();
    kept.sort_unstable();
    let surplus = kept.len().saturating_sub(ADDRESSES_MAX);
    // After the list of addresses: one is kept before its event, so what is in the list and is needed
    // is needed by an event that is there by now, or is too new to go.
    let waiting = match Spool::open_there(state) {
        Some(spool) => spool.ids()?,
        None => Vec::new(),
    };
    for (place, (used_s, key)) in kept.into_iter().enumerate() {
        let is_of_no_use = place < surplus || ages.is_past(used_s, KEPT_DAYS);
        if is_of_no_use && !spool::is_awaited(&waiting, &key) {
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
