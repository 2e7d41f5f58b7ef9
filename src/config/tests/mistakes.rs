//! Every wrong thing and the exact sentence about it.
//! A case is a text and what is said about it, in the order of lines.
//! Nothing said may hold a key or a URL.

use std::time::Duration;

use super::{config, told};

fn check(text: &str, expected: &[&str]) {
    let expected: Vec<String> = expected.iter().map(|line| format!("a:{line}")).collect();
    assert_eq!(told(&config(&[text])), expected, "{text}");
}

#[test]
fn every_kind_of_value_says_what_is_wrong_with_it() {
    // A member, and below it what is said about it.
    let lines: Vec<&str> = include_str!("bad_values.txt").lines().collect();
    for case in lines.chunks(2) {
        let (line, expected) = (case[0], case[1].trim_start());
        check(&format!("[defaults]\n{line}"), &[&format!("2: {expected}")]);
        check(&format!("[monitors.m]\n\n{line}"), &[&format!("3: {expected}")]);
    }
}

#[test]
fn targets_say_what_is_wrong_and_repeat_no_secret() {
    let cases = [
        ("", "1: target `t` has no `url`"),
        ("url = \"h/s3cret\"", "2: bad URL for `url`: it has no scheme such as `https://`"),
        ("url = 3", "2: `url` must be a URL, not a whole number"),
        (
            "url = \"http://h\"\nproxy = \"http://u:s3cret@\"",
            "3: bad URL for `proxy`: it has no host",
        ),
        (
            "url = \"http://h\"\nkey = \"file:s3cret\"",
            "3: bad value for `key`: the path after `file:` must be absolute",
        ),
        (
            "url = \"http://h\"\nkey = \"s3\\ncret\"",
            "3: bad value for `key`: it holds a line break or another control character",
        ),
        (
            "url = \"http://h\"\nconnect_timeout = \"0s\"",
            "3: `connect_timeout` must be more than 0",
        ),
        ("url = \"http://h\"\nkey = 3", "3: `key` must be text, not a whole number"),
        ("url = \"http://h\"\nheaders = 3", "3: `headers` must be a table, not a whole number"),
        (
            "url = \"http://h\"\nheaders = { \"a b\" = \"s3cret\" }",
            "3: `a b` is not the name of a header",
        ),
        ("url = \"http://h\"\nheaders = { A = 1 }", "3: `A` must be text, not a whole number"),
        (
            "url = \"http://h\"\ndialect = \"health\"",
            "3: unknown `health` in `dialect` | `man hb-dialects` lists them; your own is `[dialects.NAME]`",
        ),
        (
            "url = \"http://h\"\non = [\"fial\", \"start\"]",
            "3: unknown `fial` in `on` | did you mean `fail`?",
        ),
        ("url = \"http://h\"\nkee = \"s3cret\"", "3: unknown key `kee` | did you mean `key`?"),
        (
            "url = \"http://h\"\ntail = 3",
            "3: unknown key `tail` | it belongs in [defaults] and [monitors.NAME]",
        ),
    ];
    for (lines, expected) in cases {
        check(&format!("[targets.t]\n{lines}"), &[expected]);
    }
}

#[test]
fn the_server_takes_the_keys_of_a_target_that_are_about_the_way_there() {
    check("[server]\nurl = \"https://h\"\nkey = \"file:/k\"\nheaders = { A = \"b\" }", &[]);
    check("[server]\nkey = \"env:K\"", &[]);
    check("server = 3", &["1: `server` must be a table, not a whole number"]);
    check(
        "[server]\nurl = \"h/s3cret\"\nurll = 1\non = []\nwith = {}",
        &[
            "2: bad URL for `url`: it has no scheme such as `https://`",
            "3: unknown key `urll` | did you mean `url`?",
            "4: unknown key `on` | it belongs in [targets.NAME]",
            "5: unknown key `with` | it belongs in [targets.NAME]",
        ],
    );
    let upper = "[server]\nurl = \"https://upper\"";
    let lower = "[server]\nurl = \"https://lower\"\nca_file = \"/ca\"";
    let server = config(&[upper, lower]).server;
    assert_eq!(server.url.as_deref(), Some("https://upper"));
    assert_eq!(server.options.ca_file, Some("/ca".into()));
}

