//! What a person reads at three in the morning: what failed, with which value, and what to do.

use crate::hb::{Home, Seen, check};
use crate::receiver::{FakeReceiver, Step};

/// A wrong command line: its one line, and no job.
fn refuses(words: &[&str], line: &str) {
    let home = Home::new();
    check(&mut home.hb(words), 64, "", &format!("hb: {line}\n"));
    assert!(!home.path("ran").exists(), "{words:?}");
}

/// The same for an option of `hb run`.
fn run_refuses(options: &[&str], line: &str) {
    let words: Vec<&str> =
        ["run"].iter().chain(options).chain(&["m", "--", "touch", "ran"]).copied().collect();
    refuses(&words, line);
}

#[test]
fn checks_that_could_check_nothing_are_refused() {
    run_refuses(&["--min-size", "1M"], "`--min-size` of what? add `--expect-newer` or `--size-of`");
    let words = ["--sha256-of", "f", "--expect-sha256", "zz"];
    let line = "`--expect-sha256`: `zz` is no SHA-256; write its 64 hexadecimal digits";
    run_refuses(&words, line);
    for (settings, trouble) in [
        ("min_size = 1", "`min_size` needs `expect_newer` or `size_of`, and was left out"),
        (
            &*format!("expect_sha256 = \"{}\"", "0".repeat(64)),
            "`expect_sha256` needs `sha256_of`, and was left out",
        ),
    ] {
        let home = Home::new();
        home.config(&format!("[monitors.m]\n{settings}\n"));
        let line = format!("hb: warning: {trouble}\n");
        check(&mut home.hb(&["run", "m", "--", "true"]), 0, "", &line);
        assert_eq!(home.last_run()["notes"][0], trouble);
        let seen = Seen::of(&mut home.hb(&["run", "--strict", "m", "--", "true"]));
        assert_eq!(seen.status, 78);
    }
}

#[test]
fn a_url_that_is_none_is_told_as_it_was_meant_and_its_key_is_not_repeated() {
    let none = "this is neither a target's name nor a URL; a URL begins with `https://`";
    for (word, told) in [
        ("https:/foo", "this is no URL, did you mean `https://foo`?"),
        ("https:foo/s3cret", "this is no URL, did you mean `https://foo/…`?"),
        ("HTTP:/127.0.0.1:8000/s3cret", "this is no URL, did you mean `http://127.0.0.1:8000/…`?"),
        ("hc-ping.com/s3cret", "this is no URL, did you mean `https://hc-ping.com/…`?"),
        ("s3cret/x", none),
        ("", none),
        ("dé", none),
    ] {
        run_refuses(&["--to", word], &format!("`--to`: {told}"));
        refuses(&["ping", "--to", word, "m"], &format!("`--to`: {told}"));
        if !word.is_empty() {
            let home = Home::new();
            let line = format!("hb: warning: an item of HB_TO or `to`: {told}\n");
            check(home.hb(&["run", "m", "--", "true"]).env("HB_TO", word), 0, "", &line);
        }
    }
    let line = "this is no URL, did you mean `https://hc-ping.com/…`?";
    refuses(&["ping", "https:/hc-ping.com/s3cret"], line);
    refuses(&["doctor", "hc-ping.com/s3cret"], line);
    refuses(&["run", "https:/hc-ping.com/s3cret", "--", "touch", "ran"], line);
}

#[test]
fn one_of_something_is_one() {
    let home = Home::new();
    home.config("[targets.t]\nurl = \"http://127.0.0.1:1\"\n[monitors.m]\nto = []\n");
    assert_eq!(Seen::of(&mut home.hb(&["run", "m", "--", "true"])).status, 0);
    let told = Seen::of(&mut home.hb(&["doctor", "m"])).stdout;
    assert!(told.contains("1 monitor and 1 target are configured\n"), "{told}");
    assert!(told.contains("holds 1 run\n"), "{told}");
}

#[test]
fn a_target_that_cannot_be_used_is_not_called_missing() {
    let home = Home::new();
    home.config(
        "[targets.t]\nurl = \"http://127.0.0.1:1\"\nkey = \"cred:k\"\n[defaults]\nto = [\"t\"]\n",
    );
    let told = Seen::of(&mut home.hb(&["doctor"])).stdout;
    assert!(told.contains("\nnote  target  no receiver can be used: "), "{told}");
    assert!(!told.contains("no receiver is configured"), "{told}");
}

#[test]
fn a_ping_that_was_delivered_is_said_to_those_who_ask() {
    let (home, receiver) = (Home::new(), FakeReceiver::always(&Step::Ok));
    let url = receiver.ping_url();
    let line = format!("hb: the failure was delivered to `http://{}/****`\n", receiver.host());
    check(home.hb(&["ping", "m", "fail", "--to", &url]).env("HB_LOG", "info"), 0, "", &line);
}

