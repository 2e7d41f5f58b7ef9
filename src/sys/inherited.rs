//! How `hb` itself was started, recorded before anything is changed.
//!
//! A job must find the signal dispositions, the signal mask and the descriptors that `hb` was given
//! (a shell's `nohup`, systemd's ignored SIGPIPE, a closed stdin). So this is the first thing that
//! runs: it notes what is there, then makes `hb` itself robust: SIGPIPE and SIGXFSZ become errors of
//! `write` instead of a death, and SIGCHLD is delivered. `spawn.rs` undoes exactly these changes for
//! the job.

use std::ffi::{CStr, OsString, c_char, c_int};
use std::os::unix::ffi::OsStringExt;

/// What the parent process gave to `hb`.
pub(crate) struct Inherited {
    /// The words of the command line, the program's own name first.
    pub(crate) words: Vec<OsString>,
    /// The signal mask at the start, for the job.
    pub(crate) mask: libc::sigset_t,
    /// Signals that were ignored at the start; the job keeps ignoring them.
    ignored: u64,
    /// Where the kernel shows our command line to `ps`.
    argv: *const *const c_char,
    /// Standard descriptors (0, 1, 2) that were closed at the start.
    pub(crate) closed: [bool; 3],
}

/// Signals that `hb` ignores for its own sake and gives back to the job as they were.
const IGNORED_BY_HB: [c_int; 2] = [libc::SIGPIPE, libc::SIGXFSZ];

/// Signals that the C library's `posix_spawn` leaves ignored in every child: glibc's own two.
const IGNORED_BY_SPAWN: &[c_int] = if cfg!(target_env = "gnu") { &[32, 33] } else { &[] };

impl Inherited {
    /// Records the start. Call it once, first of all.
    #[expect(unsafe_code, reason = "signal dispositions, the mask and the argument vector are C")]
    pub(crate) fn record(count: c_int, argv: *const *const c_char) -> Inherited {
        let closed = occupy_closed_descriptors();
        let mut words = Vec::new();
        for index in 0..usize::try_from(count).unwrap_or(0) {
            // SAFETY: the C runtime hands over `count` valid pointers to NUL-terminated words.
            let word = unsafe { CStr::from_ptr(*argv.add(index)) };
            words.push(OsString::from_vec(word.to_bytes().to_vec()));
        }
        let mask = inherited_mask();
        let mut ignored = 0;
        for signal in 1..=64 {
            if disposition_is_ignored(signal) {
                ignored |= 1 << (signal - 1);
            }
        }
        for signal in IGNORED_BY_HB {
            set_disposition(signal, libc::SIG_IGN);
        }
        if ignored & bit(libc::SIGCHLD) != 0 {
            set_disposition(libc::SIGCHLD, libc::SIG_DFL);
        }
        Inherited { words, mask, ignored, argv, closed }
    }

    /// Whether the job must ignore `signal`, because `hb` was started ignoring it.
    pub(crate) fn was_ignored(&self, signal: c_int) -> bool {
        self.ignored & bit(signal) != 0
    }

    /// The signals that are ignored although `hb` was not started so: the job gets the default back.
    pub(crate) fn to_restore(&self) -> impl Iterator<Item = c_int> {
        let ignored = IGNORED_BY_HB.iter().chain(IGNORED_BY_SPAWN).copied();
        ignored.filter(|signal| !self.was_ignored(*signal))
    }

    /// Overwrites word `index` of the command line as `ps` shows it, from byte `from` on, with `*`.
    ///
    /// A ping URL is a password. Whoever writes one into a crontab line shows it to every user of
    /// the host for as long as the job runs; this takes it out of sight after the first moments.
    #[expect(unsafe_code, reason = "the command line shown by ps is the original C memory")]
    pub(crate) fn mask_word(&self, index: usize, from: usize) {
        let Some(word) = self.words.get(index) else { return };
        for offset in from..word.len() {
            // SAFETY: `index` is below the count of words and `offset` below the length of that
            // word, whose memory is the process's own writable argument area.
            unsafe { *(*self.argv.add(index)).cast_mut().add(offset) = b'*' as c_char };
        }
    }
}

/// Puts a close-on-exec `/dev/null` on every closed standard descriptor.
///
/// Without it the first file that hb opens would become somebody's stdout. Close-on-exec gives the
/// job exactly what it would have had: a closed descriptor.
#[expect(unsafe_code, reason = "descriptors below 3 are looked at before Rust may own them")]
fn occupy_closed_descriptors() -> [bool; 3] {
    let mut closed = [false; 3];
    for descriptor in 0..3 {
        // SAFETY: F_GETFD takes no memory and only asks whether the descriptor is open.
        if unsafe { libc::fcntl(descriptor, libc::F_GETFD) } == -1 {
            closed[descriptor as usize] = true;
            // SAFETY: the path is a NUL-terminated literal; the lowest free descriptor is this one.
            unsafe { libc::open(c"/dev/null".as_ptr(), libc::O_RDWR | libc::O_CLOEXEC) };
        }
    }
    closed
}

/// The signal mask, from the kernel itself: a C library hides the signals it keeps for its own use,
/// and a job would find them unblocked.
#[expect(unsafe_code, reason = "the mask is C")]
fn inherited_mask() -> libc::sigset_t {
    /// Bytes of the kernel's own signal set.
    const KERNEL_SET_BYTES: usize = 8;
    // SAFETY: a null new set changes nothing, and the old one is larger than what the kernel fills.
    unsafe {
        let mut mask: libc::sigset_t = std::mem::zeroed();
        let nothing: *const libc::sigset_t = std::ptr::null();
        let how = libc::SIG_BLOCK;
        libc::syscall(libc::SYS_rt_sigprocmask, how, nothing, &raw mut mask, KERNEL_SET_BYTES);
        mask
    }
}

/// Whether `signal` is ignored right now.
///
/// The kernel is asked directly: the C library denies that its internal signals 32 and 33 exist.
#[expect(unsafe_code, reason = "sigaction is C")]
fn disposition_is_ignored(signal: c_int) -> bool {
    const KERNEL_SET_BYTES: usize = 8;
    let mut action = [0usize; 16];
    // SAFETY: the kernel's old action, which begins with the handler, is far shorter than this
    // array; a null new action changes nothing.
    let answer = unsafe {
        let unchanged = std::ptr::null::<usize>();
        let call = libc::SYS_rt_sigaction;
        libc::syscall(call, signal, unchanged, action.as_mut_ptr(), KERNEL_SET_BYTES)
    };
    answer == 0 && action[0] == libc::SIG_IGN
}

/// Sets `signal` to be ignored or to its default.
#[expect(unsafe_code, reason = "sigaction is C")]
pub(crate) fn set_disposition(signal: c_int, disposition: libc::sighandler_t) {
    // SAFETY: a zeroed action with SIG_IGN or SIG_DFL is valid; no handler of ours is installed.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = disposition;
        libc::sigaction(signal, &action, std::ptr::null_mut());
    }
}

fn bit(signal: c_int) -> u64 {
    1 << (signal - 1)
}
