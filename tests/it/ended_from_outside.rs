//! What ends a run from outside: a service manager, a container that is stopped, a host that goes
//! down, a parent that dies. The job hears of it, and how it ended is told or kept.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::hb::{Home, Seen, check, lives, until};
use crate::receiver::{FakeReceiver, Step};

/// What systemd gives a unit of `TimeoutStopSec=5`, and docker its containers twice over.
const STOP_TIME: Duration = Duration::from_secs(5);

fn send(pid: &str, signal: Signal) {
    // Gone is gone: whoever ends a tree meets processes that have just ended.
    let _ = kill(Pid::from_raw(pid.parse().expect("a pid")), signal);
}

/// A process and everything below it, as a service manager finds it in a control group.
fn tree(root: u32) -> Vec<String> {
    let mut found = vec![root.to_string()];
    let mut next = 0;
    while let Some(pid) = found.get(next).cloned() {
        let below = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
        found.extend(below.unwrap_or_default().split_whitespace().map(str::to_owned));
        next += 1;
    }
    found
}

/// Starts something whose job writes its process ids into the file `pids`, and waits for them.
fn begun(home: &Home, command: &mut Command, count: usize) -> (Child, Vec<String>) {
    let _ = std::fs::remove_file(home.path("pids"));
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("started");
    let mut pids = Vec::new();
    until("the job has begun", || {
        let text = std::fs::read_to_string(home.path("pids")).unwrap_or_default();
        pids = text.lines().map(str::to_owned).collect();
        pids.len() == count && text.ends_with('\n')
    });
    (child, pids)
}

/// How it ended, as [`Seen`] says it, within what a service manager gives it.
fn end(mut child: Child, since: Instant) -> i32 {
    use std::os::unix::process::ExitStatusExt;
    let status = child.wait().expect("it ends");
    assert!(since.elapsed() < STOP_TIME, "{:?}", since.elapsed());
    status.code().unwrap_or_else(|| -status.signal().unwrap_or(0))
}

#[test]
fn a_signal_for_the_group_reaches_what_the_job_has_started() {
    let job = "sleep 60 >/dev/null 2>&1 & echo $! >> pids; wait; echo more >> pids";
    for (options, config, all) in [
        (&[][..], "", false),
        (&["--signal-group"], "", true),
        (&[], "[defaults]\nsignal_group = true\n", true),
        (&["--timeout", "1m"], "", true),
    ] {
        let home = Home::new();
        home.config(config);
        let words = [&["run"], options, &["m", "--", "sh", "-c", job]].concat();
        let (hb, pids) = begun(&home, &mut home.hb(&words), 1);
        send(&hb.id().to_string(), Signal::SIGTERM);
        assert_eq!(end(hb, Instant::now()), -15, "{options:?}");
        assert_eq!(lives(&pids[0]), !all, "{options:?} {config}");
        send(&pids[0], Signal::SIGKILL);
    }
}

