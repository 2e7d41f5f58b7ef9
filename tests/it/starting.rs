//! What a receiver says and leaves when it starts, and the unit that starts it.

use std::process::Stdio;

use crate::hb::{Home, Seen, check, until};
use crate::server::{API_KEY, PING_KEY, Server};

#[test]
fn a_second_receiver_leaves_the_word_of_the_first_alone() {
    let home = Home::new();
    let first = Server::start(&home);
    let file = home.path("runtime/hb/serve.json");
    until("the first leaves word", || file.exists());
    let word = || std::fs::read_to_string(&file).expect("a word");
    let left = word();
    let with_other_data = || {
        Server::start_with(&home, |command| {
            command.env("HB_DATA_DIR", home.path("other"));
        })
    };
    let mut second = with_other_data();
    second.line("goes on to find the receiver that was here first");
    assert_eq!(word(), left);
    assert_eq!(second.stop(), Some(0));
    assert_eq!(word(), left);
    // One that was killed takes nothing away; its place is free nevertheless.
    first.kill();
    let third = with_other_data();
    until("the third leaves word", || word() != left);
    assert_eq!(third.stop(), Some(0));
    assert!(!file.exists());
}

#[test]
fn a_first_start_with_given_keys_prints_lines_that_work() {
    let home = Home::new();
    let mut server = Server::start_with(&home, |command| {
        command.env_remove("HB_API_KEY_READONLY").env_remove("HB_ADMIN_PASSWORD");
    });
    let told = server.line("took the other keys as they were given");
    assert!(told.contains("HB_PING_KEY, HB_API_KEY"), "{told}");
    let curl = server.line("or plain curl:");
    until("it leaves word", || home.path("runtime/hb/serve.json").exists());
    for line in [curl, server.line("next, here:")] {
        let line = line.split_once(":  ").expect("a line to paste").1.trim();
        // The line before has made the monitor.
        let line = line.replace("monitor add nightly", "monitor add --replace nightly");
        let mut pasted = home.program("sh");
        pasted.args(["-c", &line]).env("HB_PING_KEY", PING_KEY).env("HB_API_KEY", API_KEY);
        let seen = Seen::of(&mut pasted);
        assert_eq!((seen.status, &*seen.stderr), (0, ""), "{line}");
    }
    let all = server.lines().concat();
    assert!(!all.contains(PING_KEY) && !all.contains(API_KEY), "{all}");
    let other = server.line("on other hosts:");
    home.write("both", &format!("HB_PING_KEY={PING_KEY}\nHB_API_KEY={API_KEY}\n"));
    let line = other.split_once(":  ").expect("a line").1.trim().replace(
        "A-FILE-WITH-HB_PING_KEY=-AND-HB_API_KEY=",
        &home.path("both").display().to_string(),
    );
    let mut pasted = home.program("sh");
    pasted.args(["-c", &line]).env("HB_CONFIG", home.path("etc/config.toml"));
    let seen = Seen::of(&mut pasted);
    assert_eq!((seen.status, &*seen.stderr), (0, ""), "{line}");
}

#[test]
fn a_unit_has_the_options_that_were_given_and_no_secret() {
    let home = Home::new();
    let plain = Seen::of(&mut home.hb(&["serve", "--print-unit"]));
    assert!(plain.stdout.contains("\nExecStart=/usr/local/bin/hb serve --listen 127.0.0.1:8787\n"));
    let words = ["serve", "--print-unit", "--listen", "0.0.0.0:80", "--listen", "[::]:8787"];
    let more = [
        "--smtp",
        "127.0.0.1:2525",
        "--allow-commands",
        "--public-url",
        "https://hb.example/a%20b",
    ];
    let seen = Seen::of(&mut home.hb(&[&words[..], &more].concat()));
    assert_eq!((seen.status, &*seen.stderr), (0, ""));
    let line = "\nExecStart=/usr/local/bin/hb serve --listen 0.0.0.0:80 --listen [::]:8787 \
        --public-url https://hb.example/a%%20b --smtp 127.0.0.1:2525 --allow-commands\n";
    assert!(seen.stdout.contains(line), "{}", seen.stdout);
    for line in ["AmbientCapabilities=CAP_NET_BIND_SERVICE", "PrivateUsers=no"] {
        assert!(seen.stdout.contains(line) && !plain.stdout.contains(line), "{}", seen.stdout);
    }
    let words = ["serve", "--print-unit", "--database"];
    let seen = Seen::of(&mut home.hb(&[&words[..], &["postgres://hb@db/hb"]].concat()));
    let line = "hb serve --listen 127.0.0.1:8787 --database postgres://hb@db/hb\n";
    assert!(seen.stdout.contains(line), "{}", seen.stdout);
    let seen = Seen::of(&mut home.hb(&[&words[..], &["postgres://hb:secret@db/hb"]].concat()));
    assert_eq!((seen.status, &seen.stdout), (0, &plain.stdout));
    assert!(seen.stderr.contains("HB_DATABASE") && !seen.stderr.contains("secret"));
    check(
        &mut home.hb(&["serve", "--print-unit", "--data", "/srv/hb"]),
        64,
        "",
        "hb: `--data /srv/hb` cannot stand in the unit\n\
         hint: its user is made for it and has /var/lib/hb-serve alone; leave the option out\n",
    );
}

#[test]
fn a_level_that_there_is_not_is_told() {
    let home = Home::new();
    let warning = "hb: warning: `HB_LOG` is error, warning, info or debug, not `loud`\n";
    let mut command = home.hb(&["log"]);
    let seen = Seen::of(command.env("HB_LOG", "loud"));
    assert!(seen.status == 0 && seen.stderr.starts_with(warning), "{seen:?}");
    let mut command = home.hb(&["run", "job", "--", "sh", "-c", "exit 3"]);
    let seen = Seen::of(command.env("HB_LOG", "loud").stdin(Stdio::null()));
    assert_eq!((seen.status, &*seen.stderr), (3, warning));
    let mut server = Server::start_with(&home, |command| {
        command.env("HB_LOG", "loud");
    });
    server.line(warning.trim_end());
    for level in ["error", "warning", "info", "debug", ""] {
        let seen = Seen::of(home.hb(&["log"]).env("HB_LOG", level));
        assert!(!seen.stderr.contains("HB_LOG"), "{level}: {seen:?}");
    }
}
