//! Output that is held back, kept in files, or given a terminal: `--quiet`, `--log-dir`, `--capture`.
//!
//! Held output comes back in its order, on its streams, or not at all. On a terminal the job must see
//! the terminal; the tests make one with `script`.

use crate::hb::{Home, Seen, check};

#[test]
fn a_quiet_success_says_nothing_and_a_quiet_failure_everything() {
    let home = Home::new();
    let quiet = |option, end| {
        let job = format!("echo out; echo err >&2; printf 'no end'; {end}");
        Seen::of(&mut home.hb(&["run", option, "m", "--", "sh", "-c", &job]))
    };
    let seen = |status, stdout: &str, stderr: &str| Seen {
        status,
        stdout: stdout.to_owned(),
        stderr: stderr.to_owned(),
    };
    assert_eq!(quiet("--quiet", "exit 0"), seen(0, "", ""));
    assert_eq!(home.last_run()["outcome"], "success");
    assert_eq!(quiet("--quiet=success", "exit 3"), seen(3, "out\nno end", "err\n"));
    assert_eq!(quiet("--quiet", "kill -9 $$"), seen(-9, "out\nno end", "err\n"));
    assert_eq!(quiet("--quiet=always", "exit 3"), seen(3, "", ""));
    assert_eq!(home.last_run()["outcome"], "failure");
    check(
        &mut home.hb(&["run", "--quiet=maybe", "m", "--", "echo", "ran"]),
        64,
        "",
        "hb: `--quiet` is success or always, not `maybe`\n",
    );
}

#[test]
fn held_output_keeps_its_order_beyond_what_fits_into_memory() {
    let home = Home::new();
    let job =
        "i=0; while [ $i -lt 300 ]; do seq $i 2000; echo err $i >&2; i=$((i+1)); done; exit 5";
    let both = |wrapper: &[&str]| {
        let words = [wrapper, &["sh", "-c", job]].concat();
        Seen::of(home.program("sh").args(["-c", "\"$@\" 2>&1", "sh"]).args(words))
    };
    let bare = both(&[]);
    assert!(bare.stdout.len() > 2_000_000);
    let wrapped = both(&["hb", "run", "--quiet", "m", "--"]);
    assert!(wrapped == bare, "{} bytes are not {}", wrapped.stdout.len(), bare.stdout.len());
}

#[test]
fn a_warning_is_no_success_that_could_be_silent() {
    let home = Home::new();
    let words = ["run", "--quiet", "--warn-exit", "1", "m", "--", "sh", "-c", "echo out; exit 1"];
    check(&mut home.hb(&words), 1, "out\n", "");
    assert_eq!(home.last_run()["outcome"], "warning");
}

#[test]
fn a_log_is_kept_of_a_failure_alone() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
    let job = |end: &str| format!("echo out; echo err >&2; echo more; {end}");
    let run = |end| {
        Seen::of(&mut home.hb(&["run", "--log-dir", "logs", "m", "--", "sh", "-c", &job(end)]))
    };
    let logs = || std::fs::read_dir(home.path("logs")).expect("made").flatten().collect::<Vec<_>>();
    assert_eq!(run("exit 0").stderr, "err\n");
    assert_eq!(logs().len(), 0);
    let failed = run("exit 9");
    let [log] = &logs()[..] else { panic!("one log: {:?}", logs()) };
    let name = log.file_name().into_string().expect("text");
    assert!(name.starts_with("m-20") && name.ends_with(".log"), "{name}");
    assert_eq!(log.metadata().expect("there").permissions().mode() & 0o777, 0o600);
    let warning = format!("hb: warning: the whole output is in `logs/{name}`\n");
    assert_eq!(
        failed,
        Seen { status: 9, stdout: "out\nmore\n".into(), stderr: format!("err\n{warning}") }
    );
    let text = std::fs::read_to_string(log.path()).expect("text");
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["err", "more", "out"]);
}

#[test]
fn a_log_directory_that_cannot_be_is_a_warning() {
    let home = Home::new();
    home.write("logs", "in the way");
    let seen = Seen::of(&mut home.hb(&["run", "--log-dir", "logs", "m", "--", "echo", "ran"]));
    assert_eq!((seen.status, &*seen.stdout), (0, "ran\n"));
    assert!(
        seen.stderr.starts_with("hb: warning: no log file can be kept in `logs`: "),
        "{}",
        seen.stderr
    );
}

#[test]
fn the_modes_of_capture_choose_what_is_reported_and_change_no_output() {
    let home = Home::new();
    for (mode, tail) in [("auto", "err\n"), ("pipe", "err\n"), ("none", "")] {
        let words = ["run", "--capture", mode, "m", "--", "sh", "-c", "echo out; echo err >&2"];
        check(&mut home.hb(&words), 0, "out\n", "err\n");
        assert_eq!(home.last_run()["tail"], tail, "{mode}");
    }
    let words = ["run", "--capture", "both", "m", "--", "sh", "-c", "echo out; echo err >&2"];
    check(&mut home.hb(&words), 0, "out\n", "err\n");
    let tail = home.last_run()["tail"].as_str().unwrap_or_default().to_owned();
    assert!(tail == "out\nerr\n" || tail == "err\nout\n", "{tail:?}");
    let both = "exec \"$@\" 2>&1";
    let words = ["hb", "run", "--capture", "pty", "m", "--", "sh", "-c", TERMINALS];
    check(home.program("sh").args(["-c", both, "sh"]).args(words), 0, "no yes yes\n", "");
    assert_eq!(home.last_run()["tail"], "no yes yes\n");
}

