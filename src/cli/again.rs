//! `--every` and `--at`: the same job again and again, for containers that have no cron.
//!
//! `--every 1h` starts at once and then each hour after that first start, whatever a run takes; what
//! a long run has missed is left out. `--at 03:30` starts each day at that time of this host's zone; a
//! time that a day does not have (the clocks go forward) is taken at the first moment after it.

use std::time::{Duration, Instant};

use super::flags::{positive, read};
use super::run_arguments::TimeArguments;
use crate::config::policy::{self, Policy, TimeOfDay};
use crate::config::shape;
use crate::sys::clock;
use crate::sys::inherited::Inherited;

/// When the job is to run again.
pub(crate) enum Again {
    /// At these moments after the first start.
    Every { span: Duration, next: Instant },
    /// Each day at this time.
    At(jiff::civil::Time),
}

impl Again {
    /// What the flags ask for, else the configuration; none: once.
    pub(crate) fn settle(flags: &TimeArguments, policy: &Policy) -> Result<Option<Again>, String> {
        let every = positive("every", &flags.every)?.map(policy::Again::Every);
        let at = read("at", &flags.at, shape::time_of_day)?.map(policy::Again::At);
        Ok(every.or(at).or(policy.again).map(|again| match again {
            policy::Again::Every(span) => Again::Every { span, next: Instant::now() },
            policy::Again::At(TimeOfDay { hour, minute }) => {
                Again::At(jiff::civil::time(hour, minute, 0, 0))
            }
        }))
    }

    /// Waits for the next start; true when somebody asks for the end meanwhile.
    pub(crate) fn wait(&mut self, inherited: &Inherited) -> bool {
        let until = match self {
            Again::Every { span, next } => {
                let due = *next;
                let behind = due.elapsed().as_nanos() / span.as_nanos().max(1);
                *next = due + *span * u32::try_from(behind + 1).unwrap_or(1);
                due
            }
            Again::At(time) => Instant::now() + until_time(*time),
        };
        crate::run::wait_for_the_next(until, inherited)
    }
}

/// How long it is to the next such time of this host's zone.
fn until_time(time: jiff::civil::Time) -> Duration {
    let now = jiff::Timestamp::from_millisecond(clock::now().epoch_ms()).unwrap_or_default();
    let now = now.to_zoned(jiff::tz::TimeZone::system());
    let on = |date: jiff::civil::Date| date.to_datetime(time).to_zoned(now.time_zone().clone());
    let today = on(now.date()).ok().filter(|moment| *moment > now);
    let next = today.or_else(|| on(now.date().tomorrow().ok()?).ok());
    let left = next.map(|next| now.duration_until(&next).unsigned_abs());
    left.unwrap_or(Duration::from_secs(86_400))
}
