//! The tests that see `hb` as its users do: the real binary, a temporary directory, a fake world.
//!
//! One binary, so that everything is linked once. Each file holds one law or one group of traps.

mod architecture;
mod config;
mod databases;
mod delivery;
mod doctor;
mod endurance;
mod generated;
mod hb;
mod held_output;
mod hostile;
mod inside;
mod job_control;
mod journal;
mod kernels;
mod killed;
mod man;
mod ping;
mod places;
mod policy;
mod power_cut;
mod readme;
mod real_tools;
mod receiver;
mod run;
mod secrets;
mod spooling;
mod state_dir;
mod status;
mod streams;
mod supply;
mod surroundings;
mod time_limits;
mod tls;
mod unix_signals;
