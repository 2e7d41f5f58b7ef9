//! Unix signals around a run: each reaches the job once, and the job's own end comes back.
//!
//! A job tells that it is ready by a line on its stdout, so nothing here waits for a guessed time.
//! The hard part is the moments around spawn and exit, where a signal could fall between two
//! stools: there only many rounds say something.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::hb::{Home, Seen, check, lives, until};

/// A started `hb` whose job has said its first line.
struct Going {
    hb: Child,
    out: BufReader<ChildStdout>,
    first_line: String,
}

impl Going {
    /// Starts it and waits for the line.
    fn start(command: &mut Command) -> Going {
        let mut hb = command.stdout(Stdio::piped()).spawn().expect("started");
        let mut out = BufReader::new(hb.stdout.take().expect("piped"));
        let mut first_line = String::new();
        out.read_line(&mut first_line).expect("the job says that it is ready");
        Going { hb, out, first_line: first_line.trim_end().to_owned() }
    }

    fn pid(&self) -> Pid {
        pid_of(self.hb.id())
    }

    fn signal(&self, signal: Signal) {
        kill(self.pid(), signal).expect("hb is there");
    }

    /// The rest of its stdout and its status.
    fn end(mut self) -> (String, ExitStatus) {
        let mut rest = String::new();
        self.out.read_to_string(&mut rest).expect("text");
        (rest, self.hb.wait().expect("it ends"))
    }
}

fn pid_of(number: u32) -> Pid {
    Pid::from_raw(number.cast_signed())
}

#[test]
fn each_signal_from_a_process_reaches_the_job_once() {
    let home = Home::new();
    // The job counts what it gets; a second copy of a signal would have arrived before USR1.
    let job =
        "n=0; for s in TERM INT HUP QUIT USR2 ALRM; do trap \"n=\\$((n+1)); echo $s\" $s; done
        trap 'echo $n; exit 40' USR1; echo ready; while :; do sleep 0.01; done";
    let signals = [
        Signal::SIGTERM,
        Signal::SIGINT,
        Signal::SIGHUP,
        Signal::SIGQUIT,
        Signal::SIGUSR2,
        Signal::SIGALRM,
    ];
    let mut going = Going::start(&mut home.hb(&["run", "m", "--", "sh", "-c", job]));
    let mut expected = String::new();
    for signal in signals {
        going.signal(signal);
        let mut line = String::new();
        going.out.read_line(&mut line).expect("the job answers");
        expected = format!("SIG{line}");
        assert_eq!(expected.trim_end(), signal.as_str());
    }
    assert_eq!(expected, "SIGALRM\n");
    going.signal(Signal::SIGUSR1);
    let (rest, status) = going.end();
    assert_eq!((&*rest, status.code()), ("6\n", Some(40)));
    let run = home.last_run();
    assert_eq!((&run["outcome"], &run["exit_code"]), (&"failure".into(), &40.into()));
    let note = run["notes"][0].as_str().expect("a note");
    assert!(note.starts_with("SIGQUIT came from process "), "{note}");
}

#[test]
fn a_job_that_dies_of_a_forwarded_signal_takes_hb_with_it() {
    let home = Home::new();
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP, Signal::SIGUSR1] {
        let job = "echo ready; exec sleep 60";
        let going = Going::start(&mut home.hb(&["run", "m", "--", "sh", "-c", job]));
        going.signal(signal);
        let (_, status) = going.end();
        assert_eq!(status.signal(), Some(signal as i32));
        let run = home.last_run();
        let ends = signal != Signal::SIGUSR1;
        assert_eq!(run["reason"], if ends { "terminated" } else { "unix_signal" });
    }
}

