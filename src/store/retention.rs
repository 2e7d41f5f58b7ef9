//! Drops what is old, in slices that are short enough to go between two pings.
//!
//! Each function drops at most `limit` rows and says how many it dropped; whoever calls goes on
//! until that is 0, in one operation each. The file of SQLite does not shrink, it is filled again.

use super::months::Dropped;
use super::queries::months;
use super::queries::retention as sql;
use super::tx::{Trouble, Tx, Value};
use crate::domain::time::Moment;

/// Drops the oldest events, as far as they were heard before `before`. How the runs of their month went
/// stays known.
pub(crate) fn events(tx: &mut dyn Tx, before: Moment, limit: u32) -> Result<u64, Trouble> {
    let rows = tx.rows(sql::EVENTS, &[Value::from(before), Value::from(limit)])?;
    let (count, mut dropped) = (rows.len() as u64, Dropped::default());
    for mut row in rows {
        let (monitor_id, kind) = (row.int()?, row.text()?);
        dropped.count(monitor_id, &kind, row.moment()?, row.maybe_int()?);
    }
    dropped.keep(tx)?;
    Ok(count)
}

/// Drops outputs that nobody wanted to keep until now.
pub(crate) fn outputs(tx: &mut dyn Tx, now: Moment, limit: u32) -> Result<u64, Trouble> {
    tx.run(sql::OUTPUTS, &[Value::from(now), Value::from(limit)])
}

/// Drops the oldest changes, as far as they became true before `before`.
pub(crate) fn changes(tx: &mut dyn Tx, before: Moment, limit: u32) -> Result<u64, Trouble> {
    tx.run(sql::CHANGES, &[Value::from(before), Value::from(limit)])
}

/// Drops the oldest lines of the audit log, as far as they were written before `before`.
pub(crate) fn audit(tx: &mut dyn Tx, before: Moment, limit: u32) -> Result<u64, Trouble> {
    tx.run(sql::AUDIT, &[Value::from(before), Value::from(limit)])
}

/// Drops deliveries that came to an end and were made before `before`.
pub(crate) fn deliveries(tx: &mut dyn Tx, before: Moment, limit: u32) -> Result<u64, Trouble> {
    tx.run(sql::DELIVERIES, &[Value::from(before), Value::from(limit)])
}

/// Drops incidents that were closed before `before`.
pub(crate) fn incidents(tx: &mut dyn Tx, before: Moment, limit: u32) -> Result<u64, Trouble> {
    tx.run(sql::INCIDENTS, &[Value::from(before), Value::from(limit)])
}

/// Drops what deleted monitors left behind.
pub(crate) fn removed(tx: &mut dyn Tx, limit: u32) -> Result<u64, Trouble> {
    let Some(mut row) = tx.rows(sql::REMOVAL, &[])?.into_iter().next() else { return Ok(0) };
    let id = Value::Int(row.int()?);
    let slice = [id.clone(), Value::from(limit)];
    let mut dropped = tx.run(sql::OUTPUTS_OF_REMOVED, &slice)?;
    dropped += tx.run(sql::EVENTS_OF_REMOVED, &slice)?;
    dropped += tx.run(sql::CHANGES_OF_REMOVED, &slice)?;
    if dropped == 0 {
        tx.run(months::OF_REMOVED, std::slice::from_ref(&id))?;
        // One more than there were rows, so that the next one's turn comes.
        dropped = tx.run(sql::DELETE_REMOVAL, &[id])?;
    }
    Ok(dropped)
}
