//! The harness for `hb serve`: the real receiver on a free port, and a client that speaks plain HTTP.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::hb::Home;
use super::receiver::FakeReceiver;

/// The keys that every receiver of the tests has.
pub(crate) const PING_KEY: &str = "ping-key-of-the-tests-0";
pub(crate) const API_KEY: &str = "hbw_0123456789012345678901234567";
pub(crate) const READ_KEY: &str = "hbr_0123456789012345678901234567";
pub(crate) const ADMIN_PASSWORD: &str = "a password of the tests";

/// What may take as long as this on a busy machine has failed.
const PATIENCE: Duration = Duration::from_secs(30);

/// A receiver that runs. It is killed when it is dropped.
pub(crate) struct Server {
    child: Child,
    /// `127.0.0.1:PORT`.
    pub(crate) address: String,
    lines: Arc<Mutex<Vec<String>>>,
    reader: std::thread::JoinHandle<()>,
}

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The first header of this name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.text()))
    }
}

/// The same command with the build that a preloaded library reaches: a static one loads none.
fn reachable(home: &Home, command: &Command) -> Command {
    let mut reachable = home.program(assert_cmd::cargo::cargo_bin!("hb"));
    reachable.args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => reachable.env(name, value),
            None => reachable.env_remove(name),
        };
    }
    reachable
}

/// `Authorization` of the person with the password.
pub(crate) fn owner() -> String {
    basic(ADMIN_PASSWORD)
}

/// The same with any password.
pub(crate) fn basic(password: &str) -> String {
    let packed = Command::new("base64")
        .arg("--wrap=0")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .and_then(|mut child| {
            use std::io::Write;
            let mut text = child.stdin.take().expect("stdin is piped");
            write!(text, "admin:{password}")?;
            drop(text);
            child.wait_with_output()
        })
        .expect("base64 runs");
    format!("Basic {}", String::from_utf8_lossy(&packed.stdout))
}

impl Server {
    /// Starts a receiver with its data in this home.
    pub(crate) fn start(home: &Home) -> Server {
        Server::start_with(home, |_| {})
    }

    /// The same with a changed command.
    pub(crate) fn start_with(home: &Home, change: impl FnOnce(&mut Command)) -> Server {
        let data = home.path("data");
        let mut command = home.hb(&["serve", "--listen", "127.0.0.1:0"]);
        command
            .env("HB_DATA_DIR", &data)
            .env("HB_PING_KEY", PING_KEY)
            .env("HB_API_KEY", API_KEY)
            .env("HB_API_KEY_READONLY", READ_KEY)
            .env("HB_ADMIN_PASSWORD", ADMIN_PASSWORD);
        change(&mut command);
        if command.get_envs().any(|(name, _)| name == "LD_PRELOAD") {
            command = reachable(home, &command);
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("hb serve starts");
        let lines = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&lines);
        let errors = BufReader::new(child.stderr.take().expect("stderr is piped"));
        let reader = std::thread::spawn(move || {
            for line in errors.split(b'\n').map_while(Result::ok) {
                kept.lock()
                    .expect("nobody panics with it")
                    .push(String::from_utf8_lossy(&line).into_owned());
            }
        });
        let mut server = Server { child, address: String::new(), lines, reader };
        let line = server.line("listening on ");
        server.address = line.split_once("://").expect("a URL").1.to_owned();
        server
    }

