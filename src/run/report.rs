//! The record of a run and its deliveries: what happens is written down first and told second.
//!
//! The courier is started late: a job that ends within [`START_HOLD`] is told with one request, its
//! start folded into its finish. Whatever cannot be told in time goes to the spool, and every
//! outcome stands in the record.

use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

use super::lease::Lease;
use super::news::News;
use super::plan::Plan;
use crate::domain::dialect::Limits;
use crate::domain::event::{Event, Kind};
use crate::domain::record::{Begun, Delivery, Ending, Line, TargetRef, Told};
use crate::domain::telling;
use crate::journal::open_run::OpenRun;
use crate::journal::spool::{Spool, Tries};
use crate::journal::state::State;
use crate::journal::{addresses, learned};
use crate::send::alerts::{self, Afterwards};
use crate::send::courier::{self, Courier, Report};
use crate::send::deliver::Settled;
use crate::send::target::Target;
use crate::sys::{clock, fault, host, program};

/// How long the start waits for the finish, to be told with it.
pub(crate) const START_HOLD: Duration = Duration::from_millis(25);

/// How long it waits at most on a crowded host. Five hundred jobs of one minute are short jobs that take
/// long because there are so many of them; telling each start would only make it worse.
pub(crate) const START_HOLD_MAX: Duration = Duration::from_secs(1);

/// How long it waits on a crowded host before it looks again.
pub(crate) const START_HOLD_STEP: Duration = Duration::from_millis(100);

/// Writes down and tells.
pub(crate) struct Reporter<'a> {
    plan: &'a Plan,
    state: Option<&'a State>,
    record: Option<OpenRun>,
    begun: Begun,
    courier: Option<Courier>,
    /// Why there is none, where none could be had.
    unsendable: Option<String>,
    unsettled: Vec<(TargetRef, String)>,
    /// The finish as each target is told of it.
    finishes: Vec<(TargetRef, Event)>,
    /// Alerts that are open or over once their target has been told.
    afterwards: Vec<Afterwards>,
    seq: u32,
    /// The promise to be heard of again.
    pub(super) lease: Lease,
    /// Targets that have been told the start, and with it what the monitor is.
    begun_at: Vec<TargetRef>,
    unreached: Vec<TargetRef>,
    keeps: bool,
    /// Trouble that the person should hear of, once the job is over.
    pub(crate) warnings: Vec<String>,
    infos: Vec<String>,
    /// How events were told while the job ran.
    news: News,
    broken: bool,
    endless: bool,
}

/// What is left when a run has been told.
pub(crate) struct Closed {
    /// Trouble that the person should hear of.
    pub(crate) warnings: Vec<String>,
    /// Whether the record is whole and in its place.
    pub(crate) recorded: bool,
    /// Targets that were tried in vain; nothing else is to be sent to them by this hb.
    pub(crate) unreached: Vec<TargetRef>,
    /// What went well.
    pub(crate) infos: Vec<String>,
}

