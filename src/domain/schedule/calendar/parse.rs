//! From the text of an OnCalendar expression to its parts, in the order in which systemd reads it.

use super::super::{Fault, excerpt, nearest};
use super::{Calendar, Chain, Link, SHORTHANDS, YEAR_MAX, YEAR_MIN};

/// Weekdays, longest spelling first; the number is the bit.
const WEEKDAYS: [(&str, u8); 14] = [
    ("monday", 0),
    ("tuesday", 1),
    ("wednesday", 2),
    ("thursday", 3),
    ("friday", 4),
    ("saturday", 5),
    ("sunday", 6),
    ("mon", 0),
    ("tue", 1),
    ("wed", 2),
    ("thu", 3),
    ("fri", 4),
    ("sat", 5),
    ("sun", 6),
];

/// How many values one component may list.
const LINKS_MAX: usize = 240;

/// Reads a whole expression.
pub(super) fn whole(text: &str) -> Result<Calendar, Fault> {
    let (body, zone) = split_zone(text);
    let lower = body.to_ascii_lowercase();
    if let Some((_, meaning)) = SHORTHANDS.iter().find(|(word, _)| *word == lower) {
        return Ok(Calendar { zone, ..whole(meaning)? });
    }
    let mut rest = body;
    let weekdays = weekdays(&mut rest)?;
    let mut calendar = Calendar {
        weekdays,
        years: None,
        months: None,
        days: None,
        from_end: false,
        hours: only(0),
        minutes: only(0),
        ms: only(0),
        zone,
        others: Vec::new(),
    };
    if body.is_empty() {
        return Err(Fault::new("there is nothing in it").hint("such as `Mon..Fri 02:00`"));
    }
    let read = date(&mut rest, &mut calendar).and_then(|()| time(rest, &mut calendar));
    read.map_err(|fault| stranger(body, fault))?;
    check(&mut calendar)?;
    Ok(calendar)
}

/// Takes the zone off the end, when the last word can be one.
fn split_zone(text: &str) -> (&str, Option<String>) {
    let Some((body, last)) = text.rsplit_once(' ') else { return (text, None) };
    if last.eq_ignore_ascii_case("utc") {
        return (body, Some("UTC".to_owned()));
    }
    let is_name = last.starts_with(|c: char| c.is_ascii_alphabetic())
        && last.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/_+-".contains(&byte))
        && !WEEKDAYS.iter().any(|(name, _)| last.to_ascii_lowercase().starts_with(name))
        && !SHORTHANDS.iter().any(|(word, _)| last.eq_ignore_ascii_case(word));
    if is_name { (body, Some(last.to_owned())) } else { (text, None) }
}

/// The days of the week at the front, with the blanks behind them.
fn weekdays(rest: &mut &str) -> Result<u8, Fault> {
    let mut bits = 0u8;
    let mut range_from: Option<u8> = None;
    let mut first = true;
    loop {
        let lower = rest.to_ascii_lowercase();
        let Some((name, day)) = WEEKDAYS.iter().find(|(name, _)| lower.starts_with(name)) else {
            if first {
                return Ok(bits);
            }
            return Err(Fault::new(format!("`{}` is no day of the week", excerpt(rest))));
        };
        let word = *rest;
        *rest = &rest[name.len()..];
        if !rest.is_empty() && !rest.starts_with(['-', '.', ',', ' ']) {
            let word = word.split([' ', ',', '.']).next().unwrap_or_default();
            return Err(Fault::new(format!("`{}` is no day of the week", excerpt(word)))
                .hint(format!("did you mean `{}`?", &word[..3])));
        }
        bits |= 1 << day;
        if let Some(from) = range_from {
            if from > *day {
                return Err(Fault::new("a range of weekdays runs backwards")
                    .hint("for systemd the week begins on Monday; write two ranges"));
            }
            bits |= (from..*day).fold(0, |bits, day| bits | 1 << day);
        }
        let open = Fault::new("a range of weekdays has no end");
        match rest.as_bytes() {
            [] => return Ok(bits),
            [b' ', ..] => {
                *rest = rest.trim_start_matches(' ');
                return Ok(bits);
            }
            [b',', ..] => {
                range_from = None;
                *rest = &rest[1..];
            }
            [b'.', b'.', ..] if range_from.is_none() => {
                range_from = Some(*day);
                *rest = &rest[2..];
            }
            [b'-', ..] if range_from.is_none() => {
                range_from = Some(*day);
                *rest = &rest[1..];
            }
            _ => return Err(Fault::new("the days of the week cannot be read")),
        }
        // A comma may end the list, but a range has to lead somewhere.
        if rest.is_empty() || rest.starts_with(' ') {
            *rest = rest.trim_start_matches(' ');
            return if range_from.is_none() { Ok(bits) } else { Err(open) };
        }
        first = false;
    }
}

