//! Starts a job so that it finds the world it would have found without `hb`.
//!
//! `std::process::Command` is not used: it resets SIGPIPE, merges duplicate variables of the
//! environment, and cannot give back an ignored SIGCHLD. `posix_spawn` shares the parent's memory
//! until exec, so its cost does not grow with `hb`. Where a child needs what `posix_spawn` cannot
//! say (an ignored SIGCHLD, another user, death with the parent), it is forked instead.
//!
//! The search along PATH and the retry of a script without `#!` through `/bin/sh` follow `execvp(3)`;
//! the hard part is telling afterwards exactly what was tried and why it failed.

use std::ffi::{CStr, CString, OsStr, OsString, c_char, c_int};
use std::os::fd::RawFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use super::inherited::Inherited;

/// What is to be started.
pub(crate) struct Spawn<'a> {
    /// The command and its arguments.
    pub(crate) words: &'a [OsString],
    /// The whole environment, each entry `NAME=value`, in order and byte for byte.
    pub(crate) environment: &'a [CString],
    /// How the signals of the job were at the start.
    pub(crate) inherited: &'a Inherited,
    /// Descriptors to put in place of 0, 1 and 2.
    pub(crate) redirected: &'a [(RawFd, RawFd)],
    /// Whether the job gets a process group of its own.
    pub(crate) own_group: bool,
    /// What only a forked child can have.
    pub(crate) identity: Identity,
}

/// What needs a fork: changes that `posix_spawn` has no words for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Identity {
    /// Run as this user: uid, gid and its groups.
    pub(crate) user: Option<(u32, u32, Vec<u32>)>,
    /// Killed by the kernel when `hb` dies.
    pub(crate) dies_with_parent: bool,
}

/// Why a job could not be started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SpawnError {
    /// The `errno` of the attempt that decides.
    pub(crate) errno: c_int,
    /// The file that was tried last, or the word as typed when it was found nowhere.
    pub(crate) tried: OsString,
    /// The search path in effect, when one was used.
    pub(crate) path: Option<OsString>,
    /// Whether `tried` is there although the kernel found nothing: its interpreter is missing.
    pub(crate) lacks_interpreter: bool,
}

/// Where `execvp(3)` looks when there is no PATH at all.
const DEFAULT_PATH: &[u8] = b"/bin:/usr/bin";

/// Starts the job and gives its process id.
pub(crate) fn spawn(request: &Spawn<'_>) -> Result<u32, SpawnError> {
    let command = &request.words[0];
    if command.as_bytes().contains(&b'/') {
        return attempt(request, command.as_bytes()).map_err(|errno| SpawnError {
            errno,
            tried: command.clone(),
            path: None,
            lacks_interpreter: lacks_interpreter(errno, command.as_bytes()),
        });
    }
    let path = path_of(request.environment);
    let search = path.as_deref().map_or(DEFAULT_PATH, OsStr::as_bytes);
    let (mut refused, mut uninterpreted) = (None, None);
    if !command.is_empty() {
        for directory in search.split(|byte| *byte == b':') {
            let mut file = directory.to_vec();
            if !file.is_empty() {
                file.push(b'/');
            }
            file.extend_from_slice(command.as_bytes());
            // To look first costs a microsecond; to start a process that finds nothing, a hundred.
            if is_missing(&file) {
                continue;
            }
            match attempt(request, &file) {
                Ok(pid) => return Ok(pid),
                Err(errno @ (libc::ENOENT | libc::ENOTDIR)) => {
                    if lacks_interpreter(errno, &file) {
                        uninterpreted.get_or_insert((errno, OsString::from_vec(file)));
                    }
                }
                Err(errno) => {
                    let stop = errno != libc::EACCES;
                    refused.get_or_insert((errno, OsString::from_vec(file)));
                    if stop {
                        break;
                    }
                }
            }
        }
    }
    let lacks_interpreter = refused.is_none() && uninterpreted.is_some();
    let (errno, tried) = refused.or(uninterpreted).unwrap_or((libc::ENOENT, command.clone()));
    let path = Some(path.unwrap_or_else(|| OsString::from_vec(DEFAULT_PATH.to_vec())));
    Err(SpawnError { errno, tried, path, lacks_interpreter })
}

/// Whether nothing of this name is there, not even a link that leads nowhere.
fn is_missing(file: &[u8]) -> bool {
    let path = OsStr::from_bytes(file);
    matches!(nix::sys::stat::lstat(path), Err(nix::Error::ENOENT | nix::Error::ENOTDIR))
}

/// Whether "no such file" means the interpreter: execve(2) has one errno for both.
fn lacks_interpreter(errno: c_int, file: &[u8]) -> bool {
    errno == libc::ENOENT && std::path::Path::new(OsStr::from_bytes(file)).exists()
}

