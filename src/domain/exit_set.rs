//! A set of exit codes, as `--ok-exit 0,1,100-127` and `ok_exit = [0, 1]` give it.
//!
//! An exit code is one byte, so the set is 256 bits: a test is one shift, copying it costs
//! nothing, and no text can make it large.
//! Codes that no process can return, such as 256 or -1, are refused instead of being cut
//! to a byte as a shell would do, because a person who writes them means something else.

use std::fmt;

const WORDS: usize = 4;
const WORD_BITS: usize = 64;

/// Exit codes from 0 to 255. The default is the empty set.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct ExitSet([u64; WORDS]);

/// Why a text is no set of exit codes; each holds the part that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ExitSetError {
    /// There is nothing at all, or nothing between two commas.
    Empty,
    /// The part is neither a number nor a range.
    NotANumber(String),
    /// The part is a number that no process can exit with.
    OutOfRange(String),
    /// The range runs backwards.
    Reversed(String),
}

impl ExitSet {
    /// The set without a single code.
    pub(crate) const fn new() -> Self {
        Self([0; WORDS])
    }

    /// The set of codes in a text: numbers and inclusive ranges, separated by commas.
    /// `0,1,100-127` holds 30 codes.
    pub(crate) fn parse(text: &str) -> Result<Self, ExitSetError> {
        let mut set = Self::new();
        for part in text.split(',').map(str::trim) {
            let Some((from, until)) = part.split_once('-') else {
                set.insert(code(part, part)?);
                continue;
            };
            let (from, until) = (code(from.trim(), part)?, code(until.trim(), part)?);
            if from > until {
                return Err(ExitSetError::Reversed(part.to_owned()));
            }
            for code in from..=until {
                set.insert(code);
            }
        }
        Ok(set)
    }

    /// Adds one code; adding it again changes nothing.
    pub(crate) fn insert(&mut self, code: u8) {
        let bit = usize::from(code);
        self.0[bit / WORD_BITS] |= 1 << (bit % WORD_BITS);
    }

    /// Whether the code is in the set.
    pub(crate) fn contains(&self, code: u8) -> bool {
        let bit = usize::from(code);
        self.0[bit / WORD_BITS] >> (bit % WORD_BITS) & 1 == 1
    }
}

/// One code; `part` is the whole range it stands in, because that is what a person wrote.
fn code(digits: &str, part: &str) -> Result<u8, ExitSetError> {
    if part.is_empty() {
        return Err(ExitSetError::Empty);
    }
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(ExitSetError::NotANumber(part.to_owned()));
    }
    digits.parse().map_err(|_| ExitSetError::OutOfRange(part.to_owned()))
}

/// The shortest text that parses to the same set: sorted, with neighbours joined to ranges.
impl fmt::Display for ExitSet {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut comma = "";
        let mut next = 0_u16;
        while let Some(from) = (next..256).find(|&code| self.contains(code as u8)) {
            let end = (from..256).find(|&code| !self.contains(code as u8)).unwrap_or(256);
            match end - from {
                1 => write!(out, "{comma}{from}")?,
                2 => write!(out, "{comma}{from},{}", from + 1)?,
                3.. => write!(out, "{comma}{from}-{}", end - 1)?,
                0 => return Ok(()),
            }
            comma = ",";
            next = end;
        }
        Ok(())
    }
}

impl fmt::Debug for ExitSet {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "ExitSet({self})")
    }
}

impl fmt::Display for ExitSetError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |part: &str| super::text::excerpt(part.as_bytes());
        match self {
            Self::Empty => write!(out, "an exit code is missing"),
            Self::NotANumber(part) => {
                let part = shown(part);
                write!(out, "`{part}` is neither a number nor a range, as in `0,1` or `100-127`")
            }
            Self::OutOfRange(part) => write!(out, "`{}` is not between 0 and 255", shown(part)),
            Self::Reversed(part) => write!(out, "the range `{}` runs backwards", shown(part)),
        }
    }
}

impl std::error::Error for ExitSetError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_becomes_its_shortest_form_or_says_what_is_wrong() {
        let cases = [
            ("0", "0"),
            ("255", "255"),
            ("1,0", "0,1"),
            ("0,1,100-127", "0,1,100-127"),
            (" 0 , 3 - 5 ", "0,3-5"),
            ("0-255", "0-255"),
            ("1,2,3,3,4", "1-4"),
            ("63,64,65", "63-65"),
            ("7-7", "7"),
            ("007", "7"),
            ("", "an exit code is missing"),
            ("1,,2", "an exit code is missing"),
            ("1,", "an exit code is missing"),
            ("256", "`256` is not between 0 and 255"),
            ("0-99999999999999", "`0-99999999999999` is not between 0 and 255"),
            ("-1", "`-1` is neither a number nor a range, as in `0,1` or `100-127`"),
            ("1-", "`1-` is neither a number nor a range, as in `0,1` or `100-127`"),
            ("1-2-3", "`1-2-3` is neither a number nor a range, as in `0,1` or `100-127`"),
            ("one", "`one` is neither a number nor a range, as in `0,1` or `100-127`"),
            ("+1", "`+1` is neither a number nor a range, as in `0,1` or `100-127`"),
            ("\u{661}", "`\\u{661}` is neither a number nor a range, as in `0,1` or `100-127`"),
            ("9-3", "the range `9-3` runs backwards"),
        ];
        for (text, expected) in cases {
            let got = ExitSet::parse(text).map_or_else(|e| e.to_string(), |set| set.to_string());
            assert_eq!(got, expected, "{text:?}");
        }
    }

    #[test]
    fn every_set_of_two_ranges_survives_its_own_text() {
        for from in (0..=255_u8).step_by(7) {
            for until in (from..=255).step_by(5) {
                let text = format!("{from}-{until},{}", 255 - from);
                let set = ExitSet::parse(&text).unwrap();
                for code in 0..=255 {
                    let expected = (from..=until).contains(&code) || code == 255 - from;
                    assert_eq!(set.contains(code), expected, "{text} {code}");
                }
                assert_eq!(ExitSet::parse(&set.to_string()), Ok(set));
            }
        }
    }

    #[test]
    fn the_default_is_empty() {
        assert_eq!(ExitSet::default(), ExitSet::new());
        assert_eq!(format!("{:?}", ExitSet::new()), "ExitSet()");
    }
}
