//! Which monitor a key belongs to, and in which dialect it is spoken to.
//!
//! Keys are looked up in the store. What was found is remembered for a few seconds, because a thousand
//! monitors that ping every second would otherwise ask for the same thousand answers every second. A
//! key that is not there is never remembered: whoever has just made a monitor pings it at once.
//!
//! A million monitors that ping seldom are not remembered by anybody. So look-ups are gathered as pings
//! are: while the store answers some the next wait, and all of those are one question.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, oneshot, watch};

use super::lookup::{Asked, look_up};
use crate::domain::ping::mail::MailFilter;
use crate::domain::ping::{Filters, Spot};
use crate::serve::app::App;
use crate::store::Trouble;

/// As long an answer of the store is good: a change on another node is seen after this.
const GOOD_FOR: Duration = Duration::from_secs(5);

/// Answers that are remembered; then all are forgotten, which costs one look-up each.
const REMEMBERED_MAX: usize = 20_000;

/// Look-ups of one question at most, so that the first of them does not wait for the last.
const ASKED_MAX: usize = 512;

/// Look-ups that wait at most; whoever comes then is asked to come again, and memory stays flat.
const WAITING_MAX: usize = 16_384;

/// A monitor that was found.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Known {
    /// Its number.
    pub(crate) monitor_id: i64,
    /// How it is spoken to.
    pub(crate) dialect: String,
    /// What it makes of a ping.
    pub(crate) filters: Filters,
    /// And of a mail.
    pub(crate) mail: MailFilter,
}

/// What a key leads to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Place {
    /// A monitor.
    Monitor(Arc<Known>),
    /// Several that share a slug.
    Ambiguous,
    /// A project that has no monitor of this slug.
    Vacant {
        /// The project.
        project_id: i64,
        /// The slug.
        slug: String,
        /// Whether its key may make one.
        may_create: bool,
    },
    /// Nothing.
    Nowhere,
}

impl Place {
    /// The dialect that is spoken there.
    pub(crate) fn dialect(&self) -> &str {
        match self {
            Place::Monitor(known) => &known.dialect,
            Place::Ambiguous | Place::Vacant { .. } | Place::Nowhere => "healthchecks",
        }
    }
}

/// A dialect and a key, as one question.
type Question = (String, String);

struct Waiting {
    asked: Asked,
    answer: oneshot::Sender<Result<Place, Trouble>>,
}

/// What is remembered of the store's answers, and who waits for one.
#[derive(Default)]
pub(crate) struct Directory {
    remembered: Mutex<HashMap<Question, (Instant, Arc<Known>)>>,
    waiting: Mutex<Vec<Waiting>>,
    wake: Notify,
}

/// The parts of a key as one text: no part can hold the control character between them.
pub(crate) fn key_text(key: &[String]) -> String {
    key.join("\u{1f}")
}

/// Any dialect, in [`Directory::find`].
pub(super) const ANY: &str = "";

impl Directory {
    /// The first of several readings of a path whose key is known, and where it leads.
    pub(crate) async fn place<'a>(
        &self,
        spots: &'a [Spot],
    ) -> Result<Option<(Place, &'a Spot)>, Trouble> {
        for spot in spots {
            match self.find(ANY, &spot.key).await? {
                Place::Nowhere => {}
                place => return Ok(Some((place, spot))),
            }
        }
        Ok(None)
    }

    /// What a key leads to; with no dialect, any that shares its path with others.
    pub(crate) async fn find(&self, dialect: &str, key: &[String]) -> Result<Place, Trouble> {
        let at = (dialect.to_owned(), key_text(key));
        if let Some(known) = self.remembered(&at) {
            return Ok(Place::Monitor(known));
        }
        let (answer, answered) = oneshot::channel();
        let asked = Asked { dialect: dialect.to_owned(), key: key.to_vec() };
        {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            if waiting.len() >= WAITING_MAX {
                return Err(Trouble::Unavailable(format!("{WAITING_MAX} look-ups wait already")));
            }
            waiting.push(Waiting { asked, answer });
        }
        self.wake.notify_one();
        let ended = || Err(Trouble::Unavailable("the receiver is stopping".to_owned()));
        let place = answered.await.unwrap_or_else(|_| ended())?;
        if let Place::Monitor(known) = &place {
            self.remember(at, known);
        }
        Ok(place)
    }

    fn take(&self) -> Vec<Waiting> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let count = waiting.len().min(ASKED_MAX);
        let rest = waiting.split_off(count);
        std::mem::replace(&mut *waiting, rest)
    }

    fn remembered(&self, at: &Question) -> Option<Arc<Known>> {
        let remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, known) = remembered.get(at)?;
        (since.elapsed() < GOOD_FOR).then(|| Arc::clone(known))
    }

    fn remember(&self, at: Question, known: &Arc<Known>) {
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        if remembered.len() >= REMEMBERED_MAX {
            remembered.clear();
        }
        remembered.insert(at, (Instant::now(), Arc::clone(known)));
    }

    /// Forgets everything: a monitor has changed.
    pub(crate) fn forget(&self) {
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// Answers who waits, until it is told to stop and nobody waits any more.
pub(crate) async fn keep_looking_up(app: Arc<App>, mut stop: watch::Receiver<bool>) {
    loop {
        let batch = app.directory.take();
        if batch.is_empty() {
            if *stop.borrow() {
                return;
            }
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => {}
                () = app.directory.wake.notified() => {}
            }
            continue;
        }
        let (asked, answers): (Vec<Asked>, Vec<_>) =
            batch.into_iter().map(|waiting| (waiting.asked, waiting.answer)).unzip();
        let used = Arc::clone(&app.keys_used);
        // Whoever asked may have gone away.
        match app.store.glance(move |tx| look_up(tx, &used, &asked)).await {
            Ok(places) => answers.into_iter().zip(places).for_each(|(answer, place)| {
                let _ = answer.send(Ok(place));
            }),
            Err(trouble) => answers.into_iter().for_each(|answer| {
                let _ = answer.send(Err(trouble.clone()));
            }),
        }
    }
}
