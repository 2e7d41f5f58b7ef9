//! A question to a person at a terminal.

use std::io::{BufRead, IsTerminal, Write};

/// Whether the person at the terminal agrees. Where there is none, a script has asked, and a script
/// means what it says.
pub(crate) fn agreed(question: &str) -> bool {
    let (input, mut output) = (std::io::stdin(), std::io::stderr());
    if !input.is_terminal() || !output.is_terminal() {
        return true;
    }
    let question = crate::domain::text::without_controls(question);
    let _ = output.write_all(format!("{question} [y/N] ").as_bytes());
    let mut answer = String::new();
    let read = input.lock().read_line(&mut answer);
    read.is_ok() && matches!(answer.trim(), "y" | "Y" | "yes" | "Yes")
}
