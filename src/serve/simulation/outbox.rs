//! Carries out deliveries as the alerter does, through channels that count, fail, and are forgotten
//! in the middle.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::answers::Answers;
use super::calendar::Calendar;
use super::clients::Job;
use super::world::{Fate, World};
use crate::domain::time::Moment;
use crate::notify::Outcome;
use crate::notify::message::{Message, What};
use crate::serve::alerter::{self, Ready};
use crate::store::deliveries::{self, Delivery, DeliveryState, Settled};
use crate::store::incidents::{self, Incident};

/// Incidents of one monitor in one seed, and more.
const INCIDENTS_MAX: u32 = 10_000;

/// What came through the channels.
#[derive(Default)]
pub(super) struct Outbox {
    /// How often each delivery arrived, and how often nobody could note that it did.
    arrived: BTreeMap<String, (u32, u32)>,
    /// What was heard of an incident on a channel, in order, each thing once.
    heard: BTreeMap<(String, i64), Vec<(What, String)>>,
    /// Channels that take nothing.
    pub(super) dead: BTreeSet<i64>,
    /// What people did who heard of it.
    pub(super) answers: Answers,
}

impl Outbox {
    /// Claims what is due.
    pub(super) fn claim(
        &mut self,
        world: &mut World,
        node: usize,
        fate: Fate,
    ) -> Result<Vec<Delivery>, String> {
        let ended = world.write(node, fate, alerter::take);
        let mut claimed = ended.made.unwrap_or_default();
        if let Some(one) = claimed.iter().find(|one| self.answers.forbids(one)) {
            return Err(format!("{} is about what a person has closed", one.about.id));
        }
        claimed.retain(|_| ended.is_heard);
        // The ids are made by real chance; their order must not be.
        claimed.sort_by_key(|one| {
            let about = &one.about;
            (one.created_at, about.monitor_id, about.channel_id, about.what.clone())
        });
        Ok(claimed)
    }

    /// Sends one, and notes how that went; says whether it arrived.
    pub(super) fn send(
        &mut self,
        world: &mut World,
        node: usize,
        delivery: &Delivery,
        fate: Fate,
    ) -> Result<bool, String> {
        let now = Moment(world.wall());
        let message = match world.read(|tx| alerter::prepare(tx, delivery, now)) {
            Ready::Gone => return Ok(false),
            Ready::Refused(why) => return Err(format!("{} is refused: {why}", delivery.about.id)),
            Ready::Go(what) => what.1,
        };
        let outcome = self.attempt(world, delivery, &message)?;
        let luck = world.chance.below(1_000) as f64 / 1_000.0;
        let settled = alerter::settled(delivery, &outcome, now, luck);
        let (monitor, channel) = (delivery.about.monitor_id, delivery.about.channel_id);
        let what = &delivery.about.what;
        world.note(|| format!("{what} of {monitor:?} through {channel}: {settled:?}, {fate:?}"));
        let noted =
            world.write(node, fate, |tx, _, now| alerter::note(tx, delivery, &settled, None, now));
        let has_arrived = matches!(settled, Settled::Sent(_));
        match noted.made {
            Some(()) => self.answers.noted(&delivery.about.id),
            None if has_arrived => {
                self.arrived.entry(delivery.about.id.clone()).or_default().1 += 1;
            }
            None => {}
        }
        Ok(has_arrived)
    }

    /// The way through the channel.
    fn attempt(
        &mut self,
        world: &mut World,
        delivery: &Delivery,
        message: &Message,
    ) -> Result<Outcome, String> {
        let is_dead = self.dead.contains(&delivery.about.channel_id);
        if is_dead || world.chance.one_in(15) {
            let after = world.chance.one_in(4).then_some(Duration::from_secs(90));
            return Ok(Outcome::Retry { after, why: "not now".to_owned() });
        }
        self.arrive(delivery, message)?;
        Ok(Outcome::Sent { note: None })
    }

