//! `hb serve`: the receiver, settled from options, environment and files.

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, Subcommand};
use reqwest::Url;

use super::{arguments, exit, say, serve_copy, serve_unit};
use crate::config::mistake::Mistake;
use crate::config::serve::{self as config, ServeFile};
use crate::domain::proxies::{Network, Proxies};
use crate::domain::text;
use crate::serve::log::{Form, Level, Log};
use crate::serve::{self, Changeable, GivenKeys, Keep, Settings};
use crate::store::Place;
use crate::sys::tls_server::Pair;

/// Where the receiver listens when nobody says so: this host alone.
const LISTEN_DEFAULT: &str = "127.0.0.1:8787";

/// The longest file with a key in it.
const KEY_FILE_BYTES_MAX: u64 = 4096;

/// Receive pings, watch deadlines, alert people
#[derive(Args, Debug)]
pub(crate) struct ServeArguments {
    /// Listen here: `127.0.0.1:8787`, `[::]:8787`, port 0 for a free one, `unix:/run/hb/hb.sock` (repeatable) [env: HB_LISTEN]
    #[arg(long, value_name = "ADDR")]
    pub(super) listen: Vec<String>,
    /// Keep everything in this directory, in SQLite [default: ~/.local/share/hb] [env: HB_DATA_DIR]
    #[arg(long, value_name = "DIR", global = true)]
    pub(super) data: Option<PathBuf>,
    /// Keep everything in this PostgreSQL: `postgres://user@host/name`, `file:PATH` with it [env: HB_DATABASE]
    #[arg(long, value_name = "URL", global = true)]
    pub(super) database: Option<String>,
    /// What stands in front of the paths in ping URLs and messages [default: where it listens] [env: HB_PUBLIC_URL]
    #[arg(long, value_name = "URL")]
    pub(super) public_url: Option<String>,
    /// Speak TLS with this certificate and its chain, in PEM; read again at SIGHUP and when it changes [env: HB_TLS_CERT]
    #[arg(long, value_name = "FILE")]
    pub(super) tls_cert: Option<PathBuf>,
    /// The key of that certificate, in PEM [env: HB_TLS_KEY]
    #[arg(long, value_name = "FILE")]
    pub(super) tls_key: Option<PathBuf>,
    /// Believe these proxies about who asks: `10.0.0.0/8,fd00::1` (repeatable) [default: this host's] [env: HB_TRUST_PROXY]
    #[arg(long, value_name = "NETWORK", value_delimiter = ',')]
    pub(super) trust_proxy: Vec<String>,
    /// Take pings as mails to `<uuid>@…` here, such as `127.0.0.1:2525` [default: nowhere] [env: HB_SMTP]
    #[arg(long, value_name = "ADDR")]
    pub(super) smtp: Option<String>,
    /// Ping this URL every minute while all is well, so that somebody notices when it is not; `file:PATH` with it [env: HB_WATCHED_BY]
    #[arg(long, value_name = "URL")]
    pub(super) watched_by: Option<String>,
    /// Read this file: the same with underscores, and the tables `tls` (cert, key) and `keep`
    #[arg(long, value_name = "FILE", global = true)]
    pub(super) config: Option<PathBuf>,
    /// Trust the certificates in this file, too, when alerts are sent: a private CA's, or a mail server's own [env: HB_CA_FILE]
    #[arg(long, value_name = "FILE")]
    pub(super) ca_file: Option<PathBuf>,
    /// Let channels run commands of this host
    #[arg(long)]
    pub(super) allow_commands: bool,
    /// How log lines look: text, json
    #[arg(long, value_name = "FORM")]
    pub(super) log_format: Option<String>,
    /// Print a unit for systemd, hardened and with the other options, and stop
    #[arg(long)]
    print_unit: bool,
    #[command(subcommand)]
    action: Option<Action>,
}

