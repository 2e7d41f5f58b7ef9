//! What people see, word for word: one file for each kind of message, and its HTML and its mail.
//!
//! `UPDATE=1 cargo test --lib notify::tests::golden` writes them anew; read them before they are
//! committed.

use std::fmt::Write;
use std::path::Path;

use serde_json::{Value, json};

use super::{KINDS_OF_MESSAGE, message, parse};
use crate::domain::schedule::zone::Zone;
use crate::domain::time::Moment;
use crate::notify::channel::{Kind, Settings};
use crate::notify::message::{LAST_LINES_BYTES_MAX, LAST_LINES_MAX, Message, last_lines, when};
use crate::notify::request::Request;
use crate::notify::{command, discord, email, html, ntfy, slack, webhook, wording};

/// The moment at which everything here is sent: 2026-09-29T01:52:03Z.
const NOW: Moment = Moment(1_790_646_723_000);

/// The request that a channel makes of a message.
pub(super) fn request(settings: &Settings, message: &Message) -> Request {
    match &settings.kind {
        Kind::Slack(url) => slack::render(url.expose(), message),
        Kind::Discord(url) => discord::render(url.expose(), message),
        Kind::Ntfy(ntfy) => ntfy::render(ntfy, message),
        Kind::Webhook(webhook) => webhook::render(webhook, message, NOW),
        Kind::Email(_) | Kind::Command(_) => panic!("this channel makes no request"),
    }
}

/// The mail that a channel makes of a message.
pub(super) fn mail(to: &[&str], message: &Message) -> String {
    let settings = parse(json!({
        "kind": "email", "host": "mail.example", "from": "hb <hb@example.com>", "to": to,
    }));
    let Kind::Email(settings) = &settings.kind else { panic!("settings of mail") };
    let mail = email::render(settings, message, NOW).expect("a mail");
    String::from_utf8(mail.bytes).expect("a mail is ASCII")
}

fn shown(request: &Request) -> String {
    let mut text = format!("{} {}\n", request.method, request.url);
    for (name, value) in &request.headers {
        let _ = writeln!(text, "{name}: {}", String::from_utf8_lossy(value));
    }
    let body = match serde_json::from_slice::<Value>(&request.body) {
        Ok(json) => serde_json::to_string_pretty(&json).expect("JSON"),
        Err(_) => String::from_utf8_lossy(&request.body).into_owned(),
    };
    text + &body + "\n"
}

fn all(message: &Message) -> String {
    let mut text = String::new();
    let mut section = |name: &str, body: &str| {
        let _ = write!(text, "======== {name}\n{}\n", body.trim_end());
    };
    section("subject", &wording::subject(message));
    section("short", &wording::short(message));
    section("long", &wording::long(message));
    let hook = "https://hooks.example/T0/secret";
    for kind in ["slack", "discord"] {
        let settings = parse(json!({ "kind": kind, "url": hook }));
        section(kind, &shown(&request(&settings, message)));
    }
    let settings = parse(json!({ "kind": "ntfy", "topic": "backups", "token": "tk_1" }));
    section("ntfy", &shown(&request(&settings, message)));
    let settings = parse(json!({ "kind": "webhook", "url": "https://hooks.example/alerts" }));
    section("webhook", &shown(&request(&settings, message)));
    let settings = parse(json!({
        "kind": "webhook", "method": "put",
        "url": "https://hooks.example/$STATUS/$CODE?name=$NAME&tags=$TAGS&first=$TAG1&third=$TAG3",
        "headers": { "X-Exit": "$EXITSTATUS", "X-Name": "$NAME $BODY" },
        "body": "$NAME ($SLUG) is $STATUS at $NOW\n$NAME_JSON $BODY_JSON\n$BODY\n$$NAMES $JSON",
        "up": { "url": "https://hooks.example/good/$SLUG", "method": "GET" },
    }));
    section("webhook with templates", &shown(&request(&settings, message)));
    let variables = command::environment(message);
    let variables: Vec<String> =
        variables.iter().map(|(name, value)| format!("{name}={value}")).collect();
    section("command", &variables.join("\n"));
    text
}

