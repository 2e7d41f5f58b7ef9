//! Which receiver is asked and told when nobody names one: the order of the places that may say it.

use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use crate::hb::{Home, Seen, check};
use crate::server::{API_KEY, PING_KEY, Server};

/// Leaves word of a receiver as `hb serve` does.
fn leave_word(home: &Home, url: &str, pid: u32) {
    let keys = home.write("keys", &format!("HB_PING_KEY={PING_KEY}\nHB_API_KEY={API_KEY}\n"));
    let word = json!({"url": url, "ping_key": PING_KEY, "pid": pid, "keys_file": keys});
    home.write("runtime/hb/serve.json", &word.to_string());
}

/// The URLs that a run of `m` would go to, with these variables and options.
fn told(home: &Home, variables: &[(&str, &str)], options: &[&str]) -> Vec<String> {
    let words = [&["run", "--dry-run"], options, &["m", "--", "true"]].concat();
    let mut command = home.hb(&words);
    command.envs(variables.iter().copied());
    let seen = Seen::of(&mut command);
    assert_eq!(seen.status, 0, "{seen:?}");
    let requests: Value = serde_json::from_str(&seen.stdout).expect("JSON");
    let urls = requests.as_array().expect("a list").iter().map(|request| {
        let url = request["url"].as_str().expect("a URL");
        url.split(&['?', '#']).next().unwrap_or_default().to_owned()
    });
    let mut urls: Vec<String> = urls.collect();
    urls.dedup();
    urls
}

/// Whether a run goes to the receiver of this host.
fn is_local(urls: &[String]) -> bool {
    let base = format!("http://127.0.0.1:1/hb/{PING_KEY}/m");
    !urls.is_empty() && urls.iter().all(|url| url.starts_with(&base))
}

#[test]
fn this_hosts_own_receiver_is_told_only_where_nobody_names_another() {
    let home = Home::new();
    let own = std::process::id();
    assert_eq!(told(&home, &[], &[]), Vec::<String>::new(), "there is no receiver");
    leave_word(&home, "http://127.0.0.1:1", own);
    assert!(is_local(&told(&home, &[], &[])));
    let to = |number: u8| format!("http://127.0.0.1:1/ping/{}/m", format!("{number}").repeat(22));
    let of = |urls: &[String], number: u8| {
        !urls.is_empty() && urls.iter().all(|url| url.starts_with(&to(number)))
    };
    let check = |config: &str, variables: &[(&str, &str)], options: &[&str], number: u8| {
        home.config(config);
        let urls = told(&home, variables, options);
        assert!(of(&urls, number), "{config} {variables:?} {options:?}: {urls:?}");
    };
    let defaults = format!("[defaults]\nto = [\"{}\"]\n", to(4));
    let both = format!("{defaults}[monitors.m]\nto = [\"{}\"]\n", to(3));
    let (first, second) = (to(1), to(2));
    let (flag, variable) = (["--to", first.as_str()], [("HB_TO", second.as_str())]);
    check(&both, &variable, &flag, 1);
    check(&both, &variable, &[], 2);
    check(&both, &[], &[], 3);
    check(&defaults, &[], &[], 4);
    home.config("[monitors.other]\nto = []\n");
    assert!(is_local(&told(&home, &[], &[])), "nobody names one for this monitor");
    home.config("[monitors.m]\nto = []\n");
    assert_eq!(told(&home, &[], &[]), Vec::<String>::new(), "somebody wants nothing to be sent");
}

#[test]
fn a_word_that_another_may_have_left_or_that_is_old_is_not_believed() {
    let home = Home::new();
    let own = std::process::id();
    let file = home.path("runtime/hb/serve.json");
    leave_word(&home, "http://127.0.0.1:1", own);
    assert!(is_local(&told(&home, &[], &[])));
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).expect("chmod");
    assert_eq!(told(&home, &[], &[]), Vec::<String>::new(), "others could read its key");
    let mut child = std::process::Command::new("true").spawn().expect("true");
    child.wait().expect("it ends");
    leave_word(&home, "http://127.0.0.1:1", child.id());
    assert_eq!(told(&home, &[], &[]), Vec::<String>::new(), "its receiver is gone");
    home.write("runtime/hb/serve.json", "{\"url\": 3");
    assert_eq!(told(&home, &[], &[]), Vec::<String>::new(), "it is no word of ours");
}

