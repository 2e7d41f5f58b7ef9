//! `hb schedule`: what a schedule means in words, and its next moments.
//!
//! A person tries a schedule here before a monitor depends on it, so a wrong one is refused with the
//! reason and the repair, and the two odd days of the year are pointed out.

use std::ffi::OsString;

use clap::{Args, Subcommand};
use serde_json::json;

use super::{arguments, exit, say};
use crate::domain::schedule::zone::Zone;
use crate::domain::schedule::{Kind, Line};
use crate::domain::time::Moment;
use crate::domain::{span, text};
use crate::sys::{clock, zone};

/// Moments shown where nobody says how many.
const SHOWN: u32 = 5;

/// The most that may be asked for: beyond it a mistake is likelier than a reader.
const SHOWN_MAX: u32 = 10_000;

/// What a schedule means, and its next moments.
#[derive(Args, Debug)]
pub(crate) struct ScheduleArguments {
    #[command(subcommand)]
    action: Action,
}

/// What is asked about it.
#[derive(Subcommand, Debug)]
enum Action {
    /// Say it in words, with its next moments
    Explain(Question),
    /// Only its next moments, in UTC
    Next(Question),
}

/// A schedule, and how to read it.
#[derive(Args, Debug)]
struct Question {
    /// The schedule: `every 1h`, `0 3 * * *`, a line of a crontab, `Mon..Fri 02:00`, `by 08:00`
    #[arg(value_name = "SCHEDULE", required_unless_present = "duration")]
    schedule: Option<String>,
    /// What it is: cron, calendar (systemd's OnCalendar), every, window [default: as it looks]
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
    /// The time zone [default: the host's]
    #[arg(long, value_name = "ZONE")]
    tz: Option<String>,
    /// Moments after this one (`2026-03-29T01:00:00Z`) [default: now]
    #[arg(long, value_name = "MOMENT")]
    from: Option<String>,
    /// How many [default: 5]
    #[arg(short, value_name = "N", default_value_t = SHOWN, hide_default_value = true)]
    number: u32,
    /// Read a span of time instead, and give its whole seconds
    #[arg(long, value_name = "TIME", num_args = 0..=1, default_missing_value = "", conflicts_with_all = ["kind", "tz", "from"])]
    duration: Option<String>,
    /// JSON
    #[arg(long)]
    json: bool,
}

/// What was understood.
struct Understood {
    line: Line,
    zone: Zone,
    opens: Option<Moment>,
    next: Vec<Moment>,
}

/// Runs the command.
pub(crate) fn main(words: &[OsString]) -> i32 {
    let arguments: ScheduleArguments = match arguments::read("schedule", words) {
        Ok(arguments) => arguments,
        Err(code) => return code,
    };
    let (question, in_words) = match &arguments.action {
        Action::Explain(question) => (question, true),
        Action::Next(question) => (question, false),
    };
    let done = match &question.duration {
        Some(given) => seconds(question, given),
        None => understand(question).map(|understood| {
            if in_words { explain(question, &understood) } else { next(question, &understood) }
        }),
    };
    match done {
        Ok(()) => exit::OK,
        Err((why, hint)) => {
            say::error(why);
            hint.iter().for_each(say::hint);
            exit::USAGE
        }
    }
}

/// What cannot be answered: why, and what to write.
type Refused = (String, Option<String>);

