//! SQLite: one file in a private directory, written by one thread and read by a few others.
//!
//! WAL with `synchronous = full`: a commit is on the disk when it returns.
//!
//! Which errors are final is decided here: a failed fsync and a damaged file are, a full disk is not.

mod copies;
mod log;

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, ErrorCode, OpenFlags, ffi};

use super::engine::{Engine, Make, Way};
use super::tx::{self, Many, Row, Trouble, Tx, Value};
use crate::sys::files::PrivateDir;

/// The file's name; its log and its index stand beside it.
const FILE: &str = "hb.sqlite";

/// How long a writer, and everybody with it, waits for another process that holds the file for a backup.
const BUSY_MAX: Duration = Duration::from_secs(2);

/// Statements kept prepared on one connection; there are fewer in all of hb.
const PREPARED_MAX: usize = 256;

/// One connection.
pub(in crate::store) struct Sqlite {
    connection: Connection,
    /// SQLite numbers parameters as `?1`; `$1` would be a name, numbered as it is met. They are found by
    /// where the statement stands and how long it is, for hashing all of it costs more.
    texts: HashMap<(usize, usize), String>,
    /// What writes the log back, of a writer.
    log: Option<log::Thread>,
}

impl Sqlite {
    /// Opens the file in `directory`, which is made where it is missing.
    pub(in crate::store) fn open(directory: &Path, way: Way) -> Result<Sqlite, Trouble> {
        if way == Way::Write {
            let place = PrivateDir::open(directory).map_err(|error| {
                let shown = directory.display();
                Trouble::Unavailable(format!("cannot use the directory `{shown}`: {error}"))
            })?;
            // Made here, so that it is ours and 0600; the files beside it take its rights over.
            place.open_or_create(FILE).map_err(|error| Trouble::Unavailable(error.to_string()))?;
        }
        let access = match way {
            Way::Write => OpenFlags::SQLITE_OPEN_READ_WRITE,
            Way::Read => OpenFlags::SQLITE_OPEN_READ_ONLY,
        };
        let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection =
            Connection::open_with_flags(directory.join(FILE), flags).map_err(|e| trouble(&e))?;
        let mut sqlite = Sqlite { connection, texts: HashMap::new(), log: None };
        sqlite.settle(way).map_err(|error| trouble(&error))??;
        if way == Way::Write {
            sqlite.log = log::keep(&mut sqlite.connection, &directory.join(FILE))
                .map_err(|error| trouble(&error))?;
        }
        Ok(sqlite)
    }

    /// One in memory, of this connection alone.
    #[cfg(test)]
    pub(in crate::store) fn in_memory() -> Result<Sqlite, Trouble> {
        let connection = Connection::open_in_memory().map_err(|error| trouble(&error))?;
        keep_plans(&connection).map_err(|error| trouble(&error))?;
        connection.set_prepared_statement_cache_capacity(PREPARED_MAX);
        Ok(Sqlite { connection, texts: HashMap::new(), log: None })
    }

    fn settle(&self, way: Way) -> rusqlite::Result<Result<(), Trouble>> {
        let connection = &self.connection;
        connection.busy_timeout(BUSY_MAX)?;
        connection.set_prepared_statement_cache_capacity(PREPARED_MAX);
        keep_plans(connection)?;
        connection.execute_batch(
            "pragma trusted_schema = off; pragma temp_store = memory; pragma cache_size = -8192;",
        )?;
        if way == Way::Read {
            return Ok(Ok(()));
        }
        // The first question to the file: whether it is a database at all.
        let mode: String =
            connection.query_row("pragma journal_mode = wal", [], |row| row.get(0))?;
        if mode != "wal" {
            let why = format!("the file system of the store cannot do a write-ahead log ({mode})");
            return Ok(Err(Trouble::Unavailable(why)));
        }
        connection.execute_batch("pragma synchronous = full; pragma fullfsync = on;")?;
        Ok(Ok(()))
    }

