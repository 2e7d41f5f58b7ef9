//! Texts of flags into values, with the flag's name in every error.

use std::time::Duration;

use crate::domain::exit_set::ExitSet;
use crate::domain::span;

/// Reads one flag's text, with its name in the error.
pub(crate) fn read<T, E: std::fmt::Display>(
    flag: &str,
    text: &Option<String>,
    parse: impl Fn(&str) -> Result<T, E>,
) -> Result<Option<T>, String> {
    text.as_deref()
        .map(|text| parse(text).map_err(|error| format!("`--{flag}`: {error}")))
        .transpose()
}

/// A span of time.
pub(crate) fn time(flag: &str, text: &Option<String>) -> Result<Option<Duration>, String> {
    read(flag, text, |text| {
        span::parse_with_ms(text).map_err(|error| match &error.hint {
            Some(hint) => format!("{error}; {hint}"),
            None => format!("{error}; write it as in `90s`, `5m` or `1h 30m`"),
        })
    })
}

/// A time that must be more than nothing.
pub(crate) fn positive(flag: &str, text: &Option<String>) -> Result<Option<Duration>, String> {
    match time(flag, text)? {
        Some(Duration::ZERO) => Err(format!("`--{flag}` must be more than 0")),
        other => Ok(other),
    }
}

/// A set of exit codes.
pub(crate) fn codes(flag: &str, text: &Option<String>) -> Result<Option<ExitSet>, String> {
    read(flag, text, ExitSet::parse)
}
