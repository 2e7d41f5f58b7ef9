//! Mail, all the way to a relay: in the clear, encrypted, refused, put off, and never answered.

use std::time::Duration;

use serde_json::{Value, json};

use super::smtp_receiver::{Authority, Script, SmtpReceiver};
use super::{INSIDE, guarded, message, outbound, parse, run, send, sent, trouble};
use crate::notify::message::What;
use crate::notify::outbound::{Outbound, Policy};
use crate::notify::smtp::stuffed;

const NAMES: &[(&str, &[&[&str]])] = &[
    ("mail.test", &[&["127.0.0.1"]]),
    ("other.test", &[&["127.0.0.1"]]),
    ("inside.test", &[&[INSIDE]]),
];

fn settings(relay: &SmtpReceiver, more: Value) -> Value {
    let mut settings = json!({
        "kind": "email", "host": "mail.test", "port": relay.port, "tls": "none",
        "from": "hb <hb@example.com>", "to": ["Dana <dba@example.com>", "ops@example.com"],
        "allow_private": true,
    });
    settings.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    settings
}

fn tell(outbound: &Outbound, relay: &SmtpReceiver, more: Value) -> (&'static str, String) {
    trouble(run(send(outbound, &parse(settings(relay, more)), &message(What::Worse))))
}

fn plain() -> Outbound {
    guarded(NAMES, &Policy::default())
}

fn trusting(authority: &Authority) -> Outbound {
    let ca_file = Some(authority.ca_file());
    guarded(NAMES, &Policy { ca_file, ..Policy::default() })
}

#[test]
fn no_line_of_a_mail_ends_it() {
    for (mail, expected) in [
        ("a\r\n.\r\nb\r\n", "a\r\n..\r\nb\r\n.\r\n"),
        (".a\r\n..b", "..a\r\n...b\r\n.\r\n"),
        ("a\n.\nb.c\r\n", "a\n..\nb.c\r\n.\r\n"),
        ("", "\r\n.\r\n"),
    ] {
        assert_eq!(String::from_utf8(stuffed(mail.as_bytes())).unwrap(), expected);
    }
}

#[test]
fn a_relay_gets_the_mail_and_its_envelope() {
    let relay = SmtpReceiver::new(Script::default());
    let outcome = run(send(&plain(), &parse(settings(&relay, json!({}))), &message(What::Worse)));
    assert_eq!(outcome, sent());
    let heard = relay.heard();
    assert_eq!(
        &heard.lines[..5],
        [
            "EHLO [127.0.0.1]",
            "MAIL FROM:<hb@example.com>",
            "RCPT TO:<dba@example.com>",
            "RCPT TO:<ops@example.com>",
            "DATA",
        ]
    );
    let [mail] = &heard.mails[..] else { panic!("one mail: {:?}", heard.mails) };
    for part in [
        "From: hb <hb@example.com>\r\n",
        "To: Dana <dba@example.com>, ops@example.com\r\n",
        "Message-ID: <0199a1b2-0000-7000-8000-000000000001_1_7@example.com>\r\n",
        "References: <incident-0199a1b2-0000-7000-8000-000000000001@example.com>\r\n",
        "Auto-Submitted: auto-generated\r\n",
    ] {
        assert!(mail.contains(part), "{part}: {mail}");
    }
}

#[test]
fn a_relay_with_tls_gets_nothing_in_the_clear() {
    let authority = Authority::new();
    for (at_once, word) in [(true, "tls"), (false, "starttls")] {
        for (offer, expected) in [
            ("AUTH PLAIN LOGIN", &["tls AUTH PLAIN AGhiAHMzY3JldC0x"][..]),
            ("AUTH LOGIN", &["tls AUTH LOGIN", "tls aGI=", "tls czNjcmV0LTE="]),
            ("AUTH=LOGIN", &["tls AUTH LOGIN", "tls aGI=", "tls czNjcmV0LTE="]),
        ] {
            let relay = SmtpReceiver::new(Script {
                tls: Some((authority.server(), at_once)),
                offers: vec!["SIZE 1000", offer],
                ..Script::default()
            });
            let more = json!({ "tls": word, "user": "hb", "password": "s3cret-1" });
            assert_eq!(tell(&trusting(&authority), &relay, more), ("sent", String::new()));
            let lines = relay.heard().lines;
            let first = lines.iter().position(|line| line.starts_with("tls AUTH")).expect("AUTH");
            assert_eq!(&lines[first..first + expected.len()], expected);
            let clear: Vec<_> = lines.iter().filter(|line| !line.starts_with("tls ")).collect();
            assert_eq!(clear.len(), if at_once { 0 } else { 2 }, "{clear:?}");
            assert_eq!(relay.heard().mails.len(), 1);
        }
    }
}

#[test]
fn a_relay_that_cannot_prove_who_it_is_gets_no_mail() {
    let authority = Authority::new();
    let stranger = Authority::new();
    for (at_once, word) in [(true, "tls"), (false, "starttls")] {
        for (outbound, host, why) in [
            (trusting(&stranger), "mail.test", "signed by nobody this host trusts"),
            (plain(), "mail.test", "signed by nobody this host trusts"),
            (trusting(&authority), "other.test", "is for another host"),
        ] {
            let tls = Some((authority.server(), at_once));
            let relay = SmtpReceiver::new(Script { tls, ..Script::default() });
            let (kind, told) = tell(&outbound, &relay, json!({ "tls": word, "host": host }));
            assert_eq!(kind, "retry", "{told}");
            assert!(told.contains(why), "{told}");
            assert!(!relay.was_told("tls ") && relay.heard().mails.is_empty());
        }
    }
}