#[test]
fn a_mistake_in_the_configuration_is_no_unreadable_file() {
    let home = Home::new();
    home.config("[defaults]\ntial = \"1\"\n");
    let path = home.path("config.toml").display().to_string();
    let told = Seen::of(&mut home.hb(&["doctor"])).stdout;
    let line = format!("bad   config  config `{path}`: line 2: unknown key `tial`\n");
    assert!(told.starts_with(&line), "{told}");
}

#[test]
fn the_log_shows_that_it_has_cut_and_what_was_never_used() {
    let home = Home::new();
    let long = "x".repeat(80);
    let words = ["run", "--fail-if-output", "x", "m", "--", "echo", &long];
    assert_eq!(Seen::of(&mut home.hb(&words)).status, 0);
    let table = Seen::of(&mut home.hb(&["log"])).stdout;
    let row = table.lines().nth(1).expect("a row");
    assert!(row.ends_with("x…"), "{row}");
    assert!(row.chars().count() <= 120, "{row}");
    assert!(Seen::of(&mut home.hb(&["log", "--last"])).stdout.contains("\nused: "));
    assert_eq!(Seen::of(&mut home.hb(&["run", "m", "--", "/no/such"])).status, 127);
    let last = Seen::of(&mut home.hb(&["log", "--last"])).stdout;
    assert!(!last.contains("\nused: ") && last.contains("\nhost: "), "{last}");
}

#[test]
fn trouble_with_the_state_names_its_place_and_notes_hold_no_numbers() {
    let home = Home::new();
    home.write("state/run-locks", "not a directory");
    std::fs::set_permissions(
        home.path("state"),
        std::os::unix::fs::PermissionsExt::from_mode(0o700),
    )
    .expect("chmod");
    home.config("[monitors.m]\nenv_file = \"/no/such\"\n");
    let place = home.path("state/run-locks").display().to_string();
    let stderr = format!(
        "hb: warning: cannot read variables from `/no/such`: No such file or directory\n\
         hb: warning: the lock cannot be used, the job runs without it: `{place}`: Not a directory\n"
    );
    check(&mut home.hb(&["run", "--lock", "m", "--", "true"]), 0, "", &stderr);
    let note = "cannot read variables from `/no/such`: No such file or directory";
    assert_eq!(home.last_run()["notes"][0], note);
}

#[test]
fn a_wrong_value_is_told_with_the_right_form() {
    run_refuses(&["--retry", "-1"], "unexpected `-1`; no number here is less than 0");
    run_refuses(&["--foo"], "unknown option `--foo`; see `hb run --help`");
    let line = "`--ok-exit`: `x` is neither a number nor a range, as in `0,1` or `100-127`";
    run_refuses(&["--ok-exit", "x"], line);
    let open = "found open group without closing ')'";
    let line = format!("`--fail-if-output`: `(` is no pattern: {open}");
    run_refuses(&["--fail-if-output", "("], &line);
    run_refuses(&["--redact", "("], &format!("`--redact`: `(` cannot be used: {open}"));
    run_refuses(
        &["--timeout-signal", "FOO"],
        "`--timeout-signal`: there is no signal `FOO`; write TERM, INT, or a number",
    );
    let line = "`--jitter`: it ends before it begins; write the shorter time first";
    run_refuses(&["--jitter", "5m-1m"], line);
    let no_colon = "a `--header` has no colon; write `--header 'Name: value'`";
    run_refuses(&["--header", "s3cret"], no_colon);
    refuses(&["ping", "--header", "s3cret", "m"], no_colon);
    run_refuses(
        &["--shell", "x"],
        "`--shell <LINE>` cannot go together with a command behind `--`",
    );
    let line = "`hb spool drop` needs `<ID>...`; see `hb spool drop --help`";
    refuses(&["spool", "drop"], line);
    refuses(&["ping", "m", "--run-id", "x"], "`--run-id`: `x` is not a UUID");
    let line = "`--keepalive` is an option of `hb run` and has no effect here";
    refuses(&["ping", "m", "--keepalive", "5s"], line);
}

#[test]
fn what_is_missing_is_told_with_its_place() {
    let home = Home::new();
    home.write("file", "");
    let file = home.path("file").display().to_string();
    let line = format!("hb: warning: no log file can be kept in `{file}`: File exists\n");
    check(&mut home.hb(&["run", "--log-dir", &file, "m", "--", "false"]), 1, "", &line);
    let line = "hb: the job was not run: the room at `/nope` cannot be measured: No such file or \
                directory\n";
    check(&mut home.hb(&["run", "--require-free", "1G:/nope", "m", "--", "true"]), 69, "", line);
}

#[test]
fn a_night_is_shown_whole() {
    let home = Home::new();
    for _ in 0..25 {
        assert_eq!(Seen::of(&mut home.hb(&["run", "m", "--", "true"])).status, 0);
    }
    let rows = |words: &[&str]| Seen::of(&mut home.hb(words)).stdout.lines().count() - 1;
    assert_eq!(rows(&["log"]), 20);
    assert_eq!(rows(&["log", "--since", "12h"]), 25);
    assert_eq!(rows(&["log", "--since", "12h", "-n", "3"]), 3);
    let place = home.path("state").display().to_string();
    let none = format!(
        "hb: no run of `m` since 2100-01-01T00:00:00Z is remembered in `{place}`; runs of other \
         users are in directories of theirs, root's in /var/lib/hb\n"
    );
    check(&mut home.hb(&["log", "m", "--since", "2100-01-01T00:00:00Z"]), 1, "", &none);
}

