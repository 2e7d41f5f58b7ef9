//! What a body is, by looking at it: labels lie. Nine lines of curl out of ten call JSON a form.

use serde_json::Value;

use super::bounds::as_text;
use super::filter::holds;
use super::request::{Request, pairs};

/// The most parts of a multipart body that are read; no client sends more than ten.
const PARTS_MAX: usize = 50;
/// The longest boundary (RFC 2046 has 70).
const BOUNDARY_BYTES_MAX: usize = 70;

/// The JSON in a body, whatever its label says; none where it is no object and no list.
pub(super) fn json(request: &Request) -> Option<Value> {
    let body = trimmed(request.body);
    // serde_json gives up at a depth of 128, so a tower of brackets costs no stack.
    matches!(body.first(), Some(b'{' | b'[')).then(|| serde_json::from_slice(body).ok())?
}

/// Whether a body looks like JSON, also where it is broken or was cut.
pub(super) fn looks_like_json(request: &Request) -> bool {
    matches!(trimmed(request.body).first(), Some(b'{' | b'['))
}

/// The members of a form. One that is labelled urlencoded counts only where it has one of the `known`
/// names, since curl labels any text so: `exit 3 at 100%` stays a text.
pub(super) fn form(request: &Request, known: &[&str]) -> Option<Vec<(String, String)>> {
    let found = match request.media_type().as_str() {
        "application/x-www-form-urlencoded" => {
            let text = std::str::from_utf8(request.body).ok()?;
            pairs(text.trim())
        }
        "multipart/form-data" => multipart(request)?,
        _ => return None,
    };
    found.iter().any(|(name, _)| known.contains(&name.as_str())).then_some(found)
}

/// The body without a byte order mark and blanks in front.
fn trimmed(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body).trim_ascii_start()
}

/// The named parts of a multipart body.
fn multipart(request: &Request) -> Option<Vec<(String, String)>> {
    let label = request.header("content-type")?;
    let boundary = label.split(';').find_map(|part| {
        let (name, value) = part.trim().split_once('=')?;
        name.eq_ignore_ascii_case("boundary").then(|| value.trim_matches('"').to_owned())
    })?;
    if boundary.is_empty() || boundary.len() > BOUNDARY_BYTES_MAX {
        return None;
    }
    let (mut found, mut rest) = (Vec::new(), request.body);
    let line = format!("--{boundary}").into_bytes();
    for _ in 0..PARTS_MAX {
        let Some(at) = position(rest, &line) else { break };
        rest = &rest[at + line.len()..];
        let end = position(rest, &line).unwrap_or(rest.len());
        found.extend(part(&rest[..end]));
    }
    Some(found)
}

/// One part: its headers, an empty line, its value.
fn part(bytes: &[u8]) -> Option<(String, String)> {
    let bytes = bytes.strip_prefix(b"\r\n").or_else(|| bytes.strip_prefix(b"\n"))?;
    let (at, gap) = match position(bytes, b"\r\n\r\n") {
        Some(at) => (at, 4),
        None => (position(bytes, b"\n\n")?, 2),
    };
    let headers = as_text(&bytes[..at]);
    let name = headers.split([';', '\n']).find_map(|item| {
        item.trim().strip_prefix("name=").map(|name| name.trim_matches('"').to_owned())
    })?;
    let value = &bytes[at + gap..];
    let value = value.strip_suffix(b"\n").unwrap_or(value);
    let value = value.strip_suffix(b"\r").unwrap_or(value);
    Some((name, as_text(value)))
}

/// Where `word` begins in `bytes`.
fn position(bytes: &[u8], word: &[u8]) -> Option<usize> {
    bytes.windows(word.len()).position(|window| window == word)
}

/// The word behind `"status":` in JSON that is broken, or that was too long to be kept whole.
pub(super) fn broken_member(body: &[u8], name: &str) -> Option<String> {
    let name = format!("\"{name}\"");
    if !holds(body, name.as_bytes()) {
        return None;
    }
    let rest = &body[position(body, name.as_bytes())? + name.len()..];
    let rest =
        rest.trim_ascii_start().strip_prefix(b":")?.trim_ascii_start().strip_prefix(b"\"")?;
    let end = rest.iter().take(64).position(|byte| *byte == b'"')?;
    std::str::from_utf8(&rest[..end]).ok().map(str::to_owned)
}
