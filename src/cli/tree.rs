//! The shape of the command line: every subcommand with its arguments and examples.
//!
//! Man pages and completions are made from [`command_tree`]. At run time only the one subcommand
//! that was typed is built (`entry.rs`).

use clap::Command;

use super::entries::{ENTRIES, Entry};

/// What stands above everything.
const ABOUT: &str = "Run scheduled jobs exactly as they are, and hear of it when they fail";

/// `hb --help`, on one screen.
const HELP: &str = "\
hb: run scheduled jobs exactly as they are, and hear of it when they fail
Usage: hb <COMMAND>

Run and report
  run       run a job and report it:  hb run nightly -- borg create ...
  ping      one ping by hand:  hb ping nightly, hb ping nightly fail
Inside a job
  progress  how far it is        stage   a new stage begins
  step      one named step       metric  what it measured
Look
  log       what ran on this host     spool     what is not delivered yet
  doctor    check configuration, network and keys, and what to do
Receive
  serve     take pings, watch deadlines, alert people
  status    what the receiver knows:  hb status --watch
  monitor   what it watches:  hb monitor add nightly --schedule '0 3 * * *'
  channel   how it tells people       incident  what is bad, and who is on it
  key       who may ping it, look at it, change it
Set up
  init      this host: configuration, keys, a first monitor
  schedule  what `0 3 * * 1-5` means  completions  for your shell
  import    move in from elsewhere    export  move out
`hb help COMMAND` and `man hb-run` tell all, with examples.
Configuration: ~/.config/hb/config.toml, /etc/hb/config.toml, or $HB_CONFIG
";

fn build(entry: &Entry) -> Command {
    // The arguments bring their own first line along; ours comes after them and stays.
    (entry.arguments)(Command::new(entry.name))
        .about(entry.about)
        .after_long_help(entry.examples)
        .after_help(entry.examples)
        .disable_version_flag(true)
        .bin_name(format!("hb {}", entry.name))
}

/// The one subcommand of this name.
pub(crate) fn subcommand(name: &str) -> Option<Command> {
    ENTRIES.iter().find(|entry| entry.name == name).map(build)
}

/// The names of all subcommands.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    ENTRIES.iter().map(|entry| entry.name)
}

/// The text of `hb --help`.
pub(crate) fn help() -> &'static str {
    HELP
}

/// The whole tree, for man pages and completions.
pub fn command_tree() -> Command {
    Command::new("hb")
        .about(ABOUT)
        .version(env!("CARGO_PKG_VERSION"))
        .subcommand_required(true)
        .disable_help_subcommand(true)
        .subcommands(ENTRIES.iter().map(build))
}
