//! How far the pings of a check were taken over from where it was.
//!
//! Both receivers count pings from one on, and while a check moves both are pinged. So what was taken
//! is known by the other's own number and moment, whatever was counted here since.

use serde::{Deserialize, Serialize};

use crate::domain::time::Moment;
use crate::store::{Trouble, Tx, meta};

/// The newest ping that was taken over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Imported {
    /// Its number there.
    pub(super) n: u64,
    /// The latest moment of one that was taken, in milliseconds.
    at_ms: Option<i64>,
}

impl Imported {
    /// How far a check is of which `counted` pings are known here.
    pub(super) fn find(tx: &mut dyn Tx, uuid: &str, counted: u64) -> Result<Imported, Trouble> {
        let kept = meta::find(tx, &name(uuid))?.and_then(|text| serde_json::from_str(&text).ok());
        Ok(kept.unwrap_or(Imported { n: counted, at_ms: None }))
    }

    /// Keeps it.
    pub(super) fn save(self, tx: &mut dyn Tx, uuid: &str) -> Result<(), Trouble> {
        meta::save(tx, &name(uuid), &serde_json::to_string(&self).unwrap_or_default())
    }

    /// Whether a ping was not taken yet. Where somebody has cleared the log there, numbers begin anew,
    /// and a small one of a later moment is new.
    pub(super) fn lacks(&self, n: u64, at: Option<Moment>) -> bool {
        let is_later = |known: i64| at.is_some_and(|at| at.epoch_ms() > known);
        n > self.n || self.at_ms.is_some_and(is_later)
    }

    /// The same with one more ping.
    pub(super) fn with(self, n: u64, at: Option<Moment>) -> Imported {
        Imported { n, at_ms: self.at_ms.max(at.map(Moment::epoch_ms)) }
    }

    /// The latest moment.
    pub(super) fn at(&self) -> Option<Moment> {
        self.at_ms.map(Moment::from_epoch_ms)
    }
}

fn name(uuid: &str) -> String {
    format!("imported {uuid}")
}

#[cfg(test)]
mod tests {
    use super::Imported;
    use crate::domain::time::Moment;

    #[test]
    fn a_ping_is_new_by_its_number_or_its_moment() {
        let at = |ms: i64| Some(Moment::from_epoch_ms(ms));
        let none = Imported::default();
        assert!(none.lacks(1, at(5)) && none.lacks(1, None) && !none.lacks(0, None));
        let some = none.with(7, at(100)).with(8, at(90));
        for (n, moment, is_new) in [
            (8, at(90), false),
            (7, at(100), false),
            (9, at(80), true),
            (9, None, true),
            (1, at(101), true),
            (1, None, false),
        ] {
            assert_eq!(some.lacks(n, moment), is_new, "{n} {moment:?}");
        }
        assert_eq!(some.at(), at(100));
    }
}
