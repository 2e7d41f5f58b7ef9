//! BorgBackup: exit codes, and the statistics of `create`, `prune`, `delete` and `compact`.
//!
//! `bytes` is the archive's original size, `files` its regular files, `added` its deduplicated (and
//! compressed) size: what the repository grew by. `duration` is borg's own. Extras: `archive`
//! (text), `compressed` (the archive as if it were alone), `repository_bytes` (all archives,
//! deduplicated), `freed` (by prune, delete or compact), `archives_deleted`, and with borg 2
//! `files_new`, `files_changed`, `files_unmodified` and `errors`.
//!
//! Borg writes text to standard error, `--log-json` wraps every such line in an object, `--json`
//! prints one large object to standard output. Seen with borg 1.2.4; borg 2's text is from its test
//! suite.

use serde_json::Value;

use crate::domain::metric::{Metrics, parse_amount};
use crate::domain::tool::lines::json_object;
use crate::domain::tool::{Meaning, common_meaning};

/// Borg's codes, from docs/usage/general/return-codes.rst.inc and the error list in
/// docs/internals/frontends.rst. Borg 1.2 knows 0, 1, 2 and 128+N. Since 1.4
/// `BORG_EXIT_CODES=modern` (borg 2: by default) splits 2 into 3..=99 and 1 into 100..=127. Of
/// those only 100 to 107 are taken, while 124 to 127 are what timeout(1), env(1) and shells answer
/// when borg never ran or was stopped: a backup that did not happen must not pass for one with
/// warnings, so these four stay failures.
pub(crate) fn meaning(exit_code: u8) -> Meaning {
    match exit_code {
        1 => Meaning::Warning("the archive was made, but borg warned: read its log"),
        100 => Meaning::Warning("a file changed while borg was reading it"),
        101 => Meaning::Warning("an include pattern never matched anything"),
        102 => Meaning::Warning("a file could not be backed up"),
        103 => Meaning::Warning("a file changed its kind while borg was looking at it"),
        104 | 106 => {
            Meaning::Warning("a file could not be read: the system answered with an error")
        }
        105 => Meaning::Warning("a file could not be read: permission denied"),
        107 => Meaning::Warning("a path to back up is not there"),
        108..=123 => Meaning::Warning("the work was done, but borg warned: read its log"),
        0 | 2..=99 | 124..=255 => common_meaning(exit_code, error(exit_code)),
    }
}

/// What a code that borg uses for an error means, in groups a person would act on alike.
fn error(exit_code: u8) -> &'static str {
    match exit_code {
        2 => "borg failed before its end: no complete archive",
        3 => "somebody cancelled it",
        4..=9 => "the command line or a placeholder in it is wrong",
        10 | 19 => "there is a repository at that place already",
        12 => "the repository is inconsistent: run `borg check`",
        13 => "the repository does not exist: is its disk mounted, its address right?",
        14 => "not enough free space in the repository",
        11 | 15..=18 => "the repository is damaged or not a repository this borg can use",
        20 => "the repository's storage quota is used up",
        21 => "permission denied on the repository",
        25..=27 => "the repository needs a newer borg, or its manifest is gone",
        30 => "an archive of that name exists already",
        31 => "there is no archive of that name",
        32 => "a file's name does not fit the locale: set LANG",
        40..=49 => "the key is missing, damaged or of another repository",
        50 | 51 => "borg got no passphrase",
        52 | 53 => "the passphrase is wrong",
        60..=64 => {
            "borg distrusts this repository: it moved, was replaced or is older than its cache"
        }
        70..=75 => "the repository is locked: another borg is at work, or one died",
        80..=87 => "the connection to the repository's server broke or was refused",
        90..=99 => "stored data is damaged or not authentic: run `borg check`",
        0 | 1 | 5.. => "borg failed with a code we do not know",
    }
}

