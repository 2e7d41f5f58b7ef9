//! The management API of `hb serve`, as its client: what `hb status` and `hb monitor …` speak.
//!
//! `api` asks one question and says in plain words why there is no answer; `pages` goes on asking
//! while a list goes on; `stream` reads server-sent events, and `live` is a connection that carries
//! them; `answer` takes members out of what came back, whatever is there; `local` finds the receiver
//! that this user runs on this host. `healthchecks` is another service that is asked for what moves
//! here. An answer comes from another machine: it is bounded, read
//! leniently, and never trusted to be what it should be. Nothing here knows where the address and
//! the key came from, and nothing here prints.

pub(crate) mod answer;
pub(crate) mod api;
pub(crate) mod healthchecks;
pub(crate) mod live;
pub(crate) mod local;
pub(crate) mod pages;
pub(crate) mod stream;
