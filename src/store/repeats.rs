//! Answers to calls that their clients may repeat: the same answer comes again, and nothing is done twice.

use super::queries::repeats as sql;
use super::tx::{Trouble, Tx, Value};
use crate::domain::time::Moment;

/// What was answered.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Repeat {
    /// What was asked, as a hash.
    pub(crate) request_hash: String,
    /// The status of the answer.
    pub(crate) status: u16,
    /// Its body.
    pub(crate) body: String,
}

/// Keeps an answer under the client's key.
pub(crate) fn keep(
    tx: &mut dyn Tx,
    project_id: i64,
    key_hash: &str,
    repeat: &Repeat,
    now: Moment,
) -> Result<(), Trouble> {
    let values = [
        Value::Int(project_id),
        Value::from(key_hash),
        Value::from(&repeat.request_hash),
        Value::Int(i64::from(repeat.status)),
        Value::from(&repeat.body),
        Value::from(now),
    ];
    tx.run(sql::INSERT, &values).map(drop)
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
