//! Secrets on command lines that only the word before gives away: `--password hunter2`, `curl -u user:hunter2`.
//!
//! Two readers: one of a command's words, which knows the habits of some programs, and one of text, for what `set -x` prints.
//! The second must be more careful, because `-p` means something else in most lines.

use std::ops::Range;

use crate::domain::redact::Spans;
use crate::domain::redact::names::{Claim, NAME_BYTES_MAX, claim, is_name_byte, is_ordinary};

/// A program that takes a secret after a flag of one letter.
struct Habit {
    /// How the name of the program begins.
    program: &'static str,
    /// The flags; `--user` and the like may be among them.
    flags: &'static [&'static str],
    /// What follows the flag.
    form: Form,
}

/// How a secret stands behind a flag.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// In the same word: `-phunter2`.
    Attached,
    /// In the next word: `-p hunter2`.
    Next,
    /// In the next word after a colon: `-u user:hunter2`.
    AfterColon,
}

/// The programs whose short flags are known. Everywhere else `-p8080:80` and `-p dir` are harmless.
const HABITS: [Habit; 17] = [
    Habit { program: "mysql", flags: &["-p"], form: Form::Attached },
    Habit { program: "mariadb", flags: &["-p"], form: Form::Attached },
    Habit { program: "mydumper", flags: &["-p"], form: Form::Next },
    Habit { program: "sshpass", flags: &["-p"], form: Form::Attached },
    Habit { program: "sshpass", flags: &["-p"], form: Form::Next },
    Habit { program: "7z", flags: &["-p"], form: Form::Attached },
    Habit { program: "rar", flags: &["-p", "-hp"], form: Form::Attached },
    Habit { program: "unrar", flags: &["-p"], form: Form::Attached },
    Habit { program: "zip", flags: &["-P"], form: Form::Next },
    Habit { program: "unzip", flags: &["-P"], form: Form::Next },
    Habit { program: "mongo", flags: &["-p"], form: Form::Next },
    Habit { program: "redis-cli", flags: &["-a", "--pass"], form: Form::Next },
    Habit { program: "ldap", flags: &["-w"], form: Form::Next },
    Habit { program: "sqlcmd", flags: &["-P"], form: Form::Next },
    Habit { program: "smbclient", flags: &["-U"], form: Form::AfterColon },
    Habit {
        program: "curl",
        flags: &["-u", "--user", "-U", "--proxy-user"],
        form: Form::AfterColon,
    },
    Habit { program: "http", flags: &["-a", "--auth"], form: Form::AfterColon },
];

/// Which part of the word at `place` is secret because of the words before it.
pub(super) fn secret_part(words: &[&[u8]], place: usize) -> Option<Range<usize>> {
    let word = words[place];
    let before: &[u8] = if place > 0 { words[place - 1] } else { b"" };
    let is_flag = before.starts_with(b"-") && !before.contains(&b'=');
    if is_flag
        && matches!(claim(before), Some(Claim::Word | Claim::Line))
        && !word.starts_with(b"--")
    {
        return Some(0..word.len());
    }
    habits(&words[..place]).find_map(|habit| {
        let named = habit.flags.iter().any(|flag| before == flag.as_bytes());
        match habit.form {
            Form::Next => named.then_some(0..word.len()),
            Form::AfterColon => {
                let colon =
                    word.iter().position(|byte| matches!(byte, b':' | b'%')).filter(|_| named)?;
                Some(colon + 1..word.len())
            }
            Form::Attached => {
                let flag = habit.flags.iter().find(|flag| word.starts_with(flag.as_bytes()))?;
                (word.len() > flag.len()).then_some(flag.len()..word.len())
            }
        }
    })
}

/// The habits of all programs named so far; one of them, `sudo` or `env`, may have started another.
fn habits(words: &[&[u8]]) -> impl Iterator<Item = &'static Habit> {
    let names = words.iter().filter(|word| !word.starts_with(b"-"));
    let names: Vec<&[u8]> =
        names.filter_map(|word| word.rsplit(|byte| *byte == b'/').next()).collect();
    HABITS
        .iter()
        .filter(move |habit| names.iter().any(|name| name.starts_with(habit.program.as_bytes())))
}

/// Adds the word after each `--password` and the like in a text.
pub(super) fn find_flags(text: &[u8], spans: &mut Spans) {
    let mut at = 0;
    while let Some(skipped) = text[at..].iter().position(|byte| *byte == b'-') {
        let flag = at + skipped;
        at = flag + 1;
        let starts = text[..flag]
            .last()
            .is_none_or(|byte| byte.is_ascii_whitespace() || b"\"'`(".contains(byte));
        if !starts || !text[flag..].starts_with(b"--") {
            continue;
        }
        let name =
            text[flag..].iter().take(NAME_BYTES_MAX + 1).take_while(|byte| is_name_byte(**byte));
        let end = flag + name.count();
        if !matches!(claim(&text[flag..end]), Some(Claim::Word | Claim::Line)) {
            continue;
        }
        let closing = usize::from(text.get(end).is_some_and(|byte| b"\"'".contains(byte)));
        let blanks =
            text[end + closing..].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let start = end + closing + blanks;
        let value = &text[start..];
        let quote = value.first().copied().filter(|byte| b"\"'".contains(byte));
        let (from, length) = match quote {
            Some(quote) => {
                (start + 1, value[1..].iter().position(|byte| *byte == quote || *byte == b'\n'))
            }
            None => (start, value.iter().position(u8::is_ascii_whitespace)),
        };
        let value = &text[from..length.map_or(text.len(), |length| from + length)];
        at = end.max(flag + 1);
        if blanks > 0 && !value.starts_with(b"-") && !is_ordinary(value, false) {
            spans.push(from..from + value.len());
            at = from + value.len();
        }
    }
}
