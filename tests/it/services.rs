//! Services that do not speak HTTP, or answer with more than a status, through the whole of `hb ping`.

use std::io::{Read, Write};
use std::net::{TcpListener, UdpSocket};
use std::time::Duration;

use crate::hb::{Home, Seen, check};
use crate::receiver::{FakeReceiver, Step, status};

/// What a person reads who pings a service that confirms nothing.
fn unconfirmed(name: &str) -> String {
    format!(
        "hb: warning: sent to `{name}`, not confirmed: its answer is the same for a wrong key\n"
    )
}

fn answer(body: &str) -> Step {
    let head =
        format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    Step::Raw(format!("{head}{body}").into_bytes())
}

#[test]
fn lines_go_out_as_one_datagram() {
    for (dialect, expected) in [
        ("statsd", "hb.nightly.failure:1|c\nhb.nightly.exit_code:3|g"),
        ("dogstatsd", "_sc|hb.job|2|d:"),
    ] {
        let (home, socket) = (Home::new(), UdpSocket::bind("127.0.0.1:0").expect("a port"));
        socket.set_read_timeout(Some(Duration::from_secs(10))).expect("a timeout");
        let address = format!("{dialect}://{}", socket.local_addr().expect("bound"));
        home.config(&format!("[targets.metrics]\nurl = \"{address}\"\n"));
        let seen =
            Seen::of(&mut home.hb(&["ping", "nightly", "3", "--to", "metrics", "-m", "a|b"]));
        assert_eq!((seen.status, seen.stderr), (0, unconfirmed("metrics")));
        let mut bytes = [0; 2000];
        let length = socket.recv(&mut bytes).expect("a datagram");
        let text = String::from_utf8_lossy(&bytes[..length]).into_owned();
        assert!(text.starts_with(expected), "{text}");
        assert!(!text.contains("a|b"), "{text}");
    }
}

#[test]
fn a_zabbix_trapper_is_asked_and_believed() {
    for (failed, code) in [(0, 0), (1, 1)] {
        let (home, listener) = (Home::new(), TcpListener::bind("127.0.0.1:0").expect("a port"));
        let address = format!("zabbix://{}", listener.local_addr().expect("bound"));
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a client");
            let mut header = [0; 13];
            stream.read_exact(&mut header).expect("a header");
            let length = u32::from_le_bytes(header[5..9].try_into().expect("four")) as usize;
            let mut content = vec![0; length];
            stream.read_exact(&mut content).expect("the content");
            let info = format!(
                "{{\"response\":\"success\",\"info\":\"processed: 1; failed: {failed}; total: 1\"}}"
            );
            let mut frame = b"ZBXD\x01".to_vec();
            frame.extend_from_slice(&(info.len() as u32).to_le_bytes());
            frame.extend_from_slice(&[0; 4]);
            frame.extend_from_slice(info.as_bytes());
            stream.write_all(&frame).expect("answered");
            (header, serde_json::from_slice::<serde_json::Value>(&content).expect("JSON"))
        });
        home.config(&format!("[targets.z]\nurl = \"{address}\"\nwith = {{ host = \"db1\" }}\n"));
        let seen = Seen::of(&mut home.hb(&["ping", "nightly", "--to", "z"]));
        let (header, content) = server.join().expect("served");
        assert_eq!(&header[..5], b"ZBXD\x01");
        assert_eq!(content["request"], "sender data");
        let item = &content["data"][0];
        assert_eq!(
            (&item["host"], &item["key"], &item["value"]),
            (&"db1".into(), &"hb.nightly.status".into(), &"0".into())
        );
        assert_eq!(
            (seen.status, seen.stderr.contains("refused the ping")),
            (code, code == 1),
            "{}",
            seen.stderr
        );
    }
}

