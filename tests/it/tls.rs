//! Ways to a receiver: TLS with good and bad certificates, sockets, proxies, headers, redirects.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};

use crate::hb::{Home, Seen, check};
use crate::receiver::{FakeReceiver, Step, UUID, status, with_header};
use crate::server::Server;

/// Makes a key and a certificate with `openssl`, signed by the home's own authority.
pub(crate) fn certify(
    home: &Home,
    name: &str,
    alternative: &str,
    days: &str,
) -> (PathBuf, PathBuf) {
    let file = |end: &str| home.path(format!("{name}.{end}"));
    let curve = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
    let extensions = home.write(&format!("{name}.ext"), &format!("subjectAltName={alternative}\n"));
    let request = format!(
        "openssl req {curve} -keyout {} -out {} -subj /CN={name}",
        file("key").display(),
        file("csr").display(),
    );
    let sign = format!(
        "openssl x509 -req -in {} -CA ca.pem -CAkey ca.key -set_serial 7 -days {days} \
         -extfile {} -out {}",
        file("csr").display(),
        extensions.display(),
        file("pem").display(),
    );
    let authority = format!(
        "test -e ca.pem || openssl req -x509 {curve} -keyout ca.key -out ca.pem -subj /CN=ca -days 2"
    );
    let script = format!("{{ {authority}; }} && {request} && {sign}");
    let seen = Seen::of(home.program("sh").args(["-c", &script]));
    assert_eq!(seen.status, 0, "{}", seen.stderr);
    (file("pem"), file("key"))
}

pub(crate) fn server(
    home: &Home,
    (certificate, key): &(PathBuf, PathBuf),
    clients: bool,
) -> Arc<ServerConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .expect("protocols");
    let builder = if clients {
        let mut roots = RootCertStore::empty();
        let authority = CertificateDer::from_pem_file(home.path("ca.pem")).expect("a CA");
        roots.add(authority).expect("a root");
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
        builder.with_client_cert_verifier(verifier.build().expect("a verifier"))
    } else {
        builder.with_no_client_auth()
    };
    let chain = vec![CertificateDer::from_pem_file(certificate).expect("a certificate")];
    let key = PrivateKeyDer::from_pem_file(key).expect("a key");
    Arc::new(builder.with_single_cert(chain, key).expect("a pair"))
}

fn ping(home: &Home, receiver: &FakeReceiver, flags: &[&str]) -> Seen {
    let url = receiver.ping_url();
    let words = ["run", "--to", &url, "--report-timeout", "1s"];
    Seen::of(&mut home.hb(&[&words[..], flags, &["m", "--", "true"]].concat()))
}

#[test]
fn a_private_authority_is_trusted_where_it_is_named() {
    let home = Home::new();
    let pair = certify(&home, "good", "IP:127.0.0.1", "2");
    let receiver = FakeReceiver::tls(&[Step::Ok], server(&home, &pair, false));
    let seen = ping(&home, &receiver, &["--ca-file", "ca.pem"]);
    assert_eq!((seen.status, &*seen.stderr), (0, ""));
    assert_eq!(receiver.only().word(), "");
}

#[test]
fn a_certificate_that_proves_nothing_means_kept_and_never_sent() {
    let home = Home::new();
    let good = certify(&home, "good", "IP:127.0.0.1", "2");
    let expired = certify(&home, "expired", "IP:127.0.0.1", "-1");
    let other = certify(&home, "other", "DNS:other.example", "2");
    let ca: &[&str] = &["--ca-file", "ca.pem"];
    for (pair, flags, why) in [
        (&good, &[][..], "signed by nobody this host trusts"),
        (&expired, ca, "has expired"),
        (&other, ca, "is for another host"),
        (&good, &["--ca-file", "/nowhere.pem"], "cannot read certificates from `/nowhere.pem`"),
        (&good, &["--ca-file", "/dev/null"], "`/dev/null` holds no usable certificate"),
    ] {
        let receiver = FakeReceiver::tls(&[Step::Ok], server(&home, pair, false));
        let seen = ping(&home, &receiver, flags);
        assert_eq!((seen.status, seen.stdout.as_str()), (0, ""));
        assert!(seen.stderr.contains(why), "{why}: {}", seen.stderr);
        assert!(seen.stderr.ends_with("; it is kept and sent later\n"), "{}", seen.stderr);
        assert_eq!(receiver.requests().len(), 0);
    }
}

