//! systemd's OnCalendar expressions: `Mon..Fri *-*-* 02:00`, `hourly`, `*-*~1 Europe/Berlin`.
//!
//! They look like cron's and mean something else when the clock on the wall jumps (`next.rs`). The
//! grammar is systemd's own, oddities included: `*` takes no step, a list may follow a range, years
//! of two digits are of this century until 69. Not taken are `@` moments, which come once. Source: systemd 252, `calendarspec.c`.

mod next;
mod parse;

use super::Fault;

/// An expression's moments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Calendar {
    /// Bit 0 is Monday; zero means every day.
    weekdays: u8,
    years: Chain,
    months: Chain,
    days: Chain,
    /// Days are counted from the end of the month.
    from_end: bool,
    hours: Chain,
    minutes: Chain,
    /// Milliseconds of the minute.
    ms: Chain,
    /// The zone at the end of the expression, which wins over the monitor's.
    zone: Option<String>,
    /// Further lines: what elapses at any of them elapses.
    others: Vec<Calendar>,
}

/// The values of one component; none means all.
type Chain = Option<Vec<Link>>;

/// `start`, `start..stop`, `start/repeat` or `start..stop/repeat`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Link {
    start: i64,
    stop: Option<i64>,
    /// Zero: only `start`.
    repeat: i64,
}

/// The words that stand for whole expressions.
const SHORTHANDS: [(&str, &str); 13] = [
    ("minutely", "*-*-* *:*:00"),
    ("hourly", "*-*-* *:00:00"),
    ("daily", "*-*-* 00:00:00"),
    ("weekly", "Mon *-*-* 00:00:00"),
    ("monthly", "*-*-01 00:00:00"),
    ("quarterly", "*-01,04,07,10-01 00:00:00"),
    ("semiannually", "*-01,07-01 00:00:00"),
    ("semi-annually", "*-01,07-01 00:00:00"),
    ("biannually", "*-01,07-01 00:00:00"),
    ("bi-annually", "*-01,07-01 00:00:00"),
    ("yearly", "*-01-01 00:00:00"),
    ("annually", "*-01-01 00:00:00"),
    // systemd takes this spelling, too.
    ("anually", "*-01-01 00:00:00"),
];

/// The longest expression that is read.
const TEXT_BYTES_MAX: usize = 1024;

/// Lines of one expression at most: each is looked through at every step, also the one that comes true
/// once in 28 years.
const LINES_MAX: usize = 10;

/// The last year that systemd knows.
const YEAR_MAX: i64 = 2199;

/// Its first.
const YEAR_MIN: i64 = 1970;

impl Calendar {
    /// Reads an expression, or several, one a line. Whether its zone exists is for whoever knows the
    /// zones to say.
    ///
    /// Worked example: `Mon,Thu 02:30` is half past two on Mondays and Thursdays.
    pub(crate) fn parse(text: &str) -> Result<Calendar, Fault> {
        if text.len() > TEXT_BYTES_MAX {
            return Err(Fault::new(format!("it is longer than {TEXT_BYTES_MAX} bytes")));
        }
        let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
        let [first, others @ ..] = lines.as_slice() else { return parse::whole(text) };
        if others.is_empty() {
            return parse::whole(text.trim_matches('\n'));
        }
        if lines.len() > LINES_MAX {
            return Err(Fault::new(format!("it has more than {LINES_MAX} lines"))
                .hint("commas and ranges say most things in one"));
        }
        let mut calendar = parse::whole(first.trim())?;
        for line in others {
            let other = parse::whole(line.trim())?;
            if other.zone != calendar.zone {
                return Err(Fault::new("its lines name different zones")
                    .hint("give all of them the same one, or none"));
            }
            calendar.others.push(other);
        }
        Ok(calendar)
    }

    /// The zone at the end of the expression.
    pub(crate) fn zone(&self) -> Option<&str> {
        self.zone.as_deref()
    }
}

/// Whether a chain holds a value.
fn holds(chain: &Chain, value: i64) -> bool {
    let Some(links) = chain else { return true };
    links.iter().any(|link| {
        value == link.start
            || (link.repeat > 0
                && value > link.start
                && link.stop.is_none_or(|stop| value <= stop)
                && (value - link.start) % link.repeat == 0)
    })
}

impl Calendar {
    /// The expression as systemd writes it: `Mon..Fri *-*-* 02:00:00`.
    pub(super) fn normal_form(&self) -> String {
        let lines = std::iter::once(self).chain(&self.others).map(Calendar::normal_line);
        lines.collect::<Vec<_>>().join(" or ")
    }

    fn normal_line(&self) -> String {
        const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
        let mut text = String::new();
        if self.weekdays != 0 && self.weekdays != 0x7f {
            let words: Vec<String> = super::explain::runs(u64::from(self.weekdays), 0, 6)
                .into_iter()
                .map(|(from, to)| match to - from {
                    0 => DAYS[from].to_owned(),
                    1 => format!("{},{}", DAYS[from], DAYS[to]),
                    _ => format!("{}..{}", DAYS[from], DAYS[to]),
                })
                .collect();
            text.push_str(&words.join(","));
            text.push(' ');
        }
        let mark = if self.from_end { '~' } else { '-' };
        text.push_str(&format!(
            "{}-{}{mark}{} {}:{}:{}",
            written(&self.years, 4),
            written(&self.months, 2),
            written(&self.days, 2),
            written(&self.hours, 2),
            written(&self.minutes, 2),
            seconds(&self.ms)
        ));
        if let Some(zone) = &self.zone {
            text.push(' ');
            text.push_str(zone);
        }
        text
    }
}

/// The seconds as systemd writes them; whole ones where all are whole.
fn seconds(chain: &Chain) -> String {
    let links = chain.iter().flatten();
    let whole = links.clone().all(|link| {
        [link.start, link.stop.unwrap_or(0), link.repeat].iter().all(|ms| ms % 1000 == 0)
    });
    if links.clone().any(|link| (link.start, link.stop, link.repeat) == (0, None, 1000)) {
        return "*".to_owned();
    }
    if !whole {
        let one = |link: &Link| {
            let mut text = format!("{:06.3}", link.start as f64 / 1000.0);
            if let Some(stop) = link.stop {
                text.push_str(&format!("..{:06.3}", stop as f64 / 1000.0));
            }
            if link.repeat > 0 {
                text.push_str(&format!("/{}", link.repeat as f64 / 1000.0));
            }
            text
        };
        return links.map(one).collect::<Vec<_>>().join(",");
    }
    let in_seconds = |link: &Link| Link {
        start: link.start / 1000,
        stop: link.stop.map(|stop| stop / 1000),
        repeat: link.repeat / 1000,
    };
    written(&Some(links.map(in_seconds).collect()), 2)
}

/// A chain as systemd writes it.
fn written(chain: &Chain, width: usize) -> String {
    let Some(links) = chain else { return "*".to_owned() };
    let mut links = links.clone();
    links.sort_by_key(|link| (link.start, link.stop));
    links.dedup();
    let one = |link: &Link| {
        let mut text = format!("{:0width$}", link.start);
        if let Some(stop) = link.stop {
            text.push_str(&format!("..{stop:0width$}"));
        }
        if link.repeat > 0 && !(link.stop.is_some() && link.repeat == 1) {
            text.push_str(&format!("/{}", link.repeat));
        }
        text
    };
    links.iter().map(one).collect::<Vec<_>>().join(",")
}