/// Whether a file can be a script at all: a program of another machine is none, and a shell would
/// make nonsense of it.
fn is_script(file: &CStr) -> bool {
    use std::io::Read;
    let mut start = [0u8; 128];
    let path = OsStr::from_bytes(file.to_bytes());
    let read = std::fs::File::open(path).and_then(|mut file| file.read(&mut start)).unwrap_or(0);
    let first_line = start[..read].split(|byte| *byte == b'\n').next().unwrap_or_default();
    !first_line.starts_with(b"\x7fELF") && !first_line.contains(&0)
}

/// One file, as it is or, where the kernel does not know its format, through `/bin/sh`.
fn attempt(request: &Spawn<'_>, file: &[u8]) -> Result<u32, c_int> {
    let words: Vec<CString> = c_strings(request.words.iter().map(OsString::as_os_str))?;
    let file = CString::new(file).map_err(|_| libc::ENOENT)?;
    match start(request, &file, &words) {
        Err(libc::ENOEXEC) if is_script(&file) => {
            let shell = c"/bin/sh";
            let mut through = vec![shell.to_owned(), file.clone()];
            through.extend(words.into_iter().skip(1));
            start(request, shell, &through)
        }
        answer => answer,
    }
}

fn start(request: &Spawn<'_>, file: &CStr, words: &[CString]) -> Result<u32, c_int> {
    let words = pointers(words);
    let environment = pointers(request.environment);
    let forked = request.identity.user.is_some()
        || request.identity.dies_with_parent
        || request.inherited.was_ignored(libc::SIGCHLD);
    if forked {
        by_fork(request, file, &words, &environment)
    } else {
        match by_posix_spawn(request, file, &words, &environment) {
            // Some C libraries open a pipe for this. Where no descriptor is left for it the job still
            // can be started; only why it could not be is less well known then.
            Err(libc::EMFILE | libc::ENFILE) => {
                nix::unistd::access(file, nix::unistd::AccessFlags::X_OK)
                    .map_err(|errno| errno as c_int)?;
                by_fork(request, file, &words, &environment)
            }
            answer => answer,
        }
    }
}

#[expect(unsafe_code, reason = "posix_spawn is C")]
fn by_posix_spawn(
    request: &Spawn<'_>,
    file: &CStr,
    words: &[*const c_char],
    environment: &[*const c_char],
) -> Result<u32, c_int> {
    // SAFETY: attributes and actions are initialised before use and destroyed after; the word and
    // environment arrays end in a null pointer and outlive the call.
    unsafe {
        let mut attributes: libc::posix_spawnattr_t = std::mem::zeroed();
        libc::posix_spawnattr_init(&mut attributes);
        let mut actions: libc::posix_spawn_file_actions_t = std::mem::zeroed();
        libc::posix_spawn_file_actions_init(&mut actions);
        let mut flags = libc::POSIX_SPAWN_SETSIGMASK | libc::POSIX_SPAWN_SETSIGDEF;
        libc::posix_spawnattr_setsigmask(&mut attributes, &request.inherited.mask);
        let mut defaults: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&mut defaults);
        for signal in request.inherited.to_restore() {
            add_signal(&mut defaults, signal);
        }
        libc::posix_spawnattr_setsigdefault(&mut attributes, &defaults);
        if request.own_group {
            flags |= libc::POSIX_SPAWN_SETPGROUP;
            libc::posix_spawnattr_setpgroup(&mut attributes, 0);
        }
        libc::posix_spawnattr_setflags(&mut attributes, flags as _);
        for (from, to) in request.redirected {
            libc::posix_spawn_file_actions_adddup2(&mut actions, *from, *to);
        }
        let mut pid: libc::pid_t = 0;
        let errno = libc::posix_spawn(
            &mut pid,
            file.as_ptr(),
            &actions,
            &attributes,
            words.as_ptr().cast(),
            environment.as_ptr().cast(),
        );
        libc::posix_spawn_file_actions_destroy(&mut actions);
        libc::posix_spawnattr_destroy(&mut attributes);
        if errno == 0 { Ok(pid.cast_unsigned()) } else { Err(errno) }
    }
}

/// Adds a signal to a set, also one of the two that glibc's `sigaddset` refuses as its own.
#[expect(unsafe_code, reason = "the bits of a signal set have no safe interface")]
fn add_signal(set: &mut libc::sigset_t, signal: c_int) {
    let words = (&raw mut *set).cast::<libc::c_ulong>();
    let bit = (signal - 1).unsigned_abs();
    // SAFETY: on Linux a set is an array of words with signal n at bit n - 1; it has 1,024 bits with
    // glibc and 128 with musl, and n is at most 64.
    unsafe { *words.add((bit / libc::c_ulong::BITS) as usize) |= 1 << (bit % libc::c_ulong::BITS) };
}

