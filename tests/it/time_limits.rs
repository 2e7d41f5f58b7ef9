//! `--timeout`, `--retry` and `--lock`: what may end a job, start it again, or keep it from starting.
//!
//! After a time-out nothing of the job may be left, whatever it did to escape; that is looked up by
//! process id. A lock is held by a living job and by nothing else.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::hb::{Home, Seen, check};

fn lives(pid: &str) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    !status.is_empty() && !status.contains("State:\tZ")
}

/// Runs a job whose every process writes its id into `pids`; none of them may be left.
fn end_of(options: &[&str], job: &str) -> (i32, String) {
    let home = Home::new();
    let words = [&["run"], options, &["m", "--", "sh", "-c", job]].concat();
    let seen = Seen::of(&mut home.hb(&words));
    let pids = std::fs::read_to_string(home.path("pids")).unwrap_or_default();
    for pid in pids.lines() {
        assert!(!lives(pid), "process {pid} of `{job}` is left");
    }
    let run = home.last_run();
    assert_eq!((&run["reason"], &run["outcome"]), (&"timed_out".into(), &"failure".into()));
    assert_eq!(run["exit_code"], seen.status);
    (seen.status, run["message"].as_str().unwrap_or_default().to_owned())
}

#[test]
fn a_timeout_ends_the_job_and_everything_below_it() {
    let obeyed = (124, "ran longer than 100ms and was stopped".to_owned());
    let killed = (137, "ran longer than 100ms and had to be killed".to_owned());
    let limit = ["--timeout", "100ms", "--kill-after", "200ms"];
    assert_eq!(end_of(&limit, "echo $$ > pids; exec sleep 60"), obeyed);
    let tree = "echo $$ > pids; sh -c 'echo $$ >> pids; sleep 60 & echo $! >> pids; wait' & wait";
    assert_eq!(end_of(&limit, tree), obeyed);
    let escaped = "setsid sh -c 'echo $$ >> pids; exec sleep 60' & exec sleep 60";
    assert_eq!(end_of(&limit, escaped), obeyed);
    let orphan = "(setsid sh -c 'echo $$ >> pids; exec sleep 60' &) ; exec sleep 60";
    assert_eq!(end_of(&limit, orphan), obeyed);
    let stubborn = "trap '' TERM; echo $$ > pids; while :; do sleep 0.01; done";
    assert_eq!(end_of(&limit, stubborn), killed);
    let stopped_child = "sleep 60 & echo $! > pids; kill -STOP $!; wait";
    assert_eq!(end_of(&limit, stopped_child), obeyed);
    let stubborn_escaped = "setsid sh -c \"trap '' TERM; echo \\$\\$ >> pids; while :; do sleep 0.01; done\" & sleep 60";
    assert_eq!(end_of(&limit, stubborn_escaped), killed);
}

#[test]
fn a_timeout_leaves_alone_what_was_there_before_the_job() {
    let home = Home::new();
    // A shell that becomes hb gives it children that are none of the job's.
    let script = "sleep 60 >/dev/null 2>&1 & echo $!; sleep 0.05
        exec hb run --timeout 100ms --kill-after 100ms m -- sleep 60";
    let seen = Seen::of(home.program("sh").args(["-c", script]));
    assert_eq!((seen.status, &*seen.stderr), (124, ""));
    assert!(lives(seen.stdout.trim_end()), "hb ended a process that is not the job's");
    check(home.program("kill").arg(seen.stdout.trim_end()), 0, "", "");
}

#[test]
fn a_timeout_sends_the_signal_that_was_asked_for() {
    let limit = ["--timeout", "100ms", "--timeout-signal", "INT", "--kill-after", "5s"];
    let job = "trap 'exit 3' INT; trap '' TERM; while :; do sleep 0.01; done";
    let stopped = (124, "ran longer than 100ms and was stopped".to_owned());
    assert_eq!(end_of(&limit, job), stopped);
    // SIGKILL is asked for: 137, as with timeout(1).
    let limit = ["--timeout", "100ms", "--timeout-signal", "KILL", "--kill-after", "5s"];
    let killed = (137, "ran longer than 100ms and had to be killed".to_owned());
    assert_eq!(end_of(&limit, "sleep 60"), killed);
}

