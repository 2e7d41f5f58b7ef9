//! Carries out what stands in the outbox: claims a delivery, sends it, notes how that went.
//!
//! At least once: a claim is committed before anything is sent and runs out when nobody notes its end. A
//! channel that hangs holds only its own deliveries: each channel is a lane with its own few places and a
//! bounded queue, and what does not fit is put back for later.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::alerts;
use super::app::App;
use super::lanes::Lanes;
use crate::domain::time::Moment;
use crate::notify::channel::Settings;
use crate::notify::message::Message;
use crate::notify::{self, Outcome, pause, together};
use crate::store::channels;
use crate::store::deliveries::{self, Claimant, Delivery, Settled};
use crate::store::monitors::{self, Named};
use crate::store::{Trouble, Tx};
use crate::sys::{clock, random};

/// Deliveries that are claimed at a time.
const CLAIMED_MAX: u32 = 250;

/// How long a claim is good: longer than the longest attempt.
const LEASE: Duration = Duration::from_secs(60);

/// An answer that a claim still holds is good for this long, the machine's sleep included. Whoever was
/// stopped between the question and the sending asks again.
const LEASE_FRESH: Duration = Duration::from_secs(2);

/// So often it is asked; then the store is too slow to send anything, and the lease runs out.
const LEASE_ASKED_MAX: u32 = 3;

/// The shortest sleep when something is due that could not be claimed: another node has it.
const SLEEP_MIN: Duration = Duration::from_millis(50);

/// The longest sleep.
const SLEEP_MAX: Duration = Duration::from_secs(5);

/// What a crowded channel's deliveries wait before they are claimed again.
const REST_OF_CROWDED: Duration = Duration::from_secs(2);

/// Sends what is to be sent until it is told to stop; then finishes what is on its way.
pub(crate) async fn alert(app: Arc<App>, mut stop: watch::Receiver<bool>) {
    let mut lanes = Lanes::default();
    let mut sending = JoinSet::new();
    // A place is free as soon as the other side has answered; noting that goes on beside the next one.
    let (free, mut freed) = mpsc::unbounded_channel();
    let mut is_to_claim = true;
    while !*stop.borrow() {
        while sending.try_join_next().is_some() {}
        while let Ok(channel_id) = freed.try_recv() {
            lanes.ended(channel_id);
        }
        let (mut any, mut back) = (false, Vec::new());
        if is_to_claim {
            match claim(&app).await {
                Ok(claimed) => {
                    any = claimed.len() == CLAIMED_MAX as usize;
                    back.extend(claimed.into_iter().filter_map(|delivery| lanes.take_in(delivery)));
                }
                Err(trouble) => app.noted(&trouble),
            }
        }
        let (going, stale) = lanes.next();
        for together in going {
            sending.spawn(carry_out(Arc::clone(&app), together, free.clone()));
        }
        back.extend(stale);
        if !back.is_empty() {
            put_back(&app, back).await;
        } else if any {
            continue;
        }
        let rest =
            if lanes.waiting() > 0 { Duration::from_secs(1) } else { until_next(&app).await };
        is_to_claim = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => false,
            () = app.wake_alerter.notified() => true,
            // The next one of the lane has been claimed already.
            Some(channel_id) = freed.recv() => {
                lanes.ended(channel_id);
                lanes.waiting() == 0
            }
            () = tokio::time::sleep(rest) => true,
        };
    }
    while sending.join_next().await.is_some() {}
}

async fn claim(app: &Arc<App>) -> Result<Vec<Delivery>, Trouble> {
    // Looking costs no fsync; most looks find nothing.
    if app.store.read(deliveries::next_due).await?.is_none_or(|at| at > clock::now()) {
        return Ok(Vec::new());
    }
    let claimer = Arc::clone(app);
    app.store.write(move |tx| take(tx, &claimer, clock::now())).await
}

/// Claims for this node what is due at `now`.
pub(super) fn take(tx: &mut dyn Tx, app: &App, now: Moment) -> Result<Vec<Delivery>, Trouble> {
    let node = app.watch.node().to_owned();
    let claimant = Claimant { node, lease_until: now.after(LEASE) };
    deliveries::claim(tx, &claimant, now, CLAIMED_MAX)
}

/// How long until the next delivery is due.
async fn until_next(app: &Arc<App>) -> Duration {
    match app.store.read(deliveries::next_due).await {
        Ok(Some(at)) => at.since(clock::now()).clamp(SLEEP_MIN, SLEEP_MAX),
        Ok(None) | Err(_) => SLEEP_MAX,
    }
}

async fn put_back(app: &Arc<App>, back: Vec<Delivery>) {
    let rest_until = clock::now().after(REST_OF_CROWDED);
    let put_back = app.store.write(move |tx| {
        let why = "its channel is crowded".to_owned();
        let settled = Settled::Again(rest_until, why);
        lock(tx, &back)?;
        back.iter().try_for_each(|delivery| settle(tx, delivery, &settled))
    });
    if let Err(trouble) = put_back.await {
        app.noted(&trouble);
    }
}

