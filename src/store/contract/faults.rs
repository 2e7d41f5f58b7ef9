//! What is each engine's own to suffer: a file that is locked, full, damaged or too open; a server
//! that goes away and comes back; two nodes that lock in each other's way.

use std::os::unix::fs::PermissionsExt;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::server::Server;
use super::{Bed, fresh_directory, runtime};
use crate::store::monitors::{self, Named};
use crate::store::{Place, Store, Trouble, Tx, meta};

fn is_unavailable<T>(answer: &Result<T, Trouble>) -> bool {
    matches!(answer, Err(Trouble::Unavailable(_)))
}

#[test]
fn a_locked_file_refuses_and_recovers() {
    let bed = Bed::sqlite();
    let file = bed.directory.as_ref().expect("a directory").join("hb.sqlite");
    let other = rusqlite::Connection::open(&file).expect("the file opens");
    other.execute_batch("begin exclusive").expect("the file can be locked");
    let refused = bed.write(|tx| meta::save(tx, "a", "yes"));
    assert!(is_unavailable(&refused), "{refused:?}");
    assert_eq!(bed.read(|tx| meta::find(tx, "a")), Ok(None));
    other.execute_batch("rollback").expect("the lock can be given back");
    assert_eq!(bed.write(|tx| meta::save(tx, "a", "yes")), Ok(()));
}

/// Fills the file until nothing more fits; gives what was acknowledged.
fn fill(bed: &Bed, bytes: usize) -> usize {
    for count in 0..10_000 {
        let saved = bed.write(move |tx| meta::save(tx, &format!("n{count}"), &"x".repeat(bytes)));
        match saved {
            Ok(()) => {}
            Err(Trouble::Unavailable(_)) => return count,
            Err(other) => panic!("{other}"),
        }
    }
    panic!("the disk is never full");
}

fn kept(bed: &Bed) -> Result<i64, Trouble> {
    bed.read(|tx| tx.rows("select count(*) from meta where name like 'n%'", &[])?.remove(0).int())
}

#[test]
fn a_file_that_may_not_grow_refuses_and_recovers() {
    let bed = Bed::sqlite();
    let limit = |sql: &'static str| bed.write(move |tx| tx.rows(sql, &[]).map(drop));
    limit("pragma max_page_count = 100").expect("a limit can be set");
    let acknowledged = fill(&bed, 10_000);
    assert!(acknowledged > 0);
    assert_eq!(kept(&bed), Ok(acknowledged as i64));
    limit("pragma max_page_count = 100000").expect("a limit can be set");
    assert_eq!(bed.write(|tx| meta::save(tx, "a", "yes")), Ok(()));
}

/// A file system of a megabyte, which only root can mount; ends with its value.
struct SmallDisk(std::path::PathBuf);

impl SmallDisk {
    fn mount() -> Option<SmallDisk> {
        let path = fresh_directory();
        let mut mount = std::process::Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=1m,mode=0700", "none"]).arg(&path);
        mount.stderr(std::process::Stdio::null());
        if mount.status().is_ok_and(|status| status.success()) {
            return Some(SmallDisk(path));
        }
        let _ = std::fs::remove_dir(&path);
        None
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg(&self.0).status();
        let _ = std::fs::remove_dir(&self.0);
    }
}

#[test]
fn a_full_disk_refuses_and_recovers() {
    let Some(disk) = SmallDisk::mount() else { return };
    let ballast = disk.0.join("ballast");
    std::fs::write(&ballast, vec![0; 300_000]).expect("there is room");
    let bed = Bed::of(Place::Sqlite(disk.0.clone()), None);
    let acknowledged = fill(&bed, 5_000);
    assert!(acknowledged > 0);
    assert_eq!(kept(&bed), Ok(acknowledged as i64));
    assert!(is_unavailable(&bed.write(|tx| meta::save(tx, "a", &"x".repeat(9_000)))));
    std::fs::remove_file(&ballast).expect("the ballast can be dropped");
    assert_eq!(bed.write(|tx| meta::save(tx, "a", &"x".repeat(9_000))), Ok(()));
    assert_eq!(kept(&bed), Ok(acknowledged as i64));
    let check = bed.read(|tx| tx.rows("pragma integrity_check", &[])?.remove(0).text());
    assert_eq!(check, Ok("ok".to_owned()));
    drop(bed);
}

