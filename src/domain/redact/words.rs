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
static HABITS: [Habit; 22] = [
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
    // In a text only whole names count.
    Habit { program: "ldapsearch", flags: &["-w"], form: Form::Next },
    Habit { program: "ldapadd", flags: &["-w"], form: Form::Next },
    Habit { program: "ldapmodify", flags: &["-w"], form: Form::Next },
    Habit { program: "ldapdelete", flags: &["-w"], form: Form::Next },
    Habit { program: "7za", flags: &["-p"], form: Form::Attached },
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
    by_habit(habits(&words[..place]), before, word)
}

/// Which part of a word is secret by the habits of the programs named before it.
fn by_habit(
    mut habits: impl Iterator<Item = &'static Habit>,
    before: &[u8],
    word: &[u8],
) -> Option<Range<usize>> {
    habits.find_map(|habit| {
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

/// Adds what stands in a text as on a command line of a program whose habits are known: what `set -x` and a
/// script's own complaint print. A program counts only where its whole name stands before the flag in its line.
pub(super) fn find_habits(text: &[u8], spans: &mut Spans) {
    let mut start = 0;
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let at = start;
        start += line.len();
        // Most lines have no flag at all.
        let may_begin = |before: &u8| before.is_ascii_whitespace() || is_around(before);
        if !line.windows(2).any(|two| two[1] == b'-' && may_begin(&two[0])) {
            continue;
        }
        let mut before: &[u8] = b"";
        // Those of the programs named so far; a line may be the whole of a large output.
        let mut named: Vec<&'static Habit> = Vec::new();
        for range in bare_words(line) {
            let word = &line[range.clone()];
            if word.starts_with(b"-") || before.starts_with(b"-") {
                let part = by_habit(named.iter().copied(), before, word);
                let part = part.filter(|part| !is_ordinary(&word[part.clone()], false));
                if let Some(part) = part.filter(|part| !part.is_empty()) {
                    let from = at + range.start;
                    spans.push(from + part.start..from + part.end);
                }
            }
            if named.len() < HABITS.len() {
                let is_new = |habit: &&Habit| !named.iter().any(|one| std::ptr::eq(*one, *habit));
                let new = HABITS.iter().filter(|habit| habit.is_of(word)).filter(is_new);
                let new: Vec<&Habit> = new.collect();
                named.extend(new);
            }
            before = word;
        }
    }
}

/// Whether a byte may stand around a word without being part of it.
fn is_around(byte: &u8) -> bool {
    b"\"'`$();|&[]{},".contains(byte)
}

/// Where the words of a line are, without the quotes and brackets around them.
fn bare_words(line: &[u8]) -> Vec<Range<usize>> {
    let mut words = Vec::new();
    let mut start = 0;
    for word in line.split(u8::is_ascii_whitespace) {
        let before = word.iter().take_while(|byte| is_around(byte)).count();
        let after = word[before..].iter().rev().take_while(|byte| is_around(byte)).count();
        if before + after < word.len() {
            words.push(start + before..start + word.len() - after);
        }
        start += word.len() + 1;
    }
    words
}

impl Habit {
    /// Whether a word is the name of a program with this habit: `/usr/bin/mysqldump` is one of `mysql`.
    fn is_of(&self, word: &[u8]) -> bool {
        let name = word.rsplit(|byte| *byte == b'/').next().unwrap_or(word);
        let Some(rest) = name.strip_prefix(self.program.as_bytes()) else { return false };
        // Short names begin ordinary words, too.
        rest.is_empty() || (self.program.len() >= 5 && rest.iter().all(is_of_a_name))
    }
}

fn is_of_a_name(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')
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

#[cfg(test)]
mod tests {
    use crate::domain::redact::Redactor;

    #[test]
    fn command_lines_in_a_text_are_masked_by_the_habits_of_their_programs() {
        let redactor = Redactor::new(&[]).expect("no patterns");
        for (line, expected) in [
            ("+ mysql -uroot -phunter2 db", "+ mysql -uroot -p**** db"),
            (
                "run: \"/usr/bin/mysqldump -phunter2\" failed",
                "run: \"/usr/bin/mysqldump -p****\" failed",
            ),
            (
                "curl -u me:hunter2 https://x\nmkdir -p dir",
                "curl -u me:**** https://x\nmkdir -p dir",
            ),
            ("$(sshpass -p hunter2 ssh x)", "$(sshpass -p **** ssh x)"),
            ("+ mysqldump '-ps$cret2' db", "+ mysqldump '-p****' db"),
            (
                "Command '['mysqldump', '-phunter2', 'db']'",
                "Command '['mysqldump', '-p****', 'db']'",
            ),
            ("+ ldapsearch -x -w hunter2", "+ ldapsearch -x -w ****"),
            ("mysql -p db", "mysql -p db"),
            ("docker run -p8080:80 mysql", "docker run -p8080:80 mysql"),
            ("httpd -a start: curled -u a:b", "httpd -a start: curled -u a:b"),
            ("a rare -pair of zips -P x", "a rare -pair of zips -P x"),
        ] {
            let got = redactor.mask(line.as_bytes());
            assert_eq!(String::from_utf8_lossy(&got), expected);
        }
        let script = redactor.mask_words(&["sh", "-c", "mysqldump -phunter2 db"]);
        assert_eq!(script[2], b"mysqldump -p**** db");
    }
}
