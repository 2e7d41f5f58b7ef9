//! What a receiver that runs is told anew, what its log says and hides, what it lets go of and when it
//! speaks again.

use std::time::Duration;

use serde_json::{Value, json};

use super::hb::{Home, until};
use super::receiver::{FakeReceiver, Step, status};
use super::receiving::{ahead_with, quick, wait_for, wait_within, with_own_clock};
use super::server::{ADMIN_PASSWORD, API_KEY, PING_KEY, READ_KEY, Server, basic, owner};

fn hang_up(server: &Server) {
    let pid = nix::unistd::Pid::from_raw(server.pid());
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGHUP).expect("it is there");
}

fn with_file(home: &Home, text: &str) -> Server {
    let file = home.write("serve.toml", text);
    Server::start_with(home, |command| {
        command.arg("--config").arg(file);
    })
}

fn whats(hook: &FakeReceiver) -> Vec<String> {
    let what = |body: &[u8]| serde_json::from_slice::<Value>(body).expect("JSON")["what"].clone();
    hook.requests().iter().map(|one| what(&one.body).as_str().expect("a word").to_owned()).collect()
}

/// How many of these lines it has said.
fn said(server: &Server, part: &str) -> usize {
    server.lines().iter().filter(|line| line.contains(part)).count()
}

#[test]
fn sighup_reads_the_file_again_and_says_what_has_to_wait() {
    let home = Home::new();
    let mut server = with_file(&home, "public_url = \"https://one.example\"\n");
    server.monitor(json!({ "slug": "job", "schedule": "every 1h" }));
    let address = || server.look("job")["ping_url"].as_str().expect("a URL").to_owned();
    assert!(address().starts_with("https://one.example/hb/"), "{}", address());
    home.write("serve.toml", "public_url = \"https://two.example\"\n[keep]\nevents = \"9d\"\n");
    hang_up(&server);
    until("it takes the new address", || address().starts_with("https://two.example/hb/"));
    until("it says so", || said(&server, "reloaded") == 1);
    assert_eq!(said(&server, "next start"), 0);

    // What is wrong changes nothing.
    home.write("serve.toml", "public_url = \"https://three.example\"\nlissten = []\n");
    hang_up(&server);
    until("it refuses", || said(&server, "not reloaded; everything stays as it was") == 1);
    assert!(address().starts_with("https://two.example/hb/"), "{}", address());

    // What cannot change is told.
    let text = "public_url = \"https://four.example\"\nlisten = [\"127.0.0.1:1\"]\n\
        allow_commands = true\n";
    home.write("serve.toml", text);
    hang_up(&server);
    until("it takes what it can", || address().starts_with("https://four.example/hb/"));
    let line = server.line("counts only at the next start");
    assert!(line.ends_with("keys=\"listen, allow_commands\""), "{line}");
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn every_line_is_json_where_json_is_asked_for() {
    let home = Home::new();
    let data = home.path("data").display().to_string();
    let mut command = home.program("timeout");
    let words = ["serve", "--listen", "127.0.0.1:0", "--log-format", "json", "--data", &data];
    command.args(["--signal=TERM", "3"]).arg(super::hb::binary()).args(words);
    let seen = super::hb::Seen::of(command.env("HB_LOG", "debug"));
    let mut messages = Vec::new();
    for line in seen.stderr.lines() {
        let read: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}"));
        assert!(read["at"].is_string() && read["level"].is_string(), "{line}");
        messages.push(read["message"].as_str().expect("a message").to_owned());
    }
    assert!(messages.iter().any(|one| one.starts_with("listening on http://")), "{messages:?}");
    assert!(messages.iter().any(|one| one == "stopping"), "{messages:?}");
}

