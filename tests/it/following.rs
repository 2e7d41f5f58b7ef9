//! `GET /api/hb/v1/stream`: what changes, as it changes, and what was missed meanwhile.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use super::hb::Home;
use super::server::{API_KEY, PING_KEY, Server};

/// A follower of a server.
struct Follower(BufReader<TcpStream>);

impl Follower {
    fn of(server: &Server, last_event_id: Option<&str>) -> Follower {
        let mut stream = TcpStream::connect(&server.address).expect("connects");
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("takes a limit");
        let resume = last_event_id.map(|id| format!("Last-Event-ID: {id}\r\n"));
        let request = format!(
            "GET /api/hb/v1/stream HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {API_KEY}\r\n{}\r\n",
            resume.unwrap_or_default()
        );
        stream.write_all(request.as_bytes()).expect("writes");
        let mut follower = Follower(BufReader::new(stream));
        // Behind this line it follows.
        while !follower.line().starts_with("retry:") {}
        follower
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        assert_ne!(self.0.read_line(&mut line).expect("reads"), 0, "the stream has ended");
        line.trim_end().to_owned()
    }

    /// The next event: its id and what it says.
    fn next(&mut self) -> (String, Value) {
        let mut id = String::new();
        loop {
            let line = self.line();
            if let Some(text) = line.strip_prefix("id: ") {
                id = text.to_owned();
            } else if let Some(text) = line.strip_prefix("data: ") {
                return (id, serde_json::from_str(text).expect("JSON"));
            }
        }
    }
}

#[test]
fn a_follower_sees_every_change_and_takes_up_where_it_was() {
    let home = Home::new();
    let server = Server::start(&home);
    server.monitor(json!({ "slug": "job", "schedule": "every 1h" }));
    let ping = |suffix: &str| {
        assert_eq!(server.get(&format!("/ping/{PING_KEY}/job{suffix}")).status, 200);
    };
    let mut follower = Follower::of(&server, None);
    ping("");
    let (first, data) = follower.next();
    assert_eq!(
        (&data["monitor"], &data["from"], &data["to"]),
        (&json!("job"), &json!("new"), &json!("up"))
    );
    ping("/7");
    let (second, data) = follower.next();
    assert_eq!((&data["from"], &data["to"]), (&json!("up"), &json!("failed")));
    assert_eq!(data["reason"], "a run failed with exit code 7", "{data}");
    drop(follower);

    ping("");
    ping("/fail");
    let mut follower = Follower::of(&server, Some(&first));
    let told: Vec<(String, Value)> = (0..3).map(|_| follower.next()).collect();
    assert_eq!(told[0].0, second, "{told:?}");
    let ends: Vec<&Value> = told.iter().map(|(_, data)| &data["to"]).collect();
    assert_eq!(ends, ["failed", "up", "failed"], "{told:?}");
    ping("");
    assert_eq!(follower.next().1["to"], "up");
}

#[test]
fn a_follower_that_has_heard_nothing_yet_loses_nothing() {
    let home = Home::new();
    let server = Server::start(&home);
    server.monitor(json!({ "slug": "job", "schedule": "every 1h" }));
    let ping = |suffix: &str| {
        assert_eq!(server.get(&format!("/ping/{PING_KEY}/job{suffix}")).status, 200);
    };
    ping("");
    let mut cut_off = Follower::of(&server, None);
    let begin = cut_off.line().strip_prefix("id: ").expect("where it begins").to_owned();
    drop(cut_off);
    ping("/fail");
    let mut again = Follower::of(&server, Some(&begin));
    assert_eq!(again.next().1["to"], "failed");

    // The store was put back from a copy, and does not know the number that was told before.
    let mut ahead = Follower::of(&server, Some("999999"));
    assert_eq!(ahead.line(), format!("id: {}", begin.parse::<i64>().expect("a number") + 1));
    ping("");
    assert_eq!(ahead.next().1["to"], "up");
}

#[test]
fn a_number_that_is_none_is_refused_and_a_project_sees_its_own() {
    let home = Home::new();
    let server = Server::start(&home);
    for (key, last, status) in [(API_KEY, "x", 400), (API_KEY, "-1", 400), (PING_KEY, "0", 403)] {
        let bearer = format!("Bearer {key}");
        let headers = [("Authorization", bearer.as_str()), ("Last-Event-ID", last)];
        let answer = server.send("GET", "/api/hb/v1/stream", &headers, b"");
        assert_eq!(answer.status, status, "{last}: {}", answer.text());
    }
}
