//! A pump: the thread that carries one pipe to its end.
//!
//! It reads, writes, and shows the chunk to the collector. A slow reader slows the job down exactly
//! as it would bare. Where another process is to carry on after hb, a gate makes sure that no chunk
//! lies between read and written when the pump is left. A heavy stream goes through a sluice
//! (`sluice.rs`) for as long as it is one.
//!
//! Where the system has no room for another thread, the one that attends the job carries the pipe as
//! well ([`Here`]), never so that it would have to wait.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::collected::Collected;
use super::sluice::{self, Stopped};
use crate::sys::{fault, streams};

/// Bytes moved at once.
pub(super) const CHUNK_BYTES: usize = 64 * 1024;

/// A stream is heavy when it brings so many bytes…
const HEAVY_BYTES: usize = 1024 * 1024;

/// … in less than this.
const HEAVY_TIME: Duration = Duration::from_millis(100);

/// How long hb waits for a chunk that its reader does not take, before it leaves all the same.
const PASSAGE_MOST: Duration = Duration::from_secs(2);

/// How often it looks whether the chunk has been taken.
const PASSAGE_STEP: Duration = Duration::from_millis(5);

/// One pipe, and where it goes.
#[derive(Clone)]
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
    /// How far it is.
    pub(super) passage: Arc<Passage>,
}

/// How many bytes have been taken out of a pipe, and how many of them have reached the other side.
#[derive(Default)]
pub(super) struct Passage {
    taken: AtomicU64,
    carried: AtomicU64,
}

impl Passage {
    /// Bytes were taken out of the pipe.
    pub(super) fn took(&self, bytes: usize) {
        self.taken.fetch_add(bytes as u64, Ordering::SeqCst);
    }

    /// Bytes have reached the other side, or never will.
    pub(super) fn carried(&self, bytes: usize) {
        self.carried.fetch_add(bytes as u64, Ordering::SeqCst);
    }

    /// How many bytes will have been carried when all has arrived that is in `pipe` now.
    pub(super) fn owed(&self, pipe: &OwnedFd) -> u64 {
        loop {
            let taken = self.taken.load(Ordering::SeqCst);
            let waiting = streams::waiting(pipe) as u64;
            if self.taken.load(Ordering::SeqCst) == taken {
                return taken + waiting;
            }
        }
    }

    /// Whether so many bytes have been carried.
    pub(super) fn has_carried(&self, bytes: u64) -> bool {
        self.carried.load(Ordering::SeqCst) >= bytes
    }
}

/// Finds out whether a stream is heavy.
struct Scales {
    since: Instant,
    bytes: usize,
}

