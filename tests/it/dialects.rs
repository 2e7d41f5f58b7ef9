//! Each service is told in its own words: compared with outside expectations, and with golden requests
//! that a person can read.
//!
//! `UPDATE=1 cargo test --test it dialects` writes the golden files anew.

use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::dialect_match::difference;
use crate::hb::{Home, Seen};

const CASES: &str = include_str!("data/dialects.json");

fn cases(name: &str) -> Vec<Value> {
    let all: Value = serde_json::from_str(CASES).expect("JSON");
    all[name].as_array().expect("a list").clone()
}

/// The requests that each case makes, from one process.
fn requests(cases: &Value) -> Vec<Value> {
    let home = Home::new();
    let mut command = home.hb(&["ping", "m", "--dry-run", "--event", "-"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("started");
    let mut stdin = child.stdin.take().expect("a pipe");
    let bytes = cases.to_string();
    let writing = std::thread::spawn(move || stdin.write_all(bytes.as_bytes()));
    let output = child.wait_with_output().expect("ended");
    writing.join().expect("no panic").expect("written");
    let all: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    all.as_array().expect("a list").clone()
}

#[test]
fn every_service_is_told_as_it_wants_to_be() {
    let vectors = cases("client");
    for part in vectors.chunks(100) {
        let asked: Vec<Value> = part
            .iter()
            .map(|case| json!({"config": case["config"], "event": case["event"]}))
            .collect();
        let made = requests(&Value::Array(asked));
        assert_eq!(made.len(), part.len());
        for (case, made) in part.iter().zip(made) {
            if let Some(why) = difference(&case["requests"], &made) {
                panic!("{}: {why}\n{made:#}", case["id"]);
            }
        }
    }
}

#[test]
fn a_doctor_says_which_service_a_url_is() {
    let home = Home::new();
    for case in cases("detect") {
        let url = case["url"].as_str().expect("text");
        let seen = Seen::of(&mut home.hb(&["doctor", url, "--json", "--no-network"]));
        let found: Value = serde_json::from_str(&seen.stdout).expect("JSON");
        assert_eq!(found["dialect"], case["dialect"], "{url}");
        let speaks = found["events"]["failure"]["requests"] != json!([]);
        assert_eq!(found["limits"]["failure"], json!(speaks), "{url}");
    }
}

#[test]
fn a_doctor_warns_where_nobody_hears_of_failures() {
    let home = Home::new();
    let deaf = "no target is told of a failure";
    let beat =
        "[targets.beat]\nurl = \"https://h.example/cron-ok.php\"\n[defaults]\nto = [\"beat\"]\n";
    home.config(beat);
    let seen = Seen::of(&mut home.hb(&["doctor", "nightly", "--no-network"]));
    assert!(seen.stdout.contains(deaf), "{}", seen.stdout);
    home.config(&format!(
        "[targets.alarm]\nurl = \"https://ntfy.sh/x\"\n{}",
        beat.replace("[\"", "[\"alarm\", \"")
    ));
    let seen = Seen::of(&mut home.hb(&["doctor", "nightly", "--no-network"]));
    assert!(seen.stdout.contains("`alarm` is told in ntfy"), "{}", seen.stdout);
    assert!(!seen.stdout.contains(deaf), "{}", seen.stdout);
    // A word for it is of no use where a parameter or a person's wish is missing.
    let paid = "url = \"https://api.honeybadger.io/v1/check_in/X\"\n";
    let tacit = "url = \"https://ntfy.sh/x\"\non = [\"success\"]\n";
    for (target, expected) in
        [(paid, true), (&format!("{paid}with.report = true\n"), false), (tacit, true)]
    {
        home.config(&format!("[targets.t]\n{target}[defaults]\nto = [\"t\"]\n"));
        let seen = Seen::of(&mut home.hb(&["doctor", "nightly", "--no-network"]));
        assert_eq!(seen.stdout.contains(deaf), expected, "{target}: {}", seen.stdout);
    }
}

#[test]
fn a_doctor_says_what_has_to_be_there_for_a_failure_to_be_told() {
    for (url, line) in [
        ("https://api.honeybadger.io/v1/check_in/X", "failure (only with `with.report`)"),
        ("https://api.honeybadger.io/v1/check_in/X", "set `with.report`, or add a second target"),
        ("https://ntfy.sh/x", "success (as the end of an alert, or if named in `on`), failure"),
        ("https://ntfy.sh/x", "warning (if named in `on`)"),
    ] {
        let seen = Seen::of(&mut Home::new().hb(&["doctor", url, "--no-network"]));
        assert!(seen.stdout.contains(line), "{url}: {}", seen.stdout);
    }
}

/// The kinds whose requests are kept.
const KINDS: [&str; 7] = ["start", "progress", "stage", "success", "warning", "failure", "log"];

/// An event as a run makes it.
fn event(kind: &str) -> Value {
    let mut event = json!({
        "kind": kind, "monitor": "nightly-db", "run_id": "0191d3a4-7d2e-7abc-8def-0123456789ab",
        "host": "web1", "env": "production", "at": 1_795_167_097.5, "started_at": 1_795_167_085.0,
    });
    let more = match kind {
        "start" => json!({}),
        "progress" => {
            json!({"progress": {"percent": 42, "step": 2, "steps": 5}, "stage": "dumping",
                             "message": "dumping table users"})
        }
        "stage" => json!({"stage": "verifying"}),
        "log" => json!({"message": "a \"quoted\" line & more"}),
        "failure" => {
            json!({"duration_ms": 12500, "exit_code": 3, "tail": "line 1\nFATAL: disk full\n",
                            "message": "pg_dump failed: disk full & read-only"})
        }
        _ => json!({"duration_ms": 12500, "exit_code": 0, "tail": "line 1\nline 2\n",
                    "message": "backup ok: 3 tables", "metrics": {"count": 3, "size": 1.5}}),
    };
    event.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    event
}

/// One target of each service, as the outside expectations configure it.
fn configs() -> Vec<(String, Value)> {
    let mut configs: Vec<(String, Value)> = Vec::new();
    for case in cases("client") {
        let name = case["dialect"].as_str().expect("a name").to_owned();
        let mut config = case["config"].clone();
        config.as_object_mut().expect("an object").remove("signals");
        let pasted = case["id"].as_str().is_some_and(|id| id.contains("pasted"));
        if !pasted && configs.iter().all(|(known, _)| *known != name) {
            configs.push((name, config));
        }
    }
    for (name, path) in
        [("ping_path_generic", "ping/abc"), ("heartbeat_path_generic", "api/v1/heartbeat/x")]
    {
        configs.push((name.to_owned(), json!({"url": format!("https://h.example/{path}")})));
    }
    let own = json!({"dialect": "hb", "url": "https://h.example", "key": "fqOOd6-F4MMNuCEnzTU01w"});
    configs.push(("hb".to_owned(), own));
    configs
}

/// A request as a person reads it.
fn readable(request: &Value) -> String {
    let Some(url) = request["url"].as_str() else { return format!("{request:#}\n") };
    let mut text = format!("{} {url}\n", request["method"].as_str().expect("a method"));
    for (name, value) in request["headers"].as_object().expect("headers") {
        if name != "user-agent" {
            text += &format!("{name}: {}\n", value.as_str().expect("text"));
        }
    }
    let body = request["body"].as_str().unwrap_or("(binary)");
    let body = match serde_json::from_str::<Value>(body) {
        Ok(json) if json.is_object() || json.is_array() => format!("{json:#}"),
        _ => body.trim_end().to_owned(),
    };
    if !body.is_empty() {
        text += &format!("\n{body}\n");
    }
    text.replace(env!("CARGO_PKG_VERSION"), "VERSION")
}

#[test]
fn the_requests_are_those_that_somebody_has_read() {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/golden/dialects");
    let configs = configs();
    let asked: Vec<Value> = configs
        .iter()
        .flat_map(|(_, config)| KINDS.map(|kind| json!({"config": config, "event": event(kind)})))
        .collect();
    let mut made = Vec::new();
    for part in asked.chunks(200) {
        made.extend(requests(&json!(part)));
    }
    assert_eq!(configs.len(), 54, "one of each");
    let mut wrong = Vec::new();
    for ((name, _), made) in configs.iter().zip(made.chunks(KINDS.len())) {
        let mut text = String::new();
        for (kind, requests) in KINDS.iter().zip(made) {
            let requests: Vec<String> =
                requests.as_array().expect("a list").iter().map(readable).collect();
            let requests =
                if requests.is_empty() { "nothing\n".to_owned() } else { requests.join("\n") };
            text += &format!("== {kind}\n{requests}\n");
        }
        let file = place.join(format!("{name}.txt"));
        if std::env::var_os("UPDATE").is_some() {
            std::fs::create_dir_all(&place).expect("a directory");
            std::fs::write(&file, &text).expect("written");
        }
        if std::fs::read_to_string(&file).ok().as_ref() != Some(&text) {
            wrong.push(file);
        }
    }
    assert!(
        wrong.is_empty(),
        "not what hb makes: {wrong:?}\nrun `UPDATE=1 cargo test --test it dialects`"
    );
}
