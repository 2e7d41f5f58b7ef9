//! A crontab's five fields, as Debian's cron means them, with Healthchecks' `L`, `LW`, `5L`, `1#2`.
//!
//! The hard part is what cron does when the clock on the wall jumps, and it is followed to the
//! minute (`next.rs`). A line is *fixed* when neither its minute nor its hour begins with `*`: such a
//! job runs once a day whatever the clock does. All others follow the clock that is shown.
//!
//! What cron would accept and never run (`MON-SUN`, 30 February) is refused with the repair: a
//! monitor that expects nothing is worse than none. Source: Debian's cron 3.0pl1, `entry.c` and the
//! main loop of `cron.c`.

mod field;
mod next;

use super::Fault;
use super::explain::{day_name, listed, runs};
use field::{Field, Names};

/// A crontab line's moments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cron {
    minutes: u64,
    hours: u64,
    months: u64,
    days: MonthDays,
    weekdays: Weekdays,
    /// Both day fields must agree, because one of them begins with `*`.
    both_days: bool,
    /// Neither minute nor hour begins with `*`.
    fixed: bool,
}

/// The field of the days of the month.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct MonthDays {
    listed: u64,
    last: bool,
    last_weekday: bool,
}

/// The field of the days of the week; 0 is Sunday.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Weekdays {
    listed: u64,
    last: u64,
    /// `(weekday, n)`: the n-th of the month.
    counted: Vec<(u32, u32)>,
}

