//! What changes, as it changes: server-sent events that a follower can take up again.
//!
//! They are read from the store, so `Last-Event-ID` brings back what was missed, and what another node
//! judged comes as well.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use serde_json::json;
use tokio::sync::mpsc;

use super::extract::Reader;
use crate::domain::transition::Reason;
use crate::serve::access::Caller;
use crate::serve::app::App;
use crate::serve::reasons;
use crate::serve::reply::Mistake;
use crate::store::changes::{self, Followed};
use crate::store::projects;
use crate::sys::clock;

/// A line that says nothing, so that proxies do not take silence for an end.
const BREATH_EVERY: Duration = Duration::from_secs(15);

/// How often the store is asked where other nodes write to it as well.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// On several nodes a smaller number may become visible after a larger one, as long as its
/// transaction takes; after this while a number stands for all before it.
const SETTLED_AFTER: Duration = Duration::from_secs(10);

/// Lines that wait for a slow follower; the next is read from the store when there is room.
const WAITING_MAX: usize = 16;

/// Who takes nothing for so long is let go; it comes again and loses nothing.
const PATIENCE: Duration = Duration::from_secs(30);

/// Changes that are read at once.
const READ_MAX: u32 = 200;

/// Follows the changes of a project's monitors.
pub(crate) async fn follow(
    State(app): State<Arc<App>>,
    Reader(caller): Reader,
    headers: HeaderMap,
) -> Result<Response, Mistake> {
    let told = last_event_id(&headers)?;
    let newest = app.store.read(changes::newest).await?;
    // A number that is not there yet was told before the store was restored from a copy; waiting for it would
    // keep quiet about everything until then.
    let begin = told.map_or(newest, |told| told.min(newest));
    let (lines, waiting) = mpsc::channel::<Bytes>(WAITING_MAX);
    let settled_after = if app.store.is_shared() { SETTLED_AFTER } else { Duration::ZERO };
    let follower = Follower { caller, told: Told::from(begin, settled_after), lines };
    tokio::spawn(follower.run(app));
    let mut response = Response::new(Body::new(Lines(waiting)));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

fn last_event_id(headers: &HeaderMap) -> Result<Option<i64>, Mistake> {
    let Some(value) = headers.get("last-event-id") else { return Ok(None) };
    let number = value.to_str().ok().and_then(|text| text.trim().parse::<i64>().ok());
    match number {
        Some(number) if number >= 0 => Ok(Some(number)),
        _ => Err(Mistake::field("Last-Event-ID", "`Last-Event-ID` is the `id` of an event")),
    }
}

/// Who follows.
struct Follower {
    caller: Caller,
    told: Told,
    lines: mpsc::Sender<Bytes>,
}

impl Follower {
    async fn run(mut self, app: Arc<App>) {
        let mut changed = app.changed.subscribe();
        let wait = if app.store.is_shared() { LOOK_EVERY } else { BREATH_EVERY };
        let mut breathed_at = Instant::now();
        // Whoever is cut off before the first change comes again with this number, and misses none.
        let begin = self.told.floor(Instant::now());
        if !self.say(&format!("retry: 3000\nid: {begin}\n\n")).await {
            return;
        }
        loop {
            changed.mark_unchanged();
            if !self.catch_up(&app).await {
                return;
            }
            // A follower that has gone is noticed here at the latest.
            if breathed_at.elapsed() >= BREATH_EVERY {
                breathed_at = Instant::now();
                if !self.say(": still here\n\n").await {
                    return;
                }
            }
            tokio::select! {
                () = self.lines.closed() => return,
                news = tokio::time::timeout(wait, changed.changed()) => {
                    if matches!(news, Ok(Err(_))) {
                        return;
                    }
                }
            }
        }
    }

    /// Tells everything that is new; whether the follower still listens.
    async fn catch_up(&mut self, app: &App) -> bool {
        loop {
            let (caller, floor) = (self.caller, self.told.floor(Instant::now()));
            let limit = READ_MAX + u32::try_from(self.told.recent.len()).unwrap_or(u32::MAX);
            let read = app.store.read(move |tx| {
                // A key that has ended meanwhile opens nothing any more.
                let key = projects::key(tx, caller.key_id)?;
                match key.filter(|key| key.about.expires_at.is_none_or(|at| at > clock::now())) {
                    Some(_) => changes::after(tx, caller.project_id, floor, limit).map(Some),
                    None => Ok(None),
                }
            });
            // A store that is away comes back; what it has then is told then.
            let Ok(read) = read.await else { return true };
            let Some(read) = read else { return false };
            let is_all = read.len() < limit as usize;
            for followed in read {
                if !self.told.is_new(followed.stored.id, Instant::now()) {
                    continue;
                }
                let id = self.told.floor(Instant::now());
                let line = format!("id: {id}\nevent: change\ndata: {}\n\n", data(app, &followed));
                if !self.say(&line).await {
                    return false;
                }
            }
            if is_all {
                return true;
            }
        }
    }

    async fn say(&self, line: &str) -> bool {
        let line = Bytes::copy_from_slice(line.as_bytes());
        matches!(tokio::time::timeout(PATIENCE, self.lines.send(line)).await, Ok(Ok(())))
    }
}

fn data(app: &App, followed: &Followed) -> serde_json::Value {
    let change = &followed.stored.change;
    let rules = app.rules.get(&followed.rules, clock::now());
    let reason = serde_json::from_str::<Reason>(&change.reason).ok();
    json!({
        "number": followed.stored.id,
        "monitor": followed.slug,
        "from": change.from_status,
        "to": change.to_status,
        "at": change.at.to_rfc3339(),
        "reason": reason.map(|reason| reasons::sentence(&reason, &rules.rules, change.at)),
    })
}

/// Which changes a follower was told of.
struct Told {
    /// All up to here.
    floor: i64,
    /// And these beyond it, with the moment of telling.
    recent: VecDeque<(Instant, i64)>,
    settled_after: Duration,
}

impl Told {
    fn from(floor: i64, settled_after: Duration) -> Told {
        Told { floor, recent: VecDeque::new(), settled_after }
    }

    /// Whether it is to be told now; then it counts as told.
    fn is_new(&mut self, number: i64, now: Instant) -> bool {
        if number <= self.floor || self.recent.iter().any(|(_, told)| *told == number) {
            return false;
        }
        self.recent.push_back((now, number));
        true
    }

    /// The number behind which a follower goes on after a break.
    fn floor(&mut self, now: Instant) -> i64 {
        while let Some((since, number)) = self.recent.front()
            && now.duration_since(*since) >= self.settled_after
        {
            self.floor = self.floor.max(*number);
            self.recent.pop_front();
        }
        self.floor
    }
}

/// Lines as the body of an answer.
struct Lines(mpsc::Receiver<Bytes>);

impl hyper::body::Body for Lines {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<hyper::body::Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(context).map(|line| line.map(|line| Ok(hyper::body::Frame::data(line))))
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::Told;

    #[test]
    fn a_number_that_becomes_visible_late_is_told_once() {
        let begin = Instant::now();
        let at = |seconds| begin + Duration::from_secs(seconds);
        let mut told = Told::from(7, Duration::from_secs(10));
        assert!(!told.is_new(7, at(0)), "it was told before the break");
        assert!(told.is_new(9, at(0)) && !told.is_new(9, at(1)));
        assert_eq!(told.floor(at(9)), 7, "8 may still come");
        assert!(told.is_new(8, at(9)) && !told.is_new(8, at(9)));
        assert_eq!(told.floor(at(10)), 9);
        assert_eq!((told.floor(at(30)), told.recent.len()), (9, 0));

        let mut alone = Told::from(0, Duration::ZERO);
        assert!(alone.is_new(3, at(0)));
        assert_eq!(alone.floor(at(0)), 3, "one writer numbers in its order");
    }
}
