//! Secrets that have a name: `password=…`, `"token": "…"`, `Authorization: …`, `<password>…</password>`, `?sig=…&`.
//!
//! The search goes from the separator: each `=`, `:` and `>` looks back for a name, a bounded way, and only if the name is
//! secret forward for the value. So the time is linear, whatever the text. The hard part is where a value ends. Quotes end
//! it; else a blank does, and not a comma or a brace, because passwords hold such things and a bit too much masked is
//! better than half a password shown.

use std::ops::Range;

use crate::domain::redact::Spans;
use crate::domain::redact::names::{Claim, NAME_BYTES_MAX, claim, is_name_byte, is_ordinary};

/// How many blanks may stand before a separator; aligned configuration files have many.
const BLANKS_MAX: usize = 64;

/// A name found before a separator, and where its value may begin.
struct Pair {
    /// Where the name is.
    name: Range<usize>,
    /// The first byte after the separator.
    value_at: usize,
    /// Which separator it was: `=`, `:` or `>`.
    separator: u8,
}

/// Adds the values of all secret names.
pub(super) fn find(text: &[u8], spans: &mut Spans) {
    // The end of the line is remembered, for one endless line may hold many names.
    let (mut at, mut line_end) = (0, 0);
    while let Some(skipped) = text[at..].iter().position(|byte| matches!(byte, b'=' | b':' | b'>'))
    {
        let separator_at = at + skipped;
        at = separator_at + 1;
        let Some(pair) = pair(text, separator_at) else {
            continue;
        };
        let Some(claim) = claim(&text[pair.name.clone()]) else {
            continue;
        };
        if pair.value_at > line_end {
            let rest = &text[pair.value_at..];
            line_end = pair.value_at + until(rest, |byte| matches!(byte, b'\n' | b'\r'));
        }
        if let Some(value) = value(&text[..line_end], &pair, claim) {
            at = at.max(value.end);
            spans.push(value);
        }
    }
}

/// The name before a separator, if this is one. `==`, `!=`, `::` and `://` are not; `=>` and `:=` are.
fn pair(text: &[u8], at: usize) -> Option<Pair> {
    let separator = text[at];
    let before = text[..at].last().copied();
    let after = text.get(at + 1).copied();
    let mut value_at = at + 1;
    match (separator, after) {
        (b'=', Some(b'=')) | (b':', Some(b':')) => return None,
        (b':', Some(b'/')) if text.get(at + 2) == Some(&b'/') => return None,
        (b'=', Some(b'>')) | (b':', Some(b'=')) => value_at += 1,
        _ => {}
    }
    if separator == before? || (separator == b'=' && matches!(before?, b'!' | b'<' | b'>' | b'~')) {
        return None;
    }
    let mut end = at;
    if separator != b'>' {
        let blanks =
            text[..end].iter().rev().take(BLANKS_MAX).take_while(|byte| is_blank(**byte)).count();
        end -= blanks;
        end -= usize::from(text[..end].ends_with(b"]"));
        if text[..end].last().is_some_and(|byte| is_quote(*byte)) {
            end -= 1;
            end -= text[..end].iter().rev().take(8).take_while(|byte| **byte == b'\\').count();
        }
    }
    let length = text[..end]
        .iter()
        .rev()
        .take(NAME_BYTES_MAX + 1)
        .take_while(|byte| is_name_byte(**byte))
        .count();
    let name = end - length..end;
    let introduced_by = text[..name.start].last();
    let is_pair = match separator {
        b'>' => introduced_by == Some(&b'<'),
        // `/run/secrets/token: no such file` complains about a path.
        b':' => introduced_by != Some(&b'/'),
        _ => true,
    };
    (length > 0 && is_pair).then_some(Pair { name, value_at, separator })
}

