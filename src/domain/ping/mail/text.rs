//! The subject and the text of a mail: headers, parts and encodings (RFC 2045 to 2047), for looking
//! through, not for showing.
//!
//! A mail comes from a stranger, so everything that can nest or repeat has a number. Beyond it nothing
//! more is read; what was read counts.

use super::html;
use crate::domain::base64;

/// Parts within parts within parts.
const DEPTH_MAX: usize = 8;

/// Parts that are looked at.
const PARTS_MAX: usize = 100;

/// Bytes of headers that are looked at.
const HEADERS_BYTES_MAX: usize = 64 * 1024;

/// An encoded word has at most 75 signs (RFC 2047), and some programs do not care.
const WORD_BYTES_MAX: usize = 1_000;

/// The longest boundary is 70 signs (RFC 2046); a longer one is none.
const BOUNDARY_BYTES_MAX: usize = 200;

/// The subject, in letters.
pub(super) fn subject(message: &[u8]) -> String {
    let (headers, _) = split(message);
    words(&header(headers, "subject").unwrap_or_default())
}

/// The first plain text and the first page, as text.
pub(super) fn texts(message: &[u8]) -> Vec<String> {
    let mut found = Found::default();
    found.look(message, 0);
    let page = found.page.map(|page| html::text(&page));
    found.plain.into_iter().chain(page).collect()
}

#[derive(Default)]
struct Found {
    plain: Option<String>,
    page: Option<String>,
    parts: usize,
}

impl Found {
    fn look(&mut self, part: &[u8], depth: usize) {
        self.parts += 1;
        if depth > DEPTH_MAX || self.parts > PARTS_MAX {
            return;
        }
        let (headers, body) = split(part);
        let value = |name: &str| header(headers, name).unwrap_or_default();
        let kind = value("content-type");
        let lower = kind.trim_start().to_ascii_lowercase();
        if lower.starts_with("multipart/") {
            let boundary = parameter(&kind, "boundary").unwrap_or_default();
            if !boundary.is_empty() && boundary.len() <= BOUNDARY_BYTES_MAX {
                pieces(body, &boundary).for_each(|piece| self.look(piece, depth + 1));
            }
            return;
        }
        let disposition = value("content-disposition").trim_start().to_ascii_lowercase();
        if disposition.starts_with("attachment") {
            return;
        }
        let place = match lower.split([';', ' ', '\t']).next().unwrap_or_default() {
            "" | "text/plain" => &mut self.plain,
            "text/html" => &mut self.page,
            _ => return,
        };
        if place.is_none() {
            let bytes = unpacked(body, &value("content-transfer-encoding"));
            let charset = parameter(&kind, "charset").unwrap_or_default();
            *place = Some(letters(&bytes, &charset));
        }
    }
}

/// Headers, and what is behind the first empty line.
fn split(part: &[u8]) -> (&[u8], &[u8]) {
    let mut at = 0;
    while at < part.len() {
        let end = part[at..].iter().position(|byte| *byte == b'\n');
        let Some(end) = end.map(|end| at + end + 1) else { break };
        if matches!(&part[at..end], b"\n" | b"\r\n") {
            return (&part[..at], &part[end..]);
        }
        at = end;
    }
    (part, b"")
}

/// The first header of this name, its lines put together.
fn header(headers: &[u8], name: &str) -> Option<String> {
    let text = String::from_utf8_lossy(&headers[..headers.len().min(HEADERS_BYTES_MAX)]);
    let mut lines = text.lines();
    let first = lines.by_ref().find_map(|line| {
        let (known, value) = line.split_once(':')?;
        known.trim_end().eq_ignore_ascii_case(name).then_some(value)
    })?;
    let folded = lines.take_while(|line| line.starts_with([' ', '\t']));
    Some(folded.fold(first.trim().to_owned(), |all, line| format!("{all} {}", line.trim())))
}

/// A parameter of a header: `; charset="utf-8"`.
fn parameter(value: &str, name: &str) -> Option<String> {
    let mut rest = value.split_once(';')?.1;
    loop {
        let (key, after) = rest.split_once('=')?;
        let key = key.trim().trim_start_matches(';').trim();
        let after = after.trim_start();
        let (found, next) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => after.split_at(after.find(';').unwrap_or(after.len())),
        };
        if key.eq_ignore_ascii_case(name) {
            return Some(found.trim().to_owned());
        }
        rest = next.split_once(';')?.1;
    }
}