impl<'a> Reporter<'a> {
    /// Begins the record. Where this host's memory fails, the run goes on without it.
    pub(crate) fn begin(plan: &'a Plan, state: Option<&'a State>, begun: Begun) -> Reporter<'a> {
        let mut warnings = Vec::new();
        let record = state.and_then(|state| {
            OpenRun::begin(state, begun.clone())
                .map_err(|error| warnings.push(format!("this run cannot be recorded: {error}")))
                .ok()
        });
        let name = |target: &Target| (target.reference.clone(), target.name.clone());
        let unsettled = plan.targets.iter().map(name).collect();
        Reporter {
            plan,
            state,
            record,
            begun,
            courier: None,
            unsendable: None,
            unsettled,
            finishes: Vec::new(),
            afterwards: Vec::new(),
            seq: 0,
            lease: Lease::of(plan),
            begun_at: Vec::new(),
            unreached: Vec::new(),
            warnings,
            keeps: false,
            infos: Vec::new(),
            news: News::default(),
            broken: false,
            endless: false,
        }
    }

    /// Keeps the addresses given on the spot, for whoever has to send to them later. A new one waits
    /// for the disk, so this comes after the job's start.
    pub(crate) fn keep_addresses(&mut self) {
        let Some(state) = self.state.filter(|_| !self.keeps) else { return };
        self.keeps = true;
        fault::point("addresses");
        let now = clock::now();
        let kept =
            self.plan.addresses.iter().try_for_each(|kept| addresses::keep(state, kept, now));
        // A host that cannot record the run has said so; once is enough.
        if let (Err(error), true) = (kept, self.record.is_some()) {
            self.warnings.push(format!("the address cannot be kept for later: {error}"));
        }
    }

    /// The run that is being told.
    pub(crate) fn begun(&self) -> &Begun {
        &self.begun
    }

    /// Appends a line to the record, when there is one.
    ///
    /// Says whether it was written. The record stays ours in any case: one that is let go of without
    /// an end looks like that of a dead hb.
    pub(crate) fn note(&mut self, line: &Line) -> bool {
        let Some(record) = &mut self.record else { return false };
        let Err(error) = record.append(line) else { return true };
        if !self.broken {
            self.warnings.push(format!("the record of this run is incomplete: {error}"));
            self.broken = true;
        }
        false
    }

    /// Makes what is known so far survive a power cut.
    pub(crate) fn secure(&mut self) {
        if let Some(record) = &self.record {
            let _ = record.secure();
        }
    }

    /// The same, beside everything else: a busy disk must not hold up the job's signals.
    pub(crate) fn secure_beside(&self) {
        if let Some(record) = &self.record {
            record.secure_beside();
        }
    }

    /// Starts the courier's thread and gives it the start.
    pub(crate) fn open(&mut self) {
        if self.plan.targets.is_empty() {
            program::forget_pages();
            return;
        }
        if self.courier.is_none() {
            self.engage(Courier::start(self.addressees()));
        }
        if let Some(courier) = &self.courier {
            let mut event = telling::start(&self.begun);
            event.host = Some(host::name());
            courier.post(|place| {
                let target = self.plan.targets.get(place)?;
                let mut event = event.clone();
                self.plan.telling.describe(target, &mut event);
                Some(event)
            });
            self.lease.begin(Instant::now());
        }
    }

    /// The targets, each with what is known about its limits.
    fn addressees(&self) -> Vec<(Target, Limits)> {
        let targets = self.plan.targets.iter().map(|target| {
            let known = self.state.map(|state| learned::limits(state, &target.reference));
            (target.clone(), known.unwrap_or_default())
        });
        targets.collect()
    }

    /// Keeps a courier that could be engaged.
    fn engage(&mut self, courier: std::io::Result<Courier>) {
        // There may be room again when the job has ended; till then nobody misses anything.
        self.unsendable = courier.as_ref().err().map(courier::unsendable);
        self.courier = courier.ok();
    }

    /// Tells something that happened while the job runs; a renewal only to those who wait for it.
    pub(crate) fn post(&mut self, mut event: Event) {
        self.seq += 1;
        event.seq = self.seq;
        event.run_id = Some(self.begun.run_id);
        event.started_at = Some(self.begun.started_at);
        event.host = Some(host::name());
        let hears = |place: usize| {
            let target = self.plan.targets.get(place);
            !event.is_renewal() || target.is_some_and(Target::keeps_leases)
        };
        if let Some(courier) = &self.courier {
            courier.post(|place| hears(place).then(|| event.clone()));
        }
    }

    /// Whether a receiver of hb's own is told.
    pub(crate) fn speaks_hb(&self) -> bool {
        self.courier.is_some() && self.plan.targets.iter().any(Target::speaks_hb)
    }

    /// Readable when the courier has something to say.
    pub(crate) fn bell(&self) -> Option<BorrowedFd<'_>> {
        self.courier.as_ref().and_then(Courier::bell)
    }

    /// Sleeps while the courier works on this thread; false where it has its own.
    pub(crate) fn sleep(&mut self, until: Option<Instant>, beside: &[BorrowedFd<'_>]) -> bool {
        match (&mut self.courier, until) {
            (Some(courier), Some(until)) => courier.sleep(until, beside),
            (Some(_) | None, _) => false,
        }
    }

    /// Takes the courier's reports. A courier that is gone has settled nothing more.
    pub(crate) fn collect(&mut self) {
        let Some(courier) = &mut self.courier else { return };
        let (reports, alive) = courier.reports();
        if !alive {
            self.courier = None;
        }
        let is_news = !reports.is_empty();
        for report in reports {
            self.settle(report);
        }
        // What comes next is hours away or the end, and needs little of the program.
        if is_news {
            program::forget_pages();
        }
    }

    fn settle(&mut self, report: Report) {
        if let (Some(state), Some(limit)) = (self.state, report.body_bytes_max) {
            let _ = learned::remember(state, &report.target, limit);
        }
        let (result, detail) = match report.settled {
            Settled::Delivered { confirmed, untaken } => {
                self.warn(telling::untaken(&report.name, &untaken));
                (if confirmed { Delivery::Delivered } else { Delivery::Unconfirmed }, None)
            }
            // The target has no word for it, or wants none: that settles it.
            Settled::Unspoken => {
                if report.is_finish {
                    self.unsettled.retain(|(target, _)| *target != report.target);
                    self.keep_alert(&report.target);
                }
                return;
            }
            Settled::Refused(why) => (Delivery::Refused, Some(why)),
            // The finish is spooled below, from `unsettled`; nothing else is worth it.
            Settled::Undelivered(why, after) => {
                if report.is_finish {
                    self.unreached.push(report.target.clone());
                    let tries = Tries::default().and_one(clock::now(), after);
                    self.spool(&report.target, &report.name, &why, tries);
                }
                return;
            }
        };
        if !report.is_finish && !self.news.is_new(&report.target, report.kind, result, &detail) {
            return;
        }
        if report.kind == Kind::Start && result != Delivery::Refused {
            self.begun_at.push(report.target.clone());
        }
        let (word, name) = (report.kind.word(), &report.name);
        if result == Delivery::Delivered {
            self.infos.push(format!("the {word} was delivered to `{name}`"));
        } else if result == Delivery::Unconfirmed {
            self.infos.push(format!("the {word} was sent to `{name}`, which does not confirm it"));
        }
        if report.is_finish {
            self.unsettled.retain(|(target, _)| *target != report.target);
        }
        if report.is_finish && result != Delivery::Refused {
            self.keep_alert(&report.target);
        }
        if let (Delivery::Refused, Some(why)) = (result, &detail) {
            self.warn(Some(format!("`{name}` refused the {word}: {why}")));
        }
        let Report { target, name, kind, .. } = report;
        self.note(&Line::Told(Told { target, name, kind, result, at: clock::now(), detail }));
    }

    fn warn(&mut self, warning: Option<String>) {
        let new = warning.filter(|warning| !self.warnings.contains(warning));
        self.warnings.extend(new);
    }

    fn spool(&mut self, target: &TargetRef, name: &str, why: &str, tries: Tries) {
        self.unsettled.retain(|(unsettled, _)| unsettled != target);
        let finish = self.finishes.iter().find(|(known, _)| known == target);
        let Some((_, event)) = finish.cloned() else { return };
        let spooled = self.state.map(|state| {
            Spool::open(state).and_then(|spool| spool.put(target, name, &event, why, tries))
        });
        if let Some(Ok(())) = spooled {
            self.keep_alert(target);
        }
        let (result, what) = match spooled {
            Some(Ok(())) => (Delivery::Spooled, "it is kept and sent later".to_owned()),
            Some(Err(error)) => (Delivery::Lost, format!("and cannot be kept: {error}")),
            None => (Delivery::Lost, "and cannot be kept: there is no state directory".to_owned()),
        };
        let word = event.kind.word();
        self.warnings.push(format!("the {word} was not delivered to `{name}` ({why}); {what}"));
        let (target, name, kind) = (target.clone(), name.to_owned(), event.kind);
        let detail = Some(why.to_owned());
        self.note(&Line::Told(Told { target, name, kind, result, at: clock::now(), detail }));
    }

    /// Writes down which alert is open at a target that has been told, or surely will be.
    fn keep_alert(&self, target: &TargetRef) {
        if let Some(state) = self.state {
            let of_target = self.afterwards.iter().filter(|after| after.target == *target);
            of_target.for_each(|after| after.keep(state));
        }
    }

    /// Writes down the end, then gives it to the courier.
    pub(crate) fn end(&mut self, ending: Ending, until: Instant) {
        self.keep_addresses();
        self.lease.end();
        let event = telling::finish(&self.begun, &ending);
        let mut ended = self.note(&Line::Ended(Box::new(ending.clone())));
        if !ended {
            // A full disk may have room for the end without what was printed.
            ended = self.note(&Line::Ended(Box::new(Ending { tail: Vec::new(), ..ending })));
        }
        self.endless = !ended;
        self.secure();
        let now = clock::now();
        for target in &self.plan.targets {
            let (mut event, afterwards) = alerts::shape(self.state, target, &event, now);
            if !self.begun_at.contains(&target.reference) {
                self.plan.telling.describe(target, &mut event);
            }
            self.finishes.push((target.reference.clone(), event));
            self.afterwards.extend(afterwards);
        }
        let events = self.finishes.iter().map(|(_, event)| event.clone()).collect();
        match &self.courier {
            Some(courier) => courier.finish(events, until),
            None if self.plan.targets.is_empty() => {}
            // A job this short has had no start told, and nothing runs beside the finish.
            None => self.engage(Courier::here(self.addressees(), events, until)),
        }
    }

    /// Moves the end of the budget.
    pub(crate) fn hurry(&mut self, until: Instant) {
        if let Some(courier) = &mut self.courier {
            courier.hurry(until);
        }
    }

    /// Whether nothing is left to wait for.
    pub(crate) fn is_settled(&self) -> bool {
        self.unsettled.is_empty() || self.courier.is_none()
    }

    /// Spools what is still open, and moves the record to history.
    pub(crate) fn close(mut self) -> Closed {
        for (target, name) in std::mem::take(&mut self.unsettled) {
            // A courier that died has said nothing about the target.
            if self.courier.is_some() {
                self.unreached.push(target.clone());
            }
            let why = self.unsendable.clone();
            let why = why.as_deref().unwrap_or("there was no time left to send it");
            self.spool(&target, &name, why, Tries::default());
        }
        let mut recorded = self.record.is_some() && !self.endless;
        if let (Some(record), Some(state)) = (self.record.take(), self.state)
            && let Err(error) = if self.endless { record.discard() } else { record.close(state) }
        {
            self.warnings.push(format!("the record of this run stays open: {error}"));
            recorded = false;
        }
        Closed { warnings: self.warnings, recorded, unreached: self.unreached, infos: self.infos }
    }
}
