//! How long a delivery that did not get through rests before it is tried again.

use std::time::Duration;

/// The longest pause after the first attempt; it doubles from there.
const FIRST_PAUSE_MAX: Duration = Duration::from_secs(5);

/// The longest pause of all: whoever mends a channel hears of what waits within an hour.
const PAUSE_MAX: Duration = Duration::from_secs(3_600);

/// No pause is shorter: a service that is down is not asked in a loop.
const PAUSE_MIN: Duration = Duration::from_secs(1);

/// How long a delivery is tried before it is shown as undelivered: a day and a weekend's repair.
pub(crate) const TRIED_FOR: Duration = Duration::from_secs(48 * 3_600);

/// The pause after `failed` attempts, with `random_unit` from 0 to just below 1.
///
/// Full jitter, as for pings: a part of a cap that doubles from 5 s to an hour, so that three
/// hundred alerts that failed together do not come back together. After the third attempt the cap
/// is 20 s, so `backoff(3, 0.5)` is 10 s. Within the first minute there are about five attempts.
pub(crate) fn backoff(failed: u32, random_unit: f64) -> Duration {
    let doublings = failed.saturating_sub(1).min(16);
    let cap = FIRST_PAUSE_MAX.saturating_mul(1 << doublings).min(PAUSE_MAX);
    let unit = if random_unit.is_finite() { random_unit.clamp(0.0, 1.0) } else { 1.0 };
    cap.mul_f64(unit).max(PAUSE_MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_from_seconds_to_an_hour() {
        let seconds: Vec<u64> = (0..13).map(|failed| backoff(failed, 1.0).as_secs()).collect();
        assert_eq!(seconds, [5, 5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600]);
        assert_eq!(backoff(u32::MAX, 1.0), PAUSE_MAX);
        assert_eq!(backoff(3, 0.5), Duration::from_secs(10));
        assert!(TRIED_FOR >= Duration::from_secs(24 * 3_600));
        for odd in [f64::NAN, f64::INFINITY, -1.0, 2.0, 0.0] {
            for failed in [0, 1, 7, u32::MAX] {
                assert!((PAUSE_MIN..=PAUSE_MAX).contains(&backoff(failed, odd)));
            }
        }
    }
}