#[test]
fn a_service_manager_stops_a_unit_in_each_of_its_ways() {
    let polite = "trap 'exit 9' TERM; echo $$ >> pids; while :; do sleep 0.01; done";
    let plain = "echo $$ >> pids; sleep 60; echo after >> pids";
    let deaf = "trap '' TERM; echo $$ >> pids; while :; do sleep 0.01; done";
    for (whole_group, job, status, word) in [
        (true, polite, 9, "9"),
        (false, polite, 9, "9"),
        (true, plain, -15, "143"),
        (false, plain, -15, "143"),
    ] {
        let (home, receiver) = (Home::new(), FakeReceiver::always(&Step::Ok));
        let url = receiver.ping_url();
        let words = ["run", "--to", &url, "m", "--", "sh", "-c", job];
        let (hb, pids) = begun(&home, &mut home.hb(&words), 1);
        let since = Instant::now();
        let unit = tree(hb.id());
        let told = if whole_group { &unit[..] } else { &unit[..1] };
        told.iter().for_each(|pid| send(pid, Signal::SIGTERM));
        assert_eq!(end(hb, since), status, "{whole_group} {job}");
        assert_eq!(receiver.words(), [word], "{whole_group} {job}");
        until("the job is gone", || !lives(&pids[0]));
        let reason = if status < 0 { "terminated" } else { "exit" };
        assert_eq!(home.last_run()["reason"], reason, "{whole_group} {job}");
        // With `KillMode=process` nobody ends what the job has left behind.
        unit.iter().for_each(|pid| send(pid, Signal::SIGKILL));
    }

    // Time is up: all of them are killed, hb as well. The next one tells of it.
    let (home, receiver) = (Home::new(), FakeReceiver::always(&Step::Ok));
    let url = receiver.ping_url();
    let words = ["run", "--to", &url, "m", "--", "sh", "-c", deaf];
    let (hb, pids) = begun(&home, &mut home.hb(&words), 1);
    until("its process is noted", || home.last_run()["pid"].is_u64());
    send(&hb.id().to_string(), Signal::SIGTERM);
    tree(hb.id()).iter().for_each(|pid| send(pid, Signal::SIGKILL));
    assert_eq!(end(hb, Instant::now()), -9);
    until("the job is gone", || !lives(&pids[0]));
    let told = "hb: warning: an earlier run of `m` died without a report; it was reported now\n";
    check(&mut home.hb(&["run", "--to", &url, "m", "--", "true"]), 0, "", told);
    assert_eq!(receiver.words(), ["", "log"]);
}

#[test]
fn a_unit_whose_receiver_hangs_is_stopped_in_time_and_its_end_is_kept() {
    let (home, receiver) = (Home::new(), FakeReceiver::always(&Step::HalfOpen));
    let url = receiver.ping_url();
    let job = "echo $$ >> pids; exec sleep 60";
    let words = ["run", "--to", &url, "--report-timeout", "60s", "m", "--", "sh", "-c", job];
    let (hb, _) = begun(&home, &mut home.hb(&words), 1);
    let since = Instant::now();
    tree(hb.id()).iter().for_each(|pid| send(pid, Signal::SIGTERM));
    assert_eq!(end(hb, since), -15);
    receiver.go_on(&[Step::Ok]);
    check(&mut home.hb(&["spool", "flush"]), 0, "1 delivered, nothing waits\n", "");
    assert_eq!(receiver.only().word(), "143");
}

#[test]
fn a_container_is_stopped_through_its_first_process() {
    assert!(nix::unistd::geteuid().is_root(), "run this test as root: it makes a container");
    for (init, receiver) in [
        (&["--init"][..], FakeReceiver::always(&Step::Ok)),
        (&[], FakeReceiver::always(&Step::HalfOpen)),
    ] {
        let home = Home::new();
        let url = receiver.ping_url();
        // A handler in the job, a child that it does not wait for, and a daemon that outlives it.
        let job = "trap 'exit 3' TERM; setsid sleep 60 >/dev/null 2>&1 & \
                   echo $$ >> pids; while :; do sleep 0.01; done";
        let mut command = home.program("unshare");
        command.args(["--pid", "--fork", "--mount-proc", "hb", "run"]).args(init);
        command.args(["--to", &url, "--report-timeout", "60s", "m", "--", "sh", "-c", job]);
        let (outer, _) = begun(&home, &mut command, 1);
        let since = Instant::now();
        let whole = tree(outer.id());
        send(&whole[1], Signal::SIGTERM);
        assert_eq!(end(outer, since), 3);
        let left: Vec<&String> = whole.iter().filter(|pid| lives(pid)).collect();
        assert!(left.is_empty(), "a container ends with its first process: {left:?}");
        let run = home.last_run();
        let told = run["deliveries"].as_array().and_then(|all| all.last()).expect("told");
        let result = if init.is_empty() { "spooled" } else { "delivered" };
        assert_eq!((&run["exit_code"], &told["result"]), (&3.into(), &result.into()));
        receiver.go_on(&[Step::Ok]);
        assert_eq!(Seen::of(&mut home.hb(&["spool", "flush"])).status, 0);
    }
}

