//! Where a job can find itself: as the first process of a container, under a tracer, in a directory
//! that is gone, on a full disk, in a day that jumps.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use crate::hb::{Home, Seen, check, lives, until};

fn needs_root() {
    assert!(nix::unistd::geteuid().is_root(), "run this test as root: it mounts or gives away");
}

/// Children that have ended and that nobody has asked for, below a process.
const CORPSES: &str = "grep -l '^State:.Z' $(grep -l \"^PPid:.$PPID$\" /proc/[0-9]*/status 2>/dev/null) /dev/null \
                       2>/dev/null | wc -l";

#[test]
fn the_first_process_of_a_container_reaps_what_its_job_leaves() {
    needs_root();
    let orphans = "for i in 1 2 3 4 5 6 7 8 9; do (sleep 0.0$i & true); done; sleep 0.3";
    let job = format!("{orphans}; echo $PPID; {CORPSES}; exit 6");
    for options in [&["--init"][..], &[]] {
        let home = Home::new();
        let mut command = home.program("unshare");
        command.args(["--pid", "--fork", "--mount-proc", "hb", "run"]).args(options);
        check(command.args(["m", "--", "sh", "-c", &job]), 6, "1\n0\n", "");
        // A signal has no power over the first process: it exits with what a shell would show.
        let mut command = home.program("unshare");
        command.args(["--pid", "--fork", "--mount-proc", "hb", "run"]).args(options);
        check(command.args(["m", "--", "sh", "-c", "kill -USR1 $$"]), 138, "", "");
        assert_eq!(home.last_run()["unix_signal"], 10);
    }
}

#[test]
fn children_that_are_not_the_job_s_are_left_to_whom_they_belong() {
    let home = Home::new();
    // The shell has a child of its own before it becomes hb.
    let job = format!("sleep 0.1; {CORPSES}");
    let mut command = home.program("sh");
    command.args(["-c", "true & exec hb run m -- sh -c \"$1\"", "sh", &job]);
    check(&mut command, 0, "1\n", "");
}

#[test]
fn a_tracer_that_comes_and_goes_changes_nothing() {
    let home = Home::new();
    let job = "echo $$ $PPID; while [ ! -e go ]; do sleep 0.01; done; exit 6";
    let mut hb = home.hb(&["run", "--timeout", "60s", "m", "--", "sh", "-c", job]);
    let mut hb = hb.stdout(Stdio::piped()).spawn().expect("started");
    let mut line = String::new();
    BufReader::new(hb.stdout.take().expect("piped")).read_line(&mut line).expect("a line");
    for pid in line.split_whitespace() {
        let traced = || {
            let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
            !status.contains("TracerPid:\t0\n")
        };
        let mut strace = home.program("strace");
        let mut strace =
            strace.args(["-qq", "-o", "/dev/null", "-p", pid]).spawn().expect("strace");
        until("it is traced", traced);
        let tracer = nix::unistd::Pid::from_raw(strace.id().cast_signed());
        nix::sys::signal::kill(tracer, nix::sys::signal::Signal::SIGINT).expect("there");
        strace.wait().expect("ended");
        until("it is let go", || !traced());
        assert!(lives(pid));
    }
    home.write("go", "");
    assert_eq!(hb.wait().expect("ended").code(), Some(6));
    let run = home.last_run();
    assert_eq!((&run["reason"], &run["notes"]), (&"exit".into(), &serde_json::json!([])));
}

#[test]
fn a_directory_that_is_gone_or_closed_is_the_job_s_own_affair() {
    needs_root();
    let home = Home::new();
    let gone = "mkdir gone; cd gone; rmdir ../gone; exec";
    let bare =
        Seen::of(home.program("sh").args(["-c", &format!("{gone} readlink /proc/self/cwd")]));
    let line = format!("{gone} hb run m -- readlink /proc/self/cwd");
    assert_eq!(Seen::of(home.program("sh").args(["-c", &line])), bare);
    assert!(bare.stdout.ends_with("/gone (deleted)\n"), "{bare:?}");

    // Of a directory that may not be entered: a cron job of somebody who was sent there.
    let own = home.path("hb");
    std::fs::copy(crate::hb::binary(), &own).expect("copied");
    std::fs::create_dir(home.path("theirs")).expect("made");
    std::os::unix::fs::chown(home.path("theirs"), Some(65534), Some(65534)).expect("given away");
    let enter = "import os,sys; os.mkdir('closed', 0o700); os.chdir('closed'); os.setgid(65534); \
                 os.setuid(65534); os.execv(sys.argv[1], sys.argv[1:])";
    let mut command = home.program("python3");
    command.args(["-c", enter]).arg(own).env("HB_STATE_DIR", home.path("theirs"));
    check(command.args(["run", "m", "--", "/bin/sh", "-c", "exit 3"]), 3, "", "");
}

