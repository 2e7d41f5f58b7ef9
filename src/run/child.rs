//! One child process outside of the loop: how it is started, named and waited for.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

use super::plan::Plan;
use super::unix_signals::{self, Reach};
use crate::domain::{redact, text};
use crate::sys::process;
use crate::sys::signal_fd::SignalFd;
use crate::sys::spawn::SpawnError;
use crate::sys::wait::{self, Change, Ended};

/// Bytes of a command line that are recorded.
const COMMAND_BYTES_MAX: usize = 4096;

/// The command line as it may be remembered: masked, and not longer than somebody reads.
pub(super) fn recorded_command(plan: &Plan) -> Vec<String> {
    let words: Vec<&[u8]> = plan.command.iter().map(|word| word.as_bytes()).collect();
    let secrets: Vec<&[u8]> = plan.output.secrets.iter().map(String::as_bytes).collect();
    let mut room = COMMAND_BYTES_MAX;
    let mut recorded = Vec::new();
    for word in plan.output.redactor.mask_words(&words) {
        // A script is one word; the passwords in it are words of their own.
        let parts: Vec<&[u8]> = word.split(|byte| *byte == b' ').collect();
        let word = match parts.len() {
            1 => word,
            _ => plan.output.redactor.mask_words(&parts).join(&b' '),
        };
        let word = redact::mask_literal(&word, &secrets);
        if word.len() > room {
            recorded.push("…".to_owned());
            break;
        }
        room -= word.len();
        recorded.push(text::to_text(&word));
    }
    recorded
}

/// What hb exits with when the job could not be started, as a shell does.
pub(super) fn exit_of_spawn_error(error: &SpawnError) -> u8 {
    if matches!(error.errno, libc::ENOENT | libc::ENOTDIR) { 127 } else { 126 }
}

pub(super) fn explain_spawn_error(error: &SpawnError, command: Option<&OsString>) -> String {
    let describe = nix::errno::Errno::from_raw(error.errno).desc();
    let command = text::printable(command.map_or(&[][..], |command| command.as_bytes()));
    let tried = text::printable(error.tried.as_bytes());
    match &error.path {
        _ if error.lacks_interpreter => {
            format!("cannot run `{command}`: the interpreter that `{tried}` names is not there")
        }
        Some(path) if error.errno == libc::ENOENT => {
            format!(
                "cannot run `{command}`: not found in PATH={}",
                text::printable(path.as_bytes())
            )
        }
        Some(_) => format!("cannot run `{command}`: `{tried}`: {}", describe.to_lowercase()),
        None => format!("cannot run `{command}`: {}", describe.to_lowercase()),
    }
}

/// Waits for a child without any of the loop's machinery, and does `meanwhile` at each step.
pub(super) fn wait_plainly(pid: u32, mut meanwhile: impl FnMut()) -> Option<Ended> {
    loop {
        match wait::look(pid) {
            Ok(Change::Ended(ended, _)) => return Some(ended),
            Ok(Change::None) => {
                meanwhile();
                std::thread::sleep(Duration::from_millis(20));
            }
            Ok(Change::Stopped | Change::Continued) => {}
            Err(_) => return None,
        }
    }
}

/// Passes signals on to a child until it ends.
pub(super) fn forward_until_end(pid: u32, mut signals: SignalFd) -> Option<Ended> {
    use std::os::fd::AsFd;
    let reach = Reach::of_same_group(process::leads_session());
    loop {
        match wait::look(pid) {
            Ok(Change::Ended(ended, _)) => return Some(ended),
            Ok(Change::None | Change::Stopped | Change::Continued) => {}
            Err(_) => return None,
        }
        let watched = &mut [nix::poll::PollFd::new(signals.as_fd(), nix::poll::PollFlags::POLLIN)];
        let _ = nix::poll::poll(watched, nix::poll::PollTimeout::NONE);
        while let Some(received) = signals.next() {
            if unix_signals::respond(received, reach).forward {
                process::send(pid, received.unix_signal, false);
            }
        }
    }
}

/// Waits until a signal has come, or for `most`.
pub(super) fn wait_readable(signals: &SignalFd, most: Duration) {
    use std::os::fd::AsFd;
    let watched = &mut [nix::poll::PollFd::new(signals.as_fd(), nix::poll::PollFlags::POLLIN)];
    // Rounded up, else the last millisecond would be spent spinning.
    let ms = most.as_micros().div_ceil(1000).min(i32::MAX as u128) as i32;
    let timeout = nix::poll::PollTimeout::try_from(ms).unwrap_or(nix::poll::PollTimeout::MAX);
    let _ = nix::poll::poll(watched, timeout);
}

/// Whether this process group is the terminal's foreground: then the job must stay in it, else it
/// could no longer read from the terminal or be interrupted there.
pub(super) fn holds_the_terminal() -> bool {
    let terminal =
        nix::fcntl::open("/dev/tty", nix::fcntl::OFlag::O_RDWR, nix::sys::stat::Mode::empty());
    terminal.is_ok_and(|terminal| {
        nix::unistd::tcgetpgrp(&terminal).is_ok_and(|group| group == nix::unistd::getpgrp())
    })
}
