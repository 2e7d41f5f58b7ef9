//! Lets go of what is old, in slices that a ping does not notice.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::app::App;
use super::refusals;
use crate::store::{Trouble, nodes, repeats, retention};
use crate::sys::clock;

/// How often it is looked for.
const EVERY: Duration = Duration::from_secs(3600);

/// How often refused pings and the use of keys are written down.
const NOTES_EVERY: Duration = Duration::from_secs(10);

/// Rows of one slice: a few milliseconds of the writer.
const SLICE: u32 = 500;

/// Between two slices others come first.
const BREATH: Duration = Duration::from_millis(20);

/// Nodes that have not been seen for this are gone.
const NODE_GONE: Duration = Duration::from_secs(7 * 86_400);

/// How long a call may be repeated.
const REPEATED_FOR: Duration = Duration::from_secs(86_400);

/// The steps of one round.
const STEPS: usize = 8;

/// Tidies up until it is told to stop.
pub(crate) async fn tidy(app: Arc<App>, mut stop: watch::Receiver<bool>) {
    let mut since_round = EVERY;
    loop {
        for flushed in [refusals::flush(&app).await, app.keys_used.flush(&app.store).await] {
            if let Err(trouble) = flushed {
                app.noted(&trouble);
            }
        }
        if since_round >= EVERY {
            since_round = Duration::ZERO;
            if let Err(trouble) = round(&app, &stop).await {
                app.noted(&trouble);
            }
        }
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            () = tokio::time::sleep(NOTES_EVERY) => since_round += NOTES_EVERY,
        }
    }
}

async fn round(app: &Arc<App>, stop: &watch::Receiver<bool>) -> Result<(), Trouble> {
    for step in 0..STEPS {
        loop {
            let keep = app.keep();
            let dropped = app
                .store
                .write(move |tx| {
                    let now = clock::now();
                    match step {
                        0 => retention::removed(tx, SLICE),
                        1 => retention::outputs(tx, now, SLICE),
                        2 => retention::events(tx, now.before(keep.events), SLICE),
                        3 => retention::changes(tx, now.before(keep.history), SLICE),
                        4 => retention::audit(tx, now.before(keep.history), SLICE),
                        5 => repeats::drop_old(tx, now.before(REPEATED_FOR), SLICE),
                        6 => retention::deliveries(tx, now.before(keep.history), SLICE),
                        _ => retention::incidents(tx, now.before(keep.history), SLICE),
                    }
                })
                .await?;
            if dropped == 0 || *stop.borrow() {
                break;
            }
            tokio::time::sleep(BREATH).await;
        }
    }
    app.store
        .write(|tx| {
            let gone = clock::now().before(NODE_GONE);
            for node in nodes::all(tx)?.into_iter().filter(|node| node.seen_at < gone) {
                nodes::delete(tx, &node.id)?;
            }
            nodes::drop_blind(tx, clock::now().before(Duration::from_secs(400 * 86_400))).map(drop)
        })
        .await
}
