//! Secrets that can be told by their shape alone: tokens with a prefix, JSON web tokens, `Bearer` and `Basic` values.
//!
//! Issuers give their tokens prefixes so that leaks can be found; the table follows their documentation and the rules of the
//! public secret scanners. A prefix counts only with enough of the right characters behind it, so `npm_config` passes.

use crate::domain::redact::{Spans, word_starts};

/// What may follow a prefix.
#[derive(Clone, Copy)]
enum Letters {
    /// `A-Z` and `0-9`.
    UpperDigits,
    /// Letters, digits, `_`, `-`, `.`: what most tokens are made of.
    Token,
}

/// One kind of token.
struct Shape {
    /// How it begins.
    prefix: &'static str,
    /// How many characters must follow at least.
    length_min: usize,
    /// Which characters.
    letters: Letters,
    /// Whether it must begin a word and hold a digit, because the prefix is also found in ordinary words.
    doubtful: bool,
}

/// A shape with an unmistakable prefix.
const fn plain(prefix: &'static str, length_min: usize) -> Shape {
    Shape { prefix, length_min, letters: Letters::Token, doubtful: false }
}

/// A shape whose prefix occurs in ordinary words.
const fn doubtful(prefix: &'static str, length_min: usize) -> Shape {
    Shape { prefix, length_min, letters: Letters::Token, doubtful: true }
}

/// The tokens that are known. A prefix that begins like another must not have a smaller minimum, for the first match counts.
const SHAPES: [Shape; 36] = [
    Shape { prefix: "AKIA", length_min: 16, letters: Letters::UpperDigits, doubtful: false },
    Shape { prefix: "ASIA", length_min: 16, letters: Letters::UpperDigits, doubtful: false },
    plain("AIza", 30),
    plain("AGE-SECRET-KEY-1", 20),
    plain("GOCSPX-", 20),
    plain("SG.", 40),
    plain("dckr_pat_", 20),
    plain("dop_v1_", 20),
    plain("ghp_", 20),
    plain("gho_", 20),
    plain("ghu_", 20),
    plain("ghs_", 20),
    plain("ghr_", 20),
    plain("github_pat_", 20),
    plain("glpat-", 16),
    plain("glrt-", 16),
    plain("gldt-", 16),
    plain("glptt-", 16),
    plain("hf_", 30),
    plain("hvs.", 20),
    plain("npm_", 30),
    doubtful("pypi-", 30),
    plain("rk_live_", 10),
    plain("rk_test_", 10),
    plain("shpat_", 20),
    plain("sk_live_", 10),
    plain("sk_test_", 10),
    doubtful("sk-", 20),
    plain("whsec_", 10),
    plain("xapp-", 10),
    plain("xoxa-", 10),
    plain("xoxb-", 10),
    plain("xoxe-", 10),
    plain("xoxp-", 10),
    plain("xoxr-", 10),
    plain("xoxs-", 10),
];

/// How much of a doubtful token is searched for a digit. Without a bound `sk-sk-sk-…` would take quadratic time.
const DIGIT_LOOK_BYTES: usize = 40;

/// Adds all tokens that are known by their shape.
pub(super) fn find(text: &[u8], spans: &mut Spans) {
    let mut web_tokens = WebTokens { segment_end: 0, none_before: 0 };
    let mut at = 0;
    while at < text.len() {
        let end = match text[at] {
            b'e' => web_tokens.end(text, at),
            b'B' | b'b' => credentials(text, at, spans),
            b'A' | b'G' | b'S' | b'd' | b'g' | b'h' | b'n' | b'p' | b'r' | b's' | b'w' | b'x' => {
                shape_end(text, at)
            }
            _ => None,
        };
        match end {
            Some(end) => {
                // `Bearer` stays; its value has been added already.
                if !matches!(text[at], b'B' | b'b') {
                    spans.push(at..end);
                }
                at = end;
            }
            None => at += 1,
        }
    }
}

