//! Whether the receiver does its work: what a load balancer, a service manager and a person ask.
//!
//! Alive means that it answers. Ready means that a ping could be stored. A service manager's watchdog
//! hears from it only after deadlines have been looked at *and* the store has taken a write, so a
//! receiver that answers but no longer watches is started anew.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::watch;

use super::app::App;
use crate::sys::{clock, service};

/// A mark or a look that is older than this is no proof of life.
const PROOF_AGE_MAX: Duration = Duration::from_secs(20);

/// Signs of life, in milliseconds of the clock that counts a machine's sleep, too.
pub(crate) struct Health {
    looked_ms: AtomicU64,
    marked_ms: AtomicU64,
    fatal: watch::Sender<Option<Fatal>>,
}

/// Why this process must not go on.
#[derive(Clone, Debug)]
pub(crate) struct Fatal {
    /// What is wrong.
    pub(crate) why: String,
    /// What to do.
    pub(crate) hint: &'static str,
}

impl Health {
    /// Nothing has been proved yet.
    pub(crate) fn new() -> Health {
        let never = AtomicU64::new(0);
        Health { looked_ms: never, marked_ms: AtomicU64::new(0), fatal: watch::channel(None).0 }
    }

    /// Deadlines have been looked at.
    pub(crate) fn looked(&self) {
        self.looked_ms.store(boot_ms(), Ordering::Relaxed);
    }

    /// The store has taken a mark.
    pub(crate) fn marked(&self) {
        self.marked_ms.store(boot_ms(), Ordering::Relaxed);
    }

    /// The store cannot be trusted any more.
    pub(crate) fn fail(&self, why: &str) {
        let hint = "nothing was acknowledged after that; look at the disk, then start again";
        self.end(Fatal { why: format!("the store failed: {why}"), hint });
    }

    /// A newer hb has changed the tables so that this one must not touch them.
    pub(crate) fn outdated(&self, why: &str) {
        let hint = "a newer node has changed the tables; upgrade this one, too";
        self.end(Fatal { why: why.to_owned(), hint });
    }

    fn end(&self, why: Fatal) {
        self.fatal.send_if_modified(|fatal| {
            let first = fatal.is_none();
            if first {
                *fatal = Some(why);
            }
            first
        });
    }

    /// Why this process must not go on, if so.
    pub(crate) fn fatal(&self) -> Option<Fatal> {
        self.fatal.borrow().clone()
    }

    /// Changes when this process must not go on.
    pub(crate) fn failing(&self) -> watch::Receiver<Option<Fatal>> {
        self.fatal.subscribe()
    }

    /// Whether both proofs are fresh.
    pub(crate) fn is_proved(&self) -> bool {
        let now = boot_ms();
        let fresh = |at: &AtomicU64| {
            let age = now.saturating_sub(at.load(Ordering::Relaxed));
            u128::from(age) <= PROOF_AGE_MAX.as_millis()
        };
        fresh(&self.looked_ms) && fresh(&self.marked_ms) && self.fatal().is_none()
    }
}

fn boot_ms() -> u64 {
    u64::try_from(clock::since_boot().as_millis()).unwrap_or(u64::MAX)
}

/// Tells the service manager's watchdog, as long as there is proof.
pub(crate) async fn keep_telling(app: Arc<App>, mut stop: watch::Receiver<bool>) {
    let Some(every) = service::watchdog() else { return };
    loop {
        if app.health.is_proved() {
            service::tell("WATCHDOG=1");
        }
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            () = tokio::time::sleep(every / 3) => {}
        }
    }
}
