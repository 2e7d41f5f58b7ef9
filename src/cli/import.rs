//! `hb import`: moving in from another service.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::receiver::{ReceiverArguments, ask};
use super::{arguments, import_files, import_healthchecks};

/// Take over what another service knows.
#[derive(Args, Debug)]
pub(crate) struct ImportArguments {
    #[command(subcommand)]
    from: From,
    #[command(flatten)]
    receiver: ReceiverArguments,
}

/// From where.
#[derive(Subcommand, Debug)]
enum From {
    /// Checks with their ping URLs, pings and flips, over the API of a running Healthchecks
    Healthchecks {
        /// Its address
        #[arg(value_name = "URL")]
        url: String,
        /// The file with its read-write API key
        #[arg(long, value_name = "FILE")]
        key_file: PathBuf,
        /// Take the checks alone, without pings and flips
        #[arg(long)]
        no_history: bool,
    },
    /// Push monitors of an Uptime Kuma, from its backup as JSON
    UptimeKuma {
        /// The backup; `-` is stdin
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Jobs and heartbeats of a Cronitor, from its API's answer as JSON
    Cronitor {
        /// The answer of `GET /api/monitors`; `-` is stdin
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// The file with the API key that the jobs ping with, so that they arrive unchanged
        #[arg(long, value_name = "FILE")]
        ping_key_file: Option<PathBuf>,
    },
}

/// Runs the command.
pub(crate) fn main(words: &[OsString]) -> i32 {
    let arguments: ImportArguments = match arguments::read("import", words) {
        Ok(arguments) => arguments,
        Err(code) => return code,
    };
    ask(&arguments.receiver, async |asking| match &arguments.from {
        From::Healthchecks { url, key_file, no_history } => {
            import_healthchecks::import(asking, url, key_file, !no_history).await
        }
        From::UptimeKuma { file } => import_files::kuma(asking, file).await,
        From::Cronitor { file, ping_key_file } => {
            import_files::cronitor(asking, file, ping_key_file.as_deref()).await
        }
    })
}
