//! Where a run is told: targets by name, keys from files, wrong words. A job runs whatever is wrong.

use crate::hb::{Home, Seen, check};
use crate::receiver::{FakeReceiver, Step};

/// A target `home` with this key, for every monitor.
fn config(receiver: &FakeReceiver, key: &str) -> String {
    let url = receiver.url("");
    format!("[targets.home]\nurl = \"{url}\"\nkey = \"{key}\"\n[defaults]\nto = [\"home\"]\n")
}

#[test]
fn a_target_s_key_comes_from_where_it_is_said_to_be() {
    let receiver = FakeReceiver::always(&Step::Ok);
    let home = Home::new();
    let file = home.write("key", "of-file\n").display().to_string();
    home.write("credentials/ping", "of-systemd");
    for (key, expected) in [
        (format!("file:{file}"), "of-file"),
        ("env:OWN_KEY".into(), "of-env"),
        ("cred:ping".into(), "of-systemd"),
        ("plain".into(), "plain"),
    ] {
        receiver.go_on(&[Step::Ok]);
        home.config(&config(&receiver, &key));
        let mut command = home.hb(&["run", "Nightly.db", "--", "true"]);
        command.env("OWN_KEY", "of-env").env("CREDENTIALS_DIRECTORY", home.path("credentials"));
        check(&mut command, 0, "", "");
        assert_eq!(receiver.only().path(), format!("/ping/{expected}/nightly-db"));
    }
    home.config(&config(&receiver, "x").replace("key = \"x\"\n", ""));
    receiver.go_on(&[Step::Ok]);
    check(home.hb(&["run", "m", "--", "true"]).env("HB_KEY", "of-hb-key"), 0, "", "");
    assert_eq!(receiver.only().path(), "/ping/of-hb-key/m");
}

#[test]
fn a_key_that_cannot_be_had_is_named_and_the_job_runs() {
    let receiver = FakeReceiver::always(&Step::Ok);
    let home = Home::new();
    let empty = home.write("empty", "\n").display().to_string();
    let two = home.write("two", "a\nb\n").display().to_string();
    let directory = home.path("").display().to_string();
    let directory = directory.trim_end_matches('/');
    for (key, why) in [
        ("file:/nowhere/key".into(), "file `/nowhere/key`: No such file or directory"),
        (format!("file:{empty}"), &*format!("file `{empty}`: it is empty")),
        (
            format!("file:{two}"),
            &format!("file `{two}`: it holds a line break or another control character"),
        ),
        (format!("file:{directory}"), &format!("file `{directory}`: it is not an ordinary file")),
        ("env:NOT_SET".into(), "environment variable `NOT_SET`: it is not set"),
        (
            "cred:ping".into(),
            "credential `ping`: `CREDENTIALS_DIRECTORY` is not set; is this a systemd unit with \
             LoadCredential=?",
        ),
    ] {
        home.config(&config(&receiver, &key));
        let trouble = format!("the key of target `home`: cannot read the key from {why}");
        let warning = format!("hb: warning: {trouble}\n");
        check(&mut home.hb(&["run", "m", "--", "echo", "ran"]), 0, "ran\n", &warning);
        assert_eq!(home.last_run()["notes"][0], trouble.as_str());
        check(&mut home.hb(&["ping", "m"]), 1, "", &warning);
        let refusal =
            format!("hb: {trouble}\nhb: the job was not run, because `--strict` was given\n");
        check(&mut home.hb(&["run", "--strict", "m", "--", "echo", "ran"]), 78, "", &refusal);
    }
    assert_eq!(receiver.connections(), 0);
}

#[test]
fn a_key_that_others_can_read_is_used_and_said() {
    use std::os::unix::fs::PermissionsExt;
    let receiver = FakeReceiver::always(&Step::Ok);
    let home = Home::new();
    let file = home.write("key", "of-file\n");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).expect("chmod");
    let path = file.display();
    home.config(&config(&receiver, &format!("file:{path}")));
    let warning =
        format!("hb: warning: other users can reach the key in `{path}`: run chmod 600 {path}\n");
    check(&mut home.hb(&["run", "m", "--", "true"]), 0, "", &warning);
    assert_eq!(receiver.only().path(), "/ping/of-file/m");
}

