//! Whole processes that are killed, or whose disk lies: this test binary runs itself as the victim.
//!
//! The victim is a test that does nothing unless it is told where its store is. What it was told to
//! be durable it notes in a file, which survives its death because the kernel lives on.

use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::time::Duration;

use super::{Bed, drawn, fresh_directory, runtime, server};
use crate::store::{Place, Store, Trouble, Tx, meta, migrate};

/// Where the victim's store is: a directory, or an address.
const PLACE: &str = "HB_STORE_VICTIM";

/// Where it notes what was acknowledged.
const NOTES: &str = "HB_STORE_NOTES";

/// Rounds of killing.
const ROUNDS: usize = 12;

/// Steps slow enough to be killed in, each of which fails if it was done before.
static SLOW: LazyLock<Vec<migrate::Migration>> =
    LazyLock::new(|| [migrate::STEPS, &SLOW_ONES].concat());
const SLOW_ONES: [migrate::Migration; 4] = [
    "create table s1 (n bigint); insert into s1 with recursive c(n) as (select 1 union all \
     select n + 1 from c where n < 40000) select n from c; create index s1n on s1 (n);",
    "create table s2 (n bigint); insert into s2 select n from s1; create index s2n on s2 (n);",
    "create table s3 (n bigint); insert into s3 select n from s2; create index s3n on s3 (n);",
    "create table s4 (n bigint); insert into s4 select n from s3; create index s4n on s4 (n);",
];

fn place(text: &str) -> Place {
    match text.starts_with("postgres:") {
        true => Place::Postgres(text.to_owned()),
        false => Place::Sqlite(text.into()),
    }
}

/// Migrates, then writes for ever and notes what was acknowledged.
#[test]
fn victim() {
    let (Ok(text), Ok(notes)) = (std::env::var(PLACE), std::env::var(NOTES)) else { return };
    let store = match Store::open_with(&place(&text), &SLOW) {
        Ok(store) => store,
        Err(trouble) => fail(&notes, &trouble),
    };
    let mut file = std::fs::OpenOptions::new().append(true).create(true).open(&notes);
    let file = file.as_mut().expect("notes can be taken");
    runtime().block_on(async {
        for number in 0.. {
            let name = format!("n-{}-{number}", std::process::id());
            let saved = name.clone();
            match store.write(move |tx| meta::save(tx, &saved, "yes")).await {
                Ok(()) => writeln!(file, "{name}").expect("notes can be taken"),
                Err(trouble) => {
                    // The disk says that all is well again; the store must not believe it.
                    let again = store.write(|tx| meta::save(tx, "again", "yes")).await;
                    assert_eq!(again.is_err(), matches!(trouble, Trouble::Fatal(_)));
                    fail(&notes, &trouble)
                }
            }
        }
    });
}

fn fail(notes: &str, trouble: &Trouble) -> ! {
    let _ = std::fs::write(format!("{notes}.trouble"), format!("{trouble:?}"));
    std::process::exit(match trouble {
        Trouble::Fatal(_) => 9,
        _ => 8,
    });
}

