//! Blind time: while the receiver could not hear, a deadline that passed proves nothing.
//!
//! Such a deadline, and one that passes before the clients had time to deliver what they kept, is in doubt
//! until the settle time after the blind time is over. A blind time that begins after the deadline gives no
//! doubt about it, and none gives more than one settle time: otherwise a receiver that is restarted
//! every hour would never alarm (gatus#1237).

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::monitor::Rules;
use crate::domain::time::Moment;

/// The longest settle time: clients that could not deliver try again within it.
const SETTLE_MAX: Duration = Duration::from_secs(15 * 60);

/// How many blind times are remembered. At the maximum that one is dropped between the first and the last
/// which ends soonest after the one before it: a doubt ends so much earlier then, a minute at most where the
/// receiver is restarted all the time.
const BLIND_MAX: usize = 16;

/// The blind times that still matter, in order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Blind(Vec<(Moment, Moment)>);

/// How long a doubt lasts after the blind time: the grace, but not longer than a quarter of an hour.
pub(super) fn settle(rules: &Rules) -> Duration {
    rules.grace.min(SETTLE_MAX)
}

impl Blind {
    /// Whether the receiver always heard.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a blind time, and drops those whose doubt was over when it began.
    pub(super) fn add(&mut self, rules: &Rules, from: Moment, until: Moment, now: Moment) {
        self.0.retain(|(_, until)| until.after(settle(rules)) > from);
        let until = until.min(now);
        if from >= until || self.0.contains(&(from, until)) {
            return;
        }
        self.0.push((from, until));
        self.0.sort_unstable_by_key(|(from, until)| (*until, *from));
        if self.0.len() > BLIND_MAX {
            let middle = 1..self.0.len() - 1;
            let least = middle.min_by_key(|at| self.0[*at].1.since(self.0[*at - 1].1));
            self.0.remove(least.unwrap_or(1));
        }
    }

    /// Drops what lies ahead.
    pub(super) fn heal(&mut self, now: Moment) {
        self.0.retain(|(_, until)| *until <= now);
    }

    /// Until when it is in doubt that something was not heard by `at`; `at` itself where it is not.
    ///
    /// Worked example: blind from 02:10 to 04:35 with a settle time of 15 min. A deadline at 03:00 is in
    /// doubt until 04:50, and so is one at 04:40; one at 02:00 or at 05:00 is not.
    pub(super) fn settled(&self, rules: &Rules, at: Moment) -> Moment {
        let doubt = |(from, until): &(Moment, Moment)| {
            let over = until.after(settle(rules));
            (*from <= at && at < over).then_some(over)
        };
        self.0.iter().filter_map(doubt).max().unwrap_or(at)
    }
}
