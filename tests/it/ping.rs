//! `hb ping`: one event by hand, and `--dry-run`: what would be sent, to the byte.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::hb::{Home, Seen, check};
use crate::receiver::{FakeReceiver, Step, UUID, status};

const AGENT: &str = concat!("hb/", env!("CARGO_PKG_VERSION"));
const TEXT: &str = "text/plain; charset=utf-8";

/// Runs a command with this on its stdin.
fn fed(command: &mut Command, bytes: &[u8]) -> Seen {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("started");
    let mut stdin = child.stdin.take().expect("piped");
    let _ = stdin.write_all(bytes);
    drop(stdin);
    Seen::from(child.wait_with_output().expect("it ends"))
}

#[test]
fn every_event_has_its_word() {
    let receiver = FakeReceiver::always(&Step::Ok).hearing_starts();
    let home = Home::new();
    let url = receiver.ping_url();
    for (word, path, body) in [
        ("success", "", ""),
        ("start", "start", ""),
        ("fail", "fail", ""),
        ("failure", "fail", ""),
        ("warning", "", "warning"),
        ("log", "log", ""),
        ("test", "log", "test"),
        ("progress", "log", ""),
        ("verified", "log", "verified"),
        ("0", "", ""),
        ("1", "1", ""),
        ("255", "255", ""),
    ] {
        receiver.go_on(&[Step::Ok]);
        check(&mut home.hb(&["ping", "--to", &url, "m", word]), 0, "", "");
        let request = receiver.only();
        assert_eq!((request.word(), &*request.text()), (path, body), "{word}");
    }
    receiver.go_on(&[Step::Ok]);
    check(&mut home.hb(&["ping", &url]), 0, "", "");
    assert_eq!(receiver.only().target, format!("/ping/{UUID}"));
}

#[test]
fn a_message_a_body_and_a_run_go_along() {
    let receiver = FakeReceiver::always(&Step::Ok);
    let home = Home::new();
    let url = receiver.ping_url();
    check(&mut home.hb(&["ping", "--to", &url, "m", "fail", "-m", "disk is full"]), 0, "", "");
    let words = ["ping", "--to", &url, "m", "log", "--stdin", "--run-id", UUID];
    let text = format!("PGPASSWORD=hunter2 pg_dump\n{}last\n", "x\n".repeat(40_000));
    assert_eq!(fed(&mut home.hb(&words), text.as_bytes()).status, 0);
    let requests = receiver.requests();
    assert_eq!((requests[0].word(), &*requests[0].text()), ("fail", "disk is full"));
    assert_eq!(requests[1].rid(), UUID);
    assert!(requests[1].text().ends_with("x\nlast\n") && requests[1].body.len() <= 10_000);
    receiver.go_on(&[Step::Ok]);
    assert_eq!(fed(&mut home.hb(&words), b"PGPASSWORD=hunter2 pg_dump\n").status, 0);
    assert_eq!(receiver.only().text(), "PGPASSWORD=**** pg_dump\n");
    receiver.go_on(&[Step::Ok]);
    let mut command = home.hb(&["ping", "--to", &url, "m"]);
    check(command.env("HB_RUN_ID", UUID), 0, "", "");
    assert_eq!(receiver.only().rid(), UUID);
}

#[test]
fn a_wrong_word_is_answered_with_the_nearest() {
    let home = Home::new();
    for (words, why) in [
        (&["m", "sucess"][..], "there is no event `sucess`, did you mean `success`?"),
        (&["m", "strat"], "there is no event `strat`, did you mean `start`?"),
        (
            &["m", "xyzzy"],
            "there is no event `xyzzy`; known: success start fail warning log test progress \
             verified, or an exit code",
        ),
        (&["m", "256"], "an exit code is 0 to 255, not 256"),
        (&["m", "stage"], "a stage is told from inside a job: `hb stage NAME`"),
        (&["m", "log", "--run-id", "x"], "`--run-id`: `x` is not a UUID"),
        (&["m", "--stdni"], "unknown option `--stdni`, did you mean `--stdin`?"),
        (&["m", "--event", "-"], "`--event` goes with `--dry-run`: a case is shown, never sent"),
    ] {
        let words = [&["ping"], words].concat();
        check(&mut home.hb(&words), 64, "", &format!("hb: {why}\n"));
    }
}

