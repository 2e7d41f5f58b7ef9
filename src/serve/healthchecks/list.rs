//! The list of checks. What was written for a check is kept and given again while the check is as it was:
//! dashboards and Terraform ask for all of them again and again, and reading and writing ten thousand costs
//! a fifth of a second.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

use super::view::{self, Look};
use crate::domain::time::Moment;
use crate::serve::app::App;
use crate::store::channels::Channel;
use crate::store::monitors::{self, Filter, Monitor, Named};
use crate::store::prints::{self, Print};
use crate::store::{Trouble, Tx};

/// Bytes of written checks that are kept; those beyond are written anew for each list.
const KEPT_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Checks that one thread writes: fewer are not worth a second one.
const PIECE: usize = 500;

/// What one takes, more or less: room that is asked for at once need not be moved.
const CHECK_BYTES: usize = 1024;

/// Written checks, as they were last listed.
#[derive(Default)]
pub(crate) struct Listed(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    written: HashMap<(i64, u64), Written>,
    bytes: usize,
}

/// A check as it was written.
struct Written {
    of: Print,
    /// From when to when it is shown so, if nobody touches it.
    holds: (Moment, Option<Moment>),
    text: Arc<[u8]>,
}

impl Written {
    fn is_of(&self, print: &Print, now: Moment) -> bool {
        let (from, until) = self.holds;
        self.of == *print && from <= now && until.is_none_or(|until| now < until)
    }
}

impl Kept {
    /// Keeps what was written. When there is no room, everything goes, for some of it is of nobody any more.
    fn keep(&mut self, around: u64, written: Vec<Written>) {
        let more: usize = written.iter().map(|one| one.text.len()).sum();
        if self.bytes + more > KEPT_BYTES_MAX {
            *self = Kept::default();
        }
        for one in written {
            if self.bytes + one.text.len() > KEPT_BYTES_MAX {
                return;
            }
            self.bytes += one.text.len();
            if let Some(old) = self.written.insert((one.of.id, around), one) {
                self.bytes -= old.text.len();
            }
        }
    }
}

/// What a list is made of.
pub(super) struct Found {
    /// What is written already, and where the others belong.
    known: Vec<(i64, Option<Arc<[u8]>>)>,
    /// Those that are not written yet.
    new: Vec<Monitor>,
    channels: Vec<Channel>,
    look: Look,
    base: String,
    around: u64,
}

/// Everything besides the check itself that its text depends on.
fn around(base: &str, channels: &[Channel], look: Look) -> u64 {
    let mut hasher = DefaultHasher::new();
    (base, look.version, look.is_reader).hash(&mut hasher);
    for channel in channels {
        (channel.id, &channel.about.uuid).hash(&mut hasher);
    }
    hasher.finish()
}

/// The checks of a project by tags and slug; of those that are written already only which they are.
pub(super) fn find(
    tx: &mut dyn Tx,
    app: &App,
    project_id: i64,
    filter: &Filter,
    channels: Vec<Channel>,
    look: Look,
) -> Result<Found, Trouble> {
    let base = app.public_url();
    let around = around(&base, &channels, look);
    if !filter.tags.is_empty() {
        // What tags a check has is in its row.
        let new = monitors::all(tx, project_id, filter)?;
        let known = new.iter().map(|monitor| (monitor.id, None)).collect();
        return Ok(Found { known, new, channels, look, base, around });
    }
    let prints = prints::of_project(tx, project_id, filter.slug.as_deref())?;
    let known: Vec<(i64, Option<Arc<[u8]>>)> = {
        let kept = app.listed.0.lock().unwrap_or_else(PoisonError::into_inner);
        let text = |print: &Print| {
            let one = kept.written.get(&(print.id, around))?;
            one.is_of(print, look.now).then(|| Arc::clone(&one.text))
        };
        prints.iter().map(|print| (print.id, text(print))).collect()
    };
    let names = known.iter().filter(|(_, text)| text.is_none()).map(|(id, _)| Named::Id(*id));
    let names: Vec<Named> = names.collect();
    let new = monitors::look(tx, &names)?.into_iter().map(|found| found.monitor).collect();
    Ok(Found { known, new, channels, look, base, around })
}

/// All of these checks as one answer.
pub(super) fn write(app: &App, found: Found) -> Vec<u8> {
    let Found { known, new, channels, look, base, around } = found;
    let new = written(&new, &|monitor| {
        let (check, until) = view::check_until(app, &base, monitor, &channels, look);
        // Writing into memory does not fail.
        let text = serde_json::to_vec(&check).unwrap_or_default();
        Written { of: monitor.print(), holds: (look.now, until), text: text.into() }
    });
    let by_id: HashMap<i64, &Written> = new.iter().map(|one| (one.of.id, one)).collect();
    let mut text = Vec::with_capacity(32 + known.len() * CHECK_BYTES);
    text.extend(b"{\"checks\": [");
    for (id, known) in &known {
        // One that was removed between two questions is not there.
        let Some(one) = known.as_ref().or_else(|| Some(&by_id.get(id)?.text)) else { continue };
        text.extend_from_slice(one);
        text.push(b',');
    }
    text.pop_if(|last| *last == b',');
    text.extend(b"]}");
    drop(by_id);
    app.listed.0.lock().unwrap_or_else(PoisonError::into_inner).keep(around, new);
    text
}

/// Writes checks, by as many threads as the host has processors.
fn written(monitors: &[Monitor], write: &(dyn Fn(&Monitor) -> Written + Sync)) -> Vec<Written> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let piece = monitors.len().div_ceil(threads).max(PIECE);
    let all = |monitors: &[Monitor]| monitors.iter().map(write).collect::<Vec<_>>();
    std::thread::scope(|scope| {
        let mut pieces = monitors.chunks(piece);
        let first = pieces.next().unwrap_or_default();
        let others: Vec<_> = pieces.map(|others| scope.spawn(move || all(others))).collect();
        let mut written = all(first);
        for other in others {
            match other.join() {
                Ok(other) => written.extend(other),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        written
    })
}
