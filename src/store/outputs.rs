//! What runs wrote: packed by whoever stores it, kept until a moment of their choice.

use super::queries::events as sql;
use super::tx::{Trouble, Tx, Value};
use crate::domain::time::Moment;

/// The output that came with an event.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Output {
    /// With which event.
    pub(crate) event_id: i64,
    /// Of which monitor.
    pub(crate) monitor_id: i64,
    /// The bytes, packed.
    pub(crate) packed: Vec<u8>,
    /// How many they are unpacked.
    pub(crate) plain_bytes: u64,
    /// When retention may drop it.
    pub(crate) keep_until: Moment,
}

/// Keeps outputs; the first one of an event stays.
pub(crate) fn insert(tx: &mut dyn Tx, outputs: &[Output]) -> Result<(), Trouble> {
    let values = |output: &Output| {
        vec![
            Value::Int(output.event_id),
            Value::Int(output.monitor_id),
            Value::from(output.packed.as_slice()),
            Value::from(output.plain_bytes),
            Value::from(output.keep_until),
        ]
    };
    let rows: Vec<Vec<Value>> = outputs.iter().map(values).collect();
    tx.run_many(&sql::INSERT_OUTPUT, &rows).map(drop)
}

/// The output that came with an event.
pub(crate) fn of_event(tx: &mut dyn Tx, event_id: i64) -> Result<Option<Output>, Trouble> {
    let Some(mut row) = tx.rows(sql::OUTPUT, &[Value::Int(event_id)])?.into_iter().next() else {
        return Ok(None);
    };
    Ok(Some(Output {
        event_id: row.int()?,
        monitor_id: row.int()?,
        packed: row.bytes()?,
        plain_bytes: row.count()?,
        keep_until: row.moment()?,
    }))
}
