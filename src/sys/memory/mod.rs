//! The memory of the program: who gives a piece, and who takes it back.
//!
//! A run of `hb` and a receiver need opposite things. A run lives for a millisecond and wants no system
//! call for its first pieces: [`start`] hands them out from the program's own memory. A receiver lives for
//! months on several threads and wants no lock for its pieces: [`small`] and [`large`] keep what is freed
//! for whoever asks next. Everything else is the ordinary allocator's, and [`rest`] knows what is whose.

mod held;
mod large;
mod rest;
mod small;
pub(crate) mod start;

pub(crate) use small::{give_back_pieces, keep_pieces};
