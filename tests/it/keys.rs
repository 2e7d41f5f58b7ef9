//! Keys against routes: who may do what, to whose things, and for how long.

use serde_json::{Value, json};

use super::hb::Home;
use super::server::{API_KEY, Answer, PING_KEY, READ_KEY, Server, owner};

/// What a route takes at least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Needs {
    Read,
    Write,
    Admin,
    Owner,
}

/// Every route of hb's own API with a caller; each with a body that changes nothing of weight.
const ROUTES: [(&str, &str, Needs); 42] = [
    ("GET", "/monitors", Needs::Read),
    ("POST", "/monitors", Needs::Write),
    ("GET", "/monitors/job", Needs::Read),
    ("PUT", "/monitors/job", Needs::Write),
    ("PATCH", "/monitors/job", Needs::Write),
    ("DELETE", "/monitors/nobody", Needs::Write),
    ("POST", "/monitors/job/pause", Needs::Write),
    ("POST", "/monitors/job/resume", Needs::Write),
    ("POST", "/monitors/job/release", Needs::Write),
    ("GET", "/monitors/job/events", Needs::Read),
    ("GET", "/monitors/job/runs", Needs::Read),
    ("GET", "/runs/nobody", Needs::Read),
    ("GET", "/incidents", Needs::Read),
    ("GET", "/incidents/nobody", Needs::Read),
    ("POST", "/incidents/nobody/ack", Needs::Write),
    ("POST", "/incidents/nobody/snooze", Needs::Write),
    ("POST", "/incidents/nobody/resolve", Needs::Write),
    ("GET", "/channels", Needs::Read),
    ("POST", "/channels", Needs::Write),
    ("GET", "/channels/nobody", Needs::Read),
    ("PATCH", "/channels/nobody", Needs::Write),
    ("DELETE", "/channels/nobody", Needs::Write),
    ("POST", "/channels/nobody/test", Needs::Write),
    ("GET", "/status", Needs::Read),
    ("GET", "/maintenance", Needs::Read),
    ("POST", "/maintenance", Needs::Write),
    ("DELETE", "/maintenance/0", Needs::Write),
    ("GET", "/keys", Needs::Admin),
    ("POST", "/keys", Needs::Admin),
    ("DELETE", "/keys/0", Needs::Admin),
    ("POST", "/keys/0/rotate", Needs::Admin),
    ("POST", "/apply", Needs::Write),
    ("GET", "/definitions", Needs::Write),
    ("POST", "/import/healthchecks", Needs::Write),
    ("GET", "/audit", Needs::Admin),
    ("GET", "/projects", Needs::Read),
    ("POST", "/projects", Needs::Owner),
    ("PATCH", "/projects/nobody", Needs::Admin),
    ("DELETE", "/projects/nobody", Needs::Owner),
    ("GET", "/stream?", Needs::Read),
    ("POST", "/../../../heartbeat/job/pause", Needs::Write),
    ("POST", "/../../../heartbeat/job/resume", Needs::Write),
];

fn ask(
    server: &Server,
    method: &str,
    path: &str,
    who: Option<&str>,
    body: Option<Value>,
) -> Answer {
    let target = match path.strip_prefix("/../../..") {
        Some(outside) => outside.to_owned(),
        None => format!("/api/hb/v1{path}"),
    };
    let body = body.map(|body| body.to_string()).unwrap_or_default();
    let headers: Vec<(&str, &str)> = who.map(|who| ("Authorization", who)).into_iter().collect();
    server.send(method, &target, &headers, body.as_bytes())
}

/// Makes a key and gives its whole description.
fn key(server: &Server, body: Value) -> Value {
    let made = ask(server, "POST", "/keys", Some(&owner()), Some(body));
    assert_eq!(made.status, 201, "{}", made.text());
    made.json()
}

fn bearer(key: &Value) -> String {
    format!("Bearer {}", key["key"].as_str().expect("the key is told once"))
}

#[test]
fn every_key_may_do_what_its_kind_may_and_nothing_else() {
    let home = Home::new();
    let server = Server::start(&home);
    server.monitor(json!({ "slug": "job", "schedule": "every 1h" }));
    let admin = bearer(&key(&server, json!({ "kind": "admin", "name": "ops" })));
    let callers = [
        ("nobody", None, None),
        ("a stranger", Some("Bearer hbw_nobodyhasthiskeynobodyhasthis".to_owned()), None),
        ("a wrong password", Some("Basic YWRtaW46d3Jvbmc=".to_owned()), None),
        ("a ping key", Some(format!("Bearer {PING_KEY}")), None),
        ("a read key", Some(format!("Bearer {READ_KEY}")), Some(Needs::Read)),
        ("a write key", Some(format!("Bearer {API_KEY}")), Some(Needs::Write)),
        ("an admin key", Some(admin), Some(Needs::Admin)),
        ("the password", Some(owner()), Some(Needs::Owner)),
    ];
    for (caller, who, may) in &callers {
        for (method, path, needs) in ROUTES {
            // A stream that is granted has no end; here it is asked for a place that is none.
            let is_granted = may.is_some_and(|may| may >= needs);
            if path.starts_with("/stream") && is_granted {
                continue;
            }
            let answer = ask(&server, method, path, who.as_deref(), Some(json!({})));
            let known = *caller == "a ping key" || may.is_some();
            let refused = if known { 403 } else { 401 };
            let about = format!("{caller}: {method} {path}: {} {}", answer.status, answer.text());
            if is_granted {
                assert!(![401, 403].contains(&answer.status) && answer.status < 500, "{about}");
            } else {
                assert_eq!(answer.status, refused, "{about}");
                assert!(answer.json()["error"]["code"].is_string(), "{about}");
            }
        }
    }
}

