//! Monitors that follow a host, found by that host.

use super::monitors::Monitor;
use super::queries::followers as sql;
use super::tx::{Trouble, Tx, Value};

/// Has a monitor follow a host from now on, or none.
pub(crate) fn follow(
    tx: &mut dyn Tx,
    monitor: &Monitor,
    host: Option<&str>,
) -> Result<(), Trouble> {
    let id = Value::Int(monitor.id);
    match host {
        Some(host) => tx.run(sql::FOLLOW, &[id, Value::Int(monitor.project_id), Value::from(host)]),
        None => tx.run(sql::UNFOLLOW, &[id]),
    }
    .map(drop)
}

/// Whether any monitor follows any host.
pub(crate) fn is_any(tx: &mut dyn Tx) -> Result<bool, Trouble> {
    Ok(!tx.rows(sql::ANY, &[])?.is_empty())
}

/// The monitors that follow these hosts of their projects, each with the place of its host.
pub(crate) fn of_hosts(
    tx: &mut dyn Tx,
    hosts: &[(i64, String)],
) -> Result<Vec<(usize, i64)>, Trouble> {
    let values = |(project_id, host): &(i64, String)| {
        vec![Value::Int(*project_id), Value::from(host.as_str())]
    };
    let rows = tx.rows_many(&sql::OF_HOSTS, &hosts.iter().map(values).collect::<Vec<_>>())?;
    rows.into_iter().map(|(place, mut row)| Ok((place, row.int()?))).collect()
}