#[test]
fn the_first_that_says_where_to_tell_is_heard() {
    let [flag, variable, monitor, default] = [(); 4].map(|()| FakeReceiver::always(&Step::Ok));
    let home = Home::new();
    home.config(&format!(
        "[targets.first]\nurl = \"{}\"\n[targets.second]\nurl = \"{}\"\n\
         [defaults]\nto = [\"second\"]\n[monitors.m]\nto = [\"first\"]\n[monitors.silent]\nto = []\n",
        monitor.ping_url(),
        default.ping_url()
    ));
    let counts = || [&flag, &variable, &monitor, &default].map(FakeReceiver::connections);
    let to = format!(" {} , second", variable.ping_url());
    let flagged = flag.ping_url();
    check(home.hb(&["ping", "--to", &flagged, "m"]).env("HB_TO", &to), 0, "", "");
    assert_eq!(counts(), [1, 0, 0, 0]);
    check(home.hb(&["ping", "m"]).env("HB_TO", &to), 0, "", "");
    assert_eq!(counts(), [1, 1, 0, 1]);
    check(home.hb(&["ping", "m"]).env("HB_TO", ""), 0, "", "");
    assert_eq!(counts(), [1, 1, 1, 1]);
    check(&mut home.hb(&["ping", "other"]), 0, "", "");
    assert_eq!(counts(), [1, 1, 1, 2]);
    check(&mut home.hb(&["run", "silent", "--", "true"]), 0, "", "");
    assert_eq!(counts(), [1, 1, 1, 2]);
    let twice = ["ping", "--to", "first", "--to", &flagged, "--to", "first", "m"];
    check(&mut home.hb(&twice), 0, "", "");
    assert_eq!(counts(), [2, 1, 2, 2]);
    let near = "hb: warning: there is no target `frist`, did you mean `first`?\n";
    check(&mut home.hb(&["run", "--to", "frist", "m", "--", "echo", "ran"]), 0, "ran\n", near);
}

#[test]
fn a_target_may_be_a_socket_in_both_spellings() {
    let home = Home::new();
    let socket = home.path("s.sock");
    let receiver = FakeReceiver::socket(&socket, &[Step::Ok]);
    let encoded = socket.display().to_string().replace('/', "%2F");
    for url in [
        format!("unix:{}:/ping/fqOOd6-F4MMNuCEnzTU01w", socket.display()),
        format!("http+unix://{encoded}/ping/fqOOd6-F4MMNuCEnzTU01w"),
    ] {
        home.config(&format!("[targets.s]\nurl = \"{url}\"\n[defaults]\nto = [\"s\"]\n"));
        check(&mut home.hb(&["run", "m", "--", "true"]), 0, "", "");
    }
    let requests = receiver.requests();
    assert_eq!(
        [requests[0].path(), requests[1].path()],
        ["/ping/fqOOd6-F4MMNuCEnzTU01w/m", "/ping/fqOOd6-F4MMNuCEnzTU01w/m"]
    );
}

#[test]
fn a_named_file_that_is_not_there_is_said() {
    let home = Home::new();
    let gone = "hb: warning: cannot read config `/nowhere`: there is no such file; `HB_CONFIG` \
                names this file\n";
    let mut command = home.hb(&["run", "m", "--", "echo", "ran"]);
    check(command.env("HB_CONFIG", "/nowhere"), 0, "ran\n", gone);
}

#[test]
fn a_file_that_others_can_change_is_not_believed() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
    home.config("[monitors.m]\npre = [\"touch pwned\"]\n");
    let path = home.path("config.toml");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o666)).expect("chmod");
    let path = path.display();
    let warning = format!(
        "hb: warning: cannot read config `{path}`: it can be changed by its group and everyone \
         (mode 0666); run chmod go-w {path}\n"
    );
    check(&mut home.hb(&["run", "m", "--", "echo", "ran"]), 0, "ran\n", &warning);
    assert!(!home.path("pwned").exists());
}

