//! A bug in hb, in any of its threads and at any station of a run, is not the job's problem: the job
//! runs to its end, its output is whole, and hb exits as it did.
//!
//! The bugs are made by `HB_FAULT` in a build with debug assertions; a release build knows nothing of it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::hb::{Home, Seen};

/// Where a bug is made, and what leads there: how hb is started, its options, what the job does last.
struct Place {
    fault: &'static str,
    wrapper: &'static [&'static str],
    options: &'static [&'static str],
    /// Whether the run is in the record with its end all the same.
    recorded: bool,
}

const fn place(fault: &'static str) -> Place {
    Place { fault, wrapper: &[], options: &[], recorded: true }
}

/// A kernel without signalfd: hb then reads signals in a thread.
const NO_SIGNALFD: &[&str] =
    &["strace", "-f", "-qq", "-o", "/dev/null", "-e", "inject=signalfd4:error=ENOSYS"];

const PLACES: [Place; 15] = [
    // Before the job is there, and around it.
    Place { recorded: false, ..place("begin") },
    Place { options: &["--lock"], ..place("lock") },
    place("note"),
    place("addresses"),
    place("supervise"),
    Place { options: &["--timeout", "1m"], ..place("sweep") },
    place("drain"),
    Place { recorded: false, ..place("tell") },
    place("housekeeping"),
    // In threads.
    place("carry"),
    place("pump"),
    place("courier"),
    place("secure"),
    place("statvfs"),
    Place { wrapper: NO_SIGNALFD, ..place("signals") },
];

/// Runs hb with a bug; release builds have none, so this is always the build with debug assertions.
fn with_fault(home: &Home, place: &Place, url: &str, job: &str) -> Seen {
    let hb = assert_cmd::cargo::cargo_bin!("hb");
    let mut command = match place.wrapper.split_first() {
        None => home.program(hb),
        Some((program, rest)) => {
            let mut command: Command = home.program(program);
            command.args(rest).arg(hb);
            command
        }
    };
    command.args(["run", "--to", url, "--report-timeout", "50ms"]).args(place.options);
    command.args(["m", "--", "sh", "-c", job]);
    Seen::of(command.env("HB_FAULT", format!("panic:{}", place.fault)))
}

#[test]
fn a_bug_in_hb_is_not_the_job_s_problem() {
    let home = Home::new();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url =
        format!("http://{}/ping/fqOOd6-F4MMNuCEnzTU01w", listener.local_addr().expect("bound"));
    let expected: String = (1..=30000).map(|number| format!("{number}\n")).collect();
    for place in PLACES {
        let fault = place.fault;
        for (end, status) in [("exit 5", 5), ("kill -KILL $$", -9)] {
            let before = home.runs().len();
            // Long enough for what hb does beside a job that lasts.
            let job = format!(
                "cat; echo ${{HB_FAULT:-none}}; sleep 0.1; seq 1 30000 >&2; sleep 0.1; {end}"
            );
            let seen = with_fault(&home, &place, &url, &job);
            assert_eq!((seen.status, &*seen.stdout), (status, "none\n"), "{fault}, {end}");
            let own =
                seen.stderr.strip_prefix(&expected).expect("the job's own comes first, whole");
            // A job that was killed is not asked for whether its disk was full.
            assert!(own.contains("hb: warning: a bug in hb"), "{fault}, {end}: {own}");
            assert!(own.lines().all(|line| line.starts_with("hb: warning: ")), "{own}");
            let runs = home.runs();
            if place.recorded {
                let code = if status < 0 { 128 - status } else { status };
                assert_eq!(runs.len(), before + 1, "{fault}, {end}");
                assert_eq!(runs[before]["exit_code"], code, "{fault}, {end}");
            }
        }
    }
}

#[test]
fn a_bug_in_a_check_s_attendance_keeps_no_job_from_running() {
    let home = Home::new();
    let place = Place { options: &["--pre", "echo checked"], ..place("supervise") };
    let seen = with_fault(&home, &place, "http://127.0.0.1:1/ping/x", "echo ran; exit 5");
    assert_eq!((seen.status, &*seen.stdout), (5, "checked\nran\n"), "{seen:?}");
}

/// Every source file of the layers that a run goes through.
fn sources() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut waiting: Vec<PathBuf> =
        ["cli", "run", "send", "journal", "sys"].map(|layer| root.join(layer)).to_vec();
    while let Some(path) = waiting.pop() {
        match std::fs::read_dir(&path) {
            Ok(entries) => waiting.extend(entries.flatten().map(|entry| entry.path())),
            Err(_) => found.push(path),
        }
    }
    found
}

#[test]
fn every_thread_of_a_run_has_a_place_for_a_bug_and_every_place_is_tried() {
    let mut names = BTreeSet::new();
    for path in sources() {
        let text = std::fs::read_to_string(&path).expect("text");
        let text = text.split("#[cfg(test)]").next().unwrap_or_default();
        let points = text.split("fault::point(\"").skip(1);
        names.extend(points.filter_map(|rest| rest.split('"').next()).map(str::to_owned));
        // `carry` holds the place of its thread, and `Agents::engage` that of the courier.
        let threads =
            text.matches("thread::Builder::new()").count() + text.matches("thread::spawn(").count();
        let elsewhere = ["output.rs", "courier.rs"].iter().any(|name| path.ends_with(name));
        let own = text.matches("fault::point(").count();
        assert!(elsewhere || own >= threads, "`{}` starts a thread without one", path.display());
    }
    let tried: BTreeSet<String> = PLACES.iter().map(|place| place.fault.to_owned()).collect();
    // The threads of a command are tried with one: see below.
    let missing: Vec<&String> =
        names.difference(&tried).filter(|name| *name != "command").collect();
    assert!(missing.is_empty(), "nobody tries {missing:?}");
}

#[test]
fn a_bug_beside_a_command_that_is_told_costs_nobody_anything() {
    let home = Home::new();
    home.config(
        "[targets.people]\ndialect = \"command\"\nwith.command = \"true\"\n\
         [defaults]\nto = [\"people\"]\nreport_timeout = \"1s\"\n",
    );
    let mut command = home.program(assert_cmd::cargo::cargo_bin!("hb"));
    command.args(["run", "m", "--", "sh", "-c", "echo out; exit 3"]);
    let seen = Seen::of(command.env("HB_FAULT", "panic:command"));
    assert_eq!((seen.status, &*seen.stdout), (3, "out\n"), "{seen:?}");
    assert_eq!(home.last_run()["exit_code"], 3);
}
