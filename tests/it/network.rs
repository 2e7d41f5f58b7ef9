//! `hb serve` as it stands on a network: TLS, proxies, a path in front, sockets of every kind.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::Path;

use serde_json::json;

use super::hb::{Home, Seen, until};
use super::server::{API_KEY, PING_KEY, Server, send};
use super::tls::certify;

/// A receiver with more options.
fn start(home: &Home, options: &[&str]) -> Server {
    Server::start_with(home, |command| {
        command.args(options);
    })
}

/// A receiver that is expected not to start; one that does is ended, and that is no answer.
fn refused(home: &Home, options: &[&str]) -> Seen {
    let words = [&["30", "hb", "serve"][..], options].concat();
    Seen::of(home.program("timeout").args(words))
}

/// Who is shown at this address.
fn subject(home: &Home, address: &str) -> String {
    let script = format!(
        "openssl s_client -connect {address} </dev/null 2>/dev/null | openssl x509 -noout -subject"
    );
    Seen::of(home.program("sh").args(["-c", &script])).stdout.replace(' ', "")
}

fn signal(server: &Server, unix_signal: nix::sys::signal::Signal) {
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(server.pid()), unix_signal).expect("alive");
}

/// The newest ping as Healthchecks lists it.
fn last_ping(server: &Server, uuid: &str) -> serde_json::Value {
    let path = format!("/api/v3/checks/{uuid}/pings/");
    let answer = server.send("GET", &path, &[("X-Api-Key", API_KEY)], b"");
    answer.json()["pings"][0].clone()
}

