//! When people want to be left alone, found in the plainest way: maintenance as it was planned, and pauses.

use super::clients::{DAY, Job, MINUTE};

/// Another node hears of a plan so long after it was made, and one that was frozen so long after that.
const HEARS_WITHIN: i64 = 7_000;

/// A plan of maintenance.
pub(super) struct Plan {
    pub(super) id: i64,
    /// The places of the jobs that it is for.
    pub(super) jobs: Vec<usize>,
    /// When it begins, or begins first.
    pub(super) from: i64,
    /// It begins again so much later.
    pub(super) period: Option<i64>,
    pub(super) lasts: i64,
    pub(super) made_at: i64,
    pub(super) dropped_at: Option<i64>,
}

impl Plan {
    fn is_quiet(&self, at: i64) -> bool {
        if at < self.made_at || self.dropped_at.is_some_and(|dropped| dropped <= at) {
            return false;
        }
        let since = at - self.from;
        match self.period {
            None => (0..self.lasts).contains(&since),
            Some(period) => since.rem_euclid(period) < self.lasts,
        }
    }
}

/// All plans that there ever were, by the receiver's clock.
#[derive(Default)]
pub(super) struct Calendar {
    pub(super) plans: Vec<Plan>,
    /// Stretches in which not every node knows of all plans.
    unsure: Vec<(i64, i64)>,
}

impl Calendar {
    /// From here on it takes some seconds until everybody knows what is planned.
    pub(super) fn spreads(&mut self, now: i64) {
        if !self.plans.is_empty() {
            self.unsure.push((now, now + HEARS_WITHIN));
        }
    }

    fn in_maintenance(&self, place: usize, at: i64) -> bool {
        self.plans.iter().any(|plan| plan.jobs.contains(&place) && plan.is_quiet(at))
    }

    /// Whether nobody may be told of a job at a moment.
    pub(super) fn is_surely_quiet(&self, place: usize, job: &Job, at: i64) -> bool {
        let is_known = !self.unsure.iter().any(|(from, until)| (*from..=*until).contains(&at));
        job.was_paused(at) || (is_known && self.in_maintenance(place, at))
    }

    /// Whether somebody must have been told of a job that was bad until a moment, and for a while before.
    pub(super) fn is_surely_loud(&self, place: usize, job: &Job, at: i64) -> bool {
        let near = |(from, until): &(i64, i64)| *from <= at && at <= *until + HEARS_WITHIN;
        if job.pause.is_some() || self.unsure.iter().any(near) {
            return false;
        }
        !self.in_maintenance(place, at) && !self.in_maintenance(place, at - HEARS_WITHIN)
    }

    /// How much of a stretch nobody was to be told of a job, about. Whom a pause silences may be told a day
    /// later.
    pub(super) fn quiet_within(&self, place: usize, job: &Job, from: i64, until: i64) -> i64 {
        const STEP: i64 = 15 * MINUTE;
        let moments = || (from..until).step_by(STEP as usize);
        let quiet = moments().filter(|at| self.in_maintenance(place, *at)).count() as i64;
        let paused = moments().filter(|at| job.was_paused(*at)).count() as i64;
        let rests = if paused > 0 { DAY } else { 0 };
        // Steps are cut off at both ends of a window.
        (quiet + paused) * STEP + quiet.min(1) * 4 * STEP + rests
    }
}
