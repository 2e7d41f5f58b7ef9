//! Events that no receiver has taken yet, each in a file of its own.
//!
//! A file's name says enough to sort, to bound and to choose without opening it:
//! `<moment>.<seq>.<kind>.<run id>.<target key>`. Written beside its place, synced and renamed, so a
//! power cut leaves a whole event or none. What cannot be read is set aside under its own name.
//!
//! At its limits the spool gives up what matters least: first the tails, then progress and starts,
//! then the oldest successes, failures last; and it counts what it gave up. For its age an event goes
//! only when the clock is believed (`sweep.rs`).

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::state::State;
use super::sweep::Ages;
use crate::domain::backoff;
use crate::domain::event::{Event, Kind};
use crate::domain::record::TargetRef;
use crate::domain::time::Moment;
use crate::domain::{name, text};
use crate::sys::files::PrivateDir;

/// Events kept at most.
pub(crate) const EVENTS_MAX: usize = 1000;

/// Bytes kept at most.
pub(crate) const SPOOL_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Days after which an event is of no use to anybody, by a clock that is believed.
pub(crate) const SPOOL_DAYS_MAX: i64 = 30;

/// The largest event that is kept and read.
const EVENT_BYTES_MAX: u64 = 1024 * 1024;

const ROOM: &str = "spool";
const ASIDE: &str = "set-aside";
const DROPPED: &str = "dropped";

/// The version of a spooled event.
const VERSION: u32 = 1;

/// One event on its way to one target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Spooled {
    /// The version of this form.
    pub(crate) version: u32,
    /// The event.
    pub(crate) event: Event,
    /// Where it goes.
    pub(crate) target: TargetRef,
    /// What a person calls that.
    pub(crate) name: String,
    /// Why it could not be sent, the last time.
    pub(crate) why: String,
    /// How often that was, and when. An older hb wrote none.
    #[serde(default)]
    pub(crate) tries: Tries,
}

/// The attempts to send an event.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Tries {
    /// How many.
    pub(crate) count: u32,
    /// When the last one was.
    #[serde(default)]
    pub(crate) last_at: Option<Moment>,
    /// Before this nothing is to be tried, unless a person asks for it.
    #[serde(default)]
    pub(crate) next_at: Option<Moment>,
}

impl Tries {
    /// These, and one more that ended `now`. `after` is what the receiver asked for.
    pub(crate) fn and_one(&self, now: Moment, after: Option<Duration>) -> Tries {
        let count = self.count.saturating_add(1);
        let pause = backoff::flush_pause(count).max(after.unwrap_or_default());
        let next_at = (!pause.is_zero()).then(|| now.after(pause.min(backoff::FLUSH_PAUSE_MAX)));
        Tries { count, last_at: Some(now), next_at }
    }
}

/// A target that is left alone for a while.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rest {
    /// Until when.
    pub(crate) until: Moment,
    /// What happened there the last time.
    pub(crate) why: String,
}

/// The spool, opened.
pub(crate) struct Spool {
    room: PrivateDir,
}

/// What a read of the whole spool gives.
pub(crate) struct Contents {
    /// The events, oldest first, each with its id.
    pub(crate) events: Vec<(String, Spooled)>,
    /// Files that could not be read, by name; they have been set aside.
    pub(crate) set_aside: Vec<String>,
    /// How many events are for targets that nothing is to be read for.
    pub(crate) left_alone: usize,
}

impl Contents {
    /// The targets that nothing is sent to yet. An event that rests holds back all of its target:
    /// they go in order, and it is the server that needs the pause.
    ///
    /// A pause that is longer than any was made by a clock that has been set back since.
    pub(crate) fn resting(&self, now: Moment) -> BTreeMap<TargetRef, Rest> {
        let longest = now.after(backoff::FLUSH_PAUSE_MAX);
        let mut resting: BTreeMap<TargetRef, Rest> = BTreeMap::new();
        for (_, spooled) in &self.events {
            let Some(until) = spooled.tries.next_at.filter(|at| *at > now && *at <= longest) else {
                continue;
            };
            let rest = Rest { until, why: spooled.why.clone() };
            let known = resting.entry(spooled.target.clone()).or_insert_with(|| rest.clone());
            if known.until < until {
                *known = rest;
            }
        }
        resting
    }
}

impl Spool {
    /// Opens the spool, making it where it is missing.
    pub(crate) fn open(state: &State) -> io::Result<Spool> {
        Ok(Spool { room: state.room(ROOM)? })
    }

    /// Opens the spool only where it exists.
    pub(crate) fn open_there(state: &State) -> Option<Spool> {
        state.room_there(ROOM).ok().map(|room| Spool { room })
    }

