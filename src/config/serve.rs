//! The file of `hb serve --config`: where it listens, where its data is, how long it keeps what.
//!
//! As with the other file every mistake is told at once with its line; but here a mistake is a reason not
//! to start. A receiver that ignores half of its configuration is found out on the worst day.

use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::de::{DeTable, DeValue};

use crate::config::mistake::Mistake;
use crate::config::notes::Notes;
use crate::config::read::{self, Unread};
use crate::config::syntax;
use crate::config::value::Member;
use crate::domain::nearest::nearest;
use crate::domain::proxies::Network;

/// More than any hand-written file needs.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// The keys at the top.
const KEYS: &[&str] = &[
    "listen",
    "data",
    "database",
    "public_url",
    "trust_proxy",
    "smtp",
    "watched_by",
    "ca_file",
    "allow_commands",
    "log_format",
    "keep",
    "tls",
];

/// The keys of `[tls]`.
const TLS_KEYS: &[&str] = &["cert", "key"];

/// The keys of `[keep]`.
const KEEP_KEYS: &[&str] = &["failures", "successes", "events", "history"];

/// What the file says; nothing where it says nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ServeFile {
    /// Where to listen.
    pub(crate) listen: Option<Vec<String>>,
    /// The directory of the data.
    pub(crate) data: Option<PathBuf>,
    /// The URL of a PostgreSQL.
    pub(crate) database: Option<String>,
    /// What stands in front of paths.
    pub(crate) public_url: Option<String>,
    /// The proxies to believe.
    pub(crate) trust_proxy: Option<Vec<Network>>,
    /// Where to take pings as mails.
    pub(crate) smtp: Option<String>,
    /// Who is pinged while all is well.
    pub(crate) watched_by: Option<String>,
    /// The certificate with its chain.
    pub(crate) tls_cert: Option<PathBuf>,
    /// Its key.
    pub(crate) tls_key: Option<PathBuf>,
    /// Certificates that channels trust besides.
    pub(crate) ca_file: Option<PathBuf>,
    /// Whether channels may run commands.
    pub(crate) allow_commands: Option<bool>,
    /// How log lines look.
    pub(crate) log_format: Option<String>,
    /// How long what is kept.
    pub(crate) keep: KeepFile,
}

/// How long what is kept.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct KeepFile {
    /// The output of runs that went badly.
    pub(crate) failures: Option<Duration>,
    /// The output of runs that went well.
    pub(crate) successes: Option<Duration>,
    /// Events.
    pub(crate) events: Option<Duration>,
    /// Changes, incidents and how people were told.
    pub(crate) history: Option<Duration>,
}

impl ServeFile {
    /// The keys that are other than in `newer` and count only at the next start. The contents of a
    /// certificate are read again, its names are not.
    pub(crate) fn fixed_keys_changed(&self, newer: &ServeFile) -> Vec<&'static str> {
        let keys = [
            ("listen", self.listen != newer.listen),
            ("data", self.data != newer.data),
            ("database", self.database != newer.database),
            ("smtp", self.smtp != newer.smtp),
            ("watched_by", self.watched_by != newer.watched_by),
            ("tls.cert", self.tls_cert != newer.tls_cert),
            ("tls.key", self.tls_key != newer.tls_key),
            ("ca_file", self.ca_file != newer.ca_file),
            ("allow_commands", self.allow_commands != newer.allow_commands),
            ("log_format", self.log_format != newer.log_format),
        ];
        keys.into_iter().filter_map(|(key, is_other)| is_other.then_some(key)).collect()
    }
}

