//! Runs whose `hb` died: found by the next `hb`, given an end, and reported.
//!
//! An open record whose lock can be taken belongs to a dead `hb`. If it holds an end, the job was
//! over and only the report is missing. If it holds none, the job may still be running without us:
//! then it is left alone until its process is gone, and only then called vanished. What its exit
//! status was, nobody can know any more, and the message says so.

use std::io;

use super::history;
use super::locks;
use super::open_run;
use super::spool::{Spool, Tries};
use super::state::State;
use crate::domain::event::Event;
use crate::domain::record::{Delivery, Ending, Line, Record, Told};
use crate::domain::run::{Outcome, Reason};
use crate::domain::telling;
use crate::domain::time::Moment;
use crate::domain::usage::Usage;
use crate::sys::process;

/// The room of what running jobs say about themselves.
pub(crate) const WORDS_ROOM: &str = "progress";

/// The file of one job's words.
pub(crate) const WORDS_FILE: &str = "metrics";

/// Open records looked at in one go; the rest waits for the next `hb`.
const LOOKED_AT_MAX: usize = 1000;

/// Open records beyond which not every `hb` looks at all of them: five hundred jobs of one minute would
/// open each other's records a quarter of a million times.
const OPEN_MANY: usize = 20;

/// Seconds between two looks at that many.
const LOOK_EVERY_S: i64 = 2;

/// The largest record that is read.
const RECORD_BYTES_MAX: u64 = 2 * 1024 * 1024;

/// Seconds after which a record that says nothing will never say anything.
const UNBEGUN_S: i64 = 60;

/// Finds what dead `hb`s left, moves it to history, and spools what was not told.
///
/// Gives the runs that were found without an end.
pub(crate) fn bury(state: &State, now: Moment) -> io::Result<Vec<Record>> {
    let Ok(room) = state.room_there(open_run::ROOM) else { return Ok(Vec::new()) };
    let mut vanished = Vec::new();
    let names = room.names()?;
    if names.is_empty() {
        return Ok(vanished);
    }
    let now_s = now.epoch_ms() / 1000;
    if names.len() > OPEN_MANY && !is_time_to_look(state, now_s)? {
        return Ok(vanished);
    }
    let boot_id = &process::boot_id();
    for name in names.into_iter().take(LOOKED_AT_MAX) {
        let Ok(mut file) = room.open_file(&name) else { continue };
        if file.try_lock().is_err() {
            continue;
        }
        // Before anything is appended: its age is the last that is known of the run.
        let last_seen_s = room.facts(&name).map_or(now_s, |facts| facts.st_mtime);
        // Its own `hb` may have closed it between the listing and the lock.
        let Ok(bytes) = room.read(&name, RECORD_BYTES_MAX) else { continue };
        if !bytes.ends_with(b"\n") && !bytes.is_empty() {
            // hb died within a line; the next one must not become a part of it.
            std::io::Write::write_all(&mut file, b"\n")?;
        }
        let Some(mut record) = Record::fold(&bytes) else {
            // hb died within its very first write, and no job had been started; or it lives and is
            // between making this file and locking it.
            if room.facts(&name).is_ok_and(|facts| facts.st_mtime < now_s - UNBEGUN_S) {
                room.remove(&name)?;
            }
            continue;
        };
        if record.ending.is_none() {
            match &record.process {
                Some(job) if process::is_alive(job, boot_id) => continue,
                Some(_) => {}
                // Between the start of a job and the note of its process lie some microseconds.
                None => {
                    if let Some(job) = locks::job_of(record.begun.run_id, boot_id) {
                        append(&mut file, &Line::Spawned(job))?;
                        continue;
                    }
                }
            }
            let last_seen = Moment::from_epoch_ms(last_seen_s.saturating_mul(1000));
            let ended_at = last_seen.clamp(record.begun.started_at.min(now), now);
            let ending = vanished_ending(&record, ended_at, boot_id);
            append(&mut file, &Line::Ended(Box::new(ending.clone())))?;
            record.ending = Some(ending);
            vanished.push(record.clone());
        }
        spool_rest(state, &record, &mut file, now)?;
        file.sync_data()?;
        history::admit(state, &record.begun.monitor, &room, &name)?;
        forget_words(state, &record);
    }
    Ok(vanished)
}

/// Whether nobody has looked just now; if so, notes that somebody does.
fn is_time_to_look(state: &State, now_s: i64) -> io::Result<bool> {
    let locks = state.room("locks")?;
    let stamp = "looked";
    if let Ok(facts) = locks.facts(stamp)
        && (now_s - LOOK_EVERY_S..=now_s).contains(&facts.st_mtime)
    {
        return Ok(false);
    }
    locks.replace(stamp, b"")?;
    Ok(true)
}

/// Removes the directory in which the job of a dead hb left its words; nobody will read them.
fn forget_words(state: &State, record: &Record) {
    let Ok(words) = state.passing_room(WORDS_ROOM) else { return };
    let _ = words.clear_away(&record.begun.run_id.to_string(), WORDS_FILE);
}

/// Spools the finish for every target that has not settled it.
fn spool_rest(
    state: &State,
    record: &Record,
    file: &mut std::fs::File,
    now: Moment,
) -> io::Result<()> {
    let Some(event) = finish_of(record) else { return Ok(()) };
    for target in &record.begun.targets {
        if record.is_settled_at(target) {
            continue;
        }
        let name = match target {
            crate::domain::record::TargetRef::Named(name)
            | crate::domain::record::TargetRef::Keyed(name) => name.clone(),
            crate::domain::record::TargetRef::Address(_) => {
                "a URL given on the command line".into()
            }
        };
        let why = "hb ended before it was delivered";
        Spool::open(state)?.put(target, &name, &event, why, Tries::default())?;
        let told = Told {
            target: target.clone(),
            name,
            kind: event.kind,
            result: Delivery::Spooled,
            at: now,
            detail: Some(why.to_owned()),
        };
        append(file, &Line::Told(told))?;
    }
    Ok(())
}

fn finish_of(record: &Record) -> Option<Event> {
    record.ending.as_ref().map(|ending| telling::finish(&record.begun, ending))
}

fn append(file: &mut std::fs::File, line: &Line) -> io::Result<()> {
    use std::io::Write;
    file.write_all(&line.to_bytes()?)
}

/// The end of a run that nobody saw, dated when it was last heard of: the monitor may have succeeded
/// since, and a failure of the moment at which it is found would hide that until the next night.
fn vanished_ending(record: &Record, ended_at: Moment, boot_id: &str) -> Ending {
    let other_boot = record.process.as_ref().is_some_and(|job| job.boot_id != boot_id);
    let message = if other_boot {
        "the host went down while the job ran; its exit status is unknown"
    } else if record.process.is_some() {
        "hb was killed while the job ran; its exit status is unknown"
    } else {
        "hb was killed before or while it started the job; whether it ran is unknown"
    };
    let elapsed = ended_at.epoch_ms().saturating_sub(record.begun.started_at.epoch_ms());
    Ending {
        ended_at,
        elapsed_ms: u64::try_from(elapsed).unwrap_or(0),
        paused_ms: 0,
        outcome: Outcome::Failure,
        reason: Reason::Vanished,
        message: message.to_owned(),
        exit_code: None,
        unix_signal: None,
        core_dumped: false,
        attempts: 1,
        usage: Usage::default(),
        host: Default::default(),
        output_bytes: [0; 2],
        tail: Vec::new(),
        metrics: Default::default(),
        stages: Vec::new(),
        steps: Vec::new(),
        notes: Vec::new(),
        tolerated: false,
    }
}
