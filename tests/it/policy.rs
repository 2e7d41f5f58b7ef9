//! What makes a run a success, what must be there for it, and the world that its job finds.
//!
//! A verdict never changes the exit status: hb exits as the job did, and says otherwise only in the
//! record and to the receivers. That is looked at in every line of every table.

use crate::hb::{Home, Seen, check};

/// Runs `sh -c job` with options; compares exit status, stdout, outcome, reason and message.
fn verdict(home: &Home, options: &[&str], job: &str, expected: (i32, &str, &str, &str)) {
    let words = [&["run", "m"], options, &["--", "sh", "-c", job]].concat();
    let seen = Seen::of(&mut home.hb(&words));
    let run = home.last_run();
    let text = |member: &str| run[member].as_str().unwrap_or_default().to_owned();
    let (outcome, reason, message) = (text("outcome"), text("reason"), text("message"));
    assert_eq!((seen.status, &*outcome, &*reason, &*message), expected, "{options:?} {job}");
}

#[test]
fn exit_codes_mean_what_they_were_told_to_mean() {
    let home = Home::new();
    for (options, code, outcome, message) in [
        (&[][..], 0, "success", "exited with 0"),
        (&[], 1, "failure", "exited with 1"),
        (&["--ok-exit", "0,1"], 1, "success", "exited with 1, which counts as success"),
        (&["--ok-exit", "3-5"], 4, "success", "exited with 4, which counts as success"),
        (&["--ok-exit", "3-5"], 6, "failure", "exited with 6"),
        (&["--ok-exit", "1"], 0, "success", "exited with 0"),
        (&["--warn-exit", "1,100-127"], 1, "warning", "exited with 1, which counts as a warning"),
        (
            &["--warn-exit", "1,100-127"],
            127,
            "warning",
            "exited with 127, which counts as a warning",
        ),
        (
            &["--warn-exit", "1", "--ok-exit", "1"],
            1,
            "success",
            "exited with 1, which counts as success",
        ),
        (
            &["--preset", "rsync", "--ok-exit", "24"],
            24,
            "success",
            "exited with 24, which counts as success",
        ),
        (&["--preset", "none"], 1, "failure", "exited with 1"),
    ] {
        verdict(&home, options, &format!("exit {code}"), (code, outcome, "exit", message));
    }
    let killed = (-15, "failure", "unix_signal", "killed by SIGTERM");
    verdict(&home, &["--ok-exit", "0-255"], "kill -TERM $$", killed);
}

#[test]
fn a_tool_is_known_by_its_name_unless_that_is_not_wanted() {
    let home = Home::new();
    let path = home.write("bin/borg", "#!/bin/sh\nexit 1\n");
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("chmod");
    for (options, outcome) in [(&[][..], "warning"), (&["--preset", "none"], "failure")] {
        let words = [&["run", "m"], options, &["--", "bin/borg", "create"]].concat();
        check(&mut home.hb(&words), 1, "", "");
        assert_eq!(home.last_run()["outcome"], outcome, "{options:?}");
    }
    let unknown = Seen::of(&mut home.hb(&["run", "m", "--preset", "brog", "--", "echo", "ran"]));
    assert_eq!((unknown.status, &*unknown.stdout), (64, ""));
    assert!(
        unknown.stderr.starts_with("hb: there is no preset `brog`; known: borg"),
        "{unknown:?}"
    );
}

