//! Members whose values have a shape of their own: a lock is true, false or a name, a jitter
//! is one span or two, a unix signal is a name or a number.
//!
//! As in `value`, a reader notes what is wrong and returns `None`, or it is a plain
//! function from text that `Notes::parsed` wraps. No reader looks at another member.

use std::time::Duration;

use regex_lite::Regex;

use crate::config::member::is_name;
use crate::config::notes::Notes;
use crate::config::policy::{Again, Drain, Jitter, Lock, Quiet, TimeOfDay};
use crate::config::value::Member;
use crate::domain::redact::Redactor;
use crate::domain::{span, text};

/// The most patterns in one list; each costs time on every byte of output.
const PATTERNS_MAX: usize = 32;

/// The longest pattern; a longer one is a mistake or an attack on the regex compiler.
const PATTERN_BYTES_MAX: usize = 1024;

/// Unix signals that may end a job; `SIG` in front and other cases are fine.
const UNIX_SIGNALS: &[&str] =
    &["TERM", "INT", "HUP", "QUIT", "KILL", "USR1", "USR2", "ALRM", "ABRT", "PIPE", "CONT", "STOP"];

const UNIX_SIGNAL_MAX: i64 = 64;

/// Regular expressions, bounded. They are tried here, where their line is known, and compiled by whoever
/// uses them. A broken one that was to hide something stays: without it, no output must be told at all.
pub(crate) fn patterns(notes: &mut Notes<'_>, member: &Member<'_>) -> Option<Vec<String>> {
    let extra = member.items().get(PATTERNS_MAX).map(Member::offset);
    let mut patterns = notes.list(member, |notes, item| {
        let text = notes.str(item, "a pattern or a list of patterns")?;
        if text.len() > PATTERN_BYTES_MAX {
            let message =
                format!("a pattern in `{}` is longer than {PATTERN_BYTES_MAX} bytes", item.key);
            notes.wrong(item.offset(), message);
            return None;
        }
        let hides = item.key == "redact";
        let tried = match hides {
            true => Redactor::new(&[text.to_owned()]).map(drop).map_err(|(_, why)| why),
            false => Regex::new(text).map(drop).map_err(|error| error.to_string()),
        };
        if let Err(why) = &tried {
            let shown = text::excerpt(text.as_bytes());
            let message = format!("the pattern `{shown}` in `{}` cannot be used: {why}", item.key);
            notes.wrong(item.offset(), message);
        }
        (tried.is_ok() || hides).then(|| text.to_owned())
    });
    if let Some(offset) = extra {
        notes.wrong(offset, format!("`{}` has more than {PATTERNS_MAX} patterns", member.key));
        patterns.iter_mut().for_each(|patterns| patterns.truncate(PATTERNS_MAX));
    }
    patterns
}

/// A unix signal by name or number; `SIGINT`, `sigint` and `INT` are the same.
pub(crate) fn unix_signal(notes: &mut Notes<'_>, member: &Member<'_>) -> Option<String> {
    if member.value.get_ref().is_integer() {
        let number: i64 = notes.whole(member, 1, UNIX_SIGNAL_MAX)?;
        return Some(number.to_string());
    }
    notes.parsed(member, "unix signal", |text| {
        let name = text.to_ascii_uppercase();
        let name = name.strip_prefix("SIG").unwrap_or(&name);
        let known = UNIX_SIGNALS.contains(&name)
            || name.parse().is_ok_and(|number: i64| (1..=UNIX_SIGNAL_MAX).contains(&number));
        if known { Ok(name.to_owned()) } else { Err("it is not known") }
    })
}

/// Whether there is a lock, or the name of one.
pub(crate) fn lock(notes: &mut Notes<'_>, member: &Member<'_>) -> Option<Lock> {
    if let Some(on) = member.value.get_ref().as_bool() {
        return Some(if on { Lock::On } else { Lock::Off });
    }
    let text = notes.str(member, "true, false, or a name")?;
    if !is_name(text) {
        notes.wrong(
            member.offset(),
            "the name of a `lock` takes only letters, digits, `.`, `_` and `-`",
        );
        return None;
    }
    Some(Lock::Named(text.to_owned()))
}

