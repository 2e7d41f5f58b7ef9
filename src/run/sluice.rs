//! A sluice: carries a heavy stream on inside of the kernel, and still knows how it ended.
//!
//! Reading and writing a gigabyte copies it twice. Where the output is a pipe as well, its pages can
//! be moved there as they are, and a second pipe of hb's own is shown the same pages. That one is the
//! [`Basin`]: it holds the newest bytes, from which the tail is read when somebody asks for it; the
//! oldest run off to `/dev/null`. Nothing waits in here: a line goes on when it comes.
//!
//! The hard part is that a pipe is bounded by its pieces, not by its bytes. When it is full and holds
//! less than the tail needs, it is read out into the tail, as if the chunk had been read in the first
//! place.

use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::pump::Way;
use crate::domain::tail::Tail;
use crate::sys::streams;

/// The newest bytes of a stream, in a pipe.
pub(crate) struct Basin {
    reader: OwnedFd,
    writer: OwnedFd,
    nowhere: File,
    bytes: usize,
    kept: usize,
}

impl Basin {
    /// An empty one, for a tail of `kept` bytes; none where this user gets no pipe that is large enough
    /// to be emptied rarely.
    pub(crate) fn open(kept: usize) -> Option<Basin> {
        let flags = nix::fcntl::OFlag::O_CLOEXEC | nix::fcntl::OFlag::O_NONBLOCK;
        let (reader, writer) = nix::unistd::pipe2(flags).ok()?;
        let nowhere = File::options().write(true).open("/dev/null").ok()?;
        let is_enough = streams::enlarge(&reader) / 4 >= kept;
        is_enough.then_some(Basin { reader, writer, nowhere, bytes: 0, kept })
    }

    /// Takes in what the pipe `from` holds, but leaves it there; gives how much that was.
    pub(crate) fn take(&mut self, from: &OwnedFd, tail: &mut Tail) -> nix::Result<usize> {
        let mut taken = streams::share(from, &self.writer, HEAVY_BYTES);
        if taken == Err(Errno::EAGAIN) {
            self.run_off(tail)?;
            taken = streams::share(from, &self.writer, HEAVY_BYTES);
        }
        // Many small pieces: what is kept alone fills the pipe.
        if taken == Err(Errno::EAGAIN) {
            self.settle(tail);
            taken = streams::share(from, &self.writer, HEAVY_BYTES);
        }
        self.bytes += *taken.as_ref().unwrap_or(&0);
        taken
    }

    /// Lets go of what the tail does not need.
    fn run_off(&mut self, tail: &mut Tail) -> nix::Result<()> {
        while self.bytes > self.kept {
            match streams::pass(&self.reader, &self.nowhere, self.bytes - self.kept) {
                Ok(0) => return Err(Errno::EIO),
                Ok(count) => {
                    self.bytes -= count;
                    tail.skip(count);
                }
                Err(Errno::EINTR) => {}
                Err(errno) => return Err(errno),
            }
        }
        Ok(())
    }

    /// Reads everything out into the tail.
    pub(crate) fn settle(&mut self, tail: &mut Tail) {
        let mut chunk = [0u8; 4096];
        while self.bytes > 0 {
            match nix::unistd::read(&self.reader, &mut chunk) {
                Ok(count @ 1..) => {
                    tail.push(&chunk[..count]);
                    self.bytes = self.bytes.saturating_sub(count);
                }
                Err(Errno::EINTR) => {}
                Ok(0) | Err(_) => self.bytes = 0,
            }
        }
    }
}

/// Bytes that are passed on at once at most.
const HEAVY_BYTES: usize = 1024 * 1024;

/// How long a stream is silent before its sluice is closed, and the memory of its basin given back.
const SILENCE: u16 = 1000;

/// Why a stream no longer goes through its sluice.
pub(super) enum Stopped {
    /// It has ended, or its reader has gone.
    Ended,
    /// It has to be carried by hand from here on.
    ByHand,
    /// It could not be written any more; the job goes on.
    Lost(Errno),
}

/// Carries a stream through its sluice for as long as that goes.
pub(super) fn run(way: &Way) -> Stopped {
    let Way { reader, stream, merged, collected, .. } = way;
    loop {
        let mut watched = [PollFd::new(reader.as_fd(), PollFlags::POLLIN)];
        match poll(&mut watched, PollTimeout::from(SILENCE)) {
            Err(Errno::EINTR) => continue,
            Ok(0) => return Stopped::ByHand,
            Ok(_) | Err(_) => {}
        }
        let seen = watched[0].revents().unwrap_or(PollFlags::empty());
        if !seen.contains(PollFlags::POLLIN) {
            return Stopped::Ended;
        }
        let Ok(taken) = collected.lock().map(|mut all| all.take(*stream, *merged, reader)) else {
            return Stopped::ByHand;
        };
        let Ok(count @ 1..) = taken else { return Stopped::ByHand };
        if let Err(stopped) = pass_on(way, count) {
            return stopped;
        }
    }
}

/// Passes on what has been taken in; it is in the pipe still.
fn pass_on(way: &Way, mut left: usize) -> Result<(), Stopped> {
    let to = streams::standard(way.stream);
    while left > 0 {
        match streams::pass(&*way.reader, to, left) {
            Ok(0) => return Err(Stopped::Ended),
            Ok(count) => {
                left -= count;
                way.passage.took(count);
                way.passage.carried(count);
            }
            Err(Errno::EINTR) => {}
            Err(Errno::EAGAIN) => {
                let mut waiting = [PollFd::new(to, PollFlags::POLLOUT)];
                let _ = poll(&mut waiting, PollTimeout::NONE);
            }
            Err(Errno::EPIPE) => return Err(Stopped::Ended),
            // The kernel cannot do it after all.
            Err(Errno::EINVAL) => return by_hand(way, left, None),
            Err(errno) => return by_hand(way, left, Some(errno)),
        }
    }
    Ok(())
}

/// Carries what has been shown already by reading it; writes it too, unless it is `lost` anyway.
fn by_hand(way: &Way, mut left: usize, mut lost: Option<Errno>) -> Result<(), Stopped> {
    let to = streams::standard(way.stream);
    let mut chunk = [0u8; 4096];
    while left > 0 {
        let most = chunk.len().min(left);
        match nix::unistd::read(&*way.reader, &mut chunk[..most]) {
            Ok(count @ 1..) => {
                left -= count;
                way.passage.took(count);
                if lost.is_none() {
                    lost = streams::write_all(to, &chunk[..count]).err();
                }
                if lost == Some(Errno::EPIPE) {
                    return Err(Stopped::Ended);
                }
                way.passage.carried(count);
            }
            Err(Errno::EINTR) => {}
            Ok(0) | Err(_) => return Err(Stopped::Ended),
        }
    }
    Err(lost.map_or(Stopped::ByHand, Stopped::Lost))
}
