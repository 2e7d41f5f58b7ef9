//! Targets that carry words to a person: one alert per monitor, opened, seldom repeated, closed once.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::hb::{Home, Seen, check, until};
use crate::receiver::{FakeReceiver, Step, status};

/// A home with one target that people hear of.
fn home_of(target: &str) -> Home {
    let home = Home::new();
    home.config(&format!(
        "[targets.people]\n{target}\n[defaults]\nto = [\"people\"]\nreport_timeout = \"5s\"\n"
    ));
    home
}

fn run(home: &Home, code: u8) {
    let words = ["run", "nightly", "--", "sh", "-c", &format!("echo broken >&2; exit {code}")];
    let seen = Seen::of(&mut home.hb(&words));
    assert_eq!((seen.status, seen.stderr.as_str()), (i32::from(code), "broken\n"));
}

/// The title of each message that arrived.
fn titles(receiver: &FakeReceiver) -> Vec<String> {
    let title = |body: Vec<u8>| {
        let body: Value = serde_json::from_slice(&body).expect("JSON");
        body["title"].as_str().expect("a title").to_owned()
    };
    receiver.requests().into_iter().map(|request| title(request.body)).collect()
}

#[test]
fn a_person_hears_of_a_failure_once_and_of_its_end() {
    let receiver = FakeReceiver::always(&Step::Ok);
    let home = home_of(&format!("url = \"{}\"\ndialect = \"ntfy\"", receiver.url("/backups")));
    for code in [0, 3, 3, 3, 0, 0, 4] {
        run(&home, code);
    }
    let titles = titles(&receiver);
    assert_eq!(titles.len(), 3, "{titles:?}");
    assert_eq!(titles[0], "nightly failed: exited with 3");
    assert!(titles[1].starts_with("nightly is well again after 3 failures since "), "{titles:?}");
    assert_eq!(titles[2], "nightly failed: exited with 4");
}

#[test]
fn another_monitor_has_an_alert_of_its_own() {
    let receiver = FakeReceiver::always(&Step::Ok);
    let home = home_of(&format!("url = \"{}\"\ndialect = \"ntfy\"", receiver.url("/backups")));
    for monitor in ["a", "b", "a"] {
        check(&mut home.hb(&["run", monitor, "--", "sh", "-c", "exit 1"]), 1, "", "");
    }
    assert_eq!(titles(&receiver), ["a failed: exited with 1", "b failed: exited with 1"]);
}

#[test]
fn what_was_refused_is_told_again_with_the_next_failure() {
    let receiver = FakeReceiver::always(&status(403));
    let home = home_of(&format!("url = \"{}\"\ndialect = \"ntfy\"", receiver.url("/backups")));
    let failing = ["run", "nightly", "--", "sh", "-c", "exit 3"];
    let refused = Seen::of(&mut home.hb(&failing));
    assert!(refused.stderr.contains("refused the failure"), "{refused:?}");
    receiver.go_on(&[Step::Ok]);
    check(&mut home.hb(&failing), 3, "", "");
    assert_eq!(titles(&receiver), ["nightly failed: exited with 3"]);
}

#[test]
fn an_incident_is_resolved_under_its_own_key_and_only_when_it_is_open() {
    let receiver = FakeReceiver::always(&status(202));
    let home = home_of(&format!(
        "url = \"{}\"\ndialect = \"pagerduty\"\nkey = \"0123456789abcdef0123456789abcdef\"",
        receiver.url("/v2/enqueue")
    ));
    for code in [0, 3, 0, 0] {
        run(&home, code);
    }
    let bodies: Vec<Value> = receiver
        .requests()
        .iter()
        .map(|request| serde_json::from_slice(&request.body).expect("JSON"))
        .collect();
    let actions: Vec<&Value> = bodies.iter().map(|body| &body["event_action"]).collect();
    assert_eq!(actions, ["trigger", "resolve"], "{bodies:?}");
    assert_eq!(bodies[0]["dedup_key"], bodies[1]["dedup_key"]);
}

