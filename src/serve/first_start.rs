//! The first start: a project, its keys, and the private file that holds them.
//!
//! There is no default password and nothing to configure. What is made here is shown once, in a file that
//! only this user can read; the store has hashes. Keys that the environment gives are used instead, at
//! every start, so that a container with no memory of its own has the same keys again.

use std::path::PathBuf;
use std::sync::Arc;

use super::healthchecks;
use super::log::{Form, Level, Log};
use super::password::Password;
use super::run::{Settings, Stopped};
use super::runtime_file::RuntimeFile;
use super::secrets::{self, KeyKind};
use crate::store::projects::{self, Key, NewKey};
use crate::store::{Store, Trouble, Tx, meta};
use crate::sys::clock;
use crate::sys::files::PrivateDir;

/// The file with the keys, in the data directory.
const KEYS_FILE: &str = "keys";

/// The name of a key that a first start made.
const FIRST: &str = "first";

/// The name of one that the environment gives.
const GIVEN: &str = "given by the environment";

/// The shortest key that is taken: 128 bits need 22 letters.
const KEY_BYTES_MIN: usize = 16;

/// The shortest password.
const PASSWORD_BYTES_MIN: usize = 8;

/// Keys that are to be used instead of made ones.
#[derive(Clone, Default)]
pub(crate) struct GivenKeys {
    /// For pings.
    pub(crate) ping: Option<String>,
    /// For everything in the API.
    pub(crate) write: Option<String>,
    /// For reading.
    pub(crate) read: Option<String>,
    /// For the web page.
    pub(crate) admin: Option<String>,
    /// For the numbers of Healthchecks' API; kept nowhere.
    pub(crate) metrics: Option<String>,
}

impl GivenKeys {
    /// Says which of them cannot be used.
    pub(crate) fn check(&self) -> Result<(), String> {
        let long = [
            ("HB_PING_KEY", &self.ping, KEY_BYTES_MIN),
            ("HB_API_KEY", &self.write, KEY_BYTES_MIN),
            ("HB_API_KEY_READONLY", &self.read, KEY_BYTES_MIN),
            ("HB_ADMIN_PASSWORD", &self.admin, PASSWORD_BYTES_MIN),
            ("HB_METRICS_KEY", &self.metrics, KEY_BYTES_MIN),
        ];
        for (name, key, bytes_min) in long {
            if key.as_ref().is_some_and(|key| key.len() < bytes_min) {
                return Err(format!("`{name}` is shorter than {bytes_min} characters"));
            }
        }
        let in_a_path = |key: &String| {
            key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        };
        if self.ping.as_ref().is_some_and(|key| !in_a_path(key)) {
            return Err(
                "`HB_PING_KEY` takes letters, digits, `-` and `_`: it stands in URLs".into()
            );
        }
        Ok(())
    }

    /// Names those that clients of Healthchecks cannot use, for their API counts the letters.
    pub(crate) fn warn(&self, log: &Log) {
        let what = "a key that `/api/v1` to `/api/v3` do not take: there it has 32 letters";
        for (name, key) in [("HB_API_KEY", &self.write), ("HB_API_KEY_READONLY", &self.read)] {
            if key.as_ref().is_some_and(|key| key.chars().count() != healthchecks::KEY_CHARS) {
                log.warning(what, &[("variable", name)]);
            }
        }
    }

    fn get(&self, kind: KeyKind) -> Option<&String> {
        match kind {
            KeyKind::Ping => self.ping.as_ref(),
            KeyKind::Write => self.write.as_ref(),
            KeyKind::Read => self.read.as_ref(),
            KeyKind::Admin => self.admin.as_ref(),
        }
    }
}

/// The variables that give keys, and the lines of the file that holds them.
const NAMES: [(KeyKind, &str); 4] = [
    (KeyKind::Ping, "HB_PING_KEY"),
    (KeyKind::Write, "HB_API_KEY"),
    (KeyKind::Read, "HB_API_KEY_READONLY"),
    (KeyKind::Admin, "HB_ADMIN_PASSWORD"),
];

/// The keys as this start knows them.
pub(crate) struct Keys {
    project_id: i64,
    /// A password that is not stored yet.
    password: Option<String>,
    /// The ping key, where this start knows it.
    pub(crate) ping: Option<String>,
    /// Where the keys can be read.
    file: PathBuf,
    /// Whether keys were made now.
    made: bool,
    /// The file that tells this user's `hb run` where its receiver is.
    runtime_file: RuntimeFile,
    /// The variables that keys were taken from: those are not in the file.
    given: Vec<&'static str>,
}

