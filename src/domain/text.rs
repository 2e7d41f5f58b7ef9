//! Making a job's raw output fit to be read: cleaned of terminal tricks, cut to a limit, and turned into text.
//!
//! Four steps that do not know of each other: [`clean`] gives what a terminal would still show, [`fit`] cuts from the front,
//! [`to_text`] turns any bytes into UTF-8 without losing one, and [`printable`] makes text harmless for our own terminal.
//! All take one pass. The hard part is what a cut may leave behind: see [`whole_start`].

/// How far into a line without end a blank is looked for, to start the cut at a whole word.
const WORD_LOOK_BYTES: usize = 512;
/// How much of a refused value an error shows.
const EXCERPT_CHARS: usize = 40;

/// What a terminal would still show of this output, as plain lines.
///
/// A carriage return starts the line anew, so of a progress bar the last state is left: `10%\r20%\r100%\n` is `100%\n`, and
/// `\r\n` is a line end. A backspace takes a character back. Escape sequences are dropped, and so are NUL and the other
/// control characters except tab and newline: they carry nothing to a reader, and UTF-16 output becomes readable by it.
pub(crate) fn clean(bytes: &[u8]) -> Vec<u8> {
    let mut out: Vec<u8> = Vec::with_capacity(bytes.len());
    let (mut line_start, mut returned, mut at) = (0, false, 0);
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'\n' => {
                out.push(b'\n');
                (line_start, returned) = (out.len(), false);
            }
            b'\r' => returned = true,
            0x1b => at = escape_end(bytes, at),
            0x08 => {
                while out.len() > line_start
                    && out.pop().is_some_and(|popped| popped & 0xc0 == 0x80)
                {}
            }
            0x00..=0x07 | 0x0b | 0x0c | 0x0e..=0x1a | 0x1c..=0x1f | 0x7f => {}
            b'\t' | 0x20..=0x7e | 0x80..=0xff => {
                if returned {
                    out.truncate(line_start);
                    returned = false;
                }
                out.push(byte);
            }
        }
    }
    out
}

/// Where an escape sequence ends whose ESC stands just before `at`; ECMA-48 and the operating system commands of xterm.
///
/// No sequence reaches past the end of the line, so a broken one cannot swallow the output that follows.
fn escape_end(bytes: &[u8], at: usize) -> usize {
    let skip = |from: usize, low: u8, high: u8| {
        from + bytes[from..].iter().take_while(|byte| (low..=high).contains(byte)).count()
    };
    let final_byte = |from: usize, low: u8| match bytes.get(from) {
        Some(byte) if (low..=0x7e).contains(byte) => from + 1,
        Some(_) | None => from,
    };
    match bytes.get(at) {
        Some(b'[') => final_byte(skip(skip(at + 1, 0x30, 0x3f), 0x20, 0x2f), 0x40),
        Some(b']' | b'P' | b'X' | b'^' | b'_') => {
            let text = &bytes[at + 1..];
            let end = text
                .iter()
                .position(|byte| matches!(byte, 0x07 | 0x1b | b'\n'))
                .unwrap_or(text.len());
            match text.get(end..) {
                Some([0x07, ..]) => at + 1 + end + 1,
                Some([0x1b, b'\\', ..]) => at + 1 + end + 2,
                Some(_) | None => at + 1 + end,
            }
        }
        Some(0x20..=0x2f) => final_byte(skip(at, 0x20, 0x2f), 0x30),
        Some(0x30..=0x7e) => at + 1,
        Some(_) | None => at,
    }
}

/// Cuts from the front to at most `limit` bytes, beginning at a whole line, word or at least character.
///
/// What is left begins with a marker that counts the missing bytes, unless the marker would take more than half of the
/// limit. If the text already begins with a marker, its count is carried over rather than lost.
pub(crate) fn fit(bytes: &[u8], limit: usize) -> Vec<u8> {
    if bytes.len() <= limit {
        return bytes.to_vec();
    }
    let (already, text) = split_marker(bytes);
    let longest = marker(already.saturating_add(text.len() as u64)).len();
    let room = if longest * 2 <= limit { limit - longest } else { limit };
    let last = &text[text.len().saturating_sub(room)..];
    // Nothing is broken if the cut happens to fall on a line end, or if only the marker was too much.
    let whole = text[..text.len() - last.len()].last().is_none_or(|before| *before == b'\n');
    let last = if whole { last } else { &last[whole_start(last)..] };
    let mut out = Vec::with_capacity(limit);
    if room < limit {
        out.extend_from_slice(
            marker(already.saturating_add((text.len() - last.len()) as u64)).as_bytes(),
        );
    }
    out.extend_from_slice(last);
    out
}

/// The line that stands for missing bytes: `[... 1,234,567 bytes omitted ...]`.
pub(crate) fn marker(omitted_bytes: u64) -> String {
    let digits = omitted_bytes.to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("[... {grouped} bytes omitted ...]\n")
}

