//! The machine, through small doors: one file per thing the operating system does for us.
//!
//! Nothing here knows what a monitor or a ping is. All `unsafe` of the project lives in this folder,
//! each block with the reason why it holds; everything above is safe code. The hard part is
//! `spawn.rs`: a job must find the same world below `hb` that it would have found without it.

pub(crate) mod clock;
pub(crate) mod command;
pub(crate) mod descriptors;
pub(crate) mod fault;
pub(crate) mod files;
pub(crate) mod host;
pub(crate) mod http;
pub(crate) mod inherited;
pub(crate) mod memory;
pub(crate) mod named_descriptor;
pub(crate) mod outbound;
pub(crate) mod priority;
pub(crate) mod process;
pub(crate) mod program;
pub(crate) mod random;
pub(crate) mod readable;
pub(crate) mod runtime;
pub(crate) mod service;
pub(crate) mod signal_fd;
pub(crate) mod socket;
pub(crate) mod spawn;
pub(crate) mod streams;
pub(crate) mod terminal;
pub(crate) mod tls;
pub(crate) mod tls_server;
pub(crate) mod wait;
pub(crate) mod zone;
