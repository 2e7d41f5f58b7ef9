//! The spool has a size, whatever the tails of its events are allowed to have.

use crate::hb::{Home, Seen};
use crate::receiver::{FakeReceiver, status};
use crate::spooling::{home_of, plant, waiting};

/// What the manual promises.
const SPOOL_BYTES_MAX: u64 = 16 * 1024 * 1024;

const MINUTE: i64 = 60_000;

/// The files of the spool, each with its size.
fn files(home: &Home) -> Vec<(String, u64)> {
    let place = std::fs::read_dir(home.path("state/spool")).expect("there");
    let mut files: Vec<(String, u64)> = place
        .flatten()
        .map(|entry| (entry.file_name().into_string(), entry.metadata()))
        .map(|(name, facts)| (name.expect("text"), facts.expect("there").len()))
        .filter(|(name, _)| name.ends_with(".json"))
        .collect();
    files.sort();
    files
}

/// Gives a member of so many letters to every event of that kind.
fn stuff(home: &Home, kind: &str, member: &str, letters: usize) {
    for (name, _) in files(home) {
        if name.contains(&format!(".{kind}.")) {
            let path = format!("state/spool/{name}");
            let text = std::fs::read_to_string(home.path(&path)).expect("text");
            let stuffed = format!("\"{member}\":\"{}\",\"kind\":", "QUJD".repeat(letters / 4));
            home.write(&path, &text.replacen("\"kind\":", &stuffed, 1));
        }
    }
}

fn bytes(home: &Home) -> u64 {
    files(home).iter().map(|(_, bytes)| bytes).sum()
}

#[test]
fn long_tails_do_not_fill_the_disk_and_cost_no_event() {
    let receiver = FakeReceiver::always(&status(500));
    let home = home_of(&receiver);
    for number in 0..20 {
        plant(&home, number, "m", "success", 9 * MINUTE - i64::from(number));
    }
    for number in 20..25 {
        plant(&home, number, "m", "failure", 10 * MINUTE);
    }
    stuff(&home, "success", "tail", 1_000_000);
    stuff(&home, "failure", "tail", 1_000_000);
    let job = "yes trouble | head -c 600000 >&2; exit 7";
    let words = ["run", "m", "--tail", "1MiB", "--", "sh", "-c", job];
    assert_eq!(Seen::of(&mut home.hb(&words)).status, 7);
    assert!(bytes(&home) <= SPOOL_BYTES_MAX, "{}", bytes(&home));
    assert_eq!(waiting(&home).len(), 26, "no event is given up for its tail");
    // The oldest successes have lost their tails, the failures none, and no more than was needed.
    let small = |kind: &str| {
        let files = files(&home);
        let of_kind = files.into_iter().filter(|(name, _)| name.contains(&format!(".{kind}.")));
        of_kind.map(|(_, bytes)| bytes < 100_000).collect::<Vec<_>>()
    };
    assert_eq!(small("failure"), [false; 6]);
    let successes = small("success");
    let cut = successes.iter().filter(|is_small| **is_small).count();
    assert_eq!(successes[..cut], vec![true; cut], "{successes:?}");
    assert!(bytes(&home) + 1_000_000 > SPOOL_BYTES_MAX, "{}", bytes(&home));
}

#[test]
fn events_go_only_where_it_is_not_their_tails_that_are_too_large() {
    let receiver = FakeReceiver::always(&status(500));
    let home = home_of(&receiver);
    for number in 0..20 {
        plant(&home, number, "m", "success", 9 * MINUTE - i64::from(number));
    }
    stuff(&home, "success", "env", 1_000_000);
    assert_eq!(Seen::of(&mut home.hb(&["run", "m", "--", "false"])).status, 1);
    assert!(bytes(&home) <= SPOOL_BYTES_MAX, "{}", bytes(&home));
    let kept = waiting(&home);
    assert_eq!(kept.len(), 17, "sixteen successes and the failure");
    assert_eq!(kept.last().expect("one")["event"], "failure");
    let dropped = std::fs::read_to_string(home.path("state/spool/dropped")).expect("counted");
    assert_eq!(dropped, "4");
}
