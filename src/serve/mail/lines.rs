//! Lines and messages out of a connection, within bounds, and answers into it.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::domain::ping::mail::{Dots, MESSAGE_BYTES_MAX};

/// The longest line of a command. RFC 5321 allows 512 bytes; extensions need some more.
const LINE_BYTES_MAX: usize = 2_048;

/// As long a client may take for a line, for a piece of a message, and to hear an answer.
const WAIT_MAX: Duration = Duration::from_secs(60);

/// Bytes that are read of a message at most: what is too long is refused in its end, so that a mail
/// server gives up instead of coming again; what never ends ends the conversation.
const READ_BYTES_MAX: u64 = 4 * MESSAGE_BYTES_MAX as u64;

/// Bytes that are read at a time.
const PIECE_BYTES: usize = 4_096;

/// What came instead of a line.
pub(super) enum Line {
    /// A line, without its end.
    Whole(Vec<u8>),
    /// One that is longer than any command. All of it was read.
    TooLong,
    /// The end.
    Over,
}

/// A connection with what was read of it and not used yet.
pub(super) struct Lines {
    stream: TcpStream,
    waiting: Vec<u8>,
}

impl Lines {
    /// Of this connection.
    pub(super) fn of(stream: TcpStream) -> Lines {
        Lines { stream, waiting: Vec::new() }
    }

    /// The next line. A call that is dropped loses nothing.
    pub(super) async fn next(&mut self) -> io::Result<Line> {
        let mut is_too_long = false;
        loop {
            if let Some(end) = self.waiting.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.waiting.drain(..=end).collect();
                is_too_long |= line.len() > LINE_BYTES_MAX;
                return Ok(if is_too_long { Line::TooLong } else { Line::Whole(line) });
            }
            if self.waiting.len() > LINE_BYTES_MAX {
                // Its end is still to come; until then nothing of it is needed.
                is_too_long = true;
                self.waiting.clear();
            }
            if self.more().await? == 0 {
                return Ok(Line::Over);
            }
        }
    }

    /// The message that follows; none where it is too long.
    pub(super) async fn message(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut dots = Dots::new();
        loop {
            if let Some(used) = dots.take(&self.waiting) {
                self.waiting.drain(..used);
                return Ok(dots.message());
            }
            self.waiting.clear();
            if dots.total() > READ_BYTES_MAX || self.more().await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    async fn more(&mut self) -> io::Result<usize> {
        let mut piece = [0; PIECE_BYTES];
        let read = self.stream.read(&mut piece);
        let count = tokio::time::timeout(WAIT_MAX, read).await??;
        self.waiting.extend_from_slice(&piece[..count]);
        Ok(count)
    }

    /// Answers.
    pub(super) async fn say(&mut self, answer: &str) -> io::Result<()> {
        let line = format!("{answer}\r\n");
        tokio::time::timeout(WAIT_MAX, self.stream.write_all(line.as_bytes())).await?
    }
}
