//! Kernels and sandboxes that refuse what `hb` would like to use: the job does not notice.
//!
//! `strace` makes the kernel refuse a system call, and shows the order in which things happen: nothing
//! that takes time may come before the job.

use crate::hb::{Home, Seen, check};

/// Runs hb while the kernel refuses a call.
fn refusing(home: &Home, calls: &str, errno: &str, words: &[&str]) -> Seen {
    let inject = format!("inject={calls}:error={errno}");
    let mut command = home.program("strace");
    command.args(["-f", "-qq", "-o", "/dev/null", "-e", &inject]);
    Seen::of(command.arg(crate::hb::binary()).args(words))
}

#[test]
fn a_call_that_the_kernel_does_not_know_changes_nothing_for_the_job() {
    let home = Home::new();
    for calls in ["signalfd4", "inotify_init1", "fsync,fdatasync", "prctl", "getrandom", "flock"] {
        let words = ["run", "m", "--", "sh", "-c", "echo out; echo err >&2; sleep 0.05; exit 5"];
        let seen = refusing(&home, calls, "ENOSYS", &words);
        assert_eq!((seen.status, &*seen.stdout), (5, "out\n"), "{calls}: {seen:?}");
        assert!(seen.stderr.contains("err\n"), "{calls}: {seen:?}");
    }
}

#[test]
fn without_signalfd_signals_still_reach_the_job() {
    let home = Home::new();
    let job = "trap 'exit 7' USR1; kill -USR1 $PPID; while :; do sleep 0.01; done";
    let seen = refusing(&home, "signalfd4", "ENOSYS", &["run", "m", "--", "sh", "-c", job]);
    assert_eq!((seen.status, &*seen.stderr), (7, ""));
    let timeout = ["run", "m", "--timeout", "100ms", "--", "sleep", "60"];
    assert_eq!(refusing(&home, "signalfd4", "ENOSYS", &timeout).status, 124);
}

#[test]
fn a_kernel_without_room_for_a_process_is_told() {
    let home = Home::new();
    let calls = "clone,clone3,fork,vfork";
    for (errno, why) in [("EAGAIN", "try again"), ("ENOMEM", "out of memory")] {
        let seen = refusing(&home, calls, errno, &["run", "m", "--", "/bin/true"]);
        let said = seen.stderr.lines().filter(|line| !line.starts_with("hb: warning: "));
        let message = format!("hb: cannot run `/bin/true`: {why}");
        assert_eq!((seen.status, said.collect::<Vec<_>>()), (126, vec![&*message]));
        assert_eq!(home.last_run()["reason"], "exec_failed");
    }
}

const NO_THREAD: &str = "hb: warning: no thread could be had for the job's output, which may have \
                         slowed it down: ";

#[test]
fn without_a_thread_for_its_output_the_job_is_read_all_the_same() {
    let home = Home::new();
    let job = "echo E1 >&2; read line; echo O; echo E2 >&2; exit 7";
    for (calls, refused) in [("clone,clone3", "EAGAIN:when=2+"), ("pipe2", "EMFILE:when=2+")] {
        let seen = refusing(&home, calls, refused, &["run", "m", "--", "sh", "-c", job]);
        assert_eq!((seen.status, &*seen.stdout), (7, "O\n"), "{calls}: {seen:?}");
        // C libraries have words of their own for the reason.
        let warning = seen.stderr.strip_prefix("E1\nE2\n").expect("all of its output");
        assert!(warning.starts_with(NO_THREAD), "{calls}: {seen:?}");
        assert_eq!(warning.lines().count(), 1, "{calls}: {seen:?}");
        assert_eq!(home.last_run()["tail"], "E1\nE2\n", "{calls}: {}", home.last_run());
        let quiet = ["run", "m", "--quiet", "--", "sh", "-c", job];
        let seen = refusing(&home, calls, refused, &quiet);
        assert_eq!((seen.status, &*seen.stdout), (7, "O\n"), "{calls}: {seen:?}");
        assert!(seen.stderr.starts_with("E1\nE2\n"), "{calls}: {seen:?}");
    }
}

#[test]
fn without_a_pipe_for_its_output_the_job_has_the_stream_itself() {
    let home = Home::new();
    let job = "echo E1 >&2; echo O; exit 7";
    let seen = refusing(&home, "pipe2", "EMFILE", &["run", "m", "--", "sh", "-c", job]);
    let warning = "the job's output is not kept: no pipe could be opened: too many open files";
    let told = format!("E1\nhb: warning: {warning}\n");
    assert_eq!((seen.status, &*seen.stdout, &*seen.stderr), (7, "O\n", &*told));
}

