//! The connections that come in, each with its limits.
//!
//! A loop of our own instead of the HTTP library's, for one reason: a client that sends half a request
//! and waits must not hold anything for long, and a thousand of them must not keep out a single ping.
//! So greetings and headers have a time, connections have a number that all sockets share, and whoever
//! listens stops when it is told to.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_rustls::server::TlsStream;

use super::certificate::Certificate;
use super::socket::{Accepted, Listener};

/// As long a client may take for its headers, the wait between two requests included.
const HEADER_TIME_MAX: Duration = Duration::from_secs(15);

/// As long a client may take to agree on how to speak TLS.
const HANDSHAKE_TIME_MAX: Duration = Duration::from_secs(10);

/// The first byte of every TLS connection; what begins otherwise is mostly plain HTTP.
const HANDSHAKE_BYTE: u8 = 0x16;

/// What a client hears that speaks plain HTTP where TLS is spoken.
const NO_TLS: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\n\
Content-Length: 39\r\nConnection: close\r\n\r\nthis port speaks https, write https://\n";

/// Bytes of a request's headers at most; more is answered 431.
const HEADER_BYTES_MAX: usize = 16 * 1024;

/// Headers of a request at most; more is answered 431.
const HEADERS_MAX: usize = 100;

/// Connections at most, where the system gives enough descriptors. The next one waits in the
/// system's own queue until one has gone, which the time for headers sees to.
const CONNECTIONS_MAX: u64 = 16_384;

/// Descriptors that are kept for the store, for alerts and for whatever else is opened.
const DESCRIPTORS_KEPT: u64 = 64;

/// After a failed accept (no descriptors left) the loop rests, or it would spin.
const REST_AFTER_FAILURE: Duration = Duration::from_millis(100);

/// As long connections may take to finish what they have begun when hb stops.
const FAREWELL_TIME_MAX: Duration = Duration::from_secs(6);

/// Where the other side of a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Peer {
    /// Its address; none: this host, through a socket in the file system.
    pub(crate) address: Option<IpAddr>,
    /// Whether it speaks TLS with us.
    pub(crate) is_tls: bool,
}

/// What all sockets share.
#[derive(Clone)]
pub(crate) struct Doors {
    room: Arc<Semaphore>,
    certificate: Option<Arc<Certificate>>,
}

impl Doors {
    /// With room for as many connections as this process may have open.
    pub(crate) fn new(certificate: Option<Arc<Certificate>>) -> Doors {
        Doors { room: Arc::new(Semaphore::new(room())), certificate }
    }
}

/// Takes connections until it is told to stop, then lets them finish what they have begun.
pub(crate) async fn serve(
    listener: Listener,
    router: Router,
    doors: Doors,
    mut stop: watch::Receiver<bool>,
) {
    let graceful = GracefulShutdown::new();
    let service = TowerToHyperService::new(router);
    loop {
        let permit = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            permit = Arc::clone(&doors.room).acquire_owned() => permit,
        };
        let Ok(permit) = permit else { break };
        let accepted = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            accepted = listener.accept() => accepted,
        };
        let guest =
            Guest { service: service.clone(), watcher: graceful.watcher(), _permit: permit };
        match (accepted, doors.certificate.as_ref().filter(|_| listener.is_tls)) {
            (Ok(Accepted::Tcp(stream, peer)), certificate) => {
                let _ = stream.set_nodelay(true);
                let peer = Peer { address: Some(peer.ip()), is_tls: certificate.is_some() };
                match certificate {
                    Some(certificate) => {
                        let certificate = Arc::clone(certificate);
                        tokio::spawn(greet(stream, certificate, guest, peer, stop.clone()));
                    }
                    None => drop(tokio::spawn(guest.converse(stream, peer))),
                }
            }
            (Ok(Accepted::Unix(stream)), _) => {
                let peer = Peer { address: None, is_tls: false };
                tokio::spawn(guest.converse(stream, peer));
            }
            // Connections that ended before they were taken, or no descriptors left.
            (Err(_), _) => tokio::time::sleep(REST_AFTER_FAILURE).await,
        }
    }
    listener.close();
    let _ = tokio::time::timeout(FAREWELL_TIME_MAX, graceful.shutdown()).await;
}

/// Connections for which there is room.
fn room() -> usize {
    let limit = nix::sys::resource::getrlimit(nix::sys::resource::Resource::RLIMIT_NOFILE);
    let descriptors = limit.map_or(1024, |(soft, _)| soft);
    let room = descriptors.saturating_sub(DESCRIPTORS_KEPT).clamp(8, CONNECTIONS_MAX);
    usize::try_from(room).unwrap_or(1024)
}

/// Agrees with a client on how to speak TLS, then hears what it has to say.
async fn greet(
    stream: TcpStream,
    certificate: Arc<Certificate>,
    guest: Guest,
    peer: Peer,
    mut stop: watch::Receiver<bool>,
) {
    let greeted = tokio::select! {
        _ = stop.wait_for(|stop| *stop) => return,
        greeted = tokio::time::timeout(HANDSHAKE_TIME_MAX, handshake(stream, &certificate)) => greeted,
    };
    // Whoever is too slow, speaks no TLS or does not like our certificate is none of our errors.
    if let Ok(Ok(Some(stream))) = greeted {
        guest.converse(stream, peer).await;
    }
}

async fn handshake(
    mut stream: TcpStream,
    certificate: &Certificate,
) -> io::Result<Option<TlsStream<TcpStream>>> {
    let mut first = [0; 1];
    if stream.peek(&mut first).await? == 1 && first[0] != HANDSHAKE_BYTE {
        stream.write_all(NO_TLS).await?;
        stream.shutdown().await?;
        return Ok(None);
    }
    certificate.acceptor().accept(stream).await.map(Some)
}

/// A connection's place in here.
struct Guest {
    service: TowerToHyperService<Router>,
    watcher: Watcher,
    _permit: OwnedSemaphorePermit,
}

impl Guest {
    async fn converse(
        self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        peer: Peer,
    ) {
        let service = self.service;
        let with_peer = service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
            request.extensions_mut().insert(peer);
            hyper::service::Service::call(&service, request)
        });
        let connection = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADER_TIME_MAX)
            .max_buf_size(HEADER_BYTES_MAX)
            .max_headers(HEADERS_MAX)
            .half_close(false)
            .serve_connection(TokioIo::new(stream), with_peer);
        // A client that breaks off or speaks no HTTP is none of our errors.
        let _ = self.watcher.watch(connection).await;
    }
}
