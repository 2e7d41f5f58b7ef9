//! A Healthchecks that gives out while it is taken over, and one that is taken over more than once.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;

use serde_json::{Value, json};

use crate::hb::{Home, Seen};
use crate::manage::{done_with_words as done, hb};
use crate::moving::{compare, v3};
use crate::server::{API_KEY, Server};

/// The uuid of the check with this number.
fn uuid(number: usize) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

/// A moment so many seconds ago.
fn ago(seconds: i64) -> String {
    let second = jiff::Timestamp::now().as_second() - seconds;
    jiff::Timestamp::from_second(second).expect("a moment").to_string()
}

/// A service that answers each path as a test says: a status and a body. It asks for no patience, so
/// that nobody waits for the next try. It ends with the test program.
fn service(answer: impl Fn(&str) -> (u16, String) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut lines = BufReader::new(stream.try_clone().expect("a clone")).lines();
            let first = lines.next().and_then(Result::ok).unwrap_or_default();
            while lines.next().and_then(Result::ok).is_some_and(|line| !line.is_empty()) {}
            let (status, body) = answer(first.split(' ').nth(1).unwrap_or_default());
            let head = format!("HTTP/1.1 {status} -\r\nRetry-After: 0\r\nConnection: close");
            let _ = write!(stream, "{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        }
    });
    url
}

/// An account with two checks of three pings; the second ping of each has a body.
fn account(path: &str) -> (u16, String) {
    let checks: Vec<Value> = (1..=2)
        .map(|number| json!({"uuid": uuid(number), "name": format!("c{number}"), "timeout": 86400, "grace": 3600}))
        .collect();
    let ping = |n: i64| {
        json!({"n": n, "type": "success", "date": ago(100 - n),
            "body_url": (n == 2).then_some("elsewhere")})
    };
    let answer = match path.trim_end_matches('/') {
        "/api/v3/checks" => json!({ "checks": checks }),
        "/api/v3/channels" => json!({"channels": []}),
        list if list.ends_with("/pings") => json!({"pings": [ping(3), ping(2), ping(1)]}),
        list if list.ends_with("/flips") => json!({"flips": []}),
        _ => return (200, "a body".to_owned()),
    };
    (200, answer.to_string())
}

#[test]
fn a_body_that_cannot_be_had_is_left_out_and_counted() {
    let home = Home::new();
    let server = Server::start(&home);
    home.write("key", API_KEY);
    let url = service(|path| match path.ends_with("/body") {
        true => (503, String::new()),
        false => account(path),
    });
    let words = ["import", "healthchecks", &url, "--key-file", "key"];
    let seen = Seen::of(&mut hb(&home, &server, &words));
    assert_eq!(seen.status, 0, "{seen:?}");
    assert!(seen.stdout.contains("; 6 new pings"), "{seen:?}");
    let warning = format!(
        "hb: warning: `{url}` could not give the bodies of 2 pings; those pings are here without one\n"
    );
    assert_eq!(seen.stderr, warning, "{seen:?}");
}

#[test]
fn what_was_fetched_before_the_source_gave_out_is_here() {
    let home = Home::new();
    let server = Server::start(&home);
    home.write("key", API_KEY);
    // Of the second check the bodies ask for patience for ever: its first ping is here nevertheless.
    let broken = format!("/api/v3/checks/{}/pings/2/body", uuid(2));
    let url = service(move |path| match path == broken {
        true => (429, String::new()),
        false => account(path),
    });
    let words = ["import", "healthchecks", &url, "--key-file", "key"];
    let seen = Seen::of(&mut hb(&home, &server, &words));
    assert!(seen.status == 75 && seen.stderr.contains("answered 429"), "{seen:?}");
    let count = |number: usize| server.look(&uuid(number))["event_count"].clone();
    assert_eq!((count(1), count(2)), (json!(3), json!(1)));
}

/// Gives a receiver a check with pings, as an import does.
fn give(server: &Server, number: usize, pings: &Value, flips: &Value) {
    let check = json!({"uuid": uuid(number), "check": {"name": format!("c{number}"),
        "timeout": 3600, "grace": 600}, "pings": pings, "flips": flips});
    let answer = server.api("POST", "/import/healthchecks", Some(json!({ "checks": [check] })));
    assert_eq!(answer.status, 200, "{}", answer.text());
}

