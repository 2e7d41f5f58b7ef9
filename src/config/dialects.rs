//! `[dialects.NAME]`, a person's own way of spelling events, and `[targets.NAME.with]`, what a target
//! says to its dialect.
//!
//! A dialect with a mistake is not used at all: half of one might tell a receiver that all is well.
//! Which members a target may have depends on its dialect, and that may be recognised by an address
//! in another file, so [`settle`] looks at them when the files have been laid over each other.

use std::collections::BTreeMap;

use serde_json::Value;
use toml::de::{DeTable, DeValue};

use crate::config::member;
use crate::config::notes::Notes;
use crate::config::secret::SecretSource;
use crate::config::target::{TargetDraft, With};
use crate::config::value::{LIST_ITEMS_MAX, Member};
use crate::domain::address::Address;
use crate::domain::dialect::{self, Dialect, Place};
use crate::domain::nearest::nearest;

/// Something wrong with a target: its line, the layer of its file, what, and what to do about it.
pub(crate) struct Wrong {
    /// The line.
    pub(crate) line: usize,
    /// The layer of the file.
    pub(crate) layer: usize,
    /// What is wrong.
    pub(crate) message: String,
    /// What to do about it.
    pub(crate) hint: Option<String>,
}

/// Reads a dialect; none where anything in it is wrong.
pub(crate) fn read(
    notes: &mut Notes<'_>,
    name: &str,
    table: &DeTable<'_>,
    offset: usize,
) -> Option<Dialect> {
    if Dialect::names().any(|known| known == name) {
        let hint = Some("give it another name".to_owned());
        notes.wrong_with_hint(offset, format!("there is a dialect `{name}` already"), hint);
        return None;
    }
    let (service, mistakes) = dialect::read(name, table);
    if mistakes.is_empty() {
        // Read once per process, as the file is, and used until its end.
        return Some(Dialect::Table(dialect::keep(service)));
    }
    for mistake in mistakes {
        let at = if mistake.offset == 0 { offset } else { mistake.offset };
        notes.wrong_with_hint(at, mistake.message, mistake.hint);
    }
    None
}

/// Reads what a target says to its dialect.
pub(crate) fn with(
    notes: &mut Notes<'_>,
    member: &Member<'_>,
) -> BTreeMap<String, (With, usize, usize)> {
    let mut found = BTreeMap::new();
    let Some(table) = member.value.get_ref().as_table() else {
        notes.wrong_type(member, "a table");
        return found;
    };
    for (key, value) in table {
        let name = key.get_ref().as_ref();
        let member = Member { key: name, value };
        if notes.is_bad(&(key.span().start..value.span().end)) {
            continue;
        }
        if found.len() == LIST_ITEMS_MAX {
            notes.wrong(key.span().start, format!("`with` has more than {LIST_ITEMS_MAX} members"));
            break;
        }
        let value = match value.get_ref() {
            DeValue::String(_) => member::secret(notes, &member).map(With::Text),
            other => plain(other).map(With::Value).or_else(|| {
                notes.wrong_type(&member, "text, a number, or true or false");
                None
            }),
        };
        let line = notes.line(key.span().start);
        found.extend(value.map(|value| (name.to_owned(), (value, line, 0))));
    }
    found
}

/// A value that is no text of its own; a table of such values is one too.
fn plain(value: &DeValue<'_>) -> Option<Value> {
    Some(match value {
        DeValue::Boolean(flag) => Value::Bool(*flag),
        DeValue::Integer(number) => {
            Value::from(i64::from_str_radix(number.as_str(), number.radix()).ok()?)
        }
        DeValue::Float(number) => Value::from(number.as_str().parse::<f64>().ok()?),
        DeValue::String(text) => Value::from(text.as_ref()),
        DeValue::Table(table) => {
            let members = table
                .iter()
                .map(|(key, value)| Some((key.get_ref().to_string(), plain(value.get_ref())?)));
            Value::Object(members.collect::<Option<_>>()?)
        }
        DeValue::Array(_) | DeValue::Datetime(_) => return None,
    })
}

