//! Maintenance: times in which nobody wants to be told.

use super::queries::nodes as sql;
use super::tx::{Row, Trouble, Tx, Value};
use crate::domain::time::Moment;

/// Plans that are read at most, of all projects.
const PLANS_MAX: i64 = 10_000;

/// A plan: once from a moment until another, or by a schedule for a while.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Maintenance {
    /// In which project.
    pub(crate) project_id: i64,
    /// For which monitors, and in which zone, as JSON.
    pub(crate) scope: String,
    /// When it begins.
    pub(crate) from_at: Option<Moment>,
    /// When it ends.
    pub(crate) until_at: Option<Moment>,
    /// When it begins again and again.
    pub(crate) schedule: Option<String>,
    /// How long each takes.
    pub(crate) duration_ms: Option<u64>,
    /// Why, for people.
    pub(crate) reason: String,
}

/// Plans maintenance; gives its number.
pub(crate) fn insert(tx: &mut dyn Tx, plan: &Maintenance) -> Result<i64, Trouble> {
    let values = [
        Value::Int(plan.project_id),
        Value::from(&plan.scope),
        Value::from(plan.from_at),
        Value::from(plan.until_at),
        Value::from(plan.schedule.as_ref()),
        Value::from(plan.duration_ms),
        Value::from(&plan.reason),
    ];
    super::one(tx.rows(sql::INSERT_MAINTENANCE, &values)?)?.int()
}

/// All plans with their numbers, of all projects.
pub(crate) fn all(tx: &mut dyn Tx) -> Result<Vec<(i64, Maintenance)>, Trouble> {
    let plan = |mut row: Row| -> Result<(i64, Maintenance), Trouble> {
        let id = row.int()?;
        let plan = Maintenance {
            project_id: row.int()?,
            scope: row.text()?,
            from_at: row.maybe_moment()?,
            until_at: row.maybe_moment()?,
            schedule: row.maybe_text()?,
            duration_ms: row.maybe_int()?.and_then(|span| u64::try_from(span).ok()),
            reason: row.text()?,
        };
        Ok((id, plan))
    };
    let rows = tx.rows(sql::MAINTENANCE, &[Value::Int(PLANS_MAX)])?;
    // One that makes no sense keeps nobody undisturbed.
    Ok(rows.into_iter().filter_map(|row| plan(row).ok()).collect())
}

/// Removes a plan of a project; says whether it was there.
pub(crate) fn delete(tx: &mut dyn Tx, project_id: i64, id: i64) -> Result<bool, Trouble> {
    Ok(tx.run(sql::DELETE_MAINTENANCE, &[Value::Int(id), Value::Int(project_id)])? > 0)
}
