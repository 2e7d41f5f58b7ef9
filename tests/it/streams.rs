//! The job's output: byte for byte, in order, on the stream it was written to, and never in the way.
//!
//! Readers that vanish, disks that are full, pipes that somebody keeps: each of them does to the job
//! what it would do bare. Where order matters, thousands of small writes are compared.

use std::io::{Read, Write};
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::hb::{Home, Seen, check};

/// What a shell line with `"$@"` in it does, bare and through hb with these options.
fn same_as_bare(home: &Home, scene: &str, options: &[&str], job: &str) -> Seen {
    let wrapper = [&["hb", "run"], options, &["m", "--"]].concat();
    let [bare, wrapped] = [&[][..], &wrapper].map(|wrapper| {
        let words = [wrapper, &["sh", "-c", job]].concat();
        Seen::of(home.program("bash").args(["-c", scene, "bash"]).args(words))
    });
    assert!(wrapped == bare, "{scene} {options:?} {job}: {}", differing(&wrapped, &bare));
    bare
}

/// Long outputs are not printed whole.
fn differing(one: &Seen, other: &Seen) -> String {
    let cut = |seen: &Seen| {
        let text = |text: &str| text.chars().take(500).collect::<String>();
        (seen.status, text(&seen.stdout), text(&seen.stderr))
    };
    format!("{:?} is not {:?}", cut(one), cut(other))
}

fn notes(home: &Home) -> String {
    home.last_run()["notes"].to_string()
}

#[test]
fn a_daemon_left_behind_does_not_hold_hb() {
    let home = Home::new();
    // Its stdout is hb's own and would hold this test; its stderr is the pipe that hb reads.
    let job = "sh -c 'trap \"\" TERM; exec sleep 60' > /dev/null & echo $! > pid; echo done; echo err >&2; exit 2";
    let since = Instant::now();
    check(
        &mut home.hb(&["run", "m", "--drain", "500ms", "--", "sh", "-c", job]),
        2,
        "done\n",
        "err\n",
    );
    assert!(since.elapsed() < Duration::from_secs(5));
    let pid = std::fs::read_to_string(home.path("pid")).expect("written");
    let run = home.last_run();
    let holder = format!(
        "leaked_pipe: {} (sleep) still holds the output after the job ended",
        pid.trim_end()
    );
    assert_eq!(run["notes"], serde_json::json!([holder]));
    assert_eq!((&run["exit_code"], &run["tail"]), (&2.into(), &"err\n".into()));
    assert!(run["duration_s"].as_f64().is_some_and(|took| took < 0.4), "{}", run["duration_s"]);
    check(home.program("kill").args(["-9", pid.trim_end()]), 0, "", "");
}

#[test]
fn a_job_may_do_with_its_stderr_what_it_likes() {
    let home = Home::new();
    for job in [
        "echo a >&2; exec 2>&-; echo b; exit 3",
        "echo a > /dev/stderr; echo b >> /dev/fd/2; echo c > /proc/self/fd/2",
        "exec 2>&1; echo a >&2",
        "exec 1>&2; echo a",
        "exec 2>file; echo a >&2; cat file",
        "printf 'no newline' >&2; printf 'none here'",
        "printf '\\000\\001\\377\\000' ; printf '\\000\\376' >&2",
        ":",
        "for i in 1 2 3 4 5 6 7 8 9; do printf x >&2; printf y; done",
    ] {
        same_as_bare(&home, "exec \"$@\"", &[], job);
        same_as_bare(&home, "exec \"$@\"", &["--capture", "both"], job);
    }
}

#[test]
fn interleaved_writes_keep_their_order_where_both_go_to_one_place() {
    let home = Home::new();
    let job = "i=0; while [ $i -lt 1000 ]; do echo out $i; echo err $i >&2; i=$((i+1)); done";
    let expected: String = (0..1000).map(|i| format!("out {i}\nerr {i}\n")).collect();
    for scene in [
        "\"$@\" 2>&1",
        "\"$@\" > file 2>&1; code=$?; cat file; exit $code",
        "\"$@\" >> file2 2>> file2; code=$?; cat file2; rm file2; exit $code",
        "\"$@\" 2>&1 | cat",
    ] {
        let seen = same_as_bare(&home, scene, &[], job);
        assert_eq!(seen.stdout, expected, "{scene}");
        assert_eq!(home.last_run()["tail"], expected, "{scene}");
    }
    same_as_bare(&home, "\"$@\" 2>&1", &["--quiet"], &format!("{job}; exit 1"));
}

