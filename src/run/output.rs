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
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::sync::{Arc, Mutex, Weak};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags};

use super::collected::Collected;
use super::matching::Matching;
use super::plan::{Capture, Plan, Quiet};
use super::pump::{CHUNK_BYTES, Gate, Here, Passage, Way, carry, seen};
use super::quiet::Held;
use crate::domain::tail::Tail;
use crate::domain::text;
use crate::sys::inherited::Inherited;
use crate::sys::{process, streams};

/// The stack of a pump's thread: its chunk lives on the heap.
const STACK_BYTES: usize = 256 * 1024;

/// The pipes of one run's output.
pub(crate) struct Output {
    /// What the streams showed.
    pub(crate) collected: Arc<Mutex<Collected>>,
    /// What the person should hear of them.
    pub(crate) warnings: Vec<String>,
    redirected: Vec<(OwnedFd, RawFd)>,
    pumps: Vec<Pump>,
    pty: Option<OwnedFd>,
    follows: bool,
}

struct Pump {
    /// The pipe, until something comes through it.
    reader: Option<OwnedFd>,
    inode: Option<u64>,
    stream: i32,
    merged: bool,
    /// Hangs up when the pump's thread has seen the end of its stream.
    done: Option<OwnedFd>,
    /// The pipe again, where no thread could be had for it.
    here: Option<Here>,
    /// The pipe for what follows the output after hb has ended. Only the pump holds it open: when it
    /// lets go because its reader has gone, the job must find that nobody reads.
    kept: Weak<OwnedFd>,
    /// Shut when somebody else carries on; there only where that can happen.
    gate: Option<Gate>,
    passage: Arc<Passage>,
}

impl Pump {
    /// What there is to wait for until it goes on, or has come to its end.
    fn awaited(&self) -> Option<PollFd<'_>> {
        match (&self.reader, &self.here, &self.done) {
            (Some(end), _, _) | (None, None, Some(end)) => {
                Some(PollFd::new(end.as_fd(), PollFlags::POLLIN))
            }
            (None, Some(here), _) => Some(here.awaited()),
            (None, None, None) => None,
        }
    }
}

impl Output {
    /// Decides which streams are read, and opens their pipes. Trouble means they are not read.
    pub(crate) fn open(plan: &Plan, inherited: &Inherited, log: Option<File>) -> Output {
        let rules = &plan.output;
        let matching =
            Matching::new(plan.verdict.fail_if_output.clone(), plan.verdict.require_output.clone());
        let wants_all = rules.quiet != Quiet::Never || log.is_some() || !matching.is_idle();
        let tail = Tail::new(rules.head_bytes, rules.tail_bytes);
        let held = (rules.quiet != Quiet::Never).then(Held::default);
        let collected = Collected::new(tail, held, log, [matching.clone(), matching]);
        let mut output = Output {
            collected,
            warnings: Vec::new(),
            redirected: Vec::new(),
            pumps: Vec::new(),
            pty: None,
            follows: rules.follow_descendants,
        };
        let summary = plan.verdict.tool.is_some_and(|tool| tool.summary_on_stdout(&plan.command));
        for (streams, by_pty) in choose(rules.capture, wants_all, summary, inherited) {
            if let Err(errno) = output.add(&streams, by_pty) {
                // A pipe that cannot be made (too many open files) costs the tail, not the job.
                output.note("output was not read: no pipe could be opened");
                let why = errno.desc().to_lowercase();
                output
                    .warn(format!("the job's output is not kept: no pipe could be opened: {why}"));
            }
        }
        output
    }

    /// No stream is read: for commands that are not the job.
    pub(crate) fn none() -> Output {
        let collected = Collected::new(Tail::new(0, 0), None, None, Default::default());
        Output {
            collected,
            warnings: Vec::new(),
            redirected: Vec::new(),
            pumps: Vec::new(),
            pty: None,
            follows: false,
        }
    }

