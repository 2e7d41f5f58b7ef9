//! Clients that take all they can get: connections they never read from, conversations without a word,
//! wrong passwords by the dozen. Whoever is honest is served all the same.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use super::hb::{Home, Seen, binary, until};
use super::server::{API_KEY, Answer, PING_KEY, Server, owner, send};

/// Longer than any of the receiver's patience, on a machine that is busy.
const LONG: Duration = Duration::from_secs(120);

/// The same command under limits that a shell sets before it.
fn limited(home: &Home, command: &Command, limits: &str) -> Command {
    let mut shell = home.program("sh");
    shell.arg("-c").arg(format!("{limits}; exec \"$0\" \"$@\"")).arg(binary());
    shell.args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell
}

#[test]
fn who_never_reads_an_answer_does_not_hold_its_connection_for_ever() {
    let home = Home::new();
    let server = Server::start(&home);
    // A follower that hears nothing for as long is no such client.
    let mut follower = TcpStream::connect(&server.address).expect("connects");
    follower.set_read_timeout(Some(LONG)).expect("set");
    write!(
        follower,
        "GET /api/hb/v1/stream HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {API_KEY}\r\n\r\n"
    )
    .expect("written");
    let ask = b"GET /api/hb/v1/openapi.json HTTP/1.1\r\nHost: h\r\n\r\n".repeat(500);
    let mut greedy = TcpStream::connect(&server.address).expect("connects");
    greedy.set_write_timeout(Some(Duration::from_millis(200))).expect("set");
    let since = Instant::now();
    loop {
        assert!(since.elapsed() < LONG, "the connection is held");
        match greedy.write(&ask) {
            Ok(_) => {}
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock) => {}
            // It has been ended from the other side.
            Err(_) => break,
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    server.monitor(json!({ "slug": "job", "schedule": "every 1h" }));
    assert_eq!(server.get(&format!("/ping/{PING_KEY}/job")).status, 200);
    let mut lines = BufReader::new(follower).lines();
    let heard = lines.find(|line| line.as_ref().map_or(true, |line| line.contains("job")));
    assert!(heard.expect("it has not ended").is_ok(), "the follower was cut off");
}

#[test]
fn it_takes_the_descriptors_that_it_may_have() {
    let home = Home::new();
    let server = Server::start_with(&home, |command| {
        *command = limited(&home, command, "ulimit -S -n 100; ulimit -H -n 3000");
    });
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", server.pid())).expect("limits");
    let line = limits.lines().find(|line| line.starts_with("Max open files")).expect("a line");
    let words: Vec<&str> = line.split_whitespace().collect();
    assert_eq!(words[3..5], ["3000", "3000"], "{line}");
}

/// Opens 60 connections in a network of its own, then asks: over the address that has them all, over
/// another one, and over this host's own, which may be a proxy. Who is turned away at once may find the
/// connection closed before the question is written: that must not end the shell, and what it has started
/// must not outlive it.
const CROWD: &str = r#"
    trap '' PIPE
    ip link set lo up
    ip addr add 198.51.100.1/32 dev lo
    ip addr add 198.51.100.2/32 dev lo
    ulimit -S -n 200; ulimit -H -n 200
    "$0" serve --listen 0.0.0.0:0 >served 2>log &
    hb=$!
    trap 'kill $hb; wait $hb' EXIT
    for wait in $(seq 300); do
        port=$(sed -n 's/^.*listening on http:\/\/0.0.0.0:\([0-9]*\)$/\1/p' log)
        test -n "$port" && break
        sleep 0.1
    done
    ask() {
        exec 9<>"/dev/tcp/$1/$port" || return
        printf 'GET /healthz HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n' >&9 2>refused
        head -n 1 <&9 | tr -d '\r' | sed "s/^/$1 /"
        exec 9>&-
    }
    for one in $(seq 20 79); do eval "exec $one<>/dev/tcp/198.51.100.1/$port"; done
    ask 198.51.100.1
    ask 198.51.100.2
    ask 127.0.0.1
"#;

#[test]
fn one_address_does_not_take_all_connections() {
    assert!(nix::unistd::geteuid().is_root(), "run this test as root: it makes a network");
    let home = Home::new();
    let mut unshare = home.program("timeout");
    unshare.args(["60", "unshare", "--net", "bash", "-c", CROWD]).arg(binary());
    let seen = Seen::of(unshare.env("HB_DATA_DIR", home.path("data")));
    let full = "198.51.100.1 HTTP/1.1 503 Service Unavailable\n";
    let rest = "198.51.100.2 HTTP/1.1 200 OK\n127.0.0.1 HTTP/1.1 200 OK\n";
    assert_eq!(seen.stdout, format!("{full}{rest}"), "{seen:?}");
}

#[test]
fn wrong_passwords_do_not_lock_the_right_one_out() {
    let home = Home::new();
    let ask = |address: &str, who: &str| {
        send(address, "GET", "/api/hb/v1/projects", &[("Authorization", who)], b"")
            .expect("an answer")
    };
    let first = Server::start(&home);
    assert_eq!(ask(&first.address, &owner()).status, 200);
    let _ = first.stop();
    // This start knows the password only by what is stored of it.
    let server = Server::start_with(&home, |command| {
        command.env_remove("HB_ADMIN_PASSWORD");
    });
    assert_eq!(ask(&server.address, &owner()).status, 200);
    let (answered, right) = (AtomicUsize::new(0), owner());
    let wrong: Vec<Answer> = std::thread::scope(|scope| {
        let guess = || {
            let answer = ask(&server.address, "Basic YWRtaW46d3Jvbmc=");
            answered.fetch_add(1, Ordering::SeqCst);
            answer
        };
        let guesses: Vec<_> = (0..12).map(|_| scope.spawn(guess)).collect();
        // Some have been turned away, so the others stand in the queue.
        until("one is told to come later", || answered.load(Ordering::SeqCst) > 0);
        assert_eq!(ask(&server.address, &right).status, 200);
        guesses.into_iter().map(|guess| guess.join().expect("no panic")).collect()
    });
    let later: Vec<&Answer> = wrong.iter().filter(|answer| answer.status == 429).collect();
    assert!(later.iter().all(|answer| answer.header("retry-after").is_some()), "{later:?}");
    assert!(wrong.iter().all(|answer| [401, 429].contains(&answer.status)), "{wrong:?}");
    assert!(!later.is_empty(), "all of them stood in the queue: {wrong:?}");
}

/// The next line of a conversation; empty when it is over.
fn line(stream: &mut BufReader<TcpStream>) -> String {
    let mut line = String::new();
    let _ = stream.read_line(&mut line);
    line
}

#[test]
fn silent_conversations_do_not_shut_the_door_for_mails() {
    let home = Home::new();
    let mut server = Server::start_with(&home, |command| {
        command.args(["--smtp", "127.0.0.1:0"]);
    });
    let uuid = server.monitor(json!({ "slug": "job", "schedule": "every 1h" }))["id"].clone();
    let uuid = uuid.as_str().expect("a UUID").to_owned();
    let door =
        server.line("listening on smtp://").split_once("smtp://").expect("a URL").1.to_owned();
    let call = || {
        let stream = TcpStream::connect(&door).expect("connects");
        stream.set_read_timeout(Some(LONG)).expect("set");
        BufReader::new(stream)
    };
    let mut held: Vec<_> = (0..8).map(|_| call()).collect();
    for stream in &mut held {
        assert!(line(stream).starts_with("220 "));
    }
    let mut ninth = call();
    assert!(line(&mut ninth).starts_with("421 4.7.0 "), "more than eight from one address");
    assert_eq!(ninth.read(&mut [0]).unwrap_or(0), 0, "and it is over");
    let mut honest = held.remove(0);
    for (said, expected) in [
        ("HELO h".to_owned(), "250 "),
        ("MAIL FROM:<a@b.example>".to_owned(), "250 "),
        (format!("RCPT TO:<{uuid}@hb.example>"), "250 "),
    ] {
        write!(honest.get_mut(), "{said}\r\n").expect("written");
        let answer = line(&mut honest);
        assert!(answer.starts_with(expected), "{said}: {answer}");
    }
    // One that keeps talking without ever naming a monitor is shown out like one that says nothing.
    let mut talker = held.remove(0);
    let since = Instant::now();
    loop {
        assert!(since.elapsed() < LONG, "it may talk for ever");
        let _ = write!(talker.get_mut(), "NOOP\r\n");
        let answer = line(&mut talker);
        if !answer.starts_with("25") {
            assert!(answer.is_empty() || answer.starts_with("421 4.4.2 "), "{answer}");
            break;
        }
        std::thread::sleep(Duration::from_millis(250));
    }
    for mut stream in held {
        assert!(line(&mut stream).starts_with("421 4.4.2 "));
    }
    write!(honest.get_mut(), "DATA\r\n").expect("written");
    assert!(line(&mut honest).starts_with("354 "), "who has named one is not hurried");
}

#[test]
fn who_dawdles_is_not_waited_for() {
    let home = Home::new();
    let (certificate, key) = super::tls::certify(&home, "one", "IP:127.0.0.1", "2");
    let mut server = Server::start_with(&home, |command| {
        command.arg("--tls-cert").arg(certificate).arg("--tls-key").arg(key);
        command.args(["--listen", "http://127.0.0.1:0"]);
    });
    let secure = server.address.clone();
    let plain = server.line("listening on http://127");
    server.address = plain.split_once("http://").expect("a URL").1.to_owned();
    // A head that never ends, though a byte comes now and then; a body that stops; a silent handshake.
    let head = b"POST /ping/x/y HTTP/1.1\r\nHost: h\r\nX-Slow: ".as_slice();
    let body = format!(
        "POST /ping/{PING_KEY}/job HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\nhalf"
    );
    let cases = [
        (server.address.clone(), head, true),
        (server.address.clone(), body.as_bytes(), false),
        (secure, b"".as_slice(), false),
    ];
    std::thread::scope(|scope| {
        for (address, bytes, drips) in cases {
            scope.spawn(move || {
                let mut stream = TcpStream::connect(&address).expect("connects");
                stream.set_read_timeout(Some(Duration::from_millis(500))).expect("set");
                stream.write_all(bytes).expect("written");
                let since = Instant::now();
                let mut answer = Vec::new();
                loop {
                    let shown = String::from_utf8_lossy(&answer);
                    assert!(since.elapsed() < LONG, "{address} is held: {shown}");
                    let mut piece = [0; 512];
                    match stream.read(&mut piece) {
                        Ok(0) => break,
                        Ok(count) => answer.extend_from_slice(&piece[..count]),
                        Err(error) if error.kind() == ErrorKind::WouldBlock => {
                            if drips && stream.write_all(b"x").is_err() {
                                break;
                            }
                        }
                        Err(_) => break,
                    }
                }
                assert!(since.elapsed() > Duration::from_secs(5), "{address}: no patience at all");
                let status = String::from_utf8_lossy(&answer);
                assert!(answer.is_empty() || status.starts_with("HTTP/1.1 408 "), "{status}");
            });
        }
    });
    assert_eq!(server.get(&format!("/ping/{PING_KEY}/job?create=1")).status, 201);
}
