//! Channels and what they must not lose or tell: their secrets, and the people behind them.

use serde_json::{Value, json};

use super::hb::{Home, until};
use super::receiver::{FakeReceiver, Step};
use super::server::{Answer, PING_KEY, READ_KEY, Server, owner};

/// A receiver that takes whatever comes.
fn hook() -> FakeReceiver {
    FakeReceiver::always(&Step::Ok)
}

fn channel(server: &Server, settings: Value) -> Value {
    let answer = server.api("POST", "/channels", Some(settings));
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json()
}

/// Changes the channel `wh`.
fn change(server: &Server, members: Value) -> Answer {
    server.api("PATCH", "/channels/wh", Some(members))
}

/// The member that a refusal names.
fn refused(answer: &Answer, status: u16) -> String {
    assert_eq!(answer.status, status, "{}", answer.text());
    answer.json()["error"]["field"].as_str().unwrap_or_default().to_owned()
}

fn tried(server: &Server) -> Value {
    server.api("POST", "/channels/wh/test", Some(json!({}))).json()
}

#[test]
fn a_channel_that_is_sent_back_as_it_was_shown_stays_as_it_is() {
    let (home, receiver) = (Home::new(), hook());
    let server = Server::start(&home);
    channel(
        &server,
        json!({
            "name": "wh", "kind": "webhook", "url": receiver.url("/way/in?k=s3cret-1"),
            "method": "PUT", "headers": { "X-Key": "s3cret-2", "X-Old": "s3cret-3" },
            "body": "{\"token\": \"s3cret-4\"}", "allow_private": true,
            "up": { "url": receiver.url("/up/s3cret-5"), "headers": { "X-Up": "s3cret-6" } },
        }),
    );
    let shown = server.api("GET", "/channels/wh", None).json();
    assert!(!shown.to_string().contains("s3cret"), "{shown}");
    let same = change(&server, shown.clone());
    assert_eq!(same.status, 200, "{}", same.text());
    let mut more = json!({ "headers": { "X-Key": "****", "X-New": "new" }, "up": shown["up"] });
    more["up"]["method"] = json!("PUT");
    assert_eq!(change(&server, more).status, 200);

    assert_eq!(tried(&server)["sent"], true);
    let seen = receiver.only();
    assert_eq!((&*seen.method, &*seen.target), ("PUT", "/way/in?k=s3cret-1"));
    assert_eq!(seen.header("x-key"), Some("s3cret-2"));
    assert_eq!((seen.header("x-old"), seen.header("x-new")), (None, Some("new")));
    assert_eq!(seen.text(), "{\"token\": \"s3cret-4\"}");

    for (members, field) in [
        (json!({ "headers": { "X-Other": "****" } }), "headers.X-Other"),
        (json!({ "headers": "****" }), "headers"),
        (json!({ "url": "https://elsewhere.example/****" }), "url"),
        (json!({ "up": { "url": "****" } }), "up.url"),
        (json!({ "body": "{\"token\": \"****\"}" }), "body"),
    ] {
        let answer = change(&server, members);
        assert_eq!(refused(&answer, 400), field);
        assert!(answer.text().contains("`****`"), "{}", answer.text());
    }
    let copied = json!({ "name": "copy", "kind": "slack", "url": "https://hooks.example/****" });
    assert_eq!(refused(&server.api("POST", "/channels", Some(copied)), 400), "url");
    // Nothing of that has changed anything.
    assert_eq!(tried(&server)["sent"], true);
    assert_eq!(receiver.requests()[1].header("x-key"), Some("s3cret-2"));
}