#[test]
fn tls_is_spoken_and_its_certificate_renewed_while_it_runs() {
    let home = Home::new();
    certify(&home, "first", "IP:127.0.0.1", "2");
    certify(&home, "second", "IP:127.0.0.1", "2");
    let put = |from: &str, to: &str| {
        std::fs::copy(home.path(from), home.path(to)).expect("copied");
    };
    put("first.pem", "live.pem");
    put("first.key", "live.key");
    let live = home.path("live.pem").display().to_string();
    let key = home.path("live.key").display().to_string();
    let plain = ["--listen", "http://127.0.0.1:0"];
    let options = [&["--tls-cert", &live, "--tls-key", &key][..], &plain].concat();
    let mut server = start(&home, &options);
    let address = server.address.clone();
    assert!(server.line("listening on https://").ends_with(&address));
    let plain =
        server.line("listening on http://127").split_once("http://").expect("a URL").1.to_owned();

    let url = format!("https://{address}/hb/{PING_KEY}/nightly");
    let ping = |flags: &[&str]| {
        Seen::of(&mut home.hb(&[&["ping", "nightly", "--to", &url][..], flags].concat()))
    };
    let made = send(&plain, "GET", &format!("/ping/{PING_KEY}/nightly?create=1"), &[], b"");
    assert_eq!(made.expect("an answer").status, 201);
    server.address = plain;
    assert_eq!(
        last_ping(&server, server.look("nightly")["id"].as_str().expect("a UUID"))["scheme"],
        "http"
    );
    let seen = ping(&["--ca-file", "ca.pem"]);
    assert_eq!((seen.status, &*seen.stderr), (0, ""));
    let uuid = server.look("nightly")["id"].as_str().expect("a UUID").to_owned();
    assert_eq!(last_ping(&server, &uuid)["scheme"], "https");
    assert_ne!(ping(&[]).status, 0, "nobody trusts a private authority unasked");
    let answer = send(&address, "GET", "/healthz", &[], b"").expect("an answer");
    assert_eq!((answer.status, answer.text().contains("write https://")), (400, true));

    assert!(subject(&home, &address).contains("CN=first"));
    put("second.pem", "live.pem");
    put("second.key", "live.key");
    signal(&server, nix::sys::signal::SIGHUP);
    server.line("the TLS certificate was read again");
    assert!(subject(&home, &address).contains("CN=second"));
    // A certificate without its key is kept out, and told.
    put("first.pem", "live.pem");
    signal(&server, nix::sys::signal::SIGHUP);
    assert!(server.line("the old one is shown on").contains("is not that of the certificate"));
    assert!(subject(&home, &address).contains("CN=second"));
    assert_eq!(ping(&["--ca-file", "ca.pem"]).status, 0);

    // Whoever greets and says nothing more keeps nobody from stopping.
    let mut mute = TcpStream::connect(&address).expect("connected");
    mute.write_all(&[0x16, 3, 1]).expect("written");
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn what_cannot_be_settled_is_no_reason_to_listen() {
    let home = Home::new();
    certify(&home, "one", "IP:127.0.0.1", "2");
    certify(&home, "two", "IP:127.0.0.1", "2");
    home.write("empty.pem", "");
    home.write("broken.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n");
    home.write("tls.toml", "trust_proxy = \"10.1.2.3/8\"\n[tls]\ncrt = \"x\"\n");
    let data = home.path("data").display().to_string();
    for (options, status, part) in [
        (&["--tls-cert", "one.pem"][..], 64, "add `--tls-key FILE`"),
        (&["--tls-key", "one.key"], 64, "add `--tls-cert FILE`"),
        (&["--tls-cert", "one.pem", "--tls-key", "two.key"], 1, "is not that of the certificate"),
        (&["--tls-cert", "none.pem", "--tls-key", "one.key"], 1, "cannot read the certificate"),
        (&["--tls-cert", "empty.pem", "--tls-key", "one.key"], 1, "holds no certificate"),
        (&["--tls-cert", "broken.pem", "--tls-key", "one.key"], 1, "is not whole"),
        (&["--tls-cert", "one.pem", "--tls-key", "one.pem"], 1, "holds no private key"),
        (&["--listen", "https://127.0.0.1:0"], 1, "https needs `--tls-cert`"),
        (&["--trust-proxy", "10.0.0.0/8,10.1.2.3/8"], 64, "bits behind its mask"),
        (&["--trust-proxy", "proxy.example"], 64, "no address and no network"),
        (&["--config", "tls.toml"], 78, "did you mean `cert`?"),
        (&["--config", "tls.toml"], 78, "bad network for `trust_proxy`"),
    ] {
        let words = [&["--listen", "127.0.0.1:0", "--data", &data][..], options].concat();
        let seen = refused(&home, &words);
        assert_eq!(seen.status, status, "{options:?}: {}", seen.stderr);
        assert!(seen.stderr.contains(part), "{options:?}: {}", seen.stderr);
        assert!(!seen.stderr.contains("listening"), "{options:?}: {}", seen.stderr);
    }
}

#[test]
fn a_proxy_that_is_named_is_believed_from_the_right() {
    let home = Home::new();
    let check = |server: &Server, headers: &[(&str, &str)], client: &str, scheme: &str| {
        let slug = format!("/ping/{PING_KEY}/m?create=1");
        assert!(server.send("GET", &slug, headers, b"").status < 300);
        let uuid = server.look("m")["id"].as_str().expect("a UUID").to_owned();
        let ping = last_ping(server, &uuid);
        assert_eq!((&ping["remote_addr"], &ping["scheme"]), (&json!(client), &json!(scheme)));
    };
    let list = ("X-Forwarded-For", "6.6.6.6, 1.1.1.1, 10.0.0.7");
    let server = start(&home, &["--trust-proxy", "10.0.0.0/8,fd00::/8"]);
    check(&server, &[list], "1.1.1.1", "http");
    check(
        &server,
        &[("X-Forwarded-For", "6.6.6.6"), ("X-Forwarded-For", "1.1.1.1")],
        "1.1.1.1",
        "http",
    );
    check(
        &server,
        &[("Forwarded", "for=6.6.6.6, for=\"[2001:db8::1]:9\";proto=https")],
        "2001:db8::1",
        "https",
    );
    check(&server, &[list, ("X-Forwarded-Proto", "https")], "1.1.1.1", "https");
    check(&server, &[("X-Forwarded-For", "'; drop table")], "127.0.0.1", "http");
    assert_eq!(server.stop(), Some(0));
    // Nobody is named: this host's own proxy, as Healthchecks reads it.
    check(&Server::start(&home), &[list], "6.6.6.6", "http");
}

#[test]
fn a_public_url_that_ends_no_path_is_refused() {
    let home = Home::new();
    for (url, part) in [
        ("https://dana:hunter2@example.org", "has a user in it"),
        ("https://example.org/?a=b", "goes on behind its path"),
        ("https://example.org/hb#top", "goes on behind its path"),
        ("https:///hb", "is no URL"),
    ] {
        let seen = refused(&home, &["--public-url", url]);
        assert_eq!((seen.status, &*seen.stdout), (64, ""), "{seen:?}");
        assert!(seen.stderr.contains(part) && !seen.stderr.contains("hunter2"), "{seen:?}");
        assert!(seen.stderr.ends_with("\nhint: write it as https://hb.example.org\n"), "{seen:?}");
    }
}

#[test]
fn a_key_that_clients_of_healthchecks_cannot_use_is_named() {
    let home = Home::new();
    let mut server = Server::start_with(&home, |command| {
        command.env("HB_API_KEY", "a-key-of-22-letters-xx");
    });
    let line = server.line("a key that");
    assert!(line.contains("there it has 32 letters") && line.contains("HB_API_KEY"), "{line}");
    assert!(!line.contains("READONLY") && !line.contains("a-key-of"), "{line}");
}

#[test]
fn a_path_in_front_is_as_good_as_none() {
    let home = Home::new();
    let server = start(&home, &["--public-url", "https://example.org/hb/"]);
    let made = server.send(
        "POST",
        "/hb/api/hb/v1/monitors",
        &[("Authorization", &format!("Bearer {API_KEY}")), ("Content-Type", "application/json")],
        b"{\"slug\": \"m\"}",
    );
    assert_eq!(made.status, 201, "{}", made.text());
    let uuid = made.json()["id"].as_str().expect("a UUID").to_owned();
    assert_eq!(made.json()["ping_url"], format!("https://example.org/hb/hb/{uuid}"));
    for path in [
        format!("/hb/hb/{uuid}"),
        format!("/hb/{uuid}"),
        format!("/hb/hb/{PING_KEY}/m"),
        format!("/hb/{PING_KEY}/m/start?rid=7c8f0a5e-1f2b-4c3d-8e9f-0a1b2c3d4e5f"),
        format!("/hb/ping/{uuid}"),
        format!("/hb/{uuid}/fail"),
        format!("/ping/{PING_KEY}/m"),
        "/hb/healthz".to_owned(),
        "/hb/readyz".to_owned(),
        "/healthz".to_owned(),
    ] {
        assert_eq!(server.get(&path).status, 200, "{path}");
    }
    let dialects: Vec<_> =
        server.events("m").iter().map(|event| event["dialect"].clone()).collect();
    assert_eq!(dialects.len(), 7);
    assert_eq!(
        dialects.iter().filter(|dialect| **dialect == json!("hb")).count(),
        5,
        "{dialects:?}"
    );
    assert_eq!(server.get(&format!("/hbx/ping/{uuid}")).status, 404);
}

fn through(path: &Path, target: &str) -> String {
    let mut stream = UnixStream::connect(path).expect("connected");
    let request = format!("GET {target} HTTP/1.1\r\nHost: hb\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("written");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

#[test]
fn it_listens_at_several_places_of_every_kind() {
    let home = Home::new();
    let socket = home.path("hb.sock");
    let unix = format!("unix:{}", socket.display());
    let mut server = start(&home, &["--listen", &unix, "--listen", "[::]:0"]);
    let mode = std::fs::metadata(&socket).expect("a socket").permissions().mode();
    assert_eq!(mode & 0o777, 0o660);
    assert!(through(&socket, "/healthz").starts_with("HTTP/1.1 200"));
    let line = server.line("listening on http://[::]:");
    let port = line.rsplit_once(':').expect("a port").1.to_owned();
    let made = format!("/ping/{PING_KEY}/m?create=1");
    for (host, client) in [("[::1]", "::1"), ("127.0.0.1", "127.0.0.1")] {
        let answer = send(&format!("{host}:{port}"), "GET", &made, &[], b"").expect("an answer");
        assert!(answer.status < 300, "{host}");
        let uuid = server.look("m")["id"].as_str().expect("a UUID").to_owned();
        assert_eq!(last_ping(&server, &uuid)["remote_addr"], client);
    }
    // A second one does not take what the first one has.
    let other = home.path("other").display().to_string();
    let seen = refused(&home, &["--listen", &unix, "--data", &other]);
    assert_eq!(seen.status, 1, "{}", seen.stderr);
    assert!(through(&socket, "/healthz").starts_with("HTTP/1.1 200"));
    // What a killed one leaves is replaced, and taken away at the end.
    server.kill();
    assert!(socket.exists());
    let server = start(&home, &["--listen", &unix]);
    until("the socket is served again", || UnixStream::connect(&socket).is_ok());
    assert!(through(&socket, "/healthz").starts_with("HTTP/1.1 200"));
    assert_eq!(server.stop(), Some(0));
    assert!(!socket.exists());
    // A file that is no socket is nobody's to take away.
    std::fs::write(&socket, "precious").expect("written");
    let data = home.path("data").display().to_string();
    let seen = refused(&home, &["--listen", &unix, "--data", &data]);
    assert_eq!(seen.status, 1, "{}", seen.stderr);
    assert_eq!(std::fs::read_to_string(&socket).expect("it is there"), "precious");
}
