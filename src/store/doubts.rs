//! Monitors whose deadline lies in a time when nobody could see: how many, and what became of them.

use super::queries::monitors as sql;
use super::tx::{Trouble, Tx, Value};
use crate::domain::time::Moment;

/// A stretch of time: from a moment until before another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Between {
    /// The first moment.
    pub(crate) from: Moment,
    /// The first that is no longer in it.
    pub(crate) until: Moment,
}

/// How many monitors of each project have their deadline in a stretch and have something to do by
/// `wake_by`, which those do of which it is not known already that they are bad.
pub(crate) fn doubtful_counts(
    tx: &mut dyn Tx,
    between: Between,
    wake_by: Moment,
) -> Result<Vec<(i64, u64)>, Trouble> {
    let params = [Value::from(between.from), Value::from(between.until), Value::from(wake_by)];
    let rows = tx.rows(sql::DOUBTFUL_COUNTS, &params)?;
    rows.into_iter().map(|mut row| Ok((row.int()?, row.count()?))).collect()
}

/// When the last monitor of a project with its deadline in a stretch will have been judged, of those
/// that have something to do by `wake_by`; none where all have been.
pub(crate) fn last_doubt(
    tx: &mut dyn Tx,
    project_id: i64,
    between: Between,
    wake_by: Moment,
) -> Result<Option<Moment>, Trouble> {
    let params = [
        Value::Int(project_id),
        Value::from(between.from),
        Value::from(between.until),
        Value::from(wake_by),
    ];
    super::one(tx.rows(sql::LAST_DOUBT, &params)?)?.maybe_moment()
}

/// How many monitors of a project still have their deadline in a stretch, so that nothing was heard of
/// them. This looks at all of the project's, once per blind time.
pub(crate) fn unheard(tx: &mut dyn Tx, project_id: i64, between: Between) -> Result<u64, Trouble> {
    let params = [Value::Int(project_id), Value::from(between.from), Value::from(between.until)];
    super::one(tx.rows(sql::UNHEARD, &params)?)?.count()
}
