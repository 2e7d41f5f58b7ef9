//! What an interactive shell and its terminal do to a job: stop it, go on with it, hang up.
//!
//! `python3` plays the person at the terminal: it types, and waits for what must appear.

use crate::hb::{Home, Seen, check};

/// The person: types into `start(..)`ed programs, and looks at what they do.
const PERSON: &str = r#"
import os, pty, re, sys, time
seen = b''
def start(*words):
    global pid, terminal
    pid, terminal = pty.fork()
    if pid == 0: os.execvp(words[0], words)
def wait_for(word):
    global seen
    until = time.time() + 20
    while word.encode() not in seen:
        if time.time() > until: sys.exit(f'never {word}: {seen!r}')
        try: seen += os.read(terminal, 1000)
        except OSError: sys.exit(f'the terminal is gone before {word}: {seen!r}')
    seen = seen.split(word.encode(), 1)[1]
def keys(text): os.write(terminal, text.encode())
def come(what):
    until = time.time() + 20
    while not what():
        if time.time() > until: sys.exit('never came')
        time.sleep(0.005)
def there(name): return os.path.exists(name)
def read(name): return open(name).read() if there(name) else ''
def shell():
    start('bash', '--norc', '--noprofile', '-i')
    keys("PS1='ready''>'\n")
    wait_for('ready>')
def code():
    global seen
    keys('echo code=$?.\n')
    while not re.search(rb'code=\d+\.', seen): seen += os.read(terminal, 1000)
    return re.search(rb'code=(\d+)\.', seen)[1]
def state(pid): return read(f'/proc/{pid}/stat').rpartition(') ')[2][:1]
def in_front(pid):
    # It may end at any moment, also between two questions.
    try: return os.tcgetpgrp(terminal) == os.getpgid(int(pid))
    except ProcessLookupError: return False
def stopped(*pids): return all(state(pid) == 'T' for pid in pids)
"#;

/// Lets the person do something in this home.
fn person(home: &Home, script: &str) -> Seen {
    Seen::of(home.program("python3").args(["-c", &format!("{PERSON}\n{script}")]))
}

fn says(home: &Home, script: &str, expected: &str) {
    let expected = Seen { status: 0, stdout: expected.to_owned(), stderr: String::new() };
    assert_eq!(person(home, script), expected, "{script}");
}

/// A job that says who it and its hb are, and ends with 4 when it is told to. It waits without a
/// child: one that is stopped between its vfork and its exec keeps a shell from stopping.
const WAITS: &str = "mkfifo go; echo $$ $PPID > pids; read -r line < go; exit 4";

#[test]
fn a_stop_from_the_keyboard_stops_both_and_is_no_time_of_the_job() {
    let home = Home::new();
    home.write("job.sh", WAITS);
    let script = r#"
shell()
keys('hb run --timeout 3500ms m -- sh job.sh\n')
for resume in ('fg', 'bg', 'fg'):
    come(lambda: read('pids').endswith('\n'))
    pids = read('pids').split()
    keys('\x1a')
    wait_for('Stopped')
    come(lambda: stopped(*pids))
    time.sleep(1.2)
    keys(resume + '\n')
    come(lambda: not any(state(pid) == 'T' for pid in pids))
    if resume == 'bg': keys('fg\n')
    come(lambda: in_front(pids[1]))
    # No person is faster than the shell, which tells the group to go on after it gave it the terminal.
    time.sleep(0.2)
open('go', 'w').close()
wait_for('ready>')
print(code().decode())
"#;
    says(&home, script, "4\n");
    let run = home.last_run();
    assert_eq!(run["reason"], "exit", "no time-out, though it took longer: {run}");
    let paused = run["paused_s"].as_f64().expect("a number");
    assert!((3.6..20.0).contains(&paused), "{paused}");
    assert!(run["duration_s"].as_f64().expect("a number") > paused, "{run}");
}

#[test]
fn a_quit_from_the_keyboard_ends_the_job_and_the_shell_goes_on() {
    let home = Home::new();
    home.write("job.sh", &format!("ulimit -c 0; {WAITS}"));
    let script = r#"
shell()
keys('hb run m -- sh job.sh\n')
come(lambda: read('pids').endswith('\n'))
keys('\x1c')
wait_for('ready>')
print(code().decode())
"#;
    says(&home, script, "131\n");
    assert_eq!(home.last_run()["unix_signal"], 3);
}

#[test]
fn a_job_in_the_background_that_wants_the_terminal_stops_and_goes_on_in_the_foreground() {
    let home = Home::new();
    let wants = "echo $$ $PPID > pids; read -r line < /dev/tty; echo \"heard $line\"; exit 4";
    home.write("reads.sh", wants);
    home.write("writes.sh", "echo $$ $PPID > pids; echo heard me; exit 4");
    for (job, set) in [("reads.sh", "stty -tostop"), ("writes.sh", "stty tostop")] {
        let script = format!(
            r#"
shell()
keys('{set}; rm -f pids\n')
wait_for('ready>')
keys('hb run --warn-after 700ms m -- sh {job} &\n')
come(lambda: read('pids').endswith('\n'))
pids = read('pids').split()
come(lambda: stopped(*pids))
keys('\n')
wait_for('Stopped')
time.sleep(0.8)
keys('fg\n')
come(lambda: in_front(pids[1]) or state(pids[1]) == '')
if '{job}' == 'reads.sh':
    come(lambda: not stopped(*pids))
    keys('you\n')
    wait_for('you')
wait_for('heard')
wait_for('ready>')
print(code().decode())
"#
        );
        says(&home, &script, "4\n");
        let run = home.last_run();
        let paused = run["paused_s"].as_f64().expect("a number");
        assert!((0.8..20.0).contains(&paused), "{run}");
    }
}

