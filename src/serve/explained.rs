//! A line for those whose request the HTTP library refuses by itself.
//!
//! It answers what it cannot read with a bare 400 or 431 before anything of ours hears of it, and has no
//! way to say more. So its answer is known by its bytes on their way out, where none of ours was due,
//! and a line is added. It costs every other write one look at a flag.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What the library's own answers have instead of a body.
const NO_BODY: &[u8] = b"content-length: 0\r\n";

/// What is wrong, by the status of the library's answer.
const LINES: [(&[u8], &str); 3] = [
    (
        b"HTTP/1.1 400 ",
        "this is no valid HTTP request: look for a space in its path, a control character in its \
         headers, and at its Content-Length\n",
    ),
    (b"HTTP/1.1 414 ", "the path and its query are too long\n"),
    (
        b"HTTP/1.1 431 ",
        "the headers are too large: at most 16 KiB and 100 of them, the first line included\n",
    ),
];

/// A connection on which the library's own refusals say what is wrong.
pub(crate) struct Explained<S> {
    stream: S,
    has_answered: Arc<AtomicBool>,
    longer: Option<Longer>,
}

/// An answer with its line, while it is written.
struct Longer {
    bytes: Vec<u8>,
    written: usize,
    /// The bytes of the library that it stands for.
    instead_of: usize,
}

impl<S> Explained<S> {
    /// Whoever has an answer sets the flag, before the library writes it.
    pub(crate) fn new(stream: S, has_answered: Arc<AtomicBool>) -> Explained<S> {
        Explained { stream, has_answered, longer: None }
    }

    /// Takes a refusal of the library for one with a line.
    fn look_at(&mut self, bytes: &[u8]) {
        let is_ours = self.has_answered.swap(false, Ordering::Relaxed);
        if !is_ours && self.longer.is_none() {
            let longer = with_line(bytes);
            self.longer =
                longer.map(|longer| Longer { bytes: longer, written: 0, instead_of: bytes.len() });
        }
    }
}

/// The same answer with its line, if it is one of the library's.
fn with_line(answer: &[u8]) -> Option<Vec<u8>> {
    let (_, line) = LINES.iter().find(|(begin, _)| answer.starts_with(begin))?;
    let at = answer.windows(NO_BODY.len()).position(|window| window == NO_BODY)?;
    if !answer.ends_with(b"\r\n\r\n") {
        return None;
    }
    let headers = format!("content-type: text/plain\r\ncontent-length: {}\r\n", line.len());
    let rest = &answer[at + NO_BODY.len()..];
    Some([&answer[..at], headers.as_bytes(), rest, line.as_bytes()].concat())
}

impl<S: AsyncRead + Unpin> AsyncRead for Explained<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> Explained<S> {
    /// Writes on what stands for the library's answer; once all of it is written, all of that is.
    fn write_longer(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Option<usize>>> {
        let Some(longer) = &mut self.longer else { return Poll::Ready(Ok(None)) };
        while longer.written < longer.bytes.len() {
            let rest = &longer.bytes[longer.written..];
            match ready!(Pin::new(&mut self.stream).poll_write(context, rest))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => longer.written += written,
            }
        }
        let instead_of = longer.instead_of;
        self.longer = None;
        Poll::Ready(Ok(Some(instead_of)))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Explained<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.look_at(bytes);
        match ready!(self.write_longer(context))? {
            Some(written) => Poll::Ready(Ok(written)),
            None => Pin::new(&mut self.stream).poll_write(context, bytes),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.look_at(pieces.first().map_or(&[], |piece| piece));
        match ready!(self.write_longer(context))? {
            Some(written) => Poll::Ready(Ok(written)),
            None => Pin::new(&mut self.stream).poll_write_vectored(context, pieces),
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