fn check(name: &str, text: &str) -> Option<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/notify/tests/golden").join(name);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, text).expect("a golden file can be written");
    }
    let known = std::fs::read_to_string(&path).unwrap_or_default();
    (known != text).then(|| path.display().to_string())
}

/// The boundary between a mail's parts is random.
fn with_a_fixed_boundary(mail: &str) -> String {
    let boundary = mail.split("boundary=\"").nth(1).and_then(|rest| rest.split('"').next());
    mail.replace(boundary.expect("a boundary"), "BOUNDARY").replace("\r\n", "\n")
}

#[test]
fn messages_read_as_they_should() {
    let mut wrong = Vec::new();
    for (name, what) in KINDS_OF_MESSAGE {
        let message = message(what);
        let mail =
            with_a_fixed_boundary(&mail(&["Dana <dba@example.com>", "ops@example.com"], &message));
        wrong.extend(check(&format!("{name}.txt"), &all(&message)));
        wrong.extend(check(&format!("{name}.html"), &html::page(&message)));
        wrong.extend(check(&format!("{name}.eml"), &mail));
    }
    assert!(
        wrong.is_empty(),
        "not what the code makes: {wrong:?}\nrun `UPDATE=1 cargo test --lib notify::tests::golden`"
    );
}

#[test]
fn the_subject_and_the_first_line_say_which_what_and_since_when() {
    for (name, what) in KINDS_OF_MESSAGE {
        let message = message(what);
        let long = wording::long(&message);
        assert!(wording::subject(&message).chars().count() <= 120);
        for line in [wording::subject(&message), long.lines().next().unwrap().to_owned()] {
            let which = if name == "blind" { "hb" } else { "nightly backup" };
            assert!(line.contains(which), "{line}");
            assert!(name == "test" || line.contains("2026-09-29 0"), "{line}");
            assert!(!line.contains('\n'));
        }
        assert!(wording::short(&message).chars().count() <= 480);
    }
}

#[test]
fn a_moment_is_told_in_the_monitors_zone_and_in_utc() {
    let berlin = crate::sys::zone::named("Europe/Berlin").expect("a zone");
    for (at, zone, expected) in [
        ("2026-09-29T01:40:00Z", &berlin, "2026-09-29 03:40 Europe/Berlin (01:40 UTC)"),
        ("2026-01-01T23:30:59Z", &berlin, "2026-01-02 00:30 Europe/Berlin (2026-01-01 23:30 UTC)"),
        ("2026-10-25T00:30:00Z", &berlin, "2026-10-25 02:30 Europe/Berlin (00:30 UTC)"),
        ("2026-10-25T01:30:00Z", &berlin, "2026-10-25 02:30 Europe/Berlin (01:30 UTC)"),
        ("2026-09-29T01:40:00Z", &Zone::utc(), "2026-09-29 01:40 UTC"),
    ] {
        assert_eq!(when(Moment::parse_rfc3339(at).expect(at), zone), expected);
    }
}

#[test]
fn the_last_lines_are_the_last_harmless_and_few() {
    let lines = last_lines(b"10%\r99%\r100%\n\n\x1b[31merror:\x1b[0m bad \xff byte\n\n");
    assert_eq!(lines, ["100%", "error: bad \\xff byte"]);
    let many: String = (0..5_000).map(|number| format!("line {number}\n")).collect();
    let lines = last_lines(many.as_bytes());
    assert_eq!((lines.len(), &*lines[LAST_LINES_MAX - 1]), (LAST_LINES_MAX, "line 4999"));
    assert_eq!(lines[0], "line 4980");
    let endless = last_lines(&[b"x".repeat(100_000), "ü".repeat(5_000).into_bytes()].concat());
    assert_eq!(endless, ["ü".repeat(LAST_LINES_BYTES_MAX / 2)]);
    let bytes: Vec<u8> =
        (0..200_000u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let quoted: usize = last_lines(&bytes).iter().map(|line| line.len() + 1).sum();
    assert!(quoted <= LAST_LINES_BYTES_MAX + 1);
    assert_eq!(last_lines(b""), [""; 0]);
}