/// The names of cron for common lines.
const NICKNAMES: [(&str, &str); 7] = [
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
    ("@monthly", "0 0 1 * *"),
    ("@weekly", "0 0 * * 0"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@hourly", "0 * * * *"),
];

/// The longest line that is read.
const LINE_BYTES_MAX: usize = 1024;

impl Cron {
    /// Reads the five fields, or a nickname.
    ///
    /// Worked example: `30 2 * * 1-5` is half past two from Monday to Friday.
    pub(crate) fn parse(text: &str) -> Result<Cron, Fault> {
        if text.len() > LINE_BYTES_MAX {
            return Err(Fault::new(format!("it is longer than {LINE_BYTES_MAX} bytes")));
        }
        if let Some(bad) = text.chars().find(|c| !c.is_ascii() || (c.is_control() && *c != '\t')) {
            let name = bad.escape_unicode();
            return Err(Fault::new(format!(
                "there is a character that cron does not know ({name})"
            )));
        }
        let text = text.trim_matches([' ', '\t']);
        if text.starts_with('@') {
            return nickname(text);
        }
        let words: Vec<&str> = text.split([' ', '\t']).filter(|word| !word.is_empty()).collect();
        let [minute, hour, day, month, weekday] = words[..] else { return Err(count(&words)) };
        let cron = Cron {
            minutes: field::plain(&Field::MINUTE, minute)?,
            hours: field::plain(&Field::HOUR, hour)?,
            days: month_days(day)?,
            months: field::plain(&Field::MONTH, month)?,
            weekdays: weekdays(weekday)?,
            both_days: day.starts_with('*') || weekday.starts_with('*'),
            fixed: !minute.starts_with('*') && !hour.starts_with('*'),
        };
        if cron.can_fire() { Ok(cron) } else { Err(never(day, month)) }
    }

    /// A fixed moment of the day on these weekdays (bit 0 is Sunday).
    pub(crate) fn daily(hour: u32, minute: u32, weekdays: u64) -> Cron {
        Cron {
            minutes: 1 << minute,
            hours: 1 << hour,
            months: 0x1ffe,
            days: MonthDays { listed: 0xffff_fffe, ..MonthDays::default() },
            weekdays: Weekdays { listed: weekdays, ..Weekdays::default() },
            both_days: true,
            fixed: true,
        }
    }
}

fn nickname(text: &str) -> Result<Cron, Fault> {
    if let Some((_, fields)) = NICKNAMES.iter().find(|(name, _)| *name == text) {
        return Cron::parse(fields);
    }
    let lower = text.to_ascii_lowercase();
    let near = super::nearest(&lower, NICKNAMES.iter().map(|(name, _)| *name));
    Err(match text {
        "@reboot" => {
            Fault::new("`@reboot` has no times; a monitor needs to know when to expect it")
        }
        _ if lower.starts_with("@every ") => Fault::new("cron has no `@every`")
            .hint(format!("write `every {}`", lower.trim_start_matches("@every "))),
        _ => Fault::new(format!("cron has no `{text}`"))
            .hint_maybe(near.map(|near| format!("did you mean `{near}`?"))),
    })
}

/// What to say about a line that has not five fields.
fn count(words: &[&str]) -> Fault {
    let number = words.len();
    match words {
        [] => Fault::new("there is nothing in it").hint("write five fields, such as `0 3 * * *`"),
        [first, rest @ ..] if first.contains('=') && rest.len() >= 5 => {
            Fault::new("a variable stands before the five fields")
                .hint("give the zone as `timezone`, or write `CRON_TZ=Europe/Berlin 0 3 * * *`")
        }
        [word] => {
            let nickname = format!("@{}", word.to_ascii_lowercase());
            let near = NICKNAMES.iter().find(|(name, _)| *name == nickname);
            Fault::new(format!("`{}` is not five fields", super::excerpt(word)))
                .hint_maybe(near.map(|(name, _)| format!("did you mean `{name}`?")))
        }
        [second, rest @ ..] if number == 6 && field::plain(&Field::MINUTE, second).is_ok() => {
            let fields = rest.join(" ");
            Fault::new("there are six fields; cron has five and knows no seconds")
                .hint(format!("did you mean `{fields}`?"))
        }
        _ => Fault::new(format!("there are {number} fields; cron has five"))
            .hint("minute, hour, day of the month, month, day of the week: `0 3 * * *`"),
    }
}

fn month_days(text: &str) -> Result<MonthDays, Fault> {
    let mut days = MonthDays::default();
    for part in text.split(',') {
        match part {
            "L" | "l" => days.last = true,
            "LW" | "lw" => days.last_weekday = true,
            _ => days.listed |= field::part(&Field::DAY, part)?,
        }
    }
    Ok(days)
}

fn weekdays(text: &str) -> Result<Weekdays, Fault> {
    let mut days = Weekdays::default();
    let one = |word: &str| field::number(&Field::WEEKDAY, word).map(|day| day % 7);
    for part in text.split(',') {
        if let Some((day, count)) = part.split_once('#') {
            let count: u32 = match count {
                "1" | "2" | "3" | "4" | "5" => count.parse().unwrap_or(1),
                _ => return Err(Fault::new(format!("`{part}`: a month has a first to a fifth"))),
            };
            days.counted.push((one(day)?, count));
        } else if let Some(day) = part.strip_suffix(['L', 'l']).filter(|day| day.len() == 1) {
            days.last |= 1 << one(day)?;
        } else {
            let listed = field::part(&Field::WEEKDAY, part)?;
            // Both 0 and 7 are Sunday.
            days.listed |= (listed | listed >> 7) & 0x7f;
        }
    }
    Ok(days)
}

/// What to say about a day that no month has.
fn never(day: &str, month: &str) -> Fault {
    Fault::new(format!("it never happens: no month of `{month}` has a day `{day}`"))
        .hint("the last day of a month is `L`")
}

/// The names that a field takes.
const MONTHS: Names = Names {
    first: 1,
    words: &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
};

/// Sunday has two numbers and one name: that is why `MON-SUN` is no range.
const WEEKDAYS: Names =
    Names { first: 0, words: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"] };

/// What a line holds, for whoever puts it in words.
pub(super) struct Parts<'a> {
    /// Bit 0 is minute 0.
    pub(super) minutes: u64,
    /// Bit 0 is midnight.
    pub(super) hours: u64,
    /// Bit 1 is January.
    pub(super) months: u64,
    /// Both day fields must agree.
    pub(super) both_days: bool,
    cron: &'a Cron,
}

impl Cron {
    /// Its parts.
    pub(super) fn parts(&self) -> Parts<'_> {
        let Cron { minutes, hours, months, both_days, .. } = *self;
        Parts { minutes, hours, months, both_days, cron: self }
    }
}

impl Parts<'_> {
    /// The days of the month in words; none where all are meant.
    pub(super) fn days(&self) -> Option<String> {
        let days = &self.cron.days;
        if days.listed & 0xffff_fffe == 0xffff_fffe {
            return None;
        }
        let mut words = Vec::new();
        if days.listed != 0 {
            words.push(format!("day {}", listed(&runs(days.listed, 1, 31), |day| day.to_string())));
        }
        words.extend(days.last.then(|| "the last day".to_owned()));
        words.extend(days.last_weekday.then(|| "the last day from Monday to Friday".to_owned()));
        Some(words.join(" and "))
    }

    /// The days of the week in words; none where all are meant.
    pub(super) fn weekdays(&self) -> Option<String> {
        let days = &self.cron.weekdays;
        if days.listed & 0x7f == 0x7f {
            return None;
        }
        let mut words = Vec::new();
        if days.listed != 0 {
            words.push(listed(&runs(days.listed, 0, 6), day_name));
        }
        if days.last != 0 {
            words.push(format!("the last {}", listed(&runs(days.last, 0, 6), day_name)));
        }
        for (day, count) in &days.counted {
            let nth = ["first", "second", "third", "fourth", "fifth"][*count as usize - 1];
            words.push(format!("the {nth} {}", day_name(*day as usize)));
        }
        Some(words.join(" and "))
    }
}