#[test]
fn a_job_that_ignores_term_goes_on() {
    let home = Home::new();
    let job = "trap '' TERM; trap 'exit 9' USR1; echo ready; while :; do sleep 0.01; done";
    let mut going = Going::start(&mut home.hb(&["run", "m", "--", "sh", "-c", job]));
    going.signal(Signal::SIGTERM);
    going.signal(Signal::SIGTERM);
    going.signal(Signal::SIGUSR1);
    assert_eq!(going.hb.wait().expect("ends").code(), Some(9));
}

#[test]
fn a_term_during_a_check_ends_the_run_before_its_job() {
    let home = Home::new();
    // The check takes the signal for its own and says that all is well.
    let waits = "trap 'exit 0' TERM; echo ready; while :; do sleep 0.01; done";
    let dies = "echo ready; exec sleep 60";
    for check in [waits, dies] {
        let words = ["run", "--pre", check, "--pre", "echo more", "m", "--", "echo", "ran"];
        let going = Going::start(home.hb(&words).stderr(Stdio::null()));
        going.signal(Signal::SIGTERM);
        let (out, status) = going.end();
        assert_eq!((&*out, status.signal()), ("", Some(libc::SIGTERM)), "{check}");
        assert_eq!(home.last_run()["reason"], "terminated", "{check}");
    }
}

#[test]
fn a_signal_after_the_job_does_not_change_its_exit() {
    let home = Home::new();
    // This server takes connections and says nothing: the report waits.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url =
        format!("http://{}/ping/fqOOd6-F4MMNuCEnzTU01w", listener.local_addr().expect("bound"));
    for (end, code, signal) in [("exit 3", Some(3), None), ("kill -INT $$", None, Some(2))] {
        let job = format!("echo ready; {end}");
        let words = ["run", "m", "--to", &url, "--", "sh", "-c", &job];
        let mut going = Going::start(home.hb(&words).stderr(Stdio::null()));
        let _connection = listener.accept().expect("hb reports").0;
        // The job is over once hb has no child any more.
        until("the job has ended", || {
            let of = format!("/proc/{0}/task/{0}/children", going.pid());
            std::fs::read_to_string(of).is_ok_and(|children| children.is_empty())
        });
        let asked = Instant::now();
        going.signal(Signal::SIGTERM);
        going.signal(Signal::SIGTERM);
        // A third comes when nobody reads signals any more.
        until("hb ends", || {
            let _ = kill(going.pid(), Signal::SIGTERM);
            going.hb.try_wait().expect("a child").is_some()
        });
        let status = going.hb.wait().expect("ended");
        assert_eq!((status.code(), status.signal()), (code, signal), "{end}");
        // The spool is left to the next hb: looking at it may take two seconds.
        assert!(asked.elapsed() < Duration::from_millis(1900), "{:?}", asked.elapsed());
    }
}

