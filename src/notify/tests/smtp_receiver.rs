//! A mail relay that does what a test tells it, on a port that the kernel chose.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// What it does.
#[derive(Clone, Default)]
pub(super) struct Script {
    /// What it says instead of its usual reply to a command that starts so; `""` is the greeting and
    /// `.` the end of a mail.
    pub(super) instead: Vec<(&'static str, &'static str)>,
    /// Its certificate, and whether TLS comes before the greeting.
    pub(super) tls: Option<(Arc<ServerConfig>, bool)>,
    /// What it offers behind EHLO, besides STARTTLS where it has a certificate.
    pub(super) offers: Vec<&'static str>,
    /// Says nothing at all.
    pub(super) is_mute: bool,
    /// Answers everything by bytes without end.
    pub(super) is_endless: bool,
    /// Says more in the clear behind its answer to STARTTLS.
    pub(super) injects: bool,
}

/// What came over one connection.
#[derive(Clone, Debug, Default)]
pub(super) struct Heard {
    /// Every command; those under TLS start with `tls `.
    pub(super) lines: Vec<String>,
    /// The mails, without the dots of the transport.
    pub(super) mails: Vec<String>,
}

/// The relay.
pub(super) struct SmtpReceiver {
    pub(super) port: u16,
    heard: Arc<Mutex<Heard>>,
}

trait Connection: Read + Write + Send {}
impl<T: Read + Write + Send> Connection for T {}

impl SmtpReceiver {
    pub(super) fn new(script: Script) -> SmtpReceiver {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let heard = Arc::new(Mutex::new(Heard::default()));
        let of_thread = heard.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (script, heard) = (script.clone(), of_thread.clone());
                std::thread::spawn(move || serve(stream, &script, &heard));
            }
        });
        SmtpReceiver { port, heard }
    }

    pub(super) fn heard(&self) -> Heard {
        self.heard.lock().unwrap().clone()
    }

    /// Whether a command that starts so was heard.
    pub(super) fn was_told(&self, start: &str) -> bool {
        self.heard().lines.iter().any(|line| line.starts_with(start))
    }
}

fn encrypted(stream: TcpStream, config: &Arc<ServerConfig>) -> Box<dyn Connection> {
    let connection = ServerConnection::new(config.clone()).expect("a connection");
    Box::new(StreamOwned::new(connection, stream))
}

fn refuse_to_talk(mut raw: TcpStream, script: &Script) {
    if script.is_mute {
        while matches!(raw.read(&mut [0; 64]), Ok(1..)) {}
        return;
    }
    let _ = raw.write_all(b"220-");
    while raw.write_all(&[b'x'; 4096]).is_ok() {}
}