#[test]
fn sections_and_names_are_checked() {
    let cases: [(&str, &[&str]); 12] = [
        ("[monitor.m]", &["1: unknown key `monitor` | did you mean `monitors`?"]),
        ("tail = 3", &["1: unknown key `tail` | it belongs in [defaults] and [monitors.NAME]"]),
        ("monitors = 3", &["1: `monitors` must be a table, not a whole number"]),
        ("[[monitors]]\ntail = 3", &["1: `monitors` must be a table, not a list"]),
        ("[monitors]\ntail = 3", &["2: `tail` must be a table, not a whole number"]),
        (
            "[monitors.a.b]",
            &["1: unknown key `b` | a name with a dot is quoted: [monitors.\"a.b\"]"],
        ),
        ("[monitors.\"a.b\"]", &[]),
        (
            "[monitors.\"-a\"]\ngrce = 1",
            &[
                "1: bad name `-a` of a monitor | 1 to 100 letters, digits, `.`, `_` and `-`, not beginning with `-` or `.`",
                "2: unknown key `grce` | did you mean `grace`?",
            ],
        ),
        ("[targets.\"\"]\nurl = \"http://h\"", &["1: the name of a target is empty"]),
        (
            "[monitors.Night]\n[monitors.night]",
            &["2: monitor `night` differs only in case from `Night` on line 1"],
        ),
        (
            "[monitors.night]\n[monitors.Night]",
            &["2: monitor `Night` differs only in case from `night` on line 1"],
        ),
        (
            "[targets.home]\n[monitors.m]\nto = [\"home\",\n\"hme\"]",
            &["1: target `home` has no `url`", "4: unknown target `hme` | did you mean `home`?"],
        ),
    ];
    for (text, expected) in cases {
        check(text, expected);
    }
}

