//! HTTP/1.1 as far as a ping needs it: one request as bytes, and its answer out of bytes (RFC 9112).
//!
//! A short job is told with one request to a plain address, and the library that can do everything
//! costs more for that than the whole rest of a run. What is unusual is left to it; here stands what
//! nearly every ping is. An answer is read from all that has come so far, so it does not matter how
//! the network cut it; lengths, heads and headers have the limits that the library has, and trouble
//! has its words.

use core::net::{IpAddr, SocketAddr};

/// The longest head that is read: that of the library, so that a server is the same to both.
const HEAD_BYTES_MAX: usize = 8192 + 4096 * 100;

/// Headers in one head at most.
const HEADERS_MAX: usize = 100;

/// Bytes of a chunked body's framing that are read for each byte of the body that is wanted.
const FRAMING_FACTOR: usize = 8;

/// Where a request goes: the address, and the parts of the URL that stand in the request.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Place {
    /// Whom to connect to.
    pub(crate) to: SocketAddr,
    /// The value of `Host`.
    host: String,
    /// Path and query.
    target: String,
}

impl Place {
    /// Takes a URL apart, when it is one that means the same to everybody: plain HTTP to a number, with
    /// nothing in it that would first have to be escaped or resolved.
    pub(crate) fn of(url: &str) -> Option<Place> {
        let rest = url.strip_prefix("http://")?;
        let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/?&=+:,;@%".contains(&byte);
        let dotted = |segment: &str| segment.starts_with('.') || segment.starts_with("%2");
        let (before, _) = path.split_once('?').unwrap_or((path, ""));
        if !path.bytes().all(plain) || before.split('/').any(dotted) {
            return None;
        }
        let to = match host.parse::<SocketAddr>() {
            Ok(to) if to.port() != 80 => to,
            Ok(_) => return None,
            Err(_) => SocketAddr::new(IpAddr::V4(host.parse().ok()?), 80),
        };
        let is_usual = to.is_ipv4() && (to.port() == 80 || to.to_string() == host);
        let target = if path.is_empty() { "/" } else { path };
        is_usual.then(|| Place { to, host: host.to_owned(), target: target.to_owned() })
    }
}

/// A request as it goes over the line. Of headers of one name the last counts.
pub(crate) fn request<'h>(
    method: &str,
    place: &Place,
    headers: impl Iterator<Item = (&'h str, &'h str)>,
    body: &[u8],
) -> Vec<u8> {
    let mut all: Vec<(String, &str)> = Vec::new();
    for (name, value) in headers {
        let name = name.to_ascii_lowercase();
        let is_sound = is_token(name.as_bytes()) && value.bytes().all(is_field_byte);
        match all.iter_mut().find(|(known, _)| *known == name) {
            _ if !is_sound => {}
            Some(known) => known.1 = value,
            None => all.push((name, value)),
        }
    }
    // Some proxies refuse a POST that does not say how long it is, also when it is empty.
    let length = body.len().to_string();
    all.retain(|(name, _)| name != "content-length");
    if method != "GET" || !body.is_empty() {
        all.push(("content-length".to_owned(), &length));
    }
    for (name, value) in [("accept", "*/*"), ("host", place.host.as_str())] {
        if !all.iter().any(|(known, _)| known == name) {
            all.push((name.to_owned(), value));
        }
    }
    let mut bytes = Vec::with_capacity(512 + body.len());
    for part in [method, " ", &place.target, " HTTP/1.1\r\n"] {
        bytes.extend_from_slice(part.as_bytes());
    }
    for (name, value) in &all {
        for part in [name.as_str(), ": ", value, "\r\n"] {
            bytes.extend_from_slice(part.as_bytes());
        }
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(body);
    bytes
}

/// What an answer says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answer {
    /// Its status.
    pub(crate) status: u16,
    /// Its headers, names in lower case.
    headers: Vec<(String, String)>,
    /// Its body, as much of it as was wanted.
    pub(crate) body: Vec<u8>,
    /// Whether the body ended before its end.
    pub(crate) cut: bool,
}

impl Answer {
    /// The first header of this name, which is in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str()).filter(|value| value.is_ascii())
    }
}

/// What is known of an answer so far.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Read {
    /// There is more to come. With a head that is whole, the answer as if nothing more came.
    More(Option<Answer>),
    /// All of it, or as much as is wanted.
    Whole(Answer),
    /// It is no answer; why, in the library's words.
    Broken(&'static str),
}

/// What is said when the line ended before a head did.
pub(crate) const INCOMPLETE: &str = "connection closed before message completed";

/// Reads an answer from all bytes that have come, of whose body `wanted` bytes are enough. `ended` says
/// that no more will come.
pub(crate) fn read(bytes: &[u8], wanted: usize, ended: bool) -> Read {
    let mut rest = bytes;
    loop {
        let (answer, body) = match head(rest) {
            Ok(Some(found)) => found,
            Ok(None) if ended => return Read::Broken(INCOMPLETE),
            Ok(None) => return Read::More(None),
            Err(why) => return Read::Broken(why),
        };
        // "Continue" and its kind announce the answer that counts.
        if (100..200).contains(&answer.status) && answer.status != 101 {
            rest = body;
            continue;
        }
        return match frame(answer, body, wanted, ended) {
            Ok(read) => read,
            Err(why) => Read::Broken(why),
        };
    }
}

