//! What a service manager and `hb serve` tell each other: sockets that are open already, "ready",
//! "alive", "stopping", and the unit that it is started by.

use std::io::{Read, Write};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram, UnixStream};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use super::hb::{Home, Seen, binary};
use super::server::{PING_KEY, Server, send};

/// As long a manager waits for a word; on a busy machine a start takes a while.
const PATIENCE: Duration = Duration::from_secs(30);

/// The score of `systemd-analyze security`, from 0 to 10, that a unit may have.
const EXPOSURE_MAX: f64 = 2.0;

static COUNT: AtomicU32 = AtomicU32::new(0);

/// A manager that is told.
pub(crate) struct Manager {
    socket: UnixDatagram,
    /// What stands in `NOTIFY_SOCKET`.
    pub(crate) name: String,
}

impl Manager {
    /// One whose socket is a file.
    pub(crate) fn at_path(home: &Home) -> Manager {
        let path = home.path("notify");
        let socket = UnixDatagram::bind(&path).expect("a socket");
        Manager { socket, name: path.display().to_string() }
    }

    /// One whose socket has a name and no file.
    fn without_file() -> Manager {
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("hb-test-{}-{number}", std::process::id());
        let address = SocketAddr::from_abstract_name(&name).expect("a name");
        let socket = UnixDatagram::bind_addr(&address).expect("a socket");
        Manager { socket, name: format!("@{name}") }
    }

    /// What it is told within this.
    pub(crate) fn hears(&self, within: Duration) -> Option<String> {
        let mut bytes = [0; 256];
        self.socket.set_read_timeout(Some(within)).expect("a time");
        let count = self.socket.recv(&mut bytes).ok()?;
        Some(String::from_utf8_lossy(&bytes[..count]).into_owned())
    }
}

/// The same command started by Python, which first does this with the process that becomes hb.
fn after(home: &Home, command: &Command, prepare: &str, words: &[&str]) -> Command {
    let mut python = home.program("python3");
    let script = format!("import os, sys\n{prepare}\nos.execv(sys.argv[1], sys.argv[1:])");
    python.args(["-c", &script]).arg(binary()).args(words);
    for (name, value) in command.get_envs() {
        value.map(|value| python.env(name, value));
    }
    python
}

#[test]
fn a_manager_hears_that_it_is_ready_once_the_store_took_a_write_and_that_it_stops() {
    for manager in [Manager::at_path, |_: &Home| Manager::without_file()] {
        let home = Home::new();
        let manager = manager(&home);
        let (name, file) = (manager.name.clone(), home.path("data/hb.sqlite"));
        let listener = std::thread::spawn(move || {
            let heard = manager.hears(PATIENCE);
            // Before anything else happens: the first mark is in the store.
            let store = rusqlite::Connection::open(file).expect("the store is there");
            let marks = store.query_row("select count(*) from nodes", [], |row| row.get(0));
            (manager, heard, marks)
        });
        let server = Server::start_with(&home, |command| {
            command.env("NOTIFY_SOCKET", &name);
        });
        let (manager, heard, marks) = listener.join().expect("no panic");
        assert_eq!((heard.as_deref(), marks), (Some("READY=1"), Ok(1)), "{name}");
        assert_eq!(server.stop(), Some(0));
        assert_eq!(manager.hears(PATIENCE).as_deref(), Some("STOPPING=1"), "{name}");
        assert_eq!(manager.hears(Duration::from_millis(1)), None, "nobody asked for a watchdog");
    }
}

#[test]
fn a_receiver_whose_store_takes_no_write_never_says_that_it_is_ready() {
    let home = Home::new();
    assert_eq!(Server::start(&home).stop(), Some(0));
    let manager = Manager::at_path(&home);
    let other = rusqlite::Connection::open(home.path("data/hb.sqlite")).expect("it opens");
    other.execute_batch("begin exclusive").expect("it can be locked");
    let mut command = home.program("timeout");
    command.arg("20").arg(binary()).args(["serve", "--listen", "127.0.0.1:0"]);
    command.env("HB_DATA_DIR", home.path("data")).env("NOTIFY_SOCKET", &manager.name);
    let seen = Seen::of(command.stdin(Stdio::null()));
    assert_eq!(seen.status, 1, "{seen:?}");
    assert!(seen.stderr.contains("hb: cannot use the store"), "{seen:?}");
    assert_eq!(manager.hears(Duration::from_millis(1)), None);
}

