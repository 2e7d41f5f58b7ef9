//! What may happen to the host of a receiver, and what it has promised all the same: a ping that was
//! acknowledged is there, nobody is called for nothing, and nobody has to restart it.
//!
//! How often the receiver is killed and the plug is pulled is a compromise with time; `HB_TEST_LONG=1`
//! does it more often.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;

use super::hb::{Home, Seen, binary, until};
use super::server::{PING_KEY, Server, send};

/// A small disk in memory; it is gone when it is dropped.
struct Disk(PathBuf);

impl Disk {
    fn mount(home: &Home, at: &Path) -> Disk {
        std::fs::create_dir_all(at).expect("made");
        let mut mount = home.program("mount");
        let options = ["-t", "tmpfs", "-o", "size=4m,mode=700", "tmpfs"];
        let seen = Seen::of(mount.args(options).arg(at));
        assert_eq!(seen.status, 0, "{seen:?}");
        Disk(at.to_owned())
    }

    /// Takes all the room that is left.
    fn fill(&self) -> PathBuf {
        let path = self.0.join("filler");
        let mut file = std::fs::File::create(&path).expect("a file");
        for size in [65_536, 4096] {
            while file.write_all(&vec![7; size]).is_ok() {}
        }
        path
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let mut umount = std::process::Command::new("umount");
        let _ = umount.arg("-l").arg(&self.0).stderr(Stdio::null()).status();
    }
}

#[test]
fn a_full_disk_refuses_pings_loses_none_and_is_got_over_without_a_restart() {
    assert!(nix::unistd::geteuid().is_root(), "run this test as root: it mounts a small disk");
    let home = Home::new();
    let disk = Disk::mount(&home, &home.path("data"));
    let server = Server::start(&home);
    server.monitor(json!({ "slug": "job", "schedule": "every 1h" }));
    let target = format!("/ping/{PING_KEY}/job");
    assert_eq!(server.get(&target).status, 200);
    let mut acknowledged = 1u64;
    let filler = disk.fill();
    until("the disk is full for the receiver, too", || {
        let answer = server.get(&target);
        if answer.status == 200 {
            acknowledged += 1;
            return false;
        }
        assert_eq!(answer.status, 503, "{}", answer.text());
        assert!(answer.header("retry-after").is_some(), "{answer:?}");
        true
    });
    until("it says that it is not ready", || {
        if server.get(&target).status == 200 {
            acknowledged += 1;
        }
        server.get("/readyz").status == 503
    });
    assert_eq!(server.get("/healthz").status, 200);
    let said = |line: &str| server.get("/metrics").text().lines().any(|said| said == line);
    assert!(said("hb_ready 0"), "{}", server.get("/metrics").text());
    std::fs::remove_file(filler).expect("room is made");
    until("it is ready again", || server.get("/readyz").status == 200);
    until("its numbers say so, too", || said("hb_ready 1"));
    assert_eq!(server.get(&target).status, 200);
    acknowledged += 1;
    assert_eq!(server.look("job")["event_count"], json!(acknowledged));
    server.kill();
    assert_eq!(Server::start(&home).look("job")["event_count"], json!(acknowledged));
}

#[test]
fn a_receiver_that_was_stopped_for_a_while_calls_nobody_for_what_it_did_not_see() {
    let home = Home::new();
    let server = Server::start(&home);
    server.monitor(json!({
        "slug": "job", "schedule": "every 10s", "grace": "3s", "tolerance": 0,
    }));
    let target = format!("/ping/{PING_KEY}/job");
    assert_eq!(server.get(&target).status, 200);
    let pid = Pid::from_raw(server.pid());
    kill(pid, Signal::SIGSTOP).expect("it is there");
    let address = server.address.clone();
    let job = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_secs(9));
        send(&address, "GET", &target, &[], b"").map(|answer| answer.status)
    });
    // Longer than without a mark nobody has watched, and than the deadline is away.
    std::thread::sleep(Duration::from_secs(17));
    kill(pid, Signal::SIGCONT).expect("it is there");
    assert_eq!(job.join().expect("no panic").expect("an answer"), 200);
    assert_eq!(server.look("job")["status"], "up");
    assert_eq!(server.api("GET", "/incidents", None).json()["incidents"], json!([]));
}

