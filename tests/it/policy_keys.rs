//! What stands in the configuration does what the flag of that name does, and a mistake in it is told
//! with its file and line.

use crate::hb::{Home, Seen, check};
use crate::receiver::{FakeReceiver, Step};

/// A home whose monitor `m` has these settings.
fn home_with(settings: &str) -> Home {
    let home = Home::new();
    home.config(&format!("[monitors.m]\n{settings}"));
    home
}

/// What `hb` says of a job that prints what `script` finds.
fn printed(home: &Home, script: &str) -> Seen {
    Seen::of(&mut home.hb(&["run", "m", "--", "sh", "-c", script]))
}

#[test]
fn the_world_of_the_job_can_stand_in_the_file() {
    let io_class = "ionice -p $$ 2>/dev/null || echo idle";
    let seen = printed(&home_with("ionice = \"idle\"\n"), io_class);
    assert_eq!((seen.status, &*seen.stdout), (0, "idle\n"), "{seen:?}");
    let seen = printed(&home_with("exit_style = \"plain\"\n"), "kill -9 $$");
    assert_eq!(seen.status, 137);
    let seen = printed(&home_with("exit_style = \"signal\"\n"), "kill -9 $$");
    assert_eq!(seen.status, -9);
    let home = home_with("exit_style = \"signal\"\n");
    let words = ["run", "--exit-style", "plain", "m", "--", "sh", "-c", "kill -9 $$"];
    assert_eq!(Seen::of(&mut home.hb(&words)).status, 137, "a flag wins");
}

#[test]
fn a_user_that_there_is_not_keeps_the_job_from_running() {
    let reason = "`user` of the configuration: there is no user";
    let line = format!("hb: the job was not run: {reason} `no-such`\n");
    let home = home_with("user = \"no-such\"\n");
    check(&mut home.hb(&["run", "m", "--", "echo", "ran"]), 69, "", &line);
    assert_eq!(home.last_run()["message"], format!("{reason} `no-such`"));
    let home = home_with("user = [\"nobody\"]\n");
    let seen = printed(&home, "echo ran");
    assert_eq!((seen.status, &*seen.stdout), (69, ""), "{seen:?}");
    assert!(seen.stderr.contains("line 2: `user` must be text, not a list"), "{}", seen.stderr);
}

#[test]
fn the_user_of_the_file_is_who_the_job_is() {
    assert!(nix::unistd::geteuid().is_root(), "run this test as root: the job becomes others");
    let seen = printed(&home_with("user = \"nobody\"\nchdir = \"/\"\n"), "id -un");
    assert_eq!((seen.status, &*seen.stdout), (0, "nobody\n"), "{seen:?}");
    let seen = printed(&home_with("user = 0\n"), "id -u");
    assert_eq!((seen.status, &*seen.stdout), (0, "0\n"), "{seen:?}");
}

#[test]
fn its_output_and_its_address_can_be_told_as_the_file_says() {
    let receiver = FakeReceiver::always(&Step::Ok);
    let home = home_with(&format!(
        "to = \"{}\"\nhead = 8\ntail = 8\nraw = true\nexport = true\njson = \"summary.json\"\n",
        receiver.url("/ping/fqOOd6-F4MMNuCEnzTU01w")
    ));
    let script = "printf '\\033[31m-beginning and end!' >&2; test \"$HB_URL\" && exit 3";
    assert_eq!(printed(&home, script).status, 3);
    let text = receiver.only().text();
    assert!(text.contains("\u{1b}[31m-be"), "{text:?}");
    assert!(text.ends_with("\nend!"), "{text:?}");
    let summary = std::fs::read_to_string(home.path("summary.json")).expect("written");
    assert!(summary.contains("\"exit_code\":3"), "{summary}");
}

#[test]
fn a_job_can_be_run_again_as_the_file_says() {
    let home = home_with("every = \"50ms\"\n");
    let script = "echo x >> runs; test $(wc -l < runs) -lt 3 || kill $PPID";
    let seen = printed(&home, script);
    let runs = std::fs::read_to_string(home.path("runs")).expect("it ran");
    assert!(runs.lines().count() >= 3, "{seen:?}");
}

#[test]
fn mistakes_have_their_file_and_line() {
    let home = home_with("every = \"1h\"\nat = \"03:30\"\nionice = \"foo\"\n");
    let seen = Seen::of(&mut home.hb(&["run", "--strict", "m", "--", "true"]));
    assert_eq!(seen.status, 78);
    for told in [
        "config.toml`: line 3: `every` and `at` cannot go together\n",
        "config.toml`: line 4: bad I/O class for `ionice`: `foo` is not idle, best-effort, or",
    ] {
        assert!(seen.stderr.contains(told), "{}", seen.stderr);
    }
}

#[test]
fn an_io_class_that_there_is_not_is_a_wrong_command_line() {
    let line =
        "hb: `--ionice`: `foo` is not idle, best-effort, or best-effort:0 to best-effort:7\n";
    let home = Home::new();
    check(&mut home.hb(&["run", "--ionice", "foo", "m", "--", "echo", "ran"]), 64, "", line);
    let line = "hb: `--user`: there is no user `no-such`\n";
    check(&mut home.hb(&["run", "--user", "no-such", "m", "--", "echo", "ran"]), 64, "", line);
}
