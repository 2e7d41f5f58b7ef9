//! The job's output: which streams hb reads, and the threads that carry them on.
//!
//! By default stdout is the job's own and hb never sees it; stderr goes through a pipe and straight
//! on, and its end is kept. When both are the same open file they go through one pipe, so their
//! order stays what it was. A pump is one blocking thread per pipe: it reads, writes, and shows the
//! chunk to the collector; a slow reader slows the job down exactly as it would bare.
//!
//! The hard part is trouble on the far side. A reader that has gone (EPIPE) is passed on to the job
//! by closing the pipe. A full disk is not: the job goes on, and the loss is reported.

use std::fs::File;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::sync::{Arc, Mutex, Weak};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::decide::OutputFacts;
use super::matching::Matching;
use super::plan::{Capture, Plan, Quiet};
use super::pump::{CHUNK_BYTES, Gate, Way, carry};
use super::quiet::Held;
use crate::domain::tail::Tail;
use crate::sys::inherited::Inherited;
use crate::sys::{fault, process, streams};

/// The stack of a pump's thread: its chunk lives on the heap.
const STACK_BYTES: usize = 256 * 1024;

/// Where the chunks of all streams come together.
pub(crate) struct Collected {
    /// The end of the output.
    pub(crate) tail: Tail,
    /// What the verdict needs to know.
    pub(crate) facts: OutputFacts,
    /// Bytes that hb carried, per stream: stdout, stderr.
    pub(crate) bytes: [u64; 2],
    /// What could not be written, for a person.
    pub(crate) losses: Vec<String>,
    pub(super) held: Option<Held>,
    log: Option<File>,
    matching: [Matching; 2],
}

