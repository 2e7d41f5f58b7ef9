//! What `hb log` shows of what ran here, and what is remembered of it.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use serde_json::{Value, json};

use crate::hb::{Home, Seen, check};

/// Puts the record of a run into the history of the monitor that ran last, and gives its run id.
fn plant(home: &Home, number: u32, text: &str) -> String {
    let room = std::fs::read_dir(home.path("state/history")).expect("a run has been recorded");
    let room = room.flatten().next().expect("one monitor").file_name();
    let run_id = format!("01900000-0000-7000-8000-{number:012}");
    home.write(&format!("state/history/{}/{run_id}.jsonl", room.display()), text);
    run_id
}

/// A record of monitor `m` as hb writes it, at a fixed moment.
fn record(number: u32, exit_code: i32, message: &str) -> String {
    let run_id = format!("01900000-0000-7000-8000-{number:012}");
    let at = 1_774_746_000_000_i64 + i64::from(number) * 60_000;
    let outcome = if exit_code == 0 { "success" } else { "failure" };
    let lines = [
        json!({ "begun": {
            "version": 1, "run_id": run_id, "monitor": "m", "started_at": at,
            "command": ["pg_dump", "shop"], "directory": "/srv", "targets": [],
        }}),
        json!({ "ended": {
            "ended_at": at + 62_500, "elapsed_ms": 62_500, "paused_ms": 0, "outcome": outcome,
            "reason": "exit", "message": message, "exit_code": exit_code, "attempts": 1,
            "usage": {
                "user_s": 1.5, "system_s": 0.25, "rss_bytes_max": 1_048_576, "read_bytes": 0,
                "written_bytes": 0, "major_faults": 0, "waits": 0, "preemptions": 0,
            },
            "host": {
                "name": "db1", "user": "backup", "load": [0.5, 0.5, 0.5], "uptime_s": 1,
                "memory_available_bytes": 1, "memory_bytes": 2,
            },
            "tail": "why\n", "stages": [["copying", 1500]], "steps": [["dump", 0]],
        }}),
    ];
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// A home where `m` ran once, and is forgotten, so that only planted records are left.
fn home() -> Home {
    let home = Home::new();
    check(&mut home.hb(&["run", "m", "--", "true"]), 0, "", "");
    let rooms = std::fs::read_dir(home.path("state/history")).expect("there");
    for room in rooms.flatten() {
        for run in std::fs::read_dir(room.path()).expect("there").flatten() {
            std::fs::remove_file(run.path()).expect("removed");
        }
    }
    home
}

#[test]
fn the_table_has_a_line_for_every_run() {
    let home = home();
    plant(&home, 1, &record(1, 0, "exited with 0"));
    plant(&home, 2, &record(2, 3, "exited with 3"));
    plant(&home, 3, &record(3, 1, &"long ".repeat(20)));
    let table = format!(
        "started              monitor  outcome       took  exit  what\n\
         2026-03-29 01:01:00  m        success      1m 2s     0  exited with 0\n\
         2026-03-29 01:02:00  m        failure      1m 2s     3  exited with 3\n\
         2026-03-29 01:03:00  m        failure      1m 2s     1  {}\n",
        "long ".repeat(12).trim_end().to_owned() + "…"
    );
    let seen = Seen::of(home.hb(&["log"]).env("TZ", "UTC"));
    assert_eq!(seen.stdout, table);
    let newest = Seen::of(home.hb(&["log", "m", "-n", "1"]).env("TZ", "UTC"));
    assert_eq!(newest.stdout.lines().count(), 2);
    let berlin = Seen::of(home.hb(&["log"]).env("TZ", "Europe/Berlin"));
    assert!(berlin.stdout.contains("\n2026-03-29 03:01:00  m "), "{}", berlin.stdout);
}

#[test]
fn one_run_is_shown_in_full() {
    let home = home();
    plant(&home, 1, &record(1, 0, "exited with 0"));
    let run_id = plant(&home, 2, &record(2, 3, "exited with 3"));
    let full = format!(
        "run:       {run_id}\n\
         monitor:   m\n\
         command:   pg_dump shop\n\
         directory: /srv\n\
         started:   2026-03-29 01:02:00 (2026-03-29T01:02:00.000Z)\n\
         outcome:   failure\n\
         what:      exited with 3\n\
         ended:     2026-03-29 01:03:02\n\
         took:      1m 2s\n\
         exit:      3\n\
         used:      1.75 s CPU, 1.0 MiB of memory\n\
         host:      db1, user backup, load 0.50\n\
         stage:     copying, after 1.5s\n\
         step:      dump: exit 0\n\
         output:\n  why\n\n"
    );
    for words in [&["log", &run_id][..], &["log", "--last"], &["log", "--last", "m"]] {
        check(home.hb(words).env("TZ", "UTC"), 0, &full, "");
    }
}

#[test]
fn every_member_of_a_run_is_in_its_json() {
    let home = Home::new();
    let words = ["run", "m", "--", "sh", "-c", "echo out >&2; exit 3"];
    check(&mut home.hb(&words), 3, "", "out\n");
    let run = home.last_run();
    let members: Vec<&String> = run.as_object().expect("an object").keys().collect();
    let expected = [
        "attempts",
        "command",
        "core_dumped",
        "deliveries",
        "directory",
        "duration_s",
        "ended_at",
        "exit_code",
        "host",
        "message",
        "metrics",
        "monitor",
        "notes",
        "outcome",
        "output_bytes",
        "parent_run_id",
        "paused_s",
        "pid",
        "reason",
        "run_id",
        "stages",
        "started_at",
        "steps",
        "tail",
        "tolerated",
        "unix_signal",
        "usage",
    ];
    assert_eq!(members, expected);
    assert_eq!(run["command"], json!(["sh", "-c", "echo out >&2; exit 3"]));
    assert_eq!((&run["exit_code"], &run["tail"]), (&json!(3), &json!("out\n")));
    assert_eq!((&run["outcome"], &run["reason"]), (&json!("failure"), &json!("exit")));
    assert_eq!(run["deliveries"], json!([]));
}

#[test]
fn since_takes_a_span_or_a_moment_and_nothing_else() {
    let home = home();
    for number in 1..=3 {
        plant(&home, number, &record(number, 0, "exited with 0"));
    }
    check(&mut home.hb(&["run", "m", "--", "true"]), 0, "", "");
    for (since, count) in [("2026-03-29T01:02:00Z", 3), ("2026-03-29T01:03:00Z", 2), ("1h", 1)] {
        let seen = Seen::of(&mut home.hb(&["log", "--json", "--since", since]));
        assert_eq!(seen.stdout.lines().count(), count, "{since}");
    }
    let wrong = "hb: `--since`: `3x` is not a span of time: its unit is unknown; write `2h`, or a moment such as 2026-03-29T01:00:00Z\n";
    check(&mut home.hb(&["log", "--since", "3x"]), 64, "", wrong);
}

#[test]
fn nothing_is_said_to_be_nothing() {
    let home = Home::new();
    let state = home.path("state").display().to_string();
    let stderr = format!(
        "hb: nothing has run yet: `{state}` does not exist; runs of other users are in directories of theirs, root's in /var/lib/hb\n"
    );
    check(&mut home.hb(&["log"]), 0, "", &stderr);
    check(&mut home.hb(&["log", "--json"]), 0, "", "");
    assert!(!home.path("state").exists(), "looking makes nothing");
    check(&mut home.hb(&["run", "m", "--", "true"]), 0, "", "");
    let none = format!(
        "hb: no run of `other` is remembered in `{state}`; runs of other users are in directories of theirs, root's in /var/lib/hb\n"
    );
    check(&mut home.hb(&["log", "other"]), 1, "", &none);
}

#[test]
fn following_shows_runs_as_they_end() {
    let home = Home::new();
    check(&mut home.hb(&["run", "before", "--", "true"]), 0, "", "");
    let mut command = home.hb(&["log", "--follow", "--json"]);
    let mut log = command.stdout(Stdio::piped()).spawn().expect("started");
    let mut lines = BufReader::new(log.stdout.take().expect("piped")).lines();
    let mut next = || -> Value {
        let line = lines.next().expect("a line").expect("text");
        serde_json::from_str(&line).expect("JSON")
    };
    assert_eq!(next()["monitor"], "before");
    check(&mut home.hb(&["run", "after", "--", "false"]), 1, "", "");
    let run = next();
    assert_eq!((&run["monitor"], &run["outcome"]), (&json!("after"), &json!("failure")));
    log.kill().expect("killed");
    log.wait().expect("reaped");
}

#[test]
fn five_hundred_runs_of_a_monitor_are_kept() {
    let home = home();
    for number in 0..505 {
        plant(&home, number, &record(number, 0, "exited with 0"));
    }
    check(&mut home.hb(&["run", "m", "--", "true"]), 0, "", "");
    let runs = home.runs();
    assert_eq!(runs.len(), 500);
    assert_eq!(runs[0]["run_id"], "01900000-0000-7000-8000-000000000006");
    assert_ne!(runs[499]["started_at"], runs[498]["started_at"]);
}

#[test]
fn a_damaged_record_costs_nobody_else_anything() {
    let home = home();
    let whole = record(1, 3, "exited with 3");
    plant(&home, 1, &whole);
    for (number, text) in [
        (2, ""),
        (3, "\0\0\0\0"),
        (4, "not JSON\n"),
        (5, &whole[..50]),
        (6, "{\"begun\":{}}\n"),
        (7, "[[[[[[[["),
    ] {
        plant(&home, number, text);
    }
    // The end is cut in the middle: what was known before still is.
    plant(&home, 8, &record(8, 0, "exited with 0")[..300]);
    let runs = home.runs();
    let ids: Vec<&str> = runs.iter().filter_map(|run| run["run_id"].as_str()).collect();
    let expected = ["01900000-0000-7000-8000-000000000001", "01900000-0000-7000-8000-000000000008"];
    assert_eq!(ids, expected);
    assert_eq!(runs[1]["outcome"], "unknown");
    check(&mut home.hb(&["run", "m", "--", "echo", "ran"]), 0, "ran\n", "");
}

#[test]
fn a_run_inside_a_run_names_its_parent() {
    let home = Home::new();
    let words = ["run", "outer", "--", "hb", "run", "inner", "--", "sh", "-c", "exit 5"];
    check(&mut home.hb(&words), 5, "", "");
    let runs = home.runs();
    let of = |name: &str| runs.iter().find(|run| run["monitor"] == name).expect("it ran");
    assert_eq!(of("inner")["parent_run_id"], of("outer")["run_id"]);
    assert_eq!(of("outer")["parent_run_id"], Value::Null);
}

#[test]
fn a_hostile_name_is_refused_before_anything_is_made() {
    let long = "x".repeat(300);
    for (name, why) in [
        ("../x", "`/` cannot stand in a monitor's name"),
        ("a/b", "`/` cannot stand in a monitor's name"),
        ("a\nb", "`\\n` cannot stand in a monitor's name"),
        ("a\x1b[2Jb", "`\\u{1b}` cannot stand in a monitor's name"),
        ("\u{1f389}", "`\u{1f389}` cannot stand in a monitor's name"),
        (".x", "a monitor's name starts with a letter, a digit or `_`"),
        ("..", "a monitor's name starts with a letter, a digit or `_`"),
        ("", "a monitor needs a name"),
        (&long, "a monitor's name has at most 100 characters"),
        ("-rf", "unknown option `-r`; see `hb run --help`"),
    ] {
        let home = Home::new();
        check(&mut home.hb(&["run", name, "--", "touch", "ran"]), 64, "", &format!("hb: {why}\n"));
        assert_eq!(std::fs::read_dir(home.path("")).expect("there").count(), 0, "{name:?}");
    }
}