/// Reads the file, or tells everything that is wrong in it.
pub(crate) fn read(path: &Path) -> Result<ServeFile, Vec<Mistake>> {
    let file = read::small_file(path, FILE_BYTES_MAX).map_err(|error| {
        let why = match error {
            Unread::Absent => "there is no such file".to_owned(),
            Unread::Because(why) => why,
        };
        vec![Mistake::of_file(path, why)]
    })?;
    let text = String::from_utf8(file.bytes)
        .map_err(|_| vec![Mistake::of_file(path, "it is not UTF-8 text")])?;
    let (tree, errors) = DeTable::parse_recoverable(&text);
    let mut notes = Notes::new(&text, file.mode & 0o077 != 0);
    notes.syntax(syntax::problems(&text, errors));
    let read = walk(tree.get_ref(), &mut notes);
    if notes.mistakes.is_empty() {
        return Ok(read);
    }
    notes.mistakes.sort_by_key(|note| note.offset);
    let told = notes.mistakes.into_iter().map(|note| Mistake {
        file: path.to_owned(),
        line: note.line,
        message: note.message,
        hint: note.hint,
    });
    Err(told.collect())
}

fn walk(table: &DeTable<'_>, notes: &mut Notes<'_>) -> ServeFile {
    let mut file = ServeFile::default();
    for (key, value) in table {
        if notes.is_bad(&(key.span().start..value.span().end)) {
            continue;
        }
        let member = Member { key: key.get_ref(), value };
        match member.key {
            "listen" => file.listen = notes.texts(&member),
            "data" => file.data = notes.text(&member).map(PathBuf::from),
            "database" => {
                file.database = notes.text(&member);
                if notes.readable_by_others {
                    let why = "`database` may hold a password, and others can read this file";
                    let hint = Some("chmod 600 the file, or write `file:PATH`".to_owned());
                    let harmless =
                        file.database.as_ref().is_none_or(|url| url.starts_with("file:"));
                    if !harmless {
                        notes.wrong_with_hint(member.offset(), why, hint);
                    }
                }
            }
            "public_url" => file.public_url = notes.text(&member),
            "trust_proxy" => {
                file.trust_proxy = notes
                    .list(&member, |notes, item| notes.parsed(item, "network", Network::parse));
            }
            "smtp" => file.smtp = notes.text(&member),
            "watched_by" => file.watched_by = notes.text(&member),
            "tls" => tls(&member, notes, &mut file),
            "ca_file" => file.ca_file = notes.path(&member),
            "allow_commands" => file.allow_commands = notes.flag(&member),
            "log_format" => {
                let known = [("text", "text"), ("json", "json")];
                file.log_format = notes.word(&member, &known).map(str::to_owned);
            }
            "keep" => file.keep = keep(&member, notes),
            _ => unknown(notes, &member, key.span().start, KEYS),
        }
    }
    file
}

fn tls(member: &Member<'_>, notes: &mut Notes<'_>, file: &mut ServeFile) {
    let DeValue::Table(table) = member.value.get_ref() else {
        return notes.wrong_type(member, "a table");
    };
    for (key, value) in table {
        let member = Member { key: key.get_ref(), value };
        match member.key {
            "cert" => file.tls_cert = notes.path(&member),
            "key" => file.tls_key = notes.path(&member),
            _ => unknown(notes, &member, key.span().start, TLS_KEYS),
        }
    }
}

fn keep(member: &Member<'_>, notes: &mut Notes<'_>) -> KeepFile {
    let mut keep = KeepFile::default();
    let DeValue::Table(table) = member.value.get_ref() else {
        notes.wrong_type(member, "a table");
        return keep;
    };
    for (key, value) in table {
        let member = Member { key: key.get_ref(), value };
        match member.key {
            "failures" => keep.failures = notes.positive_ms(&member),
            "successes" => keep.successes = notes.positive_ms(&member),
            "events" => keep.events = notes.positive_ms(&member),
            "history" => keep.history = notes.positive_ms(&member),
            _ => unknown(notes, &member, key.span().start, KEEP_KEYS),
        }
    }
    keep
}

fn unknown(notes: &mut Notes<'_>, member: &Member<'_>, offset: usize, known: &[&str]) {
    let near = nearest(member.key, known.iter().copied());
    let hint = near.map(|near| format!("did you mean `{near}`?"));
    notes.wrong_with_hint(offset, format!("unknown key `{}`", member.key.escape_debug()), hint);
}