#[test]
fn no_key_comes_into_the_log_whatever_is_asked() {
    let home = Home::new();
    let server = Server::start_with(&home, |command| {
        command.env("HB_LOG", "debug");
    });
    let refusing = FakeReceiver::always(&status(500));
    let secret = "a-token-of-a-channel";
    let channel = json!({
        "name": "hook", "kind": "webhook", "url": refusing.url(&format!("/{secret}")),
        "allow_private": true,
    });
    assert_eq!(server.api("POST", "/channels", Some(channel)).status, 201);
    let uuid = server.monitor(quick("job"))["id"].as_str().expect("an id").to_owned();
    let owner = owner();
    let keys = [PING_KEY, API_KEY, READ_KEY, "no-such-key-that-somebody-made-up"];
    for key in keys {
        let bearer = format!("Bearer {key}");
        for target in [
            format!("/ping/{key}/job"),
            format!("/ping/{key}/job/fail?rid=5&key={key}"),
            format!("/hb/{key}/job/start"),
            format!("/api/push/{key}?status=up&msg={key}"),
            format!("/nonsense/{key}"),
            format!("/api/hb/v1/monitors?key={key}"),
            format!("/api/v3/checks/?api_key={key}"),
            format!("/ping/{uuid}"),
        ] {
            server.get(&target);
            server.send("GET", &target, &[("Authorization", &bearer)], b"");
            server.send("GET", &target, &[("X-Api-Key", key)], b"");
            server.send("POST", &target, &[("Authorization", &owner)], key.as_bytes());
        }
        let body = json!([{ "monitor": "job", "kind": "failure", "message": "m" }]).to_string();
        let headers = [("Authorization", bearer.as_str())];
        server.send("POST", "/api/hb/v1/events", &headers, body.as_bytes());
    }
    let wrong = basic("not the password");
    server.send("GET", "/api/hb/v1/keys", &[("Authorization", &wrong)], b"");
    server.send("GET", "/api/hb/v1/keys", &[("Authorization", &owner)], b"");
    wait_for(|| said(&server, "alert not sent yet") > 0);
    assert_eq!(server.api("GET", "/status", None).status, 200);
    let lines = server.lines();
    let hidden = [&keys[..], &[ADMIN_PASSWORD, &uuid, secret, &owner[6..], &wrong[6..]]].concat();
    for line in &lines {
        let told = hidden.iter().find(|key| line.contains(*key));
        assert_eq!(told, None, "{line}");
    }
    assert!(lines.len() > 5, "{lines:?}");
}

#[test]
fn who_tries_out_whether_a_ping_arrives_changes_nothing() {
    let home = Home::new();
    let server = Server::start(&home);
    let uuid = server.monitor(json!({ "slug": "job", "schedule": "every 1h" }))["id"].clone();
    let uuid = uuid.as_str().expect("an id");
    let test = br#"{"test": true}"#;
    assert_eq!(server.get(&format!("/hb/{PING_KEY}/job")).status, 200);
    let facts = || {
        let shown = server.look("job");
        ["status", "facts", "last_success_at", "due_at", "deadline_at"]
            .map(|name| shown[name].clone())
    };
    let before = facts();
    for target in [format!("/hb/{PING_KEY}/job"), format!("/hb/{uuid}")] {
        let answer = server.post(&target, test);
        assert_eq!(answer.status, 200, "{target}: {}", answer.text());
        assert_eq!(facts(), before, "{target}");
    }
    // Elsewhere the body is what the job has printed, which may be just that.
    assert_eq!(server.post(&format!("/ping/{uuid}"), test).status, 200);
    assert_ne!(facts(), before);
}

/// A run with output, as its client tells of it; gives what names it in the API.
fn run(server: &Server, slug: &str, word: &str) -> String {
    let target = format!("/ping/{PING_KEY}/{slug}{word}");
    assert_eq!(server.post(&target, format!("output of {slug}").as_bytes()).status, 200);
    let event = server.events(slug)[0].clone();
    event["id"].as_str().expect("an id").to_owned()
}

#[test]
fn outputs_go_when_the_file_says_so_first_those_of_successes() {
    let home = Home::new();
    let text = "[keep]\nsuccesses = \"1d\"\nfailures = \"3d\"\n";
    let file = home.write("serve.toml", text);
    let config = file.display().to_string();
    let server = with_file(&home, text);
    for slug in ["good", "bad"] {
        server.monitor(json!({ "slug": slug, "schedule": "every 30d" }));
    }
    run(&server, "good", "");
    run(&server, "bad", "/fail");
    server.kill();
    let kept = || -> Vec<String> {
        let store = rusqlite::Connection::open(home.path("data/hb.sqlite")).expect("it opens");
        let sql = "select m.slug from outputs o join monitors m on m.id = o.monitor_id order by 1";
        let mut statement = store.prepare(sql).expect("a statement");
        let rows = statement.query_map([], |row| row.get(0)).expect("rows");
        rows.map(|row| row.expect("a row")).collect()
    };
    assert_eq!(kept(), ["bad", "good"]);
    for (offset, expected) in [("+20h", &["bad", "good"][..]), ("+30h", &["bad"]), ("+80h", &[])] {
        let server = ahead_with(&home, offset, &["--config", &config]);
        // Its first round of tidying up is over soon after its start.
        wait_for(|| kept() == expected);
        assert_eq!(server.events("good").len(), 1, "events stay");
        server.kill();
    }
}

