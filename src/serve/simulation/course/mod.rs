//! What happens, one thing after the other, as the seed has it: runs, words about them, faults, repairs.
//! In the end there is calm, and then everything must be as it should.

mod answers;
mod faults;
mod people;
mod pings;
mod plans;
mod work;

use std::collections::{BTreeMap, BTreeSet};

use super::calendar::Calendar;
use super::clients::{HOUR, Job, MINUTE, Said};
use super::outbox::Outbox;
use super::promises::{Known, Picture, Wishes, hold_events};
use super::world::{BEGIN, World};
use crate::domain::incident;
use crate::domain::time::Moment;
use crate::store::deliveries::{self, Delivery};
use crate::store::monitors::Monitor;

/// Slots of the longest period before there is calm: most seeds are short, because what goes wrong does so
/// within a few slots.
const SLOTS: [i64; 5] = [2, 3, 4, 6, 12];

/// Slots of calm, beside those that may be missed: enough for a dead job to be missed.
const SLOTS_OF_CALM: i64 = 3;

/// More steps than any seed needs: one that has more goes in circles.
const STEPS_MAX: usize = 20_000;

/// The last things that happened, of a seed that broke a promise.
const TRACE: usize = 40;

/// Moments at which everything is held against the twin although nothing happens.
const AUDITS: i64 = 6;

/// What was just being sent in the end has arrived by then.
const SENDS_WITHIN: i64 = 2 * MINUTE;

/// A node that has just been started has looked by then.
const FIRST_LOOK: i64 = 4_000;

/// Something that is going to happen.
enum Act {
    /// A run is due.
    Slot(usize),
    /// A client has something to tell.
    Said(usize, Said),
    /// A client tries to tell what it kept.
    Flush(usize),
    /// A client tells again what was acknowledged long ago.
    Repeat(usize, Said),
    /// A node looks at deadlines, marks that it lives, claims what is to be sent, and sends it.
    Look(usize),
    Mark(usize),
    Claim(usize),
    Send {
        delivery: Box<Delivery>,
        node: usize,
        starts: u32,
    },
    Fault,
    /// All are killed again so soon, so many times.
    Storm(u32),
    Up {
        node: usize,
        is_thaw: bool,
    },
    Jump(i64),
    /// Somebody does something about the incident that they were told of.
    Answer {
        incident: String,
        place: usize,
    },
    Pause(usize),
    Resume(usize),
    /// Maintenance is planned, called off, or heard of by a node.
    Plan,
    CallOff(usize),
    Refresh(usize),
    /// A monitor is loaded, and saved long after.
    Load(usize),
    Save(usize, Box<Monitor>),
    /// A channel stops taking anything, or takes it again.
    Channel(i64),
    Audit,
    Calm,
    End,
}

/// A seed that is being played.
pub(super) struct Course {
    world: World,
    jobs: Vec<Job>,
    outbox: Outbox,
    channels: Vec<i64>,
    ahead: BTreeMap<(i64, u64), Act>,
    count: u64,
    calendar: Calendar,
    known: Known,
    is_calm: bool,
    has_jumps: bool,
}

/// Plays a seed; says how long that was for the receiver, or what it broke.
pub(super) fn run(seed: u64, is_traced: bool) -> Result<i64, String> {
    let mut course = Course::new(seed, is_traced);
    let ended = course.play();
    let lived = course.world.now - BEGIN;
    ended.map(|()| lived).map_err(|why| {
        let trace = &course.world.trace;
        let last = trace[trace.len().saturating_sub(TRACE)..].join("\n");
        format!("{last}\n=> {} {why}", Moment(course.world.now).to_rfc3339())
    })
}

