//! When the checker looks next, as those know who set a nearer deadline.
//!
//! A deadline may be set, and committed, while the checker looks: its picture of the store does not have it,
//! and when it will look next is not known yet. So what is set from the beginning of a look on is remembered
//! until its end, and counts then.

use std::sync::atomic::{AtomicI64, Ordering};

use crate::domain::time::Moment;

/// The moment of the next look.
pub(crate) struct NextLook {
    at_ms: AtomicI64,
    /// The nearest moment that was set since the last look began.
    set_ms: AtomicI64,
}

impl NextLook {
    /// None is planned.
    pub(crate) fn new() -> NextLook {
        NextLook { at_ms: AtomicI64::new(i64::MAX), set_ms: AtomicI64::new(i64::MAX) }
    }

    /// There is something to look at by then, in the store already; whether the checker is to be woken for it.
    pub(crate) fn set(&self, at: Moment) -> bool {
        // Either this sees when the look is planned, or its end sees what was set: there is one order of all four.
        self.set_ms.fetch_min(at.epoch_ms(), Ordering::SeqCst);
        at.epoch_ms() < self.at_ms.load(Ordering::SeqCst)
    }

    /// A look begins; what was set before, it will see.
    pub(crate) fn begin(&self) {
        self.set_ms.store(i64::MAX, Ordering::SeqCst);
    }

    /// A look ends that found this; gives when the next one is.
    pub(crate) fn end(&self, found: Option<Moment>) -> Moment {
        let found_ms = found.map_or(i64::MAX, Moment::epoch_ms);
        self.at_ms.store(found_ms, Ordering::SeqCst);
        let at_ms = found_ms.min(self.set_ms.load(Ordering::SeqCst));
        self.at_ms.fetch_min(at_ms, Ordering::SeqCst);
        Moment::from_epoch_ms(at_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::NextLook;
    use crate::domain::time::Moment;

    #[test]
    fn what_is_set_while_somebody_looks_counts_at_the_end() {
        let at = Moment::from_epoch_ms;
        let look = NextLook::new();
        look.begin();
        assert_eq!(look.end(Some(at(100))), at(100));
        assert!(look.set(at(50)), "nearer");
        assert!(!look.set(at(150)), "no nearer");
        look.begin();
        assert!(!look.set(at(120)), "it was to look at 100");
        assert_eq!(look.end(Some(at(900))), at(120), "which the look did not see");
        assert!(!look.set(at(120)));
        look.begin();
        assert_eq!(look.end(None), at(i64::MAX), "what was set before, the look has seen");
        assert!(look.set(at(i64::MAX - 1)));
    }
}
