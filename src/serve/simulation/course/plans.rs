//! What people plan, and what of that the nodes know; and what is saved that was loaded long before.

use super::{Act, Course};
use crate::domain::time::Moment;
use crate::serve::judge::{self, Judged};
use crate::serve::quiet;
use crate::serve::simulation::calendar::Plan;
use crate::serve::simulation::clients::{DAY, HOUR, MINUTE, SECOND};
use crate::serve::simulation::world::Fate;
use crate::store::maintenance::{self, Maintenance};
use crate::store::monitors::{self, Live, Monitor, Named};

/// The project of all jobs.
pub(super) const PROJECT: i64 = 1;

/// Another node reads what is planned with every mark.
const MARKS_EVERY: i64 = 5 * SECOND;

impl Course {
    /// Somebody plans maintenance, once or again and again.
    pub(super) fn plan_maintenance(&mut self) {
        if self.is_calm {
            return;
        }
        let Some(node) = self.world.any_up() else { return };
        let (wall, longest) = (self.world.wall(), self.longest());
        let (jobs, scope) = self.scope();
        let is_daily = self.world.chance.one_in(2);
        let lasts = match is_daily {
            true => self.world.chance.pick(&[HOUR, 5 * HOUR, 11 * HOUR]),
            false => MINUTE + self.world.chance.below(longest),
        };
        let hour = self.world.chance.below(24);
        let from = match is_daily {
            true => hour * HOUR,
            false => wall + self.world.chance.below(longest / 2) - longest / 8,
        };
        let stored = Maintenance {
            project_id: PROJECT,
            scope: scope.to_string(),
            from_at: (!is_daily).then_some(Moment(from)),
            until_at: (!is_daily).then_some(Moment(from + lasts)),
            schedule: is_daily.then(|| format!("0 {hour} * * *")),
            duration_ms: is_daily.then_some(lasts as u64),
            reason: String::new(),
        };
        self.world.note(|| format!("planned: {stored:?}"));
        let made = self.world.write(node, Fate::Kept, |tx, _, _| {
            quiet::changed(tx)?;
            maintenance::insert(tx, &stored)
        });
        let period = is_daily.then_some(DAY);
        let id = made.made.unwrap();
        let plan = Plan { id, jobs, from, period, lasts, made_at: wall, dropped_at: None };
        self.calendar.plans.push(plan);
        self.plans_changed(node);
        let number = self.calendar.plans.len() - 1;
        self.sometime(4 * longest, Act::CallOff(number));
    }

    /// For whom, as the twin and as the store have it.
    fn scope(&mut self) -> (Vec<usize>, serde_json::Value) {
        let some = self.world.chance.below(self.jobs.len() as i64) as usize;
        match self.world.chance.below(3) {
            0 => (self.all(), serde_json::json!({"timezone": "UTC"})),
            1 => (
                vec![some],
                serde_json::json!({"timezone": "UTC", "monitors": [format!("m{some}")]}),
            ),
            _ => {
                let tagged = self.all().into_iter().filter(|place| place % 2 == some % 2);
                let tag = format!("t{}", some % 2);
                (tagged.collect(), serde_json::json!({"timezone": "UTC", "tags": [tag]}))
            }
        }
    }

    /// A plan is called off, if it is there.
    pub(super) fn call_off(&mut self, number: usize) {
        let Some(node) = self.world.any_up() else {
            self.after(10 * MINUTE, Act::CallOff(number));
            return;
        };
        let wall = self.world.wall();
        let plan = &mut self.calendar.plans[number];
        if plan.dropped_at.is_some() {
            return;
        }
        plan.dropped_at = Some(wall);
        let id = plan.id;
        self.world.note(|| format!("plan {id} is called off"));
        let gone = self.world.write(node, Fate::Kept, |tx, _, _| {
            quiet::changed(tx)?;
            maintenance::delete(tx, PROJECT, id)
        });
        assert_eq!(gone.made, Some(true));
        self.plans_changed(node);
    }

    /// The node that was told reads the plans at once, the others soon.
    fn plans_changed(&mut self, node: usize) {
        let wall = self.world.wall();
        self.calendar.spreads(wall);
        for other in self.world.up() {
            match other == node {
                true => self.hear_of_plans(node),
                false => self.sometime(MARKS_EVERY, Act::Refresh(other)),
            }
        }
    }

    pub(super) fn hear_of_plans(&mut self, node: usize) {
        if self.world.nodes[node].is_up && self.world.refresh(node) {
            let now = self.world.now;
            self.look_by(node, now);
        }
    }

    /// Whoever loads a monitor may be stopped before it is saved.
    pub(super) fn load(&mut self, place: usize) {
        let id = self.jobs[place].id;
        let found = self.world.read(|tx| monitors::look(tx, &[Named::Id(id)]));
        let monitor = found.into_iter().next().unwrap().monitor;
        let span = self.jobs[place].period * 2;
        self.sometime(span, Act::Save(place, Box::new(monitor)));
    }

    /// What was changed since it was loaded is not saved over.
    pub(super) fn save(&mut self, place: usize, monitor: Monitor) -> Result<(), String> {
        let Some(node) = self.world.any_up() else { return Ok(()) };
        let (id, version) = (monitor.id, monitor.version);
        let found = self.world.read(|tx| monitors::look(tx, &[Named::Id(id)]));
        let is_changed = found[0].monitor.version != version;
        // Whoever is woken up is not another one: nothing else is known of it.
        let woken = Live { wake_at: monitor.live.wake_at, ..found[0].monitor.live.clone() };
        let is_other = woken != monitor.live;
        let is_taken = self.world.takes(node, |tx, app, now| {
            judge::save(tx, vec![&Judged::new(app, monitor, now)], now)
        });
        match (is_other, is_changed, is_taken) {
            (true, false, _) => Err(format!("monitor {id} has changed and its version has not")),
            (_, true, true) => Err(format!("monitor {id} was saved over what was told meanwhile")),
            _ => self.check(&[place]).map(drop),
        }
    }
}
