//! Deliveries: alerts on their way through one channel, written with the change that caused them.
//!
//! At least once: a delivery is claimed for a while with a lease, and the claim is committed before
//! anything is sent. Whoever dies in between leaves a lease that runs out. A node that was stopped
//! and wakes up must ask [`is_leased`] right before it sends, and its late word about the end counts
//! for nothing, because the number of attempts is part of the lease.

use super::damaged;
use super::queries::deliveries as sql;
use super::tx::{Trouble, Tx, Value};
use crate::domain::time::Moment;

/// What the delivery is about that tells the end of an incident. It is not claimed while an alarm of the
/// same incident is on its way through the same channel, or waits: nobody hears of the end first.
pub(crate) const CLOSED: &str = "closed";

/// A delivery to be.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct NewDelivery {
    /// The stable key by which a repeat is known, here and outside.
    pub(crate) id: String,
    /// About which incident.
    pub(crate) incident_id: Option<String>,
    /// About which monitor.
    pub(crate) monitor_id: Option<i64>,
    /// Through which channel.
    pub(crate) channel_id: i64,
    /// `opened`, `reminder`, `worse`, `closed`, `test` or `blind`.
    pub(crate) what: String,
    /// The words, as JSON.
    pub(crate) message: String,
    /// When it is to go out.
    pub(crate) next_at: Moment,
    /// What it has in common with those that it goes out together with.
    pub(crate) fold: Option<String>,
}

/// Where a delivery is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DeliveryState {
    /// It waits for its moment.
    Pending,
    /// Somebody sends it right now, or died doing so.
    Sending,
    /// It arrived.
    Sent,
    /// It was given up.
    Failed,
    /// It became part of a later one.
    Merged,
}

impl DeliveryState {
    pub(super) const ALL: [DeliveryState; 5] = [
        DeliveryState::Pending,
        DeliveryState::Sending,
        DeliveryState::Sent,
        DeliveryState::Failed,
        DeliveryState::Merged,
    ];

    /// The word as it is stored.
    pub(crate) fn word(self) -> &'static str {
        match self {
            DeliveryState::Pending => "pending",
            DeliveryState::Sending => "sending",
            DeliveryState::Sent => "sent",
            DeliveryState::Failed => "failed",
            DeliveryState::Merged => "merged",
        }
    }
}

/// One delivery.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Delivery {
    /// What it is; `next_at` is the end of the lease while it is being sent.
    pub(crate) about: NewDelivery,
    /// Where it is.
    pub(crate) state: DeliveryState,
    /// How often it was claimed.
    pub(crate) attempts: u32,
    /// Who sends it.
    pub(crate) leased_by: Option<String>,
    /// What went wrong last.
    pub(crate) last_error: Option<String>,
    /// When it was made.
    pub(crate) created_at: Moment,
    /// When it arrived.
    pub(crate) sent_at: Option<Moment>,
}

/// Who claims deliveries, and for how long.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Claimant {
    /// The node.
    pub(crate) node: String,
    /// When its lease ends.
    pub(crate) lease_until: Moment,
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Settled {
    /// It arrived at this moment.
    Sent(Moment),
    /// It did not, and is tried again at this moment.
    Again(Moment, String),
    /// It never will.
    Failed(String),
}

/// Adds deliveries; says how many are new. One whose id is there already stays as it is.
pub(crate) fn insert(
    tx: &mut dyn Tx,
    deliveries: &[NewDelivery],
    now: Moment,
) -> Result<u64, Trouble> {
    let values = |delivery: &NewDelivery| {
        vec![
            Value::from(&delivery.id),
            Value::from(delivery.incident_id.as_ref()),
            Value::from(delivery.monitor_id),
            Value::Int(delivery.channel_id),
            Value::from(&delivery.what),
            Value::from(&delivery.message),
            Value::from(delivery.next_at),
            Value::from(now),
            Value::from(delivery.fold.as_ref()),
        ]
    };
    let rows: Vec<Vec<Value>> = deliveries.iter().map(values).collect();
    tx.run_many(&sql::INSERT, &rows)
}

/// Claims what is due, the oldest first, at most `limit`: each counts one attempt more.
pub(crate) fn claim(
    tx: &mut dyn Tx,
    claimant: &Claimant,
    now: Moment,
    limit: u32,
) -> Result<Vec<Delivery>, Trouble> {
    let params = vec![
        Value::from(now),
        Value::from(limit),
        Value::from(&claimant.node),
        Value::from(claimant.lease_until),
    ];
    let rows = tx.rows_many(&sql::CLAIM, &[params])?;
    let mut claimed = rows.into_iter().map(|(_, row)| damaged::delivery(row)).collect::<Vec<_>>();
    claimed.sort_by(|a, b| (a.created_at, &a.about.id).cmp(&(b.created_at, &b.about.id)));
    Ok(claimed)
}

/// Ends the leases of nodes that were not seen since `alive_since`: what they had is due now. Says how many
/// deliveries that were.
pub(crate) fn free_orphaned(
    tx: &mut dyn Tx,
    alive_since: Moment,
    now: Moment,
) -> Result<u64, Trouble> {
    tx.run(sql::ORPHANED, &[Value::from(now), Value::from(alive_since)])
}