    /// Waits for a line that holds this.
    pub(crate) fn line(&mut self, part: &str) -> String {
        let began = Instant::now();
        loop {
            // Asked first: what it said last may be read only after it has ended.
            let was_all = self.reader.is_finished();
            let lines = self.lines();
            if let Some(line) = lines.iter().find(|line| line.contains(part)) {
                return line.clone();
            }
            let waits = !was_all && began.elapsed() < PATIENCE;
            assert!(waits, "no line with `{part}` ({:?}): {lines:#?}", self.child.try_wait());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Everything it has said.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.lines.lock().expect("nobody panics with it").clone()
    }

    /// Its process.
    pub(crate) fn pid(&self) -> i32 {
        i32::try_from(self.child.id()).expect("a pid")
    }

    /// Kills it as a power cut would, and waits until it is gone.
    pub(crate) fn kill(mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Asks it to stop, and gives its exit code.
    pub(crate) fn stop(self) -> Option<i32> {
        let pid = nix::unistd::Pid::from_raw(self.pid());
        nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).expect("it is there");
        self.exit_code()
    }

    /// The exit code of one that ends by itself.
    pub(crate) fn exit_code(mut self) -> Option<i32> {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            if let Some(status) = self.child.try_wait().expect("a child can be waited for") {
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("hb serve does not stop");
    }

    /// One request on a connection of its own.
    pub(crate) fn send(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        send(&self.address, method, target, headers, body).expect("an answer")
    }

    /// A ping.
    pub(crate) fn get(&self, target: &str) -> Answer {
        self.send("GET", target, &[], b"")
    }

    /// A ping with a body.
    pub(crate) fn post(&self, target: &str, body: &[u8]) -> Answer {
        self.send("POST", target, &[], body)
    }

    /// A call of hb's own API with the writing key.
    pub(crate) fn api(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        let key = format!("Bearer {API_KEY}");
        let headers = [("Authorization", key.as_str()), ("Content-Type", "application/json")];
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        self.send(method, &format!("/api/hb/v1{path}"), &headers, body.as_bytes())
    }

    /// Makes a channel that hands everything to `hook`.
    pub(crate) fn channel(&self, name: &str, hook: &FakeReceiver) {
        let channel = json!({
            "name": name, "kind": "webhook", "url": hook.url("/told"), "allow_private": true,
        });
        assert_eq!(self.api("POST", "/channels", Some(channel)).status, 201);
    }

    /// Makes a monitor, and gives what the receiver says of it.
    pub(crate) fn monitor(&self, definition: Value) -> Value {
        let answer = self.api("POST", "/monitors", Some(definition));
        assert_eq!(answer.status, 201, "{}", answer.text());
        answer.json()
    }

    /// A monitor as it is now.
    pub(crate) fn look(&self, slug: &str) -> Value {
        let answer = self.api("GET", &format!("/monitors/{slug}"), None);
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    }

    /// Waits until a monitor has this status.
    pub(crate) fn await_status(&self, slug: &str, status: &str) -> Value {
        let began = Instant::now();
        loop {
            let monitor = self.look(slug);
            if monitor["status"] == json!(status) {
                return monitor;
            }
            assert!(began.elapsed() < PATIENCE, "`{slug}` is not {status}: {monitor:#}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The events of a monitor, the newest first.
    pub(crate) fn events(&self, slug: &str) -> Vec<Value> {
        let answer = self.api("GET", &format!("/monitors/{slug}/events?limit=100"), None);
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()["events"].as_array().expect("a list").clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One request, wherever it goes.
pub(crate) fn send(
    address: &str,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> std::io::Result<Answer> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut head =
        format!("{method} {target} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if !body.is_empty() || method == "POST" {
        head.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes())?;
    // A receiver may answer before it has read everything.
    let _ = stream.write_all(body);
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    read(&bytes).ok_or_else(|| std::io::Error::other(String::from_utf8_lossy(&bytes).into_owned()))
}

fn read(bytes: &[u8]) -> Option<Answer> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect();
    let chunked = headers.iter().any(|(name, value)| {
        name.eq_ignore_ascii_case("transfer-encoding") && value.contains("chunked")
    });
    let rest = &bytes[end + 4..];
    let body = if chunked { unchunked(rest)? } else { rest.to_vec() };
    Some(Answer { status, headers, body })
}

fn unchunked(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = rest.windows(2).position(|window| window == b"\r\n")?;
        let size =
            usize::from_str_radix(std::str::from_utf8(&rest[..end]).ok()?.trim(), 16).ok()?;
        rest = rest.get(end + 2..)?;
        if size == 0 {
            return Some(body);
        }
        body.extend_from_slice(rest.get(..size)?);
        rest = rest.get(size + 2..)?;
    }
}
