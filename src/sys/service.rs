//! What a service manager and hb tell each other: sockets that are already open, "ready", "alive".
//!
//! This is systemd's protocol, which others speak as well: a few environment variables and one
//! datagram socket. See sd_notify(3) and sd_listen_fds(3). Without them everything here does nothing.

use std::os::fd::{FromRawFd, OwnedFd};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

use nix::fcntl::{FcntlArg, FdFlag, fcntl};

/// The first descriptor that a manager hands over.
const FIRST_SOCKET: i32 = 3;

/// Sockets taken at most: a unit has one or two.
const SOCKETS_MAX: i32 = 64;

/// Tells the manager something: `READY=1`, `STOPPING=1`, `WATCHDOG=1`, `STATUS=…`. A manager that
/// cannot be reached is no reason to stop serving.
pub(crate) fn tell(state: &str) {
    let Some(path) = std::env::var_os("NOTIFY_SOCKET") else { return };
    let Ok(socket) = UnixDatagram::unbound() else { return };
    let path = path.to_string_lossy();
    let address = match path.strip_prefix('@') {
        Some(name) => SocketAddr::from_abstract_name(name),
        None => SocketAddr::from_pathname(path.as_ref()),
    };
    if let Ok(address) = address {
        let _ = socket.send_to_addr(state.as_bytes(), &address);
    }
}

/// How often the manager wants to hear that hb is alive, if it does.
pub(crate) fn watchdog() -> Option<Duration> {
    let own = std::process::id().to_string();
    if std::env::var("WATCHDOG_PID").is_ok_and(|pid| pid != own) {
        return None;
    }
    let us: u64 = std::env::var("WATCHDOG_USEC").ok()?.parse().ok()?;
    (us > 0).then(|| Duration::from_micros(us))
}

/// The sockets that the manager has opened for this process.
pub(crate) fn sockets() -> Vec<OwnedFd> {
    let number = |name: &str| std::env::var(name).ok()?.parse::<i32>().ok();
    if number("LISTEN_PID") != i32::try_from(std::process::id()).ok() {
        return Vec::new();
    }
    let count = number("LISTEN_FDS").unwrap_or(0).clamp(0, SOCKETS_MAX);
    (FIRST_SOCKET..FIRST_SOCKET + count).filter_map(taken).collect()
}

fn taken(descriptor: i32) -> Option<OwnedFd> {
    // SAFETY: the manager opened this descriptor for us and nobody else in this process knows of it;
    // `fcntl` below refuses one that is not open.
    #[expect(unsafe_code, reason = "a descriptor that comes by its number has no other way in")]
    let socket = unsafe { OwnedFd::from_raw_fd(descriptor) };
    match fcntl(&socket, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC)) {
        Ok(_) => Some(socket),
        Err(_) => {
            // Nothing was open there, so there is nothing to close.
            std::mem::forget(socket);
            None
        }
    }
}