impl Scales {
    fn weigh(&mut self, bytes: usize) -> bool {
        self.bytes += bytes;
        if self.bytes < HEAVY_BYTES {
            return false;
        }
        let heavy = self.since.elapsed() < HEAVY_TIME;
        *self = Scales { since: Instant::now(), bytes: 0 };
        heavy
    }
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

/// Carries one pipe to its end. After a bug on the way nothing is watched any more, but all arrives:
/// a pipe that nobody reads would end the job.
pub(super) fn carry(way: &Way) {
    if fault::contain(|| carry_and_show(way)).is_some() {
        return;
    }
    let mut chunk = vec![0u8; CHUNK_BYTES];
    while let Ok(count @ 1..) = nix::unistd::read(&way.reader, &mut chunk) {
        way.passage.took(count);
        let written = streams::write_all(streams::standard(way.stream), &chunk[..count]);
        way.passage.carried(count);
        if let Err(Errno::EPIPE) = written {
            return;
        }
    }
}

/// What still becomes of the chunks of a stream.
#[derive(Clone, Copy)]
struct Wanted {
    /// They are shown to the collector.
    watching: bool,
    /// They are written.
    writing: bool,
}

impl Wanted {
    /// Both, as long as nothing goes wrong.
    const ALL: Wanted = Wanted { watching: true, writing: true };
}

fn carry_and_show(way: &Way) {
    fault::point("carry");
    let mut scales = Scales { since: Instant::now(), bytes: 0 };
    let mut by_hand = way.gate.is_some() || !streams::takes_pages(way.stream);
    let mut chunk = vec![0u8; CHUNK_BYTES];
    let mut wanted = Wanted::ALL;
    loop {
        let _passage = match &way.gate {
            None => None,
            Some(gate) => match gate.pass(&way.reader) {
                None => return,
                passage => passage,
            },
        };
        let Some(count) = carry_chunk(way, &mut wanted, &mut chunk) else { return };
        if wanted.watching && wanted.writing && !by_hand && scales.weigh(count) {
            by_hand = !dig(way);
            match if by_hand { Stopped::ByHand } else { sluice::run(way) } {
                Stopped::Ended => return,
                Stopped::ByHand => {}
                Stopped::Lost(errno) => {
                    wanted.writing = false;
                    lose(&way.collected, way.stream, way.merged, errno);
                }
            }
            fill(&way.collected);
        }
    }
}

/// Carries one chunk and gives its length; none at the end of the stream, or of its reader.
fn carry_chunk(way: &Way, wanted: &mut Wanted, chunk: &mut [u8]) -> Option<usize> {
    let Way { stream, merged, ref collected, ref passage, .. } = *way;
    let count = match nix::unistd::read(&way.reader, chunk) {
        Ok(0) => return None,
        Ok(count) => count,
        Err(Errno::EINTR) => return Some(0),
        // A pty whose last writer has gone answers EIO; that is its end of file.
        Err(_) => return None,
    };
    passage.took(count);
    let chunk = &chunk[..count];
    let held = wanted.watching && hold(collected, stream, chunk);
    if wanted.writing && !held {
        match streams::write_all(streams::standard(stream), chunk) {
            Ok(()) => {}
            Err(Errno::EPIPE) => {
                let _ = show(collected, stream, merged, chunk);
                return None;
            }
            Err(errno) => {
                wanted.writing = false;
                lose(collected, stream, merged, errno);
            }
        }
    }
    passage.carried(count);
    wanted.watching = wanted.watching && show(collected, stream, merged, chunk);
    Some(count)
}

/// Bytes that a pipe takes at once when it says that it takes any: PIPE_BUF.
const READY_BYTES: usize = 4096;

/// Chunks that are carried before whoever attends the job looks at something else.
const CHUNKS_AT_ONCE: usize = 64;

/// A pipe that has no thread of its own.
pub(super) struct Here {
    way: Way,
    wanted: Wanted,
    /// Whether its reader takes nothing at the moment.
    is_held_up: bool,
}

impl Here {
    pub(super) fn new(way: Way) -> Here {
        Here { way, wanted: Wanted::ALL, is_held_up: false }
    }

    /// Carries what can be carried without waiting for anybody; false at the end.
    pub(super) fn carry(&mut self) -> bool {
        let mut chunk = [0u8; READY_BYTES];
        for _ in 0..CHUNKS_AT_ONCE {
            if seen(self.way.reader.as_fd(), PollFlags::POLLIN).is_empty() {
                self.is_held_up = false;
                return true;
            }
            self.is_held_up = self.wanted.writing
                && !holds(&self.way.collected)
                && seen(streams::standard(self.way.stream), PollFlags::POLLOUT).is_empty();
            if self.is_held_up {
                return true;
            }
            if carry_chunk(&self.way, &mut self.wanted, &mut chunk).is_none() {
                return false;
            }
        }
        true
    }

    /// What there is to wait for before anything can be carried.
    pub(super) fn awaited(&self) -> PollFd<'_> {
        match self.is_held_up {
            true => PollFd::new(streams::standard(self.way.stream), PollFlags::POLLOUT),
            false => PollFd::new(self.way.reader.as_fd(), PollFlags::POLLIN),
        }
    }
}

/// What can be said of a descriptor right now: the event, or that something is wrong with it.
pub(super) fn seen(descriptor: BorrowedFd<'_>, event: PollFlags) -> PollFlags {
    let mut watched = [PollFd::new(descriptor, event)];
    let _ = poll(&mut watched, PollTimeout::ZERO);
    watched[0].revents().unwrap_or(PollFlags::empty())
}

/// Makes a sluice, where nobody has to see every chunk.
fn dig(way: &Way) -> bool {
    let dug = way.collected.lock().is_ok_and(|mut collected| collected.open_basin());
    dug && streams::enlarge(&way.reader) > 0
}

/// Closes it again.
fn fill(collected: &Mutex<Collected>) {
    if let Ok(mut collected) = collected.lock() {
        collected.close_basin();
    }
}

/// Whether output is held.
fn holds(collected: &Mutex<Collected>) -> bool {
    collected.lock().is_ok_and(|collected| collected.held.is_some())
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
    fault::contain(|| collected.push(stream, merged, chunk)).is_some()
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
