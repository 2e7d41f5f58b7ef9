//! `every 1h`, `every 4h..6h`: so often after the last success, whatever the clock on the wall says.

use std::time::Duration;

use super::zone::Zone;
use super::{Fault, excerpt};
use crate::domain::span;
use crate::domain::time::Moment;

/// The shortest interval.
const EVERY_MIN: Duration = Duration::from_secs(1);

/// A day by the clock on the wall, but for two of them a year.
const DAY_MS: u128 = 86_400_000;

/// The longest interval: a year, and a day for leap years.
const EVERY_MAX: Duration = Duration::from_secs(366 * 86_400);

/// Words for one of a unit.
const UNITS: [&str; 5] = ["second", "minute", "hour", "day", "week"];

/// How often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Every {
    /// Not sooner than this.
    pub(crate) at_least: Duration,
    /// Not later than this.
    pub(crate) at_most: Duration,
}

impl Every {
    /// Reads `every 1h`, `1h`, `every day`, `every 4h..6h`.
    pub(crate) fn parse(text: &str) -> Result<Every, Fault> {
        let text = text.trim();
        let text = text.strip_prefix("every ").unwrap_or(text).trim();
        let (at_least, at_most) = match text.split_once("..") {
            Some((low, high)) => (one(low)?, one(high)?),
            None => (one(text)?, one(text)?),
        };
        if at_least > at_most {
            return Err(Fault::new("the range runs backwards").hint(format!(
                "write `every {}..{}`",
                span::format(at_most),
                span::format(at_least)
            )));
        }
        if at_least < EVERY_MIN || at_most > EVERY_MAX {
            let (least, most) = (span::format(EVERY_MIN), span::format(EVERY_MAX));
            return Err(Fault::new(format!("it has to lie between {least} and {most}")));
        }
        Ok(Every { at_least, at_most })
    }

    /// The moment at which the next success is due after one at `after`.
    pub(crate) fn next(&self, after: Moment, zone: &Zone) -> Moment {
        later(after, self.at_most, zone)
    }
}

/// The moment so much later. Whole days are days of the clock on the wall: where it was set back in between
/// they take an hour more, or a job of every night would be missed once a year. An hour less they never
/// take.
///
/// Worked example, Berlin: a day after 24 October 2026, 03:00 is 25 October, 03:00, which is 25 hours later.
pub(crate) fn later(after: Moment, span: Duration, zone: &Zone) -> Moment {
    let ms = i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
    let at = Moment::from_epoch_ms(after.epoch_ms().saturating_add(ms));
    if span.is_zero() || !span.as_millis().is_multiple_of(DAY_MS) {
        return at;
    }
    let offset_s = |at: Moment| zone.offset_s(at.epoch_ms().div_euclid(1_000));
    let back_s = offset_s(after).saturating_sub(offset_s(at));
    at.after(Duration::from_secs(u64::try_from(back_s).unwrap_or(0)))
}

fn one(text: &str) -> Result<Duration, Fault> {
    let text = text.trim();
    if UNITS.contains(&text) {
        return one(&format!("1 {text}"));
    }
    span::parse(text).map_err(|error| {
        Fault::new(format!("`{}` is no span of time: {error}", excerpt(text)))
            .hint("such as `every 30m` or `every 1d`")
    })
}