impl Course {
    fn new(seed: u64, is_traced: bool) -> Course {
        let mut world = World::new(seed, is_traced);
        let has_jumps = world.chance.one_in(4);
        let (jobs, channels) = people::begin(&mut world);
        let mut course = Course {
            world,
            jobs,
            outbox: Outbox::default(),
            channels,
            ahead: BTreeMap::new(),
            count: 0,
            calendar: Calendar::default(),
            known: Known::default(),
            is_calm: false,
            has_jumps,
        };
        course.plan();
        course
    }

    /// What is going to happen whatever else does.
    fn plan(&mut self) {
        let horizon = self.longest() * self.world.chance.pick(&SLOTS);
        for place in 0..self.jobs.len() {
            self.next_slot(place);
            for _ in 0..self.world.chance.below(3) {
                self.sometime(horizon, Act::Pause(place));
            }
            self.sometime(horizon, Act::Load(place));
        }
        for channel in self.channels.clone() {
            self.sometime(horizon, Act::Channel(channel));
        }
        for _ in 0..2 + self.world.chance.below(8) {
            self.sometime(horizon, Act::Fault);
        }
        if self.world.chance.one_in(2) {
            for _ in 0..1 + self.world.chance.below(3) {
                self.sometime(horizon, Act::Plan);
            }
        }
        for _ in 0..AUDITS {
            self.sometime(horizon, Act::Audit);
        }
        for node in self.world.up() {
            self.look_by(node, BEGIN);
        }
        self.after(horizon, Act::Calm);
    }

    fn longest(&self) -> i64 {
        self.jobs.iter().map(|job| job.period).max().unwrap()
    }

    fn after(&mut self, span: i64, act: Act) {
        self.count += 1;
        self.ahead.insert((self.world.now + span.max(0), self.count), act);
    }

    fn sometime(&mut self, within: i64, act: Act) {
        let span = self.world.chance.below(within);
        self.after(span, act);
    }

    fn play(&mut self) -> Result<(), String> {
        let (mut steps, mut has_waited) = (0, false);
        while let Some(((at, _), act)) = self.ahead.pop_first() {
            self.world.now = at;
            if let Act::End = act {
                match self.world.read(deliveries::next_due) {
                    Some(_) if !has_waited => self.after(SENDS_WITHIN, Act::End),
                    _ => return self.end(),
                }
                has_waited = true;
            }
            self.act(act)?;
            steps += 1;
            if steps > STEPS_MAX {
                return Err("it goes in circles".to_owned());
            }
        }
        Err("nothing was left to happen".to_owned())
    }

    fn act(&mut self, act: Act) -> Result<(), String> {
        match act {
            Act::Slot(place) => self.slot(place),
            Act::Said(place, said) => {
                self.jobs[place].spool.push(said);
                return self.flush(place);
            }
            Act::Flush(place) => return self.flush(place),
            Act::Repeat(place, said) => return self.repeat(place, said),
            Act::Look(node) => return self.look(node),
            Act::Mark(node) => self.mark(node),
            Act::Claim(node) => return self.claim(node),
            Act::Send { delivery, node, starts } => return self.send(delivery, node, starts),
            Act::Fault => self.fault(),
            Act::Storm(left) => self.storm(left),
            Act::Up { node, is_thaw } => self.up(node, is_thaw),
            Act::Jump(skew) => self.jump(skew),
            Act::Answer { incident, place } => return self.answer(&incident, place),
            Act::Pause(place) => return self.pause(place),
            Act::Resume(place) => return self.resume(place),
            Act::Plan => self.plan_maintenance(),
            Act::CallOff(number) => self.call_off(number),
            Act::Refresh(node) => self.hear_of_plans(node),
            Act::Load(place) => self.load(place),
            Act::Save(place, monitor) => return self.save(place, *monitor),
            Act::Channel(channel) => self.channel(channel),
            Act::Audit => return self.audit(),
            Act::Calm => self.calm(),
            Act::End => {}
        }
        Ok(())
    }

