//! Hosted Healthchecks says yes to every ping of a UUID and only in words that it did not take it.

use std::time::{Duration, Instant};

use crate::hb::{Home, Seen, check};
use crate::receiver::{FakeReceiver, Step};

const NOT_FOUND: &str = "OK (not found)";

fn saying(body: &str) -> Step {
    let length = body.len();
    Step::Raw(format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}").into_bytes())
}

/// The ping URL by number, and by name, which takes another way through hb.
fn urls(receiver: &FakeReceiver) -> [String; 2] {
    let url = receiver.ping_url();
    [url.clone(), url.replace("127.0.0.1", "localhost")]
}

/// A run that fails, told with this much time.
fn run(home: &Home, url: &str, time: &str) -> (Seen, Duration) {
    let words = ["run", "--to", url, "--report-timeout", time, "m", "--", "sh", "-c", "exit 7"];
    let began = Instant::now();
    (Seen::of(&mut home.hb(&words)), began.elapsed())
}

fn result(home: &Home) -> serde_json::Value {
    home.last_run()["deliveries"][0]["result"].clone()
}

#[test]
fn a_check_that_is_not_found_has_refused_the_event() {
    for way in 0..2 {
        for body in [NOT_FOUND, "OK (not found)\n"] {
            let (home, receiver) = (Home::new(), FakeReceiver::always(&saying(body)));
            let (seen, _) = run(&home, &urls(&receiver)[way], "5s");
            let why = "the server answered 200, but that it was not found: no such check; is the \
                       URL or the key right?";
            assert!(seen.status == 7 && seen.stderr.contains(why), "{seen:?}");
            assert_eq!((receiver.connections(), result(&home)), (1, "refused".into()));
        }
    }
}

#[test]
fn what_came_too_often_is_tried_again() {
    for way in 0..2 {
        for body in ["OK (rate limited)", "OK (rate-limited)\n"] {
            let (home, receiver) = (Home::new(), FakeReceiver::new(&[saying(body), Step::Ok]));
            let (seen, _) = run(&home, &urls(&receiver)[way], "20s");
            assert_eq!((seen.status, &*seen.stderr), (7, ""));
            assert_eq!((receiver.words().len(), result(&home)), (2, "delivered".into()));

            let (home, receiver) = (Home::new(), FakeReceiver::always(&saying(body)));
            let (seen, _) = run(&home, &urls(&receiver)[way], "100ms");
            let why = "the server answered 200, but that it takes no more pings for now";
            assert!(seen.status == 7 && seen.stderr.contains(why), "{seen:?}");
            assert_eq!(result(&home), "spooled");
            receiver.go_on(&[Step::Ok]);
            check(&mut home.hb(&["spool", "flush"]), 0, "1 delivered, nothing waits\n", "");
        }
    }
}

#[test]
fn any_other_words_are_a_yes() {
    for body in ["", "OK", "Created", "not found", "see OK (not found)", "OK (not found), OK"] {
        let (home, receiver) = (Home::new(), FakeReceiver::always(&saying(body)));
        let (seen, _) = run(&home, &receiver.ping_url(), "5s");
        assert_eq!((seen.status, &*seen.stderr), (7, ""), "{body}");
        assert_eq!((receiver.connections(), result(&home)), (1, "delivered".into()), "{body}");
    }
}

#[test]
fn a_yes_stands_when_its_words_do_not_come() {
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n";
    for way in 0..2 {
        let held = Step::RawAndHeld(head.as_bytes().to_vec());
        let (home, receiver) = (Home::new(), FakeReceiver::always(&held));
        let (seen, took) = run(&home, &urls(&receiver)[way], "8s");
        assert_eq!((seen.status, &*seen.stderr), (7, ""));
        assert_eq!((receiver.connections(), result(&home)), (1, "delivered".into()));
        assert!(took < Duration::from_secs(4), "{took:?}");
    }
    // Also when the time for the report is over before that for the words.
    let held = Step::RawAndHeld(head.as_bytes().to_vec());
    let (home, receiver) = (Home::new(), FakeReceiver::always(&held));
    let (seen, _) = run(&home, &receiver.ping_url(), "300ms");
    assert_eq!((seen.status, &*seen.stderr, result(&home)), (7, "", "delivered".into()));
}
