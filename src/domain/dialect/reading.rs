//! The small parts of a dialect's table: texts, flags, words, templates, pairs, JSON.
//!
//! Each takes a value and notes what is wrong with it at its place.

use serde_json::Value;
use toml::Spanned;
use toml::de::DeValue;

use super::service::{Json, Pair, Status};
use super::template::{Template, number};
use crate::domain::event::Kind;
use crate::domain::nearest::nearest;

/// Something wrong in a table.
#[derive(Debug)]
pub(crate) struct Mistake {
    /// Its place in the text.
    pub(crate) offset: usize,
    /// What is wrong.
    pub(crate) message: String,
    /// What to do about it.
    pub(crate) hint: Option<String>,
}

/// The kinds that a dialect may have words for.
pub(super) const KINDS: [Kind; 11] = [
    Kind::Start,
    Kind::Progress,
    Kind::Stage,
    Kind::Success,
    Kind::Warning,
    Kind::Failure,
    Kind::Log,
    Kind::Verified,
    Kind::Test,
    Kind::Pause,
    Kind::Resume,
];

/// A value and its place.
pub(super) type Valued<'a> = Spanned<DeValue<'a>>;

/// What is wrong so far.
#[derive(Default)]
pub(super) struct Reading {
    /// The mistakes.
    pub(super) mistakes: Vec<Mistake>,
}

impl Reading {
    /// Statuses: `404`, `"404"` or `"4xx"`.
    pub(super) fn statuses(&mut self, key: &str, value: &Valued<'_>) -> Vec<Status> {
        let mut statuses = Vec::new();
        for item in list_of(value) {
            let text = match item.get_ref() {
                DeValue::Integer(number) => number.as_str().to_owned(),
                _ => self.text(key, item),
            };
            let hundred = text.strip_suffix("xx").and_then(|digit| digit.parse().ok());
            let status = hundred.map(Status::Hundred).or(text.parse().ok().map(Status::One));
            match status {
                Some(status) => statuses.push(status),
                None => {
                    let hint = "write \"404\" or \"4xx\"".to_owned();
                    let message = format!("`{key}` holds what is no status");
                    self.wrong(item.span().start, message, Some(hint));
                }
            }
        }
        statuses
    }

    /// Pairs of a query or a form.
    pub(super) fn pairs(&mut self, key: &str, value: &Valued<'_>) -> Vec<Pair> {
        let mut pairs = Vec::new();
        for item in list_of(value) {
            let (text, at) = (self.text(key, item), item.span().start);
            let each = text.strip_prefix("@metrics ");
            if text == "@common" {
                pairs.push(Pair::Common);
                continue;
            }
            let Some((name, value)) = each.unwrap_or(&text).split_once('=') else {
                let hint = "write \"name={variable}\"".to_owned();
                self.wrong(at, format!("`{key}` holds what is no pair"), Some(hint));
                continue;
            };
            let Some(template) = self.parsed(value, at) else { continue };
            let name = name.trim().to_owned();
            pairs.push(match each {
                Some(_) => Pair::Metrics(name, template),
                None => Pair::One(name, template),
            });
        }
        pairs
    }

    /// Names and values of headers.
    pub(super) fn headers(&mut self, key: &str, value: &Valued<'_>) -> Vec<(String, Template)> {
        let mut headers = Vec::new();
        for (name, at, value) in self.table(key, value) {
            let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
            if name.is_empty() || !name.bytes().all(fits) {
                let shown = crate::domain::text::excerpt(name.as_bytes());
                self.wrong(at, format!("`{shown}` is not the name of a header"), None);
            } else if let Some(template) = self.template(name, value) {
                headers.push((name.to_ascii_lowercase(), template));
            }
        }
        headers
    }

    /// Members of a JSON object.
    pub(super) fn object(&mut self, key: &str, value: &Valued<'_>) -> Vec<(String, Json)> {
        let members = self.table(key, value);
        members.into_iter().map(|(name, _, value)| (name.to_owned(), self.json(value))).collect()
    }

    /// A JSON value with templates in it.
    pub(super) fn json(&mut self, value: &Valued<'_>) -> Json {
        match value.get_ref() {
            DeValue::String(text) => match self.parsed(text, value.span().start) {
                Some(template) => Json::Text(template),
                None => Json::Plain(Value::Null),
            },
            DeValue::Array(items) => Json::List(items.iter().map(|item| self.json(item)).collect()),
            DeValue::Table(_) => Json::Object(self.object("json", value)),
            other => Json::Plain(scalar(other)),
        }
    }

