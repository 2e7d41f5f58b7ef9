//! Requests made to hurt: each is answered below 500 or cut off, none hangs or fattens the receiver, and
//! the next honest ping is taken.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use serde_json::json;

use super::hb::Home;
use super::server::{API_KEY, PING_KEY, Server};

/// What the receiver may hold after everything: far above what it needs, far below what it was sent.
const MEMORY_KB_MAX: u64 = 160 * 1024;

/// As long an answer is waited for before the sender says that nothing more comes: whoever says so at
/// once is taken for gone.
const ANSWER_TIME: Duration = Duration::from_millis(1500);

/// Sends bytes as they are; the status of the answer, if there is one.
fn raw(server: &Server, bytes: &[u8]) -> Option<u16> {
    let mut stream = TcpStream::connect(&server.address).expect("connects");
    // Whoever has heard enough hangs up, which is an answer, too.
    let _ = stream.write_all(bytes);
    let mut answer = vec![0; 4096];
    stream.set_read_timeout(Some(ANSWER_TIME)).expect("set");
    let mut read = stream.read(&mut answer);
    if read.as_ref().is_err_and(|error| error.kind() == ErrorKind::WouldBlock) {
        let _ = stream.shutdown(Shutdown::Write);
        stream.set_read_timeout(Some(Duration::from_secs(40))).expect("set");
        read = stream.read(&mut answer);
    }
    if let Err(error) = &read {
        assert_ne!(error.kind(), ErrorKind::WouldBlock, "it hangs");
    }
    answer.truncate(read.unwrap_or(0));
    let line = String::from_utf8_lossy(&answer);
    line.split(' ').nth(1).and_then(|status| status.parse().ok())
}

fn resident_kb(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).expect("status");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("a line");
    line.split_whitespace().nth(1).and_then(|kb| kb.parse().ok()).expect("a number")
}

fn request(head: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let mut bytes =
        format!("{head}\r\nHost: h\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n")
            .into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// Broken and oversized heads.
fn heads() -> Vec<Vec<u8>> {
    let ping = format!("/ping/{PING_KEY}/job");
    let mut all: Vec<Vec<u8>> = [
        "Content-Length: 99999999999999",
        "Content-Length: -1",
        "Content-Length: 99999999999999999999999999",
        "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /x HTTP/1.1",
        "Transfer-Encoding: chunked\r\n\r\nzz\r\nabc",
        "Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\nabc",
        "Transfer-Encoding: chunked\r\n\r\n5\r\nabc",
        "Transfer-Encoding: gzip, nonsense",
        "Expect: 999-nonsense",
        "Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
        "X-Nul: a\0b",
        "no colon at all",
    ]
    .iter()
    .map(|rest| format!("POST {ping} HTTP/1.1\r\nHost: h\r\n{rest}\r\n\r\n").into_bytes())
    .collect();
    let many = "X-A: b\r\n".repeat(10_000);
    let long = "a".repeat(64 * 1024);
    let huge = "a".repeat(1024 * 1024);
    for head in [
        format!("GET {ping} HTTP/1.1\r\nHost: h\r\n{many}"),
        format!("GET {ping} HTTP/1.1\r\nHost: h\r\nX: {huge}"),
        format!("GET {ping}/{long} HTTP/1.1\r\nHost: h"),
        format!("GET {ping}?rid={long} HTTP/1.1\r\nHost: h"),
        format!("{huge} {ping} HTTP/1.1\r\nHost: h"),
        format!("GET {ping} HTTP/9.9\r\nHost: h"),
        "\0\0\0\0".to_owned(),
        String::new(),
    ] {
        all.push(format!("{head}\r\n\r\n").into_bytes());
    }
    for method in ["TRACE", "CONNECT", "OPTIONS", "PROPFIND", "DELETE", "PATCH", "get", "X"] {
        for path in [&*ping, "/", "/api/hb/v1/monitors", "/healthz", "/metrics", "*", "h:1"] {
            all.push(request(&format!("{method} {path} HTTP/1.1"), b""));
        }
    }
    for path in ["%", "%zz", "%00", "%ff%fe", "..%2f..%2fetc", "%F0%9F%92%A9", "a%0d%0aX: y"] {
        for place in ["/ping/", "/", "/api/hb/v1/monitors/", "/api/v1/checks/", "/badge/", "/p/k/"]
        {
            all.push(request(&format!("GET {place}{path}?rid={path}&state={path} HTTP/1.1"), b""));
        }
    }
    all.push(
        b"GET /ping/\xff\xfe\x80 HTTP/1.1\r\nHost: \xff\r\nUser-Agent: \xff\xfe\r\n\r\n".to_vec(),
    );
    all
}

/// A megabyte of nothing for each kilobyte.
fn bomb() -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    let zeros = vec![0; 1024 * 1024];
    for _ in 0..64 {
        packer.write_all(&zeros).expect("packed");
    }
    packer.finish().expect("packed")
}

