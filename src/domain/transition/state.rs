//! All that is known of a monitor, and how an event adds to it.
//!
//! The state is written at every ping, so it is small: what is not there is not written. It is read
//! tolerantly: a member that is missing has its default and one that is unknown is passed over, so
//! an older and a newer hb can share a store.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::awake::Awake;
use super::blind::Blind;
use super::pause::Pause;
use super::runs::Runs;
use super::slot::{self, Slots};
use super::{Change, Heard, Reason, Taken};
use crate::domain::event::Kind;
use crate::domain::host::Uptime;
use crate::domain::monitor::{Rules, Status};
use crate::domain::time::Moment;

/// A clock that goes back by less than this has not been set: it was put right, or it is another node's.
const PUT_RIGHT_MAX: Duration = Duration::from_secs(1);

/// What is heard of at most so much before what was heard of last, was heard of in the same tick, or by a node
/// whose clock is a little behind; what lies further back was on its way for that long.
const SAME_TICK_MAX: Duration = Duration::from_millis(20);

/// All that is known of a monitor.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct State {
    /// When the monitor was made: the first slot after it is expected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) created_at: Option<Moment>,
    /// When the first thing was heard of it, by when it happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) first_event_at: Option<Moment>,
    /// When the newest thing happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_event_at: Option<Moment>,
    /// When the newest success or warning happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_success_at: Option<Moment>,
    /// That one had reservations.
    #[serde(skip_serializing_if = "is_false")]
    pub(super) partial: bool,
    /// When the newest failure happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_failure_at: Option<Moment>,
    /// Its exit code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) exit_code: Option<i32>,
    /// When what was made was last looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) verified_at: Option<Moment>,
    /// It was not what was expected.
    #[serde(skip_serializing_if = "is_false")]
    pub(super) unverified: bool,
    /// What is expected is due after this: a pause ended then, or the rules changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) floor_at: Option<Moment>,
    /// The slots that were answered.
    #[serde(skip_serializing_if = "Slots::is_empty")]
    pub(super) slots: Slots,
    /// The runs that are open.
    #[serde(skip_serializing_if = "Runs::is_empty")]
    pub(super) runs: Runs,
    /// When the receiver could not hear.
    #[serde(skip_serializing_if = "Blind::is_empty")]
    pub(super) blind: Blind,
    /// When its host was awake, where that matters.
    #[serde(skip_serializing_if = "Awake::is_empty")]
    pub(super) awake: Awake,
    /// Nothing is expected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pause: Option<Pause>,
    /// People are not told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) quiet_until: Option<Moment>,
    /// What was told last.
    pub(super) told: Told,
}

/// The word that was told last. This is history, not a fact: it depends on what was heard when.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Told {
    /// The word.
    pub(super) status: Status,
    /// Since when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) since: Option<Moment>,
    /// No moment up to this one is looked at again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) seen_at: Option<Moment>,
}

/// For members that are written only when they say something.
fn is_false(flag: &bool) -> bool {
    !*flag
}

/// The later one; a moment is later than none.
fn latest(one: &mut Option<Moment>, at: Moment) -> bool {
    let newer = one.is_none_or(|one| one < at);
    if newer {
        *one = Some(at);
    }
    newer
}

impl State {
    /// The state of a monitor that was made just now.
    pub(crate) fn new(created_at: Moment) -> State {
        let told = Told { seen_at: Some(created_at), ..Told::default() };
        State { created_at: Some(created_at), told, ..State::default() }
    }

    /// The word as of the last step.
    pub(crate) fn status(&self) -> Status {
        self.told.status
    }

    /// Whether everything up to a moment was looked at: a blind time until then is no news.
    pub(crate) fn has_seen(&self, at: Moment) -> bool {
        self.told.seen_at.is_some_and(|seen_at| seen_at >= at)
    }

    /// The present moment for this monitor: time that has passed for it does not come back where a clock is put
    /// right by a little.
    pub(crate) fn not_before(&self, now: Moment) -> Moment {
        match self.told.seen_at {
            Some(seen_at) if seen_at.since(now) < PUT_RIGHT_MAX => now.max(seen_at),
            _ => now,
        }
    }

