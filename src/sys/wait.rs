//! How a child ended and what it used.

use std::ffi::c_int;

use crate::domain::usage::Usage;

/// The end of a process as the kernel tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// It exited with this code.
    Exited(u8),
    /// A Unix signal killed it.
    Killed {
        /// The signal's number.
        unix_signal: c_int,
        /// Whether it left a core dump.
        core_dumped: bool,
    },
}

/// What changed about a child.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Change {
    /// Nothing yet.
    None,
    /// A signal stopped it.
    Stopped,
    /// It goes on after a stop.
    Continued,
    /// It ended.
    Ended(Ended, Usage),
}

/// Asks, without waiting, what changed about child `pid`.
#[expect(unsafe_code, reason = "wait4 is the only call that gives status and usage of one child")]
pub(crate) fn look(pid: u32) -> std::io::Result<Change> {
    let flags = libc::WNOHANG | libc::WUNTRACED | libc::WCONTINUED;
    loop {
        let mut status: c_int = 0;
        // SAFETY: rusage is plain memory and both pointers outlive the call.
        let (answer, usage) = unsafe {
            let mut usage: libc::rusage = std::mem::zeroed();
            (libc::wait4(pid.cast_signed(), &mut status, flags, &mut usage), usage)
        };
        if answer == -1 {
            let error = std::io::Error::last_os_error();
            if error.kind() == std::io::ErrorKind::Interrupted {
                continue;
            }
            return Err(error);
        }
        return Ok(if answer == 0 {
            Change::None
        } else if libc::WIFEXITED(status) {
            let code = u8::try_from(libc::WEXITSTATUS(status)).unwrap_or(u8::MAX);
            Change::Ended(Ended::Exited(code), understand(&usage))
        } else if libc::WIFSIGNALED(status) {
            let ended = Ended::Killed {
                unix_signal: libc::WTERMSIG(status),
                core_dumped: libc::WCOREDUMP(status),
            };
            Change::Ended(ended, understand(&usage))
        } else if libc::WIFCONTINUED(status) {
            Change::Continued
        } else {
            Change::Stopped
        });
    }
}

/// Reaps every child that has ended except `keep`; only PID 1 and `--init` may do this.
pub(crate) fn reap_strays(keep: u32) {
    use nix::sys::wait::{Id, WaitPidFlag, waitid};
    let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
    while let Ok(status) = waitid(Id::All, flags) {
        let Some(pid) = status.pid() else { return };
        if pid.as_raw().cast_unsigned() == keep {
            return;
        }
        let _ = waitid(Id::Pid(pid), WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG);
    }
}

fn understand(usage: &libc::rusage) -> Usage {
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    let count = |value: libc::c_long| u64::try_from(value).unwrap_or(0);
    Usage {
        user_s: seconds(usage.ru_utime),
        system_s: seconds(usage.ru_stime),
        rss_bytes_max: count(usage.ru_maxrss) * 1024,
        read_bytes: count(usage.ru_inblock) * 512,
        written_bytes: count(usage.ru_oublock) * 512,
        major_faults: count(usage.ru_majflt),
        waits: count(usage.ru_nvcsw),
        preemptions: count(usage.ru_nivcsw),
    }
}
