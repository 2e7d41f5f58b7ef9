//! Tests of every way a ping can be spelled.

mod bytes;
mod healthchecks;
mod limits;
mod payloads;
mod registry;
mod round_trip;
mod shapes;
mod vectors;
