//! Reminders: people are told again of what is still open, unless they are to be left alone.
//!
//! One that falls into a pause, maintenance or a snooze is put off. Its end is mostly known; where somebody
//! ends it earlier, whatever judges the monitor then brings back what was put off.

use super::alerts::{self, Turn};
use super::app::App;
use super::effects::Effects;
use super::judge::Judged;
use crate::domain::incident;
use crate::domain::time::Moment;
use crate::store::incidents::{self, Incident};
use crate::store::monitors::{self, Named};
use crate::store::{Trouble, Tx};

/// Tells again of an incident that is still open, unless nobody wants to hear of it now.
pub(crate) fn remind(
    tx: &mut dyn Tx,
    app: &App,
    id: &str,
    now: Moment,
    effects: &mut Effects,
) -> Result<(), Trouble> {
    let ids = [id.to_owned()];
    let Some(found) = incidents::by_id(tx, &ids)?.into_iter().next() else { return Ok(()) };
    // The lock of the monitor comes first; then the incident is looked at again.
    let monitor = monitors::load(tx, &[Named::Id(found.monitor_id)])?.into_iter().next();
    let Some(mut incident) = incidents::by_id(tx, &ids)?.into_iter().next() else { return Ok(()) };
    let is_due = incident.closed_at.is_none() && incident.remind_at.is_some_and(|at| at <= now);
    let Some(monitor) = monitor.filter(|_| is_due) else {
        incident.remind_at = None;
        return incidents::update(tx, &incident).map(drop);
    };
    let judged = Judged::new(app, monitor.monitor, now);
    let acked = incident.acknowledged_at.is_some();
    if judged.is_quiet() || incident.snoozed_until.is_some_and(|until| now < until) {
        // It comes when nobody has to be left alone any more; where that end is not known, as if this one
        // had been told. Otherwise maintenance of every night would silence one of every day for ever.
        let next = incident::next_reminder(incident.opened_at, now, acked);
        let ends = [judged.quiet_end(now), incident.snoozed_until.filter(|until| *until > now)];
        incident.remind_at = ends.into_iter().flatten().chain([next]).min();
        return incidents::update(tx, &incident).map(drop);
    }
    alerts::told(tx, &judged, &incident, Turn::Reminder, now)?;
    incident.told_at = Some(now);
    incident.remind_at = Some(incident::next_reminder(incident.opened_at, now, acked));
    incidents::update(tx, &incident)?;
    effects.alerts = true;
    Ok(())
}

/// Has a reminder come when it is owed, of a monitor of which people may hear again.
pub(crate) fn bring_back(
    tx: &mut dyn Tx,
    incident: &mut Incident,
    now: Moment,
    effects: &mut Effects,
) -> Result<(), Trouble> {
    let is_snoozed = incident.snoozed_until.is_some_and(|until| now < until);
    let (Some(told_at), Some(remind_at)) = (incident.told_at, incident.remind_at) else {
        return Ok(());
    };
    let owed_at = incident::owed_at(incident.opened_at, told_at, incident.acknowledged_at);
    if is_snoozed || incident.closed_at.is_some() || remind_at <= owed_at.max(now) {
        return Ok(());
    }
    incident.remind_at = Some(owed_at.max(now));
    effects.wake(incident.remind_at);
    incidents::update(tx, incident).map(drop)
}
