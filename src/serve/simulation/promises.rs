//! The promises, held against what is committed after every step.

use std::collections::BTreeMap;

use super::answers::Answers;
use super::calendar::Calendar;
use super::clients::{Job, Key};
use super::twin::{EARLY, Word};
use super::world::World;
use crate::domain::incident::{self, Severity};
use crate::domain::monitor::Status;
use crate::domain::time::Moment;
use crate::domain::transition::Reason;
use crate::store::changes::{self, StoredChange};
use crate::store::deliveries::{self, Delivery};
use crate::store::events;
use crate::store::incidents::{self, Incident};
use crate::store::monitors::{self, Live, Named};

/// Incidents of a monitor that are looked at.
const INCIDENTS: u32 = 10;

/// Changes of a monitor that are looked at: more than one transaction makes.
const CHANGES: u32 = 12;

/// A deadline is looked at so soon after it, even where the node dies that was to do so.
const BEHIND: i64 = 7_000;

/// What people want, for the jobs in the order of their places.
pub(super) struct Wishes<'a> {
    pub(super) channels: &'a [i64],
    pub(super) calendar: &'a Calendar,
    pub(super) answers: &'a Answers,
    /// By the receiver's clock.
    pub(super) now: i64,
}

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
    pub(super) fn of(world: &mut World, jobs: &[(usize, &Job)], known: &mut Known) -> Picture {
        let names: Vec<Named> = jobs.iter().map(|(_, job)| Named::Id(job.id)).collect();
        world.read(|tx| {
            let mut seen = Vec::new();
            for (found, (_, job)) in monitors::look(tx, &names)?.into_iter().zip(jobs) {
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
                let news = Some(News { incidents, changes, deliveries });
                seen.push(Seen { live, news });
            }
            Ok(Picture { monitors: seen })
        })
    }

    /// What holds always: incidents follow the word, and each is told through every channel.
    pub(super) fn hold(&self, jobs: &[(usize, &Job)], wishes: &Wishes) -> Result<(), String> {
        for ((place, job), seen) in jobs.iter().zip(&self.monitors) {
            seen.hold(*place, job, wishes).map_err(|why| format!("monitor {}: {why}", job.id))?;
        }
        Ok(())
    }

    /// What was told since the last look: nothing is missed whose success was committed before.
    pub(super) fn hold_news(
        &self,
        jobs: &[(usize, &Job)],
        known: &mut Known,
    ) -> Result<(), String> {
        for ((_, job), seen) in jobs.iter().zip(&self.monitors) {
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

    /// What holds when the checker has looked: every monitor is judged as it must be, and told of.
    pub(super) fn hold_words(
        &self,
        jobs: &[Job],
        world: &World,
        wishes: &Wishes,
    ) -> Result<(), String> {
        for (place, (job, seen)) in jobs.iter().zip(&self.monitors).enumerate() {
            seen.hold_told(place, job, wishes)
                .map_err(|why| format!("monitor {}: {why}", job.id))?;
            let (word, status) = (job.word(&world.blind, wishes.now), seen.status());
            // Whoever looks is a moment behind.
            if word != job.word(&world.blind, wishes.now - BEHIND) {
                continue;
            }
            if !word.is(status) {
                return Err(format!(
                    "monitor {} ({}, grace {} s, tolerance {}, limit {:?}) is {status:?} and must be \
                     {word:?}; newest finish {:?}, open {:?}, floor {}",
                    job.id,
                    job.schedule,
                    job.grace / 1_000,
                    job.tolerance,
                    job.run_at_most,
                    job.newest,
                    job.open,
                    Moment(job.floor).to_rfc3339(),
                ));
            }
        }
        Ok(())
    }
}

impl Word {
    /// Whether a status says this.
    fn is(self, status: Status) -> bool {
        match self {
            Word::Unsure => true,
            Word::Paused => status == Status::Paused,
            Word::Unverified => status == Status::VerifyFailed,
            Word::Failed => status == Status::Failed,
            Word::Missed => status == Status::Missed,
            Word::Vanished => status == Status::Vanished,
            Word::Overrun => status == Status::Overrun,
            Word::Stalled => status == Status::Stalled,
            Word::Late => status == Status::Late,
            Word::Good => {
                let is_other = matches!(status, Status::Paused | Status::Late);
                incident::severity_of(status).is_none() && !is_other
            }
        }
    }
}

impl Seen {
    pub(super) fn status(&self) -> Status {
        Status::parse(&self.live.status).unwrap()
    }

    fn hold(&self, place: usize, job: &Job, wishes: &Wishes) -> Result<(), String> {
        let Some(news) = &self.news else { return Ok(()) };
        let status = self.status();
        let open: Vec<_> = news.incidents.iter().filter(|one| one.closed_at.is_none()).collect();
        if open.len() > 1 {
            return Err("it has two open incidents".to_owned());
        }
        let named = self.live.incident_id.as_ref();
        let is_resolved = wishes.answers.resolved_at(named).is_some();
        if is_resolved != (named.is_some() && open.is_empty())
            || (!is_resolved && named != open.first().map(|one| &one.id))
        {
            return Err(format!("its incident is {named:?} and those that are open {open:?}"));
        }
        for channel in wishes.channels.iter().filter(|_| news.deliveries.is_some()) {
            let mut all = news.deliveries.iter().flatten();
            if !all.any(|one| one.about.channel_id == *channel && one.about.what == "opened") {
                return Err(format!("its incident {named:?} is not told on {channel}"));
            }
        }
        let known = news.incidents.iter().find(|one| Some(&one.id) == named);
        let told = known.and_then(|one| Severity::parse(&one.severity));
        let bad = incident::severity_of(status);
        if told.is_some() && told < bad && wishes.calendar.is_surely_loud(place, job, wishes.now) {
            return Err(format!("it is {status:?} and its incident is {told:?} only"));
        }
        self.hold_told(place, job, wishes)
    }

    /// Its incident follows its word, unless people want to be left alone.
    fn hold_told(&self, place: usize, job: &Job, wishes: &Wishes) -> Result<(), String> {
        let status = self.status();
        let is_bad = incident::severity_of(status).is_some();
        let is_open_for = is_bad || matches!(status, Status::Paused | Status::Unknown);
        let named = self.live.incident_id.as_ref();
        let is_open = named.is_some();
        let is_known = is_open == is_bad || (is_open && is_open_for);
        // Whoever has closed it does not know of what failed after that.
        let has_failed_after = |at: i64| job.newest.is_some_and(|newest| newest.at > at);
        let is_news = status == Status::Failed
            && wishes.answers.resolved_at(named).is_some_and(has_failed_after);
        if (is_known && !is_news) || !wishes.calendar.is_surely_loud(place, job, wishes.now) {
            return Ok(());
        }
        Err(format!(
            "it is {status:?}, its incident is open: {is_open}, has new failure: {is_news}"
        ))
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
