//! A pump: the thread that carries one pipe to its end.
//!
//! It reads, writes, and shows the chunk to the collector. A slow reader slows the job down exactly
//! as it would bare. Where another process is to carry on after hb, a gate makes sure that no chunk
//! lies between read and written when the pump is left.

use std::os::fd::{AsFd, OwnedFd};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::output::Collected;
use crate::sys::streams;

/// Bytes moved at once.
pub(super) const CHUNK_BYTES: usize = 64 * 1024;

/// How long hb waits for a chunk that its reader does not take, before it leaves all the same.
const PASSAGE_MOST: Duration = Duration::from_secs(2);

/// How often it looks whether the chunk has been taken.
const PASSAGE_STEP: Duration = Duration::from_millis(5);

/// One pipe, and where it goes.
pub(super) struct Way {
    /// Our end of the pipe.
    pub(super) reader: Arc<OwnedFd>,
    /// The standard stream that it is carried on to.
    pub(super) stream: i32,
    /// Whether both streams of the job come through it.
    pub(super) merged: bool,
    /// What is shown every chunk.
    pub(super) collected: Arc<Mutex<Collected>>,
    /// What another process needs that is to carry on.
    pub(super) gate: Option<Gate>,
}

/// Held by the pump from before it reads until it has written; true once it is shut.
#[derive(Clone, Default)]
pub(super) struct Gate(Arc<Mutex<bool>>);

impl Gate {
    /// Waits for something to read, and goes through; none when the gate has been shut.
    fn pass(&self, reader: &OwnedFd) -> Option<MutexGuard<'_, bool>> {
        let mut watched = [PollFd::new(reader.as_fd(), PollFlags::POLLIN)];
        while let Err(Errno::EINTR) = poll(&mut watched, PollTimeout::NONE) {}
        self.0.lock().ok().filter(|shut| !**shut)
    }

    /// Lets the pump finish its chunk and nothing more.
    pub(super) fn shut(&self) {
        let until = Instant::now() + PASSAGE_MOST;
        while Instant::now() < until {
            if let Ok(mut shut) = self.0.try_lock() {
                *shut = true;
                return;
            }
            std::thread::sleep(PASSAGE_STEP);
        }
    }
}

/// Carries one pipe to its end.
pub(super) fn carry(way: &Way) {
    let Way { stream, merged, ref collected, .. } = *way;
    let mut chunk = vec![0u8; CHUNK_BYTES];
    let mut watching = true;
    let mut writing = true;
    loop {
        let _passage = match &way.gate {
            None => None,
            Some(gate) => match gate.pass(&way.reader) {
                None => return,
                passage => passage,
            },
        };
        let count = match nix::unistd::read(&way.reader, &mut chunk) {
            Ok(0) => return,
            Ok(count) => count,
            Err(Errno::EINTR) => continue,
            // A pty whose last writer has gone answers EIO; that is its end of file.
            Err(_) => return,
        };
        let chunk = &chunk[..count];
        let held = watching && hold(collected, stream, chunk);
        if writing && !held {
            match streams::write_all(streams::standard(stream), chunk) {
                Ok(()) => {}
                Err(Errno::EPIPE) => {
                    let _ = show(collected, stream, merged, chunk);
                    return;
                }
                Err(errno) => {
                    writing = false;
                    lose(collected, stream, merged, errno);
                }
            }
        }
        watching = watching && show(collected, stream, merged, chunk);
    }
}

/// Holds a chunk back, when output is held.
fn hold(collected: &Mutex<Collected>, stream: i32, chunk: &[u8]) -> bool {
    let Ok(mut collected) = collected.lock() else { return false };
    match &mut collected.held {
        Some(held) => {
            held.push(stream, chunk);
            true
        }
        None => false,
    }
}

/// Shows a chunk to the collector. A bug there ends the watching, not the stream.
fn show(collected: &Mutex<Collected>, stream: i32, merged: bool, chunk: &[u8]) -> bool {
    let Ok(mut collected) = collected.lock() else { return false };
    let pushed = AssertUnwindSafe(|| collected.push(stream, merged, chunk));
    std::panic::catch_unwind(pushed).is_ok()
}

/// Notes that output could not be written. On stdout it was data, and the run has failed.
fn lose(collected: &Mutex<Collected>, stream: i32, merged: bool, errno: Errno) {
    let Ok(mut collected) = collected.lock() else { return };
    let name = if stream == 1 { "stdout" } else { "stderr" };
    collected.losses.push(format!("{name} could not be written: {}", errno.desc()));
    if stream == 1 || merged {
        collected.facts.lost = Some(errno.desc().to_owned());
    }
}
