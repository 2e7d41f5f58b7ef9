//! The tests that see `hb` as its users do: the real binary, a temporary directory, a fake world.
//!
//! One binary, so that everything is linked once. Each file holds one law or one group of traps.

mod architecture;
mod config;
mod databases;
mod delivery;
mod dialect_match;
mod dialects;
mod doctor;
mod endurance;
mod generated;
mod hb;
mod held_output;
mod hostile;
mod inside;
mod job_control;
mod journal;
mod kept_addresses;
mod kernels;
mod killed;
mod man;
mod messages;
mod messages_to_people;
mod ping;
mod places;
mod policy;
mod policy_keys;
mod power_cut;
mod readme;
mod real_tools;
mod receiver;
mod run;
mod schedule;
mod secrets;
mod service_table;
mod services;
mod spool_pauses;
mod spooling;
mod state_dir;
mod status;
mod streams;
mod supply;
mod surroundings;
mod time_limits;
mod tls;
mod unix_signals;
