//! The finish of a short run, told to a plain address by hand: one socket, and no runtime beside it.
//!
//! A job of a few milliseconds is told with one request. Setting up a runtime and a client for it
//! costs more than the run itself, in time and in memory. So where a single target is plain HTTP at a
//! number, the same attempts are made here, with the same limits and pauses as in `deliver.rs`; the
//! owner of the run waits for the socket beside his Unix signals. Where a redirect leads to
//! something that is not as plain, the agents take over.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use nix::poll::PollFlags;

use super::attempt::{self, ANSWER_BYTES_MAX, Attempt, Heard, REDIRECTS_MAX};
use super::courier::Report;
use super::deliver::{NO_ANSWER, SHRINKS_MAX, Settled, takes_no_body};
use super::target::Target;
use crate::domain::dialect::{HttpRequest, Limits, Request};
use crate::domain::event::Event;
use crate::domain::http1::{self, Answer, Place};
use crate::domain::{backoff, text};
use crate::sys::http::{ATTEMPT_TIMEOUT, CONNECT_TIMEOUT, USER_AGENT};
use crate::sys::{clock, fault, random, socket};

/// Bytes read at once; an answer has some hundred.
const READ_BYTES: usize = 4096;

/// The delivery of one finish to one target.
pub(super) struct Direct {
    /// The target.
    pub(super) target: Target,
    /// What is known about the receiver.
    pub(super) limits: Limits,
    /// The finish.
    pub(super) event: Event,
    /// The end of the budget.
    pub(super) until: Instant,
    trouble: Option<Trouble>,
    failed: u32,
    shrinks: u32,
    redirects: usize,
    request: HttpRequest,
    state: State,
}

/// What went wrong, and when the receiver wants to be asked again.
type Trouble = (String, Option<Duration>);

enum State {
    Resting(Instant),
    Talking(Talk),
}

/// What became of it.
pub(super) enum Outcome {
    /// It is settled.
    Settled(Settled),
    /// It goes on where only the agents can follow.
    Elsewhere,
}

/// One request on its way, and what has come of its answer.
struct Talk {
    stream: TcpStream,
    output: Vec<u8>,
    written: usize,
    input: Vec<u8>,
    connect_until: Instant,
    until: Instant,
    /// How long the words of an answer are waited for once its head is there.
    patience: Duration,
    words_until: Option<Instant>,
}

impl Direct {
    /// Takes a finish, where it can be told like this.
    pub(super) fn take(
        target: &Target,
        limits: Limits,
        event: &Event,
        until: Instant,
    ) -> Option<Direct> {
        if !target.client.is_direct() {
            return None;
        }
        let mut target = target.clone();
        // The start was not told: some services have another word for the finish then.
        target.parameters.start_untold = event.started_at.is_some();
        let request = spell(&target, event, limits)?;
        Place::of(&request.url)?;
        Some(Direct {
            target,
            limits,
            event: event.clone(),
            until,
            trouble: None,
            failed: 0,
            shrinks: 0,
            redirects: 0,
            request,
            state: State::Resting(Instant::now()),
        })
    }

    /// What its owner hears of the end.
    pub(super) fn report(&self, settled: Settled) -> Report {
        Report {
            target: self.target.reference.clone(),
            name: self.target.name.clone(),
            kind: self.event.kind,
            is_finish: true,
            settled,
            body_bytes_max: self.limits.body_bytes_max,
        }
    }

    /// What to wait for.
    pub(super) fn watched(&self) -> Option<(BorrowedFd<'_>, PollFlags)> {
        match &self.state {
            State::Resting(_) => None,
            State::Talking(talk) if talk.written < talk.output.len() => {
                Some((talk.stream.as_fd(), PollFlags::POLLIN | PollFlags::POLLOUT))
            }
            State::Talking(talk) => Some((talk.stream.as_fd(), PollFlags::POLLIN)),
        }
    }

    /// Until when to wait at most.
    pub(super) fn wake_at(&self) -> Instant {
        self.until.min(match &self.state {
            State::Resting(until) => *until,
            State::Talking(talk) => talk.deadline(),
        })
    }

