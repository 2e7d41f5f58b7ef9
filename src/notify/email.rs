//! A message as mail: text and HTML, and headers that keep an incident's mails together.
//!
//! All mails of an incident refer to the same id, so they stand in one thread; a delivery that is
//! repeated has the same Message-ID, so that mail systems can drop the second copy. No monitor's
//! words stand in any header but the subject, which is encoded and folded by the library.

use std::str::FromStr;
use std::time::{Duration, SystemTime};

use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};

use super::channel::Email;
use super::message::Message;
use super::smtp::Mail;
use super::{html, wording};
use crate::domain::time::Moment;

/// Characters of a subject: what any reader shows of one, and then some.
const SUBJECT_CHARS_MAX: usize = 200;

/// Headers that say that no person wrote this, so that nobody's absence is answered to it.
const NO_PERSON: [(&str, &str); 2] =
    [("Auto-Submitted", "auto-generated"), ("X-Auto-Response-Suppress", "All")];

/// The mail that tells `message`, dated `now`.
pub(crate) fn render(email: &Email, message: &Message, now: Moment) -> Result<Mail, String> {
    let from = mailbox(&email.from)?;
    let to = email.to.iter().map(|to| mailbox(to)).collect::<Result<Vec<_>, _>>()?;
    let sent_at = u64::try_from(now.epoch_ms()).unwrap_or(0);
    let domain = from.email.domain().to_owned();
    let subject = wording::shortened(&wording::subject(message), SUBJECT_CHARS_MAX);
    let mut mail = lettre::Message::builder()
        .from(from.clone())
        .date(SystemTime::UNIX_EPOCH + Duration::from_millis(sent_at))
        .subject(subject)
        .message_id(Some(format!("<{}@{domain}>", id(&message.delivery_id))));
    for to in &to {
        mail = mail.to(to.clone());
    }
    if !message.incident_id.is_empty() {
        mail = mail.references(format!("<incident-{}@{domain}>", id(&message.incident_id)));
    }
    for (name, value) in NO_PERSON {
        let name = HeaderName::new_from_ascii_str(name);
        mail = mail.raw_header(HeaderValue::new(name, value.to_owned()));
    }
    let both = MultiPart::alternative_plain_html(wording::long(message), html::page(message));
    let mail = mail.multipart(both).map_err(|error| format!("the mail cannot be made: {error}"))?;
    Ok(Mail {
        from: from.email.to_string(),
        to: to.iter().map(|to| to.email.to_string()).collect(),
        bytes: mail.formatted(),
    })
}

fn mailbox(text: &str) -> Result<Mailbox, String> {
    Mailbox::from_str(text).map_err(|error| format!("`{text}` is no address: {error}"))
}

/// What may stand in an id, of an id that somebody else made.
fn id(given: &str) -> String {
    let kept = |c: char| if c.is_ascii_alphanumeric() || "-._".contains(c) { c } else { '_' };
    let id: String = given.chars().map(kept).take(120).collect();
    id.trim_matches('.').replace("..", "._")
}
