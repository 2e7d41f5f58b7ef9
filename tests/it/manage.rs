//! A receiver managed from the command line: made, shown, watched, silenced, with words that say what to do.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::hb::{Home, Seen, check};
use crate::receiver::{FakeReceiver, Step, status};
use crate::receiving::wait_for;
use crate::server::{API_KEY, PING_KEY, READ_KEY, Server};

/// `hb` on another host: it knows this receiver by its address and its key.
pub(crate) fn hb(home: &Home, server: &Server, words: &[&str]) -> Command {
    let mut command = home.hb(words);
    command.env("HB_SERVER", format!("http://{}", server.address)).env("HB_API_KEY", API_KEY);
    command.env("XDG_RUNTIME_DIR", home.path("elsewhere"));
    command
}

/// Its stdout, where it does what it is told, whatever it has to say about that.
pub(crate) fn done_with_words(home: &Home, server: &Server, words: &[&str]) -> String {
    let seen = Seen::of(&mut hb(home, server, words));
    assert_eq!(seen.status, 0, "{words:?}: {seen:?}");
    seen.stdout
}

/// Its stdout, where it does what it is told and has nothing to say about it.
fn done(home: &Home, server: &Server, words: &[&str]) -> String {
    let seen = Seen::of(&mut hb(home, server, words));
    assert_eq!((seen.status, &*seen.stderr), (0, ""), "{words:?}: {seen:?}");
    seen.stdout
}

/// Its exit code and the first line of what it says about itself.
fn refused(home: &Home, server: &Server, words: &[&str]) -> (i32, String) {
    let seen = Seen::of(&mut hb(home, server, words));
    (seen.status, seen.stderr.lines().next().unwrap_or_default().to_owned())
}

fn ping(server: &Server, rest: &str) {
    let answer = server.get(&format!("/hb/{PING_KEY}/{rest}"));
    assert_eq!(answer.status, 200, "{}", answer.text());
}

#[test]
fn a_monitor_lives_from_its_first_line_to_its_last() {
    let home = Home::new();
    let server = Server::start(&home);
    let words = ["monitor", "add", "nightly", "--schedule", "0 3 * * *", "--tz", "Europe/Berlin"];
    let more = ["--grace", "90m", "--owner", "dba", "--tag", "backup", "--tag", "prod"];
    let seen = Seen::of(&mut hb(&home, &server, &[&words[..], &more].concat()));
    assert_eq!(seen.status, 0, "{seen:?}");
    let url = server.look("nightly")["ping_url"].as_str().expect("a URL").to_owned();
    let line = format!("\nin a crontab:  0 3 * * *  hb run nightly --to {url} -- COMMAND\n");
    assert!(seen.stdout.contains(&line), "{seen:?}");
    assert!(seen.stdout.contains(&format!("\nping URL:      {url}\n")), "{seen:?}");
    assert!(seen.stdout.contains(", Europe/Berlin, at most 1h 30m late\n"), "{seen:?}");
    let known = server.look("nightly");
    assert_eq!((&known["grace"], &known["owner"]), (&json!(5400), &json!("dba")));
    assert_eq!(known["tags"], json!(["backup", "prod"]));
    assert_eq!(done(&home, &server, &["monitor", "url", "nightly"]), format!("{url}\n"));

    let (code, line) = refused(&home, &server, &["monitor", "add", "nightly"]);
    assert_eq!((code, &*line), (1, "hb: there is a monitor `nightly` already"));
    let (code, line) = refused(&home, &server, &["monitor", "show", "nigtly"]);
    assert_eq!((code, &*line), (1, "hb: there is no monitor `nigtly`, did you mean `nightly`?"));
    let (code, line) = refused(&home, &server, &["monitor", "edit", "nightly", "--grace", "soon"]);
    assert!(code == 64 && line.contains("`grace`"), "{code} {line}");
    done(
        &home,
        &server,
        &["monitor", "edit", "nightly", "--grace", "2h", "--owner", "", "--tag", "b"],
    );
    let known = server.look("nightly");
    assert_eq!((&known["grace"], &known["owner"]), (&json!(7200), &json!("")));
    assert_eq!((&known["tags"], &known["schedule"]), (&json!(["b"]), &json!("0 3 * * *")));

    let answer = done(&home, &server, &["monitor", "show", "nightly", "--json"]);
    let answer: Value = serde_json::from_str(&answer).expect("JSON");
    assert_eq!(answer["id"], known["id"]);
    let shown = done(&home, &server, &["monitor", "show", "nightly"]);
    assert!(shown.starts_with("monitor:       nightly\nstatus:        new\n"), "{shown}");
    assert!(shown.contains("\ngrace:         2h\n"), "{shown}");

    let seen = Seen::of(&mut hb(&home, &server, &["monitor", "rm", "nightly", "gone"]));
    assert_eq!((seen.status, &*seen.stdout), (1, "`nightly` was removed\n"), "{seen:?}");
    assert!(seen.stderr.starts_with("hb: there is no monitor `gone`\n"), "{seen:?}");
    assert_eq!(done(&home, &server, &["monitor", "list"]), "no monitors yet\n");
}

