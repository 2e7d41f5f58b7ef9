//! Server-sent events, read from bytes as they come. Pure.
//!
//! Source: the HTML standard, "Server-sent events", 9.2.6: lines end with CR, LF or CRLF; a field is
//! what stands before the first colon; an empty line ends a message; a message without data is none,
//! but its id counts.

/// The longest line: longer ones are nothing that a receiver of ours sends.
const LINE_BYTES_MAX: usize = 1024 * 1024;

/// One message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Message {
    /// Its kind; `message` where it does not say.
    pub(crate) event: String,
    /// What it says.
    pub(crate) data: String,
}

/// A reader of a stream.
#[derive(Default)]
pub(crate) struct Reader {
    line: Vec<u8>,
    after_return: bool,
    event: String,
    data: Option<String>,
    /// Where to go on after the connection was lost; empty where the stream has not said.
    pub(crate) last_id: String,
}

impl Reader {
    /// A reader of a stream that goes on behind the message with this id.
    pub(crate) fn behind(last_id: &str) -> Reader {
        Reader { last_id: last_id.to_owned(), ..Reader::default() }
    }

    /// Takes the next bytes, and gives the messages that end in them. An error is a line that has no
    /// end; the stream is of no more use then.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Result<Vec<Message>, &'static str> {
        let mut messages = Vec::new();
        for byte in bytes {
            let after_return = std::mem::replace(&mut self.after_return, *byte == b'\r');
            match byte {
                b'\n' if after_return => {}
                b'\n' | b'\r' => messages.extend(self.end_line()),
                _ if self.line.len() == LINE_BYTES_MAX => return Err("a line without an end"),
                _ => self.line.push(*byte),
            }
        }
        Ok(messages)
    }

    fn end_line(&mut self) -> Option<Message> {
        let line = String::from_utf8_lossy(&self.line).into_owned();
        self.line.clear();
        if line.is_empty() {
            let event = std::mem::take(&mut self.event);
            let data = self.data.take()?;
            let event = if event.is_empty() { "message".to_owned() } else { event };
            return Some(Message { event, data });
        }
        let (field, value) = line.split_once(':').unwrap_or((&line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.event),
            "data" => match &mut self.data {
                Some(data) if data.len() < LINE_BYTES_MAX => {
                    data.push('\n');
                    data.push_str(value);
                }
                Some(_) => {}
                None => self.data = Some(value.to_owned()),
            },
            "id" if !value.contains('\0') => value.clone_into(&mut self.last_id),
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::{Message, Reader};

    /// Reads all of a text at once, and also byte by byte; both must say the same.
    fn read(text: &str) -> (Vec<(String, String)>, String) {
        let mut whole = Reader::default();
        let messages = whole.feed(text.as_bytes()).expect("short lines");
        let mut slow = Reader::default();
        let bytes = text.as_bytes().iter();
        let one_by_one: Vec<Message> =
            bytes.flat_map(|byte| slow.feed(&[*byte]).expect("short lines")).collect();
        assert_eq!(messages, one_by_one, "{text:?}");
        assert_eq!(whole.last_id, slow.last_id);
        (messages.into_iter().map(|told| (told.event, told.data)).collect(), whole.last_id)
    }

    #[test]
    fn messages_are_read_as_the_standard_says() {
        let plain = |data: &str| ("message".to_owned(), data.to_owned());
        for (text, messages, last_id) in [
            ("data: a\n\n", vec![plain("a")], ""),
            ("data:a\ndata: b\n\n", vec![plain("a\nb")], ""),
            ("data: a\r\n\r\ndata: b\r\r", vec![plain("a"), plain("b")], ""),
            ("id: 7\nevent: change\ndata: {}\n\n", vec![("change".into(), "{}".into())], "7"),
            (": a comment\n\n", vec![], ""),
            ("id: 8\n\n", vec![], "8"),
            ("event: x\n\ndata: a\n\n", vec![plain("a")], ""),
            ("data\n\n", vec![plain("")], ""),
            ("data:  two\n\n", vec![plain(" two")], ""),
            ("data: not ended", vec![], ""),
            ("retry: 5\nunknown: x\ndata: a\n\n", vec![plain("a")], ""),
            ("id: a\0b\ndata: a\n\n", vec![plain("a")], ""),
        ] {
            assert_eq!(read(text), (messages, last_id.to_owned()), "{text:?}");
        }
    }

    #[test]
    fn a_line_without_an_end_is_given_up() {
        let mut reader = Reader::default();
        let piece = vec![b'x'; 1000];
        let given_up = (0..2000).position(|_| reader.feed(&piece).is_err());
        assert!(given_up.is_some_and(|pieces| pieces > 1000), "{given_up:?}");
    }
}
