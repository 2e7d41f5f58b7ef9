//! Monitors that are kept in a file: written out, read back, compared, and changed there alone.

use std::process::Stdio;

use serde_json::{Value, json};

use crate::hb::{Home, Seen};
use crate::manage::{done_with_words as done, hb};
use crate::server::{API_KEY, PING_KEY, Server};

const FILE: &str = "\
# what is backed up
[monitors.nightly]
schedule = \"0 3 * * *\"
timezone = \"Europe/Berlin\"
grace = \"90m\"
tags = [\"backup\", \"prod\"]
channels = [\"hook\"]

[monitors.\"db.dump\"]
schedule = \"every 6h\"
owner = \"dba \\\"quoted\\\"\\n[admin]\"
keys = [{ dialect = \"uptime_kuma\", key = \"tok123\" }]
";

fn with_channel(home: &Home) -> Server {
    let server = Server::start(home);
    let hook = json!({"name": "hook", "kind": "webhook", "url": "http://127.0.0.1:9/",
        "allow_private": true});
    assert_eq!(server.api("POST", "/channels", Some(hook)).status, 201);
    server
}

#[test]
fn what_is_exported_is_what_is_applied() {
    let home = Home::new();
    let server = with_channel(&home);
    home.write("m.toml", FILE);
    let told = done(&home, &server, &["monitor", "apply", "m.toml", "--diff"]);
    assert!(told.contains("+ nightly\n") && told.ends_with("0 as they are\n"), "{told}");
    assert_eq!(server.api("GET", "/monitors", None).json()["monitors"], json!([]));

    let told = done(&home, &server, &["monitor", "apply", "m.toml"]);
    assert!(told.ends_with("2 created, 0 changed, 0 removed; 0 as they are\n"), "{told}");
    let known = server.look("nightly");
    assert_eq!((&known["grace"], &known["source"]), (&json!(5400), &json!("file")));
    assert_eq!((&known["file"], &known["channels"]), (&json!("m.toml"), &json!(["hook"])));
    let pushed = server.get("/api/push/tok123?status=up");
    assert_eq!(pushed.status, 200, "{}", pushed.text());

    // Out and in again is the same, in both forms, also for monitors of other makings.
    server.monitor(json!({"slug": "made", "schedule": "by 08:00", "tolerance": 0, "channels": []}));
    let check = json!({"name": "A check", "slug": "check", "schedule": " 5 4 * * * ", "tz": "UTC"});
    let key = [("X-Api-Key", API_KEY)];
    let answer = server.send("POST", "/api/v3/checks/", &key, check.to_string().as_bytes());
    assert_eq!(answer.status, 201, "{}", answer.text());
    for (format, file) in [("toml", "out.toml"), ("json", "out.json")] {
        let text = done(&home, &server, &["monitor", "export", "--format", format]);
        home.write(file, &text);
        let told = done(&home, &server, &["monitor", "apply", file, "--label", "m.toml"]);
        let same = if format == "toml" {
            "2 changed, 0 removed; 2 as"
        } else {
            "0 changed, 0 removed; 4 as"
        };
        assert!(told.contains(same), "{told}");
        let again = done(&home, &server, &["monitor", "export", "--format", format]);
        assert_eq!(again, text);
    }
    let one = done(&home, &server, &["monitor", "export", "nightly"]);
    assert!(one.starts_with("[monitors.nightly]\nchannels = [\"hook\"]\ngrace = 5400\n"), "{one}");
    let seen = Seen::of(&mut hb(&home, &server, &["monitor", "export", "nigtly"]));
    let line = "hb: there is no monitor `nigtly`, did you mean `nightly`?\n";
    assert_eq!((seen.status, &*seen.stderr), (1, line));
}

#[test]
fn a_bad_file_changes_nothing_and_every_mistake_has_its_line() {
    let home = Home::new();
    let server = with_channel(&home);
    server.monitor(json!({"slug": "old", "keys": [{"dialect": "uptime_kuma", "key": "taken"}]}));
    home.write(
        "bad.toml",
        "\
[monitors.good]
schedule = \"every 1h\"
[monitors.bad]
schedule = \"0 3 * *\"
grase = 5
tags = 7
channels = [\"hook\", \"nobody\"]
[monitors.\"a b\"]
grace = \"soon\"
[monitors.other]
keys = [{ dialect = \"uptime_kuma\", key = \"taken\" }]
[defaults]
",
    );
    let seen = Seen::of(&mut hb(&home, &server, &["monitor", "apply", "bad.toml"]));
    assert_eq!((seen.status, &*seen.stdout), (64, ""), "{seen:?}");
    let lines: Vec<&str> = seen.stderr.lines().collect();
    let parts = [
        "line 4: ",
        "line 5: there is no `grase` in a monitor, did you mean `grace`?",
        "line 6: ",
        "line 7: there is no channel `nobody`",
        "line 8: a `slug` takes",
        "line 9: `grace`",
        "line 11: a key of `uptime_kuma` leads to `old` already",
        "line 12: `defaults` means nothing here",
        "nothing was changed",
    ];
    assert_eq!(lines.len(), parts.len(), "{lines:#?}");
    for (line, part) in lines.iter().zip(parts) {
        assert!(line.contains(part), "{line} has no {part}");
    }
    let known = server.api("GET", "/monitors", None).json();
    assert_eq!(known["monitors"].as_array().map(Vec::len), Some(1), "{known}");

    home.write(
        "bad.json",
        "{\"monitors\": [\n{\"slug\": \"x\",\n\"grace\": -1},\n{\"slug\": \"x\"}]}",
    );
    let seen = Seen::of(&mut hb(&home, &server, &["monitor", "apply", "bad.json"]));
    assert!(seen.stderr.starts_with("hb: `bad.json`: line 3: "), "{seen:?}");
    assert!(seen.stderr.contains("\nhb: `bad.json`: line 4: `x` stands here twice\n"), "{seen:?}");
    home.write("no.toml", "[monitors.a]\ngrace = \nschedule = 'every'\n");
    let seen = Seen::of(&mut hb(&home, &server, &["monitor", "apply", "no.toml"]));
    assert!(seen.stderr.starts_with("hb: `no.toml`: line 2: "), "{seen:?}");
    assert!(seen.stderr.contains("\nhb: `no.toml`: line 3: "), "{seen:?}");
}

#[test]
fn what_is_kept_in_a_file_is_changed_there_alone() {
    let home = Home::new();
    let mut server = with_channel(&home);
    server.monitor(json!({"slug": "mine", "schedule": "every 1h"}));
    let text = "{\"monitors\": {\"nightly\": {\"schedule\": \"every 1h\"}, \"old\": {}}}";
    let mut command = hb(&home, &server, &["monitor", "apply", "-", "--label", "team.json"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("it starts");
    std::io::Write::write_all(&mut child.stdin.take().expect("piped"), text.as_bytes())
        .expect("sent");
    let seen = Seen::from(child.wait_with_output().expect("it ends"));
    assert_eq!(seen.status, 0, "JSON is known by its first sign: {seen:?}");

    let id = server.look("nightly")["id"].as_str().expect("an id").to_owned();
    let words = "`nightly` is kept in `team.json`: change it there";
    let key = [("X-Api-Key", API_KEY)];
    let check = format!("/api/v3/checks/{id}");
    let upsert = json!({"name": "nightly", "unique": ["name"], "timeout": 60, "grace": 60});
    for answer in [
        server.api("PATCH", "/monitors/nightly", Some(json!({"grace": 61}))),
        server.api("PUT", "/monitors/nightly", Some(json!({"grace": 61}))),
        server.api(
            "PUT",
            "/monitors/nightly",
            Some(json!({"schedule": "every 1h",
            "keys": [{"dialect": "gatus", "key": "x"}]})),
        ),
        server.api("DELETE", "/monitors/nightly", None),
        server.send("POST", &check, &key, b"{\"grace\": 61}"),
        server.send("DELETE", &check, &key, b""),
        server.send("POST", "/api/v3/checks/", &key, upsert.to_string().as_bytes()),
    ] {
        assert_eq!(answer.status, 409, "{}", answer.text());
        assert!(answer.text().contains(words), "{}", answer.text());
    }
    // What says the same is no change, and a pause is none of the file's business.
    assert_eq!(server.api("PATCH", "/monitors/nightly", Some(json!({"owner": ""}))).status, 200);
    done(&home, &server, &["monitor", "pause", "nightly", "--for", "1h"]);
    done(&home, &server, &["monitor", "resume", "nightly"]);

    let url = format!("http://{}/hb/{PING_KEY}/nightly", server.address);
    let words = ["run", "nightly", "--to", &url, "--schedule", "every 2h", "--", "true"];
    let seen = Seen::of(&mut home.hb(&words));
    assert!(seen.status == 0 && seen.stderr.contains("did not take `schedule`"), "{seen:?}");
    server.line("is kept in `team.json`");
    assert_eq!(server.look("nightly")["schedule"], json!("every 1h"));

    // Another file does not speak for it, and a file without it only with `--prune`.
    home.write("other.toml", "[monitors.nightly]\nschedule = 'every 3h'\n");
    let seen = Seen::of(&mut hb(&home, &server, &["monitor", "apply", "other.toml"]));
    assert!(
        seen.status == 64 && seen.stderr.contains("line 1: `nightly` is kept in `team.json`"),
        "{seen:?}"
    );
    home.write("team.json", "{\"monitors\": {\"nightly\": {\"schedule\": \"every 3h\"}}}");
    let seen = Seen::of(&mut hb(&home, &server, &["monitor", "apply", "team.json"]));
    assert_eq!(seen.stderr, "hint: not in the file any more: `old`; `--prune` removes them\n");
    assert_eq!(
        seen.stdout,
        "~ nightly\n    schedule: every 1h -> every 3h\n0 created, 1 changed, 0 removed; 0 as they are\n"
    );
    let told = done(&home, &server, &["monitor", "apply", "team.json", "--prune", "--diff"]);
    assert!(told.contains("- old\n"), "{told}");
    assert_eq!(server.api("GET", "/monitors/old", None).status, 200);
    let told = done(&home, &server, &["monitor", "apply", "team.json", "--prune", "--yes"]);
    assert_eq!(told, "- old\n0 created, 0 changed, 1 removed; 1 as they are\n");
    assert_eq!(server.api("GET", "/monitors/old", None).status, 404);
    assert_eq!(server.look("mine")["source"], json!("api"));
    let audit =
        server.send("GET", "/api/hb/v1/audit", &[("Authorization", &crate::server::owner())], b"");
    let lines: Value = audit.json();
    assert!(lines.to_string().contains("monitor.remove"), "{lines}");
}

#[test]
fn a_monitor_is_released_from_its_file() {
    let home = Home::new();
    let server = with_channel(&home);
    home.write("m.toml", FILE);
    done(&home, &server, &["monitor", "apply", "m.toml"]);
    assert_eq!(server.get(&format!("/hb/{PING_KEY}/nightly")).status, 200);
    let before = server.look("nightly");
    let edit = ["monitor", "edit", "nightly", "--grace", "2h"];
    let seen = Seen::of(&mut hb(&home, &server, &edit));
    let words = "; `hb monitor release nightly` takes it out of the file's hands\n";
    assert!(seen.status == 1 && seen.stderr.ends_with(words), "{seen:?}");

    let told = done(&home, &server, &["monitor", "release", "nightly"]);
    assert!(told.starts_with("`nightly` is not kept in `m.toml` any more; "), "{told}");
    let told = done(&home, &server, &["monitor", "release", "nightly"]);
    assert_eq!(told, "`nightly` is kept in no file\n");
    let mut after = server.look("nightly");
    assert_eq!((&after["source"], &after["file"]), (&json!("api"), &json!(null)));
    after["source"] = before["source"].clone();
    after["file"] = before["file"].clone();
    after["updated_at"] = before["updated_at"].clone();
    assert_eq!(after, before, "nothing else is different");
    done(&home, &server, &edit);
    assert_eq!(server.look("nightly")["grace"], json!(7200));
    assert_eq!(server.events("nightly").len(), 1, "its history stays");

    // Not named in the file any more, it outlives `--prune`; named, it is the file's again.
    home.write("m.toml", "[monitors.other]\n");
    let told = done(&home, &server, &["monitor", "apply", "m.toml", "--prune", "--yes"]);
    assert_eq!(
        told.lines().filter(|line| line.starts_with('-')).collect::<Vec<_>>(),
        ["- db.dump"]
    );
    home.write("m.toml", FILE);
    done(&home, &server, &["monitor", "apply", "m.toml"]);
    assert_eq!(server.look("nightly")["file"], json!("m.toml"));
    let seen = Seen::of(&mut hb(&home, &server, &["monitor", "release", "nigtly", "db.dump"]));
    assert_eq!(seen.status, 1, "{seen:?}");
    assert!(seen.stderr.contains("did you mean `nightly`?"), "{seen:?}");
    assert!(seen.stdout.starts_with("`db.dump` is not kept in "), "{seen:?}");
    let owner = crate::server::owner();
    let audit = server.send("GET", "/api/hb/v1/audit", &[("Authorization", &owner)], b"");
    assert!(audit.text().contains("\"monitor.release\""), "{}", audit.text());
}

#[test]
fn what_healthchecks_api_takes_is_exported_and_applied() {
    let home = Home::new();
    let server = Server::start(&home);
    let tags: Vec<String> = (0..300).map(|number| format!("tag{number}")).collect();
    let check = json!({"name": "Long", "slug": "long", "desc": "d".repeat(100_000),
        "tags": tags.join(" ")});
    let key = [("X-Api-Key", API_KEY)];
    let answer = server.send("POST", "/api/v3/checks/", &key, check.to_string().as_bytes());
    assert_eq!(answer.status, 201, "{}", answer.text());
    let text = done(&home, &server, &["monitor", "export"]);
    home.write("m.toml", &text);
    let told = done(&home, &server, &["monitor", "apply", "m.toml"]);
    assert!(told.ends_with("1 changed, 0 removed; 0 as they are\n"), "{told}");
    assert_eq!(server.look("long")["description"], check["desc"]);
    assert_eq!(done(&home, &server, &["monitor", "export"]), text);
    // Others than those that are there are held to what a file may say.
    home.write("m.toml", &text.replace("ddd\"", "ddde\""));
    let seen = Seen::of(&mut hb(&home, &server, &["monitor", "apply", "m.toml"]));
    assert!(seen.status == 64 && seen.stderr.contains("longer than 4000"), "{seen:?}");
}

#[test]
fn a_file_may_be_as_large_as_the_receiver_takes() {
    let home = Home::new();
    let server = Server::start(&home);
    let large =
        |bytes: usize| format!("[monitors.a]\nschedule = \"every 1h\"\n#{}\n", "x".repeat(bytes));
    home.write("m.toml", &large(3 * 1024 * 1024));
    let told = done(&home, &server, &["monitor", "apply", "m.toml"]);
    assert!(told.ends_with("1 created, 0 changed, 0 removed; 0 as they are\n"), "{told}");
    home.write("m.toml", &large(4 * 1024 * 1024));
    let seen = Seen::of(&mut hb(&home, &server, &["monitor", "apply", "m.toml"]));
    let line = "hb: cannot read `m.toml`: larger than 4 MiB\n";
    assert_eq!((seen.status, &*seen.stderr), (64, line));
}
