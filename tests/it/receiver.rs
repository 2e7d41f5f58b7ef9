//! A heartbeat server that does what a test tells it: the good, the broken and the hostile one.
//!
//! Plain threads on a port (or a socket) that the kernel chose. Every connection takes the next step
//! of the script, the last one for ever, and carries one request. What arrives whole is written
//! down, but for starts, which come only when a job takes long enough. Nothing in here outlives the
//! receiver: connections that are held are dropped with it.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A check's UUID, as it stands in ping URLs.
pub(crate) const UUID: &str = "7c8f0a5e-1f2b-4c3d-8e9f-0a1b2c3d4e5f";

/// What is done with one connection.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Reads the request and answers 200.
    Ok,
    /// Reads the request and answers this, with these headers.
    Status(u16, Vec<(&'static str, String)>),
    /// Closes the connection before reading, which resets it.
    Reset,
    /// Reads the request and closes without an answer.
    Lost,
    /// Reads the request and never answers.
    HalfOpen,
    /// Never reads.
    BlackHole,
    /// Answers 200 by one byte per interval.
    Slow(Duration),
    /// Answers 200 with a body that never ends.
    Huge,
    /// Answers with header lines that never end.
    EndlessHeaders,
    /// Answers this once the test lets it.
    Held(u16, Arc<AtomicBool>),
    /// Answers these bytes, whatever they are.
    Raw(Vec<u8>),
    /// The same, and stays connected.
    RawAndHeld(Vec<u8>),
}

/// An answer with this status and no headers.
pub(crate) fn status(code: u16) -> Step {
    Step::Status(code, Vec::new())
}

/// An answer with this status and one header.
pub(crate) fn with_header(code: u16, name: &'static str, value: impl Into<String>) -> Step {
    Step::Status(code, vec![(name, value.into())])
}

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// As on the first line: a path with its query, or a whole URL at a proxy.
    pub(crate) target: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// When its last byte had come.
    pub(crate) at: Instant,
}

impl Request {
    /// The path without the query.
    pub(crate) fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// The run id.
    pub(crate) fn rid(&self) -> &str {
        self.target.split("rid=").nth(1).unwrap_or_default()
    }

    /// What stands behind the check's UUID: `start`, `fail`, an exit code, or nothing.
    pub(crate) fn word(&self) -> &str {
        self.path().split(UUID).nth(1).unwrap_or_default().trim_start_matches('/')
    }

    /// One header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

struct Shared {
    script: Mutex<Vec<Step>>,
    taken: AtomicUsize,
    requests: Mutex<Vec<Request>>,
    held: Mutex<Vec<Box<dyn Connection>>>,
    closing: AtomicBool,
    hears_starts: AtomicBool,
}

/// The receiver.
pub(crate) struct FakeReceiver {
    place: Place,
    shared: Arc<Shared>,
}

enum Place {
    Port(SocketAddr, &'static str),
    Socket(std::path::PathBuf),
}

trait Connection: Read + Write + Send {}
impl<T: Read + Write + Send> Connection for T {}

impl FakeReceiver {
    /// A receiver on a free port that follows a script.
    pub(crate) fn new(script: &[Step]) -> FakeReceiver {
        FakeReceiver::on_port("127.0.0.1", script, None)
    }

    /// The same on another address of this host.
    pub(crate) fn at(address: &str, script: &[Step]) -> FakeReceiver {
        FakeReceiver::on_port(address, script, None)
    }

    /// A receiver that does the same with every connection.
    pub(crate) fn always(step: &Step) -> FakeReceiver {
        FakeReceiver::new(std::slice::from_ref(step))
    }

    /// A receiver that speaks TLS.
    pub(crate) fn tls(script: &[Step], config: Arc<ServerConfig>) -> FakeReceiver {
        FakeReceiver::on_port("127.0.0.1", script, Some(config))
    }

