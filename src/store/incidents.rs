//! Incidents: from going bad to being good again.

use super::queries::incidents as sql;
use super::tx::{Row, Trouble, Tx, Value};
use crate::domain::time::Moment;

/// One incident.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Incident {
    /// A uuid.
    pub(crate) id: String,
    /// In which project.
    pub(crate) project_id: i64,
    /// Of which monitor.
    pub(crate) monitor_id: i64,
    /// `info`, `warning`, `critical` or `emergency`.
    pub(crate) severity: String,
    /// Why, in words or as JSON.
    pub(crate) reason: String,
    /// When it began.
    pub(crate) opened_at: Moment,
    /// When it ended.
    pub(crate) closed_at: Option<Moment>,
    /// When somebody said that they know.
    pub(crate) acknowledged_at: Option<Moment>,
    /// Who that was.
    pub(crate) acknowledged_by: Option<String>,
    /// Until when nobody wants to hear of it.
    pub(crate) snoozed_until: Option<Moment>,
    /// When people were last told.
    pub(crate) told_at: Option<Moment>,
    /// When they are to be told again.
    pub(crate) remind_at: Option<Moment>,
    /// What else belongs to it, as JSON.
    pub(crate) data: String,
}

/// The place behind which a page of incidents goes on.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct IncidentCursor {
    /// When the last one shown was opened.
    pub(crate) opened_at: Moment,
    /// Its id.
    pub(crate) id: String,
}

/// Opens an incident; an id that is taken is a conflict.
pub(crate) fn insert(tx: &mut dyn Tx, incident: &Incident) -> Result<(), Trouble> {
    tx.run(sql::INSERT, &values(incident)).map(drop)
}

/// Saves all of an incident; says whether it is there.
pub(crate) fn update(tx: &mut dyn Tx, incident: &Incident) -> Result<bool, Trouble> {
    Ok(tx.run(sql::UPDATE, &values(incident))? > 0)
}

/// Those of these ids that are there, in the order of the ids. Whoever changes one has the lock of
/// its monitor.
pub(crate) fn by_id(tx: &mut dyn Tx, ids: &[String]) -> Result<Vec<Incident>, Trouble> {
    let rows: Vec<Vec<Value>> = ids.iter().map(|id| vec![Value::from(id)]).collect();
    tx.rows_many(&sql::BY_ID, &rows)?.into_iter().map(|(_, row)| incident(row)).collect()
}

/// Incidents of a project, the newest first, from behind `before`; only open ones where asked.
pub(crate) fn page(
    tx: &mut dyn Tx,
    project_id: i64,
    is_open_only: bool,
    before: Option<&IncidentCursor>,
    limit: u32,
) -> Result<(Vec<Incident>, Option<IncidentCursor>), Trouble> {
    let (opened_at, id) = match before {
        Some(cursor) => (cursor.opened_at, cursor.id.as_str()),
        None => (Moment::from_epoch_ms(i64::MAX), ""),
    };
    let params = [
        Value::Int(project_id),
        Value::Int(i64::from(is_open_only)),
        Value::from(opened_at),
        Value::from(id),
        Value::Int(i64::from(limit) + 1),
    ];
    let mut rows = all(tx.rows(sql::PAGE, &params)?)?;
    let next = super::cut(&mut rows, limit, |last| IncidentCursor {
        opened_at: last.opened_at,
        id: last.id.clone(),
    });
    Ok((rows, next))
}

/// Incidents of a monitor, the newest first.
pub(crate) fn of_monitor(
    tx: &mut dyn Tx,
    monitor_id: i64,
    limit: u32,
) -> Result<Vec<Incident>, Trouble> {
    all(tx.rows(sql::OF_MONITOR, &[Value::Int(monitor_id), Value::from(limit)])?)
}

/// Incidents of which people are to be reminded by now, the most urgent first. Nothing is locked:
/// load the monitor, then look again.
pub(crate) fn to_remind(
    tx: &mut dyn Tx,
    now: Moment,
    limit: u32,
) -> Result<Vec<Incident>, Trouble> {
    all(tx.rows(sql::TO_REMIND, &[Value::from(now), Value::from(limit)])?)
}

/// When the next reminder is. Where only nonsense is left, which SQLite keeps, there is none.
pub(crate) fn next_reminder(tx: &mut dyn Tx) -> Result<Option<Moment>, Trouble> {
    Ok(super::one(tx.rows(sql::NEXT_REMINDER, &[])?)?.maybe_moment().unwrap_or(None))
}

/// How many incidents are open in each project with each severity.
pub(crate) fn open_counts(tx: &mut dyn Tx) -> Result<Vec<(i64, String, u64)>, Trouble> {
    let rows = tx.rows(sql::OPEN_COUNTS, &[])?;
    rows.into_iter().map(|mut row| Ok((row.int()?, row.text()?, row.count()?))).collect()
}

fn values(incident: &Incident) -> [Value; 13] {
    [
        Value::from(&incident.id),
        Value::Int(incident.project_id),
        Value::Int(incident.monitor_id),
        Value::from(&incident.severity),
        Value::from(&incident.reason),
        Value::from(incident.opened_at),
        Value::from(incident.closed_at),
        Value::from(incident.acknowledged_at),
        Value::from(incident.acknowledged_by.as_ref()),
        Value::from(incident.snoozed_until),
        Value::from(incident.told_at),
        Value::from(incident.remind_at),
        Value::from(&incident.data),
    ]
}

fn all(rows: Vec<Row>) -> Result<Vec<Incident>, Trouble> {
    rows.into_iter().map(incident).collect()
}

fn incident(mut row: Row) -> Result<Incident, Trouble> {
    let row = &mut row;
    Ok(Incident {
        id: row.text()?,
        project_id: row.int()?,
        monitor_id: row.int()?,
        severity: row.text()?,
        reason: row.text()?,
        opened_at: row.moment()?,
        closed_at: row.maybe_moment()?,
        acknowledged_at: row.maybe_moment()?,
        acknowledged_by: row.maybe_text()?,
        snoozed_until: row.maybe_moment()?,
        told_at: row.maybe_moment()?,
        remind_at: row.maybe_moment()?,
        data: row.text()?,
    })
}
