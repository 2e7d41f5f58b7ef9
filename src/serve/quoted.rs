//! What a message quotes of the run that it is about: its exit code and its output.
//!
//! Only of that run. A message that a run takes too long must not show that the one before went well, and
//! nobody who reads of a recovery wants the error of the failure that is over. A run that never came has
//! neither.

use super::judge::Judged;
use super::output;
use super::record::flags;
use crate::domain::event::Kind;
use crate::domain::time::Moment;
use crate::domain::transition::{Change, Reason};
use crate::store::events::{self, StoredEvent};
use crate::store::{Trouble, Tx, outputs};

/// Events of a monitor that are looked through for what its run wrote, the newest first.
const EVENTS_OF_RUN: u32 = 20;

/// The same where no run is quoted, or only the last ping: a thousand monitors may be missed at once.
const EVENTS_OF_NONE: u32 = 5;

/// What is quoted.
#[derive(Debug, Default)]
pub(super) struct Quoted {
    /// The exit code, where the run has ended.
    pub(super) exit_code: Option<i32>,
    /// What it wrote.
    pub(super) output: Vec<u8>,
    /// The host that was named last.
    pub(super) host: Option<String>,
}

/// What is quoted of the run behind a change.
pub(super) fn of(
    tx: &mut dyn Tx,
    judged: &Judged,
    change: Option<&Change>,
) -> Result<Quoted, Trouble> {
    let reason = change.map(|change| &change.reason);
    let is_of_none = matches!(reason, None | Some(Reason::Missed { .. } | Reason::Late { .. }));
    let is_last = is_of_none || judged.compiled.is_healthchecks;
    let looked_at = if is_last { EVENTS_OF_NONE } else { EVENTS_OF_RUN };
    let mut events = events::page(tx, judged.monitor.id, None, looked_at)?.rows;
    let is_heard = |one: &StoredEvent| {
        one.event.flags & flags::IGNORED == 0 && one.event.kind != Kind::Test.word()
    };
    if judged.compiled.is_healthchecks {
        return last_ping(tx, &events);
    }
    events.retain(is_heard);
    let host = events.iter().find_map(host);
    let Some(reason) = reason else {
        return Ok(Quoted { host, ..Quoted::default() });
    };
    let is_of = |one: &StoredEvent| match reason {
        Reason::Overrun { run_id: Some(run_id), .. }
        | Reason::Stalled { run_id: Some(run_id), .. }
        | Reason::Vanished { run_id: Some(run_id), .. } => {
            one.event.run_id.as_ref() == Some(run_id)
        }
        Reason::Overrun { started_at, .. } | Reason::Stalled { started_at, .. } => {
            one.event.at >= *started_at
        }
        _ => false,
    };
    let end = ends_with(reason).and_then(|(kind, at)| {
        let of_kind = |one: &&StoredEvent| one.event.kind == kind.word();
        let at_once = |one: &&StoredEvent| of_kind(one) && at == Some(one.event.at);
        events.iter().find(at_once).or_else(|| events.iter().find(of_kind))
    });
    let Some(end) = end else {
        let output = newest_output(tx, events.iter().filter(|one| is_of(one)))?;
        return Ok(Quoted { exit_code: None, output, host });
    };
    let is_same_run =
        |one: &&StoredEvent| end.event.run_id.is_some() && one.event.run_id == end.event.run_id;
    let others = events.iter().filter(is_same_run);
    let output = newest_output(tx, std::iter::once(end).chain(others))?;
    Ok(Quoted { exit_code: end.event.exit_code, output, host })
}

/// The kind of event that brought a change about, and when that happened.
fn ends_with(reason: &Reason) -> Option<(Kind, Option<Moment>)> {
    Some(match reason {
        Reason::Succeeded { at, .. } => (Kind::Success, *at),
        Reason::Warned { at, .. } => (Kind::Warning, *at),
        Reason::Failed { at, .. } => (Kind::Failure, *at),
        Reason::VerifyFailed { at, .. } => (Kind::Verified, *at),
        _ => return None,
    })
}

/// Healthchecks quotes its last ping, whatever it was.
fn last_ping(tx: &mut dyn Tx, events: &[StoredEvent]) -> Result<Quoted, Trouble> {
    let is_finish = |one: &&StoredEvent| {
        let finishes = [Kind::Success, Kind::Warning, Kind::Failure].map(Kind::word);
        finishes.contains(&one.event.kind.as_str())
    };
    let exit_code = events.iter().find(is_finish).and_then(|one| one.event.exit_code);
    Ok(Quoted { exit_code, output: newest_output(tx, events.iter())?, host: None })
}

/// The host that an event came from, by its own word.
fn host(one: &StoredEvent) -> Option<String> {
    let fields: serde_json::Value = serde_json::from_str(one.event.fields.as_deref()?).ok()?;
    fields["host"].as_str().filter(|host| !host.is_empty()).map(str::to_owned)
}

/// The first output among these events.
fn newest_output<'a>(
    tx: &mut dyn Tx,
    events: impl Iterator<Item = &'a StoredEvent>,
) -> Result<Vec<u8>, Trouble> {
    for one in events.filter(|one| one.event.output_bytes > 0) {
        if let Some(kept) = outputs::of_event(tx, one.id)? {
            return Ok(output::unpack(&kept.packed));
        }
    }
    Ok(Vec::new())
}
