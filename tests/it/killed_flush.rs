//! `kill -9` of a flush at every moment: an event is told twice at worst, and as the same, but never lost.
//!
//! An ordinary test run takes a sample of the moments, but every removal; with `HB_TEST_LONG=1` it is all.

use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;

use crate::hb::{Seen, is_long};
use crate::receiver::{FakeReceiver, Step, status};
use crate::spooling::{flush, home_of, told, waiting};

/// What a flush does to the world: the network and the disk.
const CALLS: [&str; 8] =
    ["sendto", "writev", "recvfrom", "write", "openat", "renameat", "unlinkat", "fsync"];

/// Moments of one call at most; a flush of one event comes to its end long before.
const MOMENTS_MAX: usize = 100;

/// Kills a flush at a moment; gives how often its event was told in all, or none when it came to its end.
fn life(call: &str, number: usize) -> Option<usize> {
    let what = format!("{call} {number}");
    let receiver = FakeReceiver::always(&status(503));
    let home = home_of(&receiver);
    assert_eq!(Seen::of(&mut home.hb(&["run", "m", "--", "sh", "-c", "exit 7"])).status, 7);
    receiver.go_on(&[Step::Ok]);
    let mut strace = home.program("strace");
    strace.args(["-qq", "-o", "/dev/null", "-e", &format!("trace={call}")]);
    strace.args(["-e", &format!("inject={call}:signal=KILL:when={number}")]);
    strace.args(["hb", "spool", "flush"]).stdout(Stdio::null()).stderr(Stdio::null());
    let ended = strace.status().expect("started");
    let killed = ended.signal() == Some(9);
    assert!(killed || ended.success(), "{what}: {ended:?}");
    assert!(!waiting(&home).is_empty() || !told(&receiver).is_empty(), "{what}: lost");
    assert_eq!(flush(&home).status, 0, "{what}");
    assert_eq!(waiting(&home).len(), 0, "{what}");
    let run = home.last_run();
    let deliveries = run["deliveries"].as_array().expect("some");
    assert_eq!(deliveries.last().expect("one")["result"], "delivered", "{what}: {run}");
    for request in receiver.requests() {
        assert_eq!(request.rid(), run["run_id"], "{what}");
    }
    let told = told(&receiver);
    assert!((1..=2).contains(&told.len()), "{what}: {told:?}");
    assert!(told.iter().all(|word| word == "m/7"), "{what}: {told:?}");
    killed.then_some(told.len())
}

#[test]
fn a_flush_that_is_killed_at_any_moment_loses_nothing() {
    let mut twice = Vec::new();
    for call in CALLS {
        let step = if is_long() || call == "unlinkat" { 1 } else { 4 };
        for number in (1..=MOMENTS_MAX).step_by(step) {
            let Some(times) = life(call, number) else { break };
            assert!(number + step <= MOMENTS_MAX, "{call}");
            if times == 2 {
                twice.push(call);
            }
        }
    }
    // Among them were those between the answer and the removal.
    assert!(twice.contains(&"unlinkat"), "{twice:?}");
}