    /// A table by kinds of event.
    pub(super) fn kinds<'a, 'i>(
        &mut self,
        key: &str,
        value: &'a Valued<'i>,
    ) -> Vec<(Kind, &'a Valued<'i>)> {
        let mut found = Vec::new();
        for (name, at, value) in self.table(key, value) {
            match KINDS.into_iter().find(|kind| kind.word() == name) {
                Some(kind) => found.push((kind, value)),
                None => self.unknown(name, at, &KINDS.map(Kind::word)),
            }
        }
        found
    }

    /// The members of a table in any order; none where it is not one.
    pub(super) fn table<'a, 'i>(
        &mut self,
        key: &str,
        value: &'a Valued<'i>,
    ) -> Vec<(&'a str, usize, &'a Valued<'i>)> {
        let Some(table) = value.get_ref().as_table() else {
            self.wrong_type(key, value, "a table");
            return Vec::new();
        };
        table.iter().map(|(key, value)| (&**key.get_ref(), key.span().start, value)).collect()
    }

    /// Texts with variables.
    pub(super) fn templates(&mut self, key: &str, value: &Valued<'_>) -> Vec<Template> {
        list_of(value).iter().filter_map(|item| self.template(key, item)).collect()
    }

    /// A text with variables.
    pub(super) fn template(&mut self, key: &str, value: &Valued<'_>) -> Option<Template> {
        let text = self.text(key, value);
        self.parsed(&text, value.span().start)
    }

    /// The same, of a text that was taken apart.
    pub(super) fn parsed(&mut self, text: &str, at: usize) -> Option<Template> {
        let parsed = Template::parse(text, at);
        parsed.map_err(|message| self.wrong(at, message, None)).ok()
    }

    /// Texts; one alone is a list of one.
    pub(super) fn texts(&mut self, key: &str, value: &Valued<'_>) -> Vec<String> {
        list_of(value).iter().map(|item| self.text(key, item)).collect()
    }

    /// A text.
    pub(super) fn text(&mut self, key: &str, value: &Valued<'_>) -> String {
        match value.get_ref().as_str() {
            Some(text) => text.to_owned(),
            None => {
                self.wrong_type(key, value, "text");
                String::new()
            }
        }
    }

    /// True or false.
    pub(super) fn flag(&mut self, key: &str, value: &Valued<'_>) -> bool {
        value.get_ref().as_bool().unwrap_or_else(|| {
            self.wrong_type(key, value, "true or false");
            false
        })
    }

    /// A whole number.
    pub(super) fn count(&mut self, key: &str, value: &Valued<'_>) -> usize {
        let number = value.get_ref().as_integer().and_then(|number| number.as_str().parse().ok());
        number.unwrap_or_else(|| {
            self.wrong_type(key, value, "a whole number");
            0
        })
    }

    /// One of a few words.
    pub(super) fn word<T: Copy>(
        &mut self,
        key: &str,
        value: &Valued<'_>,
        words: &[(&str, T)],
    ) -> Option<T> {
        let text = self.text(key, value);
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        if found.is_none() {
            let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            let shown = crate::domain::text::excerpt(text.as_bytes());
            let hint = Some(format!("one of: {}", known.join(", ")));
            self.wrong(value.span().start, format!("unknown `{shown}` in `{key}`"), hint);
        }
        found
    }

    /// Notes a member that there is not.
    pub(super) fn unknown(&mut self, name: &str, at: usize, known: &[&str]) {
        let near = nearest(name, known.iter().copied());
        let hint = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there are: {}", known.join(", ")),
        };
        let shown = crate::domain::text::excerpt(name.as_bytes());
        self.wrong(at, format!("unknown key `{shown}` in a dialect"), Some(hint));
    }

    /// Notes a value of another type.
    pub(super) fn wrong_type(&mut self, key: &str, value: &Valued<'_>, expected: &str) {
        self.wrong(value.span().start, format!("`{key}` must be {expected}"), None);
    }

    /// Notes a mistake.
    pub(super) fn wrong(&mut self, offset: usize, message: String, hint: Option<String>) {
        self.mistakes.push(Mistake { offset, message, hint });
    }
}

/// A value that holds no templates.
pub(super) fn scalar(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::Boolean(flag) => Value::Bool(*flag),
        DeValue::Integer(text) => number(text.as_str().parse().unwrap_or(0.0)),
        DeValue::Float(text) => number(text.as_str().parse().unwrap_or(0.0)),
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Datetime(moment) => Value::String(moment.to_string()),
        DeValue::Array(_) | DeValue::Table(_) => Value::Null,
    }
}

/// The items of a list, or the one value that stands there instead.
pub(super) fn list_of<'a, 'i>(value: &'a Valued<'i>) -> Vec<&'a Valued<'i>> {
    match value.get_ref().as_array() {
        Some(items) => items.iter().collect(),
        None => vec![value],
    }
}
