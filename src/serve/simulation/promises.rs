//! The promises, held against what is committed after every step.

use std::collections::BTreeMap;

use super::clients::{Job, Key};
use super::twin::{EARLY, Word};
use super::world::World;
use crate::domain::incident;
use crate::domain::monitor::Status;
use crate::domain::time::Moment;
use crate::domain::transition::{Reason, State};
use crate::store::changes::{self, StoredChange};
use crate::store::deliveries::{self, Delivery};
use crate::store::events;
use crate::store::incidents::{self, Incident};
use crate::store::monitors::{self, Live, Named};

/// Incidents of a monitor that are looked at.
const INCIDENTS: u32 = 10;

/// Changes of a monitor that are looked at: more than one transaction makes.
const CHANGES: u32 = 12;

/// A deadline is looked at so soon after it.
const BEHIND: i64 = 3_000;

/// What was held against the promises already.
#[derive(Default)]
pub(super) struct Known {
    /// The word for each monitor and its incident.
    words: BTreeMap<i64, (String, Option<String>)>,
    /// Its last change.
    changes: BTreeMap<i64, i64>,
}

/// One monitor as it is committed.
pub(super) struct Seen {
    pub(super) live: Live,
    /// Nothing where it was seen like that before.
    news: Option<News>,
}

/// What is looked at of a monitor that has changed.
struct News {
    incidents: Vec<Incident>,
    changes: Vec<StoredChange>,
    /// The deliveries of an incident that is news.
    deliveries: Option<Vec<Delivery>>,
}

/// Everything that is committed, as far as promises are about it.
pub(super) struct Picture {
    pub(super) monitors: Vec<Seen>,
}

impl Picture {
    /// What is committed now.
    pub(super) fn of(world: &mut World, jobs: &[&Job], known: &mut Known) -> Picture {
        let names: Vec<Named> = jobs.iter().map(|job| Named::Id(job.id)).collect();
        world.read(|tx| {
            let mut seen = Vec::new();
            for (found, job) in monitors::look(tx, &names)?.into_iter().zip(jobs) {
                let (id, live) = (found.monitor.id, found.monitor.live);
                let word = (live.status.clone(), live.incident_id.clone());
                let before = known.words.insert(id, word.clone());
                // What is told in one go may change the word and change it back.
                if before.as_ref() == Some(&word) && job.fresh.len() < 2 {
                    seen.push(Seen { live, news: None });
                    continue;
                }
                let was_open = before.and_then(|(_, open)| open);
                let deliveries = match live.incident_id.as_ref().filter(|_| was_open.is_none()) {
                    Some(open) => Some(deliveries::of_incident(tx, open)?),
                    None => None,
                };
                let has_opened = live.incident_id.is_some() || was_open.is_some();
                let count = if has_opened { INCIDENTS } else { 0 };
                let incidents = incidents::of_monitor(tx, id, count)?;
                let changes = changes::page(tx, id, None, CHANGES)?.rows;
                seen.push(Seen { live, news: Some(News { incidents, changes, deliveries }) });
            }
            Ok(Picture { monitors: seen })
        })
    }

    /// What holds always: incidents follow the word, and each is told through every channel.
    pub(super) fn hold(&self, jobs: &[&Job], channels: &[i64], wall: i64) -> Result<(), String> {
        for (job, seen) in jobs.iter().zip(&self.monitors) {
            seen.hold(channels, wall).map_err(|why| format!("monitor {}: {why}", job.id))?;
        }
        Ok(())
    }

    /// What was told since the last look: nothing is missed whose success was committed before.
    pub(super) fn hold_news(&self, jobs: &[&Job], known: &mut Known) -> Result<(), String> {
        for (job, seen) in jobs.iter().zip(&self.monitors) {
            let Some(news) = &seen.news else { continue };
            let last = known.changes.entry(job.id).or_default();
            for stored in news.changes.iter().filter(|stored| stored.id > *last) {
                let reason = serde_json::from_str(&stored.change.reason).unwrap();
                let Reason::Missed { due_at, deadline_at, .. } = reason else { continue };
                let opens_at = due_at.epoch_ms() - EARLY;
                let answers = |at: i64| opens_at <= at && at <= deadline_at.epoch_ms();
                let told = job.committed.values().find(|said| {
                    said.kind.is_finish() && answers(said.at) && !job.fresh.contains(&said.key)
                });
                if let Some(said) = told.filter(|_| !job.is_every) {
                    return Err(format!(
                        "monitor {} is told to have missed {} and run {} was told before",
                        job.id,
                        due_at.to_rfc3339(),
                        said.key.0
                    ));
                }
            }
            *last = news.changes.first().map_or(*last, |stored| stored.id.max(*last));
        }
        Ok(())
    }