#[test]
fn syntax_errors_cost_their_own_line_only() {
    let text = "\
[defaults]
grace = 90m
tail = \"64KiB
owner = \"dba\"
key: value
retry = 3
[monitors.a
nice = 5
[monitors.b]
nice = 6
[monitors.b]
nice = 7
tolerate = 2
";
    let config = config(&[text]);
    let expected = [
        "a:2: string values must be quoted, expected literal string",
        "a:3: invalid basic string, expected `\"`",
        "a:5: invalid unquoted key, expected letters, numbers, `-`, `_`",
        "a:7: unclosed table, expected `]`",
        "a:11: `b` is defined twice, first on line 9",
        "a:12: `nice` is defined twice, first on line 10",
    ];
    assert_eq!(told(&config), expected);
    assert_eq!(config.defaults.owner.as_deref(), Some("dba"));
    assert_eq!((config.defaults.grace, config.defaults.tail_bytes), (None, None));
    assert_eq!(config.defaults.policy.retry, Some(3));
    assert_eq!(config.monitors["a"].policy.nice, Some(5));
    let policy = &config.monitors["b"].policy;
    assert_eq!((policy.nice, policy.tolerate), (Some(6), Some(2)));
}

#[test]
fn ten_mistakes_are_told_at_once_and_the_rest_is_used() {
    let text = "\
[defaults]
to = [\"hmoe\", \"https://hc.example/s3cret\"]
grce = \"1h\"
tail = \"64 kisses\"
report_timeout = \"5s\"

[targets.home]
url = \"hb.example.org/s3cret\"
headers = { \"bad name\" = \"s3cret\", \"X-Good\" = \"env:GOOD\" }

[monitors.nightly]
to = \"home\"
preset = \"brog\"
ok_exit = \"0,1000\"
quiet = 3
schedule = \"0 3 * * *\"
lock =
[monitors.\".hidden\"]
tail = 1
";
    let config = config(&[text]);
    let expected = [
        "a:2: unknown target `hmoe` | did you mean `home`?",
        "a:3: unknown key `grce` | did you mean `grace`?",
        "a:4: bad size for `tail`: `64 kisses` is not a size: write bytes or a unit, as in `64KiB` or `10MB`",
        "a:8: bad URL for `url`: it has no scheme such as `https://`",
        "a:9: `bad name` is not the name of a header",
        "a:13: unknown `brog` in `preset` | did you mean `borg`?",
        "a:14: bad exit codes for `ok_exit`: `1000` is not between 0 and 255",
        "a:15: `quiet` must be text, not a whole number",
        "a:17: string values must be quoted, expected literal string",
        "a:18: bad name `.hidden` of a monitor | 1 to 100 letters, digits, `.`, `_` and `-`, not beginning with `-` or `.`",
    ];
    assert_eq!(told(&config), expected);
    let settings = config.settings_for("nightly");
    assert_eq!(settings.to, Some(vec!["https://hc.example/s3cret".to_owned()]));
    assert_eq!(settings.schedule.as_deref(), Some("0 3 * * *"));
    assert_eq!(settings.report_timeout, Some(Duration::from_secs(5)));
    assert!(config.targets.is_empty());
    assert_eq!(config.monitors.len(), 1);
}

#[test]
fn a_sentence_reads_as_people_know_it() {
    let config = config(&["[defaults]\ngrce = 1"]);
    let expected = "config `a`: line 2: unknown key `grce`";
    assert_eq!(config.mistakes[0].to_string(), expected);
    assert_eq!(config.mistakes[0].hint.as_deref(), Some("did you mean `grace`?"));
}

#[test]
fn nobody_reads_more_than_a_hundred_mistakes() {
    let text: String = (0..250).map(|n| format!("k{n} = 1\n")).collect();
    let told = told(&config(&[&text]));
    assert_eq!(told.len(), 101);
    assert_eq!(told[99], "a:100: unknown key `k99`");
    assert_eq!(told[100], "a:100: 150 more mistakes below are not shown");
}

#[test]
fn lists_and_patterns_are_bounded() {
    let many =
        |count: usize, item: &str| format!("[{}]", vec![format!("\"{item}\""); count].join(","));
    let text = format!(
        "[defaults]\ntags = {}\nredact = {}\nrequire_output = \"{}\"\nowner = \"{}\"",
        many(65, "a"),
        many(33, "b"),
        "x".repeat(1025),
        "y".repeat(4097),
    );
    let config = config(&[&text]);
    let expected = [
        "a:2: `tags` has more than 64 items",
        "a:3: `redact` has more than 32 patterns",
        "a:4: a pattern in `require_output` is longer than 1024 bytes",
        "a:5: `owner` is longer than 4096 bytes",
    ];
    assert_eq!(told(&config), expected);
    assert_eq!(config.defaults.tags.map(|tags| tags.len()), Some(64));
    assert_eq!(config.defaults.redact.map(|patterns| patterns.len()), Some(32));
}

#[test]
fn no_damage_to_a_file_makes_the_reader_panic() {
    let text = include_str!("whole.toml");
    let marks = ["", "\"", "[", "]", "{", "}", "=", ".", "\n", ",", "#", "'''", "\u{e4}", "\0"];
    for (at, letter) in text.char_indices() {
        let after = &text[at + letter.len_utf8()..];
        // Every place is damaged, and in turn by every mark; all marks everywhere take 10 s.
        let damaged = format!("{}{}{after}", &text[..at], marks[at % marks.len()]);
        for text in [damaged.as_str(), &text[..at]] {
            let config = config(&[text]);
            assert!(config.mistakes.len() <= 101);
            let lines = 1 + text.lines().count();
            assert!(config.mistakes.iter().all(|mistake| mistake.line <= lines));
        }
    }
}

#[test]
fn a_schedule_that_could_never_be_met_is_named_with_its_line_and_the_repair() {
    check(
        "[monitors.a]\nschedule = \"0 0 * * MON-SUN\"\n[monitors.b]\ntimezone = \"Europe/Berlim\"\n",
        &[
            "2: bad schedule `0 0 * * MON-SUN`: `MON-SUN` runs backwards: cron takes it and never runs it | for cron `SUN` is 0; write `MON-7`",
            "4: there is no time zone `Europe/Berlim`; write one such as `Europe/Berlin`",
        ],
    );
}
