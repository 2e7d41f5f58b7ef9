//! One field of a crontab line: numbers, names, ranges, steps, lists; into a set of bits.

use super::super::{Fault, excerpt};
use super::{MONTHS, WEEKDAYS};

/// What a field may hold.
pub(super) struct Field {
    what: &'static str,
    low: u32,
    high: u32,
    names: Option<&'static Names>,
}

/// The names of a field's numbers.
pub(super) struct Names {
    /// The number of the first name.
    pub(super) first: u32,
    /// Three letters each, lower case.
    pub(super) words: &'static [&'static str],
}

impl Field {
    /// Minutes.
    pub(super) const MINUTE: Field = Field { what: "minute", low: 0, high: 59, names: None };
    /// Hours.
    pub(super) const HOUR: Field = Field { what: "hour", low: 0, high: 23, names: None };
    /// Days of the month.
    pub(super) const DAY: Field = Field { what: "day of the month", low: 1, high: 31, names: None };
    /// Months.
    pub(super) const MONTH: Field = Field { what: "month", low: 1, high: 12, names: Some(&MONTHS) };
    /// Days of the week; 7 is Sunday again.
    pub(super) const WEEKDAY: Field =
        Field { what: "day of the week", low: 0, high: 7, names: Some(&WEEKDAYS) };

    fn wants(&self) -> String {
        format!("{} to {}", self.low, self.high)
    }
}

/// A whole field without extensions.
pub(super) fn plain(field: &Field, text: &str) -> Result<u64, Fault> {
    text.split(',').try_fold(0, |bits, one| Ok(bits | part(field, one)?))
}

/// One element of a list.
pub(super) fn part(field: &Field, text: &str) -> Result<u64, Fault> {
    let (range, step) = match text.split_once('/') {
        Some((range, step)) => (range, Some(self::step(field, text, step)?)),
        None => (text, None),
    };
    let (low, high) = if range == "*" {
        (field.low, field.high)
    } else if let Some((low, high)) = range.split_once('-') {
        (number(field, low)?, number(field, high)?)
    } else {
        let only = number(field, range)?;
        if step.is_some() {
            let (step, high) = (text.split_once('/').map_or("", |(_, step)| step), field.high);
            return Err(Fault::new(format!("`{text}`: a step needs a range; cron refuses this"))
                .hint(format!("write `{range}-{high}/{step}`, or `*/{step}`")));
        }
        (only, only)
    };
    if low > high {
        return Err(backwards(field, range));
    }
    let step = step.unwrap_or(1);
    Ok((low..=high).step_by(step).fold(0, |bits, number| bits | 1 << number))
}

/// A range that cron accepts and never runs.
fn backwards(field: &Field, range: &str) -> Fault {
    let fault = Fault::new(format!("`{range}` runs backwards: cron takes it and never runs it"));
    if field.high == 7 && range.to_ascii_lowercase().ends_with("-sun") {
        let low = range.split('-').next().unwrap_or_default();
        return fault.hint(format!("for cron `SUN` is 0; write `{low}-7`"));
    }
    let (low, high) = range.split_once('-').unwrap_or_default();
    fault.hint(format!("write `{low}-{},{}-{high}`", field.high, field.low))
}

fn step(field: &Field, text: &str, step: &str) -> Result<usize, Fault> {
    let digits = !step.is_empty() && step.bytes().all(|byte| byte.is_ascii_digit());
    // A step that does not fit any number is larger than every field.
    let number = if digits { step.parse::<usize>().unwrap_or(usize::MAX) } else { 0 };
    if number == 0 {
        return Err(Fault::new(format!(
            "`{}`: the step of the {} must be a number from 1",
            excerpt(text),
            field.what
        )));
    }
    Ok(number)
}

/// One number or name.
pub(super) fn number(field: &Field, word: &str) -> Result<u32, Fault> {
    if !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit()) {
        let number = word.parse::<u64>().unwrap_or(u64::MAX);
        return match u32::try_from(number) {
            Ok(number) if (field.low..=field.high).contains(&number) => Ok(number),
            Ok(_) | Err(_) => Err(Fault::new(format!("`{}` is no {}", excerpt(word), field.what))
                .hint(format!("it goes from {}", field.wants()))),
        };
    }
    let lower = word.to_ascii_lowercase();
    if let Some(names) = field.names
        && let Some(at) = names.words.iter().position(|name| *name == lower)
    {
        return Ok(names.first + at as u32);
    }
    Err(stranger(field, word))
}

/// What to say about a word that is neither.
fn stranger(field: &Field, word: &str) -> Fault {
    let shown = excerpt(word);
    let fault = Fault::new(format!("`{shown}` is no {}", field.what));
    match word {
        "" => Fault::new(format!("a {} is missing", field.what)),
        "?" => fault.hint("write `*`"),
        _ if word.starts_with('H') => {
            fault.hint("`H` is Jenkins' own; a monitor needs to know the moment")
        }
        _ if word.contains('~') => fault.hint("cron picks it at random; a monitor cannot know it"),
        _ if word.contains(':') => fault.hint("minute and hour are two fields: `30 2 * * *`"),
        _ => {
            let near = field.names.and_then(|names| {
                let start = lower_start(word)?;
                names.words.iter().find(|name| **name == start)
            });
            match near {
                Some(near) => fault.hint(format!("did you mean `{near}`?")),
                None => fault.hint(format!("it goes from {}", field.wants())),
            }
        }
    }
}

/// The first three letters of a word that has more.
fn lower_start(word: &str) -> Option<String> {
    word.get(..3).map(str::to_ascii_lowercase)
}
