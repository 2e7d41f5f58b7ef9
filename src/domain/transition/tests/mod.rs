//! Laws and traps of the state machine: tables that read as stories, and random ones against simple twins.

mod chance;
mod laws;
mod order;
mod presence;
mod random;
mod script;
mod time;
mod traps;
mod twin;
