//! Hosts that monitors follow: what a host says with the pings of one monitor is told to all that wait
//! for it.
//!
//! Signs are gathered here after the commit of the pings that bring them, and told in a transaction of
//! their own a little later: a host with a hundred monitors says the same a hundred times, and no ping
//! waits for it. A sign that is lost with a crash costs nothing, for the next one says as much.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::app::App;
use super::blind;
use super::effects::Effects;
use super::judge::{self, Judged};
use crate::domain::host::Uptime;
use crate::domain::time::Moment;
use crate::domain::transition::Input;
use crate::store::monitors::{self, Named};
use crate::store::{Trouble, Tx, followers};
use crate::sys::clock;

/// How often signs are told, of each host once in [`HOST_EVERY`]. It is also how soon this node knows that
/// another one has begun to follow.
const TELL_EVERY: Duration = Duration::from_secs(5);

/// How often those that follow a host are told of it: as often as they listen.
const HOST_EVERY: Duration = Duration::from_secs(60);

/// Hosts whose signs wait at most; what a further one says is not told until there is room.
const HOSTS_MAX: usize = 10_000;

/// Monitors that are judged in one transaction: pings go in between.
const FOLLOWERS_MAX: usize = 250;

/// What a host said with a ping.
#[derive(Clone, Debug)]
pub(crate) struct Sign {
    /// The project of the ping's monitor.
    pub(crate) project_id: i64,
    /// The host's name.
    pub(crate) host: String,
    /// When it was received.
    pub(crate) at: Moment,
    /// What it said.
    pub(crate) uptime: Uptime,
}

/// A host of a project.
type Host = (i64, String);

/// A monitor, and what it is told of its host.
type Told = (i64, (Moment, Uptime));

/// The newest sign of each host that was not told yet.
type Signs = BTreeMap<Host, (Moment, Uptime)>;

/// Hosts that were heard of, if anybody follows any.
#[derive(Default)]
pub(crate) struct Presence {
    /// It is known that nobody follows any; at the start that is not known yet.
    is_idle: AtomicBool,
    heard: Mutex<Signs>,
    told: Mutex<BTreeMap<Host, Moment>>,
}

impl Presence {
    /// Whether anybody follows any host: else nothing is gathered.
    pub(crate) fn is_followed(&self) -> bool {
        !self.is_idle.load(Ordering::Relaxed)
    }

    /// Gathers what a transaction has brought.
    pub(crate) fn heard(&self, effects: &Effects) {
        if effects.follows {
            self.is_idle.store(false, Ordering::Relaxed);
        }
        if effects.signs.is_empty() {
            return;
        }
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        for sign in &effects.signs {
            let host: Host = (sign.project_id, sign.host.clone());
            if heard.len() < HOSTS_MAX || heard.contains_key(&host) {
                heard.insert(host, (sign.at, sign.uptime));
            }
        }
    }

    /// The signs of the hosts of which nothing was told for a while; the others wait.
    fn take(&self, now: Moment) -> Signs {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.retain(|_, at| *at <= now && now.since(*at) < HOST_EVERY);
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let (waiting, signs): (Signs, Signs) =
            std::mem::take(&mut *heard).into_iter().partition(|(host, _)| told.contains_key(host));
        *heard = waiting;
        told.extend(signs.keys().map(|host| (host.clone(), now)));
        signs
    }
}

/// Tells signs until it is told to stop.
pub(crate) async fn keep_telling(app: Arc<App>, mut stop: watch::Receiver<bool>) {
    loop {
        if let Err(trouble) = tell(&app).await {
            app.noted(&trouble);
        }
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            () = tokio::time::sleep(TELL_EVERY) => {}
        }
    }
}

async fn tell(app: &Arc<App>) -> Result<(), Trouble> {
    let signs = app.presence.take(clock::now());
    let hosts: Vec<Host> = signs.keys().cloned().collect();
    let (is_any, found) = app
        .store
        .read(move |tx| Ok((followers::is_any(tx)?, followers::of_hosts(tx, &hosts)?)))
        .await?;
    app.presence.is_idle.store(!is_any, Ordering::Relaxed);
    let signs: Vec<(Moment, Uptime)> = signs.into_values().collect();
    let mut told: Vec<Told> = Vec::new();
    for (place, monitor_id) in found {
        told.extend(signs.get(place).map(|sign| (monitor_id, *sign)));
    }
    let mut pieces: Vec<Vec<Told>> = told.chunks(FOLLOWERS_MAX).map(<[Told]>::to_vec).collect();
    while let Some(piece) = pieces.pop() {
        let (teller, tried) = (Arc::clone(app), piece.clone());
        match app.store.write(move |tx| all(tx, &teller, &tried, clock::now())).await {
            Ok(effects) => app.done(&effects),
            // One that makes no sense keeps no other from hearing it.
            Err(Trouble::Ours(_)) if piece.len() > 1 => {
                pieces.extend(piece.into_iter().map(|one| vec![one]));
            }
            Err(trouble @ Trouble::Ours(_)) => app.noted(&trouble),
            Err(trouble) => return Err(trouble),
        }
    }
    Ok(())
}

/// Lets monitors hear of their hosts.
fn all(tx: &mut dyn Tx, app: &App, signs: &[Told], now: Moment) -> Result<Effects, Trouble> {
    blind::notice(tx, &app.watch, now)?;
    let ids: BTreeSet<i64> = signs.iter().map(|(id, _)| *id).collect();
    let names: Vec<Named> = ids.into_iter().map(Named::Id).collect();
    let signs: BTreeMap<_, _> = signs.iter().copied().collect();
    let mut effects = Effects::default();
    let mut judged = Vec::new();
    for found in monitors::load(tx, &names)? {
        let Some((at, uptime)) = signs.get(&found.monitor.id).copied() else { continue };
        let mut one = Judged::new(app, found.monitor, now);
        if !one.state.wants_sign(at) {
            continue;
        }
        one.step(&Input::Sign { at, uptime }, now);
        one.settle(tx, now, &mut effects)?;
        judged.push(one);
    }
    judge::save(tx, judged.iter().collect(), now)?;
    Ok(effects)
}
