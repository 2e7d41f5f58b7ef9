//! Pings that come as mails: who is let in, what a mail means, and that 250 means on disk.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::databases::{start_again, start_postgresql};
use super::hb::Home;
use super::server::{API_KEY, PING_KEY, READ_KEY, Server};

/// A conversation with the door for mails.
struct Talk {
    stream: BufReader<TcpStream>,
}

impl Talk {
    fn with(server: &mut Server) -> Talk {
        let line = server.line("listening on smtp://");
        let address = line.split_once("smtp://").expect("a URL").1;
        let stream = TcpStream::connect(address).expect("connected");
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a limit");
        let mut talk = Talk { stream: BufReader::new(stream) };
        assert!(talk.answer().starts_with("220 "));
        talk
    }

    /// The last line of the next answer; empty when the conversation is over.
    fn answer(&mut self) -> String {
        loop {
            let mut line = String::new();
            if self.stream.read_line(&mut line).unwrap_or(0) == 0 {
                return String::new();
            }
            if line.as_bytes().get(3) != Some(&b'-') {
                return line.trim_end().to_owned();
            }
        }
    }

    fn write(&mut self, bytes: &[u8]) {
        self.stream.get_mut().write_all(bytes).expect("written");
    }

    fn say(&mut self, line: &str) -> String {
        self.write(format!("{line}\r\n").as_bytes());
        self.answer()
    }

    /// Sends one message, and gives the first answer that is no yes, or the last one.
    fn mail(&mut self, to: &[&str], message: &[u8]) -> String {
        let mut lines = vec!["MAIL FROM:<cron@db1.example> BODY=8BITMIME".to_owned()];
        lines.extend(to.iter().map(|to| format!("RCPT TO:<{to}>")));
        lines.push("DATA".to_owned());
        for line in lines {
            let answer = self.say(&line);
            if !answer.starts_with(['2', '3']) {
                assert_eq!(&self.say("RSET")[..3], "250");
                return answer;
            }
        }
        self.write(message);
        self.write(b"\r\n.\r\n");
        self.answer()
    }
}

fn start(home: &Home) -> Server {
    Server::start_with(home, |command| {
        command.args(["--smtp", "127.0.0.1:0"]);
    })
}

/// Makes a check in Healthchecks' way, and gives its UUID.
fn check(server: &Server, about: Value) -> String {
    let headers = [("X-Api-Key", API_KEY), ("Content-Type", "application/json")];
    let body = about.to_string();
    let answer = server.send("POST", "/api/v3/checks/", &headers, body.as_bytes());
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json()["uuid"].as_str().expect("a UUID").to_owned()
}

fn pings(server: &Server, uuid: &str) -> Vec<Value> {
    let path = format!("/api/v3/checks/{uuid}/pings/");
    let answer = server.send("GET", &path, &[("X-Api-Key", API_KEY)], b"");
    answer.json()["pings"].as_array().expect("a list").clone()
}

