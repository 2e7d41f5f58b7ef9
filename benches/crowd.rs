//! What many monitors cost `hb serve` on SQLite: 1,000, 100,000 and 1,000,000 of them.
//!
//!     cargo bench --bench crowd -- target/x86_64-unknown-linux-musl/release/hb [--monitors 1000,1000000]
//!
//! Each crowd has a store of its own, and is copied with SQL from one monitor that the API has made, because a
//! million calls would measure the calls. Told are the time from the start of the program to the first
//! answered ping, memory before and after the work, CPU of the receiver for each ping when all monitors are
//! pinged in turns, and 1,000 others that are missed at the same second: when their alerts arrive at a
//! webhook, and what each of them took. The first crowd is what the others are compared with.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

mod load;
mod served;

use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use load::{Load, Pace};
use served::Served;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const CROWDS: [u64; 3] = [1_000, 100_000, 1_000_000];
const CONNECTIONS: usize = 64;
/// So slow that the receiver is never busy with anything else.
const RATE: f64 = 2_000.0;
const LASTS: Duration = Duration::from_secs(15);
/// Monitors that are missed at the same second.
const MISSED: i64 = 1_000;
/// How long after their deadline alerts are waited for.
const PATIENCE_MS: i64 = 30_000;
/// It has no factor in common with any usual number, so it spreads pings over the table.
const STEP: u64 = 7_919;

/// Whom pings are for, and whom they are not and who are missed: their slug, and the mark in their uuids.
const MANY: (&str, &str) = ("many", "00000000");
const SOON: (&str, &str) = ("soon", "00000001");

/// So many copies of the monitor with this slug.
const FILL: &str = "\
    with recursive numbers(n) as (select 0 union all select n + 1 from numbers where n + 1 < ?2) \
    insert into monitors (project_id, uuid, slug, name, description, owner, tags, rules, filters, \
     channels, priority, source, created_at, updated_at, version, state, status, wake_at, due_at, \
     deadline_at, last_success_at, last_event_at, started_at, event_count, incident_id) \
    select m.project_id, printf('%s-0000-4000-8000-%012x', ?3, n), m.slug || '-' || n, m.name, \
     m.description, m.owner, m.tags, m.rules, m.filters, m.channels, m.priority, m.source, \
     m.created_at, m.updated_at, m.version, m.state, m.status, m.wake_at, m.due_at, m.deadline_at, \
     m.last_success_at, m.last_event_at, m.started_at, m.event_count, m.incident_id \
    from monitors m, numbers where m.slug = ?1";

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let hb = words.first().cloned().unwrap_or_else(|| "target/release/hb".to_owned());
    let crowds = match words.iter().position(|word| word == "--monitors") {
        Some(at) => words[at + 1].split(',').map(|one| one.parse().expect("a number")).collect(),
        None => CROWDS.to_vec(),
    };
    println!(
        "{:>10} {:>9} {:>9} {:>9} {:>8} {:>12} {:>10} {:>11} {:>11} {:>10}",
        "monitors",
        "start",
        "idle",
        "after",
        "pings/s",
        "CPU of ping",
        "ping p99",
        "alerts p50",
        "alerts p99",
        "CPU each"
    );
    for crowd in crowds {
        measure(&hb, crowd);
    }
}

