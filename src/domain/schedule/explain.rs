//! A schedule in words, so that a person sees what was understood before it matters.

use super::{Schedule, calendar::Calendar, cron::Cron, every::Every, window::Window};
use crate::domain::span;

impl Schedule {
    /// One sentence without its full stop.
    pub(crate) fn explain(&self) -> String {
        match self {
            Schedule::Every(Every { at_least, at_most }) if at_least == at_most => {
                format!("every {}, counted from the last success", span::format(*at_most))
            }
            Schedule::Every(Every { at_least, at_most }) => format!(
                "every {} to {}, counted from the last success",
                span::format(*at_least),
                span::format(*at_most)
            ),
            Schedule::Cron(cron) => cron_in_words(cron),
            Schedule::Calendar(calendar) => calendar_in_words(calendar),
            Schedule::Window(window) => window_in_words(window),
        }
    }
}

const DAYS: [&str; 7] =
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

fn window_in_words(window: &Window) -> String {
    let time = |(hour, minute): (u32, u32)| format!("{hour:02}:{minute:02}");
    let days = match window.days {
        0x7f => "every day".to_owned(),
        days => format!("on {}", listed(&runs(days, 0, 6), |day| DAYS[day].to_owned())),
    };
    match window.opens {
        None => format!("once by {}, {days}", time(window.closes)),
        Some(opens) => format!(
            "once between {} and {}{}, {days}",
            time(opens),
            time(window.closes),
            if window.closes < opens { " of the next day" } else { "" }
        ),
    }
}

fn cron_in_words(cron: &Cron) -> String {
    let parts = cron.parts();
    let mut words = times(parts.minutes, parts.hours);
    let days = parts.days();
    let weekdays = parts.weekdays();
    match (days, weekdays) {
        (None, None) => {}
        (Some(days), None) => words.push_str(&format!(", on {days} of the month")),
        (None, Some(weekdays)) => words.push_str(&format!(", on {weekdays}")),
        (Some(days), Some(weekdays)) => {
            let link = if parts.both_days { "that is also" } else { "and also on every" };
            words.push_str(&format!(", on {days} of the month {link} {weekdays}"));
        }
    }
    if parts.months != 0x1ffe {
        words.push_str(", in ");
        words.push_str(&listed(&runs(parts.months, 1, 12), |month| MONTHS[month - 1].to_owned()));
    }
    words
}

/// The time of the day in words.
fn times(minutes: u64, hours: u64) -> String {
    let (all_minutes, all_hours) = ((1 << 60) - 1, (1 << 24) - 1);
    let pairs = minutes.count_ones() * hours.count_ones();
    if minutes == all_minutes && hours == all_hours {
        return "every minute".to_owned();
    }
    if hours == all_hours {
        if let Some(step) = even_step(minutes, 60) {
            return match step {
                60 => "every hour, on the hour".to_owned(),
                _ => format!("every {step} minutes"),
            };
        }
        return format!(
            "at minute {} of every hour",
            listed(&runs(minutes, 0, 59), |m| m.to_string())
        );
    }
    if pairs <= 6 {
        let at = |hour: u32| {
            (0..60u32)
                .filter(move |minute| minutes & 1 << minute != 0)
                .map(move |minute| format!("{hour:02}:{minute:02}"))
        };
        let all: Vec<String> =
            (0..24u32).filter(|hour| hours & 1 << hour != 0).flat_map(at).collect();
        return format!("at {}", joined(&all));
    }
    let minute = if minutes == all_minutes {
        "every minute".to_owned()
    } else {
        format!("at minute {}", listed(&runs(minutes, 0, 59), |m| m.to_string()))
    };
    format!("{minute} of the hours {}", listed(&runs(hours, 0, 23), |hour| format!("{hour:02}")))
}

/// The step of a set that begins at 0 and divides the whole evenly.
fn even_step(bits: u64, whole: u32) -> Option<u32> {
    let step = whole / bits.count_ones().max(1);
    let even = whole.is_multiple_of(step)
        && (0..whole).all(|at| (bits & 1 << at != 0) == at.is_multiple_of(step));
    even.then_some(step)
}

/// Neighbouring numbers as ranges.
pub(super) fn runs(bits: u64, low: usize, high: usize) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for number in (low..=high).filter(|number| bits & 1 << number != 0) {
        match runs.last_mut() {
            Some((_, end)) if *end + 1 == number => *end = number,
            Some(_) | None => runs.push((number, number)),
        }
    }
    runs
}

/// Ranges in words.
pub(super) fn listed(runs: &[(usize, usize)], word: impl Fn(usize) -> String) -> String {
    let words: Vec<String> = runs
        .iter()
        .flat_map(|(from, to)| match to - from {
            0 => vec![word(*from)],
            1 => vec![word(*from), word(*to)],
            _ => vec![format!("{} to {}", word(*from), word(*to))],
        })
        .collect();
    joined(&words)
}

/// `a, b and c`.
fn joined(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

fn calendar_in_words(calendar: &Calendar) -> String {
    format!("systemd's `{}`", calendar.normal_form())
}

/// A day of the week by its number; 0 is Sunday.
pub(super) fn day_name(day: usize) -> String {
    DAYS[day % 7].to_owned()
}
