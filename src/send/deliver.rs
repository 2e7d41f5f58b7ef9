//! One event to one target: attempts with growing pauses, until it is settled or time is up.

use std::time::Duration;

use tokio::time::Instant;

use super::attempt::{Attempt, attempt};
use super::budget::Budget;
use super::target::Target;
use super::{command, datagram, exchange};
use crate::domain::backoff;
use crate::domain::dialect::{Limits, Request};
use crate::domain::event::{Event, Kind};
use crate::domain::text;
use crate::sys::{clock, http, random};

/// How often a body is halved for a receiver that finds it too large.
pub(super) const SHRINKS_MAX: u32 = 8;

/// How an event ended.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Settled {
    /// The receiver has it.
    Delivered {
        /// Whether its answer proves that. Some services take anything, also what they throw away.
        confirmed: bool,
        /// What it did not take of the monitor's definition.
        untaken: Vec<&'static str>,
    },
    /// The dialect has no word for this kind of event; nothing was sent.
    Unspoken,
    /// The receiver will never take it.
    Refused(String),
    /// Time was up; this was the last trouble, and how long the receiver wants to be left alone.
    Undelivered(String, Option<Duration>),
}

/// The trouble after which nobody knows whether the receiver has the event.
pub(crate) const NO_ANSWER: &str = "no answer in time";

/// A target with its open connection and what it has told about itself.
pub(crate) struct Line {
    /// The target.
    pub(crate) target: Target,
    client: Result<reqwest::Client, String>,
    used_at: Instant,
    /// Whether the start of the run was told here.
    pub(crate) start_told: bool,
    /// What is known about the receiver.
    pub(crate) limits: Limits,
}

impl Line {
    /// Prepares to talk to a target. Trouble with its certificates shows at the first attempt.
    pub(crate) fn open(target: Target, limits: Limits) -> Line {
        let client = open(&target);
        Line { target, client, used_at: Instant::now(), start_told: false, limits }
    }

    /// One attempt, with the body cut to what the receiver takes.
    pub(crate) async fn once(
        &mut self,
        event: &Event,
    ) -> Result<Settled, (String, Option<Duration>)> {
        // A connection that rested through a long job may be dead without anybody having noticed.
        if self.used_at.elapsed() > http::IDLE_TIMEOUT {
            self.client = open(&self.target);
        }
        self.used_at = Instant::now();
        let client = match &self.client {
            Ok(client) => client,
            Err(why) => return Err((why.clone(), None)),
        };
        for _ in 0..SHRINKS_MAX {
            let requests = self.target.spell(event, self.limits, clock::now());
            let Some(request) = requests.first() else { return Ok(Settled::Unspoken) };
            let attempted = match request {
                Request::Http(request) => attempt(client, &self.target, request).await,
                Request::Udp { to, lines } => datagram::send(to, lines).await,
                Request::Command { line, environment, input } => {
                    command::tell(line, environment, input).await
                }
                Request::Tcp { to, exchange } => exchange::hold(&self.target, to, exchange).await,
            };
            match attempted {
                Attempt::Delivered { body_bytes_max, confirmed, untaken } => {
                    if body_bytes_max.is_some() {
                        self.limits.body_bytes_max = body_bytes_max;
                    }
                    self.start_told |= event.kind == Kind::Start;
                    return Ok(Settled::Delivered { confirmed, untaken });
                }
                Attempt::Later { why, after } => return Err((why, after)),
                Attempt::Refused { why } => return Ok(Settled::Refused(why)),
                Attempt::TooLarge if request.body_bytes() == 0 => break,
                Attempt::TooLarge => {
                    self.limits.body_bytes_max = Some(request.body_bytes() / 2);
                }
            }
        }
        Ok(takes_no_body())
    }

    /// Attempts until it is settled, or until the budget is spent.
    pub(crate) async fn within(&mut self, event: &Event, budget: &mut Budget) -> Settled {
        // Certificates that cannot be read are not there a second later either, and somebody waits.
        if let Err(why) = &self.client {
            return Settled::Undelivered(why.clone(), None);
        }
        let mut trouble = "there was no time to try".to_owned();
        let mut asked_for = None;
        let mut spent = budget.clone();
        for number in 0.. {
            let answer = tokio::select! {
                answer = self.once(event) => answer,
                () = spent.spent() => {
                    if number == 0 {
                        trouble = NO_ANSWER.to_owned();
                    }
                    break;
                }
            };
            let (why, after) = match answer {
                Ok(settled) => return settled,
                Err(answer) => answer,
            };
            (trouble, asked_for) = (why, after);
            let pause = after.unwrap_or_else(|| backoff::delay(number + 1, random::unit()));
            if budget.end().is_some_and(|end| Instant::now() + pause >= end) {
                break;
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = spent.spent() => break,
            }
        }
        Settled::Undelivered(trouble, asked_for)
    }
}

/// How it ends where no body is small enough.
pub(super) fn takes_no_body() -> Settled {
    Settled::Refused("the server answered 413: it takes no body at all".to_owned())
}

/// A client for a target, or what is wrong with its settings.
fn open(target: &Target) -> Result<reqwest::Client, String> {
    http::client(&target.client).map_err(|error| text::without_errnos(&format!("{error:#}")))
}
