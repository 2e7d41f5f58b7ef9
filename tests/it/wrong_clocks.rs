//! A clock that is wrong for a while hides nothing that is newer, and deletes nothing.

use std::process::Command;
use std::time::{Duration, UNIX_EPOCH};

use crate::hb::{Home, Seen, check};
use crate::receiver::{FakeReceiver, Step, status};
use crate::spooling::{flush, home_of, now_ms, plant, told, waiting};
use crate::surroundings::dynamic_hb;
use crate::tls::{certify, server};

const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;

/// Seventy-four years.
const FAR: i64 = 27_000;

/// Runs `hb` with a clock that is so many days ahead, or behind. Files keep the moments of the disk.
fn days_ahead(home: &Home, days: i64, words: &[&str]) -> Seen {
    let mut command = dynamic_hb(home);
    home.write("offset", &format!("{days:+}d\n"));
    Seen::of(command.env("NO_FAKE_STAT", "1").args(words))
}

/// A command that knows no target.
fn untold(mut command: Command) -> Command {
    command.env("HB_CONFIG", "/dev/null");
    command
}

/// Makes everything in a room of the state so many days old.
fn make_old(home: &Home, room: &str, days: i64) {
    let then_ms = now_ms(home) - days * DAY;
    let then = UNIX_EPOCH + Duration::from_millis(then_ms.unsigned_abs());
    let mut rooms = vec![home.path("state").join(room)];
    while let Some(place) = rooms.pop() {
        for entry in std::fs::read_dir(place).expect("there").flatten() {
            if entry.path().is_dir() {
                rooms.push(entry.path());
                continue;
            }
            let file = std::fs::File::options().write(true).open(entry.path()).expect("opened");
            file.set_modified(then).expect("set");
        }
    }
}

#[test]
fn what_a_wrong_clock_dated_hides_nothing() {
    let receiver = FakeReceiver::always(&status(500));
    let home = home_of(&receiver);
    assert_eq!(days_ahead(&home, FAR, &["run", "m", "--", "true"]).status, 0);
    assert_eq!(Seen::of(&mut home.hb(&["run", "m", "--", "sh", "-c", "exit 7"])).status, 7);
    receiver.go_on(&[Step::Ok]);
    check(&mut home.hb(&["spool", "flush"]), 0, "2 delivered, nothing waits\n", "");
    assert_eq!(told(&receiver), ["m/log", "m/7"]);
}

#[test]
fn an_end_of_the_future_is_never_the_newest() {
    type Case = (&'static [(&'static str, i64)], Option<&'static str>, &'static [&'static str]);
    let cases: [Case; 6] = [
        // Nobody knows how old it is.
        (&[("success", -DAY)], None, &["m/log"]),
        (&[("success", -DAY)], Some("false"), &["m/log"]),
        (&[("success", -DAY), ("failure", MINUTE)], None, &["m/log", "m/fail"]),
        // A failure is told in any case, and before what is known to be newer than it may be.
        (&[("failure", -DAY)], None, &["m/fail"]),
        (&[("failure", -DAY), ("success", MINUTE)], None, &["m/fail", "m"]),
        (&[("warning", -DAY), ("failure", MINUTE)], None, &["m", "m/fail"]),
    ];
    for (planted, run_before, expected) in cases {
        let receiver = FakeReceiver::always(&Step::Ok);
        let home = home_of(&receiver);
        if let Some(job) = run_before {
            Seen::of(&mut home.hb(&["run", "m", "--", job]));
            receiver.go_on(&[Step::Ok]);
        }
        for (number, (kind, age_ms)) in (0..).zip(planted) {
            plant(&home, number, "m", kind, *age_ms);
        }
        assert_eq!(flush(&home).status, 0);
        assert_eq!(told(&receiver), *expected, "{planted:?} {run_before:?}");
        assert_eq!(waiting(&home).len(), 0);
    }
}

