//! Cron and calendar against what the programs themselves did, and against a minute-by-minute twin.

use jiff::tz::TimeZone;
use serde_json::Value;

use super::cron::Cron;
use super::zone::Zone;
use super::{Kind, Line, Schedule};
use crate::domain::time::Moment;

fn zone(name: &str) -> Zone {
    Zone::new(TimeZone::get(name).expect("the zone is in the database"))
}

fn moment(text: &str) -> Moment {
    Moment::parse_rfc3339(text).expect("a moment")
}

/// The next `count` moments, as text.
fn next(schedule: &Schedule, from: &str, zone: &Zone, count: usize) -> Vec<String> {
    let mut at = moment(from);
    let mut found = Vec::new();
    while found.len() < count
        && let Some(moment) = schedule.next(at, zone)
    {
        found.push(format!("{}Z", moment.to_short_utc().replace(' ', "T")));
        at = moment;
    }
    found
}

/// Runs every case of a file: expression, zone, moment, verdict, expected moments, and those that a newer
/// database of zones gives where they are others.
fn check(kind: Kind, data: &str) {
    let data: Value = serde_json::from_str(data).expect("JSON");
    let mut wrong = Vec::new();
    for case in data["cases"].as_array().expect("cases") {
        let text = |at: usize| case[at].as_str().expect("text");
        let moments = |at: usize| -> Option<Vec<&str>> {
            Some(case[at].as_array()?.iter().filter_map(Value::as_str).collect())
        };
        let expected = moments(4).expect("moments");
        let by_other_zones = moments(5).unwrap_or_else(|| expected.clone());
        let (expression, verdict) = (text(0), text(3));
        let line = Line::parse(Some(kind), expression);
        let known = |name: &str| {
            TimeZone::get(name).is_ok_and(|zone| zone.iana_name().is_none_or(|own| own == name))
        };
        let own = line.as_ref().ok().and_then(|line| line.zone.clone());
        let readable = own.as_deref().is_none_or(known);
        let place = zone(own.as_deref().filter(|_| readable).unwrap_or(text(1)));
        let got = match &line {
            Ok(line) if readable => next(&line.schedule, text(2), &place, expected.len().max(1)),
            Ok(_) | Err(_) => Vec::new(),
        };
        let right = match verdict {
            "reject" | "never" => got.is_empty(),
            "valid" => line.is_ok(),
            "extension" | "disputed" if line.is_err() => true,
            _ => [&expected, &by_other_zones]
                .iter()
                .any(|wanted| got.len() >= wanted.len() && got[..wanted.len()] == wanted[..]),
        };
        if !right {
            wrong.push(format!("{case} gave {got:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn cron_runs_when_debians_cron_runs() {
    check(Kind::Cron, include_str!("../../../tests/it/data/cron.json"));
}

#[test]
fn a_calendar_elapses_when_systemds_elapses() {
    check(Kind::Calendar, include_str!("../../../tests/it/data/oncalendar.json"));
}

/// Whether a plain field holds a number; steps and ranges read in the simplest way.
fn holds(field: &str, number: i64, low: i64) -> bool {
    field.split(',').any(|part| {
        let (range, step) = part.split_once('/').unwrap_or((part, "1"));
        let step: i64 = step.parse().expect("a step");
        let (from, to) = match range.split_once('-') {
            Some((from, to)) => (from.parse().expect("low"), to.parse().expect("high")),
            None if range == "*" => (low, 99),
            None => (range.parse().expect("number"), range.parse().expect("number")),
        };
        (from..=to).contains(&number) && (number - from) % step == 0
    })
}

/// The moments of a day and a half, minute by minute, where no clock jumps.
fn twin(fields: &[String], from: Moment, minutes: i64) -> Vec<i64> {
    let first = from.epoch_ms() / 60_000 + 1;
    let is_due = |minute: &i64| {
        let civil = Moment::from_epoch_ms(minute * 60_000).civil(0);
        let weekday = (minute.div_euclid(1440) + 4).rem_euclid(7);
        let day = holds(&fields[2], civil.day, 1);
        let week = holds(&fields[4], weekday, 0) || (weekday == 0 && holds(&fields[4], 7, 0));
        let both = fields[2].starts_with('*') || fields[4].starts_with('*');
        holds(&fields[0], civil.minute, 0)
            && holds(&fields[1], civil.hour, 0)
            && holds(&fields[3], civil.month, 1)
            && if both { day && week } else { day || week }
    };
    (first..first + minutes).filter(is_due).collect()
}

#[test]
fn cron_agrees_with_a_twin_that_looks_at_every_minute() {
    let mut seed = 7u64;
    let mut pick = |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    for _ in 0..300 {
        let mut field = |low: u64, high: u64| match pick(5) {
            0 | 1 => "*".to_owned(),
            2 => format!("*/{}", 1 + pick(high)),
            3 => (low + pick(high - low + 1)).to_string(),
            _ => {
                let from = low + pick(high - low + 1);
                format!("{from}-{}/{}", from + pick(high - from + 1), 1 + pick(4))
            }
        };
        let fields = [field(0, 59), field(0, 23), field(1, 28), field(1, 12), field(0, 6)];
        let cron = Cron::parse(&fields.join(" ")).expect("plain fields");
        let from = Moment::from_epoch_ms(1_700_000_000_000 + pick(400) as i64 * 86_400_000);
        let minutes = 3 * 1440;
        let expected = twin(&fields, from, minutes);
        let end = from.epoch_ms() / 60_000 + minutes;
        let mut at = from;
        let mut got = Vec::new();
        while let Some(next) = cron.next(at, &Zone::utc())
            && next.epoch_ms() / 60_000 <= end
        {
            got.push(next.epoch_ms() / 60_000);
            at = next;
        }
        assert_eq!(got, expected, "{fields:?} from {from:?}");
    }
}

#[test]
fn windows_close_and_open_on_the_right_days() {
    let window = |text: &str| Line::parse(None, text).expect("a window").schedule;
    let berlin = zone("Europe/Berlin");
    // Friday the 27th; the window of Friday closes on Saturday.
    let night = window("between 22:00 and 02:00 on Fri");
    assert_eq!(
        next(&night, "2026-03-26T12:00:00Z", &berlin, 2),
        ["2026-03-28T01:00:00Z", "2026-04-04T00:00:00Z"]
    );
    // 02:30 does not exist on the 29th: the window closes right after the jump.
    let morning = window("by 02:30");
    assert_eq!(next(&morning, "2026-03-28T12:00:00Z", &berlin, 1), ["2026-03-29T01:00:00Z"]);
}

#[test]
fn what_people_have_in_their_clipboard_is_understood() {
    let cases = [
        ("CRON_TZ=Europe/Berlin 0 3 * * * root /usr/bin/backup >/dev/null 2>&1", "at 03:00"),
        ("*/15 * * * * /usr/local/bin/poll", "every 15 minutes"),
        ("@daily /root/run.sh", "at 00:00"),
        ("0 3 * * 1-5", "at 03:00, on Monday to Friday"),
        ("30 2 1 * 0", "at 02:30, on day 1 of the month and also on every Sunday"),
        ("1h", "every 1h, counted from the last success"),
        ("every 4h..6h", "every 4h to 6h, counted from the last success"),
        ("every day", "every 1d, counted from the last success"),
        ("Mon..Fri 02:00", "systemd's `Mon..Fri *-*-* 02:00:00`"),
        ("calendar hourly", "systemd's `*-*-* *:00:00`"),
        ("by 08:00 on mon-fri", "once by 08:00, on Monday to Friday"),
        ("between 22:00 and 02:00", "once between 22:00 and 02:00 of the next day, every day"),
        ("0 9 * * 1#1", "at 09:00, on the first Monday"),
        ("0 0 L * *", "at 00:00, on the last day of the month"),
        ("7,37 * * * *", "at minute 7 and 37 of every hour"),
    ];
    for (text, words) in cases {
        let line = Line::parse(None, text);
        assert_eq!(line.map(|line| line.schedule.explain()), Ok(words.to_owned()), "{text}");
    }
}

#[test]
fn what_is_wrong_is_named_with_its_repair() {
    let cases = [
        (None, "0 0 * * MON-SUN", "for cron `SUN` is 0; write `MON-7`"),
        (None, "0 0 3 * * *", "did you mean `0 3 * * *`?"),
        (None, "0/15 * * * *", "write `0-59/15`, or `*/15`"),
        (None, "0 0 30 2 *", "the last day of a month is `L`"),
        (None, "@Daily", "did you mean `@daily`?"),
        (None, "@every 5m", "write `every 5m`"),
        (None, "0 0 ? * *", "write `*`"),
        (Some(Kind::Calendar), "24:00", "write 00:00"),
        (Some(Kind::Calendar), "0 3 * * *", "use it with `--kind cron`"),
        (
            Some(Kind::Calendar),
            "Sat..Mon",
            "for systemd the week begins on Monday; write two ranges",
        ),
        (Some(Kind::Window), "by 8", "write hour and minute, such as `08:00`"),
        (Some(Kind::Every), "every 5M", "such as `every 30m` or `every 1d`"),
    ];
    for (kind, text, hint) in cases {
        let fault = Line::parse(kind, text).expect_err(text);
        assert_eq!(fault.hint.as_deref(), Some(hint), "{text}: {}", fault.why);
    }
}

#[test]
fn no_text_panics() {
    let pieces = [
        "*", "0", "5", "-", "/", ",", " ", "L", "W", "#", "mon", "..", ":", "~", "é", "@", "every",
        "by ", "99", "UTC", "\t",
    ];
    let mut seed = 3u64;
    for _ in 0..600 {
        let mut text = String::new();
        for _ in 0..12 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            text.push_str(pieces[(seed >> 33) as usize % pieces.len()]);
            for kind in [None, Some(Kind::Cron), Some(Kind::Calendar), Some(Kind::Window)] {
                if let Ok(line) = Line::parse(kind, &text) {
                    let _ = line.schedule.explain();
                }
            }
        }
    }
}

#[test]
fn several_lines_of_a_calendar_are_one_schedule() {
    let read = |text: &str| Line::parse(None, text).map(|line| line.schedule);
    let schedule = read("calendar 18:00\n06:00\n").expect("two lines");
    let mut at = Moment::from_epoch_ms(1_795_000_000_000);
    let mut found = Vec::new();
    for _ in 0..3 {
        at = schedule.next(at, &Zone::utc()).expect("it comes every day");
        found.push(at.to_short_utc());
    }
    let expected = ["2026-11-18 18:00:00", "2026-11-19 06:00:00", "2026-11-19 18:00:00"];
    assert_eq!(found, expected);
    for wrong in ["12:34\nsurprise", "12:00 Europe/Riga\n13:00"] {
        assert!(super::Schedule::parse(super::Kind::Calendar, wrong).is_err(), "{wrong}");
    }
}

#[test]
fn days_that_are_counted_from_the_end_of_the_month_come_when_they_do() {
    let from = Moment::parse_rfc3339("2026-11-22T00:00:00Z").expect("a moment");
    for (text, days) in [
        ("0 0 LW * *", ["2026-11-30", "2026-12-31", "2027-01-29"]),
        ("0 0 L * *", ["2026-11-30", "2026-12-31", "2027-01-31"]),
        ("0 0 * * 5L", ["2026-11-27", "2026-12-25", "2027-01-29"]),
        ("0 0 * * 1#2", ["2026-12-14", "2027-01-11", "2027-02-08"]),
    ] {
        let schedule = Line::parse(None, text).expect(text).schedule;
        let mut at = from;
        for day in days {
            at = schedule.next(at, &Zone::utc()).expect(text);
            assert_eq!(at.to_rfc3339(), format!("{day}T00:00:00.000Z"), "{text}");
        }
    }
}
