//! The tests that see `hb` as its users do: the real binary, a temporary directory, a fake world.
//!
//! One binary, so that everything is linked once. Each file holds one law or one group of traps.

mod architecture;
mod hb;
mod held_output;
mod inside;
mod kernels;
mod policy;
mod run;
mod status;
mod streams;
mod time_limits;
mod unix_signals;
