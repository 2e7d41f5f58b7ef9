//! How long alarms took: from a deadline that passed until a channel had taken the word of it.
//!
//! This is what a receiver is for, so it is counted where it ends. Everything in between is in it: a
//! checker that comes late, a blind time in which clients are waited for, a channel that had to be asked
//! again. What a job told itself, a failure, has no deadline and is not counted.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::domain::monitor::Status;
use crate::domain::time::Moment;
use crate::notify::message::{Message, What};
use crate::store::deliveries::Delivery;

/// The upper ends of the buckets, in seconds. Five is what a receiver that is well stays within, sixty
/// what it promises.
const BOUNDS_S: [u64; 8] = [1, 2, 5, 10, 30, 60, 300, 3600];

/// The name of the numbers.
const NAME: &str = "hb_alarm_delay_seconds";

/// Alarms since the start, by how long they took.
#[derive(Default)]
pub(crate) struct Lateness {
    within: [AtomicU64; BOUNDS_S.len()],
    count: AtomicU64,
    sum_ms: AtomicU64,
}

/// What the passing of time alone has brought about.
const BY_DEADLINE: [Status; 4] =
    [Status::Missed, Status::Overrun, Status::Stalled, Status::Vanished];

/// How long this took that a channel has taken at `now`, if it is about a deadline that passed.
fn taken_for(delivery: &Delivery, now: Moment) -> Option<Duration> {
    if delivery.about.what != "opened" {
        return None;
    }
    let message: Message = serde_json::from_str(&delivery.about.message).ok()?;
    let status = Status::parse(&message.status)?;
    let is_alarm = message.what == What::Opened && BY_DEADLINE.contains(&status);
    is_alarm.then_some(now.since(Moment::from_epoch_ms(message.at_ms?)))
}

impl Lateness {
    /// A channel has taken this at `now`.
    pub(crate) fn taken(&self, delivery: &Delivery, now: Moment) {
        if let Some(took) = taken_for(delivery, now) {
            self.add(took);
        }
    }

    fn add(&self, took: Duration) {
        for (bound, within) in BOUNDS_S.iter().zip(&self.within) {
            if took <= Duration::from_secs(*bound) {
                within.fetch_add(1, Ordering::Relaxed);
            }
        }
        self.count.fetch_add(1, Ordering::Relaxed);
        let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        self.sum_ms.fetch_add(ms, Ordering::Relaxed);
    }

    /// A histogram, as Prometheus reads it.
    pub(crate) fn write(&self, text: &mut String) {
        for (bound, within) in BOUNDS_S.iter().zip(&self.within) {
            let within = within.load(Ordering::Relaxed);
            let _ = writeln!(text, "{NAME}_bucket{{le=\"{bound}\"}} {within}");
        }
        let count = self.count.load(Ordering::Relaxed);
        let sum = self.sum_ms.load(Ordering::Relaxed) as f64 / 1000.0;
        let _ = writeln!(text, "{NAME}_bucket{{le=\"+Inf\"}} {count}");
        let _ = writeln!(text, "{NAME}_sum {sum}\n{NAME}_count {count}");
    }
}

#[cfg(test)]
mod tests {
    use super::{Duration, Lateness};

    #[test]
    fn each_bucket_holds_the_ones_before_it() {
        let lateness = Lateness::default();
        for ms in [0, 1000, 1001, 59_000, 60_001, 7_200_000] {
            lateness.add(Duration::from_millis(ms));
        }
        let mut text = String::new();
        lateness.write(&mut text);
        let numbers: Vec<&str> = text.lines().filter_map(|line| line.split(' ').nth(1)).collect();
        assert_eq!(numbers, ["2", "3", "3", "3", "3", "4", "5", "5", "6", "7321.002", "6"]);
    }
}
