//! What the receiver remembers: monitors, events, incidents, deliveries, on SQLite or PostgreSQL.
//!
//! An operation is a function over a [`Tx`]; [`Store::write`] puts it into the queue of the thread
//! that writes, and resolves after the commit. A file has one writer. A server has a second one for
//! those who know that they will not wait for each other's rows ([`Store::write_by`]). Reading goes to
//! other threads and never waits for a writer. Nothing here decides anything: states and rules are
//! texts to it.
//!
//! - `tx` is what operations see, `engine` what an engine must do, `batch` the group commit;
//! - `sqlite` and `postgres` are the engines, `migrate` brings their tables up to date;
//! - `queries` has the SQL, one file per noun; the files named after nouns have the operations;
//! - `contract` holds the laws, which are run on both engines.
#![cfg_attr(
    not(test),
    expect(
        dead_code,
        reason = "the management API and the pages ask for more than the receiver itself"
    )
)]

pub(crate) mod aliases;
#[cfg(test)]
mod alone;
pub(crate) mod audit;
mod batch;
pub(crate) mod changes;
pub(crate) mod channels;
#[cfg(test)]
mod contract;
mod damaged;
pub(crate) mod deliveries;
pub(crate) mod doubts;
pub(crate) mod due;
mod engine;
pub(crate) mod events;
pub(crate) mod followers;
pub(crate) mod incidents;
pub(crate) mod maintenance;
pub(crate) mod meta;
mod migrate;
pub(crate) mod monitors;
pub(crate) mod months;
pub(crate) mod nodes;
pub(crate) mod outputs;
mod page;
mod postgres;
pub(crate) mod prints;
pub(crate) mod projects;
mod queries;
pub(crate) mod refusals;
pub(crate) mod repeats;
pub(crate) mod retention;
mod sqlite;
mod tx;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

#[cfg(test)]
pub(crate) use alone::Alone;
use batch::{Message, Queue, WAITING_MAX};
use engine::{Engine, Way};
pub(crate) use migrate::{Standing, standing};
pub(crate) use page::Page;
use page::{cut, json_texts, one, texts_json};
use postgres::Postgres;
use sqlite::Sqlite;
pub(crate) use tx::{Trouble, Tx};

use crate::sys::memory;

/// Threads that read: pages and lists for a few people. Pings never wait for them: what a ping asks for
/// has a thread of its own.
const READERS: usize = 3;

/// Threads that write to a server: while one waits for the server's disk, the other works.
const WRITERS_OF_A_SERVER: usize = 2;

/// Where the data is.
#[derive(Clone)]
pub(crate) enum Place {
    /// In a file in this directory, which is made where it is missing.
    Sqlite(PathBuf),
    /// On the server with this address.
    Postgres(String),
}

/// The address may hold a password.
impl std::fmt::Debug for Place {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Place::Sqlite(directory) => write!(out, "Sqlite({})", directory.display()),
            Place::Postgres(_) => out.write_str("Postgres(****)"),
        }
    }
}

impl Place {
    fn engine(&self, way: Way) -> Result<Box<dyn Engine>, Trouble> {
        Ok(match self {
            Place::Sqlite(directory) => Box::new(Sqlite::open(directory, way)?),
            Place::Postgres(url) => Box::new(Postgres::new(url)?),
        })
    }
}

/// Copies everything, as it is at one moment, to the new file `to`, also while a receiver writes. Blocks
/// until it is on disk.
pub(crate) fn backup(place: &Place, to: &Path) -> Result<(), Trouble> {
    match place {
        Place::Sqlite(directory) => Sqlite::backup(directory, to),
        Place::Postgres(_) => Err(of_a_server()),
    }
}

/// Puts a copy where a store is to be and none is; gives the file. What is no whole copy of a store that
/// this hb can read is refused.
pub(crate) fn restore(place: &Place, from: &Path) -> Result<PathBuf, Trouble> {
    match place {
        Place::Sqlite(directory) => Sqlite::restore(directory, from, migrate::known()),
        Place::Postgres(_) => Err(of_a_server()),
    }
}

fn of_a_server() -> Trouble {
    Trouble::Unavailable(
        "PostgreSQL is copied with `pg_dump` and put back with `pg_restore`".to_owned(),
    )
}

/// The data, as everybody in the receiver holds it: clones are the same store.
#[derive(Clone)]
pub(crate) struct Store {
    place: Place,
    /// One for each writer.
    writes: Vec<mpsc::Sender<Message>>,
    reads: mpsc::Sender<Message>,
    glances: mpsc::Sender<Message>,
    is_closing: Arc<AtomicBool>,
    threads: Arc<Mutex<Vec<JoinHandle<()>>>>,
}

impl Store {
    /// Opens the store and brings its tables up to date. Blocks until that is done.
    pub(crate) fn open(place: &Place) -> Result<Store, Trouble> {
        Store::open_with(place, migrate::STEPS)
    }

    /// Whether other programs may write to it at the same time.
    pub(crate) fn is_shared(&self) -> bool {
        matches!(self.place, Place::Postgres(_))
    }

    fn open_with(place: &Place, steps: &'static [migrate::Migration]) -> Result<Store, Trouble> {
        let count = match place {
            Place::Sqlite(_) => 1,
            Place::Postgres(_) => WRITERS_OF_A_SERVER,
        };
        let (mut writes, mut threads) = (Vec::new(), Vec::new());
        for _ in 0..count {
            let (write, queue) = Queue::new();
            threads.push(start(place, Way::Write, steps, queue)?);
            writes.push(write);
        }
        let (reads, read_queue) = Queue::new();
        let (glances, glance_queue) = Queue::new();
        for _ in 0..READERS {
            threads.push(start(place, Way::Read, steps, read_queue.clone())?);
        }
        threads.push(start(place, Way::Read, steps, glance_queue)?);
        Ok(Store {
            place: place.clone(),
            writes,
            reads,
            glances,
            is_closing: Arc::new(AtomicBool::new(false)),
            threads: Arc::new(Mutex::new(threads)),
        })
    }

