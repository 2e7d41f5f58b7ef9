//! The document that describes hb's own API, held to the API by a program that knows nothing else of it,
//! and what clients may rely on who repeat a call or change what others change.

use std::process::Command;

use serde_json::{Value, json};

use super::hb::{Home, clients};
use super::server::{API_KEY, Answer, PING_KEY, Server, owner};

fn with(
    server: &Server,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &Value,
) -> Answer {
    let bearer = format!("Bearer {API_KEY}");
    let mut all = vec![("Authorization", bearer.as_str())];
    all.extend_from_slice(headers);
    server.send(method, &format!("/api/hb/v1{path}"), &all, body.to_string().as_bytes())
}

#[test]
fn requests_made_from_the_document_get_the_answers_it_promises() {
    let home = Home::new();
    let server = Server::start(&home);
    for slug in ["one", "two"] {
        server.monitor(json!({ "slug": slug, "schedule": "every 1h", "owner": "dba" }));
        let failed = server.post(&format!("/ping/{PING_KEY}/{slug}/fail"), b"some output");
        assert_eq!(failed.status, 200);
    }
    let base = format!("http://{}/api/hb/v1", server.address);
    let run = Command::new(clients().join("schemathesis"))
        .current_dir(home.path(""))
        .args(["run", &format!("{base}/openapi.json"), "--url", &base, "--no-color"])
        .args(["--header", &format!("Authorization: {}", owner())])
        // A stream has no end. Events of the dialect `hb` are held to their own recordings.
        .args(["--exclude-path", "/stream", "--exclude-path", "/events"])
        // No schema says what is a schedule or who may be reached; such a refusal is documented.
        .args(["--exclude-checks", "positive_data_acceptance"])
        .args(["--phases", "coverage,fuzzing", "--max-examples", "4", "--seed", "7"])
        .args(["--request-timeout", "60"])
        .output()
        .expect("schemathesis runs");
    let told = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success(), "{told}\n{}", String::from_utf8_lossy(&run.stderr));
    assert!(told.contains(" generated, "), "{told}");
}

#[test]
fn a_change_says_what_it_expects_to_find() {
    let home = Home::new();
    let server = Server::start(&home);
    server.monitor(json!({ "slug": "job", "schedule": "every 1h" }));
    let tag = |answer: &Answer| answer.header("etag").expect("an entity tag").to_owned();
    let first = tag(&with(&server, "GET", "/monitors/job", &[], &json!({})));
    assert_eq!(server.get(&format!("/ping/{PING_KEY}/job")).status, 200);
    let pinged = with(&server, "GET", "/monitors/job", &[], &json!({}));
    assert_eq!(tag(&pinged), first, "a ping changes nothing that people say");
    let owner = json!({ "owner": "dba" });
    let changed = with(&server, "PATCH", "/monitors/job", &[("If-Match", &first)], &owner);
    assert_eq!(changed.status, 200, "{}", changed.text());
    let second = tag(&changed);
    assert_ne!(first, second);
    for (method, body) in
        [("PATCH", json!({ "owner": "web" })), ("PUT", json!({})), ("DELETE", json!({}))]
    {
        let late = with(&server, method, "/monitors/job", &[("If-Match", &first)], &body);
        assert_eq!(late.status, 412, "{method}: {}", late.text());
        assert_eq!(server.look("job")["owner"], "dba", "{method}");
    }
    let new = with(&server, "PUT", "/monitors/other", &[("If-Match", "*")], &json!({}));
    assert_eq!(new.status, 404, "what is not there matches nothing: {}", new.text());
    let gone = with(&server, "DELETE", "/monitors/job", &[("If-Match", &second)], &json!({}));
    assert_eq!(gone.status, 200, "{}", gone.text());
}

#[test]
fn whoever_makes_a_monitor_overwrites_none() {
    let home = Home::new();
    let server = Server::start(&home);
    let job = server.monitor(json!({ "slug": "job", "schedule": "every 1h", "owner": "dba" }));
    let new = [("If-None-Match", "*")];
    let again = with(&server, "PUT", "/monitors/job", &new, &json!({ "owner": "web" }));
    assert_eq!(again.status, 412, "{}", again.text());
    assert_eq!(server.look("job")["owner"], "dba");
    let other = with(&server, "PUT", "/monitors/other", &new, &json!({}));
    assert_eq!(other.status, 201, "{}", other.text());

    let renamed = server.api("PATCH", "/monitors/other", Some(json!({ "slug": "job" })));
    assert_eq!(renamed.status, 409, "{}", renamed.text());
    assert!(renamed.text().contains("there is a monitor `job` already"), "{}", renamed.text());
    assert_eq!(server.get(&format!("/ping/{PING_KEY}/job")).status, 200);
    let same = json!({ "slug": "job", "owner": "web" });
    assert_eq!(server.api("PATCH", "/monitors/job", Some(same)).status, 200);

    let by_id = format!("/monitors/{}", job["id"].as_str().expect("an id"));
    let put = server.api("PUT", &by_id, Some(json!({ "schedule": "every 2h" })));
    assert_eq!((put.status, &put.json()["slug"]), (200, &json!("job")), "{}", put.text());
    let taken = server.api("PUT", &by_id, Some(json!({ "slug": "other" })));
    assert_eq!(taken.status, 409, "{}", taken.text());
}