/// What is done instead of serving.
#[derive(Subcommand, Debug)]
enum Action {
    /// Copy everything to a new file, also while the receiver runs
    Backup {
        /// The copy, which must not be there yet
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Put a copy in the place of a store that is not there
    Restore {
        /// The copy
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

/// Runs the command.
pub(crate) fn main(words: &[OsString]) -> i32 {
    let arguments: ServeArguments = match arguments::read("serve", words) {
        Ok(arguments) => arguments,
        Err(code) => return code,
    };
    if arguments.print_unit {
        return match serve_unit::unit(&arguments) {
            Ok((unit, said)) => {
                say::data(&unit);
                said.iter().for_each(say::warning);
                exit::OK
            }
            Err((why, hint)) => refuse((why, Some(hint))),
        };
    }
    let file = match file(arguments.config.as_deref()) {
        Ok(file) => file,
        Err(mistakes) => {
            for mistake in mistakes {
                say::error(&mistake);
                mistake.hint.iter().for_each(say::hint);
            }
            return exit::CONFIG;
        }
    };
    if let Some(action) = &arguments.action {
        let (place, _) = match place_of(&arguments, &file) {
            Ok(place) => place,
            Err(refused) => return refuse(refused),
        };
        return match action {
            Action::Backup { file } => serve_copy::backup(&place, file),
            Action::Restore { file } => serve_copy::restore(&place, file),
        };
    }
    let settings = match settle(arguments, file) {
        Ok(settings) => settings,
        Err(refused) => return refuse(refused),
    };
    match serve::run(settings) {
        Ok(()) => exit::OK,
        Err(stopped) => {
            say::error(stopped.why);
            stopped.hint.iter().for_each(say::hint);
            exit::FAILED
        }
    }
}

fn refuse((why, hint): Refused) -> i32 {
    say::error(why);
    hint.iter().for_each(say::hint);
    exit::USAGE
}

/// What cannot be settled: why, and what to do.
type Refused = (String, Option<String>);

/// The file of `--config`, or one that says nothing.
fn file(path: Option<&Path>) -> Result<ServeFile, Vec<Mistake>> {
    path.map_or_else(|| Ok(ServeFile::default()), config::read)
}

/// An option comes first, then the environment, then the file.
fn settle(arguments: ServeArguments, file: ServeFile) -> Result<Settings, Refused> {
    let (place, data_dir) = place_of(&arguments, &file)?;
    let listen = match arguments.listen.clone() {
        given if !given.is_empty() => given,
        _ => variable("HB_LISTEN")
            .map(|list| list.split(',').map(|one| one.trim().to_owned()).collect())
            .or(file.listen.clone())
            .unwrap_or_default(),
    };
    let form = arguments.log_format.as_deref().or(file.log_format.as_deref());
    let log = log(form)?;
    let said = Said { public_url: arguments.public_url, trust_proxy: arguments.trust_proxy };
    let (changeable, path) = (changeable(&said, &file)?, arguments.config);
    let first = file.clone();
    Ok(Settings {
        listen_default: listen.is_empty().then(|| LISTEN_DEFAULT.to_owned()),
        listen,
        smtp: arguments.smtp.or_else(|| variable("HB_SMTP")).or(file.smtp.clone()),
        watched_by: watched_by(
            arguments.watched_by.or_else(|| variable("HB_WATCHED_BY")).or(file.watched_by.clone()),
        )?,
        tls: pair(arguments.tls_cert, arguments.tls_key, &file)?,
        place,
        data_dir,
        changeable,
        ca_file: arguments
            .ca_file
            .or_else(|| variable("HB_CA_FILE").map(PathBuf::from))
            .or(file.ca_file),
        allow_commands: arguments.allow_commands || file.allow_commands == Some(true),
        keys: given_keys()?,
        log,
        reread: Box::new(move || reread(path.as_deref(), &said, &first)),
    })
}

/// Where the store is, and the directory for what stands beside it.
fn place_of(arguments: &ServeArguments, file: &ServeFile) -> Result<(Place, PathBuf), Refused> {
    let given = arguments.data.clone().or_else(|| variable("HB_DATA_DIR").map(PathBuf::from));
    let data_dir = match given.or(file.data.clone()) {
        Some(directory) => std::path::absolute(&directory).unwrap_or(directory),
        None => data_dir()?,
    };
    let database = arguments.database.clone().or_else(|| variable("HB_DATABASE"));
    let place = place(database.or(file.database.clone()), &data_dir)?;
    Ok((place, data_dir))
}

fn place(database: Option<String>, data_dir: &Path) -> Result<Place, Refused> {
    let Some(given) = database else { return Ok(Place::Sqlite(data_dir.to_owned())) };
    let url = or_in_file(given)?;
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        return Ok(Place::Postgres(url));
    }
    let hint = Some("write postgres://user@host/name, or --data DIR for SQLite".to_owned());
    Err(("`--database` takes the URL of a PostgreSQL".to_owned(), hint))
}

/// Whom to ping. The URL is a key, and is not shown.
fn watched_by(given: Option<String>) -> Result<Option<Url>, Refused> {
    let Some(given) = given else { return Ok(None) };
    let text = or_in_file(given)?;
    let url = Url::parse(&text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    let hint =
        || Some("write the ping URL of a monitor elsewhere, or file:PATH with it".to_owned());
    url.map(Some).ok_or_else(|| ("`--watched-by` takes an http or https URL".to_owned(), hint()))
}

/// The certificate and its key: both, or none.
fn pair(
    cert: Option<PathBuf>,
    key: Option<PathBuf>,
    file: &ServeFile,
) -> Result<Option<Pair>, Refused> {
    let given = |option: Option<PathBuf>, name: &str, file: &Option<PathBuf>| {
        option.or_else(|| variable(name).map(PathBuf::from)).or(file.clone())
    };
    let certificate = given(cert, "HB_TLS_CERT", &file.tls_cert);
    match (certificate, given(key, "HB_TLS_KEY", &file.tls_key)) {
        (Some(certificate), Some(key)) => Ok(Some(Pair { certificate, key })),
        (None, None) => Ok(None),
        (Some(_), None) => {
            Err(("a certificate needs its key".to_owned(), Some("add `--tls-key FILE`".into())))
        }
        (None, Some(_)) => {
            Err(("a key needs its certificate".to_owned(), Some("add `--tls-cert FILE`".into())))
        }
    }
}

/// What options say of what may change.
struct Said {
    public_url: Option<String>,
    trust_proxy: Vec<String>,
}

/// The proxies that an option or a variable names; none where neither does.
fn networks(said: &Said) -> Result<Option<Vec<Network>>, Refused> {
    let texts = match (said.trust_proxy.as_slice(), variable("HB_TRUST_PROXY")) {
        ([], None) => return Ok(None),
        ([], Some(list)) => list.split(',').map(str::to_owned).collect(),
        (given, _) => given.to_vec(),
    };
    let read = |text: &String| {
        Network::parse(text).map_err(|why| {
            let shown = text::excerpt(text.as_bytes());
            (format!("bad network `{shown}` for `--trust-proxy`: {why}"), None)
        })
    };
    texts.iter().map(read).collect::<Result<_, Refused>>().map(Some)
}

/// What may change while the receiver runs.
fn changeable(said: &Said, file: &ServeFile) -> Result<Changeable, Refused> {
    let public_url = said.public_url.clone().or_else(|| variable("HB_PUBLIC_URL"));
    let public_url = public_url.or(file.public_url.clone());
    let proxies = networks(said)?.or(file.trust_proxy.clone()).unwrap_or_default();
    let (own, keep) = (Keep::default(), &file.keep);
    Ok(Changeable {
        public_url: public_url.map(|url| checked_url(&url)).transpose()?,
        keep: Keep {
            failures: keep.failures.unwrap_or(own.failures),
            successes: keep.successes.unwrap_or(own.successes),
            events: keep.events.unwrap_or(own.events),
            history: keep.history.unwrap_or(own.history),
        },
        proxies: Arc::new(Proxies::new(proxies)),
        fixed: Vec::new(),
    })
}

/// The same, read again; what is wrong is one line. `first` is the file as it was at the start.
fn reread(path: Option<&Path>, said: &Said, first: &ServeFile) -> Result<Changeable, String> {
    let file = file(path).map_err(|mistakes| {
        let lines: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
        lines.join("; ")
    })?;
    let fixed = first.fixed_keys_changed(&file);
    let changed = changeable(said, &file).map_err(|(why, _)| why)?;
    Ok(Changeable { fixed, ..changed })
}

/// A variable that is set and not empty.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn data_dir() -> Result<PathBuf, Refused> {
    if nix::unistd::geteuid().is_root() && variable("XDG_DATA_HOME").is_none() {
        return Ok(PathBuf::from("/var/lib/hb-serve"));
    }
    directories::BaseDirs::new().map(|dirs| dirs.data_dir().join("hb")).ok_or_else(|| {
        let hint = Some("say where with `--data DIR` or `HB_DATA_DIR`".to_owned());
        ("this user has no home directory to keep the data in".to_owned(), hint)
    })
}

fn checked_url(url: &str) -> Result<String, Refused> {
    let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
    let host = rest.map(|rest| rest.split('/').next().unwrap_or_default());
    let hint = Some("write it as https://hb.example.org".to_owned());
    // What may be a password is not repeated.
    if host.is_some_and(|host| host.contains('@')) {
        return Err(("`--public-url` has a user in it, whom everybody would see".to_owned(), hint));
    }
    let shown = text::excerpt(url.as_bytes());
    // Paths are put behind it, which would be a part of a query.
    if url.contains(['?', '#']) {
        return Err((format!("`{shown}` for `--public-url` goes on behind its path"), hint));
    }
    let is_plain = !url.bytes().any(|byte| byte.is_ascii_whitespace() || byte.is_ascii_control());
    if host.is_some_and(|host| !host.is_empty()) && is_plain {
        return Ok(url.trim_end_matches('/').to_owned());
    }
    Err((format!("`{shown}` is no URL for `--public-url`"), hint))
}

/// The keys that the environment gives, each itself or in a file.
fn given_keys() -> Result<GivenKeys, Refused> {
    let given = |name: &str| -> Result<Option<String>, Refused> {
        match (variable(name), variable(&format!("{name}_FILE"))) {
            (Some(key), _) => Ok(Some(key)),
            (None, Some(path)) => file_line(&path).map(Some),
            (None, None) => Ok(None),
        }
    };
    let keys = GivenKeys {
        ping: given("HB_PING_KEY")?,
        write: given("HB_API_KEY")?,
        read: given("HB_API_KEY_READONLY")?,
        admin: given("HB_ADMIN_PASSWORD")?,
        metrics: given("HB_METRICS_KEY")?,
    };
    keys.check().map_err(|why| (why, None))?;
    Ok(keys)
}

/// A value, or the one in the file that it names: `file:PATH`.
fn or_in_file(given: String) -> Result<String, Refused> {
    match given.strip_prefix("file:") {
        Some(path) => file_line(path),
        None => Ok(given),
    }
}

/// The first line of a file that holds a secret. What is in it is never told.
fn file_line(path: &str) -> Result<String, Refused> {
    let shown = text::excerpt(path.as_bytes());
    let refused = |why: &str| (format!("cannot read `{shown}`: {why}"), None);
    let read = crate::config::read::small_file(path.as_ref(), KEY_FILE_BYTES_MAX);
    let file = read.map_err(|error| match error {
        crate::config::read::Unread::Absent => refused("there is no such file"),
        crate::config::read::Unread::Because(why) => refused(&why),
    })?;
    let text = String::from_utf8(file.bytes).map_err(|_| refused("it is not text"))?;
    let line = text.lines().next().unwrap_or_default().trim();
    if line.is_empty() { Err(refused("it is empty")) } else { Ok(line.to_owned()) }
}

fn log(form: Option<&str>) -> Result<Log, Refused> {
    let form = match form {
        Some("json") => Form::Json,
        Some("text") => Form::Text,
        Some(other) => {
            let shown = text::excerpt(other.as_bytes());
            return Err((format!("`--log-format` is text or json, not `{shown}`"), None));
        }
        None if variable("JOURNAL_STREAM").is_some() => Form::Journal,
        None => Form::Text,
    };
    let level = variable("HB_LOG").and_then(|word| Level::parse(&word)).unwrap_or(Level::Info);
    Ok(Log { level, form, write: |line| drop(std::io::stderr().write_all(&one_write(line))) })
}

/// A line with its end, so that it goes out in one piece.
fn one_write(line: &str) -> Vec<u8> {
    let mut bytes = line.as_bytes().to_vec();
    bytes.push(b'\n');
    bytes
}
