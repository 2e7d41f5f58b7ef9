//! Hostile words in every field, for every channel: they are shown, and do nothing else.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::golden::{mail, request};
use super::http_receiver::{HttpReceiver, answer};
use super::smtp_receiver::{Script, SmtpReceiver};
use super::{KINDS_OF_MESSAGE, channel, guarded, message, outbound, parse, run, send, sent};
use crate::notify::message::{Message, What};
use crate::notify::outbound::Policy;
use crate::notify::{command, html, wording};

const NASTY: [&str; 22] = [
    "x\r\nBcc: evil@example.com\r\n\r\nbody",
    "x\n.\r\nQUIT\r\n",
    "<!channel> <@U123> <https://evil.example|click>",
    "@everyone @here @Channel @all",
    "[x](javascript:alert(1)) ![y](https://evil.example/z.png)",
    "```\n@everyone\n``` `code` *bold* _it_ ~no~ ||spoiler||",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "\" onmouseover=\"alert(1)\" x=\"",
    "' onmouseover='alert(1)",
    "$BODY $NAME_JSON $CODE $TAG1 ${HOME} {{7*7}} %n%s",
    "\"}],\"text\":\"pwned\",\"x\":[{\"",
    "\u{1b}]8;;https://evil.example\u{7}link\u{1b}]8;;\u{7}\u{1b}[2J",
    "\u{0}\u{1}\u{8}\u{b}\u{c}\u{e}\u{1f}\u{7f}\u{80}\u{9f}",
    "\u{202e}gpj.exe\u{202c}\u{2066}x\u{2069}\u{200e}",
    "a\u{2028}b\u{2029}c\u{85}d",
    "in\u{200b}vis\u{feff}ible\u{ad}",
    "; rm -rf / & `touch x` $(touch y) | cat",
    "../../admin?x=1&y=2#z",
    "=cmd|'/c calc'!A0",
    "😀 ünïcödé 漢字 \u{10ffff}",
    "",
    " ",
];

/// The same message with one field after the other set to `text`.
fn spoiled(original: &Message, text: &str) -> Vec<Message> {
    let fields: [fn(&mut Message, String); 15] = [
        |message, text| message.project = text,
        |message, text| message.monitor.name = text,
        |message, text| message.monitor.slug = text,
        |message, text| message.monitor.uuid = text,
        |message, text| message.monitor.owner = Some(text),
        |message, text| message.monitor.description = Some(text),
        |message, text| message.monitor.tags = vec![text.clone(), text],
        |message, text| message.monitor.url = Some(text),
        |message, text| message.status = text,
        |message, text| message.reason = text,
        |message, text| message.expected = Some(text),
        |message, text| {
            message.happened_at = text.clone();
            message.since = Some(text.clone());
            message.until = Some(text);
        },
        |message, text| message.last_lines = vec![text.clone(), text],
        |message, text| {
            message.incident_id = text.clone();
            message.delivery_id = text;
        },
        |message, text| {
            let how = message.how_to_ack.get_or_insert_default();
            (how.text, how.url) = (text.clone(), Some(text));
        },
    ];
    let all = fields.iter().fold(original.clone(), |mut message, spoil| {
        spoil(&mut message, text.to_owned());
        message
    });
    let each = fields.iter().map(|spoil| {
        let mut message = original.clone();
        spoil(&mut message, text.to_owned());
        message
    });
    each.chain([all]).collect()
}

/// Messages spoiled by the list, by what is too long, and by chance.
fn every_spoiled_message() -> Vec<Message> {
    let mut texts: Vec<String> = NASTY.iter().map(|text| (*text).to_owned()).collect();
    texts.push("a@everyone<".repeat(500));
    texts.push("`".repeat(5_000));
    texts.push("😀".repeat(2_500));
    texts.push("line\n".repeat(600));
    let letters: Vec<char> = NASTY.concat().chars().collect();
    let mut chance = 7u64;
    for _ in 0..6 {
        let text = (0..60).map(|_| {
            chance = chance
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            letters[(chance >> 33) as usize % letters.len()]
        });
        texts.push(text.collect());
    }
    let all_fields = KINDS_OF_MESSAGE
        .iter()
        .flat_map(|(_, what)| texts.iter().filter_map(|text| spoiled(&message(*what), text).pop()));
    let one_field = [What::Worse, What::WasDown]
        .into_iter()
        .flat_map(|what| NASTY.iter().flat_map(move |text| spoiled(&message(what), text)));
    all_fields.chain(one_field).collect()
}

fn is_tame(c: char) -> bool {
    !c.is_control()
        && !matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
}

fn calls_everybody(text: &str) -> bool {
    let text = text.to_lowercase();
    ["@everyone", "@here", "@channel", "@all"].iter().any(|call| text.contains(call))
}

