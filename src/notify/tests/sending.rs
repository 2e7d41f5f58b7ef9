//! One attempt over HTTP or by a command, and what its answer means.

use std::time::Duration;

use serde_json::{Value, json};

use super::http_receiver::{Answer, HttpReceiver, answer};
use super::{channel, guarded, message, outbound, run, send, sent, trouble};
use crate::notify::Outcome;
use crate::notify::message::What;
use crate::notify::outbound::Policy;

#[test]
fn every_kind_is_taken_by_its_service() {
    for (kind, more, path) in [
        ("webhook", json!({}), "/hook"),
        ("slack", json!({}), "/services/T0/B0/x"),
        ("discord", json!({}), "/api/webhooks/1/x"),
        ("ntfy", json!({ "topic": "t", "token": "tk_secret" }), "/"),
    ] {
        let receiver = HttpReceiver::new(&[answer(204, "", "")]);
        let mut settings = json!({ "kind": kind, "url": receiver.url(path) });
        settings.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let message = message(What::Opened);
        assert_eq!(run(send(&outbound(), &channel(settings), &message)), sent());
        let seen = receiver.only();
        assert_eq!(seen.line, format!("POST {path}"));
        assert_eq!(seen.header("content-type").as_deref(), Some("application/json"));
        assert_eq!(seen.header("idempotency-key"), Some(message.delivery_id));
        assert!(serde_json::from_slice::<Value>(&seen.body).is_ok());
        let token = seen.header("authorization");
        assert_eq!(token.as_deref(), (kind == "ntfy").then_some("Bearer tk_secret"));
    }
}

#[test]
fn good_news_take_their_own_request_where_there_is_one() {
    let receiver = HttpReceiver::new(&[answer(200, "", "ok")]);
    let alone = json!({ "kind": "webhook", "url": receiver.url("/$STATUS") });
    let mut both = alone.clone();
    both["up"] = json!({ "url": receiver.url("/good"), "method": "GET" });
    let told = [What::Opened, What::Recovered, What::WasDown];
    for settings in [alone, both] {
        for what in told {
            let outcome = run(send(&outbound(), &channel(settings.clone()), &message(what)));
            assert_eq!(outcome, sent());
        }
    }
    let lines: Vec<String> = receiver.seen().into_iter().map(|seen| seen.line).collect();
    assert_eq!(
        lines,
        ["POST /down", "POST /up", "POST /up", "POST /down", "GET /good", "GET /good"]
    );
}

#[test]
fn a_status_decides_whether_it_is_tried_again() {
    // What a service refuses stays refused; a person's own code may be mended by the next hour.
    for (status, service, own) in [
        (200, "sent", "sent"),
        (202, "sent", "sent"),
        (206, "sent", "sent"),
        (304, "refused", "retry"),
        (303, "refused", "retry"),
        (400, "refused", "retry"),
        (401, "refused", "retry"),
        (403, "refused", "retry"),
        (404, "refused", "retry"),
        (408, "retry", "retry"),
        (410, "refused", "refused"),
        (429, "retry", "retry"),
        (500, "retry", "retry"),
        (503, "retry", "retry"),
    ] {
        for (kind, expected) in [("slack", service), ("webhook", own)] {
            let receiver = HttpReceiver::new(&[answer(status, "", "")]);
            let settings = channel(json!({ "kind": kind, "url": receiver.url("/") }));
            let (word, why) = trouble(run(send(&outbound(), &settings, &message(What::Opened))));
            assert_eq!(word, expected, "{kind} {status}: {why}");
            assert_eq!(receiver.seen().len(), 1);
        }
    }
}

#[test]
fn a_service_may_ask_for_a_pause_within_bounds() {
    for (header, expected) in
        [("7", Some(7)), ("7200", Some(3_600)), ("99999999999", None), ("soon", None)]
    {
        let busy = answer(429, &format!("Retry-After: {header}\r\n"), "slow down");
        let receiver = HttpReceiver::new(&[busy]);
        let settings = channel(json!({ "kind": "discord", "url": receiver.url("/") }));
        let outcome = run(send(&outbound(), &settings, &message(What::Opened)));
        let why = "the server answered 429: slow down".to_owned();
        assert_eq!(outcome, Outcome::Retry { after: expected.map(Duration::from_secs), why });
    }
}

#[test]
fn an_answers_words_are_short_harmless_and_without_our_secrets() {
    let body = "\n\n\u{1b}[31mno_service\u{202e} for /T0/key-of-mine?x=1\u{7} said key-of-mine\nsecond line";
    let receiver =
        HttpReceiver::new(&[answer(404, "", body), answer(404, "", &"x".repeat(70_000))]);
    let settings = channel(json!({
        "kind": "webhook", "url": receiver.url("/T0/key-of-mine?x=1"),
        "headers": { "X-Key": "key-of-mine" },
    }));
    let (_, why) = trouble(run(send(&outbound(), &settings, &message(What::Opened))));
    assert_eq!(
        why,
        "the server answered 404: \\x1b[31mno_service\\u{202e} for ****\\x07 said ****"
    );
    let (_, why) = trouble(run(send(&outbound(), &settings, &message(What::Opened))));
    assert_eq!(why, format!("the server answered 404: {}…", "x".repeat(199)));
}

