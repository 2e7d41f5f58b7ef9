//! Hosts that have nothing: an image with `hb` and its job alone, without a shell, `/etc`, `/proc` or
//! `/tmp`, on a file system that nobody can write to, as a user whom nobody knows.

use std::path::PathBuf;
use std::process::Command;

use crate::hb::{Home, Seen, binary};
use crate::receiver::{FakeReceiver, Step};
use crate::tls::{certify, server};

/// Changes into the image as a user, read-only where that is asked for, and becomes hb.
const ENTER: &str = r#"
import os, sys
root, user, *words = sys.argv[1:]
os.chroot(root)
os.chdir('/')
os.setgroups([])
os.setgid(int(user))
os.setuid(int(user))
variables = {word.split('=')[0]: word.split('=', 1)[1] for word in words[:words.index('hb')]}
words = words[words.index('hb'):]
os.execve('/hb', words, variables)
"#;

/// An image: hb, and the libraries that it asks for where it is not static.
struct Image {
    home: Home,
    root: PathBuf,
}

impl Image {
    fn new() -> Image {
        assert!(nix::unistd::geteuid().is_root(), "run this test as root: it enters an image");
        let home = Home::new();
        let root = home.path("root");
        std::fs::create_dir(&root).expect("made");
        std::fs::copy(binary(), root.join("hb")).expect("copied");
        let libraries = Seen::of(home.program("ldd").arg(binary())).stdout;
        for library in libraries.split_whitespace().filter(|word| word.starts_with('/')) {
            let place = root.join(library.trim_start_matches('/'));
            std::fs::create_dir_all(place.parent().expect("a directory")).expect("made");
            std::fs::copy(library, place).expect("copied");
        }
        Image { home, root }
    }

    /// hb in the image.
    fn hb(&self, user: u32, writable: bool, variables: &[&str], words: &[&str]) -> Command {
        let (root, user) = (self.root.display().to_string(), user.to_string());
        let read_only =
            "mount --bind \"$1\" \"$1\" && mount -o remount,ro,bind \"$1\" && shift && exec \"$@\"";
        let script = if writable { "shift; exec \"$@\"" } else { read_only };
        let mut command = self.home.program("unshare");
        command.args(["-m", "sh", "-c", script, "sh", &root, "python3", "-c", ENTER, &root, &user]);
        command.args(variables).arg("hb").args(words);
        command
    }
}

/// hb's own lines, and the others.
fn own(stderr: &str) -> (Vec<&str>, String) {
    let (own, other): (Vec<&str>, Vec<&str>) =
        stderr.split_inclusive('\n').partition(|line| line.starts_with("hb: warning: "));
    (own, other.concat())
}

#[test]
fn an_image_with_nothing_but_hb_runs_its_job_and_tells_of_it() {
    let image = Image::new();
    for (user, writable) in [(0, false), (12345, false), (12345, true)] {
        for (job, word) in [
            (&["/hb", "schedule", "next", "--duration", "1h30m", "--json"][..], ""),
            (&["/hb", "no-such-command"], "64"),
            (&["/nowhere"], "127"),
            (&["sh", "-c", "exit 3"], "127"),
        ] {
            let receiver = FakeReceiver::always(&Step::Ok);
            let url = receiver.ping_url();
            let words = [&["run", "--to", &url, "m", "--"], job].concat();
            let seen = Seen::of(&mut image.hb(user, writable, &[], &words));
            let what = format!("{user} {writable} {job:?}: {seen:?}");
            let (warnings, other) = own(&seen.stderr);
            assert_eq!(warnings.len(), 1, "{what}");
            assert!(warnings[0].contains("cannot use the state directory"), "{what}");
            assert_eq!(receiver.words(), [word], "{what}");
            if job[0] == "/hb" {
                let bare = Seen::of(&mut image.hb(user, writable, &[], &job[1..]));
                let wrapped = Seen { stderr: other, ..seen };
                assert_eq!(wrapped, bare, "{what}");
            } else {
                assert_eq!(seen.status, 127, "{what}");
                assert!(other.starts_with(&format!("hb: cannot run `{}`: ", job[0])), "{what}");
            }
        }
        // What needs a place or a shell does without, or says so.
        let words = ["run", "--quiet", "--capture", "both", "--lock", "--timeout", "1m", "m", "--"];
        let job = ["/hb", "schedule", "next", "--duration", "1h", "--json"];
        let seen = Seen::of(&mut image.hb(user, writable, &[], &[&words[..], &job].concat()));
        assert_eq!((seen.status, &*seen.stdout), (0, ""), "{seen:?}");
        let seen = Seen::of(&mut image.hb(user, writable, &[], &["run", "m", "--shell", "exit 3"]));
        assert_eq!((seen.status, own(&seen.stderr).1), (127, NO_SHELL.to_owned()), "{seen:?}");
    }
}

const NO_SHELL: &str = "hb: cannot run `/bin/sh`: no such file or directory\n";

#[test]
fn one_directory_in_it_is_enough_to_remember_and_to_tell_later() {
    use std::os::unix::fs::chown;
    let image = Image::new();
    std::fs::create_dir(image.root.join("state")).expect("made");
    chown(image.root.join("state"), Some(12345), Some(12345)).expect("given away");
    let receiver = FakeReceiver::always(&Step::Reset);
    let url = receiver.ping_url();
    let state = ["HB_STATE_DIR=/state"];
    let words = ["run", "--to", &url, "--report-timeout", "200ms", "m", "--", "/hb", "nonsense"];
    let seen = Seen::of(&mut image.hb(12345, true, &state, &words));
    assert_eq!(seen.status, 64, "{seen:?}");
    assert!(seen.stderr.contains("it is kept and sent later"), "{seen:?}");
    let log = Seen::of(&mut image.hb(12345, true, &state, &["log", "--json"]));
    let run: serde_json::Value = serde_json::from_str(log.stdout.trim()).expect("a line");
    assert_eq!((&run["exit_code"], &run["tail"]), (&64.into(), &OWN.into()));
    receiver.go_on(&[Step::Ok]);
    let seen = Seen::of(&mut image.hb(12345, true, &state, &["spool", "flush"]));
    assert_eq!((seen.status, &*seen.stdout), (0, "1 delivered, nothing waits\n"), "{seen:?}");
    assert_eq!(receiver.only().rid(), run["run_id"].as_str().expect("an id"));
}

const OWN: &str = "hb: unknown command `nonsense`; see `hb --help`\n";

#[test]
fn tls_works_without_the_certificates_of_a_host() {
    let image = Image::new();
    let pair = certify(&image.home, "good", "IP:127.0.0.1", "2");
    std::fs::copy(image.home.path("ca.pem"), image.root.join("ca.pem")).expect("copied");
    for (flags, why) in [
        // The roots that are built in know who is public, and this one is not.
        (&[][..], Some("signed by nobody this host trusts")),
        (&["--ca-file", "/ca.pem"], None),
    ] {
        let receiver = FakeReceiver::tls(&[Step::Ok], server(&image.home, &pair, false));
        let url = receiver.ping_url();
        let words = [&["run", "--to", &url, "--report-timeout", "2s"], flags].concat();
        let words = [&words[..], &["m", "--", "/hb", "--version"]].concat();
        let seen = Seen::of(&mut image.hb(12345, false, &[], &words));
        assert_eq!(seen.status, 0, "{seen:?}");
        assert!(why.is_none_or(|why| seen.stderr.contains(why)), "{seen:?}");
        assert_eq!(receiver.requests().len(), usize::from(why.is_none()), "{seen:?}");
    }
}
