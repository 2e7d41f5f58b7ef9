//! What all parts of a running receiver share.

use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::{Notify, watch};

use super::blind::Watch;
use super::effects::Effects;
use super::health::Health;
use super::healthchecks::list::Listed;
use super::keys_used::KeysUsed;
use super::lateness::Lateness;
use super::log::Log;
use super::next_look::NextLook;
use super::output::Packers;
use super::pace::Pace;
use super::password::Password;
use super::ping::Directory;
use super::presence::Presence;
use super::quiet::Quiet;
use super::recorder::Recorder;
use super::refusals::Refusals;
use super::rules::RulesCache;
use super::run::{Changeable, Settings, Stopped};
use super::strangers::Strangers;
use super::{neighbours, secrets};
use crate::domain::prefix;
use crate::domain::proxies::Proxies;
use crate::notify::outbound::{Outbound, Policy};
use crate::store::{Store, Trouble};
use crate::sys::clock;

/// How long what is kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Keep {
    /// The output of runs that went badly.
    pub(crate) failures: Duration,
    /// The output of runs that went well.
    pub(crate) successes: Duration,
    /// Events.
    pub(crate) events: Duration,
    /// Changes, incidents, and how people were told.
    pub(crate) history: Duration,
}

impl Default for Keep {
    fn default() -> Keep {
        let days = |days: u64| Duration::from_secs(days * 86_400);
        Keep { failures: days(90), successes: days(30), events: days(400), history: days(400) }
    }
}

/// What all parts share.
pub(crate) struct App {
    /// What is remembered.
    pub(crate) store: Store,
    /// Pings that wait for it.
    pub(crate) recorder: Recorder,
    /// Which monitor a key belongs to.
    pub(crate) directory: Directory,
    /// Schedules that have been read.
    pub(crate) rules: RulesCache,
    /// Checks as they were last listed.
    pub(crate) listed: Listed,
    /// Who is left alone now.
    pub(crate) quiet: Quiet,
    /// Hosts that are followed.
    pub(crate) presence: Presence,
    /// Marks and blind times.
    pub(crate) watch: Watch,
    /// What was told about other nodes.
    pub(crate) told: neighbours::Told,
    /// Signs of life.
    pub(crate) health: Health,
    /// Who asks for keys that nobody has.
    pub(crate) strangers: Strangers,
    /// What they asked for.
    pub(crate) refusals: Refusals,
    /// Keys that were used.
    pub(crate) keys_used: Arc<KeysUsed>,
    /// The password, as far as it is known to be right.
    pub(crate) password: Password,
    /// How long alarms took.
    pub(crate) lateness: Lateness,
    /// How much monitors have said in a minute.
    pub(crate) pace: Pace,
    /// Packers for output.
    pub(crate) packers: Packers,
    /// The way out for alerts.
    pub(crate) outbound: Arc<Outbound>,
    /// Whether channels may run commands.
    pub(crate) allow_commands: bool,
    /// What the addresses of badges are signed with.
    pub(crate) badge_secret: String,
    /// The hash of the key of Healthchecks' numbers about the server, where there is one.
    pub(crate) metrics_key: Option<String>,
    /// Where lines go.
    pub(crate) log: Log,
    /// Something has changed: whoever follows looks what.
    pub(crate) changed: watch::Sender<()>,
    /// Something is to be sent.
    pub(crate) wake_alerter: Notify,
    /// A deadline is nearer than the checker thinks.
    pub(crate) wake_checker: Notify,
    /// When it looks next.
    pub(crate) next_look: NextLook,
    first_url: String,
    changeable: RwLock<Changeable>,
    troubled: Mutex<Option<Trouble>>,
}

impl App {
    /// Puts everything together.
    pub(crate) fn new(
        settings: &Settings,
        store: Store,
        first_url: &str,
        badge_secret: String,
    ) -> Result<App, Stopped> {
        let (allow_commands, ca_file) = (settings.allow_commands, settings.ca_file.clone());
        let policy = Policy { allow_commands, ca_file };
        let outbound = Outbound::new(&policy).map_err(|error| {
            Stopped::new(format!("cannot prepare for sending alerts: {error:#}"))
        })?;
        App::through(settings, store, Arc::new(outbound), first_url, badge_secret)
    }

