//! The backup tools themselves, run by `hb` as people run them: what their exit codes are taken
//! for, and what is read from their last lines.
//!
//! The golden files say how outputs are read; this file says that the tools of today still print
//! them, to the stream that `hb` reads. Numbers are exact where a tool counts the source alone, and
//! bounded where it adds its own metadata, since that differs from version to version. Nothing
//! relies on permissions, because root may read everything: what cannot be read is not there, has
//! gone, or is `/proc/self/mem`, whose beginning no process can read.

use std::fs::OpenOptions;
use std::io::Write;
use std::process::Child;

use nix::sys::stat::Mode;
use serde_json::{Value, json};

use crate::hb::{Home, Seen};

/// How large the three files of [`source`] are together.
const SOURCE_BYTES: f64 = 100_000.0;

/// What the tools need to know; paths are relative, since every job runs in its home.
const ENVIRONMENT: [(&str, &str); 4] = [
    ("BORG_REPO", "borg"),
    ("BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK", "yes"),
    ("RESTIC_REPOSITORY", "restic"),
    ("RESTIC_PASSWORD", "right"),
];

/// A home with three files in two directories to back up.
fn source() -> Home {
    let home = Home::new();
    for (name, bytes) in [("source/a", 60_000), ("source/b", 30_000), ("source/below/c", 10_000)] {
        let lines = (bytes..).map(|number| format!("{number:09}\n"));
        home.write(name, &lines.take(bytes / 10).collect::<String>());
    }
    home
}

/// Runs a line of words through `hb`: its status, and the run as `hb` remembers it.
fn run(home: &Home, line: &str) -> (Seen, Value) {
    run_with(home, "", line)
}

/// The same with options of `hb run`.
fn run_with(home: &Home, options: &str, line: &str) -> (Seen, Value) {
    let options = options.split_whitespace();
    let words: Vec<&str> = ["run"]
        .into_iter()
        .chain(options)
        .chain(["backup", "--"])
        .chain(line.split_whitespace())
        .collect();
    let seen = Seen::of(home.hb(&words).envs(ENVIRONMENT));
    (seen, home.last_run())
}

/// Runs what only prepares, and must work.
fn prepare(home: &Home, line: &str) {
    let (seen, run) = run(home, line);
    assert_eq!(run["outcome"], "success", "{line}: {seen:?}");
}

/// Compares a run's exit code, outcome and message.
fn check(home: &Home, line: &str, exit_code: i32, outcome: &str, message: &str) -> Value {
    let (seen, run) = run(home, line);
    assert_eq!(
        (seen.status, &run["outcome"], &run["message"]),
        (exit_code, &json!(outcome), &json!(message)),
        "{line}: {seen:?}"
    );
    run
}

/// Runs what must work and compares the metrics whose values are known.
fn check_metrics(home: &Home, line: &str, known: &Value) -> Value {
    let run = check(home, line, 0, "success", "exited with 0");
    for (name, expected) in known.as_object().expect("an object") {
        let value = metric(&run, name);
        let expected = expected.as_f64().expect("a number");
        // Sizes for people are rounded to a few digits.
        assert!((value - expected).abs() <= expected / 100.0, "{line}: {name} in {run}");
    }
    run
}

/// A number that a tool told.
fn metric(run: &Value, name: &str) -> f64 {
    run["metrics"][name].as_f64().unwrap_or_else(|| panic!("no metric `{name}` in {run}"))
}

/// The end of the output that `hb` kept.
fn tail(run: &Value) -> &str {
    run["tail"].as_str().expect("a tail")
}

#[test]
fn borg_s_statistics_become_metrics() {
    let home = source();
    prepare(&home, "borg init -e none");
    let first = check_metrics(&home, "borg create --stats ::first source", &json!({"files": 3}));
    assert_eq!(first["metrics"]["archive"], "first");
    assert!(metric(&first, "duration") < 60.0);
    assert!(metric(&first, "bytes") >= SOURCE_BYTES, "{first}");
    let again = "nice borg create --json ::second source";
    let second = check_metrics(&home, again, &json!({"files": 3}));
    assert_eq!(second["metrics"]["archive"], "second");
    assert!(metric(&second, "duration") < 60.0);
    assert!(metric(&second, "bytes") >= SOURCE_BYTES, "{second}");
    // Nothing is new the second time but the archive itself.
    assert!(metric(&first, "added") > 10.0 * metric(&second, "added"), "{first} {second}");
    assert!(metric(&second, "repository_bytes") >= metric(&first, "added"), "{first} {second}");
    prepare(&home, "borg create ::third source");
    assert_eq!(home.last_run()["metrics"], json!({}));
    let pruned = check_metrics(
        &home,
        "borg prune --stats --list --keep-last 1",
        &json!({"archives_deleted": 2}),
    );
    assert!(metric(&pruned, "freed") > 0.0, "{pruned}");
}

