//! Runs without ids: a finish ends the oldest one, as far as anybody can tell.
//!
//! Only order says which finish belongs to which start. The last few marks are therefore kept and matched
//! again each time, so that one that arrives late still finds its place.
//!
//! A run that was not waited for any longer is not ended by a finish as long as another can be meant. And a
//! run that survived a finish is dropped when the next one starts: otherwise one lost finish
//! would leave a run open for ever, each finish ending the run before its own.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Taken;
use super::runs::OpenRun;
use crate::domain::monitor::Rules;
use crate::domain::time::Moment;

/// How many marks are kept. At the maximum the oldest is taken for heard in order, and what is older
/// than it comes too late.
const MARKS_MAX: usize = 6;

/// How long a mark is kept beside the newest, for the same end: such pings are late by seconds.
const MARK_AGE_MAX: Duration = Duration::from_secs(600);

/// The mark of a finish; that of a start is how long it may take by its own word, or nothing.
const FINISH: i64 = -1;

/// The most open runs; at the maximum the oldest is dropped.
const OPEN_MAX: usize = 50;

/// The runs without ids.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Loose {
    /// What was open before the marks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    open: Vec<Start>,
    /// The last starts and finishes, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    marks: Vec<Mark>,
    /// What happened by then is settled.
    #[serde(skip_serializing_if = "Option::is_none")]
    settled_at: Option<Moment>,
}

/// A start or a finish: finishes first, so that of two at the same moment the start stays open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Mark(Moment, i64);

/// A start whose run is open: its moment, how long it may take by its own word, and whether it
/// survived a finish.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Start(Moment, Option<u64>, bool);

impl Start {
    /// The run that it began.
    fn run(self) -> OpenRun {
        OpenRun::loose(self.0, self.1)
    }

    /// Whether its run may still end well.
    fn is_waited_for(self, rules: &Rules, at: Moment) -> bool {
        self.run().patience_until(rules) >= at
    }
}

impl Loose {
    /// Whether there is nothing to remember.
    pub(super) fn is_empty(&self) -> bool {
        *self == Loose::default()
    }

    /// Adds a start; says whether it was new.
    pub(super) fn start(&mut self, rules: &Rules, at: Moment, expected_ms: Option<u64>) -> bool {
        let known = self.marks.iter().any(|mark| mark.0 == at && mark.1 != FINISH);
        let expected = expected_ms.map_or(0, |ms| i64::try_from(ms).unwrap_or(i64::MAX));
        !known && self.add(rules, Mark(at, expected))
    }

    /// Adds a finish; says when the run that it ends began.
    pub(super) fn finish(
        &mut self,
        rules: &Rules,
        at: Moment,
        taken: &mut Taken,
    ) -> Option<Moment> {
        let mark = Mark(at, FINISH);
        let mut open = self.open.clone();
        for mark in self.marks.iter().filter(|known| **known < mark) {
            follow(rules, &mut open, *mark);
        }
        taken.duplicate = self.marks.contains(&mark);
        if taken.duplicate || !self.add(rules, mark) {
            return None;
        }
        let waited = open.iter().filter(|start| start.is_waited_for(rules, at)).count();
        taken.ambiguous = waited > 1 || (waited == 0 && open.len() > 1);
        ends(rules, &open, at).map(|place| open[place].0)
    }

    /// Adds a mark unless it comes too late, and settles the oldest.
    fn add(&mut self, rules: &Rules, mark: Mark) -> bool {
        if self.settled_at.is_some_and(|settled| mark.0 <= settled) {
            return false;
        }
        let place = self.marks.partition_point(|known| *known < mark);
        self.marks.insert(place, mark);
        let newest = self.marks.last().map_or(mark.0, |newest| newest.0);
        while let Some(oldest) = self.marks.first().copied()
            && (self.marks.len() > MARKS_MAX || newest.since(oldest.0) > MARK_AGE_MAX)
        {
            self.marks.remove(0);
            follow(rules, &mut self.open, oldest);
            self.settled_at = Some(oldest.0);
        }
        true
    }

    /// The runs that are open, by start.
    pub(super) fn open(&self, rules: &Rules) -> impl Iterator<Item = OpenRun> {
        let mut open = self.open.clone();
        for mark in &self.marks {
            follow(rules, &mut open, *mark);
        }
        open.into_iter().map(Start::run)
    }

    /// Takes what lies ahead for now.
    pub(super) fn heal(&mut self, now: Moment) {
        for mark in &mut self.marks {
            mark.0 = mark.0.min(now);
        }
        for start in &mut self.open {
            start.0 = start.0.min(now);
        }
        self.marks.dedup();
        self.settled_at = self.settled_at.map(|settled| settled.min(now));
    }
}

/// Which of the open runs a finish ends: the oldest that is still waited for, or else the oldest.
fn ends(rules: &Rules, open: &[Start], at: Moment) -> Option<usize> {
    let waited = open.iter().position(|start| start.is_waited_for(rules, at));
    waited.or_else(|| (!open.is_empty()).then_some(0))
}

/// What a mark does to the open runs.
fn follow(rules: &Rules, open: &mut Vec<Start>, mark: Mark) {
    let Mark(at, expected) = mark;
    if expected != FINISH {
        open.retain(|Start(.., survived)| !survived);
        let expected_ms = u64::try_from(expected).ok().filter(|ms| *ms > 0);
        open.push(Start(at, expected_ms, false));
        if open.len() > OPEN_MAX {
            open.remove(0);
        }
    } else if let Some(place) = ends(rules, open, at) {
        open.remove(place);
        for Start(.., survived) in open {
            *survived = true;
        }
    }
}
