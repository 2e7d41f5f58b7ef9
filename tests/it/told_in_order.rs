//! What people are told of an incident: the end never before the beginning, and nothing of what they have
//! closed themselves.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use super::databases::start_postgresql;
use super::hb::Home;
use super::receiver::{FakeReceiver, Step};
use super::receiving::{ahead, wait_for};
use super::server::{PING_KEY, Server};

fn ping(server: &Server, slug: &str, word: &str) {
    let answer = server.get(&format!("/hb/{PING_KEY}/{slug}{word}"));
    assert_eq!(answer.status, 200, "{}", answer.text());
}

fn webhook(server: &Server, name: &str, hook: &FakeReceiver) {
    let channel = json!({
        "name": name, "kind": "webhook", "url": hook.url("/told"), "allow_private": true,
        "method": "POST",
    });
    let made = server.api("POST", "/channels", Some(channel));
    assert_eq!(made.status, 201, "{}", made.text());
}

/// What a webhook was told, in order.
fn told(hook: &FakeReceiver) -> Vec<String> {
    let what = |body: &[u8]| -> Value {
        serde_json::from_slice::<Value>(body).expect("a message is JSON")["what"].clone()
    };
    let all = hook.requests();
    all.iter().map(|request| what(&request.body).as_str().unwrap_or("?").to_owned()).collect()
}

fn incidents(server: &Server) -> Vec<Value> {
    let answer = server.api("GET", "/incidents", None);
    answer.json()["incidents"].as_array().expect("a list").clone()
}

fn show(server: &Server, incident: &Value) -> Value {
    let id = incident["id"].as_str().expect("an id");
    server.api("GET", &format!("/incidents/{id}"), None).json()
}

/// An alarm hangs while its incident ends, and then is refused for now.
fn the_end_waits_for_the_alarm(server: &Server) {
    let free = Arc::new(AtomicBool::new(false));
    let slow = FakeReceiver::new(&[Step::Held(500, Arc::clone(&free)), Step::Ok]);
    let quick = FakeReceiver::always(&Step::Ok);
    webhook(server, "slow", &slow);
    webhook(server, "quick", &quick);
    server.monitor(json!({ "slug": "job", "schedule": "every 1h" }));
    ping(server, "job", "/fail");
    wait_for(|| told(&slow) == ["opened"] && told(&quick) == ["opened"]);
    ping(server, "job", "");
    wait_for(|| told(&quick) == ["opened", "recovered"]);
    assert_eq!(told(&slow), ["opened"], "the end waits");
    free.store(true, Ordering::SeqCst);
    wait_for(|| told(&slow).len() == 2);
    assert_eq!(told(&slow), ["opened", "was_down"], "nobody has taken the alarm");
    let states = || -> Vec<String> {
        let shown = show(server, &incidents(server)[0]);
        let deliveries = shown["deliveries"].as_array().expect("a list").clone();
        let of_slow = deliveries.iter().filter(|one| one["channel"] == "slow");
        of_slow.map(|one| format!("{} {}", one["what"], one["state"])).collect()
    };
    wait_for(|| states() == ["\"opened\" \"merged\"", "\"closed\" \"sent\""]);
    assert_eq!((told(&slow).len(), told(&quick).len()), (2, 2));
}

#[test]
fn the_end_is_not_told_before_the_beginning() {
    let home = Home::new();
    the_end_waits_for_the_alarm(&Server::start(&home));
}

#[test]
fn the_end_is_not_told_before_the_beginning_on_postgresql() {
    let home = Home::new();
    let _database = start_postgresql(&home);
    let url = format!("postgres://hb@/shop?host={}", home.path("server").display());
    let server = Server::start_with(&home, |command| {
        command.env("HB_DATABASE", url);
    });
    the_end_waits_for_the_alarm(&server);
}