#[test]
fn the_exit_code_says_what_came_of_it() {
    let home = Home::new();
    let nobody = "hb: warning: no receiver is configured, so nobody was told; use `--to URL` or the \
                  configuration\n";
    check(&mut home.hb(&["ping", "m"]), 0, "", nobody);
    let receiver = FakeReceiver::always(&status(404));
    let (url, host) = (receiver.ping_url(), receiver.host());
    let refused = format!(
        "hb: `http://{host}/****` refused the ping: the server answered 404: no such check; is the \
         URL or the key right?\n"
    );
    check(&mut home.hb(&["ping", "--to", &url, "m"]), 1, "", &refused);
    receiver.go_on(&[status(500)]);
    let kept = format!(
        "hb: warning: not delivered to `http://{host}/****` (the server answered 500); it is kept \
         and sent later\n"
    );
    let words = ["ping", "--report-timeout", "200ms", "--to", &url, "m", "fail"];
    check(&mut home.hb(&words), 75, "", &kept);
    receiver.go_on(&[Step::Ok]);
    check(&mut home.hb(&["ping", "--to", &url, "n"]), 0, "", "");
    assert_eq!(receiver.words(), ["", "fail"], "the next ping carries the kept one along");
}

#[test]
fn a_dry_ping_shows_each_request_and_sends_nothing() {
    let home = Home::new();
    let words = [
        "ping",
        "--dry-run",
        "--to",
        "https://hc.example/ping/fqOOd6-F4MMNuCEnzTU01w",
        "nightly",
        "7",
    ];
    let seen = Seen::of(&mut home.hb(&[&words[..], &["-m", "why", "--run-id", UUID]].concat()));
    let expected = json!([{
        "method": "POST",
        "url": format!("https://hc.example/ping/fqOOd6-F4MMNuCEnzTU01w/nightly/7?rid={UUID}"),
        "headers": { "content-type": TEXT, "user-agent": AGENT },
        "body": "why",
        "dialect": "healthchecks",
    }]);
    assert_eq!(serde_json::from_str::<Value>(&seen.stdout).expect("JSON"), expected);
    assert_eq!((seen.status, &*seen.stderr), (0, ""));
    assert!(!home.path("state").exists());
}

#[test]
fn a_dry_run_shows_what_its_ends_would_send_and_runs_nothing() {
    let home = Home::new();
    let words = [
        "run",
        "--dry-run",
        "--to",
        "https://hc.example/ping/fqOOd6-F4MMNuCEnzTU01w",
        "m",
        "--",
        "touch",
        "x",
    ];
    let seen =
        Seen::of(&mut home.hb(&[&words[..4], &["--header", "X-A: b"], &words[4..]].concat()));
    let mut shown: Value = serde_json::from_str(&seen.stdout).expect("JSON");
    let base = "https://hc.example/ping/fqOOd6-F4MMNuCEnzTU01w/m";
    let rid =
        shown[0]["url"].as_str().expect("text").split("?rid=").nth(1).expect("a rid").to_owned();
    let request = |event: &str, word: &str, body: &str| {
        let mut headers = json!({ "user-agent": AGENT, "x-a": "b" });
        if !body.is_empty() {
            headers["content-type"] = json!(TEXT);
        }
        json!({
            "event": event, "dialect": "healthchecks", "target": "https://hc.example/****", "method": "POST",
            "url": format!("{base}{word}?rid={rid}"), "headers": headers, "body": body,
        })
    };
    let expected = json!([
        request("start", "/start", ""),
        request("success", "", "exited with 0"),
        request("failure", "/1", "exited with 1"),
    ]);
    assert_eq!(shown.take(), expected);
    assert_eq!(std::fs::read_dir(home.path("")).expect("there").count(), 0);
}

#[test]
fn a_case_of_its_own_is_spelled_without_any_configuration() {
    let home = Home::new();
    let case = json!({
        "config": { "dialect": "healthchecks", "url": "https://hc.example/ping/fqOOd6-F4MMNuCEnzTU01w" },
        "event": {
            "kind": "failure", "monitor": "nightly", "run_id": UUID, "exit_code": 3,
            "message": "exited with 3", "tail": "why\n", "duration_ms": 62_000,
        },
    });
    let expected = json!([{
        "method": "POST",
        "url": format!("https://hc.example/ping/fqOOd6-F4MMNuCEnzTU01w/nightly/3?rid={UUID}"),
        "headers": { "content-type": TEXT, "user-agent": AGENT },
        "body": "exited with 3; took 1m 2s\nwhy\n",
    }]);
    let file = home.write("case.json", &case.to_string()).display().to_string();
    for name in ["-", &file] {
        let mut command = home.hb(&["ping", "--dry-run", "--event", name, "m"]);
        let seen = fed(&mut command, case.to_string().as_bytes());
        assert_eq!((seen.status, &*seen.stderr), (0, ""));
        assert_eq!(serde_json::from_str::<Value>(&seen.stdout).expect("JSON"), expected, "{name}");
    }
    let mut command = home.hb(&["ping", "--dry-run", "--event", "-", "m"]);
    let seen = fed(&mut command, b"{");
    let why = "hb: `-` is not a case: EOF while parsing an object at line 1 column 1\n";
    assert_eq!((seen.status, &*seen.stderr), (64, why));
}