/// What stands between the lines with the boundary.
fn pieces<'a>(body: &'a [u8], boundary: &str) -> impl Iterator<Item = &'a [u8]> {
    let mark = format!("--{boundary}").into_bytes();
    let (mut starts, mut at, mut over) = (Vec::new(), 0, false);
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        if let Some(rest) = line.strip_prefix(mark.as_slice())
            && !over
        {
            let rest = rest.trim_ascii();
            over = rest == b"--";
            if over || rest.is_empty() {
                starts.push((at, at + line.len()));
            }
        }
        at += line.len();
    }
    if !over {
        starts.push((body.len(), body.len()));
    }
    let ends: Vec<usize> = starts.iter().skip(1).map(|(end, _)| *end).collect();
    let begins = starts.into_iter().map(|(_, begin)| begin);
    begins.zip(ends).take(PARTS_MAX).map(|(begin, end)| &body[begin.min(end)..end])
}

/// Bytes as they were before they were packed for the way.
fn unpacked(body: &[u8], encoding: &str) -> Vec<u8> {
    match encoding.trim().to_ascii_lowercase().as_str() {
        "quoted-printable" => unquoted(body, false),
        "base64" => from_base64(body),
        _ => body.to_vec(),
    }
}

fn from_base64(body: &[u8]) -> Vec<u8> {
    let is_sign = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    let mut signs: String = body.iter().copied().filter(is_sign).map(char::from).collect();
    // A single sign at the end of what was cut off is not even one byte.
    if signs.len() % 4 == 1 {
        signs.pop();
    }
    base64::decode(&signs).unwrap_or_default()
}

/// Quoted-printable; in headers a blank is an underscore.
fn unquoted(body: &[u8], in_header: bool) -> Vec<u8> {
    let digit =
        |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (mut plain, mut rest) = (Vec::with_capacity(body.len()), body);
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        match (byte, after) {
            (b'=', [b'\r', b'\n', tail @ ..] | [b'\n', tail @ ..]) => rest = tail,
            (b'=', [high, low, tail @ ..]) => match (digit(high), digit(low)) {
                (Some(high), Some(low)) => {
                    plain.push(high << 4 | low);
                    rest = tail;
                }
                _ => plain.push(b'='),
            },
            (b'_', _) if in_header => plain.push(b' '),
            (byte, _) => plain.push(*byte),
        }
    }
    plain
}

/// Bytes as letters: UTF-8, or what western Europe wrote before it.
fn letters(bytes: &[u8], charset: &str) -> String {
    match charset.to_ascii_lowercase().as_str() {
        "iso-8859-1" | "iso-8859-15" | "latin1" | "windows-1252" => {
            bytes.iter().copied().map(char::from).collect()
        }
        _ => String::from_utf8_lossy(bytes).into_owned(),
    }
}

/// A header's encoded words as letters; blanks between two of them are not theirs.
fn words(header: &str) -> String {
    let (mut plain, mut rest, mut was_word) = (String::new(), header, false);
    while let Some(start) = rest.find("=?") {
        let (before, from) = rest.split_at(start);
        let is_gap = was_word && before.trim().is_empty();
        match word(&from[2..]) {
            Some((text, after)) => {
                if !is_gap {
                    plain.push_str(before);
                }
                plain.push_str(&text);
                (rest, was_word) = (after, true);
            }
            None => {
                plain.push_str(before);
                plain.push_str("=?");
                (rest, was_word) = (&from[2..], false);
            }
        }
    }
    plain + rest
}

/// One encoded word behind its `=?`, and what comes after it.
fn word(text: &str) -> Option<(String, &str)> {
    let near = &text[..text.floor_char_boundary(WORD_BYTES_MAX)];
    let (charset, rest) = near.split_once('?')?;
    let (encoding, rest) = rest.split_once('?')?;
    let (packed, _) = rest.split_once("?=")?;
    if packed.contains(' ') || charset.contains(' ') {
        return None;
    }
    let rest = &text[charset.len() + 1 + encoding.len() + 1 + packed.len() + 2..];
    let bytes = match encoding {
        "q" | "Q" => unquoted(packed.as_bytes(), true),
        "b" | "B" => from_base64(packed.as_bytes()),
        _ => return None,
    };
    let charset = charset.split('*').next().unwrap_or_default();
    Some((letters(&bytes, charset), rest))
}