#[test]
fn answers_that_never_end_are_not_waited_for() {
    let endless = |first: &str, more: &str| {
        Answer::Endless(first.as_bytes().to_vec(), more.as_bytes().repeat(1_000))
    };
    let chunk = "5\r\nhello\r\n";
    for (answer, expected) in [
        (endless("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", chunk), "sent"),
        (endless("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", "x"), "sent"),
        (endless("HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\n", chunk), "retry"),
        (endless("HTTP/1.1 200 OK\r\n", "X-More: of this\r\n"), "retry"),
        (endless("HTTP/1.1 200 OK", "x"), "retry"),
        (endless("", "x"), "retry"),
        (Answer::Bytes(b"HTTP/1.1 200".to_vec()), "retry"),
        (Answer::Bytes(Vec::new()), "retry"),
    ] {
        let receiver = HttpReceiver::new(std::slice::from_ref(&answer));
        let settings = channel(json!({ "kind": "webhook", "url": receiver.url("/") }));
        let (word, why) = trouble(run(send(&outbound(), &settings, &message(What::Opened))));
        assert_eq!(word, expected, "{why}");
        assert!(why.len() < 500, "{why}");
    }
    let receiver = HttpReceiver::new(&[Answer::Nothing]);
    let settings = channel(json!({ "kind": "webhook", "url": receiver.url("/") }));
    let outbound = outbound().within(Duration::from_millis(200));
    let outcome = run(send(&outbound, &settings, &message(What::Opened)));
    assert_eq!(trouble(outcome), ("retry", "no answer in time".to_owned()));
}

#[test]
fn where_nobody_listens_it_may_be_tried_again() {
    let port = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.local_addr().expect("an address").port()
    };
    let settings =
        json!({ "kind": "webhook", "url": format!("http://127.0.0.1:{port}/secret-path") });
    let outcome = run(send(&outbound(), &channel(settings), &message(What::Opened)));
    let (word, why) = trouble(outcome);
    assert_eq!((word, why.as_str()), ("retry", "Connection refused"));
    let settings = json!({ "kind": "webhook", "url": "http://nowhere.test/secret-path" });
    let outcome = run(send(&outbound(), &channel(settings), &message(What::Opened)));
    assert_eq!(trouble(outcome), ("retry", "no such name".to_owned()));
}

/// One after the other, as a burst of alerts goes out.
fn send_three(receiver: &HttpReceiver) -> Vec<Outcome> {
    let settings = channel(json!({ "kind": "webhook", "url": receiver.url("/hook") }));
    let (outbound, message) = (outbound(), message(What::Opened));
    run(async {
        let mut outcomes = Vec::new();
        for _ in 0..3 {
            outcomes.push(send(&outbound, &settings, &message).await);
        }
        outcomes
    })
}

#[test]
fn a_burst_shares_a_connection() {
    let receiver = HttpReceiver::keeping();
    assert_eq!(send_three(&receiver), [sent(), sent(), sent()]);
    assert_eq!((receiver.seen().len(), receiver.connections()), (3, 1));
}

#[test]
fn a_connection_that_is_closed_without_a_word_delays_nothing() {
    let receiver = HttpReceiver::closing_late();
    assert_eq!(send_three(&receiver), [sent(), sent(), sent()]);
    assert_eq!(receiver.seen().len(), 3);
}

fn command(script: &str) -> Value {
    json!({ "kind": "command", "argv": ["/bin/sh", "-c", script, "sh", "$(touch x)", "two  words"] })
}

fn tell(script: &str) -> Outcome {
    let outbound = guarded(&[], &Policy { allow_commands: true, ..Policy::default() });
    run(send(&outbound, &channel(command(script)), &message(What::Worse)))
}

#[test]
fn a_command_gets_words_and_nothing_of_ours() {
    let script = r#"
        test "$1" = '$(touch x)' && test "$2" = 'two  words' || exit 11
        test "$HB_SUBJECT" = 'WORSE, NOW FAILED: nightly backup, since 2026-09-29 03:40 Europe/Berlin' || exit 12
        test "$HB_STATUS $HB_EXIT_CODE $HB_STATE" = 'failed 2 down' || exit 13
        grep -q '"slug":"nightly-backup"' || exit 14
        test -z "$CARGO_MANIFEST_DIR" || exit 15
        test "$PWD" = / || exit 16
    "#;
    assert_eq!(tell(script), sent());
    // Neither what it leaves unread nor what it says too much of holds anybody up.
    assert_eq!(tell("yes | head -c 1000000; yes | head -c 1000000 >&2; exit 0"), sent());
}

#[test]
fn a_command_that_fails_is_tried_again_and_one_that_is_not_there_is_not() {
    for (script, why) in [
        ("echo one >&2; echo 'no\tmodem' >&2; exit 3", "the command exited with 3: no modem"),
        ("kill -9 $$", "the command was killed by SIGKILL"),
    ] {
        assert_eq!(trouble(tell(script)), ("retry", why.to_owned()));
    }
    let outbound = guarded(&[], &Policy { allow_commands: true, ..Policy::default() });
    let settings = channel(json!({ "kind": "command", "argv": ["/nowhere/at/all"] }));
    let (word, why) = trouble(run(send(&outbound, &settings, &message(What::Worse))));
    assert!(word == "refused" && why.starts_with("the command cannot be started"), "{word}: {why}");
}

#[test]
fn without_the_administrators_word_no_command_is_run() {
    let mark = std::env::temp_dir().join(format!("hb-command-{}", std::process::id()));
    let script = format!("touch {}", mark.display());
    let outcome = run(send(&outbound(), &channel(command(&script)), &message(What::Worse)));
    let why = "commands are not allowed here; start `hb serve` with `--allow-commands`";
    assert_eq!(outcome, Outcome::Refused { why: why.to_owned() });
    assert!(!mark.exists());
}