    fn statement(&mut self, sql: &'static str) -> Result<CachedStatement<'_>, Trouble> {
        self.with_statement(sql).map(|(_, statement)| statement)
    }

    /// A statement, and the connection that knows what it came to.
    fn with_statement(
        &mut self,
        sql: &'static str,
    ) -> Result<(&Connection, CachedStatement<'_>), Trouble> {
        let Sqlite { connection, texts, .. } = self;
        let text =
            texts.entry((sql.as_ptr().addr(), sql.len())).or_insert_with(|| sql.replace('$', "?"));
        let statement = connection.prepare_cached(text).map_err(|error| trouble(&error))?;
        Ok((connection, statement))
    }
}

impl Drop for Sqlite {
    fn drop(&mut self) {
        if let Some(thread) = self.log.take() {
            log::leave(&mut self.connection, thread);
        }
    }
}

/// Lets a prepared statement stay as it is. Without this SQLite prepares some anew when other values are
/// bound to them, in the hope of a partial index, which costs more than the statement.
fn keep_plans(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map(drop)
}

impl rusqlite::ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let value = match self {
            Value::Null => ValueRef::Null,
            Value::Int(number) => ValueRef::Integer(*number),
            Value::Text(text) => match tx::storable(text) {
                std::borrow::Cow::Borrowed(text) => ValueRef::Text(text.as_bytes()),
                std::borrow::Cow::Owned(text) => return Ok(ToSqlOutput::Owned(text.into())),
            },
            Value::Bytes(bytes) => ValueRef::Blob(bytes),
            Value::Float(number) => ValueRef::Real(*number),
        };
        Ok(ToSqlOutput::Borrowed(value))
    }
}

fn bind(statement: &mut CachedStatement<'_>, params: &[Value]) -> rusqlite::Result<()> {
    let wanted = statement.parameter_count();
    if wanted != params.len() {
        return Err(rusqlite::Error::InvalidParameterCount(params.len(), wanted));
    }
    for (index, value) in params.iter().enumerate() {
        statement.raw_bind_parameter(index + 1, value)?;
    }
    Ok(())
}

fn collect(statement: &mut CachedStatement<'_>, mut each: impl FnMut(Row)) -> rusqlite::Result<()> {
    let width = statement.column_count();
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next()? {
        let mut columns = Vec::with_capacity(width);
        for index in 0..width {
            columns.push(match row.get_ref(index)? {
                ValueRef::Null => Value::Null,
                ValueRef::Integer(number) => Value::Int(number),
                ValueRef::Real(number) => Value::Float(number),
                ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
                ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
            });
        }
        each(Row::new(columns));
    }
    Ok(())
}

impl Tx for Sqlite {
    fn rows(&mut self, sql: &'static str, params: &[Value]) -> Result<Vec<Row>, Trouble> {
        let mut statement = self.statement(sql)?;
        let mut rows = Vec::new();
        bind(&mut statement, params)
            .and_then(|()| collect(&mut statement, |row| rows.push(row)))
            .map_err(|error| trouble(&error))?;
        Ok(rows)
    }

    fn run(&mut self, sql: &'static str, params: &[Value]) -> Result<u64, Trouble> {
        let mut statement = self.statement(sql)?;
        bind(&mut statement, params)
            .and_then(|()| statement.raw_execute())
            .map(|count| count as u64)
            .map_err(|error| trouble(&error))
    }

    fn run_many(&mut self, many: &'static Many, rows: &[Vec<Value>]) -> Result<u64, Trouble> {
        let mut statement = self.statement(many.sqlite)?;
        let mut changed = 0;
        for params in rows {
            changed += bind(&mut statement, params)
                .and_then(|()| statement.raw_execute())
                .map_err(|error| trouble(&error))? as u64;
        }
        Ok(changed)
    }

