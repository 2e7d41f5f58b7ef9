//! Requests over many connections, one after the other on each: as fast as answers come, or at a rate.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// A load for servers.
pub(crate) struct Load {
    /// Where they are; connections are shared out in turns.
    pub(crate) addresses: Vec<String>,
    /// How many connections.
    pub(crate) connections: usize,
    /// For how long.
    pub(crate) lasts: Duration,
    /// When they are sent.
    pub(crate) pace: Pace,
}

/// When requests are sent.
#[derive(Clone, Copy)]
pub(crate) struct Pace {
    /// So many per second of all connections together; without it each as fast as its answers come.
    pub(crate) rate: Option<f64>,
    /// All connections at the same moments, a burst and then nothing, rather than one after the other.
    pub(crate) in_bursts: bool,
}

impl Pace {
    /// When a connection sends first, and how often.
    fn of(self, number: usize, connections: usize) -> Option<(Duration, Duration)> {
        let rate = self.rate?;
        let first = if self.in_bursts { 0.0 } else { number as f64 / rate };
        let pause = connections as f64 / rate;
        Some((Duration::from_secs_f64(first), Duration::from_secs_f64(pause)))
    }
}

/// What came of a load; each of its requests was answered with 200.
pub(crate) struct Taken {
    /// In milliseconds, the shortest first.
    latencies: Vec<f64>,
    elapsed: Duration,
}

impl Taken {
    /// How many were answered.
    pub(crate) fn count(&self) -> u64 {
        self.latencies.len() as u64
    }

    /// How many in a second.
    pub(crate) fn rate(&self) -> f64 {
        self.count() as f64 / self.elapsed.as_secs_f64()
    }

    /// The latency below which this part lies.
    pub(crate) fn at(&self, part: f64) -> f64 {
        self.latencies[((self.latencies.len() - 1) as f64 * part) as usize]
    }
}

impl Load {
    /// Sends what `request` makes of 0, 1, 2 and so on.
    pub(crate) async fn run(
        &self,
        request: impl Fn(u64) -> String + Send + Sync + 'static,
    ) -> Taken {
        let one =
            Arc::new(Requests { request, next: AtomicU64::new(0), stop: AtomicBool::new(false) });
        let began = Instant::now();
        let mut connections = tokio::task::JoinSet::new();
        for number in 0..self.connections {
            let address = self.addresses[number % self.addresses.len()].clone();
            let pace = self.pace.of(number, self.connections);
            connections.spawn(Arc::clone(&one).over(address, pace));
        }
        tokio::time::sleep(self.lasts).await;
        one.stop.store(true, Ordering::Relaxed);
        let mut latencies = Vec::new();
        while let Some(done) = connections.join_next().await {
            latencies.extend(done.expect("a connection ends well"));
        }
        let elapsed = began.elapsed();
        latencies.sort_by(f64::total_cmp);
        Taken { latencies, elapsed }
    }
}

/// What all connections send.
struct Requests<F> {
    request: F,
    next: AtomicU64,
    stop: AtomicBool,
}

impl<F: Fn(u64) -> String> Requests<F> {
    /// One connection: a request, its answer, the next request.
    async fn over(
        self: Arc<Self>,
        address: String,
        pace: Option<(Duration, Duration)>,
    ) -> Vec<f64> {
        let mut stream = tokio::net::TcpStream::connect(&address).await.expect("connects");
        stream.set_nodelay(true).expect("an option");
        let (mut latencies, mut buffer) = (Vec::new(), vec![0u8; 4096]);
        let mut due = Instant::now() + pace.map_or(Duration::ZERO, |(first, _)| first);
        while !self.stop.load(Ordering::Relaxed) {
            if let Some((_, pause)) = pace {
                tokio::time::sleep_until(due.into()).await;
                due += pause;
            }
            let request = (self.request)(self.next.fetch_add(1, Ordering::Relaxed));
            let sent = Instant::now();
            stream.write_all(request.as_bytes()).await.expect("writes");
            answer(&mut stream, &mut buffer).await;
            latencies.push(sent.elapsed().as_secs_f64() * 1000.0);
        }
        latencies
    }
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
