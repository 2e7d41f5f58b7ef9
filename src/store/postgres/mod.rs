//! PostgreSQL: a server that several nodes share, spoken to by threads that each own a connection.
//!
//! An operation is synchronous, so each thread carries its own small runtime and blocks on it. Many
//! rows go as one statement over arrays, which is what makes PostgreSQL fast here. Statements are
//! prepared once per connection.
//!
//! The hard part is a server that goes away. An idle connection that was cut shows itself only at
//! the next use; a transaction's beginning may therefore connect anew and begin again, for nothing
//! has happened yet. Later than that everything is lost and everybody is told so. Attempts to
//! connect back off to a second, so that service is back soon after the server is; meanwhile
//! operations are refused at once. A server that says nothing at all is given up after a while.

mod address;
mod greeting;
mod tls;
mod values;
mod warned;

use std::collections::HashMap;
use std::future::Future;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, SimpleQueryMessage, Statement};

use super::engine::{Engine, Make, Way};
use super::tx::{Many, Row, Trouble, Tx, Value};
use crate::domain::time::Moment;
use crate::sys::clock;
use address::Address;
use greeting::GREETING;
use values::{columns, given, row};
use warned::Warned;

/// How long one statement may take. The slowest of ours take milliseconds; a server that needs
/// longer is taken for lost, and the queue fills meanwhile.
const STATEMENT_MAX: Duration = Duration::from_secs(15);

/// How long a migration may take, which may rewrite large tables.
const MIGRATION_MAX: Duration = Duration::from_secs(3600);

/// How long one host may take until it can be asked something, login and TLS included.
const CONNECT_MAX: Duration = Duration::from_secs(4);

/// How long the beginning of a transaction may take, which has nothing to wait for. So a node that is
/// cut off knows it soon, and its clients go elsewhere.
const BEGIN_MAX: Duration = Duration::from_secs(5);

/// The first pause after an attempt to connect that failed; each next one is twice as long.
const PAUSE_FIRST: Duration = Duration::from_millis(50);

/// The longest pause: service must be back soon after the server is.
const PAUSE_MAX: Duration = Duration::from_secs(1);

/// The lock that migrations of all nodes share: "hb" and a number drawn once.
const MIGRATION_LOCK: &str = "select pg_advisory_xact_lock(7521962040118213)";

/// What time it is, asked with the beginning of every transaction: nodes agree by the server's clock.
/// The only moment that comes from SQL, and it is none of the data.
const CLOCK: &str = "select floor(extract(epoch from clock_timestamp()) * 1000)::bigint";

/// One connection, and how to make it again.
pub(super) struct Postgres {
    address: Address,
    runtime: Runtime,
    session: Option<Session>,
    pause: Duration,
    retry_at: Option<Instant>,
    wants_again: bool,
    limit: Duration,
}

struct Session {
    client: Client,
    warned: Warned,
    statements: HashMap<&'static str, Statement>,
}