#[test]
fn writes_of_several_processes_stay_whole() {
    let home = Home::new();
    let job = "line=$(head -c 3000 /dev/zero | tr '\\0' x)
        for p in 1 2 3 4; do (i=0; while [ $i -lt 200 ]; do echo $p$line >&$((p % 2 + 1)); i=$((i+1)); done) & done
        wait";
    let seen = Seen::of(
        home.program("sh")
            .args(["-c", "\"$@\" 2>&1", "sh"])
            .args(["hb", "run", "m", "--", "sh", "-c", job]),
    );
    assert_eq!(seen.status, 0);
    let torn = seen.stdout.lines().filter(|line| line.len() != 3001).count();
    assert_eq!((torn, seen.stdout.lines().count()), (0, 800));
}

#[test]
fn a_reader_that_goes_away_ends_the_job_as_it_would_bare() {
    let home = Home::new();
    let job = "while echo line; do :; done; echo code $? >&2";
    let scene = "\"$@\" 2>/dev/null | head -1; echo ${PIPESTATUS[0]}";
    let endless = "exec yes";
    assert_eq!(same_as_bare(&home, scene, &[], endless).stdout, "y\n141\n");
    assert_eq!(home.last_run()["unix_signal"], 13);
    same_as_bare(&home, scene, &["--capture", "both"], endless);
    let merged = "\"$@\" 2>&1 | head -1; echo ${PIPESTATUS[0]}";
    assert_eq!(same_as_bare(&home, merged, &[], endless).stdout, "y\n141\n");
    let stderr_only = "{ \"$@\" 2>&3 3>&- | cat; } 3>&1 | head -1";
    same_as_bare(&home, stderr_only, &[], "exec yes >&2");
    same_as_bare(&home, "trap '' PIPE; \"$@\" 2>&1 | head -1; exit ${PIPESTATUS[0]}", &[], job);
}

#[test]
fn a_full_disk_under_stdout_is_the_job_s_to_see() {
    let home = Home::new();
    let job = "echo data; echo code $? >&2; exit 0";
    let seen = same_as_bare(&home, "\"$@\" > /dev/full", &[], job);
    assert!(seen.stderr.ends_with("code 1\n"), "{seen:?}");
    // Where hb carries stdout, the job cannot see it; the run has failed all the same.
    let words =
        ["hb", "run", "--capture", "both", "m", "--", "sh", "-c", "echo data; echo fine >&2"];
    check(home.program("sh").args(["-c", "\"$@\" > /dev/full", "sh"]).args(words), 0, "", "fine\n");
    let run = home.last_run();
    assert_eq!((&run["outcome"], &run["reason"]), (&"failure".into(), &"output_lost".into()));
}

#[test]
fn a_full_disk_under_stderr_does_not_end_the_job() {
    let home = Home::new();
    let job = "i=0; while [ $i -lt 100 ]; do echo $i >&2; i=$((i+1)); done; echo end; exit 4";
    let words = ["hb", "run", "m", "--", "sh", "-c", job];
    check(home.program("sh").args(["-c", "\"$@\" 2> /dev/full", "sh"]).args(words), 4, "end\n", "");
    let run = home.last_run();
    assert!(run["tail"].as_str().is_some_and(|tail| tail.ends_with("98\n99\n")), "{run}");
    assert!(notes(&home).contains("stderr could not be written: No space left on device"));
}