#[test]
fn a_damaged_file_is_fatal_and_stays_so() {
    let bed = Bed::sqlite();
    bed.monitors(500);
    let file = bed.directory.as_ref().expect("a directory").join("hb.sqlite");
    bed.runtime.block_on(bed.store.close());
    assert!(!file.with_extension("sqlite-wal").exists(), "a closed store is one file");
    let bytes = std::fs::read(&file).expect("the file can be read");
    let mut damaged = bytes.clone();
    damaged[4096..].fill(0xa5);
    std::fs::write(&file, damaged).expect("the file can be damaged");
    let opened = Store::open(&bed.place).map(drop);
    assert!(matches!(opened, Err(Trouble::Fatal(_))), "{opened:?}");
    std::fs::write(&file, bytes).expect("the file can be mended");
    Store::open(&bed.place).expect("the mended file opens");
    std::fs::write(&file, vec![b'x'; 5000]).expect("the file can be replaced");
    let opened = Store::open(&bed.place).map(drop);
    assert!(matches!(opened, Err(Trouble::Fatal(_))), "{opened:?}");
}

#[test]
fn files_are_private_and_a_copy_is_whole() {
    let bed = Bed::sqlite();
    let ids = bed.monitors(20);
    let directory = bed.directory.clone().expect("a directory");
    let copy = directory.join("copy");
    std::fs::create_dir(&copy).expect("a directory can be made");
    crate::store::backup(&bed.store.place, &copy.join("hb.sqlite")).expect("a copy can be made");
    for place in [&directory, &copy] {
        for entry in std::fs::read_dir(place).expect("a directory") {
            let entry = entry.expect("an entry");
            if entry.file_type().expect("a type").is_file() {
                let mode = entry.metadata().expect("facts").permissions().mode() & 0o777;
                assert_eq!(mode, 0o600, "{entry:?}");
            }
        }
    }
    assert_eq!(std::fs::read_dir(&copy).expect("a directory").count(), 1);
    bed.write(|tx| meta::save(tx, "later", "yes")).expect("writing works");
    let copied = Store::open(&Place::Sqlite(copy)).expect("the copy opens");
    let names: Vec<Named> = ids.into_iter().map(Named::Id).collect();
    let found = bed.runtime.block_on(
        copied.read(move |tx| Ok((monitors::look(tx, &names)?.len(), meta::find(tx, "later")?))),
    );
    assert_eq!(found, Ok((20, None)));
    bed.runtime.block_on(copied.close());
    std::fs::set_permissions(&directory, std::fs::Permissions::from_mode(0o777)).expect("chmod");
    let open = Store::open(&bed.place).map(drop);
    assert!(is_unavailable(&open), "{open:?}");
}

