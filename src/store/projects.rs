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
    ];
    super::one(tx.rows(keys_sql::INSERT, &values)?)?.int()
}

/// The key with this hash, expired or not.
pub(crate) fn key_by_hash(tx: &mut dyn Tx, hash: &str) -> Result<Option<Key>, Trouble> {
    tx.rows(keys_sql::BY_HASH, &[Value::from(hash)])?.into_iter().next().map(key).transpose()
}

/// The keys of a project, the oldest first.
pub(crate) fn keys(tx: &mut dyn Tx, project_id: i64) -> Result<Vec<Key>, Trouble> {
    tx.rows(keys_sql::OF_PROJECT, &[Value::Int(project_id)])?.into_iter().map(key).collect()
}

/// Notes that a key was used.
pub(crate) fn key_used(tx: &mut dyn Tx, id: i64, now: Moment) -> Result<(), Trouble> {
    tx.run(keys_sql::USED, &[Value::Int(id), Value::from(now)]).map(drop)
}

/// Removes a key of a project; says whether it was there.
pub(crate) fn delete_key(tx: &mut dyn Tx, project_id: i64, id: i64) -> Result<bool, Trouble> {
    Ok(tx.run(keys_sql::DELETE, &[Value::Int(id), Value::Int(project_id)])? > 0)
}

fn key(mut row: Row) -> Result<Key, Trouble> {
    let id = row.int()?;
    let mut about = NewKey {
        project_id: row.int()?,
        kind: row.text()?,
        name: row.text()?,
        prefix: row.text()?,
        hash: row.text()?,
        expires_at: None,
    };
    let created_at = row.moment()?;
    about.expires_at = row.maybe_moment()?;
    Ok(Key { id, about, created_at, last_used_at: row.maybe_moment()? })
}
