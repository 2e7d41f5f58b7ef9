//! The admin password, as it comes with a request.
//!
//! It is slow to check on purpose, so one is checked at a time and few wait for it, or guesses would keep
//! all processors busy. Whoever has the right one must not wait behind them: what was right once is known
//! by its hash, and that is looked at before anything else.

use std::sync::{Mutex, OnceLock, PoisonError};

use tokio::sync::Semaphore;

use super::reply::Mistake;
use super::secrets;
use super::strangers::Strangers;
use crate::domain::time::Moment;
use crate::store::{Store, projects};

/// Passwords that are being checked or wait for that; who comes then is told to come later. Each takes a
/// good part of a second, so the last of them waits for a few.
const CHECKED_MAX: usize = 4;

/// What is known of the password.
pub(crate) struct Password {
    /// The hash of the one that this start was given or has made: it holds before it is stored.
    of_this_start: OnceLock<String>,
    /// What shows that a password was checked against what is stored.
    proof: Mutex<Option<String>>,
    /// Who has asked for a check lately.
    guesses: Strangers,
    queue: Semaphore,
    /// Who is being checked.
    turn: tokio::sync::Mutex<()>,
}

impl Default for Password {
    fn default() -> Password {
        Password {
            of_this_start: OnceLock::new(),
            proof: Mutex::default(),
            guesses: Strangers::default(),
            queue: Semaphore::new(CHECKED_MAX),
            turn: tokio::sync::Mutex::default(),
        }
    }
}

/// To whom a password belongs.
pub(crate) struct Owner {
    /// The project that it is stored with.
    pub(crate) project_id: i64,
    /// The number of its key; 0 as long as it is not stored.
    pub(crate) key_id: i64,
}

impl Password {
    /// This start knows it.
    pub(crate) fn know(&self, password: &str) {
        let _ = self.of_this_start.set(secrets::hash(password));
    }

    /// Whose password it is, which comes from this address now.
    pub(crate) async fn owner(
        &self,
        store: &Store,
        password: String,
        (address, now): (&str, Moment),
    ) -> Result<Option<Owner>, Mistake> {
        let kept = store.read(|tx| {
            let Some(first) = projects::all(tx)?.into_iter().next() else { return Ok(None) };
            let key = projects::keys(tx, first.id)?.into_iter().find(secrets::is_of_password);
            Ok(Some((first.id, key)))
        });
        let Some((project_id, key)) = kept.await? else { return Ok(None) };
        let key_id = key.as_ref().map_or(0, |key| key.id);
        let owner = Owner { project_id, key_id };
        let hash = secrets::hash(&password);
        if self.of_this_start.get().is_some_and(|known| secrets::is_same(known, &hash)) {
            return Ok(Some(owner));
        }
        let Some(key) = key else { return Ok(None) };
        let shown = format!("{hash}{}", key.about.hash);
        let is_right = self.is_proven(&shown)
            || self.is_right(key.about.hash, password, shown, (address, now)).await?;
        Ok(is_right.then_some(owner))
    }

    fn is_proven(&self, shown: &str) -> bool {
        let proof = self.proof.lock().unwrap_or_else(PoisonError::into_inner);
        proof.as_ref().is_some_and(|proof| secrets::is_same(proof, shown))
    }

    /// Checks a password against what is kept of the right one, when it is its turn.
    async fn is_right(
        &self,
        kept: String,
        password: String,
        shown: String,
        (address, now): (&str, Moment),
    ) -> Result<bool, Mistake> {
        let too_many = || Mistake::too_many("too many passwords are being tried, come again");
        if !self.guesses.may_ask(address, now) {
            return Err(too_many());
        }
        let _place = self.queue.try_acquire().map_err(|_| too_many())?;
        let _turn = self.turn.lock().await;
        // Whoever had the turn before may have had the same.
        if self.is_proven(&shown) {
            return Ok(true);
        }
        let checked =
            tokio::task::spawn_blocking(move || secrets::is_password(&kept, &password)).await;
        let is_right = checked.unwrap_or(false);
        if is_right {
            *self.proof.lock().unwrap_or_else(PoisonError::into_inner) = Some(shown);
        }
        Ok(is_right)
    }
}
