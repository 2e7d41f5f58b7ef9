//! The audit log: who has changed what. Lines are added and, when they are old, swept away; nothing
//! changes one.

use super::Page;
use super::queries::audit as sql;
use super::tx::{Row, Trouble, Tx, Value};
use crate::domain::time::Moment;

/// Lines of one kind that are read at once: more keys than a project ever replaces.
const OF_ACTION_MAX: i64 = 10_000;

/// A line to be.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct NewLine {
    /// In which project.
    pub(crate) project_id: i64,
    /// When.
    pub(crate) at: Moment,
    /// Who.
    pub(crate) actor: String,
    /// What was done, such as `monitor.change`.
    pub(crate) action: String,
    /// To what.
    pub(crate) object: String,
    /// What is different now, as JSON.
    pub(crate) detail: Option<String>,
}

/// One line.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Line {
    /// Its number.
    pub(crate) id: i64,
    /// What it says.
    pub(crate) line: NewLine,
}

/// Adds a line.
pub(crate) fn insert(tx: &mut dyn Tx, line: &NewLine) -> Result<(), Trouble> {
    let values = [
        Value::Int(line.project_id),
        Value::from(line.at),
        Value::from(&line.actor),
        Value::from(&line.action),
        Value::from(&line.object),
        Value::from(line.detail.as_ref()),
    ];
    tx.run(sql::INSERT, &values).map(drop)
}

/// Lines of a project, the newest first, from behind `before`.
pub(crate) fn page(
    tx: &mut dyn Tx,
    project_id: i64,
    before: Option<i64>,
    limit: u32,
) -> Result<Page<Line>, Trouble> {
    let before = before.unwrap_or(i64::MAX);
    let params = [Value::Int(project_id), Value::Int(before), Value::Int(i64::from(limit) + 1)];
    let mut rows = all(tx.rows(sql::PAGE, &params)?)?;
    let next = super::cut(&mut rows, limit, |line| line.id);
    Ok(Page { rows, next })
}

/// Lines of a project that tell of one kind of change, since a moment, the newest first.
pub(crate) fn of_action(
    tx: &mut dyn Tx,
    project_id: i64,
    action: &str,
    since: Moment,
) -> Result<Vec<Line>, Trouble> {
    let params = [
        Value::Int(project_id),
        Value::from(action),
        Value::from(since),
        Value::Int(OF_ACTION_MAX),
    ];
    all(tx.rows(sql::OF_ACTION, &params)?)
}

fn all(rows: Vec<Row>) -> Result<Vec<Line>, Trouble> {
    let line = |mut row: Row| {
        Ok(Line {
            id: row.int()?,
            line: NewLine {
                project_id: row.int()?,
                at: row.moment()?,
                actor: row.text()?,
                action: row.text()?,
                object: row.text()?,
                detail: row.maybe_text()?,
            },
        })
    };
    rows.into_iter().map(line).collect()
}