fn measure(hb: &str, crowd: u64) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runs");
    let store = Store::new(crowd);
    let arrivals = Arc::new(Mutex::new(Vec::new()));
    let webhook = runtime.block_on(webhook(Arc::clone(&arrivals)));

    let server = Served::hb(hb, &store.0, None);
    let settings = "\"kind\": \"webhook\", \"allow_private\": true";
    server.make("channels", &format!(r#"{{"name": "hook", "url": "{webhook}", {settings}}}"#));
    let many =
        server.make("monitors", r#"{"slug": "many", "schedule": "every 1d", "grace": "1h"}"#);
    runtime.block_on(ping(&server.address, &many));
    stop(server);
    store.fill(MANY, crowd as i64);

    let server = Served::hb(hb, &store.0, None);
    let soon =
        server.make("monitors", r#"{"slug": "soon", "schedule": "every 1m", "grace": "1s"}"#);
    runtime.block_on(ping(&server.address, &soon));
    stop(server);
    store.fill(SOON, MISSED - 1);
    let deadline = store.deadline();

    let began = Instant::now();
    let server = Served::hb(hb, &store.0, None);
    runtime.block_on(ping(&server.address, &uuid(0)));
    let start = began.elapsed();
    std::thread::sleep(Duration::from_secs(2));
    let idle = server.memory_kib();

    let before = cpu(&server);
    let load = Load {
        addresses: vec![server.address.clone()],
        connections: CONNECTIONS,
        lasts: LASTS,
        pace: Pace { rate: Some(RATE), in_bursts: false },
    };
    let taken = runtime.block_on(load.run(move |number| request(&uuid(number * STEP % crowd))));
    let of_ping = (cpu(&server) - before).as_secs_f64() / taken.count() as f64;

    runtime.block_on(async { tokio::time::sleep(until(deadline - 1_000)).await });
    let before = cpu(&server);
    runtime.block_on(async {
        while arrivals.lock().expect("whole").len() < MISSED as usize {
            assert!(now_ms() < deadline + PATIENCE_MS, "all alerts arrive");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    let of_alert = (cpu(&server) - before).as_secs_f64() / MISSED as f64;
    let mut late: Vec<i64> =
        arrivals.lock().expect("whole").iter().map(|at| at - deadline).collect();
    late.sort_unstable();
    let after = server.memory_kib();
    println!(
        "{crowd:>10} {:>6.0} ms {:>5.1} MiB {:>5.1} MiB {:>8.0} {:>9.0} µs {:>7.1} ms {:>8} ms {:>8} ms {:>7.0} µs",
        start.as_secs_f64() * 1e3,
        idle as f64 / 1024.0,
        after as f64 / 1024.0,
        taken.rate(),
        of_ping * 1e6,
        taken.at(0.99),
        late[late.len() / 2],
        late[late.len() * 99 / 100],
        of_alert * 1e6,
    );
}

/// The directory of a store; it goes with its value.
struct Store(PathBuf);

impl Store {
    fn new(crowd: u64) -> Store {
        Store(std::env::temp_dir().join(format!("hb-crowd-{}-{crowd}", std::process::id())))
    }

    fn open(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.0.join("hb.sqlite")).expect("a store")
    }

    fn fill(&self, (slug, mark): (&str, &str), count: i64) {
        let made = self.open().execute(FILL, (slug, count, mark)).expect("monitors are copied");
        assert_eq!(made as i64, count);
    }

    /// When the monitors that nobody pings again are missed.
    fn deadline(&self) -> i64 {
        let sql = "select deadline_at from monitors where slug = ?1";
        self.open().query_row(sql, [SOON.0], |row| row.get(0)).expect("a deadline")
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn uuid(number: u64) -> String {
    format!("{}-0000-4000-8000-{number:012x}", MANY.1)
}

fn request(uuid: &str) -> String {
    format!("GET /ping/{uuid} HTTP/1.1\r\nHost: h\r\nUser-Agent: bench\r\n\r\n")
}

async fn ping(address: &str, uuid: &str) {
    let mut stream = tokio::net::TcpStream::connect(address).await.expect("connects");
    stream.write_all(request(uuid).as_bytes()).await.expect("writes");
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.expect("reads");
    assert_eq!(answer, *b"HTTP/1.1 200");
}

#[expect(clippy::disallowed_methods, reason = "deadlines are on the wall clock")]
fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock is right");
    i64::try_from(since.as_millis()).expect("a moment")
}

fn until(moment: i64) -> Duration {
    Duration::from_millis(u64::try_from(moment - now_ms()).expect("the deadline is to come"))
}

/// CPU that a server has used, all its threads together.
fn cpu(server: &Served) -> Duration {
    let told = std::fs::read_to_string(format!("/proc/{}/stat", server.child.id()));
    let told = told.expect("it runs");
    let (_, fields) = told.rsplit_once(") ").expect("a name");
    let ticks = fields.split(' ').skip(11).take(2).map(|one| one.parse::<u64>().expect("ticks"));
    Duration::from_millis(10 * ticks.sum::<u64>())
}

/// Asks a server to end, and waits for that.
fn stop(mut server: Served) {
    let asked = Command::new("kill").arg(server.child.id().to_string()).status();
    assert!(asked.is_ok_and(|status| status.success()), "it can be asked to end");
    let _ = server.child.wait();
}

/// Takes what is posted and notes when; gives its address.
async fn webhook(arrivals: Arc<Mutex<Vec<i64>>>) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("listens");
    let address = format!("http://{}/", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(take(stream, Arc::clone(&arrivals)));
        }
    });
    address
}

/// Takes one message after the other.
async fn take(mut stream: tokio::net::TcpStream, arrivals: Arc<Mutex<Vec<i64>>>) -> Option<()> {
    let mut bytes = Vec::new();
    loop {
        while whole(&bytes).is_none() {
            if stream.read_buf(&mut bytes).await.ok()? == 0 {
                return None;
            }
        }
        arrivals.lock().expect("whole").push(now_ms());
        bytes.drain(..whole(&bytes)?);
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await.ok()?;
    }
}

/// How long the first message is, once all of it is there.
fn whole(bytes: &[u8]) -> Option<usize> {
    let text = String::from_utf8_lossy(bytes).to_ascii_lowercase();
    let (head, _) = text.split_once("\r\n\r\n")?;
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    let all = head.len() + 4 + length.unwrap_or(0);
    (bytes.len() >= all).then_some(all)
}
