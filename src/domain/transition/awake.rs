//! Of a monitor that follows its host: for how long the host was awake, as far as that is known.
//!
//! A laptop that sleeps runs no job, and its silence is no news. Hosts say now and then for how long they
//! have been up and for how long of that awake; the difference between two such signs is time in which
//! the host was surely awake, and only that brings a deadline nearer. A host of which too little is heard
//! for that does not put a deadline off for ever, and where jobs end without such a sign the wall clock
//! counts.
//!
//! A sign can be the first thing that is heard after a long silence, and what the host has kept of that
//! time follows it. So what a sign proves counts only after as much silence again, or the settle time; and
//! a sign of a host that says it has kept something proves nothing yet.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::blind::settle;
use crate::domain::host::Uptime;
use crate::domain::monitor::Rules;
use crate::domain::time::Moment;

/// A sign that comes sooner than this after the one before it says nothing that the next one does not.
const SIGN_EVERY: Duration = Duration::from_secs(60);

/// By how much a clock may have been put right between two signs of the same boot.
const SLIP_MAX: Duration = Duration::from_secs(60);

/// How many stretches are remembered. At the maximum the oldest two are joined that no deadline counts from
/// within; but for the very oldest, which may be cut by one. What has decided is more than a settle time back
/// then.
const STRETCHES_MAX: usize = 32;

/// What is known of the host.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Awake {
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<String>,
    /// Its jobs end without a sign, so there is nothing to wait for.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    silent: bool,
    /// The newest sign.
    #[serde(skip_serializing_if = "Option::is_none")]
    last: Option<Sign>,
    /// The time between signs, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    stretches: Vec<Stretch>,
}

/// What the host said at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Sign {
    at: Moment,
    #[serde(flatten)]
    uptime: Uptime,
}

/// From when until when, and for how many milliseconds of that it was surely awake.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Stretch(Moment, Moment, u64);

impl Stretch {
    /// Between two signs: all that the second one says it was awake for since the first, or since it was
    /// started, if it was started in between; none where the two are not of one host.
    fn between(first: Sign, second: Sign) -> Option<Stretch> {
        let span = |ms: u64| Duration::from_millis(ms);
        let passed = second.at.since(first.at);
        let up = span(second.uptime.up_ms);
        let more = |now: u64, before: u64| now.checked_sub(before).map(span);
        let up_more = more(second.uptime.up_ms, first.uptime.up_ms);
        let awake_more = more(second.uptime.awake_ms, first.uptime.awake_ms);
        let (from, awake) = match (up_more, awake_more) {
            (Some(up), Some(awake)) if up.abs_diff(passed) <= SLIP_MAX => (first.at, awake),
            _ if up <= passed => (second.at.before(up), span(second.uptime.awake_ms)),
            _ => return None,
        };
        let awake = awake.min(second.at.since(from));
        Some(Stretch(from, second.at, u64::try_from(awake.as_millis()).unwrap_or(0)))
    }

    /// For how long it was surely awake after a moment: what lies before it is taken off as if the host
    /// had been awake for all of that.
    fn awake_after(&self, from: Moment) -> Duration {
        Duration::from_millis(self.2).saturating_sub(from.since(self.0))
    }
}

impl Awake {
    /// Whether nothing is known of any host.
    pub(super) fn is_empty(&self) -> bool {
        *self == Awake::default()
    }

    /// When the host was last heard of.
    pub(super) fn heard_at(&self) -> Option<Moment> {
        self.last.map(|sign| sign.at)
    }

    /// The host's name.
    pub(super) fn host(&self) -> Option<&str> {
        self.host.as_deref()
    }

    /// A run began or ended on a host that gives signs, and that is followed from now on. What was proved
    /// of another one before stays so.
    pub(super) fn follow(&mut self, host: Option<&str>) {
        self.silent = false;
        if self.host() != host {
            self.host = host.map(str::to_owned);
            self.last = None;
        }
    }

    /// A run has ended without a sign.
    pub(super) fn fall_silent(&mut self) {
        *self = Awake { silent: true, ..Awake::default() };
    }

    /// Whether a sign at this moment is worth hearing.
    pub(super) fn wants(&self, at: Moment) -> bool {
        self.last.is_none_or(|last| at >= last.at.after(SIGN_EVERY))
    }

    /// Hears a sign. Deadlines count from the moments in `needed`; what lies before all of them is not asked
    /// for any more.
    pub(super) fn hear(&mut self, at: Moment, uptime: Uptime, needed: &[Moment]) {
        let needed_from = needed.iter().copied().min().unwrap_or(at);
        let sign = Sign { at, uptime };
        let stretch = self.last.and_then(|last| Stretch::between(last, sign));
        self.last = Some(sign);
        self.stretches.extend(stretch);
        self.stretches.retain(|stretch| stretch.1 > needed_from);
        if self.stretches.len() > STRETCHES_MAX {
            let is_whole = |pair: &[Stretch]| {
                !needed.iter().any(|needed| pair[0].0 < *needed && *needed < pair[1].1)
            };
            let pairs = self.stretches.windows(2).enumerate().skip(1);
            let place = pairs.filter(|(_, pair)| is_whole(pair)).map(|(place, _)| place).next();
            let place = place.unwrap_or(1);
            let Stretch(from, _, awake_ms) = self.stretches.remove(place);
            let next = &mut self.stretches[place];
            *next = Stretch(from, next.1, awake_ms.saturating_add(next.2));
        }
    }

    /// Takes what lies ahead for now.
    pub(super) fn heal(&mut self, now: Moment) {
        for Stretch(from, until, awake_ms) in &mut self.stretches {
            (*from, *until) = ((*from).min(now), (*until).min(now));
            let most = u64::try_from(until.since(*from).as_millis()).unwrap_or(u64::MAX);
            *awake_ms = most.min(*awake_ms);
        }
        if let Some(last) = &mut self.last {
            last.at = last.at.min(now);
        }
    }

    /// When a deadline at `at` counts that leaves an awake host the time since `from`.
    ///
    /// Worked example, a deadline at 04:00 for what was due at 02:00: the host sleeps from 22:00 to 09:00 and
    /// says so at 09:01 and at 12:01. Then it was awake for two hours at 12:01 at the latest, and the
    /// deadline counts at 12:16, after a settle time.
    pub(super) fn reached(&self, rules: &Rules, from: Moment, at: Moment) -> Moment {
        let Some(absent_at_most) = rules.absent_at_most.filter(|_| !self.silent) else {
            return at;
        };
        let given_up_at = at.after(absent_at_most);
        let mut left = at.since(from);
        for stretch in self.stretches.iter().filter(|stretch| stretch.1 > from) {
            left = left.saturating_sub(stretch.awake_after(from));
            if left.is_zero() {
                let silence = stretch.1.since(stretch.0);
                let settled_at = stretch.1.after(silence.min(settle(rules)));
                return settled_at.clamp(at, given_up_at);
            }
        }
        given_up_at
    }
}