#[test]
fn secrets_stay_behind_where_a_channel_goes_elsewhere() {
    let home = Home::new();
    let server = Server::start(&home);
    let mail = json!({
        "name": "wh", "kind": "email", "host": "mail.example", "port": 465, "tls": "tls",
        "user": "hb", "password": "s3cret", "from": "hb@example.com", "to": ["a@example.com"],
    });
    channel(&server, mail);
    for members in [
        json!({ "host": "evil.example" }),
        json!({ "port": 466 }),
        json!({ "port": null, "tls": "starttls" }),
        json!({ "host": "evil.example", "password": "****" }),
        json!({ "tls": "none", "allow_private": true }),
    ] {
        let answer = change(&server, members);
        assert_eq!(refused(&answer, 400), "password");
        assert!(answer.text().contains("give it anew"), "{}", answer.text());
    }
    let moved = json!({ "host": "new.example", "password": "other" });
    for members in [json!({ "to": "b@example.com" }), json!({ "host": "mail.example" }), moved] {
        let answer = change(&server, members);
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    assert_eq!(server.api("DELETE", "/channels/wh", None).status, 200);

    channel(
        &server,
        json!({
            "name": "wh", "kind": "webhook", "url": "https://good.example/in",
            "headers": { "X-Key": "s3cret" },
            "up": { "url": "https://good.example/up", "headers": { "X-Up": "s3cret" } },
        }),
    );
    for (members, field) in [
        (json!({ "url": "https://evil.example/in" }), "headers.X-Key"),
        (json!({ "url": "https://good.example/other" }), "headers.X-Key"),
        (
            json!({ "up": { "url": "https://evil.example/", "headers": { "X-Up": "****" } } }),
            "up.headers.X-Up",
        ),
    ] {
        assert_eq!(refused(&change(&server, members), 400), field);
    }
    let moved = json!({ "url": "https://new.example/in", "headers": { "X-Key": "new" } });
    assert_eq!(change(&server, moved).status, 200);
    assert_eq!(change(&server, json!({ "up": { "url": "https://evil.example/" } })).status, 200);
}

#[test]
fn what_a_service_says_tells_nobody_the_secrets_of_its_channel() {
    let home = Home::new();
    let server = Server::start(&home);
    let said = "Cannot POST /services/T00/B00/SECRETTOKEN nor SECRETTOKEN, SECRETQUERYdown, \
                Bearer SECRETHDRdown, SECRETHDR, SECRETBODY";
    let answer = format!(
        "HTTP/1.1 404 Not Found\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{said}",
        said.len()
    );
    let receiver = FakeReceiver::always(&Step::Raw(answer.into_bytes()));
    channel(
        &server,
        json!({
            "name": "wh", "kind": "webhook", "allow_private": true,
            "url": receiver.url("/services/T00/B00/SECRETTOKEN?key=SECRETQUERY$STATUS"),
            "headers": { "Authorization": "Bearer SECRETHDR$STATUS" },
            "body": "{\"token\": \"SECRETBODY\", \"text\": \"$NAME\"}",
        }),
    );
    let told = tried(&server);
    assert_eq!(told["sent"], false);
    assert!(told["error"].as_str().expect("a text").contains("Cannot POST ****"), "{told}");
    let read = format!("Bearer {READ_KEY}");
    let path = "/api/hb/v1/channels/wh";
    let shown = server.send("GET", path, &[("Authorization", &read)], b"").text();
    let log = server.lines().join("\n");
    for text in [told.to_string(), shown, log] {
        assert!(!text.contains("SECRET"), "{text}");
    }
}

#[test]
fn a_channel_goes_only_where_nobody_needs_it_to_be_told() {
    let (home, receiver) = (Home::new(), hook());
    let server = Server::start(&home);
    for name in ["only", "other"] {
        let url = receiver.url(&format!("/{name}"));
        channel(
            &server,
            json!({ "name": name, "kind": "webhook", "url": url, "allow_private": true }),
        );
    }
    for number in 0..12 {
        let channels = json!(["only"]);
        server.monitor(
            json!({ "slug": format!("m{number}"), "schedule": "every 1h", "channels": channels }),
        );
    }
    server
        .monitor(json!({ "slug": "both", "schedule": "every 1h", "channels": ["only", "other"] }));
    server.monitor(json!({ "slug": "nobody", "schedule": "every 1h", "channels": [] }));
    server.monitor(json!({ "slug": "all", "schedule": "every 1h" }));
    let answer = server.api("DELETE", "/channels/only", None);
    assert_eq!(refused(&answer, 409), "");
    let why = answer.json()["error"]["message"].as_str().expect("a text").to_owned();
    assert!(why.contains("`m0`") && why.contains("and 7 more"), "{why}");
    for other in ["`both`", "`nobody`", "`all`"] {
        assert!(!why.contains(other), "{why}");
    }
    for number in 0..12 {
        let path = format!("/monitors/m{number}");
        assert_eq!(server.api("PATCH", &path, Some(json!({ "channels": null }))).status, 200);
    }
    assert_eq!(server.api("DELETE", "/channels/only", None).status, 200);
    assert_eq!(server.look("both")["channels"], json!(["other"]));
    assert_eq!(server.look("nobody")["channels"], json!([]));
    assert_eq!(server.get(&format!("/ping/{PING_KEY}/both/fail")).status, 200);
    until("the other one is told", || receiver.requests().len() == 1);
    assert_eq!(receiver.only().path(), "/other");
}

#[test]
fn keys_of_other_services_stand_in_no_audit_log() {
    let home = Home::new();
    let server = Server::start(&home);
    let keys = |key: &str| {
        json!([
            { "dialect": "cronitor", "key": [key, "s3cret-b"] },
            { "dialect": "deadmanssnitch", "key": [format!("{key}-x")] },
        ])
    };
    let made = json!({ "slug": "job", "schedule": "every 1h", "keys": keys("s3cret-a") });
    server.monitor(made);
    let changed = json!({ "slug": "job", "schedule": "every 1h", "keys": keys("s3cret-c") });
    assert_eq!(server.api("PUT", "/monitors/job", Some(changed)).status, 200);
    for key in ["s3cret-d", "s3cret-e"] {
        let wanted = json!({ "slug": "applied", "schedule": "every 1h", "keys": keys(key) });
        let body = json!({ "monitors": [wanted], "label": "m.toml" });
        let answer = server.api("POST", "/apply", Some(body));
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    let none = json!({ "monitors": [], "label": "m.toml", "prune": true });
    let answer = server.api("POST", "/apply", Some(none));
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(server.api("DELETE", "/monitors/job", None).status, 200);
    let log = server.send("GET", "/api/hb/v1/audit", &[("Authorization", &owner())], b"");
    assert!(!log.text().contains("s3cret"), "{}", log.text());
    let log = log.json();
    let lines = log["audit"].as_array().expect("a list");
    let of = |action: &str| {
        let mut found = lines.iter().filter(|line| line["action"] == action);
        found.next_back().expect("a line")["detail"]["keys"].clone()
    };
    let counted = json!({ "cronitor": 1, "deadmanssnitch": 1 });
    assert_eq!(of("monitor.create"), counted);
    let change =
        lines.iter().find(|line| line["action"] == "monitor.change" && line["object"] == "applied");
    assert_eq!(change.expect("a line")["detail"]["keys"], json!({ "was": counted, "is": counted }));
}
