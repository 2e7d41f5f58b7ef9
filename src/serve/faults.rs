//! Monitors that cannot be watched, and alerts that would never be sent: finds them before their turn comes,
//! and keeps them from standing in the way of the others.
//!
//! A monitor whose rules or state make no sense is judged as such when it is looked at, which may be in a
//! month, and one whose moment makes no sense is never looked at. So all of them are looked through at the
//! start and now and then, and people are told of those. What nobody has foreseen, an operation that fails
//! or panics over one monitor, must not be the end of all that were judged with it: then each is judged
//! alone, and the one that fails is set aside.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::app::App;
use super::checker;
use super::judge::FAULTY_LOOK;
use super::kept::Kept;
use crate::domain::time::Moment;
use crate::store::monitors::Monitor;
use crate::store::{Trouble, deliveries, due};
use crate::sys::clock;

/// How long after a look through all of them the next one begins.
const EVERY: Duration = Duration::from_secs(15 * 60);

/// Monitors that are read at once: a few milliseconds of a reader.
const PIECE: u32 = 500;

/// Between two pieces others come first. A million monitors take ten seconds of one processor, and they
/// are spread over eight minutes: what is damaged is seldom, and pings are not.
const BREATH: Duration = Duration::from_millis(250);

/// Looks all monitors through until it is told to stop.
pub(crate) async fn look_through(app: Arc<App>, mut stop: watch::Receiver<bool>) {
    loop {
        if let Err(trouble) = round(&app, &stop).await {
            app.noted(&trouble);
        }
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

async fn round(app: &Arc<App>, stop: &watch::Receiver<bool>) -> Result<(), Trouble> {
    let mended = app.store.write(|tx| deliveries::mend(tx, clock::now())).await?;
    if mended > 0 {
        let count = mended.to_string();
        app.log.error("alerts waited for a moment that makes no sense", &[("count", &count)]);
        app.wake_alerter.notify_one();
    }
    let mut after = 0;
    while !*stop.borrow() {
        let looker = Arc::clone(app);
        let piece = app.store.read(move |tx| {
            let now = clock::now();
            let monitors = due::after(tx, after, PIECE)?;
            let untold = monitors.iter().filter(|monitor| is_untold(&looker, monitor, now));
            let untold: Vec<i64> = untold.map(|monitor| monitor.id).collect();
            Ok((monitors.last().map(|last| last.id), untold))
        });
        let (Some(last), untold) = piece.await? else { return Ok(()) };
        for id in untold {
            judge_alone(app, id).await?;
        }
        after = last;
        tokio::time::sleep(BREATH).await;
    }
    Ok(())
}

/// Whether it cannot be watched and nobody knows, or it would never be looked at again.
fn is_untold(app: &App, monitor: &Monitor, now: Moment) -> bool {
    let is_known = monitor.live.incident_id.is_some() && monitor.live.wake_at.is_some();
    !is_known
        && (app.rules.get(&monitor.about.rules, now).fault.is_some()
            || Kept::of(monitor).damage.is_some())
}

/// Judges one by one what is due, so many at most, after that could not be judged together.
pub(crate) async fn judge_apart(app: &Arc<App>, max: u32) -> Result<(), Trouble> {
    let due = app.store.write(move |tx| due::numbers(tx, clock::now(), max)).await?;
    for id in due {
        judge_alone(app, id).await?;
    }
    Ok(())
}

/// Judges one, and sets it aside where that fails.
async fn judge_alone(app: &Arc<App>, id: i64) -> Result<(), Trouble> {
    let judge = Arc::clone(app);
    match app.store.write(move |tx| checker::look_at(tx, &judge, id, clock::now())).await {
        Ok(effects) => {
            app.done(&effects);
            Ok(())
        }
        Err(Trouble::Ours(why)) => {
            let number = id.to_string();
            let fields = [("monitor", number.as_str()), ("why", why.as_str())];
            app.log.error("a monitor cannot be judged, and is set aside for an hour", &fields);
            let until = clock::now().after(FAULTY_LOOK);
            app.store.write(move |tx| due::wake(tx, id, until)).await
        }
        Err(trouble) => Err(trouble),
    }
}
