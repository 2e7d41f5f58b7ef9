//! A schedule as a person writes or pastes it: which kind it is, and the zone that stands in it.
//!
//! Taken are `every 1h`, cron's fields, `calendar …`, windows, and a whole line of a crontab with its
//! user, its command and a `CRON_TZ=` in front, because that is what people have in their clipboard.

use super::{Cron, Fault, Kind, Schedule};

/// A line that has been understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// Its schedule.
    pub(crate) schedule: Schedule,
    /// The zone that the line itself names.
    pub(crate) zone: Option<String>,
}

impl Line {
    /// Reads a line whose kind is given or shows.
    pub(crate) fn parse(kind: Option<Kind>, text: &str) -> Result<Line, Fault> {
        let text = if kind.is_none() { text.trim() } else { text };
        let (zone, text) = match text.strip_prefix("CRON_TZ=") {
            Some(rest) if kind.is_none_or(|kind| kind == Kind::Cron) => {
                let (zone, rest) = rest.split_once([' ', '\t', '\n']).unwrap_or((rest, ""));
                (Some(zone.trim_matches('"').to_owned()), rest.trim_start())
            }
            Some(_) | None => (None, text),
        };
        let schedule = match kind {
            Some(kind) => Schedule::parse(kind, text)?,
            None => guess(text)?,
        };
        let own = match &schedule {
            Schedule::Calendar(calendar) => calendar.zone().map(str::to_owned),
            Schedule::Every(_) | Schedule::Cron(_) | Schedule::Window(_) => None,
        };
        Ok(Line { schedule, zone: zone.or(own) })
    }
}

fn guess(text: &str) -> Result<Schedule, Fault> {
    let first = text.split([' ', '\t']).next().unwrap_or_default();
    let is_span = first.starts_with(|c: char| c.is_ascii_digit())
        && !text.contains([':', '*'])
        && crate::domain::span::parse(text).is_ok();
    match first {
        "every" => Schedule::parse(Kind::Every, text),
        "by" | "between" => Schedule::parse(Kind::Window, text),
        "calendar" => Schedule::parse(Kind::Calendar, text["calendar".len()..].trim()),
        "cron" => Schedule::parse(Kind::Cron, text["cron".len()..].trim()),
        _ if is_span => Schedule::parse(Kind::Every, text),
        _ if first.starts_with('@') => crontab_line(text, 1),
        _ => match crontab_line(text, 5) {
            Ok(schedule) => Ok(schedule),
            // What cannot be cron may be systemd's; the fault of the likelier one is told.
            Err(fault) => Schedule::parse(Kind::Calendar, text)
                .map_err(|other| if text.contains(':') { other } else { fault }),
        },
    }
}

/// Cron's fields, and behind them what a crontab has there.
fn crontab_line(text: &str, fields: usize) -> Result<Schedule, Fault> {
    let mut end = 0;
    for word in text.split([' ', '\t']).filter(|word| !word.is_empty()).take(fields) {
        // The words are parts of the text, so their distance to its start is where they end.
        end = word.as_ptr() as usize - text.as_ptr() as usize + word.len();
    }
    let (schedule, rest) = text.split_at(end);
    let command = |c: char| c.is_ascii_alphabetic() || "/.~[({\"'".contains(c);
    if rest.trim_start().starts_with(command) {
        return Cron::parse(schedule).map(Schedule::Cron);
    }
    Cron::parse(text).map(Schedule::Cron)
}
