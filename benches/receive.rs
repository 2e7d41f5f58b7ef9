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
mod served;

use std::io::Write;
use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;

use load::{Load, Pace, Taken};
use served::Served;

const CONNECTIONS: usize = 64;
const MONITORS: usize = 1_000;
const SLOW_CLIENTS: usize = 1_000;
const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_secs(4);
const LATENCY_ROUND: Duration = Duration::from_secs(20);
const FULL: Pace = Pace { rate: None, in_bursts: false };

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    if words.first().is_some_and(|word| word == "--bare") {
        return bare();
    }
    let hb = words.first().cloned().unwrap_or_else(|| "target/release/hb".to_owned());
    let database =
        words.iter().position(|word| word == "--postgres").map(|at| words[at + 1].clone());
    let data = std::env::temp_dir().join(format!("hb-bench-{}", std::process::id()));
    let server = Served::hb(&hb, &data, database.as_deref());
    let own = std::env::current_exe().expect("this program has a path");
    let bare = Served::start(Command::new(own).arg("--bare"));
    let pings: Vec<String> = (0..MONITORS).map(|number| monitor(&server, number)).collect();
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

/// Makes a monitor, and gives the path of its ping URL.
fn monitor(server: &Served, number: usize) -> String {
    let body = format!(r#"{{"slug": "m{number}", "schedule": "every 1h", "grace": "10m"}}"#);
    format!("/ping/{}", server.make("monitors", &body))
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
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