/// Reads borg's statistics in whichever of the three forms they came.
pub(crate) fn read(lines: &[String]) -> Metrics {
    let mut metrics = Metrics::default();
    for line in lines {
        match json_object(line) {
            Some(object) => {
                for line in object["message"].as_str().unwrap_or_default().lines() {
                    read_line(line, &mut metrics);
                }
            }
            None => read_line(line, &mut metrics),
        }
    }
    if let Some(object) = json_document(lines) {
        read_document(&object, &mut metrics);
    }
    metrics
}

/// One line of the text that `--stats` prints.
fn read_line(line: &str, metrics: &mut Metrics) {
    let Some((label, value)) = line.split_once(':') else {
        if let Some(freed) = line.strip_prefix("compaction freed about ") {
            let amount = freed.split_once(" repository").map_or(freed, |(amount, _)| amount);
            metrics.set_found("freed", parse_amount(amount));
        }
        return;
    };
    let value = value.trim();
    match label {
        "Archive name" => {
            metrics.set_text("archive", value);
        }
        "Duration" => metrics.set_found("duration", parse_amount(value)),
        "Number of files" => metrics.set_found("files", parse_amount(value)),
        "Original size" => metrics.set_found("bytes", parse_amount(value)),
        "Deduplicated size" => metrics.set_found("added", parse_amount(value)),
        "Added files" => metrics.set_found("files_new", parse_amount(value)),
        "Modified files" => metrics.set_found("files_changed", parse_amount(value)),
        "Unchanged files" => metrics.set_found("files_unmodified", parse_amount(value)),
        "Error files" => metrics.set_found("errors", parse_amount(value)),
        "This archive" => {
            let [original, compressed, deduplicated] = columns(value);
            metrics.set_found("bytes", original);
            metrics.set_found("compressed", compressed);
            metrics.set_found("added", deduplicated);
        }
        "All archives" => metrics.set_found("repository_bytes", columns(value)[2]),
        // Deletions are printed with a minus sign; what was given back is a positive amount.
        "Deleted data" => metrics.set_found("freed", columns(value)[2].map(|bytes| 0.0 - bytes)),
        // `Pruning archive (3/4)`: each line counts itself, so the last one holds the total.
        label => {
            let count = label
                .strip_prefix("Pruning archive (")
                .and_then(|count| count.strip_suffix(')'))
                .and_then(|count| count.split_once('/'));
            metrics.set_found("archives_deleted", count.and_then(|(done, _)| parse_amount(done)));
        }
    }
}

/// The three amounts of a row such as `1.88 MB  381.49 kB  495 B`. A row of another shape is no
/// row.
fn columns(row: &str) -> [Option<f64>; 3] {
    let words: Vec<&str> = row.split_whitespace().take(7).collect();
    let [a, a_unit, b, b_unit, c, c_unit] = words[..] else { return [None; 3] };
    [(a, a_unit), (b, b_unit), (c, c_unit)].map(|(n, unit)| parse_amount(&format!("{n} {unit}")))
}

/// The object that `--json` prints: always indented, so its first line is a lone brace. Only the
/// last such line is tried, because trying each would cost the square of a hostile output.
fn json_document(lines: &[String]) -> Option<Value> {
    let start = lines.iter().rposition(|line| line == "{")?;
    let document = lines[start..].join("\n");
    serde_json::Deserializer::from_str(&document).into_iter().next()?.ok()
}

/// The statistics inside of that object; `borg create` has exact numbers here.
fn read_document(object: &Value, metrics: &mut Metrics) {
    let archive = &object["archive"];
    for (name, value) in [
        ("bytes", &archive["stats"]["original_size"]),
        ("compressed", &archive["stats"]["compressed_size"]),
        ("added", &archive["stats"]["deduplicated_size"]),
        ("files", &archive["stats"]["nfiles"]),
        ("duration", &archive["duration"]),
        ("repository_bytes", &object["cache"]["stats"]["unique_csize"]),
    ] {
        metrics.set_found(name, value.as_f64());
    }
    if let Some(name) = archive["name"].as_str() {
        metrics.set_text("archive", name);
    }
}
