//! What this host remembers: records of runs, events not yet delivered, locks, counters.
//!
//! Everything is a file in one private directory (`HB_STATE_DIR`), small, of this user alone, and
//! named by hb itself. There is no daemon and no database: any `hb` can be killed at any moment, and
//! the next one finds on disk what it left. Layout, and who may remove what:
//!
//! - `open/<run id>.jsonl`: runs whose `hb` has not finished; the file is locked while it lives.
//! - `history/<monitor key>/<run id>.jsonl`: finished runs, pruned by count, size and age.
//! - `spool/<event>.json`: events to deliver; `set-aside/` holds spool files that cannot be read.
//! - `addresses/`, `learned/`, `known/`, `locks/`, `counters/`: one small file each.
//! - `progress/<run id>/`: what a running job says; in the runtime directory where there is one.
//!
//! The hard part is `dead.rs`: telling a run that died from one that is only slow.

pub(crate) mod addresses;
pub(crate) mod alerts;
pub(crate) mod counters;
pub(crate) mod dead;
pub(crate) mod history;
pub(crate) mod known;
pub(crate) mod learned;
pub(crate) mod locks;
pub(crate) mod logs;
pub(crate) mod open_run;
pub(crate) mod spool;
pub(crate) mod state;
pub(crate) mod sweep;
