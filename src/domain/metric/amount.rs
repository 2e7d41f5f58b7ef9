//! Human numbers: what `45.2GiB`, `1,234,567 bytes`, `25MB/s` and `1h30m` are in bytes and seconds.
//!
//! The hard part is that tools spell one number in a dozen ways and one spelling means two things:
//! `1m` is a minute while `1M` is a million, `3:1` a ratio while `3:01` is a clock. Here is one
//! reading for each spelling; a tool that means something else by it (old rclone, rsync under a
//! German locale) handles that in its own file. A reading we are not sure of is no reading, because
//! a wrong number teaches the baseline a wrong normal.

/// The longest text that is tried as a number. The longest honest one, `1 days 22 hours 33 minutes
/// 44.55 seconds`, is far below.
const AMOUNT_BYTES_MAX: usize = 64;

/// A number as backup tools write it, in base units; what we do not understand as a whole is
/// `None`.
///
/// | spelled                        | read as                                                 |
/// |--------------------------------|---------------------------------------------------------|
/// | `45.2GB`, `2 kB`, `1.5M`       | bytes, powers of 1000 (borg, `rsync -h`)                |
/// | `45.2GiB`, `1.4Mi`             | bytes, powers of 1024 (restic, rclone, tar)             |
/// | `1,234,567.89 bytes`           | the comma parts thousands and nothing else              |
/// | `25MB/s`, `8.5 bytes/sec`      | bytes per second                                        |
/// | `1h30m`, `1 hours 2.5 seconds` | seconds; a small `m` is a minute, a big one a million   |
/// | `0:12`, `1:02:33`              | seconds, as restic's clock                              |
/// | `3.2:1`, `95%`                 | 3.2 and 95                                              |
pub(crate) fn parse_amount(text: &str) -> Option<f64> {
    let text = text.trim();
    if text.len() > AMOUNT_BYTES_MAX {
        return None;
    }
    let (sign, text) = match text.strip_prefix(['-', '+']) {
        Some(rest) => (if text.starts_with('-') { -1.0 } else { 1.0 }, rest),
        None => (1.0, text),
    };
    let (number, unit) = split_number(text)?;
    let unit = unit.trim_start();
    let value = match unit {
        "" | "%" | ":1" => Some(number),
        _ => size_factor(unit)
            .map(|factor| number * factor)
            .or_else(|| seconds(text))
            .or_else(|| clock(text)),
    }?;
    value.is_finite().then_some(sign * value)
}

/// The number at the front, without a sign, and what follows it: `"1,234.5 kB"` is `(1234.5, "
/// kB")`.
fn split_number(text: &str) -> Option<(f64, &str)> {
    let bytes = text.as_bytes();
    let digits = |from: usize| {
        bytes
            .get(from..)
            .unwrap_or_default()
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count()
    };
    let mut end = digits(0);
    if end == 0 {
        return None;
    }
    // Only a comma before exactly three digits parts thousands, and only after one to three of
    // them; `1,5` is half of Europe saying one and a half, and `1234,567` is nobody.
    let grouped = bytes.get(end) == Some(&b',') && end <= 3;
    while grouped && bytes.get(end) == Some(&b',') && digits(end + 1) == 3 {
        end += 4;
    }
    if bytes.get(end) == Some(&b'.') && digits(end + 1) > 0 {
        end += 1 + digits(end + 1);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'-' | b'+')));
        let exponent = digits(end + 1 + sign);
        if exponent > 0 {
            end += 1 + sign + exponent;
        }
    }
    let (number, rest) = text.split_at(end);
    let rest_fits = !rest.starts_with([',', '.']);
    let number = number.replace(',', "").parse().ok()?;
    rest_fits.then_some((number, rest))
}

/// What one of this unit is in bytes, or in bytes per second; exact in its case, since `Mb` is a
/// megabit and `m` a minute.
fn size_factor(unit: &str) -> Option<f64> {
    let size =
        ["/second", "/sec", "/s"].iter().find_map(|rate| unit.strip_suffix(rate)).unwrap_or(unit);
    let size = size.trim_end();
    if size.is_empty() || ["B", "byte", "bytes", "Byte", "Bytes"].contains(&size) {
        return Some(1.0);
    }
    let letters = ["kK", "M", "gG", "tT", "P", "E"];
    let power =
        letters.iter().position(|letters| size.starts_with(|letter| letters.contains(letter)))? + 1;
    let base: f64 = match &size[1..] {
        "" | "B" => 1000.0,
        "i" | "iB" => 1024.0,
        _ => return None,
    };
    (0..power).try_fold(1.0, |factor, _| Some(factor * base))
}

