//! How many pings `hb serve` takes and keeps, beside a bare server of the same HTTP library.
//!
//!     cargo bench --bench receive -- target/x86_64-unknown-linux-musl/release/hb [--postgres URL]
//!
//! 64 connections, 1,000 monitors, an answer only after the ping is on the disk. The bare server answers
//! 200 to everything and keeps nothing. Both run in turns, so that a busy machine is busy for both; what
//! counts is their ratio. Then half that rate, spread evenly, without and with 1,000 clients that send half
//! a request and wait; and half that rate in bursts, where all connections send at the same moment. Those last
//! so long that the log of the store is written back several times in each.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark prints what it measured"
)]

mod load;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use load::{Load, Pace, Taken};

const CONNECTIONS: usize = 64;
const MONITORS: usize = 1_000;
const SLOW_CLIENTS: usize = 1_000;
const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_secs(4);
const LATENCY_ROUND: Duration = Duration::from_secs(20);
const FULL: Pace = Pace { rate: None, in_bursts: false };
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
        plain.push(runtime.block_on(load(&bare.address, &pings, FULL, ROUND)).rate());
        kept.push(runtime.block_on(load(&server.address, &pings, FULL, ROUND)).rate());
    }
    let (kept, plain) = (median(kept), median(plain));
    println!("pings per second, {CONNECTIONS} connections, {MONITORS} monitors");
    println!("  bare server        {plain:>9.0}");
    println!("  hb serve, durable  {kept:>9.0}   {:.1} % of the bare server", 100.0 * kept / plain);

    let half = Pace { rate: Some(kept / 2.0), in_bursts: false };
    let latency = |name: &str, pace: Pace| {
        let taken = runtime.block_on(load(&server.address, &pings, pace, LATENCY_ROUND));
        println!("{name:<24} p50 {:>6.2} ms   p99 {:>6.2} ms", taken.at(0.5), taken.at(0.99));
    };
    latency("at half that rate", half);
    latency("the same in bursts", Pace { in_bursts: true, ..half });
    let slow = slow_clients(&server.address);
    latency(&format!("with {SLOW_CLIENTS} slow clients"), half);
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

/// Pings for so long.
async fn load(address: &str, pings: &[String], pace: Pace, lasts: Duration) -> Taken {
    let addresses = vec![address.to_owned()];
    let load = Load { addresses, connections: CONNECTIONS, lasts, pace };
    let pings = pings.to_vec();
    let ping = move |number: u64| {
        let path = &pings[number as usize % pings.len()];
        format!(
            "POST {path} HTTP/1.1\r\nHost: h\r\nUser-Agent: bench\r\nContent-Length: 200\r\n\r\n{:200}",
            "rsync: done"
        )
    };
    load.run(ping).await
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