#[test]
fn a_client_certificate_is_shown() {
    let home = Home::new();
    let pair = certify(&home, "good", "IP:127.0.0.1", "2");
    certify(&home, "client", "DNS:client", "2");
    let flags =
        ["--ca-file", "ca.pem", "--client-cert", "client.pem", "--client-key", "client.key"];
    let receiver = FakeReceiver::tls(&[Step::Ok], server(&home, &pair, true));
    let seen = ping(&home, &receiver, &flags[..2]);
    assert!(seen.stderr.ends_with("; it is kept and sent later\n"), "{}", seen.stderr);
    assert_eq!(receiver.requests().len(), 0);
    let seen = ping(&Home::new(), &receiver, &[]);
    assert!(seen.stderr.contains("signed by nobody this host trusts"), "{}", seen.stderr);
    let fresh = Home::new();
    for name in ["ca.pem", "client.pem", "client.key"] {
        std::fs::copy(home.path(name), fresh.path(name)).expect("copied");
    }
    let seen = ping(&fresh, &receiver, &flags);
    assert_eq!((seen.status, &*seen.stderr), (0, ""));
    assert_eq!(receiver.only().word(), "");
    // As curl has it: one file with both.
    let seen = ping(&fresh, &receiver, &flags[..4]);
    assert!(seen.stderr.contains("`client.pem` holds no private key"), "{}", seen.stderr);
    let both = ["client.pem", "client.key"]
        .map(|name| std::fs::read_to_string(fresh.path(name)).expect("what was copied"));
    std::fs::write(fresh.path("client.pem"), both.concat()).expect("written");
    let seen = ping(&fresh, &receiver, &flags[..4]);
    assert_eq!((seen.status, &*seen.stderr), (0, ""));
}

#[test]
fn a_unix_socket_is_reached_in_both_spellings() {
    let home = Home::new();
    let path = home.path("s.sock");
    let receiver = FakeReceiver::socket(&path, &[Step::Ok]);
    let encoded = path.display().to_string().replace('/', "%2F");
    for url in [receiver.ping_url(), format!("http+unix://{encoded}/ping/{UUID}")] {
        check(&mut home.hb(&["run", "--to", &url, "m", "--", "true"]), 0, "", "");
    }
    assert_eq!(receiver.words(), ["", ""]);
}

#[test]
fn a_socket_where_nobody_listens_means_kept() {
    let home = Home::new();
    let url = format!("unix:{}:/ping/{UUID}", home.path("gone.sock").display());
    let words = ["run", "--to", &url, "--report-timeout", "1s", "m", "--", "true"];
    let seen = Seen::of(&mut home.hb(&words));
    assert_eq!(seen.status, 0);
    assert!(seen.stderr.ends_with("; it is kept and sent later\n"), "{}", seen.stderr);
}

#[test]
fn a_proxy_of_the_environment_is_used_and_no_proxy_is_heeded() {
    let proxy = FakeReceiver::new(&[Step::Ok]);
    let receiver = FakeReceiver::new(&[Step::Ok]);
    let home = Home::new();
    let far = format!("http://hb.invalid/ping/{UUID}");
    let mut command = home.hb(&["run", "--to", &far, "m", "--", "true"]);
    check(command.env("HTTP_PROXY", proxy.url("")), 0, "", "");
    assert!(proxy.only().target.starts_with(&far), "{:?}", proxy.only());
    let near = receiver.ping_url();
    let mut command = home.hb(&["run", "--to", &near, "m", "--", "true"]);
    command.env("http_proxy", proxy.url("")).env("NO_PROXY", "127.0.0.1");
    check(&mut command, 0, "", "");
    assert_eq!((proxy.requests().len(), receiver.words()), (1, vec![String::new()]));
}

#[test]
fn headers_are_sent_along_and_a_wrong_one_is_told() {
    let (home, receiver) = (Home::new(), FakeReceiver::new(&[Step::Ok]));
    let flags = ["--header", "X-One: first value", "--header", "x-two:2"];
    assert_eq!(ping(&home, &receiver, &flags).stderr, "");
    let request = receiver.only();
    assert_eq!(request.header("x-one"), Some("first value"));
    assert_eq!(request.header("x-two"), Some("2"));
}

