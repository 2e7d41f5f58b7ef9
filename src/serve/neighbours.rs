//! Other nodes on the same store: what one of them has left undone, and what it has changed.
//!
//! Looked at with every mark. A node that dies leaves deliveries behind which it had claimed; they are
//! freed as soon as its marks stop, long before their leases end. A node of a newer hb may have changed the
//! tables; this one then goes on, or stops where it must. Nodes that live write beside each other, so each does
//! with one of the store's writers. And this host's clock is compared with the store's, which counts; a person
//! is told when they differ, for other programs there do not know.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use super::app::App;
use super::blind;
use crate::domain::time::Moment;
use crate::store::{self, Standing, Trouble, Tx, deliveries, nodes};
use crate::sys::clock;

/// A clock that is off by less than this is right; a change by more is told again.
const OFF_MS: i64 = 1000;

/// What was told already.
#[derive(Debug, Default)]
pub(crate) struct Told {
    newer: AtomicBool,
    off_ms: AtomicI64,
}

/// What there was to see.
pub(crate) struct Seen {
    freed: u64,
    is_alone: bool,
    standing: Standing,
}

/// Looks around within the transaction of a mark of the node `own`.
pub(crate) fn look(tx: &mut dyn Tx, own: &str, now: Moment) -> Result<Seen, Trouble> {
    let standing = store::standing(tx)?;
    if matches!(standing, Standing::Outdated { .. }) {
        return Ok(Seen { freed: 0, is_alone: true, standing });
    }
    let since = now.before(blind::BLIND_AFTER);
    let freed = deliveries::free_orphaned(tx, since, now)?;
    let is_alone = nodes::all(tx)?.iter().all(|node| node.id == own || node.seen_at < since);
    Ok(Seen { freed, is_alone, standing })
}

/// Does what follows from it; `all_write` says whether all writers of the store can work.
pub(crate) fn heed(app: &Arc<App>, seen: &Seen, all_write: bool) {
    app.recorder.spread(seen.is_alone && all_write);
    if seen.freed > 0 {
        let count = seen.freed.to_string();
        let line = "another node has died with alerts that it was to send; they go out from here";
        app.log.warning(line, &[("count", &count)]);
        app.wake_alerter.notify_one();
    }
    match seen.standing {
        Standing::Same => {}
        Standing::Beside { found } if !app.told.newer.swap(true, Ordering::Relaxed) => {
            let line = "a newer hb has changed the tables; this node goes on until it is upgraded";
            app.log.warning(line, &[("schema", &found.to_string())]);
        }
        Standing::Beside { .. } => {}
        Standing::Outdated { found, known } => {
            app.health.outdated(&Trouble::Newer { found, known }.to_string());
        }
    }
    compare(app);
}

fn compare(app: &App) {
    let off_ms = clock::correction_ms();
    let told_ms = app.told.off_ms.load(Ordering::Relaxed);
    if (off_ms - told_ms).abs() < OFF_MS {
        return;
    }
    app.told.off_ms.store(off_ms, Ordering::Relaxed);
    let seconds = format!("{:.1}", off_ms.abs() as f64 / 1000.0);
    let which = if off_ms > 0 { "behind_s" } else { "ahead_s" };
    if off_ms.abs() < OFF_MS {
        app.log.info("this host's clock agrees with the database's again", &[]);
    } else {
        let line = "this host's clock differs from the database's, which counts; set it right";
        app.log.warning(line, &[(which, &seconds)]);
    }
}