#[test]
fn encryption_that_was_asked_for_is_never_given_up() {
    let authority = Authority::new();
    let none = SmtpReceiver::new(Script::default());
    let (kind, why) = tell(&trusting(&authority), &none, json!({ "tls": "starttls" }));
    assert!(kind == "refused" && why.contains("does not offer STARTTLS"), "{kind}: {why}");
    let injects = SmtpReceiver::new(Script {
        tls: Some((authority.server(), false)),
        injects: true,
        ..Script::default()
    });
    let (kind, why) = tell(&trusting(&authority), &injects, json!({ "tls": "starttls" }));
    // Whether the words arrive with the answer is the kernel's business; behind TLS they are broken.
    assert!(kind == "refused" || kind == "retry", "{kind}: {why}");
    let off = SmtpReceiver::new(Script {
        tls: Some((authority.server(), false)),
        instead: vec![("STARTTLS", "454 not now")],
        ..Script::default()
    });
    let told = tell(&trusting(&authority), &off, json!({ "tls": "starttls" }));
    assert_eq!(told, ("retry", "the mail server answered 454 to STARTTLS: not now".to_owned()));
    for relay in [none, injects, off] {
        assert!(!relay.was_told("MAIL") && !relay.was_told("tls MAIL"));
    }
}

#[test]
fn a_relays_no_for_now_is_tried_again_and_its_no_is_not() {
    for (command, reply, expected, why) in [
        ("", "421 too busy", "retry", "answered 421 when it was called: too busy"),
        ("", "554 go away", "refused", "answered 554 when it was called: go away"),
        ("EHLO", "502 what", "refused", "answered 502 to EHLO: what"),
        ("MAIL", "451 grey", "retry", "answered 451 to the sender: grey"),
        ("MAIL", "550 not you", "refused", "answered 550 to the sender: not you"),
        ("RCPT", "450-later\r\n450 please", "retry", "answered 450 to the recipient: later please"),
        ("RCPT", "550 no such user", "refused", "answered 550 to the recipient: no such user"),
        ("DATA", "452 full", "retry", "answered 452 to DATA: full"),
        (".", "554 spam", "refused", "answered 554 to the mail: spam"),
        (".", "451 disk\u{1b}[2J full", "retry", "answered 451 to the mail: disk\\x1b[2J full"),
        ("MAIL", "hello", "retry", "no mail server (is the port right?)"),
        ("", "SSH-2.0-OpenSSH_9.6", "retry", "no mail server (is the port right?)"),
    ] {
        let relay =
            SmtpReceiver::new(Script { instead: vec![(command, reply)], ..Script::default() });
        let (kind, told) = tell(&plain(), &relay, json!({}));
        assert_eq!(kind, expected, "{command} {reply}: {told}");
        assert!(told.ends_with(why), "{told}");
    }
    let relay = SmtpReceiver::new(Script {
        offers: vec!["AUTH PLAIN"],
        instead: vec![("AUTH", "535 wrong: s3cret-1")],
        ..Script::default()
    });
    let told = tell(&plain(), &relay, json!({ "user": "hb", "password": "s3cret-1" }));
    let why = "the mail server answered 535 to user and password: wrong: ****";
    assert_eq!(told, ("refused", why.to_owned()));
    let relay = SmtpReceiver::new(Script::default());
    let (kind, why) = tell(&plain(), &relay, json!({ "user": "hb", "password": "s3cret-1" }));
    assert!(kind == "refused" && why.contains("takes no password"), "{kind}: {why}");
}

#[test]
fn one_bad_recipient_does_not_lose_the_others_theirs() {
    let gone = ("RCPT TO:<dba", "550 gone");
    let relay = SmtpReceiver::new(Script { instead: vec![gone], ..Script::default() });
    let note = "not for everybody: `dba@example.com` was answered 550 gone";
    assert_eq!(tell(&plain(), &relay, json!({})), ("sent", note.to_owned()));
    assert_eq!(relay.heard().mails.len(), 1);
    // Where nobody got it, what may pass outweighs what will not.
    let instead = vec![gone, ("RCPT", "451 later")];
    let relay = SmtpReceiver::new(Script { instead, ..Script::default() });
    let why = "the mail server answered 451 to the recipient: later";
    assert_eq!(tell(&plain(), &relay, json!({})), ("retry", why.to_owned()));
    assert!(!relay.was_told("DATA"));
}

#[test]
fn a_relay_without_an_end_is_not_waited_for() {
    let relay = SmtpReceiver::new(Script { is_endless: true, ..Script::default() });
    let (kind, why) = tell(&plain(), &relay, json!({}));
    assert!(kind == "retry" && why.contains("no mail server"), "{kind}: {why}");
    let relay = SmtpReceiver::new(Script { is_mute: true, ..Script::default() });
    let outbound = plain().within(Duration::from_millis(200));
    assert_eq!(tell(&outbound, &relay, json!({})), ("retry", "no answer in time".to_owned()));
}

#[test]
fn a_relay_inside_is_reached_only_where_that_is_allowed() {
    let relay = SmtpReceiver::new(Script::default());
    for host in ["inside.test", INSIDE] {
        let mut settings = parse(settings(&relay, json!({ "host": host })));
        settings.allow_private = false;
        let outcome = run(send(&plain(), &settings, &message(What::Worse)));
        let (kind, why) = trouble(outcome);
        assert!(kind == "refused" && why.starts_with("`127.0.0.2` is not a public"), "{why}");
    }
    let unknown = parse(settings(&relay, json!({ "host": "mail.test" })));
    let (kind, why) = trouble(run(send(&outbound(), &unknown, &message(What::Worse))));
    assert_eq!((kind, why.as_str()), ("retry", "no such name"));
    assert!(relay.heard().lines.is_empty());
}