    fn on_port(address: &str, script: &[Step], tls: Option<Arc<ServerConfig>>) -> FakeReceiver {
        let listener = TcpListener::bind((address, 0)).expect("a free port");
        let scheme = if tls.is_some() { "https" } else { "http" };
        let (place, shared) = (listener.local_addr().expect("an address"), Shared::new(script));
        let of_thread = shared.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if of_thread.closing.load(Ordering::SeqCst) {
                    return;
                }
                let tls = tls.clone();
                let shared = of_thread.clone();
                std::thread::spawn(move || match tls {
                    None if shared.is_hidden(&first_bytes(&stream)) => {
                        shared.serve(Box::new(stream), &Step::Ok);
                    }
                    None => shared.clone().serve(Box::new(stream), &shared.next()),
                    Some(config) => {
                        let session = ServerConnection::new(config).expect("a TLS session");
                        let stream = StreamOwned::new(session, stream);
                        shared.clone().serve(Box::new(stream), &shared.next());
                    }
                });
            }
        });
        FakeReceiver { place: Place::Port(place, scheme), shared }
    }

    /// A receiver behind a Unix socket.
    pub(crate) fn socket(path: &Path, script: &[Step]) -> FakeReceiver {
        let listener = UnixListener::bind(path).expect("a socket");
        let shared = Shared::new(script);
        let of_thread = shared.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if of_thread.closing.load(Ordering::SeqCst) {
                    return;
                }
                let shared = of_thread.clone();
                std::thread::spawn(move || {
                    shared.clone().serve(Box::new(stream), &shared.next());
                });
            }
        });
        FakeReceiver { place: Place::Socket(path.to_owned()), shared }
    }

    /// From now on starts count like everything else. Without this they are answered and forgotten:
    /// on a busy machine the shortest job can take long enough to be worth one.
    pub(crate) fn hearing_starts(self) -> FakeReceiver {
        self.shared.hears_starts.store(true, Ordering::SeqCst);
        self
    }

    /// Forgets what has arrived, and goes on with another script.
    pub(crate) fn go_on(&self, script: &[Step]) {
        self.go_on_with(script);
        self.shared.requests.lock().expect("no panic").clear();
    }

    /// Goes on with another script and forgets nothing that was taken.
    pub(crate) fn go_on_with(&self, script: &[Step]) {
        *self.shared.script.lock().expect("no panic") = reversed(script);
        self.shared.taken.store(0, Ordering::SeqCst);
    }

    /// Host and port.
    pub(crate) fn host(&self) -> String {
        match &self.place {
            Place::Port(address, _) => address.to_string(),
            Place::Socket(_) => "localhost".to_owned(),
        }
    }

    /// A URL below this receiver.
    pub(crate) fn url(&self, path: &str) -> String {
        match &self.place {
            Place::Port(address, scheme) => format!("{scheme}://{address}{path}"),
            Place::Socket(socket) => format!("unix:{}:{path}", socket.display()),
        }
    }

    /// The ping URL of a check.
    pub(crate) fn ping_url(&self) -> String {
        self.url(&format!("/ping/{UUID}"))
    }

    /// Connections so far.
    pub(crate) fn connections(&self) -> usize {
        self.shared.taken.load(Ordering::SeqCst)
    }

    /// Everything that has arrived whole.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.shared.requests.lock().expect("no panic").clone()
    }

    /// The words of everything that has arrived.
    pub(crate) fn words(&self) -> Vec<String> {
        self.requests().iter().map(|request| request.word().to_owned()).collect()
    }

    /// The only request.
    pub(crate) fn only(&self) -> Request {
        let requests = self.requests();
        assert_eq!(requests.len(), 1, "{requests:?}");
        requests[0].clone()
    }
}

impl Drop for FakeReceiver {
    fn drop(&mut self) {
        self.shared.closing.store(true, Ordering::SeqCst);
        match &self.place {
            Place::Port(address, _) => drop(TcpStream::connect(address)),
            Place::Socket(path) => drop(UnixStream::connect(path)),
        }
        self.shared.held.lock().expect("no panic").clear();
    }
}

/// The first step last, so that it can be popped.
fn reversed(script: &[Step]) -> Vec<Step> {
    script.iter().rev().cloned().collect()
}

impl Shared {
    fn new(script: &[Step]) -> Arc<Shared> {
        Arc::new(Shared {
            script: Mutex::new(reversed(script)),
            taken: AtomicUsize::new(0),
            requests: Mutex::new(Vec::new()),
            held: Mutex::new(Vec::new()),
            closing: AtomicBool::new(false),
            hears_starts: AtomicBool::new(false),
        })
    }