#[test]
fn a_good_exit_code_can_be_contradicted() {
    let home = Home::new();
    let fails = |reason: &'static str, message: &'static str| (0, "failure", reason, message);
    let fine = (0, "success", "exit", "exited with 0");
    for (options, job, expected) in [
        (
            &["--fail-if-output", "^ERROR"][..],
            "echo ok; echo ERROR 7",
            fails("output", "its output says: ERROR 7"),
        ),
        (
            &["--fail-if-output", "^ERROR"],
            "printf 'ERROR at the end' >&2",
            fails("output", "its output says: ERROR at the end"),
        ),
        (&["--fail-if-output", "^ERROR"], "echo no ERROR", fine),
        (
            &["--fail-if-output", "a", "--fail-if-output", "b"],
            "echo b",
            fails("output", "its output says: b"),
        ),
        (&["--require-output", "done$"], "echo all done", fine),
        (
            &["--require-output", "done$"],
            "echo done?",
            fails("output", "no line of its output matches `done$`"),
        ),
        (&["--fail-on-stderr"], "echo x >&2", fails("stderr", "it wrote 2 bytes to stderr")),
        (&["--fail-on-stderr"], "echo x", fine),
        (&["--min-duration", "1h"], "exit 0", fails("too_short", "")),
        (&["--min-duration", "1ms"], "sleep 0.01", fine),
    ] {
        if expected.2 == "too_short" {
            check(&mut home.hb(&[&["run", "m"], options, &["--", "true"]].concat()), 0, "", "");
            let run = home.last_run();
            let message = run["message"].as_str().unwrap_or_default();
            assert!(message.ends_with(", less than the least 1h"), "{message}");
            continue;
        }
        verdict(&home, options, job, expected);
    }
    verdict(
        &home,
        &["--fail-on-stderr"],
        "echo x >&2; exit 5",
        (5, "failure", "exit", "exited with 5"),
    );
    let usage = Seen::of(&mut home.hb(&["run", "m", "--fail-if-output", "(", "--", "echo", "ran"]));
    assert_eq!((usage.status, &*usage.stdout), (64, ""));
}

#[test]
fn failures_in_a_row_are_tolerated_so_often() {
    let home = Home::new();
    let tolerated = |code: &str| {
        let words = ["run", "m", "--tolerate", "2", "--", "sh", "-c", code];
        let seen = Seen::of(&mut home.hb(&words));
        (seen.status, home.last_run()["tolerated"].as_bool().unwrap_or_default())
    };
    let ends = ["exit 1", "exit 1", "exit 1", "exit 1", "exit 0", "exit 2", "exit 2", "exit 2"];
    let expected = [
        (1, true),
        (1, true),
        (1, false),
        (1, false),
        (0, false),
        (2, true),
        (2, true),
        (2, false),
    ];
    assert_eq!(ends.map(tolerated), expected);
}

#[test]
fn without_what_it_needs_the_job_is_not_run() {
    let home = Home::new();
    let home_path = home.path("").display().to_string();
    for (options, why) in [
        (["--require-mount", "."], "`.` is not a mount point".to_owned()),
        (
            ["--require-mount", "./no"],
            "`./no` cannot be a mount point: No such file or directory".to_owned(),
        ),
        (
            ["--require-free", "1G:/proc"],
            "only 0 B are free at `/proc`, 1.0 GiB are required".to_owned(),
        ),
        (
            ["--pre", "echo checking; exit 3"],
            "the check `echo checking; exit 3` exited with 3".to_owned(),
        ),
        (["--pre", "kill -9 $$"], "the check `kill -9 $$` exited with 137".to_owned()),
        (["--chdir", "./no"], "cannot enter `./no`: No such file or directory".to_owned()),
    ] {
        let words = [&["run", "m"], &options[..], &["--", "echo", "ran"]].concat();
        let seen = Seen::of(&mut home.hb(&words));
        let message = format!("hb: the job was not run: {why}\n");
        assert_eq!((seen.status, &*seen.stderr), (69, &*message), "{options:?} in {home_path}");
        assert!(!seen.stdout.contains("ran"));
        let run = home.last_run();
        assert_eq!((&run["reason"], &run["exit_code"]), (&"precondition".into(), &69.into()));
    }
    for options in [["--require-mount", "/proc"], ["--require-free", "1k"], ["--pre", "true"]] {
        let words = [&["run", "m"], &options[..], &["--", "echo", "ran"]].concat();
        check(&mut home.hb(&words), 0, "ran\n", "");
    }
}

