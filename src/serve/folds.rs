//! What goes out together: the same kind of news of many monitors of one host is one message, not hundreds.
//!
//! The first one is told at once. Those that follow it within [`WINDOW`] wait until that is over and are
//! then told in one message, each a delivery of its own, so that who was told of what stays known: one that
//! is well again before then is not told of as bad.
//!
//! Which host it is, clients say; of a monitor whose host nobody knows each message is its own. A webhook
//! with a template is a machine that expects one call for each monitor, and gets it.

use std::time::Duration;

use crate::domain::time::Moment;
use crate::notify::channel::Settings;
use crate::notify::message::What;
use crate::store::channels::Channel;
use crate::store::{Trouble, Tx, deliveries};

/// For how long those that follow are gathered.
const WINDOW: Duration = Duration::from_secs(60);

/// An alarm is so far behind the recovery before it, which waited and goes out now.
const BEHIND: Duration = Duration::from_secs(1);

/// What deliveries have in common that go out together, and when this one does.
pub(super) fn of(
    tx: &mut dyn Tx,
    channel: &Channel,
    (monitor_id, host): (i64, Option<&str>),
    what: What,
    now: Moment,
) -> Result<(Option<String>, Moment), Trouble> {
    let Some(host) = host.filter(|_| takes_many(channel)) else { return Ok((None, now)) };
    let news = match what {
        What::Reminder => "reminder",
        _ if what.is_good() => "good",
        _ => "bad",
    };
    let fold = format!("{}/{news}/{host}", channel.id);
    let since = now.before(WINDOW);
    if news == "bad" && deliveries::hasten(tx, (monitor_id, channel.id), since, now)? {
        // It was well in between, and that is told first: nobody must believe at the end that it still is.
        return Ok((None, now.after(BEHIND)));
    }
    // A clock that was ahead has left moments that are still to come.
    let began = deliveries::fold_began(tx, &fold, since)?.filter(|began| *began <= now);
    let next_at = began.map_or(now, |began| began.after(WINDOW).max(now));
    Ok((Some(fold), next_at))
}

fn takes_many(channel: &Channel) -> bool {
    let settings = serde_json::from_str(&channel.about.settings).ok();
    settings.and_then(|value| Settings::parse(&value).ok()).is_some_and(|one| one.takes_many())
}
