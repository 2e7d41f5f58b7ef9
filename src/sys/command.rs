//! A person's own command: run once with a text on its stdin and some more variables, for a bounded
//! time.

use std::io::{Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
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
    let mut command = Command::new("/bin/sh");
    command.args(["-c", line]).envs(environment.iter().map(|(name, value)| (name, value)));
    command.stderr(Stdio::null());
    let mut child = start(command, input)?;
    wait(&mut child, most)
}

/// Variables of our own environment that a program needs to find others, itself and its words.
const PASSED_ON: [&str; 6] = ["PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR"];

/// Bytes of its standard error that are kept: the end, where a program says why it gives up.
const SAID_BYTES_MAX: usize = 4 * 1024;

/// Time for the rest of its standard error once it has ended: what it left running may hold that
/// open for ever.
const SAID_TIME_MAX: Duration = Duration::from_millis(200);

/// Runs a program without a shell and without our environment, and waits for at most `most`. The end
/// of what it said on its standard error comes back with how it ended.
pub(crate) fn run_alone(
    argv: &[String],
    environment: &[(&'static str, String)],
    input: &[u8],
    most: Duration,
) -> std::io::Result<(Ended, Vec<u8>)> {
    let (program, arguments) = argv
        .split_first()
        .ok_or_else(|| std::io::Error::new(std::io::ErrorKind::InvalidInput, "no program"))?;
    let mut command = Command::new(program);
    let passed = PASSED_ON.iter().filter_map(|name| Some((name, std::env::var_os(name)?)));
    command.args(arguments).env_clear().envs(passed).current_dir("/");
    command.envs(environment.iter().map(|(name, value)| (name, value)));
    command.stderr(Stdio::piped());
    let mut child = start(command, input)?;
    let (said, hears) = std::sync::mpsc::channel();
    if let Some(mut stderr) = child.stderr.take() {
        std::thread::spawn(move || {
            super::fault::point("command");
            let (mut kept, mut read) = (Vec::new(), [0; 4096]);
            while let Ok(length @ 1..) = stderr.read(&mut read) {
                kept.extend_from_slice(&read[..length]);
                let beyond = kept.len().saturating_sub(SAID_BYTES_MAX);
                kept.drain(..beyond);
            }
            let _ = said.send(kept);
        });
    }
    let ended = wait(&mut child, most)?;
    Ok((ended, hears.recv_timeout(SAID_TIME_MAX).unwrap_or_default()))
}

fn start(mut command: Command, input: &[u8]) -> std::io::Result<Child> {
    let command = command.stdin(Stdio::piped()).stdout(Stdio::null()).process_group(0);
    let mut child = command.spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        // A command that reads nothing may leave a full pipe behind; nobody waits for that.
        let input = input.to_vec();
        std::thread::spawn(move || {
            super::fault::point("command");
            stdin.write_all(&input)
        });
    }
    Ok(child)
}

fn wait(child: &mut Child, most: Duration) -> std::io::Result<Ended> {
    let until = Instant::now() + most;
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
