//! A list of checks says of each what is said of it alone, whatever has happened since the list before.

use serde_json::{Value, json};

use super::hb::Home;
use super::receiving::wait_for;
use super::server::{API_KEY, READ_KEY, Server};

/// Who asks, and by which version.
const ASKED: [(&str, u8); 4] = [(API_KEY, 1), (API_KEY, 3), (READ_KEY, 1), (READ_KEY, 3)];

fn get(server: &Server, key: &str, path: &str) -> Value {
    let answer = server.send("GET", path, &[("X-Api-Key", key)], b"");
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.json()
}

fn listed(server: &Server, key: &str, version: u8, query: &str) -> Vec<Value> {
    let list = get(server, key, &format!("/api/v{version}/checks/{query}"));
    list["checks"].as_array().expect("a list").clone()
}

/// The lists agree with what is said of each check alone.
fn agrees(server: &Server, uuids: &[String], when: &str) {
    for (key, version) in ASKED {
        for _ in 0..2 {
            let list = listed(server, key, version, "");
            assert_eq!(list.len(), uuids.len(), "{when}");
            for (one, uuid) in list.iter().zip(uuids) {
                let alone = get(server, key, &format!("/api/v{version}/checks/{uuid}"));
                assert_eq!(*one, alone, "{when}, version {version}");
            }
        }
    }
}

#[test]
fn a_list_says_what_is_said_of_each_alone() {
    let home = Home::new();
    let server = Server::start(&home);
    let make = |body: Value| -> String {
        let key = [("X-Api-Key", API_KEY)];
        let made = server.send("POST", "/api/v3/checks/", &key, body.to_string().as_bytes());
        assert_eq!(made.status, 201, "{}", made.text());
        made.json()["uuid"].as_str().expect("a uuid").to_owned()
    };
    assert_eq!(listed(&server, API_KEY, 3, ""), Vec::<Value>::new());
    let mut uuids: Vec<String> = ["a", "b", "c"]
        .map(|name| make(json!({ "name": name, "slug": name, "tags": name })))
        .into();
    agrees(&server, &uuids, "made");
    let ping = |rest: &str| assert_eq!(server.get(&format!("/ping/{rest}")).status, 200);
    ping(&uuids[0]);
    ping(&format!("{}/start", uuids[1]));
    agrees(&server, &uuids, "pinged");
    ping(&format!("{}/fail", uuids[1]));
    let channel = json!({ "name": "c", "kind": "slack", "url": "https://slack.example/hook" });
    assert_eq!(server.api("POST", "/channels", Some(channel)).status, 201);
    agrees(&server, &uuids, "a channel more");
    let key = [("X-Api-Key", API_KEY)];
    let pause = format!("/api/v3/checks/{}/pause", uuids[2]);
    assert_eq!(server.send("POST", &pause, &key, b"").status, 200);
    let renamed = json!({ "name": "A", "desc": "other" }).to_string();
    let path = format!("/api/v3/checks/{}", uuids[0]);
    assert_eq!(server.send("POST", &path, &key, renamed.as_bytes()).status, 200);
    agrees(&server, &uuids, "paused and renamed");
    assert_eq!(listed(&server, API_KEY, 3, "?slug=b").len(), 1);
    assert_eq!(listed(&server, API_KEY, 3, "?tag=c").len(), 1);
    let gone = format!("/api/v3/checks/{}", uuids.remove(1));
    assert_eq!(server.send("DELETE", &gone, &key, b"").status, 200);
    agrees(&server, &uuids, "one removed");
}

#[test]
fn time_alone_changes_a_list() {
    let home = Home::new();
    let server = Server::start(&home);
    // Healthchecks takes a minute at least; hb's own API takes less.
    let monitor = server.monitor(json!({ "slug": "m", "schedule": "every 2s", "grace": "2s" }));
    let uuid = monitor["id"].as_str().expect("an id").to_owned();
    assert_eq!(server.get(&format!("/ping/{uuid}")).status, 200);
    let mut words: Vec<String> = Vec::new();
    // A crowded host judges a little later, and the word of then is the one to be seen.
    wait_for(|| {
        let list = listed(&server, API_KEY, 3, "");
        let word = list[0]["status"].as_str().expect("a word").to_owned();
        if words.last() != Some(&word) {
            words.push(word);
        }
        words.last().is_some_and(|word| word == "down")
    });
    assert_eq!(words, ["up", "grace", "down"]);
}
