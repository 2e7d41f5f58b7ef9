//! Things in the wrong place: FIFOs instead of files, disks that fill up, programs of other machines.

use crate::hb::{Home, Seen, binary, check};
use crate::receiver::{FakeReceiver, Step};

#[test]
fn a_fifo_in_place_of_a_file_holds_nobody() {
    let home = Home::new();
    check(home.program("mkfifo").arg("fifo"), 0, "", "");
    let refused = "hb: warning: cannot read variables from `fifo`: it is not an ordinary file\n";
    let words = ["run", "--env-file", "fifo", "m", "--", "echo", "ran"];
    check(&mut home.hb(&words), 0, "ran\n", refused);
    let words = ["run", "--json", "fifo", "m", "--", "sh", "-c", "echo ran; exit 3"];
    let unread = "hb: warning: cannot write `fifo`: No such device or address\n";
    check(&mut home.hb(&words), 3, "ran\n", unread);
}

#[test]
fn a_summary_goes_to_a_descriptor_without_harm_to_what_is_there() {
    let home = Home::new();
    let script = |to: &str| {
        format!("echo old > out; exec 3>> out; hb run --json {to} m -- echo ran >> out; cat out")
    };
    for to in ["-", "/dev/stdout", "3", "/dev/fd/3", "/proc/self/fd/3"] {
        let script = script(to).replace("hb run", &format!("{} run", binary().display()));
        let seen = Seen::of(home.program("sh").args(["-c", &script]));
        let lines: Vec<&str> = seen.stdout.lines().collect();
        assert_eq!(lines[..2], ["old", "ran"], "{to}: {seen:?}");
        let summary: serde_json::Value = serde_json::from_str(lines[2]).expect("a summary");
        assert_eq!((lines.len(), &summary["outcome"]), (3, &serde_json::json!("success")), "{to}");
    }
    let closed = "hb: warning: cannot write `9`: Bad file descriptor\n";
    check(&mut home.hb(&["run", "--json", "9", "m", "--", "true"]), 0, "", closed);
}

#[test]
fn pings_of_one_moment_are_all_kept() {
    let home = Home::new();
    let receiver = FakeReceiver::new(&[Step::Reset]);
    let url = receiver.url("/ping/abcdefghijklmnopqrstuv");
    home.config(&format!("[targets.t]\nurl = \"{url}\"\n[defaults]\nto = [\"t\"]\n"));
    let pings: Vec<_> = (0..40)
        .map(|number| {
            let monitor = format!("m{number}");
            let mut ping = home.hb(&["ping", "--report-timeout", "100ms", &monitor, "fail"]);
            ping.stderr(std::process::Stdio::null()).spawn().expect("started")
        })
        .collect();
    for mut ping in pings {
        assert_eq!(ping.wait().expect("it ends").code(), Some(75));
    }
    let listed = Seen::of(&mut home.hb(&["spool", "list", "--json"])).stdout;
    let listed: Vec<serde_json::Value> = serde_json::from_str(&listed).expect("an array");
    assert_eq!(listed.len(), 40);
}

#[test]
fn a_program_of_another_machine_is_not_executable() {
    let home = Home::new();
    let path = home.path("foreign");
    std::fs::write(&path, b"\x7fELFgarbage").expect("written");
    check(home.program("chmod").args(["+x", "foreign"]), 0, "", "");
    let refused = "hb: cannot run `./foreign`: exec format error\n";
    check(&mut home.hb(&["run", "m", "--", "./foreign"]), 126, "", refused);
    assert_eq!(home.last_run()["reason"], "exec_failed");
}

#[test]
fn an_output_larger_than_what_is_kept_is_cut_and_told() {
    let home = Home::new();
    let receiver = FakeReceiver::new(&[Step::Reset]);
    let url = receiver.ping_url();
    let script = "head -c 2000000 /dev/urandom | base64 -w 100 >&2; exit 3";
    let words = ["run", "--tail", "2MiB", "--report-timeout", "100ms", "--to", &url, "m", "--"];
    let words = [&words[..], &["sh", "-c", script]].concat();
    assert_eq!(Seen::of(&mut home.hb(&words)).status, 3);
    receiver.go_on(&[Step::Ok]);
    check(&mut home.hb(&["spool", "flush"]), 0, "1 delivered, nothing waits\n", "");
}

