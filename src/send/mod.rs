//! Pings out: one attempt, retries, the courier's thread, and the flush of the spool.
//!
//! Events come in, deliveries come out; where an event cannot be delivered in time the caller puts
//! it in the spool. Nothing here can hold up a job: the courier is a thread that `run` starts after
//! the job and leaves at the end of its budget. The hard part is order: a start is never sent after
//! its own finish, and an old event never hides a newer state (`order.rs`).

mod agent;
pub(crate) mod alerts;
pub(crate) mod attempt;
pub(crate) mod budget;
pub(crate) mod command;
pub(crate) mod courier;
pub(crate) mod datagram;
pub(crate) mod deliver;
mod direct;
pub(crate) mod exchange;
pub(crate) mod flush;
pub(crate) mod order;
pub(crate) mod target;