#[test]
fn a_file_that_should_be_there_afterwards_is_looked_for() {
    let home = Home::new();
    let fine = (0, "success", "exit", "exited with 0");
    let fails = |message: &'static str| (0, "failure", "postcondition", message);
    home.write("big", &"x".repeat(5000));
    let hash = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";
    let upper = hash.to_uppercase();
    for (options, job, expected) in [
        (
            &["--expect-newer", "dump-*.sql"][..],
            "true",
            fails("there is no file like `dump-*.sql`"),
        ),
        (&["--expect-newer", "dump-*.sql"], "echo x > dump-1.sql", fine),
        (
            &["--expect-newer", "dump-*.sql", "--min-size", "1k"],
            "echo x > dump-1.sql",
            fails("it left 2 B, less than the least 1.0 KiB"),
        ),
        (&["--size-of", "big", "--min-size", "4k"], "true", fine),
        (
            &["--size-of", "big", "--min-size", "5k"],
            "true",
            fails("it left 4.9 KiB, less than the least 5.0 KiB"),
        ),
        (
            &["--size-of", "gone"],
            "true",
            fails("`gone` cannot be measured: No such file or directory"),
        ),
        (&["--sha256-of", "hello", "--expect-sha256", &upper], "echo hello > hello", fine),
        (
            &["--sha256-of", "hello", "--expect-sha256", NO_HASH],
            "echo hello > hello",
            fails(
                "`hello` has SHA-256 5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03, expected 0000000000000000000000000000000000000000000000000000000000000000",
            ),
        ),
    ] {
        verdict(&home, options, job, expected);
    }
    verdict(&home, &["--size-of", "gone"], "exit 4", (4, "failure", "exit", "exited with 4"));
    verdict(&home, &["--size-of", "big", "--sha256-of", "hello"], "true", fine);
    let metrics = home.last_run()["metrics"].clone();
    assert_eq!((&metrics["size"], &metrics["sha256"]), (&5000.into(), &hash.into()));
    check(home.program("touch").args(["-d", "2001-02-03 04:05:06Z", "old.sql"]), 0, "", "");
    let message = "no file like `old*` is newer than the start; the newest is `old.sql` of \
                   2001-02-03 04:05:06 UTC";
    verdict(&home, &["--expect-newer", "old*"], "true", fails(message));
}

#[test]
fn the_job_finds_the_world_that_was_ordered() {
    let home = Home::new();
    std::fs::create_dir(home.path("d")).expect("mkdir");
    let words = ["run", "m", "--chdir", "d", "--", "sh", "-c", "basename \"$(pwd)\"; ls"];
    check(&mut home.hb(&words), 0, "d\n", "");
    home.write(
        "vars",
        "# comment\nA=1\nexport B = 'two words'\n\nC=\"x\"y\nPATH=/usr/bin:/bin\nbad line\n",
    );
    let job = "echo \"$A|$B|$C|$PATH\"";
    let words = ["run", "m", "--env-file", "vars", "--", "sh", "-c", job];
    check(home.hb(&words).env("A", "0"), 0, "1|two words|\"x\"y|/usr/bin:/bin\n", "");
    // The tests themselves may have been started with a nice value.
    let bare = Seen::of(home.program("nice").args(["-n", "7", "nice"]));
    let nice = Seen::of(
        home.program("nice").args(["-n", "3", "hb", "run", "m", "--nice", "4", "--", "nice"]),
    );
    assert_eq!((nice.status, nice.stdout), (0, bare.stdout));
}

#[test]
fn a_shell_line_stops_at_its_first_error() {
    let home = Home::new();
    for shell in ["/bin/sh", "/bin/bash"] {
        let line =
            |line: &str| Seen::of(home.hb(&["run", "m", "--shell", line]).env("SHELL", shell));
        assert_eq!(line("echo a | tr a b; echo $0 > /dev/null").stdout, "b\n");
        let stopped = line("echo a; false; echo b");
        assert_eq!((stopped.status, &*stopped.stdout), (1, "a\n"), "{shell}");
    }
    let mut piped = home.hb(&["run", "m", "--shell", "(exit 3) | cat; echo b"]);
    check(piped.env("SHELL", "/bin/bash"), 3, "", "");
    let usage = "hb: `--shell <LINE>` cannot go together with a command behind `--`\n";
    let seen = Seen::of(&mut home.hb(&["run", "m", "--shell", "true", "--", "true"]));
    assert_eq!(seen, Seen { status: 64, stdout: String::new(), stderr: usage.into() });
}

