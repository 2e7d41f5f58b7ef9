//! Blind time: when the receiver itself could not see.
//!
//! A mark in the store says that somebody watches. It is written every few seconds by every node; where
//! the newest mark is older than [`BLIND_AFTER`], nobody has watched since: hb was killed, the machine
//! slept, the store was away, the clock was put forward. What was due in that time is not missed, it is
//! unknown, and `domain::transition` gives clients the time to say what they have kept.
//!
//! The hard part is who notices first. After a machine's sleep a ping or a deadline may be looked at
//! before the next mark. So [`notice`] stands at the beginning of every transaction that judges, and
//! costs one comparison when there is nothing to notice.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::app::App;
use super::quiet;
use super::run::Stopped;
use super::{afterwards, neighbours};
use crate::domain::time::Moment;
use crate::store::nodes::{self, BlindTime, Node};
use crate::store::{Place, Trouble, Tx, due};
use crate::sys::clock;

/// How often a mark is written.
const MARK_EVERY: Duration = Duration::from_secs(5);

/// Without a mark for as long as this, nobody has watched. Three marks may be late on a busy machine
/// before deadlines are doubted.
pub(crate) const BLIND_AFTER: Duration = Duration::from_secs(15);

/// Blind times that ended within this are looked at when a deadline is judged. A deadline that lies
/// further back has been judged long ago, for settling takes a quarter of an hour at most.
const RECENT: Duration = Duration::from_secs(24 * 3600);

/// Nodes that share a store go by its clock, and know it to less than this. A mark that lies further ahead
/// was written before that clock was set back; it would hide every blind time until then.
const SKEW_MAX: Duration = Duration::from_secs(15);

/// A mark that lies further ahead than this shows that the clock was set back, and not merely put right
/// by a little: then nothing that waits for a moment can be trusted to come in time. Below it everything
/// comes later by less than this.
const SET_BACK_MIN: Duration = Duration::from_secs(15);

/// A time in which nobody watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Blind {
    /// The last mark before it.
    pub(crate) from: Moment,
    /// The first moment at which somebody watched again.
    pub(crate) until: Moment,
}

/// What this node knows of marks and blind times.
pub(crate) struct Watch {
    node: String,
    started_at: Moment,
    skew_max: Duration,
    marked_at: AtomicI64,
    recent: Mutex<Arc<Vec<Blind>>>,
}

impl Watch {
    /// Of this node, which may share its store with others.
    pub(crate) fn new(node: String, started_at: Moment, place: &Place) -> Watch {
        let skew_max = match place {
            // Nobody else writes marks there: what lies ahead was written by a clock that was wrong.
            Place::Sqlite(_) => Duration::ZERO,
            Place::Postgres(_) => SKEW_MAX,
        };
        let marked_at = AtomicI64::new(i64::MIN);
        Watch { node, started_at, skew_max, marked_at, recent: Mutex::default() }
    }

    /// This node's name.
    pub(crate) fn node(&self) -> &str {
        &self.node
    }

    /// Takes a mark for written that somebody else has written for this node.
    #[cfg(test)]
    pub(super) fn marked(&self, at: Moment) {
        self.marked_at.store(at.epoch_ms(), Ordering::Relaxed);
    }

    /// The last mark that this node has written, or tried to.
    #[cfg(test)]
    pub(super) fn marked_at(&self) -> Moment {
        Moment::from_epoch_ms(self.marked_at.load(Ordering::Relaxed))
    }

