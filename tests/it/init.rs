//! `hb init`: one command, and the host tells its receiver; again and again with no harm.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use super::hb::{Home, Seen, until};
use super::server::{API_KEY, PING_KEY, Server};

const KEYS: [&str; 4] = ["HB_PING_KEY", "HB_API_KEY", "HB_API_KEY_READONLY", "HB_ADMIN_PASSWORD"];

/// A command that finds its configuration where `hb init` writes it.
fn hb(home: &Home, words: &[&str]) -> Command {
    let mut command = home.hb(words);
    command.env("HB_CONFIG", home.path("etc/config.toml"));
    command
}

fn seen(home: &Home, words: &[&str]) -> Seen {
    Seen::of(&mut hb(home, words))
}

fn is_private(path: &Path) -> bool {
    let facts = std::fs::metadata(path).expect("it is there");
    facts.permissions().mode() & 0o777 == 0o600
}

#[test]
fn a_host_is_set_up_with_a_server_elsewhere_and_stays_so() {
    let (there, home) = (Home::new(), Home::new());
    // Behind a path, because that is where an address says least of what it is.
    let server = Server::start_with(&there, |command| {
        command.env("HB_PUBLIC_URL", "https://example.org/hb");
    });
    let url = format!("http://{}/hb", server.address);
    home.write("keys", &format!("HB_PING_KEY={PING_KEY}\nHB_API_KEY={API_KEY}\n"));
    let words = [
        "init",
        "--server",
        &url,
        "--key-file",
        "keys",
        "--monitor",
        "nightly",
        "--schedule",
        "0 3 * * *",
        "--tz",
        "Europe/Berlin",
        "--grace",
        "90m",
    ];
    let first = seen(&home, &words);
    assert_eq!((first.status, &*first.stderr), (0, ""), "{}", first.stdout);
    for part in [
        "config.toml written",
        "ping-key written",
        "api-key written",
        "`nightly` was made at http://",
        "delivered",
        "0 3 * * *  hb run nightly -- COMMAND",
    ] {
        assert!(first.stdout.contains(part), "{part}: {}", first.stdout);
    }
    assert!(first.stdout.lines().count() <= 8, "{}", first.stdout);
    assert!(!first.stdout.contains(PING_KEY) && !first.stdout.contains(API_KEY));
    for name in ["config.toml", "ping-key", "api-key"] {
        assert!(is_private(&home.path("etc").join(name)), "{name}");
    }
    let monitor = server.look("nightly");
    assert_eq!(
        (&monitor["status"], &monitor["grace"]),
        (&"new".into(), &5400.into()),
        "{monitor:#}"
    );
    assert_eq!(server.events("nightly")[0]["kind"], "test");
    // The line that it prints works, and so does every other command.
    assert_eq!(seen(&home, &["run", "nightly", "--", "true"]).status, 0);
    assert_eq!(server.look("nightly")["status"], "up");
    assert_eq!(seen(&home, &["status"]).status, 0);
    assert_eq!(seen(&home, &["doctor", "--no-network"]).status, 0);

    let config = std::fs::read(home.path("etc/config.toml")).expect("written");
    let again = seen(&home, &words);
    assert_eq!((again.status, &*again.stderr), (0, ""), "{}", again.stdout);
    assert!(again.stdout.contains("is there already, and stays as it is"), "{}", again.stdout);
    assert_eq!(again.stdout.matches("is as it should be").count(), 3, "{}", again.stdout);
    assert_eq!(std::fs::read(home.path("etc/config.toml")).expect("there"), config);

    // What somebody has changed stays until it is said twice.
    home.write("etc/config.toml", "# mine\n");
    home.write("etc/ping-key", "mine-mine-mine-mine\n");
    let kept = seen(&home, &[&words[..], &["--no-ping"]].concat());
    assert_eq!(kept.status, 0, "{}", kept.stderr);
    assert_eq!(kept.stdout.matches("--force").count(), 2, "{}", kept.stdout);
    let text = |name: &str| std::fs::read_to_string(home.path(name)).expect("there");
    assert_eq!(
        (&*text("etc/config.toml"), &*text("etc/ping-key")),
        ("# mine\n", "mine-mine-mine-mine\n")
    );
    let forced = seen(&home, &[&words[..], &["--force"]].concat());
    assert_eq!((forced.status, &*forced.stderr), (0, ""), "{}", forced.stdout);
    assert_eq!(text("etc/config.toml").as_bytes(), config);
    assert_eq!(&*text("etc/config.toml.old"), "# mine\n");
}