#[test]
fn a_check_that_is_down_by_silence_has_one_flip_for_it() {
    let (old_home, new_home) = (Home::new(), Home::new());
    let (old, new) = (Server::start(&old_home), Server::start(&new_home));
    let ping =
        |n: u64, kind: &str, seconds: i64| json!({"n": n, "type": kind, "date": ago(seconds)});
    let flip = |up: u8, seconds: i64| json!({"timestamp": ago(seconds), "up": up});
    for (number, pings, flips) in [
        // Silent; a run that did not end; silent after a failure and a success; failed.
        (1, json!([ping(1, "success", 9000)]), json!([flip(1, 9000)])),
        (2, json!([ping(1, "success", 2000), ping(2, "start", 900)]), json!([flip(1, 2000)])),
        (
            3,
            json!([ping(1, "fail", 90_000), ping(2, "success", 80_000)]),
            json!([flip(1, 80_000), flip(0, 90_000)]),
        ),
        (
            4,
            json!([ping(1, "success", 9000), ping(2, "fail", 600)]),
            json!([flip(0, 600), flip(1, 9000)]),
        ),
        (5, json!([ping(1, "success", 60)]), json!([flip(1, 60)])),
    ] {
        give(&old, number, &pings, &flips);
    }
    let down = |server: &Server| {
        for number in 1..=4 {
            crate::hb::until("it is down", || {
                v3(server, "GET", &format!("checks/{}/flips/", uuid(number)), "")["flips"][0]["up"]
                    == json!(0)
            });
        }
    };
    down(&old);
    new_home.write("key", API_KEY);
    let url = format!("http://{}", old.address);
    let words = ["import", "healthchecks", &url, "--key-file", "key"];
    for _ in 0..2 {
        done(&new_home, &new, &words);
        down(&new);
        for number in 1..=5 {
            compare(&old, &new, &uuid(number));
        }
    }
}

#[test]
fn pings_of_both_receivers_are_kept_and_a_resumed_check_stays_so() {
    let (old_home, new_home) = (Home::new(), Home::new());
    let (old, new) = (Server::start(&old_home), Server::start(&new_home));
    let made = v3(&old, "POST", "checks/", "{\"name\": \"a\", \"timeout\": 3600}");
    let both = made["uuid"].as_str().expect("a uuid").to_owned();
    let made = v3(&old, "POST", "checks/", "{\"name\": \"b\", \"timeout\": 3600}");
    let paused = made["uuid"].as_str().expect("a uuid").to_owned();
    let ping = |server: &Server, body: &[u8]| {
        assert_eq!(server.post(&format!("/ping/{both}"), body).status, 200);
    };
    ping(&old, b"old 1");
    ping(&old, b"old 2");
    assert_eq!(old.get(&format!("/ping/{paused}")).status, 200);
    v3(&old, "POST", &format!("checks/{paused}/pause"), "");
    new_home.write("key", API_KEY);
    let url = format!("http://{}", old.address);
    let words = ["import", "healthchecks", &url, "--key-file", "key"];
    let status = || v3(&new, "GET", &format!("checks/{paused}"), "")["status"].clone();
    assert!(done(&new_home, &new, &words).contains("; 3 new pings"));
    assert_eq!(status(), json!("paused"));

    ping(&new, b"new 3");
    ping(&old, b"old 3");
    v3(&new, "POST", &format!("checks/{paused}/resume"), "");
    for pings in [1, 0] {
        let told = done(&new_home, &new, &words);
        assert!(told.contains(&format!("; {pings} new pings")), "{told}");
        assert_eq!(status(), json!("new"), "{told}");
    }
    let numbers: Vec<u64> =
        new.events(&both).iter().filter_map(|event| event["n"].as_u64()).collect();
    assert_eq!(numbers, [4, 3, 2, 1]);
    let key = [("X-Api-Key", API_KEY)];
    let body = |n: u64| {
        new.send("GET", &format!("/api/v3/checks/{both}/pings/{n}/body"), &key, b"").text()
    };
    assert_eq!((body(3), body(4)), ("new 3".to_owned(), "old 3".to_owned()));
}