#[test]
fn warnings_and_successes_are_told_where_somebody_wants_them() {
    let receiver = FakeReceiver::always(&Step::Ok);
    let home = home_of(&format!(
        "url = \"{}\"\ndialect = \"gotify\"\nkey = \"AbcTok3n\"\non = [\"failure\", \"warning\", \"success\"]",
        receiver.url("/message")
    ));
    check(&mut home.hb(&["run", "m", "--", "true"]), 0, "", "");
    check(&mut home.hb(&["run", "m", "--warn-exit", "1", "--", "false"]), 1, "", "");
    assert_eq!(
        titles(&receiver),
        ["m: exited with 0", "m: exited with 1, which counts as a warning"]
    );
}

#[test]
fn a_webhook_that_wants_failures_hears_each_and_their_end() {
    let receiver = FakeReceiver::always(&Step::Ok);
    let home = home_of(&format!(
        "url = \"{}\"\ndialect = \"webhook\"\non = [\"failure\"]",
        receiver.url("/hook")
    ));
    for code in [0, 3, 3, 0, 0] {
        run(&home, code);
    }
    let kind = |request: crate::receiver::Request| {
        let body: Value = serde_json::from_slice(&request.body).expect("JSON");
        body["kind"].as_str().expect("a kind").to_owned()
    };
    let kinds: Vec<String> = receiver.requests().into_iter().map(kind).collect();
    assert_eq!(kinds, ["failure", "failure", "success"]);
}

#[test]
fn a_person_may_have_words_of_their_own() {
    let receiver = FakeReceiver::always(&Step::Ok);
    let home = home_of(&format!(
        "url = \"{}\"\ndialect = \"ntfy\"\n\
         with.title = \"[{{host}}] {{summary}}\"\nwith.text = \"code {{exit_code}} of {{monitor}}\"",
        receiver.url("/backups")
    ));
    run(&home, 3);
    let request = receiver.only();
    let body: Value = serde_json::from_slice(&request.body).expect("JSON");
    let title = body["title"].as_str().expect("a title");
    assert!(
        title.starts_with('[') && title.ends_with("] nightly failed: exited with 3"),
        "{title}"
    );
    assert_eq!(body["message"], "code 3 of nightly");
}

#[test]
fn a_wrong_word_in_such_a_text_is_named_with_its_line_and_the_rest_is_used() {
    let receiver = FakeReceiver::always(&Step::Ok);
    let home = home_of(&format!(
        "url = \"{}\"\ndialect = \"ntfy\"\nwith.title = \"{{monitr}}\"",
        receiver.url("/backups")
    ));
    let seen = Seen::of(&mut home.hb(&["run", "nightly", "--", "sh", "-c", "exit 3"]));
    assert_eq!(seen.status, 3);
    assert!(seen.stderr.contains("line 4") && seen.stderr.contains("monitr"), "{seen:?}");
    assert!(titles(&receiver)[0].starts_with("nightly failed: exited with 3; config "));
}

#[test]
fn a_command_of_ones_own_is_told_on_stdin_and_in_its_environment() {
    let home = Home::new();
    let place = home.path("told").display().to_string();
    home.config(&format!(
        "[targets.people]\ndialect = \"command\"\n\
         with.command = \"cat > '{place}'; echo \\\"$HB_EVENT $HB_MONITOR $HB_EXIT_CODE\\\" >> '{place}'\"\n\
         [defaults]\nto = [\"people\"]\n"
    ));
    let words = ["run", "nightly", "--", "sh", "-c", "echo '$(touch pwned)'; exit 3"];
    check(&mut home.hb(&words), 3, "$(touch pwned)\n", "");
    let told = std::fs::read_to_string(home.path("told")).expect("it was told");
    let (json, line) = told.split_once('\n').expect("two lines");
    let json: Value = serde_json::from_str(json).expect("JSON");
    assert_eq!((&json["kind"], &json["exit_code"]), (&"failure".into(), &3.into()));
    assert_eq!(line, "failure nightly 3\n");
    assert!(!home.path("pwned").exists());
}

