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
    /// Requests per second of all connections together; without it as fast as answers come.
    pub(crate) rate: Option<f64>,
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
        let pause = self.rate.map(|rate| Duration::from_secs_f64(self.connections as f64 / rate));
        let began = Instant::now();
        let mut connections = tokio::task::JoinSet::new();
        for number in 0..self.connections {
            let address = self.addresses[number % self.addresses.len()].clone();
            connections.spawn(Arc::clone(&one).over(address, pause));
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
    async fn over(self: Arc<Self>, address: String, pause: Option<Duration>) -> Vec<f64> {
        let mut stream = tokio::net::TcpStream::connect(&address).await.expect("connects");
        stream.set_nodelay(true).expect("an option");
        let (mut latencies, mut buffer, mut due) = (Vec::new(), vec![0u8; 4096], Instant::now());
        while !self.stop.load(Ordering::Relaxed) {
            if let Some(pause) = pause {
                due += pause;
                tokio::time::sleep_until(due.into()).await;
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
