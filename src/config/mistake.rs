//! One thing that is wrong in a configuration file, in the words a person reads.
//!
//! The sentence and the hint are separate, because the line on the screen and the line in a
//! report put them together differently. Neither may ever hold a key, a header's value or a
//! URL: all three are secrets or contain them.

use std::fmt;
use std::path::PathBuf;

/// What is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mistake {
    /// The file as it was opened.
    pub(crate) file: PathBuf,
    /// The line, counted from 1; 0 where the file as a whole is meant.
    pub(crate) line: usize,
    /// What is wrong: lower-case, without a full stop.
    pub(crate) message: String,
    /// What to do about it, where that can be said.
    pub(crate) hint: Option<String>,
}

impl Mistake {
    /// A mistake that concerns the file as a whole.
    pub(crate) fn of_file(file: impl Into<PathBuf>, message: impl Into<String>) -> Self {
        Self { file: file.into(), line: 0, message: message.into(), hint: None }
    }
}

/// The sentence without the hint:
/// ``config `/etc/hb.toml`: line 7: unknown key `grce` ``, or, of a file that is not used at all,
/// ``cannot read config `/etc/hb.toml`: there is no such file``.
impl fmt::Display for Mistake {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Mistake { file, line, message, .. } = self;
        match line {
            0 => write!(out, "cannot read config `{}`: {message}", file.display()),
            _ => write!(out, "config `{}`: line {line}: {message}", file.display()),
        }
    }
}
