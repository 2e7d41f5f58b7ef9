//! What a key must not reach: things of other projects, a time after its end, an address that pings.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use super::hb::Home;
use super::receiving::wait_for;
use super::server::{API_KEY, Answer, PING_KEY, READ_KEY, Server, basic, owner};

fn ask(server: &Server, method: &str, path: &str, who: &str, body: &Value) -> Answer {
    let headers = [("Authorization", who)];
    let body = if body.is_null() { String::new() } else { body.to_string() };
    server.send(method, &format!("/api/hb/v1{path}"), &headers, body.as_bytes())
}

#[test]
fn nobody_adopts_the_address_of_another_projects_monitor() {
    let home = Home::new();
    let server = Server::start(&home);
    let victim = server.monitor(json!({ "slug": "victim", "schedule": "every 1h" }));
    let made = ask(&server, "POST", "/projects", &owner(), &json!({ "slug": "b", "name": "B" }));
    assert_eq!(made.status, 201, "{}", made.text());
    let other = made.json()["keys"]["write"].as_str().expect("a key").to_owned();
    let other = format!("Bearer {other}");
    let id = victim["id"].as_str().expect("an id");
    for key in [json!([id]), json!([PING_KEY, "victim"])] {
        for dialect in ["hb", "healthchecks", "cronitor"] {
            let keys = json!([{ "dialect": dialect, "key": key }]);
            let thief = json!({ "slug": "thief", "schedule": "every 1h", "keys": keys });
            let refused = ask(&server, "POST", "/monitors", &other, &thief);
            assert_eq!(refused.status, 400, "{dialect} {key}: {}", refused.text());
            assert!(refused.text().contains("an address of another project"), "{}", refused.text());
            assert_eq!(ask(&server, "GET", "/monitors/thief", &other, &Value::Null).status, 404);
            let file = json!({ "monitors": [thief] });
            assert_eq!(ask(&server, "POST", "/apply", &other, &file).status, 400);
            // One's own address may be adopted.
            let own = json!({ "slug": "own", "schedule": "every 1h", "keys": keys });
            assert_eq!(server.api("PUT", "/monitors/own", Some(own)).status / 100, 2);
            assert_eq!(server.api("DELETE", "/monitors/own", None).status, 200);
        }
    }
    for target in [format!("/ping/{id}"), format!("/hb/{id}"), format!("/ping/{PING_KEY}/victim")] {
        assert_eq!(server.get(&target).status, 200);
    }
    assert_eq!(server.events("victim").len(), 3);
}

#[test]
fn who_may_only_look_is_not_told_where_to_ping() {
    let home = Home::new();
    let server = Server::start(&home);
    let made = server.monitor(json!({ "slug": "job", "schedule": "every 1h" }));
    let id = made["id"].as_str().expect("an id");
    server.get(&format!("/ping/{id}/fail"));
    let reader = format!("Bearer {READ_KEY}");
    for path in [
        "/monitors",
        "/monitors/job",
        "/monitors/job/events",
        "/monitors/job/runs",
        "/incidents",
        "/status",
        "/channels",
        "/maintenance",
        "/projects",
        "/monitors/job/statistics",
    ] {
        let seen = ask(&server, "GET", path, &reader, &Value::Null);
        assert_eq!(seen.status, 200, "{path}: {}", seen.text());
        assert!(!seen.text().contains(id), "{path}: {}", seen.text());
    }
    assert!(server.look("job")["ping_url"].as_str().is_some_and(|url| url.contains(id)));
}

#[test]
fn a_key_that_ends_sees_nothing_more_of_the_stream() {
    let home = Home::new();
    let server = Server::start(&home);
    server.monitor(json!({ "slug": "job", "schedule": "every 1h" }));
    let made = ask(&server, "POST", "/keys", &owner(), &json!({ "kind": "read" })).json();
    let key = made["key"].as_str().expect("a key");
    let mut stream = TcpStream::connect(&server.address).expect("connects");
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("takes a limit");
    let head = "GET /api/hb/v1/stream HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer";
    stream.write_all(format!("{head} {key}\r\n\r\n").as_bytes()).expect("writes");
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.starts_with("retry:")));
    server.get(&format!("/ping/{PING_KEY}/job"));
    assert!(lines.any(|line| line.contains("\"up\"")));
    let path = format!("/keys/{}", made["id"].as_str().expect("an id"));
    assert_eq!(ask(&server, "DELETE", &path, &owner(), &Value::Null).status, 200);
    server.get(&format!("/ping/{PING_KEY}/job/fail"));
    assert!(!lines.any(|line| line.contains("failed")), "it is told nothing more, and ends");
}

