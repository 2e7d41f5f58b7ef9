//! The file of `hb monitor apply`: monitors by name, each member with its line, in TOML or JSON.
//!
//! What a member may be is the receiver's to say; here only that is refused which is no member at all:
//! a word outside of a monitor, a thing that is said twice, a date. A file with such a mistake is read
//! to its end all the same, so that the receiver can be asked about the rest.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use toml::de::{DeTable, DeValue};

use crate::config::notes::{Note, Notes};
use crate::config::places::{self, Place};
use crate::config::syntax;
use crate::domain::text;

/// What a file says.
#[derive(Debug, Default)]
pub(crate) struct MonitorsFile {
    /// The monitors in the order of the file.
    pub(crate) monitors: Vec<Written>,
    /// What is wrong with the file itself.
    pub(crate) mistakes: Vec<Note>,
}

/// One monitor as it is written.
#[derive(Debug, Default)]
pub(crate) struct Written {
    /// Its members; `slug` is among them.
    pub(crate) members: Map<String, Value>,
    /// Where it begins.
    pub(crate) line: usize,
    /// Where each member stands.
    lines: BTreeMap<String, usize>,
}

impl Written {
    /// The line of a member; the first of the monitor where that is not said.
    pub(crate) fn line_of(&self, member: &str) -> usize {
        self.lines.get(member).copied().unwrap_or(self.line)
    }
}

/// Reads TOML: `[monitors.nightly]`.
pub(crate) fn toml(text: &str) -> MonitorsFile {
    let (tree, errors) = DeTable::parse_recoverable(text);
    let mut notes = Notes::new(text, false);
    notes.syntax(syntax::problems(text, errors));
    let mut monitors = Vec::new();
    for (key, value) in tree.get_ref() {
        match (key.get_ref().as_ref(), value.get_ref()) {
            ("monitors", DeValue::Table(all)) => {
                for (name, value) in all {
                    match value.get_ref().as_table() {
                        Some(table) => {
                            let slug = name.get_ref().as_ref();
                            monitors.push(monitor(&mut notes, slug, name.span().start, table));
                        }
                        None if notes.is_bad(&value.span()) => {}
                        None => {
                            let slug = text::excerpt(name.get_ref().as_bytes());
                            let why = format!("`{slug}` is no table; write `[monitors.{slug}]`");
                            notes.wrong(name.span().start, why);
                        }
                    }
                }
            }
            _ if notes.is_bad(&key.span()) => {}
            (name, _) => {
                let shown = text::excerpt(name.as_bytes());
                let why = format!("`{shown}` means nothing here; a monitor is `[monitors.NAME]`");
                notes.wrong(key.span().start, why);
            }
        }
    }
    monitors.sort_by_key(|written| written.line);
    let mut mistakes = notes.mistakes;
    mistakes.sort_by_key(|note| note.line);
    MonitorsFile { monitors, mistakes }
}

fn monitor(notes: &mut Notes<'_>, slug: &str, at: usize, table: &DeTable<'_>) -> Written {
    let mut written = Written { line: notes.line(at), ..Written::default() };
    for (key, value) in table {
        let name = key.get_ref().as_ref();
        if notes.is_bad(&key.span()) {
            continue;
        }
        written.lines.insert(name.to_owned(), notes.line(key.span().start));
        match json_of(value.get_ref()) {
            Some(value) => {
                written.members.insert(name.to_owned(), value);
            }
            None => {
                let name = text::excerpt(name.as_bytes());
                notes.wrong(
                    value.span().start,
                    format!("`{name}` holds a date; write it in quotes"),
                );
            }
        }
    }
    if let Some(said) = written.members.get("slug").filter(|said| said.as_str() != Some(slug)) {
        let said = text::excerpt(said.to_string().as_bytes());
        let why = format!("the monitor is called `{slug}` above, and its `slug` is {said}");
        notes.wrong(at, why);
    }
    written.members.insert("slug".to_owned(), Value::from(slug));
    written
}