    /// Puts an event in; it is on the disk when this returns. The same event twice is once.
    pub(crate) fn put(
        &self,
        target: &TargetRef,
        name: &str,
        event: &Event,
        why: &str,
        tries: Tries,
    ) -> io::Result<()> {
        let spooled = Spooled {
            version: VERSION,
            event: event.clone(),
            target: target.clone(),
            name: name.to_owned(),
            why: why.to_owned(),
            tries,
        };
        let mut spooled = spooled;
        let mut bytes = serde_json::to_vec(&spooled)?;
        // What is larger than what is read back would be taken for a broken file.
        while bytes.len() as u64 > EVENT_BYTES_MAX {
            spooled.event.tail = text::fit(&spooled.event.tail, spooled.event.tail.len() / 2);
            bytes = serde_json::to_vec(&spooled)?;
        }
        self.room.replace(&file_name(&spooled), &bytes)?;
        self.bound()
    }

    /// Notes an attempt in vain with an event that is still there.
    pub(crate) fn tried(&self, id: &str, spooled: &Spooled) -> io::Result<()> {
        let name = format!("{id}.json");
        self.room.facts(&name)?;
        self.room.replace(&name, &serde_json::to_vec(spooled)?)
    }

    /// How many events wait.
    pub(crate) fn count(&self) -> usize {
        self.ids().map_or(0, |ids| ids.len())
    }

    /// The ids of all events, oldest first.
    pub(crate) fn ids(&self) -> io::Result<Vec<String>> {
        let names = self.room.names()?;
        Ok(names.iter().filter_map(|name| name.strip_suffix(".json")).map(str::to_owned).collect())
    }

    /// Reads every event.
    pub(crate) fn read(&self) -> io::Result<Contents> {
        self.read_but(&[])
    }

    /// Reads every event but those for `targets`: a full spool costs each run more than the job.
    pub(crate) fn read_but(&self, targets: &[TargetRef]) -> io::Result<Contents> {
        let mut contents = Contents { events: Vec::new(), set_aside: Vec::new(), left_alone: 0 };
        let keys: Vec<String> = targets.iter().map(short_key).collect();
        for id in self.ids()? {
            if keys.iter().any(|key| id.rsplit('.').next() == Some(key)) {
                contents.left_alone += 1;
                continue;
            }
            let name = format!("{id}.json");
            match self.room.read(&name, EVENT_BYTES_MAX) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Ok(bytes) => match serde_json::from_slice::<Spooled>(&bytes) {
                    Ok(spooled) if spooled.version <= VERSION => {
                        contents.events.push((id, spooled))
                    }
                    // What a newer hb has written is not for this one to guess at.
                    Ok(_) | Err(_) => self.set_aside(&name, &mut contents),
                },
                // A link, a device, a FIFO: it can never be read. Anything else may pass.
                Err(error)
                    if error.kind() == io::ErrorKind::InvalidData
                        || error.raw_os_error() == Some(libc::ELOOP)
                        || error.raw_os_error() == Some(libc::ENXIO) =>
                {
                    self.set_aside(&name, &mut contents);
                }
                Err(_) => {}
            }
        }
        Ok(contents)
    }

    /// A file that cannot even be moved stays where it is, and keeps no other from being read.
    fn set_aside(&self, name: &str, contents: &mut Contents) {
        let moved = self.room.child(ASIDE).and_then(|aside| self.room.rename(name, &aside, name));
        if moved.is_ok() {
            contents.set_aside.push(name.to_owned());
        }
    }

    /// Names of files set aside earlier.
    pub(crate) fn aside(&self) -> Vec<String> {
        self.room.child_there(ASIDE).and_then(|room| room.names()).unwrap_or_default()
    }

    /// Removes an event: it was delivered, or a person gave it up.
    pub(crate) fn remove(&self, id: &str) -> io::Result<()> {
        self.room.remove(&format!("{id}.json"))
    }

    /// Removes what was set aside.
    pub(crate) fn clear_aside(&self) -> io::Result<()> {
        if let Ok(aside) = self.room.child_there(ASIDE) {
            for name in aside.names()? {
                aside.remove(&name).or_else(|_| aside.remove_child(&name))?;
            }
        }
        Ok(())
    }

    /// How many events were given up since this was last asked for and taken.
    pub(crate) fn dropped(&self) -> u64 {
        let bytes = self.room.read(DROPPED, 32).unwrap_or_default();
        std::str::from_utf8(&bytes).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0)
    }

    /// Forgets the count: somebody was told.
    pub(crate) fn forget_dropped(&self) -> io::Result<()> {
        self.room.remove(DROPPED)
    }

    /// Brings the spool back below its limits.
    fn bound(&self) -> io::Result<()> {
        let ids = self.ids()?;
        // Nearly always: so few that they cannot be too large, and nothing more is asked of the disk.
        if ids.len() as u64 * EVENT_BYTES_MAX <= SPOOL_BYTES_MAX {
            return Ok(());
        }
        let mut left: Vec<(&String, u64)> = ids.iter().map(|id| (id, self.size(id))).collect();
        left.sort_by_key(|(id, _)| (worth(id), *id));
        let surplus = left.len().saturating_sub(EVENTS_MAX);
        let mut given_up: Vec<&String> = left.drain(..surplus).map(|(id, _)| id).collect();
        let mut bytes: u64 = left.iter().map(|(_, size)| size).sum();
        for (id, size) in &mut left {
            if bytes <= SPOOL_BYTES_MAX {
                break;
            }
            let before = *size;
            *size = self.drop_tail(id).unwrap_or(before);
            bytes = bytes - before + *size;
        }
        for (id, size) in left {
            if bytes <= SPOOL_BYTES_MAX {
                break;
            }
            bytes -= size;
            given_up.push(id);
        }
        self.give_up(&given_up)
    }

    /// Removes events that nobody was told of, and counts them.
    fn give_up(&self, ids: &[&String]) -> io::Result<()> {
        if !ids.is_empty() {
            let count = self.dropped() + ids.len() as u64;
            self.room.replace(DROPPED, count.to_string().as_bytes())?;
        }
        for id in ids {
            let _ = self.remove(id);
        }
        Ok(())
    }

    /// The size of an event on the disk.
    fn size(&self, id: &str) -> u64 {
        let facts = self.room.facts(&format!("{id}.json"));
        facts.map_or(0, |facts| u64::try_from(facts.st_size).unwrap_or(0))
    }

    /// Takes the tail out of an event and gives its new size.
    fn drop_tail(&self, id: &str) -> io::Result<u64> {
        let name = format!("{id}.json");
        let mut spooled: Spooled =
            serde_json::from_slice(&self.room.read(&name, EVENT_BYTES_MAX)?)?;
        spooled.event.tail = Vec::new();
        let bytes = serde_json::to_vec(&spooled)?;
        self.room.replace(&name, &bytes)?;
        Ok(bytes.len() as u64)
    }
}