#[test]
fn a_warning_of_borg_is_one_unless_presets_are_off() {
    let home = source();
    prepare(&home, "borg init -e none");
    let line = "borg create --stats ::warned source nothere";
    let message = "borg exited with 1: the archive was made, but borg warned: read its log";
    let run = check(&home, line, 1, "warning", message);
    assert_eq!(metric(&run, "files"), 3.0);
    assert!(tail(&run).contains("nothere"), "{run}");
    let (seen, run) = run_with(&home, "--preset none", &line.replace("warned", "failed"));
    assert_eq!((seen.status, &run["outcome"]), (1, &json!("failure")), "{seen:?}");
    assert_eq!((&run["message"], &run["metrics"]), (&json!("exited with 1"), &json!({})));
}

#[test]
fn a_borg_repository_that_is_not_there_is_a_failure() {
    let home = source();
    let message = "borg exited with 2: borg failed before its end: no complete archive";
    let run = check(&home, "borg create --stats ::first source", 2, "failure", message);
    assert_eq!(run["metrics"], json!({}));
    assert!(tail(&run).contains("does not exist"), "{run}");
}

#[test]
fn restic_s_summary_becomes_metrics_as_text_and_as_json() {
    let home = source();
    prepare(&home, "restic init");
    let known = json!({"files": 3, "bytes": SOURCE_BYTES, "files_new": 3, "files_unmodified": 0});
    let first = check_metrics(&home, "restic backup source", &known);
    let known = json!({"files": 3, "bytes": SOURCE_BYTES, "files_new": 0, "files_unmodified": 3});
    let second = check_metrics(&home, "restic backup --json source", &known);
    assert!(metric(&first, "added") >= SOURCE_BYTES * 0.99, "{first}");
    assert!(metric(&second, "added") < SOURCE_BYTES / 10.0, "{second}");
    for run in [&first, &second] {
        assert!(metric(run, "duration") < 60.0, "{run}");
        let snapshot = run["metrics"]["snapshot"].as_str().expect("a snapshot");
        assert!(snapshot.len() >= 8 && snapshot.bytes().all(|byte| byte.is_ascii_hexdigit()));
    }
}

/// Until 0.16 restic ends with 1 here, since 0.17 with 12.
#[test]
fn a_wrong_restic_password_is_a_failure() {
    let home = source();
    prepare(&home, "restic init");
    let (seen, run) = run(&home, "env RESTIC_PASSWORD=wrong restic backup source");
    assert!([1, 12].contains(&seen.status), "{seen:?}");
    assert_eq!((&run["outcome"], &run["metrics"]), (&json!("failure"), &json!({})));
    let message = run["message"].as_str().expect("a message");
    assert!(message.starts_with(&format!("restic exited with {}: ", seen.status)), "{message}");
    assert!(seen.status == 1 || message.contains("password"), "{message}");
    assert!(tail(&run).contains("wrong password"), "{run}");
}

/// A path that is not there does not count as source data before restic 0.17.
#[test]
fn an_incomplete_restic_snapshot_is_a_warning() {
    let home = source();
    prepare(&home, "restic init");
    let message = "restic exited with 3: the snapshot is incomplete: some source data could not be \
                   read (of `forget`: some snapshots could not be removed)";
    if cfg!(target_os = "linux") {
        let run = check(&home, "restic backup source /proc/self/mem", 3, "warning", message);
        assert_eq!(metric(&run, "files"), 3.0, "{run}");
    }
    let (seen, run) = run(&home, "restic backup source nothere");
    let expected = match seen.status {
        0 => ("success", "exited with 0"),
        _ => ("warning", message),
    };
    let judged = (run["outcome"].as_str(), run["message"].as_str());
    assert_eq!(judged, (Some(expected.0), Some(expected.1)), "{seen:?}");
    assert_eq!(metric(&run, "files"), 3.0, "{run}");
}

#[test]
fn rsync_s_statistics_become_metrics_plain_and_for_people() {
    for options in ["-a --stats", "-ah --stats", "-ahh --stats", "-a --no-h --stats --progress"] {
        let home = source();
        let line = format!("rsync {options} source/ target/");
        let known = json!({"files": 3, "files_new": 3, "files_transferred": 3});
        let first = check_metrics(&home, &line, &known);
        for name in ["bytes", "added", "sent"] {
            // What rsync sends around the data, and with `-hh` its binary units.
            let ratio = metric(&first, name) / SOURCE_BYTES;
            assert!((0.95..1.1).contains(&ratio), "{name} in {first}");
        }
        let known = json!({"files": 3, "files_new": 0, "files_transferred": 0, "added": 0});
        check_metrics(&home, &line, &known);
    }
}

