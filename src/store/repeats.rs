//! Answers to calls that their clients may repeat: the same answer comes again, and nothing is done twice.

use super::queries::repeats as sql;
use super::tx::{Trouble, Tx, Value};
use crate::domain::time::Moment;

/// What was answered.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Repeat {
    /// What was asked, as a hash.
    pub(crate) request_hash: String,
    /// The status of the answer; 0 as long as there is none.
    pub(crate) status: u16,
    /// Its body.
    pub(crate) body: String,
}

/// Reserves the client's key for a call that is about to be carried out; false where another call has it,
/// unless that was begun before `lost_before` and never answered.
pub(crate) fn reserve(
    tx: &mut dyn Tx,
    (project_id, key_hash): (i64, &str),
    request_hash: &str,
    now: Moment,
    lost_before: Moment,
) -> Result<bool, Trouble> {
    let values = [
        Value::Int(project_id),
        Value::from(key_hash),
        Value::from(request_hash),
        Value::from(now),
        Value::from(lost_before),
    ];
    Ok(tx.run(sql::RESERVE, &values)? == 1)
}

/// Keeps what was answered.
pub(crate) fn answer(
    tx: &mut dyn Tx,
    (project_id, key_hash): (i64, &str),
    status: u16,
    body: &str,
) -> Result<(), Trouble> {
    let values = [
        Value::Int(project_id),
        Value::from(key_hash),
        Value::Int(i64::from(status)),
        Value::from(body),
    ];
    tx.run(sql::ANSWER, &values).map(drop)
}

/// Gives a key back whose call was refused.
pub(crate) fn release(tx: &mut dyn Tx, (project_id, key_hash): (i64, &str)) -> Result<(), Trouble> {
    tx.run(sql::RELEASE, &[Value::Int(project_id), Value::from(key_hash)]).map(drop)
}

/// What was answered under this key.
pub(crate) fn find(
    tx: &mut dyn Tx,
    project_id: i64,
    key_hash: &str,
) -> Result<Option<Repeat>, Trouble> {
    let rows = tx.rows(sql::FIND, &[Value::Int(project_id), Value::from(key_hash)])?;
    let Some(mut row) = rows.into_iter().next() else { return Ok(None) };
    Ok(Some(Repeat {
        request_hash: row.text()?,
        status: u16::try_from(row.int()?).unwrap_or(500),
        body: row.text()?,
    }))
}

/// Drops answers from before `before`, at most `limit`.
pub(crate) fn drop_old(tx: &mut dyn Tx, before: Moment, limit: u32) -> Result<u64, Trouble> {
    tx.run(sql::DROP, &[Value::from(before), Value::from(limit)])
}
