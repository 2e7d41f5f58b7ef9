//! Masking of secrets before output or a command line leaves the host.
//!
//! Jobs print what they should not: a URL with a password, an `Authorization` header in a trace, a key file. Each file of this
//! folder finds one family of secrets and reports where they are; here the places are joined and replaced by `****`. What is
//! around a secret stays byte for byte, and so does the number of lines, so that a reader still sees what went wrong.
//!
//! The input is hostile: any bytes, any length. The built-in rules are written by hand and take one pass each; only the
//! patterns of the user cost a regex. When in doubt a rule masks, but it leaves prose such as `token bucket` alone.
//! This is a net and not a wall: a secret with no name and no shape passes through.

mod addresses;
mod names;
mod pairs;
mod pem;
mod shapes;
#[cfg(test)]
mod tests;
mod words;

use std::borrow::Cow;
use std::ops::Range;

use regex_lite::{Regex, RegexBuilder};

/// What stands where a secret stood.
pub(crate) const MASK: &str = "****";
/// More patterns of the user than this are refused; each costs a pass over the output.
pub(crate) const PATTERNS_MAX: usize = 32;
/// A longer pattern is refused, for the time of a match grows with it.
pub(crate) const PATTERN_BYTES_MAX: usize = 512;
/// What a compiled pattern may take, so that `(a{999}){999}` is refused.
const PATTERN_COMPILED_BYTES_MAX: usize = 256 * 1024;
/// Shorter literals would mask ordinary words, and are no secrets worth the name.
pub(crate) const LITERAL_BYTES_MIN: usize = 6;

/// Places of secrets in a text, in any order and perhaps overlapping.
type Spans = Vec<Range<usize>>;

/// The built-in rules together with the user's own patterns.
#[derive(Debug)]
pub(crate) struct Redactor {
    /// Compiled once, at start.
    patterns: Vec<Regex>,
}

impl Redactor {
    /// Compiles the user's patterns, or says which one is wrong (counted from 0) and why.
    ///
    /// A pattern sees one line at a time. If it has a group, only the first group is masked: `pin=(\d+)` keeps `pin=`.
    pub(crate) fn new(patterns: &[String]) -> Result<Redactor, (usize, String)> {
        if patterns.len() > PATTERNS_MAX {
            return Err((PATTERNS_MAX, format!("more than {PATTERNS_MAX} patterns")));
        }
        let compile = |(place, pattern): (usize, &String)| {
            if pattern.len() > PATTERN_BYTES_MAX {
                return Err((place, format!("longer than {PATTERN_BYTES_MAX} bytes")));
            }
            let compiled =
                RegexBuilder::new(pattern).size_limit(PATTERN_COMPILED_BYTES_MAX).build();
            compiled.map_err(|error| (place, error.to_string()))
        };
        Ok(Redactor {
            patterns: patterns.iter().enumerate().map(compile).collect::<Result<_, _>>()?,
        })
    }

