//! The tests that see `hb` as its users do: the real binary, a temporary directory, a fake world.
//!
//! One binary, so that everything is linked once. Each file holds one law or one group of traps.

mod architecture;
mod config;
mod delivery;
mod doctor;
mod hb;
mod hostile;
mod journal;
mod ping;
mod receiver;
mod run;
mod secrets;
mod spooling;
mod state_dir;
mod tls;