fn understand(question: &Question) -> Result<Understood, Refused> {
    let plain = |why: String| (why, None);
    let given = question.schedule.as_deref().unwrap_or_default();
    let kind = match question.kind.as_deref() {
        None => None,
        Some(word) => Some(Kind::parse(word).ok_or_else(|| {
            let shown = text::excerpt(word.as_bytes());
            plain(format!("there is no kind `{shown}`; write cron, calendar, every or window"))
        })?),
    };
    if question.number > SHOWN_MAX {
        return Err(plain(format!("`-n` goes to {SHOWN_MAX}")));
    }
    let shown = text::excerpt(given.as_bytes());
    let line = Line::parse(kind, given)
        .map_err(|fault| (format!("`{shown}` is no schedule: {}", fault.why), fault.hint))?;
    let zone = match line.zone.as_deref().or(question.tz.as_deref()) {
        Some(name) => zone::named(name).map_err(plain)?,
        None => zone::of_this_host(),
    };
    let mut at = match &question.from {
        None => clock::now(),
        Some(text) => Moment::parse_rfc3339(text).ok_or_else(|| {
            let shown = text::excerpt(text.as_bytes());
            plain(format!("`{shown}` is no moment; write it as 2026-03-29T01:00:00Z"))
        })?,
    };
    let opens = line.schedule.next_opening(at, &zone);
    let mut next = Vec::new();
    while next.len() < question.number.max(1) as usize
        && let Some(moment) = line.schedule.next(at, &zone)
    {
        next.push(moment);
        at = moment;
    }
    if next.is_empty() {
        let since = format!("{}Z", at.to_short_utc().replace(' ', "T"));
        return Err(plain(format!("`{shown}` never happens after {since}")));
    }
    Ok(Understood { line, zone, opens, next })
}

fn next(question: &Question, understood: &Understood) {
    if question.json {
        let moments: Vec<String> = understood.next.iter().map(|at| whole_seconds(*at)).collect();
        say::json(&json!(moments));
        return;
    }
    for line in shown(understood) {
        say::data(&line);
    }
}

fn explain(question: &Question, understood: &Understood) {
    let words = understood.line.schedule.explain();
    if question.json {
        let moments: Vec<String> = understood.next.iter().map(|at| whole_seconds(*at)).collect();
        say::json(&json!({
            "explanation": words,
            "timezone": understood.zone.name(),
            "opens": understood.opens.map(whole_seconds),
            "next": moments,
        }));
        return;
    }
    say::data(&format!("{words}\ntime zone {}\n", understood.zone.name()));
    if let Some(opens) = understood.opens {
        say::data(&format!(
            "the next window opens at {}; below: when they close\n",
            on_the_clock(understood, opens)
        ));
    }
    say::data("\n");
    for line in shown(understood) {
        say::data(&line);
    }
}

/// One line for each moment: on the clock of its zone, in UTC, and what is odd about that day.
fn shown(understood: &Understood) -> impl Iterator<Item = String> {
    let mut before: Option<i64> = None;
    understood.next.iter().map(move |moment| {
        let offset_s = understood.zone.offset_s(moment.epoch_ms().div_euclid(1000));
        let note = match before.replace(offset_s) {
            Some(last) if last < offset_s => "   (the clock has been put forward)",
            Some(last) if last > offset_s => "   (the clock has been put back)",
            Some(_) | None => "",
        };
        format!("{}   {}{note}\n", on_the_clock(understood, *moment), whole_seconds(*moment))
    })
}

/// A moment as the schedule's own zone shows it.
fn on_the_clock(understood: &Understood, moment: Moment) -> String {
    let offset_s = understood.zone.offset_s(moment.epoch_ms().div_euclid(1000));
    let local = moment.to_short(i32::try_from(offset_s).unwrap_or(0));
    format!("{local} {}", offset(offset_s))
}

/// `+02:00`.
fn offset(offset_s: i64) -> String {
    let (sign, size) = if offset_s < 0 { ('-', -offset_s) } else { ('+', offset_s) };
    format!("{sign}{:02}:{:02}", size / 3600, size / 60 % 60)
}

/// `2026-03-29T01:00:00Z`.
fn whole_seconds(moment: Moment) -> String {
    format!("{}Z", moment.to_short_utc().replace(' ', "T"))
}

fn seconds(question: &Question, given: &str) -> Result<(), Refused> {
    // `--duration -- '1h'` gives the text behind the dashes, where it may begin with one.
    let text = match (&question.schedule, given) {
        (Some(text), "") => text,
        (Some(_), _) => return Err(("`--duration` goes without a schedule".to_owned(), None)),
        (None, given) => given,
    };
    let shown = text::excerpt(text.as_bytes());
    let span = span::parse(text)
        .map_err(|error| (format!("`{shown}` is no span of time: {error}"), None))?;
    if question.json {
        say::json(&json!(span.as_secs()));
    } else {
        say::data(&format!("{}\n", span.as_secs()));
    }
    Ok(())
}
