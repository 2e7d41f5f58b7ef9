//! Group commit: many operations, one transaction, one fsync, and each is answered only after it.
//!
//! One thread owns a connection and takes what waits in its queue. There is no lingering for more to
//! come: while one group is written the next one gathers, so an idle store answers in one fsync and
//! a busy one shares each fsync among many. An operation that fails is taken back alone; a failure
//! of the engine (full, locked, gone) is everybody's, and nobody is told that anything was stored.
//!
//! The hard part is the first failed fsync. Linux reports it once and then calls the pages clean, so
//! a second try would succeed and prove nothing. After [`Trouble::Fatal`] this thread therefore
//! refuses everything for ever; a new process reads what the disk really has.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{mpsc, oneshot};

use super::engine::{Engine, Way};
use super::tx::{Many, Row, Trouble, Tx, Value};

/// Operations that wait at most, per queue. Each may be a batch of pings, so this is seconds of a
/// slow disk; whoever comes then is told at once to come back, and memory stays flat.
pub(super) const WAITING_MAX: usize = 1024;

/// Operations in one transaction at most, so that the first of them does not wait for ever.
const GROUP_MAX: usize = 256;

/// How often a group is tried when two nodes got in each other's way.
const TRIES_MAX: usize = 4;

/// An operation that waits, and whoever waits for it.
pub(super) trait Job: Send {
    /// Does it; what it gives is kept until the end is known.
    fn run(&mut self, tx: &mut dyn Tx) -> Result<(), Trouble>;

    /// Tells how it ended.
    fn answer(self: Box<Self>, end: Result<(), Trouble>);
}

/// What comes through a queue.
pub(super) enum Message {
    /// Do this.
    Do(Box<dyn Job>),
    /// Do what waits already, and end.
    Stop,
}

struct Waiting<F, T> {
    op: F,
    made: Option<T>,
    to: oneshot::Sender<Result<T, Trouble>>,
}

impl<F, T> Job for Waiting<F, T>
where
    F: FnMut(&mut dyn Tx) -> Result<T, Trouble> + Send,
    T: Send,
{
    fn run(&mut self, tx: &mut dyn Tx) -> Result<(), Trouble> {
        self.made = Some((self.op)(tx)?);
        Ok(())
    }

    fn answer(mut self: Box<Self>, end: Result<(), Trouble>) {
        let made = self.made.take();
        let missing = || Trouble::Ours("an operation ended well and gave nothing".to_owned());
        // Whoever asked may have gone away; what was done stays done.
        let _ = self.to.send(end.and_then(|()| made.ok_or_else(missing)));
    }
}

/// An operation for the queue, and where its answer will be.
pub(super) fn job<F, T>(op: F) -> (Message, oneshot::Receiver<Result<T, Trouble>>)
where
    F: FnMut(&mut dyn Tx) -> Result<T, Trouble> + Send + 'static,
    T: Send + 'static,
{
    let (to, answer) = oneshot::channel();
    (Message::Do(Box::new(Waiting { op, made: None, to })), answer)
}

/// Where the operations for one kind of thread wait; several readers share one.
#[derive(Clone)]
pub(super) struct Queue(Arc<Mutex<mpsc::Receiver<Message>>>);

impl Queue {
    /// A queue and the end that fills it.
    pub(super) fn new() -> (mpsc::Sender<Message>, Queue) {
        let (sender, receiver) = mpsc::channel(WAITING_MAX);
        (sender, Queue(Arc::new(Mutex::new(receiver))))
    }

    /// What waits, at most `max`; waits for one. Nothing when the queue has ended.
    fn take(&self, max: usize) -> Vec<Box<dyn Job>> {
        let mut receiver = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut taken = Vec::new();
        while taken.len() < max {
            let message =
                if taken.is_empty() { receiver.blocking_recv() } else { receiver.try_recv().ok() };
            match message {
                Some(Message::Do(job)) => taken.push(job),
                Some(Message::Stop) => receiver.close(),
                None => break,
            }
        }
        taken
    }
}