/// A span in units that get smaller: `1h30m`, `1 days 2 hours 3.5 seconds`, `250ms`.
fn seconds(text: &str) -> Option<f64> {
    let (mut rest, mut sum, mut last) = (text, 0.0, f64::INFINITY);
    while !rest.is_empty() {
        let (number, tail) = split_number(rest)?;
        let tail = tail.trim_start();
        let end = tail.find(|letter: char| !letter.is_alphabetic()).unwrap_or(tail.len());
        let factor = match &tail[..end] {
            "w" | "week" | "weeks" => 604_800.0,
            "d" | "day" | "days" => 86_400.0,
            "h" | "hr" | "hrs" | "hour" | "hours" => 3600.0,
            "m" | "min" | "mins" | "minute" | "minutes" => 60.0,
            "s" | "sec" | "secs" | "second" | "seconds" => 1.0,
            "ms" => 1e-3,
            "us" | "µs" => 1e-6,
            _ => return None,
        };
        if factor >= last {
            return None;
        }
        (sum, last) = (sum + number * factor, factor);
        rest = tail[end..].trim_start();
    }
    Some(sum)
}

/// A span as a clock shows it: `m:ss` or `h:mm:ss`. `3:1` is a ratio and never comes here.
fn clock(text: &str) -> Option<f64> {
    let parts: Vec<&str> = text.split(':').collect();
    let (first, rest) = parts.split_first()?;
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(first) || rest.is_empty() || rest.len() > 2 {
        return None;
    }
    rest.iter().try_fold(first.parse::<f64>().ok()?, |sum, part| {
        let value = part.parse::<f64>().ok().filter(|value| *value < 60.0)?;
        (digits(part) && part.len() == 2).then_some(sum * 60.0 + value)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is a number, and which.
    const READ: [(&str, f64); 39] = [
        ("0", 0.0),
        ("-12", -12.0),
        ("+3", 3.0),
        ("1e3", 1000.0),
        ("1.5e-1", 0.15),
        (" 42 ", 42.0),
        ("45.2GB", 45.2e9),
        ("45.5GiB", 45.5 * 1_073_741_824.0),
        ("2 kB", 2000.0),
        ("2 KiB", 2048.0),
        ("-7.44 MB", -7.44e6),
        ("1,234", 1234.0),
        ("1,234,567.89 bytes", 1_234_567.89),
        ("123 bytes", 123.0),
        ("1 byte", 1.0),
        ("0 B", 0.0),
        ("1.81M", 1.81e6),
        ("3k", 3000.0),
        ("2T", 2e12),
        ("1.431Mi", 1.431 * 1_048_576.0),
        ("1EiB", 1_152_921_504_606_846_976.0),
        ("25MB/s", 25e6),
        ("630.00 bytes/sec", 630.0),
        ("8 kB /s", 8000.0),
        ("100/s", 100.0),
        ("27MiB/s", 27.0 * 1_048_576.0),
        ("3.2:1", 3.2),
        ("95%", 95.0),
        ("95 %", 95.0),
        ("1h30m", 5400.0),
        ("12.5s", 12.5),
        ("250ms", 0.25),
        ("1m", 60.0),
        ("1M", 1e6),
        ("2 hours 1 minutes 0.50 seconds", 7260.5),
        ("-1h30m", -5400.0),
        ("0:12", 12.0),
        ("1:02:33", 3753.0),
        ("71:00:00", 255_600.0),
    ];

    #[test]
    fn amounts_are_read_as_the_tools_mean_them() {
        let check = |text: &str, expected: Option<f64>| {
            assert_eq!(parse_amount(text), expected, "{text:?}")
        };
        for (text, expected) in READ {
            check(text, Some(expected));
        }
        for text in [
            "",
            "-",
            "--1",
            "abc",
            "1.2.3",
            "1,5",
            "1234,567",
            "1,23,456",
            "12 apples",
            "5Mb",
            "5 MBps",
            "1s1h",
            "1h1h",
            "1h -3m",
            "0:60",
            "1:2:3",
            "1:02:03:04",
            ":1",
            "1:",
            "inf",
            "NaN",
            "1e999",
            "0x10",
            "1_000",
            "٣",
            "5 %%",
            "1kBB",
            "k",
            "1111111111111111111111111111111111111111111111111111111111111111111111",
        ] {
            check(text, None);
        }
    }
}