#[test]
fn words_stay_on_their_lines() {
    for message in every_spoiled_message() {
        let subject = wording::subject(&message);
        assert!(subject.chars().all(is_tame) && subject.chars().count() < 2_000, "{subject:?}");
        let long = wording::long(&message);
        assert!(long.chars().all(|c| c == '\n' || c == '\t' || is_tame(c)), "{long:?}");
        assert!(long.len() < 24_000, "{}", long.len());
        for line in long.lines().skip(1).filter(|line| line.starts_with("owner:")) {
            assert_eq!(long.matches(&format!("\n{line}")).count(), 1, "{long}");
        }
        let short = wording::short(&message);
        assert!(short.chars().count() <= 1_000 && short.lines().count() <= 4, "{short:?}");
    }
}

#[test]
fn a_mail_has_our_headers_and_no_other() {
    let names = |mail: &str| -> BTreeSet<String> {
        let head =
            mail.split("\r\n\r\n").next().unwrap().replace("\r\n ", " ").replace("\r\n\t", " ");
        head.split("\r\n").map(|line| line.split(':').next().unwrap().to_owned()).collect()
    };
    let expected = names(&mail(&["a@example.com"], &message(What::Opened)));
    assert!(expected.contains("Subject") && !expected.contains("Bcc"), "{expected:?}");
    for message in every_spoiled_message() {
        let mail = mail(&["a@example.com"], &message);
        assert!(mail.is_ascii());
        let found = names(&mail);
        assert!(found.is_subset(&expected), "{found:?}");
        assert_eq!(mail.matches("\r\nTo: ").count(), 1);
        for line in mail.split("\r\n") {
            assert!(line.len() <= 998 && !line.contains(['\r', '\n']), "{line:?}");
        }
    }
}

#[test]
fn html_has_our_elements_and_no_other() {
    let elements = |page: &str| -> BTreeSet<String> {
        let tags = page.split('<').skip(1).map(|tag| tag.split('>').next().unwrap_or_default());
        tags.map(|tag| tag.split("href=\"").next().unwrap_or_default().to_owned()).collect()
    };
    let known: BTreeSet<String> = KINDS_OF_MESSAGE
        .iter()
        .flat_map(|(_, what)| {
            let mut full = message(*what);
            full.last_lines = vec!["x".to_owned()];
            full.how_to_ack = message(What::Opened).how_to_ack;
            full.monitor = message(What::Opened).monitor;
            elements(&html::page(&full))
        })
        .collect();
    for message in every_spoiled_message() {
        let page = html::page(&message);
        let unknown: Vec<String> = elements(&page).difference(&known).cloned().collect();
        assert!(unknown.is_empty(), "{unknown:?} in {page}");
        for link in page.split("href=\"").skip(1) {
            assert!(link.starts_with("https://hb.example/"), "{link}");
        }
    }
}

#[test]
fn chats_show_words_and_call_nobody() {
    let hook = "https://h.example/x";
    let slack = parse(json!({ "kind": "slack", "url": hook }));
    let discord = parse(json!({ "kind": "discord", "url": hook }));
    let ntfy = parse(json!({ "kind": "ntfy", "topic": "t", "token": "k" }));
    for message in every_spoiled_message() {
        let made = request(&slack, &message);
        let body: Value = serde_json::from_slice(&made.body).expect("JSON");
        assert_eq!(
            (&body["mrkdwn"], &body["attachments"][0]["mrkdwn_in"]),
            (&json!(false), &json!([]))
        );
        let shown = body.to_string();
        assert!(!shown.contains(['<', '>']) && !calls_everybody(&shown), "{shown}");
        assert_eq!(body["attachments"].as_array().map(Vec::len), Some(1));

        let body: Value = serde_json::from_slice(&request(&discord, &message).body).expect("JSON");
        assert_eq!(body["allowed_mentions"], json!({ "parse": [] }));
        let content = body["content"].as_str().expect("a text");
        assert!(content.encode_utf16().count() <= 2_000, "{content}");
        assert!(!content.is_empty() && !calls_everybody(content), "{content}");
        let blocks: Vec<&str> = content.split("```").collect();
        assert!(blocks.len() == 1 || blocks.len() == 3, "{content}");
        let outside = blocks.iter().step_by(2).copied().collect::<Vec<_>>().concat();
        let bare = outside.replace("\\\\", "").replace("\\[", "").replace("\\`", "");
        assert!(!bare.contains(['[', '`']), "{content}");

        let made = request(&ntfy, &message);
        let names: Vec<&str> = made.headers.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["Content-Type", "Authorization"]);
        let body: Value = serde_json::from_slice(&made.body).expect("JSON");
        assert!(body["message"].as_str().expect("a text").len() <= 4_096);
        assert_eq!((&body["topic"], &body["markdown"]), (&json!("t"), &json!(false)));
        for link in [&body["click"], &body["actions"][0]["url"]] {
            assert!(link.is_null() || link.as_str().unwrap().starts_with("https://hb.example/"));
        }
    }
}