/// Does what the queue brings until it ends.
pub(super) fn work(engine: &mut dyn Engine, queue: &Queue, way: Way) {
    let max = if way == Way::Write { GROUP_MAX } else { 1 };
    let mut fatal = None;
    loop {
        let mut jobs = queue.take(max);
        if jobs.is_empty() {
            return;
        }
        let ends = match &fatal {
            Some(trouble) => Err(Trouble::clone(trouble)),
            None => group(engine, &mut jobs, way),
        };
        match ends {
            Ok(ends) => jobs.into_iter().zip(ends).for_each(|(job, end)| job.answer(end)),
            Err(trouble) => {
                if way == Way::Write && matches!(trouble, Trouble::Fatal(_)) {
                    fatal = Some(trouble.clone());
                }
                jobs.into_iter().for_each(|job| job.answer(Err(trouble.clone())));
            }
        }
    }
}

/// One transaction for all of `jobs`: how each ended, or the trouble that all of them share.
fn group(
    engine: &mut dyn Engine,
    jobs: &mut [Box<dyn Job>],
    way: Way,
) -> Result<Vec<Result<(), Trouble>>, Trouble> {
    let mut tries = 0;
    loop {
        tries += 1;
        let ends = attempt(engine, jobs, way);
        if ends.is_err() {
            engine.roll_back();
            if tries < TRIES_MAX && engine.wants_again() {
                continue;
            }
        }
        return ends;
    }
}

fn attempt(
    engine: &mut dyn Engine,
    jobs: &mut [Box<dyn Job>],
    way: Way,
) -> Result<Vec<Result<(), Trouble>>, Trouble> {
    engine.begin(way)?;
    let is_alone = jobs.len() == 1;
    let mut ends = Vec::with_capacity(jobs.len());
    for job in jobs {
        if !is_alone {
            engine.mark()?;
        }
        let mut watched = Watched { tx: engine, failed: None };
        let end = catch_unwind(AssertUnwindSafe(|| job.run(&mut watched)));
        let end = match (watched.failed, end) {
            (Some(everybodys @ (Trouble::Unavailable(_) | Trouble::Fatal(_))), _) => {
                return Err(everybodys);
            }
            (Some(failed), _) => Err(failed),
            (None, Ok(end)) => end,
            (None, Err(_)) => Err(Trouble::Ours("an operation panicked".to_owned())),
        };
        match (&end, is_alone) {
            (Ok(()), true) => {}
            (Ok(()), false) => engine.keep()?,
            (Err(_), true) => {
                engine.roll_back();
                return Ok(vec![end]);
            }
            (Err(_), false) => engine.undo()?,
        }
        ends.push(end);
    }
    engine.commit()?;
    Ok(ends)
}

/// A transaction in which a failed statement is the end, as PostgreSQL has it.
struct Watched<'a> {
    tx: &'a mut dyn Engine,
    failed: Option<Trouble>,
}

impl Watched<'_> {
    fn ask<T>(
        &mut self,
        statement: impl FnOnce(&mut dyn Engine) -> Result<T, Trouble>,
    ) -> Result<T, Trouble> {
        if let Some(trouble) = &self.failed {
            return Err(trouble.clone());
        }
        let answer = statement(self.tx);
        self.failed = answer.as_ref().err().cloned();
        answer
    }
}

impl Tx for Watched<'_> {
    fn rows(&mut self, sql: &'static str, params: &[Value]) -> Result<Vec<Row>, Trouble> {
        self.ask(|tx| tx.rows(sql, params))
    }

    fn run(&mut self, sql: &'static str, params: &[Value]) -> Result<u64, Trouble> {
        self.ask(|tx| tx.run(sql, params))
    }

    fn run_many(&mut self, many: &'static Many, rows: &[Vec<Value>]) -> Result<u64, Trouble> {
        if rows.is_empty() {
            return Ok(0);
        }
        self.ask(|tx| tx.run_many(many, rows))
    }

    fn rows_many(
        &mut self,
        many: &'static Many,
        rows: &[Vec<Value>],
    ) -> Result<Vec<(usize, Row)>, Trouble> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        self.ask(|tx| tx.rows_many(many, rows))
    }

    fn insert_many(
        &mut self,
        many: &'static Many,
        rows: &[Vec<Value>],
    ) -> Result<Vec<(usize, i64)>, Trouble> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        self.ask(|tx| tx.insert_many(many, rows))
    }
}
