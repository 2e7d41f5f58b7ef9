//! Moving in from other services: from a Healthchecks over its API, from others by their files.

use serde_json::{Value, json};

use crate::hb::{Home, Seen, is_long};
use crate::manage::{done_with_words as done, hb};
use crate::receiver::{FakeReceiver, status};
use crate::server::{API_KEY, Server};

/// A call of Healthchecks' API.
pub(crate) fn v3(server: &Server, method: &str, path: &str, body: &str) -> Value {
    let key = [("X-Api-Key", API_KEY)];
    let answer = server.send(method, &format!("/api/v3/{path}"), &key, body.as_bytes());
    assert!(answer.status < 300, "{method} {path}: {} {}", answer.status, answer.text());
    if answer.header("content-type") == Some("application/json") {
        answer.json()
    } else {
        Value::from(answer.text())
    }
}

/// A check without what another host must have another of: its URLs and its moments of looking.
fn same(mut check: Value) -> Value {
    let members = check.as_object_mut().expect("a check");
    members.retain(|name, _| !name.ends_with("_url") && name != "channels");
    check
}

/// Makes checks of all kinds; gives their uuids.
fn checks(old: &Server) -> Vec<String> {
    let whole = json!({"name": "Nightly dump", "slug": "nightly", "tags": "prod db", "desc": "all of it",
        "schedule": "30 2 * * 1-5", "tz": "Europe/Riga", "grace": 5400, "methods": "POST",
        "start_kw": "BEGIN", "success_kw": "OK", "failure_kw": "ERR", "filter_http_body": true,
        "filter_default_fail": true, "manual_resume": true, "channels": "ops,lost"});
    let mut uuids = Vec::new();
    for check in [
        whole,
        json!({"name": "Plain", "timeout": 3600, "grace": 600, "channels": "lost"}),
        json!({"name": "Down", "timeout": 60, "grace": 60}),
        json!({"name": "Paused", "timeout": 60, "grace": 60}),
        json!({"name": "Calendar", "schedule": "Mon..Fri 12:00", "tz": "UTC"}),
    ] {
        let made = v3(old, "POST", "checks/", &check.to_string());
        uuids.push(made["uuid"].as_str().expect("a uuid").to_owned());
    }
    uuids
}

/// Compares a check, its pings with their bodies, and its flips.
pub(crate) fn compare(old: &Server, new: &Server, uuid: &str) {
    let path = format!("checks/{uuid}");
    let (was, is) = (v3(old, "GET", &path, ""), v3(new, "GET", &path, ""));
    assert_eq!(same(was), same(is), "{uuid}");
    let path = format!("checks/{uuid}/pings/");
    let pings = |server: &Server| {
        let mut pings = v3(server, "GET", &path, "")["pings"].take();
        for ping in pings.as_array_mut().expect("a list") {
            if ping["body_url"].is_string() {
                let n = &ping["n"];
                let key = [("X-Api-Key", API_KEY)];
                let body = server.send("GET", &format!("/api/v3/{path}{n}/body"), &key, b"");
                ping["body_url"] = json!(body.body);
            }
        }
        pings
    };
    assert_eq!(pings(old), pings(new), "{uuid}");
    let path = format!("checks/{uuid}/flips/");
    assert_eq!(v3(old, "GET", &path, ""), v3(new, "GET", &path, ""), "{uuid}");
}

