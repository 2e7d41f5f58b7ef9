//! Jobs and the clients that tell of them: what happened, what waits to be told, what was taken.

use std::collections::{BTreeMap, BTreeSet};

use super::Chance;
use super::runs::Run;
use crate::domain::arrival::Arrival;
use crate::domain::event::Kind;
use crate::domain::time::Moment;
use crate::serve::recorder::Ping;

pub(super) const SECOND: i64 = 1_000;
pub(super) const MINUTE: i64 = 60 * SECOND;
pub(super) const HOUR: i64 = 60 * MINUTE;
pub(super) const DAY: i64 = 24 * HOUR;

/// Schedules whose slots are so far apart, from so long after midnight.
const CRONS: [(&str, i64, i64); 5] = [
    ("*/15 * * * *", 15 * MINUTE, 0),
    ("7 * * * *", HOUR, 7 * MINUTE),
    ("30 */6 * * *", 6 * HOUR, 30 * MINUTE),
    ("0 2 * * *", DAY, 2 * HOUR),
    // The epoch was a Thursday.
    ("0 3 * * 0", 7 * DAY, 3 * DAY + 3 * HOUR),
];

/// The place in its run of what is said of it last.
const LAST_SEQ: u32 = 99;

/// The name of an event: its run and its place there.
pub(super) type Key = (u32, u32);

/// Something that a client has to tell.
#[derive(Clone, Copy, Debug)]
pub(super) struct Said {
    pub(super) key: Key,
    pub(super) kind: Kind,
    pub(super) at: i64,
    pub(super) started_at: i64,
    /// It is to be heard of again within this.
    pub(super) lease: Option<i64>,
    /// The run does nothing; of a verification: it found what it must not.
    pub(super) is_bad: bool,
}

/// A pause, by the receiver's clock.
#[derive(Clone, Copy, Debug)]
pub(super) struct Paused {
    pub(super) from: i64,
    pub(super) until: Option<i64>,
    pub(super) until_success: bool,
}

/// A job, its client, and what the receiver was told of it.
pub(super) struct Job {
    /// The monitor.
    pub(super) id: i64,
    pub(super) schedule: String,
    pub(super) is_every: bool,
    pub(super) period: i64,
    pub(super) offset: i64,
    pub(super) grace: i64,
    pub(super) tolerance: i64,
    /// A run that has not begun is late so long after its slot.
    pub(super) start_within: Option<i64>,
    pub(super) run_at_most: Option<i64>,
    lease: Option<i64>,
    is_verified: bool,
    /// The longest it waits before it tries again once the receiver is there.
    pub(super) tries_within: i64,
    /// What is not acknowledged.
    pub(super) spool: Vec<Said>,
    pub(super) count: u32,
    /// Whether it runs at all; nothing: by chance.
    pub(super) is_alive: Option<bool>,
    /// What was committed.
    pub(super) committed: BTreeMap<Key, Said>,
    /// Of that, the finish that happened last, the success, and the verification.
    pub(super) newest: Option<Said>,
    pub(super) success_at: Option<i64>,
    pub(super) verified: Option<Said>,
    /// The runs that were told of and have not ended, by number, and those that have.
    pub(super) open: BTreeMap<u32, Run>,
    pub(super) ended: BTreeMap<u32, i64>,
    /// What was committed last, in one go: what is judged in between nobody is told.
    pub(super) fresh: BTreeSet<Key>,
    /// What was acknowledged.
    pub(super) acknowledged: BTreeSet<Key>,
    pub(super) pause: Option<Paused>,
    /// Pauses that are over, from when until when.
    pub(super) pauses: Vec<(i64, i64)>,
    /// Nothing due by then is expected.
    pub(super) floor: i64,
    /// Before that nobody can say how it is to be judged.
    pub(super) unsure_until: i64,
}

impl Job {
    /// A job by chance, made at a moment.
    pub(super) fn new(chance: &mut Chance, place: usize, now: i64) -> Job {
        let (cron, period, offset) = CRONS[place];
        let is_every = chance.one_in(4);
        let grace = chance.pick(&[2 * MINUTE, period / 10, period / 4, period / 3]);
        let grace = grace.max(2 * MINUTE);
        let settle = grace.min(15 * MINUTE);
        let tries_within = chance.pick(&[settle / 3, settle / 3, settle * 2 / 3, 6 * HOUR]);
        let whole = |span: i64| span / SECOND * SECOND;
        Job {
            id: 0,
            schedule: match is_every {
                true => format!("every {}s", period / SECOND),
                false => cron.to_owned(),
            },
            is_every,
            period,
            offset,
            grace,
            tolerance: chance.pick(&[0, 0, 0, 1, 2]),
            start_within: chance.one_in(3).then(|| whole(grace / 2)),
            run_at_most: chance.one_in(3).then(|| whole(longest_run(grace) * 7 / 8)),
            lease: chance.one_in(3).then(|| whole(longest_run(grace) / 3)),
            is_verified: chance.one_in(3),
            tries_within,
            spool: Vec::new(),
            count: 0,
            is_alive: None,
            committed: BTreeMap::new(),
            newest: None,
            success_at: None,
            verified: None,
            open: BTreeMap::new(),
            ended: BTreeMap::new(),
            fresh: BTreeSet::new(),
            acknowledged: BTreeSet::new(),
            pause: None,
            pauses: Vec::new(),
            floor: now,
            unsure_until: 0,
        }
    }

