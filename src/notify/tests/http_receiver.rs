//! An HTTP service that does what a test tells it, on a port that the kernel chose.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// What is done with one connection, once its request has come.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    /// These bytes, then the end.
    Bytes(Vec<u8>),
    /// The first bytes, then the others for ever.
    Endless(Vec<u8>, Vec<u8>),
    /// Nothing, and the connection stays open.
    Nothing,
}

/// An answer with this status, these header lines and this body.
pub(super) fn answer(status: u16, headers: &str, body: &str) -> Answer {
    let text = format!(
        "HTTP/1.1 {status} X\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    Answer::Bytes(text.into_bytes())
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    /// Method and target: `POST /x?y=z`.
    pub(super) line: String,
    /// Names in lower case; the values byte by byte.
    pub(super) headers: Vec<(String, Vec<u8>)>,
    /// The body.
    pub(super) body: Vec<u8>,
}

impl Seen {
    pub(super) fn header(&self, name: &str) -> Option<String> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.iter().map(|byte| char::from(*byte)).collect())
    }
}

/// The service.
pub(super) struct HttpReceiver {
    /// `127.0.0.1:40123`.
    pub(super) address: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    connections: Arc<AtomicUsize>,
}

impl HttpReceiver {
    /// One that answers so, the last answer for ever.
    pub(super) fn new(answers: &[Answer]) -> HttpReceiver {
        HttpReceiver::at(super::OUTSIDE, answers)
    }

    /// The same on another address of this host.
    pub(super) fn at(ip: &str, answers: &[Answer]) -> HttpReceiver {
        let listener = TcpListener::bind((ip, 0)).expect("a free port");
        let address = listener.local_addr().expect("an address").to_string();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (answers, of_thread) = (answers.to_vec(), seen.clone());
        std::thread::spawn(move || {
            for (number, stream) in listener.incoming().flatten().enumerate() {
                let answer = answers[number.min(answers.len() - 1)].clone();
                let seen = of_thread.clone();
                std::thread::spawn(move || serve(stream, &answer, &seen));
            }
        });
        HttpReceiver { address, seen, connections: Arc::default() }
    }

    /// One that answers every request of a connection.
    pub(super) fn keeping() -> HttpReceiver {
        HttpReceiver::conversing(|_| true)
    }

    /// One that answers the first request of a connection, reads the second, and closes without a word.
    pub(super) fn closing_late() -> HttpReceiver {
        HttpReceiver::conversing(|request| request == 0)
    }

    fn conversing(answers: fn(usize) -> bool) -> HttpReceiver {
        let listener = TcpListener::bind((super::OUTSIDE, 0)).expect("a free port");
        let address = listener.local_addr().expect("an address").to_string();
        let (seen, connections) = (Arc::new(Mutex::new(Vec::new())), Arc::default());
        let receiver = HttpReceiver { address, seen, connections };
        let (seen, connections) = (receiver.seen.clone(), receiver.connections.clone());
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                connections.fetch_add(1, Ordering::Relaxed);
                let seen = seen.clone();
                std::thread::spawn(move || {
                    for request in 0.. {
                        match read(&mut stream) {
                            Some(found) if answers(request) => seen.lock().unwrap().push(found),
                            Some(_) | None => return,
                        }
                        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
                    }
                });
            }
        });
        receiver
    }

    pub(super) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(super) fn port(&self) -> &str {
        self.address.rsplit(':').next().unwrap()
    }

    pub(super) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub(super) fn only(&self) -> Seen {
        let mut seen = self.seen();
        assert_eq!(seen.len(), 1, "{seen:?}");
        seen.remove(0)
    }
}

fn serve(mut stream: TcpStream, answer: &Answer, seen: &Mutex<Vec<Seen>>) {
    let Some(request) = read(&mut stream) else { return };
    seen.lock().unwrap().push(request);
    match answer {
        Answer::Bytes(bytes) => {
            let _ = stream.write_all(bytes);
        }
        Answer::Endless(first, more) => {
            let _ = stream.write_all(first);
            while stream.write_all(more).is_ok() {}
        }
        // The other side gives up first.
        Answer::Nothing => while matches!(stream.read(&mut [0; 64]), Ok(1..)) {},
    }
}

fn read(stream: &mut TcpStream) -> Option<Seen> {
    let (mut bytes, mut chunk) = (Vec::new(), [0; 4096]);
    let head = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break bytes.drain(..end + 4).collect::<Vec<u8>>();
        }
        match stream.read(&mut chunk).ok()? {
            0 => return None,
            length => bytes.extend_from_slice(&chunk[..length]),
        }
    };
    let mut lines =
        head.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let line = String::from_utf8_lossy(lines.next()?).replace(" HTTP/1.1", "");
    let headers: Vec<(String, Vec<u8>)> = lines
        .filter_map(|line| {
            let colon = line.iter().position(|byte| *byte == b':')?;
            let name = String::from_utf8_lossy(&line[..colon]).to_lowercase();
            Some((name, line[colon + 1..].trim_ascii().to_vec()))
        })
        .collect();
    let mut seen = Seen { line, headers, body: bytes };
    let length = seen.header("content-length").map_or(0, |length| length.parse().unwrap_or(0));
    while seen.body.len() < length {
        match stream.read(&mut chunk).ok()? {
            0 => return None,
            length => seen.body.extend_from_slice(&chunk[..length]),
        }
    }
    Some(seen)
}
