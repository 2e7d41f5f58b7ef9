//! Open runs: what begins, renews and ends them, and how long each is waited for.
//!
//! A run with an id is a record of its own; its members are maxima and minima, and an id that has ended
//! is remembered for a while, so that a start that arrives after its own finish opens nothing. Runs
//! without ids are matched in `loose`, by order.
//!
//! A run is waited for until its lease ends, or its limit, or for three days. After that a success
//! of a later moment supersedes it: nobody will ever finish a run whose host has died.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::loose::Loose;
use super::state::State;
use super::{Ended, Heard, Phase, Taken};
use crate::domain::event::Kind;
use crate::domain::monitor::Rules;
use crate::domain::time::Moment;

/// The most open runs with ids. At the maximum the one that was heard of least recently is dropped, and
/// counted.
const RUNS_MAX: usize = 50;

/// How many ids of ended runs are remembered; beyond it the one that ended first is forgotten.
const ENDED_MAX: usize = 8;

/// How long a run that promises nothing is waited for.
const PATIENCE: Duration = Duration::from_secs(72 * 3600);

/// What a lease is waited for beyond its end: half of it, within these bounds. A renewal takes its way
/// through the network.
const MARGIN: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(60));

/// The longest lease, run limit or duration that is reckoned with.
const SPAN_MAX: Duration = Duration::from_secs(366 * 86_400);

/// A span as its client says it, within what is reckoned with.
pub(super) fn span(ms: u64) -> Duration {
    Duration::from_millis(ms).min(SPAN_MAX)
}

/// The open runs and what has to be remembered of ended ones.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Runs {
    /// Those with ids, by id.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    open: Vec<OpenRun>,
    /// Marks of the ids of ended runs, and when they ended.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ended: Vec<(u32, Moment)>,
    /// Those without.
    #[serde(skip_serializing_if = "Loose::is_empty")]
    loose: Loose,
    /// The newest stage of any of those.
    #[serde(rename = "stage", skip_serializing_if = "Option::is_none")]
    stage: Option<Stage>,
    /// How many had to be dropped.
    #[serde(skip_serializing_if = "is_zero")]
    dropped: u32,
}

/// For a count that is written only when it is one.
fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// When a stage began, and which phase that is.
pub(super) type Stage = (Moment, Option<Phase>);

/// A run that has begun and not ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct OpenRun {
    /// What its client calls it; none for one without an id.
    #[serde(rename = "id", default, skip_serializing_if = "Option::is_none")]
    pub(crate) run_id: Option<String>,
    /// When it began, as far as is known.
    pub(crate) started_at: Moment,
    /// When the newest thing happened to it.
    #[serde(rename = "at")]
    pub(crate) last_event_at: Moment,
    /// When its lease ends, its margin included.
    #[serde(rename = "lease", default, skip_serializing_if = "Option::is_none")]
    pub(crate) lease_until: Option<Moment>,
    /// How long it may take, by its own word.
    #[serde(rename = "expected", default, skip_serializing_if = "Option::is_none")]
    pub(crate) expected_ms: Option<u64>,
    /// By its newest word it does nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) stalled: bool,
    /// When its newest stage began, and which phase that is.
    #[serde(rename = "stage", default, skip_serializing_if = "Option::is_none")]
    pub(super) stage: Option<Stage>,
}

impl OpenRun {
    /// A run as its first event tells it.
    fn new(event: &Heard, at: Moment) -> OpenRun {
        let started_at = event.own_start().unwrap_or(at).min(at);
        OpenRun {
            run_id: event.run_id.clone(),
            started_at,
            last_event_at: at,
            lease_until: None,
            expected_ms: None,
            stalled: false,
            stage: None,
        }
    }

    /// A run without an id.
    pub(super) fn loose(started_at: Moment, expected_ms: Option<u64>) -> OpenRun {
        OpenRun {
            run_id: None,
            started_at,
            last_event_at: started_at,
            lease_until: None,
            expected_ms,
            stalled: false,
            stage: None,
        }
    }

