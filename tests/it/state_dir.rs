//! A state directory that cannot be used, or that somebody else has prepared: the job runs, and
//! hb says so once.

use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;

use crate::hb::{Home, Seen, check};
use crate::receiver::{FakeReceiver, Step, status};

/// A run whose state directory is useless: told all the same, with this one warning.
fn check_run(home: &Home, warning: &str) {
    let receiver = FakeReceiver::always(&Step::Ok);
    let url = receiver.ping_url();
    let words = ["run", "--to", &url, "m", "--", "sh", "-c", "echo ran; exit 7"];
    check(&mut home.hb(&words), 7, "ran\n", warning);
    assert_eq!(receiver.words(), ["7"]);
    check(&mut home.hb(&["ping", "--to", &url, "m"]), 0, "", warning);
    assert_eq!(receiver.words(), ["7", ""]);
}

fn refused(home: &Home) -> String {
    let state = home.path("state").display().to_string();
    format!(
        "hb: warning: cannot use the state directory `{state}`: `{state}` must belong to this user and be writable by \
         nobody else\n"
    )
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("chmod");
}

/// Mounts need root, and so does giving a directory away.
fn needs_root() {
    assert!(nix::unistd::geteuid().is_root(), "run this test as root: it mounts or gives away");
}

#[test]
fn a_directory_that_others_may_write_is_not_used() {
    for mode in [0o777, 0o720, 0o702] {
        let home = Home::new();
        std::fs::create_dir(home.path("state")).expect("made");
        set_mode(&home.path("state"), mode);
        check_run(&home, &refused(&home));
        assert_eq!(std::fs::read_dir(home.path("state")).expect("there").count(), 0);
    }
}

#[test]
fn a_directory_of_somebody_else_is_not_used() {
    needs_root();
    let home = Home::new();
    std::fs::create_dir(home.path("state")).expect("made");
    std::os::unix::fs::chown(home.path("state"), Some(1), Some(1)).expect("chown");
    check_run(&home, &refused(&home));
    assert_eq!(std::fs::read_dir(home.path("state")).expect("there").count(), 0);
}

#[test]
fn a_link_in_place_of_the_directory_is_not_followed() {
    let home = Home::new();
    std::fs::create_dir(home.path("victim")).expect("made");
    symlink(home.path("victim"), home.path("state")).expect("made");
    let state = home.path("state").display().to_string();
    check_run(
        &home,
        &format!("hb: warning: cannot use the state directory `{state}`: Not a directory\n"),
    );
    assert_eq!(std::fs::read_dir(home.path("victim")).expect("there").count(), 0);
}

#[test]
fn a_file_in_place_of_the_directory_is_left_as_it_is() {
    let home = Home::new();
    home.write("state", "mine");
    let state = home.path("state").display().to_string();
    check_run(
        &home,
        &format!("hb: warning: cannot use the state directory `{state}`: Not a directory\n"),
    );
    assert_eq!(std::fs::read_to_string(home.path("state")).expect("there"), "mine");
}

#[test]
fn links_in_place_of_rooms_are_not_followed() {
    for room in ["open", "history", "spool", "addresses", "locks", "learned", "progress"] {
        let home = Home::new();
        let receiver = FakeReceiver::always(&status(500));
        std::fs::create_dir_all(home.path("state")).expect("made");
        std::fs::create_dir_all(home.path("victim")).expect("made");
        symlink(home.path("victim"), home.path("state").join(room)).expect("made");
        let url = receiver.ping_url();
        let words = ["run", "--to", &url, "--report-timeout", "200ms", "m", "--", "sh", "-c"];
        let seen = Seen::of(&mut home.hb(&[&words[..], &["echo ran; exit 7"]].concat()));
        assert_eq!((seen.status, &*seen.stdout), (7, "ran\n"), "{room}: {}", seen.stderr);
        assert_eq!(std::fs::read_dir(home.path("victim")).expect("there").count(), 0, "{room}");
    }
}

#[test]
fn what_hb_makes_is_private_under_every_umask() {
    let home = Home::new();
    let receiver = FakeReceiver::always(&Step::Reset);
    let url = receiver.ping_url();
    let line = format!("umask 0; exec hb run --to {url} --report-timeout 100ms m -- true");
    assert_eq!(Seen::of(home.program("sh").args(["-c", &line])).status, 0);
    let mut waiting = vec![home.path("state")];
    let mut seen = 0;
    while let Some(path) = waiting.pop() {
        let facts = std::fs::symlink_metadata(&path).expect("there");
        let expected = if facts.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(facts.mode() & 0o777, expected, "{}", path.display());
        seen += 1;
        if facts.is_dir() {
            waiting.extend(std::fs::read_dir(path).expect("there").flatten().map(|e| e.path()));
        }
    }
    assert!(seen > 8, "{seen}");
}

/// Runs a job whose state directory is a small file system of its own, set up by `setup`.
fn on_a_file_system(home: &Home, url: &str, setup: &str) -> Seen {
    let job = "-- sh -c 'echo ran; exit 7'";
    on_it(home, setup, &format!("hb run --to {url} --report-timeout 200ms m {job}"))
}

