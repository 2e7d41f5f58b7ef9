//! Pings whose key nobody has, counted, so that whoever has mistyped one can find out.
//!
//! They gather here and go to the store now and then: a flood of guesses must not become a flood of
//! writes. What is kept of a key cannot be used as one.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::app::App;
use crate::domain::time::Moment;
use crate::store::Trouble;
use crate::store::refusals::{self, Refusal};
use crate::sys::clock;

/// Kinds that gather at most between two writes; what comes beyond it is not counted.
const GATHERED_MAX: usize = 500;

/// The masked key, the address and the dialect of a ping.
type Which = (String, String, String);

/// Refused pings that were not written yet.
#[derive(Default)]
pub(crate) struct Refusals {
    gathered: Mutex<BTreeMap<Which, (u64, Moment)>>,
}

impl Refusals {
    /// Counts one.
    pub(crate) fn note(&self, key_mark: &str, remote: &str, dialect: &str) {
        let which = (key_mark.to_owned(), remote.to_owned(), dialect.to_owned());
        let mut gathered = self.gathered.lock().unwrap_or_else(PoisonError::into_inner);
        if gathered.len() < GATHERED_MAX || gathered.contains_key(&which) {
            let counted = gathered.entry(which).or_insert((0, clock::now()));
            *counted = (counted.0 + 1, clock::now());
        }
    }

    fn take(&self) -> Vec<Refusal> {
        let gathered =
            std::mem::take(&mut *self.gathered.lock().unwrap_or_else(PoisonError::into_inner));
        gathered
            .into_iter()
            .map(|((key_mark, remote, dialect), (count, last_at))| Refusal {
                key_mark,
                remote,
                dialect,
                count,
                first_at: last_at,
                last_at,
            })
            .collect()
    }
}

/// Writes what has gathered.
pub(crate) async fn flush(app: &Arc<App>) -> Result<(), Trouble> {
    let taken = app.refusals.take();
    if taken.is_empty() {
        return Ok(());
    }
    app.store.write(move |tx| refusals::add(tx, &taken)).await
}
