//! Message targets: what a person is told of a finish, and the alert that is open afterwards.
//!
//! The state is written down when the message has been taken, or is sure to be sent later. A message
//! that was refused or lost leaves the state as it was, so that the next failure is told again.

use super::target::Target;
use crate::domain::alert::{self, Open, Said};
use crate::domain::dialect::Message;
use crate::domain::event::{Event, Kind};
use crate::domain::record::TargetRef;
use crate::domain::time::Moment;
use crate::journal::alerts;
use crate::journal::state::State;

/// The service that is a program of somebody's own.
const WEBHOOK: &str = "webhook";

/// What is open at a message target once it has been told.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Afterwards {
    /// The target.
    pub(crate) target: TargetRef,
    monitor: String,
    open: Option<Open>,
}

impl Afterwards {
    /// Writes it down. A host that cannot remember tells a person twice, which harms nobody.
    pub(crate) fn keep(&self, state: &State) {
        let _ = alerts::remember(state, &self.target, &self.monitor, self.open);
    }
}

/// The finish as this target is told of it, and what is open afterwards where words go to a person.
pub(crate) fn shape(
    state: Option<&State>,
    target: &Target,
    event: &Event,
    now: Moment,
) -> (Event, Option<Afterwards>) {
    let mut event = event.clone();
    // A webhook that is told of failures and not of successes hears each failure, for a program reads
    // it, and of their end like a person.
    let is_chosen = target.on.is_some() && !target.wants(Kind::Success);
    let hears_each = target.dialect.name() == WEBHOOK && is_chosen;
    let message = target.dialect.message().or(hears_each.then_some(Message::Note));
    let Some(message) = message else { return (event, None) };
    if !event.kind.is_finish() || event.said.is_some() {
        return (event, None);
    }
    // Without a memory nobody knows what is open: then a success closes whatever may be.
    let Some(state) = state else {
        let closes = event.kind == Kind::Success && message == Message::Incident;
        event.said =
            Some(if closes || target.wants(event.kind) { Said::Told } else { Said::Silent });
        return (event, None);
    };
    let wanted = target.wants(event.kind);
    let kind = match (event.kind, message) {
        // A warning that somebody wants to be woken for opens what a success has to close.
        (Kind::Warning, Message::Incident) if wanted => Kind::Failure,
        (kind, _) => kind,
    };
    let before = alerts::open(state, &target.reference, &event.monitor);
    let (said, open) = alert::decide(before, kind, wanted, now);
    event.said = Some(match said {
        Said::Silent if hears_each && wanted => Said::Told,
        said => said,
    });
    let afterwards =
        Afterwards { target: target.reference.clone(), monitor: event.monitor.clone(), open };
    (event, (before != open).then_some(afterwards))
}
