//! A tool's mixed output made readable: the lines of its last 64 KiB as clean text.
//!
//! What arrives is whatever the job wrote: progress bars redrawn with carriage returns, colours,
//! NULs, bytes that are no UTF-8, a first line cut in half. Every parser of this folder starts from
//! [`tidy`], so none of them meets any of that, and each looks at every line once, which keeps
//! hostile output linear. Nothing here knows a tool.

use serde_json::Value;

/// How much of the output's end is looked at. Every summary is printed last and is far shorter; a
/// caller that keeps a shorter tail loses nothing but the front.
pub(crate) const SUMMARY_BYTES_MAX: usize = 64 * 1024;

/// The lines of the output's end, with escape sequences and control characters taken out. A
/// carriage return and an escape sequence that moves the cursor end a line, as on a screen they
/// start a new one. When the front had to be cut off, the line that was cut is dropped.
pub(crate) fn tidy(output: &[u8]) -> Vec<String> {
    let start = output.len().saturating_sub(SUMMARY_BYTES_MAX);
    let mut seen = &output[start..];
    if start > 0 {
        let line_end = seen.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
        seen = &seen[line_end.map_or(seen.len(), |end| end + 1)..];
    }
    let text = String::from_utf8_lossy(seen);
    let mut lines = vec![String::new()];
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let ends_line = match letter {
            '\n' | '\r' => true,
            '\u{1b}' if letters.next_if_eq(&'[').is_some() => {
                // A control sequence (ECMA-48) runs to its final byte; `m` is the one that only
                // colours.
                let last = letters.find(|letter| ('@'..='~').contains(letter));
                last != Some('m')
            }
            '\t' => {
                push(&mut lines, ' ');
                false
            }
            letter => {
                if !letter.is_control() {
                    push(&mut lines, letter);
                }
                false
            }
        };
        if ends_line && lines.last().is_some_and(|line| !line.is_empty()) {
            lines.push(String::new());
        }
    }
    lines
}

/// Adds a letter to the line being read.
fn push(lines: &mut [String], letter: char) {
    if let Some(line) = lines.last_mut() {
        line.push(letter);
    }
}

/// The line as a JSON object, if it is one.
pub(crate) fn json_object(line: &str) -> Option<Value> {
    let line = line.trim();
    if !line.starts_with('{') || !line.ends_with('}') {
        return None;
    }
    serde_json::from_str(line).ok()
}

/// What lies between two marks: `between("a (b) c", "(", ")")` is `b`.
pub(crate) fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    text.split_once(before)?.1.split_once(after).map(|(inner, _)| inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_becomes_clean_lines() {
        let check = |output: &[u8], expected: &[&str]| {
            let lines = tidy(output);
            let filled: Vec<&str> =
                lines.iter().map(String::as_str).filter(|line| !line.is_empty()).collect();
            assert_eq!(filled, expected, "{output:?}");
        };
        check(b"", &[]);
        check(b"a\nb\r\n\r\nc", &["a", "b", "c"]);
        check(b"10%\r50%\r100%\n", &["10%", "50%", "100%"]);
        check(b"\x1b[1;31mred\x1b[0m text\x1b[2Knext", &["red text", "next"]);
        check(b"a\0b\tc\x07\xff", &["ab c\u{fffd}"]);
        check(b"open \x1b[12;", &["open "]);
        check(b"\x1b", &[]);
        let long = [&b"cut "[..], &[b'x'; SUMMARY_BYTES_MAX], b"\nlast"].concat();
        check(&long, &["last"]);
        check(&[b'x'; 2 * SUMMARY_BYTES_MAX], &[]);
    }
}