    /// The step of the next connection.
    fn next(&self) -> Step {
        self.taken.fetch_add(1, Ordering::SeqCst);
        let mut script = self.script.lock().expect("no panic");
        let last = script.last().cloned().expect("a script has a step");
        if script.len() > 1 {
            script.pop();
        }
        last
    }

    /// Whether a request that begins like this is a start that nobody wants to see.
    fn is_hidden(&self, head: &[u8]) -> bool {
        let line = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
        !self.hears_starts.load(Ordering::SeqCst)
            && String::from_utf8_lossy(line).contains("/start?rid=")
    }

    fn serve(&self, mut stream: Box<dyn Connection>, step: &Step) {
        match step {
            Step::Reset => return,
            Step::BlackHole => return self.hold(stream),
            _ => {}
        }
        let Some(request) = read(&mut *stream) else { return };
        if !self.is_hidden(request.target.as_bytes()) {
            self.requests.lock().expect("no panic").push(request);
        }
        let _ = self.answer(&mut *stream, step);
        if let Step::HalfOpen | Step::RawAndHeld(_) = step {
            self.hold(stream);
        }
    }

    fn hold(&self, stream: Box<dyn Connection>) {
        self.held.lock().expect("no panic").push(stream);
    }

    fn answer(&self, out: &mut dyn Connection, step: &Step) -> std::io::Result<()> {
        let fine = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nOK";
        match step {
            Step::Ok => out.write_all(fine.as_bytes())?,
            Step::Status(code, headers) => {
                let headers: String =
                    headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
                let end = "Content-Length: 1\r\nConnection: close\r\n\r\nx";
                write!(out, "HTTP/1.1 {code} Said\r\n{headers}{end}")?;
            }
            Step::Slow(interval) => {
                for byte in fine.bytes() {
                    out.write_all(&[byte])?;
                    out.flush()?;
                    self.pause(*interval)?;
                }
            }
            Step::Huge => {
                out.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")?;
                loop {
                    out.write_all(&[b'A'; 64 * 1024])?;
                    self.pause(Duration::ZERO)?;
                }
            }
            Step::EndlessHeaders => {
                out.write_all(b"HTTP/1.1 200 OK\r\n")?;
                loop {
                    out.write_all(format!("X-Pad: {}\r\n", "a".repeat(500)).as_bytes())?;
                    self.pause(Duration::from_micros(100))?;
                }
            }
            Step::Held(code, free) => {
                while !free.load(Ordering::SeqCst) {
                    self.pause(Duration::from_millis(5))?;
                }
                self.answer(out, &status(*code))?;
            }
            Step::Raw(bytes) | Step::RawAndHeld(bytes) => out.write_all(bytes)?,
            Step::Lost | Step::HalfOpen | Step::BlackHole | Step::Reset => {}
        }
        out.flush()
    }

    fn pause(&self, interval: Duration) -> std::io::Result<()> {
        std::thread::sleep(interval);
        if self.closing.load(Ordering::SeqCst) {
            return Err(std::io::Error::other("the receiver is going"));
        }
        Ok(())
    }
}

/// The first bytes of a connection, which stay to be read. A connection that is closed with unread
/// bytes in it is reset by the kernel.
fn first_bytes(stream: &TcpStream) -> Vec<u8> {
    let mut bytes = [0; 512];
    let count = stream.peek(&mut bytes).unwrap_or(0);
    bytes[..count].to_vec()
}

/// One request with its body; none when it does not come whole.
fn read(stream: &mut dyn Connection) -> Option<Request> {
    let mut head = Vec::new();
    let mut byte = [0u8];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let mut lines = head.lines();
    let mut first = lines.next()?.split(' ');
    let (method, target) = (first.next()?.to_owned(), first.next()?.to_owned());
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let mut body = vec![0; length.map_or(0, |(_, value)| value.parse().unwrap_or(0))];
    stream.read_exact(&mut body).ok()?;
    Some(Request { method, target, headers, body, at: Instant::now() })
}
