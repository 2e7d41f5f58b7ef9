//! Sizes in bytes as people write them: `512`, `64KiB`, `10MB`, `20G`.
//!
//! With `iB` a unit is a power of 1024, with `B` a power of 1000. A letter alone is a power of 1024: `20G` is 20 GiB, because
//! that is what `dd`, `df -h`, `ls -h` and systemd mean by it, and a limit that is 7 % larger than meant is the safer error.
//! Case is ignored, for nobody writes a limit in bits. This module knows no limits of its own; each option has one.

use std::fmt;

use crate::domain::text::excerpt;

/// Decimals read after a point; more are refused, since they cannot be meant.
const DECIMALS_MAX: usize = 6;

/// Letters of the units in the order of their powers.
const LETTERS: &str = "kmgtpe";

/// A refused size. The text in it is escaped and short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SizeError {
    /// It is not a number followed by a unit.
    Malformed(String),
    /// It does not fit 64 bits.
    TooLarge(String),
}

impl fmt::Display for SizeError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SizeError::Malformed(shown) => write!(
                out,
                "`{shown}` is not a size: write bytes or a unit, as in `64KiB` or `10MB`"
            ),
            SizeError::TooLarge(shown) => write!(out, "`{shown}` is too large for a size"),
        }
    }
}

/// Reads a size: `parse("64KiB")` is 65,536, `parse("10MB")` is 10,000,000, `parse("1.5G")` is 1,610,612,736.
///
/// A part of a byte is cut off. Blanks may stand around the number, and one line end after it is forgiven.
pub(crate) fn parse(text: &str) -> Result<u64, SizeError> {
    let bare = text.trim_end_matches(['\r', '\n']).trim_matches([' ', '\t']);
    let malformed = || SizeError::Malformed(excerpt(bare.as_bytes()));
    let too_large = || SizeError::TooLarge(excerpt(bare.as_bytes()));
    let unit_at = bare.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(bare.len());
    let (number, unit) = bare.split_at(unit_at);
    let (whole, decimals) = number.split_once('.').unwrap_or((number, "0"));
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !all_digits(whole) || !all_digits(decimals) || decimals.len() > DECIMALS_MAX {
        return Err(malformed());
    }
    let factor = factor(unit.trim_start_matches([' ', '\t'])).ok_or_else(malformed)?;
    if whole.trim_start_matches('0').len() > 20 {
        return Err(too_large());
    }
    let whole: u128 = whole.parse().map_err(|_| too_large())?;
    let part: u128 = decimals.parse().map_err(|_| malformed())?;
    let scale = 10_u128.pow(u32::try_from(decimals.len()).map_err(|_| malformed())?);
    u64::try_from((whole * scale + part) * factor / scale).map_err(|_| too_large())
}

/// What one of a unit is, or `None` for something that is no unit.
fn factor(unit: &str) -> Option<u128> {
    let unit = unit.to_ascii_lowercase();
    if unit.is_empty() || unit == "b" {
        return Some(1);
    }
    let power = u32::try_from(LETTERS.find(unit.chars().next()?)? + 1).ok()?;
    match &unit[1..] {
        "" | "ib" => Some(1024_u128.pow(power)),
        "b" => Some(1000_u128.pow(power)),
        _ => None,
    }
}

/// A size for people to read, in powers of 1024 with one decimal: `12.3 MiB`, `512 B`.
pub(crate) fn format(bytes: u64) -> String {
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut power = bytes.ilog2() / 10;
    let tenths = |power: u32| {
        let unit = 1_u128 << (10 * power);
        (u128::from(bytes) * 10 + unit / 2) / unit
    };
    // 1023.96 KiB rounds to 1024.0 KiB, which is written 1.0 MiB.
    if tenths(power) >= 10_240 {
        power += 1;
    }
    let letter = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"][power.min(6) as usize];
    format!("{}.{} {letter}", tenths(power) / 10, tenths(power) % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read() {
        for (input, bytes) in [
            ("0", 0),
            ("512", 512),
            ("512B", 512),
            ("64KiB", 65_536),
            ("64kib", 65_536),
            ("10MB", 10_000_000),
            ("1GiB", 1 << 30),
            ("20G", 20 << 30),
            ("20 GB", 20_000_000_000),
            ("1.5G", 3 << 29),
            ("0.1k", 102),
            ("15E", 15 << 60),
            (" 7k\n", 7168),
            ("18446744073709551615", u64::MAX),
        ] {
            assert_eq!(parse(input), Ok(bytes), "{input}");
        }
    }

    #[test]
    fn what_is_no_size_is_refused() {
        for input in [
            "",
            "k",
            "-1",
            "+1",
            "1.",
            ".5",
            "1.5.2k",
            "1kk",
            "1KiBs",
            "1_000",
            "ten",
            "１",
            "1e3",
            "1.1234567k",
            "1 0",
        ] {
            assert!(matches!(parse(input), Err(SizeError::Malformed(_))), "{input}");
        }
        for input in [
            "16E",
            "18446744073709551616",
            "99999999999999999999999999999999999999999999",
            "18446744073709551615k",
        ] {
            assert!(matches!(parse(input), Err(SizeError::TooLarge(_))), "{input}");
        }
        assert!(parse(&"9".repeat(5000)).unwrap_err().to_string().len() < 80);
    }

    #[test]
    fn sizes_are_written() {
        for (bytes, expected) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (12_897_485, "12.3 MiB"),
            (1_048_575, "1.0 MiB"),
            (1 << 30, "1.0 GiB"),
            (u64::MAX, "16.0 EiB"),
        ] {
            assert_eq!(format(bytes), expected);
        }
    }
}
