//! A request as it came over the wire, and the small questions every reader asks of it.

use crate::domain::base64;

/// The most pairs of a query, or of a form, that are looked at; no client sends more than twenty. The
/// rest is as if it were not there.
const PAIRS_MAX: usize = 200;

/// One request, borrowed from whoever received it.
#[derive(Clone, Copy)]
pub(crate) struct Request<'a> {
    /// The method as it was sent; any word.
    pub(crate) method: &'a str,
    /// The raw, percent-encoded path, without the query.
    pub(crate) path: &'a str,
    /// The raw query, without its question mark.
    pub(crate) query: &'a str,
    /// The headers; their names in lower case.
    pub(crate) headers: &'a [(&'a str, &'a [u8])],
    /// The body, unpacked. Where it is longer than the receiver reads: its first bytes, at least
    /// [`super::PING_BODY_LIMIT`] of them, and right behind those its last ones.
    pub(crate) body: &'a [u8],
    /// How long the whole body was, unpacked.
    pub(crate) body_bytes: u64,
}

impl Request<'_> {
    /// The first header of that name, as text.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let found = self.headers.iter().find(|(known, _)| *known == name)?;
        Some(String::from_utf8_lossy(found.1).trim().to_owned())
    }

    /// The pairs of the query, decoded: `+` is a blank, a name may come more than once.
    pub(super) fn pairs(&self) -> Vec<(String, String)> {
        pairs(self.query)
    }

    /// The first value of that name in the query.
    pub(super) fn param(&self, name: &str) -> Option<String> {
        self.pairs().into_iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// The first value of that name that is not empty.
    pub(super) fn filled(&self, name: &str) -> Option<String> {
        self.param(name).filter(|value| !value.is_empty())
    }

    /// The `sent` part of `Authorization: <scheme> <sent>`.
    pub(super) fn authorization(&self, scheme: &str) -> Option<String> {
        let header = self.header("authorization")?;
        let (known, sent) = header.split_once(' ')?;
        let sent = sent.trim();
        (known.eq_ignore_ascii_case(scheme) && !sent.is_empty()).then(|| sent.to_owned())
    }

    /// The bearer token.
    pub(crate) fn bearer(&self) -> Option<String> {
        self.authorization("bearer")
    }

    /// The user name of basic authorization: where services let a key travel.
    pub(super) fn basic_user(&self) -> Option<String> {
        let sent = base64::decode(&self.authorization("basic")?)?;
        let sent = String::from_utf8(sent).ok()?;
        let user = sent.split(':').next().unwrap_or_default();
        (!user.is_empty()).then(|| user.to_owned())
    }

    /// What the body is said to be, in lower case and without parameters.
    pub(super) fn media_type(&self) -> String {
        let label = self.header("content-type").unwrap_or_default().to_ascii_lowercase();
        label.split(';').next().unwrap_or_default().trim().to_owned()
    }
}

/// The pairs of a query or of a form.
pub(super) fn pairs(text: &str) -> Vec<(String, String)> {
    let parts = text.split('&').filter(|part| !part.is_empty()).take(PAIRS_MAX);
    parts
        .map(|part| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            (lenient(&name.replace('+', " ")), lenient(&value.replace('+', " ")))
        })
        .collect()
}

/// Undoes percent-encoding for a value: a broken escape stays as it is, a byte that is no text
/// becomes the sign for that.
pub(super) fn lenient(text: &str) -> String {
    String::from_utf8_lossy(&unescape(text).0).into_owned()
}

/// Undoes percent-encoding for a part of a path: a broken escape, a control character or a byte that
/// is no text makes it nobody's path.
pub(super) fn strict(text: &str) -> Option<String> {
    let (bytes, whole) = unescape(text);
    let decoded = String::from_utf8(bytes).ok()?;
    (whole && !decoded.contains(char::is_control)).then_some(decoded)
}

/// The bytes behind the escapes, and whether every `%` began one.
fn unescape(text: &str) -> (Vec<u8>, bool) {
    let bytes = text.as_bytes();
    let (mut decoded, mut whole, mut at) = (Vec::with_capacity(bytes.len()), true, 0);
    let digit = |at: usize| bytes.get(at).and_then(|byte| char::from(*byte).to_digit(16));
    while let Some(&byte) = bytes.get(at) {
        match (byte, digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                decoded.push(u8::try_from(high * 16 + low).unwrap_or(b'?'));
                at += 3;
            }
            (b'%', ..) => {
                (whole, at) = (false, at + 1);
                decoded.push(byte);
            }
            _ => {
                decoded.push(byte);
                at += 1;
            }
        }
    }
    (decoded, whole)
}
