//! Which words in a mail mean what: Healthchecks' keywords, in the subject, in the text or in both.

use super::text;
use crate::domain::event::Kind;
use crate::domain::ping::BodyWords;

/// What a monitor makes of a mail.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct MailFilter {
    /// The subject is looked through.
    pub(crate) subject: bool,
    /// The text is.
    pub(crate) body: bool,
    /// For these words.
    pub(crate) words: BodyWords,
}

impl MailFilter {
    /// What the mail is; none: it is recorded and changes nothing. Without a filter it is a success.
    pub(crate) fn judge(&self, message: &[u8]) -> Option<Kind> {
        if !self.subject && !self.body {
            return Some(Kind::Success);
        }
        let mut looked_through = Vec::new();
        if self.subject {
            looked_through.push(text::subject(message));
        }
        if self.body {
            looked_through.extend(text::texts(message));
        }
        self.words.judge(looked_through.join("\n").as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::MailFilter;
    use crate::domain::event::Kind::{self, Failure, Start, Success};
    use crate::domain::ping::BodyWords;

    #[test]
    fn words_count_where_they_are_looked_for() {
        let words = BodyWords {
            failure: "FAIL, bad".to_owned(),
            success: "OK".to_owned(),
            start: "BEGIN".to_owned(),
            default_fails: false,
        };
        let check = |subject, body, default_fails, mail: &str, expected: Option<Kind>| {
            let words = BodyWords { default_fails, ..words.clone() };
            let told = MailFilter { subject, body, words }.judge(mail.as_bytes());
            assert_eq!(told, expected, "{subject} {body} {mail}");
        };
        let in_subject = "Subject: all OK\r\n\r\nBEGIN\r\n";
        check(false, false, true, "Subject: FAIL\r\n\r\nFAIL", Some(Success));
        check(true, false, false, in_subject, Some(Success));
        check(false, true, false, in_subject, Some(Start));
        check(true, true, false, in_subject, Some(Success));
        check(true, true, false, "Subject: OK\r\n\r\nbad", Some(Failure));
        check(true, true, false, "Subject: x\r\n\r\ny", None);
        check(true, true, true, "Subject: x\r\n\r\ny", Some(Failure));
        check(true, false, false, "Subject: ok\r\n\r\ny", None);
        check(true, true, true, "", Some(Failure));
        let html = "Content-Type: text/html\r\n\r\n<p>O<b>K</b></p>";
        check(false, true, false, html, Some(Success));
        let folded = "Subject: =?utf-8?b?Ug==?=\r\n =?utf-8?q?_O?=\r\n\t=?utf-8?Q?K?=\r\n\r\n";
        check(true, false, false, folded, Some(Success));
    }
}