/// Takes a leading marker off and reads its count; a text without one is given back whole.
fn split_marker(bytes: &[u8]) -> (u64, &[u8]) {
    let read = || {
        let rest = bytes.strip_prefix(b"[... ")?;
        let width =
            rest.iter().take(32).take_while(|byte| byte.is_ascii_digit() || **byte == b',').count();
        let number: String = rest[..width]
            .iter()
            .filter(|byte| **byte != b',')
            .map(|byte| char::from(*byte))
            .collect();
        Some((number.parse::<u64>().ok()?, rest[width..].strip_prefix(b" bytes omitted ...]\n")?))
    };
    read().unwrap_or((0, bytes))
}

/// Where bytes that lost their beginning start to be whole.
///
/// After the first line end, for half a line may hold half a secret that no rule can recognise. If no other line follows,
/// after the first blank nearby, for the same reason. Else at the next character, so that none is split.
pub(crate) fn whole_start(bytes: &[u8]) -> usize {
    if let Some(end) = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
        let end = if bytes[end..].starts_with(b"\r\n") { end + 2 } else { end + 1 };
        if end < bytes.len() {
            return end;
        }
    }
    let near = &bytes[..bytes.len().min(WORD_LOOK_BYTES)];
    if let Some(blank) = near.iter().position(|byte| matches!(byte, b' ' | b'\t'))
        && blank + 1 < bytes.len()
    {
        return blank + 1;
    }
    // A character has at most three continuation bytes; more are not UTF-8 and may stay.
    bytes.iter().take(3).take_while(|byte| **byte & 0xc0 == 0x80).count()
}

/// Where the last whole line of bytes that lost their end stops; without one, where the last whole character stops.
pub(crate) fn last_line_end(bytes: &[u8]) -> usize {
    if let Some(end) = bytes.iter().rposition(|byte| matches!(byte, b'\n' | b'\r')) {
        return end + 1;
    }
    let broken = bytes.utf8_chunks().last().map_or(0, |chunk| chunk.invalid().len());
    bytes.len() - broken
}

/// Any bytes as UTF-8, reversibly: valid text stays, an invalid byte is written `\xff`, nothing becomes U+FFFD.
///
/// Where the text itself has a backslash, an `x` and two hexadecimal digits, that backslash is written `\x5c`. So each `\xNN`
/// in the result stands for exactly one byte, and the bytes can be had back.
pub(crate) fn to_text(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        let mut rest = chunk.valid();
        while let Some(at) = rest.find("\\x") {
            let (before, from) = rest.split_at(at);
            out.push_str(before);
            let ambiguous = from
                .as_bytes()
                .get(2..4)
                .is_some_and(|pair| pair.iter().all(u8::is_ascii_hexdigit));
            out.push_str(if ambiguous { "\\x5c" } else { "\\" });
            rest = &from[1..];
        }
        out.push_str(rest);
        for byte in chunk.invalid() {
            out.push_str(&format!("\\x{byte:02x}"));
        }
    }
    out
}

/// Text that cannot steer a terminal: controls are written `\x1b`, and what turns the reading direction `\u{202e}`.
///
/// Tab and newline stay. Invalid bytes are written as [`to_text`] does.
pub(crate) fn printable(bytes: &[u8]) -> String {
    without_controls(&to_text(bytes))
}

/// The same for what is text already, in which `\xff` may stand for a byte.
pub(crate) fn without_controls(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\0'..='\u{8}' | '\u{b}'..='\u{1f}' | '\u{7f}' => {
                out.push_str(&format!("\\x{:02x}", u32::from(c)))
            }
            '\u{80}'..='\u{9f}'
            | '\u{61c}'
            | '\u{200e}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}' => out.push_str(&format!("\\u{{{:x}}}", u32::from(c))),
            _ => out.push(c),
        }
    }
    out
}

/// The start of a refused value for an error message: one line of ASCII, at most 40 characters and `...`.
pub(crate) fn excerpt(bytes: &[u8]) -> String {
    let mut out = String::new();
    for escaped in
        to_text(&bytes[..bytes.len().min(4 * EXCERPT_CHARS)]).chars().map(char::escape_default)
    {
        let escaped = escaped.to_string().replace("\\\\", "\\");
        if out.len() + escaped.len() > EXCERPT_CHARS {
            out.push_str("...");
            break;
        }
        out.push_str(&escaped);
    }
    out
}

#[cfg(test)]
mod tests;

/// A text without the number behind each of a system's errors in it.
pub(crate) fn without_errnos(text: &str) -> String {
    let mut plain = text.to_owned();
    while let Some(at) = plain.find(" (os error ") {
        let Some(close) = plain[at..].find(')') else { break };
        plain.replace_range(at..=at + close, "");
    }
    plain
}

/// So many of something: `1 run`, `2 runs`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{s}")
}

/// A system's error text without the number behind it: a person looks up words, not `os error 111`.
pub(crate) fn without_errno(text: &str) -> &str {
    match text.find(" (os error ") {
        Some(at) if text.ends_with(')') => &text[..at],
        Some(_) | None => text,
    }
}
