//! A kept event is not pressed on a receiver that cannot take it: hb counts its tries and pauses.

use std::time::UNIX_EPOCH;

use serde_json::{Value, json};

use crate::hb::{Home, Seen, check};
use crate::receiver::{FakeReceiver, Step, status, with_header};

/// A home with two targets, of which only `home` is the default.
fn home_of(receiver: &FakeReceiver, other: &FakeReceiver) -> Home {
    let home = Home::new();
    home.config(&format!(
        "[targets.home]\nurl = \"{}\"\nkey = \"k\"\n\
         [targets.other]\nurl = \"{}\"\nkey = \"k\"\n\
         [defaults]\nto = [\"home\"]\nreport_timeout = \"300ms\"\n",
        receiver.url(""),
        other.url("")
    ));
    home
}

fn now_ms(home: &Home) -> i64 {
    let changed = std::fs::metadata(home.write("now", "")).expect("there").modified();
    let since = changed.expect("a moment").duration_since(UNIX_EPOCH).expect("after 1970");
    i64::try_from(since.as_millis()).expect("before the year 292278994")
}

/// Puts a failure of `m` into the spool that was tried `count` times, the next time in `next_s`.
fn plant(home: &Home, count: u32, next_s: Option<i64>) {
    let now = now_ms(home);
    let at = now - 60_000;
    let run_id = format!("01a1f91f-7e04-7d5c-a834-{count:012}");
    let event = json!({
        "version": 1,
        "event": {
            "kind": "failure", "monitor": "m", "run_id": run_id, "seq": u32::MAX, "at": at,
            "message": "planted",
        },
        "target": { "named": "home" }, "name": "home", "why": "planted",
        "tries": {
            "count": count, "last_at": at, "next_at": next_s.map(|seconds| now + seconds * 1000),
        },
    });
    let name = format!("state/spool/{at:015}.4294967295.failure.{run_id}.{count:012}.json");
    home.write(&name, &event.to_string());
}

fn waiting(home: &Home) -> Vec<Value> {
    let seen = Seen::of(&mut home.hb(&["spool", "list", "--json"]));
    serde_json::from_str(&seen.stdout).expect("an array")
}

fn paths(receiver: &FakeReceiver) -> Vec<String> {
    receiver.requests().iter().map(|request| request.path().replace("/ping/k/", "")).collect()
}

fn run(home: &Home, words: &[&str]) {
    let words: Vec<&str> =
        ["run"].iter().chain(words).chain(&["z", "--", "true"]).copied().collect();
    assert_eq!(Seen::of(&mut home.hb(&words)).status, 0);
}

#[test]
fn a_slow_receiver_is_not_given_the_same_event_by_each_hb() {
    let receiver = FakeReceiver::new(&[Step::Ok, Step::HalfOpen, Step::Ok]);
    let home = home_of(&receiver, &receiver);
    plant(&home, 1, None);
    run(&home, &[]);
    assert_eq!(paths(&receiver), ["z", "m/fail"]);
    let kept = &waiting(&home)[0];
    assert_eq!((&kept["tries"], &kept["why"]), (&json!(2), &json!("no answer in time")));
    run(&home, &[]);
    assert_eq!(paths(&receiver), ["z", "m/fail", "z"], "it rests");
    check(&mut home.hb(&["spool", "flush"]), 0, "1 delivered, nothing waits\n", "");
    assert_eq!(paths(&receiver), ["z", "m/fail", "z", "m/fail"]);
}

#[test]
fn a_pause_holds_until_the_receiver_has_answered_or_its_time_is_over() {
    let receiver = FakeReceiver::new(&[Step::Ok]);
    let other = FakeReceiver::new(&[Step::Ok]);
    // A pause that no hb can have made comes from a clock that was wrong.
    for (next_s, to, sent) in
        [(600, "other", false), (600, "home", true), (-1, "other", true), (86_400, "other", true)]
    {
        let home = home_of(&receiver, &other);
        receiver.go_on(&[Step::Ok]);
        plant(&home, 5, Some(next_s));
        run(&home, &["--to", to]);
        let was_sent = paths(&receiver).contains(&"m/fail".to_owned());
        assert_eq!(was_sent, sent, "{next_s} {to}");
        assert_eq!(waiting(&home).is_empty(), sent);
    }
}

#[test]
fn what_a_receiver_asks_for_is_kept_with_the_event() {
    let receiver = FakeReceiver::new(&[with_header(429, "Retry-After", "600"), Step::Ok]);
    let other = FakeReceiver::new(&[Step::Ok]);
    let home = home_of(&receiver, &other);
    run(&home, &[]);
    run(&home, &["--to", "other"]);
    assert_eq!((paths(&receiver).len(), paths(&other).len()), (1, 1));
    let kept = &waiting(&home)[0];
    assert_eq!((&kept["tries"], kept["next_try_at"].is_string()), (&json!(1), true));
    let text = Seen::of(&mut home.hb(&["spool"])).stdout;
    let line = text.lines().nth(1).expect("a second line");
    assert!(line.starts_with("  tried once, "), "{text}");
    assert!(line.contains("s ago; rests for "), "{text}");
    assert!(line.ends_with(" more, `hb spool flush` tries it now"), "{text}");
    check(&mut home.hb(&["spool", "flush"]), 0, "1 delivered, nothing waits\n", "");
}

#[test]
fn each_try_in_vain_is_counted_and_told() {
    let receiver = FakeReceiver::always(&status(503));
    let home = home_of(&receiver, &receiver);
    plant(&home, 0, None);
    let text = Seen::of(&mut home.hb(&["spool"])).stdout;
    assert!(text.contains("\n  not tried yet; the next hb tries it\n"), "{text}");
    for count in 1..=3 {
        assert_eq!(Seen::of(&mut home.hb(&["spool", "flush"])).status, 75);
        let kept = &waiting(&home)[0];
        assert_eq!(kept["tries"], count);
        assert_eq!(kept["why"], "the server answered 503");
        assert_eq!(kept["next_try_at"].is_string(), count > 1, "the first pause comes later");
    }
    let text = Seen::of(&mut home.hb(&["spool"])).stdout;
    assert!(text.contains("\n  tried 3 times, the last "), "{text}");
}

#[test]
fn what_a_flush_had_no_time_for_is_not_held_against_the_receiver() {
    // About 60 bytes: more than half of the two seconds, so that little is left for the second.
    let slow = Step::Slow(std::time::Duration::from_millis(20));
    let receiver = FakeReceiver::new(&[Step::Ok, slow, Step::HalfOpen, Step::Ok]);
    let home = home_of(&receiver, &receiver);
    plant(&home, 0, None);
    plant(&home, 3, None);
    run(&home, &[]);
    let kept = waiting(&home).pop().expect("the second one waits");
    assert_eq!((&kept["tries"], &kept["why"]), (&json!(3), &json!("planted")));
}