#[test]
fn a_run_finds_this_hosts_own_receiver_and_so_does_everything_else() {
    let home = Home::new();
    let server = Server::start_with(&home, |command| {
        // Keys of its own making: only those stand in the file that it leaves word of.
        for name in ["HB_PING_KEY", "HB_API_KEY", "HB_API_KEY_READONLY", "HB_ADMIN_PASSWORD"] {
            command.env_remove(name);
        }
    });
    let hb = |words: &[&str]| Seen::of(&mut home.hb(words));
    crate::hb::until("the receiver leaves word", || home.path("runtime/hb/serve.json").exists());
    let seen = hb(&["monitor", "add", "m", "--schedule", "every 1h"]);
    assert_eq!((seen.status, &*seen.stderr), (0, ""), "{seen:?}");
    assert!(seen.stdout.ends_with("\nin a crontab:  hb run m -- COMMAND\n"), "{seen:?}");
    check(&mut home.hb(&["run", "m", "--", "true"]), 0, "", "");
    let seen = hb(&["status", "m"]);
    assert!(seen.status == 0 && seen.stdout.contains("\nstatus:        up\n"), "{seen:?}");
    let seen = hb(&["run", "m", "--", "false"]);
    assert_eq!((seen.status, &*seen.stderr), (1, ""), "{seen:?}");
    assert_eq!(hb(&["status"]).status, 1);
    assert_eq!(server.stop(), Some(0));
    let seen = hb(&["run", "m", "--", "true"]);
    assert_eq!((seen.status, &*seen.stderr), (0, ""), "it is gone, and so is its word: {seen:?}");
}

#[test]
fn a_key_goes_to_the_receiver_that_it_was_named_with_and_nowhere_else() {
    let home = Home::new();
    let server = Server::start(&home);
    let url = format!("http://{}", server.address);
    let key = home.write("api-key", &format!("{API_KEY}\n"));
    let from_file = format!("file:{}", key.display());
    let path = key.display().to_string();
    let elsewhere = "http://127.0.0.1:1";
    let config = |url: &str, key: &str| format!("[server]\nurl = \"{url}\"\nkey = \"{key}\"\n");
    let good = config(&url, &from_file);
    let other = config(elsewhere, &from_file);
    let bad = config(&url, "hbw_of-somebody-else");
    // Configuration, variables, options, and the exit code: 0 well, 75 another place, 78 no key.
    type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a [&'a str], i32);
    let cases: [Case<'_>; 14] = [
        ("", &[], &[], 78),
        (&good, &[], &[], 0),
        (&good, &[("HB_SERVER", elsewhere)], &[], 78),
        (&good, &[("HB_SERVER", elsewhere), ("HB_API_KEY", "k")], &[], 75),
        (&other, &[("HB_SERVER", &url), ("HB_API_KEY", API_KEY)], &[], 0),
        (&other, &[("HB_SERVER", &url), ("HB_API_KEY_FILE", &path)], &[], 0),
        (&other, &[("HB_SERVER", &url)], &[], 78),
        (&bad, &[("HB_API_KEY", API_KEY)], &[], 0),
        (&bad, &[], &[], 78),
        (&bad, &[("HB_API_KEY", "wrong")], &["--key", &from_file], 0),
        (&good, &[("HB_SERVER", elsewhere), ("HB_API_KEY", "k")], &["--server", &url], 0),
        (&good, &[], &["--server", elsewhere], 78),
        (&other, &[("HB_API_KEY", API_KEY)], &["--server", &url], 0),
        ("", &[], &["--server", &url, "--key", API_KEY], 64),
    ];
    for (config, variables, options, code) in cases {
        home.config(config);
        let mut command = home.hb(&[&["status"], options].concat());
        let seen = Seen::of(command.envs(variables.iter().copied()));
        assert_eq!(seen.status, code, "{config} {variables:?} {options:?}: {seen:?}");
        assert!(!seen.stderr.contains(API_KEY), "{seen:?}");
    }
    // Of this host's own receiver, the key is known as well.
    home.config("");
    leave_word(&home, &url, std::process::id());
    for options in [&[][..], &["--server", &url]] {
        let mut command = home.hb(&[&["status"], options].concat());
        let seen = Seen::of(&mut command);
        assert_eq!(seen.status, 0, "{options:?}: {seen:?}");
    }
}

#[test]
fn a_run_of_a_monitor_that_nobody_has_made_says_what_makes_it() {
    let home = Home::new();
    let server = Server::start(&home);
    let to = format!("http://{}/hb/{PING_KEY}", server.address);
    let output = home.hb(&["run", "other", "--to", &to, "--", "true"]).output().expect("hb runs");
    assert!(output.status.success());
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("404: no such monitor; `hb monitor add` makes it"), "{told}");
    let made = home.hb(&["run", "other", "--to", &to, "--schedule", "every 1h", "--", "true"]);
    let output = { made }.output().expect("hb runs");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(server.look("other")["status"], "up");
}