/// A job that counts how often its terminal hangs up, and ends after a moment.
const COUNTS: &str = "n=0; trap 'n=$((n+1)); echo $n > hups' HUP; echo $$ $PPID > pids; \
                      i=0; while [ $i -lt 40 ]; do sleep 0.01; i=$((i+1)); done; \
                      touch over; exit 4";

#[test]
fn a_terminal_that_is_closed_hangs_up_once() {
    let hang_up = |start: &str| -> (String, serde_json::Value) {
        let home = Home::new();
        home.write("job.sh", COUNTS);
        let script = format!(
            r#"
{start}
come(lambda: read('pids').endswith('\n'))
os.close(terminal)
come(lambda: there('over'))
hb = read('pids').split()[1]
come(lambda: state(hb) in ('', 'Z'))
print(read('hups').strip() or '0')
"#
        );
        let seen = person(&home, &script);
        assert_eq!((seen.status, &*seen.stderr), (0, ""), "{start}");
        (seen.stdout.trim().to_owned(), home.last_run())
    };
    // hb leads the session, as under `ssh -t host hb run`: the kernel tells it alone.
    let (count, run) = hang_up("start('hb', 'run', 'm', '--', 'sh', 'job.sh')");
    assert_eq!((&*count, &run["exit_code"]), ("1", &4.into()), "{run}");
    let note = run["notes"][0].as_str().expect("a note");
    assert_eq!(note, "SIGHUP came from the terminal, which was closed while it ran");
    // Its group is the foreground of a leader that ends: the kernel tells hb and job.
    let (count, run) = hang_up(
        "start('python3', '-c', 'import os,signal;signal.signal(1,signal.SIG_DFL);\
         os.system(\"exec hb run m -- sh job.sh\")')",
    );
    assert_eq!((&*count, &run["exit_code"]), ("1", &4.into()), "{run}");
    // Ignored is ignored.
    let (count, run) = hang_up("start('nohup', 'hb', 'run', 'm', '--', 'sh', 'job.sh')");
    assert_eq!(
        (&*count, &run["exit_code"], &run["notes"]),
        ("0", &4.into(), &serde_json::json!([]))
    );
    // In a session of its own hb has no terminal to lose.
    let (count, run) = hang_up("start('sh', '-c', 'setsid hb run m -- sh job.sh; true')");
    assert_eq!((&*count, &run["exit_code"]), ("0", &4.into()), "{run}");
}

#[test]
fn an_interrupt_ends_a_loop_of_the_shell_around_hb() {
    let home = Home::new();
    let script = r#"
shell()
keys('for i in 1 2 3; do hb run m -- sh -c "echo begun \\$((40+2)); exec sleep 20"; done; echo after=$?.\n')
wait_for('begun 42')
keys('\x03')
wait_for('ready>')
print(code().decode())
"#;
    says(&home, script, "130\n");
    assert_eq!(home.runs().len(), 1);
    check(&mut home.hb(&["run", "m", "--", "true"]), 0, "", "");
}

#[test]
fn a_job_that_is_killed_while_it_is_stopped_was_paused_until_then() {
    let home = Home::new();
    let dies = "(sleep 1; kill -KILL $$) 2>&- & kill -STOP $$; exit 4";
    let seen = Seen::of(&mut home.hb(&["run", "m", "--", "sh", "-c", dies]));
    assert_ne!(seen.status, 4, "{seen:?}");
    let run = home.last_run();
    let paused = run["paused_s"].as_f64().expect("a number");
    assert!((0.7..20.0).contains(&paused), "{run}");
}

#[test]
fn a_terminal_that_changes_its_size_is_seen_to_do_so() {
    for options in ["", "--capture pty", "--timeout 1m"] {
        let home = Home::new();
        // What it writes to, which need not be what it reads from.
        let job = "exec 3>&1; trap 'echo changed' WINCH; echo $$ $PPID > pids; \
                   until [ \"$(stty size <&3)\" = '41 97' ]; do sleep 0.01; done; sleep 0.1; echo seen; exit 4";
        home.write("job.sh", job);
        let script = format!(
            r#"
import fcntl, struct, termios
shell()
keys('hb run {options} m -- sh job.sh\n')
come(lambda: read('pids').endswith('\n'))
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack('HHHH', 41, 97, 0, 0))
wait_for('changed')
wait_for('seen')
wait_for('ready>')
print(code().decode())
"#
        );
        says(&home, &script, "4\n");
    }
}