    /// When something happened that was heard of at `at` and does not say when it was: after all that was heard
    /// before it, also within one tick of a clock.
    pub(crate) fn after_all(&self, at: Moment) -> Moment {
        match self.last_event_at {
            Some(last) if last >= at && last.since(at) < SAME_TICK_MAX => {
                last.after(Duration::from_millis(1))
            }
            _ => at,
        }
    }

    /// Since when it is that.
    #[cfg(test)]
    pub(crate) fn since(&self) -> Option<Moment> {
        self.told.since
    }

    /// Whether people are to be left alone at a moment: paused or in maintenance.
    #[cfg(test)]
    pub(crate) fn is_quiet(&self, now: Moment) -> bool {
        self.pause.is_some() || self.quiet_until.is_some_and(|until| now < until)
    }

    /// Nothing due at this moment or before it is expected; none: nothing is, yet.
    pub(super) fn floor(&self, rules: &Rules) -> Option<Moment> {
        let start = if rules.wait_first { self.first_event_at } else { self.created_at }?;
        Some(self.floor_at.map_or(start, |floor| floor.max(start)))
    }

    /// When the newest finish happened.
    pub(super) fn last_finish_at(&self) -> Option<Moment> {
        self.last_success_at.max(self.last_failure_at)
    }

    /// The newest finish was a failure. Of two at the same moment the failure stands.
    pub(super) fn has_failed(&self) -> bool {
        self.last_failure_at.is_some() && self.last_failure_at >= self.last_success_at
    }

    /// The newest failure, as a change: where the job had failed before, the word stays and none says so.
    pub(crate) fn last_failure(&self) -> Option<Change> {
        let at = self.last_failure_at?;
        let (exit_code, message) = (self.exit_code, None);
        let reason = Reason::Failed { at: Some(at), exit_code, message };
        Some(Change { from: self.status(), to: Status::Failed, at, reason })
    }

    /// Takes moments that lie ahead for now: the clock was set back, and what it said before was
    /// wrong.
    pub(super) fn heal(&mut self, rules: &Rules, now: Moment) {
        let finish_at = self.last_finish_at();
        let moments = [
            &mut self.created_at,
            &mut self.first_event_at,
            &mut self.last_event_at,
            &mut self.last_success_at,
            &mut self.last_failure_at,
            &mut self.verified_at,
            &mut self.floor_at,
            &mut self.told.since,
            &mut self.told.seen_at,
        ];
        let mut jumped = false;
        for at in moments.into_iter().flatten().filter(|at| **at > now) {
            *at = now;
            jumped = true;
        }
        if jumped {
            if self.last_finish_at() != finish_at {
                self.answer_anew(rules);
            }
            self.runs.heal(now);
            self.blind.heal(now);
        }
        self.awake.heal(now);
        if let Some(pause) = &mut self.pause {
            pause.from = pause.from.min(now);
        }
    }

    /// Answers the slots from the newest finish alone.
    pub(super) fn answer_anew(&mut self, rules: &Rules) {
        self.slots = Slots::default();
        if let Some(at) = self.last_finish_at() {
            self.slots.answer(rules, self.floor(rules), at, at);
        }
    }

    /// The receiver could not hear for a while. What was told before that stands: it could hear then.
    pub(super) fn was_blind(&mut self, rules: &Rules, from: Moment, until: Moment, now: Moment) {
        let told_at = self.told.seen_at.map(|seen_at| Moment(seen_at.epoch_ms() + 1));
        let from = told_at.map_or(from, |told_at| told_at.max(from));
        self.blind.add(rules, from, until, now);
    }

    /// The host that it follows.
    pub(crate) fn host(&self) -> Option<&str> {
        self.awake.host()
    }

    /// Follows the host on which its runs begin and end, and hears what that says. What somebody says of it
    /// elsewhere, that its result was looked at, is nothing about its host.
    pub(super) fn follow(&mut self, rules: &Rules, event: &Heard, now: Moment) {
        if rules.absent_at_most.is_none() {
            return;
        }
        match event.uptime {
            Some(_) if event.kind == Kind::Start || event.kind.is_finish() => {
                self.awake.follow(event.host.as_deref());
            }
            None if event.kind.is_finish() => self.awake.fall_silent(),
            _ => {}
        }
        if let Some(uptime) = event.uptime.filter(|_| event.host.as_deref() == self.host()) {
            self.hear_host(rules, event.received_at, uptime, now);
        }
    }