    /// The rules as the store keeps them.
    pub(super) fn rules(&self) -> String {
        let seconds = |span: Option<i64>| span.map(|span| span / SECOND);
        serde_json::json!({
            "schedule": self.schedule,
            "timezone": "UTC",
            "grace_s": self.grace / SECOND,
            "tolerance": self.tolerance,
            "start_within_s": seconds(self.start_within),
            "run_at_most_s": seconds(self.run_at_most),
        })
        .to_string()
    }

    /// The first slot after a moment.
    pub(super) fn slot_after(&self, at: i64) -> i64 {
        at - (at - self.offset).rem_euclid(self.period) + self.period
    }

    /// What a run tells whose slot is now, each at its moment.
    pub(super) fn run(&mut self, chance: &mut Chance, now: i64) -> Vec<Said> {
        let luck = chance.below(100);
        let (skips, fails, hangs, is_late) = match self.is_alive {
            Some(alive) => (!alive, false, false, false),
            None => (luck < 9, (9..17).contains(&luck), (17..23).contains(&luck), luck > 92),
        };
        if skips {
            return Vec::new();
        }
        self.count += 1;
        let mut started_at = now + chance.below(20_000);
        if is_late {
            let room = self.period - self.grace - 10 * MINUTE;
            started_at += self.grace + chance.below(room.max(1));
        } else if chance.one_in(12) && !self.is_every {
            started_at = now - 30_000;
        }
        let mut lasts = 1_000 + chance.below(longest_run(self.grace));
        lasts = lasts.min(self.period - MINUTE * 2 - (started_at - now)).max(1_000);
        if self.is_alive.is_some() {
            lasts = lasts.min(self.run_at_most.unwrap_or(lasts) / 2);
        }
        let kind = match (fails, chance.one_in(15)) {
            (true, _) => Kind::Failure,
            (false, true) => Kind::Warning,
            (false, false) => Kind::Success,
        };
        let end = if hangs { None } else { Some(kind) };
        self.told(chance, started_at, lasts, end)
    }

    /// What a run tells that lasts so long and then ends, or is not heard of any more.
    fn told(&self, chance: &mut Chance, begin: i64, lasts: i64, end: Option<Kind>) -> Vec<Said> {
        let said = |seq: u32, kind, at| Said {
            key: (self.count, seq),
            kind,
            at,
            started_at: begin,
            lease: self.lease.filter(|_| matches!(kind, Kind::Start | Kind::Progress)),
            is_bad: false,
        };
        let mut told = vec![said(1, Kind::Start, begin)];
        if let Some(lease) = self.lease {
            // A run that hangs is alive for a while in some cases.
            let lives = if end.is_none() && chance.one_in(2) { lasts * 3 } else { lasts };
            let mut at = begin + lease * 2 / 3;
            while at < begin + lives {
                let is_bad = self.is_alive.is_none() && chance.one_in(8);
                let seq = 1 + told.len() as u32;
                told.push(Said { is_bad, ..said(seq, Kind::Progress, at) });
                at += lease * 2 / 3;
            }
        }
        let Some(kind) = end else { return told };
        told.push(said(LAST_SEQ - 1, kind, begin + lasts));
        let is_looked_at = kind == Kind::Success && (self.is_alive.is_some() || chance.one_in(2));
        if self.is_verified && is_looked_at {
            let is_bad = self.is_alive.is_none() && chance.one_in(3);
            told.push(Said { is_bad, ..said(LAST_SEQ, Kind::Verified, begin + lasts + MINUTE) });
        }
        told
    }

    /// A thing to tell as it comes to the receiver.
    pub(super) fn ping(&self, said: &Said, received_at: i64) -> Ping {
        let mut arrival = Arrival::new(said.kind);
        arrival.run_id = Some(said.key.0.to_string());
        arrival.seq = Some(said.key.1);
        arrival.at = Some(Moment(said.at));
        arrival.sent_at = Some(Moment(received_at));
        arrival.started_at = Some(Moment(said.started_at));
        arrival.lease_ms = said.lease.map(|lease| lease as u64);
        match said.kind {
            Kind::Verified => arrival.matches_expected = Some(!said.is_bad),
            _ => arrival.stalled = said.is_bad.then_some(true),
        }
        Ping {
            monitor_id: self.id,
            dialect: "hb".to_owned(),
            arrival: Box::new(arrival),
            ignored: false,
            received_at: Moment(received_at),
            packed: None,
            coalesced: false,
            method: "POST".to_owned(),
            scheme: "http".to_owned(),
            remote: "192.0.2.1".to_owned(),
            agent: "hb".to_owned(),
        }
    }
}

/// The longest run that ends in time, if it does not begin late.
fn longest_run(grace: i64) -> i64 {
    (grace - 21_000).min(grace / 2 + 9 * MINUTE)
}
