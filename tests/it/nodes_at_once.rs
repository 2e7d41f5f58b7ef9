//! Two nodes that are asked the same thing at the same moment: it is done once, and each knows of it.

use std::sync::Barrier;

use serde_json::{Value, json};

use super::databases::{ask, start_postgresql};
use super::hb::Home;
use super::nodes::{Load, node, socket_url};
use super::server::{API_KEY, Answer, PING_KEY, Server};

fn two(home: &Home) -> [Server; 2] {
    ["one", "two"].map(|name| node(home, name, &socket_url(home), |_| {}))
}

/// What each node answers to the same call at the same moment.
fn at_once<'a>(
    nodes: &'a [Server; 2],
    call: impl Fn(&'a Server, usize) -> Answer + Sync,
) -> [Answer; 2] {
    let gate = Barrier::new(2);
    std::thread::scope(|scope| {
        let asked = [0, 1].map(|place| {
            let (gate, call) = (&gate, &call);
            scope.spawn(move || {
                gate.wait();
                call(&nodes[place], place)
            })
        });
        asked.map(|answer| answer.join().expect("it answers"))
    })
}

#[test]
fn a_monitor_is_made_once_whichever_node_is_asked() {
    let home = Home::new();
    let _database = start_postgresql(&home);
    let nodes = two(&home);
    for round in 0..20 {
        let target = format!("/ping/{PING_KEY}/pinged-{round}?create=1");
        for answer in at_once(&nodes, |node, _| node.get(&target)) {
            assert!([200, 201].contains(&answer.status), "{}", answer.text());
        }
        let body = json!({ "slug": format!("made-{round}"), "schedule": "every 1h" });
        let made = at_once(&nodes, |node, _| node.api("POST", "/monitors", Some(body.clone())));
        let mut statuses = made.map(|answer| answer.status);
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409]);
        let key = [("X-Api-Key", API_KEY)];
        let body = json!({ "name": format!("unique {round}"), "unique": ["name"] }).to_string();
        let send = |node: &Server| node.send("POST", "/api/v3/checks/", &key, body.as_bytes());
        let mut statuses = at_once(&nodes, |node, _| send(node)).map(|answer| answer.status);
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 201]);
    }
    let counted =
        ask(&home, "select count(*), count(distinct slug) from monitors where slug <> ''");
    assert_eq!(counted, "40|40");
    assert_eq!(ask(&home, "select count(*) from monitors where name like 'unique %'"), "20");
}

#[test]
fn a_call_with_a_key_is_carried_out_once_whichever_node_is_asked() {
    let home = Home::new();
    let _database = start_postgresql(&home);
    let nodes = two(&home);
    let bearer = format!("Bearer {API_KEY}");
    for round in 0..10 {
        let key = format!("key-{round}");
        let headers = [("Authorization", bearer.as_str()), ("Idempotency-Key", key.as_str())];
        let body = json!({ "for": "1h", "tags": ["t"] }).to_string();
        let path = "/api/hb/v1/maintenance";
        let send = |node: &Server| node.send("POST", path, &headers, body.as_bytes());
        for answer in at_once(&nodes, |node, _| send(node)) {
            assert!([201, 409].contains(&answer.status), "{}", answer.text());
        }
        assert_eq!(send(&nodes[0]).header("idempotent-replayed"), Some("true"));
    }
    assert_eq!(ask(&home, "select count(*) from maintenance"), "10");
}

#[test]
fn every_change_of_plans_has_a_number_of_its_own() {
    let home = Home::new();
    let _database = start_postgresql(&home);
    let nodes = two(&home);
    for _ in 0..20 {
        let plan = json!({ "for": "1h", "tags": ["t"] });
        for answer in
            at_once(&nodes, |node, _| node.api("POST", "/maintenance", Some(plan.clone())))
        {
            assert_eq!(answer.status, 201, "{}", answer.text());
        }
    }
    assert_eq!(ask(&home, "select value from meta where name = 'maintenance-changes'"), "40");
}

#[test]
fn a_file_is_applied_while_its_monitors_are_pinged() {
    let home = Home::new();
    let _database = start_postgresql(&home);
    let nodes = two(&home);
    let slugs: Vec<String> = (0..8).map(|number| format!("m{number}")).collect();
    let file = |grace: usize| -> Value {
        let one = |slug: &String| json!({ "slug": slug, "schedule": "every 1h", "grace": grace });
        json!({ "label": "file", "monitors": slugs.iter().map(one).collect::<Vec<Value>>() })
    };
    let apply = |grace| nodes[0].api("POST", "/apply", Some(file(grace)));
    assert_eq!(apply(100).status, 200);
    let names: Vec<&str> = slugs.iter().map(String::as_str).collect();
    let load = Load::start(&[&nodes[1]], &names);
    for grace in 101..121 {
        let applied = apply(grace);
        assert_eq!(applied.status, 200, "{}", applied.text());
    }
    assert!(load.end().into_iter().all(|count| count > 0));
    assert_eq!(nodes[1].look("m0")["grace"], 120);
}
