//! Other processes on this host: whether one is still the same, and who descends from whom.

use std::path::Path;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::domain::host::ProcessName;

/// The lasting name of a living process.
fn name_of(pid: u32, boot_id: &str) -> Option<ProcessName> {
    let start_ticks = start_ticks(pid)?;
    Some(ProcessName { pid, start_ticks, boot_id: boot_id.to_owned() })
}

/// The lasting name of a process that was started between two readings of [`super::clock::since_boot`].
///
/// The kernel dates processes by that clock in ticks of a hundredth of a second. When both readings
/// fall into one tick, which is nearly always, the date is known without asking; reading it from
/// `/proc` costs as much as several writes to disk.
pub(crate) fn name_of_newborn(
    pid: u32,
    between: [Duration; 2],
    boot_id: &str,
) -> Option<ProcessName> {
    let [before, after] = between.map(|reading| reading.as_millis() as u64 * TICKS_PER_S / 1000);
    let start_ticks = if before == after { before } else { start_ticks(pid)? };
    Some(ProcessName { pid, start_ticks, boot_id: boot_id.to_owned() })
}

/// The unit in which Linux shows the age of processes, the same on every architecture.
const TICKS_PER_S: u64 = 100;

/// Whether exactly this process is still there, in the boot named `boot_id`.
pub(crate) fn is_alive(process: &ProcessName, boot_id: &str) -> bool {
    process.boot_id == boot_id && start_ticks(process.pid) == Some(process.start_ticks)
}

/// This boot's id; empty where the kernel tells none.
pub(crate) fn boot_id() -> String {
    let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    text.trim_end().to_owned()
}

/// Fields of `/proc/PID/stat` behind the name in parentheses, which may hold anything.
fn stat_fields(pid: u32) -> Option<String> {
    let bytes = std::fs::read(format!("/proc/{pid}/stat")).ok()?;
    let close = bytes.iter().rposition(|byte| *byte == b')')?;
    String::from_utf8(bytes.get(close + 2..)?.to_vec()).ok()
}

/// When a process started; none for one that is gone or only waits to be reaped.
pub(crate) fn start_ticks(pid: u32) -> Option<u64> {
    let fields = stat_fields(pid)?;
    let mut fields = fields.split(' ');
    let state = fields.next()?;
    if matches!(state, "Z" | "X") {
        return None;
    }
    fields.nth(18)?.parse().ok()
}

/// Bytes of an environment that are looked through; the kernel lets nobody have more by default.
const ENVIRONMENT_BYTES_MAX: u64 = 8 * 1024 * 1024;

/// The oldest living process that was started with `entry` (`NAME=value`) in its environment.
///
/// It is looked for in all of `/proc`, so this is for the rare moments when nothing else is known. A
/// process of another user's is not seen, nor one whose environment was cleared.
pub(crate) fn started_with(entry: &str, boot_id: &str) -> Option<ProcessName> {
    use std::io::Read;
    let has_entry = |pid: u32| {
        let mut bytes = Vec::new();
        std::fs::File::open(format!("/proc/{pid}/environ"))
            .and_then(|file| file.take(ENVIRONMENT_BYTES_MAX).read_to_end(&mut bytes))
            .is_ok_and(|_| bytes.split(|byte| *byte == 0).any(|known| known == entry.as_bytes()))
    };
    let names = pids().filter(|pid| has_entry(*pid)).filter_map(|pid| name_of(pid, boot_id));
    names.min_by_key(|process| (process.start_ticks, process.pid))
}

/// The processes of this host.
fn pids() -> impl Iterator<Item = u32> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten().take(PROCESSES_MAX);
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// The name of a process's program, as `ps` shows it.
pub(crate) fn command_of(pid: u32) -> Option<String> {
    let text = std::fs::read(format!("/proc/{pid}/comm")).ok()?;
    Some(String::from_utf8_lossy(&text).trim_end().to_owned())
}

/// Processes looked at in one walk of `/proc`.
const PROCESSES_MAX: usize = 100_000;

/// Every living process below `root`, nearest first.
pub(crate) fn descendants(root: u32) -> Vec<u32> {
    let mut pairs = Vec::new();
    for pid in pids() {
        let Some(fields) = stat_fields(pid) else { continue };
        let mut fields = fields.split(' ');
        let alive = !matches!(fields.next(), Some("Z" | "X") | None);
        if let (true, Some(Ok(parent))) = (alive, fields.next().map(str::parse::<u32>)) {
            pairs.push((parent, pid));
        }
    }
    let mut found = vec![root];
    let mut next = 0;
    while next < found.len() {
        let parent = found[next];
        found.extend(pairs.iter().filter(|pair| pair.0 == parent).map(|pair| pair.1));
        next += 1;
    }
    found.remove(0);
    found
}