#[test]
fn a_jitter_is_always_the_same_for_one_monitor() {
    let home = Home::new();
    let delay = |monitor: &str| {
        check(&mut home.hb(&["run", "--jitter", "1ms-40ms", monitor, "--", "true"]), 0, "", "");
        home.last_run()["notes"][0].as_str().unwrap_or_default().to_owned()
    };
    let delays: Vec<String> = (0..6).map(|number| delay(&format!("m{number}"))).collect();
    assert_eq!((0..6).map(|number| delay(&format!("m{number}"))).collect::<Vec<_>>(), delays);
    assert!(delays.iter().any(|other| *other != delays[0]), "{delays:?}");
    assert!(delays.iter().all(|note| note.ends_with(" later, as planned")), "{delays:?}");
}

#[test]
fn a_job_runs_again_until_somebody_asks_for_the_end() {
    let home = Home::new();
    let words = ["run", "--every", "100ms", "m", "--", "sh", "-c", "echo x >> runs"];
    let mut hb = home.hb(&words).spawn().expect("started");
    let began = std::time::Instant::now();
    let runs = || std::fs::read_to_string(home.path("runs")).unwrap_or_default().lines().count();
    while runs() < 3 && began.elapsed().as_secs() < 20 {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let pid = nix::unistd::Pid::from_raw(hb.id().cast_signed());
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).expect("sent");
    let status = hb.wait().expect("it ends");
    assert!(runs() >= 3 && status.code().is_none_or(|code| code == 0), "{status:?}");
    check(&mut home.hb(&["run", "--at", "25:00", "m", "--", "true"]), 64, "", AT_REFUSED);
}

const NO_HASH: &str = "0000000000000000000000000000000000000000000000000000000000000000";

const AT_REFUSED: &str = "hb: `--at`: write a time of the day, as in `03:30`\n";

#[test]
fn the_url_is_the_job_s_only_when_somebody_says_so() {
    let home = Home::new();
    let url = "http://127.0.0.1:9/ping/0191d3a4-7d2e-7abc-8def-0123456789ab";
    let quick = ["run", "--report-timeout", "10ms", "--to", url];
    let job = ["m", "--", "sh", "-c", "echo ${HB_URL:-none}"];
    let plain = [&quick[..], &job[..]].concat();
    assert_eq!(Seen::of(&mut home.hb(&plain)).stdout, "none\n");
    let exported = [&quick[..], &["--export"], &job[..]].concat();
    assert_eq!(Seen::of(&mut home.hb(&exported)).stdout, format!("{url}\n"));
}

#[test]
fn what_cannot_be_hashed_to_an_end_holds_up_nobody() {
    let home = Home::new();
    Seen::of(home.program("mkfifo").arg("pipe"));
    for place in ["/dev/zero", "pipe", "."] {
        let began = std::time::Instant::now();
        let words = ["run", "m", "--sha256-of", place, "--", "true"];
        assert_eq!(Seen::of(&mut home.hb(&words)).status, 0, "{place}");
        assert!(began.elapsed().as_secs() < 5, "{place}");
        let run = home.last_run();
        assert_eq!(run["outcome"], "failure", "{place}");
        let message = run["message"].as_str().expect("a message");
        assert!(message.contains("cannot be hashed"), "{place}: {message}");
    }
}

#[test]
fn a_term_while_a_large_file_is_hashed_ends_the_hashing() {
    let home = Home::new();
    // A file of holes is as long to read as any other.
    let file = std::fs::File::create(home.path("large")).expect("made");
    file.set_len(400 << 30).expect("sparse");
    let script = "echo $$ > pid; exec \"$0\" run m --sha256-of large -- true";
    let mut run = home.program("sh");
    run.args(["-c", script]).arg(crate::hb::binary());
    let mut run = run.spawn().expect("started");
    let recorded = || home.path("state/open").read_dir().is_ok_and(|mut all| all.next().is_some());
    while !recorded() {
        std::thread::yield_now();
    }
    std::thread::sleep(std::time::Duration::from_millis(300));
    let began = std::time::Instant::now();
    let pid = run.id().to_string();
    assert_eq!(Seen::of(home.program("kill").args(["-TERM", &pid])).status, 0);
    assert_eq!(run.wait().expect("it ends").code(), Some(0), "the job had ended well");
    assert!(began.elapsed().as_secs() < 5, "{:?}", began.elapsed());
}