    /// Whether a sign of its host is news.
    pub(crate) fn wants_sign(&self, at: Moment) -> bool {
        self.awake.wants(at)
    }

    /// Its host was heard of.
    pub(super) fn hear_host(&mut self, rules: &Rules, at: Moment, uptime: Uptime, now: Moment) {
        let at = slot::sane(at).min(now);
        if rules.absent_at_most.is_none() || uptime.behind || !self.awake.wants(at) {
            return;
        }
        let expected = slot::expected(rules, self).and_then(|one| slot::deadline(rules, one));
        let runs = self.open_runs(rules);
        let runs = runs.iter().flat_map(|run| [run.started_at, run.last_event_at]);
        let needed: Vec<Moment> = runs.chain(expected.map(|one| one.from)).collect();
        self.awake.hear(at, uptime, &needed);
    }

    /// When a deadline counts that leaves the host the time since `from`.
    pub(super) fn reached(&self, rules: &Rules, from: Moment, at: Moment) -> Moment {
        self.awake.reached(rules, from, at)
    }

    /// Adds an event to the facts.
    pub(super) fn hear(&mut self, rules: &Rules, event: &Heard, now: Moment) -> Taken {
        let mut taken = Taken::default();
        let at = slot::sane(event.at).min(now);
        if event.kind == Kind::Test {
            return taken;
        }
        latest(&mut self.last_event_at, at);
        self.first_event_at = Some(self.first_event_at.map_or(at, |first| first.min(at)));
        match event.kind {
            Kind::Success | Kind::Warning | Kind::Failure => {
                self.finish(rules, event, at, &mut taken);
            }
            Kind::Start | Kind::Progress | Kind::Stage => {
                self.runs.begin(rules, event, at, &mut taken);
            }
            // Who promises to be heard of again is running.
            Kind::Log if event.lease_ms.is_some() => {
                self.runs.begin(rules, event, at, &mut taken);
            }
            Kind::Log => {}
            Kind::Verified => {
                let bad = event.matches_expected == Some(false);
                if latest(&mut self.verified_at, at) {
                    self.unverified = bad;
                } else if self.verified_at == Some(at) {
                    self.unverified |= bad;
                } else {
                    taken.stale = true;
                }
            }
            // A pause that a job asks for ends with the job's next success: nobody has to remember it.
            Kind::Pause => self.pause_at(rules, now, None, true, event.message.clone()),
            Kind::Resume => self.resume_at(rules, now),
            Kind::Test => {}
        }
        taken
    }

    /// A run ended: well, with reservations, or badly.
    fn finish(&mut self, rules: &Rules, event: &Heard, at: Moment, taken: &mut Taken) {
        let newest = self.last_finish_at();
        let started_at = self.runs.finish(rules, event, at, taken);
        if event.kind == Kind::Failure {
            if latest(&mut self.last_failure_at, at) {
                self.exit_code = event.exit_code;
            } else if self.last_failure_at == Some(at) {
                self.exit_code = self.exit_code.max(event.exit_code);
            }
        } else {
            let partial = event.kind == Kind::Warning;
            if latest(&mut self.last_success_at, at) {
                self.partial = partial;
            } else if self.last_success_at == Some(at) {
                self.partial |= partial;
            }
            self.runs.forget(rules, at);
        }
        let floor = self.floor(rules);
        taken.stale = newest.is_some_and(|newest| at < newest);
        let due = slot::expected(rules, self).map(|expected| expected.slot);
        self.slots.answer(rules, floor, at, started_at);
        if let Some(due) = due.filter(|_| !taken.stale) {
            let left = slot::expected(rules, self).map(|expected| expected.slot);
            taken.late = at > self.reached(rules, due, due.after(rules.grace));
            taken.early = at < due && left > Some(due) && slot::opens_early(rules);
        }
        let ends_pause = |pause: &Pause| pause.until_success && at >= pause.from;
        if event.kind != Kind::Failure && self.pause.as_ref().is_some_and(ends_pause) {
            self.resume_at(rules, at);
        }
    }
}
