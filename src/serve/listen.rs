//! The connections that come in, each with its limits.
//!
//! A loop of our own instead of the HTTP library's, for one reason: a client that sends half a request
//! and waits must not hold anything for long, and a thousand of them must not keep out a single ping.
//! So greetings and headers have a time, and so has an answer that nobody reads; connections have a number
//! that all sockets share, of which one address gets only a part; and whoever listens stops when it is told
//! to.

use std::io::{self, Write};
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
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

use super::app::App;
use super::certificate::Certificate;
use super::crowd::{Crowd, Seat};
use super::explained::Explained;
use super::patient::{Patient, WRITE_TIME_MAX};
use super::socket::{Accepted, Listener};
use crate::sys::descriptors;

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

/// Connections from one address at most, and not more than a quarter of all; the next one is answered 503
/// and closed. An office behind one address has room, for pings are short; a proxy that we know has all.
const CONNECTIONS_PER_ADDRESS_MAX: usize = 256;

/// What one hears for whom there is no room any more.
const CROWDED: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\n\
Content-Length: 38\r\nRetry-After: 5\r\nConnection: close\r\n\r\ntoo many connections from one address\n";

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
    crowd: Arc<Crowd>,
    app: Arc<App>,
    certificate: Option<Arc<Certificate>>,
}

impl Doors {
    /// With room for as many connections as this process may have open.
    pub(crate) fn new(app: &Arc<App>, certificate: Option<Arc<Certificate>>) -> Doors {
        let room = room();
        let crowd = Crowd::new((room / 4).clamp(1, CONNECTIONS_PER_ADDRESS_MAX));
        Doors { room: Arc::new(Semaphore::new(room)), crowd, app: Arc::clone(app), certificate }
    }

    /// Whether there is room for one more from this address, and the seat that it takes; a proxy that we
    /// know brings everybody, and takes none.
    fn seat(&self, address: IpAddr) -> Result<Option<Seat>, Crowded> {
        if self.app.proxies().knows(Some(address)) {
            return Ok(None);
        }
        self.crowd.enter(address).map(Some).ok_or(Crowded)
    }
}

/// Enough connections come from an address.
struct Crowded;

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
        let seat = match &accepted {
            Ok(Accepted::Tcp(_, peer)) => doors.seat(peer.ip()),
            Ok(Accepted::Unix(_)) | Err(_) => Ok(None),
        };
        let (service, watcher) = (service.clone(), graceful.watcher());
        let Ok(seat) = seat else {
            turn_away(accepted);
            continue;
        };
        let guest = Guest { service, watcher, _permit: permit, _seat: seat };
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

/// Lets this process have as many connections as it takes at most, where the system allows it.
pub(crate) fn make_room() {
    descriptors::raise_limit(CONNECTIONS_MAX + DESCRIPTORS_KEPT);
}

/// Says in the clear that there is no room, for whom that can be read; nobody waits for it to be heard.
fn turn_away(accepted: io::Result<Accepted>) {
    if let Ok(Accepted::Tcp(stream, _)) = accepted
        && let Ok(mut stream) = stream.into_std()
    {
        let _ = stream.write(CROWDED);
    }
}

/// Connections for which there is room.
fn room() -> usize {
    let room = descriptors::limit().saturating_sub(DESCRIPTORS_KEPT).clamp(8, CONNECTIONS_MAX);
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
    _seat: Option<Seat>,
}

impl Guest {
    async fn converse(
        self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        peer: Peer,
    ) {
        let service = self.service;
        let has_answered = Arc::new(AtomicBool::new(false));
        let patient = Patient::new(stream, WRITE_TIME_MAX);
        let stream = Explained::new(patient, Arc::clone(&has_answered));
        let with_peer = service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
            request.extensions_mut().insert(peer);
            let answering = hyper::service::Service::call(&service, request);
            let has_answered = Arc::clone(&has_answered);
            async move {
                let answer = answering.await;
                has_answered.store(true, Ordering::Relaxed);
                answer
            }
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