#[expect(unsafe_code, reason = "fork and exec are C")]
fn by_fork(
    request: &Spawn<'_>,
    file: &CStr,
    words: &[*const c_char],
    environment: &[*const c_char],
) -> Result<u32, c_int> {
    let (reader, writer) = nix::unistd::pipe2(nix::fcntl::OFlag::O_CLOEXEC).ok().unzip();
    let parent = std::process::id().cast_signed();
    // SAFETY: the child calls only functions that are safe after fork, touches memory that was
    // made before it, and ends in execve or _exit.
    let pid = unsafe { libc::fork() };
    if pid == 0 {
        // SAFETY: as above; `enter` does not return.
        unsafe { enter(request, file, words, environment, parent, writer.as_ref()) };
    }
    drop(writer);
    if pid < 0 {
        return Err(std::io::Error::last_os_error().raw_os_error().unwrap_or(libc::EAGAIN));
    }
    let Some(reader) = reader else { return Ok(pid.cast_unsigned()) };
    let mut errno = [0u8; 4];
    // The pipe closes by itself when exec succeeds; four bytes in it are the errno of a failure.
    match nix::unistd::read(&reader, &mut errno) {
        Ok(4) => {
            // SAFETY: reaps the child that has just failed to exec; no status is wanted.
            unsafe { libc::waitpid(pid, std::ptr::null_mut(), 0) };
            Err(c_int::from_ne_bytes(errno))
        }
        Ok(_) | Err(_) => Ok(pid.cast_unsigned()),
    }
}

/// The forked child's way to exec. Never returns.
#[expect(unsafe_code, reason = "everything between fork and exec is C")]
unsafe fn enter(
    request: &Spawn<'_>,
    file: &CStr,
    words: &[*const c_char],
    environment: &[*const c_char],
    parent: libc::pid_t,
    trouble: Option<&std::os::fd::OwnedFd>,
) -> ! {
    use std::os::fd::AsRawFd;
    // SAFETY: only async-signal-safe calls on memory that exists since before the fork.
    unsafe {
        for signal in request.inherited.to_restore() {
            libc::signal(signal, libc::SIG_DFL);
        }
        if request.inherited.was_ignored(libc::SIGCHLD) {
            libc::signal(libc::SIGCHLD, libc::SIG_IGN);
        }
        if request.own_group {
            libc::setpgid(0, 0);
        }
        for (from, to) in request.redirected {
            libc::dup2(*from, *to);
        }
        let mut failed = 0;
        if let Some((uid, gid, groups)) = &request.identity.user {
            failed = libc::setgroups(groups.len(), groups.as_ptr());
            failed |= libc::setgid(*gid);
            failed |= libc::setuid(*uid);
        }
        #[cfg(target_os = "linux")]
        if request.identity.dies_with_parent {
            libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGTERM);
            if libc::getppid() != parent {
                libc::_exit(128 + libc::SIGTERM);
            }
        }
        if failed == 0 {
            libc::pthread_sigmask(libc::SIG_SETMASK, &request.inherited.mask, std::ptr::null_mut());
            libc::execve(file.as_ptr(), words.as_ptr(), environment.as_ptr());
        }
        let errno = *libc::__errno_location();
        if let Some(trouble) = trouble {
            libc::write(trouble.as_raw_fd(), (&raw const errno).cast(), 4);
        }
        libc::_exit(if errno == libc::ENOENT { 127 } else { 126 })
    }
}

/// The environment of `hb` itself, in order, with duplicates and bytes that are not UTF-8.
#[expect(unsafe_code, reason = "std::env drops what has no `=`; the job must get all of it")]
pub(crate) fn environment() -> Vec<CString> {
    unsafe extern "C" {
        static environ: *const *const c_char;
    }
    let mut entries = Vec::new();
    // SAFETY: environ is a null-terminated array of NUL-terminated strings that no thread changes.
    unsafe {
        let mut entry = environ;
        while !entry.is_null() && !(*entry).is_null() {
            entries.push(CStr::from_ptr(*entry).to_owned());
            entry = entry.add(1);
        }
    }
    entries
}

/// The value of PATH in an environment of the job's.
fn path_of(environment: &[CString]) -> Option<OsString> {
    let entry = environment.iter().find_map(|entry| entry.to_bytes().strip_prefix(b"PATH="))?;
    Some(OsString::from_vec(entry.to_vec()))
}

fn c_strings<'a>(words: impl Iterator<Item = &'a OsStr>) -> Result<Vec<CString>, c_int> {
    words.map(|word| CString::new(word.as_bytes()).map_err(|_| libc::EINVAL)).collect()
}

fn pointers(words: &[CString]) -> Vec<*const c_char> {
    words.iter().map(|word| word.as_ptr()).chain(std::iter::once(std::ptr::null())).collect()
}
