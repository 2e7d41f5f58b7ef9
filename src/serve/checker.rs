//! Watches deadlines: sleeps until the nearest one, and lets time pass for the monitors that are due.
//!
//! Silence is an input like any other. The deadline stands in the store, so this asks one indexed
//! question, and a restart forgets nothing. Whoever sets a nearer deadline wakes it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::app::App;
use super::effects::Effects;
use super::judge::{self, Judged};
use super::{afterwards, blind, faults, reminders};
use crate::domain::time::Moment;
use crate::domain::transition::Input;
use crate::store::monitors::{self, Named};
use crate::store::{Trouble, Tx, due, incidents};
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
        app.catch_up().await;
        app.next_look.begin();
        let looked = app.store.write(move |tx| look(tx, &checker, clock::now())).await;
        let rest = match looked {
            Ok(looked) => {
                app.health.looked();
                app.done(&looked.effects);
                if looked.more {
                    continue;
                }
                let now = clock::now();
                let next_at = app.next_look.end(looked.next_at);
                match next_at > now {
                    true => next_at.since(now).min(SLEEP_MAX),
                    false => SLEEP_MIN,
                }
            }
            Err(trouble) => {
                app.noted(&trouble);
                if matches!(trouble, Trouble::Ours(_))
                    && let Err(trouble) = faults::judge_apart(&app, DUE_MAX).await
                {
                    app.noted(&trouble);
                }
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
        one.settle(tx, now, &mut effects)?;
    }
    judge::save(tx, judged.iter().collect(), now)?;
    let reminders = incidents::to_remind(tx, now, REMINDERS_MAX)?;
    more |= reminders.len() == REMINDERS_MAX as usize;
    for incident in reminders {
        reminders::remind(tx, app, &incident.id, now, &mut effects)?;
    }
    let report_at = afterwards::tell(tx, app, now, &mut effects)?;
    let next_at = [due::next_wake(tx)?, incidents::next_reminder(tx)?, report_at];
    Ok(Looked { effects, more, next_at: next_at.into_iter().flatten().min() })
}

/// Lets time pass up to `now` for this one, due or not.
pub(crate) fn look_at(
    tx: &mut dyn Tx,
    app: &App,
    id: i64,
    now: Moment,
) -> Result<Effects, Trouble> {
    blind::notice(tx, &app.watch, now)?;
    let mut effects = Effects::default();
    for found in monitors::load(tx, &[Named::Id(id)])? {
        let mut judged = Judged::new(app, found.monitor, now);
        judged.step(&Input::Tick, now);
        judged.settle(tx, now, &mut effects)?;
        judge::save(tx, vec![&judged], now)?;
    }
    Ok(effects)
}