/// Runs a line in a mount namespace, after a set-up.
fn with_mounts(home: &Home, setup: &str, line: &str) -> Seen {
    needs_root();
    let script = format!("{setup} && exec {line}");
    Seen::of(home.program("unshare").args(["-m", "sh", "-c", &script]))
}

const FILL: &str = "head -c 999999 /dev/zero > place/filler 2>/dev/null";

#[test]
fn held_output_without_a_place_for_it_keeps_its_end() {
    let full = format!("mkdir -p place && mount -t tmpfs -o size=64k none place && ! {FILL}");
    let narrow = "mkdir -p place && mount -t tmpfs -o size=1500k none place".to_owned();
    let read_only = "mkdir -p place && mount -t tmpfs -o ro none place".to_owned();
    for setup in [full, narrow, read_only, "true".to_owned()] {
        let home = Home::new();
        let line = "env TMPDIR=$PWD/place hb run --quiet m -- sh -c 'seq 1000000 1400000; exit 3'";
        let seen = with_mounts(&home, &setup, line);
        assert_eq!(seen.status, 3, "{setup}");
        let lines: Vec<u32> = seen.stdout.lines().map(|line| line.parse().unwrap_or(0)).collect();
        assert_eq!(lines.last(), Some(&1_400_000), "{setup}");
        let omitted = seen.stderr.strip_prefix("[... ").and_then(|rest| rest.split(' ').next());
        let omitted: usize = omitted.and_then(|count| count.parse().ok()).expect("it is said");
        assert_eq!(omitted + seen.stdout.len(), 400_001 * 8, "{setup}");
    }
}

#[test]
fn a_job_whose_words_find_no_room_runs_all_the_same() {
    let home = Home::new();
    let setup = format!(
        "mkdir place && mount -t tmpfs -o size=64k,mode=755 none place && mount --bind place /run && \
         mkdir -m 700 /run/hb && ! {FILL}"
    );
    let job = "{ hb stage copying; echo size=1 >> \"$HB_RUN_DIR/metrics\"; } 2>/dev/null; echo out; \
               exit 3";
    let line = format!("hb run m -- sh -c '{job}'");
    let seen = with_mounts(&home, &setup, &line);
    assert_eq!((seen.status, &*seen.stdout), (3, "out\n"), "{seen:?}");
    assert_eq!(home.last_run()["exit_code"], 3);
}

/// The build that libfaketime can reach: a static one does not ask the C library that it replaces.
pub(crate) fn dynamic_hb(home: &Home) -> Command {
    let library = ["x86_64", "aarch64"]
        .map(|machine| format!("/usr/lib/{machine}-linux-gnu/faketime/libfaketime.so.1"))
        .into_iter()
        .find(|path| std::path::Path::new(path).exists())
        .expect("libfaketime is installed");
    let mut command = home.program(assert_cmd::cargo::cargo_bin!("hb"));
    command
        .env("LD_PRELOAD", library)
        .env("FAKETIME_TIMESTAMP_FILE", home.write("offset", "+0\n"))
        .env("FAKETIME_NO_CACHE", "1")
        .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
        .env("DONT_FAKE_MONOTONIC", "1");
    command
}

#[test]
fn a_clock_that_is_set_during_a_run_changes_no_duration_and_no_timeout() {
    for (offset, least_s, most_s) in [("+3600", 3600, 3700), ("-3600", -3600, -3500)] {
        let home = Home::new();
        let step = format!("echo {offset} > offset");
        let job = format!("{step}; sleep 0.2; exit 5");
        let words = ["run", "--timeout", "60s", "m", "--", "sh", "-c", &job];
        check(dynamic_hb(&home).args(words), 5, "", "");
        let run = home.last_run();
        let duration = run["duration_s"].as_f64().expect("a number");
        assert!((0.2..30.0).contains(&duration), "{run}");
        let moment = |name: &str| -> jiff::Timestamp {
            run[name].as_str().expect("a moment").parse().expect("RFC 3339")
        };
        let apart = moment("ended_at").duration_since(moment("started_at")).as_secs();
        assert!((least_s..most_s).contains(&apart), "the clock was set: {run}");

        let job = format!("{step}; exec sleep 60");
        let words = ["run", "--timeout", "300ms", "m", "--", "sh", "-c", &job];
        check(dynamic_hb(&home).args(words), 124, "", "");
        let runs = home.runs();
        let run = runs.iter().find(|run| run["reason"] == "timed_out").expect("recorded");
        let duration = run["duration_s"].as_f64().expect("a number");
        assert!((0.3..30.0).contains(&duration), "{run}");
        assert_eq!(runs.len(), 2);
        check(&mut home.hb(&["run", "m", "--", "true"]), 0, "", "");
    }
}