#[test]
fn an_nsca_packet_is_made_for_what_the_server_said() {
    let (home, listener) = (Home::new(), TcpListener::bind("127.0.0.1:0").expect("a port"));
    let address = format!("nsca://{}", listener.local_addr().expect("bound"));
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        let greeting: Vec<u8> = (0..132).collect();
        stream.write_all(&greeting).expect("greeted");
        let mut packet = Vec::new();
        stream.read_to_end(&mut packet).expect("a packet");
        for (at, byte) in packet.iter_mut().enumerate() {
            *byte ^= greeting[at % 128] ^ b"pw"[at % 2];
        }
        packet
    });
    home.config(&format!(
        "[targets.nagios]\nurl = \"{address}\"\nkey = \"pw\"\nwith = {{ encryption = 1, host = \"web1\" }}\n"
    ));
    let words = ["ping", "nightly", "warning", "--to", "nagios", "-m", "two files;\nskipped"];
    let seen = Seen::of(&mut home.hb(&words));
    assert_eq!((seen.status, seen.stderr), (0, unconfirmed("nagios")));
    let packet = server.join().expect("served");
    assert_eq!(
        (packet.len(), &packet[..2], &packet[8..14]),
        (4304, &[0, 3][..], &[128, 129, 130, 131, 0, 1][..])
    );
    let text = |from: usize, bytes: &[u8]| packet[from..from + bytes.len()] == *bytes;
    assert!(text(14, b"web1\0") && text(78, b"nightly\0") && text(206, b"two files; skipped\0"));
}

#[test]
fn nobody_there_is_told_and_kept() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("bound");
    drop(listener);
    for scheme in ["zabbix", "nsca"] {
        let home = Home::new();
        let url = format!("{scheme}://{address}");
        let seen =
            Seen::of(&mut home.hb(&["ping", "nightly", "--to", &url, "--report-timeout", "1s"]));
        assert_eq!(seen.status, 75, "{}", seen.stderr);
        assert!(seen.stderr.contains("Connection refused"), "{}", seen.stderr);
    }
}

#[test]
fn a_sentry_envelope_goes_out_whole() {
    let (home, receiver) = (Home::new(), FakeReceiver::new(&[Step::Ok]));
    let url = format!("http://5f80ec@{}/42", receiver.host());
    home.config(&format!("[targets.s]\nurl = \"{url}\"\ndialect = \"sentry_envelope\"\n"));
    let seen = Seen::of(&mut home.hb(&["ping", "Nightly.DB", "--to", "s"]));
    assert_eq!((seen.status, seen.stderr), (0, unconfirmed("s")));
    let request = receiver.only();
    assert_eq!((request.method.as_str(), request.target.as_str()), ("POST", "/api/42/envelope/"));
    assert!(request.header("x-sentry-auth").is_some_and(|auth| auth.contains("sentry_key=5f80ec")));
    assert_eq!(request.header("authorization"), None);
    let text = request.text();
    let lines: Vec<&str> = text.lines().collect();
    let item: serde_json::Value = serde_json::from_str(lines[1]).expect("JSON");
    assert_eq!(item["length"], lines[2].len());
    assert!(lines[2].contains("\"monitor_slug\":\"nightly-db\""), "{text}");
}

