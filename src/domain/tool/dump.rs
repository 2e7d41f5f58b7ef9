//! The tools that write one stream: pg_dump, mysqldump and GNU tar.
//!
//! They say little about their work, and their standard output is the data itself, so all this is
//! read from standard error. tar with `--totals`: `bytes` is the size of the archive before
//! compression (written, or read back on extraction) and `rate` tar's own; it tells no `files`.
//! pg_dump and mysqldump with `-v`: `tables`, how many tables' contents were dumped, and only when
//! the first line of the verbose output is there too, since a cut tail would count too few.
//!
//! tar and pg_dump speak the user's language, and only their English is understood. Seen with GNU
//! tar 1.34, pg_dump 15.18 and mariadb-dump 10.11.19.

use crate::domain::metric::{Metrics, parse_amount};
use crate::domain::tool::{Meaning, common_meaning};

/// pg_dump(1) names no codes; pg_dump.c ends with 1 whatever goes wrong, also on a wrong option.
pub(crate) fn pg_dump_meaning(exit_code: u8) -> Meaning {
    let failure = match exit_code {
        1 => {
            "pg_dump failed: no connection, no permission, or a wrong option; the dump is incomplete"
        }
        _ => "pg_dump failed with a code we do not know; the dump is incomplete",
    };
    common_meaning(exit_code, failure)
}

/// mysqldump's codes, from the `EX_` list in client/mysqldump.c and, for its options, the `EXIT_`
/// list in include/mysys_err.h. The two lists overlap: 2 is any error of the connection or the
/// server, and also an unknown option.
pub(crate) fn mysqldump_meaning(exit_code: u8) -> Meaning {
    let failure = match exit_code {
        1 => "mysqldump was used wrongly or failed early",
        2 => "no connection, refused (login, permission, missing database), or an unknown option",
        3 => "the dump cannot be consistent, or an option is ambiguous",
        4 => "out of memory, or an option has a value it may not have",
        5 => "the dump could not be written: disk full? (or an option lacks its value)",
        6 => "a table to dump does not exist or is not one",
        7 => "an option is unknown to this version: client and server of different makes?",
        8..=13 => "an option or its value is wrong",
        _ => "mysqldump failed with a code we do not know",
    };
    common_meaning(exit_code, failure)
}

/// GNU tar's codes, from RETURN VALUE in tar(1) 1.34. A failed compressor passes its own code on,
/// which may also be 1 or 2.
pub(crate) fn tar_meaning(exit_code: u8) -> Meaning {
    let failure = match exit_code {
        1 => {
            return Meaning::Warning(
                "some files changed while being archived (or differ, with -d)",
            );
        }
        2 => "a fatal error: files missing or unreadable, disk full, or a damaged archive",
        64 => "the command line is wrong",
        _ => "a program tar called (its compressor, rmt) failed",
    };
    common_meaning(exit_code, failure)
}

/// Counts the tables pg_dump names. pg_dumpall runs one pg_dump for each database, so there the
/// first line of a pg_dump does not show that all is there; its own queries, before any of them, do.
pub(crate) fn read_pg_dump(lines: &[String]) -> Metrics {
    let all = lines.iter().any(|line| line.starts_with("pg_dumpall: dumping database"));
    let first = if all { "pg_dumpall: executing " } else { "pg_dump: last built-in OID is" };
    tables(lines, first, |line| unprefixed(line).starts_with("dumping contents of table "))
}

/// A line of pg_dump without its prefix. The processes of `--jobs` share standard error and write
/// `pg_dump:`, a blank and the rest of the line one by one, so there a line may have none or two of
/// them; only the rest stays in one piece.
fn unprefixed(line: &str) -> &str {
    let mut rest = line.trim_start_matches(' ');
    while let Some(shorter) = rest.strip_prefix("pg_dump:") {
        rest = shorter.trim_start_matches(' ');
    }
    rest
}

/// Counts the tables mysqldump names.
pub(crate) fn read_mysqldump(lines: &[String]) -> Metrics {
    tables(lines, "-- Connecting to ", |line| line.starts_with("-- Sending SELECT query"))
}

/// How many lines name a table, if one begins with `first`.
fn tables(lines: &[String], first: &str, names_table: impl Fn(&str) -> bool) -> Metrics {
    let mut metrics = Metrics::default();
    if lines.iter().any(|line| line.starts_with(first)) {
        let count = lines.iter().filter(|line| names_table(line)).count();
        metrics.set_found("tables", u32::try_from(count).ok().map(f64::from));
    }
    metrics
}

/// Reads `--totals`. An update of an archive reads and writes; what was written is the work then.
pub(crate) fn read_tar(lines: &[String]) -> Metrics {
    let mut metrics = Metrics::default();
    for label in ["Total bytes read: ", "Total bytes written: "] {
        for totals in lines.iter().filter_map(|line| line.strip_prefix(label)) {
            // `1812480 (1.8MiB, 617MiB/s)`
            let (bytes, shown) = totals.split_once(" (").unwrap_or((totals, ""));
            metrics.set_found("bytes", parse_amount(bytes));
            let rate = shown.split_once(", ").and_then(|(_, rate)| rate.strip_suffix(')'));
            metrics.set_found("rate", rate.and_then(parse_amount));
        }
    }
    metrics
}
