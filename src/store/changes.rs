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

/// A change with what a sentence about it needs of its monitor.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Followed {
    /// The change.
    pub(crate) stored: StoredChange,
    /// Its monitor's slug.
    pub(crate) slug: String,
    /// Its monitor's rules, as they are stored.
    pub(crate) rules: String,
}

/// Changes of a project's monitors behind a number, the oldest first.
pub(crate) fn after(
    tx: &mut dyn Tx,
    project_id: i64,
    after: i64,
    limit: u32,
) -> Result<Vec<Followed>, Trouble> {
    let params = [Value::Int(after), Value::Int(project_id), Value::Int(i64::from(limit))];
    let followed = |mut row: Row| {
        Ok(Followed { stored: stored(&mut row)?, slug: row.text()?, rules: row.text()? })
    };
    tx.rows(sql::CHANGES_AFTER, &params)?.into_iter().map(followed).collect()
}

/// The newest number; 0 before the first change.
pub(crate) fn newest(tx: &mut dyn Tx) -> Result<i64, Trouble> {
    super::one(tx.rows(sql::NEWEST_CHANGE, &[])?)?.int()
}

fn all(rows: Vec<Row>) -> Result<Vec<StoredChange>, Trouble> {
    rows.into_iter().map(|mut row| stored(&mut row)).collect()
}

fn stored(row: &mut Row) -> Result<StoredChange, Trouble> {
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
}