#[test]
fn a_receiver_that_runs_reminds_after_eight_hours() {
    let home = Home::new();
    let server = with_own_clock(&home);
    let told = FakeReceiver::always(&Step::Ok);
    server.channel("hook", &told);
    server.monitor(json!({ "slug": "job", "schedule": "every 30d" }));
    assert_eq!(server.get(&format!("/ping/{PING_KEY}/job/fail")).status, 200);
    wait_for(|| whats(&told) == ["opened"]);
    home.write("offset", "+25200\n");
    wait_within(Duration::from_secs(20), || {
        let now = server.api("GET", "/status", None).json()["now"].clone();
        let now: jiff::Timestamp = now.as_str().expect("a moment").parse().expect("a moment");
        now.as_second() > jiff::Timestamp::now().as_second() + 6 * 3600
    });
    // It has looked at everything once another one is missed, and owes nothing yet.
    server.monitor(quick("died"));
    assert_eq!(server.get(&format!("/ping/{PING_KEY}/died")).status, 200);
    wait_for(|| whats(&told).len() > 1);
    assert_eq!(whats(&told), ["opened", "opened"]);
    home.write("offset", "+29100\n");
    wait_within(Duration::from_secs(20), || whats(&told).len() > 2);
    assert_eq!(whats(&told), ["opened", "opened", "reminder"]);
    let last = told.requests().pop().expect("a request");
    assert_eq!(last.header("idempotency-key").map(|id| id.contains("-reminder-")), Some(true));
}

#[test]
fn the_numbers_say_how_long_alarms_take_and_wait() {
    let home = Home::new();
    let server = Server::start(&home);
    let told = FakeReceiver::always(&Step::Ok);
    server.channel("hook", &told);
    let number = |name: &str| -> f64 {
        let text = server.get("/metrics").text();
        let line = text.lines().find_map(|line| line.strip_prefix(name)).expect("a number");
        line.trim().parse().expect("a number")
    };
    assert_eq!(number("hb_alarm_delay_seconds_count "), 0.0);
    assert_eq!(number("hb_deliveries_oldest_seconds "), 0.0);
    server.monitor(quick("died"));
    assert_eq!(server.get(&format!("/ping/{PING_KEY}/died")).status, 200);
    wait_for(|| number("hb_alarm_delay_seconds_count ") == 1.0);
    assert!(number("hb_alarm_delay_seconds_sum ") < 60.0);
    assert_eq!(number("hb_alarm_delay_seconds_bucket{le=\"60\"} "), 1.0);
    // What a job tells itself has no deadline.
    server.monitor(json!({ "slug": "job", "schedule": "every 1h" }));
    assert_eq!(server.get(&format!("/ping/{PING_KEY}/job/fail")).status, 200);
    wait_for(|| whats(&told).len() == 2);
    assert_eq!(number("hb_alarm_delay_seconds_count "), 1.0);
    told.go_on_with(&[status(500)]);
    server.monitor(json!({ "slug": "late", "schedule": "every 1h" }));
    assert_eq!(server.get(&format!("/ping/{PING_KEY}/late/fail")).status, 200);
    wait_for(|| number("hb_deliveries_oldest_seconds ") >= 1.0);
    told.go_on_with(&[Step::Ok]);
    wait_for(|| number("hb_deliveries_oldest_seconds ") == 0.0);
}

#[test]
fn maintenance_keeps_reminders_back_until_its_end() {
    let home = Home::new();
    let server = with_own_clock(&home);
    let told = FakeReceiver::always(&Step::Ok);
    server.channel("hook", &told);
    for slug in ["worked-on", "other"] {
        server.monitor(json!({ "slug": slug, "schedule": "every 30d" }));
        assert_eq!(server.get(&format!("/ping/{PING_KEY}/{slug}/fail")).status, 200);
    }
    wait_for(|| whats(&told) == ["opened", "opened"]);
    let plan = json!({ "monitors": ["worked-on"], "for": "1d" });
    let plan = server.api("POST", "/maintenance", Some(plan)).json();
    home.write("offset", "+29100\n");
    let reminded = || -> Vec<Value> {
        let told = told.requests().into_iter();
        let told = told.map(|one| serde_json::from_slice::<Value>(&one.body).expect("JSON"));
        let reminders = told.filter(|one| one["what"] == "reminder");
        reminders.map(|one| one["monitor"]["slug"].clone()).collect()
    };
    wait_within(Duration::from_secs(20), || !reminded().is_empty());
    // Both were due in one look at everything; this one more shows that it is over.
    server.monitor(quick("died"));
    assert_eq!(server.get(&format!("/ping/{PING_KEY}/died")).status, 200);
    wait_for(|| whats(&told).iter().filter(|what| *what == "opened").count() == 3);
    assert_eq!(reminded(), ["other"]);
    let id = plan["id"].as_str().expect("an id");
    assert_eq!(server.api("DELETE", &format!("/maintenance/{id}"), None).status, 200);
    wait_for(|| reminded().len() > 1);
    assert_eq!(reminded(), ["other", "worked-on"]);
}
