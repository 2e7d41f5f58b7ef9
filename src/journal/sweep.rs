//! Once an hour everything that is kept is looked through for what is too old, as far as the clock is
//! believed.
//!
//! A clock that was wrong for one run, at a boot without network or by a slip of the hand, makes all that
//! is kept look old, and deleting is for good. No file can tell it from a host that really was off for a
//! year: after both, the newest thing on the disk is of long ago. What differs is what comes then. So a
//! clock is believed about ages only once it has gone on for [`STEADY_DAYS`], looked at again and again,
//! without a step that is longer than [`STEP_DAYS_MAX`], or back. Until then nothing goes for its age;
//! the limits of count and size hold all the same, so a host that is never believed (a job a month) keeps
//! a little more for a little longer. The hard part is what this cannot know: a clock that stays
//! wrong for a week is believed, and one that is wrong by less than a step is as well.
//!
//! Example: the host looks at its clock on 1 March, in the year 2100, and on 2 March. Had it been believed
//! before, it is again on 9 March. One that was off until the next spring is believed a week later.

use std::io;

use super::state::State;
use super::{addresses, history, spool};
use crate::domain::time::Moment;

/// Seconds between two sweeps over everything.
const SWEEP_EVERY_S: i64 = 3600;

/// How long a clock has to go on before it is believed.
const STEADY_DAYS: i64 = 7;

/// The longest step of a clock that goes on: longer than the week between two runs of a weekly job, and
/// shorter than anything is kept.
const STEP_DAYS_MAX: i64 = 10;

/// How far a clock may be set back: who keeps it right moves it by less.
const BACK_S_MAX: i64 = 3600;

const DAY_S: i64 = 86_400;

/// Where the time of the last sweep is, and since when the clock had gone on by then.
const STAMP: &str = "swept";

/// The largest stamp: two numbers.
const STAMP_BYTES_MAX: u64 = 64;

/// The clock, as far as it is believed about ages.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Ages {
    now_s: Option<i64>,
}

impl Ages {
    /// Whether what was last of use at `then_s` is certainly older than so many days.
    pub(crate) fn is_past(self, then_s: i64, days: i64) -> bool {
        self.now_s.is_some_and(|now_s| then_s < now_s - days * DAY_S)
    }
}

/// What is known of how the clock has gone, in seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Course {
    since_s: i64,
    last_s: i64,
}

impl Course {
    /// How it goes on at `now_s`.
    fn step(before: Option<Course>, now_s: i64) -> Course {
        let went_on = |course: &Course| {
            (-BACK_S_MAX..=STEP_DAYS_MAX * DAY_S).contains(&(now_s - course.last_s))
        };
        let since_s = before.filter(went_on).map_or(now_s, |course| course.since_s);
        Course { since_s, last_s: now_s }
    }

    fn ages(self) -> Ages {
        let is_steady = self.last_s - self.since_s >= STEADY_DAYS * DAY_S;
        Ages { now_s: is_steady.then_some(self.last_s) }
    }

    fn parse(text: &str) -> Option<Course> {
        let (since_s, last_s) = text.trim().split_once(' ')?;
        Some(Course { since_s: since_s.parse().ok()?, last_s: last_s.parse().ok()? })
    }
}

/// Sweeps, where nobody has within the hour.
pub(crate) fn when_due(state: &State, now: Moment) -> io::Result<()> {
    let now_s = now.epoch_ms() / 1000;
    let locks = state.room("locks")?;
    if let Ok(facts) = locks.facts(STAMP)
        && (now_s - SWEEP_EVERY_S..=now_s).contains(&facts.st_mtime)
    {
        return Ok(());
    }
    let known = locks.read(STAMP, STAMP_BYTES_MAX).unwrap_or_default();
    let before = std::str::from_utf8(&known).ok().and_then(Course::parse);
    let course = Course::step(before, now_s);
    locks.replace(STAMP, format!("{} {now_s}", course.since_s).as_bytes())?;
    // After a jump every writer that is at work looks as if it had been killed long ago.
    let jumped = before.is_some() && course.since_s == now_s;
    if !jumped {
        state.sweep(now_s, SWEEP_EVERY_S)?;
    }
    history::sweep(state, course.ages())?;
    spool::sweep(state, course.ages())?;
    addresses::sweep(state, course.ages())
}

#[cfg(test)]
mod tests {
    use super::{Course, DAY_S};

    /// On which of these days the clock is believed.
    fn believed(days: &[i64]) -> Vec<i64> {
        let mut course = None;
        let mut found = Vec::new();
        for day in days {
            let next = Course::step(course, day * DAY_S);
            if next.ages().is_past(0, -1_000_000) {
                found.push(*day);
            }
            course = Some(next);
        }
        found
    }

    #[test]
    fn a_clock_is_believed_after_a_week_without_a_jump() {
        let far = 27_000;
        for (days, expected) in [
            (&[0, 1, 2, 3, 4, 5, 6, 7, 8][..], &[7, 8][..]),
            (&[0, 7, 14, 24], &[7, 14, 24]),
            (&[0, 7, 18, 24, 25], &[7, 25]),
            // The example, and the host that was off for a year.
            (&[0, 7, far, 8, 9, 14, 15], &[7, 15]),
            (&[0, 7, 372, 373, 379], &[7, 379]),
            // Wrong for a few days, and wrong for good.
            (&[0, 7, far, far + 6, 8, 15], &[7, 15]),
            (&[0, 7, far, far + 7], &[7, far + 7]),
            // A job a month; a clock that was never set; one that is set back by a day.
            (&[0, 30, 61], &[]),
            (&[-20_000, 0, 6, 7], &[7]),
            (&[0, 7, 6, 12, 13], &[7, 13]),
        ] {
            assert_eq!(believed(days), expected, "{days:?}");
        }
    }

    #[test]
    fn a_stamp_of_an_older_hb_says_nothing() {
        for text in ["", "7", "x 7", "7 x", "7 8 9"] {
            assert_eq!(Course::parse(text), None, "{text}");
        }
        assert_eq!(Course::parse("-7 8\n"), Some(Course { since_s: -7, last_s: 8 }));
    }
}
