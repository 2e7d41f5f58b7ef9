//! From a record to the events that receivers are told.
//!
//! The event of a finish is made from the record alone, so that the `hb` that ran the job, and one
//! that finds the record after a crash, tell exactly the same.

use super::event::{Event, Kind, SEQ_FINISH};
use super::record::{Begun, Ending};
use super::run::Outcome;

/// The event that a run began.
pub(crate) fn start(begun: &Begun) -> Event {
    let mut event = Event::new(Kind::Start, &begun.monitor, begun.started_at);
    event.run_id = Some(begun.run_id);
    event.started_at = Some(begun.started_at);
    event
}

/// What to say where a receiver took an event, and not all of the definition that came with it.
pub(crate) fn untaken(receiver: &str, members: &[&str]) -> Option<String> {
    let members: Vec<String> = members.iter().map(|member| format!("`{member}`")).collect();
    let what = members.join(", ");
    (!members.is_empty()).then(|| {
        format!("`{receiver}` did not take {what} of the monitor's definition; its log says why")
    })
}

/// The event that a run is over.
pub(crate) fn finish(begun: &Begun, ending: &Ending) -> Event {
    let kind = match ending.outcome {
        // While failures are tolerated, and when nothing was run, no receiver's state may change.
        Outcome::Failure | Outcome::Warning if ending.tolerated => Kind::Log,
        Outcome::Skipped => Kind::Log,
        Outcome::Success => Kind::Success,
        Outcome::Warning => Kind::Warning,
        Outcome::Failure => Kind::Failure,
    };
    let mut event = Event::new(kind, &begun.monitor, ending.ended_at);
    event.run_id = Some(begun.run_id);
    event.seq = SEQ_FINISH;
    event.started_at = Some(begun.started_at);
    event.elapsed_ms = Some(ending.elapsed_ms);
    event.exit_code = ending.exit_code;
    // What a person should know besides goes where it is read: behind the first line's message.
    let notes = ending.notes.iter().map(|note| format!("; {note}"));
    event.message = Some(std::iter::once(ending.message.clone()).chain(notes).collect());
    event.tail = ending.tail.clone();
    event.metrics = ending.metrics.clone();
    event.host = Some(ending.host.name.clone()).filter(|name| !name.is_empty());
    event
}
