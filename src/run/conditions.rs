//! What must be there before a job and after it, where its exit code cannot be trusted alone.
//!
//! "Exit 0, but nothing was copied" is the failure that is found when somebody restores. Each check
//! answers with the sentence that will stand in the alert.

use std::ffi::OsString;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::glob;
use super::plan::Conditions;
use crate::domain::hex;
use crate::domain::metric::Metrics;
use crate::domain::size;
use crate::domain::text;
use crate::domain::time::Moment;
use crate::sys::{files, host};

/// How much older than the start a file may seem: file systems keep time in coarser ticks.
const TICK_MS: i64 = 10;

/// Files walked for one `--size-of`.
const FILES_MAX: u64 = 10_000_000;

/// What is missing before the start, but for commands.
pub(crate) fn missing(conditions: &Conditions) -> Option<String> {
    if conditions.blocked.is_some() {
        return conditions.blocked.clone();
    }
    for mount in &conditions.mounts {
        match is_mount_point(mount) {
            Ok(true) => {}
            Ok(false) => return Some(format!("`{}` is not a mount point", mount.display())),
            Err(error) => {
                let why = why(&error);
                return Some(format!("`{}` cannot be a mount point: {why}", mount.display()));
            }
        }
    }
    for (least, place) in &conditions.free {
        match host::free_bytes(place) {
            Ok(free) if free >= *least => {}
            Ok(free) => {
                let (free, least) = (size::format(free), size::format(*least));
                let place = place.display();
                return Some(format!("only {free} are free at `{place}`, {least} are required"));
            }
            Err(errno) => {
                let (place, why) = (place.display(), errno.desc());
                return Some(format!("the room at `{place}` cannot be measured: {why}"));
            }
        }
    }
    None
}

/// The words of a system's error, without its number.
fn why(error: &std::io::Error) -> String {
    text::without_errno(&error.to_string()).to_owned()
}

/// A mount point is on another device than the directory above it, or is its own parent.
fn is_mount_point(path: &Path) -> std::io::Result<bool> {
    let here = std::fs::metadata(path)?;
    let above = std::fs::metadata(path.join(".."))?;
    Ok(here.dev() != above.dev() || here.ino() == above.ino())
}

/// The words of a command given to `--pre`.
pub(crate) fn shell_words(command: &OsString) -> Vec<OsString> {
    vec!["/bin/sh".into(), "-c".into(), command.clone()]
}

/// Says whether somebody wants the run to end.
type Stopped<'a> = &'a mut dyn FnMut() -> bool;

/// What is not met after a good end; sizes and hashes go to the metrics. Measuring a large file takes
/// its time, so it is given up when `stopped` says so.
pub(crate) fn unmet(
    conditions: &Conditions,
    started: Moment,
    metrics: &mut Metrics,
    stopped: Stopped<'_>,
) -> Vec<String> {
    let mut unmet = Vec::new();
    let mut checked_bytes = None;
    for pattern in &conditions.newer {
        match newest(pattern) {
            Some((_, modified, bytes)) if modified.epoch_ms() + TICK_MS >= started.epoch_ms() => {
                *checked_bytes.get_or_insert(0) += bytes;
            }
            Some((path, modified, _)) => unmet.push(format!(
                "no file like `{pattern}` is newer than the start; the newest is `{}` of {} UTC",
                path.display(),
                modified.to_short_utc()
            )),
            None => unmet.push(format!("there is no file like `{pattern}`")),
        }
    }
    for path in &conditions.size_of {
        match total_bytes(path, stopped) {
            Ok(bytes) => {
                *checked_bytes.get_or_insert(0) += bytes;
                let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
                if conditions.size_of.len() > 1 {
                    metrics.set_number(&format!("size.{name}"), bytes as f64);
                }
            }
            Err(error) => {
                let why = why(&error);
                unmet.push(format!("`{}` cannot be measured: {why}", path.display()));
            }
        }
    }
    if let Some(bytes) = checked_bytes {
        metrics.set_number("size", bytes as f64);
    }
    if let (Some(least), true) = (conditions.min_bytes, unmet.is_empty()) {
        let bytes = checked_bytes.unwrap_or(0);
        if bytes < least {
            let (bytes, least) = (size::format(bytes), size::format(least));
            unmet.push(format!("it left {bytes}, less than the least {least}"));
        }
    }
    unmet.extend(hashes(conditions, metrics, stopped));
    unmet
}

fn hashes(conditions: &Conditions, metrics: &mut Metrics, stopped: Stopped<'_>) -> Vec<String> {
    let mut unmet = Vec::new();
    for path in &conditions.sha256_of {
        match sha256(path, stopped) {
            Ok(found) => {
                metrics.set_text("sha256", &found);
                if let Some(expected) = &conditions.expect_sha256
                    && !expected.eq_ignore_ascii_case(&found)
                {
                    let path = path.display();
                    unmet.push(format!("`{path}` has SHA-256 {found}, expected {expected}"));
                }
            }
            Err(error) => {
                let why = why(&error);
                unmet.push(format!("`{}` cannot be hashed: {why}", path.display()));
            }
        }
    }
    unmet
}

/// The newest regular file that matches.
fn newest(pattern: &str) -> Option<(PathBuf, Moment, u64)> {
    let found = glob::find(pattern).into_iter().filter_map(|path| {
        let facts = std::fs::metadata(&path).ok().filter(std::fs::Metadata::is_file)?;
        let since = facts.modified().ok()?.duration_since(SystemTime::UNIX_EPOCH).ok()?;
        let modified = Moment::from_epoch_ms(i64::try_from(since.as_millis()).ok()?);
        Some((path, modified, facts.len()))
    });
    found.max_by_key(|(_, modified, _)| *modified)
}

/// The bytes of a file, or of all files below a directory; links are not followed.
fn total_bytes(path: &Path, stopped: Stopped<'_>) -> std::io::Result<u64> {
    let facts = std::fs::metadata(path)?;
    if !facts.is_dir() {
        return Ok(facts.len());
    }
    let (mut bytes, mut files) = (0, 0u64);
    let mut waiting = vec![path.to_owned()];
    while let Some(directory) = waiting.pop() {
        for entry in std::fs::read_dir(directory)? {
            let entry = entry?;
            let facts = entry.metadata()?;
            files += 1;
            if files.is_multiple_of(1000) && stopped() {
                return Err(given_up());
            }
            if files > FILES_MAX {
                return Err(std::io::Error::other("more than 10 million files"));
            }
            if facts.is_dir() {
                waiting.push(entry.path());
            } else if facts.is_file() {
                bytes += facts.len();
            }
        }
    }
    Ok(bytes)
}

/// The error for what was not waited for.
fn given_up() -> std::io::Error {
    std::io::Error::other("somebody wanted the run to end")
}

fn sha256(path: &Path, stopped: Stopped<'_>) -> std::io::Result<String> {
    let mut file = files::open_given(path)?;
    let mut context = ring::digest::Context::new(&ring::digest::SHA256);
    let mut chunk = vec![0u8; 256 * 1024];
    loop {
        if stopped() {
            return Err(given_up());
        }
        match file.read(&mut chunk)? {
            0 => break,
            count => context.update(&chunk[..count]),
        }
    }
    Ok(hex::encode(context.finish().as_ref()))
}
