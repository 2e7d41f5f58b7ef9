//! What the user types, settled into plans, and everything that hb prints.
//!
//! One file per subcommand, with its arguments and its `settle`; the work itself belongs to the
//! layer that owns it. Only the subcommand that was typed is built at start-up: `hb run` stands in
//! front of every job and pays for nothing else. `say.rs` prints every line hb says about itself.

mod again;
mod arguments;
mod channel;
mod channel_settings;
mod completions;
mod context;
mod described;
mod dialects;
mod doctor;
mod doctor_dialect;
mod doctor_probe;
mod dry_run;
mod entries;
pub(crate) mod entry;
mod exit;
mod export;
mod flags;
mod given;
mod import;
mod import_cronitor;
mod import_files;
mod import_healthchecks;
mod import_kuma;
mod incident;
mod init;
mod init_files;
mod inside;
mod key;
mod log;
mod log_view;
mod moments;
mod monitor;
mod monitor_added;
mod monitor_apply;
mod monitor_definition;
mod monitor_export;
mod monitor_pause;
mod monitor_view;
mod ping;
mod ping_case;
mod plain_run;
mod prompt;
mod receiver;
mod rules;
mod run;
mod run_arguments;
mod run_settle;
mod say;
mod schedule;
mod serve;
mod serve_copy;
mod serve_unit;
pub(crate) mod services;
mod spool;
mod status;
mod status_view;
mod status_watch;
mod table;
mod target_configured;
mod targets;
mod tree;
mod world;

pub use tree::command_tree;
