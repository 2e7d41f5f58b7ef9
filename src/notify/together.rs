//! Several messages as one: what befell many monitors of one host within a minute.
//!
//! The worst of them speaks, as it would alone; the others are named. Who gets three hundred messages in a
//! minute reads none of them.

use serde::{Deserialize, Serialize};

use super::message::{Message, What};
use super::wording::one_line;

/// Others that are named; of more their number is said.
const NAMED_MAX: usize = 12;

/// Characters of a name in a list of them.
const NAME_CHARS_MAX: usize = 40;

/// Another monitor that a message is about, too.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Other {
    /// What people call it.
    pub(crate) name: String,
    /// Its short name.
    pub(crate) slug: String,
    /// Its status word.
    pub(crate) status: String,
    /// Its incident.
    pub(crate) incident_id: String,
    /// What is told of it.
    pub(crate) what: What,
}

/// One message for all of these; none for none.
pub(crate) fn together(mut messages: Vec<Message>) -> Option<Message> {
    let name = |message: &Message| message.monitor.name.clone();
    // The same order at every attempt, so that a repeat is known by its delivery.
    messages.sort_by_cached_key(|one| (std::cmp::Reverse(one.severity), name(one)));
    let mut rest = messages.into_iter();
    let mut first = rest.next()?;
    first.others = rest
        .map(|other| Other {
            name: other.monitor.name,
            slug: other.monitor.slug,
            status: other.status,
            incident_id: other.incident_id,
            what: other.what,
        })
        .collect();
    Some(first)
}

/// `and 298 more on web-3`; nothing where it is about one monitor.
pub(super) fn and_more(message: &Message) -> Option<String> {
    let count = message.others.len();
    let host = message.host.as_deref().map(|host| one_line(host, NAME_CHARS_MAX));
    let host = host.filter(|host| !host.is_empty()).map(|host| format!(" on {host}"));
    (count > 0).then(|| format!("and {count} more{}", host.unwrap_or_default()))
}

/// The others by name: `db-dump (failed), logs (missed) and 4 more`.
pub(super) fn named(message: &Message) -> Option<String> {
    let others = &message.others;
    let of_one = |other: &Other| {
        let name = if other.name.is_empty() { &other.slug } else { &other.name };
        let word = match other.what.is_good() {
            true => "well again".to_owned(),
            false => one_line(&other.status, NAME_CHARS_MAX),
        };
        format!("{} ({word})", one_line(name, NAME_CHARS_MAX))
    };
    let names: Vec<String> = others.iter().take(NAMED_MAX).map(of_one).collect();
    let beyond = others.len().saturating_sub(NAMED_MAX);
    let more = if beyond > 0 { format!(" and {beyond} more") } else { String::new() };
    (!names.is_empty()).then(|| format!("{}{more}", names.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::incident::Severity;
    use crate::notify::message::About;
    use crate::notify::wording;

    fn of(name: &str, severity: Severity) -> Message {
        Message {
            what: What::Opened,
            monitor: About { name: name.to_owned(), ..About::default() },
            status: "missed".to_owned(),
            severity,
            host: Some("web-3".to_owned()),
            ..Message::default()
        }
    }

    #[test]
    fn the_worst_speaks_for_all() {
        assert_eq!(together(Vec::new()), None);
        let alone = together(vec![of("a", Severity::Warning)]).expect("one");
        assert_eq!((and_more(&alone), named(&alone)), (None, None));
        let mut all: Vec<Message> =
            (10..40).map(|number| of(&format!("job-{number}"), Severity::Warning)).collect();
        all.push(of("the-worst", Severity::Critical));
        let one = together(all).expect("one");
        assert_eq!(one.monitor.name, "the-worst");
        assert_eq!(and_more(&one).as_deref(), Some("and 30 more on web-3"));
        let named = named(&one).expect("names");
        assert!(named.starts_with("job-10 (missed), job-11 (missed), "), "{named}");
        assert!(named.ends_with("job-21 (missed) and 18 more"), "{named}");
        let subject = wording::subject(&one);
        assert!(subject.starts_with("MISSED: the-worst and 30 more on web-3, since"), "{subject}");
    }

    #[test]
    fn hostile_names_stay_on_their_line() {
        let mut evil = of("b\nSubject: x", Severity::Warning);
        evil.host = Some("h\r\nBcc: y".to_owned());
        let mut one = together(vec![of("a", Severity::Critical), evil.clone()]).expect("one");
        one.host = evil.host;
        for text in [and_more(&one), named(&one)] {
            assert!(!text.expect("a text").contains(['\r', '\n']));
        }
    }
}