#[test]
fn the_words_of_an_answer_decide_where_a_service_says_so() {
    let down = r#"{"ok":false,"msg":"Monitor not found or not active."}"#;
    for (step, code, expected) in [
        (answer(r#"{"ok":true}"#), 0, ""),
        (
            answer("<!DOCTYPE html>"),
            1,
            "refused the ping: the server answered 200, but not that it took the event",
        ),
        (answer(down), 1, "refused the ping"),
        (status(404), 75, "the server answered 404"),
    ] {
        let (home, receiver) = (Home::new(), FakeReceiver::always(&step));
        let url = receiver.url("/api/push/abcd1234?status=up&msg=OK&ping=");
        let seen = Seen::of(&mut home.hb(&["ping", &url, "--report-timeout", "300ms"]));
        assert_eq!(seen.status, code, "{}", seen.stderr);
        assert!(seen.stderr.contains(expected), "{}", seen.stderr);
    }
}

#[test]
fn what_was_sent_and_not_confirmed_is_remembered_as_that() {
    let (home, receiver) = (Home::new(), FakeReceiver::always(&Step::Ok));
    let url = receiver.url("/heartbeat/11111111-2222-4333-8444-555555555555");
    home.config(&format!("[targets.one]\nurl = \"{url}\"\n[defaults]\nto = [\"one\"]\n"));
    let seen = Seen::of(&mut home.hb(&["run", "m", "--", "true"]));
    assert_eq!((seen.status, &*seen.stderr), (0, ""));
    assert!(
        home.last_run()["deliveries"].to_string().contains("\"unconfirmed\""),
        "{}",
        home.last_run()
    );
    let seen = Seen::of(&mut home.hb(&["log"]));
    assert!(seen.stdout.contains("(sent, not confirmed)"), "{}", seen.stdout);
}

#[test]
fn a_run_of_a_moment_is_told_without_a_start_that_nobody_heard() {
    let (home, receiver) = (Home::new(), FakeReceiver::always(&Step::Ok));
    let config = format!(
        "[targets.b]\nurl = \"http://{}/start/code\"\ndialect = \"cronbro\"\n",
        receiver.host()
    );
    home.config(&config);
    let seen = Seen::of(&mut home.hb(&["run", "m", "--to", "b", "--", "true"]));
    assert_eq!((seen.status, &*seen.stderr), (0, ""));
    let paths: Vec<String> =
        receiver.requests().iter().map(|request| request.path().to_owned()).collect();
    let whole = ["/start/code".to_owned(), "/finish/code".to_owned()];
    assert!(paths == ["/ping/code"] || paths == whole, "{paths:?}");
}

#[test]
fn a_dialect_of_ones_own_is_spoken() {
    let (home, receiver) = (Home::new(), FakeReceiver::new(&[Step::Ok]));
    home.config(&format!(
        "[dialects.mine]\nurl = \"{{base}}/jobs/{{monitor}}\"\nheaders = {{ X-Key = \"{{with.token}}\" }}\n\
         key = \"token\"\nparameters.token = {{ needed = true }}\n\
         on.failure = {{ method = \"PUT\", json = {{ code = \"{{exit_code}}\", why = \"{{message}}\" }} }}\n\
         [targets.m]\nurl = \"http://{}/api\"\ndialect = \"mine\"\nkey = \"s3cret\"\n",
        receiver.host()
    ));
    let seen = Seen::of(&mut home.hb(&["ping", "nightly", "3", "--to", "m"]));
    assert_eq!((seen.status, &*seen.stderr), (0, ""));
    let request = receiver.only();
    assert_eq!((request.method.as_str(), request.target.as_str()), ("PUT", "/api/jobs/nightly"));
    assert_eq!((request.header("x-key"), &*request.text()), (Some("s3cret"), "{\"code\":3}"));
}

#[test]
fn what_a_target_lacks_is_said_with_its_line_and_the_job_runs() {
    for (config, expected) in [
        (
            "[targets.t]\nurl = \"https://api.rootly.com/v1/heartbeats/x/ping\"\n",
            "line 1: target `t` lacks `token`, which rootly needs; write `with.token = \"…\"`, or `key`",
        ),
        (
            "[targets.t]\nurl = \"https://ntfy.sh/x\"\n[targets.t.with]\ntokn = \"x\"\n",
            "line 4: unknown key `tokn` in `with`; did you mean `token`?",
        ),
        (
            "[targets.t]\nurl = \"https://h.example/x\"\ndialect = \"gatsu\"\n",
            "line 3: unknown `gatsu` in `dialect`; did you mean `gatus`?",
        ),
        (
            "[dialects.own]\non.success = { url = \"{base}/{mesage}\" }\n",
            "line 2: there is no variable `mesage`; did you mean `message`?",
        ),
        (
            "[dialects.own]\non.success = { txt = \"x\" }\n",
            "line 2: unknown key `txt` in a dialect; did you mean `text`?",
        ),
        (
            "[dialects.gatus]\non.success = {}\n",
            "line 1: there is a dialect `gatus` already; give it another name",
        ),
        (
            "[targets.t]\nurl = \"https://nosnch.in/x\"\nkey = \"y\"\n",
            "line 1: target `t` has a `key`, and deadmanssnitch takes none; its key stands in its address",
        ),
        (
            "[targets.t]\nurl = \"udp://127.0.0.1:8125\"\n",
            "line 1: target `t`: its address does not say what is spoken there; add `dialect`, as in `dialect = \"statsd\"`",
        ),
    ] {
        let home = Home::new();
        home.config(config);
        let seen = Seen::of(&mut home.hb(&["run", "m", "--", "echo", "ran"]));
        assert_eq!((seen.status, &*seen.stdout), (0, "ran\n"));
        assert!(seen.stderr.contains(expected), "{config}\n{}", seen.stderr);
    }
}

#[test]
fn a_dsn_without_a_name_says_what_to_write() {
    let home = Home::new();
    let dsn = "https://5f80ec@o301.ingest.sentry.io/203069";
    let seen = Seen::of(&mut home.hb(&["ping", dsn, "--dry-run"]));
    assert!(
        seen.stderr.contains("name the monitor and write `--to DSN`, or set `slug`"),
        "{}",
        seen.stderr
    );
    let seen = Seen::of(&mut home.hb(&["ping", "nightly", "--to", dsn, "--dry-run"]));
    assert!(seen.stdout.contains("/api/203069/cron/nightly/5f80ec/?status=ok"), "{}", seen.stdout);
}

#[test]
fn the_key_of_the_environment_travels_only_where_it_is_meant_to() {
    let home = Home::new();
    let dry = |words: &[&str]| {
        let words = [&["ping", "nightly", "fail", "--dry-run"], words].concat();
        Seen::of(home.hb(&words).env("HB_KEY", "ping-key-of-home"))
    };
    let seen = dry(&["--to", "https://ntfy.sh/topic"]);
    assert_eq!((seen.status, &*seen.stderr), (0, ""));
    assert!(!seen.stdout.contains("ping-key-of-home"), "{}", seen.stdout);
    let seen = dry(&["--to", "https://ntfy.sh/topic", "--dialect", "ntfy"]);
    assert!(seen.stdout.contains("Bearer ping-key-of-home"), "{}", seen.stdout);
    let seen = dry(&["--to", "https://hb.example.org"]);
    assert!(
        seen.stdout.contains("https://hb.example.org/ping/ping-key-of-home/nightly/fail"),
        "{}",
        seen.stdout
    );
}

#[test]
fn a_dialect_that_there_is_not_keeps_no_job_from_running() {
    let home = Home::new();
    home.config("[dialects.own]\non.succes = {}\n");
    let url = "http://127.0.0.1:1/x";
    let line = "there is no dialect `gatsu`, did you mean `gatus`?";
    let words =
        |dialect, job| ["run", "--dialect", dialect, "--to", url, "m", "--", "sh", "-c", job];
    let told = format!("hb: warning: `http://127.0.0.1:1/****`: {line}\n");
    check(&mut Home::new().hb(&words("gatsu", "exit 7")), 7, "", &told);
    let seen = Seen::of(&mut home.hb(&words("own", "exit 7")));
    assert_eq!(seen.status, 7);
    assert!(seen.stderr.contains("unknown key `succes` in a dialect"), "{seen:?}");
    // With no target at all it is said, too.
    let seen = Seen::of(&mut Home::new().hb(&["run", "--dialect", "gatsu", "m", "--", "true"]));
    assert_eq!((seen.status, &*seen.stderr), (0, &*format!("hb: warning: {line}\n")));
    let strict = ["run", "--strict", "--dialect", "gatsu", "--to", url, "m", "--", "true"];
    assert_eq!(Seen::of(&mut Home::new().hb(&strict)).status, 78);
}