    fn rows_many(
        &mut self,
        many: &'static Many,
        rows: &[Vec<Value>],
    ) -> Result<Vec<(usize, Row)>, Trouble> {
        let mut statement = self.statement(many.sqlite)?;
        let mut found = Vec::with_capacity(rows.len());
        for (place, params) in rows.iter().enumerate() {
            bind(&mut statement, params)
                .and_then(|()| collect(&mut statement, |row| found.push((place, row))))
                .map_err(|error| trouble(&error))?;
        }
        Ok(found)
    }

    fn insert_many(
        &mut self,
        many: &'static Many,
        rows: &[Vec<Value>],
    ) -> Result<Vec<(usize, i64)>, Trouble> {
        let (connection, mut statement) = self.with_statement(many.sqlite)?;
        let mut made = Vec::with_capacity(rows.len());
        for (place, params) in rows.iter().enumerate() {
            let count = bind(&mut statement, params)
                .and_then(|()| statement.raw_execute())
                .map_err(|error| trouble(&error))?;
            if count == 1 {
                made.push((place, connection.last_insert_rowid()));
            }
        }
        Ok(made)
    }
}

impl Engine for Sqlite {
    fn begin(&mut self, way: Way) -> Result<(), Trouble> {
        self.run(if way == Way::Write { "begin immediate" } else { "begin" }, &[]).map(drop)
    }

    fn begin_alone(&mut self) -> Result<(), Trouble> {
        self.run("begin exclusive", &[]).map(drop)
    }

    fn commit(&mut self) -> Result<(), Trouble> {
        self.run("commit", &[]).map(drop)
    }

    fn roll_back(&mut self) {
        // SQLite has done so itself after some errors, and then has no transaction.
        if !self.connection.is_autocommit() {
            let _ = self.run("rollback", &[]);
        }
    }

    fn mark(&mut self) -> Result<(), Trouble> {
        self.run("savepoint op", &[]).map(drop)
    }

    fn keep(&mut self) -> Result<(), Trouble> {
        self.run("release op", &[]).map(drop)
    }

    fn undo(&mut self) -> Result<(), Trouble> {
        if self.connection.is_autocommit() {
            return Err(Trouble::Unavailable("SQLite gave up the transaction".to_owned()));
        }
        self.run("rollback to op", &[])?;
        self.keep()
    }

    fn wants_again(&self) -> bool {
        false
    }

    fn script(&mut self, sql: &str) -> Result<(), Trouble> {
        self.connection.execute_batch(sql).map_err(|error| trouble(&error))
    }

    fn make(&self) -> Make {
        Make::Sqlite
    }
}

/// What an error of SQLite means for whoever asked.
fn trouble(error: &rusqlite::Error) -> Trouble {
    let rusqlite::Error::SqliteFailure(code, said) = error else {
        return Trouble::Ours(error.to_string());
    };
    let said = said.clone().unwrap_or_else(|| code.to_string());
    match (code.code, code.extended_code) {
        (_, ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY) => {
            Trouble::Conflict(said)
        }
        // What was acknowledged may not be there: the pages of a failed fsync count as written.
        (_, ffi::SQLITE_IOERR_FSYNC | ffi::SQLITE_IOERR_DIR_FSYNC | ffi::SQLITE_IOERR_READ) => {
            Trouble::Fatal(format!("SQLite: {said} (code {})", code.extended_code))
        }
        (ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase, _) => {
            Trouble::Fatal(format!("SQLite: {said} (code {})", code.extended_code))
        }
        // A write that failed (quota, read-only, full) left the file as it was.
        (
            ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::DiskFull
            | ErrorCode::SystemIoFailure
            | ErrorCode::CannotOpen
            | ErrorCode::OutOfMemory
            | ErrorCode::PermissionDenied
            | ErrorCode::FileLockingProtocolFailed
            | ErrorCode::ReadOnly,
            extended,
        ) => Trouble::Unavailable(format!("SQLite: {said} (code {extended})")),
        _ => Trouble::Ours(format!("SQLite: {said} (code {})", code.extended_code)),
    }
}
