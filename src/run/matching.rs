//! Lines of output against `--fail-if-output` and `--require-output`, as they stream by.

use regex_lite::Regex;

use super::decide::OutputFacts;

/// The longest line that is matched as one; a longer one is matched in pieces.
const LINE_BYTES_MAX: usize = 64 * 1024;

/// Watches the lines of one stream.
#[derive(Clone, Default)]
pub(crate) struct Matching {
    fail_if: Option<Regex>,
    require: Option<Regex>,
    line: Vec<u8>,
}

impl Matching {
    /// Watches for these.
    pub(crate) fn new(fail_if: Option<Regex>, require: Option<Regex>) -> Matching {
        Matching { fail_if, require, line: Vec::new() }
    }

    /// Whether there is anything to watch for.
    pub(crate) fn is_idle(&self) -> bool {
        self.fail_if.is_none() && self.require.is_none()
    }

    /// Takes a chunk; every line that ends in it is matched.
    pub(crate) fn push(&mut self, bytes: &[u8], facts: &mut OutputFacts) {
        if self.is_idle() {
            return;
        }
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(part);
            if part.ends_with(b"\n") || self.line.len() >= LINE_BYTES_MAX {
                self.finish(facts);
            }
        }
    }

    /// Matches what is left without a line end.
    pub(crate) fn finish(&mut self, facts: &mut OutputFacts) {
        let line = std::mem::take(&mut self.line);
        let text = String::from_utf8_lossy(line.strip_suffix(b"\n").unwrap_or(&line));
        if line.is_empty() {
            return;
        }
        if facts.forbidden.is_none() && self.fail_if.as_ref().is_some_and(|re| re.is_match(&text)) {
            facts.forbidden = Some(text.trim().to_owned());
        }
        if self.require.as_ref().is_some_and(|re| re.is_match(&text)) {
            facts.required_seen = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Matching, OutputFacts, Regex};

    #[test]
    fn a_line_is_found_however_it_is_cut() {
        let text = b"fine\nERROR: disk full\nthe end";
        for cut in 0..text.len() {
            let fail_if = Regex::new("^ERROR").ok();
            let mut matching = Matching::new(fail_if, Regex::new("end$").ok());
            let mut facts = OutputFacts::default();
            matching.push(&text[..cut], &mut facts);
            matching.push(&text[cut..], &mut facts);
            matching.finish(&mut facts);
            assert_eq!(facts.forbidden.as_deref(), Some("ERROR: disk full"), "cut at {cut}");
            assert!(facts.required_seen);
        }
    }
}