/// A value as JSON; none where a date is in it.
fn json_of(value: &DeValue<'_>) -> Option<Value> {
    Some(match value {
        DeValue::String(text) => Value::from(text.as_ref()),
        DeValue::Integer(number) => {
            let whole = i64::from_str_radix(number.as_str(), number.radix()).ok();
            whole.map_or_else(|| Value::from(number.as_str()), Value::from)
        }
        DeValue::Float(number) => Value::from(number.as_str().parse::<f64>().ok()?),
        DeValue::Boolean(flag) => Value::from(*flag),
        DeValue::Datetime(_) => return None,
        DeValue::Array(items) => {
            items.iter().map(|item| json_of(item.get_ref())).collect::<Option<Vec<Value>>>()?.into()
        }
        DeValue::Table(table) => {
            let members = table.iter().map(|(key, value)| {
                Some((key.get_ref().as_ref().to_owned(), json_of(value.get_ref())?))
            });
            Value::Object(members.collect::<Option<Map<String, Value>>>()?)
        }
    })
}

/// Reads JSON: `{"monitors": [{"slug": "nightly"}]}`, or with the names as members.
pub(crate) fn json(text: &str) -> MonitorsFile {
    let mut notes = Notes::new(text, false);
    let mut monitors = Vec::new();
    match serde_json::from_str::<Value>(text) {
        Ok(whole) => all(&mut notes, text, &whole, &mut monitors),
        Err(error) => {
            let (line, column) = (error.line(), error.column());
            let words = error.to_string();
            let why = words.split(" at line ").next().unwrap_or_default();
            let message = format!("it is no JSON: {why}, column {column}");
            notes.mistakes.push(Note { line: line.max(1), offset: 0, message, hint: None });
        }
    }
    MonitorsFile { monitors, mistakes: notes.mistakes }
}

fn all(notes: &mut Notes<'_>, text: &str, whole: &Value, monitors: &mut Vec<Written>) {
    const SHAPE: &str = "a file of monitors is {\"monitors\": [{\"slug\": \"nightly\"}]}";
    let Some(members) = whole.as_object() else {
        notes.wrong(0, SHAPE);
        return;
    };
    let places = places::below(text, 0);
    twice(notes, &places);
    for place in &places {
        match (place.name.as_str(), members.get(&place.name)) {
            ("monitors", Some(Value::Array(items))) => {
                for (place, item) in places::below(text, place.value_at).iter().zip(items) {
                    match item.as_object() {
                        Some(item) => monitors.push(object(notes, text, place.value_at, item)),
                        None => notes.wrong(place.at, SHAPE),
                    }
                }
            }
            ("monitors", Some(Value::Object(items))) => {
                let places = places::below(text, place.value_at);
                twice(notes, &places);
                for place in &places {
                    match items.get(&place.name).and_then(Value::as_object) {
                        Some(item) => {
                            let mut written = object(notes, text, place.value_at, item);
                            written.members.insert("slug".to_owned(), place.name.as_str().into());
                            monitors.push(written);
                        }
                        None => notes.wrong(place.at, SHAPE),
                    }
                }
            }
            ("monitors", _) => notes.wrong(place.at, SHAPE),
            (name, _) => {
                let shown = text::excerpt(name.as_bytes());
                notes.wrong(place.at, format!("`{shown}` means nothing here; {SHAPE}"));
            }
        }
    }
    if !members.contains_key("monitors") {
        notes.wrong(0, format!("there is no `monitors`; {SHAPE}"));
    }
}

fn object(notes: &mut Notes<'_>, text: &str, at: usize, item: &Map<String, Value>) -> Written {
    let places = places::below(text, at);
    twice(notes, &places);
    let lines = places.iter().map(|place| (place.name.clone(), notes.line(place.at))).collect();
    Written { members: item.clone(), line: notes.line(at), lines }
}

