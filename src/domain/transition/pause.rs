//! Pauses: nothing is expected, everything is recorded, and no pause is forgotten.
//!
//! While a monitor is paused its facts go on; only the word says so. What was missed before stays
//! missed, so that a dead job alarms when it is heard again. What fell due meanwhile is forgiven, counted
//! and listed once.

use serde::{Deserialize, Serialize};

use super::awake::Awake;
use super::slot;
use super::state::State;
use super::status::{Verdict, verdict};
use crate::domain::monitor::{Rules, Status};
use crate::domain::time::Moment;

/// How many of the slots that fell due are counted; beyond it the count stands for "or more".
pub(super) const PASSED_MAX: usize = 1_000;

/// How many of them are listed.
const LISTED_MAX: usize = 10;

/// The longest reason that is kept.
const REASON_BYTES_MAX: usize = 200;

/// A pause.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Pause {
    /// Since when.
    pub(crate) from: Moment,
    /// It ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) until: Option<Moment>,
    /// It ends with a success.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) until_success: bool,
    /// Why, in a person's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    /// Nothing was missed when it began. It is asked then, because a blind time that gave doubt about a
    /// deadline may be forgotten when the pause ends.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) was_well: bool,
}

/// What a pause has kept quiet.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Forgiven {
    /// How many slots fell due and were not answered.
    pub(crate) count: u32,
    /// The first of them.
    pub(crate) slots: Vec<Moment>,
}

impl State {
    /// Begins a pause, or changes the one there is: it still counts from its beginning.
    pub(super) fn pause_at(
        &mut self,
        rules: &Rules,
        now: Moment,
        until: Option<Moment>,
        until_success: bool,
        reason: Option<String>,
    ) {
        let (from, was_well) = match &self.pause {
            Some(pause) => (pause.from, pause.was_well),
            None => (now, verdict(rules, self, now) != Verdict::Missed),
        };
        let until = until.map(slot::sane);
        let reason = reason.map(|mut reason| {
            reason.truncate(reason.floor_char_boundary(REASON_BYTES_MAX));
            reason
        });
        self.pause = Some(Pause { from, until, until_success, reason, was_well });
    }

    /// Ends the pause, if there is one. An interval then counts from here, and other schedules go on
    /// with their next slot; unless the monitor was missed already when the pause began.
    pub(super) fn resume_at(&mut self, rules: &Rules, at: Moment) {
        let Some(pause) = self.pause.take() else { return };
        // What is told only now may have answered what was missed then.
        if pause.was_well || verdict(rules, self, pause.from) != Verdict::Missed {
            self.forgive(at.max(pause.from));
        }
    }

    /// What fell due between two moments and was not answered.
    pub(super) fn forgiven(&self, rules: &Rules, from: Moment, until: Moment) -> Forgiven {
        let mut slots = slot::passed(rules, self, from, until, PASSED_MAX);
        let count = u32::try_from(slots.len()).unwrap_or(u32::MAX);
        slots.truncate(LISTED_MAX);
        Forgiven { count, slots }
    }

    /// Expects nothing that is due at this moment or before it.
    fn forgive(&mut self, at: Moment) {
        self.floor_at = Some(self.floor_at.map_or(at, |floor| floor.max(at)));
    }

    /// Goes by other rules. What they would call missed is so only if it was called so before: a change
    /// of rules raises no alarm of its own, and silences none that the new ones uphold.
    pub(super) fn rules_changed(&mut self, rules: &Rules, now: Moment) {
        self.answer_anew(rules);
        if rules.absent_at_most.is_none() {
            self.awake = Awake::default();
        }
        let stands = self.status() == Status::Missed || self.pause.is_some();
        if !stands && verdict(rules, self, now) == Verdict::Missed {
            self.forgive(now);
        }
        self.told.seen_at = Some(now);
    }
}