    /// Does what can be done without waiting.
    pub(super) fn work(&mut self) -> Option<Outcome> {
        fault::point("courier");
        loop {
            let now = Instant::now();
            if now >= self.until {
                if let Some(taken) = self.taken_so_far() {
                    return Some(Outcome::Settled(taken));
                }
                let no_answer = (NO_ANSWER.to_owned(), None);
                let (why, after) = self.trouble.take().unwrap_or(no_answer);
                return Some(Outcome::Settled(Settled::Undelivered(why, after)));
            }
            let attempt = match &mut self.state {
                State::Resting(until) if now < *until => return None,
                State::Resting(_) => match Talk::begin(&self.target, &self.request, now) {
                    Ok(talk) => {
                        self.state = State::Talking(talk);
                        continue;
                    }
                    Err(error) => later(&error),
                },
                State::Talking(talk) => match talk.go_on(now)? {
                    Ok(answer) => match self.follow(&answer) {
                        Some(Followed::Here) => continue,
                        Some(Followed::Elsewhere) => return Some(Outcome::Elsewhere),
                        Some(Followed::TooFar) => attempt::led_astray(),
                        None => self.judge(answer),
                    },
                    Err(attempt) => attempt,
                },
            };
            if let Some(settled) = self.settle(attempt, now) {
                return Some(Outcome::Settled(settled));
            }
        }
    }

    fn judge(&self, answer: Answer) -> Attempt {
        let heard = Heard::new(answer.status, |name| answer.header(name));
        attempt::judge(&self.target, heard.with_body(answer.body, answer.cut))
    }

    /// That it was taken, where time is up for the words of an answer and its status was a yes.
    fn taken_so_far(&mut self) -> Option<Settled> {
        let State::Talking(talk) = &self.state else { return None };
        let http1::Read::More(Some(answer)) = talk.heard(false) else { return None };
        match self.judge(answer) {
            taken @ Attempt::Delivered { .. } => self.settle(taken, self.until),
            Attempt::Later { .. } | Attempt::TooLarge | Attempt::Refused { .. } => None,
        }
    }

    /// What an attempt means; none when there is to be another.
    fn settle(&mut self, attempt: Attempt, now: Instant) -> Option<Settled> {
        self.redirects = 0;
        match attempt {
            Attempt::Delivered { body_bytes_max, confirmed, untaken } => {
                self.limits.body_bytes_max = body_bytes_max.or(self.limits.body_bytes_max);
                Some(Settled::Delivered { confirmed, untaken })
            }
            Attempt::Refused { why } => Some(Settled::Refused(why)),
            Attempt::TooLarge => {
                self.shrinks += 1;
                if self.request.body.is_empty() || self.shrinks == SHRINKS_MAX {
                    return Some(takes_no_body());
                }
                self.limits.body_bytes_max = Some(self.request.body.len() / 2);
                self.rest(now)
            }
            Attempt::Later { why, after } => {
                self.failed += 1;
                self.shrinks = 0;
                let pause = after.unwrap_or_else(|| backoff::delay(self.failed, random::unit()));
                if now + pause >= self.until {
                    return Some(Settled::Undelivered(why, after));
                }
                self.trouble = Some((why, after));
                self.rest(now + pause)
            }
        }
    }

    /// Rests until the next attempt, with a request as it is spelled now.
    fn rest(&mut self, until: Instant) -> Option<Settled> {
        self.state = State::Resting(until);
        match spell(&self.target, &self.event, self.limits) {
            Some(request) => {
                self.request = request;
                None
            }
            None => Some(Settled::Unspoken),
        }
    }

    /// Follows a redirect, where the answer is one.
    fn follow(&mut self, answer: &Answer) -> Option<Followed> {
        let location = answer.header("location").filter(|_| (300..400).contains(&answer.status))?;
        let from = reqwest::Url::parse(&self.request.url).ok()?;
        let to = attempt::redirected(&from, location)?;
        self.redirects += 1;
        if self.redirects > REDIRECTS_MAX {
            return Some(Followed::TooFar);
        }
        if Place::of(to.as_str()).is_none() {
            return Some(Followed::Elsewhere);
        }
        self.request.url = to.to_string();
        self.state = State::Resting(Instant::now());
        Some(Followed::Here)
    }
}