#[test]
fn a_path_that_can_be_no_slug_makes_no_monitor() {
    let home = Home::new();
    let server = Server::start(&home);
    let long = "a".repeat(300);
    for (name, status) in [
        ("bad%20slug", 400),
        ("a%0Ab", 400),
        ("%2e%2e", 400),
        (&*long, 400),
        ("0190a1b2-0000-7000-8000-000000000000", 404),
        ("0190A1B2-0000-7000-8000-000000000000", 404),
    ] {
        let put = server.api("PUT", &format!("/monitors/{name}"), Some(json!({})));
        assert_eq!(put.status, status, "{name}: {}", put.text());
    }
    assert_eq!(server.api("GET", "/monitors", None).json()["monitors"], json!([]));
}

#[test]
fn a_call_that_is_repeated_is_carried_out_once() {
    let home = Home::new();
    let server = Server::start(&home);
    let key = [("Idempotency-Key", "a-client-chose-this")];
    let plan = json!({ "for": "1h", "reason": "moving" });
    let first = with(&server, "POST", "/maintenance", &key, &plan);
    assert_eq!(first.status, 201, "{}", first.text());
    let again = with(&server, "POST", "/maintenance", &key, &plan);
    assert_eq!((again.status, again.json()), (201, first.json()));
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    let plans = || server.api("GET", "/maintenance", None).json()["maintenance"].clone();
    assert_eq!(plans().as_array().expect("a list").len(), 1);
    let other = with(&server, "POST", "/maintenance", &key, &json!({ "for": "2h" }));
    assert_eq!(other.status, 422, "{}", other.text());
    let secret = with(&server, "POST", "/keys", &key, &json!({ "kind": "ping" }));
    assert_eq!(secret.status, 400, "an answer with a secret is not kept: {}", secret.text());
    let bad = with(&server, "POST", "/monitors", &[("Idempotency-Key", "b")], &json!({}));
    assert_eq!(bad.status, 400, "{}", bad.text());
    let mended = json!({ "slug": "job" });
    let mended = with(&server, "POST", "/monitors", &[("Idempotency-Key", "b")], &mended);
    assert_eq!(mended.status, 201, "what was refused may be mended: {}", mended.text());
}

#[test]
fn the_runs_of_a_month_are_counted_by_day() {
    let home = Home::new();
    let server = Server::start(&home);
    server.monitor(json!({ "slug": "job", "schedule": "every 1h" }));
    for suffix in ["", "/start", "/3", "", "/log"] {
        assert_eq!(server.get(&format!("/ping/{PING_KEY}/job{suffix}")).status, 200);
    }
    let told = server.api("GET", "/monitors/job/statistics", None).json();
    assert_eq!(
        (&told["succeeded"], &told["failed"], &told["partial"]),
        (&json!(2), &json!(1), &json!(0))
    );
    let days = told["days"].as_array().expect("a list");
    let sum: u64 = days.iter().map(|day| day["succeeded"].as_u64().expect("a number")).sum();
    assert_eq!(sum, 2, "{told}");
    let months = told["months"].as_array().expect("a list");
    let sum: u64 = months.iter().map(|month| month["succeeded"].as_u64().expect("a number")).sum();
    assert_eq!(sum, 2, "{told}");
}

#[test]
fn a_filtered_list_is_full_as_long_as_there_is_more() {
    let home = Home::new();
    let server = Server::start(&home);
    for number in 0..7 {
        let slug = format!("m{number}");
        server.monitor(json!({ "slug": slug, "schedule": "every 1h" }));
        if number % 2 == 0 {
            assert_eq!(server.get(&format!("/ping/{PING_KEY}/{slug}/fail")).status, 200);
        }
    }
    let page = |query: &str| {
        let page = server.api("GET", &format!("/monitors?{query}"), None).json();
        let slugs: Vec<String> = page["monitors"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|monitor| monitor["slug"].as_str().expect("a slug").to_owned())
            .collect();
        (slugs, page["next"].as_str().map(str::to_owned))
    };
    let (first, next) = page("status=failed&limit=2");
    assert_eq!(first, ["m0", "m2"]);
    let (second, next) = page(&format!("status=failed&limit=2&cursor={}", next.expect("more")));
    assert_eq!((second, next), (vec!["m4".to_owned(), "m6".to_owned()], None));
    assert_eq!(page("status=up").0.len(), 0);
    let bogus = server.api("GET", "/monitors?status=bogus", None);
    assert_eq!((bogus.status, bogus.json()["error"]["field"].as_str()), (400, Some("status")));
    assert!(bogus.text().contains("one of new, "), "{}", bogus.text());
    assert_eq!(page("limit=7").1, None, "a page that holds all has no next");
    assert_eq!(page("limit=6").0.len(), 6);
}
