//! One table per law of this folder: recognising, exit codes, summaries, and hostile output.
//!
//! The golden files are what real tools printed (borg 1.2.4, restic 0.14.0, rsync 3.5.0, rclone
//! 1.60.1, GNU tar 1.34) over a small tree, or (mariadb-dump 10.11.19, pg_dump 15.18) over a
//! database of two tables and a view; `summaries.txt` says what each of them must be read as.
//! Formats of versions that were not at hand are in [`OTHER_VERSIONS`].

use super::*;

/// The golden files by name.
macro_rules! golden {
    ($($name:literal,)*) => {
        [$((
            $name,
            include_bytes!(concat!("../../../tests/it/golden/tool/", $name, ".txt")).as_slice(),
        )),*]
    };
}

/// What real tools printed. The name begins with the tool's.
const GOLDEN: [(&str, &[u8]); 48] = golden![
    "borg-compact",
    "borg-create-json",
    "borg-create-log-json",
    "borg-create-log-json-progress",
    "borg-create-norepo",
    "borg-create-progress",
    "borg-create-stats",
    "borg-create-warning",
    "borg-delete-stats",
    "borg-prune-stats",
    "mysqldump-databases",
    "mysqldump-nodatabase",
    "mysqldump-schema",
    "mysqldump-verbose",
    "pg_dump-all",
    "pg_dump-jobs",
    "pg_dump-jobs-mixed",
    "pg_dump-nodatabase",
    "pg_dump-verbose",
    "rclone-copy",
    "rclone-copy-again",
    "rclone-copy-json",
    "rclone-missing",
    "rclone-one-line",
    "rclone-progress",
    "rclone-sync",
    "restic-backup",
    "restic-backup-dry-run",
    "restic-backup-json",
    "restic-backup-json-verbose",
    "restic-backup-verbose",
    "restic-check",
    "restic-forget-prune",
    "restic-norepo",
    "restic-wrong-password",
    "rsync-partial",
    "rsync-progress",
    "rsync-stats",
    "rsync-stats-german",
    "rsync-stats-german-human",
    "rsync-stats-human",
    "rsync-stats-human2",
    "rsync-stats-plain",
    "rsync-verbose",
    "tar-deleted",
    "tar-missing",
    "tar-totals",
    "tar-totals-read",
];

/// The tool a golden file is of.
fn tool_of(name: &str) -> Tool {
    name.split('-').next().and_then(Tool::parse).unwrap()
}

/// A command line, split at blanks.
fn argv(line: &str) -> Vec<OsString> {
    line.split_whitespace().map(OsString::from).collect()
}

#[test]
fn real_output_is_read_as_its_summary_says() {
    let expected = include_str!("../../../tests/it/golden/tool/summaries.txt");
    let read: String = GOLDEN
        .iter()
        .map(|(name, output)| format!("{name} {}\n", tool_of(name).read_summary(output).to_json()))
        .collect();
    assert_eq!(read, expected);
}

/// What other versions print, from their sources: tool, output, metrics.
const OTHER_VERSIONS: [(Tool, &str, &str); 13] = [
    (
        Tool::Borg,
        "Archive name: a\nDuration: 1 hours 2 minutes 3.50 seconds\nNumber of files: 4\n\
         Original size: 2.5 kB\nDeduplicated size: 1 kB\nAdded files: 3\nUnchanged files: 1\n\
         Modified files: 2\nError files: 5\n",
        r#"{"archive":"a","duration":3723.5,"files":4,"bytes":2500,"added":1000,"files_new":3,
            "files_unmodified":1,"files_changed":2,"errors":5}"#,
    ),
    (
        Tool::Restic,
        "Added to the repo: 1.000 KiB\nprocessed 3 files, 2.000 KiB in 1:02:03\n",
        r#"{"added":1024,"files":3,"bytes":2048,"duration":3723}"#,
    ),
    (
        Tool::Restic,
        "Summary: Restored 2 / 3 files/dirs (1 KiB / 2 KiB) in 0:07, skipped 1 files/dirs 5 B\n",
        r#"{"bytes":1024,"duration":7}"#,
    ),
    (
        Tool::Restic,
        r#"{"message_type":"summary","dry_run":true,"data_added":7,"total_files_processed":2}"#,
        r#"{"files":2}"#,
    ),
    (
        Tool::Restic,
        r#"{"message_type":"summary","data_added":7,"data_added_packed":3,"num_errors":1}"#,
        r#"{"added":7,"stored":3,"errors":1}"#,
    ),
    (
        Tool::Rsync,
        "Number of files: 1,001\nNumber of files transferred: 2\nTotal file size: 5000 bytes\n",
        r#"{"files":1001,"files_transferred":2,"bytes":5000}"#,
    ),
    (Tool::Rsync, "Number of files: 2 (dir: 2)\n", r#"{"files":0}"#),
    (
        Tool::Rclone,
        "Transferred:   \t 1M / 2 MBytes, 50%, 1 MBytes/s, ETA 1s\nErrors: 3\n\
         Transferred:   \t 2M / 2 MBytes, 100%, 512 kBytes/s, ETA 0s\nChecks: 4 / 4, 100%\n\
         Transferred: 7 / 7, 100%\nElapsed time: 1m2.5s\n",
        r#"{"added":2097152,"rate":524288,"checks":4,"files_transferred":7,"duration":62.5}"#,
    ),
    (
        Tool::PgDump,
        "pg_dump: last built-in OID is 16383\npg_dump: dumping contents of table \"public.a\"\n\
         pg_dump: dumping contents of table \"public.b\"\n",
        r#"{"tables":2}"#,
    ),
    (Tool::PgDump, "pg_dump: dumping contents of table \"public.b\"\n", "{}"),
    (
        Tool::PgDump,
        "pg_dump: dumping contents of table \"public.a\"\npg_dumpall: dumping database \"second\"\n\
         pg_dumpall: running \"pg_dump  -v -Fp 'dbname=second'\"\n\
         pg_dump: last built-in OID is 16383\n\
         pg_dump: dumping contents of table \"public.b\"\n",
        "{}",
    ),
    (
        Tool::Mysqldump,
        "-- Connecting to localhost...\n-- Retrieving table structure for table a...\n\
         -- Sending SELECT query...\n-- Retrieving rows...\n-- Disconnecting from localhost...\n",
        r#"{"tables":1}"#,
    ),
    (
        Tool::Certbot,
        "The following certificates are not due for renewal yet:\n\
         \x20 /etc/letsencrypt/live/a/fullchain.pem expires on 2027-01-01 (skipped)\n\
         The following renewals succeeded:\n\
         \x20 /etc/letsencrypt/live/b/fullchain.pem (success)\n\
         \x20 /etc/letsencrypt/live/c/fullchain.pem (success)\n\
         The following renewals failed:\n  /etc/letsencrypt/live/d/fullchain.pem (failure)\n",
        r#"{"skipped":1,"renewed":2,"failed":1}"#,
    ),
];

