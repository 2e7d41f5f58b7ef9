//! When each key was last used, gathered here and written now and then: a key that pings every second
//! must not cost a write every second.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::domain::time::Moment;
use crate::store::{Store, Trouble, projects};

/// Keys that were used since the last write.
#[derive(Default)]
pub(crate) struct KeysUsed {
    gathered: Mutex<BTreeMap<i64, Moment>>,
}

impl KeysUsed {
    /// Notes that a key was used.
    pub(crate) fn note(&self, key_id: i64, now: Moment) {
        self.gathered.lock().unwrap_or_else(PoisonError::into_inner).insert(key_id, now);
    }

    /// Writes what has gathered.
    pub(crate) async fn flush(&self, store: &Store) -> Result<(), Trouble> {
        let gathered =
            std::mem::take(&mut *self.gathered.lock().unwrap_or_else(PoisonError::into_inner));
        if gathered.is_empty() {
            return Ok(());
        }
        let used: Vec<(i64, Moment)> = gathered.into_iter().collect();
        store.write(move |tx| projects::keys_used(tx, &used)).await
    }
}
