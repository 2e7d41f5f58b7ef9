//! The write-ahead log, written back beside the writer.
//!
//! The pages of the log have to come into the file some time. They lie scattered there, so the disk takes
//! tens of milliseconds over them, and everybody would wait if the writer did it. A thread with a
//! connection of its own does it while the writer goes on. That alone would let the log grow without bound:
//! only a log that was written back to its end begins anew, and its end moves on. So when the thread is through,
//! the writer writes back the little that has come since.
//!
//! An attempt that fails tells nobody, and need not: the log has its pages until a later one has written all
//! of them.

use std::ffi::c_int;
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::hooks::Wal;
use rusqlite::wal::CheckpointMode;
use rusqlite::{Connection, OpenFlags};

/// Pages in the log below which nothing is written back: 16 MiB, which is all that a quiet receiver has.
const PAGES_MIN: c_int = 4_000;
/// How long the log is left alone after it was written back. A busy receiver writes the same pages again and
/// again; and while the disk is at it, pings are kept waiting, which may be one of a hundred.
const PAUSE: Duration = Duration::from_secs(5);
/// Pages in the log at which they are written back all the same: 256 MiB.
const PAGES_MAX: c_int = 64_000;
/// Pages in the log at which the writer waits for the thread, because the disk cannot keep up.
const PAGES_LIMIT: c_int = 2 * PAGES_MAX;
/// Bytes of the log that stay on the disk when it begins anew: to write over them costs less than to grow.
const BYTES_KEPT: u32 = 256 * 1024 * 1024;
/// Pages that the writer may be left with.
const REST_MAX: c_int = 64;
/// How often the thread goes after what has come meanwhile.
const ROUNDS_MAX: usize = 8;

/// The thread; it ends when the writer forgets whom to ask.
pub(super) type Thread = JoinHandle<()>;

/// Has the log of `writer` written back from now on.
pub(super) fn keep(writer: &mut Connection, file: &Path) -> rusqlite::Result<Option<Thread>> {
    writer.execute_batch(&format!(
        "pragma wal_autocheckpoint = {PAGES_MIN}; pragma journal_size_limit = {BYTES_KEPT};"
    ))?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let own = Connection::open_with_flags(file, flags)?;
    own.execute_batch("pragma synchronous = full; pragma checkpoint_fullfsync = on;")?;
    let (ask, asked) = sync_channel(1);
    let (tell, told) = sync_channel(1);
    let thread = std::thread::Builder::new().name("store-log".to_owned()).spawn(move || {
        for () in asked {
            write_back(&own);
            let _ = tell.send(());
        }
    });
    // Without a thread SQLite goes on writing back in the writer.
    let Ok(thread) = thread else { return Ok(None) };
    let mut log = Log { ask, told, is_asked: false, rests_until: Instant::now() };
    writer.wal_hook(Some(move |wal: &mut Wal, pages| {
        log.look(wal, pages);
        Ok(())
    }))?;
    Ok(Some(thread))
}

/// Lets the thread end, and waits for that: the last connection to a file folds its log into it.
pub(super) fn leave(writer: &mut Connection, thread: Thread) {
    let forgotten = writer.wal_hook(None::<fn(&mut Wal, c_int) -> rusqlite::Result<()>>);
    if forgotten.is_ok() {
        drop(thread.join());
    }
}

fn write_back(own: &Connection) {
    let mut before = 0;
    for _ in 0..ROUNDS_MAX {
        let Ok((_, done)) = own.wal_checkpoint_v2(None::<&str>, CheckpointMode::PASSIVE) else {
            return;
        };
        if done - before <= REST_MAX {
            return;
        }
        before = done;
    }
}

/// What the writer knows of its log.
struct Log {
    ask: SyncSender<()>,
    told: Receiver<()>,
    is_asked: bool,
    rests_until: Instant,
}

impl Log {
    /// Looks at the log after a commit.
    fn look(&mut self, wal: &mut Wal, pages: c_int) {
        if !self.is_asked {
            let is_due = pages >= PAGES_MIN && Instant::now() >= self.rests_until;
            if !is_due && pages < PAGES_MAX {
                return;
            }
            self.is_asked = self.ask.try_send(()).is_ok();
            if self.is_asked {
                return;
            }
        } else if pages >= PAGES_LIMIT {
            let _ = self.told.recv();
        } else if matches!(self.told.try_recv(), Err(TryRecvError::Empty)) {
            return;
        }
        self.is_asked = false;
        let _ = wal.checkpoint();
        self.rests_until = Instant::now() + PAUSE;
    }
}
