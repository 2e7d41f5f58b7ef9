//! A store that another program holds, and a disk that fails: nothing is acknowledged that is not kept,
//! and whoever watches the receiver is told.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use super::hb::{Home, until};
use super::receiving::wait_within;
use super::server::{PING_KEY, Server, send};
use super::service_manager::Manager;

/// Clients that ping all the time.
const PINGERS: usize = 24;

/// As much more memory a receiver may take while nothing can be written, with its allocator's habits.
const GROWTH_KIB_MAX: u64 = 24 * 1024;

/// A proof of life is good for twenty seconds; then the watchdog hears nothing more.
const SILENT_AFTER: Duration = Duration::from_secs(20 + 10);

/// What clients were told, in numbers.
#[derive(Default)]
struct Told {
    kept: AtomicU64,
    come_again: AtomicU64,
    over: AtomicBool,
}

/// Clients that ping until they are told that it is over; anything but 200, and 503 with a moment to come
/// again, is a mistake.
fn pingers(address: &str, told: &Arc<Told>, count: usize) -> Vec<std::thread::JoinHandle<()>> {
    let pinger = |_| {
        let (address, told) = (address.to_owned(), Arc::clone(told));
        std::thread::spawn(move || {
            let target = format!("/ping/{PING_KEY}/job");
            while !told.over.load(Ordering::SeqCst) {
                let Ok(answer) = send(&address, "POST", &target, &[], b"some output") else {
                    continue;
                };
                let count = match answer.status {
                    200 => &told.kept,
                    503 if answer.header("retry-after").is_some() => &told.come_again,
                    _ => panic!("{answer:?}"),
                };
                count.fetch_add(1, Ordering::SeqCst);
            }
        })
    };
    (0..count).map(pinger).collect()
}

fn memory_kib(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).expect("read");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a size");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

#[test]
fn a_locked_store_refuses_pings_silences_the_watchdog_and_is_got_over() {
    let home = Home::new();
    let manager = Manager::at_path(&home);
    let server = Server::start_with(&home, |command| {
        command.env("NOTIFY_SOCKET", &manager.name).env("WATCHDOG_USEC", "300000");
    });
    server.monitor(json!({ "slug": "job", "schedule": "every 1h" }));
    let told = Arc::new(Told::default());
    let pingers = pingers(&server.address, &told, PINGERS);
    until("pings are taken", || told.kept.load(Ordering::SeqCst) > 200);
    let hears = |within| manager.hears(within);
    until("the watchdog is told", || hears(SILENT_AFTER).as_deref() == Some("WATCHDOG=1"));

    let other = rusqlite::Connection::open(home.path("data/hb.sqlite")).expect("it opens");
    other.busy_timeout(Duration::from_secs(20)).expect("it waits");
    other.execute_batch("begin exclusive").expect("it can be locked");
    let before = memory_kib(&server);
    until("those that were on their way are answered", || {
        told.come_again.load(Ordering::SeqCst) > 0
    });
    let kept = told.kept.load(Ordering::SeqCst);
    assert_eq!(server.get("/readyz").status, 503);
    assert_eq!(server.get("/healthz").status, 200);
    // It was told several times a second.
    wait_within(SILENT_AFTER, || hears(Duration::from_secs(2)).is_none());
    assert_eq!(told.kept.load(Ordering::SeqCst), kept, "nothing can be kept");
    let grown = memory_kib(&server).saturating_sub(before);
    assert!(grown < GROWTH_KIB_MAX, "{grown} KiB more");

    other.execute_batch("rollback").expect("the lock is given back");
    until("it is ready again", || server.get("/readyz").status == 200);
    until("the watchdog is told again", || hears(Duration::from_secs(1)).is_some());
    until("pings are kept again", || told.kept.load(Ordering::SeqCst) > kept);
    told.over.store(true, Ordering::SeqCst);
    pingers.into_iter().for_each(|pinger| pinger.join().expect("no other answer"));
    let kept = told.kept.load(Ordering::SeqCst);
    assert_eq!(server.look("job")["event_count"], kept, "what was refused was not kept");
}

#[test]
fn after_a_sync_that_failed_nothing_is_acknowledged_and_it_ends() {
    let home = Home::new();
    let server = Server::start(&home);
    server.monitor(json!({ "slug": "job", "schedule": "every 1h" }));
    assert_eq!(server.stop(), Some(0));

    let server = Server::start_with(&home, |command| {
        let mut strace = home.program("strace");
        strace.args(["-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync,fdatasync"]);
        strace.args(["-e", "inject=fsync,fdatasync:error=EIO:when=40"]);
        strace.arg(super::hb::binary()).args(command.get_args());
        for (name, value) in command.get_envs() {
            value.map(|value| strace.env(name, value));
        }
        *command = strace;
    });
    let (target, mut kept) = (format!("/ping/{PING_KEY}/job"), 0u64);
    let refused_at = loop {
        match send(&server.address, "GET", &target, &[], b"") {
            Ok(answer) if answer.status == 200 => kept += 1,
            Ok(answer) => {
                assert_eq!(answer.status, 503, "{}", answer.text());
                break Instant::now();
            }
            Err(_) => break Instant::now(),
        }
        assert!(kept < 1000, "no sync failed");
    };
    // Only the one sync fails: the next one would go well, and prove nothing.
    while let Ok(answer) = send(&server.address, "GET", &target, &[], b"") {
        assert_ne!(answer.status, 200, "acknowledged after a sync had failed");
    }
    assert_eq!(server.exit_code(), Some(1));
    assert!(refused_at.elapsed() < Duration::from_secs(5), "{:?}", refused_at.elapsed());

    let server = Server::start(&home);
    let found = server.look("job")["event_count"].as_u64().expect("a count");
    // The ping whose sync failed may be there: it was not acknowledged, and its client comes again.
    assert!((kept..=kept + 1).contains(&found), "{kept} acknowledged, {found} kept");
    assert!(kept > 0);
    assert_eq!(server.get(&target).status, 200);
}
