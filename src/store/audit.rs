//! The audit log: who has changed what. Lines are added and, when they are old, swept away; nothing
//! changes one.

use super::Page;
use super::queries::audit as sql;
use super::tx::{Row, Trouble, Tx, Value};
use crate::domain::time::Moment;

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
    let mut rows: Vec<Line> =
        tx.rows(sql::PAGE, &params)?.into_iter().map(line).collect::<Result<_, _>>()?;
    let next = super::cut(&mut rows, limit, |line| line.id);
    Ok(Page { rows, next })
}