#[test]
fn a_job_within_its_time_is_left_alone() {
    let home = Home::new();
    check(&mut home.hb(&["run", "--timeout", "1m", "m", "--", "sh", "-c", "exit 6"]), 6, "", "");
    // What it leaves behind within its time is its own business.
    let job = "setsid sleep 60 >/dev/null 2>&1 & echo $!";
    let seen = Seen::of(&mut home.hb(&["run", "--timeout", "1m", "m", "--", "sh", "-c", job]));
    assert!(lives(seen.stdout.trim_end()), "{seen:?}");
    check(home.program("kill").arg(seen.stdout.trim_end()), 0, "", "");
}

#[test]
fn a_failed_job_is_started_again_and_only_its_last_end_counts() {
    let home = Home::new();
    let job = "echo x >> count; [ $(wc -l < count) -ge 3 ] || exit 4";
    let retry = |times, delay| ["run", "--retry", times, "--retry-delay", delay, "m", "--"];
    let with =
        |words: [&'static str; 7], job: &'static str| [&words[..], &["sh", "-c", job]].concat();
    check(&mut home.hb(&with(retry("5", "1ms"), job)), 0, "", "");
    let run = home.last_run();
    assert_eq!((&run["attempts"], &run["outcome"]), (&3.into(), &"success".into()));
    assert_eq!(run["notes"], serde_json::json!(["started 3 times"]));
    check(
        &mut home.hb(&with(retry("2", "1ms"), "echo again; exit 4")),
        4,
        &"again\n".repeat(3),
        "",
    );
    assert_eq!((home.last_run()["attempts"].clone(), home.runs().len()), (3.into(), 2));
    let listed = ["run", "--retry", "3", "--retry-delay", "1ms", "--retry-on-exit", "9", "m", "--"];
    check(&mut home.hb(&[&listed[..], &["sh", "-c", "exit 4"]].concat()), 4, "", "");
    assert_eq!(home.last_run()["attempts"], 1);
    check(&mut home.hb(&["run", "--retry", "3", "m", "--", "/no/such"]), 127, "", NOT_THERE);
    assert_eq!(home.last_run()["attempts"], 1);
}

const NOT_THERE: &str = "hb: cannot run `/no/such`: no such file or directory\n";

#[test]
fn a_signal_between_two_tries_ends_the_run_with_the_last_status() {
    let home = Home::new();
    let words =
        ["run", "--retry", "9", "--retry-delay", "1h", "m", "--", "sh", "-c", "echo x; exit 4"];
    let (mut hb, _) = ready(&home, &words);
    // It reads signals whenever it comes, while the job runs or after; the job has no handler.
    let sent = Instant::now();
    while hb.try_wait().expect("a child").is_none() {
        assert!(sent.elapsed() < Duration::from_secs(20), "it did not end");
        check(home.program("kill").arg(hb.id().to_string()).stderr(Stdio::null()), 0, "", "");
        std::thread::sleep(Duration::from_millis(5));
    }
    use std::os::unix::process::ExitStatusExt;
    let status = hb.wait().expect("ended");
    assert!(status.code() == Some(4) || status.signal() == Some(15), "{status:?}");
    assert_eq!(home.last_run()["attempts"], 1);
}

/// Starts hb; returns with the first line of its job.
fn ready(home: &Home, words: &[&str]) -> (Child, String) {
    let mut hb =
        home.hb(words).stdout(Stdio::piped()).stdin(Stdio::piped()).spawn().expect("started");
    let mut line = String::new();
    BufReader::new(hb.stdout.take().expect("piped")).read_line(&mut line).expect("a line");
    (hb, line.trim_end().to_owned())
}

/// Runs until its stdin is closed.
const HOLDS: [&str; 3] = ["sh", "-c", "echo $$; exec cat >/dev/null"];

#[test]
fn a_busy_lock_keeps_the_job_from_running() {
    let home = Home::new();
    let (mut holder, _) = ready(&home, &[&["run", "m", "--lock", "--"][..], &HOLDS].concat());
    let noted = Instant::now();
    while home.runs().iter().all(|run| run["pid"].is_null()) {
        assert!(noted.elapsed() < Duration::from_secs(20), "hb never notes its job");
    }
    let pid = home.runs()[0]["pid"].clone();
    let why = format!("lock `m` is held by process {pid}");
    let said = format!("hb: the job was not run: {why}\n");
    let lock = |options: &[&'static str]| [&["run", "m"], options, &["--", "echo", "ran"]].concat();
    for (options, status, stderr, outcome) in [
        (&["--lock"][..], 75, &*said, "skipped"),
        (&["--lock", "--lock-skip", "log"], 75, &said, "skipped"),
        (&["--lock", "--lock-skip", "fail"], 75, &said, "failure"),
        (&["--lock-skip", "ok"], 0, "", "skipped"),
        (&["--lock", "--lock-busy-exit", "0"], 0, "", "skipped"),
        (&["--lock", "--lock-busy-exit", "9"], 9, &said, "skipped"),
        (&["--lock", "--lock-wait", "50ms"], 75, &said, "skipped"),
    ] {
        check(&mut home.hb(&lock(options)), status, "", stderr);
        let run = home.last_run();
        assert_eq!((&run["outcome"], &run["reason"]), (&outcome.into(), &"lock_busy".into()));
        assert_eq!(run["message"], why);
    }
    check(&mut home.hb(&lock(&["--lock=other"])), 0, "ran\n", "");
    let waiting = home.hb(&lock(&["--lock-wait", "1m"])).stdout(Stdio::piped()).spawn();
    drop(holder.stdin.take());
    assert_eq!(holder.wait().expect("ends").code(), Some(0));
    let waited = Seen::from(waiting.expect("started").wait_with_output().expect("ends"));
    assert_eq!((waited.status, &*waited.stdout), (0, "ran\n"));
}

#[test]
fn a_daemon_of_the_job_does_not_keep_the_lock() {
    let home = Home::new();
    let job = "setsid sleep 60 >/dev/null 2>&1 & echo $!";
    let seen = Seen::of(&mut home.hb(&["run", "m", "--lock", "--", "sh", "-c", job]));
    assert!(lives(seen.stdout.trim_end()), "{seen:?}");
    check(&mut home.hb(&["run", "m", "--lock", "--", "echo", "ran"]), 0, "ran\n", "");
    check(home.program("kill").arg(seen.stdout.trim_end()), 0, "", "");
}

#[test]
fn a_lock_that_cannot_be_used_does_not_keep_the_job_from_running() {
    let home = Home::new();
    home.write("state/run-locks", "in the way");
    let seen =
        Seen::of(&mut home.hb(&["run", "m", "--lock", "--", "sh", "-c", "echo ran; exit 3"]));
    assert_eq!((seen.status, &*seen.stdout), (3, "ran\n"));
    let warning = "hb: warning: the lock cannot be used, the job runs without it: ";
    assert!(seen.stderr.starts_with(warning), "{}", seen.stderr);
}

#[test]
fn a_job_that_ends_at_the_very_deadline_ends_in_one_of_both_ways() {
    let home = Home::new();
    let mut seen = [0; 2];
    for round in 0..60 {
        let wait = format!("0.0{}", 40 + round % 20);
        let status =
            Seen::of(&mut home.hb(&["run", "--timeout", "50ms", "m", "--", "sleep", &wait])).status;
        let run = home.last_run();
        let told =
            (run["exit_code"].clone(), run["reason"].as_str().unwrap_or_default().to_owned());
        match status {
            0 => assert_eq!(told, (0.into(), "exit".into())),
            124 => assert_eq!(told, (124.into(), "timed_out".into())),
            other => panic!("{wait}: {other} {run}"),
        }
        seen[usize::from(status != 0)] += 1;
    }
    assert_eq!(seen.iter().sum::<i32>(), 60, "{seen:?}");
}
