//! What an event was to be sent with is what it is sent with later.

use crate::hb::{Home, Seen, check};
use crate::receiver::{FakeReceiver, Step, status};

const NOTHING: &str = "nothing waits\n";

#[test]
fn one_url_with_two_headers_is_kept_twice() {
    let receiver = FakeReceiver::always(&status(503));
    let home = Home::new();
    for (monitor, header) in [("a", Some("X-Line: one")), ("b", Some("X-Line: two")), ("c", None)] {
        let url = receiver.url("/ping/fqOOd6-F4MMNuCEnzTU01w");
        let mut words = vec!["ping", monitor, "--report-timeout", "200ms", "--to", &url];
        words.extend(header.iter().flat_map(|header| ["--header", header]));
        assert_eq!(Seen::of(&mut home.hb(&words)).status, 75);
    }
    receiver.go_on(&[Step::Ok]);
    check(&mut home.hb(&["spool", "flush"]), 0, &format!("3 delivered, {NOTHING}"), "");
    let mut told: Vec<(String, Option<String>)> = Vec::new();
    for request in receiver.requests() {
        told.push((request.path().to_owned(), request.header("x-line").map(str::to_owned)));
    }
    told.sort();
    let expected = [("a", Some("one")), ("b", Some("two")), ("c", None)].map(|(name, header)| {
        (format!("/ping/fqOOd6-F4MMNuCEnzTU01w/{name}"), header.map(str::to_owned))
    });
    assert_eq!(told, expected);
}

#[test]
fn a_newer_end_told_with_another_header_is_newer_all_the_same() {
    let receiver = FakeReceiver::always(&status(503));
    let home = Home::new();
    let run = |header: &str, job: &str| {
        let url = receiver.url("/ping/fqOOd6-F4MMNuCEnzTU01w");
        let words = ["run", "--report-timeout", "200ms", "--to", &url, "--header", header];
        let words: Vec<&str> = words.iter().chain(&["m", "--", job]).copied().collect();
        Seen::of(&mut home.hb(&words)).status
    };
    assert_eq!(run("Authorization: Bearer one", "false"), 1);
    receiver.go_on(&[Step::Ok]);
    assert_eq!(run("Authorization: Bearer two", "true"), 0);
    let paths: Vec<String> = receiver.requests().iter().map(|r| r.path().to_owned()).collect();
    assert_eq!(
        paths,
        ["/ping/fqOOd6-F4MMNuCEnzTU01w/m", "/ping/fqOOd6-F4MMNuCEnzTU01w/m/log"],
        "the failure is no longer news"
    );
}

#[test]
fn an_address_of_an_older_hb_is_found_by_its_old_key() {
    let receiver = FakeReceiver::always(&status(503));
    let home = Home::new();
    let url = receiver.url("/ping/fqOOd6-F4MMNuCEnzTU01w");
    let words = ["ping", "m", "--report-timeout", "200ms", "--to", &url];
    assert_eq!(Seen::of(&mut home.hb(&words)).status, 75);
    // An older hb kept the headers under the key of the URL alone.
    let directory = home.path("state/addresses");
    let file = std::fs::read_dir(directory).expect("there").flatten().next().expect("one").path();
    let text = std::fs::read_to_string(&file).expect("text");
    let with_header = text.replacen('{', "{\"headers\":[\"X-Line: old\"],", 1);
    std::fs::write(&file, with_header).expect("written");
    receiver.go_on(&[Step::Ok]);
    check(&mut home.hb(&["spool", "flush"]), 0, &format!("1 delivered, {NOTHING}"), "");
    assert_eq!(receiver.only().header("x-line"), Some("old"));
}

#[test]
fn a_target_that_was_whole_with_hb_key_waits_for_it() {
    let receiver = FakeReceiver::always(&status(503));
    let home = Home::new();
    let config = |key: &str| {
        let url = receiver.url("");
        home.config(&format!(
            "[targets.home]\nurl = \"{url}\"\n{key}[defaults]\nto = [\"home\"]\n"
        ));
    };
    config("");
    let keep = || {
        let words = ["ping", "m", "--report-timeout", "200ms"];
        assert_eq!(Seen::of(home.hb(&words).env("HB_KEY", "of-hb-key")).status, 75);
        receiver.go_on(&[Step::Ok]);
    };
    keep();
    let trouble = "hb: warning: 0 delivered, 1 still waits: target `home` needs the key that HB_KEY \
                   held; set HB_KEY, or give the target a `key`\n";
    check(&mut home.hb(&["spool", "flush"]), 75, "", trouble);
    assert_eq!(receiver.connections(), 0, "it would have gone to another address");
    let done = format!("1 delivered, {NOTHING}");
    check(home.hb(&["spool", "flush"]).env("HB_KEY", "of-hb-key"), 0, &done, "");
    assert_eq!(receiver.only().path(), "/ping/of-hb-key/m");
    receiver.go_on(&[status(503)]);
    keep();
    config("key = \"own\"\n");
    check(&mut home.hb(&["spool", "flush"]), 0, &done, "");
    assert_eq!(receiver.only().path(), "/ping/own/m");
}
