//! Private keys in PEM and PGP armour.
//!
//! The lines that say `BEGIN` and `END` stay, so a reader sees what was there; each line between them is masked. The output may
//! have been cut, so a key without an end reaches to the end of the text, and before an end without a beginning the
//! lines that look like a key are masked too.

use crate::domain::redact::Spans;

/// What may stand between `BEGIN` and the dashes, such as `OPENSSH PRIVATE KEY`.
const LABEL_BYTES_MAX: usize = 48;
/// The dashes before and after a label.
const DASHES: &[u8] = b"-----";

/// Adds the bodies of all private keys.
pub(super) fn find(text: &[u8], spans: &mut Spans) {
    let (mut at, mut floor) = (0, 0);
    while let Some(skipped) = text[at..].iter().position(|byte| *byte == b'-') {
        at += skipped;
        if let Some(body) = label_end(text, at, b"-----BEGIN ") {
            let end = (body..text.len())
                .find(|end| text[*end..].starts_with(b"-----END "))
                .unwrap_or(text.len());
            spans.push(body..end);
            at = end.max(body);
            floor = end + label_end(text, end, b"-----END ").map_or(0, |after| after - end);
            at = at.max(floor);
        } else if let Some(after) = label_end(text, at, b"-----END ") {
            spans.push(body_start(text, floor, at)..at);
            (at, floor) = (after, after);
        } else {
            at += 1;
        }
    }
}

/// The end of a line like `-----BEGIN RSA PRIVATE KEY-----` that begins here, if it speaks of a private key.
fn label_end(text: &[u8], at: usize, opening: &[u8]) -> Option<usize> {
    let rest = text[at..].strip_prefix(opening)?;
    let near = &rest[..rest.len().min(LABEL_BYTES_MAX)];
    let length = near.windows(DASHES.len()).position(|window| window == DASHES)?;
    let private = near[..length].windows(11).any(|window| window == b"PRIVATE KEY");
    private.then_some(at + opening.len() + length + DASHES.len())
}

/// Where the lines of base64 before an end begin, not looking before `floor`.
fn body_start(text: &[u8], floor: usize, end: usize) -> usize {
    let mut start = end;
    while start > floor && text[start - 1] == b'\n' {
        let line_start = text[floor..start - 1]
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(floor, |at| floor + at + 1);
        let line = text[line_start..start].trim_ascii();
        if line.is_empty()
            || !line.iter().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(byte))
        {
            break;
        }
        start = line_start;
    }
    start
}