#[test]
fn checks_move_with_their_uuids_pings_and_flips() {
    let (old_home, new_home) = (Home::new(), Home::new());
    let (old, new) = (Server::start(&old_home), Server::start(&new_home));
    for (server, name) in [(&old, "ops"), (&old, "lost"), (&new, "ops")] {
        let hook = json!({"name": name, "kind": "webhook", "url": "http://127.0.0.1:9/",
            "allow_private": true});
        assert_eq!(server.api("POST", "/channels", Some(hook)).status, 201);
    }
    let uuids = checks(&old);
    let [_, plain, down, paused, _] = &uuids[..] else { panic!("five checks") };
    for (uuid, rest) in
        [(plain, "/start?rid=0190aaaa-0000-4000-8000-000000000001"), (plain, ""), (plain, "/log")]
    {
        assert_eq!(old.post(&format!("/ping/{uuid}{rest}"), b"some \xff output").status, 200);
    }
    assert_eq!(old.post(&format!("/ping/{down}"), b"fine").status, 200);
    assert_eq!(old.post(&format!("/ping/{down}/3"), "☃ is \"bad\"\n".as_bytes()).status, 200);
    v3(&old, "POST", &format!("checks/{paused}/pause"), "");

    new_home.write("key", &format!("{API_KEY}\n"));
    let url = format!("http://{}", old.address);
    let words = ["import", "healthchecks", &url, "--key-file", "key"];
    let seen = Seen::of(&mut hb(&new_home, &new, &words));
    assert_eq!(seen.status, 0, "{seen:?}");
    let expected = format!(
        "from {url}: 5 created, 0 changed, 0 as they were, 0 refused; 5 new pings, 4 new flips\n"
    );
    assert_eq!(seen.stdout, expected, "{seen:?}");
    assert!(
        seen.stderr.starts_with("hb: warning: channel `lost` (webhook) is not here"),
        "{seen:?}"
    );

    for uuid in &uuids {
        compare(&old, &new, uuid);
    }
    let told = |uuid: &str| v3(&new, "GET", &format!("checks/{uuid}"), "")["channels"].clone();
    let ops = v3(&new, "GET", "channels/", "")["channels"][0]["id"].clone();
    assert_eq!((told(&uuids[0]), told(plain), told(down)), (ops.clone(), ops, json!("")));
    // What is bad is bad here, too, and the ping URL is the same but for its host.
    new.await_status(down, "failed");
    assert_eq!(new.get(&format!("/ping/{down}")).status, 200);
    new.await_status(down, "up");

    // Again: what is new, and nothing else.
    assert_eq!(old.get(&format!("/ping/{plain}/fail")).status, 200);
    v3(&old, "POST", &format!("checks/{plain}"), "{\"grace\": 660}");
    let told = done(&new_home, &new, &words);
    assert!(
        told.contains(": 0 created, 1 changed, 4 as they were, 0 refused; 1 new pings, "),
        "{told}"
    );
    let told = done(&new_home, &new, &words);
    assert!(
        told.contains(
            ": 0 created, 0 changed, 5 as they were, 0 refused; 0 new pings, 0 new flips"
        ),
        "{told}"
    );
}

#[test]
fn what_is_wrong_with_the_source_is_told() {
    let home = Home::new();
    let server = Server::start(&home);
    let url = format!("http://{}", server.address);
    home.write("empty", "\n");
    home.write("wrong", "hbw_99999999999999999999999999999");
    home.write("read", crate::server::READ_KEY);
    v3(&server, "POST", "checks/", "{\"name\": \"x\"}");
    for (key, code, part) in [
        ("nowhere", 64, "hb: cannot read `nowhere`: "),
        ("empty", 64, "hb: `empty` is empty; it holds the API key alone\n"),
        ("wrong", 1, "does not accept the API key\nhint: `--key-file` names a file"),
        ("read", 1, "shows no uuid of `x`\nhint: it takes a read-write key"),
    ] {
        let words = ["import", "healthchecks", &url, "--key-file", key];
        let seen = Seen::of(&mut hb(&home, &server, &words));
        assert!(seen.status == code && seen.stderr.contains(part), "{key}: {seen:?}");
    }
    let other = FakeReceiver::always(&status(404));
    let words = ["import", "healthchecks", &other.url(""), "--key-file", "read"];
    let seen = Seen::of(&mut hb(&home, &server, &words));
    assert!(seen.status == 1 && seen.stderr.contains("API version 3"), "{seen:?}");
}

/// Fills a receiver by the call that the import itself uses.
fn fill(server: &Server, checks: usize, pings: usize) {
    let first = jiff::Timestamp::now().as_second() - 1000 * 60;
    for number in 0..checks {
        let pings: Vec<Value> = (1..=pings)
            .map(|n| {
                let at = first + i64::try_from(n).expect("few") * 60;
                let date = jiff::Timestamp::from_second(at).expect("a moment").to_string();
                json!({"n": n, "type": "success", "date": date, "scheme": "http", "method": "GET",
                    "remote_addr": "192.0.2.1", "ua": "curl/8", "body": if n % 50 == 0 { "out" } else { "" }})
            })
            .collect();
        let uuid = format!("00000000-0000-4000-8000-{number:012}");
        let check = json!({"uuid": uuid, "check": {"name": format!("check {number}"),
            "timeout": 31_536_000, "grace": 31_536_000}, "pings": pings});
        let answer = server.api("POST", "/import/healthchecks", Some(json!({ "checks": [check] })));
        assert_eq!(answer.json()["checks"][0]["became"], json!("created"), "{}", answer.text());
    }
}