/// A word, or true for `success`.
pub(crate) fn quiet(notes: &mut Notes<'_>, member: &Member<'_>) -> Option<Quiet> {
    match member.value.get_ref().as_bool() {
        Some(true) => Some(Quiet::Success),
        Some(false) => Some(Quiet::Off),
        None => notes.word(member, &[("success", Quiet::Success), ("always", Quiet::Always)]),
    }
}

/// `5m` spreads from nothing to five minutes, `1m-5m` from one to five; the unit of the
/// first may be left out, as in `0-5m` or `1-5m`.
pub(crate) fn jitter(text: &str) -> Result<Jitter, String> {
    let parse = |text: &str| {
        span::parse_with_ms(text.trim())
            .map_err(|error| format!("{error}; write it as in `5m` or `1m-5m`"))
    };
    let Some((from, until)) = text.split_once('-') else {
        return Ok(Jitter { from: Duration::ZERO, until: parse(text)? });
    };
    let bare = from.trim().bytes().all(|byte| byte.is_ascii_digit());
    let unit = until.trim().trim_start_matches(|letter: char| letter.is_ascii_digit());
    let from = if bare { parse(&format!("{}{unit}", from.trim()))? } else { parse(from)? };
    let until = parse(until)?;
    if from > until {
        return Err("it ends before it begins; write the shorter time first".to_owned());
    }
    Ok(Jitter { from, until })
}

/// A time of the day: `3:30` and `03:30`, from `00:00` to `23:59`.
pub(crate) fn time_of_day(text: &str) -> Result<TimeOfDay, &'static str> {
    let part = |text: &str, most: i8| {
        let plain = (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|number| plain && *number <= most)
    };
    let time = text.split_once(':').and_then(|(hour, minute)| {
        Some(TimeOfDay {
            hour: part(hour, 23)?,
            minute: part(minute, 59).filter(|_| minute.len() == 2)?,
        })
    });
    time.ok_or("write a time of the day, as in `03:30`")
}

/// A daily time, where there is no `every` yet.
pub(crate) fn at(
    notes: &mut Notes<'_>,
    member: &Member<'_>,
    known: Option<Again>,
) -> Option<Again> {
    let time = notes.parsed(member, "time", time_of_day).map(Again::At);
    one_of_two(notes, member, known, time)
}

/// A span between starts, where there is no `at` yet.
pub(crate) fn every(
    notes: &mut Notes<'_>,
    member: &Member<'_>,
    known: Option<Again>,
) -> Option<Again> {
    let span = notes.positive_ms(member).map(Again::Every);
    one_of_two(notes, member, known, span)
}

fn one_of_two(
    notes: &mut Notes<'_>,
    member: &Member<'_>,
    known: Option<Again>,
    new: Option<Again>,
) -> Option<Again> {
    if known.is_some() && new.is_some() {
        notes.wrong(member.offset(), "`every` and `at` cannot go together");
    }
    known.or(new)
}

/// A user by name or number. One that cannot be read is noted and kept as a name that nobody has: a
/// job that was not to run as root must not run as root because of a slip.
pub(crate) fn user(notes: &mut Notes<'_>, member: &Member<'_>) -> String {
    if member.value.get_ref().is_integer() {
        let number: Option<u32> = notes.whole(member, 0, i64::from(u32::MAX) - 1);
        return number.map(|number| number.to_string()).unwrap_or_default();
    }
    notes.text(member).unwrap_or_default()
}

/// A span, or `inf`.
pub(crate) fn drain(text: &str) -> Result<Drain, String> {
    if text == "inf" {
        return Ok(Drain::Forever);
    }
    span::parse_with_ms(text).map(Drain::For).map_err(|error| error.to_string())
}

/// A checksum, with or without `sha256:` in front.
pub(crate) fn sha256(notes: &mut Notes<'_>, member: &Member<'_>) -> Option<String> {
    let digits = sha256_digits(notes.str(member, "text")?);
    if digits.is_err() {
        notes.wrong(member.offset(), format!("`{}` must be 64 hexadecimal digits", member.key));
    }
    digits.ok()
}

/// The digits of a checksum, in lower case.
pub(crate) fn sha256_digits(text: &str) -> Result<String, String> {
    let digits = text.strip_prefix("sha256:").unwrap_or(text);
    if digits.len() != 64 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        let shown = text::excerpt(text.as_bytes());
        return Err(format!("`{shown}` is no SHA-256; write its 64 hexadecimal digits"));
    }
    Ok(digits.to_ascii_lowercase())
}
