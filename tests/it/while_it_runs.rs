//! What happens between the start of a job and its end: a long time, a signal, a disk that fills, and
//! the kernel's own verdict.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::hb::{Home, Seen, lives, until};
use crate::receiver::{FakeReceiver, Step};

const UNTIL_GO: &str = "echo ready; while [ ! -e go ]; do sleep 0.01; done";

/// Starts it, and waits until its job says that it is ready.
fn ready(command: &mut Command) -> Child {
    let mut hb = command.stdout(Stdio::piped()).spawn().expect("started");
    let mut line = String::new();
    let mut out = BufReader::new(hb.stdout.take().expect("piped"));
    out.read_line(&mut line).expect("a line");
    assert_eq!(line, "ready\n");
    hb
}

#[test]
fn a_job_that_takes_longer_than_usual_is_told_of_once() {
    let receiver = FakeReceiver::always(&Step::Ok);
    let home = Home::new();
    let url = receiver.ping_url();
    let words = ["run", "--warn-after", "1s", "--to", &url, "m", "--", "sh", "-c", UNTIL_GO];
    let mut hb = ready(&mut home.hb(&words));
    until("it is told", || !receiver.requests().is_empty());
    let told = receiver.only();
    assert_eq!((told.word(), &*told.text()), ("log", "still running after 1s"));
    std::thread::sleep(Duration::from_millis(1500));
    home.write("go", "");
    assert_eq!(hb.wait().expect("ended").code(), Some(0));
    assert_eq!(receiver.words(), ["log", ""]);
    // One that is done by then is not told of.
    receiver.go_on(&[Step::Ok]);
    assert_eq!(Seen::of(&mut home.hb(&words)).status, 0);
    assert_eq!(receiver.words(), [""]);
}

#[test]
fn with_drain_inf_hb_reads_until_nobody_can_write_any_more() {
    for (options, late) in [(&["--drain", "inf"][..], true), (&[], false)] {
        let home = Home::new();
        let job = "(while [ ! -e go ]; do sleep 0.01; done; echo late >&2) >/dev/null & \
                   echo $! > pid; echo ready; exit 3";
        let mut command = home.hb(&["run"]);
        command.args(options).args(["m", "--", "sh", "-c", job]).stderr(Stdio::piped());
        let mut hb = ready(&mut command);
        // Three times as long as it waits of itself.
        std::thread::sleep(Duration::from_millis(1500));
        let waits = hb.try_wait().expect("asked").is_none();
        assert_eq!(waits, late, "{options:?}");
        home.write("go", "");
        assert_eq!(hb.wait().expect("ended").code(), Some(3));
        let run = home.last_run();
        let left = std::fs::read_to_string(home.path("pid")).expect("written");
        until("nothing outlives the test", || !lives(left.trim()));
        assert_eq!(run["tail"] == "late\n", late, "{run}");
        let duration = run["duration_s"].as_f64().expect("a number");
        assert!(duration < 1.4, "the job itself was short: {run}");
    }
}

#[test]
fn a_real_time_signal_reaches_the_job() {
    let home = Home::new();
    let job = format!("trap 'exit 35' 37; {UNTIL_GO}");
    for options in [&[][..], &["--timeout", "60s"], &["--capture", "both"]] {
        let mut command = home.hb(&["run"]);
        command.args(options).args(["m", "--", "sh", "-c", &job]).stderr(Stdio::null());
        let mut hb = ready(&mut command);
        let pid = hb.id().to_string();
        assert_eq!(Seen::of(home.program("sh").args(["-c", "kill -37 $1", "sh", &pid])).status, 0);
        assert_eq!(hb.wait().expect("ended").code(), Some(35), "{options:?}");
        assert_eq!(home.last_run()["exit_code"], 35);
    }
    // One that the job does not expect is its end, and hb's own.
    let mut command = home.hb(&["run", "m", "--", "sh", "-c", UNTIL_GO]);
    let mut hb = ready(command.stderr(Stdio::null()));
    let pid = hb.id().to_string();
    assert_eq!(Seen::of(home.program("sh").args(["-c", "kill -37 $1", "sh", &pid])).status, 0);
    let status = hb.wait().expect("ended");
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(37), "{status:?}");
    assert_eq!(home.last_run()["unix_signal"], 37);
}

