//! The harness: a temporary home, the real `hb` in it, and exact expectations of what it does.

use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// The binary under test: the one that cargo built, or another build of it.
pub(crate) fn binary() -> PathBuf {
    std::env::var_os("HB_TEST_BINARY")
        .map_or_else(|| PathBuf::from(assert_cmd::cargo::cargo_bin!("hb")), PathBuf::from)
}

/// Where the Python clients lie that hb is tested with.
pub(crate) fn clients() -> PathBuf {
    let told = std::env::var_os("HB_TEST_CLIENTS").map(PathBuf::from);
    let usual = || Path::new(env!("CARGO_MANIFEST_DIR")).join("target/clients");
    let found = told.unwrap_or_else(usual).join("bin");
    assert!(found.exists(), "no clients in `{}`: `./tests/run` installs them", found.display());
    found
}

/// A temporary home of its own, removed at the end.
pub(crate) struct Home {
    path: PathBuf,
}

static COUNT: AtomicU32 = AtomicU32::new(0);

static UNIGNORED: std::sync::Once = std::sync::Once::new();

/// Tests that run in the background of a shell find INT and QUIT ignored, under `nohup` also HUP; a
/// job would inherit that, and every test of a signal would see something else than at a terminal.
#[expect(unsafe_code, reason = "dispositions are C; the default one runs no code of ours")]
fn unignore() {
    use nix::sys::signal::{SigHandler, Signal, signal};
    for number in [Signal::SIGHUP, Signal::SIGINT, Signal::SIGQUIT, Signal::SIGTERM] {
        // SAFETY: the default disposition is always valid.
        unsafe { signal(number, SigHandler::SigDfl) }.expect("a disposition can be set");
    }
}

impl Home {
    /// A new, empty home.
    pub(crate) fn new() -> Home {
        UNIGNORED.call_once(unignore);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("hb-test-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a temporary directory can be made");
        Home { path }
    }

    /// A path in this home.
    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.path.join(name)
    }

    /// Writes a file of this home, readable by its owner alone.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        use std::os::unix::fs::PermissionsExt;
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a file has a directory")).expect("made");
        std::fs::write(&path, text).expect("the file can be written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("chmod");
        path
    }

    /// Writes the configuration.
    pub(crate) fn config(&self, text: &str) -> &Home {
        self.write("config.toml", text);
        self
    }

    /// `hb` in this home: its own state and configuration, and nothing else of the tester's.
    pub(crate) fn hb(&self, words: &[&str]) -> Command {
        self.hb_os(&words.iter().map(OsString::from).collect::<Vec<_>>())
    }

    /// The same with words that need not be text.
    pub(crate) fn hb_os(&self, words: &[OsString]) -> Command {
        let mut command = Command::new(binary());
        command.args(words);
        self.surround(&mut command);
        command
    }

    /// Another program in this home, with `hb` first in its PATH.
    pub(crate) fn program(&self, name: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(name);
        self.surround(&mut command);
        command
    }

    fn surround(&self, command: &mut Command) {
        let own = binary().parent().expect("a binary has a directory").display().to_string();
        command
            .current_dir(&self.path)
            .env_clear()
            .env("PATH", format!("{own}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"))
            .env("HOME", &self.path)
            .env("HB_STATE_DIR", self.path("state"))
            // Where a receiver leaves word: no test must find that of another, or of the tester.
            .env("XDG_RUNTIME_DIR", self.path("runtime"))
            .env("HB_CONFIG", self.path("config.toml"));
        if !self.path("config.toml").exists() {
            command.env("HB_CONFIG", "/dev/null");
        }
    }

    /// The runs that `hb log --json` knows, oldest first.
    pub(crate) fn runs(&self) -> Vec<serde_json::Value> {
        let seen = Seen::of(&mut self.hb(&["log", "--json", "-n", "1000"]));
        seen.stdout
            .lines()
            .map(|line| serde_json::from_str(line).expect("a line of JSON"))
            .collect()
    }

    /// The newest run.
    pub(crate) fn last_run(&self) -> serde_json::Value {
        self.runs().pop().expect("there is a run")
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

/// What a command did, as text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Its exit code, or minus the signal that killed it.
    pub(crate) status: i32,
    /// Its stdout.
    pub(crate) stdout: String,
    /// Its stderr.
    pub(crate) stderr: String,
}

impl Seen {
    /// Runs a command to its end, and until nobody holds its output any more.
    pub(crate) fn of(command: &mut Command) -> Seen {
        let _watched = watch(format!("{command:?}"));
        Seen::from(command.output().expect("the command can be started"))
    }
}

/// As long a command of a test may take, with whatever it leaves behind on its streams.
const COMMAND_TIME_MAX: Duration = Duration::from_secs(600);

/// Ends all tests, and names the culprit, unless the answer is dropped in time: one that waits for ever
/// would say nothing, and nobody would learn which one it was.
fn watch(what: String) -> mpsc::Sender<()> {
    let (done, wait) = mpsc::channel();
    let test = std::thread::current().name().unwrap_or_default().to_owned();
    std::thread::spawn(move || {
        if wait.recv_timeout(COMMAND_TIME_MAX) == Err(mpsc::RecvTimeoutError::Timeout) {
            let _ = writeln!(std::io::stderr(), "\n{test} waits for ever for: {what}");
            std::process::exit(101);
        }
    });
    done
}

impl From<Output> for Seen {
    fn from(output: Output) -> Seen {
        use std::os::unix::process::ExitStatusExt;
        let status = output.status;
        Seen {
            status: status.code().unwrap_or_else(|| -status.signal().unwrap_or(0)),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// Compares everything that a command did.
pub(crate) fn check(command: &mut Command, status: i32, stdout: &str, stderr: &str) {
    let seen = Seen::of(command);
    let expected = Seen { status, stdout: stdout.to_owned(), stderr: stderr.to_owned() };
    assert_eq!(seen, expected, "{command:?}");
}

/// Whether a process is there and is more than a corpse.
pub(crate) fn lives(pid: &str) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    !status.is_empty() && !status.contains("State:\tZ")
}

/// Waits for something that must come; a test that hangs says why.
pub(crate) fn until(what: &str, mut come: impl FnMut() -> bool) {
    let since = Instant::now();
    while !come() {
        assert!(since.elapsed() < Duration::from_secs(20), "never: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Whether the tests of endurance are to take all the time they need (`HB_TEST_LONG=1`).
pub(crate) fn is_long() -> bool {
    std::env::var_os("HB_TEST_LONG").is_some()
}
