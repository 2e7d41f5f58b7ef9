//! What the batch asks of an engine: a connection that is owned by one thread.

use super::tx::{Trouble, Tx};

/// What a transaction may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Change things; a file has one writer at a time.
    Write,
    /// Look at one unchanging picture.
    Read,
}

/// Which engine it is, where its words for types differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Make {
    /// A file of ours.
    Sqlite,
    /// A server that others share.
    Postgres,
}

/// One connection.
pub(super) trait Engine: Tx {
    /// Begins a transaction, connecting again where the connection was lost.
    fn begin(&mut self, way: Way) -> Result<(), Trouble>;

    /// Begins a transaction that no other process may have at the same time: for migrations.
    fn begin_alone(&mut self) -> Result<(), Trouble>;

    /// Makes everything since `begin` durable: when this returns, it survives a power cut.
    fn commit(&mut self) -> Result<(), Trouble>;

    /// Forgets everything since `begin`. Cannot fail: a connection that cannot is given up.
    fn roll_back(&mut self);

    /// Marks the place that [`Engine::undo`] goes back to.
    fn mark(&mut self) -> Result<(), Trouble>;

    /// Takes the mark away; what was done since stays.
    fn keep(&mut self) -> Result<(), Trouble>;

    /// Forgets what was done since the mark. Fails when the engine gave up the whole transaction.
    fn undo(&mut self) -> Result<(), Trouble>;

    /// Whether the trouble was only that two writers got in each other's way: the same again may work.
    fn wants_again(&self) -> bool;

    /// Runs several statements that take and give nothing: for migrations.
    fn script(&mut self, sql: &str) -> Result<(), Trouble>;

    /// Which engine it is.
    fn make(&self) -> Make;
}
