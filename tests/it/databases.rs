//! PostgreSQL and MariaDB dumped through `hb`, from real servers that live as long as the test.
//!
//! A server keeps its data and its socket in a temporary home, listens to no network, and trusts
//! whoever reaches the socket. Both refuse to run as root, so root hands them to `nobody`; other
//! people run them themselves. Other programs of theirs, `hb` included, run as the tester.
//!
//! The hard part is to leave nothing behind: a [`Server`] ends what it started when it goes out of
//! scope, also of a test that failed, and waits until that has ended. It must be declared after the
//! home that it lives in, which is removed later then.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, User, geteuid};
use serde_json::{Value, json};

use crate::hb::{Home, Seen};

/// How long a server may take to answer, or to end: a busy machine, not a usual one.
const PATIENCE: Duration = Duration::from_secs(60);

/// The pause between two looks at a server.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Looks until something is so; says whether that came in time.
fn wait_until(mut is_so: impl FnMut() -> bool) -> bool {
    let began = Instant::now();
    loop {
        if is_so() {
            return true;
        }
        if began.elapsed() > PATIENCE {
            return false;
        }
        std::thread::sleep(LOOK_EVERY);
    }
}

/// A directory of the home that the server's user owns.
fn own_directory(home: &Home) -> PathBuf {
    let path = home.path("server");
    std::fs::create_dir(&path).expect("a directory can be made");
    if let Some(nobody) = nobody() {
        std::os::unix::fs::chown(&path, Some(nobody.uid.as_raw()), Some(nobody.gid.as_raw()))
            .expect("root may give directories away");
    }
    path
}

/// Whom root runs servers as; nobody but the tester when that is not root.
fn nobody() -> Option<User> {
    geteuid().is_root().then(|| {
        User::from_name("nobody").expect("users can be looked up").expect("there is a `nobody`")
    })
}

/// A program that is run as the server's user, in the server's directory. Its temporary files are
/// there too: a MariaDB that starts deletes those of any other that shares its place.
fn servers_own(home: &Home, program: impl AsRef<Path>) -> Command {
    let mut command = home.program(program.as_ref());
    let directory = home.path("server");
    command.current_dir(&directory).env("HOME", &directory).env("TMPDIR", &directory);
    if let Some(nobody) = nobody() {
        command.uid(nobody.uid.as_raw()).gid(nobody.gid.as_raw());
    }
    command
}

/// Runs a command that must work.
fn must(command: &mut Command) {
    let seen = Seen::of(command);
    assert_eq!(seen.status, 0, "{command:?}: {seen:?}");
}

/// A running server.
pub(crate) struct Server {
    child: Child,
    end_with: Signal,
    directory: PathBuf,
}

impl Server {
    /// Starts a server and waits until `asks_it` succeeds.
    fn start(mut server: Command, end_with: Signal, mut asks_it: Command) -> Server {
        let directory = server.get_current_dir().expect("a directory").to_owned();
        let log = directory.join("log");
        let file = std::fs::File::create(&log).expect("a log can be written");
        server.stdin(Stdio::null()).stdout(Stdio::null()).stderr(file);
        let child = server.spawn().expect("the server can be started");
        let mut server = Server { child, end_with, directory };
        let is_ready = wait_until(|| {
            let ended = server.child.try_wait().expect("a child can be waited for");
            assert!(
                ended.is_none(),
                "{ended:?}: {}",
                std::fs::read_to_string(&log).expect("a log")
            );
            Seen::of(&mut asks_it).status == 0
        });
        assert!(is_ready, "{asks_it:?}: {}", std::fs::read_to_string(&log).expect("a log"));
        server
    }

    /// All of its processes hear this, the first one first: it would start others.
    pub(crate) fn signal(&self, signal: Signal) {
        let first = i32::try_from(self.child.id()).expect("a process id fits");
        let children = format!("/proc/{first}/task/{first}/children");
        let _ = kill(Pid::from_raw(first), signal);
        let children = std::fs::read_to_string(children).unwrap_or_default();
        for child in children.split_whitespace().filter_map(|pid| pid.parse().ok()) {
            let _ = kill(Pid::from_raw(child), signal);
        }
    }