fn command(program: &Path, text: &str, notes: &Path) -> Command {
    let mut command = Command::new(program);
    command.args(["--exact", "store::contract::killed::victim"]);
    command.env(PLACE, text).env(NOTES, notes);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn victim_of(text: &str, notes: &Path) -> Child {
    let own = std::env::current_exe().expect("this binary");
    command(&own, text, notes).spawn().expect("this binary can be run")
}

/// Everything that was noted is in the store.
fn all_is_there(store: &Store, notes: &Path) -> usize {
    let notes = std::fs::read_to_string(notes).unwrap_or_default();
    let names: Vec<String> = notes.lines().map(str::to_owned).collect();
    let count = names.len();
    let missing = runtime().block_on(store.read(move |tx| {
        let mut missing = Vec::new();
        for name in &names {
            if meta::find(tx, name)?.is_none() {
                missing.push(name.clone());
            }
        }
        Ok(missing)
    }));
    assert_eq!(missing, Ok(Vec::new()));
    count
}

fn survives_kills(text: &str) {
    let directory = fresh_directory();
    let notes = directory.join("notes");
    let mut seed = u64::from(std::process::id());
    for round in 0..ROUNDS {
        let mut victim = victim_of(text, &notes);
        // Longer and longer, so that every step is hit at some time on any machine.
        let most = 20 + 40 * round as u64;
        std::thread::sleep(Duration::from_millis(drawn(&mut seed) % most));
        victim.kill().expect("it can be killed");
        victim.wait().expect("it can be waited for");
        let trouble = std::fs::read_to_string(directory.join("notes.trouble"));
        assert!(trouble.is_err(), "{trouble:?}");
    }
    let store = Store::open_with(&place(text), &SLOW).expect("the store opens");
    all_is_there(&store, &notes);
    let counts = runtime().block_on(store.read(|tx| {
        let sql = "select count(*) from s4 union all select count(*) from s1";
        tx.rows(sql, &[])?.into_iter().map(|mut row| row.int()).collect()
    }));
    assert_eq!(counts, Ok(vec![40_000, 40_000]));
    runtime().block_on(store.close());
    let _ = std::fs::remove_dir_all(directory);
}

/// Ends in the middle of each step in turn; the next one goes on where it was.
fn survives_its_end_in_each_step(text: &str) {
    let directory = fresh_directory();
    let notes = directory.join("notes");
    let own = std::env::current_exe().expect("this binary");
    for step in 1..=SLOW.len() {
        let mut victim = command(&own, text, &notes);
        victim.env("HB_FAULT", format!("abort:store-migration-{step}"));
        let status = victim.status().expect("this binary can be run");
        assert_eq!(status.signal(), Some(libc::SIGABRT), "step {step}: {status}");
    }
    assert!(!notes.exists(), "none of them came as far as to write");
    let store = Store::open_with(&place(text), &SLOW).expect("the store opens");
    let rows = |tx: &mut dyn Tx, sql| tx.rows(sql, &[])?.remove(0).int();
    let count = runtime().block_on(store.read(move |tx| rows(tx, "select count(*) from s4")));
    assert_eq!(count, Ok(40_000));
    runtime().block_on(store.close());
    let _ = std::fs::remove_dir_all(directory);
}

#[test]
fn a_step_that_was_cut_off_is_done_again_on_sqlite() {
    let directory = fresh_directory();
    survives_its_end_in_each_step(&directory.display().to_string());
    let _ = std::fs::remove_dir_all(directory);
}

#[test]
fn a_step_that_was_cut_off_is_done_again_on_postgresql() {
    let server = server::Server::start();
    survives_its_end_in_each_step(&server.url(""));
}

#[test]
fn a_killed_process_loses_nothing_on_sqlite() {
    let directory = fresh_directory();
    survives_kills(&directory.display().to_string());
    let _ = std::fs::remove_dir_all(directory);
}

#[test]
fn a_killed_process_loses_nothing_on_postgresql() {
    let server = server::Server::start();
    survives_kills(&server.url(""));
}

/// Linux tells of a failed fsync once; whoever asks again is told that all is well.
#[test]
fn the_first_failed_fsync_is_the_end() {
    let directory = fresh_directory();
    let notes = directory.join("notes");
    let bed = Bed::of(Place::Sqlite(directory.join("data")), None);
    let store = Store::open_with(&bed.place, &SLOW).expect("the store opens");
    runtime().block_on(store.close());
    let own = std::env::current_exe().expect("this binary");
    let text = directory.join("data").display().to_string();
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync,fdatasync"]);
    // One sync fails, in the middle of things; all later ones would work.
    strace.args(["-e", "inject=fsync,fdatasync:error=EIO:when=8"]).arg(own);
    strace.args(["--exact", "store::contract::killed::victim"]);
    strace.env(PLACE, &text).env(NOTES, &notes);
    strace.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let status = strace.status().expect("strace runs");
    let trouble = std::fs::read_to_string(directory.join("notes.trouble")).unwrap_or_default();
    assert_eq!(status.code(), Some(9), "{trouble}");
    assert!(trouble.contains("Fatal"), "{trouble}");
    assert!(all_is_there(&bed.store, &notes) > 0);
    drop(bed);
    let _ = std::fs::remove_dir_all(directory);
}
