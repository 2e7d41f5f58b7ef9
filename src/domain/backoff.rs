//! How long to wait before the next attempt to reach a receiver.
//!
//! Full jitter: a uniformly random part of a cap that doubles. Thousands of hosts run cron at the same second, so a receiver
//! that comes back must not be met by all of them at once; of the usual schemes this one spreads them best. The random
//! number is an argument. How many attempts there are, and whether a `Retry-After` overrides the wait, the sender decides.

use std::time::Duration;

/// The longest wait after the first, second, … failure; the last stands for all later ones.
const CAPS_MS: [u64; 6] = [500, 1_000, 2_000, 4_000, 8_000, 15_000];

/// The wait after `failed` attempts in a row, with `random_unit` from 0 to just below 1.
///
/// After the third failure the cap is 2 s, so `delay(3, 0.25)` is half a second. A number outside the unit is pulled into it.
pub(crate) fn delay(failed: u32, random_unit: f64) -> Duration {
    let place =
        usize::try_from(failed.saturating_sub(1)).unwrap_or(usize::MAX).min(CAPS_MS.len() - 1);
    let unit = if random_unit.is_finite() { random_unit.clamp(0.0, 1.0) } else { 1.0 };
    Duration::from_millis(CAPS_MS[place]).mul_f64(unit)
}

/// The longest pause between two flushes to a receiver that did not take what waits for it.
pub(crate) const FLUSH_PAUSE_MAX: Duration = Duration::from_secs(3_600);

/// How long a kept event rests after `tries` attempts: whoever kept it was the first, and the next `hb` is not held back.
///
/// A receiver that needs longer than a flush may take has perhaps got the event each time, so the pauses double: after the
/// second attempt a minute, after the third two, and never more than an hour.
pub(crate) fn flush_pause(tries: u32) -> Duration {
    match tries {
        0 | 1 => Duration::ZERO,
        _ => Duration::from_secs(60 << (tries - 2).min(6)).min(FLUSH_PAUSE_MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_between_flushes_double_up_to_an_hour() {
        let minutes: Vec<u64> = (0..11).map(|tries| flush_pause(tries).as_secs() / 60).collect();
        assert_eq!(minutes, [0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60]);
        assert_eq!(flush_pause(u32::MAX), FLUSH_PAUSE_MAX);
    }

    #[test]
    fn caps_double_and_then_stay() {
        let caps: Vec<u128> = (0..9).map(|failed| delay(failed, 1.0).as_millis()).collect();
        assert_eq!(caps, [500, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]);
        assert_eq!(delay(u32::MAX, 0.999).as_millis(), 14_985);
    }

    #[test]
    fn jitter_is_a_part_of_the_cap() {
        assert_eq!(delay(3, 0.25), Duration::from_millis(500));
        assert_eq!(delay(3, 0.0), Duration::ZERO);
        for odd in [f64::NAN, f64::INFINITY, 2.0, -1.0] {
            assert!(delay(3, odd) <= Duration::from_secs(2));
        }
    }
}
