//! What is sent, what is understood of an answer, and what is not.

use super::{Answer, INCOMPLETE, Place, Read, read, request};

fn text(answer: &Answer) -> (u16, &str, bool) {
    (answer.status, std::str::from_utf8(&answer.body).expect("text"), answer.cut)
}

#[test]
fn a_url_that_means_the_same_to_everybody_is_taken_and_no_other() {
    for (url, to, host, target) in [
        (
            "http://127.0.0.1:8000/ping/a-b?rid=1",
            "127.0.0.1:8000",
            "127.0.0.1:8000",
            "/ping/a-b?rid=1",
        ),
        ("http://10.0.0.1/x/", "10.0.0.1:80", "10.0.0.1", "/x/"),
        ("http://10.0.0.1", "10.0.0.1:80", "10.0.0.1", "/"),
    ] {
        let place = Place::of(url).expect(url);
        assert_eq!(
            (place.to.to_string().as_str(), &*place.host, &*place.target),
            (to, host, target)
        );
    }
    for url in [
        "https://127.0.0.1/",
        "http://localhost/",
        "http://127.1/",
        "http://0127.0.0.1/",
        "http://127.0.0.1:80/",
        "http://127.0.0.1:/",
        "http://127.0.0.1:08000/",
        "http://[::1]:8000/",
        "http://user@127.0.0.1/",
        "http://127.0.0.1/a/../b",
        "http://127.0.0.1/a/%2E%2e/b",
        "http://127.0.0.1/a b",
        "http://127.0.0.1/\u{e4}",
        "http://127.0.0.1/a#b",
        "http://127.0.0.1?a",
        "HTTP://127.0.0.1/",
    ] {
        assert_eq!(Place::of(url), None, "{url}");
    }
}

#[test]
fn a_request_says_its_length_and_each_header_once() {
    let place = Place::of("http://10.0.0.1:8/p?q").expect("a place");
    let headers = [("x-a", "1"), ("X-A", "2"), ("bad name", "x"), ("x-b", "a\r\nb: c")];
    let bytes = request("POST", &place, headers.into_iter(), b"body");
    let expected = "POST /p?q HTTP/1.1\r\nx-a: 2\r\ncontent-length: 4\r\naccept: */*\r\n\
                    host: 10.0.0.1:8\r\n\r\nbody";
    assert_eq!(String::from_utf8_lossy(&bytes), expected);
    let bytes = request("GET", &place, [("host", "other")].into_iter(), b"");
    assert_eq!(bytes, b"GET /p?q HTTP/1.1\r\nhost: other\r\naccept: */*\r\n\r\n");
}

#[test]
fn an_answer_is_the_same_however_it_is_cut() {
    for (bytes, expected) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK", (200, "OK", false)),
        ("HTTP/1.1 204 No Content\r\n\r\n", (204, "", false)),
        ("\r\nHTTP/1.0 200 OK\nContent-Length: 1\n\nx", (200, "x", false)),
        (
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 \r\nContent-Length: 0\r\n\r\n",
            (404, "", false),
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nOK\r\nA\r\n0123456789\r\n0\r\n",
            (200, "OK0123456789", false),
        ),
    ] {
        for cut in 0..bytes.len() {
            let so_far = read(&bytes.as_bytes()[..cut], 1000, false);
            assert!(matches!(so_far, Read::More(_)), "{bytes:?} cut at {cut}: {so_far:?}");
            match read(&bytes.as_bytes()[..cut], 1000, true) {
                Read::Broken(why) => assert_eq!(why, INCOMPLETE, "{bytes:?} cut at {cut}"),
                Read::Whole(answer) => assert!(answer.cut, "{bytes:?} cut at {cut}"),
                Read::More(_) => panic!("nothing more can come: {bytes:?} cut at {cut}"),
            }
        }
        let Read::Whole(answer) = read(bytes.as_bytes(), 1000, false) else {
            panic!("{bytes:?} is whole");
        };
        assert_eq!(text(&answer), expected, "{bytes:?}");
    }
    let until_the_end = b"HTTP/1.1 200\r\nPing-Body-Limit: 7\r\n\r\nhello";
    let Read::More(Some(answer)) = read(until_the_end, 1000, false) else { panic!("more") };
    assert_eq!(
        (text(&answer), answer.header("ping-body-limit")),
        ((200, "hello", true), Some("7"))
    );
    let Read::Whole(answer) = read(until_the_end, 1000, true) else { panic!("whole") };
    assert_eq!(text(&answer), (200, "hello", false));
}

#[test]
fn what_is_no_answer_is_broken_in_the_librarys_words() {
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: b\r\n".repeat(101));
    let long = format!("HTTP/1.1 200 OK\r\na: {}", "b".repeat(500_000));
    for (bytes, why) in [
        ("OK\n", "invalid HTTP version parsed"),
        ("HTTP/2 200\r\n\r\n", "invalid HTTP version parsed"),
        ("HTTP/1.9 200\r\n\r\n", "invalid HTTP version parsed"),
        ("HTTP/1.1 20\r\n\r\n", "invalid HTTP status-code parsed"),
        ("HTTP/1.1 2000\r\n\r\n", "invalid HTTP status-code parsed"),
        ("HTTP/1.1 200 \x1b[2J\r\n\r\n", "invalid HTTP status-code parsed"),
        ("HTTP/1.1 200\r\nno colon\r\n\r\n", "invalid HTTP header parsed"),
        ("HTTP/1.1 200\r\na: b\0c\r\n\r\n", "invalid HTTP header parsed"),
        ("HTTP/1.1 200\r\ncontent-length: -1\r\n\r\n", "invalid content-length parsed"),
        (
            "HTTP/1.1 200\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
            "invalid content-length parsed",
        ),
        (&many, "message head is too large"),
        (&long, "message head is too large"),
    ] {
        let shown: String = bytes.chars().take(60).collect();
        assert_eq!(read(bytes.as_bytes(), 1000, false), Read::Broken(why), "{shown:?}");
    }
}

#[test]
fn of_a_body_without_an_end_enough_is_read() {
    for head in ["", "Content-Length: 100000\r\n", "Transfer-Encoding: chunked\r\n"] {
        let chunk = if head.starts_with('T') { "fffff\r\n" } else { "" };
        let bytes = format!("HTTP/1.1 200 OK\r\n{head}\r\n{chunk}{}", "x".repeat(5000));
        let Read::Whole(answer) = read(bytes.as_bytes(), 1000, false) else {
            panic!("{head:?} is enough");
        };
        assert!(answer.body.len() >= 1000 && !answer.cut, "{head:?}");
    }
    let framing = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;".to_owned();
    let endless = framing + &"x".repeat(9000);
    assert!(matches!(read(endless.as_bytes(), 1000, false), Read::Whole(answer) if answer.cut));
}