/// Bodies that no client means, at every place that reads one.
fn bodies() -> Vec<Vec<u8>> {
    let deep = [b"[".repeat(100_000), b"{\"a\":".repeat(100_000)];
    let odd: Vec<u8> = (0u8..=255).cycle().take(70_000).collect();
    let (bomb, huge) = (bomb(), vec![b'x'; 3 * 1024 * 1024]);
    let mut all = Vec::new();
    for path in [
        format!("/ping/{PING_KEY}/job"),
        format!("/ping/{PING_KEY}/job/fail"),
        format!("/hb/{PING_KEY}/job/events"),
        "/api/hb/v1/events".to_owned(),
        "/api/hb/v1/monitors".to_owned(),
        "/api/hb/v1/channels".to_owned(),
        "/api/v3/checks/".to_owned(),
        "/api/203069/envelope/".to_owned(),
        "/heartbeat/11111111-2222-4333-8444-555555555555".to_owned(),
        "/v2/enqueue".to_owned(),
        "/metrics/job/job".to_owned(),
        "/loki/api/v1/push".to_owned(),
    ] {
        for key in [API_KEY, PING_KEY] {
            for (encoding, body) in [
                ("identity", &deep[0]),
                ("identity", &deep[1]),
                ("identity", &odd),
                ("identity", &huge),
                ("gzip", &bomb),
                ("br", &odd),
                ("deflate", &odd),
            ] {
                let head = format!(
                    "POST {path} HTTP/1.1\r\nAuthorization: Bearer {key}\r\n\
                     Content-Type: application/json\r\nContent-Encoding: {encoding}"
                );
                all.push(request(&head, body));
            }
        }
    }
    all
}

#[test]
fn nothing_that_a_stranger_sends_breaks_the_receiver() {
    let home = Home::new();
    let server = Server::start(&home);
    server.monitor(json!({ "slug": "job", "schedule": "every 1h" }));
    adopt(&server);
    for bytes in heads().into_iter().chain(bodies()) {
        let status = raw(&server, &bytes);
        let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(200)]);
        assert!(status.is_none_or(|status| status < 500), "{status:?} to {shown}");
    }
    let mut endless = format!(
        "POST /ping/{PING_KEY}/job HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    .into_bytes();
    let chunk = [b"10000\r\n".as_slice(), &[b'x'; 65_536], b"\r\n"].concat();
    endless.extend(chunk.repeat(1100));
    let status = raw(&server, &endless);
    assert!(status.is_none_or(|status| status < 500), "{status:?} to a body without an end");
    assert_eq!(server.get(&format!("/ping/{PING_KEY}/job")).status, 200);
    assert_eq!(server.get("/readyz").status, 200);
    let kb = resident_kb(&server);
    assert!(kb < MEMORY_KB_MAX, "{kb} KiB");
}

/// Lets the shapes that read bodies lead somewhere.
fn adopt(server: &Server) {
    let keys = json!([
        { "dialect": "oneuptime", "key": ["11111111-2222-4333-8444-555555555555"] },
        { "dialect": "pushgateway", "key": ["job"] },
    ]);
    server.monitor(json!({ "slug": "adopted", "schedule": "every 1h", "keys": keys }));
}