#[test]
fn a_clock_that_was_far_ahead_deletes_nothing() {
    let receiver = FakeReceiver::always(&status(500));
    let home = home_of(&receiver);
    for number in 0..25 {
        plant(&home, number, "m", "failure", MINUTE);
    }
    for _ in 0..3 {
        check(&mut untold(home.hb(&["run", "kept", "--", "true"])), 0, "", "");
    }
    for hours in 0..8 {
        // Later and later, so that each of them may sweep.
        let mut command = dynamic_hb(&home);
        home.write("offset", &format!("+{}h\n", FAR * 24 + 2 * hours));
        command.env("NO_FAKE_STAT", "1").args(["ping", "m", "log", "--report-timeout", "200ms"]);
        Seen::of(&mut command);
    }
    check(&mut untold(home.hb(&["run", "kept", "--", "true"])), 0, "", "");
    assert_eq!(waiting(&home).iter().filter(|event| event["event"] == "failure").count(), 25);
    assert_eq!(home.runs().len(), 4);
}

#[test]
fn an_address_that_an_event_waits_for_is_never_forgotten() {
    let receiver = FakeReceiver::always(&status(503));
    let home = Home::new();
    let url = receiver.ping_url();
    let words = ["ping", "m", "--report-timeout", "200ms", "--to", &url];
    assert_eq!(Seen::of(&mut home.hb(&words)).status, 75);
    assert_eq!(days_ahead(&home, FAR, &["run", "other", "--", "true"]).status, 0);
    receiver.go_on(&[Step::Ok]);
    check(&mut home.hb(&["spool", "flush"]), 0, "1 delivered, nothing waits\n", "");
}

#[test]
fn what_is_old_goes_once_the_clock_has_been_steady_for_a_week() {
    let receiver = FakeReceiver::always(&status(500));
    let home = home_of(&receiver);
    let to = receiver.ping_url();
    let addresses = || std::fs::read_dir(home.path("state/addresses")).expect("there").count();
    check(&mut untold(home.hb(&["run", "old", "--", "true"])), 0, "", "");
    receiver.go_on(&[Step::Ok]);
    let ping = ["ping", "p", "--to", &to, "--header", "X: y"];
    assert_eq!(Seen::of(&mut home.hb(&ping)).status, 0);
    receiver.go_on(&[status(500)]);
    let ping = ["ping", "p", "--report-timeout", "200ms", "--to", &to];
    assert_eq!(Seen::of(&mut home.hb(&ping)).status, 75);
    assert_eq!(addresses(), 2);
    plant(&home, 1, "m", "failure", 25 * DAY);
    make_old(&home, "history", 395);
    make_old(&home, "addresses", 59);
    let left = |day: i64| {
        days_ahead(&home, day, &["run", "new", "--", "true"]);
        let runs = home.runs();
        let old = runs.iter().filter(|run| run["monitor"] == "old").count();
        let old_events = waiting(&home).iter().filter(|event| event["monitor"] == "m").count();
        (old, old_events, addresses())
    };
    for day in [-1, 0, 2, 5] {
        assert_eq!(left(day), (1, 1, 2), "{day}");
    }
    assert_eq!(left(FAR), (1, 1, 2), "a jump");
    for day in [6, 9, 12] {
        assert_eq!(left(day), (1, 1, 2), "{day}");
    }
    assert_eq!(left(14), (0, 0, 1), "an address that an event needs stays");
}

#[test]
fn a_certificate_that_a_wrong_clock_finds_wrong_costs_no_event() {
    for (days, why) in [(FAR, "has expired"), (-20_000, "is not valid yet")] {
        let home = Home::new();
        let pair = certify(&home, "good", "IP:127.0.0.1", "2");
        let receiver = FakeReceiver::tls(&[Step::Ok], server(&home, &pair, false));
        let url = receiver.ping_url();
        let words = ["run", "--report-timeout", "1s", "--ca-file", "ca.pem", "--to", &url];
        let words = [&words[..], &["m", "--", "sh", "-c", "exit 7"]].concat();
        let seen = days_ahead(&home, days, &words);
        assert_eq!((seen.status, &*seen.stdout), (7, ""), "{seen:?}");
        assert!(seen.stderr.contains(why), "{why}: {seen:?}");
        assert!(seen.stderr.ends_with("; it is kept and sent later\n"), "{seen:?}");
        assert_eq!(receiver.requests().len(), 0);
        // Once the clock is right, the failure is told.
        check(&mut home.hb(&["spool", "flush"]), 0, "1 delivered, nothing waits\n", "");
        assert_eq!(receiver.only().word(), "7");
    }
}
