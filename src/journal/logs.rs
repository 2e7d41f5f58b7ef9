//! Whole outputs of failed runs (`--log-dir`), in a directory that the person chose.
//!
//! The file is written while the job runs and removed when it ends well. Its name starts with the
//! monitor and the moment, so that a listing reads as a history; it is 0600 and never follows a link.

use std::fs::File;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::domain::run::RunId;
use crate::domain::time::Moment;

/// A log that is being written.
pub(crate) struct LogFile {
    path: PathBuf,
    file: File,
}

/// Creates the log of a run.
pub(crate) fn create(
    directory: &Path,
    monitor: &str,
    started_at: Moment,
    run_id: RunId,
) -> io::Result<LogFile> {
    std::fs::create_dir_all(directory)?;
    let at = started_at.to_short_utc().replace([' ', ':'], "-");
    let run_id = run_id.to_string();
    let path = directory.join(format!("{monitor}-{at}-{}.log", &run_id[run_id.len() - 8..]));
    let file = File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .custom_flags(libc::O_NOFOLLOW)
        .open(&path)?;
    Ok(LogFile { path, file })
}

impl LogFile {
    /// A writer for the pumps.
    pub(crate) fn writer(&self) -> Option<File> {
        self.file.try_clone().ok()
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Removes it: the run was a success.
    pub(crate) fn discard(self) {
        let _ = std::fs::remove_file(&self.path);
    }
}