#[test]
fn a_large_account_moves_and_goes_on_where_it_was_interrupted() {
    let (old_home, new_home) = (Home::new(), Home::new());
    let (old, new) = (Server::start(&old_home), Server::start(&new_home));
    let checks = if is_long() { 1000 } else { 60 };
    fill(&old, checks, 100);
    new_home.write("key", API_KEY);
    let url = format!("http://{}", old.address);
    let words = ["import", "healthchecks", &url, "--key-file", "key"];
    let count = || -> u64 {
        let listed = new.api("GET", "/monitors?limit=1000", None).json();
        let all = listed["monitors"].as_array().expect("a list").clone();
        all.iter().filter_map(|one| one["event_count"].as_u64()).sum()
    };
    let mut child =
        hb(&new_home, &new, &words).stdout(std::process::Stdio::null()).spawn().expect("it starts");
    crate::hb::until("some pings arrive", || count() > 0);
    let _ = child.kill();
    let _ = child.wait();
    let began = std::time::Instant::now();
    done(&new_home, &new, &words);
    assert_eq!(count(), checks as u64 * 100);
    if is_long() {
        assert!(began.elapsed().as_secs() < 60, "{:?}", began.elapsed());
    }
    let told = done(&new_home, &new, &words);
    assert!(told.contains(&format!("{checks} as they were, 0 refused; 0 new pings")), "{told}");
    let events = new.events("00000000-0000-4000-8000-000000000007");
    let numbers: Vec<u64> = events.iter().filter_map(|event| event["n"].as_u64()).collect();
    assert_eq!(numbers, (1..=100).rev().collect::<Vec<u64>>());
}

#[test]
fn files_of_other_services_become_monitors_with_their_keys() {
    let home = Home::new();
    let server = Server::start(&home);
    home.write(
        "kuma.json",
        &json!({"version": "1.23.1", "monitorList": [
        {"name": "DB dump", "type": "push", "interval": 3600, "retryInterval": 60, "maxretries": 3,
         "pushToken": "push0token", "active": 1, "tags": [{"name": "prod"}]},
        {"name": "Off", "type": "push", "interval": 60, "pushToken": "off0token", "active": 0},
        {"name": "site", "type": "http", "url": "https://example.org"}]})
        .to_string(),
    );
    let seen = Seen::of(&mut hb(&home, &server, &["import", "uptime-kuma", "kuma.json"]));
    assert_eq!(
        seen.stdout, "2 created, 0 changed, 0 as they were, 1 left out; 1 paused one\n",
        "{seen:?}"
    );
    assert!(
        seen.stderr.starts_with("hb: warning: `site` is left out: it is of type http"),
        "{seen:?}"
    );
    assert_eq!(server.get("/api/push/push0token?status=up&msg=OK").status, 200);
    let known = server.await_status("db-dump", "up");
    assert_eq!((&known["grace"], &known["source"]), (&json!(180), &json!("api")));
    assert_eq!(server.look("off")["pause"]["reason"], json!("paused in Uptime Kuma"));
    let again = done(&home, &server, &["import", "uptime-kuma", "kuma.json"]);
    assert!(again.starts_with("0 created, 0 changed, 2 as they were"), "{again}");

    home.write(
        "cronitor.json",
        &json!({"monitors": [
        {"key": "nightly", "name": "Nightly", "type": "job", "schedule": "0 3 * * *",
         "timezone": "Europe/Berlin", "grace_seconds": 600, "notify": ["default"]},
        {"key": "odd", "type": "job", "schedule": "at the full moon"},
        {"key": "web", "type": "check"}]})
        .to_string(),
    );
    home.write("cronitor-key", "apikey0123\n");
    let words = ["import", "cronitor", "cronitor.json", "--ping-key-file", "cronitor-key"];
    let seen = Seen::of(&mut hb(&home, &server, &words));
    assert_eq!(
        seen.stdout, "1 created, 0 changed, 0 as they were, 2 left out; 0 paused ones\n",
        "{seen:?}"
    );
    assert_eq!(server.get("/p/apikey0123/nightly?state=complete").status, 200);
    server.await_status("nightly", "up");
    home.write("cronitor.yaml", "jobs:\n  nightly:\n    schedule: '0 3 * * *'\n");
    let seen = Seen::of(&mut hb(&home, &server, &["import", "cronitor", "cronitor.yaml"]));
    assert!(seen.status == 64 && seen.stderr.contains("hint: YAML is not read; `curl"), "{seen:?}");
    let seen = Seen::of(&mut hb(&home, &server, &["import", "uptime-kuma", "cronitor.json"]));
    assert!(seen.status == 64 && seen.stderr.contains("it has no `monitorList`"), "{seen:?}");
}