/// What the addresses of badges are signed with: made once, so that they stay the same.
pub(crate) async fn badge_secret(store: &Store) -> Result<String, Stopped> {
    const NAME: &str = "badge_secret";
    let fresh = secrets::own().map_err(Stopped::new)?;
    let kept = store.write(move |tx| match meta::find(tx, NAME)? {
        Some(kept) => Ok(kept),
        None => meta::save(tx, NAME, &fresh).map(|()| fresh.clone()),
    });
    Ok(kept.await?)
}

/// Makes what is missing, and stores what was given.
pub(crate) async fn prepare(store: &Store, settings: &Settings) -> Result<Keys, Stopped> {
    let directory = PrivateDir::open(&settings.data_dir).map_err(|error| Stopped {
        why: format!("cannot use the directory `{}`: {error}", settings.data_dir.display()),
        hint: Some("it must belong to this user alone; `--data DIR` names another".to_owned()),
    })?;
    let file = settings.data_dir.join(KEYS_FILE);
    let project_id = store.write(|tx| project(tx)).await?;
    let known = store.read(move |tx| projects::keys(tx, project_id)).await?;
    let mut lines = kept_lines(&directory);
    let (mut made, mut new, mut password) = (false, Vec::new(), None);
    for (kind, name) in NAMES {
        let in_file = lines.iter().find(|(known, _)| known == name).map(|(_, key)| key.clone());
        let key = match settings.keys.get(kind) {
            Some(given) => given.clone(),
            None if known.iter().any(|key| is_kept(key, kind)) => continue,
            // Hashing one takes so long that an earlier start may have ended between file and store. Of
            // the other kinds one that is in the file alone was removed.
            None if kind == KeyKind::Admin => match in_file {
                Some(password) => password,
                None => secrets::password().map_err(Stopped::new)?,
            },
            None => kind.mint().map_err(Stopped::new)?,
        };
        if settings.keys.get(kind).is_none() {
            made = true;
            lines.retain(|(known, _)| known != name);
            lines.push((name.to_owned(), key.clone()));
        }
        match kind {
            KeyKind::Admin => password = Some(key),
            KeyKind::Ping | KeyKind::Read | KeyKind::Write => {
                let name = if settings.keys.get(kind).is_some() { GIVEN } else { FIRST };
                new.push(stored(project_id, kind, (name, &key)))
            }
        }
    }
    if made {
        // The file comes first: a key that is stored and that nobody can read is lost.
        let text: String = lines.iter().map(|(name, key)| format!("{name}={key}\n")).collect();
        directory.replace(KEYS_FILE, text.as_bytes()).map_err(|error| {
            Stopped::new(format!("cannot write the keys to `{}`: {error}", file.display()))
        })?;
    }
    store.write(move |tx| new.iter().try_for_each(|key| keep_key(tx, project_id, key))).await?;
    let ping =
        settings.keys.ping.clone().or_else(|| {
            lines.into_iter().find(|(name, _)| name == "HB_PING_KEY").map(|(_, key)| key)
        });
    let named = |(kind, name)| settings.keys.get(kind).is_some().then_some(name);
    let given = NAMES.into_iter().filter_map(named).collect();
    Ok(Keys { ping, project_id, password, file, made, runtime_file: RuntimeFile::default(), given })
}

/// Keeps a key. One that the environment gives is there already from the second start on, and what it gave
/// before for the same is over: who gives another key does so because the old one is known too widely.
fn keep_key(tx: &mut dyn Tx, project_id: i64, key: &NewKey) -> Result<(), Trouble> {
    if key.name == GIVEN {
        for old in projects::keys(tx, project_id)? {
            let is_of_then = old.about.name == GIVEN && old.about.kind == key.kind;
            if is_of_then && old.about.hash != key.hash {
                projects::delete_key(tx, project_id, old.id)?;
            }
        }
    }
    if projects::key_by_hash(tx, &key.hash)?.is_none() {
        projects::insert_key(tx, key, clock::now())?;
    }
    Ok(())
}

