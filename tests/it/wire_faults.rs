//! Answers that break off, limits that move, and bytes that are no text.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use crate::hb::{Home, Seen, check};
use crate::receiver::{FakeReceiver, Step, UUID, status, with_header};

/// The ping URL by number, and by name, which takes another way through hb.
fn ways(url: &str) -> [String; 2] {
    [url.to_owned(), url.replace("127.0.0.1", "localhost")]
}

fn run(home: &Home, url: &str, time: &str, job: &str) -> Seen {
    let words = ["run", "--to", url, "--report-timeout", time, "m", "--", "sh", "-c", job];
    Seen::of(&mut home.hb(&words))
}

fn result(home: &Home) -> String {
    home.last_run()["deliveries"][0]["result"].as_str().expect("text").to_owned()
}

/// Waits until a whole request has come, and gives its first line. None of it is read: the kernel then
/// resets the connection when it is closed.
fn first_line(stream: &TcpStream) -> String {
    let mut bytes = vec![0; 65_536];
    loop {
        let count = stream.peek(&mut bytes).expect("there");
        let text = String::from_utf8_lossy(&bytes[..count]).into_owned();
        if text.ends_with("THE-END\n") {
            return text.lines().next().expect("a line").to_owned();
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn a_connection_that_is_reset_after_the_request_is_tried_again_as_the_same_ping() {
    for way in 0..2 {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}/ping/{UUID}", listener.local_addr().expect("bound"));
        let server = std::thread::spawn(move || {
            let (first, _) = listener.accept().expect("a connection");
            let reset = first_line(&first);
            drop(first);
            let (mut second, _) = listener.accept().expect("another");
            let told = first_line(&second);
            second.read_exact(&mut [0; 100]).expect("read");
            let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK";
            second.write_all(answer).expect("answered");
            // What is unread would reset this one as well, before its answer is read.
            while second.read(&mut [0; 4096]).is_ok_and(|count| count > 0) {}
            (reset, told)
        });
        let home = Home::new();
        let seen = run(&home, &ways(&url)[way], "20s", "echo THE-END >&2; exit 7");
        assert_eq!((seen.status, &*seen.stderr, &*result(&home)), (7, "THE-END\n", "delivered"));
        let (reset, told) = server.join().expect("served");
        assert!(told.contains("/7?rid="), "{told}");
        assert_eq!(reset, told);
    }
}

#[test]
fn an_answer_that_breaks_off_before_it_says_anything_is_no_answer() {
    for half in ["", "HTTP/1.1 2", "HTTP/1.1 200 OK\r\nContent-Le"] {
        for way in 0..2 {
            let held = Step::RawAndHeld(half.as_bytes().to_vec());
            let (home, receiver) = (Home::new(), FakeReceiver::always(&held));
            let began = Instant::now();
            let seen = run(&home, &ways(&receiver.ping_url())[way], "400ms", "exit 7");
            assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
            assert!(seen.stderr.contains("(no answer in time); it is kept"), "{half}: {seen:?}");
            receiver.go_on(&[Step::Ok]);
            check(&mut home.hb(&["spool", "flush"]), 0, "1 delivered, nothing waits\n", "");
        }
    }
}

#[test]
fn a_refusal_that_hangs_after_its_head_is_a_refusal() {
    for way in 0..2 {
        let head = b"HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\n".to_vec();
        let (home, receiver) = (Home::new(), FakeReceiver::always(&Step::RawAndHeld(head)));
        let seen = run(&home, &ways(&receiver.ping_url())[way], "8s", "exit 7");
        assert!(seen.stderr.contains("the server answered 404"), "{seen:?}");
        assert_eq!((receiver.connections(), &*result(&home)), (1, "refused"));
    }
}

#[test]
fn a_limit_that_shrinks_is_kept_from_the_next_ping_on() {
    let limit = |bytes: &str| with_header(200, "Ping-Body-Limit", bytes);
    let script = [limit("500"), limit("100"), limit("0"), limit("0"), limit("300"), Step::Ok];
    for way in 0..2 {
        let (home, receiver) = (Home::new(), FakeReceiver::new(&script));
        for _ in 0..6 {
            let seen =
                run(&home, &ways(&receiver.ping_url())[way], "10s", "seq 1 9999 >&2; exit 1");
            assert_eq!(seen.status, 1);
            assert_eq!(result(&home), "delivered");
        }
        let requests = receiver.requests();
        let sizes: Vec<usize> = requests.iter().map(|request| request.body.len()).collect();
        let bounds = [5000..=10_000, 400..=500, 50..=100, 0..=0, 0..=0, 200..=300];
        assert_eq!(sizes.len(), bounds.len());
        for (size, bounds) in sizes.iter().zip(bounds) {
            assert!(bounds.contains(size), "{sizes:?}");
        }
        for request in requests.iter().filter(|request| !request.body.is_empty()) {
            assert!(request.text().ends_with("9999\n"), "{}", request.text());
        }
        assert_eq!(receiver.words(), ["1"; 6], "an event without a body is told as well");
    }
}

#[test]
fn bytes_that_are_no_text_arrive_as_they_were_also_late() {
    let bytes = b"caf\xe9 \xff\xfe \xc3\x28 \x80\n";
    let job = "printf 'caf\\351 \\377\\376 \\303\\050 \\200\\n' >&2; exit 7";
    for way in 0..2 {
        let (home, receiver) = (Home::new(), FakeReceiver::always(&Step::Ok));
        assert_eq!(run(&home, &ways(&receiver.ping_url())[way], "10s", job).status, 7);
        assert!(receiver.only().body.ends_with(bytes), "{:?}", receiver.only().body);
        receiver.go_on(&[status(503)]);
        assert_eq!(run(&home, &ways(&receiver.ping_url())[way], "100ms", job).status, 7);
        assert_eq!(result(&home), "spooled");
        receiver.go_on(&[Step::Ok]);
        check(&mut home.hb(&["spool", "flush"]), 0, "1 delivered, nothing waits\n", "");
        assert!(receiver.only().body.ends_with(bytes), "{:?}", receiver.only().body);
    }
    // With control characters in between, where nothing is to be cleaned.
    let (home, receiver) = (Home::new(), FakeReceiver::always(&Step::Ok));
    let url = receiver.ping_url();
    let job = "printf 'a\\000\\033\\377\\r\\007' >&2; exit 7";
    let words = ["run", "--raw", "--to", &url, "m", "--", "sh", "-c", job];
    assert_eq!(Seen::of(&mut home.hb(&words)).status, 7);
    assert!(receiver.only().body.ends_with(b"a\0\x1b\xff\r\x07"), "{:?}", receiver.only().body);
}
