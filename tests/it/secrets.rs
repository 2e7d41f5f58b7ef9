//! Keys and ping URLs turn up nowhere: not on stderr, not on disk, not in the job's surroundings.

use std::path::Path;

use crate::hb::{Home, Seen};
use crate::receiver::{FakeReceiver, Step, UUID, status};

const KEY: &str = "k3y-of-this-test-0123456789";

/// The files below a directory that hold a text, but for the one place that may.
fn holders(directory: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let Ok(entries) = std::fs::read_dir(directory) else { return found };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() && path.file_name().is_some_and(|name| name != "addresses") {
            found.extend(holders(&path, text));
        } else if path.is_file() {
            let bytes = std::fs::read(&path).expect("readable");
            if bytes.windows(text.len()).any(|part| part == text.as_bytes()) {
                found.push(path.display().to_string());
            }
        }
    }
    found
}

/// A job that shows what it can see: its variables, its own command line, and hb's.
const NOSY: &str = "env; tr '\\0' '\\n' < /proc/$PPID/cmdline; cat /proc/$PPID/environ | wc -c";

#[test]
fn a_key_is_seen_by_its_receiver_alone() {
    for step in [Step::Ok, status(404), status(500), Step::Lost] {
        let (home, receiver) = (Home::new(), FakeReceiver::always(&step));
        let file = home.write("key", &format!("{KEY}\n"));
        home.config(&format!(
            "[targets.home]\nurl = \"{}\"\nkey = \"file:{}\"\n[defaults]\nto = [\"home\"]\n",
            receiver.url(""),
            file.display()
        ));
        let script = format!("{NOSY}; echo the key is {KEY} >&2; exit 1");
        let words = ["run", "--report-timeout", "1s", "m", "--", "sh", "-c"];
        let mut command = home.hb(&[&words[..], &[&script]].concat());
        let seen = Seen::of(command.env("HB_KEY", KEY));
        assert_eq!(
            receiver.requests().first().map(|request| request.path().contains(KEY)),
            Some(true)
        );
        let of_hb: Vec<&str> =
            seen.stderr.lines().filter(|line| line.starts_with("hb: ")).collect();
        assert!(!of_hb.concat().contains(KEY), "{step:?}: {of_hb:?}");
        assert!(receiver.requests().iter().all(|request| !request.text().contains(KEY)));
        let variables = seen.stdout.lines().filter(|line| line.starts_with("HB_"));
        let names: Vec<&str> = variables.map(|line| line.split('=').next().unwrap_or("")).collect();
        let mut names = names;
        names.sort_unstable();
        assert_eq!(names, ["HB_CONFIG", "HB_MONITOR", "HB_RUN_DIR", "HB_RUN_ID", "HB_STATE_DIR"]);
        assert_eq!(holders(&home.path("state"), KEY), [""; 0], "{step:?}");
    }
}

#[test]
fn a_ping_url_is_written_to_one_private_place_alone() {
    use std::os::unix::fs::PermissionsExt;
    for step in [Step::Ok, status(404), status(500), Step::Lost] {
        let (home, receiver) = (Home::new(), FakeReceiver::always(&step));
        let script = format!("echo posting to {UUID} >&2; exit 1");
        let url = receiver.ping_url();
        let words = ["run", "--to", &url, "--report-timeout", "1s", "m", "--", "sh", "-c", &script];
        let seen = Seen::of(&mut home.hb(&words));
        let of_hb: Vec<&str> =
            seen.stderr.lines().filter(|line| line.starts_with("hb: ")).collect();
        assert!(!of_hb.concat().contains(UUID), "{step:?}: {of_hb:?}");
        assert!(receiver.requests().iter().all(|request| !request.text().contains(UUID)));
        let own = seen.stderr.contains(UUID);
        assert!(own, "the job's own output is its own");
        assert_eq!(holders(&home.path("state"), UUID), [""; 0], "{step:?}");
        let kept = home.path("state/addresses");
        let mode = std::fs::metadata(&kept).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }
}

