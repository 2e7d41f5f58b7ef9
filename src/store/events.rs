//! Events: what was heard, every ping as it came. Inserted many at a time; a repeat is harmless.

use super::Page;
use super::queries::events as sql;
use super::tx::{Row, Trouble, Tx, Value};
use crate::domain::time::Moment;

/// Events of one run that are read at most; a run that tells more is shown by its first ones.
const RUN_MAX: i64 = 10_000;

/// An event to be.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct NewEvent {
    /// Of which monitor.
    pub(crate) monitor_id: i64,
    /// Its place among the monitor's, from 1.
    pub(crate) n: u64,
    /// What happened.
    pub(crate) kind: String,
    /// How it was told.
    pub(crate) dialect: String,
    /// When it happened.
    pub(crate) at: Moment,
    /// When it was heard.
    pub(crate) received_at: Moment,
    /// In which run, as the client calls it.
    pub(crate) run_id: Option<String>,
    /// Its place in the run: with the run it makes repeats harmless.
    pub(crate) seq: Option<u32>,
    /// The exit code of the job.
    pub(crate) exit_code: Option<i32>,
    /// How long the run took.
    pub(crate) duration_ms: Option<u64>,
    /// One line for people.
    pub(crate) message: Option<String>,
    /// What it measured, as JSON.
    pub(crate) metrics: Option<String>,
    /// What else was told, as JSON.
    pub(crate) fields: Option<String>,
    /// The verb of the request.
    pub(crate) method: Option<String>,
    /// The scheme of the request.
    pub(crate) scheme: Option<String>,
    /// Where it came from.
    pub(crate) remote: Option<String>,
    /// What sent it.
    pub(crate) agent: Option<String>,
    /// How many bytes of output came with it.
    pub(crate) output_bytes: u64,
    /// Late, early, ambiguous and so on, as bits.
    pub(crate) flags: i64,
}

/// One event.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct StoredEvent {
    /// Its number, larger than that of everything heard before.
    pub(crate) id: i64,
    /// What it is.
    pub(crate) event: NewEvent,
}

/// Adds events; gives the number of each, or nothing for one whose run, seq and kind are there
/// already.
pub(crate) fn insert(tx: &mut dyn Tx, events: &[NewEvent]) -> Result<Vec<Option<i64>>, Trouble> {
    let rows: Vec<Vec<Value>> = events.iter().map(values).collect();
    let mut ids = vec![None; events.len()];
    for (place, id) in tx.insert_many(&sql::INSERT, &rows)? {
        ids[place] = Some(id);
    }
    Ok(ids)
}

/// Gives events another place among their monitor's.
pub(crate) fn number(tx: &mut dyn Tx, places: &[(i64, u64)]) -> Result<(), Trouble> {
    for (id, n) in places {
        tx.run(sql::NUMBER, &[Value::Int(*id), Value::from(*n)])?;
    }
    Ok(())
}

/// Events of a monitor, the newest first, from behind `before`.
pub(crate) fn page(
    tx: &mut dyn Tx,
    monitor_id: i64,
    before: Option<i64>,
    limit: u32,
) -> Result<Page<StoredEvent>, Trouble> {
    let before = before.unwrap_or(i64::MAX);
    let params = [Value::Int(monitor_id), Value::Int(before), Value::Int(i64::from(limit) + 1)];
    let mut rows = all(tx.rows(sql::PAGE, &params)?)?;
    let next = super::cut(&mut rows, limit, |event| event.id);
    Ok(Page { rows, next })
}

/// The events of a run, of whichever monitors, the oldest first.
pub(crate) fn of_run(tx: &mut dyn Tx, run_id: &str) -> Result<Vec<StoredEvent>, Trouble> {
    all(tx.rows(sql::OF_RUN, &[Value::from(run_id), Value::Int(RUN_MAX)])?)
}

/// The event that is the `n`th of a monitor.
pub(crate) fn by_n(
    tx: &mut dyn Tx,
    monitor_id: i64,
    n: u64,
) -> Result<Option<StoredEvent>, Trouble> {
    let rows = tx.rows(sql::BY_N, &[Value::Int(monitor_id), Value::from(n)])?;
    Ok(all(rows)?.into_iter().next())
}

/// Events of everybody from behind the number `after`, the oldest first: for whoever follows.
pub(crate) fn after(tx: &mut dyn Tx, after: i64, limit: u32) -> Result<Vec<StoredEvent>, Trouble> {
    all(tx.rows(sql::AFTER, &[Value::Int(after), Value::from(limit)])?)
}

/// The newest number, 0 without any.
pub(crate) fn newest(tx: &mut dyn Tx) -> Result<i64, Trouble> {
    super::one(tx.rows(sql::NEWEST, &[])?)?.int()
}

fn values(event: &NewEvent) -> Vec<Value> {
    vec![
        Value::Int(event.monitor_id),
        Value::from(event.n),
        Value::from(&event.kind),
        Value::from(&event.dialect),
        Value::from(event.at),
        Value::from(event.received_at),
        Value::from(event.run_id.as_ref()),
        Value::from(event.seq),
        Value::from(event.exit_code),
        Value::from(event.duration_ms),
        Value::from(event.message.as_ref()),
        Value::from(event.metrics.as_ref()),
        Value::from(event.fields.as_ref()),
        Value::from(event.method.as_ref()),
        Value::from(event.scheme.as_ref()),
        Value::from(event.remote.as_ref()),
        Value::from(event.agent.as_ref()),
        Value::from(event.output_bytes),
        Value::Int(event.flags),
    ]
}

fn all(rows: Vec<Row>) -> Result<Vec<StoredEvent>, Trouble> {
    rows.into_iter().map(stored).collect()
}

fn stored(mut row: Row) -> Result<StoredEvent, Trouble> {
    let row = &mut row;
    Ok(StoredEvent {
        id: row.int()?,
        event: NewEvent {
            monitor_id: row.int()?,
            n: row.count()?,
            kind: row.text()?,
            dialect: row.text()?,
            at: row.moment()?,
            received_at: row.moment()?,
            run_id: row.maybe_text()?,
            seq: row.maybe_int()?.and_then(|seq| u32::try_from(seq).ok()),
            exit_code: row.maybe_int()?.and_then(|code| i32::try_from(code).ok()),
            duration_ms: row.maybe_int()?.and_then(|span| u64::try_from(span).ok()),
            message: row.maybe_text()?,
            metrics: row.maybe_text()?,
            fields: row.maybe_text()?,
            method: row.maybe_text()?,
            scheme: row.maybe_text()?,
            remote: row.maybe_text()?,
            agent: row.maybe_text()?,
            output_bytes: row.count()?,
            flags: row.int()?,
        },
    })
}
