//! The commands people put in front of a job, `nice -n 10 ionice -c3 borg create …`, and where the
//! job begins behind them.
//!
//! Each prefix is a row of [`PREFIXES`] with the options of its manual that keep the command what
//! it is. An option that is not in the row makes [`behind`] give up, be it a help text
//! (`--version`), another process (`ionice -p`), a shell (`sudo -s`), a background job (`setsid
//! -f`) or something newer than this table. flock(1) is missing on purpose: its 1 for "somebody
//! else holds the lock" would read as borg's "finished with warnings".

/// One prefix command and how its options are spelled.
struct Prefix {
    /// Its base name.
    name: &'static str,
    /// Short options without a value, as letters.
    flags: &'static str,
    /// Short options that take a value, joined or as the next word.
    values: &'static str,
    /// Long options without a value; one may carry an optional `=value`.
    long_flags: &'static [&'static str],
    /// Long options that take a value, joined by `=` or as the next word.
    long_values: &'static [&'static str],
    /// What stands between the options and the command.
    operand: Operand,
}

/// What a prefix wants before the command.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Operand {
    /// Nothing.
    None,
    /// A number, as timeout's duration and chrt's priority.
    Number,
    /// Any number of `NAME=value`.
    Assignments,
}

/// What most rows share.
const PLAIN: Prefix = Prefix {
    name: "",
    flags: "",
    values: "",
    long_flags: &[],
    long_values: &[],
    operand: Operand::None,
};

/// The prefixes, from sudo(8) 1.9, coreutils 9.1, util-linux 2.38, time(1), systemd-inhibit(1) and
/// caffeinate(8).
const PREFIXES: [Prefix; 12] = [
    Prefix {
        name: "sudo",
        flags: "ABEHnNPS",
        values: "CDghpRrTtu",
        long_flags: &["askpass", "preserve-env", "set-home", "non-interactive", "stdin"],
        long_values: &["chdir", "group", "host", "prompt", "role", "type", "user"],
        operand: Operand::Assignments,
    },
    Prefix { name: "nice", values: "n", long_values: &["adjustment"], ..PLAIN },
    Prefix {
        name: "ionice",
        flags: "t",
        values: "cn",
        long_flags: &["ignore"],
        long_values: &["class", "classdata"],
        ..PLAIN
    },
    Prefix {
        name: "chrt",
        flags: "abdfioRrv",
        values: "TPD",
        long_flags: &["batch", "deadline", "fifo", "idle", "other", "reset-on-fork", "rr"],
        long_values: &["sched-runtime", "sched-period", "sched-deadline"],
        operand: Operand::Number,
    },
    Prefix {
        name: "env",
        flags: "i",
        values: "uC",
        long_flags: &["ignore-environment", "block-signal", "default-signal", "ignore-signal"],
        long_values: &["unset", "chdir"],
        operand: Operand::Assignments,
    },
    Prefix {
        name: "time",
        flags: "apqv",
        values: "fo",
        long_flags: &["append", "portability", "quiet", "verbose"],
        long_values: &["format", "output"],
        ..PLAIN
    },
    Prefix {
        name: "timeout",
        flags: "v",
        values: "ks",
        long_flags: &["foreground", "preserve-status", "verbose"],
        long_values: &["kill-after", "signal"],
        operand: Operand::Number,
    },
    Prefix { name: "nohup", ..PLAIN },
    Prefix { name: "setsid", flags: "cw", long_flags: &["ctty", "wait"], ..PLAIN },
    Prefix { name: "stdbuf", values: "ioe", long_values: &["input", "output", "error"], ..PLAIN },
    Prefix {
        name: "systemd-inhibit",
        long_flags: &["no-pager", "no-legend", "no-ask-password"],
        long_values: &["what", "who", "why", "mode"],
        ..PLAIN
    },
    Prefix { name: "caffeinate", flags: "dimsu", values: "t", ..PLAIN },
];

/// Where the command behind the prefix `name` begins among its arguments; `None` if that is no
/// prefix we know, or not used in a way we are sure of. `behind("nice", &["-n", "5", "borg"])` is
/// `Some(2)`.
pub(crate) fn behind(name: &str, arguments: &[&str]) -> Option<usize> {
    let prefix = PREFIXES.iter().find(|prefix| prefix.name == name)?;
    let mut index = 0;
    while let Some(word) = arguments.get(index) {
        if *word == "--" {
            index += 1;
            break;
        }
        index += match word.strip_prefix('-') {
            None => break,
            Some(option) => prefix.words_of(option)?,
        };
    }
    // An option may have asked for a value that is not there.
    let operands = arguments.get(index..)?;
    index += match prefix.operand {
        Operand::None => 0,
        Operand::Number => usize::from(starts_with_digit(operands.first()?)),
        Operand::Assignments => operands.iter().take_while(|word| is_assignment(word)).count(),
    };
    let timeless = prefix.name == "timeout" && !starts_with_digit(operands.first()?);
    (index < arguments.len() && !timeless).then_some(index)
}

impl Prefix {
    /// How many words the option takes, given without its first dash; `None` if it is not in the
    /// row.
    fn words_of(&self, option: &str) -> Option<usize> {
        if let Some(long) = option.strip_prefix('-') {
            let (long, joined) =
                long.split_once('=').map_or((long, false), |(long, _)| (long, true));
            if self.long_values.contains(&long) {
                return Some(if joined { 1 } else { 2 });
            }
            return self.long_flags.contains(&long).then_some(1);
        }
        // `nice -10` is the old way to say `nice -n 10`, and `env -` to say `env -i`.
        let digits = !option.is_empty() && option.bytes().all(|byte| byte.is_ascii_digit());
        if (self.name == "nice" && digits) || (self.name == "env" && option.is_empty()) {
            return Some(1);
        }
        let mut letters = option.chars();
        while let Some(letter) = letters.next() {
            if self.values.contains(letter) {
                return Some(if letters.as_str().is_empty() { 2 } else { 1 });
            }
            if !self.flags.contains(letter) {
                return None;
            }
        }
        (!option.is_empty()).then_some(1)
    }
}

/// Whether a word can be a duration or a priority.
fn starts_with_digit(word: &str) -> bool {
    word.starts_with(|letter: char| letter.is_ascii_digit())
}

/// Whether a word sets an environment variable for the command.
fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    })
}