/// What became of an attempt.
enum Attempt {
    /// None of them is this node's any more, or the store does not say.
    Gone,
    /// Its channel takes one at a time by now.
    Apart,
    /// Of which it was one, and its outcome.
    Made(Vec<Delivery>, Outcome),
}

/// Sends what goes out together, frees its place in its channel, and notes how it went.
async fn carry_out(app: Arc<App>, together: Vec<Delivery>, free: mpsc::UnboundedSender<i64>) {
    let channel_id = together.first().map(|delivery| delivery.about.channel_id);
    let mut groups = vec![together];
    while let Some(group) = groups.pop() {
        let attempt = attempt(&app, &group).await;
        if matches!(attempt, Attempt::Apart) {
            groups = group.into_iter().rev().map(|delivery| vec![delivery]).collect();
            continue;
        }
        if let (true, Some(channel_id)) = (groups.is_empty(), channel_id) {
            // Nobody takes it any more when hb stops.
            let _ = free.send(channel_id);
        }
        if let Attempt::Made(leased, outcome) = attempt {
            ended(&app, leased, outcome).await;
        }
    }
}

/// Notes how an attempt at these has ended.
async fn ended(app: &Arc<App>, leased: Vec<Delivery>, outcome: Outcome) {
    let (now, random_unit) = (clock::now(), random::unit());
    let ends: Vec<(Delivery, Settled)> = leased
        .into_iter()
        .map(|delivery| {
            let settled = settled(&delivery, &outcome, now, random_unit);
            tell(app, &delivery, &settled, outcome.note());
            if matches!(settled, Settled::Sent(_)) {
                app.lateness.taken(&delivery, now);
            }
            (delivery, settled)
        })
        .collect();
    let comes_again = ends.iter().any(|(_, settled)| matches!(settled, Settled::Again(..)));
    let noted = app.store.write(move |tx| {
        let untold = ends.iter().filter(|(_, settled)| !matches!(settled, Settled::Sent(_)));
        lock(tx, &untold.map(|(one, _)| one.clone()).collect::<Vec<_>>())?;
        ends.iter().try_for_each(|(one, settled)| note(tx, one, settled, outcome.note(), now))
    });
    match noted.await {
        // It may have to go out again before the loop would have looked.
        Ok(()) if comes_again => app.wake_alerter.notify_one(),
        Ok(()) => {}
        // The lease runs out and somebody sends it again, with the same id.
        Err(trouble) => app.noted(&trouble),
    }
}

/// What stands before an attempt.
pub(super) enum Ready {
    /// It is not this node's any more.
    Gone,
    /// It cannot be sent, and why.
    Refused(String),
    /// It may go out.
    Go(Box<(Settings, Message)>),
}

/// Looks right before an attempt what there is to send: a node that was stopped in the meantime must not
/// send what another has sent already.
pub(super) fn prepare(tx: &mut dyn Tx, delivery: &Delivery, now: Moment) -> Result<Ready, Trouble> {
    if !deliveries::is_leased(tx, delivery, now)? {
        return Ok(Ready::Gone);
    }
    let refused = |why: &str| Ok(Ready::Refused(why.to_owned()));
    let Some(channel) = channels::by_id(tx, delivery.about.channel_id)? else {
        return refused("the channel was removed");
    };
    if let Some(why) = channel.about.disabled {
        return refused(&format!("the channel is switched off: {why}"));
    }
    let settings = match serde_json::from_str(&channel.about.settings) {
        Ok(value) => Settings::parse(&value),
        Err(_) => Err(Vec::new()),
    };
    match (settings, serde_json::from_str(&delivery.about.message)) {
        (Ok(settings), Ok(message)) => Ok(Ready::Go(Box::new((settings, message)))),
        (Err(_), _) => refused("its settings cannot be read"),
        (_, Err(_)) => refused("the message cannot be read"),
    }
}

/// What stands before an attempt at several: those that are still this node's, and the one message. One
/// that cannot be read stays behind, and is refused when its lease has ended and its turn comes again.
fn prepare_all(
    tx: &mut dyn Tx,
    together: &[Delivery],
    now: Moment,
) -> Result<(Vec<Delivery>, Ready), Trouble> {
    let (mut leased, mut messages, mut way) = (Vec::new(), Vec::new(), None);
    let (mut broken, mut refused) = (Vec::new(), None);
    for delivery in together {
        match prepare(tx, delivery, now)? {
            Ready::Gone => continue,
            Ready::Refused(why) => {
                refused = Some(why);
                broken.push(delivery.clone());
            }
            Ready::Go(what) => {
                messages.push(what.1);
                way = Some(what.0);
                leased.push(delivery.clone());
            }
        }
    }
    let message = together::together(messages);
    Ok(match (way, message, refused) {
        (Some(settings), Some(message), _) => (leased, Ready::Go(Box::new((settings, message)))),
        (_, _, Some(why)) => (broken, Ready::Refused(why)),
        (_, _, None) => (leased, Ready::Gone),
    })
}