    /// The latest blind times.
    pub(crate) fn recent(&self) -> Arc<Vec<Blind>> {
        Arc::clone(&self.recent.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Whether so much time without a mark means that nobody watched.
pub(crate) fn is_blind(marked_at: Moment, now: Moment) -> bool {
    now.since(marked_at) > BLIND_AFTER
}

/// Sees to it that a blind time is known before anything is judged at `now`.
pub(crate) fn notice(tx: &mut dyn Tx, watch: &Watch, now: Moment) -> Result<(), Trouble> {
    let marked_at = watch.marked_at.load(Ordering::Relaxed);
    if marked_at == i64::MIN || is_blind(Moment::from_epoch_ms(marked_at), now) {
        mark(tx, watch, now)?;
    }
    Ok(())
}

/// Writes a mark, and the blind time that ends with it.
pub(super) fn mark(tx: &mut dyn Tx, watch: &Watch, now: Moment) -> Result<(), Trouble> {
    let latest = now.after(SET_BACK_MIN);
    let own = Moment::from_epoch_ms(watch.marked_at.load(Ordering::Relaxed));
    if nodes::newest_mark(tx)?.is_some_and(|newest| newest > latest) || own > latest {
        // A deadline that was reckoned from the future would come then, and an alarm with it.
        due::look_anew(tx, latest, now)?;
    }
    nodes::heal(tx, now.after(watch.skew_max), now)?;
    let newest = nodes::newest_mark(tx)?;
    let newest = match newest.filter(|newest| is_blind(*newest, now)) {
        Some(newest) => {
            // Another node may see the same right now; the first one notes it.
            nodes::take_turns(tx, newest)?;
            nodes::newest_mark(tx)?
        }
        None => None,
    };
    if let Some(newest) = newest
        && is_blind(newest, now)
    {
        let reason = "nobody watched".to_owned();
        nodes::insert_blind(tx, &BlindTime { from: newest, until: now, reason })?;
        afterwards::note(tx, Blind { from: newest, until: now })?;
    }
    let node = Node { id: watch.node.clone(), started_at: watch.started_at, seen_at: now };
    nodes::mark(tx, &node)?;
    let recent = nodes::blind_since(tx, now.before(RECENT))?
        .into_iter()
        .map(|blind| Blind { from: blind.from, until: blind.until })
        .collect();
    *watch.recent.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(recent);
    watch.marked_at.store(now.epoch_ms(), Ordering::Relaxed);
    Ok(())
}

/// The first mark of this start; it also proves that the store takes writes.
pub(crate) async fn begin(app: &Arc<App>) -> Result<(), Stopped> {
    let found = mark_now(app).await?;
    if let Some(blind) = found {
        let (from, until) = (blind.from.to_rfc3339(), blind.until.to_rfc3339());
        app.log.info(
            "nobody watched for a while; what was due then is given time to be told",
            &[("from", &from), ("until", &until)],
        );
    }
    Ok(())
}

/// Writes a mark; what it found, if it is news. The next one waits for all writers: while pings cannot be kept,
/// nobody watches.
async fn mark_now(app: &Arc<App>) -> Result<Option<Blind>, Trouble> {
    let before = app.watch.recent().last().copied();
    let marking = Arc::clone(app);
    let marked = app.store.write(move |tx| {
        let now = clock::now();
        mark(tx, &marking.watch, now)?;
        neighbours::look(tx, marking.watch.node(), now)
    });
    let (seen, others) = tokio::join!(marked, app.store.catch_up());
    let seen = seen.inspect_err(|_| app.recorder.spread(false))?;
    app.health.marked();
    neighbours::heed(app, &seen, others.is_ok());
    Ok(app.watch.recent().last().copied().filter(|last| Some(*last) != before))
}

/// Writes a mark for whoever wants proof that the store takes one.
pub(crate) async fn prove(app: &Arc<App>) -> Result<(), Trouble> {
    mark_now(app).await.map(drop)
}

/// Writes marks until it is told to stop.
pub(crate) async fn keep_marking(app: Arc<App>, mut stop: watch::Receiver<bool>) {
    let mut failed = false;
    loop {
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            () = tokio::time::sleep(MARK_EVERY) => {}
        }
        match mark_now(&app).await {
            Ok(found) => {
                // Another node may have been told of maintenance.
                if let Err(trouble) = quiet::refresh(&app).await {
                    app.noted(&trouble);
                }
                if std::mem::take(&mut failed) {
                    app.log.info("the store is back", &[]);
                }
                if let Some(blind) = found {
                    let (from, until) = (blind.from.to_rfc3339(), blind.until.to_rfc3339());
                    let fields = [("from", from.as_str()), ("until", until.as_str())];
                    app.log.warning("nobody watched for a while", &fields);
                }
            }
            Err(Trouble::Fatal(why)) => app.health.fail(&why),
            Err(trouble) if !failed => {
                failed = true;
                app.log
                    .error("the store does not take a mark", &[("trouble", &trouble.to_string())]);
            }
            Err(_) => {}
        }
    }
}

/// The last mark, so that a restart within seconds is no blind time.
pub(crate) async fn end(app: &Arc<App>) {
    let _ = mark_now(app).await;
}
