//! Nodes that live, and the times when none did: what the receiver knows of its own blindness.

use super::queries::nodes as sql;
use super::tx::{Row, Trouble, Tx, Value};
use crate::domain::time::Moment;

/// Blind times that are read at most; more would be a receiver that starts all day long.
const BLIND_MAX: i64 = 1000;

/// One node.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    /// Its name, unique per start.
    pub(crate) id: String,
    /// When it started.
    pub(crate) started_at: Moment,
    /// When it last said that it lives.
    pub(crate) seen_at: Moment,
}

/// A time when nobody could see.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct BlindTime {
    /// When it began: the last mark before.
    pub(crate) from: Moment,
    /// When it ended: the first mark since.
    pub(crate) until: Moment,
    /// Why, for people.
    pub(crate) reason: String,
}

/// Notes that a node lives.
pub(crate) fn mark(tx: &mut dyn Tx, node: &Node) -> Result<(), Trouble> {
    let values = [Value::from(&node.id), Value::from(node.started_at), Value::from(node.seen_at)];
    tx.run(sql::MARK, &values).map(drop)
}

/// When any node was last seen alive.
pub(crate) fn newest_mark(tx: &mut dyn Tx) -> Result<Option<Moment>, Trouble> {
    // One that makes no sense sorts behind all others, and is healed as one of the future.
    Ok(super::one(tx.rows(sql::NEWEST_MARK, &[])?)?.or_nothing(Row::maybe_moment))
}

/// Waits for its turn among those who look at the mark of this moment; whoever was first has changed what
/// there is to see.
pub(crate) fn take_turns(tx: &mut dyn Tx, marked_at: Moment) -> Result<(), Trouble> {
    tx.run(sql::TAKE_TURNS, &[Value::from(marked_at)]).map(drop)
}

/// Takes marks that lie behind `latest` for ones that were made now: the clock was set back since. Says how
/// many there were.
pub(crate) fn heal(tx: &mut dyn Tx, latest: Moment, now: Moment) -> Result<u64, Trouble> {
    tx.run(sql::HEAL, &[Value::from(latest), Value::from(now)])
}

/// All nodes, the one that was seen last first.
pub(crate) fn all(tx: &mut dyn Tx) -> Result<Vec<Node>, Trouble> {
    let node = |mut row: Row| -> Result<Node, Trouble> {
        Ok(Node { id: row.text()?, started_at: row.moment()?, seen_at: row.moment()? })
    };
    Ok(tx.rows(sql::ALL, &[])?.into_iter().filter_map(|row| node(row).ok()).collect())
}

/// Removes a node that is gone for long.
pub(crate) fn delete(tx: &mut dyn Tx, id: &str) -> Result<(), Trouble> {
    tx.run(sql::DELETE, &[Value::from(id)]).map(drop)
}

/// Notes a time when nobody could see.
pub(crate) fn insert_blind(tx: &mut dyn Tx, blind: &BlindTime) -> Result<i64, Trouble> {
    let values = [Value::from(blind.from), Value::from(blind.until), Value::from(&blind.reason)];
    super::one(tx.rows(sql::INSERT_BLIND, &values)?)?.int()
}

/// The times when nobody could see that ended after `moment`, the oldest first, at most 1,000.
pub(crate) fn blind_since(tx: &mut dyn Tx, moment: Moment) -> Result<Vec<BlindTime>, Trouble> {
    let blind = |mut row: Row| -> Result<BlindTime, Trouble> {
        row.int()?;
        Ok(BlindTime { from: row.moment()?, until: row.moment()?, reason: row.text()? })
    };
    let rows = tx.rows(sql::BLIND_SINCE, &[Value::from(moment), Value::Int(BLIND_MAX)])?;
    // One that makes no sense gives no doubt: people are told then.
    Ok(rows.into_iter().filter_map(|row| blind(row).ok()).collect())
}

/// Forgets blind times that ended before `moment`.
pub(crate) fn drop_blind(tx: &mut dyn Tx, moment: Moment) -> Result<u64, Trouble> {
    tx.run(sql::DELETE_BLIND, &[Value::from(moment)])
}
