//! `kill -9` of hb at every moment of its life: whatever is left, the next hb makes sense of it.
//!
//! `strace` kills at one system call of hb's main thread, the kernel keeps what was done before it.
//! An ordinary test run takes a sample of the calls that change something; with `HB_TEST_LONG=1` it
//! is every call of any kind. Other threads are not traced: the main one alone writes, and the job
//! must not be hit.

use std::os::unix::process::ExitStatusExt;
use std::process::{ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::hb::{Home, Seen, is_long, lives, until};
use crate::receiver::{FakeReceiver, Step, status};

/// What can change something that outlives hb; all other calls are only looked at in a long test.
const CHANGES: [&str; 17] = [
    "open",
    "openat",
    "mkdir",
    "mkdirat",
    "write",
    "flock",
    "rename",
    "renameat",
    "unlinkat",
    "fdatasync",
    "fsync",
    "ftruncate",
    "clone",
    "clone3",
    "vfork",
    "wait4",
    "exit_group",
];

/// A moment: so many calls of this name have been made.
type Moment = (String, usize);

const JOB: &str = "echo $HB_RUN_ID $$ >> began; exec sleep 0.07";

/// Runs hb under `strace` with these options of it.
///
/// Nothing of the output is read: a job that lives on would keep its end from coming.
fn traced(home: &Home, url: &str, strace: &[&str]) -> ExitStatus {
    let mut command = home.program("strace");
    command.arg("-qq").args(strace).arg(crate::hb::binary()).arg("run");
    command.args(options(url)).args(["sh", "-c", JOB]).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().expect("started")
}

fn options(url: &str) -> [&str; 7] {
    ["--lock", "--to", url, "--report-timeout", "100ms", "m", "--"]
}

/// The moments of one life that comes to its own end.
fn moments(answer: &Step) -> Vec<Moment> {
    let (home, receiver) = (Home::new(), FakeReceiver::always(answer));
    let trace = home.path("trace").display().to_string();
    traced(&home, &receiver.ping_url(), &["-o", &trace]);
    let text = std::fs::read_to_string(trace).expect("a trace");
    let mut seen: Vec<Moment> = Vec::new();
    for (name, _) in text.lines().filter_map(|line| line.split_once('(')) {
        let is_call = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if is_call && (is_long() || CHANGES.contains(&name)) {
            let before = seen.iter().filter(|(known, _)| known == name).count();
            seen.push((name.to_owned(), before + 1));
        }
    }
    assert!(seen.len() > 40, "{text}");
    seen
}

/// One life that ends at a moment, and what is made of it afterwards.
fn life(moment: &Moment, answer: &Step) {
    let (home, receiver) = (Home::new(), FakeReceiver::always(answer));
    let url = receiver.ping_url();
    let number = format!("{moment:?}");
    let inject = format!("inject={}:signal=KILL:when={}", moment.0, moment.1);
    let trace = format!("trace={}", moment.0);
    let status = traced(&home, &url, &["-o", "/dev/null", "-e", &trace, "-e", &inject]);
    // A moment that depends on time may not come; then hb has ended by itself.
    let killed = status.signal() == Some(9);
    assert!(killed || status.success(), "{number}: {status:?}");

    // The job may go on. As long as it does, it holds its lock and is not called gone.
    let probe = [&["run"], &options(&url)[..], &["true"]].concat();
    let probed = Seen::of(&mut home.hb(&probe));
    let began = || std::fs::read_to_string(home.path("began")).unwrap_or_default();
    let job_lives = || began().split_whitespace().nth(1).is_some_and(lives);
    let jobs = || -> Vec<serde_json::Value> {
        home.runs().into_iter().filter(|run| run["command"][0] == "sh").collect()
    };
    let found = jobs();
    if job_lives() {
        assert_eq!(probed.status, 75, "{number}: two at once: {probed:?}");
        let goes_on = |run: &serde_json::Value| run["outcome"] == "running";
        assert!(found.iter().all(goes_on), "{number}: {found:?}");
    } else {
        assert!(matches!(probed.status, 0 | 75), "{number}: {probed:?}");
    }

    let open = || -> Vec<u64> {
        let names = std::fs::read_dir(home.path("state/open")).into_iter().flatten().flatten();
        names.filter_map(|name| name.metadata().ok()).map(|facts| facts.len()).collect()
    };
    assert!(open().len() <= 1, "{number}: {:?}", open());
    until("the record is closed", || {
        Seen::of(&mut home.hb(&["run", "other", "--", "true"]));
        !job_lives() && open().iter().sum::<u64>() == 0
    });
    receiver.go_on_with(&[Step::Ok]);
    until("everything is told", || {
        Seen::of(&mut home.hb(&["spool", "flush"]));
        // An address that was not kept yet comes with the next run of the same crontab line.
        Seen::of(&mut home.hb(&probe));
        let left = std::fs::read_dir(home.path("state/spool")).into_iter().flatten().flatten();
        // What hb was just writing lies there under a hidden name, for an hour.
        left.filter(|entry| !entry.file_name().as_encoded_bytes().starts_with(b".")).count() == 0
    });

    let runs = jobs();
    assert!(runs.len() <= 1, "{number}: {runs:?}");
    let began = began();
    assert!(began.lines().count() <= 1, "{number}: {began}");
    if let Some(run) = runs.first() {
        let rid = run["run_id"].as_str().expect("a run id");
        assert!(began.is_empty() || began.starts_with(rid), "{number}: {began} {run}");
        let succeeded = run["outcome"] == "success";
        assert!(succeeded || run["reason"] == "vanished", "{number}: {run}");
        assert!(killed || succeeded, "{number}: {run}");
        assert!(!(began.is_empty() && succeeded), "{number}: {run}");
        let requests = receiver.requests();
        let of_run = requests.iter().filter(|request| request.rid() == rid);
        let told: Vec<&str> = of_run.map(|request| request.word()).collect();
        // The probe is newer, so the end may come as a log line.
        let expected = if succeeded { ["", "log"] } else { ["fail", "log"] };
        assert!(!told.is_empty(), "{number}: never told: {run}");
        // Twice is at-least-once delivery, told apart by the run id; two different ends are a lie.
        assert!(told.iter().all(|word| expected.contains(word)), "{number}: {told:?} of {run}");
    } else {
        assert!(began.is_empty() && killed, "{number}: a run without a record");
    }
    if let Some(rid) = runs.first().and_then(|run| run["run_id"].as_str()) {
        for place in [home.path("state/progress"), "/run/hb/progress".into()] {
            assert!(!place.join(rid).exists(), "{number}: left in {place:?}");
        }
    }
    assert!(!home.path("state/spool/set-aside").exists(), "{number}: a broken event");
}

/// Lives that end at one moment after the other, or at a sample of them.
fn lives_through(answer: &Step, first: usize) {
    let step = if is_long() { 1 } else { 3 };
    let moments = moments(answer);
    let next = AtomicUsize::new(first % step);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while let Some(moment) = moments.get(next.fetch_add(step, Ordering::SeqCst)) {
                    life(moment, answer);
                }
            });
        }
    });
}

