//! Brings pings to the store, many in one transaction, and tells each how it went after the commit.
//!
//! There is no lingering: while one batch is written the next gathers. So an idle receiver answers after
//! one fsync, and a busy one shares each fsync among all pings that came meanwhile. A batch is what waits when
//! the store comes to it, and the next one stands in the store's queue already: the disk never waits for us.
//!
//! Where the store has several writers, each has a line of its own, and a monitor's pings stand in one of
//! them: they stay in order, and no writer waits for a row that another one holds. A node that shares the
//! store with others has one line: their writers work while its own waits for the disk, and what stands in one
//! line costs less than the same in two. So has one whose store was away, until all writers are proved.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Notify, oneshot, watch};
use tokio::task::JoinSet;

use super::app::App;
use super::record;
use crate::domain::arrival::Arrival;
use crate::domain::time::Moment;
use crate::store::{Store, Trouble};
use crate::sys::clock;

/// Pings of one transaction at most, so that the first of them is not kept waiting by the last.
const BATCH_MAX: usize = 512;

/// Pings that wait at most in a line; whoever comes then is asked to come again, and memory stays flat.
const WAITING_MAX: usize = 16_384;

/// Batches of a line under way: one is written, one stands in the store's queue.
const BATCHES: usize = 2;

/// A ping that is to be kept.
#[derive(Clone, Debug)]
pub(crate) struct Ping {
    /// The monitor that it is for.
    pub(crate) monitor_id: i64,
    /// How it was spelled.
    pub(crate) dialect: String,
    /// What it tells.
    pub(crate) arrival: Box<Arrival>,
    /// It is kept and changes nothing.
    pub(crate) ignored: bool,
    /// It counts as a sign of life and is not kept: there are too many of its kind.
    pub(crate) coalesced: bool,
    /// When it came.
    pub(crate) received_at: Moment,
    /// The output, packed.
    pub(crate) packed: Option<Vec<u8>>,
    /// The method of its request.
    pub(crate) method: String,
    /// The scheme of its request.
    pub(crate) scheme: String,
    /// Where it came from.
    pub(crate) remote: String,
    /// What sent it.
    pub(crate) agent: String,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Recorded {
    /// It is on disk.
    Stored,
    /// It is on disk, and came too late to change anything.
    Late,
    /// It was on disk before.
    Duplicate,
    /// It was taken for a sign of life, and is not kept.
    Coalesced,
    /// Its monitor is gone.
    Gone,
}

/// Where whoever waits for a ping is told.
type Answer = oneshot::Sender<Result<Recorded, Trouble>>;

struct Waiting {
    ping: Ping,
    answer: Answer,
}

/// Pings of one transaction.
struct Batch {
    pings: Vec<Ping>,
    answers: Vec<Answer>,
}

/// Pings that wait for one of the store's writers.
#[derive(Default)]
struct Line {
    waiting: Mutex<Vec<Waiting>>,
    /// Somebody stands in the store's queue and will take what waits.
    is_queued: AtomicBool,
    wake: Notify,
}

/// Pings that wait for the store.
pub(crate) struct Recorder {
    lines: Vec<Line>,
    /// All lines are used, and not the first one only.
    is_spread: AtomicBool,
    count: AtomicU64,
}

impl Recorder {
    /// One with a line for each of the store's writers.
    pub(crate) fn new(store: &Store) -> Recorder {
        Recorder::with_lines(store.writers())
    }

    fn with_lines(count: usize) -> Recorder {
        let lines = (0..count).map(|_| Line::default()).collect();
        Recorder { lines, is_spread: AtomicBool::new(false), count: AtomicU64::new(0) }
    }

    /// Whether pings are to stand in all lines from now on.
    pub(crate) fn spread(&self, is_spread: bool) {
        self.is_spread.store(is_spread, Ordering::Relaxed);
    }

    /// Whether they do.
    pub(crate) fn is_spread(&self) -> bool {
        self.is_spread.load(Ordering::Relaxed)
    }

    /// Keeps a ping; resolves when it is on disk.
    pub(crate) async fn record(&self, ping: Ping) -> Result<Recorded, Trouble> {
        let answered = self.lines[self.line_of(ping.monitor_id)].add(ping)?;
        let ended = || Err(Trouble::Unavailable("the receiver is stopping".to_owned()));
        answered.await.unwrap_or_else(|_| ended())
    }

    fn line_of(&self, monitor_id: i64) -> usize {
        match self.is_spread() {
            true => monitor_id.unsigned_abs() as usize % self.lines.len(),
            false => 0,
        }
    }

