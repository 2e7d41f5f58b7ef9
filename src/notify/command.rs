//! A command on the receiver's own host, where its administrator allows that.
//!
//! No shell reads anything: program and arguments are the settings', word for word, and what a
//! message says comes in the environment and on the standard input. The command gets none of the
//! receiver's own environment but what programs need to find each other, for secrets live there.

use std::time::Duration;

use super::Outcome;
use super::message::Message;
use super::placeholders::{json_of, status};
use super::wording;
use crate::domain::unix_signal;
use crate::sys::command::{self, Ended};

/// Time for the command; within what an attempt may take.
const TIME_MAX: Duration = Duration::from_secs(25);

/// Characters of what it says on standard error that are told.
const WORDS_CHARS_MAX: usize = 200;

/// Runs the command once.
pub(crate) async fn tell(argv: &[String], message: &Message) -> Outcome {
    let (argv, environment) = (argv.to_vec(), environment(message));
    let input = json_of(message).to_string().into_bytes();
    let run = move || command::run_alone(&argv, &environment, &input, TIME_MAX);
    let retry = |why: String| Outcome::Retry { after: None, why };
    let (ended, said) = match tokio::task::spawn_blocking(run).await {
        Ok(Ok(both)) => both,
        Ok(Err(error)) => {
            return Outcome::Refused { why: format!("the command cannot be started: {error}") };
        }
        Err(_) => return retry("the command could not be waited for".to_owned()),
    };
    let said = String::from_utf8_lossy(&said).into_owned();
    let last = said.lines().rev().map(str::trim).find(|line| !line.is_empty());
    let words = wording::one_line(last.unwrap_or_default(), WORDS_CHARS_MAX);
    let words = if words.is_empty() { words } else { format!(": {words}") };
    match ended {
        Ended::Code(0) => Outcome::Sent { note: None },
        Ended::Code(code) => retry(format!("the command exited with {code}{words}")),
        Ended::UnixSignal(number) => {
            retry(format!("the command was killed by {}{words}", unix_signal::name(number)))
        }
        Ended::TimeUp => retry(format!("the command did not end within {} s", TIME_MAX.as_secs())),
    }
}

/// What a message says, as variables.
pub(super) fn environment(message: &Message) -> Vec<(&'static str, String)> {
    let monitor = &message.monitor;
    let what = serde_json::to_value(message.what).ok();
    let what = what.as_ref().and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
    let code = message.exit_code.map(|code| code.to_string()).unwrap_or_default();
    let others: Vec<&str> = message.others.iter().map(|other| other.slug.as_str()).collect();
    let url = wording::acknowledge(message).and_then(|(_, url)| url).unwrap_or_default();
    [
        ("HB_WHAT", what),
        ("HB_STATE", status(message).to_owned()),
        ("HB_SUBJECT", wording::subject(message)),
        ("HB_TEXT", wording::long(message)),
        ("HB_MONITOR", monitor.slug.clone()),
        ("HB_NAME", wording::name(message)),
        ("HB_UUID", monitor.uuid.clone()),
        ("HB_OTHERS", others.join(" ")),
        ("HB_OWNER", monitor.owner.clone().unwrap_or_default()),
        ("HB_TAGS", monitor.tags.join(" ")),
        ("HB_PROJECT", message.project.clone()),
        ("HB_STATUS", message.status.clone()),
        ("HB_SEVERITY", message.severity.word().to_owned()),
        ("HB_REASON", message.reason.clone()),
        ("HB_EXIT_CODE", code),
        ("HB_INCIDENT", message.incident_id.clone()),
        ("HB_DELIVERY", message.delivery_id.clone()),
        ("HB_ACKNOWLEDGE_URL", url),
    ]
    .map(|(name, value)| (name, harmless(&value)))
    .into()
}

/// Without NUL, which no variable can hold, and nothing that steers a terminal.
fn harmless(value: &str) -> String {
    crate::domain::text::without_controls(value)
}
