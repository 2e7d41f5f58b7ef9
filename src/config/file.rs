//! Reads one file: its text becomes settings, targets and notes about everything wrong in it.
//!
//! The table is walked by hand instead of being deserialised, because a deserialiser stops
//! at the first mistake, and a person who repairs a file at night wants all of them. Every
//! table is walked to its end, also one with a bad name whose content is then dropped.
//! Whether a named target exists is not decided here, since another file may define it.

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use crate::config::dialects;
use crate::config::find::ConfigFile;
use crate::config::member;
use crate::config::notes::{Note, Notes, Reference};
use crate::config::secret::SecretSource;
use crate::config::settings::Settings;
use crate::config::syntax;
use crate::config::target::TargetDraft;
use crate::config::value::{LIST_ITEMS_MAX, Member};
use crate::domain::dialect::Dialect;
use crate::domain::nearest::nearest;

const TOP_KEYS: &[&str] = &["defaults", "targets", "monitors", "dialects", "server"];

/// What one file says.
#[derive(Debug, Default)]
pub(crate) struct FileTree {
    /// The settings for all monitors.
    pub(crate) defaults: Settings,
    /// The targets, by name.
    pub(crate) targets: BTreeMap<String, TargetDraft>,
    /// The monitors, by name.
    pub(crate) monitors: BTreeMap<String, Settings>,
    /// The receiver whose management API is asked.
    pub(crate) server: TargetDraft,
    /// The dialects of its own; none where one is wrong.
    pub(crate) dialects: BTreeMap<String, Option<Dialect>>,
    /// The targets that are named in `to`.
    pub(crate) references: Vec<Reference>,
    /// The dialects that targets name.
    pub(crate) dialect_references: Vec<Reference>,
    /// What is wrong, in no particular order.
    pub(crate) mistakes: Vec<Note>,
    /// What works, but should be different.
    pub(crate) warnings: Vec<Note>,
}

/// Reads a file. Whatever is wrong in it is noted and left out.
pub(crate) fn read(file: &ConfigFile) -> FileTree {
    let (tree, errors) = DeTable::parse_recoverable(&file.text);
    if errors.is_empty() {
        return walk(tree.get_ref(), Notes::new(&file.text, file.readable_by_others));
    }
    let mended = syntax::mend(&file.text, &errors);
    let mut problems = syntax::problems(&file.text, errors);
    let Some(mended) = mended else {
        let mut notes = Notes::new(&file.text, file.readable_by_others);
        notes.syntax(problems);
        return walk(tree.get_ref(), notes);
    };
    // The mended text has the same lines, and more of it could be parsed, so it may have more
    // problems; what was told about a line already is not told again.
    let (tree, more) = DeTable::parse_recoverable(&mended);
    let mut fresh = syntax::problems(&mended, more);
    fresh.retain(|problem| {
        problems.binary_search_by_key(&problem.line, |known| known.line).is_err()
    });
    problems.append(&mut fresh);
    problems.sort_by_key(|problem| problem.line);
    let mut notes = Notes::new(&mended, file.readable_by_others);
    notes.syntax(problems);
    walk(tree.get_ref(), notes)
}

type Entry<'a, 'i> = (&'a Spanned<DeString<'i>>, &'a Spanned<DeValue<'i>>);

fn walk(table: &DeTable<'_>, mut notes: Notes<'_>) -> FileTree {
    let mut tree = FileTree::default();
    let notes_ref = &mut notes;
    for (key, value) in in_order(table) {
        let name = key.get_ref().as_ref();
        if !TOP_KEYS.contains(&name) {
            unknown(notes_ref, (key, value), TOP_KEYS, "");
            continue;
        }
        let Some(inner) = table_of(notes_ref, (key, value)) else {
            continue;
        };
        match name {
            "defaults" => tree.defaults = settings(notes_ref, inner, "defaults"),
            "targets" => targets(notes_ref, inner, &mut tree.targets),
            "dialects" => own_dialects(notes_ref, inner, &mut tree.dialects),
            "server" => tree.server = target(notes_ref, inner, "server", member::SERVER_KEYS),
            _ => monitors(notes_ref, inner, &mut tree.monitors),
        }
    }
    tree.references = notes.references;
    tree.dialect_references = notes.dialects;
    tree.mistakes = notes.mistakes;
    tree.warnings = notes.warnings;
    tree
}

fn targets(
    notes: &mut Notes<'_>,
    table: &DeTable<'_>,
    targets: &mut BTreeMap<String, TargetDraft>,
) {
    for (key, value) in in_order(table) {
        let Some(inner) = table_of(notes, (key, value)) else {
            continue;
        };
        let name = key.get_ref().as_ref();
        let line = notes.line(key.span().start);
        let section = format!("targets.{name}");
        let target = TargetDraft { line, ..target(notes, inner, &section, member::TARGET_KEYS) };
        if named(notes, key, "target") {
            targets.insert(name.to_owned(), target);
        }
    }
}

/// A table that says how to reach a server, of which it may have these keys.
fn target(notes: &mut Notes<'_>, table: &DeTable<'_>, section: &str, keys: &[&str]) -> TargetDraft {
    let mut target = TargetDraft::default();
    for (key, value) in in_order(table) {
        let member = Member { key: key.get_ref(), value };
        if notes.is_bad(&(key.span().start..value.span().end)) {
            target.url_dropped |= member.key == "url";
        } else if !keys.contains(&member.key) {
            unknown(notes, (key, value), keys, section);
        } else if member.key == "headers" {
            target.options.headers = headers(notes, (key, value));
        } else if member.key == "with" {
            target.with = dialects::with(notes, &member);
        } else if !member::set_target(&mut target, &member, notes) {
            unknown(notes, (key, value), keys, section);
        }
    }
    target
}

