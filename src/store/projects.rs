//! Projects, and the keys that open them. A key itself is never stored, only its hash.

use super::queries::{keys as keys_sql, monitors as sql};
use super::tx::{Row, Trouble, Tx, Value};
use crate::domain::time::Moment;

/// One project.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Project {
    /// Its number.
    pub(crate) id: i64,
    /// Its name towards others.
    pub(crate) uuid: String,
    /// Its name in URLs.
    pub(crate) slug: String,
    /// Its name for people.
    pub(crate) name: String,
    /// When it was made.
    pub(crate) created_at: Moment,
}

/// A key to be.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct NewKey {
    /// What it opens.
    pub(crate) project_id: i64,
    /// `ping`, `write`, `read` or `admin`.
    pub(crate) kind: String,
    /// What people call it.
    pub(crate) name: String,
    /// Its first characters, by which people know it.
    pub(crate) prefix: String,
    /// Its hash.
    pub(crate) hash: String,
    /// When it ends.
    pub(crate) expires_at: Option<Moment>,
    /// What it may do besides, as JSON.
    pub(crate) scope: Option<String>,
}

/// One key.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Key {
    /// Its number.
    pub(crate) id: i64,
    /// What it is.
    pub(crate) about: NewKey,
    /// When it was made.
    pub(crate) created_at: Moment,
    /// When it was last used, roughly.
    pub(crate) last_used_at: Option<Moment>,
}

/// Makes a project; gives its number. A slug or uuid that is taken is a conflict.
pub(crate) fn insert(
    tx: &mut dyn Tx,
    uuid: &str,
    slug: &str,
    name: &str,
    now: Moment,
) -> Result<i64, Trouble> {
    let values = [Value::from(uuid), Value::from(slug), Value::from(name), Value::from(now)];
    super::one(tx.rows(sql::INSERT_PROJECT, &values)?)?.int()
}

/// All projects, the oldest first.
pub(crate) fn all(tx: &mut dyn Tx) -> Result<Vec<Project>, Trouble> {
    let project = |mut row: Row| {
        Ok(Project {
            id: row.int()?,
            uuid: row.text()?,
            slug: row.text()?,
            name: row.text()?,
            created_at: row.moment()?,
        })
    };
    tx.rows(sql::PROJECTS, &[])?.into_iter().map(project).collect()
}

/// Locks a project until the commit. Whoever makes a monitor of a name looks whether there is one under
/// this lock: a row that is not there yet can be locked by nobody, and two nodes would make two.
pub(crate) fn lock(tx: &mut dyn Tx, id: i64) -> Result<(), Trouble> {
    tx.run(sql::LOCK_PROJECT, &[Value::Int(id)]).map(drop)
}

/// Gives a project another name and slug. A slug that is taken is a conflict.
pub(crate) fn rename(tx: &mut dyn Tx, id: i64, slug: &str, name: &str) -> Result<(), Trouble> {
    let values = [Value::Int(id), Value::from(slug), Value::from(name)];
    tx.run(sql::RENAME_PROJECT, &values).map(drop)
}

/// Removes a project that has no monitor any more, with its keys and channels; says whether it had
/// none.
pub(crate) fn delete(tx: &mut dyn Tx, id: i64) -> Result<bool, Trouble> {
    let id = [Value::Int(id)];
    if tx.run(sql::DELETE_PROJECT, &id)? == 0 {
        return Ok(false);
    }
    for left in [sql::DELETE_PROJECT_KEYS, sql::DELETE_PROJECT_CHANNELS] {
        tx.run(left, &id)?;
    }
    Ok(true)
}

/// Makes a key; gives its number. A hash that is there already is a conflict.
pub(crate) fn insert_key(tx: &mut dyn Tx, key: &NewKey, now: Moment) -> Result<i64, Trouble> {
    let values = [
        Value::Int(key.project_id),
        Value::from(&key.kind),
        Value::from(&key.name),
        Value::from(&key.prefix),
        Value::from(&key.hash),
        Value::from(now),
        Value::from(key.expires_at),
        Value::from(key.scope.as_ref()),
    ];
    super::one(tx.rows(keys_sql::INSERT, &values)?)?.int()
}

/// The key with this hash, expired or not.
pub(crate) fn key_by_hash(tx: &mut dyn Tx, hash: &str) -> Result<Option<Key>, Trouble> {
    tx.rows(keys_sql::BY_HASH, &[Value::from(hash)])?.into_iter().next().map(key_of).transpose()
}

/// The key of this number.
pub(crate) fn key(tx: &mut dyn Tx, id: i64) -> Result<Option<Key>, Trouble> {
    tx.rows(keys_sql::BY_ID, &[Value::Int(id)])?.into_iter().next().map(key_of).transpose()
}

/// The keys of a project, the oldest first.
pub(crate) fn keys(tx: &mut dyn Tx, project_id: i64) -> Result<Vec<Key>, Trouble> {
    tx.rows(keys_sql::OF_PROJECT, &[Value::Int(project_id)])?.into_iter().map(key_of).collect()
}

/// Notes when keys were last used.
pub(crate) fn keys_used(tx: &mut dyn Tx, used: &[(i64, Moment)]) -> Result<(), Trouble> {
    let rows: Vec<Vec<Value>> =
        used.iter().map(|(id, at)| vec![Value::Int(*id), Value::from(*at)]).collect();
    tx.run_many(&keys_sql::USED, &rows).map(drop)
}

/// Lets a key of a project end at a moment; says whether it was there.
pub(crate) fn end_key(
    tx: &mut dyn Tx,
    project_id: i64,
    id: i64,
    at: Moment,
) -> Result<bool, Trouble> {
    let values = [Value::Int(id), Value::Int(project_id), Value::from(at)];
    Ok(tx.run(keys_sql::END, &values)? > 0)
}

/// Removes a key of a project; says whether it was there.
pub(crate) fn delete_key(tx: &mut dyn Tx, project_id: i64, id: i64) -> Result<bool, Trouble> {
    Ok(tx.run(keys_sql::DELETE, &[Value::Int(id), Value::Int(project_id)])? > 0)
}

fn key_of(mut row: Row) -> Result<Key, Trouble> {
    let id = row.int()?;
    let mut about = NewKey {
        project_id: row.int()?,
        kind: row.text()?,
        name: row.text()?,
        prefix: row.text()?,
        hash: row.text()?,
        expires_at: None,
        scope: None,
    };
    let created_at = row.moment()?;
    about.expires_at = row.maybe_moment()?;
    about.scope = row.maybe_text()?;
    Ok(Key { id, about, created_at, last_used_at: row.maybe_moment()? })
}