#[test]
fn a_mail_is_a_ping_and_its_words_say_which() {
    let home = Home::new();
    let mut server = start(&home);
    let words = |more: Value| {
        let mut about = json!({
            "name": "m", "success_kw": "OK, fine", "failure_kw": "FAIL", "start_kw": "BEGIN",
        });
        about.as_object_mut().expect("an object").extend(more.as_object().expect("one").clone());
        about
    };
    let (subject, body) = (json!({"filter_subject": true}), json!({"filter_body": true}));
    let both = json!({"filter_subject": true, "filter_body": true, "filter_default_fail": true});
    let packed = "Subject: x\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\nPHA+QkVHSU48L3A+";
    for (about, mail, kind) in [
        (json!({}), "Subject: FAIL\r\n\r\nFAIL", "success"),
        (subject.clone(), "Subject: all OK\r\n\r\nFAIL", "success"),
        (subject.clone(), "Subject: =?utf-8?q?OK_F?=\r\n =?utf-8?q?AIL?=\r\n\r\n", "fail"),
        (subject.clone(), "Subject: none\r\n\r\nOK", "ign"),
        (body.clone(), "Subject: OK\r\n\r\nBEGIN", "start"),
        (body.clone(), packed, "start"),
        (body.clone(), "Subject: OK\r\n\r\nnone", "ign"),
        (both.clone(), "Subject: none\r\n\r\nfine", "success"),
        (both.clone(), "Subject: OK\r\n\r\nFAIL", "fail"),
        (both.clone(), "no header and no word", "fail"),
        (json!({"filter_http_body": true}), "Subject: x\r\n\r\nFAIL", "success"),
        (json!({"methods": "POST"}), "Subject: x\r\n\r\n", "success"),
    ] {
        let uuid = check(&server, words(about.clone()));
        let answer =
            Talk::with(&mut server).mail(&[&format!("{uuid}@hb.example")], mail.as_bytes());
        assert!(answer.starts_with("250 "), "{answer}");
        let pings = pings(&server, &uuid);
        assert_eq!((pings.len(), &pings[0]["type"]), (1, &json!(kind)), "{about} {mail}");
        let expected = json!(["email", "", "Email from cron@db1.example", "127.0.0.1", null]);
        let of = |name: &str| pings[0][name].clone();
        let told = json!([of("scheme"), of("method"), of("ua"), of("remote_addr"), of("rid")]);
        assert_eq!(told, expected);
        let path = format!("/api/v3/checks/{uuid}/pings/1/body");
        let kept = server.send("GET", &path, &[("X-Api-Key", API_KEY)], b"");
        assert_eq!(kept.text(), format!("{mail}\r\n"), "the whole message");
    }
    // Dots at the start of lines are the sender's; a message of two monitors tells both, once each.
    let (one, other) = (check(&server, json!({})), check(&server, json!({"slug": "by-slug"})));
    let slug = format!("{PING_KEY}+by-slug@x");
    let answer = Talk::with(&mut server)
        .mail(&[&format!("{}@x", one.to_uppercase()), &slug], b"..a\r\n.. b\n.\nc");
    assert!(answer.starts_with("250 "), "{answer}");
    for uuid in [one, other] {
        assert_eq!(pings(&server, &uuid).len(), 1);
        let path = format!("/api/v3/checks/{uuid}/pings/1/body");
        let kept = server.send("GET", &path, &[("X-Api-Key", API_KEY)], b"");
        assert_eq!(kept.text(), ".a\r\n. b\n.\nc\r\n", "bare line ends end nothing");
    }
}

