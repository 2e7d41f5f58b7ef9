//! What the receiver says about itself: one event, one line, with fields that can be searched for.
//!
//! A line is for a person first (`2026-11-21T03:00:00.000Z info monitor is missed monitor=nightly`) and for
//! a program with `--log-format json`. Whoever starts the receiver gives the place where lines go.
//! Values come from outside: controls are made visible, so that one event stays one line. Keys never
//! come here; paths are masked by whoever logs them.

use std::fmt::Write;

use crate::domain::text;
use crate::sys::clock;

/// How grave a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// The receiver cannot do its work.
    Error,
    /// Something is not as it should be.
    Warning,
    /// Something happened.
    Info,
    /// For whoever looks for a fault.
    Debug,
}

impl Level {
    /// Reads a name.
    pub(crate) fn parse(word: &str) -> Option<Level> {
        match word {
            // Commands are quieter still, and say more, by these words.
            "error" | "off" | "none" => Some(Level::Error),
            "warning" | "warn" => Some(Level::Warning),
            "info" => Some(Level::Info),
            "debug" | "trace" => Some(Level::Debug),
            _ => None,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Info => "info",
            Level::Debug => "debug",
        }
    }

    /// The mark that systemd's journal reads at the start of a line, see sd-daemon(3).
    fn priority(self) -> &'static str {
        match self {
            Level::Error => "<3>",
            Level::Warning => "<4>",
            Level::Info => "<6>",
            Level::Debug => "<7>",
        }
    }
}

/// How lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// For a terminal or a file.
    Text,
    /// For systemd's journal, which has its own moments.
    Journal,
    /// One object per line.
    Json,
}

/// Where lines go, and which.
#[derive(Clone, Copy)]
pub(crate) struct Log {
    /// Lines graver than this, and this.
    pub(crate) level: Level,
    /// How they look.
    pub(crate) form: Form,
    /// Writes one line.
    pub(crate) write: fn(&str),
}

impl Log {
    /// The receiver cannot do its work.
    pub(crate) fn error(&self, message: &str, fields: &[(&str, &str)]) {
        self.line(Level::Error, message, fields);
    }

    /// Something is not as it should be.
    pub(crate) fn warning(&self, message: &str, fields: &[(&str, &str)]) {
        self.line(Level::Warning, message, fields);
    }

    /// Something happened.
    pub(crate) fn info(&self, message: &str, fields: &[(&str, &str)]) {
        self.line(Level::Info, message, fields);
    }

    /// For whoever looks for a fault.
    pub(crate) fn debug(&self, message: &str, fields: &[(&str, &str)]) {
        self.line(Level::Debug, message, fields);
    }

    /// A line that scripts and people wait for: it comes at every level, bare but for JSON.
    pub(crate) fn bare(&self, message: &str) {
        let at = clock::now().to_rfc3339();
        match self.form {
            Form::Json => (self.write)(&rendered(self.form, Level::Info, &at, message, &[])),
            Form::Text | Form::Journal => (self.write)(message),
        }
    }

    fn line(&self, level: Level, message: &str, fields: &[(&str, &str)]) {
        if level <= self.level {
            (self.write)(&rendered(self.form, level, &clock::now().to_rfc3339(), message, fields));
        }
    }
}

fn rendered(form: Form, level: Level, at: &str, message: &str, fields: &[(&str, &str)]) -> String {
    if form == Form::Json {
        let mut object = serde_json::Map::new();
        object.insert("at".to_owned(), at.into());
        object.insert("level".to_owned(), level.word().into());
        object.insert("message".to_owned(), message.into());
        for (name, value) in fields {
            object.insert((*name).to_owned(), (*value).into());
        }
        return serde_json::Value::Object(object).to_string();
    }
    let mut line = match form {
        Form::Journal => level.priority().to_owned(),
        Form::Text | Form::Json => format!("{at} {} ", level.word()),
    };
    line.push_str(&one_line(message));
    for (name, value) in fields {
        let value = one_line(value);
        let plain = !value.is_empty() && !value.contains([' ', '"', '=']);
        let _ = if plain {
            write!(line, " {name}={value}")
        } else {
            write!(line, " {name}=\"{}\"", value.replace('"', "'"))
        };
    }
    line
}

fn one_line(text: &str) -> String {
    text::without_controls(text).replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::{Form, Level, rendered};

    #[test]
    fn one_event_is_one_line_whatever_is_in_it() {
        let hostile = "a\n2026-11-21T00:00:00Z info forged\x1b[31m";
        for form in [Form::Text, Form::Journal, Form::Json] {
            let line = rendered(
                form,
                Level::Info,
                "2026-11-21T00:00:00.000Z",
                hostile,
                &[("monitor", hostile)],
            );
            assert!(!line.contains(['\n', '\x1b']), "{line:?}");
        }
    }

    #[test]
    fn a_line_reads_well() {
        let line = |form| {
            rendered(
                form,
                Level::Warning,
                "2026-11-21T03:00:00.000Z",
                "monitor is missed",
                &[("monitor", "nightly"), ("owner", "the dba")],
            )
        };
        assert_eq!(
            line(Form::Text),
            "2026-11-21T03:00:00.000Z warning monitor is missed monitor=nightly owner=\"the dba\""
        );
        assert_eq!(line(Form::Journal), "<4>monitor is missed monitor=nightly owner=\"the dba\"");
        assert_eq!(
            line(Form::Json),
            r#"{"at":"2026-11-21T03:00:00.000Z","level":"warning","message":"monitor is missed","monitor":"nightly","owner":"the dba"}"#
        );
    }
}