    /// Ends it as the death of its machine would, and waits until it is gone.
    pub(crate) fn crash(mut self) {
        self.signal(Signal::SIGSTOP);
        self.signal(Signal::SIGKILL);
        let _ = self.child.wait();
        // The one thing that a PostgreSQL leaves outside of its directory then; the pid file names it.
        let file = std::fs::read_to_string(self.directory.join("data/postmaster.pid"));
        let file = file.unwrap_or_default();
        if let Some(id) = file.lines().nth(6).and_then(|line| line.split_whitespace().nth(1)) {
            must(Command::new("ipcrm").args(["--shmem-id", id]));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if !matches!(self.child.try_wait(), Ok(None)) {
            return;
        }
        let pid = i32::try_from(self.child.id()).expect("a process id fits");
        let _ = kill(Pid::from_raw(pid), Signal::SIGCONT);
        let _ = kill(Pid::from_raw(pid), self.end_with);
        if !wait_until(|| !matches!(self.child.try_wait(), Ok(None))) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// A program of PostgreSQL's server. Debian keeps these out of PATH, in one folder per version; the
/// newest one counts, as it does for Debian's `pg_dump`.
fn postgresql(program: &str) -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let number = |path: &PathBuf| path.file_name()?.to_str()?.parse::<u32>().ok();
    let newest = versions
        .map(|entry| entry.path())
        .filter(|path| path.join("bin").join(program).exists())
        .max_by_key(number);
    newest.map_or_else(|| program.into(), |path| path.join("bin").join(program))
}

/// PostgreSQL in this home, with a database `shop` of two tables.
pub(crate) fn start_postgresql(home: &Home) -> Server {
    start_postgresql_on(home, "")
}

/// The same, reached also by everybody in this network, such as `10.0.0.0/8`.
pub(crate) fn start_postgresql_on(home: &Home, network: &str) -> Server {
    own_directory(home);
    must(servers_own(home, postgresql("initdb")).args([
        "--pgdata=data",
        "--username=hb",
        "--auth=trust",
        "--no-sync",
        "--no-locale",
        "--encoding=UTF8",
    ]));
    let (listen, who) = match network {
        "" => ("", String::new()),
        network => ("*", format!("host all all {network} trust\n")),
    };
    append(home, "postgresql.conf", &format!("listen_addresses = '{listen}'\n"));
    append(home, "pg_hba.conf", &who);
    let server = start_again(home);
    must(&mut psql(home, "postgres", "create database shop"));
    must(&mut psql(
        home,
        "shop",
        "create table goods (name text); insert into goods values ('pear'); \
         create table orders (number int); insert into orders values (7)",
    ));
    server
}

/// Adds lines to a file of the server's configuration.
fn append(home: &Home, name: &str, lines: &str) {
    use std::io::Write;
    let file = std::fs::OpenOptions::new().append(true).open(home.path("server/data").join(name));
    file.and_then(|mut file| file.write_all(lines.as_bytes())).expect("the file takes lines");
}

/// Starts the PostgreSQL of this home once more.
pub(crate) fn start_again(home: &Home) -> Server {
    let mut server = servers_own(home, postgresql("postgres"));
    server.args(["-D", "data", "-F", "-c", "dynamic_shared_memory_type=mmap", "-k"]);
    server.arg(home.path("server"));
    // SIGQUIT is its immediate shutdown; after SIGKILL its shared memory would stay.
    Server::start(server, Signal::SIGQUIT, psql(home, "postgres", "select 1"))
}

/// A copy of the first home's PostgreSQL in the second one, which follows it. A commit of the first is
/// acknowledged when the copy has it, too.
pub(crate) fn start_standby(first: &Home, second: &Home) -> Server {
    own_directory(second);
    let mut copy = servers_own(second, postgresql("pg_basebackup"));
    copy.args(["--pgdata=data", "--write-recovery-conf", "--checkpoint=fast", "--no-sync"]);
    must(copy.arg("--username=hb").arg("--host").arg(first.path("server")));
    let standby = start_again(second);
    ask(first, "alter system set synchronous_standby_names = '*'");
    ask(first, "select pg_reload_conf()");
    let follows = "select count(*) from pg_stat_replication where sync_state = 'sync'";
    assert!(wait_until(|| ask(first, follows) == "1"), "it does not follow");
    standby
}

/// What the shop's database of this home answers, its fields without any decoration.
pub(crate) fn ask(home: &Home, query: &str) -> String {
    let seen = Seen::of(psql(home, "shop", query).args(["--tuples-only", "--no-align"]));
    assert_eq!(seen.status, 0, "{query}: {seen:?}");
    seen.stdout.trim().to_owned()
}

/// The socket of the PostgreSQL of this home.
pub(crate) fn socket(home: &Home) -> PathBuf {
    home.path("server").join(".s.PGSQL.5432")
}

fn psql(home: &Home, database: &str, query: &str) -> Command {
    let mut command = home.program("psql");
    command.arg("--host").arg(home.path("server"));
    command.args(["--no-psqlrc", "--username=hb", "--dbname", database, "--command", query]);
    command
}

/// MariaDB in this home, with a database `shop` of two tables and a view.
fn start_mariadb(home: &Home) -> Server {
    let directory = own_directory(home);
    let data = format!("--datadir={}", directory.join("data").display());
    let socket = format!("--socket={}", directory.join("socket").display());
    must(servers_own(home, "mariadb-install-db").args([
        "--no-defaults",
        &data,
        "--auth-root-authentication-method=normal",
        "--skip-test-db",
    ]));
    let mut server = servers_own(home, "mariadbd");
    server.args(["--no-defaults", "--skip-networking", &socket, &data]);
    let client = |program: &str, words: &[&str]| {
        let mut command = home.program(program);
        command.args(["--no-defaults", &socket, "--user=root"]).args(words);
        command
    };
    let server = Server::start(server, Signal::SIGKILL, client("mariadb-admin", &["ping"]));
    must(&mut client(
        "mariadb",
        &["--execute=create database shop; use shop; \
          create table goods (name text); insert into goods values ('pear'); \
          create table orders (number int); insert into orders values (7); \
          create view late as select * from orders"],
    ));
    server
}

/// Runs a dump through `hb` and compares its exit code, outcome, message and metrics.
fn check(home: &Home, line: &str, expected: (i32, &str, &str, Value)) -> (Seen, Value) {
    let words: Vec<&str> =
        ["run", "dump", "--"].into_iter().chain(line.split_whitespace()).collect();
    let mut command = home.hb(&words);
    let seen = Seen::of(command.env("PGHOST", home.path("server")).env("PGUSER", "hb"));
    let run = home.last_run();
    let (exit_code, outcome, message, metrics) = expected;
    assert_eq!(
        (seen.status, &run["outcome"], &run["message"], &run["metrics"]),
        (exit_code, &json!(outcome), &json!(message), &metrics),
        "{line}: {seen:?}"
    );
    (seen, run)
}

/// A dump that worked.
fn success(metrics: Value) -> (i32, &'static str, &'static str, Value) {
    (0, "success", "exited with 0", metrics)
}

/// The end of the output that `hb` kept.
fn tail(run: &Value) -> &str {
    run["tail"].as_str().expect("a tail")
}

#[test]
fn a_dump_of_postgresql_is_data_and_tells_its_tables() {
    let home = Home::new();
    let _server = start_postgresql(&home);
    let (seen, run) = check(&home, "pg_dump shop", success(json!({})));
    assert_eq!((&*seen.stderr, tail(&run)), ("", ""));
    assert!(seen.stdout.contains("\npear\n"), "{seen:?}");
    assert!(seen.stdout.contains("-- PostgreSQL database dump complete"), "{seen:?}");

    let (seen, run) = check(&home, "pg_dump -v shop", success(json!({"tables": 2})));
    assert!(seen.stdout.contains("\npear\n"), "{seen:?}");
    assert!(!tail(&run).contains("pear"), "the data is not kept: {run}");
    let line = "nice pg_dump --verbose -j 2 -Fd -f folder shop";
    check(&home, line, success(json!({"tables": 2})));
    check(&home, "pg_dump -v --schema-only shop", success(json!({"tables": 0})));
    check(&home, "pg_dumpall -v", success(json!({"tables": 2})));
}

#[test]
fn a_dump_of_postgresql_that_fails_says_so() {
    let home = Home::new();
    let server = start_postgresql(&home);
    let message = "pg_dump exited with 1: pg_dump failed: no connection, no permission, or a wrong \
                   option; the dump is incomplete";
    let failure = |metrics: Value| (1, "failure", message, metrics);
    let (_, run) = check(&home, "pg_dump -v nothere", failure(json!({})));
    assert!(tail(&run).contains("database \"nothere\" does not exist"), "{run}");
    let (_, run) = check(&home, "pg_dump -v -t nothere shop", failure(json!({"tables": 0})));
    assert!(tail(&run).contains("no matching tables were found"), "{run}");
    check(&home, "pg_dump --no-such-option shop", failure(json!({})));
    drop(server);
    check(&home, "pg_dump -v shop", failure(json!({})));
}

/// `mysqldump` is the name that MariaDB keeps for its old friends.
#[test]
fn a_dump_of_mariadb_is_data_and_tells_its_tables() {
    let home = Home::new();
    let _server = start_mariadb(&home);
    let options = "--no-defaults --socket=server/socket --user=root";
    for program in ["mariadb-dump", "mysqldump"] {
        let (seen, run) = check(&home, &format!("{program} {options} shop"), success(json!({})));
        assert_eq!((&*seen.stderr, tail(&run)), ("", ""));
        assert!(seen.stdout.contains("INSERT INTO `goods` VALUES"), "{seen:?}");
        assert!(seen.stdout.contains("-- Dump completed on"), "{seen:?}");

        let line = format!("{program} {options} -v --single-transaction shop");
        let (seen, run) = check(&home, &line, success(json!({"tables": 2})));
        assert!(seen.stdout.contains("INSERT INTO `goods` VALUES"), "{seen:?}");
        assert!(!tail(&run).contains("INSERT"), "the data is not kept: {run}");
        let line = format!("{program} {options} -v --no-data shop");
        check(&home, &line, success(json!({"tables": 0})));
    }
}

#[test]
fn a_dump_of_mariadb_that_fails_says_so() {
    let home = Home::new();
    let server = start_mariadb(&home);
    let options = "--no-defaults --socket=server/socket --user=root";
    let refused = "mysqldump exited with 2: no connection, refused (login, permission, missing \
                   database), or an unknown option";
    let absent = "mysqldump exited with 6: a table to dump does not exist or is not one";
    let unknown = "mysqldump exited with 7: an option is unknown to this version: client and server \
                   of different makes?";
    let used_wrongly = "mysqldump exited with 1: mysqldump was used wrongly or failed early";
    let full = "mysqldump exited with 5: the dump could not be written: disk full? (or an option \
                lacks its value)";
    for (words, exit_code, message, says) in [
        ("nothere", 2, refused, "Unknown database 'nothere'"),
        ("--password=wrong shop", 2, refused, "Access denied for user"),
        ("--no-such-option shop", 2, refused, "unknown option"),
        ("shop nothere", 6, absent, "Couldn't find table: \"nothere\""),
        ("--set-gtid-purged=OFF shop", 7, unknown, "unknown variable"),
        ("", 1, used_wrongly, ""),
        ("--result-file=/dev/full shop", 5, full, "Got errno 28 on write"),
    ] {
        let line = format!("mariadb-dump {options} {words}");
        let (_, run) = check(&home, &line, (exit_code, "failure", message, json!({})));
        assert!(tail(&run).contains(says), "{run}");
    }
    let line = format!("mariadb-dump {options} -v nothere");
    check(&home, &line, (2, "failure", refused, json!({"tables": 0})));
    drop(server);
    check(&home, &line, (2, "failure", refused, json!({"tables": 0})));
}