/// Runs a line in a mount namespace of its own.
fn with_mounts(home: &Home, script: &str) -> Seen {
    assert!(nix::unistd::geteuid().is_root(), "run this test as root: it mounts");
    Seen::of(home.program("unshare").args(["-m", "sh", "-c", script]))
}

#[test]
fn a_disk_that_fills_under_stdout_is_the_job_s_to_see() {
    let mount = "mkdir place && mount -t tmpfs -o size=64k none place && ";
    // The job sees what it would see bare: the last write fails, and what was there is there.
    let job = "sh -c 'seq 1 30000; echo code $? >&2; exit 5' > place/out; \
               echo status $?; wc -c < place/out; tail -c 20 place/out";
    let [bare, wrapped] = ["", "hb run m -- "].map(|wrapper| {
        let home = Home::new();
        let seen = with_mounts(&home, &format!("{mount}{wrapper}{job}"));
        (seen, home)
    });
    assert_eq!(wrapped.0, bare.0);
    assert!(bare.0.stdout.starts_with("status 5\n65536\n"), "{:?}", bare.0);
    assert!(bare.0.stderr.contains("code 1"), "{:?}", bare.0);
    assert_eq!(wrapped.1.last_run()["exit_code"], 5);
    // Where hb carries it, the job goes on, and the loss is the run's failure.
    let home = Home::new();
    let carried = "hb run --capture both m -- sh -c 'seq 1 30000; echo end >&2' > place/out; \
                   echo status $?; wc -c < place/out";
    let seen = with_mounts(&home, &format!("{mount}{carried}"));
    assert_eq!((&*seen.stdout, &*seen.stderr), ("status 0\n65536\n", "end\n"));
    let run = home.last_run();
    assert_eq!((&run["outcome"], &run["reason"]), (&"failure".into(), &"output_lost".into()));
}

#[test]
fn a_state_that_finds_no_room_any_more_costs_the_job_nothing() {
    let home = Home::new();
    let script = "mkdir state && mount -t tmpfs -o size=64k,mode=700 none state && \
                  hb run m -- sh -c 'head -c 999999 /dev/zero > state/filler 2>/dev/null; \
                  echo out; exit 5'; echo status $?; rm state/filler; hb run m -- sh -c 'exit 6'; \
                  echo status $?; hb log --json | wc -l";
    let seen = with_mounts(&home, script);
    assert!(seen.stdout.starts_with("out\nstatus 5\nstatus 6\n"), "{seen:?}");
}

#[test]
fn a_job_that_the_kernel_kills_for_memory_is_told_as_that() {
    // The group's counter is one of ours: not every machine can limit the memory of a group.
    let counter = "mkdir groups && mount --bind groups /sys/fs/cgroup && \
                   group=/sys/fs/cgroup$(sed -n s/^0:://p /proc/self/cgroup) && mkdir -p $group && \
                   echo oom_kill 3 > $group/memory.events && export counter=$group/memory.events && ";
    // A job that is over at once is not measured: hb looks at the counter when it settles down to wait.
    for (job, reason) in [
        ("sleep 0.5; echo oom_kill 4 > $counter; kill -9 $$", "oom_killed"),
        ("sleep 0.5; kill -9 $$", "unix_signal"),
        ("sleep 0.5; echo oom_kill 4 > $counter; kill -15 $$", "unix_signal"),
    ] {
        let home = Home::new();
        let seen = with_mounts(&home, &format!("{counter} hb run m -- sh -c '{job}'"));
        let number = if job.ends_with("-15 $$") { 15 } else { 9 };
        assert!(seen.status == 128 + number || seen.status == -number, "{seen:?}");
        let run = home.last_run();
        assert_eq!((&run["reason"], &run["unix_signal"]), (&reason.into(), &number.into()));
        let words = "the kernel killed it: out of memory";
        assert_eq!(run["message"] == words, reason == "oom_killed", "{run}");
    }
}