#[test]
fn a_scope_bounds_what_a_ping_key_reaches() {
    let home = Home::new();
    let server = Server::start(&home);
    for slug in ["db-one", "www"] {
        server.monitor(json!({ "slug": slug, "schedule": "every 1h" }));
    }
    let some = key(&server, json!({ "kind": "ping", "scope": { "monitors": ["db-*"] } }));
    let fixed = key(&server, json!({ "kind": "ping", "scope": { "create": false } }));
    let (some, fixed) =
        (some["key"].as_str().expect("a key"), fixed["key"].as_str().expect("a key"));
    for (target, status) in [
        (format!("/ping/{some}/db-one"), 200),
        (format!("/ping/{some}/www"), 404),
        (format!("/hb/{some}/www"), 404),
        (format!("/ping/{some}/db-two?create=1"), 201),
        (format!("/ping/{some}/other?create=1"), 404),
        (format!("/ping/{fixed}/www"), 200),
        (format!("/ping/{fixed}/third?create=1"), 404),
        (format!("/ping/{PING_KEY}/third?create=1"), 201),
    ] {
        let answer = server.get(&target);
        assert_eq!(answer.status, status, "{target}: {}", answer.text());
    }
    assert_eq!(server.events("www").len(), 1);
    for (body, field) in [
        (json!({ "kind": "write", "scope": {} }), "scope"),
        (json!({ "kind": "ping", "scope": "all" }), "scope"),
        (json!({ "kind": "god" }), "kind"),
        (json!({ "kind": "ping", "expires_in": "soon" }), "expires_in"),
        (json!({ "kind": "ping", "expires_at": "2020-01-01T00:00:00Z" }), "expires_at"),
        (json!({ "kind": "ping", "until": "2099-01-01T00:00:00Z" }), "until"),
    ] {
        let refused = ask(&server, "POST", "/keys", Some(&owner()), Some(body.clone()));
        assert_eq!(refused.status, 400, "{body}: {}", refused.text());
        assert_eq!(refused.json()["error"]["field"], field, "{}", refused.text());
    }
}

