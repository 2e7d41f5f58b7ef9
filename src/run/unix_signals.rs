//! Unix signals that reach `hb` while a job runs, and what each of them means for the job. Pure.
//!
//! The rule: a signal that a process sent to `hb` is meant for the job and goes on to it; one that
//! the terminal sent went to the whole foreground group, and the job has it already. One is sent to
//! the leader of the session alone: that the terminal was closed. `hb` itself dies of none of them
//! while the job lives.

use std::ffi::c_int;

use crate::sys::signal_fd::Received;

/// The signals that hb takes in place of the job.
///
/// HUP, INT, QUIT, TERM: somebody wants the job to end. USR1, USR2, ALRM and the real-time signals:
/// the job's own business. TSTP, TTIN, TTOU, CONT: hb stops and goes on with the job, and knows for
/// how long. WINCH: a pseudo terminal follows. STOP asks nobody.
const FORWARDED: [c_int; 12] = [
    libc::SIGHUP,
    libc::SIGINT,
    libc::SIGQUIT,
    libc::SIGTERM,
    libc::SIGUSR1,
    libc::SIGUSR2,
    libc::SIGALRM,
    libc::SIGTSTP,
    libc::SIGTTIN,
    libc::SIGTTOU,
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

/// Whom a terminal reaches besides hb.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Nobody: the job has a process group of its own, or there is none.
    Hb,
    /// The job too: it shares hb's process group.
    Job,
    /// The job too, but for a hang-up, which is told to the leader of the session alone: to hb.
    JobUnlessClosed,
}

impl Reach {
    /// Of a job that shares hb's process group.
    pub(crate) fn of_same_group(hb_leads_session: bool) -> Reach {
        if hb_leads_session { Reach::JobUnlessClosed } else { Reach::Job }
    }
}

/// Decides.
pub(crate) fn respond(received: Received, reach: Reach) -> Response {
    // A positive code is the kernel's own word: here, the terminal's.
    let from_process = received.code <= 0;
    let forward = match reach {
        Reach::Hb => true,
        Reach::Job => from_process,
        Reach::JobUnlessClosed => from_process || received.unix_signal == libc::SIGHUP,
    };
    let (ends, own) = match received.unix_signal {
        libc::SIGCHLD => return Response { forward: false, ends: false, own: Own::Look },
        libc::SIGHUP | libc::SIGINT | libc::SIGQUIT | libc::SIGTERM => (true, Own::Nothing),
        libc::SIGTSTP | libc::SIGTTIN | libc::SIGTTOU => (false, Own::Stop),
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
    use super::{Own, Reach, Received, Response, respond};

    #[test]
    fn what_a_process_sends_goes_on_and_what_the_terminal_sends_has_arrived() {
        let received = |unix_signal, code| Received { unix_signal, code, sender: 7 };
        let kernel = 0x80;
        for (signal, code, reach, forward, ends, own) in [
            (libc::SIGTERM, 0, Reach::Job, true, true, Own::Nothing),
            (libc::SIGTERM, -6, Reach::Hb, true, true, Own::Nothing),
            (libc::SIGINT, kernel, Reach::Job, false, true, Own::Nothing),
            (libc::SIGINT, kernel, Reach::Hb, true, true, Own::Nothing),
            (libc::SIGUSR1, 0, Reach::Job, true, false, Own::Nothing),
            (libc::SIGTSTP, kernel, Reach::Job, false, false, Own::Stop),
            (libc::SIGTSTP, 0, Reach::Job, true, false, Own::Stop),
            (libc::SIGTTIN, kernel, Reach::Job, false, false, Own::Stop),
            (libc::SIGTTOU, kernel, Reach::Job, false, false, Own::Stop),
            (libc::SIGHUP, kernel, Reach::Job, false, true, Own::Nothing),
            (libc::SIGHUP, kernel, Reach::JobUnlessClosed, true, true, Own::Nothing),
            (libc::SIGINT, kernel, Reach::JobUnlessClosed, false, true, Own::Nothing),
            (libc::SIGCHLD, 1, Reach::Job, false, false, Own::Look),
            (libc::SIGWINCH, kernel, Reach::Job, false, false, Own::Resize),
            (40, -1, Reach::Job, true, false, Own::Nothing),
        ] {
            let expected = Response { forward, ends, own };
            assert_eq!(respond(received(signal, code), reach), expected, "{signal} {code}");
        }
    }
}
