//! The admin password, as it comes with a request. It is slow to check on purpose; so one is checked at a
//! time, and what was right once is known by its hash.

use std::sync::OnceLock;

use super::secrets;
use crate::store::{Store, Trouble, projects};

/// What is known of the password.
#[derive(Default)]
pub(crate) struct Password {
    /// The hash of the one that this start was given or has made: it holds before it is stored.
    of_this_start: OnceLock<String>,
    /// What shows that a password was checked against what is stored.
    proof: tokio::sync::Mutex<Option<String>>,
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

    /// Whose password it is.
    pub(crate) async fn owner(
        &self,
        store: &Store,
        password: String,
    ) -> Result<Option<Owner>, Trouble> {
        let kept = store.read(|tx| {
            let Some(first) = projects::all(tx)?.into_iter().next() else { return Ok(None) };
            let key = projects::keys(tx, first.id)?.into_iter().find(secrets::is_of_password);
            Ok(Some((first.id, key)))
        });
        let Some((project_id, key)) = kept.await? else { return Ok(None) };
        let key_id = key.as_ref().map_or(0, |key| key.id);
        let owner = Owner { project_id, key_id };
        let hash = secrets::hash(&password);
        if self.of_this_start.get() == Some(&hash) {
            return Ok(Some(owner));
        }
        let Some(key) = key else { return Ok(None) };
        let shown = format!("{hash}{}", key.about.hash);
        let mut proof = self.proof.lock().await;
        if proof.as_ref() != Some(&shown) {
            let checked = tokio::task::spawn_blocking(move || {
                secrets::is_password(&key.about.hash, &password)
            });
            if !checked.await.unwrap_or(false) {
                return Ok(None);
            }
            *proof = Some(shown);
        }
        Ok(Some(owner))
    }
}
