//! Keys of other services that lead to our monitors, so that their clients arrive unchanged.

use super::queries::monitors as sql;
use super::tx::{Trouble, Tx, Value};

/// A dialect and a key of that service.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Alias {
    /// The service's name.
    pub(crate) dialect: String,
    /// The key, as the reader of pings writes it.
    pub(crate) key: String,
}

/// Lets a key lead to a monitor; one that leads somewhere already is a conflict.
pub(crate) fn insert(tx: &mut dyn Tx, monitor_id: i64, alias: &Alias) -> Result<(), Trouble> {
    let values = [Value::from(&alias.dialect), Value::from(&alias.key), Value::Int(monitor_id)];
    tx.run(sql::INSERT_ALIAS, &values).map(drop)
}

/// Puts these keys in the place of all that lead to a monitor.
pub(crate) fn replace(tx: &mut dyn Tx, monitor_id: i64, to: &[Alias]) -> Result<(), Trouble> {
    tx.run(sql::DELETE_ALIASES, &[Value::Int(monitor_id)])?;
    to.iter().try_for_each(|alias| insert(tx, monitor_id, alias))
}

/// The keys that lead to a monitor.
pub(crate) fn of_monitor(tx: &mut dyn Tx, monitor_id: i64) -> Result<Vec<Alias>, Trouble> {
    let rows = tx.rows(sql::ALIASES, &[Value::Int(monitor_id)])?;
    rows.into_iter().map(|mut row| Ok(Alias { dialect: row.text()?, key: row.text()? })).collect()
}