/// One attempt at what goes out together.
async fn attempt(app: &Arc<App>, together: &[Delivery]) -> Attempt {
    for _ in 0..LEASE_ASKED_MAX {
        let (asked_at, asked) = (clock::since_boot(), together.to_vec());
        let ready = app.store.read(move |tx| prepare_all(tx, &asked, clock::now())).await;
        let (leased, what) = match ready {
            Ok((_, Ready::Gone)) => return Attempt::Gone,
            Ok((leased, Ready::Refused(why))) => {
                return Attempt::Made(leased, Outcome::Refused { why });
            }
            Ok((leased, Ready::Go(what))) => (leased, what),
            Err(trouble) => {
                app.noted(&trouble);
                return Attempt::Gone;
            }
        };
        if together.len() > 1 && !what.0.takes_many() {
            return Attempt::Apart;
        }
        if clock::since_boot().saturating_sub(asked_at) <= LEASE_FRESH {
            return Attempt::Made(leased, notify::send(&app.outbound, &what.0, &what.1).await);
        }
    }
    Attempt::Gone
}

/// What the outcome of an attempt means for its delivery; `random_unit` spreads what comes again.
pub(super) fn settled(
    delivery: &Delivery,
    outcome: &Outcome,
    now: Moment,
    random_unit: f64,
) -> Settled {
    let rest = |after: Option<Duration>| {
        let own = pause::backoff(delivery.attempts, random_unit);
        after.unwrap_or(own).max(own)
    };
    match outcome {
        Outcome::Sent { .. } => Settled::Sent(now),
        Outcome::Refused { why } => Settled::Failed(why.clone()),
        Outcome::Retry { why, .. } if now.since(delivery.created_at) > pause::TRIED_FOR => {
            Settled::Failed(format!("given up after two days: {why}"))
        }
        Outcome::Retry { after, why } => Settled::Again(now.after(rest(*after)), why.clone()),
    }
}

/// Notes how an attempt went.
pub(super) fn note(
    tx: &mut dyn Tx,
    delivery: &Delivery,
    settled: &Settled,
    remark: Option<&str>,
    now: Moment,
) -> Result<(), Trouble> {
    if !matches!(settled, Settled::Sent(_)) {
        lock(tx, std::slice::from_ref(delivery))?;
    }
    settle(tx, delivery, settled)?;
    match settled {
        Settled::Sent(_) => channels::worked(tx, delivery.about.channel_id, remark, now),
        Settled::Again(_, why) | Settled::Failed(why) => {
            channels::failed(tx, delivery.about.channel_id, why, now)
        }
    }
}

/// Takes the locks of the monitors that these are about: what is told of an incident changes under it, or
/// one that closes right now would not see that its alarm has failed.
fn lock(tx: &mut dyn Tx, deliveries: &[Delivery]) -> Result<(), Trouble> {
    let mut ids: Vec<i64> = deliveries.iter().filter_map(|one| one.about.monitor_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let names: Vec<Named> = ids.into_iter().map(Named::Id).collect();
    monitors::load(tx, &names).map(drop)
}

/// Notes how an attempt ended, and what that means for the message that its incident is over.
fn settle(tx: &mut dyn Tx, delivery: &Delivery, settled: &Settled) -> Result<(), Trouble> {
    let was_ours = deliveries::settle(tx, delivery, settled)?;
    if was_ours && !matches!(settled, Settled::Sent(_)) {
        alerts::not_told(tx, delivery)?;
    }
    Ok(())
}

fn tell(app: &App, delivery: &Delivery, settled: &Settled, remark: Option<&str>) {
    let channel = delivery.about.channel_id.to_string();
    let fields =
        [("what", delivery.about.what.as_str()), ("channel", &channel), ("id", &delivery.about.id)];
    match settled {
        Settled::Sent(_) => {
            let remark = remark.map(|remark| ("note", remark));
            let fields: Vec<_> = fields.into_iter().chain(remark).collect();
            app.log.info("alert sent", &fields);
        }
        Settled::Again(_, why) => {
            let fields: Vec<_> = fields.into_iter().chain([("why", why.as_str())]).collect();
            app.log.warning("alert not sent yet", &fields);
        }
        Settled::Failed(why) => {
            let fields: Vec<_> = fields.into_iter().chain([("why", why.as_str())]).collect();
            app.log.error("alert given up", &fields);
        }
    }
}