/// What a real Uptime Kuma wrote into its backup, of monitors made up for it.
const BACKUP: &str = include_str!("data/uptime-kuma-backup.json");

#[test]
fn a_real_backup_of_uptime_kuma_is_taken_and_monitors_are_known_by_their_keys() {
    let home = Home::new();
    let server = Server::start(&home);
    server.monitor(json!({"slug": "db-dump", "schedule": "0 3 * * *", "description": "by hand"}));
    for name in ["Mail", "other"] {
        let hook = json!({"name": name, "kind": "webhook", "url": "http://127.0.0.1:9/",
            "allow_private": true});
        assert_eq!(server.api("POST", "/channels", Some(hook)).status, 201);
    }
    home.write("kuma.json", BACKUP);
    let import = || Seen::of(&mut hb(&home, &server, &["import", "uptime-kuma", "kuma.json"]));
    let seen = import();
    assert_eq!(seen.stdout, "6 created, 0 changed, 0 as they were, 3 left out; 2 paused ones\n");
    assert_eq!(seen.status, 1, "a push monitor was refused");
    let expected = "\
hb: warning: `Group B (paused)` is left out: it is of type group, which does not wait for a job
hb: warning: `web` is left out: it is of type http, which does not wait for a job
hb: warning: `Upside down` is left out: it is upside down: there a heartbeat is bad news, here it is a success
";
    assert_eq!(seen.stderr, expected);
    let by_hand = server.look("db-dump");
    assert_eq!((&by_hand["description"], &by_hand["event_count"]), (&json!("by hand"), &json!(0)));
    let (first, second) = (server.look("db-dump-2"), server.look("db-dump-3"));
    assert_eq!(
        (&first["grace"], &first["tags"]),
        (&json!(180), &json!(["env:prod", "env:eu", "team:db"]))
    );
    assert_eq!((&second["grace"], &second["channels"]), (&json!(120), &json!(["Mail"])));
    for token in ["MadeUp0001", "MadeUp0002", "MadeUp0003", "MadeUp0004"] {
        assert_eq!(server.get(&format!("/api/push/{token}?status=up")).status, 200, "{token}");
    }
    server.await_status("db-dump-3", "up");
    assert!(import().stdout.starts_with("0 created, 0 changed, 6 as they were, 3 left out"));

    // One has gone there, and the other is called otherwise now.
    let mut later: Value = serde_json::from_str(BACKUP).expect("JSON");
    let monitors = later["monitorList"].as_array_mut().expect("a list");
    monitors.retain(|one| one["pushToken"] != json!("MadeUp0002"));
    let of_token = |one: &&mut Value| one["pushToken"] == json!("MadeUp0003");
    monitors.iter_mut().find(of_token).expect("it is there")["name"] = json!("EU dump");
    home.write("kuma.json", &format!("\u{feff}{later}"));
    assert!(import().stdout.starts_with("0 created, 1 changed, 4 as they were, 3 left out"));
    assert_eq!(server.look("db-dump-3")["name"], json!("EU dump"));

    home.write("kuma.json", "SQLite format 3\0");
    let seen = import();
    assert!(seen.status == 64 && seen.stderr.contains("hint: Settings > Backup"), "{seen:?}");
}
