//! The runtime that drives connections, where it can be had.

use std::io;
use std::os::unix::net::UnixStream;

use tokio::runtime::{Builder, Runtime};

/// Pairs of descriptors that a runtime needs: its poll and a copy of that, what wakes it, and for
/// Unix signals a pair of sockets and a copy of one.
const PAIRS: usize = 3;

/// Makes a runtime for one thread; an error where the system has not enough for it.
///
/// tokio answers with an error where it gets no poll, but panics where it gets no pair of sockets, and
/// no later runtime of the process works after that. So as much as it needs is asked for first.
pub(crate) fn build() -> io::Result<Runtime> {
    let room: Vec<_> = (0..PAIRS).map(|_| UnixStream::pair()).collect::<io::Result<_>>()?;
    drop(room);
    Builder::new_current_thread().enable_all().build()
}
