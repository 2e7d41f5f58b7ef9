//! Channels: ways to tell people, and how that went lately.

use super::queries::channels as sql;
use super::tx::{Row, Trouble, Tx, Value};
use crate::domain::time::Moment;

/// What people say about a channel.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct NewChannel {
    /// Its name towards others.
    pub(crate) uuid: String,
    /// In which project.
    pub(crate) project_id: i64,
    /// Its name, unique in the project.
    pub(crate) name: String,
    /// What kind it is.
    pub(crate) kind: String,
    /// How it is used, as JSON; it holds secrets.
    pub(crate) settings: String,
    /// Why it is not used at present.
    pub(crate) disabled: Option<String>,
}

/// One channel.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Channel {
    /// Its number.
    pub(crate) id: i64,
    /// What people say about it.
    pub(crate) about: NewChannel,
    /// When it was made.
    pub(crate) created_at: Moment,
    /// When it last worked.
    pub(crate) last_ok_at: Option<Moment>,
    /// What last went wrong.
    pub(crate) last_error: Option<String>,
    /// When that was.
    pub(crate) last_error_at: Option<Moment>,
    /// What was not quite right when it last worked.
    pub(crate) last_note: Option<String>,
}

/// Makes a channel; gives its number. A name that is taken in the project is a conflict.
pub(crate) fn insert(tx: &mut dyn Tx, channel: &NewChannel, now: Moment) -> Result<i64, Trouble> {
    let values = [
        Value::from(&channel.uuid),
        Value::Int(channel.project_id),
        Value::from(&channel.name),
        Value::from(&channel.kind),
        Value::from(&channel.settings),
        Value::from(now),
        Value::from(channel.disabled.as_ref()),
    ];
    super::one(tx.rows(sql::INSERT, &values)?)?.int()
}

/// Changes what people say about a channel of their project; says whether it is there.
pub(crate) fn update(tx: &mut dyn Tx, id: i64, channel: &NewChannel) -> Result<bool, Trouble> {
    let values = [
        Value::Int(id),
        Value::Int(channel.project_id),
        Value::from(&channel.name),
        Value::from(&channel.kind),
        Value::from(&channel.settings),
        Value::from(channel.disabled.as_ref()),
    ];
    Ok(tx.run(sql::UPDATE, &values)? > 0)
}

/// The channels of a project, by name.
pub(crate) fn of_project(tx: &mut dyn Tx, project_id: i64) -> Result<Vec<Channel>, Trouble> {
    tx.rows(sql::OF_PROJECT, &[Value::Int(project_id)])?.into_iter().map(channel).collect()
}

/// One channel.
pub(crate) fn by_id(tx: &mut dyn Tx, id: i64) -> Result<Option<Channel>, Trouble> {
    tx.rows(sql::BY_ID, &[Value::Int(id)])?.into_iter().next().map(channel).transpose()
}

/// Notes that a channel works, and what was not quite right.
pub(crate) fn worked(
    tx: &mut dyn Tx,
    id: i64,
    note: Option<&str>,
    now: Moment,
) -> Result<(), Trouble> {
    let values = [Value::Int(id), Value::from(now), Value::from(note)];
    tx.run(sql::WORKED, &values).map(drop)
}

/// Notes that a channel does not work, and why.
pub(crate) fn failed(tx: &mut dyn Tx, id: i64, error: &str, now: Moment) -> Result<(), Trouble> {
    tx.run(sql::FAILED, &[Value::Int(id), Value::from(error), Value::from(now)]).map(drop)
}

/// A monitor, and the channels that it has chosen.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Choosing {
    /// Its id towards others.
    pub(crate) uuid: String,
    /// Its name in its project, which may be empty.
    pub(crate) slug: String,
    /// What it has chosen, as its row has it.
    pub(crate) channels: String,
}

/// The monitors that have chosen a channel, perhaps among others; in the order in which they were made.
pub(crate) fn choosing(tx: &mut dyn Tx, channel: &Channel) -> Result<Vec<Choosing>, Trouble> {
    // A UUID has no letter that means something in a pattern.
    let pattern = format!("%{}%", channel.about.uuid);
    let rows =
        tx.rows(sql::CHOOSING, &[Value::Int(channel.about.project_id), Value::from(&pattern)])?;
    let choosing =
        |mut row: Row| Ok(Choosing { uuid: row.text()?, slug: row.text()?, channels: row.text()? });
    rows.into_iter().map(choosing).collect()
}

/// Removes a channel of a project; says whether it was there. Its deliveries stay as history.
pub(crate) fn delete(tx: &mut dyn Tx, project_id: i64, id: i64) -> Result<bool, Trouble> {
    Ok(tx.run(sql::DELETE, &[Value::Int(id), Value::Int(project_id)])? > 0)
}

/// The channel of this row, whatever stands in it: one whose settings make no sense cannot be sent through,
/// and must not keep the others from being so.
fn channel(mut row: Row) -> Result<Channel, Trouble> {
    let row = &mut row;
    let id = row.int()?;
    let mut about = NewChannel {
        uuid: row.or_nothing(Row::text),
        project_id: row.or_nothing(Row::int),
        name: row.or_nothing(Row::text),
        kind: row.or_nothing(Row::text),
        settings: row.or_nothing(Row::text),
        disabled: None,
    };
    let created_at = row.or_nothing(Row::maybe_moment).unwrap_or(Moment::from_epoch_ms(0));
    about.disabled = row.or_nothing(Row::maybe_text);
    Ok(Channel {
        id,
        about,
        created_at,
        last_ok_at: row.or_nothing(Row::maybe_moment),
        last_error: row.or_nothing(Row::maybe_text),
        last_error_at: row.or_nothing(Row::maybe_moment),
        last_note: row.or_nothing(Row::maybe_text),
    })
}
