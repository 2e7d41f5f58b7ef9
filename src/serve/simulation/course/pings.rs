//! What clients tell: in whichever order, in pieces, twice, and again long after.

use super::{Act, Course};
use crate::serve::record;
use crate::serve::recorder::Recorded;
use crate::serve::simulation::clients::{HOUR, MINUTE, Said};
use crate::serve::simulation::world::Fate;

impl Course {
    pub(super) fn next_slot(&mut self, place: usize) {
        let (job, now) = (&self.jobs[place], self.world.now);
        let span = match job.is_every {
            true => job.period * (85 + self.world.chance.below(14)) / 100,
            false => job.slot_after(now) - now,
        };
        self.after(span, Act::Slot(place));
    }

    /// A run is due, and another one after it.
    pub(super) fn slot(&mut self, place: usize) {
        self.next_slot(place);
        let now = self.world.now;
        for said in self.jobs[place].run(&mut self.world.chance, now) {
            self.after(said.at - now, Act::Said(place, said));
        }
    }

    /// A client tells what it kept, in whichever order and in pieces.
    pub(super) fn flush(&mut self, place: usize) -> Result<(), String> {
        if self.world.up().is_empty() || self.jobs[place].spool.is_empty() {
            return Ok(());
        }
        let mut batch = self.jobs[place].spool.clone();
        if self.world.chance.one_in(3) {
            self.world.chance.shuffle(&mut batch);
        }
        if self.world.chance.one_in(6) {
            batch.push(batch[0]);
        }
        if self.world.chance.one_in(4) {
            batch.truncate(1 + self.world.chance.below(batch.len() as i64) as usize);
        }
        self.tell(place, &batch)?;
        if !self.jobs[place].spool.is_empty() {
            let within = if self.is_calm { MINUTE } else { self.jobs[place].tries_within };
            self.sometime(within, Act::Flush(place));
        }
        Ok(())
    }

    pub(super) fn repeat(&mut self, place: usize, said: Said) -> Result<(), String> {
        if self.world.up().is_empty() { Ok(()) } else { self.tell(place, &[said]) }
    }

    fn tell(&mut self, place: usize, batch: &[Said]) -> Result<(), String> {
        let Some(node) = self.world.any_up() else { return Ok(()) };
        let (fate, wall) = (self.fate(), self.world.wall());
        let job = &self.jobs[place];
        let pings: Vec<_> = batch.iter().map(|said| job.ping(said, wall)).collect();
        let id = job.id;
        self.world.note(|| format!("monitor {id} is told {batch:?}: {fate:?}"));
        let ended = self.world.write(node, fate, |tx, app, now| {
            let done = record::all(tx, app, &pings, now)?;
            Ok((done.recorded, done.effects))
        });
        if let Some((recorded, effects)) = ended.made {
            self.took(place, batch, &recorded, ended.is_heard)?;
            self.wake(node, &effects);
            self.check(&[place])?;
        }
        if let Some(said) = batch.first().copied() {
            // A lease makes a repeat dangerous: what it is about may have ended long ago.
            let often = if said.lease.is_some() { 6 } else { 25 };
            if self.world.chance.one_in(often) {
                let within =
                    self.world.chance.pick(&[said.lease.unwrap_or(HOUR), 3 * self.longest()]);
                self.sometime(within, Act::Repeat(place, said));
            }
        }
        self.may_die_of(node, fate);
        Ok(())
    }

    /// Notes what was committed, and what the client knows of that.
    fn took(
        &mut self,
        place: usize,
        batch: &[Said],
        recorded: &[Recorded],
        is_heard: bool,
    ) -> Result<(), String> {
        let wall = self.world.wall();
        let job = &mut self.jobs[place];
        job.lapse(&self.world.blind, wall);
        assert_eq!(recorded.len(), batch.len());
        job.fresh.clear();
        for (said, recorded) in batch.iter().zip(recorded) {
            let is_known = job.committed.contains_key(&said.key);
            if is_known != (*recorded == Recorded::Duplicate) || *recorded == Recorded::Gone {
                return Err(format!("{said:?} is {recorded:?}, and known: {is_known}"));
            }
            if !is_known {
                job.take(*said, wall);
                job.fresh.insert(said.key);
            }
            if is_heard {
                job.acknowledged.insert(said.key);
                job.spool.retain(|kept| kept.key != said.key);
            }
        }
        Ok(())
    }

    /// What becomes of the next write.
    pub(super) fn fate(&mut self) -> Fate {
        match self.world.chance.below(40) {
            0 if !self.is_calm => Fate::Failed,
            1 if !self.is_calm => Fate::Unheard,
            _ => Fate::Kept,
        }
    }
}
