//! Output held back until the verdict (`--quiet`), with the order and the streams it came in.
//!
//! It lives in memory up to a limit, then in a temporary file without a name, which is gone with
//! this process however it ends; beyond that file's limit the middle is left out.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};

use crate::sys::streams;

/// Bytes held in memory.
const MEMORY_BYTES_MAX: usize = 1024 * 1024;

/// Bytes held on disk.
const FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Bytes of the end that are kept when even the file is full.
const END_BYTES_MAX: usize = 256 * 1024;

/// A chunk's header: the stream and the length.
const HEADER_BYTES: usize = 5;

/// Held output.
#[derive(Default)]
pub(crate) struct Held {
    memory: Vec<u8>,
    /// Bytes of output in `memory`, which also holds the headers.
    memory_output_bytes: u64,
    file: Option<File>,
    file_bytes: u64,
    /// Bytes of output for which the file had no room.
    unfiled_bytes: u64,
    /// What came after the file was full: the newest chunks, and how much was left out.
    end: std::collections::VecDeque<(i32, Vec<u8>)>,
    end_bytes: usize,
    omitted_bytes: u64,
}

impl Held {
    /// Holds one chunk of a stream.
    pub(crate) fn push(&mut self, stream: i32, bytes: &[u8]) {
        if self.memory.len() + bytes.len() > MEMORY_BYTES_MAX {
            self.spill();
        }
        if !self.end.is_empty() || self.file_bytes + bytes.len() as u64 > FILE_BYTES_MAX {
            self.push_end(stream, bytes);
            return;
        }
        self.memory.push(u8::try_from(stream).unwrap_or(1));
        self.memory.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(0).to_le_bytes());
        self.memory.extend_from_slice(bytes);
        self.memory_output_bytes += bytes.len() as u64;
    }

    fn spill(&mut self) {
        if self.file.is_none() {
            self.file = unnamed();
        }
        let written = self.file.as_mut().is_some_and(|file| file.write_all(&self.memory).is_ok());
        if written {
            self.file_bytes += self.memory.len() as u64;
        } else {
            // Without room on disk the oldest output goes; the note stands where it was.
            self.unfiled_bytes += self.memory_output_bytes;
            if let Some(file) = &mut self.file {
                // Half a chunk would be read as the beginning of the next one.
                let _ = file.set_len(self.file_bytes);
                let _ = file.seek(SeekFrom::Start(self.file_bytes));
            }
        }
        self.memory.clear();
        self.memory_output_bytes = 0;
    }

    fn push_end(&mut self, stream: i32, bytes: &[u8]) {
        self.end_bytes += bytes.len();
        self.end.push_back((stream, bytes.to_vec()));
        while self.end_bytes > END_BYTES_MAX {
            let Some((_, oldest)) = self.end.pop_front() else { return };
            self.end_bytes -= oldest.len();
            self.omitted_bytes += oldest.len() as u64;
        }
    }

    /// Writes everything out, each chunk to its own stream.
    pub(crate) fn replay(&mut self) {
        let mut header = [0u8; HEADER_BYTES];
        if let Some(file) = &mut self.file
            && file.seek(SeekFrom::Start(0)).is_ok()
        {
            let mut reader = std::io::BufReader::new(file);
            while reader.read_exact(&mut header).is_ok() {
                let mut chunk = vec![0u8; length(header)];
                if reader.read_exact(&mut chunk).is_err() {
                    break;
                }
                put(i32::from(header[0]), &chunk);
            }
        }
        put_omission(self.unfiled_bytes);
        let mut rest = self.memory.as_slice();
        while let Some((header, behind)) = rest.split_first_chunk::<HEADER_BYTES>() {
            let (chunk, behind) = behind.split_at(length(*header).min(behind.len()));
            put(i32::from(header[0]), chunk);
            rest = behind;
        }
        put_omission(self.omitted_bytes);
        for (stream, chunk) in &self.end {
            put(*stream, chunk);
        }
    }
}

fn length(header: [u8; HEADER_BYTES]) -> usize {
    u32::from_le_bytes([header[1], header[2], header[3], header[4]]) as usize
}

/// Nobody is left to be told when hb's own output cannot be written.
fn put(stream: i32, bytes: &[u8]) {
    let _ = streams::write_all(streams::standard(stream), bytes);
}

fn put_omission(bytes: u64) {
    if bytes > 0 {
        put(2, format!("[... {bytes} bytes omitted ...]\n").as_bytes());
    }
}

/// A file without a name in the directory for temporary files.
fn unnamed() -> Option<File> {
    use nix::fcntl::OFlag;
    use nix::sys::stat::Mode;
    let directory = std::env::temp_dir();
    let flags = OFlag::O_TMPFILE | OFlag::O_RDWR | OFlag::O_CLOEXEC;
    nix::fcntl::open(&directory, flags, Mode::from_bits_truncate(0o600)).ok().map(File::from)
}

#[cfg(test)]
mod tests {
    use super::{END_BYTES_MAX, FILE_BYTES_MAX, Held, MEMORY_BYTES_MAX};

    #[test]
    fn memory_is_bounded_however_much_comes() {
        let mut held = Held::default();
        let chunk = vec![b'x'; 64 * 1024];
        for _ in 0..(FILE_BYTES_MAX / chunk.len() as u64 + 100) {
            held.push(1, &chunk);
            assert!(held.memory.len() <= MEMORY_BYTES_MAX + 5);
            assert!(held.end_bytes <= END_BYTES_MAX);
        }
        assert!(held.omitted_bytes > 0);
    }
}
