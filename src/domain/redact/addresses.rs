//! Secrets in addresses: `postgres://user:password@host`, and URLs whose path is the secret, such as ping and webhook URLs.
//!
//! Whoever knows a ping URL can silence a monitor, so the key is masked and the host stays to show which service it was. A
//! UUID elsewhere is left alone: most are names of things. Every search begins at a slash and is bounded or remembered.

use crate::domain::redact::Spans;
use crate::domain::redact::shapes::is_token_byte;

/// Hosts of heartbeat services; the first long segment of the path is the key.
const PING_HOSTS: [&str; 7] = [
    "hc-ping.com",
    "hchk.io",
    "ping.ohdear.app",
    "cronitor.link",
    "cronitor.io",
    "nosnch.in",
    "ping.checklyhq.com",
];

/// Beginnings of addresses after which everything is secret.
const SECRET_PATHS: [&str; 4] = [
    "hooks.slack.com/services/",
    "discord.com/api/webhooks/",
    "discordapp.com/api/webhooks/",
    "api.telegram.org/bot",
];

/// Segments on ping hosts shorter than this are words of the service, such as `p`.
const KEY_BYTES_MIN: usize = 5;

/// Adds the secrets of all addresses.
pub(super) fn find(text: &[u8], spans: &mut Spans) {
    let mut word = Word { end: 0, last_at: None };
    let mut at = 0;
    while let Some(skipped) = text[at..].iter().position(|byte| *byte == b'/') {
        at += skipped;
        if text[at..].starts_with(b"//") && text[..at].ends_with(b":") {
            userinfo(text, at + 2, &mut word, spans);
            // The second slash cannot begin a path.
            at += 2;
            continue;
        }
        ping_key(text, at, spans);
        if let Some(path) = SECRET_PATHS.iter().find(|path| ends_host_and_starts(text, at, path)) {
            let host_length = path.find('/').unwrap_or(path.len());
            let start = at + path.len() - host_length;
            let end = start
                + text[start..]
                    .iter()
                    .take_while(|byte| is_token_byte(**byte) || b"/:".contains(byte))
                    .count();
            spans.push(start..end);
            at = at.max(end.saturating_sub(1));
        }
        at += 1;
    }
}

/// Whether the host of `path` ends at this slash and its remainder begins here.
fn ends_host_and_starts(text: &[u8], at: usize, path: &str) -> bool {
    let (host, rest) = path.split_at(path.find('/').unwrap_or(path.len()));
    text[..at].ends_with(host.as_bytes()) && text[at..].starts_with(rest.as_bytes())
}

/// The run of non-blanks an address is in, remembered because one run may hold many addresses.
struct Word {
    /// Where the run ends.
    end: usize,
    /// The last `@` in it.
    last_at: Option<usize>,
}

impl Word {
    /// Measures the run that `at` is in, unless that has been done.
    fn reach(&mut self, text: &[u8], at: usize) {
        if at >= self.end {
            let stops = |byte: &u8| *byte <= b' ' || b"\"'<>`".contains(byte);
            self.end = text[at..].iter().position(stops).map_or(text.len(), |length| at + length);
            self.last_at =
                text[at..self.end].iter().rposition(|byte| *byte == b'@').map(|place| at + place);
        }
    }
}

/// Adds the password in `user:password@`, and a user that is itself a token, as in `https://ghp_…@github.com`.
///
/// A password with a raw `/` is against RFC 3986 and yet common. It is known by what seems to be a port and is no number.
fn userinfo(text: &[u8], start: usize, word: &mut Word, spans: &mut Spans) {
    word.reach(text, start);
    let rest = &text[start..word.end.max(start)];
    let authority =
        &rest[..rest.iter().position(|byte| b"/?#".contains(byte)).unwrap_or(rest.len())];
    let colon = authority.iter().position(|byte| *byte == b':');
    let port_is_none = colon.is_some_and(|colon| {
        let port = &authority[colon + 1..];
        !authority.starts_with(b"[") && !port.is_empty() && !port.iter().all(u8::is_ascii_digit)
    });
    let length = match authority.iter().rposition(|byte| *byte == b'@') {
        Some(length) => length,
        None => match word.last_at {
            Some(last_at) if port_is_none && last_at > start => last_at - start,
            Some(_) | None => return,
        },
    };
    let info = &rest[..length];
    let user = &info[..info.iter().position(|byte| *byte == b':').unwrap_or(length)];
    if user.len() < length {
        spans.push(start + user.len() + 1..start + length);
    }
    let long = user.len() >= 16
        && user.iter().any(u8::is_ascii_digit)
        && user.iter().all(|byte| is_token_byte(*byte));
    if long || user.len() >= 32 {
        spans.push(start..start + user.len());
    }
}

/// Adds the key of a ping address whose host, or whose `/ping`, ends just before this slash.
fn ping_key(text: &[u8], at: usize, spans: &mut Spans) {
    let segment = |slash: usize| {
        let start = slash + 1;
        start..start + text[start..].iter().take_while(|byte| is_token_byte(**byte)).count()
    };
    let first = segment(at);
    if first.is_empty() {
        return;
    }
    if text[..at].ends_with(b"/ping") {
        let key = &text[first.clone()];
        let mixed = key.iter().any(u8::is_ascii_digit) || (key.iter().any(u8::is_ascii_uppercase));
        if is_uuid(key) || (key.len() == 22 && mixed) {
            spans.push(first);
        }
        return;
    }
    let port = text[..at].iter().rev().take(5).take_while(|byte| byte.is_ascii_digit()).count();
    let host = &text[..at - port];
    let host = if port > 0 { host.strip_suffix(b":").unwrap_or(b"") } else { host };
    if !PING_HOSTS.iter().any(|known| host.ends_with(known.as_bytes())) {
        return;
    }
    let key = if first.len() < KEY_BYTES_MIN && text.get(first.end) == Some(&b'/') {
        segment(first.end)
    } else {
        first
    };
    if key.len() >= KEY_BYTES_MIN {
        spans.push(key);
    }
}

/// The usual form: 8-4-4-4-12 hexadecimal digits.
fn is_uuid(text: &[u8]) -> bool {
    let fits = |(place, byte): (usize, &u8)| match place {
        8 | 13 | 18 | 23 => *byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    text.len() == 36 && text.iter().enumerate().all(fits)
}
