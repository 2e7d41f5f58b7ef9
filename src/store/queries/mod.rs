//! The SQL, one file per noun and one constant per query, in what SQLite and PostgreSQL share.
//!
//! Where the engines must differ, for locks and for many rows at once, a `Many` has both texts side
//! by side. Moments are arguments; nothing here asks for the time.

pub(super) mod audit;
pub(super) mod channels;
pub(super) mod deliveries;
pub(super) mod events;
pub(super) mod followers;
pub(super) mod incidents;
pub(super) mod keys;
pub(in crate::store) mod monitors;
pub(super) mod months;
pub(super) mod nodes;
pub(super) mod repeats;
pub(super) mod retention;