#[test]
fn a_key_that_is_replaced_lasts_no_longer_than_it_was_to() {
    let home = Home::new();
    let server = Server::start(&home);
    let asked = json!({ "kind": "write", "expires_in": "1h" });
    let made = ask(&server, "POST", "/keys", &owner(), &asked).json();
    let path = format!("/keys/{}/rotate", made["id"].as_str().expect("an id"));
    let replaced = ask(&server, "POST", &path, &owner(), &json!({})).json();
    assert_eq!(replaced["expires_at"], made["expires_at"]);
    assert_eq!(replaced["replaces"]["ends_at"], made["expires_at"]);
}

#[test]
fn a_key_of_the_environment_ends_with_the_next_one() {
    let home = Home::new();
    let lists = |server: &Server, key: &str| {
        ask(server, "GET", "/monitors", &format!("Bearer {key}"), &Value::Null).status
    };
    let server = Server::start(&home);
    assert_eq!(lists(&server, API_KEY), 200);
    assert_eq!(server.stop(), Some(0));
    let new = "hbw_another_key_of_the_environment";
    let server = Server::start_with(&home, |command| {
        command.env("HB_API_KEY", new);
    });
    assert_eq!((lists(&server, new), lists(&server, API_KEY)), (200, 401));
    assert_eq!(lists(&server, READ_KEY), 200, "the others stay");
}

#[test]
fn a_schedule_that_costs_too_much_to_look_through_is_refused() {
    let home = Home::new();
    let server = Server::start(&home);
    let put = |schedule: String| {
        let body = json!({ "slug": "job", "schedule": schedule });
        let answer = server.api("PUT", "/monitors/job", Some(body));
        (answer.status, answer.text())
    };
    let (status, said) = put("calendar *:*:00\nSun *-02-30".to_owned());
    assert_eq!(status, 400);
    assert!(said.contains("line 2 of this schedule never comes true again"), "{said}");
    let (status, said) = put(format!("calendar {}", "Sun *-02-29\n".repeat(11)));
    assert_eq!(status, 400);
    assert!(said.contains("it has more than 10 lines"), "{said}");
    assert_eq!(put(format!("calendar {}", "Sun *-02-29\n".repeat(10))).0, 201);
}

#[test]
fn a_list_of_a_thousand_events_comes_whole() {
    let home = Home::new();
    let server = Server::start(&home);
    let made = server.monitor(json!({ "slug": "job", "schedule": "every 1h" }));
    let target = format!("/hb/{}/events", made["id"].as_str().expect("an id"));
    let one = |seq: u32| {
        let output = "what a job says ".repeat(12);
        json!({ "kind": "log", "run_id": "run", "seq": seq, "output": output })
    };
    let list: Vec<Value> = (0..1000).map(one).collect();
    let taken = server.post(&target, Value::from(list).to_string().as_bytes());
    assert_eq!(taken.status, 200, "{}", taken.text());
    let results = taken.json();
    let is_kept = |result: &Value| result["result"] != "refused";
    let kept = results.as_array().expect("a list").iter().filter(|result| is_kept(result));
    assert_eq!(kept.count(), 1000);
    let long = format!("[{}]", " ".repeat(5 * 1024 * 1024));
    assert_eq!(server.post(&target, long.as_bytes()).status, 413);
}

#[test]
fn a_first_start_that_was_cut_short_has_the_keys_of_its_file() {
    let home = Home::new();
    let start = || {
        Server::start_with(&home, |command| {
            for name in ["HB_PING_KEY", "HB_API_KEY", "HB_API_KEY_READONLY", "HB_ADMIN_PASSWORD"] {
                command.env_remove(name);
            }
        })
    };
    let file = home.path("data/keys");
    // Hashing the password takes a while on purpose, and it is not over when the receiver is gone.
    start().kill();
    let keys = std::fs::read_to_string(&file).expect("the keys");
    let server = start();
    assert_eq!(std::fs::read_to_string(&file).expect("the keys"), keys, "they stay");
    let password = keys.lines().find_map(|line| line.strip_prefix("HB_ADMIN_PASSWORD="));
    let who = basic(password.expect("a password"));
    wait_for(|| ask(&server, "GET", "/keys", &who, &Value::Null).status == 200);
}
