//! rclone: exit codes, and the statistics it logs, as a block, as one line or as JSON.
//!
//! `added` is what was transferred, `duration` the elapsed time, `rate` rclone's own average.
//! rclone does not tell how large the source is (a file that need not be copied adds nothing), so
//! there is neither `bytes` nor `files`. Extras: `files_transferred`, `checks` (files compared),
//! `files_deleted`, `errors`.
//!
//! The block is repeated every `--stats` interval and the last one counts. Until 1.55 rclone wrote
//! `1.7M / 1.7 MBytes` and meant powers of 1024, hence [`amount`]. Seen with rclone 1.60.1; the
//! older form was not at hand.

use serde_json::Value;

use crate::domain::metric::{Metrics, parse_amount};
use crate::domain::tool::lines::json_object;
use crate::domain::tool::{Meaning, common_meaning};

/// rclone's codes, from "List of exit codes" in rclone(1) and lib/exitcode/exitcode.go; 10 came
/// with 1.64. 1 and 2 changed places in 1.69: before, 1 was wrong usage and 2 any other error, so
/// both texts cover both. 9 only ever appears with `--error-on-no-transfer`, when somebody wants to
/// hear of it.
pub(crate) fn meaning(exit_code: u8) -> Meaning {
    let failure = match exit_code {
        9 => return Meaning::Warning("all went well, but there was nothing to transfer"),
        1 | 2 => "rclone failed (an error it has no code for), or its command line is wrong",
        3 => "a directory was not found: is the source there, the remote's path right?",
        4 => "a file was not found",
        5 => "a temporary error that outlasted all retries: try again later",
        6 => "errors that retrying does not help: see its log for the files left out",
        7 => "a fatal error, such as a suspended account: it will not go away by itself",
        8 => "the --max-transfer limit was reached: not everything was copied",
        10 => "the --max-duration limit was reached: not everything was copied",
        _ => "rclone failed with a code we do not know",
    };
    common_meaning(exit_code, failure)
}

/// Reads the last statistics rclone logged.
pub(crate) fn read(lines: &[String]) -> Metrics {
    let mut metrics = Metrics::default();
    for line in lines {
        match json_object(line) {
            Some(object) if object["stats"].is_object() => metrics = read_json(&object["stats"]),
            Some(_) => {}
            None => read_line(line, &mut metrics),
        }
    }
    metrics
}

/// One line of a block, or the one line of `--stats-one-line`.
fn read_line(line: &str, metrics: &mut Metrics) {
    // `--progress` into a file glues the next block to the line of the file under way, which starts
    // with a star.
    let start = if line.starts_with(" *") { line.rfind("Transferred:") } else { Some(0) };
    let line = &line[start.unwrap_or(0)..];
    match line.split_once(':') {
        Some(("Transferred", value)) => read_transferred(value, metrics),
        Some(("Errors", value)) => metrics.set_found("errors", first_count(value)),
        Some(("Checks", value)) => metrics.set_found("checks", first_count(value)),
        Some(("Deleted", value)) => metrics.set_found("files_deleted", first_count(value)),
        Some(("Elapsed time", value)) => metrics.set_found("duration", parse_amount(value)),
        Some(_) | None => {
            let logged = ["INFO  : ", "NOTICE: "].iter().find_map(|level| line.split_once(level));
            let (_, words) = logged.unwrap_or(("", line));
            if words.contains(" / ") && words.contains(", ETA ") {
                read_transferred(words, metrics);
            }
        }
    }
}

/// `1.721 MiB / 1.721 MiB, 100%, 0 B/s, ETA -`, or `9 / 9, 100%` for files. The bytes open a block,
/// so they clear what an earlier block said.
fn read_transferred(value: &str, metrics: &mut Metrics) {
    let mut parts = value.split(", ");
    let Some((done, total)) = parts.next().and_then(|part| part.split_once('/')) else { return };
    if total.trim().bytes().all(|byte| byte.is_ascii_digit()) {
        metrics.set_found("files_transferred", parse_amount(done));
        return;
    }
    let Some(added) = amount(done) else { return };
    *metrics = Metrics::default();
    metrics.set_number("added", added);
    let rate = parts.nth(1).and_then(|rate| rate.strip_suffix("/s"));
    metrics.set_found("rate", rate.and_then(amount));
}

/// A size of rclone's, in powers of 1024 in old spelling (`1.7M`, `1.7 MBytes`) and new (`1.7
/// MiB`).
fn amount(text: &str) -> Option<f64> {
    let text = text.trim();
    let short = text.strip_suffix("Bytes").unwrap_or(text).trim_end();
    if short.ends_with(['k', 'M', 'G', 'T', 'P', 'E']) {
        return parse_amount(&format!("{short}i"));
    }
    parse_amount(short)
}

/// The count a line such as `9 / 9, 100%` or `1 (retrying may help)` begins with.
fn first_count(value: &str) -> Option<f64> {
    parse_amount(value.split_whitespace().next()?.trim_end_matches(','))
}

/// The statistics in a line of `--use-json-log`.
fn read_json(stats: &Value) -> Metrics {
    let mut metrics = Metrics::default();
    for (name, member) in [
        ("added", "bytes"),
        ("duration", "elapsedTime"),
        ("rate", "speed"),
        ("files_transferred", "transfers"),
        ("checks", "checks"),
        ("files_deleted", "deletes"),
        ("errors", "errors"),
    ] {
        metrics.set_found(name, stats[member].as_f64());
    }
    metrics
}