    fn warn(&mut self, warning: String) {
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
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
        let mut ends = Vec::new();
        for stream in streams {
            ends.push((writer.try_clone().map_err(|_| Errno::EMFILE)?, *stream));
        }
        // All or none: an end without a pump is a stream that nobody reads.
        self.redirected.extend(ends);
        let merged = streams.len() > 1;
        self.pumps.push(Pump {
            reader: Some(reader),
            inode,
            stream: first,
            merged,
            done: None,
            here: None,
            kept: Weak::new(),
            gate: self.follows.then(Gate::default),
            passage: Arc::default(),
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

    /// What whoever attends the job has to look after: pipes that nothing has come through yet, and
    /// those that get no thread. The first have no pump: a job that is silent and short would pay more
    /// for the thread than for all else.
    pub(crate) fn unattended(&self) -> Vec<PollFd<'_>> {
        let without = |pump: &&Pump| pump.reader.is_some() || pump.here.is_some();
        self.pumps.iter().filter(without).filter_map(Pump::awaited).collect()
    }

    /// Looks after them: starts the pumps of pipes that something has come through, lets go of those
    /// that have ended in silence, and carries what gets no thread, as far as nobody has to wait.
    pub(crate) fn look_after(&mut self) {
        for index in 0..self.pumps.len() {
            let pump = &mut self.pumps[index];
            if pump.here.as_mut().is_some_and(|here| !here.carry()) {
                pump.here = None;
            }
            let Some(reader) = &pump.reader else { continue };
            let seen = seen(reader.as_fd(), PollFlags::POLLIN);
            if seen.contains(PollFlags::POLLIN) {
                self.start(index);
            } else if !seen.is_empty() {
                self.pumps[index].reader = None;
            }
        }
    }

    /// Starts the pumps that are left.
    pub(crate) fn start_all(&mut self) {
        self.look_after();
        for index in 0..self.pumps.len() {
            self.start(index);
        }
    }

    fn start(&mut self, index: usize) {
        let pump = &mut self.pumps[index];
        let Some(reader) = pump.reader.take() else { return };
        let reader = Arc::new(reader);
        pump.kept = Arc::downgrade(&reader);
        let way = Way {
            reader,
            stream: pump.stream,
            merged: pump.merged,
            collected: self.collected.clone(),
            gate: pump.gate.clone(),
            passage: pump.passage.clone(),
        };
        match give_thread(&way) {
            Ok(done) => pump.done = Some(done),
            Err(error) => {
                let mut here = Here::new(way);
                pump.here = here.carry().then_some(here);
                let why = text::without_errno(&error.to_string()).to_lowercase();
                self.warn(format!(
                    "no thread could be had for the job's output, which may have slowed it down: {why}"
                ));
            }
        }
    }

    /// How many streams are read.
    pub(crate) fn count(&self) -> usize {
        self.pumps.len()
    }

    /// Whether a stream has been carried to its end.
    pub(crate) fn has_ended(&self, index: usize) -> bool {
        let pump = &self.pumps[index];
        let hung_up = |done: &OwnedFd| !seen(done.as_fd(), PollFlags::POLLIN).is_empty();
        pump.reader.is_none() && pump.here.is_none() && pump.done.as_ref().is_none_or(hung_up)
    }

    /// What there is to wait for until it has.
    pub(crate) fn awaited(&self, index: usize) -> Vec<PollFd<'_>> {
        self.pumps[index].awaited().into_iter().collect()
    }

    /// How much of a stream will have been carried when all has arrived that is on its way now.
    pub(crate) fn owed(&self, index: usize) -> u64 {
        let pump = &self.pumps[index];
        pump.kept.upgrade().map_or(0, |pipe| pump.passage.owed(&pipe))
    }

    /// Whether so much of it has been carried, or somebody else will when hb has gone.
    pub(crate) fn has_carried(&self, index: usize, bytes: u64) -> bool {
        let pump = &self.pumps[index];
        pump.gate.is_some() || pump.passage.has_carried(bytes)
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

/// Starts the thread of a pump; gives what hangs up when it has seen the end of its stream.
fn give_thread(way: &Way) -> std::io::Result<OwnedFd> {
    let (done, alive) = nix::unistd::pipe2(nix::fcntl::OFlag::O_CLOEXEC)?;
    let way = way.clone();
    let builder = std::thread::Builder::new().name("pump".to_owned()).stack_size(STACK_BYTES);
    builder.spawn(move || {
        carry(&way);
        drop(way);
        drop(alive);
    })?;
    Ok(done)
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
        let Ok(mut collected) = self.collected.lock() else { return String::new() };
        let bytes = collected.bytes.iter().sum();
        let mut text = format!("{} of output", crate::domain::size::format(bytes));
        if plan.output.told {
            let tail = crate::domain::text::clean(&collected.tail().bytes);
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