#[test]
fn what_rsync_left_out_is_a_warning() {
    let home = source();
    let message =
        "rsync exited with 23: some files or attributes were not transferred: see its errors";
    let run = check(&home, "rsync -a --stats source/ nothere target/", 23, "warning", message);
    assert_eq!(metric(&run, "files"), 3.0);
    let message = "rsync exited with 1: the command line is wrong, or this rsync was built without \
                   an option in it";
    check(&home, "rsync -a --no-such-option source/ target/", 1, "failure", message);
}

/// Ended and reaped with the test, however that ends.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// rsync lists a directory before it goes into those below, and reads each one's filter first. Here
/// that is a named pipe, so rsync waits until the file it has listed already is gone.
#[test]
fn a_file_that_vanishes_under_rsync_is_a_warning() {
    let home = source();
    let pipe = home.path("source/below/.filter");
    nix::unistd::mkfifo(&pipe, Mode::S_IRWXU).expect("a named pipe can be made");
    let script = "exec 3> source/below/.filter; rm source/b";
    let _remover = Ended(home.program("sh").args(["-c", script]).spawn().expect("sh starts"));
    let line = "timeout 30 rsync -a --stats --filter=dir-merge,e_.filter source/ target/";
    let message = "rsync exited with 24: some files vanished while it ran, the rest was copied";
    let run = check(&home, line, 24, "warning", message);
    assert_eq!(metric(&run, "files"), 3.0);
    assert!(home.path("target/a").exists() && !home.path("target/b").exists());
}

#[test]
fn rclone_s_statistics_become_metrics() {
    let known = json!({"added": SOURCE_BYTES, "files_transferred": 3});
    for options in ["-v --stats 1s", "-v --use-json-log", "-P"] {
        let home = source();
        let line = format!("rclone copy {options} source target");
        check_metrics(&home, &line, &known);
        check_metrics(&home, &line, &json!({"added": 0, "checks": 3}));
    }
}

#[test]
fn rclone_with_nothing_to_do_warns_and_without_a_source_fails() {
    let home = source();
    prepare(&home, "rclone copy source target");
    let message = "rclone exited with 9: all went well, but there was nothing to transfer";
    let line = "rclone copy --error-on-no-transfer source target";
    check(&home, line, 9, "warning", message);
    let message = "rclone exited with 3: a directory was not found: is the source there, the \
                   remote's path right?";
    check(&home, "rclone copy nothere target", 3, "failure", message);
}

#[test]
fn tar_s_totals_become_metrics_and_its_data_stays_data() {
    let home = source();
    let run = check(&home, "tar --totals -cf all.tar source", 0, "success", "exited with 0");
    let length = std::fs::metadata(home.path("all.tar")).expect("an archive").len();
    assert_eq!(run["metrics"]["bytes"], length);
    assert!(metric(&run, "rate") > 0.0);
    let (seen, run) = run_with(&home, "", "tar --totals -cf - source");
    assert_eq!((seen.stdout.len() as u64, &run["metrics"]["bytes"]), (length, &json!(length)));
    assert!(tail(&run).starts_with("Total bytes written: "), "{run}");
}

/// tar itself makes the file grow, by a command that it runs whenever it has written a record.
#[test]
fn a_file_that_changes_under_tar_is_a_warning() {
    let home = source();
    let action = "--checkpoint-action=exec=echo more >> source/a";
    let words = ["tar", "--totals", "--checkpoint=1", action, "-cf", "all.tar", "source"];
    let seen = Seen::of(&mut home.hb(&[&["run", "backup", "--"], &words[..]].concat()));
    let run = home.last_run();
    let message =
        json!("tar exited with 1: some files changed while being archived (or differ, with -d)");
    assert_eq!((seen.status, &run["message"]), (1, &message), "{seen:?}");
    assert_eq!(run["outcome"], "warning");
    assert!(tail(&run).contains("tar: source/a: file changed as we read it\n"), "{run}");
    assert!(metric(&run, "bytes") > SOURCE_BYTES);
}

#[test]
fn what_differs_from_a_tar_archive_is_a_warning_and_what_is_missing_a_failure() {
    let home = source();
    prepare(&home, "tar -cf all.tar source");
    prepare(&home, "tar -df all.tar");
    let mut file = OpenOptions::new().append(true).open(home.path("source/a")).expect("opened");
    file.write_all(b"more").expect("written");
    let message = "tar exited with 1: some files changed while being archived (or differ, with -d)";
    check(&home, "tar -df all.tar", 1, "warning", message);
    let message = "tar exited with 2: a fatal error: files missing or unreadable, disk full, or a \
                   damaged archive";
    let run = check(&home, "tar --totals -cf new.tar source nothere", 2, "failure", message);
    assert!(metric(&run, "bytes") > SOURCE_BYTES);
}