#[test]
fn a_configured_url_is_as_secret_as_one_on_the_command_line() {
    let (home, receiver) = (Home::new(), FakeReceiver::new(&[status(500)]));
    let url = receiver.ping_url();
    home.config(&format!("[targets.home]\nurl = \"{url}\"\n[defaults]\nto = [\"home\"]\n"));
    let script = format!("echo posting to {UUID} >&2; exit 1");
    let words = ["run", "--report-timeout", "1s", "m", "--", "sh", "-c", &script];
    let seen = Seen::of(&mut home.hb(&words));
    assert_eq!(seen.status, 1);
    assert!(receiver.requests().iter().all(|request| !request.text().contains(UUID)));
    assert_eq!(holders(&home.path("state"), UUID), [""; 0]);
}

#[test]
fn the_job_and_ps_see_no_secret() {
    let receiver = FakeReceiver::new(&[Step::Ok]);
    let host = receiver.host();
    let with_user = format!("http://user:{KEY}@{host}/ping/{UUID}");
    let header = format!("Authorization: Bearer {KEY}");
    let socket = format!("unix:/nowhere:/ping/{UUID}");
    let query = format!("http://{host}?key={KEY}");
    let flags: [&[&str]; 5] = [
        &["--to", &with_user],
        &["--to", &query],
        &["--to", &socket],
        &["--to", &receiver.ping_url(), "--header", &header],
        &["--to", &receiver.ping_url(), &format!("--header={header}")],
    ];
    for flags in flags {
        let home = Home::new();
        let words = [&["run", "--report-timeout", "0s"], flags, &["m", "--", "sh", "-c", NOSY]];
        let seen = Seen::of(home.hb(&words.concat()).env("HB_TO", &with_user).env("HB_KEY", KEY));
        for secret in [KEY, UUID] {
            assert!(!seen.stdout.contains(secret), "{flags:?}: {}", seen.stdout);
            assert!(!seen.stderr.contains(secret), "{flags:?}: {}", seen.stderr);
        }
    }
}

#[test]
fn what_is_told_while_the_job_runs_is_masked_as_well() {
    let (home, receiver) = (Home::new(), FakeReceiver::new(&[Step::Ok]));
    let url = receiver.url(&format!("/ping/{KEY}"));
    let script = format!("echo 'bad {KEY} password=hunter2x' >&2; sleep 0.5; echo end >&2");
    let words = ["run", "--to", &url, "--keepalive", "100ms", "--fail-if-output", "bad.*", "m"];
    let words = [&words[..], &["--", "sh", "-c", &script]].concat();
    let seen = Seen::of(home.hb(&words).env("HB_KEY", KEY));
    assert_eq!(seen.status, 0);
    let texts: Vec<String> = receiver.requests().iter().map(|request| request.text()).collect();
    assert!(texts.len() > 2, "{texts:?}");
    assert!(texts.iter().any(|text| text.contains("bad **** password=****")), "{texts:?}");
    for secret in [KEY, "hunter2x"] {
        assert!(!texts.concat().contains(secret), "{texts:?}");
        assert_eq!(holders(&home.path("state"), secret), [""; 0]);
        let shown = Seen::of(&mut home.hb(&["log", "--last"]));
        assert!(!shown.stdout.contains(secret), "{}", shown.stdout);
    }
}

#[test]
fn a_kept_event_takes_its_own_headers_along_and_nobody_else_s() {
    let (home, first) = (Home::new(), FakeReceiver::new(&[status(500)]));
    let second = FakeReceiver::new(&[Step::Ok]);
    let to = |receiver: &FakeReceiver, header: &str| {
        let url = receiver.ping_url();
        let words = ["run", "--to", &url, "--report-timeout", "200ms", "--header", header];
        Seen::of(&mut home.hb(&[&words[..], &["m", "--", "true"]].concat()))
    };
    to(&first, "Authorization: Bearer first");
    first.go_on(&[Step::Ok]);
    to(&second, "Authorization: Bearer second");
    assert_eq!(first.only().header("authorization"), Some("Bearer first"));
    assert_eq!(second.only().header("authorization"), Some("Bearer second"));
}