#[test]
fn a_redirect_is_followed_on_the_same_host_alone() {
    let other = FakeReceiver::new(&[Step::Ok]);
    for code in [301, 302, 303, 307, 308] {
        let script = [with_header(code, "Location", "/ping/moved"), Step::Ok];
        let (home, receiver) = (Home::new(), FakeReceiver::new(&script));
        assert_eq!(ping(&home, &receiver, &[]).stderr, "");
        let requests = receiver.requests();
        assert_eq!(requests[1].target, "/ping/moved", "{code}");
        assert_eq!((requests[0].method.as_str(), requests[1].method.as_str()), ("POST", "POST"));
        assert_eq!(requests[0].body, requests[1].body);
    }
    for place in [other.url("/"), "ftp://127.0.0.1/x".into(), "file:///etc/passwd".into()] {
        let (home, receiver) =
            (Home::new(), FakeReceiver::new(&[with_header(302, "Location", place)]));
        let seen = ping(&home, &receiver, &["--header", "Authorization: Bearer s3cret-s3cret"]);
        // A captive portal answers like this: the event is kept for when it is gone.
        assert!(seen.stderr.contains("the server answered 302"), "{}", seen.stderr);
        assert!(seen.stderr.contains("it is kept and sent later"), "{}", seen.stderr);
        assert!(receiver.connections() >= 1);
    }
    let (home, receiver) = (Home::new(), FakeReceiver::new(&[with_header(302, "Location", "/x")]));
    let seen = ping(&home, &receiver, &[]);
    assert!(seen.stderr.contains("more than 2 redirects); it is kept and sent later"), "{seen:?}");
    assert_eq!(other.connections(), 0);
    let astray = || with_header(302, "Location", "/x");
    let script = [astray(), astray(), astray(), Step::Ok];
    let (home, receiver) = (Home::new(), FakeReceiver::new(&script));
    assert_eq!(ping(&home, &receiver, &[]).stderr, "");
    assert_eq!(receiver.connections(), 4);
}

#[test]
fn a_proxy_that_wants_a_password_has_refused_no_event() {
    let (home, receiver) = (Home::new(), FakeReceiver::new(&[status(407), Step::Ok]));
    assert_eq!(ping(&home, &receiver, &[]).stderr, "");
    assert_eq!(receiver.connections(), 2);
    let (home, receiver) = (Home::new(), FakeReceiver::always(&status(407)));
    let seen = ping(&home, &receiver, &[]);
    let told = "the server answered 407: the proxy wants a user and a password";
    assert!(seen.stderr.contains(told), "{seen:?}");
    assert!(seen.stderr.contains("it is kept and sent later"), "{seen:?}");
}

#[test]
fn a_channel_trusts_an_authority_of_ones_own_besides_all_others() {
    let (home, other) = (Home::new(), Home::new());
    let usual = certify(&home, "usual", "IP:127.0.0.1", "2");
    let authority = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
        -keyout ca.key -out ca.pem -subj /CN=own -days 2";
    assert_eq!(Seen::of(other.program("sh").args(["-c", authority])).status, 0);
    let own = certify(&other, "own", "IP:127.0.0.1", "2");
    let usual = FakeReceiver::tls(&[Step::Ok], server(&home, &usual, false));
    let own = FakeReceiver::tls(&[Step::Ok], server(&other, &own, false));
    let try_out = |flags: &[&str]| {
        let receiver = Server::start_with(&home, |command| {
            command.args(flags).env("SSL_CERT_FILE", home.path("ca.pem"));
        });
        ["usual", "own"].map(|name| {
            let url = if name == "own" { own.url("/") } else { usual.url("/") };
            let hook = serde_json::json!({
                "name": name, "kind": "webhook", "url": url, "allow_private": true,
            });
            receiver.api("POST", "/channels", Some(hook));
            let told = receiver.api("POST", &format!("/channels/{name}/test"), None);
            (told.json()["sent"] == true, told.text())
        })
    };
    let [(is_usual_told, _), (is_own_told, text)] = try_out(&[]);
    assert_eq!((is_usual_told, is_own_told), (true, false), "{text}");
    assert!(text.contains("for a private CA use `--ca-file`"), "{text}");
    let named = other.path("ca.pem");
    let told = try_out(&["--ca-file", named.to_str().expect("a path")]);
    assert_eq!(told.clone().map(|(is_told, _)| is_told), [true, true], "{told:?}");
    let words = ["serve", "--listen", "127.0.0.1:0", "--data", "data", "--ca-file", "/no.pem"];
    let seen = Seen::of(&mut home.hb(&words));
    assert_eq!(seen.status, 1, "{seen:?}");
    assert!(seen.stderr.contains("cannot read certificates from `/no.pem`"), "{seen:?}");
}