/// Says which of its standard descriptors are terminals.
const TERMINALS: &str = "exec </dev/null; a=no b=no c=no; [ -t 0 ] && a=yes; [ -t 1 ] && b=yes; \
                         [ -t 2 ] && c=yes; echo $a $b $c";

#[test]
fn on_a_terminal_the_job_sees_the_terminal() {
    let home = Home::new();
    home.write("job.sh", "[ -t 0 ] && [ -t 1 ] && [ -t 2 ] && echo all; stty size; exit 7");
    let on_terminal = |line: &str| {
        let line = format!("stty rows 33 cols 99; exec {line}");
        let mut command = home.program("script");
        Seen::of(command.args(["-qec", &line, "/dev/null"]).env("SHELL", "/bin/sh"))
    };
    let bare = on_terminal("sh job.sh");
    assert_eq!((bare.status, &*bare.stdout), (7, "all\r\n33 99\r\n"));
    assert_eq!(on_terminal("hb run m -- sh job.sh"), bare);
    assert_eq!(home.last_run()["tail"], "");
    assert_eq!(on_terminal("hb run --capture pty m -- sh job.sh"), bare);
    assert_eq!(home.last_run()["tail"], "all\n33 99\n");
    assert_eq!(on_terminal("hb run --timeout 1m m -- sh job.sh"), bare);
}

#[test]
fn a_job_reads_from_the_terminal_also_with_a_timeout() {
    let home = Home::new();
    let script = r#"
import os, pty, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execvp('hb', ['hb', 'run', '--timeout', '1m', 'm', '--', 'sh', '-c',
        'echo ready; read -r line < /dev/tty; echo "got $line"; exit 4'])
seen = b''
while b'ready' not in seen: seen += os.read(terminal, 1000)
os.write(terminal, b'secret\n')
try:
    while True: seen += os.read(terminal, 1000)
except OSError: pass
print(b'got secret' in seen, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"#;
    check(home.program("python3").args(["-c", script]), 0, "True 4\n", "");
}

#[test]
fn what_descendants_write_later_is_carried_on_where_that_was_asked_for() {
    let home = Home::new();
    let job = "sh -c 'while [ ! -e go ]; do sleep 0.01; done; echo late >&2; echo later >&2' \
               > /dev/null & echo first >&2";
    let scene = "\"$@\" 2>&1 > /dev/null | { read -r line; echo $line; read -r line; echo $line; \
                 read -r line; echo $line; }";
    let options = ["hb", "run", "--follow-descendants", "--drain", "1ms", "m", "--"];
    let words = [&options[..], &["sh", "-c", job]].concat();
    let mut command = home.program("sh");
    command.args(["-c", &format!("({scene}) & wait_for=$!; while ! hb log --json | grep -q leaked_pipe; do sleep 0.01; done; touch go; wait $wait_for"), "sh"]);
    check(command.args(words), 0, "first\nlate\nlater\n", "");
}

#[test]
fn a_reader_that_goes_away_ends_also_a_job_whose_descendants_are_followed() {
    let home = Home::new();
    let scene = "{ timeout 20 hb run --follow-descendants m -- sh -c 'exec yes >&2'; \
                 echo $? >&3; } 3>code 2>&1 | head -1; cat code";
    check(home.program("bash").args(["-c", scene]), 0, "y\n141\n", "");
}

#[test]
fn no_line_is_lost_while_hb_hands_over_to_those_who_follow_descendants() {
    let home = Home::new();
    // The reader begins late, so that hb has read what it cannot write yet when it ends.
    let scene = "hb run --follow-descendants --drain 1ms m -- sh -c 'seq 1 100000 >&2 &' \
                 2>&1 >/dev/null | { while ! hb log --json | grep -q leaked_pipe; do sleep 0.01; \
                 done; sleep 0.1; cat; } | cmp - expected && echo whole";
    let expected: String = (1..=100_000).map(|number| format!("{number}\n")).collect();
    home.write("expected", &expected);
    check(home.program("sh").args(["-c", scene]), 0, "whole\n", "");
}

#[test]
fn what_a_killed_hb_held_on_disk_is_gone_with_it() {
    use crate::hb::until;
    let home = Home::new();
    std::fs::create_dir(home.path("tmp")).expect("made");
    let job = "seq 1 400000; echo $$ > pid; exec sleep 60";
    let mut command = home.hb(&["run", "--quiet", "m", "--", "sh", "-c", job]);
    let mut hb = command.env("TMPDIR", home.path("tmp")).spawn().expect("started");
    let place = home.path("tmp").display().to_string();
    let held = || {
        let open = std::fs::read_dir(format!("/proc/{}/fd", hb.id())).into_iter().flatten();
        let to = open.flatten().filter_map(|entry| std::fs::read_link(entry.path()).ok());
        to.filter(|to| to.display().to_string().starts_with(&place)).count()
    };
    until("some of it is on disk", || held() > 0);
    assert_eq!(std::fs::read_dir(home.path("tmp")).expect("there").count(), 0, "under no name");
    until("the job waits", || {
        std::fs::read_to_string(home.path("pid")).is_ok_and(|pid| pid.ends_with('\n'))
    });
    let pid = std::fs::read_to_string(home.path("pid")).expect("written");
    let open = Seen::of(home.program("ls").args(["-l", &format!("/proc/{}/fd", pid.trim())]));
    assert!(!open.stdout.contains(&place), "the job has none of it: {}", open.stdout);
    hb.kill().expect("killed");
    hb.wait().expect("reaped");
    assert_eq!(std::fs::read_dir(home.path("tmp")).expect("there").count(), 0);
    check(home.program("kill").args(["-9", pid.trim()]), 0, "", "");
}