    /// The text with every secret replaced: `PGPASSWORD=hunter2 pg_dump` becomes `PGPASSWORD=**** pg_dump`.
    ///
    /// Masking a second time is harmless. A text without secrets is given back without a copy.
    pub(crate) fn mask<'a>(&self, text: &'a [u8]) -> Cow<'a, [u8]> {
        let mut spans = Spans::new();
        pem::find(text, &mut spans);
        addresses::find(text, &mut spans);
        pairs::find(text, &mut spans);
        shapes::find(text, &mut spans);
        words::find_flags(text, &mut spans);
        words::find_habits(text, &mut spans);
        self.find_patterns(text, &mut spans);
        cover(text, spans)
    }

    /// The words of a command with every secret replaced, including those that only their neighbour gives away:
    /// `["mysql", "--password", "hunter2"]` becomes `["mysql", "--password", "****"]`.
    pub(crate) fn mask_words<W: AsRef<[u8]>>(&self, words: &[W]) -> Vec<Vec<u8>> {
        let words: Vec<&[u8]> = words.iter().map(AsRef::as_ref).collect();
        let secret_part = |place| words::secret_part(&words, place).filter(|part| !part.is_empty());
        let mask = |place: usize| match secret_part(place) {
            Some(part) => cover(words[place], vec![part]).into_owned(),
            None => self.mask(words[place]).into_owned(),
        };
        (0..words.len()).map(mask).collect()
    }

    /// Matches of the user's patterns. Bytes that are not UTF-8 are seen as the control character 0x1A, one for one, so
    /// that a match has the same place in both.
    fn find_patterns(&self, text: &[u8], spans: &mut Spans) {
        if self.patterns.is_empty() {
            return;
        }
        let mut readable = String::with_capacity(text.len());
        for chunk in text.utf8_chunks() {
            readable.push_str(chunk.valid());
            readable.extend(chunk.invalid().iter().map(|_| '\u{1a}'));
        }
        let mut line_start = 0;
        for line in readable.split_inclusive('\n') {
            let shown = line.trim_end_matches(['\r', '\n']);
            for found in self.patterns.iter().flat_map(|pattern| pattern.captures_iter(shown)) {
                if let Some(place) = found.get(1).or_else(|| found.get(0)) {
                    spans.push(line_start + place.start()..line_start + place.end());
                }
            }
            line_start += line.len();
        }
    }
}

/// The text with every occurrence of values known to be secret replaced, such as a ping key.
///
/// Values of fewer than [`LITERAL_BYTES_MIN`] bytes are passed over.
pub(crate) fn mask_literal<'a>(text: &'a [u8], secrets: &[&[u8]]) -> Cow<'a, [u8]> {
    let mut spans = Spans::new();
    for secret in secrets.iter().filter(|secret| secret.len() >= LITERAL_BYTES_MIN) {
        let mut at = 0;
        while let Some(skipped) = text[at..].iter().position(|byte| *byte == secret[0]) {
            at += skipped;
            if text[at..].starts_with(secret) {
                spans.push(at..at + secret.len());
                at += secret.len();
            } else {
                at += 1;
            }
        }
    }
    cover(text, spans)
}

/// Writes the mask over the places, once for each line of a place, and keeps all else.
fn cover(text: &[u8], mut spans: Spans) -> Cow<'_, [u8]> {
    spans.retain(|span| !span.is_empty());
    if spans.is_empty() {
        return Cow::Borrowed(text);
    }
    spans.sort_by_key(|span| span.start);
    let (mut out, mut done) = (Vec::with_capacity(text.len()), 0);
    let mut spans = spans.into_iter().peekable();
    while let Some(mut span) = spans.next() {
        while let Some(next) = spans.next_if(|next| next.start <= span.end) {
            span.end = span.end.max(next.end);
        }
        out.extend_from_slice(&text[done..span.start]);
        for line in text[span.clone()].split_inclusive(|byte| *byte == b'\n') {
            let shown = line.trim_ascii_end();
            if !shown.is_empty() {
                out.extend_from_slice(MASK.as_bytes());
            }
            out.extend_from_slice(&line[shown.len()..]);
        }
        done = span.end;
    }
    out.extend_from_slice(&text[done..]);
    Cow::Owned(out)
}

/// Whether a word may begin at this place: at the start, after something that is no letter or digit, or after the `m` that
/// ends a colour sequence, as in `ESC[31msk-…`.
fn word_starts(text: &[u8], at: usize) -> bool {
    let Some(before) = text[..at].last() else {
        return true;
    };
    if !before.is_ascii_alphanumeric() {
        return true;
    }
    let recent = &text[at.saturating_sub(12)..at - 1];
    let digits =
        recent.iter().rev().take_while(|byte| byte.is_ascii_digit() || **byte == b';').count();
    *before == b'm' && recent[..recent.len() - digits].ends_with(b"\x1b[")
}
