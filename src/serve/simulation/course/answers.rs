//! What people do who were told of an incident: they know, want to hear of it later, or close it.

use super::{Act, Course};
use crate::domain::time::Moment;
use crate::serve::deeds::{self, Deed, Done};
use crate::serve::simulation::answers::Answer;
use crate::serve::simulation::clients::{DAY, HOUR, MINUTE};
use crate::serve::simulation::course::plans::PROJECT;
use crate::store::deliveries::{self, Delivery, DeliveryState};

impl Course {
    /// Whoever is told of something does something about it now and then.
    pub(super) fn may_be_answered(&mut self, delivery: &Delivery) {
        let about = &delivery.about;
        let place = self.jobs.iter().position(|job| Some(job.id) == about.monitor_id);
        if let (Some(incident), Some(place)) = (about.incident_id.clone(), place)
            && self.world.chance.one_in(3)
        {
            let within = self.world.chance.pick(&[10 * MINUTE, 10 * HOUR, 2 * DAY]);
            self.sometime(within, Act::Answer { incident, place });
        }
    }

    pub(super) fn answer(&mut self, incident: &str, place: usize) -> Result<(), String> {
        let Some(node) = self.world.any_up() else { return Ok(()) };
        let deed = self.deed();
        let fate = self.fate();
        self.world.note(|| format!("{deed:?} of {incident}: {fate:?}"));
        let ended = self.world.write(node, fate, |tx, _, now| {
            let done = deeds::done(tx, PROJECT, incident, &deed, now)?;
            Ok((matches!(done, Done::Changed(_)), deliveries::of_incident(tx, incident)?))
        });
        if let Some((true, told)) = ended.made {
            self.answered(incident, &deed, told);
            self.find();
        }
        self.check(&[place])?;
        self.may_die_of(node, fate);
        Ok(())
    }

    fn deed(&mut self) -> Deed {
        let chance = &mut self.world.chance;
        let span = chance.pick(&[10 * MINUTE, 3 * HOUR, 2 * DAY]);
        let span = span + chance.below(span);
        let kind = chance.below(10);
        let has_end = chance.one_in(4);
        let until = Moment(self.world.wall() + span);
        match kind {
            0..5 => Deed::Acknowledge { by: None, note: None, until: has_end.then_some(until) },
            5..8 => Deed::Snooze { until },
            _ => Deed::Resolve { by: None, note: None },
        }
    }

    /// Notes what people want from now on.
    fn answered(&mut self, incident: &str, deed: &Deed, told: Vec<Delivery>) {
        let at = self.world.wall();
        let (is_known, until) = match deed {
            Deed::Acknowledge { until, .. } => (true, *until),
            Deed::Snooze { until } => (false, Some(*until)),
            Deed::Resolve { .. } => {
                let begun = told.into_iter().filter(|one| one.state == DeliveryState::Sending);
                let begun = begun.map(|one| one.about.id);
                return self.outbox.answers.resolve(incident, at, begun);
            }
        };
        let snoozed_until = until.map(Moment::epoch_ms);
        self.outbox.answers.give(incident, Answer { at, is_known, snoozed_until });
    }
}
