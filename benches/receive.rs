//! How many pings `hb serve` takes and keeps, beside a bare server of the same HTTP library.
//!
//!     cargo bench --bench receive -- target/x86_64-unknown-linux-musl/release/hb [--postgres URL]
//!
//! 64 connections, 1,000 monitors, an answer only after the ping is on the disk. The bare server answers
//! 200 to everything and keeps nothing. Both run in turns, so that a busy machine is busy for both; what
//! counts is their ratio. Then the same at half the rate, with and without 1,000 clients that send
//! half a request and wait.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark prints what it measured"
)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};

const CONNECTIONS: usize = 64;
const MONITORS: usize = 1_000;
const SLOW_CLIENTS: usize = 1_000;
const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_secs(4);
const API_KEY: &str = "hbw_0123456789012345678901234567";
const PING_KEY: &str = "ping-key-of-the-bench-0";

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    if words.first().is_some_and(|word| word == "--bare") {
        return bare();
    }
    let hb = words.first().cloned().unwrap_or_else(|| "target/release/hb".to_owned());
    let database =
        words.iter().position(|word| word == "--postgres").map(|at| words[at + 1].clone());
    let data = std::env::temp_dir().join(format!("hb-bench-{}", std::process::id()));
    let server = Running::hb(&hb, &data, database.as_deref());
    let bare = Running::bare();
    let pings: Vec<String> = (0..MONITORS).map(|number| server.monitor(number)).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runs");

    let (mut kept, mut plain) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        plain.push(runtime.block_on(load(&bare.address, &pings, None)).rate());
        kept.push(runtime.block_on(load(&server.address, &pings, None)).rate());
    }
    let (kept, plain) = (median(kept), median(plain));
    println!("pings per second, {CONNECTIONS} connections, {MONITORS} monitors");
    println!("  bare server        {plain:>9.0}");
    println!("  hb serve, durable  {kept:>9.0}   {:.1} % of the bare server", 100.0 * kept / plain);

    let calm = runtime.block_on(load(&server.address, &pings, Some(kept / 2.0)));
    println!("at half that rate    p50 {:>6.2} ms   p99 {:>6.2} ms", calm.at(0.5), calm.at(0.99));
    let slow = slow_clients(&server.address);
    let beside = runtime.block_on(load(&server.address, &pings, Some(kept / 2.0)));
    println!(
        "with {SLOW_CLIENTS} slow clients p50 {:>6.2} ms   p99 {:>6.2} ms",
        beside.at(0.5),
        beside.at(0.99)
    );
    drop(slow);
    println!("memory of hb serve   {:>6} KiB", server.memory_kib());
    drop(server);
    let _ = std::fs::remove_dir_all(data);
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

/// A server in a process of its own.
struct Running {
    child: Child,
    address: String,
}

impl Running {
    fn hb(hb: &str, data: &std::path::Path, database: Option<&str>) -> Running {
        let mut command = Command::new(hb);
        command.args(["serve", "--listen", "127.0.0.1:0"]);
        command.env("HB_DATA_DIR", data).env("HB_API_KEY", API_KEY).env("HB_PING_KEY", PING_KEY);
        command.envs(database.map(|url| ("HB_DATABASE", url)));
        Running::start(&mut command)
    }

    fn bare() -> Running {
        let own = std::env::current_exe().expect("this program has a path");
        Running::start(Command::new(own).arg("--bare"))
    }