#[test]
fn a_non_blocking_reader_loses_nothing_and_stays_as_it_is() {
    let home = Home::new();
    let script = r#"
import fcntl, hashlib, os, subprocess, sys, time
reader, writer = os.pipe()
fcntl.fcntl(writer, fcntl.F_SETFL, fcntl.fcntl(writer, fcntl.F_GETFL) | os.O_NONBLOCK)
job = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=writer)
time.sleep(0.2)
flags = fcntl.fcntl(writer, fcntl.F_GETFL) & os.O_NONBLOCK
os.close(writer)
seen = b''
while chunk := os.read(reader, 1 << 20): seen += chunk
print(job.wait(), len(seen), hashlib.sha256(seen).hexdigest(), flags == os.O_NONBLOCK)
"#;
    let job = "seq 1 400000 >&2; exit 6";
    let words = ["hb", "run", "m", "--", "sh", "-c", job];
    let seen = Seen::of(home.program("python3").args(["-c", script]).args(words));
    let hash =
        Seen::of(home.program("sh").args(["-c", "seq 1 400000 | sha256sum | cut -d' ' -f1"]));
    let expected = format!("6 2688895 {} True\n", hash.stdout.trim_end());
    assert_eq!(seen, Seen { status: 0, stdout: expected, stderr: String::new() });
}

#[test]
fn stdin_is_the_job_s_alone() {
    let home = Home::new();
    let loops = "for i in 1 2 3; do \"$@\"; read -r line; echo left $line; done < lines";
    home.write("lines", "a\nb\nc\nd\n");
    let seen = same_as_bare(&home, loops, &[], "true");
    assert_eq!(seen.stdout, "left a\nleft b\nleft c\n");
    assert_eq!(same_as_bare(&home, "\"$@\" < lines", &[], "cat; exit 3").stdout, "a\nb\nc\nd\n");
    same_as_bare(&home, "head -c 3000000 /dev/urandom > big; \"$@\" < big | cmp - big", &[], "cat");
    same_as_bare(&home, "yes | head -c 1000 | \"$@\"", &[], "exit 3");
}

#[test]
fn a_slow_reader_holds_the_job_back_and_hb_stays_small() {
    let home = Home::new();
    let words =
        ["run", "--capture", "both", "m", "--", "sh", "-c", "head -c 200000000 /dev/zero; exit 7"];
    let mut hb = home.hb(&words).stdout(Stdio::piped()).spawn().expect("started");
    let mut out = hb.stdout.take().expect("piped");
    // Pages of the binary are no memory of the stream; of a large one, more are read in by the end.
    let status = || {
        let text = std::fs::read_to_string(format!("/proc/{}/status", hb.id())).unwrap_or_default();
        let kb = |name: &str| -> u64 {
            let line = text.lines().find_map(|line| line.strip_prefix(name));
            line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
        };
        kb("VmRSS:") - kb("RssFile:")
    };
    let mut chunk = vec![0u8; 1 << 20];
    let (mut total, mut early, mut most) = (0, 0, 0);
    loop {
        let count = out.read(&mut chunk).expect("read");
        if count == 0 {
            break;
        }
        total += count;
        if early == 0 && total > 2_000_000 {
            // What does not fit into the pipes waits in the job, not in hb.
            std::thread::sleep(Duration::from_millis(100));
            early = status();
        }
        if early > 0 {
            most = most.max(status());
        }
    }
    assert_eq!((hb.wait().expect("ends").code(), total), (Some(7), 200_000_000));
    assert!(early > 0 && most < early + 256, "{early} kB early, {most} kB at most");
}

#[test]
fn the_tail_is_the_end_of_the_output_with_what_was_left_out_said() {
    let home = Home::new();
    let job = "seq 1 5000 >&2";
    let seen = Seen::of(&mut home.hb(&["run", "m", "--tail", "20", "--", "sh", "-c", job]));
    assert_eq!(seen.stderr.lines().count(), 5000);
    let tail = home.last_run()["tail"].as_str().unwrap_or_default().to_owned();
    assert_eq!(tail, "[... 23,878 bytes omitted ...]\n4998\n4999\n5000\n");
    check(&mut home.hb(&["run", "m", "--no-output", "--", "sh", "-c", "echo x >&2"]), 0, "", "x\n");
    assert_eq!(home.last_run()["tail"], "");
}

