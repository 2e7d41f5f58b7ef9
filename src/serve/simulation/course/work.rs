//! What the receiver does by itself: it looks at deadlines, and carries out deliveries.

use super::{Act, Course};
use crate::serve::checker;
use crate::serve::effects::Effects;
use crate::serve::simulation::clients::{DAY, HOUR, MINUTE, SECOND};
use crate::serve::simulation::world::Fate;
use crate::store::deliveries::{self, Delivery};

/// Whoever is not told of something to do finds it so soon.
const LOOKS_EVERY: i64 = 5 * SECOND;

impl Course {
    /// The node's checker looks by then, and a little later than it wished.
    pub(super) fn look_by(&mut self, node: usize, at: i64) {
        let at = at.max(self.world.now) + 1 + self.world.chance.below(SECOND);
        let look_at = &mut self.world.nodes[node].look_at;
        if look_at.is_none_or(|known| at < known) {
            *look_at = Some(at);
            self.after(at - self.world.now, Act::Look(node));
        }
    }

    fn claim_by(&mut self, node: usize, at: i64) {
        let at = at.max(self.world.now) + 1 + self.world.chance.below(SECOND);
        let claim_at = &mut self.world.nodes[node].claim_at;
        if claim_at.is_none_or(|known| at < known) {
            *claim_at = Some(at);
            self.after(at - self.world.now, Act::Claim(node));
        }
    }

    /// The alerters look when there is something to send, that of this node first.
    pub(super) fn claim_when_due(&mut self, node: usize) {
        if let Some(at) = self.world.read(deliveries::next_due) {
            let at = at.epoch_ms() - self.world.skew;
            for other in self.world.up() {
                if let Some(behind) = self.behind(node, other) {
                    self.claim_by(other, at + behind);
                }
            }
        }
    }

    /// How long after a node another one finds what there is to do; mostly it is done by then, and that is
    /// not played.
    fn behind(&mut self, node: usize, other: usize) -> Option<i64> {
        if node == other {
            return Some(0);
        }
        let chance = &mut self.world.chance;
        chance.one_in(3).then(|| chance.below(LOOKS_EVERY - SECOND))
    }

    /// The others find what a node has left that has stopped.
    pub(super) fn take_over(&mut self) {
        let now = self.world.now;
        for other in self.world.up() {
            let within = self.world.chance.below(LOOKS_EVERY - SECOND);
            self.look_by(other, now + within);
            self.claim_when_due(other);
            // What it was to send is freed some time after its last mark.
            self.after(16 * SECOND + within, Act::Mark(other));
        }
    }

    /// Nobody is woken, and all find by themselves that there may be something to do earlier.
    pub(super) fn find(&mut self) {
        let now = self.world.now;
        for node in self.world.up() {
            let within = self.world.chance.below(LOOKS_EVERY - SECOND);
            self.look_by(node, now + within);
        }
    }

    /// Wakes the checker and the alerter, as the node does that committed.
    pub(super) fn wake(&mut self, node: usize, effects: &Effects) {
        if let Some(at) = effects.wake_at {
            let at = at.epoch_ms() - self.world.skew;
            for other in self.world.up() {
                if let Some(behind) = self.behind(node, other) {
                    self.look_by(other, at + behind);
                }
            }
        }
        if effects.alerts {
            self.claim_when_due(node);
        }
    }

    /// The checker looks, if this is still when it is to.
    pub(super) fn look(&mut self, node: usize) -> Result<(), String> {
        let own = &mut self.world.nodes[node];
        if own.look_at != Some(self.world.now) || !own.is_up {
            return Ok(());
        }
        own.look_at = None;
        let fate = self.fate();
        let ended = self.world.write(node, fate, |tx, app, now| {
            let looked = checker::look(tx, app, now)?;
            let mut effects = looked.effects;
            effects.wake(looked.next_at);
            Ok(effects)
        });
        let Some(effects) = ended.made else {
            let now = self.world.now;
            self.look_by(node, now + SECOND);
            return Ok(());
        };
        self.wake(node, &effects);
        let picture = self.check(&self.all())?;
        self.hold_words(&picture)?;
        self.may_die_of(node, fate);
        Ok(())
    }

    /// A mark, and what is seen with it.
    pub(super) fn mark(&mut self, node: usize) {
        if !self.world.nodes[node].is_up {
            return;
        }
        if self.world.mark(node) {
            let now = self.world.now;
            self.look_by(node, now);
        }
        self.claim_when_due(node);
    }

    /// The alerter claims what is due, if this is still when it is to.
    pub(super) fn claim(&mut self, node: usize) -> Result<(), String> {
        let own = &mut self.world.nodes[node];
        if own.claim_at != Some(self.world.now) || !own.is_up {
            return Ok(());
        }
        own.claim_at = None;
        // Looking costs less than claiming.
        let wall = self.world.wall();
        let is_due = |at: i64| at <= wall;
        if !self.world.read(deliveries::next_due).is_some_and(|at| is_due(at.epoch_ms())) {
            self.claim_when_due(node);
            return Ok(());
        }
        let fate = self.fate();
        for delivery in self.outbox.claim(&mut self.world, node, fate)? {
            let span = if self.world.chance.one_in(20) { 90_000 } else { 3_000 };
            let starts = self.world.nodes[node].starts;
            self.sometime(span, Act::Send { delivery: Box::new(delivery), node, starts });
        }
        self.claim_when_due(node);
        Ok(())
    }

    /// A claimed delivery goes out, unless the process that claimed it is dead.
    pub(super) fn send(
        &mut self,
        delivery: Box<Delivery>,
        node: usize,
        starts: u32,
    ) -> Result<(), String> {
        let own = &self.world.nodes[node];
        if starts != own.starts || (!own.is_up && !own.is_frozen) {
            return Ok(());
        }
        if !own.is_up {
            self.after(MINUTE, Act::Send { delivery, node, starts });
            return Ok(());
        }
        let fate = self.fate();
        if self.outbox.send(&mut self.world, node, &delivery, fate)? {
            self.may_be_answered(&delivery);
        }
        self.claim_when_due(node);
        self.may_die_of(node, fate);
        Ok(())
    }

    /// Where a write failed or nobody heard of it, the process may have died.
    pub(super) fn may_die_of(&mut self, node: usize, fate: Fate) {
        if fate != Fate::Kept && self.world.chance.one_in(2) {
            self.down(node, false);
        }
    }

    /// A channel stops taking anything, or takes it again.
    pub(super) fn channel(&mut self, channel: i64) {
        if self.outbox.dead.remove(&channel) || self.is_calm {
            return;
        }
        self.outbox.dead.insert(channel);
        let span = self.world.chance.pick(&[10 * MINUTE, 5 * HOUR, 3 * DAY]);
        self.after(span, Act::Channel(channel));
    }
}