#[test]
fn a_template_stays_in_its_place() {
    let settings = parse(json!({
        "kind": "webhook",
        "url": "https://h.example/a/$NAME/$SLUG/$TAG1?t=$TAGS&j=$JSON&c=$CODE",
        "headers": { "X-Name": "$NAME / $TAGS", "X-Key": "k" },
        "body": "{\"name\": $NAME_JSON, \"body\": $BODY_JSON, \"all\": $JSON}",
    }));
    for message in every_spoiled_message() {
        let made = request(&settings, &message);
        let url = reqwest::Url::parse(&made.url).expect("a URL");
        assert_eq!(url.host_str(), Some("h.example"));
        let names: Vec<String> = url.query_pairs().map(|(name, _)| name.into_owned()).collect();
        assert_eq!((names, url.fragment()), (["t", "j", "c"].map(str::to_owned).to_vec(), None));
        let bytes = made.url.bytes().all(|byte| byte.is_ascii_graphic());
        assert!(bytes && made.url.starts_with("https://h.example/a/"), "{}", made.url);
        for (name, value) in &made.headers {
            assert!(["Content-Type", "X-Name", "X-Key"].contains(&name.as_str()));
            let value = reqwest::header::HeaderValue::from_bytes(value);
            assert!(value.is_ok_and(|value| !value.as_bytes().contains(&b'\n')));
        }
        let body: Value = serde_json::from_slice(&made.body).expect("JSON");
        let called = if message.monitor.name.is_empty() {
            &message.monitor.slug
        } else {
            &message.monitor.name
        };
        assert_eq!(body["name"].as_str(), Some(called.as_str()));
        for (_, value) in command::environment(&message) {
            assert!(!value.contains('\0') && !value.contains('\u{1b}'));
        }
    }
}

#[test]
fn a_value_is_never_expanded_again() {
    let settings = parse(json!({
        "kind": "webhook", "url": "https://h.example/",
        "body": "$NAME|$TAG1|$TAG12|$TAG3|$NAMES|$NAME_JSON|$UNKNOWN|$|$$CODE|$BODY",
    }));
    let mut told = message(What::Worse);
    told.monitor.name = "$BODY$SLUG".to_owned();
    told.monitor.tags = vec!["$JSON".to_owned(), "b".to_owned()];
    told.last_lines = vec!["$NAME".to_owned()];
    let body = String::from_utf8(request(&settings, &told).body).expect("text");
    let code = &told.monitor.uuid;
    assert_eq!(
        body,
        format!(
            "$BODY$SLUG|$JSON|$JSON2|$TAG3|$BODY$SLUGS|\"$BODY$SLUG\"|$UNKNOWN|$|${code}|$NAME"
        )
    );
}

#[test]
fn on_the_wire_it_is_one_request_and_one_mail() {
    let receiver = HttpReceiver::new(&[answer(200, "", "")]);
    let hook = channel(json!({
        "kind": "webhook", "url": receiver.url("/$NAME"), "headers": { "X-Name": "é $NAME" }, "body": "$BODY",
    }));
    let relay = SmtpReceiver::new(Script::default());
    let mail = channel(json!({
        "kind": "email", "host": "mail.test", "port": relay.port, "tls": "none",
        "from": "hb@example.com", "to": ["a@example.com"],
    }));
    let through = guarded(&[("mail.test", &[&["127.0.0.1"]])], &Policy::default());
    for (number, text) in NASTY.iter().enumerate() {
        let told = spoiled(&message(What::Worse), text).pop().expect("a message");
        assert_eq!(run(send(&outbound(), &hook, &told)), sent(), "{text:?}");
        assert_eq!(run(send(&through, &mail, &told)), sent(), "{text:?}");
        assert_eq!(receiver.seen().len(), number + 1);
        assert_eq!(relay.heard().mails.len(), number + 1);
        let seen = receiver.seen().pop().expect("a request");
        let names: BTreeSet<&str> = seen.headers.iter().map(|(name, _)| name.as_str()).collect();
        let ours = [
            "accept",
            "content-length",
            "content-type",
            "host",
            "idempotency-key",
            "user-agent",
            "x-name",
        ];
        assert!(names.iter().all(|name| ours.contains(name)), "{names:?}");
        assert_eq!(seen.body, format!("{text}\n{text}").into_bytes());
    }
    let rcpt = relay.heard().lines.into_iter().filter(|line| line.starts_with("RCPT"));
    assert!(
        rcpt.collect::<BTreeSet<_>>() == BTreeSet::from(["RCPT TO:<a@example.com>".to_owned()])
    );
}
