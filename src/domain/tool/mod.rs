//! The tools whose jobs we understand better than by "zero is good": what their exit codes mean and
//! what their last lines say about the work done.
//!
//! Every parser names its numbers alike, so that a rule need not know the tool: `bytes` is the size
//! of the source data the tool looked at, `files` how many files that was, `added` the bytes newly
//! stored or moved, `duration` seconds by the tool's own clock, `rate` bytes per second as the tool
//! says. A tool that does not say a thing has no such metric; nothing is computed or guessed.
//! Extras are listed at the top of the tool's own file.
//!
//! The hard part is not to be fooled: output is hostile and may be cut anywhere. Parsers only take
//! lines they know from their beginning, and a later line wins over an earlier one.

mod borg;
mod certbot;
mod dump;
mod lines;
mod prefix;
mod rclone;
mod recognise;
mod restic;
mod rsync;

use std::ffi::OsString;

use crate::domain::metric::Metrics;

/// A tool we know.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Tool {
    /// BorgBackup 1.x and 2.
    Borg,
    /// restic.
    Restic,
    /// rsync, from 2.6 on.
    Rsync,
    /// rclone.
    Rclone,
    /// PostgreSQL's pg_dump and pg_dumpall.
    PgDump,
    /// mysqldump and MariaDB's mariadb-dump.
    Mysqldump,
    /// GNU tar.
    Tar,
    /// certbot.
    Certbot,
}

/// What an exit code says about the work, with a text for the person who has to act on it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Meaning {
    /// All of the work was done.
    Success,
    /// The work was done but somebody should look: what is left out or odd.
    Warning(&'static str),
    /// The work was not done: why, as far as the code tells.
    Failure(&'static str),
}

impl Tool {
    /// Every tool, in the order the documentation lists them.
    pub(crate) const ALL: [Tool; 8] = [
        Tool::Borg,
        Tool::Restic,
        Tool::Rsync,
        Tool::Rclone,
        Tool::PgDump,
        Tool::Mysqldump,
        Tool::Tar,
        Tool::Certbot,
    ];

    /// The name people configure it by.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Tool::Borg => "borg",
            Tool::Restic => "restic",
            Tool::Rsync => "rsync",
            Tool::Rclone => "rclone",
            Tool::PgDump => "pg_dump",
            Tool::Mysqldump => "mysqldump",
            Tool::Tar => "tar",
            Tool::Certbot => "certbot",
        }
    }

    /// The tool of that name, exactly as [`Self::name`] spells it.
    pub(crate) fn parse(name: &str) -> Option<Tool> {
        Tool::ALL.into_iter().find(|tool| tool.name() == name)
    }

    /// The tool this command line runs, looking through `sudo`, `nice` and the like; `None` when
    /// not sure.
    pub(crate) fn recognise(argv: &[OsString]) -> Option<Tool> {
        recognise::command(argv).map(|(tool, _)| tool)
    }

    /// What this exit code means for this tool. It takes the code to be the tool's own: a wrapper
    /// in front that failed by itself with 1 (`sudo` without its password) cannot be told from the
    /// tool.
    pub(crate) fn meaning(self, exit_code: u8) -> Meaning {
        match self {
            Tool::Borg => borg::meaning(exit_code),
            Tool::Restic => restic::meaning(exit_code),
            Tool::Rsync => rsync::meaning(exit_code),
            Tool::Rclone => rclone::meaning(exit_code),
            Tool::PgDump => dump::pg_dump_meaning(exit_code),
            Tool::Mysqldump => dump::mysqldump_meaning(exit_code),
            Tool::Tar => dump::tar_meaning(exit_code),
            Tool::Certbot => certbot::meaning(exit_code),
        }
    }

    /// Whether this command line prints its summary, and no data, to standard output, so that a
    /// copy of standard output may be kept. When not sure: no. The tools' words on standard error
    /// are another matter; those never are data.
    pub(crate) fn summary_on_stdout(self, argv: &[OsString]) -> bool {
        recognise::command(argv)
            .is_some_and(|(tool, arguments)| tool == self && recognise::on_stdout(tool, arguments))
    }

    /// What the tool's own summary says, out of the end of its mixed output. Empty when it says
    /// nothing.
    pub(crate) fn read_summary(self, output: &[u8]) -> Metrics {
        let lines = lines::tidy(output);
        match self {
            Tool::Borg => borg::read(&lines),
            Tool::Restic => restic::read(&lines),
            Tool::Rsync => rsync::read(&lines),
            Tool::Rclone => rclone::read(&lines),
            Tool::PgDump => dump::read_pg_dump(&lines),
            Tool::Mysqldump => dump::read_mysqldump(&lines),
            Tool::Tar => dump::read_tar(&lines),
            Tool::Certbot => certbot::read(&lines),
        }
    }
}

/// The codes that shells and wrappers give on their own, whatever the tool: timeout(1), env(1) and
/// nice(1) document 124 to 127, the shell 128 + N for a job that a unix signal ended. Everything
/// else is `unknown`, since a code a tool has not documented is a failure (restic's manual insists
/// on that).
fn common_meaning(exit_code: u8, unknown: &'static str) -> Meaning {
    Meaning::Failure(match exit_code {
        0 => return Meaning::Success,
        124 => "it ran too long and timeout(1) stopped it",
        125 => "the command in front (timeout, env, nice) failed, the tool never ran",
        126 => "the program is there but could not be started: not executable?",
        127 => "the program was not found: is it installed and in PATH?",
        129 => "stopped by SIGHUP: its terminal or login went away",
        130 => "stopped by SIGINT: somebody interrupted it",
        131 => "stopped by SIGQUIT",
        132 | 135 | 139 => "it crashed",
        134 => "it aborted: a bug in it, or no memory left",
        137 => "killed by SIGKILL: often because the machine ran out of memory",
        141 => "broken pipe: whoever read its output went away",
        143 => "stopped by SIGTERM: a shutdown or a stopped service",
        152 => "it used up the processor time it was allowed",
        153 => "a file grew over the allowed size",
        128..=192 => "ended by a unix signal",
        _ => unknown,
    })
}

#[cfg(test)]
mod tests;
