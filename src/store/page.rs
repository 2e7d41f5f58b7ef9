//! Pieces of a long list, and the small turns that operations share.

use super::tx::{Row, Trouble};

/// A piece of a list, and where the next one begins.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Page<T> {
    /// What is on it.
    pub(crate) rows: Vec<T>,
    /// What to ask for the next one; nothing on the last.
    pub(crate) next: Option<i64>,
}

/// Cuts a list, of which one more than `limit` was asked for, down to the limit; gives the place
/// where the next piece begins, which is that of the last one that stays.
pub(super) fn cut<T, C>(rows: &mut Vec<T>, limit: u32, place: impl Fn(&T) -> C) -> Option<C> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    if rows.len() <= limit {
        return None;
    }
    rows.truncate(limit);
    rows.last().map(place)
}

/// The one row that a statement must give.
pub(super) fn one(rows: Vec<Row>) -> Result<Row, Trouble> {
    rows.into_iter().next().ok_or_else(|| Trouble::Ours("a statement gave no row".to_owned()))
}

/// Texts as a JSON list.
pub(super) fn texts_json(texts: &[impl AsRef<str>]) -> String {
    let texts: Vec<&str> = texts.iter().map(AsRef::as_ref).collect();
    serde_json::Value::from(texts).to_string()
}

/// The texts of a JSON list; what is none gives none.
pub(super) fn json_texts(json: &str) -> Vec<String> {
    serde_json::from_str(json).unwrap_or_default()
}
