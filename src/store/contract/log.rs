//! SQLite's log is written back beside the writer, and begins anew.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::Bed;
use crate::store::{Tx, meta};

/// More than what a quiet receiver has in its log: 20 MiB.
const MIB: usize = 20;

/// So many write at the same time, so that the writer always has more to do.
const WRITERS: i64 = 4;

/// How often the log has begun anew, as its head says.
fn beginnings(directory: &Path) -> u32 {
    let log = std::fs::read(directory.join("hb.sqlite-wal")).expect("a log");
    u32::from_be_bytes(log[12..16].try_into().expect("four bytes"))
}

fn write_much(bed: &Bed, name: &str) {
    for count in 0..MIB {
        let name = format!("{name}{count}");
        bed.write(move |tx| meta::save(tx, &name, &"x".repeat(1 << 20))).expect("writing works");
    }
}

/// Keeps the writer busy with small things until the log has begun anew.
fn write_until_begun_anew(bed: &Bed, directory: &Path, before: u32) {
    let is_over = Arc::new(AtomicBool::new(false));
    let began = Instant::now();
    bed.runtime.block_on(async {
        let mut writers = tokio::task::JoinSet::new();
        for number in 0..WRITERS {
            let (store, is_over) = (bed.store.clone(), Arc::clone(&is_over));
            writers.spawn(async move {
                // What is there already would not be written again.
                for count in (0..).take_while(|_| !is_over.load(Ordering::Relaxed)) {
                    let name = format!("w{number}");
                    let save = move |tx: &mut dyn Tx| meta::save(tx, &name, &count.to_string());
                    store.write(save).await.expect("writing works");
                }
            });
        }
        while beginnings(directory) == before && began.elapsed() < Duration::from_secs(20) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        is_over.store(true, Ordering::Relaxed);
        while let Some(ended) = writers.join_next().await {
            ended.expect("writing works");
        }
    });
    assert!(beginnings(directory) > before, "the log does not begin anew");
}

#[test]
fn the_log_is_written_back_and_begins_anew() {
    let bed = Bed::sqlite();
    let directory = bed.directory.clone().expect("a directory");
    let file_bytes = || std::fs::metadata(directory.join("hb.sqlite")).expect("a file").len();
    let (before, small) = (beginnings(&directory), file_bytes());
    write_much(&bed, "n");
    write_until_begun_anew(&bed, &directory, before);
    assert!(file_bytes() > small + (MIB << 20) as u64, "{} bytes", file_bytes());
    let found = bed.read(|tx| Ok((meta::find(tx, "n0")?, meta::find(tx, "w0")?.is_some())));
    assert_eq!(found, Ok((Some("x".repeat(1 << 20)), true)));
}

#[test]
fn somebody_who_looks_at_an_old_picture_does_not_keep_the_log_for_ever() {
    let bed = Bed::sqlite();
    let directory = bed.directory.clone().expect("a directory");
    let before = beginnings(&directory);
    let other = rusqlite::Connection::open(directory.join("hb.sqlite")).expect("the file opens");
    let count = || other.query_row("select count(*) from meta", [], |row| row.get::<_, i64>(0));
    other.execute_batch("begin").expect("a picture");
    let seen = count().expect("a count");
    write_much(&bed, "n");
    std::thread::sleep(Duration::from_millis(500));
    write_much(&bed, "m");
    assert_eq!(count(), Ok(seen));
    assert_eq!(beginnings(&directory), before);
    other.execute_batch("commit").expect("the picture can be left");
    write_until_begun_anew(&bed, &directory, before);
    assert_eq!(count(), Ok(seen + 2 * MIB as i64 + WRITERS));
}