#[test]
fn the_overview_fits_a_terminal_and_every_command_has_examples() {
    let home = Home::new();
    let help = Seen::of(&mut home.hb(&["--help"])).stdout;
    assert!(help.lines().count() <= 24, "{}", help.lines().count());
    assert!(help.lines().all(|line| line.chars().count() <= 80), "{help}");
    for command in hb::command_tree().get_subcommands() {
        let name = command.get_name();
        assert!(help.contains(&format!("  {name} ")), "{name} is in the overview");
        let text = Seen::of(&mut home.hb(&[name, "--help"])).stdout;
        assert!(text.contains("\nExample"), "{name}: {text}");
        // Its own words fit 100 columns; the options are wrapped by nobody.
        let end = text.split("\nExample").nth(1).unwrap_or_default();
        assert!(end.lines().all(|line| line.chars().count() <= 105), "{name}: {end}");
    }
}

#[test]
fn what_would_check_or_send_nothing_is_refused() {
    run_refuses(&["--pre", ""], "`--pre` is empty; it would check nothing");
    run_refuses(&["--expect-newer", " "], "`--expect-newer` is empty; it would check nothing");
    let line = "`--shell` has an empty line; nothing would be run";
    refuses(&["run", "m", "--shell", " "], line);
    for header in [": x", "a b: x", "x: a\nb"] {
        let name = header.split(':').next().unwrap_or_default();
        let line = format!("`--header`: `{name}` and its value cannot be sent as a header");
        run_refuses(&["--header", header], &line);
    }
    run_refuses(&["--nice", "50"], "`50` is out of range for `--nice <N>`");
    let home = Home::new();
    let line =
        "hb: warning: `https://hc-ping.com`: the URL lacks the ping key or the check's UUID\n";
    check(&mut home.hb(&["run", "m", "--to", "https://hc-ping.com", "--", "true"]), 0, "", line);
}

#[test]
fn a_wrong_value_is_shown_but_not_all_of_it() {
    let huge = "x".repeat(50_000);
    let home = Home::new();
    for words in [
        &["run", "--ok-exit", &huge, "m", "--", "true"][..],
        &["log", &huge],
        &["metric", &huge],
        &["ping", "m", &huge],
        &["spool", &huge],
        &["run", "--lock-skip", &huge, "m", "--", "true"],
        &["run", "--preset", &huge, "m", "--", "true"],
        &["run", "--quiet", "m", &huge, "--", "true"],
        &["completions", &huge],
        &["spool", "drop", &huge],
        &["progress", &huge],
    ] {
        let told = Seen::of(&mut home.hb(words)).stderr;
        let start: String = told.chars().take(80).collect();
        assert!(told.len() < 400, "{} bytes: {start}", told.len());
    }
    let odd: std::ffi::OsString = std::os::unix::ffi::OsStringExt::from_vec(b"a\xff".to_vec());
    let told = Seen::of(&mut home.hb_os(&["ping".into(), odd])).stderr;
    assert_eq!(told, "hb: `a\\xff` is not UTF-8 text\n");
}

#[test]
fn certificates_that_are_not_there_are_not_waited_for() {
    let home = Home::new();
    let words = ["run", "--to", "https://localhost:1/k", "--ca-file", "/nope", "m", "--", "true"];
    let began = std::time::Instant::now();
    let seen = Seen::of(&mut home.hb(&words));
    assert_eq!(seen.status, 0);
    assert!(seen.stderr.contains("cannot read certificates from `/nope`"), "{}", seen.stderr);
    let told = Seen::of(&mut home.hb(&["spool"])).stdout;
    assert!(told.contains("`/nope`: No such file or directory\n"), "{told}");
    // Its budget is 30 s.
    assert!(began.elapsed().as_secs() < 15, "{:?}", began.elapsed());
}

#[test]
fn the_doctor_sees_what_would_keep_a_job_from_running() {
    let home = Home::new();
    home.config(
        "[monitors.m]\nuser = \"no-such\"\nchdir = \"/no/such\"\nenv_file = \"/no/such\"\n\
         [targets.t]\nurl = \"http://127.0.0.1:1\"\nclient_key = \"/x\"\n[defaults]\nto = [\"t\"]\n",
    );
    let seen = Seen::of(&mut home.hb(&["doctor", "m"]));
    assert_eq!(seen.status, 1);
    for told in [
        "bad   job     `user`: there is no user `no-such`; the job would not be run\n",
        "bad   job     `chdir`: `/no/such` is no directory; the job would not be run\n",
        "bad   job     `env_file`: cannot read `/no/such`: No such file or directory\n",
        "note  target  target `t`: a `client_key` is not used without its `client_cert`\n",
    ] {
        assert!(seen.stdout.contains(told), "{}", seen.stdout);
    }
}
