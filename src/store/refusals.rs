//! Pings that nobody wanted: whose key is wrong learns so from a page, not from silence.

use super::queries::nodes as sql;
use super::tx::{Row, Trouble, Tx, Value};
use crate::domain::time::Moment;

/// Refusals that are kept: whoever guesses keys must not fill the disk. The oldest make room.
pub(crate) const REFUSALS_MAX: u32 = 1000;

/// Pings of one kind that were refused.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Refusal {
    /// The key, masked.
    pub(crate) key_mark: String,
    /// Where they came from.
    pub(crate) remote: String,
    /// How they were told.
    pub(crate) dialect: String,
    /// How many they are.
    pub(crate) count: u64,
    /// When the first came.
    pub(crate) first_at: Moment,
    /// When the last came.
    pub(crate) last_at: Moment,
}

/// Counts refused pings, each at its `last_at`, and drops the oldest of too many.
pub(crate) fn add(tx: &mut dyn Tx, refusals: &[Refusal]) -> Result<(), Trouble> {
    let values = |refusal: &Refusal| {
        vec![
            Value::from(&refusal.key_mark),
            Value::from(&refusal.remote),
            Value::from(&refusal.dialect),
            Value::from(refusal.count),
            Value::from(refusal.last_at),
        ]
    };
    let rows: Vec<Vec<Value>> = refusals.iter().map(values).collect();
    tx.run_many(&sql::REFUSED, &rows)?;
    if let Some(mut row) =
        tx.rows(sql::REFUSALS_END, &[Value::from(REFUSALS_MAX)])?.into_iter().next()
    {
        tx.run(sql::DELETE_REFUSALS, &[Value::from(row.moment()?)])?;
    }
    Ok(())
}

/// The newest refusals.
pub(crate) fn newest(tx: &mut dyn Tx, limit: u32) -> Result<Vec<Refusal>, Trouble> {
    let refusal = |mut row: Row| {
        Ok(Refusal {
            key_mark: row.text()?,
            remote: row.text()?,
            dialect: row.text()?,
            count: row.count()?,
            first_at: row.moment()?,
            last_at: row.moment()?,
        })
    };
    tx.rows(sql::REFUSALS, &[Value::from(limit)])?.into_iter().map(refusal).collect()
}
