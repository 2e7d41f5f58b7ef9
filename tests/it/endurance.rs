//! Many runs on one host: what is kept stays within its limits, and nothing is left lying about.
//!
//! An ordinary test run makes 300 runs in a state that is nearly full; `HB_TEST_LONG=1` makes those
//! of thirty days of a job of every minute.

use std::path::Path;

use crate::hb::{Home, Seen, is_long};

/// Runs of a job of every minute in thirty days.
const MONTH: usize = 43_200;

/// Names in a directory; none where there is no such directory.
fn names(path: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

/// The most records that there may be after so many runs: 500 and what came since the last run whose
/// id made it prune; without any, all.
fn most(records: &[String], number: usize) -> usize {
    let own = || records.iter().filter(|name| !name.starts_with("01900000"));
    let prunes = |name: &&String| {
        let id = name.trim_end_matches(".jsonl");
        u8::from_str_radix(&id[id.len() - 2..], 16).is_ok_and(|byte| byte.is_multiple_of(64))
    };
    match own().filter(prunes).max() {
        Some(last) => 500 + own().filter(|name| *name > last).count(),
        None => 401 + number,
    }
}

#[test]
fn a_month_without_a_server_stays_within_its_limits() {
    let home = Home::new();
    let words = [
        "run",
        "m",
        "--to",
        "http://127.0.0.1:1/ping/7c8f0a5e-1f2b-4c3d-8e9f-0a1b2c3d4e5f",
        "--report-timeout",
        "1ms",
        "--lock",
        "--",
    ];
    let run = |job: &[&str]| Seen::of(&mut home.hb(&[&words[..], job].concat())).status;
    assert_eq!(run(&["false"]), 1);
    let state = home.path("state");
    // The first event, a failure, is copied as successes of the moments after it, and the record of
    // the run as older ones.
    let first = names(&state.join("spool")).pop().expect("it is kept");
    let (at, rest) = first.split_once('.').expect("a name");
    let at: u64 = at.parse().expect("a moment");
    for number in 1..900 {
        let name = format!("{:015}.{}", at + number, rest.replace("failure", "success"));
        std::fs::copy(state.join("spool").join(&first), state.join("spool").join(name))
            .expect("copied");
    }
    let room = state.join("history").join(&names(&state.join("history"))[0]);
    let record = room.join(&names(&room)[0]);
    for number in 0..400 {
        let name = format!("01900000-0000-7000-8000-{number:012}.jsonl");
        std::fs::copy(&record, room.join(name)).expect("copied");
    }
    let runs = if is_long() { MONTH } else { 300 };
    for number in 1..=runs {
        let status = run(&["sh", "-c", "echo said >&2; hb stage x; exit 0"]);
        assert_eq!(status, 0, "run {number}");
        if number % 100 == 0 {
            assert!(names(&state.join("spool")).len() <= 1001, "run {number}");
            assert!(names(&room).len() <= most(&names(&room), number), "run {number}");
        }
    }
    let spool = names(&state.join("spool"));
    let kept = spool.iter().filter(|name| name.ends_with(".json")).count();
    assert_eq!(kept, 1000, "no more and no less than the limit");
    assert!(spool.contains(&first), "a failure is given up last");
    let dropped = std::fs::read_to_string(state.join("spool/dropped")).expect("counted");
    assert_eq!(dropped.trim().parse(), Ok(900 + runs - 1000), "what was given up is counted");
    assert!(spool.iter().all(|name| !name.starts_with('.')), "{spool:?}");
    assert_eq!(names(&state.join("open")), [""; 0]);
    assert_eq!(names(&state.join("progress")), [""; 0]);
    assert!(names(&state.join("locks")).len() <= 3, "{:?}", names(&state.join("locks")));
    assert_eq!(names(&state.join("run-locks")).len(), 1);
    assert_eq!(names(&state.join("addresses")).len(), 1);
    assert_eq!(names(&state.join("history")).len(), 1);
    let rooms: Vec<String> = names(&state);
    let expected = ["addresses", "history", "locks", "open", "progress", "run-locks", "spool"];
    assert!(rooms.iter().all(|room| expected.contains(&&**room)), "{rooms:?}");
    let runs = home.runs();
    assert_eq!(runs.len(), 500);
    assert!(runs.iter().all(|run| run["reason"] == "exit"));
}