fn on_it(home: &Home, setup: &str, line: &str) -> Seen {
    needs_root();
    std::fs::create_dir_all(home.path("state")).expect("made");
    let script = format!(
        "mount -t tmpfs -o size=64k,mode=700 none state && {setup} && \
         exec {line}"
    );
    Seen::of(home.program("unshare").args(["-m", "sh", "-c", &script]))
}

#[test]
fn a_read_only_file_system_costs_one_warning() {
    let (home, receiver) = (Home::new(), FakeReceiver::always(&Step::Ok));
    let setup = "mount -o remount,ro none state";
    let open = home.path("state/open").display().to_string();
    let warning =
        format!("hb: warning: this run cannot be recorded: `{open}`: Read-only file system\n");
    let seen = on_a_file_system(&home, &receiver.ping_url(), setup);
    let expected = Seen { status: 7, stdout: "ran\n".into(), stderr: warning };
    assert_eq!(seen, expected);
    assert_eq!(receiver.words(), ["7"]);
}

#[test]
fn a_full_file_system_costs_one_warning() {
    let (home, receiver) = (Home::new(), FakeReceiver::always(&Step::Ok));
    let setup = "{ head -c 99999 /dev/zero > state/filler 2>/dev/null; true; }";
    let open = home.path("state/open").display().to_string();
    let warning =
        format!("hb: warning: this run cannot be recorded: `{open}`: No space left on device\n");
    let seen = on_a_file_system(&home, &receiver.ping_url(), setup);
    let expected = Seen { status: 7, stdout: "ran\n".into(), stderr: warning };
    assert_eq!(seen, expected);
    assert_eq!(receiver.words(), ["7"]);
}

#[test]
fn a_ping_by_hand_is_sent_from_a_read_only_host() {
    let (home, receiver) = (Home::new(), FakeReceiver::always(&Step::Ok));
    let line = format!("hb ping --to {} m", receiver.ping_url());
    let state = home.path("state").display().to_string();
    let stderr = format!(
        "hb: warning: the address cannot be kept for later: `{state}/addresses`: Read-only file \
         system\n"
    );
    let seen = on_it(&home, "mount -o remount,ro none state", &line);
    assert_eq!(seen, Seen { status: 0, stdout: String::new(), stderr });
    assert_eq!(receiver.words(), [""]);
}

#[test]
fn a_full_file_system_and_no_receiver_is_said_to_be_a_loss() {
    let (home, receiver) = (Home::new(), FakeReceiver::always(&status(500)));
    let setup = "{ head -c 99999 /dev/zero > state/filler 2>/dev/null; true; }";
    let seen = on_a_file_system(&home, &receiver.ping_url(), setup);
    assert_eq!((seen.status, &*seen.stdout), (7, "ran\n"));
    let (host, state) = (receiver.host(), home.path("state").display().to_string());
    let warnings = format!(
        "hb: warning: this run cannot be recorded: `{state}/open`: No space left on device\n\
         hb: warning: the failure was not delivered to `http://{host}/****` (the server answered \
         500); and cannot be kept: `{state}/spool`: No space left on device\n"
    );
    assert_eq!(seen.stderr, warnings);
}

#[test]
fn a_damaged_count_of_failures_silences_none_for_longer_than_was_allowed() {
    let home = Home::new();
    let words = ["run", "m", "--tolerate", "2", "--", "sh", "-c", "exit 4"];
    let tolerated = || {
        let seen = Seen::of(&mut home.hb(&words));
        assert_eq!((seen.status, &*seen.stdout), (4, ""), "{seen:?}");
        home.last_run()["tolerated"].as_bool().expect("a word")
    };
    assert!(tolerated());
    let room = home.path("state/counters");
    let mut names = std::fs::read_dir(&room).expect("there").flatten().map(|entry| entry.path());
    let counter = names.find(|path| path.extension().is_none()).expect("a counter");
    for damage in ["", "\0\0\0\0", "-1", "two", "99999999999999999999", "1e9", &"9".repeat(5000)] {
        std::fs::write(&counter, damage).expect("written");
        // What cannot be read counts from one, what is beyond all counting is.
        assert_eq!([tolerated(), tolerated(), tolerated()], [true, true, false], "{damage:.30}");
    }
    std::fs::write(&counter, "4294967295").expect("written");
    assert!(!tolerated() && !tolerated(), "a counter does not begin again at its end");
    // What stands in its place is no counter: the failure is told, and nothing else changes.
    std::fs::remove_file(&counter).expect("removed");
    std::fs::create_dir(&counter).expect("made");
    assert!(!tolerated());
    std::fs::remove_dir(&counter).expect("removed");
    home.write("victim", "1");
    symlink(home.path("victim"), &counter).expect("made");
    tolerated();
    assert_eq!(std::fs::read_to_string(home.path("victim")).expect("there"), "1");
}

#[test]
fn failures_at_one_moment_are_all_counted() {
    let home = Home::new();
    let words = ["run", "m", "--tolerate", "3", "--", "sh", "-c", "exit 4"];
    let runs: Vec<_> = (0..10).map(|_| home.hb(&words).spawn().expect("started")).collect();
    for mut run in runs {
        assert_eq!(run.wait().expect("it ends").code(), Some(4));
    }
    let tolerated = home.runs().iter().filter(|run| run["tolerated"] == true).count();
    assert_eq!(tolerated, 3);
}
