//! Changes: one status turning into another, with the reason.

use super::Page;
use super::queries::events as sql;
use super::tx::{Row, Trouble, Tx, Value};
use crate::domain::time::Moment;

/// Changes that are read between two moments at most.
const BETWEEN_MAX: i64 = 10_000;

/// A change to be.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct NewChange {
    /// Of which monitor.
    pub(crate) monitor_id: i64,
    /// The word before.
    pub(crate) from_status: String,
    /// The word since.
    pub(crate) to_status: String,
    /// When it became true.
    pub(crate) at: Moment,
    /// Why, as JSON.
    pub(crate) reason: String,
}

/// One change.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct StoredChange {
    /// Its number.
    pub(crate) id: i64,
    /// What it is.
    pub(crate) change: NewChange,
}

/// Notes changes, in this order.
pub(crate) fn insert(tx: &mut dyn Tx, changes: &[NewChange]) -> Result<(), Trouble> {
    let values = |change: &NewChange| {
        vec![
            Value::Int(change.monitor_id),
            Value::from(&change.from_status),
            Value::from(&change.to_status),
            Value::from(change.at),
            Value::from(&change.reason),
        ]
    };
    let rows: Vec<Vec<Value>> = changes.iter().map(values).collect();
    tx.run_many(&sql::INSERT_CHANGE, &rows).map(drop)
}

/// Changes of a monitor, the newest first, from behind `before`.
pub(crate) fn page(
    tx: &mut dyn Tx,
    monitor_id: i64,
    before: Option<i64>,
    limit: u32,
) -> Result<Page<StoredChange>, Trouble> {
    let before = before.unwrap_or(i64::MAX);
    let params = [Value::Int(monitor_id), Value::Int(before), Value::Int(i64::from(limit) + 1)];
    let mut rows = all(tx.rows(sql::CHANGES, &params)?)?;
    let next = super::cut(&mut rows, limit, |change| change.id);
    Ok(Page { rows, next })
}

/// Changes of a monitor from `from` until before `until`, the oldest first, at most 10,000.
pub(crate) fn between(
    tx: &mut dyn Tx,
    monitor_id: i64,
    from: Moment,
    until: Moment,
) -> Result<Vec<StoredChange>, Trouble> {
    let params =
        [Value::Int(monitor_id), Value::from(from), Value::from(until), Value::Int(BETWEEN_MAX)];
    all(tx.rows(sql::CHANGES_BETWEEN, &params)?)
}

fn all(rows: Vec<Row>) -> Result<Vec<StoredChange>, Trouble> {
    let stored = |mut row: Row| {
        Ok(StoredChange {
            id: row.int()?,
            change: NewChange {
                monitor_id: row.int()?,
                from_status: row.text()?,
                to_status: row.text()?,
                at: row.moment()?,
                reason: row.text()?,
            },
        })
    };
    rows.into_iter().map(stored).collect()
}