/// Stores a password. Hashing one takes a good part of a second on purpose, so nothing waits for it.
pub(crate) async fn keep_password(store: Store, keys: Arc<Keys>) -> Result<(), Trouble> {
    let Some(password) = keys.password.clone() else { return Ok(()) };
    let project_id = keys.project_id;
    let known = store.read(move |tx| projects::keys(tx, project_id)).await?;
    let known: Vec<_> = known.into_iter().filter(secrets::is_of_password).collect();
    let hashes: Vec<String> = known.iter().map(|key| key.about.hash.clone()).collect();
    let hashed = tokio::task::spawn_blocking(move || {
        let is_known = hashes.iter().any(|hash| secrets::is_password(hash, &password));
        if is_known { Ok(None) } else { secrets::hash_password(&password).map(Some) }
    });
    let hashed = hashed.await.map_err(|error| Trouble::Ours(error.to_string()))?;
    let Some(hash) = hashed.map_err(Trouble::Unavailable)? else { return Ok(()) };
    let new = NewKey { hash, ..stored(project_id, KeyKind::Admin, (FIRST, "")) };
    store
        .write(move |tx| {
            for key in &known {
                projects::delete_key(tx, project_id, key.id)?;
            }
            projects::insert_key(tx, &new, clock::now()).map(drop)
        })
        .await
}

/// The project that everything belongs to where nobody has made another.
fn project(tx: &mut dyn Tx) -> Result<i64, Trouble> {
    match projects::all(tx)?.first() {
        Some(project) => Ok(project.id),
        None => {
            let uuid = secrets::uuid().map_err(Trouble::Ours)?;
            projects::insert(tx, &uuid, "default", "default", clock::now())
        }
    }
}

/// Whether it is what this start would make.
fn is_kept(key: &Key, kind: KeyKind) -> bool {
    key.about.kind == kind.word()
        && (kind == KeyKind::Admin) == secrets::is_of_password(key)
        && key.about.expires_at.is_none()
}

fn stored(project_id: i64, kind: KeyKind, (name, key): (&str, &str)) -> NewKey {
    NewKey {
        project_id,
        kind: kind.word().to_owned(),
        name: name.to_owned(),
        prefix: if kind == KeyKind::Admin { String::new() } else { secrets::mark(key) },
        hash: secrets::hash(key),
        expires_at: None,
        scope: None,
    }
}

/// What the file of an earlier start says.
fn kept_lines(directory: &PrivateDir) -> Vec<(String, String)> {
    let bytes = directory.read(KEYS_FILE, 64 * 1024).unwrap_or_default();
    String::from_utf8_lossy(&bytes)
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(name, key)| (name.to_owned(), key.to_owned()))
        .collect()
}

impl Keys {
    /// Says the password, where this start knows it.
    pub(crate) fn tell_password(&self, known: &Password) {
        if let Some(password) = &self.password {
            known.know(password);
        }
    }

    /// Says where the keys are, when they are new, and what comes next. No key is ever said, so that
    /// none stands in a log: the line to paste takes it out of the file.
    pub(crate) fn announce(&self, log: &Log, url: &str) {
        if !self.made {
            return;
        }
        let place = self.file.display().to_string();
        log.info(
            "made the first keys; they stand in this file and nowhere else",
            &[("file", &place)],
        );
        if !self.given.is_empty() {
            let given = self.given.join(", ");
            log.info("took the other keys as they were given", &[("variables", &given)]);
        }
        if log.form != Form::Text || log.level < Level::Info {
            return;
        }
        let is_given = |name: &str| self.given.contains(&name);
        let schedule = "--schedule '0 3 * * *'";
        let monitor = format!("--monitor nightly {schedule}");
        log.bare(&match is_given("HB_API_KEY") {
            // `hb init` takes the key out of the file, the others take the variable as well.
            true => format!("next, here:      hb monitor add nightly {schedule}"),
            false => format!("next, here:      hb init {monitor}"),
        });
        let keys = match is_given("HB_API_KEY") || is_given("HB_PING_KEY") {
            true => "A-FILE-WITH-HB_PING_KEY=-AND-HB_API_KEY=",
            false => "A-COPY-OF-THAT-FILE",
        };
        log.bare(&format!("on other hosts:  hb init --server {url} --key-file {keys} {monitor}"));
        if url.starts_with("http") {
            let key = match is_given("HB_PING_KEY") {
                true if std::env::var_os("HB_PING_KEY").is_some() => "$HB_PING_KEY".to_owned(),
                true => "$(head -n 1 \"$HB_PING_KEY_FILE\")".to_owned(),
                false => format!("$(sed -n s/^HB_PING_KEY=//p '{place}')"),
            };
            log.bare(&format!("or plain curl:   curl -fsS \"{url}/ping/{key}/nightly?create=1\""));
        }
    }

    /// Leaves word for this user's `hb run`.
    pub(crate) fn leave_word(&self, url: &str, log: &Log) {
        if let Some(key) = &self.ping {
            self.runtime_file.leave((url, key), &self.file, log);
        }
    }

    /// Takes the word away.
    pub(crate) fn forget_runtime_file(&self) {
        self.runtime_file.forget();
    }
}
