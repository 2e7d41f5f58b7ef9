//! Keys from the command line: made and told once, shown by their beginnings, replaced, ended.

use serde_json::{Value, json};

use crate::hb::{Home, Seen, until};
use crate::manage::hb;
use crate::server::{ADMIN_PASSWORD, Server};

/// What `hb key` does for the person with the password.
fn key(home: &Home, server: &Server, words: &[&str]) -> Seen {
    let mut command = hb(home, server, &[&["key"], words].concat());
    Seen::of(command.env("HB_ADMIN_PASSWORD", ADMIN_PASSWORD))
}

/// A new key, which stands alone on stdout and nowhere else.
fn new_key(home: &Home, server: &Server, words: &[&str]) -> (String, String) {
    let seen = key(home, server, words);
    assert_eq!(seen.status, 0, "{words:?}: {seen:?}");
    let made = seen.stdout.strip_suffix('\n').expect("a line").to_owned();
    assert!(made.len() >= 22 && !made.contains(char::is_whitespace), "{seen:?}");
    assert!(seen.stderr.starts_with("hint: this is "), "{seen:?}");
    assert!(!seen.stderr.contains(&made), "{seen:?}");
    (made, seen.stderr)
}

/// Which status the receiver has for a key that wants to look at monitors.
fn status_of(server: &Server, key: &str) -> u16 {
    let bearer = format!("Bearer {key}");
    server.send("GET", "/api/hb/v1/monitors", &[("Authorization", &bearer)], b"").status
}

#[test]
fn a_key_is_told_once_replaced_and_ended() {
    let home = Home::new();
    let server = Server::start(&home);
    let (first, said) = new_key(
        &home,
        &server,
        &["create", "--kind", "write", "--name", "terraform", "--expires-in", "90d"],
    );
    assert!(said.starts_with("hint: this is write key "), "{said}");
    assert_eq!(status_of(&server, &first), 200);
    let listed = key(&home, &server, &["list"]);
    assert_eq!((listed.status, &*listed.stderr), (0, ""));
    let row = listed.stdout.lines().find(|line| line.contains("terraform")).expect("it is there");
    assert!(row.contains("write") && row.contains(&first[..8]) && row.contains("in 89d"), "{row}");
    let raw = key(&home, &server, &["list", "--json"]);
    let keys: Value = serde_json::from_str(&raw.stdout).expect("JSON");
    assert!(keys["keys"].as_array().is_some_and(|keys| keys.len() >= 4), "{keys:#}");
    assert!(!listed.stdout.contains(&first) && !raw.stdout.contains(&first));

    let (second, said) = new_key(&home, &server, &["rotate", "terraform", "--overlap", "1h"]);
    assert!(said.contains("\nhint: the old key goes on until "), "{said}");
    assert_eq!((status_of(&server, &first), status_of(&server, &second)), (200, 200));
    let two = key(&home, &server, &["rotate", "terraform"]);
    assert_eq!((two.status, &*two.stdout), (1, ""));
    assert!(two.stderr.starts_with("hb: 2 keys are called `terraform`\nhint: "), "{two:?}");
    let (third, said) = new_key(&home, &server, &["rotate", &second[..8], "--overlap", "0"]);
    assert!(said.ends_with("\nhint: the old key has ended\n"), "{said}");
    assert_eq!((status_of(&server, &second), status_of(&server, &third)), (401, 200));
    let seen = key(&home, &server, &["revoke", &first[..8], "nobody", &third[..8]]);
    assert_eq!((seen.status, seen.stdout.lines().count()), (1, 2), "{seen:?}");
    assert!(seen.stderr.starts_with("hb: there is no key `nobody`\n"), "{seen:?}");
    assert_eq!((status_of(&server, &first), status_of(&server, &third)), (401, 401));
    for made in [&first, &second, &third] {
        assert!(!server.lines().iter().any(|line| line.contains(made)), "the log tells no key");
    }
}