/// `year-month-day` or `month-day`, where there is one; else nothing is taken.
fn date(rest: &mut &str, calendar: &mut Calendar) -> Result<(), Fault> {
    let mut text = *rest;
    if text.is_empty() {
        return Ok(());
    }
    let first = chain(&mut text)?;
    if text.is_empty() || text.starts_with(':') {
        return Ok(());
    }
    calendar.from_end = separator(&mut text)?;
    let second = chain(&mut text)?;
    if text.is_empty() || text.starts_with(' ') {
        (calendar.months, calendar.days) = (first, second);
        *rest = text.trim_start_matches(' ');
        return Ok(());
    }
    if calendar.from_end {
        return Err(Fault::new("`~` stands before the day, and nothing comes after the day"));
    }
    calendar.from_end = separator(&mut text)?;
    let third = chain(&mut text)?;
    if !text.is_empty() && !text.starts_with(' ') {
        return Err(Fault::new(format!("`{}` cannot follow a date", excerpt(text))));
    }
    (calendar.years, calendar.months, calendar.days) = (first, second, third);
    *rest = text.trim_start_matches(' ');
    Ok(())
}

/// `-`, or `~` for days from the end.
fn separator(text: &mut &str) -> Result<bool, Fault> {
    let from_end = text.starts_with('~');
    if !from_end && !text.starts_with('-') {
        return Err(Fault::new(format!("`{}` is neither date nor time", excerpt(text))));
    }
    *text = &text[1..];
    Ok(from_end)
}

/// `hour:minute[:second]`; nothing is midnight.
fn time(text: &str, calendar: &mut Calendar) -> Result<(), Fault> {
    if text.is_empty() {
        return Ok(());
    }
    let mut text = text;
    calendar.hours = chain(&mut text)?;
    let colon = |text: &mut &str| match text.strip_prefix(':') {
        Some(rest) => {
            *text = rest;
            Ok(())
        }
        None => Err(Fault::new("a time is `hour:minute` or `hour:minute:second`")),
    };
    colon(&mut text)?;
    calendar.minutes = chain(&mut text)?;
    if text.is_empty() {
        return Ok(());
    }
    colon(&mut text)?;
    calendar.ms = chain_of(&mut text, thousandths)?.or_else(every_second);
    if text.is_empty() {
        return Ok(());
    }
    Err(Fault::new(format!("`{}` cannot follow a time", excerpt(text))))
}

/// One component: `*`, or a list.
fn chain(text: &mut &str) -> Result<Chain, Fault> {
    chain_of(text, decimal)
}

/// The same, of numbers that `read` reads.
fn chain_of(text: &mut &str, read: Number) -> Result<Chain, Fault> {
    if let Some(rest) = text.strip_prefix('*') {
        *text = rest;
        return Ok(None);
    }
    let mut links = Vec::new();
    loop {
        links.push(link(text, read)?);
        if links.len() > LINKS_MAX {
            return Err(Fault::new(format!("a list has more than {LINKS_MAX} values")));
        }
        match text.strip_prefix(',') {
            Some(rest) => *text = rest,
            None => return Ok(Some(links)),
        }
    }
}

/// Reads one number off the front.
type Number = fn(&mut &str) -> Result<i64, Fault>;

fn link(text: &mut &str, read: Number) -> Result<Link, Fault> {
    let start = read(text)?;
    let (mut stop, mut repeat) = (None, 0);
    if let Some(rest) = text.strip_prefix("..") {
        *text = rest;
        (stop, repeat) = (Some(read(text)?), read(&mut "1")?);
    }
    if let Some(rest) = text.strip_prefix('/') {
        *text = rest;
        repeat = read(text)?;
        if repeat == 0 {
            return Err(Fault::new("a step of 0 never gets anywhere"));
        }
    }
    Ok(Link { start, stop, repeat })
}

fn decimal(text: &mut &str) -> Result<i64, Fault> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let number = text[..digits].parse::<i32>();
    let rest = *text;
    *text = &text[digits..];
    number.map(i64::from).map_err(|_| match digits {
        0 if rest.starts_with(['/', '.']) => {
            Fault::new("`*` takes no step and no range").hint("write `0/5` for every fifth")
        }
        0 => Fault::new(format!("a number is missing before `{}`", excerpt(rest))),
        _ => Fault::new("a number is too large"),
    })
}