/// The end of the token from the table that begins here.
fn shape_end(text: &[u8], at: usize) -> Option<usize> {
    let here = &text[at..];
    let shape = SHAPES.iter().find(|shape| here.starts_with(shape.prefix.as_bytes()))?;
    let fits = |byte: &u8| match shape.letters {
        Letters::UpperDigits => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
        Letters::Token => is_token_byte(*byte) || *byte == b'.',
    };
    let rest = &here[shape.prefix.len()..];
    let enough = rest.len() >= shape.length_min && rest[..shape.length_min].iter().all(fits);
    let digit_near = || rest.iter().take(DIGIT_LOOK_BYTES).position(u8::is_ascii_digit);
    let digit_in_token = || digit_near().is_some_and(|place| rest[..place].iter().all(fits));
    if !enough || (shape.doubtful && !(word_starts(text, at) && digit_in_token())) {
        return None;
    }
    let length = rest.iter().take_while(|byte| fits(byte)).count();
    // A full stop at the end is the sentence's.
    let dots = rest[..length].iter().rev().take_while(|byte| **byte == b'.').count();
    Some(at + shape.prefix.len() + length - dots)
}

/// JSON web tokens, `eyJ….eyJ….…`. What was learnt about a segment is kept, or `eyJeyJ…` would be read again and again.
struct WebTokens {
    /// The end of the run of token characters that was measured last.
    segment_end: usize,
    /// No web token begins before here, for what follows this segment is none.
    none_before: usize,
}

impl WebTokens {
    /// The end of the web token that begins here. Its second segment must be an object too, or a third must follow.
    fn end(&mut self, text: &[u8], at: usize) -> Option<usize> {
        if at < self.none_before || !text[at..].starts_with(b"eyJ") {
            return None;
        }
        if at >= self.segment_end {
            self.segment_end = segment_end(text, at);
        }
        let mut end = self.segment_end;
        let mut segments = 1;
        while text.get(end) == Some(&b'.') && segment_end(text, end + 1) > end + 1 {
            end = segment_end(text, end + 1);
            segments += 1;
        }
        let object_follows = text[self.segment_end..].starts_with(b".eyJ");
        if segments > 2 || (segments == 2 && object_follows) {
            return Some(end);
        }
        self.none_before = self.segment_end;
        None
    }
}

/// Where the run of token characters that begins here ends.
fn segment_end(text: &[u8], at: usize) -> usize {
    at + text[at..].iter().take_while(|byte| is_token_byte(**byte)).count()
}

/// Adds the value after `Bearer` or `Basic` and gives its end. Ordinary words, as in `Basic usage`, are left alone.
fn credentials(text: &[u8], at: usize, spans: &mut Spans) -> Option<usize> {
    let here = &text[at..];
    let scheme = ["bearer", "basic"].iter().find(|scheme| {
        here.get(..scheme.len()).is_some_and(|word| word.eq_ignore_ascii_case(scheme.as_bytes()))
    })?;
    let blanks =
        here[scheme.len()..].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    if blanks == 0 || !word_starts(text, at) {
        return None;
    }
    let value = &here[scheme.len() + blanks..];
    let fits = |byte: &u8| is_token_byte(*byte) || matches!(byte, b'.' | b'~' | b'+' | b'/' | b'=');
    let value = &value[..value.iter().take_while(|byte| fits(byte)).count()];
    let mixed_case = value.iter().any(u8::is_ascii_lowercase)
        && value.iter().skip(1).any(u8::is_ascii_uppercase);
    let random = value.iter().any(|byte| byte.is_ascii_digit() || *byte == b'=') || mixed_case;
    let start = at + scheme.len() + blanks;
    if (value.len() >= 6 && random) || value.len() >= 24 {
        spans.push(start..start + value.len());
        return Some(start + value.len());
    }
    None
}

/// Characters of base64url, of which tokens are made.
pub(super) fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}
