//! `by 08:00`, `between 02:00 and 05:00 on Mon-Fri`: one success a day, anywhere within.
//!
//! Days are those on which the window opens: `between 22:00 and 02:00 on Fri` closes on Saturday. A
//! window that opens or closes in an hour that the clock jumps over does so right after it.

use super::cron::Cron;
use super::zone::Zone;
use super::{Fault, excerpt};
use crate::domain::time::Moment;

/// All days of the week; bit 0 is Sunday.
const EVERY_DAY: u64 = 0x7f;

/// The days of the week by their bit.
const DAYS: [(&str, &str); 7] = [
    ("sun", "sunday"),
    ("mon", "monday"),
    ("tue", "tuesday"),
    ("wed", "wednesday"),
    ("thu", "thursday"),
    ("fri", "friday"),
    ("sat", "saturday"),
];

/// When a success is taken for the one of the day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    /// When it opens; none: when the one before has closed.
    pub(super) opens: Option<(u32, u32)>,
    /// When it closes.
    pub(super) closes: (u32, u32),
    /// The days on which it opens.
    pub(super) days: u64,
    closing: Cron,
    opening: Option<Cron>,
}

impl Window {
    /// Reads a window.
    ///
    /// Worked example: `between 22:00 and 02:00 on Mon-Fri` opens five times a week.
    pub(crate) fn parse(text: &str) -> Result<Window, Fault> {
        let lower = text.trim().to_ascii_lowercase();
        let (times, days) = match lower.split_once(" on ") {
            Some((times, days)) => (times.trim(), weekdays(days.trim())?),
            None => (lower.as_str(), EVERY_DAY),
        };
        let (opens, closes) = if let Some(by) = times.strip_prefix("by ") {
            (None, time(by)?)
        } else if let Some(rest) = times.strip_prefix("between ") {
            let (from, to) = rest.split_once(" and ").ok_or_else(|| usage(text))?;
            (Some(time(from)?), time(to)?)
        } else {
            return Err(usage(text));
        };
        if opens == Some(closes) {
            return Err(Fault::new("it closes when it opens").hint("for a whole day write `by`"));
        }
        let next_day = opens.is_some_and(|opens| closes < opens);
        let closing_days = if next_day { (days << 1 | days >> 6) & EVERY_DAY } else { days };
        Ok(Window {
            opens,
            closes,
            days,
            closing: Cron::daily(closes.0, closes.1, closing_days),
            opening: opens.map(|(hour, minute)| Cron::daily(hour, minute, days)),
        })
    }

    /// The moment at which the first window after `after` closes: the success is due by then.
    pub(crate) fn next(&self, after: Moment, zone: &Zone) -> Option<Moment> {
        self.closing.next(after, zone)
    }

    /// The moment at which the next window opens.
    pub(crate) fn next_opening(&self, after: Moment, zone: &Zone) -> Option<Moment> {
        self.opening.as_ref()?.next(after, zone)
    }
}

fn usage(text: &str) -> Fault {
    Fault::new(format!("`{}` is no window", excerpt(text)))
        .hint("write `by 08:00` or `between 02:00 and 05:00 on Mon-Fri`")
}

fn time(text: &str) -> Result<(u32, u32), Fault> {
    let text = text.trim();
    let wrong = || {
        Fault::new(format!("`{}` is no time of the day", excerpt(text)))
            .hint("write hour and minute, such as `08:00`")
    };
    let (hour, minute) = text.split_once(':').ok_or_else(wrong)?;
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let read = |part: &str, width: std::ops::RangeInclusive<usize>| {
        let fits = width.contains(&part.len()) && digits(part);
        part.parse::<u32>().ok().filter(|_| fits)
    };
    match (read(hour, 1..=2), read(minute, 2..=2)) {
        (Some(hour @ 0..24), Some(minute @ 0..60)) => Ok((hour, minute)),
        (Some(24), Some(0)) => Err(wrong().hint("write 00:00")),
        _ => Err(wrong()),
    }
}

/// `mon-fri`, `sat,sun`, `monday`; a range may run over the end of the week.
fn weekdays(text: &str) -> Result<u64, Fault> {
    let day = |word: &str| {
        let word = word.trim();
        let is = |(short, long): &(&str, &str)| *short == word || *long == word;
        DAYS.iter().position(is).ok_or_else(|| {
            let near = super::nearest(word, DAYS.iter().map(|(short, _)| *short));
            Fault::new(format!("`{}` is no day of the week", excerpt(word)))
                .hint_maybe(near.map(|near| format!("did you mean `{near}`?")))
        })
    };
    let mut bits = 0;
    for part in text.split(',') {
        let (from, to) =
            part.split_once("..").or_else(|| part.split_once('-')).unwrap_or((part, part));
        let (mut at, to) = (day(from)?, day(to)?);
        loop {
            bits |= 1 << at;
            if at == to {
                break;
            }
            at = (at + 1) % 7;
        }
    }
    Ok(bits)
}