#[test]
fn bytes_written_one_by_one_arrive() {
    let home = Home::new();
    let job = "dd if=/dev/zero bs=1 count=200000 >&2 2>/dev/null";
    let output = home.hb(&["run", "m", "--", "sh", "-c", job]).output().expect("started");
    assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 200_000));
}

#[test]
fn a_job_reads_what_is_typed_later() {
    let home = Home::new();
    let mut command = home.hb(&["run", "m", "--", "sh", "-c", "read -r line; echo got $line"]);
    let mut hb = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("started");
    hb.stdin.take().expect("piped").write_all(b"it\n").expect("written");
    let seen = Seen::from(hb.wait_with_output().expect("ends"));
    assert_eq!((seen.status, &*seen.stdout), (0, "got it\n"));
}

#[test]
fn whatever_a_left_over_process_holds_hb_comes_back() {
    let home = Home::new();
    // Of the job's streams it holds both, or one; they lead to a file, a pipe, a terminal.
    for (left, captured) in [("", ""), ("2> /dev/null", "--capture both"), ("> /dev/null", "")] {
        for scene in [
            "\"$@\" > out 2>&1; code=$?; cat out; exit $code",
            "\"$@\" > out 2> err; code=$?; cat out err; exit $code",
            "{ \"$@\"; echo code $?; } > out 2>&1 < /dev/null; cat out; exit 3",
            "exec script -qec \"$*\" /dev/null",
        ] {
            let job = format!("sleep 60 {left} & echo $! > pid; echo done; exit 3");
            home.write("job", &job);
            let words = [
                &["hb", "run"][..],
                &captured.split_whitespace().collect::<Vec<_>>(),
                &["m", "--", "sh", "job"],
            ]
            .concat();
            let since = Instant::now();
            let seen = Seen::of(home.program("bash").args(["-c", scene, "bash"]).args(words));
            assert!(since.elapsed() < Duration::from_secs(10), "{left} {captured} {scene}");
            assert_eq!(seen.status, 3, "{left} {captured} {scene}: {seen:?}");
            assert!(seen.stdout.starts_with("done"), "{left} {captured} {scene}: {seen:?}");
            let pid = std::fs::read_to_string(home.path("pid")).expect("written");
            Seen::of(home.program("kill").args(["-9", pid.trim_end()]));
        }
    }
}

#[test]
fn a_socket_or_a_log_that_is_turned_over_gets_what_it_would_get_bare() {
    let home = Home::new();
    // As journald gives it to services: one socket of a stream for both.
    let script = r#"
import socket, subprocess, sys
ours, theirs = socket.socketpair()
errors, their_errors = socket.socketpair()
both = sys.argv[1] == 'both'
job = subprocess.Popen(sys.argv[2:], stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs if both else their_errors)
theirs.close(); their_errors.close()
import threading
seen = {}
def read(name, end):
    seen[name] = b''.join(iter(lambda: end.recv(65536), b''))
threads = [threading.Thread(target=read, args=pair) for pair in (('out', ours), ('err', errors))]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(job.wait(), seen['out'].decode(), seen['err'].decode())
"#;
    let job =
        "i=0; while [ $i -lt 300 ]; do echo out $i; echo err $i >&2; i=$((i+1)); done; exit 6";
    for ends in ["both", "each"] {
        let of = |wrapper: &[&str]| {
            let words = [wrapper, &["sh", "-c", job]].concat();
            Seen::of(home.program("python3").args(["-c", script, ends]).args(words))
        };
        let bare = of(&[]);
        assert!(bare.stdout.starts_with("6 out 0\n"), "{bare:?}");
        assert_eq!(of(&["hb", "run", "m", "--"]), bare, "{ends}");
    }
    // A log is moved away while the job writes: all goes on into the file that was opened.
    let job = "echo one; echo two >&2; mv log log.1; echo three; echo four >&2; exit 6";
    for scene in ["\"$@\" >> log 2>&1", "\"$@\" >> log 2>> log"] {
        let scene = format!("{scene}; code=$?; cat log.1; rm log.1; ls log; exit $code");
        let seen = same_as_bare(&home, &scene, &[], job);
        assert_eq!(seen.status, 6, "{seen:?}");
    }
}
