//! rsync: exit codes, the block of `--stats`, and the two lines every verbose run ends with.
//!
//! `bytes` is the total size of the files looked at, `files` the regular ones among them, `added`
//! the literal data, which is what really had to travel; without `--stats` there is only `bytes`.
//! `rate` is rsync's "bytes/sec", over the wire. rsync tells no duration. Extras: `files_new` and
//! `files_deleted` (regular files where rsync tells them apart), `files_transferred`, `sent`,
//! `received`.
//!
//! The hard part is the spelling. rsync groups digits as the locale does, so a German `1.800.060`
//! is a whole number; `-h` makes it `1.81M` in powers of 1000, and `-hh` prints the very same
//! letters for powers of 1024, which no reader can see: those come out up to 10 % small. Seen with
//! rsync 3.5.0.

use crate::domain::metric::{Metrics, parse_amount};
use crate::domain::tool::lines::between;
use crate::domain::tool::{Meaning, common_meaning};

/// rsync's codes, from EXIT VALUES in rsync(1) 3.5.0, and from errcode.h for 6 and 124 to 127,
/// which are how the remote shell ended. 255 is ssh's own failure passed on. 25 stays a failure
/// although files were copied: `--max-delete` is a fuse against an emptied source, and a blown fuse
/// is an alarm.
pub(crate) fn meaning(exit_code: u8) -> Meaning {
    let failure = match exit_code {
        23 => {
            return Meaning::Warning(
                "some files or attributes were not transferred: see its errors",
            );
        }
        24 => return Meaning::Warning("some files vanished while it ran, the rest was copied"),
        1 => "the command line is wrong, or this rsync was built without an option in it",
        2 => "the two rsyncs do not speak a common protocol",
        3 => "source or destination could not be selected: does the directory exist?",
        4 => "one side does not support what was asked for",
        5 => "the connection to the rsync server could not be started: login or module refused",
        6 => "the rsync server could not write to its log file",
        10 => "network error: could not connect, or the connection broke",
        11 => "a file could not be read or written: disk full or read-only?",
        12 => "the other side stopped talking: login shell noise, disk full, or rsync died there",
        13 => "rsync could not write its own messages",
        14 => "the rsync processes lost each other",
        15 => "another rsync process of this run crashed",
        16 => "another rsync process of this run was killed",
        19 => "ended by SIGUSR1",
        20 => "interrupted: somebody stopped it, or the machine shut down",
        21 => "rsync lost one of its own processes",
        22 => "out of memory",
        25 => "the --max-delete limit stopped deletions: is the source still complete?",
        30 => "no data came for too long and --timeout ended it",
        35 => "the rsync server did not answer in time",
        124 => "it ran too long and timeout(1) stopped it, or the remote shell failed",
        125 => "the remote shell was killed, or the command in front of rsync failed",
        126 => "rsync or the remote shell is there but could not be started",
        127 => "rsync was not found, here or on the other side",
        255 => "ssh failed: no connection, or the login was refused",
        _ => "rsync failed with a code we do not know",
    };
    match exit_code {
        124..=127 => Meaning::Failure(failure),
        _ => common_meaning(exit_code, failure),
    }
}

/// Reads rsync's closing lines.
pub(crate) fn read(lines: &[String]) -> Metrics {
    let mut metrics = Metrics::default();
    for line in lines {
        if let Some((label, value)) = line.split_once(": ") {
            read_labelled(label, value, &mut metrics);
        } else if line.starts_with("sent ") {
            // `sent 300 bytes  received 15 bytes  630.00 bytes/sec`
            metrics.set_found("sent", between(line, "sent ", " bytes").and_then(count));
            metrics.set_found("received", between(line, "received ", " bytes").and_then(count));
            let words: Vec<&str> = line.split_whitespace().collect();
            if let [.., rate, "bytes/sec"] = words[..] {
                metrics.set_found("rate", fraction(rate));
            }
        } else if line.starts_with("total size is ") {
            metrics
                .set_found("bytes", between(line, "total size is ", "  speedup").and_then(count));
        }
    }
    metrics
}

/// One line of `--stats`. "Number of files transferred" is how rsync before 3.1 says it.
fn read_labelled(label: &str, value: &str, metrics: &mut Metrics) {
    let name = match label {
        "Number of files" => return metrics.set_found("files", regular(value)),
        "Number of created files" => return metrics.set_found("files_new", regular(value)),
        "Number of deleted files" => return metrics.set_found("files_deleted", regular(value)),
        "Number of files transferred" | "Number of regular files transferred" => {
            "files_transferred"
        }
        "Total file size" => "bytes",
        "Literal data" => "added",
        "Total bytes sent" => "sent",
        "Total bytes received" => "received",
        _ => return,
    };
    metrics.set_found(name, count(value.strip_suffix(" bytes").unwrap_or(value)));
}

/// The regular files in `14 (reg: 10, dir: 4)`. No parenthesis means nothing to tell apart, or an
/// rsync before 3.1; one without `reg` means there were only directories or links.
fn regular(value: &str) -> Option<f64> {
    let Some((total, kinds)) = value.split_once(" (") else { return count(value) };
    let mut kinds = kinds.trim_end_matches(')').split(", ");
    match kinds.find_map(|kind| kind.strip_prefix("reg: ")) {
        Some(regular) => count(regular),
        None => count(total).map(|_| 0.0),
    }
}

/// A count as rsync writes it: whole when it has no letter, whatever parts its digits, and with two
/// decimals when it has one.
fn count(text: &str) -> Option<f64> {
    let text = text.trim();
    if text.ends_with(|letter: char| letter.is_ascii_alphabetic()) {
        return fraction(text);
    }
    parse_amount(&text.replace([',', '.', '\'', '\u{a0}', '\u{202f}'], ""))
}

/// A number whose last separator is the decimal one, in any locale: `3.602.832,00` or `1,80M`.
fn fraction(text: &str) -> Option<f64> {
    let separators = [',', '.'];
    let Some((whole, decimals)) = text.rsplit_once(separators) else { return parse_amount(text) };
    parse_amount(&format!("{}.{decimals}", whole.replace(separators, "")))
}
