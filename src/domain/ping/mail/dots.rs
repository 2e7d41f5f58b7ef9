//! The text of a message on its way in: where it ends, and which dots are not its own.
//!
//! It ends with a line that is a single dot, and only `CR LF . CR LF` is one. Servers that also took
//! other spellings let one message be read as two ("SMTP smuggling", 2023). What is too long is read
//! to its end and not kept.

/// The longest message. Reports of backup tools are a few kilobytes; what is longer is refused.
pub(crate) const MESSAGE_BYTES_MAX: usize = 256 * 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    LineStart,
    /// Behind the dot at the start of a line, which is not the message's own.
    Dot,
    DotReturn,
    Within,
    Return,
}

/// A message that comes in.
#[derive(Debug)]
pub(crate) struct Dots {
    kept: Vec<u8>,
    total: u64,
    at: At,
}

impl Dots {
    /// Nothing has come yet.
    pub(crate) fn new() -> Dots {
        Dots { kept: Vec::new(), total: 0, at: At::LineStart }
    }

    /// Takes bytes; when the message has ended, how many of them were its own.
    pub(crate) fn take(&mut self, bytes: &[u8]) -> Option<usize> {
        for (place, byte) in bytes.iter().enumerate() {
            self.at = match (self.at, byte) {
                (At::LineStart, b'.') => At::Dot,
                (At::Dot, b'\r') => At::DotReturn,
                (At::DotReturn, b'\n') => return Some(place + 1),
                (At::DotReturn, byte) => {
                    self.keep(b'\r');
                    self.keep(*byte);
                    if *byte == b'\r' { At::Return } else { At::Within }
                }
                (At::Return, b'\n') => {
                    self.keep(b'\n');
                    At::LineStart
                }
                (At::LineStart | At::Dot | At::Within | At::Return, byte) => {
                    self.keep(*byte);
                    if *byte == b'\r' { At::Return } else { At::Within }
                }
            };
        }
        None
    }

    fn keep(&mut self, byte: u8) {
        self.total += 1;
        if self.kept.len() < MESSAGE_BYTES_MAX {
            self.kept.push(byte);
        }
    }

    /// How long the message is so far.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// The message, if it is not longer than may be.
    pub(crate) fn message(self) -> Option<Vec<u8>> {
        (self.total <= MESSAGE_BYTES_MAX as u64).then_some(self.kept)
    }
}

#[cfg(test)]
mod tests {
    use super::{Dots, MESSAGE_BYTES_MAX};

    /// The same by looking at the whole at once.
    fn naive(bytes: &[u8]) -> Option<(usize, Vec<u8>)> {
        let all = [b"\r\n", bytes].concat();
        let end = all.windows(5).position(|window| window == b"\r\n.\r\n")?;
        let mut message = all[..end + 2].to_vec();
        while let Some(dot) = message.windows(3).position(|window| window == b"\r\n.") {
            // Marked, so that the dot behind a dot is not taken for another one.
            message.splice(dot..dot + 3, *b"\x01");
        }
        let plain: Vec<u8> = message
            .iter()
            .flat_map(|byte| if *byte == 1 { b"\r\n".to_vec() } else { vec![*byte] })
            .collect();
        Some((end + 3, plain[2..].to_vec()))
    }

    #[test]
    fn every_short_message_ends_where_it_should_in_every_piece() {
        let signs = [b'.', b'\r', b'\n', b'a'];
        for length in 0..8u32 {
            for number in 0..signs.len().pow(length) {
                let bytes: Vec<u8> =
                    (0..length).map(|place| signs[number / 4usize.pow(place) % 4]).collect();
                let whole = [&bytes[..], b"\r\n.\r\nQUIT"].concat();
                let (end, message) = naive(&whole).expect("it ends");
                for cut in 0..=whole.len() {
                    let mut dots = Dots::new();
                    let first = dots.take(&whole[..cut]);
                    let found = first.or_else(|| dots.take(&whole[cut..]).map(|rest| cut + rest));
                    assert_eq!(found, Some(end), "{whole:?} cut at {cut}");
                    assert_eq!(dots.message().as_deref(), Some(&*message), "{whole:?}");
                }
            }
        }
    }

    #[test]
    fn what_is_too_long_is_not_kept() {
        let mut dots = Dots::new();
        let line = [b'x'; 1000];
        for _ in 0..MESSAGE_BYTES_MAX / 1000 + 1 {
            assert_eq!(dots.take(&line), None);
        }
        assert_eq!(dots.take(b"\r\n.\r\n"), Some(5));
        assert_eq!(dots.message(), None);
    }
}
