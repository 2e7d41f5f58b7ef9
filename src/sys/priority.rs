//! The priority that a job inherits from hb.

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

/// Sets the I/O class: `idle`, `best-effort` or `best-effort:0-7`.
pub(crate) fn set_io_class(text: &str) -> Result<(), String> {
    let (class, level) = text.split_once(':').unwrap_or((text, "4"));
    let level: i64 =
        level.parse().ok().filter(|level| (0..=7).contains(level)).ok_or("a level is 0 to 7")?;
    let class: i64 = match class {
        "best-effort" => 2,
        "idle" => 3,
        other => return Err(format!("`{other}` is not idle or best-effort")),
    };
    ioprio_set(class << 13 | if class == 3 { 0 } else { level }).map_err(|error| error.to_string())
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
