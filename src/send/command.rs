//! Telling a person's own command: it has taken the event when it exits with 0.
//!
//! The event comes on its stdin and in its environment, never in the line that the shell reads.

use super::attempt::Attempt;
use crate::domain::unix_signal;
use crate::sys::command::{self, Ended};
use crate::sys::http::ATTEMPT_TIMEOUT;

/// A shell's exit code for a command that is not there, and for one that cannot be run.
const NOT_THERE: [i32; 2] = [127, 126];

/// Runs the command once.
pub(crate) async fn tell(
    line: &str,
    environment: &[(&'static str, String)],
    input: &[u8],
) -> Attempt {
    let (line, environment, input) = (line.to_owned(), environment.to_vec(), input.to_vec());
    let run = move || command::run(&line, &environment, &input, ATTEMPT_TIMEOUT);
    let later = |why: String| Attempt::Later { why, after: None };
    match tokio::task::spawn_blocking(run).await {
        Ok(Ok(Ended::Code(0))) => Attempt::delivered(true),
        Ok(Ok(Ended::Code(code))) if NOT_THERE.contains(&code) => {
            Attempt::Refused { why: format!("the command cannot be run (exit code {code})") }
        }
        Ok(Ok(Ended::Code(code))) => later(format!("the command exited with {code}")),
        Ok(Ok(Ended::UnixSignal(number))) => {
            later(format!("the command was killed by {}", unix_signal::name(number)))
        }
        Ok(Ok(Ended::TimeUp)) => later("the command did not end in time".to_owned()),
        Ok(Err(error)) => later(format!("the command cannot be started: {error}")),
        Err(_) => later("the command could not be waited for".to_owned()),
    }
}
