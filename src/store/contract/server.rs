//! A PostgreSQL of the test's own: a directory, a unix socket, no network, trust for whoever reaches
//! it. It refuses to run as root, so root hands it to `nobody`. It ends with its value.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, User, geteuid};

use crate::store::engine::{Engine, Way};
use crate::store::postgres::Postgres;

/// How long the server may take to answer or to end, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// The pause between two looks at it.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A server that runs, or was stopped and can be started again.
pub(super) struct Server {
    directory: PathBuf,
    child: Option<Child>,
}

/// A program of PostgreSQL's; Debian keeps them in one folder per version, and the newest counts.
fn program(name: &str) -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let number = |path: &PathBuf| path.file_name()?.to_str()?.parse::<u32>().ok();
    let newest = versions
        .map(|entry| entry.path())
        .filter(|path| path.join("bin").join(name).exists())
        .max_by_key(number);
    newest.map_or_else(|| name.into(), |path| path.join("bin").join(name))
}

/// A program of the server's, run as its user in its directory.
fn servers_own(name: &str, directory: &Path) -> Command {
    let mut command = Command::new(program(name));
    command.current_dir(directory).env("HOME", directory).env("TMPDIR", directory);
    command.stdin(Stdio::null()).stdout(Stdio::null());
    if geteuid().is_root() {
        let nobody = User::from_name("nobody").expect("users").expect("there is a `nobody`");
        let (user, group) = (nobody.uid.as_raw(), nobody.gid.as_raw());
        std::os::unix::fs::chown(directory, Some(user), Some(group)).expect("root may give");
        command.uid(user).gid(group);
    }
    command
}

impl Server {
    /// Makes a new server and waits until it answers.
    pub(super) fn start() -> Server {
        let directory = super::fresh_directory();
        let mut init = servers_own("initdb", &directory);
        init.args(["--pgdata=data", "--username=hb", "--auth=trust", "--no-sync"]);
        init.args(["--no-locale", "--encoding=UTF8"]);
        assert!(init.status().expect("initdb runs").success(), "{init:?}");
        let mut server = Server { directory, child: None };
        server.run();
        server
    }

    /// Starts it, where it was stopped, and waits until it answers.
    pub(super) fn run(&mut self) {
        self.run_unwaited();
        let began = Instant::now();
        let mut engine = Postgres::new(&self.url("")).expect("the address is right");
        while engine.begin(Way::Read).is_err() {
            assert!(began.elapsed() < PATIENCE, "{}", self.log());
            std::thread::sleep(LOOK_EVERY);
        }
    }

    /// Starts it.
    pub(super) fn run_unwaited(&mut self) {
        let log = std::fs::File::create(self.directory.join("log")).expect("a log");
        let mut command = servers_own("postgres", &self.directory);
        command.args(["-D", "data", "-F", "-c", "listen_addresses=", "-k"]).arg(&self.directory);
        self.child = Some(command.stderr(log).spawn().expect("the server can be started"));
    }

    /// Ends it at once, as a crash would; SIGQUIT is its word for that.
    pub(super) fn stop(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        self.signal_to(&child, Signal::SIGQUIT);
        let began = Instant::now();
        while matches!(child.try_wait(), Ok(None)) {
            if began.elapsed() > PATIENCE {
                let _ = child.kill();
                let _ = child.wait();
                return;
            }
            std::thread::sleep(LOOK_EVERY);
        }
    }

    fn signal_to(&self, child: &Child, signal: Signal) {
        let pid = i32::try_from(child.id()).expect("a process id fits");
        let _ = kill(Pid::from_raw(pid), signal);
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.directory.join("log")).unwrap_or_default()
    }

    /// Its address, with more behind it.
    pub(super) fn url(&self, more: &str) -> String {
        format!("postgres://hb@/postgres?host={}{more}", self.directory.display())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}
