//! Turns one TOML value into one of our types, or into a mistake with its line.
//!
//! Each reader here takes a member and returns the value, or `None` after noting what is
//! wrong; the member is then as if it had not been written. A text is repeated in a
//! mistake only where it cannot be a secret.
//!
//! All texts and lists are bounded, because what is in them ends up in requests, in
//! file names and in the arguments of programs.

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::Spanned;
use toml::de::DeValue;

use crate::config::notes::Notes;
use crate::domain::exit_set::ExitSet;
use crate::domain::nearest::nearest;
use crate::domain::size;
use crate::domain::span::{self, SpanError};

/// The longest text of any kind: a path, a description, a command.
const TEXT_BYTES_MAX: usize = 4096;

/// The longest list of any kind.
pub(crate) const LIST_ITEMS_MAX: usize = 64;

/// A key, its value, and where the value stands.
#[derive(Clone, Copy)]
pub(crate) struct Member<'a> {
    /// The key.
    pub(crate) key: &'a str,
    /// The value.
    pub(crate) value: &'a Spanned<DeValue<'a>>,
}

impl<'a> Member<'a> {
    /// The value's place in the text.
    pub(crate) fn offset(&self) -> usize {
        self.value.span().start
    }

    /// The values of a list, or the one value that stands there instead of a list.
    pub(crate) fn items(&self) -> Vec<Member<'a>> {
        match self.value.get_ref() {
            DeValue::Array(array) => {
                array.iter().map(|value| Member { key: self.key, value }).collect()
            }
            _ => vec![*self],
        }
    }

    fn whole_number(&self) -> Option<i64> {
        let number = self.value.get_ref().as_integer()?;
        i64::from_str_radix(number.as_str(), number.radix()).ok()
    }
}

