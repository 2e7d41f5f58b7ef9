//! Sockets that take connections: addresses, files, and what the service manager has opened.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

/// Who may use a socket in the file system: its owner and its group, such as a proxy's.
const SOCKET_MODE: u32 = 0o660;

/// A socket that takes connections.
pub(crate) struct Listener {
    socket: Socket,
    /// Whether TLS is spoken through it.
    pub(crate) is_tls: bool,
}

enum Socket {
    /// TCP.
    Tcp(TcpListener),
    /// A socket in the file system, and the file to take away at the end.
    Unix(UnixListener, Option<PathBuf>),
}

/// A connection that has come in.
pub(crate) enum Accepted {
    /// From an address.
    Tcp(TcpStream, SocketAddr),
    /// From this host, through the file system.
    Unix(UnixStream),
}

impl Listener {
    /// Opens what a person wrote: `127.0.0.1:8787`, `[::]:80`, `localhost:0`, `unix:/run/hb.sock`. Where
    /// there is a certificate, every address speaks TLS but one that is written with `http://`.
    pub(crate) async fn open(address: &str, has_certificate: bool) -> io::Result<Listener> {
        let path = address.strip_prefix("unix:").or(address.starts_with('/').then_some(address));
        if let Some(path) = path {
            return Ok(Listener { socket: open_unix(Path::new(path))?, is_tls: false });
        }
        let (address, is_tls) = match (address.split_once("://"), has_certificate) {
            (None, has_certificate) => (address, has_certificate),
            (Some(("http", address)), _) => (address, false),
            (Some(("https", address)), true) => (address, true),
            (Some(("https", _)), false) => {
                return Err(io::Error::other("https needs `--tls-cert` and `--tls-key`"));
            }
            (Some(_), _) => return Err(io::Error::other("write host:port or unix:/path")),
        };
        let bare = address.trim_end_matches('/');
        Ok(Listener { socket: Socket::Tcp(TcpListener::bind(bare).await?), is_tls })
    }

    /// Takes over a socket that the service manager has opened.
    pub(crate) fn taken_over(socket: OwnedFd, has_certificate: bool) -> io::Result<Listener> {
        let tcp = std::net::TcpListener::from(socket);
        // A socket in the file system has no internet address; asking for one tells them apart.
        if tcp.local_addr().is_ok() {
            tcp.set_nonblocking(true)?;
            let socket = Socket::Tcp(TcpListener::from_std(tcp)?);
            return Ok(Listener { socket, is_tls: has_certificate });
        }
        let unix = std::os::unix::net::UnixListener::from(OwnedFd::from(tcp));
        unix.set_nonblocking(true)?;
        Ok(Listener { socket: Socket::Unix(UnixListener::from_std(unix)?, None), is_tls: false })
    }

    /// The address as a URL.
    pub(crate) fn url(&self) -> String {
        match &self.socket {
            Socket::Tcp(listener) => self.url_of(listener.local_addr().ok()),
            Socket::Unix(_, Some(path)) => format!("unix:{}", path.display()),
            Socket::Unix(_, None) => "unix:".to_owned(),
        }
    }

    /// The same as this host can use it: one that listens everywhere is found on this host, and the
    /// path of a socket ends with a colon.
    pub(crate) fn url_here(&self) -> String {
        match &self.socket {
            Socket::Tcp(listener) => {
                let here = listener.local_addr().ok().map(|address| match address.ip() {
                    IpAddr::V4(Ipv4Addr::UNSPECIFIED) => {
                        SocketAddr::from((Ipv4Addr::LOCALHOST, address.port()))
                    }
                    IpAddr::V6(Ipv6Addr::UNSPECIFIED) => {
                        SocketAddr::from((Ipv6Addr::LOCALHOST, address.port()))
                    }
                    IpAddr::V4(_) | IpAddr::V6(_) => address,
                });
                self.url_of(here)
            }
            Socket::Unix(..) => format!("{}:", self.url()),
        }
    }

    fn url_of(&self, address: Option<SocketAddr>) -> String {
        let scheme = if self.is_tls { "https" } else { "http" };
        address.map_or_else(|| format!("{scheme}://"), |address| format!("{scheme}://{address}"))
    }

    /// Whether connections come from the network.
    pub(crate) fn is_tcp(&self) -> bool {
        matches!(self.socket, Socket::Tcp(_))
    }

    /// The next connection.
    pub(crate) async fn accept(&self) -> io::Result<Accepted> {
        match &self.socket {
            Socket::Tcp(listener) => {
                listener.accept().await.map(|(stream, peer)| Accepted::Tcp(stream, peer))
            }
            Socket::Unix(listener, _) => {
                listener.accept().await.map(|(stream, _)| Accepted::Unix(stream))
            }
        }
    }

    /// Takes no more connections, and takes its file away.
    pub(crate) fn close(self) {
        if let Socket::Unix(_, Some(path)) = &self.socket {
            let _ = std::fs::remove_file(path);
        }
    }
}

fn open_unix(path: &Path) -> io::Result<Socket> {
    // A socket that was left behind by a killed server refuses connections; only then it is ours to
    // take away. A file that is no socket refuses them as well: it stays, and the bind says that it
    // is there.
    let is_socket =
        std::fs::symlink_metadata(path).is_ok_and(|facts| facts.file_type().is_socket());
    let refused = std::os::unix::net::UnixStream::connect(path)
        .is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused);
    if is_socket && refused {
        std::fs::remove_file(path)?;
    }
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(SOCKET_MODE))?;
    Ok(Socket::Unix(listener, Some(path.to_owned())))
}
