//! Calls of Healthchecks' API beside its checks: redirects, pauses that meet hb's own, numbers about the
//! server.

use serde_json::json;

use super::hb::Home;
use super::server::{API_KEY, Answer, PING_KEY, Server, owner};

fn call(server: &Server, method: &str, path: &str) -> Answer {
    server.send(method, path, &[("X-Api-Key", API_KEY)], b"")
}

#[test]
fn a_missing_slash_is_added_and_nothing_is_lost() {
    let home = Home::new();
    let server = Server::start_with(&home, |command| {
        command.env("HB_PUBLIC_URL", "https://example.org/hb");
    });
    for (asked, place) in [
        ("/api/v3/checks", "/hb/api/v3/checks/"),
        ("/api/v3/checks?tag=foo&tag=b%20r", "/hb/api/v3/checks/?tag=foo&tag=b%20r"),
        ("/hb/api/v2/channels?x", "/hb/api/v2/channels/?x"),
    ] {
        let answer = call(&server, "GET", asked);
        assert_eq!((answer.status, answer.header("location")), (301, Some(place)), "{asked}");
    }
    let home = Home::new();
    let plain = Server::start(&home);
    let answer = call(&plain, "GET", "/api/v1/checks?tag=foo");
    assert_eq!(answer.header("location"), Some("/api/v1/checks/?tag=foo"));
}

#[test]
fn a_pause_lasts_until_somebody_ends_it() {
    let home = Home::new();
    let server = Server::start(&home);
    let made = server.monitor(json!({ "slug": "job", "schedule": "every 1h" }));
    let check = format!("/api/v3/checks/{}", made["id"].as_str().expect("an id"));
    let timed = json!({ "for": "1h" });
    assert_eq!(server.api("POST", "/monitors/job/pause", Some(timed)).status, 200);
    assert!(server.look("job")["pause"]["until"].is_string());
    assert_eq!(call(&server, "POST", &format!("{check}/pause")).status, 200);
    let pause = server.look("job")["pause"].clone();
    assert_eq!((&pause["until"], &pause["until_success"]), (&json!(null), &json!(true)));
    assert_eq!(call(&server, "POST", &format!("{check}/resume")).status, 200);

    let refused = call(&server, "POST", &format!("{check}/resume"));
    assert_eq!((refused.status, &*refused.text()), (409, "check is not paused"));
    let who = owner();
    let log = server.send("GET", "/api/hb/v1/audit", &[("Authorization", &who)], b"").json();
    let lines = log["audit"].as_array().expect("a list");
    let resumed = lines.iter().filter(|line| line["action"] == "monitor.resume").count();
    assert_eq!(resumed, 1, "what was refused has not been done: {log:#}");
}

#[test]
fn flips_of_no_number_of_seconds_are_all_flips() {
    let home = Home::new();
    let server = Server::start(&home);
    let made = server.monitor(json!({ "slug": "job", "schedule": "every 1h" }));
    assert_eq!(server.get(&format!("/ping/{PING_KEY}/job")).status, 200);
    let path = format!("/api/v3/checks/{}/flips/", made["id"].as_str().expect("an id"));
    let all = call(&server, "GET", &path).json();
    assert_eq!(all["flips"].as_array().map(Vec::len), Some(1));
    assert_eq!(call(&server, "GET", &format!("{path}?seconds=")).json(), all);
    assert_eq!(call(&server, "GET", &format!("{path}?seconds=x")).status, 400);
}

#[test]
fn numbers_about_the_server_take_a_key_of_their_own() {
    const KEY: &str = "a-key-for-the-numbers";
    let home = Home::new();
    let server = Server::start_with(&home, |command| {
        command.env("HB_METRICS_KEY_FILE", home.write("metrics-key", &format!("{KEY}\n")));
    });
    let ask = |server: &Server, headers: &[(&str, &str)]| {
        server.send("GET", "/api/v3/metrics/", headers, b"")
    };
    for headers in [&[][..], &[("X-Metrics-Key", "another")], &[("X-Api-Key", API_KEY)]] {
        let refused = ask(&server, headers);
        assert_eq!((refused.status, &*refused.text()), (403, ""), "{headers:?}");
    }
    server.monitor(json!({ "slug": "job", "schedule": "every 1h" }));
    for _ in 0..3 {
        assert_eq!(server.get(&format!("/ping/{PING_KEY}/job")).status, 200);
    }
    let told = ask(&server, &[("X-Metrics-Key", KEY)]);
    assert_eq!(told.status, 200, "{}", told.text());
    let told = told.json();
    let now = jiff::Timestamp::now().as_second();
    assert!(told["ts"].as_i64().is_some_and(|ts| (now - 60..=now).contains(&ts)), "{told}");
    let rest = ["max_ping_id", "max_notification_id", "num_unprocessed_flips"];
    assert_eq!(rest.map(|name| told[name].clone()), [json!(3), json!(0), json!(0)]);
    assert_eq!(told.as_object().map(serde_json::Map::len), Some(4), "{told}");

    let home = Home::new();
    let without = Server::start(&home);
    assert_eq!(ask(&without, &[("X-Metrics-Key", "")]).status, 403);
}
