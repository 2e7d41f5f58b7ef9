//! Who watches the watcher: pings a URL while this receiver does all of its work, and stays silent else.
//!
//! A receiver that is dead alarms nobody, so somebody else has to expect it like a job: another `hb serve`,
//! or any service that waits for pings. What is told is not that a process runs. Deadlines have been
//! looked at, the store has taken a write, and no alert waits for longer than a channel that is asked again
//! needs: only then is there a ping.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;
use tokio::sync::watch;

use super::app::App;
use crate::domain::time::Moment;
use crate::notify::{self, Outcome};
use crate::store::{Trouble, deliveries};
use crate::sys::clock;

/// How often it is told.
const EVERY: Duration = Duration::from_secs(60);

/// How long after the start: by then there has been a look at deadlines.
const FIRST_AFTER: Duration = Duration::from_secs(2);

/// How soon it is looked at again after it was not told.
const AGAIN_AFTER: Duration = Duration::from_secs(10);

/// An alert that waits for longer says that people are not told.
const UNSENT_MAX: Duration = Duration::from_secs(15 * 60);

/// Pings `url` until it is told to stop.
pub(crate) async fn keep_pinging(app: Arc<App>, url: Url, mut stop: watch::Receiver<bool>) {
    let mut known = Some(String::new());
    let mut rest = FIRST_AFTER;
    loop {
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            () = tokio::time::sleep(rest) => {}
        }
        let trouble = match unwell(&app).await {
            None => ping(&app, &url).await,
            trouble => trouble,
        };
        if trouble != known {
            match &trouble {
                Some(why) => app.log.warning("whoever watches hb is not pinged", &[("why", why)]),
                None => app.log.info("whoever watches hb is pinged", &[]),
            }
        }
        rest = if trouble.is_none() { EVERY } else { AGAIN_AFTER };
        known = trouble;
    }
}

/// What keeps this receiver from its work.
async fn unwell(app: &Arc<App>) -> Option<String> {
    if !app.health.is_proved() {
        return Some("deadlines were not looked at, or the store took nothing".to_owned());
    }
    match app.store.read(deliveries::oldest_unsent).await {
        Ok(oldest) => is_stuck(oldest, clock::now()).then(|| {
            format!("an alert has waited for more than {} minutes", UNSENT_MAX.as_secs() / 60)
        }),
        Err(Trouble::Unavailable(_)) => Some("the store does not answer".to_owned()),
        Err(trouble) => Some(trouble.to_string()),
    }
}

fn is_stuck(oldest_unsent: Option<Moment>, now: Moment) -> bool {
    oldest_unsent.is_some_and(|at| now.since(at) > UNSENT_MAX)
}

/// Why the ping was not taken.
async fn ping(app: &App, url: &Url) -> Option<String> {
    match notify::ping(&app.outbound, url.as_str()).await {
        Outcome::Sent { .. } => None,
        Outcome::Refused { why } | Outcome::Retry { why, .. } => Some(why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alert_that_waits_for_long_is_no_good_sign() {
        let now = Moment::from_epoch_ms(10_000_000);
        for (ago_s, stuck) in [(0, false), (900, false), (901, true)] {
            let at = Some(now.before(Duration::from_secs(ago_s)));
            assert_eq!(is_stuck(at, now), stuck, "{ago_s}");
        }
        assert!(!is_stuck(None, now));
    }
}