#[test]
fn words_of_other_versions_are_read() {
    for (tool, output, expected) in OTHER_VERSIONS {
        let expected: serde_json::Value = serde_json::from_str(expected).unwrap();
        assert_eq!(tool.read_summary(output.as_bytes()).to_json(), expected, "{output:?}");
    }
}

#[test]
fn tools_are_recognised_through_prefixes_or_not_at_all() {
    let check = |line: &str, expected: Option<Tool>| {
        assert_eq!(Tool::recognise(&argv(line)), expected, "{line}");
    };
    for (line, tool) in [
        ("borg create r::a /", Tool::Borg),
        ("/usr/local/bin/restic backup /", Tool::Restic),
        ("pg_dumpall -v", Tool::PgDump),
        ("mariadb-dump db", Tool::Mysqldump),
        ("sudo -n -u backup A=b borg create", Tool::Borg),
        ("sudo -uroot -E --preserve-env=A -- rsync a b", Tool::Rsync),
        ("nice -n 10 ionice -c3 borg create", Tool::Borg),
        ("nice -n10 ionice -c 2 -n 7 -t tar cf x y", Tool::Tar),
        ("nice -19 tar cf x y", Tool::Tar),
        ("nice --adjustment=5 rclone sync", Tool::Rclone),
        ("chrt -b 0 restic backup", Tool::Restic),
        ("chrt --idle restic backup", Tool::Restic),
        ("env -i PATH=/bin RESTIC_REPOSITORY=/r restic backup", Tool::Restic),
        ("env - A=1 certbot renew", Tool::Certbot),
        ("/usr/bin/time -v -o /tmp/t rsync a b", Tool::Rsync),
        ("timeout -k 10s --signal TERM 1h nohup pg_dump db", Tool::PgDump),
        ("setsid -w stdbuf -oL -e 0 rsync a b", Tool::Rsync),
        ("systemd-inhibit --what=sleep --who me borg create", Tool::Borg),
        ("caffeinate -i -t 60 rsync a b", Tool::Rsync),
    ] {
        check(line, Some(tool));
    }
    let unsure = "\n sh -c borg\n borg.exe create\n pg_basebackup -D x\n mytar\n sudo\n sudo -s borg\n \
        sudo -i borg\n sudo -b borg create\n sudo -l borg\n nice\n nice -n\n nice -x borg\n env\n env A=1\n \
        env -S borg\n timeout borg\n timeout 1h\n ionice -p 12\n chrt -p 1\n setsid -f borg create\n \
        flock -n /l borg create\n caffeinate -w 12 borg\n \
        nice nice nice nice nice nice nice nice nice nice nice borg";
    for line in unsure.lines() {
        check(line, None);
    }
}

