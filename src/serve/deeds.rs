//! What a person does about an open incident: they know of it, want no word of it for a while, or close it.

use serde_json::Value;

use super::alerts;
use crate::domain::incident;
use crate::domain::time::Moment;
use crate::store::incidents::{self, Incident};
use crate::store::monitors::{self, Named};
use crate::store::{Trouble, Tx};

/// One thing that a person does.
#[derive(Clone, Debug)]
pub(crate) enum Deed {
    /// They know; reminders become rare.
    Acknowledge {
        /// Who they are.
        by: Option<String>,
        /// What they say about it.
        note: Option<String>,
        /// Until when they want to hear nothing.
        until: Option<Moment>,
    },
    /// They want to hear of it then, and not before.
    Snooze {
        /// When that is.
        until: Moment,
    },
    /// They close it: of what they know nobody hears any more. The job's next failure, and what is worse, is
    /// another incident.
    Resolve {
        /// Who they are.
        by: Option<String>,
        /// What they say about it.
        note: Option<String>,
    },
}

/// What became of it.
pub(crate) enum Done {
    /// The incident is like this now.
    Changed(Box<Incident>),
    /// The incident was over before.
    Over,
    /// The project has no such incident.
    Gone,
}

/// Does it to an incident of a project.
pub(crate) fn done(
    tx: &mut dyn Tx,
    project_id: i64,
    id: &str,
    deed: &Deed,
    now: Moment,
) -> Result<Done, Trouble> {
    let Some(found) = of_project(tx, project_id, id)? else { return Ok(Done::Gone) };
    // Whoever changes an incident has the lock of its monitor.
    monitors::load(tx, &[Named::Id(found.monitor_id)])?;
    let Some(mut incident) = of_project(tx, project_id, id)? else { return Ok(Done::Gone) };
    if incident.closed_at.is_some() {
        return Ok(Done::Over);
    }
    deed.change(&mut incident, now);
    incidents::update(tx, &incident)?;
    if incident.closed_at.is_some() {
        alerts::withdraw(tx, id)?;
    }
    Ok(Done::Changed(Box::new(incident)))
}

/// An incident, if it is one of this project.
pub(crate) fn of_project(
    tx: &mut dyn Tx,
    project_id: i64,
    id: &str,
) -> Result<Option<Incident>, Trouble> {
    let found = incidents::by_id(tx, &[id.to_owned()])?.into_iter().next();
    Ok(found.filter(|incident| incident.project_id == project_id))
}

impl Deed {
    /// Its name in the audit log.
    pub(crate) fn action(&self) -> &'static str {
        match self {
            Deed::Acknowledge { .. } => "incident.acknowledge",
            Deed::Snooze { .. } => "incident.snooze",
            Deed::Resolve { .. } => "incident.resolve",
        }
    }

    fn change(&self, incident: &mut Incident, now: Moment) {
        match self {
            Deed::Acknowledge { by, note, until } => {
                keep_note(incident, "note", note.as_ref());
                incident.snoozed_until = until.or(incident.snoozed_until);
                // Who says so again, or after somebody else, was not the first to know.
                let is_first = incident.acknowledged_at.is_none();
                if is_first {
                    incident.acknowledged_at = Some(now);
                    incident.acknowledged_by.clone_from(by);
                }
                // It no longer waits for the end of an earlier snooze that this one replaces.
                if is_first || until.is_some() {
                    let (told_at, known_at) = (incident.told_at, incident.acknowledged_at);
                    let told_at = told_at.unwrap_or(incident.opened_at);
                    let owed_at = incident::owed_at(incident.opened_at, told_at, known_at);
                    incident.remind_at = Some(owed_at);
                }
            }
            Deed::Snooze { until } => {
                incident.snoozed_until = Some(*until);
                incident.remind_at = Some(*until);
            }
            Deed::Resolve { by, note } => {
                // The monitor keeps pointing at it, so that a state which is still bad opens no new one.
                keep_note(incident, "resolved_by", by.as_ref());
                keep_note(incident, "resolved_note", note.as_ref());
                incident.closed_at = Some(now);
                incident.remind_at = None;
            }
        }
    }
}

/// Keeps a person's words with an incident; none leave those that are there.
fn keep_note(incident: &mut Incident, name: &str, note: Option<&String>) {
    let Some(note) = note else { return };
    let data: Value = serde_json::from_str(&incident.data).unwrap_or_default();
    let mut data = data.as_object().cloned().unwrap_or_default();
    data.insert(name.to_owned(), Value::from(note.as_str()));
    incident.data = Value::Object(data).to_string();
}
