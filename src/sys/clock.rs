//! The clocks. The wall clock is read here and nowhere else (a lint holds this).
//!
//! Moments on a calendar come from [`now`]; spans of time are measured with `std::time::Instant`,
//! which does not jump when somebody sets the clock in the middle of a backup.
//!
//! Nodes that share a database must agree on what is due. A host's clock may be minutes off, so the
//! database's counts: with every transaction [`agree`] compares both and puts this process's clock
//! right. The correction is global as the clock is; a process without such a database never has one.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nix::time::{ClockId, clock_gettime};

use crate::domain::host::Uptime;
use crate::domain::time::Moment;

/// What is added to this host's clock, in milliseconds.
static CORRECTION_MS: AtomicI64 = AtomicI64::new(0);

/// The present moment by the wall clock, put right. A clock before 1970 reads as a negative moment.
pub(crate) fn now() -> Moment {
    let correction = CORRECTION_MS.load(Ordering::Relaxed);
    Moment::from_epoch_ms(uncorrected().epoch_ms().saturating_add(correction))
}

/// What this host's clock says itself.
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the wall clock")]
pub(crate) fn uncorrected() -> Moment {
    let ms = match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_millis()).map_or(i64::MIN, |ms| -ms),
    };
    Moment::from_epoch_ms(ms)
}

/// By how many milliseconds this host's clock is put right now.
pub(crate) fn correction_ms() -> i64 {
    CORRECTION_MS.load(Ordering::Relaxed)
}

/// Puts the clock right by one whose word counts: it read `theirs` between two readings of
/// [`uncorrected`].
pub(crate) fn agree(before: Moment, theirs: Moment, after: Moment) {
    let known = CORRECTION_MS.load(Ordering::Relaxed);
    CORRECTION_MS.store(corrected(known, before, theirs, after), Ordering::Relaxed);
}

/// The correction after one more comparison.
///
/// What was read between two readings of ours says between which two values the correction lies: those
/// that would make it the first and the last of them. A correction between them stays, so that a slow
/// answer does not move the clock; any other one goes to the nearer end. Both clocks are read in
/// whole milliseconds, which widens each end by one. Example: known 0; ours 12:00:00.000 and 12:00:00.040,
/// theirs 12:05:00.010: the correction lies between 299,969 and 300,011 ms, and becomes 299,969.
fn corrected(known: i64, before: Moment, theirs: Moment, after: Moment) -> i64 {
    let theirs = theirs.epoch_ms();
    let least = theirs.saturating_sub(after.epoch_ms()).saturating_sub(1);
    let most = theirs.saturating_sub(before.epoch_ms()).saturating_add(1);
    // Our clock was set back between the two readings; the next comparison will do.
    if least > most { known } else { known.clamp(least, most) }
}

/// Time since this machine was started, its sleep included, on the clock that dates processes.
pub(crate) fn since_boot() -> Duration {
    #[cfg(target_os = "linux")]
    let clock = ClockId::CLOCK_BOOTTIME;
    #[cfg(not(target_os = "linux"))]
    let clock = ClockId::CLOCK_MONOTONIC;
    clock_gettime(clock).map_or(Duration::ZERO, Duration::from)
}

/// For how long this machine has been running, and for how long of that it was not suspended; none where
/// it does not say.
#[cfg(target_os = "linux")]
pub(crate) fn uptime() -> Option<Uptime> {
    // Only what sleeps does not count for this clock, which is what makes the two differ.
    let awake = clock_gettime(ClockId::CLOCK_MONOTONIC).map(Duration::from).ok()?;
    let ms = |span: Duration| u64::try_from(span.as_millis()).ok();
    Some(Uptime { up_ms: ms(since_boot())?, awake_ms: ms(awake)?, behind: false })
}

/// See above.
#[cfg(not(target_os = "linux"))]
pub(crate) fn uptime() -> Option<Uptime> {
    None
}

#[cfg(test)]
mod tests {
    use super::corrected;
    use crate::domain::time::Moment;

    #[test]
    fn a_clock_is_put_right_and_left_alone_when_it_is() {
        let at = Moment::from_epoch_ms;
        for (known, ours, theirs, expected) in [
            // The example of the law.
            (0, (0, 40), 300_010, 299_969),
            // A right clock stays, however slow the answer.
            (0, (1_000, 1_000), 1_000, 0),
            (0, (1_000, 9_000), 5_000, 0),
            (0, (1_000, 9_000), 9_000, 0),
            // So does one that is put right already.
            (300_000, (1_000, 1_010), 301_005, 300_000),
            (-300_000, (301_000, 301_010), 1_005, -300_000),
            // Somebody has put this host's clock right; it runs ahead; it was far behind.
            (300_000, (301_000, 301_010), 301_005, 6),
            (0, (301_000, 301_000), 1_000, -299_999),
            (0, (i64::MIN, i64::MIN), i64::MAX, i64::MAX - 1),
            // It was set back while the other one was asked.
            (7, (9_000, 1_000), 5_000, 7),
        ] {
            let found = corrected(known, at(ours.0), at(theirs), at(ours.1));
            assert_eq!(found, expected, "{known} {ours:?} {theirs}");
        }
    }

    #[test]
    fn a_corrected_clock_reads_within_the_two_readings() {
        for known in -50..50 {
            for (before, took) in [(0, 0), (0, 3), (20, 7), (-9, 30)] {
                for theirs in -40..40 {
                    let after = before + took;
                    let at = Moment::from_epoch_ms;
                    let by = corrected(known, at(before), at(theirs), at(after));
                    assert!(before + by - 1 <= theirs && theirs <= after + by + 1);
                    // Asked once more, the same answer changes nothing.
                    assert_eq!(corrected(by, at(before), at(theirs), at(after)), by);
                }
            }
        }
    }
}
