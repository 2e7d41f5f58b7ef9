//! When a success is expected: every so often, as cron or systemd would start it, or within a window.
//!
//! A schedule is read from a line of text and answers one question: which moment comes next. What is
//! wrong with a line is a [`Fault`] that names the place and, where it can be guessed, the repair.
//! Zones and the two hours of daylight saving time are the hard part; each kind follows the program
//! that it is named after, because a monitor has to expect what that program really does.

pub(crate) mod calendar;
pub(crate) mod cron;
pub(crate) mod every;
mod explain;
mod line;
pub(crate) mod window;
pub(crate) mod zone;

#[cfg(test)]
mod tests;

use super::time::Moment;
use calendar::Calendar;
use cron::Cron;
use every::Every;
use window::Window;
use zone::Zone;

pub(crate) use line::Line;

/// What is wrong with a schedule, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// What is wrong.
    pub(crate) why: String,
    /// The repair.
    pub(crate) hint: Option<String>,
}

impl Fault {
    /// A fault without a repair.
    pub(crate) fn new(why: impl Into<String>) -> Fault {
        Fault { why: why.into(), hint: None }
    }

    /// The same, with one.
    pub(crate) fn hint(self, hint: impl Into<String>) -> Fault {
        Fault { hint: Some(hint.into()), ..self }
    }

    /// The same, where there may be one.
    pub(crate) fn hint_maybe(self, hint: Option<String>) -> Fault {
        Fault { hint, ..self }
    }
}

/// The ways to say when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `every 1h`.
    Every,
    /// `0 3 * * *`.
    Cron,
    /// `Mon..Fri 02:00`, as systemd has it.
    Calendar,
    /// `by 08:00`, `between 02:00 and 05:00 on Mon-Fri`.
    Window,
}

impl Kind {
    /// All of them, as they are written.
    pub(crate) const ALL: [(&'static str, Kind); 4] = [
        ("every", Kind::Every),
        ("cron", Kind::Cron),
        ("calendar", Kind::Calendar),
        ("window", Kind::Window),
    ];

    /// Reads a name.
    pub(crate) fn parse(word: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|(name, _)| *name == word).map(|(_, kind)| kind)
    }
}

/// When a success is expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Schedule {
    /// So often after the last one.
    Every(Every),
    /// As cron starts it.
    Cron(Cron),
    /// As a systemd timer starts it.
    Calendar(Calendar),
    /// Once in each window.
    Window(Window),
}

impl Schedule {
    /// Reads a schedule of a known kind.
    pub(crate) fn parse(kind: Kind, text: &str) -> Result<Schedule, Fault> {
        match kind {
            Kind::Every => Every::parse(text).map(Schedule::Every),
            Kind::Cron => Cron::parse(text).map(Schedule::Cron),
            Kind::Calendar => Calendar::parse(text).map(Schedule::Calendar),
            Kind::Window => Window::parse(text).map(Schedule::Window),
        }
    }

    /// The first expected moment after `after`.
    pub(crate) fn next(&self, after: Moment, zone: &Zone) -> Option<Moment> {
        match self {
            Schedule::Every(every) => Some(every.next(after, zone)),
            Schedule::Cron(cron) => cron.next(after, zone),
            Schedule::Calendar(calendar) => calendar.next(after, zone),
            Schedule::Window(window) => window.next(after, zone),
        }
    }
}

impl Schedule {
    /// The moment at which the next window opens, where there are windows.
    pub(crate) fn next_opening(&self, after: Moment, zone: &Zone) -> Option<Moment> {
        match self {
            Schedule::Window(window) => window.next_opening(after, zone),
            Schedule::Every(_) | Schedule::Cron(_) | Schedule::Calendar(_) => None,
        }
    }
}

/// The nearest of some words.
fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    super::nearest::nearest(word, known)
}

/// As much of a wrong word as a message may hold.
fn excerpt(word: &str) -> String {
    super::text::excerpt(word.as_bytes())
}