#[test]
fn a_server_that_comes_back_is_found_again() {
    let mut server = Server::start();
    let bed = Bed::postgres(&server, "back");
    assert!(is_unavailable(&crate::store::backup(
        &bed.store.place,
        std::path::Path::new("/nowhere/copy")
    )));
    let mut acknowledged = Vec::new();
    for round in 0..3 {
        for n in 0..5 {
            let name = format!("n{round}-{n}");
            let saved = name.clone();
            bed.write(move |tx| meta::save(tx, &saved, "yes")).expect("writing works");
            acknowledged.push(name);
        }
        server.stop();
        let refused = bed.write(|tx| meta::save(tx, "while away", "yes"));
        assert!(is_unavailable(&refused), "{refused:?}");
        let refused = bed.read(|tx| meta::find(tx, "while away"));
        assert!(is_unavailable(&refused), "{refused:?}");
        server.run();
        let began = Instant::now();
        while let Err(trouble) = bed.write(|tx| meta::save(tx, "back", "yes")) {
            assert!(matches!(trouble, Trouble::Unavailable(_)), "{trouble}");
            assert!(began.elapsed() < Duration::from_secs(30), "{trouble}");
            std::thread::sleep(Duration::from_millis(10));
        }
        // Readers were idle when the server went, and come back the same way, each after its own
        // pause; it is over for all of them when all have answered in turn.
        let mut well = 0;
        while well < 4 * crate::store::READERS {
            let is_back = bed.read(|tx| meta::find(tx, "back")).is_ok();
            well = if is_back { well + 1 } else { 0 };
            assert!(began.elapsed() < Duration::from_secs(30), "readers stay away");
            std::thread::sleep(Duration::from_millis(if is_back { 0 } else { 10 }));
        }
        let found = bed.read({
            let names = acknowledged.clone();
            move |tx| names.iter().map(|name| Ok(meta::find(tx, name)?.is_some())).collect()
        });
        assert_eq!(found, Ok(vec![true; acknowledged.len()]));
    }
    // An idle connection that was cut is replaced before anybody notices.
    bed.write(|tx| tx.rows(CUT, &[]).map(drop)).expect("others can be cut");
    for _ in 0..2 * crate::store::READERS {
        assert_eq!(bed.read(|tx| meta::find(tx, "while away")), Ok(None));
    }
}

/// Cuts every connection but the one that asks.
const CUT: &str = "select cast(pg_terminate_backend(pid) as text) from pg_stat_activity \
    where pid <> pg_backend_pid() and backend_type = 'client backend'";

#[test]
fn nodes_that_lock_in_each_others_way_both_get_through() {
    let server = Server::start();
    let bed = Bed::postgres(&server, "two");
    let ids = bed.monitors(2);
    let other = bed.again();
    let (have, has) = (mpsc::channel::<()>(), mpsc::channel::<()>());
    let op = |ids: [i64; 2], mine: mpsc::Sender<()>, theirs: mpsc::Receiver<()>| {
        let mut is_again = false;
        move |tx: &mut dyn Tx| {
            // A lock that was given back must not be taken again before the other one has had it.
            if std::mem::replace(&mut is_again, true) {
                let _ = theirs.recv();
            }
            monitors::load(tx, &[Named::Id(ids[0])])?;
            let _ = mine.send(());
            let _ = theirs.recv();
            monitors::load(tx, &[Named::Id(ids[1])]).map(|found| found.len())
        }
    };
    // The second time one of them comes by, the other is through: it waits for nobody.
    let (one, two) = (op([ids[0], ids[1]], have.0, has.1), op([ids[1], ids[0]], has.0, have.1));
    let thread = std::thread::spawn(move || {
        let answer = runtime().block_on(other.write(two));
        runtime().block_on(other.close());
        answer
    });
    assert_eq!(bed.write(one), Ok(1));
    assert_eq!(thread.join().expect("the thread ends"), Ok(1));
}

#[test]
fn an_address_is_understood_and_kept_secret() {
    for (address, says) in [
        ("postgres://hb:hunter2@/x?sslmode=require", "name a host"),
        ("postgres://hb:hunter2@/x?nonsense=1", "cannot be read"),
        ("postgres://hb:hunter2@/x?host=/nowhere", "cannot be reached"),
        ("postgres://hb:hunter2@127.0.0.1:1/x", "cannot be reached"),
    ] {
        let place = Place::Postgres(address.to_owned());
        let trouble = Store::open(&place).map(drop).expect_err("nobody is there");
        let said = format!("{trouble} {trouble:?} {place:?}");
        assert!(said.contains(says), "{said}");
        assert!(!said.contains("hunter2"), "{said}");
    }
}