#[test]
fn a_host_that_goes_down_without_its_network_tells_after_it_is_up() {
    assert!(nix::unistd::geteuid().is_root(), "run this test as root: it takes the network away");
    let (home, receiver) = (Home::new(), FakeReceiver::always(&Step::Ok));
    let url = receiver.ping_url();
    let job = "echo $$ >> pids; exec sleep 60";
    let mut command = home.program("unshare");
    command.args(["--net", "hb", "run", "--to", &url, "m", "--", "sh", "-c", job]);
    let (hb, _) = begun(&home, &mut command, 1);
    let since = Instant::now();
    tree(hb.id()).iter().for_each(|pid| send(pid, Signal::SIGTERM));
    assert_eq!(end(hb, since), -15);
    assert_eq!(receiver.connections(), 0);
    assert_eq!(home.last_run()["deliveries"][0]["result"], "spooled");
    check(&mut home.hb(&["spool", "flush"]), 0, "1 delivered, nothing waits\n", "");
    let request = receiver.only();
    assert_eq!(
        (request.word(), request.rid()),
        ("143", home.last_run()["run_id"].as_str().expect("an id"))
    );
}

#[test]
fn a_run_outlives_its_parent() {
    let (home, receiver) = (Home::new(), FakeReceiver::always(&Step::Ok));
    let url = receiver.ping_url();
    let job = "echo $$ $PPID | tr ' ' '\\n' >> pids; until test -e go; do sleep 0.01; done; exit 6";
    let script = "hb run --to \"$1\" m -- sh -c \"$2\"; echo not reached";
    let mut command = home.program("sh");
    let (parent, pids) = begun(&home, command.args(["-c", script, "sh", &url, job]), 2);
    send(&parent.id().to_string(), Signal::SIGKILL);
    assert_eq!(end(parent, Instant::now()), -9);
    assert!(pids.iter().all(|pid| lives(pid)), "hb and its job go on");
    home.write("go", "");
    until("hb has ended", || !lives(&pids[1]));
    assert_eq!(
        (receiver.words(), home.last_run()["exit_code"].clone()),
        (vec!["6".into()], 6.into())
    );
}

#[test]
fn a_job_ends_with_its_hb_where_somebody_wants_that() {
    let home = Home::new();
    let job = "echo $$ >> pids; exec sleep 60";
    for (options, dies) in [(&["--die-with-parent"][..], true), (&[], false)] {
        let words = [&["run"], options, &["m", "--", "sh", "-c", job]].concat();
        let (hb, pids) = begun(&home, &mut home.hb(&words), 1);
        send(&hb.id().to_string(), Signal::SIGKILL);
        assert_eq!(end(hb, Instant::now()), -9);
        if dies {
            until("the job is gone", || !lives(&pids[0]));
        }
        assert!(dies || lives(&pids[0]));
        send(&pids[0], Signal::SIGKILL);
    }
}

#[test]
fn a_job_that_becomes_a_daemon_ends_its_run_with_its_first_process() {
    // As daemons do it: twice forked, in a session of its own, with nothing of its parent's open.
    let daemon = "import os, sys\nif os.fork(): os._exit(4)\nos.setsid()\nif os.fork(): os._exit(0)\n\
                  print(os.getpid(), file=open('pids', 'w'), flush=True)\n\
                  null = os.open('/dev/null', os.O_RDWR)\n\
                  for number in range(3): os.dup2(null, number)\n\
                  os.execvp('sleep', ['sleep', '60'])";
    for options in [&[][..], &["--timeout", "1m"], &["--lock"], &["--init"], &["--quiet"]] {
        let home = Home::new();
        let words = [&["run"], options, &["m", "--", "python3", "-c", daemon]].concat();
        let mut command = home.hb(&words);
        let (hb, pids) = begun(&home, &mut command, 1);
        assert_eq!(end(hb, Instant::now()), 4, "{options:?}");
        assert!(lives(&pids[0]), "{options:?}");
        send(&pids[0], Signal::SIGKILL);
        let run = home.last_run();
        assert_eq!((&run["exit_code"], &run["notes"]), (&4.into(), &serde_json::json!([])));
    }
}
