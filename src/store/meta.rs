//! Single values that the receiver keeps under a name, such as the salt of its sessions.

use super::queries::keys as sql;
use super::tx::{Trouble, Tx, Value};

/// The value of a name.
pub(crate) fn find(tx: &mut dyn Tx, name: &str) -> Result<Option<String>, Trouble> {
    let row = tx.rows(sql::FIND_META, &[Value::from(name)])?.into_iter().next();
    // A value that makes no sense is none, and made anew by whoever needs it.
    Ok(row.and_then(|mut row| row.text().ok()))
}

/// Counts the number of a name up: numbers rise in the order of the commits, whichever node counts.
pub(crate) fn count(tx: &mut dyn Tx, name: &str) -> Result<(), Trouble> {
    tx.run(sql::COUNT_META, &[Value::from(name)]).map(drop)
}

/// Gives a name its value. The name `schema` is the store's own.
pub(crate) fn save(tx: &mut dyn Tx, name: &str, value: &str) -> Result<(), Trouble> {
    if name == "schema" {
        return Err(Trouble::Ours("`schema` is the store's own".to_owned()));
    }
    tx.run(sql::SAVE_META, &[Value::from(name), Value::from(value)]).map(drop)
}