#[test]
fn a_wait_for_the_next_try_costs_no_time_of_the_processor() {
    let home = Home::new();
    let receiver = FakeReceiver::new(&[Step::Ok]).hearing_starts();
    let url = receiver.ping_url();
    let words = ["run", "--retry", "1", "--retry-delay", "2s", "--to", &url, "m", "--"];
    let words = [&words[..], &["sh", "-c", "sleep 0.1; exit 1"]].concat();
    let mut hb = home.hb(&words).spawn().expect("started");
    std::thread::sleep(std::time::Duration::from_millis(1500));
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", hb.id())).expect("hb is there");
    let fields: Vec<&str> = stat.rsplit(") ").next().expect("fields").split(' ').collect();
    let ticks: u64 = fields[11..13].iter().map(|field| field.parse::<u64>().expect("ticks")).sum();
    assert_eq!(hb.wait().expect("it ends").code(), Some(1));
    assert!(ticks < 30, "{ticks} hundredths of a second of CPU");
}

#[test]
fn a_target_that_wants_no_successes_is_told_none_and_nothing_is_kept() {
    let home = Home::new();
    let receiver = FakeReceiver::new(&[Step::Ok]);
    let url = receiver.ping_url();
    home.config(&format!(
        "[targets.t]\nurl = \"{url}\"\non = [\"failure\"]\n[defaults]\nto = [\"t\"]\n"
    ));
    check(&mut home.hb(&["run", "m", "--", "true"]), 0, "", "");
    check(&mut home.hb(&["spool"]), 0, "nothing waits\n", "");
    assert_eq!(receiver.requests().len(), 0);
    check(&mut home.hb(&["run", "m", "--", "false"]), 1, "", "");
    assert_eq!(receiver.only().word(), "1");
}

#[test]
fn what_the_job_of_a_dead_hb_said_is_cleared_away() {
    let home = Home::new();
    let script = "echo $HB_RUN_DIR > where; kill -9 $PPID; sleep 0.1; touch done";
    let seen = Seen::of(&mut home.hb(&["run", "m", "--", "sh", "-c", script]));
    assert_eq!(seen.status, -9);
    while !home.path("done").exists() {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let place = std::fs::read_to_string(home.path("where")).expect("the job said where");
    assert!(std::path::Path::new(place.trim()).exists(), "{place}");
    let began = std::time::Instant::now();
    while std::path::Path::new(place.trim()).exists() && began.elapsed().as_secs() < 10 {
        Seen::of(&mut home.hb(&["run", "other", "--", "true"]));
    }
    assert!(!std::path::Path::new(place.trim()).exists(), "{place}");
}

/// Runs a script where nobody else has anything in memory. Only root can.
fn alone(home: &Home, script: &str) -> Seen {
    let script = format!("mount -t tmpfs -o mode=755 none /run && {script}");
    Seen::of(home.program("unshare").args(["--mount", "sh", "-c", &script]))
}

#[test]
fn the_directory_of_a_run_ends_with_it_also_where_its_job_was_not_run() {
    let home = Home::new();
    let left = "find /run/hb/progress -mindepth 1";
    for (options, status) in [("--pre false", 69), ("--require-free 1000000T", 69)] {
        let script = format!("hb run {options} m -- true; echo $?; {left}");
        assert_eq!(alone(&home, &script).stdout, format!("{status}\n"), "{options}");
    }
    let inner = format!("hb run m --lock -- true; echo $?; {left} -maxdepth 1 | wc -l");
    let script = format!("hb run m --lock -- sh -c '{inner}'; {left}");
    assert_eq!(alone(&home, &script).stdout, "75\n1\n");
}

#[test]
fn a_job_of_another_user_can_say_how_far_it_is() {
    let home = Home::new();
    let job = "echo size=45 >> $HB_RUN_DIR/metrics; stat -c %a:%U $HB_RUN_DIR; ls /run/hb";
    let script = format!("hb run --user nobody m -- sh -c '{job}'; find /run/hb -mindepth 2");
    let seen = alone(&home, &script);
    assert_eq!(seen.stdout, "700:nobody\n", "{seen:?}");
    assert_eq!(home.last_run()["metrics"]["size"], 45, "{seen:?}");
    // Without its hb, the next one clears it away.
    let again = "for n in $(seq 50); do hb run m -- true; [ \"$(find /run/hb -mindepth 2)\" ] || exit; \
                 sleep 0.1; done; echo left";
    let job = "echo $HB_RUN_DIR; kill -9 $PPID; sleep 0.1";
    let seen = alone(&home, &format!("hb run --user nobody m -- sh -c '{job}'; {again}"));
    assert!(seen.stdout.starts_with("/run/hb/progress/"), "{seen:?}");
    assert_eq!(seen.stdout.lines().count(), 1, "{seen:?}");
}