#[cfg(test)]
mod tests {
    use super::{DEPTH_MAX, subject, texts};

    #[test]
    fn subjects_are_read_in_letters() {
        for (mail, expected) in [
            ("Subject: plain\r\n\r\n", "plain"),
            ("SUBJECT:\r\n folded\r\n\tonce more\r\nX: y\r\n\r\n", " folded once more"),
            ("X: y\nsubject: bare\n\nSubject: no", "bare"),
            ("Subject: =?iso-8859-1?Q?gr=FCn_=3D?= end\r\n\r\n", "grün = end"),
            ("Subject: a =?utf-8?B?w7w=?= =?utf-8?B?w6Q=?= b\r\n\r\n", "a üä b"),
            ("Subject: =?utf-8?x?y?= =? ?=\r\n\r\n", "=?utf-8?x?y?= =? ?="),
            ("no header at all", ""),
            ("\r\nSubject: in the body", ""),
            ("", ""),
        ] {
            assert_eq!(subject(mail.as_bytes()), expected, "{mail}");
        }
    }

    #[test]
    fn the_first_text_of_each_kind_is_found() {
        let mail = "Content-Type: multipart/mixed; x=1; boundary=\"o;u\"\r\n\r\npreamble\r\n\
            --o;u\r\nContent-Type: multipart/alternative; boundary=in\r\n\r\n\
            --in\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
            gr=C3=BCn =\r\nOK\r\n--in\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\n\
            PGI+cGFn\r\nZTwvYj4=\r\n--in--\r\n\
            --o;u\r\nContent-Type: text/plain\r\nContent-Disposition: attachment\r\n\r\nFAIL\r\n\
            --o;u\r\n\r\nsecond\r\n--o;u--\r\nepilogue FAIL";
        assert_eq!(texts(mail.as_bytes()), ["grün OK\r\n", "page"]);
        let attached = "Content-Type: multipart/mixed; boundary=b\n\n--b\n\
            Content-Disposition: ATTACHMENT; filename=x\n\nFAIL\n--b\n\nown\n";
        assert_eq!(texts(attached.as_bytes()), ["own\n"]);
        assert_eq!(texts(b"Subject: x\r\n\r\nit is OK\r\n"), ["it is OK\r\n"]);
        assert_eq!(texts(b"Content-Type: image/png\r\n\r\nOK"), [""; 0]);
        let latin = b"Content-Type: text/plain; charset=ISO-8859-1\r\n\r\ngr\xfcn";
        assert_eq!(texts(latin), ["gr\u{fc}n"]);
    }

    #[test]
    fn hostile_mails_cost_no_more_than_their_size() {
        let deep: String = (0..200)
            .map(|level| {
                format!("Content-Type: multipart/mixed; boundary=b{level}\n\n--b{level}\n")
            })
            .collect();
        assert_eq!(texts(format!("{deep}\nOK").as_bytes()), [""; 0]);
        let shallow: String = (0..DEPTH_MAX)
            .map(|level| {
                format!("Content-Type: multipart/mixed; boundary=b{level}\n\n--b{level}\n")
            })
            .collect();
        assert_eq!(texts(format!("{shallow}\nOK").as_bytes()), ["OK"]);
        let many = format!(
            "Content-Type: multipart/mixed; boundary=b\n\n{}",
            "--b\nX: y\n".repeat(20_000)
        );
        texts(many.as_bytes());
        for piece in [
            "=?", "=?a?q?", "=?a?b?A", "\n ", ";a=", "\"", "--", "=\r", "<", "&", "<!--",
            "<script>",
        ] {
            let long = piece.repeat(250_000 / piece.len());
            for start in
                ["Subject: ", "Content-Type: multipart/x; boundary=", "Content-Type: text/html\n\n"]
            {
                let mail = format!("{start}{long}");
                subject(mail.as_bytes());
                texts(mail.as_bytes());
            }
        }
        // Every byte everywhere: nothing panics.
        let whole = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Transfer-Encoding: base64\r\n\r\n=?x?q?=\r\n--b--";
        for place in 0..whole.len() {
            for byte in [0, b'\n', b'=', b'-', b'"', b':', 0x80, 0xff] {
                let mut mail = whole.to_vec();
                mail[place] = byte;
                subject(&mail);
                texts(&mail);
                texts(&mail[place..]);
            }
        }
    }
}