#[test]
fn a_reader_that_takes_nothing_keeps_no_signal_from_a_job_without_a_thread() {
    let home = Home::new();
    let job = "trap 'echo > trapped; exit 9' TERM; \
               head -c 2000000 /dev/zero >&2 & read -t 0.3; kill $PPID; wait $!; read -t 20";
    let mut command = home.program("strace");
    command.args(["-f", "-qq", "-o", "/dev/null", "-e"]);
    // The job starts one process, and hb has started the job.
    command.arg("inject=clone,clone3:error=EAGAIN:when=2+");
    command.arg(crate::hb::binary()).args(["run", "m", "--", "bash", "-c", job]);
    command.stdin(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let hb = command.spawn().expect("strace");
    crate::hb::until("the job hears of it", || home.path("trapped").exists());
    let seen = Seen::from(hb.wait_with_output().expect("it ends"));
    assert_eq!(seen.status, 9);
    assert!(seen.stderr.trim_start_matches('\0').starts_with(NO_THREAD), "hb has read it");
}

#[test]
fn a_directory_that_cannot_be_read_ends_its_listing() {
    let home = Home::new();
    let job = ["run", "m", "--", "sh", "-c", "exit 5"];
    check(&mut home.hb(&job), 5, "", "");
    let seen = refusing(&home, "getdents64", "ESTALE", &job);
    assert_eq!((seen.status, &*seen.stdout), (5, ""), "{seen:?}");
}

#[test]
fn without_room_for_a_connection_events_are_kept_and_nothing_is_called_a_bug() {
    let home = Home::new();
    let job = "echo E1 >&2; sleep 0.1; exit 7";
    for scheme in ["http", "https"] {
        let url = format!("{scheme}://127.0.0.1:1/ping/5bf66975-d4c7-4bf5-bcc8-b8d8a82ea278");
        for seconds in ["0", "0.1"] {
            let job = format!("{job}; sleep {seconds}");
            let words =
                ["run", "m", "--to", &url, "--report-timeout", "1s", "--", "sh", "-c", &job];
            let seen = refusing(&home, "socketpair", "EMFILE", &words);
            assert_eq!((seen.status, &*seen.stdout), (7, ""), "{seen:?}");
            let is_told = |line: &&str| line.contains("it is kept and sent later");
            assert_eq!(seen.stderr.lines().filter(is_told).count(), 1, "{seen:?}");
            assert!(!seen.stderr.contains("bug"), "{seen:?}");
            // A single finish to a plain address needs no runtime.
            if scheme == "https" {
                let is_said =
                    |words| seen.stderr.contains(&format!("nothing can be sent now: {words}"));
                let words = ["Too many open files", "No file descriptors available"];
                assert!(words.into_iter().any(is_said), "{seen:?}");
            }
        }
    }
    let flushed = refusing(&home, "socketpair", "EMFILE", &["spool", "flush"]);
    assert!(flushed.stderr.contains("nothing can be sent now"), "{flushed:?}");
    assert!(!flushed.stderr.contains("bug"), "{flushed:?}");
    let listed = Seen::of(&mut home.hb(&["spool", "list"]));
    assert_eq!(listed.stdout.matches("127.0.0.1").count(), 4, "{listed:?}");
}

#[test]
fn a_state_directory_that_cannot_be_written_costs_the_record_alone() {
    let home = Home::new();
    let job = ["run", "m", "--", "sh", "-c", "echo out; echo err >&2; exit 5"];
    for place in ["/proc/nowhere", "/dev/null", "/dev/full/x"] {
        let seen = Seen::of(home.hb(&job).env("HB_STATE_DIR", place));
        assert_eq!((seen.status, &*seen.stdout), (5, "out\n"), "{place}");
        assert!(seen.stderr.contains("err\n"), "{place}: {}", seen.stderr);
        let own = seen.stderr.lines().filter(|line| *line != "err");
        assert!(own.clone().count() == 1, "one warning: {}", seen.stderr);
        own.for_each(|line| assert!(line.starts_with("hb: warning: "), "{line}"));
    }
    for calls in ["mkdir,mkdirat", "renameat,renameat2,rename"] {
        let seen = refusing(&home, calls, "ENOSPC", &job);
        assert_eq!((seen.status, &*seen.stdout), (5, "out\n"), "{calls}");
    }
}

#[test]
fn nothing_that_takes_time_comes_before_the_job() {
    let home = Home::new();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url =
        format!("http://{}/ping/fqOOd6-F4MMNuCEnzTU01w", listener.local_addr().expect("bound"));
    let traced = home.path("trace").display().to_string();
    let words = ["run", "m", "--to", &url, "--report-timeout", "10ms", "--", "/bin/sleep", "0.1"];
    let mut command = home.program("strace");
    command.args(["-f", "-qq", "-o", &traced]).arg(crate::hb::binary()).args(words);
    assert_eq!(Seen::of(&mut command).status, 0);
    let trace = std::fs::read_to_string(&traced).expect("a trace");
    let job = trace.lines().position(|line| line.contains("execve(\"/bin/sleep\"")).expect("a job");
    let before: Vec<&str> = trace.lines().take(job).collect();
    for slow in ["socket(", "connect(", "resolv.conf", "/etc/ssl", "fsync(", "fdatasync(", "poll("]
    {
        let found = before.iter().find(|line| line.contains(slow));
        assert_eq!(found, None, "before the job");
    }
    assert!(trace.lines().skip(job).any(|line| line.contains("connect(")), "it is told");
}

#[test]
fn a_file_that_is_being_written_cannot_be_run() {
    let home = Home::new();
    let script = "cp /bin/true busy; exec 3>>busy; exec hb run m -- ./busy";
    let message = "hb: cannot run `./busy`: text file busy\n";
    check(home.program("sh").args(["-c", script]), 126, "", message);
}