    /// Does `op` in a transaction that it may share with others; resolves when it is on the disk. An
    /// op that fails leaves nothing behind. It may be called again when two nodes got in each
    /// other's way, so it must not have effects of its own.
    pub(crate) async fn write<T, F>(&self, op: F) -> Result<T, Trouble>
    where
        F: FnMut(&mut dyn Tx) -> Result<T, Trouble> + Send + 'static,
        T: Send + 'static,
    {
        self.write_by(0, op).await
    }

    /// How many writers there are.
    pub(crate) fn writers(&self) -> usize {
        self.writes.len()
    }

    /// As [`Store::write`], by one of the writers. What different writers do must mostly be about
    /// different rows: they wait for each other's like two nodes.
    pub(crate) async fn write_by<T, F>(&self, writer: usize, op: F) -> Result<T, Trouble>
    where
        F: FnMut(&mut dyn Tx) -> Result<T, Trouble> + Send + 'static,
        T: Send + 'static,
    {
        self.ask(&self.writes[writer], op).await
    }

    /// Waits until the other writers have done what they were given before: what the first one does then comes
    /// after it. Fails where one of them cannot work.
    pub(crate) async fn catch_up(&self) -> Result<(), Trouble> {
        for writer in 1..self.writers() {
            self.write_by(writer, |_| Ok(())).await?;
        }
        Ok(())
    }

    /// Does `op` on one unchanging picture of the data. It cannot change anything.
    pub(crate) async fn read<T, F>(&self, op: F) -> Result<T, Trouble>
    where
        F: FnMut(&mut dyn Tx) -> Result<T, Trouble> + Send + 'static,
        T: Send + 'static,
    {
        self.ask(&self.reads, op).await
    }

    /// The same for a few rows by their keys, on which pings wait: no list is ever before it.
    pub(crate) async fn glance<T, F>(&self, op: F) -> Result<T, Trouble>
    where
        F: FnMut(&mut dyn Tx) -> Result<T, Trouble> + Send + 'static,
        T: Send + 'static,
    {
        self.ask(&self.glances, op).await
    }

    async fn ask<T, F>(&self, queue: &mpsc::Sender<Message>, op: F) -> Result<T, Trouble>
    where
        F: FnMut(&mut dyn Tx) -> Result<T, Trouble> + Send + 'static,
        T: Send + 'static,
    {
        let (message, answer) = batch::job(op);
        match queue.try_send(message) {
            Ok(()) => answer.await.unwrap_or_else(|_| Err(self.ended())),
            Err(TrySendError::Full(_)) => {
                Err(Trouble::Unavailable(format!("{WAITING_MAX} operations wait already")))
            }
            Err(TrySendError::Closed(_)) => Err(self.ended()),
        }
    }

    fn ended(&self) -> Trouble {
        match self.is_closing.load(Ordering::Relaxed) {
            true => Trouble::Unavailable("the store is closed".to_owned()),
            false => Trouble::Fatal("a thread of the store ended".to_owned()),
        }
    }

    /// Does what was asked before, then ends all threads; later operations are refused. Writers
    /// end last: the last connection to a file folds its log into it, which a reader may not.
    pub(crate) async fn close(&self) {
        self.is_closing.store(true, Ordering::Relaxed);
        let _ = self.reads.send(Message::Stop).await;
        let _ = self.glances.send(Message::Stop).await;
        self.join(self.writes.len()).await;
        for writes in &self.writes {
            let _ = writes.send(Message::Stop).await;
        }
        self.join(0).await;
    }

    /// Waits for the end of all threads but the first so many; the writers are the first.
    async fn join(&self, but: usize) {
        let threads = Arc::clone(&self.threads);
        let joined = tokio::task::spawn_blocking(move || {
            let mut threads = threads.lock().unwrap_or_else(PoisonError::into_inner);
            let from = but.min(threads.len());
            threads.drain(from..).for_each(|thread| drop(thread.join()));
        });
        let _ = joined.await;
    }
}

/// Starts a thread with a connection of its own, and waits until it has one.
fn start(
    place: &Place,
    way: Way,
    steps: &'static [migrate::Migration],
    queue: Queue,
) -> Result<JoinHandle<()>, Trouble> {
    let (tell, told) = std::sync::mpsc::channel();
    let place = place.clone();
    let name = if way == Way::Write { "store-writer" } else { "store-reader" };
    let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
        let opened = place.engine(way).and_then(|mut engine| {
            if way == Way::Write {
                migrate::migrate(&mut *engine, &place, steps)?;
            }
            Ok(engine)
        });
        match opened {
            Ok(mut engine) => {
                let _ = tell.send(Ok(()));
                memory::keep_pieces();
                batch::work(&mut *engine, &queue, way);
                memory::give_back_pieces();
            }
            Err(trouble) => drop(tell.send(Err(trouble))),
        }
    });
    let thread = thread.map_err(|error| Trouble::Unavailable(error.to_string()))?;
    told.recv().unwrap_or_else(|_| Err(Trouble::Ours("the store's thread died".to_owned())))?;
    Ok(thread)
}
