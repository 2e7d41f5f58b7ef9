//! One conversation with a mail relay (RFC 5321, 3207, 4954), after which it has the mail or not.
//!
//! Everything it says is bounded, in bytes here and in time by the caller. Encryption that was asked
//! for is never given up: a relay that does not offer STARTTLS gets no mail, and what it said in
//! the clear behind its `220` would be somebody else's words, so that ends the conversation. One
//! recipient that is refused does not take the mail from the others.

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_rustls::TlsConnector;

use super::Outcome;
use super::channel::{Email, MailTls};
use super::outbound::Outbound;
use crate::domain::{base64, text};
use crate::sys::outbound as guard;
use crate::sys::tls;

/// Bytes of one reply: RFC 5321 asks for 512 a line, and few relays have twenty lines to say.
const REPLY_BYTES_MAX: usize = 16 * 1024;

/// Characters of a relay's words that are told.
const WORDS_CHARS_MAX: usize = 200;

/// A mail with its envelope.
pub(crate) struct Mail {
    /// The sender's bare address.
    pub(crate) from: String,
    /// The recipients' bare addresses.
    pub(crate) to: Vec<String>,
    /// Headers and body, lines ending in CR LF.
    pub(crate) bytes: Vec<u8>,
}

/// Why a conversation ended early.
#[derive(Debug)]
enum Trouble {
    /// The relay said so: a code and its words.
    Reply(Reply, &'static str),
    /// The connection failed.
    Io(std::io::Error),
    /// Somebody has to change something.
    Final(String),
}

impl From<std::io::Error> for Trouble {
    fn from(error: std::io::Error) -> Trouble {
        Trouble::Io(error)
    }
}

/// Hands `mail` to the relay.
pub(crate) async fn deliver(
    outbound: &Outbound,
    allow_private: bool,
    email: &Email,
    mail: &Mail,
) -> Outcome {
    match converse(outbound, allow_private, email, mail).await {
        Ok(refused) if refused.is_empty() => Outcome::Sent { note: None },
        Ok(refused) => {
            Outcome::Sent { note: Some(format!("not for everybody: {}", refused.join("; "))) }
        }
        Err(Trouble::Reply(reply, step)) => {
            let why = format!("the mail server answered {} {step}: {}", reply.code, reply.words());
            // 421 and its kin are 4xx; a 5xx is meant to stay.
            if reply.code >= 500 {
                Outcome::Refused { why }
            } else {
                Outcome::Retry { after: None, why }
            }
        }
        Err(Trouble::Final(why)) => Outcome::Refused { why },
        Err(Trouble::Io(error)) => match guard::denied(&error) {
            Some(denied) => Outcome::Refused { why: denied.to_string() },
            None => Outcome::Retry { after: None, why: explain(&error) },
        },
    }
}

fn explain(error: &std::io::Error) -> String {
    let told = tls::explain(error);
    told.unwrap_or_else(|| text::without_errno(&error.to_string()).to_owned())
}

/// The whole of it; what comes back are the recipients that were refused, with the reasons.
async fn converse(
    outbound: &Outbound,
    allow_private: bool,
    email: &Email,
    mail: &Mail,
) -> Result<Vec<String>, Trouble> {
    let guard = outbound.guard(allow_private);
    let stream = guard.connect(&email.host, email.port).await?;
    // RFC 5321 4.1.3: a client without a name of its own gives its address.
    let own = match stream.local_addr()?.ip() {
        std::net::IpAddr::V4(address) => format!("[{address}]"),
        std::net::IpAddr::V6(address) => format!("[IPv6:{address}]"),
    };
    let host = email.host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let name = rustls::pki_types::ServerName::try_from(host)
        .map_err(|_| Trouble::Final(format!("`{}` is no host name", email.host)))?;
    let connector = TlsConnector::from(outbound.tls());
    match email.tls {
        MailTls::None => hand_over(Talk::new(stream), email, mail, &own, true).await,
        MailTls::Tls => {
            let stream = connector.connect(name, stream).await?;
            hand_over(Talk::new(stream), email, mail, &own, true).await
        }
        MailTls::StartTls => {
            let mut talk = Talk::new(stream);
            talk.expect(220, "when it was called").await?;
            let offers = talk.greet(&own).await?;
            if !offers.iter().any(|offer| offer.eq_ignore_ascii_case("STARTTLS")) {
                let why = "the mail server does not offer STARTTLS; if it speaks TLS at once, set `tls` to `tls`";
                return Err(Trouble::Final(why.to_owned()));
            }
            talk.ask("STARTTLS", 220, "to STARTTLS").await?;
            if !talk.ahead.is_empty() {
                let why = "the mail server spoke in the clear after STARTTLS";
                return Err(Trouble::Final(why.to_owned()));
            }
            let stream = connector.connect(name, talk.stream).await?;
            hand_over(Talk::new(stream), email, mail, &own, false).await
        }
    }
}

/// From the greeting, or from behind STARTTLS, to the end.
async fn hand_over<S: AsyncRead + AsyncWrite + Unpin>(
    mut talk: Talk<S>,
    email: &Email,
    mail: &Mail,
    own: &str,
    is_fresh: bool,
) -> Result<Vec<String>, Trouble> {
    if is_fresh {
        talk.expect(220, "when it was called").await?;
    }
    let offers = talk.greet(own).await?;
    if let Some((user, password)) = &email.login {
        log_in(&mut talk, &offers, user, password.expose()).await?;
    }
    talk.ask(&format!("MAIL FROM:<{}>", mail.from), 250, "to the sender").await?;
    let (mut taken, mut refused) = (0, Vec::new());
    let mut worst: Option<Reply> = None;
    for to in &mail.to {
        talk.tell(&format!("RCPT TO:<{to}>")).await?;
        let reply = talk.reply().await?;
        if reply.code / 100 == 2 {
            taken += 1;
            continue;
        }
        refused.push(format!("`{to}` was answered {} {}", reply.code, reply.words()));
        // What may pass outweighs what will not: the mail is tried again for its sake.
        if worst.as_ref().is_none_or(|worst| worst.code >= 500) {
            worst = Some(reply);
        }
    }
    if let (0, Some(reply)) = (taken, worst) {
        return Err(Trouble::Reply(reply, "to the recipient"));
    }
    talk.ask("DATA", 354, "to DATA").await?;
    talk.write(&stuffed(&mail.bytes)).await?;
    talk.expect(250, "to the mail").await?;
    // The mail is theirs now; whether they say goodbye does not matter, nor is it waited for.
    let _ = talk.tell("QUIT").await;
    Ok(refused)
}

async fn log_in<S: AsyncRead + AsyncWrite + Unpin>(
    talk: &mut Talk<S>,
    offers: &[String],
    user: &str,
    password: &str,
) -> Result<(), Trouble> {
    const STEP: &str = "to user and password";
    let ways = offers.iter().filter_map(|offer| {
        let (word, ways) = offer.split_once([' ', '='])?;
        word.eq_ignore_ascii_case("AUTH").then(|| ways.to_ascii_uppercase())
    });
    let ways = ways.collect::<Vec<_>>().join(" ");
    let offered = |way: &str| ways.split_whitespace().any(|known| known == way);
    if offered("PLAIN") {
        let both = base64::encode(format!("\0{user}\0{password}").as_bytes());
        return talk.ask(&format!("AUTH PLAIN {both}"), 235, STEP).await.map(drop);
    }
    if offered("LOGIN") {
        talk.ask("AUTH LOGIN", 334, STEP).await?;
        talk.ask(&base64::encode(user.as_bytes()), 334, STEP).await?;
        return talk.ask(&base64::encode(password.as_bytes()), 235, STEP).await.map(drop);
    }
    let why = "the mail server takes no password (neither AUTH PLAIN nor AUTH LOGIN); leave `user` and `password` out";
    Err(Trouble::Final(why.to_owned()))
}

/// A mail as DATA carries it: dots at the start of a line doubled, and the line that ends it.
pub(super) fn stuffed(mail: &[u8]) -> Vec<u8> {
    let mut stuffed = Vec::with_capacity(mail.len() + 8);
    let mut at_start = true;
    for byte in mail {
        if at_start && *byte == b'.' {
            stuffed.push(b'.');
        }
        stuffed.push(*byte);
        at_start = *byte == b'\n';
    }
    if !stuffed.ends_with(b"\r\n") {
        stuffed.extend_from_slice(b"\r\n");
    }
    stuffed.extend_from_slice(b".\r\n");
    stuffed
}

/// What a relay answers: a code, and a text for each line.
#[derive(Debug)]
struct Reply {
    code: u16,
    lines: Vec<String>,
}

impl Reply {
    fn words(&self) -> String {
        super::wording::one_line(&self.lines.join(" "), WORDS_CHARS_MAX)
    }
}

/// A conversation over a connection.
struct Talk<S> {
    stream: S,
    /// What was read beyond the last line.
    ahead: Vec<u8>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Talk<S> {
    fn new(stream: S) -> Talk<S> {
        Talk { stream, ahead: Vec::new() }
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), Trouble> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await?;
        Ok(())
    }

