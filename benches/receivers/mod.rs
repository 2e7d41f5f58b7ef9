//! Receivers that answer everything with 200 and keep nothing.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::{Command, Stdio};

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nPing-Body-Limit: 10000\r\n\r\nOK";

fn ping_url(host: &str, port: u16) -> String {
    format!("{host}:{port}/ping/0191d3a4-7d2e-7abc-8def-0123456789ab")
}

/// Answers everything with 200; gives a ping URL.
pub(crate) fn plain() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || answer(stream));
        }
    });
    ping_url("http://127.0.0.1", port)
}

/// The same behind TLS; gives a ping URL and the file with its certificate, which `openssl` makes in `directory`.
pub(crate) fn secure(directory: &std::path::Path) -> (String, String) {
    use rustls::pki_types::pem::PemObject;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    std::fs::create_dir_all(directory).expect("a directory");
    let (key, certificate) = (directory.join("key.pem"), directory.join("certificate.pem"));
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"])
        .args(["-days", "1", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"])
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .stderr(Stdio::null())
        .status();
    assert!(made.is_ok_and(|made| made.success()), "openssl makes the certificate");
    let chain =
        CertificateDer::pem_file_iter(&certificate).expect("PEM").map(|der| der.expect("DER"));
    let secret = PrivateKeyDer::from_pem_file(&key).expect("a key");
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(chain.collect(), secret)
        .expect("a certificate");
    let config = std::sync::Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            stream.set_nodelay(true).expect("a socket");
            let connection = rustls::ServerConnection::new(config.clone()).expect("TLS");
            std::thread::spawn(move || answer(rustls::StreamOwned::new(connection, stream)));
        }
    });
    (ping_url("https://localhost", port), certificate.display().to_string())
}

/// Answers requests until the other side has had enough.
fn answer(stream: impl Read + Write) -> Option<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
            let lower = line.to_ascii_lowercase();
            if let Some(value) = lower.strip_prefix("content-length:") {
                length = value.trim().parse().ok()?;
            }
            if line == "\r\n" {
                break;
            }
        }
        reader.by_ref().take(length).read_to_end(&mut Vec::new()).ok()?;
        let stream = reader.get_mut();
        stream.write_all(ANSWER).ok()?;
        stream.flush().ok()?;
    }
}
