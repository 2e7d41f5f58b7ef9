//! Descriptors as streams: which are the same, which is a terminal, pipes, ptys, and full writes.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// What a pipe is enlarged to, so that a fast job and hb take turns less often.
const PIPE_BYTES: libc::c_int = 256 * 1024;

/// The standard descriptors of `hb`, borrowed for as long as the process lives.
#[expect(unsafe_code, reason = "standard descriptors have no owner in Rust")]
pub(crate) fn standard(number: i32) -> BorrowedFd<'static> {
    debug_assert!((0..3).contains(&number));
    // SAFETY: 0, 1 and 2 are open from the first moment (`inherited.rs`) and are never closed.
    unsafe { BorrowedFd::borrow_raw(number) }
}

/// Whether a standard descriptor is a terminal.
pub(crate) fn is_terminal(number: i32) -> bool {
    nix::unistd::isatty(standard(number)).unwrap_or(false)
}

/// Whether two standard descriptors are the same open file, as after `2>&1`.
pub(crate) fn same_file(one: i32, other: i32) -> bool {
    let facts = |number| nix::sys::stat::fstat(standard(number));
    match (facts(one), facts(other)) {
        (Ok(a), Ok(b)) => (a.st_dev, a.st_ino) == (b.st_dev, b.st_ino),
        _ => false,
    }
}

/// A pipe for a job's output: our end to read, the job's end to write.
pub(crate) fn pipe() -> nix::Result<(OwnedFd, OwnedFd)> {
    let (reader, writer) = nix::unistd::pipe2(nix::fcntl::OFlag::O_CLOEXEC)?;
    // An unprivileged user beyond the pipe budget gets EPERM and keeps the ordinary size.
    let _ = nix::fcntl::fcntl(&reader, nix::fcntl::FcntlArg::F_SETPIPE_SZ(PIPE_BYTES));
    Ok((reader, writer))
}

/// The inode of a pipe, by which `/proc` names it.
pub(crate) fn inode(descriptor: impl AsFd) -> Option<u64> {
    nix::sys::stat::fstat(descriptor).ok().map(|facts| facts.st_ino)
}

/// A pseudo terminal for a job's output: our end, and the job's end which looks like `like`.
pub(crate) fn pty(like: BorrowedFd<'_>) -> nix::Result<(OwnedFd, OwnedFd)> {
    let pair = nix::pty::openpty(None, None)?;
    for end in [&pair.master, &pair.slave] {
        let flag = nix::fcntl::FcntlArg::F_SETFD(nix::fcntl::FdFlag::FD_CLOEXEC);
        nix::fcntl::fcntl(end, flag)?;
    }
    // The real terminal turns line ends into CR LF; doing it here as well would double them.
    let mut modes = nix::sys::termios::tcgetattr(&pair.slave)?;
    modes.output_flags.remove(nix::sys::termios::OutputFlags::OPOST);
    nix::sys::termios::tcsetattr(&pair.slave, nix::sys::termios::SetArg::TCSANOW, &modes)?;
    copy_window_size(like, pair.master.as_fd());
    Ok((pair.master, pair.slave))
}

/// Gives one terminal the size of another.
#[expect(unsafe_code, reason = "window sizes are ioctls")]
pub(crate) fn copy_window_size(from: BorrowedFd<'_>, to: BorrowedFd<'_>) {
    // SAFETY: both ioctls use one winsize that outlives them.
    unsafe {
        let mut size: libc::winsize = std::mem::zeroed();
        if libc::ioctl(from.as_raw_fd(), libc::TIOCGWINSZ, &mut size) == 0 {
            libc::ioctl(to.as_raw_fd(), libc::TIOCSWINSZ, &size);
        }
    }
}

/// Writes all of `bytes`, waiting where the other side is slow, also on a non-blocking descriptor.
///
/// The flags of the open file are shared with whoever started hb, so they are never changed.
pub(crate) fn write_all(to: BorrowedFd<'_>, mut bytes: &[u8]) -> Result<(), Errno> {
    while !bytes.is_empty() {
        match nix::unistd::write(to, bytes) {
            Ok(0) => return Err(Errno::EIO),
            Ok(count) => bytes = &bytes[count..],
            Err(Errno::EINTR) => {}
            Err(Errno::EAGAIN) => {
                let mut waiting = [PollFd::new(to, PollFlags::POLLOUT)];
                let _ = poll(&mut waiting, PollTimeout::NONE);
            }
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}