fn serve(stream: TcpStream, script: &Script, heard: &Mutex<Heard>) {
    let raw = stream.try_clone().expect("the same connection");
    if script.is_mute || script.is_endless {
        return refuse_to_talk(raw, script);
    }
    let starts_encrypted = script.tls.as_ref().is_some_and(|(_, at_once)| *at_once);
    let mut connection: Box<dyn Connection> = match &script.tls {
        Some((config, true)) => encrypted(stream, config),
        Some(_) | None => Box::new(stream),
    };
    let mut prefix = if starts_encrypted { "tls " } else { "" };
    let say = |connection: &mut Box<dyn Connection>, command: &str, usual: &str| {
        let instead = script.instead.iter().find(|(start, _)| {
            if start.is_empty() { command.is_empty() } else { command.starts_with(start) }
        });
        let reply = instead.map_or(usual, |(_, reply)| reply);
        let _ = connection.write_all(format!("{reply}\r\n").as_bytes());
        let _ = connection.flush();
        reply.starts_with(['2', '3'])
    };
    say(&mut connection, "", "220 mail.test ready");
    while let Some(line) = line(&mut connection) {
        heard.lock().unwrap().lines.push(format!("{prefix}{line}"));
        let word = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        match word.as_str() {
            "EHLO" => {
                let mut offers = script.offers.clone();
                if script.tls.is_some() && prefix.is_empty() {
                    offers.push("STARTTLS");
                }
                let mut reply = "250-mail.test".to_owned();
                for offer in offers {
                    reply.push_str(&format!("\r\n250-{offer}"));
                }
                say(&mut connection, &line, &format!("{reply}\r\n250 HELP"));
            }
            "STARTTLS" => {
                let more = if script.injects { "\r\n250 trust me" } else { "" };
                if say(&mut connection, &line, &format!("220 go{more}"))
                    && let Some((config, _)) = &script.tls
                {
                    connection = encrypted(raw.try_clone().expect("the same connection"), config);
                    prefix = "tls ";
                }
            }
            "AUTH" if line == "AUTH LOGIN" => {
                for _ in 0..2 {
                    say(&mut connection, "ask", "334 more");
                    let Some(answer) = self::line(&mut connection) else { return };
                    heard.lock().unwrap().lines.push(format!("{prefix}{answer}"));
                }
                say(&mut connection, &line, "235 welcome");
            }
            "AUTH" => drop(say(&mut connection, &line, "235 welcome")),
            "DATA" => {
                if say(&mut connection, &line, "354 go on") {
                    let Some(mail) = mail(&mut connection) else { return };
                    heard.lock().unwrap().mails.push(mail);
                    say(&mut connection, ".", "250 queued");
                }
            }
            "MAIL" | "RCPT" => drop(say(&mut connection, &line, "250 ok")),
            "QUIT" => drop(say(&mut connection, &line, "221 bye")),
            _ => drop(say(&mut connection, &line, "500 what?")),
        }
    }
}

/// A line up to its CR LF; a bare LF or CR in it would be a hole, and is kept to be seen.
fn line(connection: &mut Box<dyn Connection>) -> Option<String> {
    let (mut line, mut byte) = (Vec::new(), [0]);
    while !line.ends_with(b"\r\n") {
        match connection.read(&mut byte) {
            Ok(1..) => line.push(byte[0]),
            Ok(0) | Err(_) => return None,
        }
    }
    line.truncate(line.len() - 2);
    Some(String::from_utf8_lossy(&line).into_owned())
}

fn mail(connection: &mut Box<dyn Connection>) -> Option<String> {
    let mut mail = String::new();
    loop {
        let line = line(connection)?;
        if line == "." {
            return Some(mail);
        }
        mail.push_str(line.strip_prefix('.').unwrap_or(&line));
        mail.push_str("\r\n");
    }
}

/// An authority of our own, and a certificate that it signed for `mail.test`.
pub(super) struct Authority {
    directory: PathBuf,
}

impl Authority {
    pub(super) fn new() -> Authority {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let number = MADE.fetch_add(1, Ordering::SeqCst);
        let name = format!("hb-authority-{}-{number}", std::process::id());
        let directory = std::env::temp_dir().join(&name);
        std::fs::create_dir_all(&directory).expect("a directory");
        let script = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
                -keyout ca.key -out ca.pem -subj /CN=\"$0\" -days 2 \
            && openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
                -keyout mail.key -out mail.csr -subj /CN=mail \
            && echo subjectAltName=DNS:mail.test > mail.ext \
            && openssl x509 -req -in mail.csr -CA ca.pem -CAkey ca.key -set_serial 7 -days 2 \
                -extfile mail.ext -out mail.pem";
        let made = Command::new("sh").args(["-c", script, &name]).current_dir(&directory).output();
        let made = made.expect("openssl can be run");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        Authority { directory }
    }

    pub(super) fn ca_file(&self) -> PathBuf {
        self.directory.join("ca.pem")
    }

    pub(super) fn server(&self) -> Arc<ServerConfig> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("protocols")
            .with_no_client_auth();
        let chain = CertificateDer::from_pem_file(self.directory.join("mail.pem"));
        let key = PrivateKeyDer::from_pem_file(self.directory.join("mail.key")).expect("a key");
        Arc::new(builder.with_single_cert(vec![chain.expect("a chain")], key).expect("a pair"))
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}
