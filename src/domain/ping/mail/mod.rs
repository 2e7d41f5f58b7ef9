//! A ping that comes as a mail: its address, its words, and what they mean.
//!
//! `<uuid>@anywhere` or `<ping key>+<slug>@anywhere`, as Healthchecks has it: whoever knows the address
//! may ping, and what stands behind the `@` is the postmaster's business. A mail is a success unless the
//! monitor says which words make it something else. Nothing in here can fail: what is no proper mail
//! has no subject and no text, and is kept as it came.

mod command;
mod dots;
mod filter;
mod html;
mod text;

pub(crate) use self::command::Command;
pub(crate) use self::dots::{Dots, MESSAGE_BYTES_MAX};
pub(crate) use self::filter::MailFilter;

use super::bounds;
use super::spot::is_uuid;
use crate::domain::arrival::Arrival;
use crate::domain::event::Kind;
use crate::domain::text::without_controls;

/// Of a sender as much is kept with a ping.
const SENDER_CHARS_MAX: usize = 187;

/// The key that an address has before its `@`.
///
/// Mail programs may write an address in capitals, so a UUID is taken in any; a ping key is not.
pub(crate) fn key(address: &str) -> Option<Vec<String>> {
    let (local, _) = address.rsplit_once('@')?;
    let lower = local.to_ascii_lowercase();
    if is_uuid(&lower) {
        return Some(vec![lower]);
    }
    let (ping_key, slug) = local.split_once('+')?;
    let whole = !ping_key.is_empty() && !slug.is_empty();
    whole.then(|| vec![ping_key.to_owned(), slug.to_owned()])
}

/// A mail as a monitor hears it: the whole of it, as far as outputs are kept, and its subject.
pub(crate) fn arrival(kind: Kind, message: &[u8]) -> Arrival {
    let bytes = u64::try_from(message.len()).unwrap_or(u64::MAX);
    Arrival {
        message: bounds::message(&text::subject(message)),
        output: bounds::output(message, bytes),
        output_bytes: bytes,
        ..Arrival::new(kind)
    }
}

/// What stands where a client's name stands, in Healthchecks' words.
pub(crate) fn agent(sender: &str) -> String {
    let sender: String = without_controls(sender).chars().take(SENDER_CHARS_MAX).collect();
    format!("Email from {sender}")
}

#[cfg(test)]
mod tests {
    use super::{agent, arrival, key};
    use crate::domain::event::Kind;

    #[test]
    fn an_address_names_a_monitor() {
        let uuid = "7c8f0a5e-1f2b-4c3d-8e9f-0a1b2c3d4e5f";
        let check = |address: &str, expected: &[&str]| {
            assert_eq!(key(address).unwrap_or_default(), expected, "{address}");
        };
        check(&format!("{uuid}@hb.example.org"), &[uuid]);
        check(&format!("{}@x", uuid.to_uppercase()), &[uuid]);
        check("Some-Ping-Key+nightly@x", &["Some-Ping-Key", "nightly"]);
        check("key+a+b@x", &["key", "a+b"]);
        for wrong in ["", "@", "foo@x", "+slug@x", "key+@x", uuid, "\"a b\"@x"] {
            check(wrong, &[]);
        }
    }

    #[test]
    fn a_mail_is_kept_as_it_came_and_its_subject_is_the_message() {
        let mail = b"Subject: =?utf-8?q?gr=C3=BCn?=\r\n\r\nbody\xff";
        let heard = arrival(Kind::Success, mail);
        assert_eq!((heard.message.as_deref(), heard.output.as_slice()), (Some("grün"), &mail[..]));
        assert_eq!(agent("a\u{1b}@b"), "Email from a\\x1b@b");
        assert!(agent(&"x".repeat(1000)).chars().count() <= 200);
    }
}