/// A head that is whole, and what follows it.
fn head(bytes: &[u8]) -> Result<Option<(Answer, &[u8])>, &'static str> {
    let blank = bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    let bytes = &bytes[blank..];
    let version = b"HTTP/1.";
    let shown = bytes.len().min(version.len());
    if bytes[..shown] != version[..shown] {
        return Err("invalid HTTP version parsed");
    }
    let mut lines = Vec::new();
    let mut rest = bytes;
    loop {
        let Some(end) = rest.iter().position(|byte| *byte == b'\n') else {
            let too_long = bytes.len() > HEAD_BYTES_MAX;
            return if too_long { Err(TOO_LARGE) } else { Ok(None) };
        };
        let line = rest[..end].strip_suffix(b"\r").unwrap_or(&rest[..end]);
        rest = &rest[end + 1..];
        if line.is_empty() {
            break;
        }
        if lines.len() > HEADERS_MAX || bytes.len() - rest.len() > HEAD_BYTES_MAX {
            return Err(TOO_LARGE);
        }
        lines.push(line);
    }
    let (first, lines) = lines.split_first().ok_or(INCOMPLETE)?;
    let mut headers = Vec::new();
    for line in lines {
        headers.push(header(line).ok_or("invalid HTTP header parsed")?);
    }
    let status = status(first)?;
    Ok(Some((Answer { status, headers, body: Vec::new(), cut: false }, rest)))
}

/// What is said of a head that is longer than anybody needs.
const TOO_LARGE: &str = "message head is too large";

fn status(line: &[u8]) -> Result<u16, &'static str> {
    const NO_STATUS: &str = "invalid HTTP status-code parsed";
    if !matches!(line.get(7), Some(b'0' | b'1')) || line.get(8) != Some(&b' ') {
        return Err("invalid HTTP version parsed");
    }
    let (code, reason) = line[9..].split_at_checked(3).ok_or(NO_STATUS)?;
    let is_sound = code.iter().all(u8::is_ascii_digit)
        && code[0] != b'0'
        && reason.first().is_none_or(|byte| *byte == b' ')
        && reason.iter().all(|byte| is_field_byte(*byte));
    let code = std::str::from_utf8(code).ok().filter(|_| is_sound).ok_or(NO_STATUS)?;
    code.parse().map_err(|_| NO_STATUS)
}

fn header(line: &[u8]) -> Option<(String, String)> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
    if !is_token(name) || !value.iter().all(|byte| is_field_byte(*byte)) {
        return None;
    }
    let name = String::from_utf8_lossy(name).to_ascii_lowercase();
    Some((name, String::from_utf8_lossy(value).into_owned()))
}

fn is_token(name: &[u8]) -> bool {
    let sign = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    !name.is_empty() && name.iter().all(sign)
}

fn is_field_byte(byte: u8) -> bool {
    byte == b'\t' || (byte >= b' ' && byte != 0x7f)
}

/// Reads the body as the head says that it ends.
fn frame(
    mut answer: Answer,
    bytes: &[u8],
    wanted: usize,
    ended: bool,
) -> Result<Read, &'static str> {
    let mut whole = true;
    if matches!(answer.status, 101 | 204 | 304) {
    } else if let Some(coding) = answer.header("transfer-encoding") {
        if coding.to_ascii_lowercase().ends_with("chunked") {
            (answer.body, whole) = chunks(bytes, wanted);
            let endless = bytes.len() > FRAMING_FACTOR * wanted;
            answer.cut = !whole && (ended || endless);
            whole |= endless;
        } else {
            answer.body.extend_from_slice(&bytes[..bytes.len().min(wanted)]);
            whole = ended;
        }
    } else {
        let length = length(&answer)?;
        let most = length.unwrap_or(u64::MAX).min(bytes.len() as u64) as usize;
        answer.body.extend_from_slice(&bytes[..most]);
        whole = length.map_or(ended, |length| most as u64 == length);
        answer.cut = !whole && ended;
    }
    if whole || ended || answer.body.len() >= wanted {
        return Ok(Read::Whole(answer));
    }
    Ok(Read::More(Some(Answer { cut: true, ..answer })))
}

fn length(answer: &Answer) -> Result<Option<u64>, &'static str> {
    let mut known = None;
    for (name, value) in &answer.headers {
        if name != "content-length" {
            continue;
        }
        let digits = value.bytes().all(|byte| byte.is_ascii_digit());
        let length = value.parse::<u64>().ok().filter(|_| digits);
        let length = length.ok_or("invalid content-length parsed")?;
        if known.is_some_and(|known| known != length) {
            return Err("invalid content-length parsed");
        }
        known = Some(length);
    }
    Ok(known)
}

/// The content of chunks, at most about `wanted` bytes of it, and whether the last one was among them. What
/// breaks the form ends the body.
fn chunks(mut bytes: &[u8], wanted: usize) -> (Vec<u8>, bool) {
    let mut body = Vec::new();
    while body.len() < wanted {
        let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else { break };
        let line = &bytes[..end];
        let size = line.split(|byte| matches!(byte, b';' | b'\r')).next().unwrap_or_default();
        let size = std::str::from_utf8(size.trim_ascii()).ok();
        let Some(size) = size.and_then(|size| usize::from_str_radix(size, 16).ok()) else { break };
        bytes = &bytes[end + 1..];
        if size == 0 {
            return (body, true);
        }
        body.extend_from_slice(&bytes[..size.min(bytes.len())]);
        let Some(behind) = size.checked_add(2).and_then(|skip| bytes.get(skip..)) else { break };
        bytes = behind;
    }
    (body, false)
}

#[cfg(test)]
mod tests;
