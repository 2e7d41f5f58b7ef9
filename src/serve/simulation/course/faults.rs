//! What goes wrong: the receiver is killed, frozen, started again and again, and its clock is put
//! somewhere else.

use super::{Act, Course};
use crate::serve::simulation::clients::{HOUR, MINUTE};

impl Course {
    pub(super) fn fault(&mut self) {
        if !self.world.is_up || self.is_calm {
            return;
        }
        match self.world.chance.below(10) {
            0..3 if self.has_jumps => {
                let skew = self.world.chance.pick(&[-HOUR, HOUR]);
                self.jump(skew);
                self.sometime(self.longest(), Act::Jump(0));
            }
            0..5 => self.down(true),
            5 => {
                let times = 5 + self.world.chance.below(40) as u32;
                self.storm(times);
            }
            _ => self.down(false),
        }
    }

    /// It crashes again and again, never up for long: no deadline may be put off by that for ever.
    pub(super) fn storm(&mut self, left: u32) {
        if self.is_calm {
            return;
        }
        if self.world.is_up {
            self.world.note(|| format!("crashes, {left} more to come"));
            self.world.kill();
            self.is_frozen = false;
            let span = 16_000 + self.world.chance.below(40_000);
            self.after(span, Act::Up { is_thaw: false });
        }
        if left > 0 {
            let span = self.jobs[0].grace / 2 + self.world.chance.below(2 * MINUTE);
            self.after(60_000 + span, Act::Storm(left - 1));
        }
    }

    pub(super) fn down(&mut self, is_frozen: bool) {
        if !self.world.is_up {
            return;
        }
        self.world.note(|| format!("down, frozen: {is_frozen}"));
        self.world.kill();
        self.is_frozen = is_frozen;
        let period = self.longest();
        let spans = [2_000, 2_000, 12_000, 20_000, MINUTE, 10 * MINUTE, period / 2, 2 * period];
        let span = self.world.chance.pick(&spans);
        let span = span + self.world.chance.below(span);
        self.after(span, Act::Up { is_thaw: is_frozen });
    }

    pub(super) fn up(&mut self, is_thaw: bool) {
        if self.world.is_up {
            return;
        }
        self.world.note(|| format!("up, thawed: {is_thaw}"));
        if is_thaw {
            self.world.thaw();
        } else {
            self.world.start();
        }
        self.is_frozen = false;
        self.look_at = None;
        self.claim_at = None;
        let now = self.world.now;
        self.look_by(now + 2_000);
        self.claim_when_due();
        self.sometime(5_000, Act::Mark);
        for place in self.all() {
            self.sometime(self.jobs[place].tries_within, Act::Flush(place));
        }
    }

    pub(super) fn jump(&mut self, skew: i64) {
        self.world.note(|| format!("the clock is off by {skew}"));
        self.world.jump(skew);
        self.look_at = None;
        self.claim_at = None;
        let now = self.world.now;
        self.look_by(now + 3_000);
        self.claim_when_due();
        self.sometime(5_000, Act::Mark);
    }
}
