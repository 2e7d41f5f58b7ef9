//! Monitors with something to do: whom the checker looks at, and when.

use super::monitors::{self, Monitor, Named};
use super::queries::{deliveries, incidents, monitors as sql};
use super::tx::{Trouble, Tx, Value};
use crate::domain::time::Moment;

/// Those with something to do by now, the most urgent first, at most `limit`, locked until the
/// commit. What another node has locked is left to it.
pub(crate) fn due(tx: &mut dyn Tx, now: Moment, limit: u32) -> Result<Vec<Monitor>, Trouble> {
    let names: Vec<Named> = numbers(tx, now, limit)?.into_iter().map(Named::Id).collect();
    let mut found: Vec<Monitor> =
        monitors::load(tx, &names)?.into_iter().map(|one| one.monitor).collect();
    found.sort_by_key(|monitor| (monitor.live.wake_at, monitor.id));
    Ok(found)
}

/// The numbers of those, as [`due`] has them.
pub(crate) fn numbers(tx: &mut dyn Tx, now: Moment, limit: u32) -> Result<Vec<i64>, Trouble> {
    let rows = tx.rows_many(&sql::DUE, &[vec![Value::from(now), Value::from(limit)]])?;
    rows.into_iter().map(|(_, mut row)| row.int()).collect()
}

/// When the next monitor has something to do. Where only nonsense is left, which SQLite sorts behind every
/// number, there is no such moment: whoever looks at all monitors finds it.
pub(crate) fn next_wake(tx: &mut dyn Tx) -> Result<Option<Moment>, Trouble> {
    Ok(super::one(tx.rows(sql::NEXT_WAKE, &[])?)?.maybe_moment().unwrap_or(None))
}

/// Has a monitor looked at then.
pub(crate) fn wake(tx: &mut dyn Tx, id: i64, at: Moment) -> Result<(), Trouble> {
    tx.run(sql::WAKE, &[Value::Int(id), Value::from(at)]).map(drop)
}

/// Monitors of all projects from behind `after`, at most `limit`, in the order in which they were made.
pub(crate) fn after(tx: &mut dyn Tx, after: i64, limit: u32) -> Result<Vec<Monitor>, Trouble> {
    let mut names = Vec::new();
    for mut row in tx.rows(sql::AFTER, &[Value::Int(after), Value::from(limit)])? {
        names.push(Named::Id(row.int()?));
    }
    Ok(monitors::look(tx, &names)?.into_iter().map(|one| one.monitor).collect())
}

/// Wakes the monitors about whom something may have been kept back: those that are bad and those with an
/// incident. This looks at all of them, so it is for what a person does seldom.
pub(crate) fn wake_untold(tx: &mut dyn Tx, now: Moment) -> Result<u64, Trouble> {
    tx.run(sql::WAKE_UNTOLD, &[Value::from(now)])
}

/// After the clock was set back: has everything that waits past `latest` looked at now, because it was
/// reckoned from moments that have not come. Whoever looks reckons it anew. This looks at all monitors,
/// so it is for what happens seldom.
pub(crate) fn look_anew(tx: &mut dyn Tx, latest: Moment, now: Moment) -> Result<(), Trouble> {
    for query in [sql::WAKE_AHEAD, deliveries::DUE_AHEAD, incidents::REMIND_AHEAD] {
        tx.run(query, &[Value::from(latest), Value::from(now)])?;
    }
    Ok(())
}
