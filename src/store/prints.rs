//! Prints: what tells whether a monitor is as it was, so that what was made of it can be used again.

use super::monitors::Monitor;
use super::queries::monitors as sql;
use super::tx::{Row, Trouble, Tx, Value};
use crate::domain::time::Moment;

/// What tells whether a monitor is as it was: two of the same monitor that are equal show the same one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Print {
    /// Which monitor.
    pub(crate) id: i64,
    version: i64,
    last_event_at: Option<Moment>,
}

impl Monitor {
    /// What tells whether it is as it was.
    pub(crate) fn print(&self) -> Print {
        Print { id: self.id, version: self.version, last_event_at: self.live.last_event_at }
    }
}

/// The prints of a project's monitors, of all or of those with a slug, in the order in which they were made.
pub(crate) fn of_project(
    tx: &mut dyn Tx,
    project_id: i64,
    slug: Option<&str>,
) -> Result<Vec<Print>, Trouble> {
    let params = [Value::Int(project_id), Value::from(slug.unwrap_or_default())];
    let print = |mut row: Row| {
        let (id, version) = (row.int()?, row.int()?);
        // What makes no sense there is nothing in the monitor, too.
        Ok(Print { id, version, last_event_at: row.maybe_moment().unwrap_or(None) })
    };
    tx.rows(sql::PRINTS, &params)?.into_iter().map(print).collect()
}