#[test]
fn a_command_that_fails_is_tried_again_later_and_one_that_hangs_holds_up_nobody() {
    for (command, why) in
        [("exit 1", "the command exited with 1"), ("sleep 100", "no answer in time")]
    {
        let home = Home::new();
        home.config(&format!(
            "[targets.people]\ndialect = \"command\"\nwith.command = \"{command}\"\n\
             [defaults]\nto = [\"people\"]\nreport_timeout = \"500ms\"\n"
        ));
        let began = Instant::now();
        let seen = Seen::of(&mut home.hb(&["run", "nightly", "--", "sh", "-c", "exit 3"]));
        assert!(began.elapsed() < Duration::from_secs(20), "{command}");
        assert_eq!(seen.status, 3);
        assert!(seen.stderr.contains(why) && seen.stderr.contains("it is kept"), "{seen:?}");
    }
}

#[test]
fn a_slow_target_delays_no_other_and_the_run_only_by_its_report_time() {
    let good = FakeReceiver::always(&Step::Ok);
    let slow: Vec<_> = (0..9).map(|_| FakeReceiver::always(&Step::BlackHole)).collect();
    let home = Home::new();
    let mut config = format!("[targets.good]\nurl = \"{}\"\n", good.ping_url());
    for (number, receiver) in slow.iter().enumerate() {
        config += &format!("[targets.slow{number}]\nurl = \"{}\"\n", receiver.ping_url());
    }
    let names: Vec<String> = (0..9).map(|number| format!("\"slow{number}\"")).collect();
    config +=
        &format!("[defaults]\nto = [{}, \"good\"]\nreport_timeout = \"1s\"\n", names.join(", "));
    home.config(&config);
    let began = Instant::now();
    let seen = Seen::of(&mut home.hb(&["run", "m", "--", "true"]));
    let took = began.elapsed();
    assert_eq!(seen.status, 0);
    assert!(took < Duration::from_secs(5), "{took:?}");
    let heard = good.only().at - began;
    assert!(heard < Duration::from_millis(900), "{heard:?}");
    assert_eq!(seen.stderr.matches("it is kept").count(), 9, "{seen:?}");
}

#[test]
fn a_late_success_is_told_as_one_only_where_its_moment_travels() {
    for (dialect, path, arrives) in
        [("cronitor", "/p/apiKey123/nightly", true), ("uptime_kuma", "/api/push/abcd1234", false)]
    {
        let receiver = FakeReceiver::always(&Step::Ok);
        let home = home_of(&format!("url = \"{}\"\ndialect = \"{dialect}\"", receiver.url(path)));
        let run_id = "01a1f91f-7e04-7d5c-a834-000000000001";
        let event = serde_json::json!({
            "version": 1,
            "event": {
                "kind": "success", "monitor": "nightly", "run_id": run_id, "seq": u32::MAX,
                "at": 1_700_000_000_000_i64, "message": "planted",
            },
            "target": { "named": "people" }, "name": "people", "why": "planted",
        });
        let name =
            format!("state/spool/001700000000000.4294967295.success.{run_id}.000000000001.json");
        home.write(&name, &event.to_string());
        let seen = Seen::of(&mut home.hb(&["spool", "flush"]));
        assert_eq!(seen.status, 0, "{dialect}: {seen:?}");
        assert_eq!(receiver.requests().len(), usize::from(arrives), "{dialect}");
    }
}

#[test]
fn an_incident_of_a_run_that_died_is_resolved_by_the_next_success() {
    let receiver = FakeReceiver::always(&status(202));
    let home = home_of(&format!(
        "url = \"{}\"\ndialect = \"pagerduty\"\nkey = \"0123456789abcdef0123456789abcdef\"",
        receiver.url("/v2/enqueue")
    ));
    // The job ends both hb and itself, as an upgrade or a lack of memory may.
    let dying = ["run", "nightly", "--", "sh", "-c", "kill -9 $PPID; kill -9 $$"];
    Seen::of(&mut home.hb(&dying));
    let found = || {
        Seen::of(&mut home.hb(&["run", "other", "--", "true"]));
        !receiver.requests().is_empty()
    };
    until("the dead run is told of", found);
    run(&home, 0);
    let bodies: Vec<Value> = receiver
        .requests()
        .iter()
        .map(|request| serde_json::from_slice(&request.body).expect("JSON"))
        .collect();
    let actions: Vec<&Value> = bodies.iter().map(|body| &body["event_action"]).collect();
    assert_eq!(actions, ["trigger", "resolve"], "{bodies:?}");
    assert_eq!(bodies[0]["dedup_key"], bodies[1]["dedup_key"]);
}