    fn start(command: &mut Command) -> Running {
        let mut child = command.stderr(Stdio::piped()).spawn().expect("the server starts");
        let mut lines = BufReader::new(child.stderr.take().expect("stderr is piped")).lines();
        let address = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix("listening on http://").map(str::to_owned))
            .expect("the server listens");
        std::thread::spawn(move || lines.for_each(drop));
        Running { child, address }
    }

    /// Makes a monitor, and gives the path of its ping URL.
    fn monitor(&self, number: usize) -> String {
        let body = format!(r#"{{"slug": "m{number}", "schedule": "every 1h", "grace": "10m"}}"#);
        let request = format!(
            "POST /api/hb/v1/monitors HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {API_KEY}\r\n\
             Connection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut stream = TcpStream::connect(&self.address).expect("connects");
        stream.write_all(request.as_bytes()).expect("writes");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("reads");
        let (_, body) = answer.split_once("\r\n\r\n").expect("an answer");
        let made: serde_json::Value = serde_json::from_str(body).expect("JSON");
        format!("/ping/{}", made["id"].as_str().expect("an id"))
    }

    fn memory_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.unwrap_or_default();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
        line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).unwrap_or(0)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What came of a load.
struct Taken {
    latencies_ms: Vec<f64>,
    elapsed: Duration,
}

impl Taken {
    fn rate(&self) -> f64 {
        self.latencies_ms.len() as f64 / self.elapsed.as_secs_f64()
    }

    /// The latency below which this part lies.
    fn at(&self, part: f64) -> f64 {
        let mut sorted = self.latencies_ms.clone();
        sorted.sort_by(f64::total_cmp);
        sorted[((sorted.len() - 1) as f64 * part) as usize]
    }
}

/// Pings for one round, as fast as answers come or at a rate.
async fn load(address: &str, pings: &[String], rate: Option<f64>) -> Taken {
    let stop = Arc::new(AtomicBool::new(false));
    let next = Arc::new(AtomicU64::new(0));
    let began = Instant::now();
    let pause = rate.map(|rate| Duration::from_secs_f64(CONNECTIONS as f64 / rate));
    let mut connections = tokio::task::JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (address, pings) = (address.to_owned(), pings.to_vec());
        connections.spawn(one(address, pings, Arc::clone(&stop), Arc::clone(&next), pause));
    }
    tokio::time::sleep(ROUND).await;
    stop.store(true, Ordering::Relaxed);
    let mut latencies_ms = Vec::new();
    while let Some(done) = connections.join_next().await {
        latencies_ms.extend(done.expect("a connection ends well"));
    }
    Taken { latencies_ms, elapsed: began.elapsed() }
}

/// One connection: a ping, its answer, the next ping.
async fn one(
    address: String,
    pings: Vec<String>,
    stop: Arc<AtomicBool>,
    next: Arc<AtomicU64>,
    pause: Option<Duration>,
) -> Vec<f64> {
    let mut stream = tokio::net::TcpStream::connect(&address).await.expect("connects");
    stream.set_nodelay(true).expect("an option");
    let mut latencies = Vec::new();
    let mut buffer = vec![0u8; 4096];
    let mut due = Instant::now();
    while !stop.load(Ordering::Relaxed) {
        if let Some(pause) = pause {
            due += pause;
            tokio::time::sleep_until(due.into()).await;
        }
        let number = next.fetch_add(1, Ordering::Relaxed) as usize;
        let path = &pings[number % pings.len()];
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: h\r\nUser-Agent: bench\r\nContent-Length: 200\r\n\r\n{:200}",
            "rsync: done"
        );
        let sent = Instant::now();
        stream.write_all(request.as_bytes()).await.expect("writes");
        answer(&mut stream, &mut buffer).await;
        latencies.push(sent.elapsed().as_secs_f64() * 1000.0);
    }
    latencies
}

/// Reads one answer to its end; all of them are short.
async fn answer(stream: &mut tokio::net::TcpStream, buffer: &mut [u8]) {
    let mut filled = 0;
    loop {
        let read = stream.read(&mut buffer[filled..]).await.expect("reads");
        assert!(read > 0, "the server has closed the connection");
        filled += read;
        let text = std::str::from_utf8(&buffer[..filled]).expect("text");
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        let length = head.lines().find_map(|line| {
            line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok()
        });
        if body.len() >= length.unwrap_or(0) {
            return;
        }
    }
}

/// Clients that send half a request and wait; one that was dropped comes again.
fn slow_clients(address: &str) -> Vec<TcpStream> {
    (0..SLOW_CLIENTS)
        .filter_map(|_| {
            let mut stream = TcpStream::connect(address).ok()?;
            stream.write_all(b"POST /ping/half HTTP/1.1\r\nHost: h\r\nContent-Le").ok()?;
            Some(stream)
        })
        .collect()
}

/// Answers 200 to everything and keeps nothing.
fn bare() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("runs");
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("listens");
        eprintln!("listening on http://{}", listener.local_addr().expect("an address"));
        let router = axum::Router::new().fallback(|_: axum::body::Bytes| async { "OK" });
        axum::serve(listener, router).await.expect("serves");
    });
}
