//! `hb doctor` finds what is wrong and sends nothing that counts; completions load and know names.

use serde_json::{Value, json};

use crate::hb::{Home, Seen, check};
use crate::receiver::{FakeReceiver, Step, UUID, with_header};

fn findings(home: &Home, words: &[&str]) -> (i32, Value) {
    let seen = Seen::of(&mut home.hb(&[&["doctor", "--json"], words].concat()));
    assert_eq!(seen.stderr, "");
    (seen.status, serde_json::from_str(&seen.stdout).expect("JSON"))
}

/// Level and text of the findings about something.
fn about(found: &Value, what: &str) -> Vec<(String, String)> {
    let list = found["findings"].as_array().expect("a list").iter();
    let text = |finding: &Value, member: &str| finding[member].as_str().expect("text").to_owned();
    list.filter(|finding| finding["about"] == what)
        .map(|finding| (text(finding, "level"), text(finding, "text")))
        .collect()
}

fn pair(level: &str, text: impl Into<String>) -> Vec<(String, String)> {
    vec![(level.to_owned(), text.into())]
}

#[test]
fn a_url_is_looked_at_without_a_ping() {
    let (home, receiver) = (Home::new(), FakeReceiver::new(&[Step::Ok]));
    let (status, found) = findings(&home, &[&receiver.ping_url()]);
    assert_eq!(
        (status, &found["ok"], &found["dialect"]),
        (0, &json!(true), &json!("healthchecks"))
    );
    let name = format!("http://{}/****", receiver.host());
    assert_eq!(about(&found, "network"), pair("ok", format!("`{name}`: it answers (200)")));
    assert_eq!(about(&found, "DNS"), pair("ok", format!("`{name}`: 127.0.0.1")));
    assert!(!found.to_string().contains(UUID));
    let request = receiver.only();
    assert_eq!((request.method.as_str(), request.target.as_str()), ("HEAD", "/"));
}

#[test]
fn what_does_not_work_is_said_and_is_the_exit_code() {
    let home = Home::new();
    // A port that was free a moment ago, and where nobody has ever listened.
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr();
    let url = format!("http://{}/ping/{UUID}", free.expect("bound"));
    home.config(&format!("[targets.home]\nurl = \"{url}\"\n"));
    let (status, found) = findings(&home, &[]);
    assert_eq!((status, &found["ok"]), (1, &json!(false)));
    let refused = "`home`: Connection refused";
    assert_eq!(about(&found, "network"), pair("bad", refused));
    home.config("[targets.home]\nurl = \"https://name.invalid/ping/x\"\n");
    let (status, found) = findings(&home, &[]);
    assert_eq!((status, about(&found, "DNS")[0].0.as_str()), (1, "bad"));
    home.config("[targets.home]\nurl = \"https://h.example\"\nkey = \"file:/nowhere\"\n");
    let (status, found) = findings(&home, &[]);
    let trouble = "the key of target `home`: cannot read the key from file `/nowhere`: No such file \
                   or directory";
    assert_eq!((status, about(&found, "target")[0].clone()), (1, pair("bad", trouble)[0].clone()));
}

#[test]
fn a_clock_that_is_off_is_noticed() {
    let past = with_header(200, "Date", "Sun, 06 Nov 1994 08:49:37 GMT");
    let (home, receiver) = (Home::new(), FakeReceiver::new(&[past]));
    let (status, found) = findings(&home, &[&receiver.ping_url()]);
    let clock = about(&found, "clock");
    assert_eq!((status, clock[0].0.as_str()), (0, "note"));
    assert!(clock[0].1.starts_with("this host's clock and "), "{clock:?}");
}

#[test]
fn another_program_of_the_name_is_noticed() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
    let other = home.write("bin/hb", "#!/bin/sh\n");
    std::fs::set_permissions(&other, std::fs::Permissions::from_mode(0o755)).expect("chmod");
    let seen = Seen::of(home.hb(&["doctor", "--json"]).env("PATH", home.path("bin")));
    let found: Value = serde_json::from_str(&seen.stdout).expect("JSON");
    let text = format!("`hb` in PATH is another program: `{}`", other.display());
    assert_eq!(about(&found, "PATH")[0], pair("note", text)[0]);
}

#[test]
fn what_waits_is_said() {
    let (home, receiver) = (Home::new(), FakeReceiver::new(&[Step::Reset]));
    let url = receiver.ping_url();
    Seen::of(&mut home.hb(&["run", "--to", &url, "--report-timeout", "100ms", "m", "--", "true"]));
    home.write("state/spool/x.json", "{");
    Seen::of(&mut home.hb(&["spool"]));
    let (_, found) = findings(&home, &[]);
    let spool = about(&found, "spool");
    assert_eq!(
        spool,
        [pair("note", "1 event waits"), pair("note", "1 file cannot be read")].concat()
    );
}

#[test]
fn the_completions_load_and_know_the_names() {
    let home = Home::new();
    home.config(
        "[targets.away]\nurl = \"http://h/ping/fqOOd6-F4MMNuCEnzTU01w\"\n[monitors.nightly]\n[monitors.hourly]\n",
    );
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let seen = Seen::of(&mut home.hb(&["completions", shell]));
        assert_eq!((seen.status, &*seen.stderr), (0, ""), "{shell}");
        assert!(seen.stdout.contains("hb"), "{shell}");
    }
    let script = "hb completions bash > c && bash -n c && . ./c && complete -p hb";
    let seen = Seen::of(home.program("bash").args(["-c", script]));
    assert_eq!((seen.status, &*seen.stderr), (0, ""));
    assert!(seen.stdout.contains("_hb_with_names"), "{}", seen.stdout);
    let tab = ". ./c; COMP_WORDS=(hb run ni); COMP_CWORD=2; _hb_with_names hb ni run; \
               printf '%s\\n' \"${COMPREPLY[@]}\"";
    check(home.program("bash").args(["-c", tab]), 0, "nightly\n", "");
    check(&mut home.hb(&["completions", "--targets"]), 0, "away\n", "");
    check(&mut home.hb(&["completions", "--monitors"]), 0, "hourly\nnightly\n", "");
    check(&mut home.hb(&["run", "ran-here", "--", "true"]), 0, "", "");
    check(&mut home.hb(&["completions", "--monitors"]), 0, "hourly\nnightly\nran-here\n", "");
    let wrong = "hb: there is no script for `bsh`, did you mean `bash`?; bash, zsh, fish, elvish and \
                 powershell are known\n";
    check(&mut home.hb(&["completions", "bsh"]), 64, "", wrong);
}