impl Postgres {
    /// A connection to be; the server is first asked when a transaction begins.
    pub(super) fn new(url: &str) -> Result<Postgres, Trouble> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| Trouble::Unavailable(error.to_string()))?;
        Ok(Postgres {
            address: Address::parse(url)?,
            runtime,
            session: None,
            pause: PAUSE_FIRST,
            retry_at: None,
            wants_again: false,
            limit: STATEMENT_MAX,
        })
    }

    fn connect(&mut self) -> Result<(), Trouble> {
        if self.retry_at.is_some_and(|at| Instant::now() < at) {
            return Err(Trouble::Unavailable("PostgreSQL cannot be reached".to_owned()));
        }
        let Address { hosts, tls } = &self.address;
        let made = self.runtime.block_on(async {
            let mut last = String::new();
            for host in hosts {
                let connected = async {
                    let (client, connection) = host.connect(tls.clone()).await?;
                    // It ends with the client, or with the server; whoever asks next is told.
                    let warned = Warned::by(connection);
                    client.batch_execute(GREETING).await?;
                    Ok((client, warned))
                };
                last = match tokio::time::timeout(CONNECT_MAX, connected).await {
                    Ok(Ok(made)) => return Ok(made),
                    Ok(Err(error)) => reason(&error),
                    Err(_) => format!("it said nothing for {} s", CONNECT_MAX.as_secs()),
                };
            }
            Err(last)
        });
        match made {
            Ok((client, warned)) => {
                self.session = Some(Session { client, warned, statements: HashMap::new() });
                (self.pause, self.retry_at) = (PAUSE_FIRST, None);
                Ok(())
            }
            Err(why) => {
                self.retry_at = Some(Instant::now() + self.pause);
                self.pause = (self.pause * 2).min(PAUSE_MAX);
                Err(Trouble::Unavailable(format!("PostgreSQL cannot be reached: {why}")))
            }
        }
    }

    /// Asks the server something, within bounds; a connection that broke is given up.
    fn ask<'a, T, F>(
        &'a mut self,
        question: impl FnOnce(&'a mut Session) -> F,
    ) -> Result<T, Trouble>
    where
        F: Future<Output = Result<T, tokio_postgres::Error>>,
    {
        let Postgres { runtime, session, wants_again, limit, .. } = self;
        let Some(open) = session.as_mut() else { return Err(lost()) };
        let answer = runtime.block_on(async { tokio::time::timeout(*limit, question(open)).await });
        match answer {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => {
                *wants_again = error.code().is_some_and(|code| {
                    *code == SqlState::T_R_DEADLOCK_DETECTED
                        || *code == SqlState::T_R_SERIALIZATION_FAILURE
                });
                Err(trouble(&error))
            }
            Err(_) => {
                let span = limit.as_secs();
                Err(Trouble::Unavailable(format!("PostgreSQL said nothing for {span} s")))
            }
        }
    }

    /// As [`Postgres::ask`], and gives the session up when that is what failed.
    fn told(&mut self, sql: &str) -> Result<(), Trouble> {
        let answer = self.ask(|session| session.client.batch_execute(sql));
        self.settle(answer)
    }

    fn settle<T>(&mut self, answer: Result<T, Trouble>) -> Result<T, Trouble> {
        if matches!(answer, Err(Trouble::Unavailable(_))) && !self.wants_again {
            self.session = None;
        }
        answer
    }

    fn begin_with(&mut self, words: &'static str) -> Result<(), Trouble> {
        self.wants_again = false;
        let was_open = self.session.is_some();
        if !was_open {
            self.connect()?;
        }
        match self.begin_once(words) {
            Err(Trouble::Unavailable(_)) if was_open => {
                self.connect()?;
                self.begin_once(words)
            }
            answer => answer,
        }
    }

    /// Begins, and reads the server's clock on the same way.
    fn begin_once(&mut self, words: &'static str) -> Result<(), Trouble> {
        let asked = format!("{words}; {CLOCK}");
        let limit = std::mem::replace(&mut self.limit, BEGIN_MAX);
        let before = clock::uncorrected();
        let answer = self.ask(|session| {
            let client = &session.client;
            async move { client.simple_query(&asked).await }
        });
        let after = clock::uncorrected();
        self.limit = limit;
        for message in self.settle(answer)? {
            if let SimpleQueryMessage::Row(row) = message
                && let Some(theirs) = row.get(0).and_then(|text| text.parse().ok())
            {
                clock::agree(before, Moment::from_epoch_ms(theirs), after);
            }
        }
        Ok(())
    }

    /// The statement, prepared once per connection, if so many values fit it.
    fn statement(&mut self, sql: &'static str, given: usize) -> Result<Statement, Trouble> {
        let known = self.session.as_ref().and_then(|session| session.statements.get(sql)).cloned();
        let statement = match known {
            Some(statement) => statement,
            None => {
                let made = self.ask(|session| session.client.prepare(sql));
                let made = self.settle(made)?;
                if let Some(session) = &mut self.session {
                    session.statements.insert(sql, made.clone());
                }
                made
            }
        };
        let wanted = statement.params().len();
        if wanted != given {
            return Err(Trouble::Ours(format!("{given} values for {wanted} parameters")));
        }
        Ok(statement)
    }

    fn query(
        &mut self,
        sql: &'static str,
        params: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<tokio_postgres::Row>, Trouble> {
        let statement = self.statement(sql, params.len())?;
        let answer = self.ask(|session| session.client.query(&statement, params));
        self.settle(answer)
    }

    fn execute(
        &mut self,
        sql: &'static str,
        params: &[&(dyn ToSql + Sync)],
    ) -> Result<u64, Trouble> {
        let statement = self.statement(sql, params.len())?;
        let answer = self.ask(|session| session.client.execute(&statement, params));
        self.settle(answer)
    }
}

impl Tx for Postgres {
    fn rows(&mut self, sql: &'static str, params: &[Value]) -> Result<Vec<Row>, Trouble> {
        self.query(sql, &given(params))?.iter().map(|from| row(from, 0)).collect()
    }

    fn run(&mut self, sql: &'static str, params: &[Value]) -> Result<u64, Trouble> {
        self.execute(sql, &given(params))
    }