#[test]
fn an_hb_that_is_killed_at_any_moment_leaves_what_the_next_one_can_tell() {
    lives_through(&Step::Ok, 0);
}

#[test]
fn an_hb_that_is_killed_while_nobody_listens_loses_nothing() {
    lives_through(&status(500), 1);
}

#[test]
fn what_a_killed_writer_left_beside_its_place_goes_after_an_hour() {
    let home = Home::new();
    Seen::of(&mut home.hb(&[
        "run",
        "m",
        "--to",
        "http://127.0.0.1:1/ping/7c8f0a5e-1f2b-4c3d-8e9f-0a1b2c3d4e5f",
        "--report-timeout",
        "1ms",
        "--",
        "true",
    ]));
    let old = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
    for room in ["spool", "addresses", "locks"] {
        for (name, is_old) in [(".77.old", true), (".78.young", false)] {
            let path = home.write(&format!("state/{room}/{name}"), "{");
            if is_old {
                let file = std::fs::File::options().write(true).open(path).expect("opened");
                file.set_modified(old).expect("set");
            }
        }
    }
    std::fs::remove_file(home.path("state/locks/swept")).expect("a sweep leaves its time");
    Seen::of(&mut home.hb(&["run", "other", "--", "true"]));
    for room in ["spool", "addresses", "locks"] {
        let place = home.path("state").join(room);
        assert!(!place.join(".77.old").exists(), "{room}");
        assert!(place.join(".78.young").exists(), "{room}");
    }
}