/// Where a redirect has led.
enum Followed {
    Here,
    Elsewhere,
    TooFar,
}

/// The first request for an event, when it is HTTP.
fn spell(target: &Target, event: &Event, limits: Limits) -> Option<HttpRequest> {
    match target.spell(event, limits, clock::now()).into_iter().next()? {
        Request::Http(request) => Some(request),
        Request::Udp { .. } | Request::Command { .. } | Request::Tcp { .. } => None,
    }
}

/// Trouble of the line, in words without a number.
fn later(error: &std::io::Error) -> Attempt {
    let why = text::printable(error.to_string().as_bytes());
    Attempt::Later { why: text::without_errno(&why).to_owned(), after: None }
}

impl Talk {
    fn begin(target: &Target, request: &HttpRequest, now: Instant) -> std::io::Result<Talk> {
        let place = Place::of(&request.url).ok_or(ErrorKind::Unsupported)?;
        let own = request.headers.iter().chain(&target.headers.0);
        let own = own.map(|(name, value)| (name.as_str(), value.as_str()));
        let headers = std::iter::once(("user-agent", USER_AGENT)).chain(own);
        let output = http1::request(request.method, &place, headers, &request.body);
        let stream = socket::connect(place.to)?;
        let limit = target.client.connect_timeout.unwrap_or(CONNECT_TIMEOUT);
        let (connect_until, until) = (now + limit, now + ATTEMPT_TIMEOUT);
        let patience = attempt::patience(target);
        let (input, words_until) = (Vec::new(), None);
        Ok(Talk { stream, output, written: 0, input, connect_until, until, patience, words_until })
    }

    fn deadline(&self) -> Instant {
        match self.words_until {
            Some(words_until) => self.until.min(words_until),
            None if self.written == 0 => self.until.min(self.connect_until),
            None => self.until,
        }
    }

    /// Writes and reads what goes without waiting; gives the answer, or what went wrong.
    fn go_on(&mut self, now: Instant) -> Option<Result<Answer, Attempt>> {
        let mut broken = None;
        while broken.is_none() && self.written < self.output.len() {
            match self.stream.write(&self.output[self.written..]) {
                Ok(count) => self.written += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => broken = Some(error),
            }
        }
        // A server may answer before it has heard all, and close.
        let mut ended = false;
        while self.written > 0 && !ended {
            let mut chunk = [0u8; READ_BYTES];
            match self.stream.read(&mut chunk) {
                Ok(0) => ended = true,
                Ok(count) => self.input.extend_from_slice(&chunk[..count]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => {
                    broken.get_or_insert(error);
                    break;
                }
            }
            if let http1::Read::Whole(_) | http1::Read::Broken(_) = self.heard(ended) {
                break;
            }
        }
        let heard = self.heard(ended);
        if let http1::Read::More(Some(_)) = heard {
            self.words_until.get_or_insert(now + self.patience);
        }
        match (heard, broken) {
            (http1::Read::Whole(answer) | http1::Read::More(Some(answer)), Some(_)) => {
                Some(Ok(answer))
            }
            (http1::Read::Whole(answer), None) => Some(Ok(answer)),
            (_, Some(error)) => Some(Err(later(&error))),
            (http1::Read::Broken(why), None) => {
                Some(Err(Attempt::Later { why: why.to_owned(), after: None }))
            }
            (http1::Read::More(answer), None) if now >= self.deadline() => {
                let no_answer = Attempt::Later { why: NO_ANSWER.to_owned(), after: None };
                Some(answer.ok_or(no_answer))
            }
            (http1::Read::More(_), None) => None,
        }
    }

    fn heard(&self, ended: bool) -> http1::Read {
        if self.input.is_empty() && !ended {
            return http1::Read::More(None);
        }
        http1::read(&self.input, ANSWER_BYTES_MAX, ended)
    }
}