impl Notes<'_> {
    /// Notes that a value is of another type than it must be.
    pub(crate) fn wrong_type(&mut self, member: &Member<'_>, expected: &str) {
        let got = match member.value.get_ref() {
            DeValue::String(_) => "text",
            DeValue::Integer(_) => "a whole number",
            DeValue::Float(_) => "a fraction",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        self.wrong(member.offset(), format!("`{}` must be {expected}, not {got}", member.key));
    }

    /// Text that is not blank, not overlong and has no NUL.
    pub(crate) fn str<'a>(&mut self, member: &Member<'a>, expected: &str) -> Option<&'a str> {
        let Some(text) = member.value.get_ref().as_str() else {
            self.wrong_type(member, expected);
            return None;
        };
        let trouble = match text {
            _ if text.trim().is_empty() => "is empty".to_owned(),
            _ if text.len() > TEXT_BYTES_MAX => format!("is longer than {TEXT_BYTES_MAX} bytes"),
            _ if text.contains('\0') => "holds a NUL byte".to_owned(),
            _ => return Some(text),
        };
        self.wrong(member.offset(), format!("`{}` {trouble}", member.key));
        None
    }

    /// Text as it is.
    pub(crate) fn text(&mut self, member: &Member<'_>) -> Option<String> {
        self.str(member, "text").map(str::to_owned)
    }

    /// Texts; one text alone is a list of one. A list from which every item had to be
    /// dropped counts as not written.
    pub(crate) fn texts(&mut self, member: &Member<'_>) -> Option<Vec<String>> {
        self.list(member, |notes, item| {
            notes.str(item, "text or a list of texts").map(str::to_owned)
        })
    }

    /// A list of anything, read item by item.
    pub(crate) fn list<T>(
        &mut self,
        member: &Member<'_>,
        mut read: impl FnMut(&mut Self, &Member<'_>) -> Option<T>,
    ) -> Option<Vec<T>> {
        let mut items = member.items();
        if let Some(first) = items.get(LIST_ITEMS_MAX) {
            let message = format!("`{}` has more than {LIST_ITEMS_MAX} items", member.key);
            self.wrong(first.offset(), message);
            items.truncate(LIST_ITEMS_MAX);
        }
        let values: Vec<T> = items.iter().filter_map(|item| read(self, item)).collect();
        (!values.is_empty() || items.is_empty()).then_some(values)
    }

    /// Text that another layer knows how to read.
    pub(crate) fn parsed<T, E: Display>(
        &mut self,
        member: &Member<'_>,
        what: &str,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Option<T> {
        let text = self.str(member, "text")?;
        let value = parse(text);
        let tell = |error| format!("bad {what} for `{}`: {error}", member.key);
        value.map_err(|error| self.wrong(member.offset(), tell(error))).ok()
    }

    /// A span of whole seconds, such as a grace.
    pub(crate) fn duration(&mut self, member: &Member<'_>) -> Option<Duration> {
        self.span(member, span::parse)
    }

    /// A span in which milliseconds make sense, such as a timeout.
    pub(crate) fn duration_ms(&mut self, member: &Member<'_>) -> Option<Duration> {
        self.span(member, span::parse_with_ms)
    }

    /// The same where nothing at all cannot be meant.
    pub(crate) fn positive_ms(&mut self, member: &Member<'_>) -> Option<Duration> {
        let span = self.duration_ms(member)?;
        self.more_than_nothing(member, span)
    }

    /// Whole seconds where nothing at all cannot be meant.
    pub(crate) fn positive(&mut self, member: &Member<'_>) -> Option<Duration> {
        let span = self.duration(member)?;
        self.more_than_nothing(member, span)
    }

    fn more_than_nothing(&mut self, member: &Member<'_>, span: Duration) -> Option<Duration> {
        if span.is_zero() {
            self.wrong(member.offset(), format!("`{}` must be more than 0", member.key));
            return None;
        }
        Some(span)
    }

    /// Text with a unit, or a bare number of seconds.
    fn span(
        &mut self,
        member: &Member<'_>,
        parse: impl Fn(&str) -> Result<Duration, SpanError>,
    ) -> Option<Duration> {
        let number = member.whole_number().map(|number| number.to_string());
        let text = match &number {
            Some(digits) => digits,
            None => self.str(member, "text")?,
        };
        parse(text)
            .map_err(|error| {
                let message = format!("bad duration for `{}`: {error}", member.key);
                self.wrong_with_hint(member.offset(), message, error.hint);
            })
            .ok()
    }

    /// A size in bytes: text with a unit, or a bare number of bytes.
    pub(crate) fn size(&mut self, member: &Member<'_>) -> Option<u64> {
        match member.value.get_ref() {
            DeValue::Integer(_) => self.whole(member, 0, i64::MAX),
            _ => self.parsed(member, "size", size::parse),
        }
    }

    /// A whole number between two bounds.
    pub(crate) fn whole<T: TryFrom<i64>>(
        &mut self,
        member: &Member<'_>,
        least: i64,
        most: i64,
    ) -> Option<T> {
        if !member.value.get_ref().is_integer() {
            self.wrong_type(member, "a whole number");
            return None;
        }
        let within = member.whole_number().filter(|number| (least..=most).contains(number));
        let value = within.and_then(|number| T::try_from(number).ok());
        if value.is_none() {
            let message = match most {
                i64::MAX => format!("`{}` must be at least {least}", member.key),
                _ => format!("`{}` must be from {least} to {most}", member.key),
            };
            self.wrong(member.offset(), message);
        }
        value
    }

    /// True or false.
    pub(crate) fn flag(&mut self, member: &Member<'_>) -> Option<bool> {
        let flag = member.value.get_ref().as_bool();
        if flag.is_none() {
            self.wrong_type(member, "true or false");
        }
        flag
    }

    /// One of a few words.
    pub(crate) fn word<T: Copy>(&mut self, member: &Member<'_>, words: &[(&str, T)]) -> Option<T> {
        let text = self.str(member, "text")?;
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == text) {
            return Some(*value);
        }
        let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        self.unknown_word(member, text, &words);
        None
    }

    /// One of the names that a table elsewhere has.
    pub(crate) fn name_of(&mut self, member: &Member<'_>, names: &[&str]) -> Option<String> {
        let text = self.str(member, "text")?;
        if names.contains(&text) {
            return Some(text.to_owned());
        }
        self.unknown_word(member, text, names);
        None
    }

    fn unknown_word(&mut self, member: &Member<'_>, text: &str, words: &[&str]) {
        let near =
            nearest(text, words.iter().copied()).map(|word| format!("did you mean `{word}`?"));
        let hint = near.or_else(|| Some(format!("one of: {}", words.join(", "))));
        let message = format!("unknown `{}` in `{}`", text.escape_debug(), member.key);
        self.wrong_with_hint(member.offset(), message, hint);
    }

    /// A path. `~` is a shell's, and nobody expands it here.
    pub(crate) fn path(&mut self, member: &Member<'_>) -> Option<PathBuf> {
        let text = self.str(member, "a path")?;
        if text == "~" || text.starts_with("~/") {
            let message = format!("`{}` begins with `~`, which only a shell expands", member.key);
            let hint = Some("write the whole path".to_owned());
            self.wrong_with_hint(member.offset(), message, hint);
            return None;
        }
        Some(Path::new(text).to_owned())
    }

    /// Paths; one path alone is a list of one.
    pub(crate) fn paths(&mut self, member: &Member<'_>) -> Option<Vec<PathBuf>> {
        self.list(member, Self::path)
    }

    /// Exit codes: `3`, `[0, 1]` or `"0,1,100-127"`.
    pub(crate) fn exits(&mut self, member: &Member<'_>) -> Option<ExitSet> {
        if member.value.get_ref().is_str() {
            return self.parsed(member, "exit codes", ExitSet::parse);
        }
        let codes: Vec<u8> = self.list(member, |notes, item| notes.whole(item, 0, 255))?;
        if codes.is_empty() {
            self.wrong(member.offset(), format!("`{}` is empty", member.key));
            return None;
        }
        let mut set = ExitSet::new();
        codes.into_iter().for_each(|code| set.insert(code));
        Some(set)
    }
}
