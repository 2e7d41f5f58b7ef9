//! Tables: columns as wide as what stands in them, the last one cut to the terminal. Pure.
//!
//! What a receiver says is another machine's word: nothing of it may steer a terminal, break a line,
//! or push the columns that matter off the screen.

use crate::domain::text;

/// The widest column but the last.
const COLUMN_CHARS_MAX: usize = 40;

/// The narrowest last column worth showing.
const LAST_CHARS_MIN: usize = 8;

/// What stands between columns.
const GAP: &str = "  ";

/// A colour of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Colour {
    /// All is well.
    Green,
    /// Not yet, or not quite.
    Yellow,
    /// Bad.
    Red,
    /// Neither.
    Cyan,
}

impl Colour {
    /// Colours a text.
    pub(crate) fn paint(self, text: &str) -> String {
        let code = match self {
            Colour::Red => 31,
            Colour::Green => 32,
            Colour::Yellow => 33,
            Colour::Cyan => 36,
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }
}

/// One cell.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cell {
    text: String,
    colour: Option<Colour>,
}

impl Cell {
    /// A cell with a colour.
    pub(crate) fn coloured(text: &str, colour: Option<Colour>) -> Cell {
        Cell { text: one_line(text), colour }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Cell {
        Cell::coloured(text, None)
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Cell {
        Cell::from(text.as_str())
    }
}

/// Any text as one harmless line.
pub(crate) fn one_line(text: &str) -> String {
    text::without_controls(text).replace(['\n', '\t'], " ").trim().to_owned()
}

/// What a table is drawn on.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Canvas {
    /// Its columns; none where it is no terminal, and nothing is cut.
    pub(crate) columns: Option<usize>,
    /// Whether it shows colours.
    pub(crate) coloured: bool,
}

/// Draws a table; every row has a cell for each heading. A column in which nothing stands is left
/// out.
pub(crate) fn draw(headings: &[&str], rows: &[Vec<Cell>], canvas: Canvas) -> String {
    let filled: Vec<usize> = (0..headings.len())
        .filter(|column| {
            rows.iter().any(|row| row.get(*column).is_some_and(|c| !c.text.is_empty()))
        })
        .collect();
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.text.as_str());
        let widest = cells.chain([headings[column]]).map(|text| text.chars().count()).max();
        widest.unwrap_or(0).min(COLUMN_CHARS_MAX)
    };
    let Some((last, before)) = filled.split_last() else { return String::new() };
    let widths: Vec<usize> = before.iter().map(|column| width(*column)).collect();
    let used: usize = widths.iter().map(|width| width + GAP.len()).sum();
    let room = canvas.columns.map(|columns| columns.saturating_sub(used).max(LAST_CHARS_MIN));
    let line = |cell: &dyn Fn(usize) -> Cell| {
        let mut line = String::new();
        for (column, width) in before.iter().zip(&widths) {
            let cell = cell(*column);
            let text = cut(&cell.text, *width);
            let pad = width - text.chars().count();
            line.push_str(&painted(&text, cell.colour, canvas.coloured));
            line.push_str(&" ".repeat(pad));
            line.push_str(GAP);
        }
        let cell = cell(*last);
        let text = room.map_or_else(|| cell.text.clone(), |room| cut(&cell.text, room));
        line.push_str(&painted(&text, cell.colour, canvas.coloured));
        format!("{}\n", line.trim_end())
    };
    let mut out = line(&|column| Cell::from(headings[column]));
    for row in rows {
        out.push_str(&line(&|column| row.get(column).cloned().unwrap_or_default()));
    }
    out
}

fn painted(text: &str, colour: Option<Colour>, coloured: bool) -> String {
    match colour {
        Some(colour) if coloured && !text.is_empty() => colour.paint(text),
        Some(_) | None => text.to_owned(),
    }
}

/// As much of a text as there is room for; what is cut is seen to be cut.
pub(crate) fn cut(text: &str, chars_max: usize) -> String {
    if text.chars().nth(chars_max).is_none() {
        return text.to_owned();
    }
    let start: String = text.chars().take(chars_max.saturating_sub(1)).collect();
    format!("{}…", start.trim_end())
}

/// Lines of a name and a value each, in two columns; a value of several lines stands below itself.
pub(crate) fn facts(rows: &[(&str, String)]) -> String {
    let rows: Vec<_> = rows.iter().filter(|(_, value)| !value.trim().is_empty()).collect();
    let width = rows.iter().map(|(name, _)| name.chars().count() + 1).max().unwrap_or(0);
    let mut out = String::new();
    for (name, value) in rows {
        let value = text::without_controls(value.trim_end()).replace('\t', " ");
        let value = value.replace('\n', &format!("\n{}", " ".repeat(width + GAP.len())));
        out.push_str(&format!("{:<width$}{GAP}{value}\n", format!("{name}:")));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{Canvas, Cell, Colour, cut, draw, facts};

    #[test]
    fn columns_are_as_wide_as_what_stands_in_them() {
        let rows = vec![
            vec![
                "a".into(),
                Cell::coloured("up", Some(Colour::Green)),
                "".into(),
                "one\ntwo".into(),
            ],
            vec!["long-name".into(), "failed".into(), "".into(), "\x1b[2J".into()],
        ];
        let headings = ["monitor", "status", "empty", "what"];
        let plain = draw(&headings, &rows, Canvas::default());
        let expected =
            "monitor    status  what\na          up      one two\nlong-name  failed  \\x1b[2J\n";
        assert_eq!(plain, expected);
        let coloured = draw(&headings, &rows, Canvas { columns: None, coloured: true });
        assert_eq!(coloured, expected.replace("up", "\x1b[32mup\x1b[0m"));
        assert_eq!(draw(&headings, &[], Canvas::default()), "");
    }

    #[test]
    fn nothing_is_wider_than_the_terminal_where_that_can_be() {
        let rows = vec![vec!["n".repeat(60).into(), "up".into(), "w".repeat(300).into()]];
        for columns in [60, 80, 200] {
            let canvas = Canvas { columns: Some(columns), coloured: false };
            let text = draw(&["monitor", "status", "what"], &rows, canvas);
            for line in text.lines() {
                assert!(line.chars().count() <= columns, "{columns}: {line}");
            }
        }
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("abcd", 3), "ab…");
        assert_eq!(cut("äöü", 2), "ä…");
    }

    #[test]
    fn facts_leave_out_what_is_not_known() {
        let rows = [("a", "1".to_owned()), ("long", String::new()), ("bb", "2\n3\x07".to_owned())];
        assert_eq!(facts(&rows), "a:   1\nbb:  2\n     3\\x07\n");
    }
}