#[test]
fn one_interrupt_from_the_keyboard_reaches_the_job_once() {
    let home = Home::new();
    let job = "trap 'echo INT' INT; trap 'echo QUIT; exit 4' QUIT; echo ready; \
               while :; do sleep 0.01; done";
    home.write("job.sh", job);
    let script = r#"
import os, pty, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execvp('hb', ['hb', 'run', 'm', '--', 'sh', 'job.sh'])
seen = b''
def wait_for(word):
    global seen
    while word not in seen:
        seen += os.read(terminal, 1000)
wait_for(b'ready')
os.write(terminal, b'\x03')
wait_for(b'INT')
os.write(terminal, b'\x1c')
try:
    while True: seen += os.read(terminal, 1000)
except OSError: pass
print(seen.count(b'INT'), seen.count(b'QUIT'), os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"#;
    check(home.program("python3").args(["-c", script]), 0, "1 1 4\n", "");
    assert_eq!(home.last_run()["exit_code"], 4);
}

/// Becomes its arguments with signals ignored and blocked as told, and all others at their default.
const DISPOSITIONS: &str = r#"
import os, signal, sys
ignored, blocked = ([int(n) for n in word.split(',') if n] for word in sys.argv[1:3])
for n in range(1, 65):
    if n not in (9, 19, 32, 33): signal.signal(n, signal.SIG_DFL)
for n in ignored: signal.signal(n, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
os.execvp(sys.argv[3], sys.argv[3:])
"#;

#[test]
fn dispositions_and_mask_of_the_job_are_what_hb_was_started_with() {
    let home = Home::new();
    for (ignored, blocked) in [
        ("", ""),
        ("13", ""),
        ("1", ""),
        ("13,25", "1,15"),
        ("17", ""),
        ("17,13", "17"),
        ("", "17"),
        ("", "1,2,3,10,12,13,14,15,17,18,20,28,34,64"),
        ("1,2,3,13,15,17,20,21,22,25,28,34,64", "13,64"),
    ] {
        let of = |wrapper: &[&str]| {
            let mut command = home.program("python3");
            command.args(["-c", DISPOSITIONS, ignored, blocked]).args(wrapper);
            Seen::of(command.args([
                "grep",
                "^\\(Sig\\|Shd\\)\\(Ign\\|Blk\\|Cgt\\|Pnd\\)",
                "/proc/self/status",
            ]))
        };
        let bare = of(&[]);
        assert_eq!(of(&["hb", "run", "m", "--"]), bare, "ignored {ignored}, blocked {blocked}");
        assert_eq!(of(&["hb", "run", "--timeout", "1m", "m", "--"]), bare, "in a group");
        assert_eq!(bare.status, 0);
        let code = home.last_run()["exit_code"].clone();
        assert_eq!(code, 0, "the status is known, ignored {ignored}, blocked {blocked}");
    }
}

#[test]
fn an_exit_code_comes_back_also_where_children_are_ignored() {
    let home = Home::new();
    for blocked in ["", "17"] {
        let mut command = home.program("python3");
        command.args(["-c", DISPOSITIONS, "17", blocked, "hb", "run", "m", "--"]);
        check(command.args(["sh", "-c", "exit 5"]), 5, "", "");
    }
}

#[test]
fn nohup_goes_on_working() {
    let home = Home::new();
    let job = "trap 'exit 8' USR1; echo ready; while :; do sleep 0.01; done";
    let script = format!("trap '' HUP; exec hb run m -- sh -c \"{job}\"");
    let mut going = Going::start(home.program("sh").args(["-c", &script]));
    going.signal(Signal::SIGHUP);
    going.signal(Signal::SIGUSR1);
    assert_eq!(going.hb.wait().expect("ends").code(), Some(8));
    assert_eq!(home.last_run()["notes"], serde_json::json!([]));
}

#[test]
fn a_stopped_run_goes_on_and_the_pause_does_not_count() {
    let home = Home::new();
    let job = "echo $$; exec sleep 60";
    let mut going =
        Going::start(&mut home.hb(&["run", "m", "--timeout", "2s", "--", "sh", "-c", job]));
    let state = |pid: &str, letter: &str| {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        status.contains(&format!("State:\t{letter}"))
    };
    let (own, job) = (going.pid().to_string(), going.first_line.clone());
    let since = Instant::now();
    going.signal(Signal::SIGTSTP);
    until("both stop", || state(&own, "T") && state(&job, "T"));
    std::thread::sleep(Duration::from_millis(2100));
    going.signal(Signal::SIGCONT);
    until("both go on", || !state(&own, "T") && !state(&job, "T"));
    going.signal(Signal::SIGUSR1);
    assert_eq!(going.hb.wait().expect("ends").signal(), Some(10));
    let paused = home.last_run()["paused_s"].as_f64().expect("a number");
    let most = since.elapsed().as_secs_f64();
    assert!((2.0..most).contains(&paused), "{paused} of {most}");
}

#[test]
fn a_killed_hb_leaves_its_job_alone_and_the_next_one_tells_of_it() {
    let home = Home::new();
    let job = "echo $$; exec sleep 60";
    let mut going = Going::start(&mut home.hb(&["run", "m", "--lock", "--", "sh", "-c", job]));
    until("hb has noted its job", || home.last_run()["pid"].is_u64());
    going.signal(Signal::SIGKILL);
    going.hb.wait().expect("killed");
    assert!(lives(&going.first_line));
    let job = going.first_line.clone();
    let busy = format!("hb: the job was not run: lock `m` is held by process {job}\n");
    check(&mut home.hb(&["run", "m", "--lock", "--", "true"]), 75, "", &busy);
    check(&mut home.hb(&["run", "other", "--", "true"]), 0, "", "");
    kill(Pid::from_raw(job.parse().expect("a pid")), Signal::SIGKILL).expect("it lives");
    until("the job is gone", || !lives(&job));
    let told = "hb: warning: an earlier run of `m` died without a report; it was reported now\n";
    check(&mut home.hb(&["run", "m", "--lock", "--", "true"]), 0, "", told);
    let runs = home.runs();
    let vanished: Vec<_> = runs.iter().filter(|run| run["reason"] == "vanished").collect();
    assert_eq!(vanished.len(), 1);
    assert_eq!(
        vanished[0]["message"],
        "hb was killed while the job ran; its exit status is unknown"
    );
}

#[test]
fn term_at_any_moment_leaves_no_orphan_and_loses_no_status() {
    const ROUNDS: u32 = 1000;
    const LANES: u32 = 5;
    std::thread::scope(|scope| {
        for lane in 0..LANES {
            scope.spawn(move || {
                let home = Home::new();
                (lane..ROUNDS).step_by(LANES as usize).for_each(|round| term_in(&home, round));
                let settled = home.runs().iter().all(|run| run["reason"] != "vanished");
                assert!(settled, "a run was lost");
            });
        }
    });
}

/// One short run, and a TERM at a moment that depends on the round.
fn term_in(home: &Home, round: u32) {
    let job = "echo $$ > pid; exec sleep 0.02";
    let mut hb = home.hb(&["run", "m", "--", "sh", "-c", job]);
    let mut hb = hb.stderr(Stdio::null()).spawn().expect("started");
    // The whole life of such a run takes some 30 ms; the rounds are spread over it.
    std::thread::sleep(Duration::from_micros(u64::from(round * 7919 % 1000) * 40));
    let _ = kill(pid_of(hb.id()), Signal::SIGTERM);
    let status = hb.wait().expect("ended");
    let known = status.code() == Some(0) || status.signal() == Some(15);
    assert!(known, "round {round}: {status:?}");
    let job = std::fs::read_to_string(home.path("pid")).unwrap_or_default();
    assert!(job.is_empty() || !lives(job.trim_end()), "round {round}: an orphan");
    let _ = std::fs::remove_file(home.path("pid"));
}

#[test]
fn a_stop_at_any_moment_is_got_over() {
    use std::os::unix::process::CommandExt;
    let home = Home::new();
    let job = "echo $$ > pid; exec sleep 0.02";
    for round in 0..150u32 {
        let mut command = home.hb(&["run", "m", "--", "sh", "-c", job]);
        let mut hb = command.stderr(Stdio::null()).process_group(0).spawn().expect("started");
        let group = Pid::from_raw(-hb.id().cast_signed());
        // Between fork and exec, too: there the job has hb's handlers and none of its own.
        std::thread::sleep(Duration::from_micros(u64::from(round * 7919 % 150) * 250));
        let _ = kill(group, Signal::SIGTSTP);
        std::thread::sleep(Duration::from_millis(3));
        let mut status = None;
        until("it goes on whenever it is told to", || {
            let _ = kill(group, Signal::SIGCONT);
            status = hb.try_wait().expect("a child");
            status.is_some()
        });
        assert_eq!(status.and_then(|status| status.code()), Some(0), "round {round}");
    }
    assert_eq!(home.runs().len(), 150);
}
