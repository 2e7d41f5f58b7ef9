//! restic: exit codes, and the summaries of `backup`, `forget`, `prune`, `check` and `restore`.
//!
//! `bytes` and `files` are what `backup` processed, `added` the new data before compression (every
//! version says that one, in text and in JSON), `duration` restic's own, whole seconds in text.
//! Extras: `snapshot` (text), `files_new`, `files_changed`, `files_unmodified`, `stored` (what
//! `added` takes after compression), `snapshots_removed`, `freed` and `repository_bytes` (by
//! prune), `errors` (by check). A dry run adds nothing, so it has no `added`. `restore` has `bytes`
//! and `duration` alone, since it counts files and directories together.
//!
//! Text seen with restic 0.14.0; the newer fields are from doc/075_scripting.rst and internal/ui.

use serde_json::Value;

use crate::domain::metric::{Metrics, parse_amount};
use crate::domain::tool::lines::{between, json_object};
use crate::domain::tool::{Meaning, common_meaning};

/// restic's codes, from "Exit codes" in doc/075_scripting.rst. Before 0.17 everything fatal is 1:
/// 10 and 11 came with 0.17.0, 12 with 0.17.1. That page demands that an unknown code be taken as a
/// failure. 0.14 ends with 0 when a named source path does not exist and another does.
pub(crate) fn meaning(exit_code: u8) -> Meaning {
    let failure = match exit_code {
        3 => {
            return Meaning::Warning(
                "the snapshot is incomplete: some source data could not be read \
                 (of `forget`: some snapshots could not be removed)",
            );
        }
        1 => "restic failed: no snapshot was made",
        2 => "restic itself crashed (a Go runtime error)",
        10 => "the repository does not exist: is its disk mounted, its address right?",
        11 => "the repository is locked: another restic is at work, or one died (`restic unlock`)",
        12 => "the password is wrong",
        0 | 4.. => "restic failed with a code we do not know",
    };
    common_meaning(exit_code, failure)
}

/// Reads restic's summary, as text or as JSON lines.
pub(crate) fn read(lines: &[String]) -> Metrics {
    let mut metrics = Metrics::default();
    for line in lines {
        match json_object(line) {
            Some(object) if object["message_type"] == "summary" => read_json(&object, &mut metrics),
            Some(_) => {}
            None => read_line(line.trim(), &mut metrics),
        }
    }
    metrics
}

/// One line of text.
fn read_line(line: &str, metrics: &mut Metrics) {
    if let Some(counts) = line.strip_prefix("Files:") {
        for (count, name) in
            counts.split(',').zip(["files_new", "files_changed", "files_unmodified"])
        {
            metrics.set_found(name, count.split_whitespace().next().and_then(parse_amount));
        }
    } else if let Some(amounts) = line.strip_prefix("Added to the repo") {
        // `sitory` arrived with compression in 0.14; before, the line said `repo` and one amount.
        let amounts = amounts.split_once(':').map_or("", |(_, amounts)| amounts);
        let added = amounts.split_once('(').map_or(amounts, |(added, _)| added);
        metrics.set_found("added", parse_amount(added));
        let stored = between(amounts, "(", "stored)");
        metrics.set_found("stored", stored.and_then(parse_amount));
    } else if let Some(work) = line.strip_prefix("processed ") {
        metrics.set_found("files", work.split_once(" files, ").and_then(|(n, _)| parse_amount(n)));
        metrics.set_found("bytes", between(work, " files, ", " in ").and_then(parse_amount));
        metrics.set_found("duration", work.split_once(" in ").and_then(|(_, t)| parse_amount(t)));
    } else if let Some(rest) = line.strip_prefix("snapshot ") {
        if let Some(id) = rest.strip_suffix(" saved") {
            metrics.set_text("snapshot", id);
        }
    } else if let Some(work) = line.strip_prefix("Summary: Restored ") {
        let size = between(work, "(", ")").unwrap_or_default();
        let done = size.split_once('/').map_or(size, |(done, _)| done);
        metrics.set_found("bytes", parse_amount(done));
        let time = work.split_once(") in ").map(|(_, time)| time);
        let time = time.map(|time| time.split_once(',').map_or(time, |(time, _)| time));
        metrics.set_found("duration", time.and_then(parse_amount));
    } else if let Some((count, _)) = line.split_once(" snapshots have been removed") {
        metrics.set_found("snapshots_removed", parse_amount(count));
    } else if let Some(blobs) = line.strip_prefix("total prune:") {
        metrics.set_found("freed", after_slash(blobs));
    } else if let Some(blobs) = line.strip_prefix("remaining:") {
        metrics.set_found("repository_bytes", after_slash(blobs));
    } else if line == "no errors were found" {
        metrics.set_number("errors", 0.0);
    }
}

/// The size in `4 blobs / 1.303 KiB`.
fn after_slash(blobs: &str) -> Option<f64> {
    blobs.split_once('/').and_then(|(_, size)| parse_amount(size))
}

/// The message of type `summary`, in which a zero may be left out: then we do not know it either.
/// `backup`, `restore` and `check` each have their own names; no two mean the same by one.
fn read_json(summary: &Value, metrics: &mut Metrics) {
    for (name, member) in [
        ("bytes", "total_bytes_processed"),
        ("bytes", "bytes_restored"),
        ("files", "total_files_processed"),
        ("duration", "total_duration"),
        ("duration", "seconds_elapsed"),
        ("files_new", "files_new"),
        ("files_changed", "files_changed"),
        ("files_unmodified", "files_unmodified"),
        ("errors", "num_errors"),
    ] {
        metrics.set_found(name, summary[member].as_f64());
    }
    if summary["dry_run"] != true {
        metrics.set_found("added", summary["data_added"].as_f64());
        metrics.set_found("stored", summary["data_added_packed"].as_f64());
    }
    if let Some(id) = summary["snapshot_id"].as_str() {
        metrics.set_text("snapshot", id);
    }
}
