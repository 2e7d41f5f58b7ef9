//! The courier: carries a run's events to its targets while the job goes its own way.
//!
//! While a job runs it is a thread. Where nothing but a finish is left to tell, a thread would only
//! cost: the courier then works on the thread of its owner, whenever that one sleeps.
//!
//! Every target has its own agent with its own connection, retries and queue, so a slow one delays
//! nobody. The start is retried for as long as the job runs; if it is still waiting when the job
//! ends, it is dropped, because the finish says when the run began. A start that is on the wire is
//! waited for, but not longer than half of what is left, and never sent after the finish.
//!
//! The courier may fail or panic: the caller then finds its channel closed and spools the finish.

use std::collections::VecDeque;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::mpsc;
use std::task::Poll;
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::task::LocalSet;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::budget::{self, Budget, BudgetSetter};
use super::deliver::{Line, Settled};
use super::target::Target;
use crate::domain::backoff;
use crate::domain::dialect::Limits;
use crate::domain::event::{Event, Kind};
use crate::domain::record::TargetRef;
use crate::sys::readable::readable;
use crate::sys::{fault, random};

/// Events that wait at one agent; what a job says beyond that is left out, starts and ends never.
const WAITING_MAX: usize = 32;

/// The longest pause between two attempts of a start while the job runs.
const START_PAUSE_MAX: Duration = Duration::from_secs(60);

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

enum Order {
    Post(Box<Event>),
    Finish(Box<Event>),
}

/// The courier, as its owner sees it.
pub(crate) struct Courier {
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
    fn engage(self) -> std::io::Result<(Runtime, LocalSet)> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
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
        Ok((runtime, local))
    }
}

impl Courier {
    /// Starts the thread. Each target comes with what is known about its limits.
    pub(crate) fn start(targets: Vec<(Target, Limits)>) -> std::io::Result<Courier> {
        let (courier, agents) = Courier::prepare(targets)?;
        let builder = std::thread::Builder::new().name("courier".into()).stack_size(STACK_BYTES);
        builder.spawn(move || {
            if let Ok((runtime, local)) = agents.engage() {
                runtime.block_on(local);
            }
        })?;
        Ok(courier)
    }

    /// Works on the caller's thread, whenever that one is in [`Courier::sleep`].
    pub(crate) fn here(targets: Vec<(Target, Limits)>) -> std::io::Result<Courier> {
        let (mut courier, agents) = Courier::prepare(targets)?;
        let (runtime, local) = agents.engage()?;
        courier.here = Some(Here { local, runtime: Some(runtime) });
        Ok(courier)
    }

    fn prepare(targets: Vec<(Target, Limits)>) -> std::io::Result<(Courier, Agents)> {
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
        let courier = Courier { orders, budget: setter, reports, rings, here: None };
        Ok((courier, Agents { each, budget, report, bell }))
    }

