//! A descriptor that a person named where a file's name could stand.
//!
//! To open `/dev/stdout` is not to write to the standard output: it is the file behind it once more, from
//! its beginning, so what the job has written there would be written over.

use std::io;
use std::os::fd::{BorrowedFd, RawFd};
use std::path::Path;

use nix::fcntl::{FcntlArg, FdFlag, fcntl};

/// The descriptor that a path names: `-` is the standard output, a number itself; and the names under which
/// the system shows a process its own.
pub(crate) fn of(path: &Path) -> Option<RawFd> {
    let text = path.to_str()?;
    match text {
        "-" | "/dev/stdout" => return Some(libc::STDOUT_FILENO),
        "/dev/stderr" => return Some(libc::STDERR_FILENO),
        _ => {}
    }
    let below = ["/dev/fd/", "/proc/self/fd/", ""];
    let number = below.into_iter().find_map(|start| text.strip_prefix(start))?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    number.parse().ok().filter(|_| is_number)
}

/// Writes all of it to a descriptor that this process was given. One of hb's own is none of a person's.
pub(crate) fn write(number: RawFd, mut bytes: &[u8]) -> io::Result<()> {
    #[expect(unsafe_code, reason = "a descriptor by its number")]
    // SAFETY: it is only asked and written to here; one that is not open answers with an error.
    let descriptor = unsafe { BorrowedFd::borrow_raw(number) };
    let flags = fcntl(descriptor, FcntlArg::F_GETFD)?;
    if FdFlag::from_bits_truncate(flags).contains(FdFlag::FD_CLOEXEC) {
        return Err(nix::Error::EBADF.into());
    }
    while !bytes.is_empty() {
        match nix::unistd::write(descriptor, bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => bytes = &bytes[count..],
            Err(nix::Error::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::of;

    #[test]
    fn names_of_descriptors_are_known_and_files_are_files() {
        for (name, number) in [
            ("-", Some(1)),
            ("3", Some(3)),
            ("/dev/stdout", Some(1)),
            ("/dev/stderr", Some(2)),
            ("/dev/fd/7", Some(7)),
            ("/proc/self/fd/12", Some(12)),
            ("./3", None),
            ("3.json", None),
            ("+3", None),
            ("/dev/fd/", None),
            ("", None),
            ("99999999999", None),
        ] {
            assert_eq!(of(Path::new(name)), number, "{name}");
        }
    }
}
