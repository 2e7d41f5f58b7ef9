//! Sockets, and the connections that come in through them.
//!
//! A loop of our own instead of the HTTP library's, for one reason: a client that sends half a request
//! and waits must not hold anything for long, and a thousand of them must not keep out a single ping.
//! So headers have a time, connections have a number, and whoever listens stops when it is told to.

use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

/// As long a client may take for its headers, the wait between two requests included.
const HEADER_TIME_MAX: Duration = Duration::from_secs(15);

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
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Peer {
    /// An address.
    Address(SocketAddr),
    /// This host, through a socket in the file system.
    Local,
}

/// A socket that takes connections.
pub(crate) enum Listener {
    /// TCP.
    Tcp(TcpListener),
    /// A socket in the file system, and the file to take away at the end.
    Unix(UnixListener, Option<PathBuf>),
}

impl Listener {
    /// Opens what a person wrote: `127.0.0.1:8787`, `[::]:80`, `localhost:0`, `unix:/run/hb.sock`.
    pub(crate) async fn open(address: &str) -> io::Result<Listener> {
        let path = address.strip_prefix("unix:").or(address.starts_with('/').then_some(address));
        match path {
            Some(path) => open_unix(Path::new(path)),
            None => Ok(Listener::Tcp(TcpListener::bind(address).await?)),
        }
    }

    /// Takes over a socket that the service manager has opened.
    pub(crate) fn taken_over(socket: OwnedFd) -> io::Result<Listener> {
        let tcp = std::net::TcpListener::from(socket);
        // A socket in the file system has no internet address; asking for one tells them apart.
        if tcp.local_addr().is_ok() {
            tcp.set_nonblocking(true)?;
            return Ok(Listener::Tcp(TcpListener::from_std(tcp)?));
        }
        let unix = std::os::unix::net::UnixListener::from(OwnedFd::from(tcp));
        unix.set_nonblocking(true)?;
        Ok(Listener::Unix(UnixListener::from_std(unix)?, None))
    }

    /// The address as a URL.
    pub(crate) fn url(&self) -> String {
        match self {
            Listener::Tcp(listener) => match listener.local_addr() {
                Ok(address) => format!("http://{address}"),
                Err(_) => "http://".to_owned(),
            },
            Listener::Unix(_, Some(path)) => format!("unix:{}", path.display()),
            Listener::Unix(_, None) => "unix:".to_owned(),
        }
    }
}

fn open_unix(path: &Path) -> io::Result<Listener> {
    // A socket that was left behind by a killed server refuses connections; only then it is ours to
    // take away. A file that is no socket stays, and the bind says that it is there.
    let refused = std::os::unix::net::UnixStream::connect(path)
        .is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused);
    if refused {
        std::fs::remove_file(path)?;
    }
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o660))?;
    Ok(Listener::Unix(listener, Some(path.to_owned())))
}

/// Takes connections until it is told to stop, then lets them finish what they have begun.
pub(crate) async fn serve(listener: Listener, router: Router, mut stop: watch::Receiver<bool>) {
    let room = Arc::new(Semaphore::new(room()));
    let graceful = GracefulShutdown::new();
    let service = TowerToHyperService::new(router);
    loop {
        let permit = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            permit = Arc::clone(&room).acquire_owned() => permit,
        };
        let Ok(permit) = permit else { break };
        let accepted = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            accepted = accept(&listener) => accepted,
        };
        match accepted {
            Ok(Accepted::Tcp(stream, peer)) => {
                let _ = stream.set_nodelay(true);
                converse(stream, Peer::Address(peer), &service, &graceful, permit);
            }
            Ok(Accepted::Unix(stream)) => {
                converse(stream, Peer::Local, &service, &graceful, permit);
            }
            // Connections that ended before they were taken, or no descriptors left.
            Err(_) => tokio::time::sleep(REST_AFTER_FAILURE).await,
        }
    }
    let path = match listener {
        Listener::Unix(_, path) => path,
        Listener::Tcp(_) => None,
    };
    let _ = path.map(std::fs::remove_file);
    let _ = tokio::time::timeout(FAREWELL_TIME_MAX, graceful.shutdown()).await;
}

/// Connections for which there is room.
fn room() -> usize {
    let limit = nix::sys::resource::getrlimit(nix::sys::resource::Resource::RLIMIT_NOFILE);
    let descriptors = limit.map_or(1024, |(soft, _)| soft);
    let room = descriptors.saturating_sub(DESCRIPTORS_KEPT).clamp(8, CONNECTIONS_MAX);
    usize::try_from(room).unwrap_or(1024)
}

enum Accepted {
    Tcp(tokio::net::TcpStream, SocketAddr),
    Unix(tokio::net::UnixStream),
}

async fn accept(listener: &Listener) -> io::Result<Accepted> {
    match listener {
        Listener::Tcp(listener) => {
            listener.accept().await.map(|(stream, peer)| Accepted::Tcp(stream, peer))
        }
        Listener::Unix(listener, _) => {
            listener.accept().await.map(|(stream, _)| Accepted::Unix(stream))
        }
    }
}

fn converse(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    peer: Peer,
    service: &TowerToHyperService<Router>,
    graceful: &GracefulShutdown,
    permit: OwnedSemaphorePermit,
) {
    let service = service.clone();
    let with_peer = service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(peer.clone());
        hyper::service::Service::call(&service, request)
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIME_MAX)
        .max_buf_size(HEADER_BYTES_MAX)
        .max_headers(HEADERS_MAX)
        .half_close(false)
        .serve_connection(TokioIo::new(stream), with_peer);
    let connection = graceful.watch(connection);
    tokio::spawn(async move {
        // A client that breaks off or speaks no HTTP is none of our errors.
        let _ = connection.await;
        drop(permit);
    });
}