#[test]
fn a_whole_group_that_is_told_to_end_is_told_by_hb_once_more() {
    // As systemd does with `KillMode=control-group`, and a shell with `kill -- -GROUP`.
    let job = "n=0; trap 'n=$((n+1))' TERM; echo $PPID; while [ ! -e go ]; do sleep 0.01; done; \
               exit $((40+n))";
    for (whole_group, expected) in [(true, [41, 42]), (false, [41, 41])] {
        let home = Home::new();
        let mut command = home.program("setsid");
        command.args(["hb", "run", "m", "--", "sh", "-c", job]);
        let mut hb = command.stdout(Stdio::piped()).spawn().expect("started");
        let mut line = String::new();
        BufReader::new(hb.stdout.take().expect("piped")).read_line(&mut line).expect("a line");
        let pid: i32 = line.trim().parse().expect("a pid");
        let target = nix::unistd::Pid::from_raw(if whole_group { -pid } else { pid });
        nix::sys::signal::kill(target, nix::sys::signal::Signal::SIGTERM).expect("there");
        std::thread::sleep(std::time::Duration::from_millis(100));
        home.write("go", "");
        let code = hb.wait().expect("ended").code().expect("the job's own");
        assert!(expected.contains(&code), "{whole_group}: {code}");
        let run = home.last_run();
        assert_eq!(run["exit_code"], code);
        let note = run["notes"][0].as_str().expect("a note");
        assert!(note.starts_with("SIGTERM came from process "), "{note}");
    }
}

#[test]
fn a_program_that_changes_its_user_does_so_unless_that_is_forbidden() {
    needs_root();
    let home = Home::new();
    let own = home.path("hb");
    std::fs::copy(crate::hb::binary(), &own).expect("copied");
    std::fs::create_dir(home.path("theirs")).expect("made");
    std::os::unix::fs::chown(home.path("theirs"), Some(65534), Some(65534)).expect("given away");
    check(
        home.program("sh").args(["-c", "cp \"$(command -v id)\" own-id && chmod 4755 own-id"]),
        0,
        "",
        "",
    );
    for (more, user) in [(&[][..], "0\n"), (&["--no-new-privs"], "65534\n")] {
        for wrapper in
            [&[][..], &["./hb", "run", "m", "--"], &["./hb", "run", "--timeout", "1m", "m", "--"]]
        {
            let mut command = home.program("setpriv");
            command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]).args(more);
            command.args(wrapper).args(["./own-id", "-u"]);
            check(command.env("HB_STATE_DIR", home.path("theirs")), 0, user, "");
        }
    }
}

#[test]
fn a_night_without_an_hour_makes_no_run_longer() {
    let home = Home::new();
    // One second before the clocks of Berlin go from 02:00 to 03:00.
    let job = "env -u LD_PRELOAD sleep 1.5; date +%H; exit 5";
    let mut command = dynamic_hb(&home);
    command.env_remove("FAKETIME_TIMESTAMP_FILE").env("FAKETIME", "@2026-03-29 01:59:59");
    command.env("TZ", "Europe/Berlin").args(["run", "m", "--", "sh", "-c", job]);
    assert_eq!(Seen::of(&mut command).status, 5);
    let run = home.last_run();
    assert!(
        run["started_at"].as_str().is_some_and(|at| at.starts_with("2026-03-29T00:59:5")),
        "{run}"
    );
    let duration = run["duration_s"].as_f64().expect("a number");
    assert!((1.5..30.0).contains(&duration), "{run}");
    // Whatever zone the next one is in, also one that there is not, it reads the same moments.
    for zone in ["Europe/Berlin", "Pacific/Kiritimati", ":no/such/zone", ""] {
        let seen = Seen::of(home.hb(&["log", "--json"]).env("TZ", zone));
        assert_eq!(seen.stdout.trim(), run.to_string().trim(), "{zone}");
        assert_eq!(Seen::of(home.hb(&["log"]).env("TZ", zone)).status, 0, "{zone}");
    }
    for zone in ["Pacific/Kiritimati", ":no/such/zone", ""] {
        let job = ["run", "m", "--", "sh", "-c", "echo \"${TZ-unset}\"; exit 3"];
        check(home.hb(&job).env("TZ", zone), 3, &format!("{zone}\n"), "");
        let now = Seen::of(home.program("date").args(["-u", "+%Y-%m-%dT%H"])).stdout;
        let at = home.last_run()["ended_at"].as_str().expect("a moment").to_owned();
        assert!(at.starts_with(now.trim()) || at[14..].starts_with("59:"), "{at} {now}");
    }
}
