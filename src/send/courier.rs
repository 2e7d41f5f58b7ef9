//! The courier: carries a run's events to its targets while the job goes its own way.
//!
//! While a job runs it is a thread. Where nothing but a finish is left to tell, a thread would only
//! cost: the courier then works on the thread of its owner, whenever that one sleeps. To a plain address
//! it then needs no agent at all (`direct.rs`).
//!
//! Every target has its own agent with its own connection, retries and queue, so a slow one delays
//! nobody. The start is retried for as long as the job runs; if it is still waiting when the job
//! ends, it is dropped, because the finish says when the run began. A start that is on the wire is
//! waited for, but not longer than half of what is left, and never sent after the finish.
//!
//! The courier may fail or panic: the caller then finds its channel closed and spools the finish.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::panic::AssertUnwindSafe;
use std::sync::mpsc;
use std::task::Poll;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use tokio::runtime::Runtime;
use tokio::task::LocalSet;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::agent::{Agent, Order};
use super::budget::{self, Budget, BudgetSetter};
use super::deliver::{Line, Settled};
use super::direct::{Direct, Outcome};
use super::target::Target;
use crate::domain::dialect::Limits;
use crate::domain::event::{Event, Kind};
use crate::domain::record::TargetRef;
use crate::domain::text;
use crate::sys::readable::readable;
use crate::sys::{fault, program, runtime};

/// The stack of the courier's thread; TLS needs most of it.
const STACK_BYTES: usize = 512 * 1024;

/// What became of an event at a target.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    /// The target.
    pub(crate) target: TargetRef,
    /// What a person calls it.
    pub(crate) name: String,
    /// Which event.
    pub(crate) kind: Kind,
    /// Whether this was the finish of the run, whatever kind it was told as.
    pub(crate) is_finish: bool,
    /// What became of it.
    pub(crate) settled: Settled,
    /// What the receiver keeps of a body, when it has told.
    pub(crate) body_bytes_max: Option<usize>,
}

/// The courier, as its owner sees it.
pub(crate) struct Courier(Way);

/// How a courier works.
enum Way {
    /// By agents.
    Agents(Engaged),
    /// By hand, where a single finish goes to a plain address.
    Direct(Box<Alone>),
}

/// A delivery by hand, and its report.
struct Alone {
    direct: Direct,
    report: Option<Report>,
    /// Whether it has panicked.
    failed: bool,
}

/// Agents at work.
struct Engaged {
    orders: Vec<UnboundedSender<Order>>,
    budget: BudgetSetter,
    reports: mpsc::Receiver<Report>,
    rings: OwnedFd,
    here: Option<Here>,
}

/// The work of a courier that has no thread.
struct Here {
    local: LocalSet,
    /// Only taken when it ends.
    runtime: Option<Runtime>,
}

