//! A store for tests that play years in a moment: the same tables, statements and transactions, but in
//! memory, without threads, and nobody waits.
//!
//! It must not be used to prove anything about disks, queues or nodes: `contract` does that.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use super::batch::Queue;
use super::engine::{Engine, Way};
use super::sqlite::Sqlite;
use super::{Place, Store, Trouble, Tx, migrate};

/// A store of its own, in memory.
pub(crate) struct Alone(Sqlite);

impl Alone {
    /// An empty one: a copy of one that each thread makes once, for the steps cost more than it.
    pub(crate) fn new() -> Alone {
        thread_local! {
            static EMPTY: Sqlite = {
                let mut sqlite = Sqlite::in_memory().expect("memory is there");
                let place = Place::Sqlite(std::path::PathBuf::new());
                migrate::migrate(&mut sqlite, &place, migrate::STEPS).expect("the steps are right");
                sqlite
            };
        }
        Alone(EMPTY.with(Sqlite::twin).expect("memory is there"))
    }

    /// Does `op` in a transaction; one that fails leaves nothing behind.
    pub(crate) fn write<T>(
        &mut self,
        op: impl FnOnce(&mut dyn Tx) -> Result<T, Trouble>,
    ) -> Result<T, Trouble> {
        self.0.begin(Way::Write)?;
        match op(&mut self.0) {
            Ok(made) => self.0.commit().map(|()| made),
            Err(trouble) => {
                self.0.roll_back();
                Err(trouble)
            }
        }
    }

    /// Does `op` on what is committed; whatever it changes is undone.
    pub(crate) fn read<T>(
        &mut self,
        op: impl FnOnce(&mut dyn Tx) -> Result<T, Trouble>,
    ) -> Result<T, Trouble> {
        self.0.begin(Way::Read)?;
        let found = op(&mut self.0);
        self.0.roll_back();
        found
    }
}

impl Store {
    /// A store that is closed from the beginning, for whoever must hold one and never asks it.
    pub(crate) fn nowhere() -> Store {
        Store {
            place: Place::Sqlite(std::path::PathBuf::new()),
            writes: vec![Queue::new().0],
            reads: Queue::new().0,
            glances: Queue::new().0,
            is_closing: Arc::new(AtomicBool::new(true)),
            threads: Arc::new(Mutex::new(Vec::new())),
        }
    }
}