/// Gives up what is too old to be of use.
pub(crate) fn sweep(state: &State, ages: Ages) -> io::Result<()> {
    let Some(spool) = Spool::open_there(state) else { return Ok(()) };
    let ids = spool.ids()?;
    let is_old =
        |id: &&String| moment_of(id).is_some_and(|ms| ages.is_past(ms / 1000, SPOOL_DAYS_MAX));
    spool.give_up(&ids.iter().filter(is_old).collect::<Vec<_>>())
}

fn file_name(spooled: &Spooled) -> String {
    let event = &spooled.event;
    // A ping by hand has no run; its monitor and its process tell it from the others of that moment.
    let of_no_run = || {
        let who = format!("{}/{}", event.monitor, std::process::id());
        name::key(&who)[..16].to_owned()
    };
    let run = event.run_id.map_or_else(of_no_run, |run_id| run_id.to_string());
    let key = short_key(&spooled.target);
    let at = event.at.epoch_ms().max(0);
    format!("{at:015}.{:010}.{}.{run}.{key}.json", event.seq, event.kind.word())
}

/// What of a target's key stands in a file's name.
fn short_key(target: &TargetRef) -> String {
    target.key().chars().take(12).collect()
}

/// Whether anything waits in the spool of the state directory at `path`: asked before each ping to a
/// receiver that wants to know, however full the spool is.
pub(crate) fn holds_any(path: &Path) -> bool {
    let spool = State::open_there(path).ok().and_then(|state| Spool::open_there(&state));
    spool.is_some_and(|spool| spool.room.holds(".json").unwrap_or(true))
}

/// Whether one of the events of these ids goes to the target of that key.
pub(crate) fn is_awaited(ids: &[String], target_key: &str) -> bool {
    ids.iter().filter_map(|id| id.rsplit('.').next()).any(|short| target_key.starts_with(short))
}

fn moment_of(id: &str) -> Option<i64> {
    id.split('.').next()?.parse().ok()
}

/// What an event is worth when not all can be kept.
fn worth(id: &str) -> u8 {
    match id.split('.').nth(2).and_then(Kind::parse) {
        Some(Kind::Start | Kind::Progress | Kind::Stage) | None => 0,
        Some(Kind::Log | Kind::Test | Kind::Verified | Kind::Pause | Kind::Resume) => 1,
        Some(Kind::Success) => 2,
        Some(Kind::Warning) => 3,
        Some(Kind::Failure) => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::worth;

    #[test]
    fn failures_are_given_up_last() {
        let id = |kind: &str| format!("000.0.{kind}.-.x");
        let order = ["progress", "log", "success", "warning", "failure"];
        let worths: Vec<u8> = order.iter().map(|kind| worth(&id(kind))).collect();
        assert!(worths.is_sorted_by(|a, b| a < b), "{worths:?}");
    }
}