/// A number that grows while the processes below `root` do anything: their CPU time, also that of
/// children they have waited for, and the bytes they have read and written. None where there are no
/// processes, or where one of them may not be looked at.
pub(crate) fn work_below(root: u32) -> Option<u64> {
    let below = descendants(root);
    let mut work = (!below.is_empty()).then_some(0u64)?;
    for pid in below {
        // One that has ended meanwhile has changed the number already.
        let Some(fields) = stat_fields(pid) else { continue };
        let ticks = fields.split(' ').skip(11).take(4).filter_map(|field| field.parse().ok());
        work = ticks.fold(work, u64::wrapping_add);
        let bytes = match std::fs::read_to_string(format!("/proc/{pid}/io")) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => return None,
            Err(_) => continue,
        };
        let bytes = bytes.lines().take(2).filter_map(|line| line.split(' ').nth(1)?.parse().ok());
        work = bytes.fold(work, u64::wrapping_add);
    }
    Some(work)
}

/// Somebody other than `hb` who holds the other end of our pipe, as `PID (name)`.
pub(crate) fn holder_of(pipe_inode: u64) -> Option<String> {
    let link = format!("pipe:[{pipe_inode}]");
    let ours = std::process::id();
    for pid in pids() {
        let Ok(open) = std::fs::read_dir(format!("/proc/{pid}/fd")) else { continue };
        let holds = open.flatten().take(1024).any(|descriptor| {
            std::fs::read_link(descriptor.path()).is_ok_and(|to| to == Path::new(&link))
        });
        if holds && pid != ours {
            return Some(format!("{pid} ({})", command_of(pid).unwrap_or_default()));
        }
    }
    None
}

/// Sends a Unix signal to one process, or to its whole group. Gone is not an error.
pub(crate) fn send(pid: u32, unix_signal: i32, whole_group: bool) {
    let target = if whole_group { -pid.cast_signed() } else { pid.cast_signed() };
    match Signal::try_from(unix_signal) {
        Ok(signal) => {
            let _ = kill(Pid::from_raw(target), signal);
        }
        Err(_) => send_real_time(target, unix_signal),
    }
}

/// Real-time signals have no name in the safe interface.
#[expect(unsafe_code, reason = "kill is C; the safe wrapper refuses real-time signals")]
fn send_real_time(target: i32, unix_signal: i32) {
    // SAFETY: kill takes two numbers and touches no memory of ours.
    unsafe { libc::kill(target, unix_signal) };
}

/// Adopts orphans among the descendants, so that a time-out can find those that escaped.
#[expect(unsafe_code, reason = "prctl is C")]
pub(crate) fn become_subreaper() {
    #[cfg(target_os = "linux")]
    // SAFETY: this prctl takes a number and touches no memory of ours.
    unsafe {
        libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    }
}

/// Whether `hb` leads its session, as the command of `ssh -t host hb run` does.
pub(crate) fn leads_session() -> bool {
    nix::unistd::getsid(None).is_ok_and(|session| session == nix::unistd::getpid())
}

/// Ends `hb` by the Unix signal that ended the job, without a core dump of its own.
///
/// Only this one signal is let through. Another that came during the report (a second TERM) is still
/// pending, and would be what hb dies of if all were unblocked.
///
/// Returns only where the signal did not kill: as PID 1, or when it is one that cannot.
#[expect(unsafe_code, reason = "nix knows no sets with real-time signals")]
pub(crate) fn die_of(unix_signal: i32) {
    use nix::sys::resource::{Resource, setrlimit};
    let _ = setrlimit(Resource::RLIMIT_CORE, 0, 0);
    // Where core dumps go to a program (`core_pattern` with a pipe), no limit keeps them from it.
    #[cfg(target_os = "linux")]
    // SAFETY: this prctl takes a number and touches no memory of ours.
    unsafe {
        libc::prctl(libc::PR_SET_DUMPABLE, 0, 0, 0, 0);
    }
    super::inherited::set_disposition(unix_signal, libc::SIG_DFL);
    // SAFETY: the set is plain memory, filled before it is used.
    unsafe {
        let mut others: libc::sigset_t = std::mem::zeroed();
        libc::sigfillset(&mut others);
        libc::sigdelset(&mut others, unix_signal);
        libc::pthread_sigmask(libc::SIG_SETMASK, &others, std::ptr::null_mut());
    }
    send(std::process::id(), unix_signal, false);
}

/// Leaves a process behind that does `work` and ends; hb does not wait for it.
#[expect(unsafe_code, reason = "fork is C")]
pub(crate) fn leave_behind(work: impl FnOnce()) {
    // SAFETY: the child runs `work`, which only moves bytes between descriptors, and ends without
    // running anything that belongs to the parent's other threads.
    unsafe {
        if libc::fork() == 0 {
            work();
            libc::_exit(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::clock;
    use super::{name_of_newborn, start_ticks};

    #[test]
    fn a_newborn_is_dated_as_the_kernel_dates_it() {
        for _ in 0..50 {
            let before = clock::since_boot();
            let mut child = std::process::Command::new("sleep").arg("5").spawn().expect("sleep");
            let between = [before, clock::since_boot()];
            let named = name_of_newborn(child.id(), between, "boot").expect("it lives");
            assert_eq!(Some(named.start_ticks), start_ticks(child.id()), "{between:?}");
            let _ = (child.kill(), child.wait());
        }
    }
}
