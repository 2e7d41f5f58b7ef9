//! The priority that a job inherits from hb.

use crate::domain::io_class::IoClass;

/// Adds to the nice value of this process.
#[expect(unsafe_code, reason = "getpriority and setpriority are C")]
pub(crate) fn add_nice(by: i32) -> std::io::Result<()> {
    // SAFETY: both calls take numbers and touch no memory of ours.
    let failed = unsafe {
        let now = libc::getpriority(libc::PRIO_PROCESS, 0);
        libc::setpriority(libc::PRIO_PROCESS, 0, (now + by).clamp(-20, 19))
    };
    if failed == 0 { Ok(()) } else { Err(std::io::Error::last_os_error()) }
}

/// Sets the I/O class of this process.
pub(crate) fn set_io_class(class: IoClass) -> std::io::Result<()> {
    // IOPRIO_CLASS_BE and IOPRIO_CLASS_IDLE of `linux/ioprio.h`, above 13 bits of level.
    ioprio_set(match class {
        IoClass::BestEffort(level) => 2 << 13 | i64::from(level),
        IoClass::Idle => 3 << 13,
    })
}

#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "ioprio_set has no wrapper")]
fn ioprio_set(priority: i64) -> std::io::Result<()> {
    /// IOPRIO_WHO_PROCESS of `linux/ioprio.h`.
    const WHO_PROCESS: libc::c_long = 1;
    // SAFETY: the call takes numbers and touches no memory of ours.
    let failed = unsafe { libc::syscall(libc::SYS_ioprio_set, WHO_PROCESS, 0, priority) };
    if failed == 0 { Ok(()) } else { Err(std::io::Error::last_os_error()) }
}
