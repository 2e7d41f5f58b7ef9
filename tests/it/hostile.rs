//! Answers made to hurt: none reaches a terminal as it came, keeps hb, or steers it.

use std::time::{Duration, Instant};

use crate::hb::{Home, Seen};
use crate::receiver::{FakeReceiver, Step, with_header};

/// Whether a text can be shown as it is: one line after the other, no control characters.
fn is_plain(text: &str) -> bool {
    text.chars().all(|c| c == '\n' || !c.is_control())
}

fn run(home: &Home, receiver: &FakeReceiver) -> (Seen, Duration) {
    let url = receiver.ping_url();
    let words = ["run", "--to", &url, "--report-timeout", "1s", "m", "--", "sh", "-c", "exit 7"];
    let began = Instant::now();
    (Seen::of(&mut home.hb(&words)), began.elapsed())
}

#[test]
fn a_hostile_answer_is_neither_shown_raw_nor_waited_for() {
    let raw = |bytes: &[u8]| Step::Raw(bytes.to_vec());
    for step in [
        raw(b"HTTP/1.1 200 OK\r\nX-A: a\0b\x1b[31mred\r\nContent-Length: 8\r\n\r\n\0\x1b[2J\x07OK"),
        raw(b"HTTP/1.1 200 \x1b]52;c;ZXZpbA==\x07\r\nContent-Length: 0\r\n\r\n"),
        raw(b"HTTP/1.1 500 \x1b]8;;http://evil\x07\r\nContent-Length: 0\r\n\r\n"),
        raw(b"\x1b[2J\x1b]0;owned\x07\0\0\0 not HTTP at all\r\n\r\n"),
        raw(b"HTTP/9.9 \xff\xfe\r\n\r\n"),
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nOK"),
        raw(b"HTTP/1.1 302 Found\r\nLocation: \x1b[31m\r\nContent-Length: 0\r\n\r\n"),
        raw(b"OK\n"),
        raw(b""),
        Step::Huge,
        Step::EndlessHeaders,
        Step::Slow(Duration::from_millis(100)),
        Step::Reset,
        Step::Lost,
    ] {
        let (home, receiver) = (Home::new(), FakeReceiver::always(&step));
        let (seen, took) = run(&home, &receiver);
        assert_eq!((seen.status, &*seen.stdout), (7, ""), "{step:?}");
        assert!(is_plain(&seen.stderr), "{step:?}: {:?}", seen.stderr);
        assert!(took < Duration::from_millis(4500), "{step:?}: {took:?}");
        for words in [&["log", "m"][..], &["log", "--last"], &["spool", "list"]] {
            let seen = Seen::of(&mut home.hb(words));
            assert!(is_plain(&seen.stdout) && is_plain(&seen.stderr), "{step:?}: {seen:?}");
        }
    }
}

#[test]
fn an_accepted_event_is_accepted_even_if_its_answer_never_ends() {
    for step in [
        Step::Huge,
        Step::Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nOK".to_vec()),
        Step::Raw(b"HTTP/1.0 200\r\n\r\n".to_vec()),
        Step::Raw(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n".to_vec()),
    ] {
        let (home, receiver) = (Home::new(), FakeReceiver::always(&step));
        let (seen, _) = run(&home, &receiver);
        assert_eq!((seen.status, &*seen.stderr), (7, ""), "{step:?}");
        assert_eq!(receiver.connections(), 1, "{step:?}");
        assert_eq!(home.last_run()["deliveries"][0]["result"], "delivered", "{step:?}");
    }
}

#[test]
fn absurd_advice_is_no_advice() {
    for (name, value) in [
        ("Retry-After", "-1"),
        ("Retry-After", "99999999999999999999"),
        ("Retry-After", "soon"),
        ("Retry-After", "Fri, 31 Dec 9999 23:59:59 GMT"),
    ] {
        let script = [with_header(503, name, value), Step::Ok];
        let (home, receiver) = (Home::new(), FakeReceiver::new(&script));
        let (seen, _) = run(&home, &receiver);
        assert_eq!((seen.status, &*seen.stderr), (7, ""), "{value}");
        assert_eq!(receiver.words(), ["7", "7"], "{value}");
    }
    for value in ["-1", "99999999999999999999", "x", "1e3", ""] {
        let script = [with_header(200, "Ping-Body-Limit", value)];
        let (home, receiver) = (Home::new(), FakeReceiver::new(&script));
        run(&home, &receiver);
        run(&home, &receiver);
        let bodies: Vec<String> =
            receiver.requests().iter().map(|request| request.text()).collect();
        assert!(bodies.iter().all(|body| body.starts_with("exited with 7")), "{value}: {bodies:?}");
    }
}
