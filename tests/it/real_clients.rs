//! Clients that know nothing of hb, as people install them, with nothing changed but the host: curl,
//! wget, borgmatic, and the SDKs of Sentry, Cronitor and Honeybadger.
//!
//! The clients for Python and Node.js lie in an environment of their own, which `tests/run` makes. The SDKs
//! of Sentry and Honeybadger and borgmatic take a host in their settings. Cronitor's SDK has its host written
//! into a method, which the script replaces; the host's name is what a person would point elsewhere.

use std::path::Path;

use serde_json::json;

use super::hb::{Home, Seen, clients};
use super::server::{PING_KEY, Server};

const UUID: &str = "5bf66975-d4c7-4bf5-bcc8-b8d8a82ea278";

fn adopt(server: &Server, slug: &str, dialect: &str, key: &[&str]) {
    server.monitor(json!({
        "slug": slug, "schedule": "every 1h", "keys": [{ "dialect": dialect, "key": key }],
    }));
}

/// What a monitor has heard, oldest first, without what is only said on the way.
fn told(server: &Server, slug: &str) -> Vec<String> {
    let events = server.events(slug);
    let kinds = events.iter().rev().map(|event| event["kind"].as_str().expect("a kind"));
    kinds.filter(|kind| *kind != "log").map(str::to_owned).collect()
}