    /// The same with a way out that is there already.
    pub(crate) fn through(
        settings: &Settings,
        store: Store,
        outbound: Arc<Outbound>,
        first_url: &str,
        badge_secret: String,
    ) -> Result<App, Stopped> {
        let node = secrets::uuid().map_err(Stopped::new)?;
        Ok(App {
            recorder: Recorder::new(&store),
            store,
            directory: Directory::default(),
            rules: RulesCache::default(),
            listed: Listed::default(),
            quiet: Quiet::default(),
            presence: Presence::default(),
            watch: Watch::new(node, clock::now(), &settings.place),
            told: neighbours::Told::default(),
            health: Health::new(),
            strangers: Strangers::default(),
            refusals: Refusals::default(),
            keys_used: Arc::default(),
            password: Password::default(),
            lateness: Lateness::default(),
            pace: Pace::default(),
            packers: Packers::default(),
            outbound,
            allow_commands: settings.allow_commands,
            badge_secret,
            metrics_key: settings.keys.metrics.as_deref().map(secrets::hash),
            log: settings.log,
            changed: watch::Sender::new(()),
            wake_alerter: Notify::new(),
            wake_checker: Notify::new(),
            next_look: NextLook::new(),
            first_url: first_url.to_owned(),
            changeable: RwLock::new(settings.changeable.clone()),
            troubled: Mutex::new(None),
        })
    }

    /// What stands in front of paths.
    pub(crate) fn public_url(&self) -> String {
        let changeable = self.changeable.read().unwrap_or_else(PoisonError::into_inner);
        changeable.public_url.clone().unwrap_or_else(|| self.first_url.clone())
    }

    /// Whom to believe about where a request came from.
    pub(crate) fn proxies(&self) -> Arc<Proxies> {
        let changeable = self.changeable.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&changeable.proxies)
    }

    /// A path without what stands in front of all paths, where that stands there.
    pub(crate) fn path_below<'a>(&self, path: &'a str) -> Option<&'a str> {
        let changeable = self.changeable.read().unwrap_or_else(PoisonError::into_inner);
        prefix::below(prefix::of(changeable.public_url.as_deref()?), path)
    }

    /// How long what is kept.
    pub(crate) fn keep(&self) -> Keep {
        self.changeable.read().unwrap_or_else(PoisonError::into_inner).keep
    }

    /// The ping URL of a monitor.
    pub(crate) fn ping_url(&self, uuid: &str) -> String {
        format!("{}/hb/{uuid}", self.public_url())
    }

    /// Carries out what a transaction leaves to be done outside.
    pub(crate) fn done(&self, effects: &Effects) {
        if effects.alerts {
            self.wake_alerter.notify_one();
        }
        if effects.wake_at.is_some_and(|at| self.next_look.set(at)) {
            self.wake_checker.notify_one();
        }
        self.presence.heard(effects);
        if !effects.news.is_empty() {
            self.changed.send_replace(());
        }
        for news in &effects.news {
            news.log(&self.log);
        }
    }

    /// Tells of trouble with the store once, not at every ping.
    pub(crate) fn noted(&self, trouble: &Trouble) {
        if let Trouble::Fatal(why) = trouble {
            self.health.fail(why);
        }
        let mut last = self.troubled.lock().unwrap_or_else(PoisonError::into_inner);
        if last.as_ref() != Some(trouble) {
            self.log.error(
                "pings cannot be kept; their clients are asked to come again",
                &[("trouble", &trouble.to_string())],
            );
            *last = Some(trouble.clone());
        }
    }

    /// Waits until pings that wait in another line than the first are kept: what is judged or asked then
    /// knows of them. A writer that cannot work gets no more of them.
    pub(crate) async fn catch_up(&self) {
        if self.recorder.is_spread() && self.store.catch_up().await.is_err() {
            self.recorder.spread(false);
        }
    }

    /// Proves that the store takes writes.
    pub(crate) async fn prove(self: &Arc<App>) -> Result<(), Trouble> {
        super::blind::prove(self).await?;
        *self.troubled.lock().unwrap_or_else(PoisonError::into_inner) = None;
        Ok(())
    }

    /// Takes what may change as it is now.
    pub(crate) fn change(&self, changeable: Changeable) {
        let fixed = changeable.fixed.join(", ");
        *self.changeable.write().unwrap_or_else(PoisonError::into_inner) = changeable;
        self.directory.forget();
        self.log.info("reloaded", &[]);
        if !fixed.is_empty() {
            self.log.warning(
                "changed in the file, and counts only at the next start",
                &[("keys", &fixed)],
            );
        }
    }
}