    /// Holds against what is committed of some monitors what must always hold.
    fn check(&mut self, places: &[usize]) -> Result<Picture, String> {
        let jobs: Vec<(usize, &Job)> =
            places.iter().map(|place| (*place, &self.jobs[*place])).collect();
        let picture = Picture::of(&mut self.world, &jobs, &mut self.known);
        let (channels, calendar) = (&self.channels[..], &self.calendar);
        let answers = &self.outbox.answers;
        let wishes = Wishes { channels, calendar, answers, now: self.world.wall() };
        if !self.has_jumps || self.calendar.plans.is_empty() {
            picture.hold(&jobs, &wishes)?;
        }
        if !self.has_jumps {
            picture.hold_news(&jobs, &mut self.known)?;
        }
        Ok(picture)
    }

    /// Holds everything against the twin, at a moment at which nobody has a reason to be behind.
    fn audit(&mut self) -> Result<(), String> {
        let now = self.world.now;
        let up: Vec<_> = self.world.up().into_iter().map(|node| &self.world.nodes[node]).collect();
        let looks_soon = |at: i64| at <= now + 2_000;
        let looked = |since: i64| since + FIRST_LOOK < now;
        if up.is_empty()
            || !up.iter().all(|node| looked(node.since))
            || up.iter().any(|node| node.look_at.is_some_and(looks_soon))
        {
            return Ok(());
        }
        let picture = self.check(&self.all())?;
        self.hold_words(&picture)
    }

    /// Every monitor is judged as the twin judges it.
    fn hold_words(&mut self, picture: &Picture) -> Result<(), String> {
        let wall = self.world.wall();
        for job in &mut self.jobs {
            job.lapse(&self.world.blind, wall);
        }
        if self.has_jumps {
            return Ok(());
        }
        let (channels, calendar) = (&self.channels[..], &self.calendar);
        let answers = &self.outbox.answers;
        let wishes = Wishes { channels, calendar, answers, now: wall };
        picture.hold_words(&self.jobs, &self.world, &wishes)
    }

    fn all(&self) -> Vec<usize> {
        (0..self.jobs.len()).collect()
    }

    /// From here on everything works; some jobs run and some are dead.
    fn calm(&mut self) {
        self.world.note(|| "calm".to_owned());
        self.is_calm = true;
        self.outbox.dead = BTreeSet::new();
        if self.world.skew != 0 {
            self.jump(0);
        }
        for node in 0..self.world.nodes.len() {
            self.up(node, false);
        }
        for number in 0..self.calendar.plans.len() {
            self.after(MINUTE, Act::CallOff(number));
        }
        for place in self.all() {
            self.jobs[place].is_alive = Some(self.world.chance.one_in(2));
            self.after(MINUTE, Act::Flush(place));
            self.after(MINUTE, Act::Resume(place));
        }
        let tolerated = self.jobs.iter().map(|job| job.tolerance).max().unwrap();
        self.after(self.longest() * (SLOTS_OF_CALM + tolerated) + 3 * HOUR, Act::End);
    }

    /// Nobody was pushed to look at anything, and everything is as it should be.
    fn end(&mut self) -> Result<(), String> {
        let picture = self.check(&self.all())?;
        self.hold_words(&picture)?;
        for (job, seen) in self.jobs.iter().zip(&picture.monitors) {
            let is_bad = incident::severity_of(seen.status()).is_some();
            if job.is_alive == Some(is_bad) {
                return Err(format!("monitor {} is {:?} in the end", job.id, seen.status()));
            }
            if !job.spool.is_empty() {
                return Err(format!("monitor {} has something to tell in the end", job.id));
            }
        }
        if self.world.read(deliveries::next_due).is_some() {
            return Err("something is on its way in the end".to_owned());
        }
        let jobs: Vec<&Job> = self.jobs.iter().collect();
        hold_events(&mut self.world, &jobs)?;
        let is_timely = !self.has_jumps;
        self.outbox.hold(&mut self.world, &jobs, &self.channels, &self.calendar, is_timely)
    }
}
