//! An agent: carries events to one target, with a connection, retries and a queue of its own.
//!
//! The start is tried again for as long as the job runs; everything else that happens meanwhile is
//! tried once. The finish is tried until its budget is spent. A renewal is sent at once or not at all,
//! and gives way to the finish even on its way.

use std::collections::VecDeque;
use std::os::fd::OwnedFd;
use std::rc::Rc;
use std::sync::mpsc;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;

use super::budget::Budget;
use super::courier::Report;
use super::deliver::{Line, Settled};
use super::order::{self, Told};
use crate::domain::backoff;
use crate::domain::event::{Event, Kind};
use crate::sys::{clock, program, random};

/// Events that wait at one agent; what a job says beyond that is left out, starts and ends never.
const WAITING_MAX: usize = 32;

/// The longest pause between two attempts of a start while the job runs.
const START_PAUSE_MAX: Duration = Duration::from_secs(60);

/// A start that is told later than this was held up by more than a slow answer.
const START_LATE_MS: i64 = 10_000;

/// What an agent is told to do.
pub(super) enum Order {
    /// Carry this, while the job runs.
    Post(Box<Event>),
    /// Carry this, and be done.
    Finish(Box<Event>),
}

/// Carries events to one target.
pub(super) struct Agent {
    /// The target, with its connection.
    pub(super) line: Line,
    /// What is to be carried.
    pub(super) orders: UnboundedReceiver<Order>,
    /// The time for the finish.
    pub(super) budget: Budget,
    /// Where it reports to.
    pub(super) report: mpsc::Sender<Report>,
    /// Rung with every report.
    pub(super) bell: Rc<OwnedFd>,
}

impl Agent {
    /// Works until the finish is settled, or until nobody can give orders any more.
    pub(super) async fn work(mut self) {
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
                    Some(Order::Post(event)) => queue(&mut waiting, *event),
                    None => return None,
                }
            }
            let Some(event) = waiting.front().cloned() else { continue };
            let event = told_late(event);
            let Some(answer) = self.attempt_before_finish(&event).await else {
                // The finish is waiting and this request has had its time.
                waiting.clear();
                continue;
            };
            match answer {
                Ok(settled) => {
                    waiting.pop_front();
                    number = 0;
                    // A month of renewals would be a record of nothing else.
                    match event.is_renewal() {
                        true => program::forget_pages(),
                        false => self.tell(&event, false, settled),
                    }
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
                        Some(Some(Order::Post(event))) => queue(&mut waiting, *event),
                        Some(None) => return None,
                        None => {}
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

    /// One attempt; none when the job ended meanwhile and half of the budget is gone, for a renewal as
    /// soon as it has ended.
    async fn attempt_before_finish(
        &mut self,
        event: &Event,
    ) -> Option<Result<Settled, (String, Option<Duration>)>> {
        let mut budget = self.budget.clone();
        let over = async {
            match event.is_renewal() {
                true => budget.known().await,
                false => budget.half_spent().await,
            }
        };
        tokio::select! {
            answer = self.line.once(event) => Some(answer),
            () = over => None,
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

/// A start says so when it comes late: most receivers take the moment of a ping for that of the start.
fn told_late(event: Event) -> Event {
    let now = clock::now();
    let late = now.epoch_ms().saturating_sub(event.at.epoch_ms());
    let is_late = event.kind == Kind::Start && late > START_LATE_MS;
    if is_late { order::late(&event, Told::AsIs, now) } else { event }
}

/// Lets an event wait its turn, where there is room. A renewal does not wait.
fn queue(waiting: &mut VecDeque<Event>, event: Event) {
    let room = if event.is_renewal() { 1 } else { WAITING_MAX };
    if waiting.len() < room {
        waiting.push_back(event);
    }
}
