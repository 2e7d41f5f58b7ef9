//! What the TOML parser complains about, and how to go on after it.
//!
//! The parser recovers from most errors, but not from all: after a key without `=` it drops
//! the rest of the file, and a header without `]` swallows the line below. Both are mended in
//! a copy of the text, which is then parsed again; the number of lines stays the same.
//! An array or a text of several lines that is never closed cannot be mended: nothing says
//! where it should have ended.
//!
//! For a name that is defined twice the parser says only where the second one is, so the first
//! is looked up in the text before it.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue, Error};

use crate::config::notes::{Note, Notes};

/// How often the first of two definitions is looked up; each look-up parses the text again.
const LOOKUPS_MAX: usize = 10;

/// The complaints, one for each line, in the order of lines.
pub(crate) fn problems(text: &str, mut errors: Vec<Error>) -> Vec<Note> {
    let lines = Notes::new(text, false);
    errors.sort_by_key(|error| error.span().map_or(0, |span| span.start));
    let mut problems: Vec<Note> = Vec::new();
    let mut lookups = 0;
    for error in errors {
        let span = error.span().unwrap_or(0..0);
        let line = lines.line(span.start);
        if problems.last().is_some_and(|last| last.line == line) {
            continue;
        }
        let mut message = error.message().to_owned();
        if message == "duplicate key" {
            message = format!("`{}` is defined twice", text.get(span.clone()).unwrap_or_default());
            lookups += 1;
            let first = (lookups <= LOOKUPS_MAX).then(|| first_definition(text, &span)).flatten();
            if let Some(first) = first {
                message = format!("{message}, first on line {}", lines.line(first));
            }
        }
        problems.push(Note { line, offset: span.start, message, hint: None });
    }
    problems
}

/// A copy in which the parser finds the end of broken headers, and gets past lines that are
/// no members; `None` where there is no need for one.
pub(crate) fn mend(text: &str, errors: &[Error]) -> Option<String> {
    let mut unclosed: Vec<usize> = Vec::new();
    let mut blank: Vec<Range<usize>> = Vec::new();
    for error in errors {
        let at = error.span().map_or(0, |span| span.start).min(text.len());
        if error.message().starts_with("unclosed table") {
            unclosed.push(at);
        } else if error.message().starts_with("key with no value") {
            blank.push(line_around(text, at));
        }
    }
    if unclosed.is_empty() && blank.is_empty() {
        return None;
    }
    unclosed.sort_unstable();
    blank.sort_unstable_by_key(|line| line.start);
    let mut mended = String::with_capacity(text.len() + unclosed.len());
    let (mut headers, mut lines) = (unclosed.into_iter().peekable(), blank.into_iter().peekable());
    for (at, letter) in text.char_indices() {
        while headers.next_if(|place| *place <= at).is_some() {
            mended.push(']');
        }
        while lines.next_if(|line| line.end <= at).is_some() {}
        if !lines.peek().is_some_and(|line| line.contains(&at)) {
            mended.push(letter);
        }
    }
    mended.extend(headers.map(|_| ']'));
    Some(mended)
}

/// The line that holds a place, without its line break.
fn line_around(text: &str, at: usize) -> Range<usize> {
    let (before, after) = (text.get(..at).unwrap_or_default(), text.get(at..).unwrap_or_default());
    let start = before.rfind('\n').map_or(0, |place| place + 1);
    start..after.find('\n').map_or(text.len(), |place| at + place)
}

/// Where the name that is defined again at `again` was defined first.
fn first_definition(text: &str, again: &Range<usize>) -> Option<usize> {
    let line = line_around(text, again.start);
    let (before, _) = DeTable::parse_recoverable(text.get(..line.start)?);
    let written = text.get(line)?;
    if written.trim_start().starts_with('[') {
        let (header, _) = DeTable::parse_recoverable(written);
        return first_header(before.get_ref(), header.get_ref());
    }
    let name = text.get(again.clone())?.trim_matches(['"', '\'']);
    let section = last_section(text, before.get_ref());
    let direct = section.get_key_value(name);
    let nested = || {
        let tables = section.values().filter_map(|value| value.get_ref().as_table());
        tables.filter_map(|table| table.get_key_value(name)).next()
    };
    direct.or_else(nested).map(|(key, _)| key.span().start)
}

/// Follows a header such as `[a.b]`, parsed on its own, through the tables before it.
fn first_header(mut tables: &DeTable<'_>, mut header: &DeTable<'_>) -> Option<usize> {
    loop {
        let (name, below) = header.iter().next()?;
        let (first, found) = tables.get_key_value(name.get_ref().as_ref())?;
        let inner = below.get_ref().as_table().filter(|table| !table.is_empty());
        let Some(inner) = inner else {
            return Some(first.span().start);
        };
        header = inner;
        tables = found.get_ref().as_table()?;
    }
}

/// The table whose header comes last; without any header, the whole.
fn last_section<'a, 'i>(text: &str, whole: &'a DeTable<'i>) -> &'a DeTable<'i> {
    let (mut last, mut last_at) = (whole, 0);
    let mut open = vec![whole];
    while let Some(table) = open.pop() {
        for (key, value) in table {
            let Some(inner) = value.get_ref().as_table() else {
                continue;
            };
            open.push(inner);
            if has_header(text, value) && key.span().start > last_at {
                (last, last_at) = (inner, key.span().start);
            }
        }
    }
    last
}

/// Only a table of its own section begins with `[`; dotted and inline tables do not.
fn has_header(text: &str, value: &Spanned<DeValue<'_>>) -> bool {
    text.as_bytes().get(value.span().start) == Some(&b'[')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> (Vec<String>, Option<String>) {
        let (_, errors) = DeTable::parse_recoverable(text);
        let mended = mend(text, &errors);
        let told = problems(text, errors);
        (told.iter().map(|note| format!("{}: {}", note.line, note.message)).collect(), mended)
    }

    #[test]
    fn the_first_of_two_definitions_is_found() {
        let cases = [
            ("[m.a]\nx=1\n[t.a]\n[m.a]\ny=1", "4: `a` is defined twice, first on line 1"),
            ("[m.a]\nx=1\n[ m . \"a\" ] # b", "3: `\"a\"` is defined twice, first on line 1"),
            ("x=1\n[m]\nx=1\ny=1\nx=2", "5: `x` is defined twice, first on line 3"),
            ("x=1\ny=2\nx=2", "3: `x` is defined twice, first on line 1"),
            ("[m]\nh.x=1\nh.x=2", "3: `x` is defined twice, first on line 2"),
            ("h={x=1, x=2}", "1: `x` is defined twice"),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(text).0, [expected], "{text:?}");
        }
    }

    #[test]
    fn what_the_parser_gives_up_on_is_mended() {
        let cases = [
            ("a = 1\n", None),
            ("a 1\nb = 2\n", Some("\nb = 2\n")),
            ("a = 1\nk: 3", Some("a = 1\n")),
            ("[m.a\nb = 2\n", Some("[m.a]\nb = 2\n")),
            ("[m.a", Some("[m.a]")),
            ("\u{e4} 1\r\n[m # \u{e4}\nb", Some("\n[m] # \u{e4}\n")),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(text).1.as_deref(), expected, "{text:?}");
        }
    }
}