#[test]
fn what_is_no_ping_is_refused_and_hostile_bytes_change_nothing() {
    let home = Home::new();
    let mut server = start(&home);
    let uuid = check(&server, json!({"name": "m"}));
    let address = format!("{uuid}@x");
    let mut talk = Talk::with(&mut server);
    assert_eq!(&talk.say("EHLO [127.0.0.1]")[..3], "250");
    for to in [
        "foo@x",
        "postmaster@x",
        "7c8f0a5e-1f2b-4c3d-8e9f-0a1b2c3d4e5f@x",
        "",
        &uuid,
        &format!("{PING_KEY}+nobody@x"),
        &format!("{READ_KEY}+m@x"),
        "wrong-ping-key-of-some-length+m@x",
        "\"a b\"@x",
        "'; drop table monitors@x",
    ] {
        assert_eq!(&talk.mail(&[to], b"x")[..3], "550", "{to}");
        // One that is known does not let in one that is not.
        assert_eq!(&talk.mail(&[&address, to], b"x")[..3], "550", "{to}");
    }
    let long = vec![b'x'; 257 * 1024];
    assert_eq!(&talk.mail(&[&address], &long)[..3], "552");
    assert_eq!(&talk.say("MAIL FROM:<> SIZE=300000")[..3], "552");
    assert_eq!(&talk.say("DATA")[..3], "503");
    assert_eq!(&talk.say(&format!("RCPT TO:<{address}>"))[..3], "503");
    assert_eq!(&talk.say(&"x".repeat(100_000))[..3], "500");
    assert_eq!(&talk.say("AUTH PLAIN AHgAeA==")[..3], "500");
    assert_eq!(&talk.say("RCPT \u{1b}[31m")[..3], "501");
    assert_eq!(&talk.say("STARTTLS")[..3], "500");
    assert_eq!(pings(&server, &uuid).len(), 0);
    // Everything at once, as mail servers send it.
    talk.write(format!("MAIL FROM:<>\r\nRCPT TO:<{address}>\r\nDATA\r\n").as_bytes());
    let answers: Vec<_> = (0..3).map(|_| talk.answer()[..3].to_owned()).collect();
    assert_eq!(answers, ["250", "250", "354"]);
    talk.write(b"Subject: \x00\xff\x1b[2J\r\n\r\n\xfe\r\n.\r\nQUIT\r\n");
    assert_eq!((&talk.answer()[..3], &talk.answer()[..3], &*talk.answer()), ("250", "221", ""));
    assert_eq!(pings(&server, &uuid).len(), 1);
    // A browser that was led here says nothing more.
    let mut talk = Talk::with(&mut server);
    talk.write(
        format!("POST / HTTP/1.1\r\n\r\nMAIL FROM:<>\r\nRCPT TO:<{address}>\r\nDATA\r\nx\r\n.\r\n")
            .as_bytes(),
    );
    assert_eq!((&talk.answer()[..3], &*talk.answer()), ("421", ""));
    // Whoever only makes mistakes, and whoever only guesses, is let go.
    let mut talk = Talk::with(&mut server);
    let last = (0..100).map(|_| talk.say("\u{0}\u{1}")).find(|answer| !answer.starts_with("500"));
    assert!(last.expect("an end").starts_with("421"));
    let mut talk = Talk::with(&mut server);
    talk.say("MAIL FROM:<>");
    let last = (0..100)
        .map(|n| talk.say(&format!("RCPT TO:<{n}@x>")))
        .find(|answer| !answer.starts_with("550"));
    assert!(last.expect("an end").starts_with("421"));
    // What breaks off in the middle is no ping, and the one who waits keeps nobody from stopping.
    let mut talk = Talk::with(&mut server);
    talk.write(
        format!("MAIL FROM:<>\r\nRCPT TO:<{address}>\r\nDATA\r\nhalf\r\n.\n\r\n").as_bytes(),
    );
    assert_eq!(&talk.answer()[..3], "250");
    drop(talk);
    let mut idle = Talk::with(&mut server);
    assert_eq!(pings(&server, &uuid).len(), 1);
    assert_eq!(server.stop(), Some(0));
    assert_eq!(&idle.answer()[..3], "421");
}

#[test]
fn a_mail_is_answered_when_it_is_on_disk_and_never_before() {
    let home = Home::new();
    let mut server = start(&home);
    let uuid = check(&server, json!({"name": "m"}));
    let address = format!("{uuid}@x");
    let mut talk = Talk::with(&mut server);
    for _ in 0..5 {
        assert!(talk.mail(&[&address], b"Subject: x\r\n\r\ny").starts_with("250 "));
    }
    server.kill();
    let mut server = start(&home);
    assert_eq!(pings(&server, &uuid).len(), 5, "a power cut takes none of them");
    assert!(Talk::with(&mut server).mail(&[&address], b"").starts_with("250 "));

    let home = Home::new();
    let database = start_postgresql(&home);
    let url = format!("postgres://hb@/shop?host={}", home.path("server").display());
    let mut server = Server::start_with(&home, |command| {
        command.env("HB_DATABASE", url).env("HB_SMTP", "127.0.0.1:0");
    });
    let uuid = check(&server, json!({"name": "m"}));
    let (address, unknown) = (format!("{uuid}@x"), "7c8f0a5e-1f2b-4c3d-8e9f-0a1b2c3d4e5f@x");
    let mut talk = Talk::with(&mut server);
    assert!(talk.mail(&[&address], b"x").starts_with("250 "));
    // The address is known already, and its message comes when the store has gone.
    talk.write(format!("MAIL FROM:<>\r\nRCPT TO:<{address}>\r\nDATA\r\n").as_bytes());
    let answers: Vec<_> = (0..3).map(|_| talk.answer()[..3].to_owned()).collect();
    assert_eq!(answers, ["250", "250", "354"]);
    drop(database);
    talk.write(b"x\r\n.\r\n");
    assert_eq!(&talk.answer()[..3], "451");
    assert_eq!(&talk.mail(&[unknown], b"x")[..3], "451", "nobody can tell that it is unknown");
    let _database = start_again(&home);
    let began = Instant::now();
    while !talk.mail(&[&address], b"x").starts_with("250 ") {
        assert!(began.elapsed() < Duration::from_secs(30), "it does not come back");
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(pings(&server, &uuid).len(), 2);
}