#[test]
fn of_an_incident_that_a_person_has_closed_nobody_hears_again() {
    let home = Home::new();
    let server = Server::start(&home);
    let hook = FakeReceiver::always(&Step::Ok);
    webhook(&server, "hook", &hook);
    server.monitor(json!({ "slug": "job", "schedule": "every 1h" }));
    let resolve = |server: &Server| -> Value {
        let id = incidents(server)[0]["id"].as_str().expect("an id").to_owned();
        let resolved = server.api("POST", &format!("/incidents/{id}/resolve"), None);
        assert_eq!(resolved.status, 200, "{}", resolved.text());
        resolved.json()
    };
    ping(&server, "job", "/fail");
    wait_for(|| told(&hook) == ["opened"]);
    let resolved = resolve(&server);
    // A run that begins says nothing about what is known.
    ping(&server, "job", "/start");
    assert_eq!(incidents(&server).len(), 1);
    ping(&server, "job", "");
    assert_eq!(show(&server, &resolved)["closed_at"], resolved["closed_at"], "it was over before");

    // The next failure is another one, also where none went well in between.
    ping(&server, "job", "/fail");
    wait_for(|| told(&hook).len() == 2);
    resolve(&server);
    ping(&server, "job", "/fail");
    wait_for(|| told(&hook).len() == 3);
    let second = resolve(&server);
    let events =
        json!([{ "kind": "verified", "run_id": "v", "seq": 1, "matches_expected": false }]);
    let target = format!("/hb/{PING_KEY}/job/events");
    let answer = server.post(&target, events.to_string().as_bytes());
    assert_eq!(answer.status, 200, "{}", answer.text());
    wait_for(|| told(&hook).len() == 4);
    assert_eq!(told(&hook), ["opened"; 4], "what is worse is another one; no end was told");
    assert_eq!(show(&server, &second)["severity"], "critical", "it stays as it was closed");
    assert_eq!(incidents(&server).len(), 4);
    assert_eq!(incidents(&server)[0]["severity"], "emergency");
}

/// A mail relay that takes mail for everybody but one.
fn relay_without(unknown: &'static str) -> u16 {
    fn talk(stream: TcpStream, unknown: &str) -> std::io::Result<()> {
        let (mut out, mut is_mail) = (stream.try_clone()?, false);
        out.write_all(b"220 mail.test ready\r\n")?;
        for line in BufReader::new(stream).lines() {
            let line = line?;
            is_mail &= line != ".";
            let reply = match line.split(' ').next().unwrap_or_default() {
                _ if is_mail => continue,
                "RCPT" if line.contains(unknown) => "550 nobody of this name",
                "DATA" => "354 go on",
                "QUIT" => "221 bye",
                _ => "250 fine",
            };
            is_mail = reply.starts_with("354");
            out.write_all(format!("{reply}\r\n").as_bytes())?;
        }
        Ok(())
    }
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let _ = talk(stream, unknown);
        }
    });
    port
}

#[test]
fn a_channel_says_whom_its_last_mail_did_not_reach() {
    let home = Home::new();
    let server = Server::start(&home);
    let channel = json!({
        "name": "mail", "kind": "email", "host": "127.0.0.1", "port": relay_without("gone@"),
        "tls": "none", "from": "hb@example.com", "to": ["ops@example.com", "gone@example.com"],
        "allow_private": true,
    });
    let made = server.api("POST", "/channels", Some(channel));
    assert_eq!((made.status, &made.json()["last_note"]), (201, &Value::Null), "{}", made.text());
    let said = |text: &Value| text.as_str().is_some_and(|text| text.contains("gone@example.com"));
    let tried = server.api("POST", "/channels/mail/test", None).json();
    assert!(tried["sent"] == true && said(&tried["note"]), "{tried}");
    let url = format!("http://{}", server.address);
    let list = |words: &[&str]| {
        let mut command = home.hb(words);
        command.env("HB_SERVER", &url).env("HB_API_KEY", super::server::API_KEY);
        String::from_utf8(command.output().expect("it runs").stdout).expect("text")
    };
    assert!(list(&["channel", "list"]).contains("not for everybody: "));
    assert!(list(&["channel", "test", "mail"]).contains("not for everybody: "));
    let one = json!({ "to": ["ops@example.com"] });
    assert_eq!(server.api("PATCH", "/channels/mail", Some(one)).status, 200);
    let note = || server.api("GET", "/channels/mail", None).json()["last_note"].clone();
    assert!(said(&note()), "{}", note());
    server.monitor(json!({ "slug": "job", "schedule": "every 1h" }));
    ping(&server, "job", "/fail");
    wait_for(|| note().is_null());
}

#[test]
fn a_clock_that_was_set_back_hides_no_blind_time() {
    let home = Home::new();
    ahead(&home, "+1d").kill();
    // The clock is right again.
    let server = Server::start(&home);
    server.monitor(json!({ "slug": "job", "schedule": "every 30m", "grace": "10m" }));
    ping(&server, "job", "");
    server.kill();
    let server = ahead(&home, "+45m");
    server.await_status("job", "unknown");
    let status = server.api("GET", "/status", None).json();
    assert_eq!(status["blind"].as_array().expect("a list").len(), 1, "{status:#}");
}
