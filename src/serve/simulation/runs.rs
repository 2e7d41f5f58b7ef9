//! How a run must be judged that was told of and has not ended, in the plainest way.

use super::clients::{DAY, Job, MINUTE, SECOND, Said};
use crate::domain::event::Kind;

/// How many ended runs a receiver remembers: of something older than them all nobody knows whether its
/// run has ended.
const ENDED_KNOWN: usize = 8;

/// How long a run that promised nothing is waited for.
const PATIENCE: i64 = 3 * DAY;

/// A run that was told of and has not ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    started_at: i64,
    /// When the newest thing happened to it, and whether that says that it does nothing.
    last_at: i64,
    is_stalled: bool,
    /// When it is to be heard of again, with what the network is given.
    lease_until: Option<i64>,
}

/// How a run must be judged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Life {
    Running,
    Stalled,
    /// Nobody watched when it had to be heard of.
    Doubtful,
    Overrun,
    Vanished,
    Lost,
}

impl Run {
    fn limit_at(&self, job: &Job) -> Option<i64> {
        job.run_at_most.map(|limit| self.started_at + limit)
    }

    /// A success after this says that nobody will hear of it any more.
    fn awaited_until(&self, job: &Job) -> i64 {
        self.lease_until.or(self.limit_at(job)).unwrap_or(self.last_at + PATIENCE)
    }

    /// How it does; nothing where two words are right.
    fn life(&self, job: &Job, blind: &[(i64, i64)], now: i64) -> Option<Life> {
        let ends = [(self.lease_until, Life::Vanished), (self.limit_at(job), Life::Overrun)];
        for (at, word) in ends {
            let Some(at) = at.filter(|at| *at <= now) else { continue };
            return Some(if job.is_over(at, blind, now)? { word } else { Life::Doubtful });
        }
        Some(match self.is_stalled {
            _ if self.awaited_until(job) <= now => Life::Lost,
            true => Life::Stalled,
            false => Life::Running,
        })
    }
}

impl Job {
    /// What was committed of a run.
    pub(super) fn take_of_run(&mut self, said: &Said, received_at: i64) {
        let number = said.key.0;
        if matches!(said.kind, Kind::Success | Kind::Warning | Kind::Failure) {
            self.open.remove(&number);
            self.ended.insert(number, said.at);
            return;
        }
        let mut ends: Vec<i64> = self.ended.values().copied().collect();
        ends.sort_unstable_by(|one, other| other.cmp(one));
        let is_ancient = ends.get(ENDED_KNOWN - 1).is_some_and(|oldest| said.at <= *oldest);
        let is_new = !self.open.contains_key(&number);
        if said.kind == Kind::Verified || self.ended.contains_key(&number) || (is_new && is_ancient)
        {
            return;
        }
        let begun = Run {
            started_at: said.started_at,
            last_at: said.at,
            is_stalled: said.is_bad,
            lease_until: None,
        };
        let run = self.open.entry(number).or_insert(begun);
        if said.at > run.last_at {
            (run.last_at, run.is_stalled) = (said.at, said.is_bad);
        }
        if let Some(lease) = said.lease {
            let margin = (lease / 2).clamp(5 * SECOND, MINUTE);
            run.lease_until = run.lease_until.max(Some(received_at.max(said.at) + lease + margin));
        }
    }

    /// How the runs do of which something is still to be heard; nothing where two words are right.
    pub(super) fn lives(&self, blind: &[(i64, i64)], now: i64) -> Option<Vec<Life>> {
        let waits = |run: &&Run| self.success_at.is_none_or(|at| at <= run.awaited_until(self));
        self.open.values().filter(waits).map(|run| run.life(self, blind, now)).collect()
    }
}