    /// What holds when the checker has looked: every monitor is judged as it must be.
    pub(super) fn hold_words(&self, jobs: &[Job], world: &World) -> Result<(), String> {
        for (job, seen) in jobs.iter().zip(&self.monitors) {
            let (word, status) = (job.word(&world.blind, world.wall()), seen.status());
            // Whoever looks is a moment behind.
            if word != job.word(&world.blind, world.wall() - BEHIND) {
                continue;
            }
            let holds = match word {
                Word::Unsure => true,
                Word::Paused => status == Status::Paused,
                Word::Failed => status == Status::Failed,
                Word::Missed => status == Status::Missed,
                Word::Good => incident::severity_of(status).is_none() && status != Status::Paused,
            };
            if !holds {
                return Err(format!(
                    "monitor {} ({}, grace {} s, tolerance {}) is {status:?} and must be {word:?}; \
                     newest finish {:?}, floor {}",
                    job.id,
                    job.schedule,
                    job.grace / 1_000,
                    job.tolerance,
                    job.newest,
                    Moment(job.floor).to_rfc3339(),
                ));
            }
        }
        Ok(())
    }
}

impl Seen {
    pub(super) fn status(&self) -> Status {
        Status::parse(&self.live.status).unwrap()
    }

    fn hold(&self, channels: &[i64], wall: i64) -> Result<(), String> {
        let Some(news) = &self.news else { return Ok(()) };
        let status = self.status();
        let open: Vec<_> = news.incidents.iter().filter(|one| one.closed_at.is_none()).collect();
        if open.len() > 1 {
            return Err("it has two open incidents".to_owned());
        }
        let named = self.live.incident_id.as_ref();
        if named != open.first().map(|one| &one.id) {
            return Err(format!("its incident is {named:?} and another one is open"));
        }
        let is_bad = incident::severity_of(status).is_some();
        if is_bad && open.is_empty() {
            let state: State = serde_json::from_str(&self.live.state).unwrap();
            if !state.is_quiet(Moment(wall)) {
                return Err(format!("it is {status:?} and has no open incident"));
            }
        }
        let is_open_for = is_bad || matches!(status, Status::Paused | Status::Unknown);
        if !is_open_for && !open.is_empty() {
            return Err(format!("it is {status:?} and its incident is open"));
        }
        for channel in channels.iter().filter(|_| news.deliveries.is_some()) {
            let mut all = news.deliveries.iter().flatten();
            if !all.any(|one| one.about.channel_id == *channel && one.about.what == "opened") {
                return Err(format!("its incident {named:?} is not told on {channel}"));
            }
        }
        Ok(())
    }
}

/// Whatever was acknowledged is stored, and nothing is stored twice.
pub(super) fn hold_events(world: &mut World, jobs: &[&Job]) -> Result<(), String> {
    for job in jobs {
        let id = job.id;
        let stored = world.read(|tx| events::page(tx, id, None, 100_000)).rows;
        let mut counts: BTreeMap<Key, u32> = BTreeMap::new();
        for one in &stored {
            let run = one.event.run_id.as_ref().and_then(|run| run.parse().ok()).unwrap();
            *counts.entry((run, one.event.seq.unwrap())).or_default() += 1;
        }
        if let Some((key, count)) = counts.iter().find(|(_, count)| **count != 1) {
            return Err(format!("monitor {id}: {key:?} is stored {count} times"));
        }
        if let Some(key) = job.acknowledged.iter().find(|key| !counts.contains_key(key)) {
            return Err(format!("monitor {id}: {key:?} was acknowledged and is not stored"));
        }
        let committed: Vec<Key> = job.committed.keys().copied().collect();
        if counts.keys().copied().ne(committed) {
            return Err(format!("monitor {id}: what is stored is not what was committed"));
        }
    }
    Ok(())
}
