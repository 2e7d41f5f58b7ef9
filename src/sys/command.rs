//! A person's own command: run once with a text on its stdin and some more variables, for a bounded
//! time.

use std::io::Write;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// How often it is looked whether the command has ended.
const STEP: Duration = Duration::from_millis(20);

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// With this exit code.
    Code(i32),
    /// By this Unix signal.
    UnixSignal(i32),
    /// It did not end in time and was killed, with everything in its process group.
    TimeUp,
}

/// Runs `line` in a shell and waits for at most `most`. Its output goes nowhere: hb's own belongs to
/// the job.
pub(crate) fn run(
    line: &str,
    environment: &[(&'static str, String)],
    input: &[u8],
    most: Duration,
) -> std::io::Result<Ended> {
    let until = Instant::now() + most;
    let mut child = Command::new("/bin/sh")
        .args(["-c", line])
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        // A command that reads nothing may leave a full pipe behind; nobody waits for that.
        let input = input.to_vec();
        std::thread::spawn(move || stdin.write_all(&input));
    }
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(of(status)),
            Ok(None) if Instant::now() < until => std::thread::sleep(STEP),
            Ok(None) => {
                super::process::send(child.id(), libc::SIGKILL, true);
                let _ = child.wait();
                return Ok(Ended::TimeUp);
            }
            Err(error) => return Err(error),
        }
    }
}

fn of(status: ExitStatus) -> Ended {
    match (status.code(), status.signal()) {
        (Some(code), _) => Ended::Code(code),
        (None, signal) => Ended::UnixSignal(signal.unwrap_or(0)),
    }
}