    /// Sleeps until there is something to report, one of `beside` can be read, or `until` has come.
    /// False where the courier has a thread, which works without this.
    pub(crate) fn sleep(&self, until: std::time::Instant, beside: &[BorrowedFd<'_>]) -> bool {
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

    /// Gives an event to every agent.
    pub(crate) fn post(&self, event: &Event) {
        for agent in &self.orders {
            let _ = agent.send(Order::Post(Box::new(event.clone())));
        }
    }

    /// Gives each agent the finish as its target is told of it, in the order of the targets, to be
    /// settled until `until`.
    pub(crate) fn finish(&self, events: Vec<Event>, until: std::time::Instant) {
        self.hurry(until);
        for (agent, event) in self.orders.iter().zip(events) {
            let _ = agent.send(Order::Finish(Box::new(event)));
        }
    }

    /// Moves the end of the budget.
    pub(crate) fn hurry(&self, until: std::time::Instant) {
        self.budget.set(until);
    }

    /// Waits until there is something to report, or for `most`.
    pub(crate) fn wait(&self, most: Duration) {
        use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
        let timeout = PollTimeout::try_from(most).unwrap_or(PollTimeout::MAX);
        let _ = poll(&mut [PollFd::new(self.rings.as_fd(), PollFlags::POLLIN)], timeout);
    }

    /// What has been settled since the last call, and whether the thread is still there.
    pub(crate) fn reports(&self) -> (Vec<Report>, bool) {
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

impl AsFd for Courier {
    /// Readable when there are reports, or when the thread has ended.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.rings.as_fd()
    }
}

struct Agent {
    line: Line,
    orders: UnboundedReceiver<Order>,
    budget: Budget,
    report: mpsc::Sender<Report>,
    bell: std::rc::Rc<OwnedFd>,
}

impl Agent {
    async fn work(mut self) {
        let Some(finish) = self.while_the_job_runs().await else { return };
        let mut budget = self.budget.clone();
        // A short run is told with its finish alone, for which some services have another word.
        let folded = finish.started_at.is_some() && !self.line.start_told;
        self.line.target.parameters.start_untold = folded;
        let settled = self.line.within(&finish, &mut budget).await;
        self.tell(&finish, true, settled);
    }

    /// Sends what comes while the job runs; returns the finish.
    async fn while_the_job_runs(&mut self) -> Option<Event> {
        let mut waiting: VecDeque<Event> = VecDeque::new();
        let mut number = 0;
        loop {
            while let Some(order) = self.next_order(waiting.is_empty()).await {
                match order {
                    Some(Order::Finish(event)) => return Some(*event),
                    Some(Order::Post(event)) if waiting.len() < WAITING_MAX => {
                        waiting.push_back(*event);
                    }
                    Some(Order::Post(_)) => {}
                    None => return None,
                }
            }
            let Some(event) = waiting.front().cloned() else { continue };
            let Some(answer) = self.attempt_before_finish(&event).await else {
                // The finish is waiting and this request has had its time.
                waiting.clear();
                continue;
            };
            match answer {
                Ok(settled) => {
                    waiting.pop_front();
                    number = 0;
                    self.tell(&event, false, settled);
                }
                Err(_) if event.kind != Kind::Start => {
                    waiting.pop_front();
                }
                Err((_, after)) => {
                    let pause = after.unwrap_or_else(|| {
                        backoff::delay(number + 1, random::unit()) * (1 << number.min(2))
                    });
                    number += 1;
                    match self.order_within(pause.min(START_PAUSE_MAX)).await {
                        Some(Some(Order::Finish(event))) => return Some(*event),
                        Some(Some(Order::Post(event))) if waiting.len() < WAITING_MAX => {
                            waiting.push_back(*event);
                        }
                        Some(Some(Order::Post(_))) | None => {}
                        Some(None) => return None,
                    }
                }
            }
        }
    }

    /// The next order: waits for one only when there is nothing else to do.
    async fn next_order(&mut self, wait: bool) -> Option<Option<Order>> {
        if wait {
            return Some(self.orders.recv().await);
        }
        match self.orders.try_recv() {
            Ok(order) => Some(Some(order)),
            Err(tokio::sync::mpsc::error::TryRecvError::Empty) => None,
            Err(tokio::sync::mpsc::error::TryRecvError::Disconnected) => Some(None),
        }
    }

    async fn order_within(&mut self, pause: Duration) -> Option<Option<Order>> {
        tokio::time::timeout(pause, self.orders.recv()).await.ok()
    }

    /// One attempt; none when the job ended meanwhile and half of the budget is gone.
    async fn attempt_before_finish(
        &mut self,
        event: &Event,
    ) -> Option<Result<Settled, (String, Option<Duration>)>> {
        let mut budget = self.budget.clone();
        tokio::select! {
            answer = self.line.once(event) => Some(answer),
            () = budget.half_spent() => None,
        }
    }

    fn tell(&self, event: &Event, is_finish: bool, settled: Settled) {
        let _ = self.report.send(Report {
            target: self.line.target.reference.clone(),
            name: self.line.target.name.clone(),
            kind: event.kind,
            is_finish,
            settled,
            body_bytes_max: self.line.limits.body_bytes_max,
        });
        let _ = nix::unistd::write(&*self.bell, b"!");
    }
}
