//! What is known about this host: its name, its user, its load.

use std::time::Duration;

use crate::domain::host::HostFacts;

/// The host's name; `localhost` where it has none.
pub(crate) fn name() -> String {
    let name = nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok());
    name.filter(|name| !name.is_empty()).unwrap_or_else(|| "localhost".to_owned())
}

/// The name of the user that hb runs as, or its number where it has no entry.
pub(crate) fn user() -> String {
    let uid = nix::unistd::geteuid();
    // Most jobs are root's, and there is no need to look up how root is called.
    if uid.is_root() {
        return "root".to_owned();
    }
    match nix::unistd::User::from_uid(uid) {
        Ok(Some(user)) => user.name,
        Ok(None) | Err(_) => uid.to_string(),
    }
}

/// Everything above, read now.
pub(crate) fn facts() -> HostFacts {
    let load = sysinfo::System::load_average().ok();
    let (available, total) = memory();
    HostFacts {
        name: name(),
        user: user(),
        load: load.map_or([0.0; 3], |load| [load.one, load.five, load.fifteen]),
        uptime_s: super::clock::since_boot().as_secs(),
        memory_available_bytes: available,
        memory_bytes: total,
    }
}

/// Memory available and in all; zeros where the system does not say.
///
/// Read by hand: sysinfo's own reader also reads `/proc/stat`, which costs more than the rest of the
/// record on a machine with many interrupts.
fn memory() -> (u64, u64) {
    let text = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let bytes = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_ascii_whitespace().next()?.parse::<u64>().ok().map(|kib| kib * 1024)
    };
    (bytes("MemAvailable:").unwrap_or(0), bytes("MemTotal:").unwrap_or(0))
}

/// Free bytes for an ordinary user on the file system that holds `path`.
pub(crate) fn free_bytes(path: &std::path::Path) -> nix::Result<u64> {
    let facts = nix::sys::statvfs::statvfs(path)?;
    Ok(facts.blocks_available() as u64 * facts.fragment_size() as u64)
}

/// The same, when the file system answers within `most`; a dead network share never does.
pub(crate) fn free_bytes_within(path: &std::path::Path, most: Duration) -> Option<u64> {
    let (sender, answer) = std::sync::mpsc::channel();
    let path = path.to_owned();
    let ask = move || {
        super::fault::point("statvfs");
        sender.send(free_bytes(&path).ok())
    };
    // The thread may hang for ever; it ends with hb, for which nobody else waits.
    std::thread::Builder::new().name("statvfs".into()).spawn(ask).ok()?;
    answer.recv_timeout(most).ok().flatten()
}

/// More processes than this per processor want to run at once on a host that is crowded.
const CROWD_PER_PROCESSOR: u64 = 8;

/// Whether many more processes want to run right now than this host has processors for.
pub(crate) fn is_crowded() -> bool {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let running = text.split(' ').nth(3).and_then(|field| field.split('/').next()?.parse().ok());
    let processors = nix::unistd::sysconf(nix::unistd::SysconfVar::_NPROCESSORS_ONLN);
    let processors = processors.ok().flatten().and_then(|count| u64::try_from(count).ok());
    running.unwrap_or(0u64) > CROWD_PER_PROCESSOR * processors.unwrap_or(1)
}

/// How often the kernel has killed for want of memory in this process's control group.
pub(crate) fn oom_kills() -> Option<u64> {
    let own = std::fs::read_to_string("/proc/self/cgroup").ok()?;
    let group = own.lines().find_map(|line| line.strip_prefix("0::"))?;
    let events = std::fs::read_to_string(format!("/sys/fs/cgroup{group}/memory.events")).ok()?;
    events.lines().find_map(|line| line.strip_prefix("oom_kill "))?.parse().ok()
}
