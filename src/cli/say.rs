//! Every line that hb says, in one voice: lower case, no full stop, what failed and what to do.
//!
//! stdout is data, stderr is hb talking. What comes from outside (names, output, answers) is made
//! printable before it is shown. A line that cannot be written is not worth an error.

use std::fmt::Display;
use std::io::{IsTerminal, Write};
use std::sync::Mutex;

use crate::domain::text;

/// How much hb says about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Error,
    Warning,
    Info,
}

/// What `HB_LOG` asks for: `error`, `warning` (as without it), or `info`.
fn level() -> Level {
    std::env::var("HB_LOG").ok().and_then(|word| level_of(&word)).unwrap_or(Level::Warning)
}

fn level_of(word: &str) -> Option<Level> {
    match word {
        "off" | "none" | "error" => Some(Level::Error),
        "warning" | "warn" | "" => Some(Level::Warning),
        "info" | "debug" | "trace" => Some(Level::Info),
        _ => None,
    }
}

/// Says that `HB_LOG` asks for what there is not, once for a command.
pub(crate) fn odd_level() {
    if let Some(word) = std::env::var_os("HB_LOG")
        && word.to_str().and_then(level_of).is_none()
    {
        let shown = text::excerpt(word.as_encoded_bytes());
        warning(format!("`HB_LOG` is error, warning, info or debug, not `{shown}`"));
    }
}

/// Something that went as it should, for those who asked to hear of it.
pub(crate) fn info(message: impl Display) {
    if level() >= Level::Info {
        line(&format!("hb: {}", shown(&message.to_string())));
    }
}

/// Something went wrong, but what was asked for is being done.
pub(crate) fn warning(message: impl Display) {
    if level() < Level::Warning {
        return;
    }
    line(&format!("hb: warning: {}", shown(&message.to_string())));
}

/// Warnings that wait. A panic can come in any thread and at any moment, and its hook knows nothing
/// of the run; that is why this is the one place where hb keeps something that belongs to nobody.
static LATER: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Warnings that wait at most; one bug can be met again and again.
const LATER_MAX: usize = 10;

/// A warning that waits until hb has its streams for itself.
pub(crate) fn later(message: String) {
    if let Ok(mut waiting) = LATER.lock()
        && waiting.len() < LATER_MAX
    {
        waiting.push(message);
    }
}

/// Says the warnings that have waited.
pub(crate) fn kept() {
    let waiting = LATER.lock().map(|mut waiting| std::mem::take(&mut *waiting));
    waiting.unwrap_or_default().iter().for_each(warning);
}

/// What was asked for cannot be done.
pub(crate) fn error(message: impl Display) {
    line(&format!("hb: {}", shown(&message.to_string())));
}

/// What to do about it.
pub(crate) fn hint(message: impl Display) {
    line(&format!("hint: {}", shown(&message.to_string())));
}

/// How far it is, on one line that the next one replaces; nothing takes it away. Only for a person who
/// watches: where stderr is no terminal, nothing is written.
pub(crate) fn progress(message: &str) {
    let mut out = std::io::stderr();
    if out.is_terminal() {
        let _ = out.write_all(format!("\r\x1b[K{}", shown(message)).as_bytes());
    }
}

/// Data, on stdout. A reader that has gone is no error: it has seen what it wanted.
pub(crate) fn data(text: &str) {
    bytes(text.as_bytes());
}

/// Data as bytes.
pub(crate) fn bytes(bytes: &[u8]) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(bytes).and_then(|()| out.flush());
}

/// A JSON value as data, indented for a person, on one line for a program.
pub(crate) fn json(value: &serde_json::Value) {
    let text = if std::io::stdout().is_terminal() {
        serde_json::to_string_pretty(value)
    } else {
        serde_json::to_string(value)
    };
    data(&format!("{}\n", text.unwrap_or_default()));
}

/// Whether data may be coloured: only on a terminal, and never with `NO_COLOR`.
pub(crate) fn coloured() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        && std::env::var_os("TERM").is_none_or(|value| value != "dumb")
        && std::io::stdout().is_terminal()
}

/// One line on stderr, in one write, so that it is not torn by another process.
fn line(text: &str) {
    let _ = std::io::stderr().write_all(format!("{text}\n").as_bytes());
}

fn shown(text: &str) -> String {
    // The number of a system's error is in the middle of most lines; its words are what helps.
    text::without_errnos(&text::without_controls(text).replace('\n', " "))
}