#[test]
fn a_key_is_replaced_with_an_overlap_and_ends() {
    let home = Home::new();
    let server = Server::start(&home);
    let first = key(&server, json!({ "kind": "write", "name": "terraform" }));
    let works = |key: &str| ask(&server, "GET", "/monitors", Some(key), None).status == 200;
    let (old, id) = (bearer(&first), first["id"].as_str().expect("an id"));
    assert!(works(&old));
    let rotate = |id: &str, body: Value| {
        ask(&server, "POST", &format!("/keys/{id}/rotate"), Some(&owner()), Some(body))
    };
    let second = rotate(id, json!({ "overlap": "1h" }));
    assert_eq!(second.status, 201, "{}", second.text());
    let second = second.json();
    assert_eq!((&second["name"], &second["kind"]), (&json!("terraform"), &json!("write")));
    assert_eq!(second["replaces"]["id"], id);
    assert!(works(&old) && works(&bearer(&second)), "both work for an hour");
    let again = rotate(id, json!({}));
    assert_eq!(again.status, 409, "another one would end with the overlap: {}", again.text());
    let heir = second["prefix"].as_str().expect("its first letters");
    assert!(again.text().contains(&format!("`{heir}` has replaced this key")), "{}", again.text());
    let third = rotate(second["id"].as_str().expect("an id"), json!({ "overlap": 0 })).json();
    assert!(!works(&bearer(&second)) && works(&bearer(&third)), "no overlap was asked for");
    let path = format!("/keys/{id}");
    assert_eq!(ask(&server, "DELETE", &path, Some(&owner()), None).status, 200);
    assert!(!works(&old));

    // A ping key whose time is over pings no more.
    let brief = key(&server, json!({ "kind": "ping", "expires_in": 1 }));
    server.monitor(json!({ "slug": "job", "schedule": "every 1h" }));
    let target = format!("/ping/{}/job", brief["key"].as_str().expect("a key"));
    let began = std::time::Instant::now();
    while server.get(&target).status != 404 {
        assert!(began.elapsed() < std::time::Duration::from_secs(30), "it never ends");
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
}

#[test]
fn who_has_changed_what_is_written_down() {
    let home = Home::new();
    let server = Server::start(&home);
    let made = key(&server, json!({ "kind": "write", "name": "ci" }));
    let ci = bearer(&made);
    let done = |method: &str, path: &str, body: Value| {
        let answer = ask(&server, method, path, Some(&ci), Some(body));
        assert!(answer.status < 300, "{method} {path}: {}", answer.text());
    };
    done("POST", "/monitors", json!({ "slug": "job", "schedule": "every 1h" }));
    done("PATCH", "/monitors/job", json!({ "schedule": "every 2h", "owner": "dba" }));
    done("POST", "/monitors/job/pause", json!({ "for": "1h" }));
    let hook = "https://hooks.example.org/s3cret-in-the-path";
    done("POST", "/channels", json!({ "name": "hook", "kind": "slack", "url": hook }));
    done("DELETE", "/channels/hook", json!({}));
    done("DELETE", "/monitors/job", json!({}));
    let refused = ask(&server, "PATCH", "/monitors/job", Some(&ci), Some(json!({})));
    assert_eq!(refused.status, 404, "what is refused leaves no line");
    let log = ask(&server, "GET", "/audit", Some(&owner()), None);
    assert!(!log.text().contains("s3cret"), "{}", log.text());
    let log = log.json();
    let lines = log["audit"].as_array().expect("a list");
    let actions: Vec<&str> =
        lines.iter().rev().map(|line| line["action"].as_str().expect("a text")).collect();
    assert_eq!(
        actions,
        [
            "key.create",
            "monitor.create",
            "monitor.change",
            "monitor.pause",
            "channel.create",
            "channel.remove",
            "monitor.remove"
        ]
    );
    let change = &lines[4];
    assert_eq!(change["detail"]["schedule"], json!({ "was": "every 1h", "is": "every 2h" }));
    let prefix = made["prefix"].as_str().expect("a text");
    assert_eq!(change["actor"], format!("write key `ci` ({prefix})"));
    assert_eq!(lines[6]["actor"], "the admin password");
    let page = ask(&server, "GET", "/audit?limit=2", Some(&owner()), None).json();
    let next = page["next"].as_str().expect("there is more");
    let rest = ask(&server, "GET", &format!("/audit?limit=50&cursor={next}"), Some(&owner()), None);
    assert_eq!(rest.json()["audit"].as_array().expect("a list").len(), 5);
}

#[test]
fn a_project_sees_nothing_of_another() {
    let home = Home::new();
    let server = Server::start(&home);
    let ours = server.monitor(json!({ "slug": "job", "schedule": "every 1h" }));
    let made = ask(&server, "POST", "/projects", Some(&owner()), Some(json!({ "slug": "two" })));
    assert_eq!(made.status, 201, "{}", made.text());
    let keys = made.json()["keys"].clone();
    let theirs = |kind: &str| format!("Bearer {}", keys[kind].as_str().expect("a key"));
    let (write, admin) = (theirs("write"), theirs("admin"));
    let again = ask(&server, "POST", "/projects", Some(&owner()), Some(json!({ "slug": "two" })));
    assert_eq!(again.status, 409, "{}", again.text());

    // The same slug in both; each pings and sees its own.
    let body = json!({ "slug": "job", "schedule": "every 1h" });
    assert_eq!(ask(&server, "POST", "/monitors", Some(&write), Some(body)).status, 201);
    let ping = keys["ping"].as_str().expect("a key");
    assert_eq!(server.get(&format!("/ping/{ping}/job/fail")).status, 200);
    assert_eq!(server.events("job").len(), 0, "ours has heard nothing");
    let uuid = ours["id"].as_str().expect("an id");
    for path in [format!("/monitors/{uuid}"), format!("/monitors/{uuid}/events")] {
        assert_eq!(ask(&server, "GET", &path, Some(&write), None).status, 404, "{path}");
    }
    let incidents = ask(&server, "GET", "/incidents", Some(&write), None).json();
    let id = incidents["incidents"][0]["id"].as_str().expect("theirs has failed").to_owned();
    assert_eq!(server.api("GET", &format!("/incidents/{id}"), None).status, 404);
    assert_eq!(server.api("POST", &format!("/incidents/{id}/ack"), None).status, 404);
    let own_key = key(&server, json!({ "kind": "read" }));
    let path = format!("/keys/{}", own_key["id"].as_str().expect("an id"));
    assert_eq!(ask(&server, "DELETE", &path, Some(&admin), None).status, 404);
    let seen = ask(&server, "GET", "/projects", Some(&write), None).json();
    assert_eq!(seen["projects"].as_array().expect("a list").len(), 1);
    assert_eq!(seen["projects"][0]["slug"], "two");

    let full = ask(&server, "DELETE", "/projects/two", Some(&owner()), None);
    assert_eq!(full.status, 409, "{}", full.text());
    assert_eq!(ask(&server, "DELETE", "/monitors/job", Some(&write), None).status, 200);
    assert_eq!(ask(&server, "DELETE", "/projects/two", Some(&owner()), None).status, 200);
    assert_eq!(ask(&server, "GET", "/monitors", Some(&write), None).status, 401);
    assert_eq!(ask(&server, "DELETE", "/projects/default", Some(&owner()), None).status, 409);
}
