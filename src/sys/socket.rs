//! A TCP connection that nobody waits for in a system call.

use std::net::{SocketAddr, TcpStream};
use std::os::fd::{FromRawFd, OwnedFd};

/// Begins to connect; the socket can be written to once it is connected, or has failed.
#[expect(unsafe_code, reason = "the standard library only connects while it waits")]
pub(crate) fn connect(to: SocketAddr) -> std::io::Result<TcpStream> {
    let SocketAddr::V4(to) = to else { return Err(std::io::ErrorKind::Unsupported.into()) };
    // SAFETY: the address is plain memory of the length that is given, and outlives the call; the
    // descriptor was just made and belongs to nobody else.
    unsafe {
        let kind = libc::SOCK_STREAM | libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK;
        let descriptor = libc::socket(libc::AF_INET, kind, 0);
        if descriptor < 0 {
            return Err(std::io::Error::last_os_error());
        }
        let stream = TcpStream::from(OwnedFd::from_raw_fd(descriptor));
        let mut address: libc::sockaddr_in = std::mem::zeroed();
        address.sin_family = libc::AF_INET as libc::sa_family_t;
        address.sin_port = to.port().to_be();
        address.sin_addr.s_addr = u32::from_ne_bytes(to.ip().octets());
        let bytes = size_of::<libc::sockaddr_in>() as libc::socklen_t;
        if libc::connect(descriptor, (&raw const address).cast(), bytes) == 0 {
            return Ok(stream);
        }
        match std::io::Error::last_os_error() {
            error if error.raw_os_error() == Some(libc::EINPROGRESS) => Ok(stream),
            error => Err(error),
        }
    }
}
