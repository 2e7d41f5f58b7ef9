//! The flush: spooled events to their targets, oldest first, by whoever comes next.
//!
//! One process flushes at a time. Within a target the order holds, and the first trouble ends that
//! target's turn: its server is down, and the rest would only wait in line. Targets do not wait for
//! each other.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Context;
use tokio::time::Instant;

use super::alerts::Afterwards;
use super::deliver::{Line, NO_ANSWER, Settled};
use super::order::{self, Told as How};
use super::target::Target;
use crate::domain::dialect::Limits;
use crate::domain::record::{Delivery, TargetRef};
use crate::domain::time::Moment;
use crate::journal::spool::Spooled;
use crate::sys::runtime;

/// An event of the spool, and where it goes now.
pub(crate) struct Letter {
    /// Its id in the spool.
    pub(crate) id: String,
    /// The event.
    pub(crate) spooled: Spooled,
    /// Its target, as it is configured today.
    pub(crate) target: Target,
    /// What is known about the receiver.
    pub(crate) limits: Limits,
    /// The newest finish of its monitor that the target has, or that is in this flush.
    pub(crate) newest: Option<Moment>,
    /// What is open at a message target once it has this.
    pub(crate) afterwards: Option<Afterwards>,
}

/// What became of a letter.
pub(crate) struct Flushed {
    /// Its id in the spool.
    pub(crate) id: String,
    /// The event.
    pub(crate) spooled: Spooled,
    /// What is open at a message target once it has this.
    pub(crate) afterwards: Option<Afterwards>,
    /// What became of it; none: it stays.
    pub(crate) result: Option<Delivery>,
    /// Why.
    pub(crate) detail: Option<String>,
    /// How long the receiver wants to be left alone.
    pub(crate) after: Option<Duration>,
    /// Whether it had its time. One that came when the budget was nearly spent says nothing about
    /// the receiver; it is the first of the next flush.
    pub(crate) tried: bool,
}

/// Delivers letters for at most `budget`, and hands each result to `done` as soon as it is known.
pub(crate) fn flush(
    letters: Vec<Letter>,
    now: Moment,
    budget: Duration,
    done: &dyn Fn(Flushed),
) -> anyhow::Result<()> {
    let mut by_target: BTreeMap<(TargetRef, String), Vec<Letter>> = BTreeMap::new();
    for letter in letters {
        // Another monitor at the same target is another address, but the same server: one turn.
        let key = (letter.target.reference.clone(), letter.target.address.host().to_owned());
        by_target.entry(key).or_default().push(letter);
    }
    let runtime = runtime::build().context("nothing can be sent now")?;
    let until = Instant::now() + budget;
    runtime.block_on(async {
        let turns =
            by_target.into_values().map(|letters| turn(letters, now, (until, budget / 2), done));
        join_all(turns).await;
    });
    Ok(())
}

/// Runs futures side by side until all are done.
async fn join_all(turns: impl Iterator<Item = impl Future<Output = ()>>) {
    let mut turns: Vec<_> = turns.map(Box::pin).collect();
    std::future::poll_fn(|context| {
        turns.retain_mut(|turn| turn.as_mut().poll(context).is_pending());
        if turns.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
}

/// One target's letters, until the end of the budget; half of it is a fair time for one of them.
async fn turn(
    letters: Vec<Letter>,
    now: Moment,
    (until, fair): (Instant, Duration),
    done: &dyn Fn(Flushed),
) {
    let mut line: Option<Line> = None;
    for letter in letters {
        let dialect = letter.target.dialect;
        let (how, event) = match dialect.orders_events() {
            true => (How::AsIs, letter.spooled.event.clone()),
            false => {
                let dated = dialect.carries_moments();
                let how = order::decide(&letter.spooled.event, letter.newest, dated, now);
                (how, order::late(&letter.spooled.event, how, now))
            }
        };
        let flushed = |result, detail| Flushed {
            id: letter.id.clone(),
            spooled: letter.spooled.clone(),
            afterwards: letter.afterwards.clone(),
            result,
            detail,
            after: None,
            tried: true,
        };
        if how == How::Dropped {
            done(flushed(Some(Delivery::Lost), Some("its run has ended since".to_owned())));
            continue;
        }
        match &mut line {
            Some(line) => line.target = letter.target.clone(),
            None => line = Some(Line::open(letter.target.clone(), letter.limits)),
        }
        let Some(line) = &mut line else { continue };
        let begun = Instant::now();
        match tokio::time::timeout_at(until, line.once(&event)).await {
            // A service that has no word for a log line would take a late success for one of now.
            Ok(Ok(Settled::Unspoken)) if how == How::AsLog => {
                let why = "too late to be told as what it was, and the service takes no log lines";
                done(flushed(Some(Delivery::Dropped), Some(why.to_owned())));
            }
            Ok(Ok(settled @ (Settled::Delivered { .. } | Settled::Unspoken))) => {
                let result = match settled {
                    _ if how == How::AsLog => Delivery::DeliveredAsLog,
                    Settled::Delivered { confirmed: false, .. } => Delivery::Unconfirmed,
                    _ => Delivery::Delivered,
                };
                done(flushed(Some(result), None));
            }
            Ok(Ok(Settled::Refused(why))) => done(flushed(Some(Delivery::Refused), Some(why))),
            Ok(Ok(Settled::Undelivered(why, after)) | Err((why, after))) => {
                done(Flushed { after, ..flushed(None, Some(why)) });
                return;
            }
            Err(_) => {
                let tried = begun.elapsed() >= fair;
                done(Flushed { tried, ..flushed(None, Some(NO_ANSWER.to_owned())) });
                return;
            }
        }
    }
}
