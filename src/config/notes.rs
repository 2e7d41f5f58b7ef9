//! What is noticed while a file is read: mistakes, warnings, and names to look up later.
//!
//! Each is noted with its place in the text, because the order in which a table is walked is
//! not the order of the lines. Lines are counted only when there is something to say.
//! Members that stand on a line with a syntax error are skipped: what the parser made
//! of such a line is a guess, and a second complaint about it would be noise.

use std::cell::OnceCell;
use std::ops::Range;

/// A file with more mistakes than this is not a configuration, and nobody reads on. What comes
/// after is counted, but not thought about, so that a wrong file cannot delay a job.
pub(crate) const MISTAKES_MAX: usize = 100;

/// One thing to say about a place in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Note {
    /// The line, counted from 1.
    pub(crate) line: usize,
    /// The place in the text, which orders notes of one line.
    pub(crate) offset: usize,
    /// What is wrong.
    pub(crate) message: String,
    /// What to do about it.
    pub(crate) hint: Option<String>,
}

/// A target's name that was used somewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reference {
    /// The name.
    pub(crate) name: String,
    /// Where it stands.
    pub(crate) line: usize,
    /// Its place in the text.
    pub(crate) offset: usize,
}

/// Everything noticed in one file.
pub(crate) struct Notes<'t> {
    text: &'t str,
    line_starts: OnceCell<Vec<usize>>,
    /// Lines with a syntax error, as places in the text, in order.
    bad: Vec<Range<usize>>,
    /// Whether users other than the owner can read the file.
    pub(crate) readable_by_others: bool,
    /// What is wrong.
    pub(crate) mistakes: Vec<Note>,
    /// What works, but should be different.
    pub(crate) warnings: Vec<Note>,
    /// Which targets are named.
    pub(crate) references: Vec<Reference>,
    /// Which dialects are named.
    pub(crate) dialects: Vec<Reference>,
}

impl<'t> Notes<'t> {
    /// No notes about this text yet.
    pub(crate) fn new(text: &'t str, readable_by_others: bool) -> Self {
        Self {
            text,
            line_starts: OnceCell::new(),
            bad: Vec::new(),
            readable_by_others,
            mistakes: Vec::new(),
            warnings: Vec::new(),
            references: Vec::new(),
            dialects: Vec::new(),
        }
    }

    /// The line of a place in the text, counted from 1.
    pub(crate) fn line(&self, offset: usize) -> usize {
        let starts = self.line_starts.get_or_init(|| {
            let breaks = self.text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
            breaks.map(|(at, _)| at + 1).collect()
        });
        1 + starts.partition_point(|start| *start <= offset)
    }

    /// Notes a mistake.
    pub(crate) fn wrong(&mut self, offset: usize, message: impl Into<String>) {
        self.wrong_with_hint(offset, message, None);
    }

    /// Notes a mistake, and what to do about it.
    pub(crate) fn wrong_with_hint(
        &mut self,
        offset: usize,
        message: impl Into<String>,
        hint: Option<String>,
    ) {
        let line = self.line(offset);
        self.mistakes.push(Note { line, offset, message: message.into(), hint });
    }

    /// Notes what works, but should be different.
    pub(crate) fn warn(&mut self, offset: usize, message: impl Into<String>, hint: &str) {
        let (line, hint) = (self.line(offset), Some(hint.to_owned()));
        self.warnings.push(Note { line, offset, message: message.into(), hint });
    }

    /// Notes that a target is named here.
    pub(crate) fn refer(&mut self, offset: usize, name: &str) {
        let line = self.line(offset);
        self.references.push(Reference { name: name.to_owned(), line, offset });
    }

    /// Notes that a dialect is named here.
    pub(crate) fn refer_to_dialect(&mut self, offset: usize, name: &str) {
        let line = self.line(offset);
        self.dialects.push(Reference { name: name.to_owned(), line, offset });
    }

    /// Takes over what the parser complained about, in the order of lines; those lines are
    /// skipped from now on.
    pub(crate) fn syntax(&mut self, problems: Vec<Note>) {
        let mut starts = vec![0];
        starts.extend(self.text.match_indices('\n').map(|(at, _)| at + 1));
        for problem in &problems {
            let start = starts.get(problem.line - 1).copied().unwrap_or(self.text.len());
            let end = starts.get(problem.line).copied().unwrap_or(self.text.len() + 1);
            self.bad.push(start..end);
        }
        self.mistakes.extend(problems);
    }

    /// Whether it is still worth looking for a hint.
    pub(crate) fn has_room(&self) -> bool {
        self.mistakes.len() < MISTAKES_MAX
    }

    /// Whether a piece of the text touches a line with a syntax error.
    pub(crate) fn is_bad(&self, piece: &Range<usize>) -> bool {
        let next = self.bad.partition_point(|line| line.end <= piece.start);
        self.bad.get(next).is_some_and(|line| line.start < piece.end.max(piece.start + 1))
    }
}
