//! Templates: `{variable}` or `{variable|filter:argument|…}` in any text of a dialect.
//!
//! An undefined variable makes the whole text undefined, and with it the query pair, header or
//! member that it stands in. A text that is nothing but one `{variable}` keeps the variable's type,
//! so that a number stays a number in JSON. `{{` and `}}` are plain braces.

use serde_json::{Number, Value};

use crate::domain::address::percent_encode;
use crate::domain::nearest::nearest;

/// A text with variables in it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Template {
    pieces: Vec<Piece>,
    /// Where it stands in its file.
    pub(super) offset: usize,
}

#[derive(Clone, Debug, PartialEq)]
enum Piece {
    Literal(String),
    Variable(String, Vec<Filter>),
}

/// What can be done to a value on its way.
#[derive(Clone, Debug, PartialEq)]
enum Filter {
    /// The first characters.
    Trunc(usize),
    /// The last bytes, from a whole character on.
    Tail(usize),
    /// The first line.
    Line1,
    /// Another text where there is none.
    Or(String),
    /// Nothing where the text holds this word.
    DropIf(String),
    /// One word for another.
    Map(Vec<(String, String)>),
    /// Seconds as Go writes them.
    GoDur,
    /// What StatsD takes as a name.
    Name,
    /// What most services take as a slug.
    Slug,
    /// A UUID without hyphens.
    Hex,
    /// Sixteen hexadecimal digits of a UUID.
    Digest16,
    /// A whole number.
    Int,
    /// What DogStatsD takes as a message.
    Ddescape,
    /// What DogStatsD takes as a tag, a host or a name.
    Ddtag,
    /// With a backslash before each quote and backslash.
    Quoted,
}

/// Every filter's name.
const FILTERS: [&str; 15] = [
    "trunc", "tail", "line1", "or", "drop_if", "map", "go_dur", "name", "slug", "hex", "digest16",
    "int", "ddescape", "ddtag", "quoted",
];

impl Template {
    /// Reads a text. The error says what to write instead.
    pub(super) fn parse(text: &str, offset: usize) -> Result<Template, String> {
        let mut pieces = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            literal.push_str(&rest[..at]);
            let brace = &rest[at..=at];
            rest = &rest[at + 1..];
            if let Some(after) = rest.strip_prefix(brace) {
                literal.push_str(brace);
                rest = after;
                continue;
            }
            let Some((inside, after)) = rest.split_once('}').filter(|_| brace == "{") else {
                return Err(format!("a `{brace}` has no partner; a plain one is written twice"));
            };
            rest = after;
            if !literal.is_empty() {
                pieces.push(Piece::Literal(std::mem::take(&mut literal)));
            }
            pieces.push(variable(inside)?);
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            pieces.push(Piece::Literal(literal));
        }
        Ok(Template { pieces, offset })
    }

    /// The names of its variables.
    pub(super) fn variables(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Literal(_) => None,
            Piece::Variable(name, _) => Some(name.as_str()),
        })
    }

    /// The text, when it has no variables.
    pub(super) fn literal(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [] => Some(""),
            [Piece::Literal(text)] => Some(text),
            _ => None,
        }
    }

    /// The text as a person reads it, with its variables but without their filters.
    pub(super) fn shape(&self) -> String {
        let shape = |piece: &Piece| match piece {
            Piece::Literal(text) => text.clone(),
            Piece::Variable(name, _) => {
                format!("{{{}}}", name.strip_prefix("with.").unwrap_or(name))
            }
        };
        self.pieces.iter().map(shape).collect()
    }

    /// What stands behind `{name}`, when the text is that and nothing else.
    pub(super) fn behind(&self, name: &str) -> Option<&str> {
        match self.pieces.as_slice() {
            [Piece::Variable(first, _), Piece::Literal(text)] if first == name => Some(text),
            _ => None,
        }
    }

    /// Its value; none where a variable is undefined.
    pub(super) fn value(&self, look_up: &dyn Fn(&str) -> Option<Value>) -> Option<Value> {
        if let [Piece::Variable(name, filters)] = self.pieces.as_slice() {
            return filtered(look_up(name), filters);
        }
        self.text(look_up).map(Value::String)
    }

    /// Its value as text.
    pub(super) fn text(&self, look_up: &dyn Fn(&str) -> Option<Value>) -> Option<String> {
        self.joined(look_up, |_, text| text)
    }

    /// Its value as a URL: whatever is filled in cannot leave its place.
    pub(super) fn url(&self, look_up: &dyn Fn(&str) -> Option<Value>) -> Option<String> {
        self.joined(look_up, |name, text| match name {
            "base" | "cfg_base" | "origin" => text,
            _ => percent_encode(&text),
        })
    }

    fn joined(
        &self,
        look_up: &dyn Fn(&str) -> Option<Value>,
        encode: impl Fn(&str, String) -> String,
    ) -> Option<String> {
        let mut joined = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Literal(text) => joined.push_str(text),
                Piece::Variable(name, filters) => {
                    let value = filtered(look_up(name), filters)?;
                    joined.push_str(&encode(name, plain(&value)));
                }
            }
        }
        Some(joined)
    }
}

/// A value as it stands in a text.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

/// A number, whole where it is.
pub(super) fn number(number: f64) -> Value {
    #[expect(clippy::cast_possible_truncation, reason = "whole and below 2^53, so nothing is lost")]
    if number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0 {
        return Value::from(number as i64);
    }
    Number::from_f64(number).map_or(Value::Null, Value::Number)
}

