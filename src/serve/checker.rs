//! Watches deadlines: sleeps until the nearest one, and lets time pass for the monitors that are due.
//!
//! Silence is an input like any other. The deadline stands in the store, so this asks one indexed
//! question, and a restart forgets nothing. Whoever sets a nearer deadline wakes it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::alerts::{self, Turn};
use super::app::App;
use super::effects::Effects;
use super::judge::{self, Judged};
use super::{afterwards, blind};
use crate::domain::incident;
use crate::domain::time::Moment;
use crate::domain::transition::Input;
use crate::store::monitors::Named;
use crate::store::{Trouble, Tx, due, incidents, monitors};
use crate::sys::clock;

/// Monitors that are judged in one transaction: pings go in between.
const DUE_MAX: u32 = 250;

/// Reminders of one transaction.
const REMINDERS_MAX: u32 = 50;

/// The longest sleep, whatever the store says: a clock that jumps wakes nobody.
const SLEEP_MAX: Duration = Duration::from_secs(5);

/// The shortest one, so that a deadline which cannot be judged does not become a loop: another node that
/// judges it right now may have been stopped while it did.
const SLEEP_MIN: Duration = Duration::from_millis(50);

/// A reminder that was kept back is looked at again after this: a pause or maintenance may be called off.
const QUIET_LOOK: Duration = Duration::from_secs(3600);

/// After trouble with the store it rests, or it would fill the log.
const REST_AFTER_TROUBLE: Duration = Duration::from_secs(1);

/// What one look came to.
pub(crate) struct Looked {
    /// What is to be done outside.
    pub(crate) effects: Effects,
    /// There may be more to look at right now.
    pub(crate) more: bool,
    /// When there is something to look at next.
    pub(crate) next_at: Option<Moment>,
}

/// Looks at what is due until it is told to stop.
pub(crate) async fn check(app: Arc<App>, mut stop: watch::Receiver<bool>) {
    loop {
        let checker = Arc::clone(&app);
        let looked = app.store.write(move |tx| look(tx, &checker, clock::now())).await;
        let rest = match looked {
            Ok(looked) => {
                app.health.looked();
                app.done(&looked.effects);
                if looked.more {
                    continue;
                }
                let now = clock::now();
                let next_at = looked.next_at.unwrap_or(Moment::from_epoch_ms(i64::MAX));
                app.looks_at(next_at);
                match next_at > now {
                    true => next_at.since(now).min(SLEEP_MAX),
                    false => SLEEP_MIN,
                }
            }
            Err(trouble) => {
                app.noted(&trouble);
                REST_AFTER_TROUBLE
            }
        };
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            () = app.wake_checker.notified() => {}
            () = tokio::time::sleep(rest) => {}
        }
    }
}

/// Lets time pass up to `now` for whoever is due.
pub(crate) fn look(tx: &mut dyn Tx, app: &App, now: Moment) -> Result<Looked, Trouble> {
    blind::notice(tx, &app.watch, now)?;
    let mut effects = Effects::default();
    let due = due::due(tx, now, DUE_MAX)?;
    let mut more = due.len() == DUE_MAX as usize;
    let mut judged: Vec<Judged> =
        due.into_iter().map(|monitor| Judged::new(app, monitor, now)).collect();
    for one in &mut judged {
        one.step(&Input::Tick, now);
        one.settle(tx, app, now, &mut effects)?;
    }
    judge::save(tx, judged.iter().collect(), now)?;
    let reminders = incidents::to_remind(tx, now, REMINDERS_MAX)?;
    more |= reminders.len() == REMINDERS_MAX as usize;
    for incident in reminders {
        remind(tx, app, &incident.id, now, &mut effects)?;
    }
    let report_at = afterwards::tell(tx, app, now, &mut effects)?;
    let next_at = [due::next_wake(tx)?, incidents::next_reminder(tx)?, report_at];
    Ok(Looked { effects, more, next_at: next_at.into_iter().flatten().min() })
}

/// Tells again of an incident that is still open, unless nobody wants to hear of it now.
fn remind(
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
        // It comes when nobody has to be left alone any more, or soon after somebody has ended that early.
        // Otherwise maintenance of every night would silence one of every day for ever.
        let ends = [judged.quiet_end(now), incident.snoozed_until.filter(|until| *until > now)];
        incident.remind_at = ends.into_iter().flatten().chain([now.after(QUIET_LOOK)]).min();
        return incidents::update(tx, &incident).map(drop);
    }
    alerts::told(tx, app, &judged, &incident, Turn::Reminder, now)?;
    incident.told_at = Some(now);
    incident.remind_at = Some(incident::next_reminder(incident.opened_at, now, acked));
    incidents::update(tx, &incident)?;
    effects.alerts = true;
    Ok(())
}