/// Takes what a target's dialect does not know out of it, and says what it lacks. False: it cannot
/// be used.
pub(crate) fn settle(
    name: &str,
    draft: &mut TargetDraft,
    layer: usize,
    own: &BTreeMap<String, Option<Dialect>>,
    wrong: &mut Vec<Wrong>,
) -> bool {
    let named = match draft.options.dialect.as_deref() {
        Some(known) => match (Dialect::parse(known), own.get(known)) {
            (Some(dialect), _) => Some(dialect),
            (None, Some(Some(dialect))) => Some(*dialect),
            // Its mistakes have been told.
            (None, Some(None)) => return false,
            (None, None) => {
                draft.options.dialect = None;
                None
            }
        },
        None => None,
    };
    if draft.url.is_none() {
        draft.url = named.and_then(Dialect::default_url).map(str::to_owned);
    }
    let Some(address) = draft.url.as_deref().and_then(|url| Address::parse(url).ok()) else {
        return true;
    };
    let has_key = draft.options.key.is_some();
    let place = Place { monitor_is_named: true, has_key };
    let recognised = || Dialect::recognise(&address, place).map(|(dialect, _)| dialect);
    let line = draft.line;
    let at_header =
        |message: String, hint: String| Wrong { line, layer, message, hint: Some(hint) };
    let Some(dialect) = named.or_else(recognised) else {
        let message = format!("target `{name}`: its address does not say what is spoken there");
        wrong.push(at_header(message, "add `dialect`, as in `dialect = \"statsd\"`".to_owned()));
        return false;
    };
    let known = dialect.parameters();
    let strange: Vec<String> =
        draft.with.keys().filter(|key| !known.contains(&key.as_str())).cloned().collect();
    for key in strange {
        let Some((_, line, layer)) = draft.with.remove(&key) else { continue };
        let hint = match nearest(&key, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if known.is_empty() => format!("{} takes none", dialect.name()),
            None => format!("{} takes: {}", dialect.name(), known.join(", ")),
        };
        let message = format!("unknown key `{}` in `with`", key.escape_debug());
        wrong.push(Wrong { line, layer, message, hint: Some(hint) });
    }
    check_words(draft, dialect, wrong);
    if has_key && dialect.key_parameter().is_none() {
        let message = format!("target `{name}` has a `key`, and {} takes none", dialect.name());
        wrong.push(at_header(message, "its key stands in its address".to_owned()));
    }
    let key = dialect.key_parameter().filter(|_| has_key);
    let has = |parameter: &str| draft.with.contains_key(parameter) || key == Some(parameter);
    let missing = dialect.missing(&address, &has);
    if let Some(parameter) = missing.first() {
        let message =
            format!("target `{name}` lacks `{parameter}`, which {} needs", dialect.name());
        let as_key = match dialect.key_parameter() == Some(parameter) {
            true => ", or `key`",
            false => "",
        };
        let hint = format!("write `with.{parameter} = \"…\"`{as_key}");
        wrong.push(at_header(message, hint));
    }
    missing.is_empty()
}

/// Takes out the members whose words cannot be used: a template with a variable that there is not, a
/// value that the dialect does not know.
fn check_words(draft: &mut TargetDraft, dialect: Dialect, wrong: &mut Vec<Wrong>) {
    draft.with.retain(|key, (value, line, layer)| {
        let text = match value {
            With::Text(SecretSource::Literal(text)) => text.expose().to_owned(),
            With::Value(value) => value.to_string(),
            With::Text(_) => return true,
        };
        let Some((why, hint)) = dialect.check_words(key, &text) else { return true };
        let message = format!("`with.{key}`: {why}");
        wrong.push(Wrong { line: *line, layer: *layer, message, hint });
        false
    });
}
