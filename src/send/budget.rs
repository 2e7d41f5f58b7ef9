//! The time that a finish may take, which a Unix signal can shorten while it is being spent.

use tokio::sync::watch;
use tokio::time::Instant;

/// The end of the budget; none before the job has ended.
#[derive(Clone)]
pub(crate) struct Budget(watch::Receiver<Option<Instant>>);

/// Sets the end of the budget.
pub(crate) struct BudgetSetter(watch::Sender<Option<Instant>>);

/// A budget whose end is not known yet, and what sets it.
pub(crate) fn open() -> (BudgetSetter, Budget) {
    let (setter, seen) = watch::channel(None);
    (BudgetSetter(setter), Budget(seen))
}

impl BudgetSetter {
    /// Sets or moves the end.
    pub(crate) fn set(&self, end: std::time::Instant) {
        self.0.send_replace(Some(Instant::from_std(end)));
    }
}

impl Budget {
    /// Returns when the budget is spent.
    pub(crate) async fn spent(&mut self) {
        self.reached(|_, end| end).await;
    }

    /// Returns when half of what is left from the moment the end is known is spent.
    pub(crate) async fn half_spent(&mut self) {
        self.reached(|known_at, end| known_at + end.saturating_duration_since(known_at) / 2).await;
    }

    /// Returns when the end is known, which is when the finish is to be told.
    pub(crate) async fn known(&mut self) {
        while self.0.borrow_and_update().is_none() {
            self.changed().await;
        }
    }

    /// The end as it is now.
    pub(crate) fn end(&self) -> Option<Instant> {
        *self.0.borrow()
    }

    async fn reached(&mut self, point: impl Fn(Instant, Instant) -> Instant) {
        let mut known_at = None;
        loop {
            let Some(end) = *self.0.borrow_and_update() else {
                self.changed().await;
                continue;
            };
            let known_at = *known_at.get_or_insert_with(Instant::now);
            tokio::select! {
                () = tokio::time::sleep_until(point(known_at, end)) => return,
                () = self.changed() => {}
            }
        }
    }

    /// Returns at the next change; never, when nobody can change it any more.
    async fn changed(&mut self) {
        if self.0.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