    /// It arrives.
    fn arrive(&mut self, delivery: &Delivery, message: &Message) -> Result<(), String> {
        let about = &delivery.about;
        let arrived = self.arrived.entry(about.id.clone()).or_default();
        arrived.0 += 1;
        if arrived.0 > 1 + arrived.1 {
            return Err(format!("{} arrived {} times", about.id, arrived.0));
        }
        if arrived.0 > 1 {
            return Ok(());
        }
        if message.what == What::Blind {
            return Ok(());
        }
        let place = (message.incident_id.clone(), about.channel_id);
        let heard = self.heard.entry(place).or_default();
        let was_told = heard.iter().any(|(what, _)| !what.is_good());
        let is_over = heard.iter().any(|(what, _)| what.is_good());
        // Whoever could not note that an alarm arrived may tell it again, or as a part of the whole.
        let is_known = |(what, id): &(What, String)| {
            let arrived = self.arrived.get(id).copied().unwrap_or_default();
            !what.is_good() && arrived.0 > arrived.1
        };
        let is_anew = heard.iter().any(is_known);
        heard.push((message.what, about.id.clone()));
        match message.what {
            What::Recovered if !was_told => {
                Err(format!("{} is a recovery of what nobody was told", about.id))
            }
            What::WasDown if is_anew => {
                Err(format!("{} tells anew what was told before", about.id))
            }
            _ if is_over => Err(format!("{} is about what is over", about.id)),
            _ => Ok(()),
        }
    }

    /// Of everything that ever went bad everybody has heard in the end, and that it is over.
    pub(super) fn hold(
        &self,
        world: &mut World,
        jobs: &[&Job],
        channels: &[i64],
        calendar: &Calendar,
        is_timely: bool,
    ) -> Result<(), String> {
        let wall = world.wall();
        for (place, job) in jobs.iter().enumerate() {
            for incident in world.read(|tx| incidents::of_monitor(tx, job.id, INCIDENTS_MAX)) {
                let all = world.read(|tx| deliveries::of_incident(tx, &incident.id));
                let disturbs = |one: &&Delivery| {
                    calendar.is_surely_quiet(place, job, one.created_at.epoch_ms())
                };
                if let Some(one) = all.iter().filter(|_| is_timely).find(disturbs) {
                    return Err(format!("{} disturbs people: {one:?}", one.about.id));
                }
                for channel in channels {
                    let mut own = all.clone();
                    own.retain(|one| one.about.channel_id == *channel);
                    let told = self.told(&incident, &own);
                    let timely = match is_timely {
                        true => self.answers.hold(&incident, &own, wall, |from, until| {
                            calendar.quiet_within(place, job, from, until)
                                + world.blind_within(from, until)
                        }),
                        false => Ok(()),
                    };
                    told.and(timely).map_err(|why| {
                        format!("monitor {}, channel {channel}: {why}; {incident:?}", job.id)
                    })?;
                }
            }
        }
        Ok(())
    }

    /// What was noted of an incident's deliveries through a channel is what arrived there.
    fn told(&self, incident: &Incident, own: &[Delivery]) -> Result<(), String> {
        for one in own {
            let (count, unnoted) = self.arrived.get(&one.about.id).copied().unwrap_or_default();
            let holds = match one.state {
                DeliveryState::Sent => count > 0,
                DeliveryState::Merged => count == unnoted && incident.closed_at.is_some(),
                // Whoever was given up may have arrived, and nobody could note it.
                DeliveryState::Failed => true,
                DeliveryState::Pending | DeliveryState::Sending => false,
            };
            if !holds {
                return Err(format!("{} is {:?} and came {count} times", one.about.id, one.state));
            }
        }
        let place = (incident.id.clone(), own.first().map_or(0, |one| one.about.channel_id));
        let heard = self.heard.get(&place).map_or(&[][..], Vec::as_slice);
        let was_given_up = own.iter().any(|one| one.state == DeliveryState::Failed);
        let is_over = heard.last().is_some_and(|(what, _)| what.is_good());
        let is_resolved = self.answers.resolved_at(Some(&incident.id)).is_some();
        if is_over != (incident.closed_at.is_some() && !is_resolved) && !was_given_up {
            return Err(format!("in the end {heard:?} was heard"));
        }
        if heard.is_empty() && !was_given_up && !is_resolved {
            return Err("nobody has ever heard of it".to_owned());
        }
        Ok(())
    }
}