#[test]
fn nobody_learns_whether_a_key_was_ever_there() {
    let home = Home::new();
    let server = Server::start(&home);
    let made = server.monitor(json!({ "slug": "gone", "schedule": "every 1h" }));
    let gone = made["id"].as_str().expect("an id").to_owned();
    assert_eq!(server.get(&format!("/ping/{gone}")).status, 200);
    assert_eq!(server.api("DELETE", "/monitors/gone", None).status, 200);
    let never = "00000000-0000-4000-8000-000000000000";
    for shape in ["/ping/ID", "/ping/ID/start", "/ping/ID/3", "/hb/ID", "/ID", "/heartbeat/ID"] {
        let told = |id: &str| {
            let mut answer = server.get(&shape.replace("ID", id));
            answer.headers.retain(|(name, _)| name != "date");
            (answer.status, answer.headers, answer.body)
        };
        assert_eq!(told(&gone), told(never), "{shape}");
        assert_eq!(told(&gone).0, 404, "{shape}");
    }
    let told = |slug: &str| {
        let answer = server.api("GET", &format!("/monitors/{slug}"), None);
        (answer.status, answer.text())
    };
    assert_eq!(told("gone"), told("never"));
}

#[test]
fn what_a_chat_program_looks_at_is_no_run() {
    let home = Home::new();
    let server = Server::start(&home);
    server.monitor(json!({ "slug": "job", "schedule": "every 1h" }));
    let preview = [("User-Agent", "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)")];
    let answer = server.send("GET", &format!("/ping/{PING_KEY}/job/fail"), &preview, b"");
    assert_eq!((answer.status, answer.header("x-hb-accepted")), (200, Some("ignored")));
    let runs = || server.api("GET", "/monitors/job/runs", None).json()["runs"].clone();
    assert_eq!(runs(), json!([]));
    assert_eq!(server.events("job")[0]["notes"], json!(["ignored"]));
    let id = server.events("job")[0]["id"].as_str().expect("an id").to_owned();
    let looked_at = server.api("GET", &format!("/runs/event-{id}"), None).json();
    assert_eq!(looked_at["outcome"], json!(null), "{looked_at:#}");
    assert_eq!(server.get(&format!("/ping/{PING_KEY}/job")).status, 200);
    assert_eq!(runs().as_array().map(Vec::len), Some(1), "{:#}", runs());
}

/// Everything that is answered to these bytes until the connection ends.
fn answers(server: &Server, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(&server.address).expect("connects");
    stream.set_read_timeout(Some(Duration::from_secs(40))).expect("set");
    stream.write_all(bytes).expect("written");
    let mut answers = Vec::new();
    // What it did not read resets the connection, behind the answer.
    let _ = stream.read_to_end(&mut answers);
    String::from_utf8_lossy(&answers).into_owned()
}

#[test]
fn whoever_speaks_broken_http_hears_in_one_line_what_is_wrong() {
    let home = Home::new();
    let server = Server::start(&home);
    let good = "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n";
    let long = format!("X-Long: {}", "x".repeat(16_400));
    let many = "X: y\r\n".repeat(120);
    for (line, header, status, part) in [
        ("POST /healthz", "Content-Length: -2", "400 Bad Request", "its Content-Length"),
        ("POST /healthz", "Content-Length: 1\r\nContent-Length: 2", "400 ", "its Content-Length"),
        ("GET /a path", "A: b", "400 ", "a space in its path"),
        ("GET /healthz", "User-Agent: \u{1b}[31m", "400 ", "a control character in its headers"),
        ("GET /healthz", long.as_str(), "431 ", "at most 16 KiB and 100"),
        ("GET /healthz", many.trim_end(), "431 ", "at most 16 KiB and 100"),
    ] {
        let bad = format!("{line} HTTP/1.1\r\nHost: h\r\n{header}\r\n\r\n");
        for (before, is_after) in [("", false), (good, true)] {
            let heard = answers(&server, format!("{before}{bad}").as_bytes());
            let shown = format!("{line} {header:.40}: {heard}");
            let begin = format!("HTTP/1.1 {status}");
            let (first, last) = heard.split_at(heard.rfind("HTTP/1.1 ").expect(&shown));
            assert_eq!(first.starts_with("HTTP/1.1 200 OK\r\n"), is_after, "{shown}");
            let (head, body) = last.split_once("\r\n\r\n").expect(&shown);
            assert!(head.starts_with(&begin) && body.contains(part), "{shown}");
            assert!(head.contains(&format!("content-length: {}", body.len())), "{shown}");
            assert_eq!(body.lines().count(), 1, "{shown}");
        }
    }
}