/// Whether a claimed delivery is still this node's to send.
pub(crate) fn is_leased(
    tx: &mut dyn Tx,
    delivery: &Delivery,
    now: Moment,
) -> Result<bool, Trouble> {
    let mut params = lease(delivery).to_vec();
    params.push(Value::from(now));
    Ok(super::one(tx.rows(sql::IS_LEASED, &params)?)?.int()? > 0)
}

/// Notes how an attempt ended; says whether the delivery was still this node's.
pub(crate) fn settle(
    tx: &mut dyn Tx,
    delivery: &Delivery,
    settled: &Settled,
) -> Result<bool, Trouble> {
    let (state, next_at, error, sent_at) = match settled {
        Settled::Sent(at) => (DeliveryState::Sent, *at, None, Some(*at)),
        Settled::Again(at, error) => (DeliveryState::Pending, *at, Some(error), None),
        Settled::Failed(error) => {
            (DeliveryState::Failed, delivery.about.next_at, Some(error), None)
        }
    };
    let mut params = lease(delivery).to_vec();
    params.extend([
        Value::from(state.word()),
        Value::from(next_at),
        Value::from(error),
        Value::from(sent_at),
    ]);
    Ok(tx.run(sql::SETTLE, &params)? > 0)
}

/// Takes back a delivery that nobody has begun to send; says whether that was in time.
pub(crate) fn merge(tx: &mut dyn Tx, id: &str) -> Result<bool, Trouble> {
    Ok(tx.run(sql::MERGE, &[Value::from(id)])? > 0)
}

/// Says something else with a delivery that nobody has begun to send; says whether that was in time.
pub(crate) fn reword(tx: &mut dyn Tx, id: &str, message: &str) -> Result<bool, Trouble> {
    Ok(tx.run(sql::REWORD, &[Value::from(id), Value::from(message)])? > 0)
}

/// When the next delivery is due, or its lease ends. Nonsense, which SQLite sorts behind every number, is
/// no such moment.
pub(crate) fn next_due(tx: &mut dyn Tx) -> Result<Option<Moment>, Trouble> {
    Ok(super::one(tx.rows(sql::NEXT, &[])?)?.maybe_moment().unwrap_or(None))
}

/// Sends now what would never be claimed, because its moment or its attempts make no sense; says how many
/// those are.
pub(crate) fn mend(tx: &mut dyn Tx, now: Moment) -> Result<u64, Trouble> {
    tx.run_many(&sql::MEND, &[vec![Value::from(now)]])
}

/// Lets the news that a monitor is well again go out now, where it waits to go out with others and its
/// incident ended after `since`; says whether any does.
pub(crate) fn hasten(
    tx: &mut dyn Tx,
    (monitor_id, channel_id): (i64, i64),
    since: Moment,
    now: Moment,
) -> Result<bool, Trouble> {
    let of = [Value::Int(monitor_id), Value::Int(channel_id)];
    let params = [&of[..], &[Value::from(since), Value::from(now)]].concat();
    Ok(tx.run(sql::HASTEN, &params)? > 0)
}

/// When the first delivery of this fold was made, of those after `since`.
pub(crate) fn fold_began(
    tx: &mut dyn Tx,
    fold: &str,
    since: Moment,
) -> Result<Option<Moment>, Trouble> {
    super::one(tx.rows(sql::FOLD_BEGAN, &[Value::from(fold), Value::from(since)])?)?.maybe_moment()
}

/// The deliveries about an incident, the oldest first.
pub(crate) fn of_incident(tx: &mut dyn Tx, incident_id: &str) -> Result<Vec<Delivery>, Trouble> {
    let rows = tx.rows(sql::OF_INCIDENT, &[Value::from(incident_id)])?;
    Ok(rows.into_iter().map(damaged::delivery).collect())
}

/// One delivery.
pub(crate) fn by_id(tx: &mut dyn Tx, id: &str) -> Result<Option<Delivery>, Trouble> {
    Ok(tx.rows(sql::BY_ID, &[Value::from(id)])?.into_iter().next().map(damaged::delivery))
}

/// When the oldest delivery was made that is still on its way.
pub(crate) fn oldest_unsent(tx: &mut dyn Tx) -> Result<Option<Moment>, Trouble> {
    Ok(super::one(tx.rows(sql::OLDEST_UNSENT, &[])?)?.maybe_moment().unwrap_or(None))
}

/// How many deliveries are in each state.
pub(crate) fn counts(tx: &mut dyn Tx) -> Result<Vec<(String, u64)>, Trouble> {
    let rows = tx.rows(sql::COUNTS, &[])?;
    rows.into_iter().map(|mut row| Ok((row.text()?, row.count()?))).collect()
}

fn lease(delivery: &Delivery) -> [Value; 3] {
    [
        Value::from(&delivery.about.id),
        Value::from(delivery.leased_by.as_ref()),
        Value::from(delivery.attempts),
    ]
}
