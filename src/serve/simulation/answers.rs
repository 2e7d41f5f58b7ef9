//! What people did about incidents, and what may be told of each after that.

use std::collections::{BTreeMap, BTreeSet};

use super::clients::{DAY, HOUR, MINUTE};
use crate::domain::time::Moment;
use crate::store::deliveries::Delivery;
use crate::store::incidents::Incident;

/// The least time between two messages that say the same, and the most while it is bad.
const REMINDED_WITHIN: (i64, i64) = (8 * HOUR, DAY);

/// Whoever wants to hear of it at a moment hears of it so soon after that.
const HEARD_WITHIN: i64 = MINUTE;

/// What somebody did about an incident, by the receiver's clock.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answer {
    pub(super) at: i64,
    pub(super) is_known: bool,
    /// Until then they want to hear nothing.
    pub(super) snoozed_until: Option<i64>,
}

/// All that people ever did.
#[derive(Default)]
pub(super) struct Answers {
    given: BTreeMap<String, Vec<Answer>>,
    /// Incidents that a person has closed, and when.
    resolved: BTreeMap<String, i64>,
    /// Deliveries about them that somebody was sending just then, and has not ended with.
    begun: BTreeSet<String>,
}

impl Answers {
    pub(super) fn give(&mut self, id: &str, answer: Answer) {
        self.given.entry(id.to_owned()).or_default().push(answer);
    }

    /// A person closes it.
    pub(super) fn resolve(&mut self, id: &str, at: i64, begun: impl Iterator<Item = String>) {
        self.resolved.insert(id.to_owned(), at);
        self.begun.extend(begun);
    }

    /// When a person has closed it.
    pub(super) fn resolved_at(&self, id: Option<&String>) -> Option<i64> {
        id.and_then(|id| self.resolved.get(id)).copied()
    }

    /// How an attempt ended is noted.
    pub(super) fn noted(&mut self, delivery: &str) {
        self.begun.remove(delivery);
    }

    /// Whether somebody begins to tell of what a person has closed.
    pub(super) fn forbids(&self, delivery: &Delivery) -> bool {
        let about = &delivery.about;
        self.resolved_at(about.incident_id.as_ref()).is_some() && !self.begun.contains(&about.id)
    }

    /// Nobody is told the same again too soon, left alone with it for too long, or told what they do not want
    /// to hear: what that is depends also on how long nobody was to be disturbed or nobody watched meanwhile.
    pub(super) fn hold(
        &self,
        incident: &Incident,
        own: &[Delivery],
        wall: i64,
        silent_within: impl Fn(i64, i64) -> i64,
    ) -> Result<(), String> {
        let told = told(own);
        let end = incident.closed_at.map_or(wall, |at| at.epoch_ms());
        if let Some(at) = self.resolved_at(Some(&incident.id))
            && let Some((late, _)) = told.iter().find(|(told_at, _)| *told_at > at)
        {
            return Err(format!("it is told {} s after a person closed it", (late - at) / 1_000));
        }
        let given = self.given.get(&incident.id).map_or(&[][..], Vec::as_slice);
        hold_patience(&told, given)?;
        hold_snoozes(&told, given, end, &silent_within)?;
        hold_attention(&told, given, end, silent_within)
    }
}

/// When people were told that it is bad, and whether that was told before.
fn told(own: &[Delivery]) -> Vec<(i64, bool)> {
    let bad = own.iter().filter(|one| one.about.what != "closed");
    let mut told: Vec<_> =
        bad.map(|one| (one.created_at.epoch_ms(), one.about.what == "reminder")).collect();
    told.sort_unstable();
    told
}

/// When a snooze ends that is not replaced by another one: each answer counts until the next.
fn snoozes(given: &[Answer]) -> impl Iterator<Item = (i64, i64)> {
    let ends = given.iter().enumerate().filter_map(|(place, answer)| {
        let replaced = given[place + 1..].iter().find(|later| later.snoozed_until.is_some());
        let until = answer.snoozed_until?;
        Some((answer.at, replaced.map_or(until, |later| until.min(later.at))))
    });
    ends.filter(|(from, until)| from < until)
}

fn hold_patience(told: &[(i64, bool)], given: &[Answer]) -> Result<(), String> {
    let (least, most) = REMINDED_WITHIN;
    for pair in told.windows(2).filter(|pair| pair[1].1) {
        let (before, at) = (pair[0].0, pair[1].0);
        let was_wanted =
            given.iter().filter_map(|one| one.snoozed_until).any(|end| before < end && end <= at);
        let known = given.iter().find(|one| one.is_known && one.at <= at);
        let (since, least) = match known {
            Some(known) => (before.max(known.at), most),
            None => (before, least),
        };
        if at - since < least && !was_wanted {
            return Err(format!("it is told again after {} min", (at - since) / MINUTE));
        }
    }
    Ok(())
}

fn hold_snoozes(
    told: &[(i64, bool)],
    given: &[Answer],
    end: i64,
    silent_within: &impl Fn(i64, i64) -> i64,
) -> Result<(), String> {
    for (from, until) in snoozes(given) {
        if let Some((at, _)) = told.iter().find(|(at, again)| *again && from < *at && *at < until) {
            return Err(format!("it is told {} min before it is wanted", (until - at) / MINUTE));
        }
    }
    for (place, answer) in given.iter().enumerate() {
        let Some(until) = answer.snoozed_until.filter(|_| !answer.is_known) else { continue };
        let heard_by = until + HEARD_WITHIN;
        let is_replaced = given[place + 1..].iter().any(|later| later.at < heard_by);
        let is_news = told.iter().any(|(at, again)| !again && answer.at < *at && *at < heard_by);
        let is_silent = silent_within(until - HOUR, until + HOUR) > 0;
        let is_heard = told.iter().any(|(at, _)| until <= *at && *at <= heard_by);
        if !(end < heard_by || is_replaced || is_news || is_silent || is_heard) {
            let end = Moment(until).to_rfc3339();
            return Err(format!("it was wanted at {end}, and nothing came"));
        }
    }
    Ok(())
}

fn hold_attention(
    told: &[(i64, bool)],
    given: &[Answer],
    end: i64,
    silent_within: impl Fn(i64, i64) -> i64,
) -> Result<(), String> {
    let most = REMINDED_WITHIN.1 + MINUTE;
    let snoozed = |from: i64, until: i64| -> i64 {
        snoozes(given).map(|(one, other)| (until.min(other) - from.max(one)).max(0)).sum()
    };
    let known = given.iter().filter(|one| one.is_known).map(|one| one.at);
    let mut points: Vec<i64> = told.iter().map(|(at, _)| *at).chain(known).chain([end]).collect();
    points.sort_unstable();
    let is_long = |pair: &&[i64]| {
        let (from, until) = (pair[0], pair[1]);
        until - from > most
            && until - from > most + snoozed(from, until) + silent_within(from, until)
    };
    match points.windows(2).find(is_long) {
        Some(pair) => Err(format!("nobody was told for {} h", (pair[1] - pair[0]) / HOUR)),
        None => Ok(()),
    }
}
