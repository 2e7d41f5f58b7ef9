//! What goes wrong: a node is killed, frozen, started again and again, and the clock is put somewhere
//! else.

use super::{Act, Course};
use crate::serve::simulation::clients::{HOUR, MINUTE};

impl Course {
    pub(super) fn fault(&mut self) {
        if self.is_calm {
            return;
        }
        let Some(node) = self.world.any_up() else { return };
        match self.world.chance.below(10) {
            0..3 if self.has_jumps => {
                let skew = self.world.chance.pick(&[-HOUR, HOUR]);
                self.jump(skew);
                self.sometime(self.longest(), Act::Jump(0));
            }
            0..5 => self.down(node, true),
            5 => {
                let times = 5 + self.world.chance.below(40) as u32;
                self.storm(times);
            }
            6 => {
                // What takes one of them may take both.
                for node in self.world.up() {
                    self.down(node, false);
                }
            }
            _ => self.down(node, false),
        }
    }

    /// All crash again and again, never up for long: no deadline may be put off by that for ever.
    pub(super) fn storm(&mut self, left: u32) {
        if self.is_calm {
            return;
        }
        for node in self.world.up() {
            self.world.note(|| format!("crashes, {left} more to come"));
            self.world.stop(node, false);
            let span = 16_000 + self.world.chance.below(40_000);
            self.after(span, Act::Up { node, is_thaw: false });
        }
        if left > 0 {
            let span = self.jobs[0].grace / 2 + self.world.chance.below(2 * MINUTE);
            self.after(60_000 + span, Act::Storm(left - 1));
        }
    }

    pub(super) fn down(&mut self, node: usize, is_frozen: bool) {
        if !self.world.nodes[node].is_up {
            return;
        }
        self.world.note(|| format!("node {node} is down, frozen: {is_frozen}"));
        self.world.stop(node, is_frozen);
        let period = self.longest();
        let spans = [2_000, 2_000, 12_000, 20_000, MINUTE, 10 * MINUTE, period / 2, 2 * period];
        let span = self.world.chance.pick(&spans);
        let span = span + self.world.chance.below(span);
        self.after(span, Act::Up { node, is_thaw: is_frozen });
        self.take_over();
    }

    pub(super) fn up(&mut self, node: usize, is_thaw: bool) {
        if self.world.nodes[node].is_up {
            return;
        }
        self.world.note(|| format!("node {node} is up, thawed: {is_thaw}"));
        if is_thaw {
            self.world.thaw(node);
        } else {
            self.world.start(node);
        }
        self.looks_again(node, 2_000);
        for place in self.all() {
            self.sometime(self.jobs[place].tries_within, Act::Flush(place));
        }
    }

    /// It does not know what it missed.
    fn looks_again(&mut self, node: usize, within: i64) {
        let (now, wall) = (self.world.now, self.world.wall());
        self.calendar.spreads(wall);
        self.look_by(node, now + within);
        self.claim_when_due(node);
        self.sometime(5_000, Act::Mark(node));
    }

    pub(super) fn jump(&mut self, skew: i64) {
        self.world.note(|| format!("the clock is off by {skew}"));
        self.world.jump(skew);
        for node in self.world.up() {
            self.looks_again(node, 3_000);
        }
    }
}