/// Seconds with up to six decimals, as milliseconds.
fn thousandths(text: &mut &str) -> Result<i64, Fault> {
    let whole = decimal(text)?;
    let fraction = text.strip_prefix('.').filter(|rest| !rest.starts_with('.'));
    let Some(fraction) = fraction else { return Ok(whole.saturating_mul(1000)) };
    let width = fraction.bytes().take_while(u8::is_ascii_digit).count();
    if !(1..=6).contains(&width) {
        return Err(Fault::new("a fraction of a second has one to six digits"));
    }
    let ms: i64 = format!("{:0<3}", &fraction[..width.min(3)]).parse().unwrap_or(0);
    *text = &fraction[width..];
    Ok(whole.saturating_mul(1000) + ms)
}

fn every_second() -> Chain {
    Some(vec![Link { start: 0, stop: None, repeat: 1000 }])
}

fn only(value: i64) -> Chain {
    Some(vec![Link { start: value, stop: None, repeat: 0 }])
}

/// Brings every component into its shortest form and refuses what is out of range.
fn check(calendar: &mut Calendar) -> Result<(), Fault> {
    for link in calendar.years.iter_mut().flatten() {
        link.start = of_this_century(link.start);
        link.stop = link.stop.map(of_this_century);
    }
    let from_end = calendar.from_end;
    let parts = [
        ("year", &mut calendar.years, YEAR_MIN, YEAR_MAX, false),
        ("month", &mut calendar.months, 1, 12, false),
        ("day", &mut calendar.days, 1, 31, from_end),
        ("hour", &mut calendar.hours, 0, 23, false),
        ("minute", &mut calendar.minutes, 0, 59, false),
        ("millisecond", &mut calendar.ms, 0, 59_999, false),
    ];
    for (what, chain, low, high, from_end) in parts {
        for link in chain.iter_mut().flatten() {
            *link = shortest(*link);
            if !fits(*link, low, if from_end { high - 3 } else { high }, from_end) {
                return Err(out_of_range(what, *link, low, high));
            }
        }
    }
    Ok(())
}

fn out_of_range(what: &str, link: Link, low: i64, high: i64) -> Fault {
    let Link { start, stop, repeat } = link;
    if !(low..=high).contains(&start) {
        let fault = Fault::new(format!("there is no {what} {start}; it goes from {low} to {high}"));
        return if (what, start) == ("hour", 24) { fault.hint("write 00:00") } else { fault };
    }
    match stop {
        Some(stop) => Fault::new(format!("the range {start}..{stop} of the {what} holds nothing")),
        None => Fault::new(format!("{start}/{repeat} of the {what} comes only once"))
            .hint(format!("write {start}")),
    }
}

/// Years of two digits.
fn of_this_century(year: i64) -> i64 {
    match year {
        0..=69 => year + 2000,
        70..=99 => year + 1900,
        _ => year,
    }
}

/// A range that ends where its step last falls; one that cannot step is a single value.
fn shortest(mut link: Link) -> Link {
    if let Some(stop) = link.stop {
        if stop > link.start && link.repeat > 0 {
            link.stop = Some(stop - (stop - link.start) % link.repeat);
        }
        if link.start == stop || link.repeat > stop - link.start && stop > link.start {
            (link.stop, link.repeat) = (None, 0);
        }
    }
    link
}

/// systemd's rules of what a component may hold: every step has to be able to fall at least once.
fn fits(link: Link, low: i64, high: i64, from_end: bool) -> bool {
    let range = low..=high;
    if !range.contains(&link.start) || link.repeat > high - low {
        return false;
    }
    match link.stop {
        Some(stop) => range.contains(&stop) && link.start + link.repeat <= stop,
        None if from_end => link.start - link.repeat >= low,
        None => link.start + link.repeat <= high,
    }
}

/// A better word for what was probably meant.
fn stranger(text: &str, fault: Fault) -> Fault {
    if text.starts_with('@') {
        return Fault::new(format!("`{}` is cron's, or comes once", excerpt(text)))
            .hint(format!("did you mean `{}`?", text.trim_start_matches('@')));
    }
    let fields = text.split(' ').filter(|word| !word.is_empty()).count();
    if fields == 5 && text.bytes().all(|byte| b"0123456789*,-/ ".contains(&byte)) {
        return Fault::new("these are cron's five fields").hint("use it with `--kind cron`");
    }
    let lower = text.to_ascii_lowercase();
    let word = text.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'-');
    let near = nearest(&lower, SHORTHANDS.iter().map(|(word, _)| *word)).filter(|_| word);
    match near {
        Some(near) => Fault::new(format!("`{}` is no calendar expression", excerpt(text)))
            .hint(format!("did you mean `{near}`?")),
        None => fault,
    }
}