fn own_dialects(
    notes: &mut Notes<'_>,
    table: &DeTable<'_>,
    dialects: &mut BTreeMap<String, Option<Dialect>>,
) {
    for (key, value) in in_order(table) {
        let Some(inner) = table_of(notes, (key, value)) else {
            continue;
        };
        let (name, offset) = (key.get_ref().as_ref(), key.span().start);
        let dialect = dialects::read(notes, name, inner, offset);
        if named(notes, key, "dialect") {
            dialects.insert(name.to_owned(), dialect);
        }
    }
}

fn monitors(notes: &mut Notes<'_>, table: &DeTable<'_>, monitors: &mut BTreeMap<String, Settings>) {
    let mut seen: BTreeMap<String, (&str, usize)> = BTreeMap::new();
    for (key, value) in in_order(table) {
        let Some(inner) = table_of(notes, (key, value)) else {
            continue;
        };
        let name = key.get_ref().as_ref();
        let found = settings(notes, inner, &format!("monitors.{name}"));
        if !named(notes, key, "monitor") {
            continue;
        }
        // Some servers fold names to lower case, and there the two would be one. Both
        // are kept, because on other servers each is fine.
        let offset = key.span().start;
        if let Some((other, line)) = seen.get(&name.to_ascii_lowercase()) {
            let message =
                format!("monitor `{name}` differs only in case from `{other}` on line {line}");
            notes.wrong(offset, message);
        } else {
            seen.insert(name.to_ascii_lowercase(), (name, notes.line(offset)));
        }
        monitors.insert(name.to_owned(), found);
    }
}

fn settings(notes: &mut Notes<'_>, table: &DeTable<'_>, section: &str) -> Settings {
    let mut settings = Settings::default();
    for (key, value) in in_order(table) {
        let member = Member { key: key.get_ref(), value };
        let skip = notes.is_bad(&(key.span().start..value.span().end));
        if !skip && !member::set(&mut settings, &member, notes) {
            unknown(notes, (key, value), member::SETTINGS_KEYS, section);
        }
    }
    settings
}

fn headers(notes: &mut Notes<'_>, entry: Entry<'_, '_>) -> Option<BTreeMap<String, SecretSource>> {
    let table = table_of(notes, entry)?;
    let mut headers = BTreeMap::new();
    for (key, value) in in_order(table) {
        let (name, offset) = (key.get_ref().as_ref(), key.span().start);
        let member = Member { key: name, value };
        if notes.is_bad(&(offset..value.span().end)) {
            continue;
        }
        if !is_header_name(name) {
            notes.wrong(offset, format!("`{}` is not the name of a header", name.escape_debug()));
        } else if headers.len() == LIST_ITEMS_MAX {
            notes.wrong(offset, format!("`headers` has more than {LIST_ITEMS_MAX} members"));
            break;
        } else if let Some(source) = member::secret(notes, &member) {
            headers.insert(name.to_owned(), source);
        }
    }
    Some(headers)
}

/// A token as in RFC 9110, section 5.6.2.
pub(crate) fn is_header_name(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.len() <= 100 && name.bytes().all(fits)
}

/// The members in the order in which they stand in the file. The parser sorts them by name,
/// and "first" in a sentence must mean what a person sees.
fn in_order<'a, 'i>(table: &'a DeTable<'i>) -> Vec<Entry<'a, 'i>> {
    let mut entries: Vec<Entry<'a, 'i>> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}

fn table_of<'a, 'i>(notes: &mut Notes<'_>, (key, value): Entry<'a, 'i>) -> Option<&'a DeTable<'i>> {
    let table = value.get_ref().as_table();
    if table.is_none() && !notes.is_bad(&(key.span().start..value.span().end)) {
        notes.wrong_type(&Member { key: key.get_ref(), value }, "a table");
    }
    table
}

/// Notes a bad name of a target or monitor.
fn named(notes: &mut Notes<'_>, key: &Spanned<DeString<'_>>, what: &str) -> bool {
    let (name, offset) = (key.get_ref().as_ref(), key.span().start);
    let good = member::is_name(name);
    if !good && name.is_empty() {
        notes.wrong(offset, format!("the name of a {what} is empty"));
    } else if !good {
        let hint = "1 to 100 letters, digits, `.`, `_` and `-`, not beginning with `-` or `.`";
        let message = format!("bad name `{}` of a {what}", name.escape_debug());
        notes.wrong_with_hint(offset, message, Some(hint.to_owned()));
    }
    good
}

/// Notes an unknown key, and what it was probably meant to be.
fn unknown(notes: &mut Notes<'_>, (key, value): Entry<'_, '_>, known: &[&str], section: &str) {
    let (name, offset) = (key.get_ref().as_ref(), key.span().start);
    if notes.is_bad(&(offset..offset + name.len())) {
        return;
    }
    let quoted = || {
        let dotted = value.get_ref().is_table() && section.contains('.');
        let (kind, first) = section.split_once('.').filter(|_| dotted)?;
        Some(format!("a name with a dot is quoted: [{kind}.\"{first}.{name}\"]"))
    };
    let misplaced = || {
        let table = [("targets", member::TARGET_KEYS), ("defaults", member::SETTINGS_KEYS)];
        let (table, _) = table.into_iter().find(|(_, keys)| keys.contains(&name))?;
        let table =
            if table == "targets" { "[targets.NAME]" } else { "[defaults] and [monitors.NAME]" };
        Some(format!("it belongs in {table}"))
    };
    let near =
        || nearest(name, known.iter().copied()).map(|word| format!("did you mean `{word}`?"));
    let hint = notes.has_room().then(|| quoted().or_else(misplaced).or_else(near)).flatten();
    notes.wrong_with_hint(offset, format!("unknown key `{}`", name.escape_debug()), hint);
}
