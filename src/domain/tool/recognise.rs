//! From a command line to the tool it runs, and whether that command line prints its summary where
//! data would go.
//!
//! The law of this file is: when not sure, no. A tool not recognised loses its metrics; a tool
//! wrongly recognised turns a failure into a warning, and a copied stream of data fills a tail with
//! somebody's files. So the base name must match exactly, prefixes are understood or refused, and a
//! subcommand counts only if no other one is named anywhere among the arguments.

use std::ffi::OsString;

use crate::domain::tool::{Tool, prefix};

/// How many commands in front are looked through; nobody nests more by hand.
const PREFIX_DEPTH_MAX: usize = 8;

/// restic's subcommands whose standard output is a summary for people.
const RESTIC_SUMMARY: &[&str] = &["backup", "forget", "prune", "check", "copy", "restore"];
/// The others, up to restic 0.18.
const RESTIC_OTHER: &[&str] = &[
    "cache",
    "cat",
    "completion",
    "diff",
    "dump",
    "features",
    "find",
    "generate",
    "init",
    "key",
    "list",
    "ls",
    "migrate",
    "mount",
    "options",
    "rebuild-index",
    "recover",
    "repair",
    "rewrite",
    "self-update",
    "snapshots",
    "stats",
    "tag",
    "unlock",
    "version",
];
/// rclone's subcommands that end with statistics; `copyurl` can write the file itself to stdout.
const RCLONE_SUMMARY: &[&str] = &["bisync", "copy", "copyto", "move", "moveto", "sync"];
/// The others, of rclone 1.60 to 1.70.
const RCLONE_OTHER: &[&str] = &[
    "about",
    "archive",
    "authorize",
    "backend",
    "cat",
    "check",
    "checksum",
    "cleanup",
    "completion",
    "config",
    "convmv",
    "copyurl",
    "cryptcheck",
    "cryptdecode",
    "dedupe",
    "delete",
    "deletefile",
    "genautocomplete",
    "gendocs",
    "gitannex",
    "hashsum",
    "help",
    "link",
    "listremotes",
    "ls",
    "lsd",
    "lsf",
    "lsjson",
    "lsl",
    "md5sum",
    "mkdir",
    "mount",
    "mount2",
    "cmount",
    "ncdu",
    "nfsmount",
    "obscure",
    "purge",
    "rc",
    "rcat",
    "rcd",
    "rmdir",
    "rmdirs",
    "selfupdate",
    "serve",
    "settier",
    "sha1sum",
    "size",
    "test",
    "touch",
    "tree",
    "version",
];
/// borg's subcommand that prints its statistics to standard output, given `--json`.
const BORG_SUMMARY: &[&str] = &["create"];
/// The others, of borg 1.4 and 2.
const BORG_OTHER: &[&str] = &[
    "analyze",
    "benchmark",
    "break-lock",
    "check",
    "compact",
    "config",
    "debug",
    "delete",
    "diff",
    "export-tar",
    "extract",
    "import-tar",
    "info",
    "init",
    "key",
    "list",
    "mount",
    "prune",
    "recreate",
    "rename",
    "repo-compress",
    "repo-create",
    "repo-delete",
    "repo-info",
    "repo-list",
    "repo-space",
    "serve",
    "tag",
    "transfer",
    "umount",
    "undelete",
    "upgrade",
    "version",
    "with-lock",
];
/// certbot's subcommands that end with a list of certificates.
const CERTBOT_SUMMARY: &[&str] = &["renew", "certonly"];
/// The others.
const CERTBOT_OTHER: &[&str] = &[
    "run",
    "install",
    "enhance",
    "certificates",
    "delete",
    "revoke",
    "reconfigure",
    "register",
    "unregister",
    "update_account",
    "show_account",
    "plugins",
    "rollback",
    "update_symlinks",
];

/// The tool a command line runs, and the tool's own arguments.
pub(crate) fn command(argv: &[OsString]) -> Option<(Tool, &[OsString])> {
    let mut argv = argv;
    for _ in 0..=PREFIX_DEPTH_MAX {
        let (program, arguments) = argv.split_first()?;
        let name = program.to_str()?;
        let name = name.rsplit_once('/').map_or(name, |(_, base)| base);
        if let Some(tool) = by_program(name) {
            return Some((tool, arguments));
        }
        // A word that is no UTF-8 cannot be an option, an operand or a program we know; it may be
        // the value of one, and then it only has to keep its place.
        let words: Vec<&str> = arguments.iter().map(|word| word.to_str().unwrap_or("?")).collect();
        argv = &arguments[prefix::behind(name, &words)?..];
    }
    None
}

/// The tool behind a program's base name. `pg_basebackup` is none: it copies a cluster, speaks
/// other words and would have to be learnt by itself.
fn by_program(name: &str) -> Option<Tool> {
    Some(match name {
        "borg" | "borg1" | "borg2" => Tool::Borg,
        "restic" => Tool::Restic,
        "rsync" => Tool::Rsync,
        "rclone" => Tool::Rclone,
        "pg_dump" | "pg_dumpall" => Tool::PgDump,
        "mysqldump" | "mariadb-dump" => Tool::Mysqldump,
        "tar" | "gtar" => Tool::Tar,
        "certbot" => Tool::Certbot,
        _ => return None,
    })
}

/// Whether the tool, called with these arguments, has its summary and no data on standard output.
pub(crate) fn on_stdout(tool: Tool, arguments: &[OsString]) -> bool {
    let Some(words) = arguments.iter().map(|word| word.to_str()).collect::<Option<Vec<&str>>>()
    else {
        return false;
    };
    let has = |long: &str| words.contains(&long);
    match tool {
        // borg logs to standard error, except for what `--json` prints.
        Tool::Borg => only(&words, BORG_SUMMARY, BORG_OTHER) && has("--json"),
        Tool::Restic => only(&words, RESTIC_SUMMARY, RESTIC_OTHER),
        // With these rsync talks its protocol there, or a file list goes where a summary would.
        Tool::Rsync => {
            let protocol = ["--server", "--daemon", "--list-only", "--version", "--help"];
            let batch = words.iter().any(|word| word.contains("write-batch"));
            !batch && !protocol.iter().any(|option| words.contains(option))
        }
        // rclone logs to standard error, except for what `--progress` redraws.
        Tool::Rclone => {
            let short = |word: &&str| {
                word.starts_with('-') && !word.starts_with("--") && word.contains('P')
            };
            let progress = has("--progress") || words.iter().any(short);
            only(&words, RCLONE_SUMMARY, RCLONE_OTHER) && progress
        }
        Tool::Certbot => only(&words, CERTBOT_SUMMARY, CERTBOT_OTHER),
        Tool::PgDump | Tool::Mysqldump | Tool::Tar => false,
    }
}

/// Whether one of `wanted` is among the words and none of `others` is. Options with values are not
/// understood, so a repository called `dump` costs the summary, and one called `backup` gains
/// nothing.
fn only(words: &[&str], wanted: &[&str], others: &[&str]) -> bool {
    words.iter().any(|word| wanted.contains(word))
        && !words.iter().any(|word| others.contains(word))
}