#[test]
fn a_pause_has_an_end_or_is_asked_for_without_one() {
    let home = Home::new();
    let server = Server::start(&home);
    server.monitor(json!({"slug": "m", "schedule": "every 1h"}));
    let (code, line) = refused(&home, &server, &["monitor", "pause", "m"]);
    assert_eq!(code, 64);
    assert!(line.starts_with("hb: a pause needs an end: `--for 1h`"), "{line}");
    let until = ["monitor", "pause", "m", "--until", "2020-01-01"];
    assert_eq!(refused(&home, &server, &until).0, 64);
    for (words, reason, part) in [
        (&["--for", "1h", "--reason", "new disk"][..], json!("new disk"), "`m` is paused until 2"),
        (&["--until", "2099-01-01 12:00"], json!(null), "`m` is paused until 2099-01-01 12:00:00"),
        (&["--until-success"], json!(null), "`m` is paused until it succeeds"),
        (&["--forever"], json!(null), "`m` is paused until it is resumed"),
    ] {
        let told = done(&home, &server, &[&["monitor", "pause", "m"], words].concat());
        assert!(told.starts_with(part), "{words:?}: {told}");
        let pause = &server.look("m")["pause"];
        assert_eq!((&pause["reason"], pause.is_object()), (&reason, true), "{words:?}");
        assert!(done(&home, &server, &["status"]).contains("1 paused"), "paused is not bad");
        let told = done(&home, &server, &["monitor", "resume", "m"]);
        assert!(told.starts_with("`m` is watched again: "), "{told}");
        assert!(server.look("m")["pause"].is_null());
    }
}

