//! What the receiver does by itself: it looks at deadlines, and carries out deliveries.

use super::{Act, Course};
use crate::serve::checker;
use crate::serve::simulation::clients::{DAY, HOUR, MINUTE};
use crate::serve::simulation::world::Fate;
use crate::store::deliveries::{self, Delivery};

impl Course {
    /// The checker looks by then, and a little later than it wished.
    pub(super) fn look_by(&mut self, at: i64) {
        let at = at.max(self.world.now) + 1 + self.world.chance.below(1_000);
        if self.look_at.is_none_or(|known| at < known) {
            self.look_at = Some(at);
            self.after(at - self.world.now, Act::Look);
        }
    }

    fn claim_by(&mut self, at: i64) {
        let at = at.max(self.world.now) + 1 + self.world.chance.below(1_000);
        if self.claim_at.is_none_or(|known| at < known) {
            self.claim_at = Some(at);
            self.after(at - self.world.now, Act::Claim);
        }
    }

    /// The alerter looks when there is something to send.
    pub(super) fn claim_when_due(&mut self) {
        if let Some(at) = self.world.read(deliveries::next_due) {
            let at = at.epoch_ms() - self.world.skew;
            self.claim_by(at);
        }
    }

    /// The checker looks, if this is still when it is to.
    pub(super) fn look(&mut self) -> Result<(), String> {
        if self.look_at != Some(self.world.now) || !self.world.is_up {
            return Ok(());
        }
        self.look_at = None;
        let fate = self.fate();
        let ended = self.world.write(fate, |tx, app, now| {
            let looked = checker::look(tx, app, now)?;
            let mut effects = looked.effects;
            effects.wake(looked.next_at);
            Ok(effects)
        });
        let Some(effects) = ended.made else {
            let now = self.world.now;
            self.look_by(now + 1_000);
            return Ok(());
        };
        self.wake(&effects);
        let picture = self.check(&self.all())?;
        self.hold_words(&picture)?;
        self.may_die_of(fate);
        Ok(())
    }

    /// The alerter claims what is due, if this is still when it is to.
    pub(super) fn claim(&mut self) -> Result<(), String> {
        if self.claim_at != Some(self.world.now) || !self.world.is_up {
            return Ok(());
        }
        self.claim_at = None;
        let fate = self.fate();
        for delivery in self.outbox.claim(&mut self.world, fate) {
            let span = if self.world.chance.one_in(20) { 90_000 } else { 3_000 };
            let starts = self.world.starts;
            self.sometime(span, Act::Send(Box::new(delivery), starts));
        }
        self.claim_when_due();
        Ok(())
    }

    /// A claimed delivery goes out, unless the process that claimed it is dead.
    pub(super) fn send(&mut self, delivery: Box<Delivery>, starts: u32) -> Result<(), String> {
        if starts != self.world.starts || (!self.world.is_up && !self.is_frozen) {
            return Ok(());
        }
        if !self.world.is_up {
            self.after(MINUTE, Act::Send(delivery, starts));
            return Ok(());
        }
        let fate = self.fate();
        self.outbox.send(&mut self.world, &delivery, fate)?;
        self.claim_when_due();
        self.may_die_of(fate);
        Ok(())
    }

    /// Where a write failed or nobody heard of it, the process may have died.
    pub(super) fn may_die_of(&mut self, fate: Fate) {
        if fate != Fate::Kept && self.world.chance.one_in(2) {
            self.down(false);
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
