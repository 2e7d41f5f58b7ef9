//! The lines that a mail client sends (RFC 5321), as far as a ping needs them.

use crate::domain::text::to_text;

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// `HELO`.
    Hello,
    /// `EHLO`: it wants to know what we can do.
    HelloExtended,
    /// `MAIL FROM`: a message begins; nobody may have sent it, and it may say how long it will be.
    From {
        /// The sender, without its brackets.
        sender: String,
        /// The length in bytes that is announced.
        bytes: Option<u64>,
    },
    /// `RCPT TO`.
    To(String),
    /// `DATA`.
    Data,
    /// `RSET`.
    Reset,
    /// `NOOP`, `VRFY`: nothing is done, and nothing is told.
    Nothing,
    /// `QUIT`.
    Quit,
    /// The line is one of ours, but what it says is not.
    Wrong,
    /// Something else.
    Unknown,
    /// The request of a browser: somebody has been led here, and is not to say a word more.
    Http,
}

impl Command {
    /// Reads a line, with or without its end.
    pub(crate) fn read(line: &[u8]) -> Command {
        let line = to_text(line);
        let line = line.trim_end_matches(['\r', '\n']).trim_end();
        let (verb, rest) = line.split_once([' ', '\t']).unwrap_or((line, ""));
        match verb.to_ascii_uppercase().as_str() {
            "HELO" => Command::Hello,
            "EHLO" => Command::HelloExtended,
            "MAIL" => match address(rest, "FROM:") {
                Some((sender, parameters)) => {
                    Command::From { sender, bytes: announced(&parameters) }
                }
                None => Command::Wrong,
            },
            "RCPT" => address(rest, "TO:").map_or(Command::Wrong, |(to, _)| Command::To(to)),
            "DATA" => Command::Data,
            "RSET" => Command::Reset,
            "NOOP" | "VRFY" => Command::Nothing,
            "QUIT" => Command::Quit,
            "GET" | "POST" | "PUT" | "HEAD" | "OPTIONS" | "DELETE" | "PATCH" => Command::Http,
            _ => Command::Unknown,
        }
    }
}

/// The address behind a word, and what is said besides.
fn address(rest: &str, word: &str) -> Option<(String, String)> {
    let start = rest.trim_start();
    let head = start.get(..word.len())?;
    if !head.eq_ignore_ascii_case(word) {
        return None;
    }
    let rest = start[word.len()..].trim_start();
    let (path, parameters) = match rest.strip_prefix('<') {
        Some(rest) => rest.split_once('>')?,
        None => rest.split_once(' ').unwrap_or((rest, "")),
    };
    // A route in front of an address is from another century, and to be ignored.
    let bare = if path.starts_with('@') { path.split_once(':')?.1 } else { path };
    Some((bare.to_owned(), parameters.to_owned()))
}

fn announced(parameters: &str) -> Option<u64> {
    parameters.split_whitespace().find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.eq_ignore_ascii_case("SIZE").then(|| value.parse().unwrap_or(u64::MAX))
    })
}

#[cfg(test)]
mod tests {
    use super::Command;

    #[test]
    fn lines_are_read_as_they_are_written() {
        let from = |sender: &str, bytes| Command::From { sender: sender.to_owned(), bytes };
        for (line, expected) in [
            (&b"HELO x\r\n"[..], Command::Hello),
            (b"ehlo [127.0.0.1]\r\n", Command::HelloExtended),
            (b"MAIL FROM:<a@b>\r\n", from("a@b", None)),
            (b"mail from: <a@b> BODY=8BITMIME size=12\r\n", from("a@b", Some(12))),
            (b"MAIL FROM:<>\n", from("", None)),
            (b"MAIL FROM:a@b SIZE=99999999999999999999", from("a@b", Some(u64::MAX))),
            (b"RCPT TO:<@relay,@other:x+y@z>\r\n", Command::To("x+y@z".to_owned())),
            (b"RCPT TO:<x@y\r\n", Command::Wrong),
            (b"RCPT x@y\r\n", Command::Wrong),
            (b"RCPT \xf0\x9f\x98\x80\xf0\x9f\r\n", Command::Wrong),
            (b"MAIL\r\n", Command::Wrong),
            (b"DATA\r\n", Command::Data),
            (b"RSET", Command::Reset),
            (b"noop x\r\n", Command::Nothing),
            (b"QUIT\r\n", Command::Quit),
            (b"POST / HTTP/1.1\r\n", Command::Http),
            (b"AUTH PLAIN\r\n", Command::Unknown),
            (b"", Command::Unknown),
            (b"\xff\xfe\r\n", Command::Unknown),
        ] {
            assert_eq!(Command::read(line), expected, "{}", String::from_utf8_lossy(line));
        }
    }
}