#[test]
fn a_watchdog_is_told_only_by_the_process_that_it_watches() {
    for (pid, is_told) in [("str(os.getpid())", true), ("'1'", false)] {
        let home = Home::new();
        let manager = Manager::at_path(&home);
        let server = Server::start_with(&home, |command| {
            command.env("NOTIFY_SOCKET", &manager.name).env("WATCHDOG_USEC", "30000");
            let prepare = format!("os.environ['WATCHDOG_PID'] = {pid}");
            *command = after(&home, command, &prepare, &["serve", "--listen", "127.0.0.1:0"]);
        });
        assert_eq!(manager.hears(PATIENCE).as_deref(), Some("READY=1"));
        let within = if is_told { PATIENCE } else { Duration::from_millis(300) };
        for _ in 0..3 {
            let expected = is_told.then_some("WATCHDOG=1");
            assert_eq!(manager.hears(within).as_deref(), expected, "{pid}");
        }
        assert_eq!(server.stop(), Some(0));
    }
}

/// Opens a socket on a port and one in a file, and hands both over as a manager does.
const HAND_OVER: &str = "
import fcntl, socket
tcp = socket.create_server(('127.0.0.1', 0))
unix = socket.socket(socket.AF_UNIX)
unix.bind(os.environ['HB_TEST_SOCKET'])
unix.listen()
# Out of the way first: one of them may have the number that the other gets.
high = [fcntl.fcntl(one, fcntl.F_DUPFD, 10) for one in (tcp, unix)]
for number, one in enumerate(high):
    os.dup2(one, 3 + number)
os.environ['LISTEN_FDS'] = '2'
print('handed over', tcp.getsockname()[1], file=sys.stderr, flush=True)
";

/// A receiver that was handed two sockets, meant for the process with this number, and the port of one.
fn handed_over(home: &Home, pid: &str, words: &[&str]) -> (Server, String) {
    let mut server = Server::start_with(home, |command| {
        command.env("HB_TEST_SOCKET", home.path("given.sock"));
        let prepare = format!("{HAND_OVER}os.environ['LISTEN_PID'] = {pid}");
        *command = after(home, command, &prepare, words);
    });
    let port = server.line("handed over ").rsplit(' ').next().expect("a port").to_owned();
    (server, port)
}

#[test]
fn sockets_that_a_manager_has_opened_are_used() {
    let home = Home::new();
    let (mut server, port) = handed_over(&home, "str(os.getpid())", &["serve"]);
    assert_eq!(server.address, format!("127.0.0.1:{port}"), "and no other");
    server.line("listening on unix:");
    let listening = server.lines().iter().filter(|line| line.starts_with("listening on")).count();
    assert_eq!(listening, 2, "{:?}", server.lines());
    server.monitor(json!({ "slug": "job", "schedule": "every 1h" }));
    assert_eq!(server.get(&format!("/ping/{PING_KEY}/job")).status, 200);
    let mut stream = UnixStream::connect(home.path("given.sock")).expect("it is connected");
    let request = format!("GET /ping/{PING_KEY}/job HTTP/1.1\r\nHost: h\r\nConnection: close\r\n");
    write!(stream, "{request}\r\n").expect("it is written");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it is read");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert_eq!(server.look("job")["event_count"], 2);
    assert_eq!(server.stop(), Some(0));
    assert!(home.path("given.sock").exists(), "it is the manager's to take away");
}

#[test]
fn sockets_that_were_opened_for_another_process_are_left_alone() {
    let home = Home::new();
    let words = ["serve", "--listen", "127.0.0.1:0"];
    let (server, port) = handed_over(&home, "'1'", &words);
    assert_ne!(server.address, format!("127.0.0.1:{port}"));
    assert_eq!(server.get("/healthz").status, 200);
    // Nobody answers there, but the socket is open: the connection is taken by the kernel alone.
    let address = format!("127.0.0.1:{port}");
    let asked = std::thread::spawn(move || send(&address, "GET", "/healthz", &[], b""));
    let began = Instant::now();
    while !asked.is_finished() && began.elapsed() < Duration::from_millis(300) {
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(!asked.is_finished(), "somebody has answered");
    server.kill();
    assert!(asked.join().expect("no panic").is_err());
}

#[test]
fn a_unit_is_hardened_in_each_of_its_forms() {
    let home = Home::new();
    let low: &[&str] = &["--listen", "0.0.0.0:80"];
    let commands: &[&str] = &["--allow-commands"];
    for words in [&[][..], low, commands, &[low, commands].concat()] {
        let printed = Seen::of(&mut home.hb(&[&["serve", "--print-unit"], words].concat()));
        assert_eq!((printed.status, &*printed.stderr), (0, ""), "{words:?}");
        let unit = home.write("hb-serve.service", &printed.stdout);
        let mut analyze = home.program("systemd-analyze");
        analyze.args(["security", "--offline=true", "--no-pager"]).arg(&unit);
        let seen = Seen::of(&mut analyze);
        let last = seen.stdout.lines().last().unwrap_or_default();
        let score = last.split("hb-serve.service: ").nth(1);
        let score = score.and_then(|rest| rest.split(' ').next()?.parse::<f64>().ok());
        assert!(score.is_some_and(|score| score <= EXPOSURE_MAX), "{words:?}: {last} {seen:?}");
    }
}