    /// Adds what an event says about it; says whether anything was new.
    fn hear(&mut self, event: &Heard, at: Moment) -> bool {
        let before = (self.started_at, self.last_event_at, self.lease_until, self.stage);
        self.started_at = self.started_at.min(event.own_start().unwrap_or(at)).min(at);
        self.expected_ms = self.expected_ms.max(event.expected_ms);
        if let Some(lease) = event.lease_ms.map(span) {
            let margin = (lease / 2).clamp(MARGIN.0, MARGIN.1);
            let until = event.received_at.max(at).after(lease).after(margin);
            self.lease_until = self.lease_until.max(Some(until));
        }
        if event.kind == Kind::Stage {
            self.stage = self.stage.max(Some((at, event.phase)));
        }
        if at > self.last_event_at {
            self.stalled = event.stalled == Some(true);
            self.last_event_at = at;
        } else if at == self.last_event_at {
            self.stalled |= event.stalled == Some(true);
        }
        before != (self.started_at, self.last_event_at, self.lease_until, self.stage)
    }

    /// When it will have taken as long as it may.
    pub(super) fn limit_at(&self, rules: &Rules) -> Option<Moment> {
        let limit = self.expected_ms.map(span).or(rules.run_at_most)?;
        Some(self.started_at.after(limit.min(SPAN_MAX)))
    }

    /// Until when it is waited for, as far as it has promised anything.
    pub(super) fn patience_until(&self, rules: &Rules) -> Moment {
        let promised = self.lease_until.or_else(|| self.limit_at(rules));
        promised.unwrap_or_else(|| self.last_event_at.after(PATIENCE))
    }
}

/// A short mark of an id. Two ids with the same mark among eight come once in half a billion runs, and
/// then the start of one of them is overlooked.
fn mark(run_id: &str) -> u32 {
    // FNV-1a, folded.
    let hash = run_id.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    u32::try_from((hash ^ hash >> 32) & u64::from(u32::MAX)).unwrap_or(0)
}

impl Runs {
    /// Whether there is nothing to remember.
    pub(super) fn is_empty(&self) -> bool {
        *self == Runs::default()
    }

    /// How many open runs had to be dropped.
    pub(super) fn dropped(&self) -> u32 {
        self.dropped
    }

    /// A sign of life of a run: it is open if it was not.
    pub(super) fn begin(&mut self, rules: &Rules, event: &Heard, at: Moment, taken: &mut Taken) {
        let Some(run_id) = &event.run_id else {
            match event.kind {
                Kind::Start => {
                    taken.duplicate = !self.loose.start(rules, at, event.expected_ms);
                }
                Kind::Stage => self.stage = self.stage.max(Some((at, event.phase))),
                _ => {}
            }
            return;
        };
        if self.ended_at(run_id).is_some_and(|ended| at <= ended) {
            taken.stale = true;
            return;
        }
        match self.place(run_id) {
            Ok(place) => taken.duplicate = !self.open[place].hear(event, at),
            // It may have ended so long ago that this is forgotten: nothing that is older than all ends that
            // are remembered opens a run. What is heard of one that is alive comes later.
            Err(_) if self.is_ancient(at) => taken.stale = true,
            Err(place) => {
                let mut run = OpenRun::new(event, at);
                run.hear(event, at);
                self.open.insert(place, run);
            }
        }
        if self.open.len() > RUNS_MAX {
            let oldest = (0..self.open.len()).min_by_key(|at| self.open[*at].last_event_at);
            self.open.remove(oldest.unwrap_or(0));
            self.dropped = self.dropped.saturating_add(1);
        }
    }

