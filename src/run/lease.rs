//! The promise to be heard of again: how a receiver of hb's own learns soon that a run is gone.
//!
//! A start says for how long its receiver may do without a word of the run, and every third of that
//! the promise is renewed; two renewals may be lost before anybody is alarmed. Nobody but receivers of
//! hb's own hears of it, and where there is none nothing wakes hb. A renewal is worth nothing later, so
//! one that cannot be sent at once is dropped.

use std::time::{Duration, Instant};

use super::plan::{Plan, TellRules};
use super::supervise::Desk;
use crate::domain::event::{Event, Kind};
use crate::send::target::Target;
use crate::sys::{clock, process};

/// The lease, unless somebody says otherwise: a host that is lost is known within minutes, and a job of
/// a day is told of less than a thousand times.
pub(crate) const LEASE: Duration = Duration::from_secs(5 * 60);

/// How often a lease is renewed before it would end.
const RENEWALS: u32 = 3;

/// The lease of one run.
#[derive(Default)]
pub(super) struct Lease {
    span: Option<Duration>,
    renew_at: Option<Instant>,
    /// How long the job may do nothing; none: nobody looks.
    stalled_after: Option<Duration>,
    /// What the job had done by the last renewal, and since when it has done no more.
    done: Option<(u64, Instant)>,
}

impl Lease {
    /// The lease of a plan that has a receiver for it; it has not begun.
    pub(super) fn of(plan: &Plan) -> Lease {
        let heard = plan.targets.iter().any(Target::keeps_leases);
        let TellRules { lease, stalled_after, .. } = plan.telling;
        Lease { span: lease.filter(|_| heard), stalled_after, ..Lease::default() }
    }

    /// The start has been told, and the promise with it.
    pub(super) fn begin(&mut self, now: Instant) {
        self.renew_at = self.span.map(|span| now + span / RENEWALS);
    }

    /// The finish is told next; nothing is promised any more.
    pub(super) fn end(&mut self) {
        self.renew_at = None;
    }

    /// When it has to be renewed.
    pub(super) fn renew_at(&self) -> Option<Instant> {
        self.renew_at
    }

    /// Whether it is time to renew it; then the next time is set.
    fn is_due(&mut self, now: Instant) -> bool {
        let due = self.renew_at.is_some_and(|at| at <= now);
        if due {
            self.begin(now);
        }
        due
    }

    /// Whether the job has come to a halt: it has done nothing for as long as it may. Unknown at first, where
    /// what it does cannot be seen, and where nobody wants to know.
    fn is_stalled(&mut self, now: Instant, done: impl Fn() -> Option<u64>) -> Option<bool> {
        let (before, span) = (self.done.take(), self.stalled_after?);
        let done = done()?;
        let since = before.filter(|before| before.0 == done).map_or(now, |before| before.1);
        self.done = Some((done, since));
        before.map(|_| now.saturating_duration_since(since) >= span)
    }
}

impl Desk<'_> {
    /// Renews the lease, when it is time for that.
    pub(super) fn renew(&mut self) {
        let now = Instant::now();
        let lease = &mut self.reporter.lease;
        if !lease.is_due(now) {
            return;
        }
        let mut event = Event::new(Kind::Progress, &self.plan.monitor, clock::now());
        event.lease_ms = lease.span.map(ms);
        event.stalled = lease.is_stalled(now, || process::work_below(std::process::id()));
        event.percent = self.heard.percent;
        event.stage = self.heard.stage().map(str::to_owned);
        self.reporter.post(event);
    }
}

/// A span on the wire.
pub(super) fn ms(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::Lease;

    #[test]
    fn a_job_has_come_to_a_halt_when_it_did_nothing_for_as_long_as_it_may() {
        let began = Instant::now();
        let stalled_after = Some(Duration::from_secs(300));
        let mut lease = Lease { stalled_after, ..Lease::default() };
        let mut seen = Vec::new();
        for (at, done) in [
            (100, Some(7)),
            (200, Some(7)),
            (300, Some(7)),
            (400, Some(7)),
            (500, Some(8)),
            (600, Some(8)),
            (700, None),
            (800, Some(8)),
            (1200, Some(8)),
        ] {
            seen.push(lease.is_stalled(began + Duration::from_secs(at), || done));
        }
        let expected = [
            None,
            Some(false),
            Some(false),
            Some(true),
            Some(false),
            Some(false),
            None,
            None,
            Some(true),
        ];
        assert_eq!(seen, expected);
        let mut unasked = Lease::default();
        let stalled = unasked.is_stalled(began, || panic!("nobody wants to know"));
        assert_eq!(stalled, None);
    }

    #[test]
    fn a_lease_is_renewed_three_times_and_not_after_its_end() {
        let began = Instant::now();
        let mut lease = Lease { span: Some(Duration::from_secs(300)), ..Lease::default() };
        assert!(!lease.is_due(began + Duration::from_secs(999)), "it has not begun");
        lease.begin(began);
        let due: Vec<u64> =
            (0..=300).filter(|at| lease.is_due(began + Duration::from_secs(*at))).collect();
        assert_eq!(due, [100, 200, 300]);
        lease.end();
        assert!(!lease.is_due(began + Duration::from_secs(999)));
        let mut none = Lease::default();
        none.begin(began);
        assert_eq!(none.renew_at(), None);
    }
}