impl Drop for Here {
    fn drop(&mut self) {
        // A name server that does not answer keeps a helper thread, which nobody waits for.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Everything that agents are made of.
struct Agents {
    each: Vec<(Target, Limits, UnboundedReceiver<Order>)>,
    budget: Budget,
    report: mpsc::Sender<Report>,
    bell: OwnedFd,
}

impl Agents {
    /// Sets the agents to work.
    fn engage(self) -> LocalSet {
        let bell = std::rc::Rc::new(self.bell);
        let local = LocalSet::new();
        for (target, limits, orders) in self.each {
            let (budget, report) = (self.budget.clone(), self.report.clone());
            let bell = bell.clone();
            local.spawn_local(async move {
                fault::point("courier");
                Agent { line: Line::open(target, limits), orders, budget, report, bell }
                    .work()
                    .await;
            });
        }
        local
    }
}

/// Why an event waits that this process cannot send at all.
pub(crate) fn unsendable(error: &std::io::Error) -> String {
    format!("nothing can be sent now: {}", text::without_errno(&error.to_string()))
}

impl Courier {
    /// Starts the thread. Each target comes with what is known about its limits.
    ///
    /// What the thread needs is made before it, so that whoever asks for it hears of the trouble.
    pub(crate) fn start(targets: Vec<(Target, Limits)>) -> std::io::Result<Courier> {
        // Another part of the program begins here.
        program::forget_pages();
        let (engaged, agents) = Engaged::prepare(targets)?;
        let runtime = runtime::build()?;
        let builder = std::thread::Builder::new().name("courier".into()).stack_size(STACK_BYTES);
        builder.spawn(move || runtime.block_on(agents.engage()))?;
        Ok(Courier(Way::Agents(engaged)))
    }

    /// Tells a finish on the caller's thread, whenever that one is in [`Courier::sleep`]. Each target
    /// comes with the finish as it is told there.
    pub(crate) fn here(
        targets: Vec<(Target, Limits)>,
        events: Vec<Event>,
        until: Instant,
    ) -> std::io::Result<Courier> {
        if let ([(target, limits)], [event]) = (&*targets, &*events)
            && let Some(direct) = Direct::take(target, *limits, event, until)
        {
            return Ok(Courier(Way::Direct(Box::new(Alone {
                direct,
                report: None,
                failed: false,
            }))));
        }
        Courier::by_agents(targets, events, until)
    }

    fn by_agents(
        targets: Vec<(Target, Limits)>,
        events: Vec<Event>,
        until: Instant,
    ) -> std::io::Result<Courier> {
        program::forget_constants();
        let (mut engaged, agents) = Engaged::prepare(targets)?;
        let runtime = Some(runtime::build()?);
        engaged.here = Some(Here { local: agents.engage(), runtime });
        let courier = Courier(Way::Agents(engaged));
        courier.finish(events, until);
        Ok(courier)
    }

    /// Sleeps until there is something to report, one of `beside` can be read, or `until` has come.
    /// False where the courier has a thread, which works without this.
    pub(crate) fn sleep(&mut self, until: Instant, beside: &[BorrowedFd<'_>]) -> bool {
        let alone = match &mut self.0 {
            Way::Agents(engaged) => return engaged.sleep(until, beside),
            Way::Direct(alone) => alone,
        };
        if alone.sleep(until, beside) {
            let Direct { target, limits, event, until, .. } = &alone.direct;
            let targets = vec![(target.clone(), *limits)];
            match Courier::by_agents(targets, vec![event.clone()], *until) {
                Ok(courier) => *self = courier,
                Err(error) => {
                    let settled = Settled::Undelivered(unsendable(&error), None);
                    alone.report = Some(alone.direct.report(settled));
                }
            }
        }
        true
    }

    /// Gives every agent the event that there is for its target, counted in the order of the targets.
    pub(crate) fn post(&self, event_for: impl Fn(usize) -> Option<Event>) {
        let Way::Agents(engaged) = &self.0 else { return };
        for (place, agent) in engaged.orders.iter().enumerate() {
            if let Some(event) = event_for(place) {
                let _ = agent.send(Order::Post(Box::new(event)));
            }
        }
    }

    /// Gives each agent the finish as its target is told of it, in the order of the targets, to be
    /// settled until `until`.
    pub(crate) fn finish(&self, events: Vec<Event>, until: Instant) {
        let Way::Agents(engaged) = &self.0 else { return };
        if engaged.here.is_none() {
            // The record is written, and what is to be sent is another part of the program.
            program::forget_pages();
        }
        engaged.budget.set(until);
        for (agent, event) in engaged.orders.iter().zip(events) {
            let _ = agent.send(Order::Finish(Box::new(event)));
        }
    }

    /// Moves the end of the budget.
    pub(crate) fn hurry(&mut self, until: Instant) {
        match &mut self.0 {
            Way::Agents(engaged) => engaged.budget.set(until),
            Way::Direct(alone) => alone.direct.until = until,
        }
    }

    /// Waits until there is something to report, or for `most`.
    pub(crate) fn wait(&self, most: Duration) {
        let Some(bell) = self.bell() else { return };
        let timeout = PollTimeout::try_from(most).unwrap_or(PollTimeout::MAX);
        let _ = poll(&mut [PollFd::new(bell, PollFlags::POLLIN)], timeout);
    }

    /// What has been settled since the last call, and whether the courier is still there.
    pub(crate) fn reports(&mut self) -> (Vec<Report>, bool) {
        match &mut self.0 {
            Way::Agents(engaged) => engaged.reports(),
            Way::Direct(alone) => (alone.report.take().into_iter().collect(), !alone.failed),
        }
    }

    /// Readable when there are reports, or when the thread has ended.
    pub(crate) fn bell(&self) -> Option<BorrowedFd<'_>> {
        match &self.0 {
            Way::Agents(engaged) => Some(engaged.rings.as_fd()),
            Way::Direct(_) => None,
        }
    }
}

impl Alone {
    /// Sleeps and works; true where agents have to go on with it.
    fn sleep(&mut self, until: Instant, beside: &[BorrowedFd<'_>]) -> bool {
        let elsewhere = self.work();
        if elsewhere || self.report.is_some() || self.failed {
            return elsewhere;
        }
        let until = until.min(self.direct.wake_at());
        let mut watched: Vec<PollFd> =
            beside.iter().map(|end| PollFd::new(*end, PollFlags::POLLIN)).collect();
        watched.extend(self.direct.watched().map(|(end, events)| PollFd::new(end, events)));
        let left = until.saturating_duration_since(Instant::now());
        // Rounded up, else the last millisecond would be spent spinning.
        let ms = left.as_micros().div_ceil(1000).min(i32::MAX as u128) as i32;
        let _ = poll(&mut watched, PollTimeout::try_from(ms).unwrap_or(PollTimeout::MAX));
        self.work()
    }

    /// Works; a bug in it is the end of this courier, and of nothing else.
    fn work(&mut self) -> bool {
        let worked = AssertUnwindSafe(|| self.direct.work());
        match std::panic::catch_unwind(worked) {
            Ok(None) => {}
            Ok(Some(Outcome::Elsewhere)) => return true,
            Ok(Some(Outcome::Settled(settled))) => self.report = Some(self.direct.report(settled)),
            Err(_) => self.failed = true,
        }
        false
    }
}

impl Engaged {
    fn prepare(targets: Vec<(Target, Limits)>) -> std::io::Result<(Engaged, Agents)> {
        let (rings, bell) =
            nix::unistd::pipe2(nix::fcntl::OFlag::O_CLOEXEC | nix::fcntl::OFlag::O_NONBLOCK)?;
        let (report, reports) = mpsc::channel();
        let (setter, budget) = budget::open();
        let mut orders = Vec::new();
        let mut each = Vec::new();
        for (target, limits) in targets {
            let (sender, receiver) = unbounded_channel();
            orders.push(sender);
            each.push((target, limits, receiver));
        }
        let engaged = Engaged { orders, budget: setter, reports, rings, here: None };
        Ok((engaged, Agents { each, budget, report, bell }))
    }

    fn sleep(&self, until: Instant, beside: &[BorrowedFd<'_>]) -> bool {
        let Some(Here { local, runtime: Some(runtime) }) = &self.here else { return false };
        let mut watched = vec![self.rings.as_fd()];
        watched.extend(beside);
        local.block_on(runtime, async {
            let mut waits: Vec<_> =
                watched.into_iter().map(|end| Box::pin(readable(end))).collect();
            let woken = std::future::poll_fn(|context| {
                match waits.iter_mut().any(|wait| wait.as_mut().poll(context).is_ready()) {
                    true => Poll::Ready(()),
                    false => Poll::Pending,
                }
            });
            let _ = tokio::time::timeout_at(until.into(), woken).await;
        });
        true
    }

    fn reports(&self) -> (Vec<Report>, bool) {
        let mut drained = [0u8; 64];
        while nix::unistd::read(&self.rings, &mut drained).is_ok_and(|count| count > 0) {}
        let mut reports = Vec::new();
        loop {
            match self.reports.try_recv() {
                Ok(report) => reports.push(report),
                Err(mpsc::TryRecvError::Empty) => return (reports, true),
                Err(mpsc::TryRecvError::Disconnected) => return (reports, false),
            }
        }
    }
}