#[test]
fn only_summaries_are_copied_from_standard_output() {
    let check = |line: &str, expected: bool| {
        let argv = argv(line);
        let tool = Tool::recognise(&argv).unwrap();
        assert_eq!(tool.summary_on_stdout(&argv), expected, "{line}");
        let other = Tool::ALL.into_iter().find(|other| *other != tool).unwrap();
        assert!(!other.summary_on_stdout(&argv), "{line}");
    };
    let summaries = "restic -r /r backup /\n nice restic forget --prune\n restic check\n restic copy\n \
        restic prune\n rsync -a --stats a b\n rsync a b\n borg create --json r::a /\n \
        rclone sync -P a b\n rclone -vP copy a b\n rclone move --progress a b\n certbot renew";
    for line in summaries.lines() {
        check(line, true);
    }
    let others = "restic -r backup dump latest /f\n restic mount /m\n restic cat config\n restic\n \
        restic what-is-this\n restic snapshots --json\n rsync --server . /\n rsync --daemon\n \
        rsync --only-write-batch=- a b\n borg create r::a /\n borg extract --stdout r::a\n \
        borg export-tar r::a -\n borg list --json create\n rclone cat r:f\n rclone sync a b\n \
        rclone copyurl --stdout -P u\n rclone -P lsf copy\n pg_dump db\n pg_dump -f x db\n \
        mysqldump -r x db\n tar cf - a\n tar --totals -cf x a\n certbot certificates";
    for line in others.lines() {
        check(line, false);
    }
}

#[test]
fn exit_codes_mean_what_the_manuals_say() {
    // For each tool the codes that are warnings; everything else but zero is a failure.
    let check = |tool: Tool, warnings: &[u8]| {
        for code in 0..=u8::MAX {
            match tool.meaning(code) {
                Meaning::Success => assert_eq!(code, 0, "{tool:?}"),
                Meaning::Warning(text) => {
                    assert!(warnings.contains(&code) && !text.is_empty(), "{tool:?} {code}");
                }
                Meaning::Failure(text) => {
                    assert!(code != 0 && !warnings.contains(&code), "{tool:?} {code}");
                    assert!(!text.is_empty() && !text.ends_with('.'), "{tool:?} {code}: {text}");
                }
            }
        }
    };
    let borg: Vec<u8> = [1].into_iter().chain(100..=123).collect();
    check(Tool::Borg, &borg);
    check(Tool::Restic, &[3]);
    check(Tool::Rsync, &[23, 24]);
    check(Tool::Rclone, &[9]);
    check(Tool::PgDump, &[]);
    check(Tool::Mysqldump, &[]);
    check(Tool::Tar, &[1]);
    check(Tool::Certbot, &[]);
    let says = |tool: Tool, code: u8, word: &str| {
        let text = format!("{:?}", tool.meaning(code));
        assert!(text.contains(word), "{tool:?} {code}: {text}");
    };
    says(Tool::Borg, 13, "does not exist");
    says(Tool::Borg, 73, "locked");
    says(Tool::Borg, 124, "timeout");
    says(Tool::Borg, 137, "SIGKILL");
    says(Tool::Restic, 12, "password");
    says(Tool::Rsync, 255, "ssh");
    says(Tool::Mysqldump, 2, "no connection");
    says(Tool::Tar, 141, "broken pipe");
}

#[test]
fn names_are_unique_and_parse_back() {
    for tool in Tool::ALL {
        assert_eq!(Tool::parse(tool.name()), Some(tool));
        assert_eq!(Tool::recognise(&[tool.name().into()]), Some(tool));
    }
    assert_eq!(Tool::parse("Borg"), None);
}

/// The next number of a xorshift generator: the same sequence on every run.
fn next(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

#[test]
fn hostile_output_and_command_lines_are_survived() {
    let mut state = 0x9e37_79b9_7f4a_7c15;
    for (name, output) in GOLDEN {
        let tool = tool_of(name);
        for cut in (0..output.len()).step_by(7) {
            tool.read_summary(&output[cut..]);
            tool.read_summary(&output[..cut]);
        }
        // Single bytes changed keep most of the shape, which reaches deeper than noise does.
        let mut spoilt = output.to_vec();
        for _ in 0..100 {
            let at = usize::try_from(next(&mut state) % spoilt.len() as u64).unwrap();
            spoilt[at] = next(&mut state).to_le_bytes()[0];
            for tool in Tool::ALL {
                tool.read_summary(&spoilt);
            }
        }
    }
    let words =
        ["sudo", "nice", "env", "timeout", "chrt", "-n", "--", "-", "A=1", "5", "borg", "-x"];
    for _ in 0..20_000 {
        let mut word = || OsString::from(words[next(&mut state) as usize % words.len()]);
        let argv = [word(), word(), word(), word(), word()];
        Tool::recognise(&argv);
        Tool::Borg.summary_on_stdout(&argv);
    }
    for length in 0..200 {
        let noise: Vec<u8> = (0..length * 5).map(|_| next(&mut state).to_le_bytes()[0]).collect();
        for tool in Tool::ALL {
            tool.read_summary(&noise);
        }
    }
}

#[test]
fn much_of_the_same_is_read_quickly_and_means_nothing() {
    let pieces =
        ["{\n", "{", "[", "{\"a\":", "\r", " *", "Transferred:", "sent ", "1,", "\x1b[", "1 / "];
    for piece in pieces {
        let output = piece.repeat(1024 * 1024 / piece.len());
        for tool in Tool::ALL {
            assert!(tool.read_summary(output.as_bytes()).is_empty(), "{tool:?} {piece:?}");
        }
    }
}