#[test]
fn a_status_answers_a_script() {
    let home = Home::new();
    let server = Server::start(&home);
    let place = format!("http://{}", server.address);
    assert_eq!(done(&home, &server, &["status"]), format!("{place}: no monitors yet\n"));
    server.monitor(json!({"slug": "good", "schedule": "every 1h"}));
    server.monitor(json!({"slug": "poor", "schedule": "every 1h", "owner": "dba"}));
    ping(&server, "good");
    ping(&server, "poor");
    server.await_status("poor", "up");
    let told = done(&home, &server, &["status"]);
    assert!(told.starts_with(&format!("{place}: 2 up\n\nmonitor  status  ")), "{told}");
    ping(&server, "poor/3");
    server.await_status("poor", "failed");
    let seen = Seen::of(&mut hb(&home, &server, &["status"]));
    assert_eq!((seen.status, &*seen.stderr), (1, ""), "{seen:?}");
    let head = format!("{place}: 1 failed, 1 up; 1 incident is open\n\nmonitor  ");
    assert!(seen.stdout.starts_with(&head), "{seen:?}");
    let row = seen.stdout.lines().nth(3).expect("a row");
    assert!(row.starts_with("poor     failed  "), "{seen:?}");
    assert!(row.contains("owner dba: a run failed"), "{seen:?}");
    assert!(seen.stdout.lines().nth(4).is_some_and(|row| row.starts_with("good     up ")));
    for (words, code) in [
        (&["status", "good"][..], 0),
        (&["status", "poor"], 1),
        (&["status", "poor", "--json"], 1),
        (&["status", "--json"], 1),
        (&["status", "prro"], 64),
        (&["status", ".."], 64),
    ] {
        assert_eq!(Seen::of(&mut hb(&home, &server, words)).status, code, "{words:?}");
    }
    let json: Value =
        serde_json::from_str(&Seen::of(&mut hb(&home, &server, &["status", "--json"])).stdout)
            .expect("JSON");
    assert_eq!(
        (&json["monitors"], &json["incidents_open"]),
        (&json!({"failed": 1, "up": 1}), &json!(1))
    );
    // What the receiver was seen to have is known to TAB, with no network.
    let known = Seen::of(&mut home.hb(&["completions", "--monitors"])).stdout;
    assert_eq!(known, "good\npoor\n");
    let stopped = hb(&home, &server, &["status"]);
    assert_eq!(server.stop(), Some(0));
    let mut stopped = stopped;
    let seen = Seen::of(&mut stopped);
    assert_eq!((seen.status, &*seen.stdout), (75, ""), "{seen:?}");
    let hint = "hint: is `hb serve` running there? `--server URL` names another\n";
    assert!(seen.stderr.ends_with(hint), "{seen:?}");
}

#[test]
fn long_lists_come_in_pages_and_say_when_they_go_on() {
    let home = Home::new();
    let server = Server::start(&home);
    for number in 0..230 {
        server.monitor(
            json!({"slug": format!("m{number:03}"), "tags": [format!("t{}", number % 2)]}),
        );
    }
    let rows = |words: &[&str]| done(&home, &server, words).lines().count() - 1;
    assert_eq!(rows(&["monitor", "list"]), 230);
    assert_eq!(rows(&["monitor", "list", "--tag", "t1"]), 115);
    assert_eq!(rows(&["monitor", "list", "--limit", "230"]), 230);
    let all = done(&home, &server, &["monitor", "list", "--json"]);
    let all: Value = serde_json::from_str(&all).expect("JSON");
    let slugs: std::collections::BTreeSet<&str> = all["monitors"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|m| m["slug"].as_str())
        .collect();
    assert_eq!((slugs.len(), &all["next"]), (230, &json!(null)));
    let seen = Seen::of(&mut hb(&home, &server, &["monitor", "list", "--limit", "7"]));
    assert_eq!((seen.status, seen.stdout.lines().count()), (0, 8));
    let line = "hb: warning: only 7 monitors are shown; `--limit N` shows more\n";
    assert_eq!(seen.stderr, line);
}

#[test]
fn runs_and_events_are_shown_and_steer_no_terminal() {
    let home = Home::new();
    let server = Server::start(&home);
    server.monitor(json!({"slug": "m", "schedule": "every 1h", "owner": "d\u{1b}[2Jba"}));
    let rid = "7c8f0a5e-1f2b-4c3d-8e9f-0a1b2c3d4e5f";
    let path = format!("/hb/{PING_KEY}/m/3?rid={rid}");
    assert_eq!(server.post(&path, b"tar: \x1b]0;owned\x07 no space left").status, 200);
    server.await_status("m", "failed");
    let events = done(&home, &server, &["monitor", "events", "m"]);
    assert!(events.lines().nth(1).is_some_and(|row| row.contains("  failure  ")), "{events}");
    let runs = done(&home, &server, &["monitor", "runs", "m", "-n", "5"]);
    assert!(runs.contains(rid) && runs.contains("failure"), "{runs}");
    let run = done(&home, &server, &["monitor", "runs", "m", rid]);
    assert!(run.contains("\nexit:"), "{run}");
    assert!(run.contains("no space left"), "{run}");
    let monitor = done(&home, &server, &["monitor", "show", "m"]);
    let list = done(&home, &server, &["monitor", "list"]);
    let status = Seen::of(&mut hb(&home, &server, &["status"])).stdout;
    for text in [&events, &runs, &run, &monitor, &list, &status] {
        assert!(!text.contains(['\u{1b}', '\u{7}']), "{text}");
    }
    let (code, line) = refused(&home, &server, &["monitor", "runs", "m", "none"]);
    assert_eq!((code, &*line), (1, "hb: there is no run `none`"));
}