    async fn tell(&mut self, line: &str) -> Result<(), Trouble> {
        // Addresses come from the settings, which take none with a line break; this is the last door.
        if line.contains(['\r', '\n']) {
            return Err(Trouble::Final("an address holds a line break".to_owned()));
        }
        self.write(format!("{line}\r\n").as_bytes()).await
    }

    async fn ask(&mut self, line: &str, code: u16, step: &'static str) -> Result<Reply, Trouble> {
        self.tell(line).await?;
        self.expect(code, step).await
    }

    async fn expect(&mut self, code: u16, step: &'static str) -> Result<Reply, Trouble> {
        let reply = self.reply().await?;
        if reply.code == code { Ok(reply) } else { Err(Trouble::Reply(reply, step)) }
    }

    /// Says hello, and hears what is on offer.
    async fn greet(&mut self, own: &str) -> Result<Vec<String>, Trouble> {
        let reply = self.ask(&format!("EHLO {own}"), 250, "to EHLO").await?;
        Ok(reply.lines.into_iter().skip(1).collect())
    }

    async fn reply(&mut self) -> Result<Reply, Trouble> {
        let (mut bytes, mut lines) = (0, Vec::new());
        loop {
            let line = self.line(REPLY_BYTES_MAX - bytes).await?;
            bytes += line.len() + 1;
            let line = String::from_utf8_lossy(&line).trim_end().to_owned();
            let code = line.get(..3).filter(|code| code.bytes().all(|byte| byte.is_ascii_digit()));
            let code = code.and_then(|code| code.parse::<u16>().ok());
            let Some(code) = code.filter(|code| (200..600).contains(code)) else {
                return Err(not_smtp());
            };
            let is_last = line.as_bytes().get(3) != Some(&b'-');
            lines.push(line.get(4..).unwrap_or_default().to_owned());
            if is_last {
                return Ok(Reply { code, lines });
            }
            if bytes >= REPLY_BYTES_MAX {
                return Err(not_smtp());
            }
        }
    }

    async fn line(&mut self, bytes_max: usize) -> Result<Vec<u8>, Trouble> {
        loop {
            if let Some(end) = self.ahead.iter().position(|byte| *byte == b'\n') {
                let rest = self.ahead.split_off(end + 1);
                return Ok(std::mem::replace(&mut self.ahead, rest));
            }
            if self.ahead.len() > bytes_max {
                return Err(not_smtp());
            }
            let mut read = [0; 4096];
            match self.stream.read(&mut read).await? {
                0 => {
                    let closed = "the mail server closed the connection";
                    return Err(
                        std::io::Error::new(std::io::ErrorKind::UnexpectedEof, closed).into()
                    );
                }
                length => self.ahead.extend_from_slice(&read[..length]),
            }
        }
    }
}

fn not_smtp() -> Trouble {
    let why = "what answers there is no mail server (is the port right?)";
    Trouble::Io(std::io::Error::new(std::io::ErrorKind::InvalidData, why))
}
