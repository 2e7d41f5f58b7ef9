//! What an operation sees of an engine: statements, values, rows, and the kinds of trouble.
//!
//! A statement is written once, in what SQLite and PostgreSQL share, with parameters `$1`, `$2`. The
//! few that must differ, because they lock or because they take many rows at once, are a [`Many`]
//! with a text per engine. The hard part is that both engines must fail alike: PostgreSQL takes
//! nothing more in a transaction after a statement failed, SQLite goes on. So the batch sees to it
//! that a failed statement is the end of its operation on both.

use crate::domain::time::Moment;

/// What a statement takes and gives. Booleans are 0 and 1, moments are milliseconds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    /// Nothing.
    Null,
    /// `bigint`.
    Int(i64),
    /// `text`; a NUL, which PostgreSQL cannot keep, is stored as U+FFFD.
    Text(String),
    /// `bytea`, or a blob.
    Bytes(Vec<u8>),
    /// `double precision`.
    Float(f64),
}

/// Why the store did not do what it was asked.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Trouble {
    /// Not now: full, locked, busy, or the server is away. Nothing was stored; asking later helps.
    Unavailable(String),
    /// Something with this name or number is there already.
    Conflict(String),
    /// Somebody else has changed it since it was read. Asking again helps.
    Overtaken,
    /// The data was written by a newer hb.
    Newer {
        /// The schema that was found.
        found: i64,
        /// The newest one that this hb knows.
        known: i64,
    },
    /// The disk lied or the file is damaged. Nothing may be acknowledged any more: stop.
    Fatal(String),
    /// A mistake of hb's own.
    Ours(String),
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Trouble::Unavailable(why) => write!(out, "the store is not available: {why}"),
            Trouble::Conflict(what) => write!(out, "it is there already: {what}"),
            Trouble::Overtaken => out.write_str("somebody else changed it meanwhile"),
            Trouble::Newer { found, known } => write!(
                out,
                "the store has schema {found}, and this hb knows up to {known}: it was written by a \
                 newer hb; install that one, or go back to the copy that was made before"
            ),
            Trouble::Fatal(why) => write!(out, "the store can no longer be trusted: {why}"),
            Trouble::Ours(why) => write!(out, "the store was asked wrongly, a bug in hb: {why}"),
        }
    }
}

impl std::error::Error for Trouble {}

/// One statement for many rows, with a text per engine.
///
/// SQLite runs its text once per row, prepared once, with the row's values as `$1`, `$2`. PostgreSQL
/// runs its text once, with one array per column: `unnest($1::bigint[], $2::text[])`. Where rows
/// come back, the first column of PostgreSQL's answer is the number of the row they belong to, from
/// 1, which `with ordinality` gives.
#[derive(Debug)]
pub(crate) struct Many {
    /// For one row.
    pub(crate) sqlite: &'static str,
    /// For all rows.
    pub(crate) postgres: &'static str,
}