    fn run_many(&mut self, many: &'static Many, rows: &[Vec<Value>]) -> Result<u64, Trouble> {
        let columns = columns(rows);
        self.execute(many.postgres, &given(&columns))
    }

    fn rows_many(
        &mut self,
        many: &'static Many,
        rows: &[Vec<Value>],
    ) -> Result<Vec<(usize, Row)>, Trouble> {
        let columns = columns(rows);
        let mut found = Vec::with_capacity(rows.len());
        for from in self.query(many.postgres, &given(&columns))? {
            let place: i64 = from.try_get(0).map_err(|error| trouble(&error))?;
            let place = usize::try_from(place - 1).unwrap_or(usize::MAX);
            found.push((place, row(&from, 1)?));
        }
        found.sort_by_key(|(place, _)| *place);
        Ok(found)
    }

    fn insert_many(
        &mut self,
        many: &'static Many,
        rows: &[Vec<Value>],
    ) -> Result<Vec<(usize, i64)>, Trouble> {
        let made = self.rows_many(many, rows)?;
        made.into_iter().map(|(place, mut row)| Ok((place, row.int()?))).collect()
    }
}

impl Engine for Postgres {
    fn begin(&mut self, way: Way) -> Result<(), Trouble> {
        self.begin_with(match way {
            Way::Write => "begin",
            Way::Read => "begin isolation level repeatable read read only",
        })
    }

    fn begin_alone(&mut self) -> Result<(), Trouble> {
        self.begin_with("begin")?;
        self.limit = MIGRATION_MAX;
        self.told("set local statement_timeout = 0; set local lock_timeout = 0")?;
        self.told(MIGRATION_LOCK)
    }

    fn commit(&mut self) -> Result<(), Trouble> {
        let warning = |session: &Option<Session>| session.as_ref()?.warned.take();
        warning(&self.session);
        let answer = self.told("commit");
        self.limit = STATEMENT_MAX;
        match answer.is_ok().then(|| warning(&self.session)).flatten() {
            Some(why) => Err(Trouble::Unavailable(format!("PostgreSQL: {why}"))),
            None => answer,
        }
    }

    fn roll_back(&mut self) {
        self.limit = STATEMENT_MAX;
        let again = self.wants_again;
        if self.session.is_some() && self.told("rollback").is_err() {
            self.session = None;
        }
        self.wants_again = again;
    }

    fn mark(&mut self) -> Result<(), Trouble> {
        self.told("savepoint op")
    }

    fn keep(&mut self) -> Result<(), Trouble> {
        self.told("release savepoint op")
    }

    fn undo(&mut self) -> Result<(), Trouble> {
        self.told("rollback to savepoint op; release savepoint op")
    }

    fn wants_again(&self) -> bool {
        self.wants_again
    }

    fn script(&mut self, sql: &str) -> Result<(), Trouble> {
        self.told(sql)
    }

    fn make(&self) -> Make {
        Make::Postgres
    }
}

fn lost() -> Trouble {
    Trouble::Unavailable("the connection to PostgreSQL was lost".to_owned())
}

/// What the server or the network said, with its cause.
fn reason(error: &tokio_postgres::Error) -> String {
    let mut said = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        said = format!("{said}: {error}");
        cause = error.source();
    }
    said
}

/// What an error of PostgreSQL means for whoever asked.
fn trouble(error: &tokio_postgres::Error) -> Trouble {
    let Some(said) = error.as_db_error() else {
        // Without a word of the server: the connection, or values that do not fit the statement.
        let is_ours = !error.is_closed()
            && std::error::Error::source(error).is_some_and(|cause| !cause.is::<std::io::Error>());
        return match is_ours {
            true => Trouble::Ours(format!("PostgreSQL: {}", reason(error))),
            false => Trouble::Unavailable(format!("PostgreSQL: {}", reason(error))),
        };
    };
    let code = said.code().code();
    let words = format!("PostgreSQL: {} ({code})", said.message());
    // Classes of errors: 08 connection, 40 rollback, 53 resources, 55 state, 57 operator, 58 system,
    // 25 the server is a standby that only reads, XX its data is damaged.
    match code.get(..2) {
        _ if *said.code() == SqlState::UNIQUE_VIOLATION => {
            Trouble::Conflict(said.constraint().unwrap_or(said.message()).to_owned())
        }
        Some("08" | "25" | "40" | "53" | "55" | "57" | "58" | "XX") => Trouble::Unavailable(words),
        _ => Trouble::Ours(words),
    }
}
