//! Unix signals as a readable descriptor, with who sent them.
//!
//! Signals are blocked in `hb` and read from a `signalfd`, so none is lost between two instructions
//! and each comes with its sender. Where the kernel or a sandbox refuses `signalfd`, a thread in
//! `sigwaitinfo` writes the same facts into a pipe.

use std::ffi::c_int;
use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, BorrowedFd, FromRawFd};

/// One Unix signal that reached `hb`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Received {
    /// The signal's number.
    pub(crate) unix_signal: c_int,
    /// Where it came from: above zero it is the kernel's own (a terminal, a timer).
    pub(crate) code: i32,
    /// The process that sent it, or 0.
    pub(crate) sender: u32,
}

/// The descriptor that signals are read from.
pub(crate) struct SignalFd {
    file: File,
    layout: Layout,
}

/// Where the three facts stand in one record of the descriptor.
struct Layout {
    bytes: usize,
    code_at: usize,
    sender_at: usize,
}

/// A record of the kernel's `signalfd_siginfo`.
const KERNEL: Layout = Layout { bytes: 128, code_at: 8, sender_at: 12 };

/// A record of the fallback pipe: signal, code, sender.
const FALLBACK: Layout = Layout { bytes: 12, code_at: 4, sender_at: 8 };

impl SignalFd {
    /// Blocks `signals` for this process and opens them for reading.
    #[expect(unsafe_code, reason = "signalfd and the mask are C")]
    pub(crate) fn open(signals: &[c_int]) -> std::io::Result<SignalFd> {
        // SAFETY: the set is plain memory filled by the calls before it is used.
        let (set, descriptor) = unsafe {
            let mut set: libc::sigset_t = std::mem::zeroed();
            libc::sigemptyset(&mut set);
            for signal in signals {
                libc::sigaddset(&mut set, *signal);
            }
            libc::pthread_sigmask(libc::SIG_BLOCK, &set, std::ptr::null_mut());
            (set, libc::signalfd(-1, &set, libc::SFD_CLOEXEC | libc::SFD_NONBLOCK))
        };
        if descriptor < 0 {
            return SignalFd::by_thread(set);
        }
        // SAFETY: signalfd just returned this descriptor and nobody else owns it.
        Ok(SignalFd { file: unsafe { File::from_raw_fd(descriptor) }, layout: KERNEL })
    }

    #[expect(unsafe_code, reason = "sigwaitinfo is C")]
    fn by_thread(set: libc::sigset_t) -> std::io::Result<SignalFd> {
        let (reader, writer) =
            nix::unistd::pipe2(nix::fcntl::OFlag::O_CLOEXEC | nix::fcntl::OFlag::O_NONBLOCK)?;
        std::thread::Builder::new().name("signals".into()).spawn(move || {
            super::fault::point("signals");
            loop {
                // SAFETY: the info is plain memory that the call fills before it is read.
                let (number, code, sender) = unsafe {
                    let mut info: libc::siginfo_t = std::mem::zeroed();
                    let number = libc::sigwaitinfo(&set, &mut info);
                    (number, info.si_code, info.si_pid())
                };
                if number > 0 {
                    let mut record = [0u8; FALLBACK.bytes];
                    record[..4].copy_from_slice(&number.to_ne_bytes());
                    record[4..8].copy_from_slice(&code.to_ne_bytes());
                    record[8..].copy_from_slice(&sender.to_ne_bytes());
                    let _ = nix::unistd::write(&writer, &record);
                }
            }
        })?;
        Ok(SignalFd { file: File::from(reader), layout: FALLBACK })
    }

    /// The next signal that is waiting, if there is one.
    pub(crate) fn next(&mut self) -> Option<Received> {
        let mut record = [0u8; KERNEL.bytes];
        let Layout { bytes, code_at, sender_at } = self.layout;
        if self.file.read(&mut record[..bytes]).ok()? != bytes {
            return None;
        }
        let number = |at: usize| {
            i32::from_ne_bytes([record[at], record[at + 1], record[at + 2], record[at + 3]])
        };
        Some(Received {
            unix_signal: number(0),
            code: number(code_at),
            sender: number(sender_at).unsigned_abs(),
        })
    }
}

impl AsFd for SignalFd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}
