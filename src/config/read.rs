//! Reads one small file completely, or says in plain words why not.
//!
//! It must never wait: a named pipe in the place of a file would keep the job from starting,
//! so only ordinary files are opened, and `/dev/null` is taken as the empty file that people
//! mean by it. It never reads more than the caller allows.
//! Owner and mode come from the open file, not from its path, so that they belong to
//! the bytes that were read.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// A file's bytes and who may touch it.
pub(crate) struct SmallFile {
    /// Everything that is in the file.
    pub(crate) bytes: Vec<u8>,
    /// The owner's user id.
    pub(crate) uid: u32,
    /// The permission bits.
    pub(crate) mode: u32,
}

/// Why a file was not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unread {
    /// There is no such file.
    Absent,
    /// There is one, but it cannot be used; the reason is lower-case and without a path.
    Because(String),
}

/// Reads a file of at most `bytes_max` bytes. A missing file costs one system call.
pub(crate) fn small_file(path: &Path, bytes_max: u64) -> Result<SmallFile, Unread> {
    if path == Path::new("/dev/null") {
        return Ok(SmallFile { bytes: Vec::new(), uid: 0, mode: 0o600 });
    }
    let seen = fs::metadata(path).map_err(|error| unread(&error))?;
    if seen.is_dir() {
        return Err(Unread::Because("it is a directory".to_owned()));
    }
    if !seen.is_file() {
        return Err(Unread::Because("it is not an ordinary file".to_owned()));
    }
    let file = File::open(path).map_err(|error| unread(&error))?;
    let opened = file.metadata().map_err(|error| unread(&error))?;
    let mut bytes = Vec::with_capacity(opened.len().min(bytes_max) as usize + 1);
    file.take(bytes_max + 1).read_to_end(&mut bytes).map_err(|error| unread(&error))?;
    if bytes.len() as u64 > bytes_max {
        return Err(Unread::Because(format!("it is larger than {bytes_max} bytes")));
    }
    Ok(SmallFile { bytes, uid: opened.uid(), mode: opened.mode() & 0o7777 })
}

/// A directory on the way that is a file means that the file is not there, either.
fn unread(error: &io::Error) -> Unread {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Unread::Absent,
        _ => Unread::Because(plain_reason(error)),
    }
}

/// The system's own words without the number: `permission denied`.
fn plain_reason(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_ascii_lowercase());
    first.into_iter().chain(letters).collect()
}