/// An open transaction.
pub(crate) trait Tx {
    /// The rows that a statement gives.
    fn rows(&mut self, sql: &'static str, params: &[Value]) -> Result<Vec<Row>, Trouble>;

    /// How many rows a statement changed.
    fn run(&mut self, sql: &'static str, params: &[Value]) -> Result<u64, Trouble>;

    /// How many rows a statement changed for all of `rows`.
    fn run_many(&mut self, many: &'static Many, rows: &[Vec<Value>]) -> Result<u64, Trouble>;

    /// The rows that a statement gives for all of `rows`, each with the place in `rows` of the one
    /// that it belongs to, in that order.
    fn rows_many(
        &mut self,
        many: &'static Many,
        rows: &[Vec<Value>],
    ) -> Result<Vec<(usize, Row)>, Trouble>;

    /// The numbers that an insertion gives to `rows`, each with the place in `rows`; what is there
    /// already gets none. SQLite knows them without `returning`, which makes a table of its own for
    /// every row and costs more than the insertion.
    fn insert_many(
        &mut self,
        many: &'static Many,
        rows: &[Vec<Value>],
    ) -> Result<Vec<(usize, i64)>, Trouble>;
}

/// One row of an answer; its columns are taken from left to right.
#[derive(Debug)]
pub(crate) struct Row {
    columns: std::vec::IntoIter<Value>,
    taken: usize,
}

impl Row {
    /// A row of these columns.
    pub(super) fn new(columns: Vec<Value>) -> Row {
        Row { columns: columns.into_iter(), taken: 0 }
    }

    fn next(&mut self) -> Option<Value> {
        self.taken += 1;
        self.columns.next()
    }

    fn wrong<T>(&self, wanted: &str, found: Option<Value>) -> Result<T, Trouble> {
        let found = match found {
            None => "missing",
            Some(Value::Null) => "null",
            Some(Value::Int(_)) => "a number",
            Some(Value::Text(_)) => "text",
            Some(Value::Bytes(_)) => "bytes",
            Some(Value::Float(_)) => "a fraction",
        };
        Err(Trouble::Ours(format!("column {} is {found}, not {wanted}", self.taken)))
    }

    /// The next column, a number.
    pub(crate) fn int(&mut self) -> Result<i64, Trouble> {
        match self.next() {
            Some(Value::Int(number)) => Ok(number),
            other => self.wrong("a number", other),
        }
    }

    /// The next column, a number or nothing.
    pub(crate) fn maybe_int(&mut self) -> Result<Option<i64>, Trouble> {
        match self.next() {
            Some(Value::Null) => Ok(None),
            Some(Value::Int(number)) => Ok(Some(number)),
            other => self.wrong("a number", other),
        }
    }

    /// The next column, a number that cannot be negative.
    pub(crate) fn count(&mut self) -> Result<u64, Trouble> {
        self.int().map(|number| u64::try_from(number).unwrap_or(0))
    }

    /// The next column, text.
    pub(crate) fn text(&mut self) -> Result<String, Trouble> {
        match self.next() {
            Some(Value::Text(text)) => Ok(text),
            other => self.wrong("text", other),
        }
    }

    /// The next column, text or nothing.
    pub(crate) fn maybe_text(&mut self) -> Result<Option<String>, Trouble> {
        match self.next() {
            Some(Value::Null) => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text)),
            other => self.wrong("text", other),
        }
    }

    /// The next column, bytes.
    pub(crate) fn bytes(&mut self) -> Result<Vec<u8>, Trouble> {
        match self.next() {
            Some(Value::Bytes(bytes)) => Ok(bytes),
            other => self.wrong("bytes", other),
        }
    }

    /// The next column, a fraction or nothing.
    pub(crate) fn maybe_float(&mut self) -> Result<Option<f64>, Trouble> {
        match self.next() {
            Some(Value::Null) => Ok(None),
            Some(Value::Float(number)) => Ok(Some(number)),
            other => self.wrong("a fraction", other),
        }
    }

    /// The next column, a moment.
    pub(crate) fn moment(&mut self) -> Result<Moment, Trouble> {
        self.int().map(Moment::from_epoch_ms)
    }

    /// The next column, or what stands for nothing where it makes no sense: see `damaged`.
    pub(super) fn or_nothing<T: Default>(
        &mut self,
        read: impl FnOnce(&mut Row) -> Result<T, Trouble>,
    ) -> T {
        read(self).unwrap_or_default()
    }

    /// The next column, a moment or nothing.
    pub(crate) fn maybe_moment(&mut self) -> Result<Option<Moment>, Trouble> {
        Ok(self.maybe_int()?.map(Moment::from_epoch_ms))
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Value {
        Value::Int(number)
    }
}

impl From<i32> for Value {
    fn from(number: i32) -> Value {
        Value::Int(i64::from(number))
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Value {
        Value::Int(i64::from(number))
    }
}

/// What is too large for a `bigint` becomes the largest.
impl From<u64> for Value {
    fn from(number: u64) -> Value {
        Value::Int(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Value {
        Value::Float(number)
    }
}

impl From<Moment> for Value {
    fn from(moment: Moment) -> Value {
        Value::Int(moment.epoch_ms())
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Text(text.to_owned())
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Value {
        Value::Text(text.clone())
    }
}

impl From<&[u8]> for Value {
    fn from(bytes: &[u8]) -> Value {
        Value::Bytes(bytes.to_vec())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Value {
        value.map_or(Value::Null, Into::into)
    }
}

/// Text as both engines can keep it: PostgreSQL has no NUL in text, so neither has one here.
pub(super) fn storable(text: &str) -> std::borrow::Cow<'_, str> {
    if text.contains('\0') { text.replace('\0', "\u{fffd}").into() } else { text.into() }
}