    /// Pings that were kept since the start.
    pub(crate) fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }
}

impl Line {
    /// Puts a ping at its end; gives where it will be told how it went.
    fn add(&self, ping: Ping) -> Result<oneshot::Receiver<Result<Recorded, Trouble>>, Trouble> {
        let (answer, answered) = oneshot::channel();
        {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            if waiting.len() >= WAITING_MAX {
                return Err(Trouble::Unavailable(format!("{WAITING_MAX} pings wait already")));
            }
            waiting.push(Waiting { ping, answer });
        }
        if !self.is_queued.load(Ordering::SeqCst) {
            self.wake.notify_one();
        }
        Ok(answered)
    }

    /// Whether somebody is to go and write; who asks is to do so.
    fn wants_writing(&self) -> bool {
        let is_empty = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).is_empty();
        !is_empty && !self.is_queued.swap(true, Ordering::SeqCst)
    }

    /// What waits. Whoever comes from now on has somebody else write.
    fn take(&self) -> Batch {
        let (taken, is_left) = {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            self.is_queued.store(false, Ordering::SeqCst);
            let count = waiting.len().min(BATCH_MAX);
            let rest = waiting.split_off(count);
            let is_left = !rest.is_empty();
            (std::mem::replace(&mut *waiting, rest), is_left)
        };
        if is_left {
            self.wake.notify_one();
        }
        let (pings, answers) =
            taken.into_iter().map(|waiting| (waiting.ping, waiting.answer)).unzip();
        Batch { pings, answers }
    }
}

/// Starts what writes pings, until it is told to stop and none waits any more.
pub(crate) fn start(tasks: &mut JoinSet<()>, app: &Arc<App>, stop: &watch::Receiver<bool>) {
    for writer in 0..app.store.writers() {
        for _ in 0..BATCHES {
            tasks.spawn(keep_recording(Arc::clone(app), writer, stop.clone()));
        }
    }
}

/// Writes what waits in a writer's line. Several do so at once: while one waits for its transaction, another
/// stands in the store's queue for what comes meanwhile.
async fn keep_recording(app: Arc<App>, writer: usize, mut stop: watch::Receiver<bool>) {
    let line = &app.recorder.lines[writer];
    loop {
        if line.wants_writing() {
            write(&app, writer).await;
        } else if *stop.borrow() {
            return;
        } else {
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => {}
                () = line.wake.notified() => {}
            }
        }
    }
}

/// Writes what waits when the store comes to it, which is more than what waits now.
async fn write(app: &Arc<App>, writer: usize) {
    let (recorder, taken) = (Arc::clone(app), Arc::new(Mutex::new(None)));
    let batch = Arc::clone(&taken);
    let written = app.store.write_by(writer, move |tx| {
        let mut batch = batch.lock().unwrap_or_else(PoisonError::into_inner);
        let Batch { pings, .. } =
            batch.get_or_insert_with(|| recorder.recorder.lines[writer].take());
        if pings.is_empty() {
            return Ok(None);
        }
        record::all(tx, &recorder, pings, clock::now()).map(Some)
    });
    let written = written.await;
    let batch = taken.lock().unwrap_or_else(PoisonError::into_inner).take();
    // A store that cannot be reached has taken nothing; those who wait for it are told.
    let Batch { answers, .. } = batch.unwrap_or_else(|| app.recorder.lines[writer].take());
    match written {
        Ok(Some(done)) => {
            app.done(&done.effects);
            app.recorder.count.fetch_add(done.recorded.len() as u64, Ordering::Relaxed);
            for (answer, recorded) in answers.into_iter().zip(done.recorded) {
                // Whoever asked may have gone away; the ping is on disk all the same.
                let _ = answer.send(Ok(recorded));
            }
        }
        Ok(None) => {}
        Err(trouble) => {
            app.recorder.spread(false);
            for answer in answers {
                let _ = answer.send(Err(trouble.clone()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Recorder;

    #[test]
    fn a_monitor_has_one_line_and_all_have_one_until_they_are_spread() {
        let places = |recorder: &Recorder| [0, 1, 2, 7, -3].map(|id| recorder.line_of(id));
        let recorder = Recorder::with_lines(2);
        for (is_spread, expected) in [(false, [0; 5]), (true, [0, 1, 0, 1, 1]), (false, [0; 5])] {
            recorder.spread(is_spread);
            assert_eq!(places(&recorder), expected);
        }
        let of_a_file = Recorder::with_lines(1);
        of_a_file.spread(true);
        assert_eq!(places(&of_a_file), [0; 5], "it has one writer");
    }
}
