//! How a monitor must be judged, found in the plainest way from what is committed.
//!
//! There is no memory in it and no order: the newest finish, the next slot, its deadline, the runs that
//! have not ended, and the times in which nobody watched.

use super::clients::{Job, MINUTE, Said};
use super::runs::Life;
use crate::domain::event::Kind;

/// A deadline is judged so long after itself.
const SLACK: i64 = 500;

/// Marks are some seconds apart: nearer than this to the edge of a blind time both words are right.
const EDGE: i64 = 25_000;

/// A success so long before its slot answers it.
pub(super) const EARLY: i64 = MINUTE;

/// The longest settle time.
const SETTLE_MAX: i64 = 15 * MINUTE;

/// How it must be judged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Word {
    Paused,
    Unverified,
    Failed,
    Missed,
    Vanished,
    Overrun,
    Stalled,
    Late,
    /// Nothing is bad, or not known to be.
    Good,
    /// Either.
    Unsure,
}

impl Job {
    /// The slot that is expected.
    fn slot(&self) -> i64 {
        let newest = self.newest.map(|said| said.at);
        match (self.is_every, newest) {
            (true, newest) => newest.unwrap_or(self.floor).max(self.floor) + self.period,
            (false, Some(at)) => self.slot_after(at + EARLY).max(self.slot_after(self.floor)),
            (false, None) => self.slot_after(self.floor),
        }
    }

    /// When the deadline is judged that decides.
    fn judged_at(&self) -> i64 {
        self.slot() + self.tolerance * self.period + self.grace + SLACK
    }

    /// Whether what had to be heard by `at` was surely not told by `now`; nothing where both may be said.
    pub(super) fn is_over(&self, at: i64, blind: &[(i64, i64)], now: i64) -> Option<bool> {
        let settle = self.grace.min(SETTLE_MAX);
        let near = |one: i64, other: i64| (one - other).abs() < EDGE;
        if blind.iter().any(|(from, until)| near(*from, at) || near(*until + settle, at)) {
            return if now < at { Some(false) } else { None };
        }
        let doubts = blind.iter().filter(|(from, until)| *from <= at && at < *until + settle);
        let settled_at = doubts.map(|(_, until)| *until + settle).max().unwrap_or(at);
        if near(settled_at, now) && settled_at != at {
            return None;
        }
        Some(now >= settled_at)
    }

    /// Whether it is missed at a moment; nothing where both may be said.
    fn is_missed(&self, blind: &[(i64, i64)], now: i64) -> Option<bool> {
        self.is_over(self.judged_at(), blind, now)
    }

    /// Ends a pause whose time is over.
    pub(super) fn lapse(&mut self, blind: &[(i64, i64)], now: i64) {
        if let Some(until) = self.pause.and_then(|pause| pause.until).filter(|at| *at <= now) {
            self.resume(blind, until);
        }
    }

    /// Ends the pause: nothing due before is expected, unless it was missed when the pause began.
    pub(super) fn resume(&mut self, blind: &[(i64, i64)], at: i64) {
        let Some(pause) = self.pause.take() else { return };
        self.pauses.push((pause.from, at));
        match self.is_missed(blind, pause.from) {
            Some(true) => {}
            Some(false) => self.floor = self.floor.max(at),
            None => self.unsure_until = at,
        }
    }

    /// Whether a pause covers a moment, its edges not.
    pub(super) fn was_paused(&self, at: i64) -> bool {
        self.pause.is_some_and(|pause| pause.from < at)
            || self.pauses.iter().any(|(from, until)| *from < at && at < *until)
    }

    /// What was committed at a moment of the receiver's clock.
    pub(super) fn take(&mut self, said: Said, received_at: i64) {
        self.committed.insert(said.key, said);
        self.take_of_run(&said, received_at);
        if said.kind == Kind::Verified && self.verified.is_none_or(|known| known.at <= said.at) {
            self.verified = Some(said);
        }
        if said.kind.is_finish() && self.newest.is_none_or(|newest| newest.at <= said.at) {
            self.newest = Some(said);
        }
        if !matches!(said.kind, Kind::Success | Kind::Warning) {
            return;
        }
        self.success_at = self.success_at.max(Some(said.at));
        if let Some(pause) = self.pause.filter(|one| one.until_success && said.at >= one.from) {
            self.pause = None;
            self.pauses.push((pause.from, said.at));
            self.floor = self.floor.max(said.at);
        }
    }

    /// How it must be judged at a moment.
    pub(super) fn word(&self, blind: &[(i64, i64)], now: i64) -> Word {
        if self.pause.is_some() {
            return Word::Paused;
        }
        if self.verified.is_some_and(|said| said.is_bad) {
            return Word::Unverified;
        }
        let newest = self.newest;
        if newest.is_some_and(|said| said.kind == Kind::Failure) {
            return Word::Failed;
        }
        if newest.map_or(i64::MIN, |said| said.at) < self.unsure_until {
            return Word::Unsure;
        }
        match (self.is_missed(blind, now), self.lives(blind, now)) {
            (None, _) => Word::Unsure,
            (Some(true), _) => Word::Missed,
            (Some(false), None) => Word::Unsure,
            (Some(false), Some(lives)) => self.word_of_runs(&lives, now),
        }
    }

    /// The same for one that is not missed and whose runs do so.
    fn word_of_runs(&self, lives: &[Life], now: i64) -> Word {
        let worst = [
            (Life::Vanished, Word::Vanished),
            (Life::Overrun, Word::Overrun),
            (Life::Stalled, Word::Stalled),
            (Life::Doubtful, Word::Good),
        ];
        if let Some((_, word)) = worst.iter().find(|(life, _)| lives.contains(life)) {
            return *word;
        }
        let is_late = now >= self.slot() + self.start_within.unwrap_or(0);
        match is_late && !lives.contains(&Life::Running) && now < self.judged_at() {
            true => Word::Late,
            false => Word::Good,
        }
    }
}
