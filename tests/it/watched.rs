//! Somebody else expects the receiver like a job: it pings a URL while it does all of its work.

use crate::hb::{Home, Seen, check};
use crate::receiver::{FakeReceiver, Step};
use crate::receiving::wait_for;
use crate::server::Server;

#[test]
fn a_receiver_that_is_well_pings_whoever_watches_it() {
    let home = Home::new();
    let watcher = FakeReceiver::always(&Step::Ok);
    home.write("url", &format!("{}\n", watcher.url("/ping/4a1b")));
    let given = format!("file:{}", home.path("url").display());
    let mut server = Server::start_with(&home, |command| {
        command.args(["--watched-by", &given]);
    });
    wait_for(|| !watcher.requests().is_empty());
    let request = &watcher.requests()[0];
    assert_eq!((request.method.as_str(), &*request.target), ("GET", "/ping/4a1b"));
    assert!(request.body.is_empty());
    server.line("whoever watches hb is pinged");
    assert!(!server.lines().concat().contains("4a1b"), "the URL is a key");
}

#[test]
fn a_watcher_that_refuses_is_named_without_its_url() {
    let home = Home::new();
    let watcher = FakeReceiver::always(&Step::Status(404, Vec::new()));
    let url = watcher.url("/ping/4a1b");
    let mut server = Server::start_with(&home, |command| {
        command.env("HB_WATCHED_BY", &url);
    });
    let line = server.line("whoever watches hb is not pinged");
    assert!(line.contains("404") && !line.contains("4a1b"), "{line}");
}

#[test]
fn what_is_no_url_is_refused_and_a_key_stands_in_no_unit() {
    let home = Home::new();
    let expected = "hb: `--watched-by` takes an http or https URL\n\
        hint: write the ping URL of a monitor elsewhere, or file:PATH with it\n";
    check(&mut home.hb(&["serve", "--watched-by", "ftp://h/secret"]), 64, "", expected);
    let words = ["serve", "--print-unit", "--watched-by", "https://h/ping/4a1b"];
    let seen = Seen::of(&mut home.hb(&words));
    assert_eq!(seen.status, 0, "{seen:?}");
    assert!(!seen.stdout.contains("4a1b") && seen.stderr.contains("`HB_WATCHED_BY=…`"), "{seen:?}");
}