impl Collected {
    pub(super) fn push(&mut self, stream: i32, merged: bool, chunk: &[u8]) {
        fault::point("pump");
        let index = usize::from(stream == 2);
        self.bytes[index] += chunk.len() as u64;
        if stream == 2 && !merged {
            self.facts.stderr_bytes += chunk.len() as u64;
        }
        self.tail.push(chunk);
        self.matching[index].push(chunk, &mut self.facts);
        if let Some(log) = &mut self.log
            && std::io::Write::write_all(log, chunk).is_err()
        {
            self.log = None;
            self.losses.push("the log file is incomplete: it could not be written".to_owned());
        }
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

/// The pipes of one run's output.
pub(crate) struct Output {
    /// What the streams showed.
    pub(crate) collected: Arc<Mutex<Collected>>,
    redirected: Vec<(OwnedFd, RawFd)>,
    pumps: Vec<Pump>,
    pty: Option<OwnedFd>,
    follows: bool,
}

struct Pump {
    reader: Option<OwnedFd>,
    inode: Option<u64>,
    stream: i32,
    merged: bool,
    done: Option<OwnedFd>,
    /// The pipe for what follows the output after hb has ended. Only the pump holds it open: when it
    /// lets go because its reader has gone, the job must find that nobody reads.
    kept: Weak<OwnedFd>,
    /// Shut when somebody else carries on; there only where that can happen.
    gate: Option<Gate>,
}

impl Output {
    /// Decides which streams are read, and opens their pipes. Trouble means they are not read.
    pub(crate) fn open(plan: &Plan, inherited: &Inherited, log: Option<File>) -> Output {
        let rules = &plan.output;
        let matching =
            Matching::new(plan.verdict.fail_if_output.clone(), plan.verdict.require_output.clone());
        let wants_all = rules.quiet != Quiet::Never || log.is_some() || !matching.is_idle();
        let collected = Collected {
            tail: Tail::new(rules.head_bytes, rules.tail_bytes),
            facts: OutputFacts::default(),
            bytes: [0; 2],
            losses: Vec::new(),
            held: (rules.quiet != Quiet::Never).then(Held::default),
            log,
            matching: [matching.clone(), matching],
        };
        let collected = Arc::new(Mutex::new(collected));
        let mut output = Output {
            collected,
            redirected: Vec::new(),
            pumps: Vec::new(),
            pty: None,
            follows: rules.follow_descendants,
        };
        let summary = plan.verdict.tool.is_some_and(|tool| tool.summary_on_stdout(&plan.command));
        for (streams, by_pty) in choose(rules.capture, wants_all, summary, inherited) {
            if output.add(&streams, by_pty).is_err() {
                // A pipe that cannot be made (too many open files) costs the tail, not the job.
                output.note("output was not read: no pipe could be opened");
            }
        }
        output
    }

    /// No stream is read: for commands that are not the job.
    pub(crate) fn none() -> Output {
        let collected = Collected {
            tail: Tail::new(0, 0),
            facts: OutputFacts::default(),
            bytes: [0; 2],
            losses: Vec::new(),
            held: None,
            log: None,
            matching: Default::default(),
        };
        let collected = Arc::new(Mutex::new(collected));
        Output { collected, redirected: Vec::new(), pumps: Vec::new(), pty: None, follows: false }
    }

    fn note(&self, text: &str) {
        if let Ok(mut collected) = self.collected.lock() {
            collected.losses.push(text.to_owned());
        }
    }

    fn add(&mut self, streams: &[i32], by_pty: bool) -> nix::Result<()> {
        let first = streams[0];
        let (reader, writer) =
            if by_pty { streams::pty(streams::standard(first))? } else { streams::pipe()? };
        let inode = streams::inode(&reader);
        if by_pty {
            self.pty = Some(reader.try_clone().map_err(|_| Errno::EMFILE)?);
        }
        for stream in streams {
            let end = writer.try_clone().map_err(|_| Errno::EMFILE)?;
            self.redirected.push((end, *stream));
        }
        let merged = streams.len() > 1;
        self.pumps.push(Pump {
            reader: Some(reader),
            inode,
            stream: first,
            merged,
            done: None,
            kept: Weak::new(),
            gate: self.follows.then(Gate::default),
        });
        Ok(())
    }

    /// What the job gets in place of its standard descriptors.
    pub(crate) fn redirected(&self) -> Vec<(RawFd, RawFd)> {
        self.redirected.iter().map(|(end, stream)| (end.as_raw_fd(), *stream)).collect()
    }

    /// Closes our copies of the job's ends. Call it after the job has them.
    pub(crate) fn hand_over(&mut self) {
        self.redirected.clear();
    }

    /// Pipes that nothing has come through yet. They have no pump: a job that is silent and short
    /// would pay more for the thread than for all else.
    pub(crate) fn silent(&self) -> Vec<BorrowedFd<'_>> {
        self.pumps.iter().filter_map(|pump| pump.reader.as_ref()).map(AsFd::as_fd).collect()
    }

    /// Starts the pumps of pipes that something has come through, and lets go of those that have
    /// ended in silence.
    pub(crate) fn start_heard(&mut self) {
        for index in 0..self.pumps.len() {
            let Some(reader) = &self.pumps[index].reader else { continue };
            let mut watched = [PollFd::new(reader.as_fd(), PollFlags::POLLIN)];
            let _ = poll(&mut watched, PollTimeout::ZERO);
            let seen = watched[0].revents().unwrap_or(PollFlags::empty());
            if seen.contains(PollFlags::POLLIN) {
                self.start(index);
            } else if !seen.is_empty() {
                self.pumps[index].reader = None;
            }
        }
    }

    /// Starts the pumps that are left.
    pub(crate) fn start_all(&mut self) {
        self.start_heard();
        for index in 0..self.pumps.len() {
            self.start(index);
        }
    }

    fn start(&mut self, index: usize) {
        let pump = &mut self.pumps[index];
        let Some(reader) = pump.reader.take() else { return };
        let Ok((done, alive)) = nix::unistd::pipe2(nix::fcntl::OFlag::O_CLOEXEC) else { return };
        let reader = Arc::new(reader);
        pump.kept = Arc::downgrade(&reader);
        let way = Way {
            reader,
            stream: pump.stream,
            merged: pump.merged,
            collected: self.collected.clone(),
            gate: pump.gate.clone(),
        };
        let started = std::thread::Builder::new()
            .name("pump".to_owned())
            .stack_size(STACK_BYTES)
            .spawn(move || {
                carry(&way);
                drop(way);
                drop(alive);
            });
        if started.is_ok() {
            pump.done = Some(done);
        }
    }

    /// Descriptors that hang up when their pump has seen the end of its stream.
    pub(crate) fn pending(&self) -> Vec<&OwnedFd> {
        self.pumps.iter().filter_map(|pump| pump.done.as_ref()).collect()
    }

    /// Who still holds a pipe although the job has ended.
    pub(crate) fn holder(&self) -> Option<String> {
        self.pumps.iter().find_map(|pump| process::holder_of(pump.inode?))
    }

    /// Leaves processes that carry on what descendants still write, until they end.
    pub(crate) fn follow(&self) {
        for pump in self.pumps.iter().filter(|_| self.follows) {
            if let Some(gate) = &pump.gate {
                gate.shut();
            }
            let Some(kept) = pump.kept.upgrade() else { continue };
            process::leave_behind(|| {
                let mut chunk = vec![0u8; CHUNK_BYTES];
                while let Ok(count @ 1..) = nix::unistd::read(&*kept, &mut chunk) {
                    if streams::write_all(streams::standard(pump.stream), &chunk[..count]).is_err()
                    {
                        return;
                    }
                }
            });
        }
    }

    /// The window of the terminal has changed.
    pub(crate) fn resize(&self) {
        if let Some(pty) = &self.pty {
            streams::copy_window_size(streams::standard(1), pty.as_fd());
        }
    }
}

/// The streams to read: each entry is one pipe for these descriptors, or a pty.
fn choose(
    capture: Capture,
    wants_all: bool,
    summary_on_stdout: bool,
    inherited: &Inherited,
) -> Vec<(Vec<i32>, bool)> {
    let open = |number: i32| !inherited.closed[number as usize];
    let both_open = open(1) && open(2);
    if capture == Capture::Pty && both_open {
        return vec![(vec![1, 2], true)];
    }
    let terminal = [1, 2].map(|number: i32| open(number) && streams::is_terminal(number));
    let merged = both_open && !terminal[1] && streams::same_file(1, 2);
    let (stdout, stderr) = match capture {
        Capture::None => (wants_all, wants_all),
        Capture::Auto => {
            (wants_all || (summary_on_stdout && !terminal[0]), wants_all || !terminal[1])
        }
        Capture::Pipe => (wants_all, true),
        Capture::Both | Capture::Pty => (true, true),
    };
    if merged && stderr {
        return vec![(vec![1, 2], false)];
    }
    let mut chosen = Vec::new();
    if stdout && open(1) {
        chosen.push((vec![1], false));
    }
    if stderr && open(2) {
        chosen.push((vec![2], false));
    }
    chosen
}

impl Output {
    /// One line on what the streams have shown so far, for a run that is still going.
    pub(crate) fn summary(&self, plan: &Plan) -> String {
        let Ok(collected) = self.collected.lock() else { return String::new() };
        let bytes = collected.bytes.iter().sum();
        let mut text = format!("{} of output", crate::domain::size::format(bytes));
        if plan.output.told {
            let tail = crate::domain::text::clean(&collected.tail.finish().bytes);
            let last = tail.rsplit(|byte| *byte == b'\n').find(|line| !line.is_empty());
            if let Some(line) = last {
                let masked = plan.output.mask(line);
                let line = String::from_utf8_lossy(&masked)
                    .chars()
                    .take(LAST_LINE_CHARS)
                    .collect::<String>();
                text.push_str(&format!("; last line: {line}"));
            }
        }
        text
    }
}

/// Characters of the last line that a keepalive tells.
const LAST_LINE_CHARS: usize = 200;
