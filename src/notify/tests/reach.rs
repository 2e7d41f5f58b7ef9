//! What may be reached: the guard looks at addresses when they are connected to, on every hop.

use serde_json::json;

use super::http_receiver::{HttpReceiver, answer};
use super::{INSIDE, OUTSIDE, guarded, message, parse, run, send, sent, trouble};
use crate::notify::message::What;
use crate::notify::outbound::{Outbound, Policy};
use crate::sys::outbound::is_public;

fn webhook(outbound: &Outbound, url: &str) -> (&'static str, String) {
    // Settings say at once what the guard would say; here the guard itself is asked.
    let mut settings = parse(json!({ "kind": "webhook", "url": url, "allow_private": true }));
    settings.allow_private = false;
    trouble(run(send(outbound, &settings, &message(What::Opened))))
}

#[test]
fn only_addresses_of_the_internet_at_large_are_public() {
    for text in [
        "1.1.1.1",
        "8.8.8.8",
        "100.63.255.255",
        "100.128.0.0",
        "169.253.1.1",
        "172.15.0.1",
        "172.32.0.1",
        "192.167.1.1",
        "198.17.0.1",
        "198.20.0.1",
        "223.255.255.255",
        "9.255.0.1",
        "11.0.0.1",
        "2606:4700::1111",
        "2001:4860::8888",
        "2a00:1450::1",
        "2003::1",
    ] {
        assert!(is_public(text.parse().unwrap()), "{text}");
    }
    for text in [
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "10.255.255.255",
        "100.64.0.1",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.0.1",
        "192.0.0.8",
        "192.0.2.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.1.2.3",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::1",
        "fc00::1",
        "fd12:3456::1",
        "fe80::1",
        "febf::1",
        "fec0::1",
        "ff02::1",
        "2001:db8::1",
        "2001::1",
        "2002:7f00:1::1",
        "100::1",
        "3fff::1",
    ] {
        assert!(!is_public(text.parse().unwrap()), "{text}");
    }
}

#[test]
fn every_spelling_of_a_private_host_is_denied() {
    // The real guard: nothing here is looked up.
    let outbound = Outbound::new(&Policy::default()).expect("a way out");
    for host in [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "0x7f.1",
        "10.0.0.1",
        "169.254.169.254",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[fd00::1]",
        "0",
        "0.0.0.0",
        "１２７.0.0.1",
    ] {
        let (word, why) = webhook(&outbound, &format!("http://{host}:1/"));
        assert_eq!(word, "refused", "{host}: {why}");
        assert!(
            why.ends_with(
                "is not a public address; if it is meant to be reached, set `allow_private`"
            ),
            "{why}"
        );
    }
}

#[test]
fn a_name_is_judged_by_its_addresses_when_it_is_connected_to() {
    let inside = HttpReceiver::at(INSIDE, &[answer(200, "", "")]);
    let outside = HttpReceiver::at(OUTSIDE, &[answer(200, "", "")]);
    let known: &[(&str, &[&[&str]])] = &[
        ("outside.test", &[&[OUTSIDE]]),
        ("inside.test", &[&[INSIDE]]),
        // A name with both is reached at what is allowed, and only there.
        ("both.test", &[&[INSIDE, OUTSIDE]]),
        ("none.test", &[&[]]),
    ];
    let outbound = guarded(known, &Policy::default());
    let port = outside.port();
    for (host, port, expected) in [
        ("outside.test", port, "sent"),
        ("both.test", port, "sent"),
        ("both.test", inside.port(), "retry"),
        ("inside.test", inside.port(), "refused"),
        (INSIDE, inside.port(), "refused"),
        ("none.test", port, "retry"),
        ("other.test", port, "retry"),
    ] {
        let (word, why) = webhook(&outbound, &format!("http://{host}:{port}/"));
        assert_eq!(word, expected, "{host}: {why}");
    }
    assert_eq!((inside.seen().len(), outside.seen().len()), (0, 2));
    // The same is reached where the channel may.
    let url = format!("http://inside.test:{}/", inside.port());
    let settings = parse(json!({ "kind": "webhook", "url": url, "allow_private": true }));
    assert_eq!(run(send(&outbound, &settings, &message(What::Opened))), sent());
    assert_eq!(inside.seen().len(), 1);
}

#[test]
fn a_redirect_leads_nowhere_that_a_url_may_not() {
    let inside = HttpReceiver::at(INSIDE, &[answer(200, "", "")]);
    let known: &[(&str, &[&[&str]])] = &[
        ("turns.test", &[&[OUTSIDE], &[INSIDE]]),
        ("stays.test", &[&[OUTSIDE]]),
        ("inside.test", &[&[INSIDE]]),
    ];
    let port = inside.port();
    for (to, why) in [
        (format!("http://{INSIDE}:{port}/x"), "is not a public address"),
        (format!("http://[::ffff:{INSIDE}]:{port}/x"), "is not a public address"),
        (format!("//{INSIDE}:{port}/x"), "is not a public address"),
        (format!("http://inside.test:{port}/x"), "is not a public address"),
        (format!("http://turns.test:{port}/x"), "is not a public address"),
        ("file:///etc/passwd".to_owned(), "redirects out of the web"),
        ("ftp://127.0.0.1/x".to_owned(), "redirects out of the web"),
        ("http://[broken".to_owned(), "redirects to nowhere"),
        ("/again".to_owned(), "more than 3 redirects"),
    ] {
        for status in [301, 302, 307, 308] {
            let headers = format!("Location: {to}\r\n");
            let outside = HttpReceiver::new(&[answer(status, &headers, "")]);
            let outbound = guarded(known, &Policy::default());
            let name = if to == "/again" { "stays.test" } else { "turns.test" };
            let url = format!("http://{name}:{}/", outside.port());
            let (word, told) = webhook(&outbound, &url);
            assert_eq!(word, "refused", "{to}: {told}");
            assert!(told.contains(why), "{to}: {told}");
        }
    }
    assert_eq!(inside.seen().len(), 0);
}

#[test]
fn what_was_meant_for_one_place_is_not_shown_to_another() {
    let second = HttpReceiver::new(&[answer(200, "", "")]);
    let headers = format!("Location: {}\r\n", second.url("/x"));
    let first =
        HttpReceiver::new(&[answer(307, "Location: /same\r\n", ""), answer(308, &headers, "")]);
    let settings = parse(json!({
        "kind": "webhook", "url": first.url("/"), "allow_private": true, "body": "$NAME",
        "headers": { "Authorization": "Bearer key", "X-Key": "key" },
    }));
    let outbound = super::outbound();
    assert_eq!(run(send(&outbound, &settings, &message(What::Opened))), sent());
    for seen in first.seen() {
        assert_eq!(seen.header("x-key").as_deref(), Some("key"), "{}", seen.line);
        assert!(seen.header("authorization").is_some());
    }
    assert_eq!(first.seen().len(), 2);
    let seen = second.only();
    assert_eq!((seen.header("x-key"), seen.header("authorization")), (None, None));
    assert_eq!((&*seen.line, &*seen.body), ("POST /x", &b"nightly backup"[..]));
}
