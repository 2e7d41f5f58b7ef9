//! Jobs and the clients that tell of them: what happened, what waits to be told, what was taken.

use std::collections::{BTreeMap, BTreeSet};

use super::Chance;
use crate::domain::arrival::Arrival;
use crate::domain::event::Kind;
use crate::domain::time::Moment;
use crate::serve::recorder::Ping;

pub(super) const MINUTE: i64 = 60_000;
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

/// The name of an event: its run and its place there.
pub(super) type Key = (u32, u32);

/// Something that a client has to tell.
#[derive(Clone, Copy, Debug)]
pub(super) struct Said {
    pub(super) key: Key,
    pub(super) kind: Kind,
    pub(super) at: i64,
    pub(super) started_at: i64,
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
    /// The longest it waits before it tries again once the receiver is there.
    pub(super) tries_within: i64,
    /// What is not acknowledged.
    pub(super) spool: Vec<Said>,
    pub(super) runs: u32,
    /// Whether it runs at all; nothing: by chance.
    pub(super) is_alive: Option<bool>,
    /// What was committed.
    pub(super) committed: BTreeMap<Key, Said>,
    /// Of that, the finish that happened last.
    pub(super) newest: Option<Said>,
    /// What was committed last, in one go: what is judged in between nobody is told.
    pub(super) fresh: BTreeSet<Key>,
    /// What was acknowledged.
    pub(super) acknowledged: BTreeSet<Key>,
    pub(super) pause: Option<Paused>,
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
        Job {
            id: 0,
            schedule: match is_every {
                true => format!("every {}s", period / 1_000),
                false => cron.to_owned(),
            },
            is_every,
            period,
            offset,
            grace,
            tolerance: chance.pick(&[0, 0, 0, 1, 2]),
            tries_within,
            spool: Vec::new(),
            runs: 0,
            is_alive: None,
            committed: BTreeMap::new(),
            newest: None,
            fresh: BTreeSet::new(),
            acknowledged: BTreeSet::new(),
            pause: None,
            floor: now,
            unsure_until: 0,
        }
    }

    /// The rules as the store keeps them.
    pub(super) fn rules(&self) -> String {
        serde_json::json!({
            "schedule": self.schedule,
            "timezone": "UTC",
            "grace_s": self.grace / 1_000,
            "tolerance": self.tolerance,
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
            None => (luck < 9, (9..17).contains(&luck), (17..21).contains(&luck), luck > 92),
        };
        if skips {
            return Vec::new();
        }
        self.runs += 1;
        let mut started_at = now + chance.below(20_000);
        if is_late {
            let room = self.period - self.grace - 10 * MINUTE;
            started_at += self.grace + chance.below(room.max(1));
        } else if chance.one_in(12) && !self.is_every {
            started_at = now - 30_000;
        }
        let lasts = 1_000 + chance.below((self.grace - 21_000).min(self.grace / 2 + 9 * MINUTE));
        let lasts = lasts.min(self.period - MINUTE * 2 - (started_at - now)).max(1_000);
        let kind = match (fails, chance.one_in(15)) {
            (true, _) => Kind::Failure,
            (false, true) => Kind::Warning,
            (false, false) => Kind::Success,
        };
        let said = |seq, kind, at| Said { key: (self.runs, seq), kind, at, started_at };
        let mut told = vec![said(1, Kind::Start, started_at)];
        if !hangs {
            told.push(said(2, kind, started_at + lasts));
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
