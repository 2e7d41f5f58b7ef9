//! `hb`: did the job really run, did it really work, and will somebody hear of it when it did not?
//!
//! `hb run <monitor> -- command` runs a job exactly as it would run bare, remembers on this host how
//! it went, and tells heartbeat servers. The map of the house, from the inside out:
//!
//! - `domain` is pure: rules as functions of values and `now`. No I/O, no clock, no randomness.
//! - `sys` holds small doors to the machine; all `unsafe` is there.
//! - `config` reads files into values and finds every mistake in them; it never prints.
//! - `journal` is what this host remembers: records, spool, locks, counters.
//! - `store` is what a receiver remembers, on SQLite or PostgreSQL; it decides nothing.
//! - `send` carries events out: one attempt, retries, the courier's thread, the flush.
//! - `notify` is how the receiver tells people: the words, and one attempt through one channel.
//! - `client` asks a receiver: its management API, and the word that a local one leaves.
//! - `run` supervises one job; it knows neither configuration nor HTTP.
//! - `cli` is what the user types, settled into a plan, and the only place that prints.
//!
//! A layer names only those below it; a test over the imports holds that. The job comes first: no
//! network, TLS or slow file work happens before it is started, and nothing in here changes its
//! exit status, its output, its signals or its terminal.

mod cli;
mod client;
mod config;
mod domain;
mod journal;
mod notify;
mod run;
mod send;
mod serve;
mod store;
mod sys;

#[global_allocator]
static MEMORY: sys::memory::start::StartMemory = sys::memory::start::StartMemory::new();

/// Gets the memory that a run needs in any case, in one piece.
fn warm() {
    MEMORY.warm();
}

pub use cli::command_tree;
pub use cli::entry::run;
pub use cli::services::{ServiceRow, services};
