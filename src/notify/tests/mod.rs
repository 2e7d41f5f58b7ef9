//! Messages and channels, from the words to the wire: real sockets, no other machine.

mod change;
mod golden;
mod hostile;
mod http_receiver;
mod mail;
mod reach;
mod secrets;
mod sending;
mod settings;
mod smtp_receiver;

use std::collections::BTreeMap;
use std::future::Future;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::channel::Settings;
use super::message::{About, Acknowledge, Message, What};
use super::outbound::{Outbound, Policy};
use super::{Outcome, send};
use crate::domain::incident::Severity;
use crate::sys::outbound::{Guard, Lookup};

/// The only address that the guard of these tests lets through; the rest of the loopback network
/// stands for what is private.
const OUTSIDE: &str = "127.0.0.1";

/// An address of this host that the guard does not let through.
const INSIDE: &str = "127.0.0.2";

fn is_outside(address: IpAddr) -> bool {
    address.to_string() == OUTSIDE
}

/// Runs a future to its end.
fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(future)
}

/// A resolver that knows these names; each look-up of a name takes its next answer, the last for ever.
fn names(known: &[(&str, &[&[&str]])]) -> Lookup {
    let known: BTreeMap<String, Vec<Vec<IpAddr>>> = known
        .iter()
        .map(|(name, answers)| {
            let answer = |answer: &&[&str]| answer.iter().map(|it| it.parse().unwrap()).collect();
            ((*name).to_owned(), answers.iter().map(answer).collect())
        })
        .collect();
    let known = Arc::new(Mutex::new(known));
    Arc::new(move |name| {
        let mut known = known.lock().unwrap();
        let found = known.get_mut(&name).map(|answers| match answers.len() {
            1 => answers[0].clone(),
            _ => answers.remove(0),
        });
        let missing = || std::io::Error::new(std::io::ErrorKind::NotFound, "no such name");
        Box::pin(async move { found.ok_or_else(missing) })
    })
}

/// The way out of these tests, behind the guard of `is_outside`.
fn guarded(known: &[(&str, &[&[&str]])], policy: &Policy) -> Outbound {
    let lookup = names(known);
    let public = Guard::new(lookup.clone(), is_outside);
    Outbound::through(policy, public, Guard::new(lookup, |_| true)).expect("a way out")
}

fn outbound() -> Outbound {
    guarded(&[], &Policy::default())
}

fn parse(value: Value) -> Settings {
    Settings::parse(&value).expect("settings without a mistake")
}

/// Settings that may reach the tests' own receivers.
fn channel(mut value: Value) -> Settings {
    value["allow_private"] = json!(true);
    parse(value)
}

fn sent() -> Outcome {
    Outcome::Sent { note: None }
}

/// What went wrong, and whether it may pass.
fn trouble(outcome: Outcome) -> (&'static str, String) {
    match outcome {
        Outcome::Sent { note } => ("sent", note.unwrap_or_default()),
        Outcome::Retry { why, .. } => ("retry", why),
        Outcome::Refused { why } => ("refused", why),
    }
}

const KINDS_OF_MESSAGE: [(&str, What); 7] = [
    ("opened", What::Opened),
    ("worse", What::Worse),
    ("reminder", What::Reminder),
    ("recovered", What::Recovered),
    ("was_down", What::WasDown),
    ("test", What::Test),
    ("blind", What::Blind),
];

/// A monitor as the receiver would describe it.
fn monitor() -> About {
    let text = |text: &str| Some(text.to_owned());
    About {
        name: "nightly backup".to_owned(),
        slug: "nightly-backup".to_owned(),
        uuid: "7c8f0a5e-1f2b-4c3d-8e9f-0a1b2c3d4e5f".to_owned(),
        owner: text("Dana (dba@example.com)"),
        description: text("dumps the customers' database to the NAS"),
        tags: vec!["db".to_owned(), "nightly".to_owned()],
        url: text("https://hb.example/monitors/nightly-backup"),
    }
}

/// A message as the receiver would make it.
fn message(what: What) -> Message {
    let text = |text: &str| Some(text.to_owned());
    let opened = Message {
        what,
        project: "production".to_owned(),
        monitor: monitor(),
        severity: Severity::Critical,
        incident_id: "0199a1b2-0000-7000-8000-000000000001".to_owned(),
        delivery_id: "0199a1b2-0000-7000-8000-000000000001:1:7".to_owned(),
        status: "missed".to_owned(),
        reason: "no success came within 40m of the expected time; the last one is 24h 5m old"
            .to_owned(),
        expected: text("2026-09-29 03:00 Europe/Berlin (01:00 UTC)"),
        happened_at: "2026-09-29 03:40 Europe/Berlin (01:40 UTC)".to_owned(),
        since: text("2026-09-29 03:40 Europe/Berlin (01:40 UTC)"),
        how_to_ack: Some(Acknowledge {
            text: "hb incident ack 0199a1b2-0000-7000-8000-000000000001".to_owned(),
            url: text("https://hb.example/ack/0199a1b2?token=abc"),
        }),
        ..Message::default()
    };
    let good = Message {
        how_to_ack: None,
        reason: "a run succeeded after 12m 40s".to_owned(),
        happened_at: "2026-09-29 04:10 Europe/Berlin (02:10 UTC)".to_owned(),
        until: text("2026-09-29 04:10 Europe/Berlin (02:10 UTC)"),
        exit_code: Some(0),
        ..opened.clone()
    };
    match what {
        What::Opened | What::Reminder => opened,
        What::Worse => Message {
            status: "failed".to_owned(),
            severity: Severity::Emergency,
            reason: "the run ended with exit code 2".to_owned(),
            happened_at: "2026-09-29 03:52 Europe/Berlin (01:52 UTC)".to_owned(),
            exit_code: Some(2),
            last_lines: vec![
                "pg_dump: last built-in OID is 16383".to_owned(),
                "pg_dump: error: connection to server at \"10.0.0.7\", port 5432 failed: FATAL"
                    .to_owned(),
                "\tsorry, too many clients already".to_owned(),
            ],
            ..opened
        },
        What::Recovered | What::WasDown => good,
        What::Test => Message {
            status: "up".to_owned(),
            reason: "Dana tries the channel `ops`".to_owned(),
            how_to_ack: None,
            incident_id: String::new(),
            since: None,
            ..opened
        },
        What::Blind => Message {
            monitor: About::default(),
            status: "unknown".to_owned(),
            reason: "14 runs were due then; 12 are confirmed since, 2 are not".to_owned(),
            expected: None,
            how_to_ack: None,
            incident_id: String::new(),
            until: text("2026-09-29 06:05 Europe/Berlin (04:05 UTC)"),
            ..opened
        },
    }
}

#[test]
fn a_message_that_was_written_down_is_read_back() {
    for (_, what) in KINDS_OF_MESSAGE {
        let written = serde_json::to_string(&message(what)).expect("JSON");
        assert_eq!(serde_json::from_str::<Message>(&written).expect("a message"), message(what));
    }
    // What an older hb did not know has a default, what a newer one adds is passed over.
    let foreign = r#"{"what": "worse", "status": "failed", "colour": "red"}"#;
    let read: Message = serde_json::from_str(foreign).expect("a message");
    assert_eq!((read.what, &*read.status, read.monitor), (What::Worse, "failed", About::default()));
}