#[test]
fn an_incident_is_meant_by_its_monitor() {
    let home = Home::new();
    let server = Server::start(&home);
    assert_eq!(done(&home, &server, &["incident", "list"]), "no incident is open\n");
    server.monitor(json!({"slug": "m", "schedule": "every 1h"}));
    ping(&server, "m/fail");
    server.await_status("m", "failed");
    let list = done(&home, &server, &["incident", "list"]);
    let row = list.lines().nth(1).expect("a row").to_owned();
    assert!(row.contains("  critical  m  "), "{list}");
    let told = done(&home, &server, &["incident", "ack", "m", "--by", "ann", "-m", "looking"]);
    assert_eq!(told, "the incident of m is acknowledged\n");
    assert!(done(&home, &server, &["incident", "list"]).contains("acknowledged by ann"));
    let short = row.split(' ').next().expect("an id");
    done(&home, &server, &["incident", "snooze", short, "--for", "1h"]);
    assert!(done(&home, &server, &["incident", "show", "m"]).contains("snoozed until "));
    let (code, line) = refused(&home, &server, &["incident", "ack", "other"]);
    assert_eq!((code, &*line), (1, "hb: no incident is meant by `other`"));
    assert_eq!(
        done(&home, &server, &["incident", "resolve", "m"]),
        "the incident of m is closed\n"
    );
    assert_eq!(done(&home, &server, &["incident", "list"]), "no incident is open\n");
    assert!(done(&home, &server, &["incident", "list", "--all"]).contains("over after "));
}

#[test]
fn a_channel_is_made_tried_and_shown_without_its_secrets() {
    let home = Home::new();
    let server = Server::start(&home);
    let receiver = FakeReceiver::new(&[Step::Ok, status(500)]);
    let url = format!("http://{}/s3cret-path", receiver.host());
    let key = home.write("hook-key", "s3cret-key\n");
    let header = format!("X-Key: file:{}", key.display());
    let add = ["channel", "add", "hook", "--kind", "webhook", "--url", &url, "--header", &header];
    let (code, line) = refused(&home, &server, &add);
    assert!(code == 64 && line.starts_with("hb: "), "private addresses are refused: {line}");
    done(&home, &server, &[&add[..], &["--allow-private"]].concat());
    let told = done(&home, &server, &["channel", "test", "hook"]);
    assert!(told.starts_with("a test was sent through `hook`"), "{told}");
    let request = receiver.requests().pop().expect("it was sent");
    let sent = request.headers.iter().any(|(name, value)| name == "x-key" && value == "s3cret-key");
    assert!(sent, "{:?}", request.headers);
    let (code, line) = refused(&home, &server, &["channel", "test", "hook"]);
    assert_eq!(code, 1, "{line}");
    assert!(line.starts_with("hb: the test could not be sent through `hook`: "), "{line}");
    for words in [&["channel", "list"][..], &["channel", "list", "--json"]] {
        let list = done(&home, &server, words);
        assert!(list.contains("hook") && !list.contains("s3cret"), "{list}");
    }
    let (code, line) = refused(&home, &server, &["channel", "test", "hok"]);
    assert_eq!((code, &*line), (1, "hb: there is no channel `hok`, did you mean `hook`?"));
    done(&home, &server, &["channel", "edit", "hook", "--rename", "bell"]);
    done(&home, &server, &["channel", "rm", "bell"]);
    assert!(done(&home, &server, &["channel", "list"]).starts_with("no channels yet"));
}

