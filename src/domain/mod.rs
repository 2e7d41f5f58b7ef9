//! The pure middle: rules as functions of values and `now`. No I/O, no clock, no randomness, no async.
//!
//! Everything here can be tested exhaustively and replayed. What the world has to say comes in as
//! arguments; what should happen goes out as values that the edges carry out.

pub(crate) mod address;
pub(crate) mod alert;
pub(crate) mod arrival;
pub(crate) mod backoff;
pub(crate) mod base64;
pub(crate) mod dialect;
pub(crate) mod event;
pub(crate) mod exit_set;
pub(crate) mod healthchecks;
pub(crate) mod hex;
pub(crate) mod host;
pub(crate) mod http1;
pub(crate) mod incident;
pub(crate) mod io_class;
pub(crate) mod maintenance;
pub(crate) mod metric;
pub(crate) mod monitor;
pub(crate) mod name;
pub(crate) mod nearest;
pub(crate) mod ping;
pub(crate) mod prefix;
pub(crate) mod proxies;
pub(crate) mod record;
pub(crate) mod redact;
pub(crate) mod retry_after;
pub(crate) mod run;
pub(crate) mod schedule;
pub(crate) mod size;
pub(crate) mod span;
pub(crate) mod tail;
pub(crate) mod telling;
pub(crate) mod text;
pub(crate) mod time;
pub(crate) mod tool;
pub(crate) mod transition;
pub(crate) mod unix_signal;
pub(crate) mod usage;
pub(crate) mod wildcard;