#[test]
fn this_users_own_receiver_needs_no_word_and_the_first_start_says_how() {
    let home = Home::new();
    let mut server = Server::start_with(&home, |command| {
        for name in KEYS {
            command.env_remove(name);
        }
    });
    let line = server.line("or plain curl:");
    assert!(server.lines().len() <= 5, "{:#?}", server.lines());
    let curl = line.split_once("curl:").expect("a line to paste").1.trim().to_owned();
    let pasted = Seen::of(home.program("sh").args(["-c", &curl]));
    assert_eq!((pasted.status, pasted.stdout.trim()), (0, "Created"), "{curl}: {}", pasted.stderr);
    let line = server.line("next, here:");
    until("the receiver leaves word", || home.path("runtime/hb/serve.json").exists());
    let init = line.split_once("here:").expect("a line to paste").1.trim().to_owned();
    let mut pasted = home.program("sh");
    pasted.args(["-c", &init]).env("HB_CONFIG", home.path("etc/config.toml"));
    let pasted = Seen::of(&mut pasted);
    assert_eq!((pasted.status, &*pasted.stderr), (0, ""), "{}", pasted.stdout);
    let other = seen(&home, &["init", "--monitor", "hourly", "--schedule", "every 1h", "--force"]);
    assert_eq!((other.status, &*other.stderr), (0, ""), "{}", other.stdout);
    assert!(other.stdout.contains("`hourly` was made"), "{}", other.stdout);
    assert_eq!(seen(&home, &["run", "hourly", "--", "true"]).status, 0);
    let status = seen(&home, &["status", "hourly"]);
    assert!(status.stdout.contains("up"), "{}", status.stdout);
    assert_eq!(server.stop(), Some(0));
    // Later starts have nothing to say of it.
    let server = Server::start_with(&home, |command| {
        for name in KEYS {
            command.env_remove(name);
        }
    });
    assert_eq!(server.get("/readyz").status, 200);
    assert!(server.lines().iter().all(|line| !line.contains("hb init")), "{:#?}", server.lines());
}

#[test]
fn with_one_key_alone_it_does_what_that_key_can_do() {
    let (there, home) = (Home::new(), Home::new());
    let server = Server::start(&there);
    let url = format!("http://{}", server.address);
    home.write("api", API_KEY);
    home.write("ping", PING_KEY);
    let begin = ["init", "--server", &url, "--monitor", "m", "--schedule", "every 1h"];
    let api = seen(&home, &[&begin[..], &["--key-file", "api"]].concat());
    assert_eq!((api.status, &*api.stderr), (0, ""), "{}", api.stdout);
    assert_eq!(seen(&home, &["run", "m", "--", "true"]).status, 0);
    assert_eq!(server.look("m")["status"], "up");
    let other = Home::new();
    other.write("ping", PING_KEY);
    let ping = seen(&other, &[&begin[..], &["--key-file", "ping"]].concat());
    assert_eq!((ping.status, &*ping.stderr), (0, ""), "{}", ping.stdout);
    assert_eq!(server.events("m")[0]["kind"], "test");
    assert!(!other.path("etc/api-key").exists());
    // What cannot be is told, with what to do; nothing is written where nothing can work.
    home.write("none", "\n");
    for (words, status, part) in [
        (&["init"][..], 64, "say where pings go with `--server URL`"),
        (&["init", "--server", "no url"], 64, "`--server` cannot be used"),
        (&["init", "--server", &url, "--key-file", "/nowhere"], 64, "cannot read the key file"),
        (&["init", "--server", &url, "--key-file", "none"], 64, "holds no key"),
        (&["init", "--server", &url, "--monitor", "a/b"], 64, "cannot stand in a monitor's name"),
        (
            &["init", "--server", "http://127.0.0.1:1", "--key-file", "api", "--monitor", "m"],
            75,
            "is `hb serve` running there?",
        ),
    ] {
        let fresh = Home::new();
        for name in ["api", "none"] {
            std::fs::copy(home.path(name), fresh.path(name)).expect("copied");
        }
        let told = seen(&fresh, words);
        assert_eq!(told.status, status, "{words:?}: {} {}", told.stdout, told.stderr);
        assert!(told.stderr.contains(part), "{words:?}: {}", told.stderr);
        assert_eq!(fresh.path("etc/config.toml").exists(), status == 75, "{words:?}");
    }
    let mut nowhere = home.hb(&["init", "--server", &url, "--force"]);
    let nowhere = Seen::of(nowhere.env("HB_CONFIG", "/dev/null"));
    assert_eq!(nowhere.status, 64, "{}", nowhere.stderr);
    assert!(nowhere.stderr.contains("/dev/null"));
}

#[test]
fn directories_that_it_makes_are_this_users_alone() {
    use std::os::unix::fs::PermissionsExt;
    let (there, home) = (Home::new(), Home::new());
    let server = Server::start(&there);
    home.write("ping", PING_KEY);
    let line = format!(
        "umask 000; exec hb init --server http://{} --key-file ping --no-ping",
        server.address
    );
    let mut command = home.program("sh");
    // A place of its own: root's would be the host's.
    command.args(["-c", &line]).env("HB_CONFIG", home.path("made/hb/config.toml"));
    let seen = Seen::of(&mut command);
    assert_eq!(seen.status, 0, "{seen:?}");
    for directory in ["made", "made/hb"] {
        let facts = std::fs::metadata(home.path(directory)).expect("it was made");
        assert_eq!(facts.permissions().mode() & 0o777, 0o700, "{directory}");
    }
}