#[test]
fn every_mistake_is_shown_at_once() {
    let home = Home::new();
    home.config(
        "[defaults]\ntial = \"1\"\nreport_timeout = \"3x\"\n[targets.t]\nurl = \"ftp://x\"\n\
         [monitors.a]\ngrace = -1\n[monitors.b]\n[monitors.b]\n",
    );
    let seen = Seen::of(&mut home.hb(&["doctor"]));
    let path = home.path("config.toml").display().to_string();
    let shown: Vec<String> = seen
        .stdout
        .lines()
        .filter_map(|line| line.strip_prefix("bad   config  config "))
        .map(|line| line.replace(&format!("`{path}`: "), ""))
        .collect();
    let expected = [
        "line 2: unknown key `tial`",
        "line 3: bad duration for `report_timeout`: `3x` is not a span of time: its unit is unknown",
        "line 5: bad URL for `url`: its scheme is not `http`, `https` or `unix`",
        "line 7: bad duration for `grace`: `-1` is not a span of time: it has a sign",
        "line 9: `b` is defined twice, first on line 8",
    ];
    assert_eq!((seen.status, shown.iter().map(String::as_str).collect()), (1, expected.to_vec()));
    let seen = Seen::of(&mut home.hb(&["run", "a", "--", "echo", "ran"]));
    assert_eq!((seen.status, &*seen.stdout, seen.stderr.lines().count()), (0, "ran\n", 1));
    assert!(seen.stderr.ends_with("(and 4 more; `hb doctor` shows all)\n"), "{}", seen.stderr);
}

#[test]
fn a_wrong_word_is_one_line_with_the_nearest_right_one() {
    let home = Home::new();
    for (words, why) in [
        (&["runn"][..], "unknown command `runn`, did you mean `run`?"),
        (&["xyzzy"], "unknown command `xyzzy`; see `hb --help`"),
        (&["--xyzzy"], "unknown option `--xyzzy`; a command comes first, see `hb --help`"),
        (&["run"], "`hb run` needs `<MONITOR>`; see `hb run --help`"),
        (&["run", "m"], "there is no command; write `hb run NAME -- COMMAND`"),
        (&["run", "m", "true"], "unexpected word `true`; the job's command comes after `--`"),
        (
            &["run", "--timout", "3", "m", "--", "true"],
            "unknown option `--timout`, did you mean `--timeout`?",
        ),
        (
            &["run", "--to", "ftp://x", "m", "--", "true"],
            "`--to`: `ftp://` is not supported; use https:// or http://",
        ),
        (&["run", "--timeout", "0", "m", "--", "true"], "`--timeout` must be more than 0"),
        (&["run", "--tail", "x", "m", "--", "true"], "`--tail`: `x` is not a size"),
        (&["spool", "flsh"], "unexpected word `flsh`, did you mean `flush`?"),
    ] {
        let seen = Seen::of(&mut home.hb(words));
        assert_eq!((seen.status, &*seen.stdout), (64, ""), "{words:?}");
        assert_eq!(seen.stderr.lines().count(), 1, "{words:?}: {}", seen.stderr);
        assert!(seen.stderr.starts_with(&format!("hb: {why}")), "{words:?}: {}", seen.stderr);
    }
}

#[test]
fn a_bad_duration_in_a_flag_is_a_usage_error_and_nothing_runs() {
    let home = Home::new();
    for flag in [
        "timeout",
        "kill-after",
        "retry-delay",
        "lock-wait",
        "jitter",
        "min-duration",
        "keepalive",
        "warn-after",
        "report-timeout",
        "drain",
    ] {
        for value in ["3x", "", "-1s", "1e9", "99999999999999999999h"] {
            let flag = format!("--{flag}={value}");
            let lock = if flag.contains("lock-wait") { "--lock" } else { "--raw" };
            let words = ["run", lock, &flag, "m", "--", "touch", "ran"];
            let seen = Seen::of(&mut home.hb(&words));
            assert_eq!((seen.status, &*seen.stdout), (64, ""), "{flag}: {}", seen.stderr);
            assert_eq!(seen.stderr.lines().count(), 1, "{flag}: {}", seen.stderr);
        }
    }
    let seen = Seen::of(&mut home.hb(&["ping", "--report-timeout", "3x", "m"]));
    assert_eq!(seen.status, 64, "{}", seen.stderr);
    assert!(!home.path("ran").exists());
}