#[test]
fn a_key_reaches_what_was_said() {
    let home = Home::new();
    let server = Server::start(&home);
    for slug in ["db-one", "www"] {
        server.monitor(json!({ "slug": slug, "schedule": "every 1h" }));
    }
    let words = ["create", "--kind", "ping", "--name", "db hosts", "--monitor", "db-*"];
    let (ping, _) = new_key(&home, &server, &[&words[..], &["--no-create"]].concat());
    for (target, status) in [("db-one", 200), ("www", 404), ("db-two?create=1", 404)] {
        assert_eq!(server.get(&format!("/ping/{ping}/{target}")).status, status, "{target}");
    }
    let listed = key(&home, &server, &["list"]).stdout;
    assert!(listed.contains("db-*, what there is"), "{listed}");
    let seen = key(&home, &server, &["create", "--kind", "admin", "--json"]);
    let made: Value = serde_json::from_str(&seen.stdout).expect("JSON");
    let admin = made["key"].as_str().expect("a key");
    assert_eq!((seen.status, &*seen.stderr), (0, ""));

    // An admin key does as well as the password, and ends everything but itself.
    let file = home.write("admin-key", admin);
    let source = format!("file:{}", file.display());
    let id = made["id"].as_str().expect("an id");
    let seen = Seen::of(&mut hb(&home, &server, &["key", "revoke", id, "--key", &source]));
    assert_eq!(seen.status, 1, "{seen:?}");
    assert_eq!(seen.stderr, "hb: a key does not remove itself; use another one\n");
    let seen = Seen::of(&mut hb(&home, &server, &["key", "revoke", "db hosts", "--key", &source]));
    assert_eq!((seen.status, &*seen.stderr), (0, ""), "{seen:?}");
    assert_eq!(server.get(&format!("/ping/{ping}/db-one")).status, 404);
}

#[test]
fn what_is_wrong_is_told_with_what_to_do() {
    let home = Home::new();
    let server = Server::start(&home);
    for (words, status, part) in [
        (&["create"][..], 64, "hb: `hb key create` needs `--kind <KIND>`"),
        (&["create", "--kind", "god"], 64, "hb: `kind` is ping, read, write or admin\n"),
        (&["create", "--kind", "read", "--expires-in", "soon"], 64, "hb: `--expires-in`"),
        (&["create", "--kind", "read", "--expires-at", "soon"], 64, "hb: `--expires-at`"),
        (&["create", "--kind", "read", "--expires-at", "2020-01-01"], 64, "hb: `expires_at`"),
        (&["create", "--kind", "write", "--monitor", "a"], 64, "hb: a scope says what a ping key"),
        (&["rotate", "1", "--overlap", "-1h"], 64, "hb: "),
        (&["revoke", ".."], 64, "hb: `..` is no name\n"),
        (&["rotate", "77"], 1, "hb: there is no key `77`"),
    ] {
        let seen = key(&home, &server, words);
        assert_eq!((seen.status, &*seen.stdout), (status, ""), "{words:?}: {seen:?}");
        assert!(seen.stderr.starts_with(part), "{words:?}: {seen:?}");
    }
    let hint = "hint: set HB_ADMIN_PASSWORD_FILE, or name an admin key with `--key file:/PATH`";
    // The key of the environment writes, and that is not enough.
    let seen = Seen::of(&mut hb(&home, &server, &["key", "list"]));
    assert_eq!((seen.status, &*seen.stdout), (78, ""));
    assert!(seen.stderr.contains("takes an admin key, or the admin password\n"), "{seen:?}");
    assert!(seen.stderr.contains(hint), "{seen:?}");
    let mut wrong = hb(&home, &server, &["key", "list"]);
    let seen = Seen::of(wrong.env("HB_ADMIN_PASSWORD", "wrong"));
    assert_eq!(seen.status, 78, "{seen:?}");
    assert!(seen.stderr.contains(hint) && !seen.stderr.contains("wrong"), "{seen:?}");
    let mut without = hb(&home, &server, &["key", "list"]);
    let seen = Seen::of(without.env_remove("HB_API_KEY"));
    assert_eq!(seen.status, 78, "{seen:?}");
    assert!(seen.stderr.starts_with("hb: there is no admin password for `http"), "{seen:?}");
}

/// The receiver of this user on this host needs no word: its password lies where it keeps its keys. One that
/// was meant for another receiver does not go there.
#[test]
fn this_users_own_receiver_needs_no_password() {
    let home = Home::new();
    std::fs::create_dir(home.path("runtime")).expect("made");
    let server = Server::start_with(&home, |command| {
        command.env_remove("HB_ADMIN_PASSWORD");
    });
    until("it leaves word", || home.path("runtime/hb/serve.json").exists());
    let seen = Seen::of(&mut home.hb(&["key", "list"]));
    assert_eq!((seen.status, &*seen.stderr), (0, ""), "{seen:?}");
    let mut command = home.hb(&["key", "list", "--server", &format!("http://{}", server.address)]);
    command.env("HB_SERVER", "http://127.0.0.1:1").env("HB_ADMIN_PASSWORD", "another's");
    let seen = Seen::of(&mut command);
    assert_eq!((seen.status, &*seen.stderr), (0, ""), "{seen:?}");
}