#[test]
fn told_to_stop_in_the_middle_of_much_it_loses_nothing_that_it_acknowledged() {
    let home = Home::new();
    let server = Server::start(&home);
    server.monitor(json!({ "slug": "job", "schedule": "every 1h" }));
    let (acknowledged, over) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let pingers: Vec<_> = (0..6)
        .map(|_| {
            let (address, count, over) =
                (server.address.clone(), Arc::clone(&acknowledged), Arc::clone(&over));
            std::thread::spawn(move || {
                let target = format!("/ping/{PING_KEY}/job");
                while !over.load(Ordering::Relaxed) {
                    let answer = send(&address, "POST", &target, &[], b"output");
                    if answer.is_ok_and(|answer| answer.status == 200) {
                        count.fetch_add(1, Ordering::Relaxed);
                    }
                }
            })
        })
        .collect();
    until("pings are taken", || acknowledged.load(Ordering::Relaxed) > 50);
    let began = std::time::Instant::now();
    assert_eq!(server.stop(), Some(0));
    let took = began.elapsed();
    over.store(true, Ordering::Relaxed);
    pingers.into_iter().for_each(|pinger| pinger.join().expect("no panic"));
    assert!(took < Duration::from_secs(10), "{took:?}");
    let kept = Server::start(&home).look("job")["event_count"].as_u64().expect("a count");
    let acknowledged = acknowledged.load(Ordering::Relaxed);
    assert!(kept >= acknowledged, "{acknowledged} acknowledged, {kept} kept");
}

#[test]
fn a_second_receiver_is_told_that_the_directory_is_taken() {
    let home = Home::new();
    let server = Server::start(&home);
    // One that is not refused would serve for ever.
    let mut second = home.program("timeout");
    second.arg("20").arg(binary()).args(["serve", "--listen", "127.0.0.1:0"]);
    let seen = Seen::of(second.env("HB_DATA_DIR", home.path("data")).stdin(Stdio::null()));
    assert_ne!(seen.status, 0, "{seen:?}");
    let said = format!("another `hb serve` with pid {} uses the directory", server.pid());
    assert!(seen.stderr.contains(&said) && seen.stderr.contains("--data"), "{seen:?}");
    server.kill();
    assert_eq!(Server::start(&home).get("/healthz").status, 200, "a killed one leaves no lock");
}

/// Puts everything that a stopped receiver remembers twelve years ahead, as a wrong clock would have.
fn put_ahead(home: &Home) {
    let store = rusqlite::Connection::open(home.path("data/hb.sqlite")).expect("it opens");
    // Moments are milliseconds; the first digits of those of this time of the world are all alike.
    let (ahead, digits) =
        (379_000_000_000_i64, jiff::Timestamp::now().as_millisecond() / 1_000_000_000);
    let columns = "wake_at due_at deadline_at last_success_at last_event_at created_at";
    for column in columns.split(' ') {
        let sql = format!("update monitors set {column} = {column} + {ahead}");
        store.execute(&sql, []).expect("it is written");
    }
    store.execute(&format!("update nodes set seen_at = seen_at + {ahead}"), []).expect("written");
    let sql =
        format!("update monitors set state = replace(state, ':{digits}', ':{}')", digits + 379);
    assert_eq!(store.execute(&sql, []).expect("it is written"), 1);
}

#[test]
fn a_job_that_died_is_missed_although_the_clock_was_ahead_when_it_was_last_heard_of() {
    let home = Home::new();
    let server = Server::start(&home);
    server.monitor(json!({ "slug": "job", "schedule": "every 1s", "grace": "2s" }));
    assert_eq!(server.get(&format!("/ping/{PING_KEY}/job")).status, 200);
    assert_eq!(server.stop(), Some(0));
    put_ahead(&home);
    let server = Server::start(&home);
    server.await_status("job", "missed");
}