/// What an object says twice: a reader would silently take the last.
fn twice(notes: &mut Notes<'_>, places: &[Place]) {
    for (number, place) in places.iter().enumerate() {
        let is_again = !place.name.is_empty()
            && places[..number].iter().any(|before| before.name == place.name);
        if is_again {
            let shown = text::excerpt(place.name.as_bytes());
            notes.wrong(place.at, format!("`{shown}` is said twice"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{MonitorsFile, json, toml};

    fn shown(file: &MonitorsFile) -> (Vec<String>, Vec<String>) {
        let monitors = file.monitors.iter().map(|one| {
            let members: Vec<String> = one
                .members
                .iter()
                .map(|(name, value)| format!("{}:{name}={value}", one.line_of(name)))
                .collect();
            format!("{} {}", one.line, members.join(" "))
        });
        let mistakes = file.mistakes.iter().map(|note| format!("{}: {}", note.line, note.message));
        (monitors.collect(), mistakes.collect())
    }

    #[test]
    fn both_forms_say_the_same_with_their_lines() {
        let text = "# mine\n[monitors.a]\nschedule = 'every 1h'\ngrace = 90\n\n[monitors.\"b.c\"]\n\
            tags = [\"x\"]\nkeys = [{ dialect = \"d\", key = \"k\" }]\n";
        let (monitors, mistakes) = shown(&toml(text));
        assert_eq!(mistakes, [""; 0]);
        assert_eq!(
            monitors,
            [
                "2 4:grace=90 3:schedule=\"every 1h\" 2:slug=\"a\"",
                "6 8:keys=[{\"dialect\":\"d\",\"key\":\"k\"}] 6:slug=\"b.c\" 7:tags=[\"x\"]",
            ]
        );
        for text in [
            "{\"monitors\":\n[{\"slug\":\n \"a\",\n\"grace\": 90}]}",
            "{\"monitors\":{\n\"a\":{\n\n\"grace\": 90}}}",
        ] {
            let (monitors, mistakes) = shown(&json(text));
            assert_eq!(mistakes, [""; 0]);
            assert_eq!(monitors, ["2 4:grace=90 2:slug=\"a\""]);
        }
    }

    #[test]
    fn every_mistake_of_the_file_is_told_with_its_line() {
        let cases = [
            ("[monitors.a]\ngrace = \n[other]\nx = 1\n", &["2: ", "3: `other` means nothing"][..]),
            ("[monitors.a]\nat = 2020-01-01\n", &["2: `at` holds a date"]),
            ("[monitors]\na = 1\n", &["2: `a` is no table"]),
            ("[monitors.a]\nslug = 'b'\n", &["1: the monitor is called `a`"]),
            ("[monitors.a]\n[monitors.a]\n", &["2: `a` is defined twice, first on line 1"]),
        ];
        for (text, expected) in cases {
            let (_, mistakes) = shown(&toml(text));
            assert_eq!(mistakes.len(), expected.len(), "{text:?}: {mistakes:?}");
            for (told, part) in mistakes.iter().zip(expected) {
                assert!(told.starts_with(part), "{text:?}: {told}");
            }
        }
        let cases = [
            ("", "1: it is no JSON: "),
            ("{\n\"monitors\": [,]}", "2: it is no JSON: "),
            ("[]", "1: a file of monitors is"),
            ("{}", "1: there is no `monitors`"),
            ("{\"monitors\": 1}", "1: a file of monitors is"),
            ("{\"monitors\": [\n1]}", "2: a file of monitors is"),
            ("{\"monitors\": [],\n\"x\": 1}", "2: `x` means nothing"),
            ("{\"monitors\": [{\"slug\": \"a\",\n\"slug\": \"b\"}]}", "2: `slug` is said twice"),
        ];
        for (text, part) in cases {
            let (_, mistakes) = shown(&json(text));
            assert!(mistakes.len() == 1 && mistakes[0].starts_with(part), "{text:?}: {mistakes:?}");
        }
    }
}