/// The output that came with the newest event of a monitor.
fn output(server: &Server, slug: &str) -> String {
    let id = server.events(slug)[0]["id"].as_str().expect("an id").to_owned();
    let run = server.api("GET", &format!("/runs/event-{id}"), None).json();
    run["output"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn curl_and_wget_are_understood_in_every_way_that_manuals_show() {
    let home = Home::new();
    let server = Server::start(&home);
    server.monitor(json!({ "slug": "job", "schedule": "every 1h" }));
    let big = "a line of output\n".repeat(5000);
    home.write("big", &big);
    let url = format!("http://{}/ping/{PING_KEY}/job", server.address);
    for (line, kind, body) in [
        ("curl -fsS -m 10 --retry 5 -o /dev/null URL", "success", ""),
        ("curl -fsS --http1.0 URL/start", "start", ""),
        ("curl -fsS -I URL", "success", ""),
        ("curl -fsS --data-raw 'a=1&b=%zz+c' URL/fail", "failure", "a=1&b=%zz+c"),
        ("curl -fsS --data-raw out URL/3", "failure", "out"),
        ("echo text | curl -fsS --data-binary @- URL", "success", "text\n"),
        ("curl -fsS -H Expect:\\ 100-continue --data-binary @big URL/log", "log", &big),
        ("curl -fsS -H Transfer-Encoding:\\ chunked --data-binary @big URL", "success", &big),
        ("curl -fsS -X PUT --data-raw put URL", "success", "put"),
        ("curl -fsS -X POST URL/0", "success", ""),
        ("wget -q -T 10 -t 5 -O /dev/null URL", "success", ""),
        ("wget -q --spider URL", "success", ""),
        ("wget -q -O - --post-data='hello world' URL/fail", "failure", "hello world"),
        ("wget -q -O - --post-file=big URL", "success", &big),
    ] {
        let before = server.events("job").len();
        let seen = Seen::of(home.program("sh").args(["-c", &line.replace("URL", &url)]));
        assert_eq!((seen.status, &*seen.stderr), (0, ""), "{line}: {seen:?}");
        let events = server.events("job");
        assert_eq!(events.len(), before + 1, "{line}");
        assert_eq!(events[0]["kind"], kind, "{line}");
        assert!(output(&server, "job") == body, "{line}: {}", output(&server, "job"));
    }
    let unknown = format!("curl -fsS http://{}/ping/{UUID}", server.address);
    let seen = Seen::of(home.program("sh").args(["-c", &unknown]));
    assert_eq!(seen.status, 22, "a wrong key is an error that a job can see: {seen:?}");
}

/// Runs a script of a Python client.
fn python(home: &Home, clients: &Path, server: &Server, script: &str) {
    home.write("script.py", script);
    let mut command = home.program(clients.join("python"));
    let seen = Seen::of(command.arg("script.py").env("RECEIVER", &server.address));
    assert_eq!((seen.status, &*seen.stderr), (0, ""), "{}", seen.stdout);
}

const SENTRY: &str = r#"
import os, sentry_sdk
from sentry_sdk.crons import capture_checkin, monitor
sentry_sdk.init(dsn=f"http://5f80ec@{os.environ['RECEIVER']}/203069", environment="tests")

@monitor(monitor_slug="mymonitor", monitor_config={
    "schedule": {"type": "crontab", "value": "0 3 * * *"}, "timezone": "Europe/Berlin",
    "checkin_margin": 10, "max_runtime": 10, "failure_issue_threshold": 1, "recovery_threshold": 1,
})
def job(works):
    if not works:
        raise ValueError("boom")

job(True)
try:
    job(False)
except ValueError:
    pass
sentry_sdk.flush()
"#;

#[test]
fn the_sdk_of_sentry_needs_another_host_and_nothing_else() {
    let clients = clients();
    let home = Home::new();
    let server = Server::start(&home);
    adopt(&server, "job", "sentry_envelope", &["203069", "mymonitor", "5f80ec"]);
    python(&home, &clients, &server, SENTRY);
    assert_eq!(told(&server, "job"), ["start", "success", "start", "failure"]);
    let events = server.events("job");
    assert_eq!(events[0]["run_id"], events[1]["run_id"], "{events:#?}");
    assert_ne!(events[1]["run_id"], events[2]["run_id"], "{events:#?}");
    assert_eq!(events[0]["fields"]["env"], "tests");
}

const CRONITOR: &str = r#"
import os, cronitor
cronitor.api_key = "apiKey123"
cronitor.environment = "tests"
cronitor.Monitor._ping_api_url = \
    lambda self: f"http://{os.environ['RECEIVER']}/p/{self.api_key}/{self.key}"

@cronitor.job("nightly-db")
def job(works):
    if not works:
        raise ValueError("boom")
    return "three tables"

job(True)
try:
    job(False)
except ValueError:
    pass
answer = cronitor.Monitor("nightly-db").ping(state="complete", metrics={"count": 3})
assert answer.status_code == 200, answer
"#;

#[test]
fn the_sdk_of_cronitor_needs_another_host_and_nothing_else() {
    let clients = clients();
    let home = Home::new();
    let server = Server::start(&home);
    adopt(&server, "job", "cronitor", &["apiKey123", "nightly-db"]);
    python(&home, &clients, &server, CRONITOR);
    assert_eq!(told(&server, "job"), ["start", "success", "start", "failure", "success"]);
    let events = server.events("job");
    assert_eq!(events[0]["metrics"]["count"], json!(3));
    assert_eq!(events[1]["message"], "boom");
    assert_eq!(events[1]["run_id"], events[2]["run_id"], "{events:#?}");
}

const HONEYBADGER: &str = r#"
const honeybadger = require('@honeybadger-io/js');
honeybadger.configure({ apiKey: 'hbp_1', endpoint: `http://${process.env.RECEIVER}` });
honeybadger.checkIn('XyZZy').catch((why) => { console.error(why); process.exit(1); });
"#;

/// The SDK forgets the port of its host, so this one needs the usual port and an address of its own.
const AT_PORT_80: &str = "127.0.0.77:80";

#[test]
fn the_sdk_of_honeybadger_needs_another_host_and_nothing_else() {
    let clients = clients();
    let home = Home::new();
    let server = Server::start_with(&home, |command| {
        command.args(["--listen", AT_PORT_80]);
    });
    adopt(&server, "job", "honeybadger", &["XyZZy"]);
    let mut command = home.program(clients.join("node"));
    command.args(["-e", HONEYBADGER]).env("RECEIVER", "127.0.0.77");
    let seen = Seen::of(command.env("NODE_PATH", clients.join("../node_modules")));
    assert_eq!((seen.status, &*seen.stderr), (0, ""), "{seen:?}");
    assert_eq!(told(&server, "job"), ["success"]);
}

/// borgmatic with every hook whose host can be chosen.
fn borgmatic(server: &Server, repository: &str) -> String {
    let host = &server.address;
    json!({
        "source_directories": ["source"],
        "repositories": [{ "path": repository }],
        "unknown_unencrypted_repo_access_is_ok": true,
        "healthchecks": { "ping_url": format!("http://{host}/ping/{UUID}") },
        "cronitor": { "ping_url": format!("http://{host}/d3x0c1") },
        "uptime_kuma": { "push_url": format!("http://{host}/api/push/abcd1234") },
        "sentry": {
            "data_source_name_url": format!("http://5f80ec@{host}/203069"),
            "monitor_slug": "mymonitor",
        },
        "zabbix": {
            "server": format!("http://{host}/zabbix/api_jsonrpc.php"), "api_key": "b3b8",
            "host": "borg-server", "key": "borg.status",
            "states": ["start", "finish", "fail"],
            "start": { "value": "STARTED" }, "finish": { "value": "OK" }, "fail": { "value": "ERROR" },
        },
    })
    .to_string()
}

#[test]
fn every_hook_of_borgmatic_needs_another_host_and_nothing_else() {
    let clients = clients();
    let home = Home::new();
    let server = Server::start(&home);
    let hooks: [(&str, &str, &[&str]); 5] = [
        ("healthchecks", "healthchecks", &[UUID]),
        ("cronitor", "cronitor", &["d3x0c1"]),
        ("kuma", "uptime_kuma", &["abcd1234"]),
        ("sentry", "sentry", &["203069", "mymonitor", "5f80ec"]),
        ("zabbix", "zabbix_api", &["borg-server", "borg.status"]),
    ];
    for (slug, dialect, key) in hooks {
        adopt(&server, slug, dialect, key);
    }
    home.write("source/file", "what is backed up\n");
    let run = |repository: &str, words: &[&str]| {
        home.write("borgmatic.yaml", &borgmatic(&server, repository));
        let mut command = home.program(clients.join("borgmatic"));
        Seen::of(command.args(["--config", "borgmatic.yaml"]).args(words).env("LANG", "C.UTF-8"))
    };
    let seen = run("repository", &["repo-create", "--encryption", "none"]);
    assert_eq!(seen.status, 0, "{seen:?}");
    let seen = run("repository", &["create"]);
    assert_eq!(seen.status, 0, "{seen:?}");
    let seen = run("nowhere", &["create"]);
    assert_eq!(seen.status, 1, "{seen:?}");
    for (slug, ..) in hooks {
        let wanted = ["start", "success", "start", "failure"];
        let events = server.events(slug);
        assert_eq!(told(&server, slug), wanted, "{slug}: {events:#?}");
        assert_eq!(server.look(slug)["status"], "failed", "{slug}");
    }
}
