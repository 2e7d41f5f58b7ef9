//! What the streams of a job have shown, wherever they went.
//!
//! The pumps of all streams show their chunks here: the end is kept, the bytes are counted, lines are
//! matched, and output is held or logged where that is wanted. Of a heavy stream the end lies in the
//! kernel until somebody asks for it (`sluice.rs`).

use std::fs::File;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex};

use nix::errno::Errno;

use super::decide::OutputFacts;
use super::matching::Matching;
use super::quiet::Held;
use super::sluice::Basin;
use crate::domain::tail::{Tail, TailText};
use crate::sys::fault;

/// Where the chunks of all streams come together.
pub(crate) struct Collected {
    tail: Tail,
    /// What of the end is still in the kernel.
    basin: Option<Basin>,
    /// What the verdict needs to know.
    pub(crate) facts: OutputFacts,
    /// Bytes that hb carried, per stream: stdout, stderr.
    pub(crate) bytes: [u64; 2],
    /// What could not be written, for a person.
    pub(crate) losses: Vec<String>,
    /// What is held back until the verdict.
    pub(super) held: Option<Held>,
    log: Option<File>,
    matching: [Matching; 2],
}

impl Collected {
    /// Nothing yet, of which `tail` is to be kept.
    pub(super) fn new(
        tail: Tail,
        held: Option<Held>,
        log: Option<File>,
        matching: [Matching; 2],
    ) -> Arc<Mutex<Collected>> {
        Arc::new(Mutex::new(Collected {
            tail,
            basin: None,
            facts: OutputFacts::default(),
            bytes: [0; 2],
            losses: Vec::new(),
            held,
            log,
            matching,
        }))
    }

    /// Takes a chunk of a stream.
    pub(super) fn push(&mut self, stream: i32, merged: bool, chunk: &[u8]) {
        fault::point("pump");
        let index = self.count(stream, merged, chunk.len());
        self.settle();
        self.tail.push(chunk);
        self.matching[index].push(chunk, &mut self.facts);
        if let Some(log) = &mut self.log
            && std::io::Write::write_all(log, chunk).is_err()
        {
            self.log = None;
            self.losses.push("the log file is incomplete: it could not be written".to_owned());
        }
    }

    fn count(&mut self, stream: i32, merged: bool, bytes: usize) -> usize {
        let index = usize::from(stream == 2);
        self.bytes[index] += bytes as u64;
        if stream == 2 && !merged {
            self.facts.stderr_bytes += bytes as u64;
        }
        index
    }

    /// Takes in what a pipe holds without reading it; gives how much that is.
    pub(super) fn take(&mut self, stream: i32, merged: bool, pipe: &OwnedFd) -> nix::Result<usize> {
        let basin = self.basin.as_mut().ok_or(Errno::EINVAL)?;
        let count = basin.take(pipe, &mut self.tail)?;
        self.count(stream, merged, count);
        Ok(count)
    }

    /// Makes it possible to [`Collected::take`]; false where each chunk is looked at.
    pub(super) fn open_basin(&mut self) -> bool {
        let watched = self.matching.iter().any(|matching| !matching.is_idle());
        if watched || self.held.is_some() || self.log.is_some() {
            return false;
        }
        if let (None, Some(kept)) = (&self.basin, self.tail.keeps_only_last()) {
            self.basin = Basin::open(kept);
        }
        self.basin.is_some()
    }

    /// Ends that.
    pub(super) fn close_basin(&mut self) {
        self.settle();
        self.basin = None;
    }

    fn settle(&mut self) {
        if let Some(basin) = &mut self.basin {
            basin.settle(&mut self.tail);
        }
    }

    /// The end of the output so far.
    pub(crate) fn tail(&mut self) -> TailText {
        self.settle();
        self.tail.finish()
    }

    /// Matches lines without an end, now that nothing follows.
    pub(crate) fn finish(&mut self) {
        for matching in &mut self.matching {
            matching.finish(&mut self.facts);
        }
    }

    /// Lets go of held output, to hb's own streams.
    pub(crate) fn replay(&mut self) {
        if let Some(held) = &mut self.held {
            held.replay();
        }
    }
}
