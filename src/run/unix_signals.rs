//! Unix signals that reach `hb` while a job runs, and what each of them means for the job. Pure.
//!
//! The rule: a signal that a process sent to `hb` is meant for the job and goes on to it; one that
//! the terminal sent went to the whole foreground group, and the job has it already. `hb` itself
//! dies of none of them while the job lives.

use std::ffi::c_int;

use crate::sys::signal_fd::Received;

/// The signals that hb takes in place of the job.
///
/// HUP, INT, QUIT, TERM: somebody wants the job to end. USR1, USR2, ALRM and the real-time signals:
/// the job's own business. TSTP, CONT: hb stops and goes on with the job. WINCH: a pseudo terminal
/// follows. TTIN, TTOU and STOP are left alone: the kernel stops hb and job alike, or asks nobody.
const FORWARDED: [c_int; 10] = [
    libc::SIGHUP,
    libc::SIGINT,
    libc::SIGQUIT,
    libc::SIGTERM,
    libc::SIGUSR1,
    libc::SIGUSR2,
    libc::SIGALRM,
    libc::SIGTSTP,
    libc::SIGCONT,
    libc::SIGWINCH,
];

/// Every signal to be read, but those that hb was started ignoring: `nohup` goes on working.
pub(crate) fn wanted(was_ignored: impl Fn(c_int) -> bool) -> Vec<c_int> {
    let real_time = libc::SIGRTMIN()..=libc::SIGRTMAX();
    let mut wanted: Vec<c_int> =
        FORWARDED.into_iter().chain(real_time).filter(|signal| !was_ignored(*signal)).collect();
    wanted.push(libc::SIGCHLD);
    wanted
}

/// What is to be done about a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Response {
    /// It goes on to the job.
    pub(crate) forward: bool,
    /// Somebody wants the job to end.
    pub(crate) ends: bool,
    /// What hb does itself.
    pub(crate) own: Own,
}

/// What hb does itself about a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Own {
    /// Nothing.
    Nothing,
    /// Looks at its child.
    Look,
    /// Stops, until somebody continues it.
    Stop,
    /// Gives the pseudo terminal its new size.
    Resize,
}

/// Decides. `same_group`: the job shares hb's process group, so a terminal reaches both.
pub(crate) fn respond(received: Received, same_group: bool) -> Response {
    // A positive code is the kernel's own word: here, the terminal's.
    let from_process = received.code <= 0;
    let forward = from_process || !same_group;
    let (ends, own) = match received.unix_signal {
        libc::SIGCHLD => return Response { forward: false, ends: false, own: Own::Look },
        libc::SIGHUP | libc::SIGINT | libc::SIGQUIT | libc::SIGTERM => (true, Own::Nothing),
        libc::SIGTSTP => (false, Own::Stop),
        libc::SIGWINCH => (false, Own::Resize),
        _ => (false, Own::Nothing),
    };
    Response { forward, ends, own }
}

/// Who sent it, for the message.
pub(crate) fn sender(received: Received, command_of: impl Fn(u32) -> Option<String>) -> String {
    if received.code > 0 {
        return if received.unix_signal == libc::SIGHUP {
            "the terminal, which was closed".to_owned()
        } else {
            "the terminal".to_owned()
        };
    }
    match (received.sender, command_of(received.sender)) {
        (0, _) => "the kernel".to_owned(),
        (pid, Some(command)) => format!("process {pid} ({command})"),
        (pid, None) => format!("process {pid}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Own, Received, Response, respond};

    #[test]
    fn what_a_process_sends_goes_on_and_what_the_terminal_sends_has_arrived() {
        let received = |unix_signal, code| Received { unix_signal, code, sender: 7 };
        let kernel = 0x80;
        for (signal, code, same_group, forward, ends, own) in [
            (libc::SIGTERM, 0, true, true, true, Own::Nothing),
            (libc::SIGTERM, -6, false, true, true, Own::Nothing),
            (libc::SIGINT, kernel, true, false, true, Own::Nothing),
            (libc::SIGINT, kernel, false, true, true, Own::Nothing),
            (libc::SIGUSR1, 0, true, true, false, Own::Nothing),
            (libc::SIGTSTP, kernel, true, false, false, Own::Stop),
            (libc::SIGTSTP, 0, true, true, false, Own::Stop),
            (libc::SIGCHLD, 1, true, false, false, Own::Look),
            (libc::SIGWINCH, kernel, true, false, false, Own::Resize),
            (40, -1, true, true, false, Own::Nothing),
        ] {
            let expected = Response { forward, ends, own };
            assert_eq!(respond(received(signal, code), same_group), expected, "{signal} {code}");
        }
    }
}
