//! The clocks. The wall clock is read here and nowhere else (a lint holds this).
//!
//! Moments on a calendar come from [`now`]; spans of time are measured with `std::time::Instant`,
//! which does not jump when somebody sets the clock in the middle of a backup.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nix::time::{ClockId, clock_gettime};

use crate::domain::time::Moment;

/// The present moment by the wall clock. A clock before 1970 reads as a negative moment.
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the wall clock")]
pub(crate) fn now() -> Moment {
    let ms = match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_millis()).map_or(i64::MIN, |ms| -ms),
    };
    Moment::from_epoch_ms(ms)
}

/// Time since this machine was started, its sleep included, on the clock that dates processes.
pub(crate) fn since_boot() -> Duration {
    #[cfg(target_os = "linux")]
    let clock = ClockId::CLOCK_BOOTTIME;
    #[cfg(not(target_os = "linux"))]
    let clock = ClockId::CLOCK_MONOTONIC;
    clock_gettime(clock).map_or(Duration::ZERO, Duration::from)
}
