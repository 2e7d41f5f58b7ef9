//! How a monitor must be judged, found in the plainest way from what is committed.
//!
//! There is no memory in it and no order: the newest finish, the next slot, its deadline, and the times
//! in which nobody watched.

use super::clients::{Job, MINUTE, Said};
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
    Failed,
    Missed,
    /// Nothing is bad, or not known to be.
    Good,
    /// Either.
    Unsure,
}

impl Job {
    /// When the deadline is judged that decides.
    fn judged_at(&self) -> i64 {
        let newest = self.newest.map(|said| said.at);
        let slot = match (self.is_every, newest) {
            (true, newest) => newest.unwrap_or(self.floor).max(self.floor) + self.period,
            (false, Some(at)) => self.slot_after(at + EARLY).max(self.slot_after(self.floor)),
            (false, None) => self.slot_after(self.floor),
        };
        slot + self.tolerance * self.period + self.grace + SLACK
    }

    /// Whether it is missed at a moment; nothing where both may be said.
    fn is_missed(&self, blind: &[(i64, i64)], now: i64) -> Option<bool> {
        let at = self.judged_at();
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

    /// Ends a pause whose time is over.
    pub(super) fn lapse(&mut self, blind: &[(i64, i64)], now: i64) {
        if let Some(until) = self.pause.and_then(|pause| pause.until).filter(|at| *at <= now) {
            self.resume(blind, until);
        }
    }

    /// Ends the pause: nothing due before is expected, unless it was missed when the pause began.
    pub(super) fn resume(&mut self, blind: &[(i64, i64)], at: i64) {
        let Some(pause) = self.pause.take() else { return };
        match self.is_missed(blind, pause.from) {
            Some(true) => {}
            Some(false) => self.floor = self.floor.max(at),
            None => self.unsure_until = at,
        }
    }

    /// What was committed.
    pub(super) fn take(&mut self, said: Said) {
        self.committed.insert(said.key, said);
        if said.kind.is_finish() && self.newest.is_none_or(|newest| newest.at <= said.at) {
            self.newest = Some(said);
        }
        let is_good = matches!(said.kind, Kind::Success | Kind::Warning);
        if is_good && self.pause.is_some_and(|pause| pause.until_success && said.at >= pause.from) {
            self.pause = None;
            self.floor = self.floor.max(said.at);
        }
    }

    /// How it must be judged at a moment.
    pub(super) fn word(&self, blind: &[(i64, i64)], now: i64) -> Word {
        if self.pause.is_some() {
            return Word::Paused;
        }
        let newest = self.newest;
        if newest.is_some_and(|said| said.kind == Kind::Failure) {
            return Word::Failed;
        }
        if newest.map_or(i64::MIN, |said| said.at) < self.unsure_until {
            return Word::Unsure;
        }
        match self.is_missed(blind, now) {
            Some(true) => Word::Missed,
            Some(false) => Word::Good,
            None => Word::Unsure,
        }
    }
}