    /// Ends the run that a finish belongs to; says when it began, or the moment of the finish where
    /// that is not known.
    pub(super) fn finish(
        &mut self,
        rules: &Rules,
        event: &Heard,
        at: Moment,
        taken: &mut Taken,
    ) -> Moment {
        let known = match &event.run_id {
            Some(run_id) => self.finish_named(run_id, at, taken),
            None => self.loose.finish(rules, at, taken),
        };
        let started_at = event.own_start().or(known.filter(|_| !taken.ambiguous));
        let took = || started_at.and_then(|start| u64::try_from(at.since(start).as_millis()).ok());
        taken.run = Some(Ended {
            run_id: event.run_id.clone(),
            started_at,
            ended_at: at,
            duration_ms: event.duration_ms.or_else(took),
        });
        started_at.unwrap_or(at).min(at)
    }

    /// Ends a run with an id. What was heard of it later belongs to another run of the same id.
    fn finish_named(&mut self, run_id: &str, at: Moment, taken: &mut Taken) -> Option<Moment> {
        let mark = mark(run_id);
        taken.duplicate = self.ended.contains(&(mark, at));
        match self.ended.iter_mut().find(|(known, _)| *known == mark) {
            Some((_, ended)) => *ended = (*ended).max(at),
            None => self.ended.push((mark, at)),
        }
        self.ended.sort_unstable_by_key(|(mark, ended)| (*ended, *mark));
        if self.ended.len() > ENDED_MAX {
            self.ended.remove(0);
        }
        let place = self.place(run_id).ok()?;
        if self.open[place].last_event_at > at {
            let run = &mut self.open[place];
            let known = run.started_at;
            if known <= at {
                // Of what the other one has promised nothing is known apart.
                (run.started_at, run.lease_until) = (run.last_event_at, None);
            }
            return Some(known).filter(|known| *known <= at);
        }
        Some(self.open.remove(place).started_at)
    }

    /// Where a run is, or belongs.
    fn place(&self, run_id: &str) -> Result<usize, usize> {
        self.open.binary_search_by(|run| run.run_id.as_deref().unwrap_or_default().cmp(run_id))
    }

    /// Whether ends that came after this moment may have been forgotten.
    fn is_ancient(&self, at: Moment) -> bool {
        self.ended.len() >= ENDED_MAX && self.ended.first().is_some_and(|(_, first)| at <= *first)
    }

    /// When a run of this id ended, if that is remembered.
    fn ended_at(&self, run_id: &str) -> Option<Moment> {
        let mark = mark(run_id);
        self.ended.iter().find(|(known, _)| *known == mark).map(|(_, ended)| *ended)
    }

    /// Takes what lies ahead for now.
    pub(super) fn heal(&mut self, now: Moment) {
        for run in &mut self.open {
            run.started_at = run.started_at.min(now);
            run.stage = run.stage.map(|(at, phase)| (at.min(now), phase));
            if run.last_event_at > now {
                let ahead = run.last_event_at.since(now);
                run.last_event_at = now;
                run.lease_until = run.lease_until.map(|until| until.before(ahead));
            }
        }
        for (_, ended) in &mut self.ended {
            *ended = (*ended).min(now);
        }
        self.stage = self.stage.map(|(at, phase)| (at.min(now), phase));
        self.loose.heal(now);
    }

    /// Forgets the runs that a success superseded long ago. Until then a late word may still come, and
    /// what is known of the run makes sense of it.
    pub(super) fn forget(&mut self, rules: &Rules, success_at: Moment) {
        self.open.retain(|run| success_at <= run.patience_until(rules).after(PATIENCE));
    }
}

/// The runs that are open and not superseded: those with ids by id, then the others by start.
pub(super) fn open(rules: &Rules, state: &State) -> Vec<OpenRun> {
    let mut open = state.runs.open.clone();
    let mut loose: Vec<OpenRun> = state.runs.loose.open(rules).collect();
    if let Some((at, _)) = state.runs.stage
        && let Some(run) = loose.iter_mut().rfind(|run| run.started_at <= at)
    {
        run.stage = state.runs.stage;
    }
    open.extend(loose);
    let success_at = state.last_success_at;
    open.retain(|run| success_at.is_none_or(|at| at <= run.patience_until(rules)));
    open
}
