//! Descriptors as streams: which are the same, which is a terminal, pipes, ptys, full writes, and
//! passing on without a copy.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::fcntl::SpliceFFlags;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// What a pipe is enlarged to, so that a fast job and hb take turns less often.
const PIPE_BYTES: libc::c_int = 256 * 1024;

/// What it is enlarged to for a heavy stream: as much as any user gets by default. Not every pipe is
/// made so large, because all pipes of one user together have a limit.
const HEAVY_PIPE_BYTES: libc::c_int = 1024 * 1024;

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

/// Enlarges a pipe for a heavy stream, as far as this user may; gives the bytes that fit in.
pub(crate) fn enlarge(pipe: &OwnedFd) -> usize {
    let wanted = nix::fcntl::FcntlArg::F_SETPIPE_SZ(HEAVY_PIPE_BYTES);
    let bytes = nix::fcntl::fcntl(pipe, wanted)
        .or_else(|_| nix::fcntl::fcntl(pipe, nix::fcntl::FcntlArg::F_GETPIPE_SZ));
    bytes.ok().and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or(0)
}

/// Whether the kernel can pass a pipe on to a standard descriptor, and nobody can tell.
///
/// A pipe and `/dev/null` only. A file that is appended to refuses it, and with any other the place
/// where it is written would not be safe from others who write through the same open file.
pub(crate) fn takes_pages(number: i32) -> bool {
    use nix::sys::stat::{SFlag, fstat, makedev};
    let Ok(facts) = fstat(standard(number)) else { return false };
    let kind = SFlag::from_bits_truncate(facts.st_mode) & SFlag::S_IFMT;
    let is_null = kind == SFlag::S_IFCHR && facts.st_rdev == makedev(1, 3);
    kind == SFlag::S_IFIFO || is_null
}

/// Moves at most `bytes` from a pipe to elsewhere without copying them; waits for both sides.
pub(crate) fn pass(from: impl AsFd, to: impl AsFd, bytes: usize) -> nix::Result<usize> {
    nix::fcntl::splice(from, None, to, None, bytes, SpliceFFlags::SPLICE_F_MOVE)
}

/// Shows what a pipe holds to another one, without taking it out and without waiting.
pub(crate) fn share(from: &OwnedFd, to: &OwnedFd, bytes: usize) -> nix::Result<usize> {
    nix::fcntl::tee(from, to, bytes, SpliceFFlags::SPLICE_F_NONBLOCK)
}

/// How many bytes can be read right now.
#[expect(unsafe_code, reason = "the count is an ioctl")]
pub(crate) fn waiting(reader: impl AsFd) -> usize {
    let mut count: libc::c_int = 0;
    // SAFETY: the ioctl fills one integer that outlives it.
    let answer =
        unsafe { libc::ioctl(reader.as_fd().as_raw_fd(), libc::FIONREAD as _, &mut count) };
    if answer == 0 { usize::try_from(count).unwrap_or(0) } else { 0 }
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
