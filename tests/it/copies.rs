//! Copies of the store: made while it is written to, put back, and never in the place of something else.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use serde_json::{Value, json};

use crate::hb::{Home, Seen};
use crate::server::{API_KEY, PING_KEY, Server, send};

fn copy(home: &Home, words: &[&str]) -> Seen {
    let mut command: Command = home.hb(words);
    Seen::of(command.env("HB_DATA_DIR", home.path("data")))
}

#[test]
fn a_copy_made_under_load_holds_what_was_answered_before_and_serves() {
    let home = Home::new();
    let server = Server::start(&home);
    server.monitor(json!({"slug": "busy", "schedule": "every 1h"}));
    let (is_over, answered) = (AtomicBool::new(false), AtomicU64::new(0));
    let target = format!("/hb/{PING_KEY}/busy");
    let before = std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    let answer =
                        send(&server.address, "GET", &target, &[], b"").expect("an answer");
                    assert_eq!(answer.status, 200);
                    answered.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        crate::hb::until("some pings", || answered.load(Ordering::SeqCst) > 30);
        let before = answered.load(Ordering::SeqCst);
        let seen = copy(&home, &["serve", "backup", "copy.sqlite"]);
        is_over.store(true, Ordering::Relaxed);
        assert_eq!(
            seen,
            Seen {
                status: 0,
                stdout: "everything was copied to `copy.sqlite`\n".to_owned(),
                stderr: String::new()
            }
        );
        before
    });
    assert!(server.stop() == Some(0));
    let mode = std::fs::metadata(home.path("copy.sqlite")).expect("a copy").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    let seen = copy(&home, &["serve", "backup", "copy.sqlite"]);
    assert_eq!((seen.status, &*seen.stdout), (1, ""));
    assert!(
        seen.stderr
            .starts_with("hb: `copy.sqlite` is there already and is not overwritten\nhint: "),
        "{seen:?}"
    );
    let seen = copy(&home, &["serve", "restore", "copy.sqlite"]);
    assert!(
        seen.status == 1
            && seen.stderr.contains("is there already and is not overwritten\nhint: stop"),
        "{seen:?}"
    );
    home.write(
        "noise.sqlite",
        "this is no database at all, and longer than its header would be: ............",
    );
    let words = ["serve", "restore", "noise.sqlite", "--data", "elsewhere"];
    let seen = copy(&home, &words);
    assert!(
        seen.status == 1 && seen.stderr.starts_with("hb: `noise.sqlite` is no copy of a store: "),
        "{seen:?}"
    );
    assert!(!home.path("elsewhere/hb.sqlite").exists());

    let seen = copy(&home, &["serve", "restore", "copy.sqlite", "--data", "elsewhere"]);
    assert_eq!(seen.status, 0, "{seen:?}");
    let other = Server::start_with(&home, |command| {
        command.env("HB_DATA_DIR", home.path("elsewhere"));
    });
    let count = other.look("busy")["event_count"].as_u64().expect("a number");
    assert!(count >= before, "{count} of {before}");
    assert_eq!(other.get(&target).status, 200);
}

#[test]
fn a_store_that_is_not_ours_to_copy_says_what_is() {
    let home = Home::new();
    let seen = copy(&home, &["serve", "backup", "copy.sqlite"]);
    assert!(seen.status == 1 && seen.stderr.starts_with("hb: there is no store in `"), "{seen:?}");
    for words in [
        ["serve", "backup", "copy.sqlite", "--database", "postgres://hb@localhost/hb"],
        ["serve", "restore", "/dev/null", "--database", "postgres://hb@localhost/hb"],
    ] {
        let seen = copy(&home, &words);
        let line = "hb: PostgreSQL is copied with `pg_dump` and put back with `pg_restore`\n";
        assert_eq!((seen.status, &*seen.stderr), (1, line));
    }
    assert!(!home.path("copy.sqlite").exists());
}

#[test]
fn everything_is_exported_and_no_secret() {
    let home = Home::new();
    let server = Server::start(&home);
    server.monitor(json!({"slug": "m", "schedule": "every 1h",
        "keys": [{"dialect": "uptime_kuma", "key": "tok"}]}));
    let hook = json!({"name": "hook", "kind": "webhook", "url": "http://127.0.0.1:9/s3cr3t-path",
        "headers": {"X-Key": "s3cr3t-header"}, "allow_private": true});
    assert_eq!(server.api("POST", "/channels", Some(hook)).status, 201);
    assert_eq!(server.get(&format!("/hb/{PING_KEY}/m/fail")).status, 200);
    let export = |words: &[&str]| -> Value {
        let mut command = home.hb(words);
        command.env("HB_SERVER", format!("http://{}", server.address)).env("HB_API_KEY", API_KEY);
        let seen = Seen::of(&mut command);
        assert_eq!((seen.status, &*seen.stderr), (0, ""), "{seen:?}");
        assert!(!seen.stdout.contains("s3cr3t") && !seen.stdout.contains(API_KEY), "{seen:?}");
        serde_json::from_str(&seen.stdout).expect("JSON")
    };
    let whole = export(&["export"]);
    assert_eq!(whole["monitors"][0]["status"], json!("failed"));
    assert_eq!(whole["definitions"][0]["keys"][0]["key"], json!(["****"]));
    assert_eq!(whole["channels"][0]["name"], json!("hook"));
    assert_eq!(whole["incidents"][0]["monitors"], json!(["m"]));
    assert!(whole.get("events").is_none());
    let whole = export(&["export", "--events"]);
    assert_eq!(
        (&whole["events"][0]["kind"], &whole["events"][0]["slug"]),
        (&json!("failure"), &json!("m"))
    );
}
