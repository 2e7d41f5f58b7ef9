//! Lanes: the claimed deliveries of each channel, with a few places on the way and a bounded queue before
//! them, so that a channel that hangs holds up nobody else.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use crate::store::deliveries::Delivery;

/// Deliveries on their way through one channel.
const PER_CHANNEL_MAX: usize = 16;

/// Claimed deliveries that wait for a place in their channel: a thousand monitors that are missed at
/// once, twice. What goes beyond it is put back.
const WAITING_MAX: usize = 2048;

/// A claimed delivery that has waited for this long is put back: its lease must outlast its attempt.
const WAIT_MAX: Duration = Duration::from_secs(20);

/// Deliveries that go out as one message at most; what is beyond is another one.
const TOGETHER_MAX: usize = 250;

/// Claimed deliveries of one channel.
#[derive(Default)]
struct Lane {
    sending: usize,
    waiting: VecDeque<(Instant, Delivery)>,
}

impl Lane {
    /// Those that wait and go out together with this one.
    fn taken_with(&mut self, delivery: &Delivery) -> Vec<Delivery> {
        if delivery.about.fold.is_none() {
            return Vec::new();
        }
        let mut room = TOGETHER_MAX - 1;
        let is_with = |one: &(Instant, Delivery)| {
            let is_with = room > 0 && one.1.about.fold == delivery.about.fold;
            room -= usize::from(is_with);
            is_with
        };
        let (with, others) = self.waiting.drain(..).partition(is_with);
        self.waiting = others;
        VecDeque::into_iter(with).map(|(_, one)| one).collect()
    }
}

/// Claimed deliveries by channel, so that one which hangs holds up nobody else.
#[derive(Default)]
pub(super) struct Lanes(HashMap<i64, Lane>);

impl Lanes {
    /// Takes a delivery in; gives it back where its lane is crowded.
    pub(super) fn take_in(&mut self, delivery: Delivery) -> Option<Delivery> {
        let lane = self.0.entry(delivery.about.channel_id).or_default();
        if lane.waiting.len() >= WAITING_MAX {
            return Some(delivery);
        }
        lane.waiting.push_back((Instant::now(), delivery));
        None
    }

    /// What may go out now, each list as one message, and what has waited too long.
    pub(super) fn next(&mut self) -> (Vec<Vec<Delivery>>, Vec<Delivery>) {
        let (mut going, mut stale) = (Vec::new(), Vec::new());
        for lane in self.0.values_mut() {
            while lane.waiting.front().is_some_and(|(since, _)| since.elapsed() > WAIT_MAX) {
                stale.extend(lane.waiting.pop_front().map(|(_, delivery)| delivery));
            }
            while lane.sending < PER_CHANNEL_MAX
                && let Some((_, delivery)) = lane.waiting.pop_front()
            {
                lane.sending += 1;
                let mut together = lane.taken_with(&delivery);
                together.insert(0, delivery);
                going.push(together);
            }
        }
        (going, stale)
    }

    /// An attempt through this channel has ended.
    pub(super) fn ended(&mut self, channel_id: i64) {
        if let Some(lane) = self.0.get_mut(&channel_id) {
            lane.sending = lane.sending.saturating_sub(1);
        }
        self.0.retain(|_, lane| lane.sending > 0 || !lane.waiting.is_empty());
    }

    pub(super) fn waiting(&self) -> usize {
        self.0.values().map(|lane| lane.waiting.len()).sum()
    }
}