/// The first `bytes_max` bytes of a text, to a whole character.
pub(super) fn head_bytes(text: &str, bytes_max: usize) -> &str {
    &text[..text.floor_char_boundary(bytes_max.min(text.len()))]
}

/// The last `bytes_max` bytes of a text, from a whole character on.
pub(super) fn last_bytes(text: &str, bytes_max: usize) -> &str {
    &text[text.ceil_char_boundary(text.len().saturating_sub(bytes_max))..]
}

fn variable(inside: &str) -> Result<Piece, String> {
    let mut words = inside.split('|');
    let name = words.next().unwrap_or_default().trim();
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    if name.is_empty() || !name.chars().all(fits) {
        let shown = crate::domain::text::excerpt(name.as_bytes());
        return Err(format!("`{{{shown}}}` is no variable; a plain brace is written twice"));
    }
    let filters = words.map(filter).collect::<Result<Vec<Filter>, String>>()?;
    Ok(Piece::Variable(name.to_owned(), filters))
}

fn filter(text: &str) -> Result<Filter, String> {
    let (name, argument) = match text.split_once(':') {
        Some((name, argument)) => (name.trim(), Some(argument)),
        None => (text.trim(), None),
    };
    let count = || {
        let number = argument.and_then(|text| text.trim().parse::<usize>().ok());
        number.ok_or_else(|| format!("`{name}` needs a number, as in `{name}:200`"))
    };
    let word = || argument.ok_or_else(|| format!("`{name}` needs a text, as in `{name}:OK`"));
    Ok(match name {
        "trunc" => Filter::Trunc(count()?),
        "tail" => Filter::Tail(count()?),
        "line1" => Filter::Line1,
        "or" => Filter::Or(word()?.to_owned()),
        "drop_if" => Filter::DropIf(word()?.to_owned()),
        "map" => {
            let pairs = word()?.split(',').map(|pair| {
                let (from, to) = pair.split_once('=').ok_or("`map` is written `map:a=b,c=d`")?;
                Ok((from.to_owned(), to.to_owned()))
            });
            Filter::Map(pairs.collect::<Result<Vec<_>, String>>()?)
        }
        "go_dur" => Filter::GoDur,
        "name" => Filter::Name,
        "slug" => Filter::Slug,
        "hex" => Filter::Hex,
        "digest16" => Filter::Digest16,
        "int" => Filter::Int,
        "ddescape" => Filter::Ddescape,
        "ddtag" => Filter::Ddtag,
        "quoted" => Filter::Quoted,
        other => {
            let shown = crate::domain::text::excerpt(other.as_bytes());
            return Err(match nearest(other, FILTERS) {
                Some(near) => format!("there is no filter `{shown}`, did you mean `{near}`?"),
                None => {
                    format!("there is no filter `{shown}`; there are: {}", FILTERS.join(", "))
                }
            });
        }
    })
}

fn filtered(value: Option<Value>, filters: &[Filter]) -> Option<Value> {
    let mut value = defined(value);
    for filter in filters {
        value = match (filter, value) {
            (Filter::Or(text), None) => Some(Value::String(text.clone())),
            (_, None) => None,
            (filter, Some(value)) => defined(apply(filter, value)),
        };
    }
    value
}

/// An empty text says as little as none.
fn defined(value: Option<Value>) -> Option<Value> {
    value.filter(|value| !value.is_null() && value.as_str() != Some(""))
}

fn apply(filter: &Filter, value: Value) -> Option<Value> {
    let each = |replace: &dyn Fn(char) -> char| plain(&value).chars().map(replace).collect();
    let text: String = match filter {
        Filter::Trunc(chars_max) => plain(&value).chars().take(*chars_max).collect(),
        Filter::Tail(bytes_max) => last_bytes(&plain(&value), *bytes_max).to_owned(),
        Filter::Line1 => plain(&value).lines().next().unwrap_or_default().to_owned(),
        Filter::Or(_) => return Some(value),
        Filter::DropIf(word) => {
            return (!plain(&value).contains(word.as_str())).then_some(value);
        }
        Filter::Map(pairs) => {
            let text = plain(&value);
            let to = pairs.iter().find(|(from, _)| *from == text).map(|(_, to)| to.clone());
            to.unwrap_or(text)
        }
        Filter::GoDur => format!("{}s", plain(&number(value.as_f64()?))),
        Filter::Name => each(&|c| match c {
            '.' | '_' | '-' => c,
            c if c.is_ascii_alphanumeric() => c,
            _ => '_',
        }),
        Filter::Slug => each(&|c| match c.to_ascii_lowercase() {
            c @ ('_' | '-') => c,
            c if c.is_ascii_alphanumeric() => c,
            _ => '-',
        }),
        Filter::Hex => plain(&value).replace('-', "").to_ascii_lowercase(),
        Filter::Digest16 => {
            last_bytes(&plain(&value).replace('-', "").to_ascii_lowercase(), 16).to_owned()
        }
        Filter::Int => {
            let number = value.as_f64().or_else(|| plain(&value).trim().parse().ok())?;
            return Some(self::number(number.trunc()));
        }
        Filter::Ddescape => {
            let text: String = each(&|c| match c {
                '|' => '/',
                c if c.is_control() && c != '\n' => ' ',
                c => c,
            });
            text.replace('\n', "\\n").replace("m:", "m\\:")
        }
        Filter::Ddtag => each(&|c| match c {
            '|' | ',' | '#' => '_',
            c if c.is_control() || c.is_whitespace() => '_',
            c => c,
        }),
        Filter::Quoted => plain(&value).replace('\\', "\\\\").replace('"', "\\\""),
    };
    Some(Value::String(text))
}
