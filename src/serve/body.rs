//! Bodies, read within bounds: their first and last bytes are kept, what is between is let go.
//!
//! A backup's output may be of any size, and its error is usually the last line. So a long body is
//! no reason to refuse a ping: the head and the tail are kept, and the length is remembered. Only one
//! beyond [`DRAINED_BYTES_MAX`] ends the connection, and even then the ping counts.

use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::http::{HeaderMap, header};

use crate::domain::ping;

/// Of a body this much of its beginning is kept: what is kept of an output.
pub(crate) const HEAD_BYTES_MAX: usize = ping::OUTPUT_HEAD_BYTES;

/// And this much of its end.
pub(crate) const TAIL_BYTES_MAX: usize = ping::OUTPUT_END_BYTES;

/// As much is read at most, so that a client which never ends costs no more than this.
const DRAINED_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// As long a body may take; a client that is slower is taken at what it has said.
const BODY_TIME_MAX: Duration = Duration::from_secs(30);

/// What was read.
pub(crate) struct Read {
    /// The body, or its head and its tail.
    pub(crate) bytes: Vec<u8>,
    /// How long it was, as far as it was read.
    pub(crate) total: u64,
}

/// Why a body cannot be had.
pub(crate) enum Unread {
    /// The client has gone, or said something else than it announced.
    Broken,
    /// The client was too slow.
    Slow,
    /// It is longer than may be.
    TooLong,
}

/// Reads a body of any length, keeping its head and its tail.
pub(crate) async fn head_and_tail(body: Body, headers: &HeaderMap) -> Result<Read, Unread> {
    if body.is_end_stream() {
        return Ok(Read { bytes: Vec::new(), total: 0 });
    }
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<usize>().ok())
        .unwrap_or(0);
    let mut kept = Kept::with_room(announced);
    let read = async {
        let mut body = body;
        while let Some(chunk) = chunk(&mut body).await {
            kept.add(&chunk.map_err(|_| Unread::Broken)?);
            if kept.total > DRAINED_BYTES_MAX {
                break;
            }
        }
        Ok(())
    };
    tokio::time::timeout(BODY_TIME_MAX, read).await.map_err(|_| Unread::Slow)??;
    Ok(Read { total: kept.total, bytes: kept.into_bytes() })
}

/// Reads a whole body of at most so many bytes.
pub(crate) async fn whole(body: Body, bytes_max: usize) -> Result<Vec<u8>, Unread> {
    let mut bytes = Vec::new();
    let read = async {
        let mut body = body;
        while let Some(chunk) = chunk(&mut body).await {
            bytes.extend_from_slice(&chunk.map_err(|_| Unread::Broken)?);
            if bytes.len() > bytes_max {
                return Err(Unread::TooLong);
            }
        }
        Ok(())
    };
    tokio::time::timeout(BODY_TIME_MAX, read).await.map_err(|_| Unread::Slow)??;
    Ok(bytes)
}

async fn chunk(body: &mut Body) -> Option<Result<axum::body::Bytes, axum::Error>> {
    loop {
        let mut pinned = std::pin::Pin::new(&mut *body);
        let frame = std::future::poll_fn(|context| pinned.as_mut().poll_frame(context)).await?;
        match frame.map(axum_frame_data) {
            Ok(Some(bytes)) => return Some(Ok(bytes)),
            // Trailers say nothing that anybody asks for.
            Ok(None) => {}
            Err(error) => return Some(Err(error)),
        }
    }
}

fn axum_frame_data(frame: hyper::body::Frame<axum::body::Bytes>) -> Option<axum::body::Bytes> {
    frame.into_data().ok()
}

/// The head and the tail of a stream.
struct Kept {
    bytes: Vec<u8>,
    total: u64,
}

impl Kept {
    fn with_room(announced: usize) -> Kept {
        Kept { bytes: Vec::with_capacity(announced.min(HEAD_BYTES_MAX + TAIL_BYTES_MAX)), total: 0 }
    }

    fn add(&mut self, chunk: &[u8]) {
        self.total += chunk.len() as u64;
        self.bytes.extend_from_slice(chunk);
        // Moving the tail costs its length, so it is done once in a while and not at each chunk.
        if self.bytes.len() > HEAD_BYTES_MAX + 4 * TAIL_BYTES_MAX {
            self.forget_middle();
        }
    }

    fn forget_middle(&mut self) {
        let surplus = self.bytes.len().saturating_sub(HEAD_BYTES_MAX + TAIL_BYTES_MAX);
        self.bytes.drain(HEAD_BYTES_MAX..HEAD_BYTES_MAX + surplus);
    }

    fn into_bytes(mut self) -> Vec<u8> {
        if self.bytes.len() > HEAD_BYTES_MAX + TAIL_BYTES_MAX {
            self.forget_middle();
        }
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::{HEAD_BYTES_MAX, Kept, TAIL_BYTES_MAX};

    #[test]
    fn head_and_tail_are_exact_however_the_body_comes() {
        for length in [0, 1, HEAD_BYTES_MAX, HEAD_BYTES_MAX + TAIL_BYTES_MAX, 1_000_003] {
            let body: Vec<u8> = (0..length).map(|at| (at * 7 % 251) as u8).collect();
            for size in [1, 1000, 65_536, length.max(1)] {
                if length / size > 100_000 {
                    continue;
                }
                let mut kept = Kept::with_room(0);
                body.chunks(size).for_each(|chunk| kept.add(chunk));
                assert_eq!(kept.total, length as u64);
                let bytes = kept.into_bytes();
                let expected = if length <= HEAD_BYTES_MAX + TAIL_BYTES_MAX {
                    body.clone()
                } else {
                    [&body[..HEAD_BYTES_MAX], &body[length - TAIL_BYTES_MAX..]].concat()
                };
                assert!(bytes == expected, "{length} in pieces of {size}");
            }
        }
    }
}