#[test]
fn a_watch_tells_each_change_once_and_ends_with_ctrl_c() {
    let home = Home::new();
    let server = Server::start(&home);
    server.monitor(json!({"slug": "m", "schedule": "every 1h"}));
    let mut command = hb(&home, &server, &["status", "--watch"]);
    let mut child = command.stdout(Stdio::piped()).spawn().expect("it starts");
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let mut next = || lines.next().expect("a line").expect("text");
    assert!(next().ends_with("  m  new"));
    ping(&server, "m");
    assert!(next().ends_with("  m  new -> up"));
    ping(&server, "m/fail");
    assert!(next().ends_with("  m  up -> failed"));
    let pid = nix::unistd::Pid::from_raw(i32::try_from(child.id()).expect("a pid"));
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGINT).expect("it is there");
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
}

#[test]
fn a_key_that_may_only_read_is_told_so() {
    let home = Home::new();
    let server = Server::start(&home);
    let mut command = hb(&home, &server, &["monitor", "add", "m"]);
    let seen = Seen::of(command.env("HB_API_KEY", READ_KEY));
    assert_eq!((seen.status, &*seen.stdout), (78, ""), "{seen:?}");
    let mut command = hb(&home, &server, &["status"]);
    assert_eq!(Seen::of(command.env("HB_API_KEY", READ_KEY)).status, 0);
    let line = format!(
        "hb: `http://{}` does not accept the API key\n\
         hint: name another key with `--key file:/PATH`, or set HB_API_KEY\n",
        server.address
    );
    let mut command = hb(&home, &server, &["status"]);
    check(command.env("HB_API_KEY", "hbw_of-somebody-else"), 78, "", &line);
}

#[test]
fn what_no_key_may_do_is_no_matter_of_the_key() {
    let home = Home::new();
    let server = Server::start(&home);
    let words = ["channel", "add", "c", "--kind", "command", "--", "/bin/true"];
    let line =
        "hb: `kind`: commands are not allowed here; start `hb serve` with `--allow-commands`\n";
    check(&mut hb(&home, &server, &words), 1, "", line);
}

#[test]
fn a_grace_that_reaches_to_the_next_run_is_told() {
    let home = Home::new();
    let server = Server::start(&home);
    let words = ["monitor", "add", "gg", "--schedule", "0 * * * *", "--grace", "3h"];
    let seen = Seen::of(&mut hb(&home, &server, &words));
    let warning = "the grace of 3h is not shorter than the 1h between two runs: a missed one is told after the next was due";
    assert_eq!((seen.status, seen.stderr), (0, format!("hb: warning: {warning}\n")));
    assert_eq!(server.look("gg")["warnings"], json!([warning]));
    let words = ["monitor", "add", "g", "--schedule", "0 * * * *", "--grace", "50m"];
    assert_eq!(Seen::of(&mut hb(&home, &server, &words)).stderr, "");
}

#[test]
fn a_ping_with_a_wrong_key_is_refused_and_shown() {
    let home = Home::new();
    let server = Server::start(&home);
    server.monitor(json!({ "slug": "nightly", "schedule": "every 1h" }));
    let wrong = "/ping/00000000-0000-4000-8000-000000000000";
    assert_eq!(server.get(wrong).status, 404);
    // They are counted, and written down every ten seconds.
    let mut shown = String::new();
    wait_for(|| {
        shown = done_with_words(&home, &server, &["status"]);
        shown.contains("refused")
    });
    let line = "1 ping was refused, because nothing has their key; last ";
    assert!(shown.contains(line) && shown.contains(" from 127.0.0.1 at "), "{shown}");
    assert!(!shown.contains("8000-000000000000"), "what may be a key is not shown: {shown}");
}
