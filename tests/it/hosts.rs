//! Hosts of their own on this machine: network namespaces, and links between them that can be cut.
//!
//! What is cut here vanishes: no packet comes back that says so. Everything that a thread starts belongs to
//! the host that the thread is in, and a host goes when the last of that has gone. Root alone may do this.

use std::fs::File;
use std::os::fd::AsRawFd;
use std::process::Command;

/// A host.
pub(crate) struct Host(File);

/// Gives the calling thread a network of its own.
#[expect(unsafe_code, reason = "namespaces are C")]
fn leave() {
    // SAFETY: it takes a number, and changes nothing but the calling thread's network.
    let left = unsafe { libc::unshare(libc::CLONE_NEWNET) };
    let why = std::io::Error::last_os_error();
    assert_eq!(left, 0, "run this test as root: it makes networks ({why})");
}

/// Takes the calling thread to a network.
#[expect(unsafe_code, reason = "namespaces are C")]
fn enter(network: &File) {
    // SAFETY: the file is open, and nothing but the calling thread's network is changed.
    let entered = unsafe { libc::setns(network.as_raw_fd(), libc::CLONE_NEWNET) };
    assert_eq!(entered, 0, "{}", std::io::Error::last_os_error());
}

/// Runs `ip` with these words.
fn ip(words: &str) {
    let done = Command::new("ip").args(words.split(' ')).output().expect("`ip` runs");
    assert!(done.status.success(), "ip {words}: {}", String::from_utf8_lossy(&done.stderr));
}

impl Host {
    /// A host that nothing leads to.
    pub(crate) fn new() -> Host {
        let made = std::thread::spawn(|| {
            leave();
            ip("link set lo up");
            Host(File::open("/proc/thread-self/ns/net").expect("a thread has a network"))
        });
        made.join().expect("a host can be made")
    }

    /// Does something there.
    pub(crate) fn inside<T: Send>(&self, act: impl FnOnce() -> T + Send) -> T {
        let there = || {
            enter(&self.0);
            act()
        };
        let done = std::thread::scope(|scope| scope.spawn(there).join());
        done.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }

    /// Makes a link to another host: `NET.1` is on this side, `NET.2` on that one. The name is that of its
    /// two ends.
    pub(crate) fn link(&self, to: &Host, name: &str, net: &str) {
        let there = format!("/proc/{}/fd/{}", std::process::id(), to.0.as_raw_fd());
        self.inside(|| {
            ip(&format!("link add {name} type veth peer name {name} netns {there}"));
            ip(&format!("address add {net}.1/24 dev {name}"));
            ip(&format!("link set {name} up"));
        });
        to.inside(|| {
            ip(&format!("address add {net}.2/24 dev {name}"));
            ip(&format!("link set {name} up"));
        });
    }

    /// Cuts a link at this end, or mends it; the other end is not told.
    pub(crate) fn cut(&self, name: &str, is_cut: bool) {
        let state = if is_cut { "down" } else { "up" };
        self.inside(|| ip(&format!("link set {name} {state}")));
    }

    /// Gives it an address that is on no link.
    pub(crate) fn own(&self, address: &str) {
        self.inside(|| ip(&format!("address add {address}/32 dev lo")));
    }

    /// Leads what is sent to an address over a neighbour.
    pub(crate) fn lead(&self, address: &str, over: &str) {
        self.inside(|| ip(&format!("route add {address} via {over}")));
    }
}