/// Where the secret part of the value is, if there is one; the text ends with the line of the name.
fn value(text: &[u8], pair: &Pair, claim: Claim) -> Option<Range<usize>> {
    let introduced_by = text[..pair.name.start].last().copied();
    let in_query = matches!(introduced_by, Some(b'?' | b'&'));
    let name = &text[pair.name.clone()];
    match claim {
        Claim::Word | Claim::Line => {}
        Claim::Assigned if pair.separator == b'=' => {}
        Claim::Query if in_query => {}
        Claim::Assigned | Claim::Query => return None,
    }
    let start =
        pair.value_at + text[pair.value_at..].iter().take_while(|byte| is_blank(**byte)).count();
    let rest_of_line = &text[start..];
    // The shell exports where it is: `PWD=/root` and `OLDPWD=/` are places.
    if matches!(name, b"PWD" | b"OLDPWD") && rest_of_line.starts_with(b"/") {
        return None;
    }
    let marks = rest_of_line.iter().take_while(|byte| **byte == b'\\').count();
    let quote = rest_of_line.get(marks).copied().filter(|byte| is_quote(*byte));
    let (from, length) = match quote {
        Some(quote) => (start + marks + 1, quoted(&rest_of_line[marks + 1..], quote, marks > 0)),
        None if pair.separator == b'>' => (start, until(rest_of_line, |byte| byte == b'<')),
        None if rest_of_line.starts_with(b"{") => return None,
        None if rest_of_line.starts_with(b"[") => {
            (start, bracketed(rest_of_line).max(word(rest_of_line, in_query)))
        }
        None if claim == Claim::Line && !in_query => {
            let outer = introduced_by.filter(|byte| is_quote(*byte));
            (start, until(rest_of_line, |byte| Some(byte) == outer))
        }
        None => (start, word(rest_of_line, in_query)),
    };
    let value = from..from + length;
    let shown = text[value.clone()].trim_ascii_end();
    let few_digits =
        claim == Claim::Assigned && shown.len() < 6 && shown.iter().all(u8::is_ascii_digit);
    (!is_ordinary(shown, pair.separator == b':') && !few_digits).then_some(from..from + shown.len())
}

/// How many bytes come before the first that stops, or all.
fn until(text: &[u8], stops: impl Fn(u8) -> bool) -> usize {
    text.iter().position(|byte| stops(*byte)).unwrap_or(text.len())
}

/// The length of a quoted value whose opening quote has been read; a closing one that is missing ends with the line.
///
/// In JSON inside a string the quotes themselves are escaped, so there the first escaped one ends the value. What a shell
/// glues to a closing quote, as in `'it'"'"'s'`, belongs to the value.
fn quoted(text: &[u8], quote: u8, escaped_quotes: bool) -> usize {
    let mut escaped = false;
    for (at, byte) in text.iter().enumerate() {
        if *byte == quote && escaped == escaped_quotes {
            if escaped_quotes {
                return at - 1;
            }
            let glued = text
                .get(at + 1)
                .is_some_and(|next| is_quote(*next) || next.is_ascii_alphanumeric());
            return if glued { at + 1 + word(&text[at + 1..], false) } else { at };
        }
        escaped = *byte == b'\\' && !escaped;
    }
    text.len()
}

/// The length of a list, with its brackets. A password may merely begin with one, so the caller takes the longer of this
/// and the word.
fn bracketed(text: &[u8]) -> usize {
    let end = until(text, |byte| byte == b']');
    text.len().min(end + 1)
}

/// The length of a bare value: up to a blank, or a quote that closes something around it, or in a query up to `&`.
fn word(text: &[u8], in_query: bool) -> usize {
    let closes = |at: usize| {
        let after = text[at + 1..].iter().find(|byte| **byte != b'\\');
        after.is_none_or(|next| next.is_ascii_whitespace() || b",;)}]>".contains(next))
    };
    let mut end = text.len();
    for (at, byte) in text.iter().enumerate() {
        let stops = byte.is_ascii_whitespace() || (in_query && matches!(byte, b'&' | b'#'));
        // A backslash before the quote belongs to the quote.
        if stops || (is_quote(*byte) && closes(at)) {
            end = if !stops && text[..at].ends_with(b"\\") { at - 1 } else { at };
            break;
        }
    }
    end - usize::from(text[..end].ends_with(b",") || text[..end].ends_with(b";"))
}

/// A blank within a line.
fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// Any of the quotes.
fn is_quote(byte: u8) -> bool {
    matches!(byte, b'"' | b'\'' | b'`')
}
