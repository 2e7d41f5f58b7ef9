//! One monitor within a transaction: loaded, judged by the rules, and written back with all that follows.
//!
//! Whatever happens to a monitor, a ping, a passing deadline, a pause, goes through a [`Judged`], so
//! that state, incident and deliveries can never disagree. The rules decide; this carries it out.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::alerts::{self, Turn};
use super::app::App;
use super::blind::Blind;
use super::effects::{Effects, News};
use super::kept::{self, Kept};
use super::rules::Compiled;
use super::{reasons, reminders};
use crate::domain::healthchecks::Memory;
use crate::domain::incident::{self, Open, Plan, Severity};
use crate::domain::monitor::Status;
use crate::domain::time::Moment;
use crate::domain::transition::{Change, Forgiven, Input, Reason, State, Taken, step};
use crate::store::changes::{self, NewChange};
use crate::store::followers;
use crate::store::incidents::{self, Incident};
use crate::store::monitors::{self, Live, Monitor};
use crate::store::{Trouble, Tx};

/// The longest time after a blind time in which a deadline may be in doubt because of it.
const DOUBT_MAX: std::time::Duration = std::time::Duration::from_secs(15 * 60);

/// A monitor that cannot be watched is looked at again after this.
pub(crate) const FAULTY_LOOK: std::time::Duration = std::time::Duration::from_secs(3600);

/// A monitor that is being judged.
pub(crate) struct Judged {
    /// The monitor as it was loaded.
    pub(crate) monitor: Monitor,
    /// The rules it is judged by.
    pub(crate) compiled: Arc<Compiled>,
    /// Its state so far.
    pub(crate) state: State,
    /// What Healthchecks remembers besides, where it is judged as Healthchecks would.
    pub(crate) memory: Option<Memory>,
    blind: Arc<Vec<Blind>>,
    changes: Vec<Change>,
    untold: Option<Change>,
    wake_at: Option<Moment>,
    quiet_until: Option<Moment>,
    event_count: u64,
    incident_id: Option<String>,
    followed: Option<String>,
    is_anew: bool,
    damage: Option<String>,
}

/// Until when people are not told of a monitor.
pub(crate) fn quiet_until(app: &App, monitor: &Monitor, now: Moment) -> Option<Moment> {
    app.quiet.until(monitor.project_id, &monitor.about.slug, &monitor.about.tags, now)
}

impl Judged {
    /// Of a monitor that was just loaded.
    pub(crate) fn new(app: &App, monitor: Monitor, now: Moment) -> Judged {
        let Kept { state, damage } = Kept::of(&monitor);
        let compiled = app.rules.get(&monitor.about.rules, now);
        Judged {
            memory: compiled.is_healthchecks.then(|| kept::memory(&monitor.live)),
            compiled,
            blind: app.watch.recent(),
            changes: Vec::new(),
            untold: None,
            wake_at: monitor.live.wake_at,
            quiet_until: quiet_until(app, &monitor, now),
            event_count: monitor.live.event_count,
            incident_id: monitor.live.incident_id.clone(),
            followed: state.host().map(str::to_owned),
            is_anew: false,
            damage,
            state,
            monitor,
        }
    }

    /// Of a monitor that hears what was said elsewhere, long ago: what this receiver did not see has no
    /// part in it.
    pub(crate) fn of_the_past(app: &App, monitor: Monitor, now: Moment) -> Judged {
        Judged { blind: Arc::default(), ..Judged::new(app, monitor, now) }
    }

    /// Lets something happen to it.
    pub(crate) fn step(&mut self, input: &Input, now: Moment) -> Taken {
        // Doubt about a blind time concerns what is judged while it lasts, and a deadline within it that
        // is judged late. A monitor that was bad has no deadline, and may get one by what is heard now.
        let doubted = |until: Moment| {
            let until = until.after(DOUBT_MAX);
            now < until || self.wake_at.is_some_and(|at| at < until)
        };
        let news = self.blind.iter().filter(|blind| !self.state.has_seen(blind.until));
        let news = news.filter(|blind| doubted(blind.until));
        let times: Vec<_> = news.map(|blind| (blind.from, blind.until)).collect();
        if !times.is_empty() {
            self.one(&Input::Blind(times), now);
        }
        self.one(input, now)
    }

    /// Whether people are to be left alone now: paused or in maintenance.
    pub(crate) fn is_quiet(&self) -> bool {
        self.state.pause.is_some() || self.quiet_until.is_some()
    }

    /// When a pause or maintenance may end by itself.
    pub(crate) fn quiet_end(&self, now: Moment) -> Option<Moment> {
        let pause = self.state.pause.as_ref().and_then(|pause| pause.until);
        [self.quiet_until, pause].into_iter().flatten().filter(|until| *until > now).min()
    }

    fn one(&mut self, input: &Input, now: Moment) -> Taken {
        let now = self.state.not_before(now);
        // A mistake of ours that one monitor brings to light must not keep the others from being judged.
        let judge = || step(&self.compiled.rules, &self.state, input, now);
        let Ok(step) = catch_unwind(AssertUnwindSafe(judge)) else {
            self.damage = Some("hb failed to judge it, which is a bug in hb".to_owned());
            return Taken::default();
        };
        if matches!(input, Input::Event(_)) {
            self.damage = None;
        }
        self.state = step.state;
        self.wake_at = step.wake_at;
        self.changes.extend(step.changes);
        step.heard.unwrap_or_default()
    }

    /// Forgets what was heard: it is as if it were made now. An incident ends without a word, for it
    /// says nothing about the job.
    pub(crate) fn begin_anew(&mut self, now: Moment) {
        let from = self.status();
        self.state = State::new(now);
        self.memory = self.memory.as_ref().map(|_| Memory::default());
        self.is_anew = true;
        self.damage = None;
        let reason = Reason::Resumed(Forgiven::default());
        self.changes.push(Change { from, to: self.status(), at: now, reason });
        self.one(&Input::Tick, now);
    }

    /// Counts an event.
    pub(crate) fn count_event(&mut self) {
        self.event_count += 1;
    }

    /// How many events it has had.
    pub(crate) fn event_count(&self) -> u64 {
        self.event_count
    }

    /// The status as of the last step.
    pub(crate) fn status(&self) -> Status {
        self.state.status()
    }

    /// Writes down what has changed and what people are to be told.
    pub(crate) fn settle(
        &mut self,
        tx: &mut dyn Tx,
        now: Moment,
        effects: &mut Effects,
    ) -> Result<(), Trouble> {
        if !self.changes.is_empty() {
            changes::insert(
                tx,
                &self.changes.iter().map(|one| self.stored(one)).collect::<Vec<_>>(),
            )?;
            effects.news.extend(self.changes.iter().map(|change| self.news(change)));
        }
        if self.state.host() != self.followed.as_deref() {
            followers::follow(tx, &self.monitor, self.state.host())?;
            effects.follows = true;
        }
        let (status, faulty) = (self.status(), self.fault().is_some());
        let is_bad = incident::severity_of(status).is_some() || faulty;
        let is_kept_back = (is_bad || self.incident_id.is_some()) && self.tell(tx, now, effects)?;
        self.look_after_maintenance(is_kept_back, now);
        if faulty {
            self.wake_at = Some(now.after(FAULTY_LOOK));
        }
        effects.wake(self.wake_at);
        Ok(())
    }

    /// Wakes up at the end of maintenance if there is something to tell then, and only then: of those
    /// that it covers most are well, and all of them would wake up at the same moment.
    fn look_after_maintenance(&mut self, is_kept_back: bool, now: Moment) {
        let until = self.quiet_until.filter(|_| is_kept_back);
        if until != self.state.quiet_until.filter(|until| *until > now) {
            self.one(&Input::Quiet { until }, now);
        }
    }

    /// Opens, worsens or closes the incident, as the rules have it; whether that is kept back.
    fn tell(
        &mut self,
        tx: &mut dyn Tx,
        now: Moment,
        effects: &mut Effects,
    ) -> Result<bool, Trouble> {
        let ids: Vec<String> = self.incident_id.iter().cloned().collect();
        let mut incident = incidents::by_id(tx, &ids)?.into_iter().next();
        let closed_at = incident.as_ref().and_then(|incident| incident.closed_at);
        if closed_at.is_some_and(|at| self.state.last_failure_at > Some(at)) {
            // A job that has failed once more is news to whoever has closed the incident before.
            incident = None;
            self.untold = self.state.last_failure();
        }
        if incident.is_none() {
            self.incident_id = None;
        }
        let open = incident.as_ref().map(|incident| Open {
            severity: Severity::parse(&incident.severity).unwrap_or_default(),
            is_resolved: incident.closed_at.is_some(),
        });
        let plan = match self.fault() {
            // Nobody can say how a monitor does that makes no sense; that is told, once.
            Some(_) if open.is_none() => {
                Plan::Open { severity: Severity::Critical, reason: Status::Unknown }
            }
            Some(_) => Plan::Nothing,
            None => incident::plan(open.as_ref(), self.status()),
        };
        // One that was begun anew ends its incident without a word, which disturbs nobody.
        if self.is_quiet() && !self.is_anew {
            return Ok(plan != Plan::Nothing);
        }
        if plan != Plan::Nothing && self.changes.is_empty() && self.untold.is_none() {
            // What is told now was kept back: it happened earlier, and was written down then.
            self.untold = self.last_stored(tx)?;
        }
        match (plan, incident.as_mut()) {
            (Plan::Nothing, Some(incident)) => reminders::bring_back(tx, incident, now, effects)?,
            (Plan::Nothing, None) => {}
            (Plan::Open { severity, .. }, _) => {
                // Healthchecks has one kind of down, of which people are told once.
                let critical = self.compiled.is_healthchecks.then_some(Severity::Critical);
                let severity = critical.map_or(severity, |critical| critical.max(severity));
                let opened = self.opened(severity, now)?;
                incidents::insert(tx, &opened)?;
                alerts::told(tx, self, &opened, Turn::Opened, now)?;
                effects.wake(opened.remind_at);
                self.incident_id = Some(opened.id);
                effects.alerts = true;
            }
            (Plan::Worsen { severity }, Some(incident)) => {
                incident.severity = severity.word().to_owned();
                incident.reason = self.reason(now);
                incident.told_at = Some(now);
                // People have just heard of it.
                let acked = incident.acknowledged_at.is_some();
                let remind_at = incident::next_reminder(incident.opened_at, now, acked);
                incident.remind_at = Some(remind_at);
                incidents::update(tx, incident)?;
                alerts::told(tx, self, incident, Turn::Worse, now)?;
                effects.wake(incident.remind_at);
                effects.alerts = true;
            }
            (Plan::Close, Some(incident)) => {
                incident.closed_at = Some(now);
                incident.remind_at = None;
                incidents::update(tx, incident)?;
                match self.is_anew {
                    true => alerts::withdraw(tx, &incident.id)?,
                    false => alerts::closed(tx, self, incident, now)?,
                }
                self.incident_id = None;
                effects.alerts = true;
            }
            (Plan::Forget, _) => self.incident_id = None,
            // These are planned of one that is there.
            (Plan::Worsen { .. } | Plan::Close, None) => {}
        }
        Ok(false)
    }

    fn opened(&self, severity: Severity, now: Moment) -> Result<Incident, Trouble> {
        let since = self.last_change().map_or(now, |change| change.at).min(now);
        Ok(Incident {
            id: super::secrets::uuid().map_err(Trouble::Unavailable)?,
            project_id: self.monitor.project_id,
            monitor_id: self.monitor.id,
            severity: severity.word().to_owned(),
            reason: self.reason(now),
            opened_at: since,
            closed_at: None,
            acknowledged_at: None,
            acknowledged_by: None,
            snoozed_until: None,
            told_at: Some(now),
            remind_at: Some(incident::next_reminder(now, now, false)),
            data: serde_json::json!({ "status": self.shown_status() }).to_string(),
        })
    }

    /// Why it cannot be watched, if so.
    fn fault(&self) -> Option<&str> {
        self.compiled.fault.as_deref().or(self.damage.as_deref())
    }

    /// The word for messages: one that cannot be watched is `broken`.
    pub(crate) fn shown_status(&self) -> &'static str {
        if self.fault().is_some() { "broken" } else { self.status().word() }
    }

    /// Why it is as it is, in one sentence.
    pub(crate) fn reason(&self, now: Moment) -> String {
        match (self.fault(), self.last_change()) {
            (Some(fault), _) => format!("it cannot be watched: {fault}"),
            (None, Some(change)) => reasons::sentence(&change.reason, &self.compiled.rules, now),
            (None, None) => format!("it is {}", self.status().word()),
        }
    }

    /// The last change of this transaction, or what is told although its word stays.
    pub(crate) fn last_change(&self) -> Option<&Change> {
        self.changes.last().or(self.untold.as_ref())
    }

    /// The change that made it what it is, as it was written down.
    pub(crate) fn last_stored(&self, tx: &mut dyn Tx) -> Result<Option<Change>, Trouble> {
        let stored = changes::page(tx, self.monitor.id, None, 1)?.rows.into_iter().next();
        Ok(stored.and_then(|stored| {
            let from = Status::parse(&stored.change.from_status)?;
            let to = Status::parse(&stored.change.to_status)?;
            let reason = serde_json::from_str(&stored.change.reason).ok()?;
            Some(Change { from, to, at: stored.change.at, reason }).filter(|_| to == self.status())
        }))
    }

    fn stored(&self, change: &Change) -> NewChange {
        NewChange {
            monitor_id: self.monitor.id,
            from_status: change.from.word().to_owned(),
            to_status: change.to.word().to_owned(),
            at: change.at,
            reason: serde_json::to_string(&change.reason).unwrap_or_default(),
        }
    }

    fn news(&self, change: &Change) -> News {
        News {
            slug: self.monitor.about.slug.clone(),
            from: change.from,
            to: change.to,
            reason: reasons::sentence(&change.reason, &self.compiled.rules, change.at),
        }
    }

    /// Everything about it that the store keeps beside what people say.
    pub(crate) fn live(&self) -> Result<Live, Trouble> {
        let rules = &self.compiled.rules;
        Ok(Live {
            state: kept::text(&self.state, self.memory.as_ref(), self.damage.as_deref())?,
            status: self.status().word().to_owned(),
            wake_at: self.wake_at,
            due_at: self.state.due_at(rules),
            deadline_at: self.state.deadline_at(rules),
            last_success_at: self.state.last_success_at,
            last_event_at: self.state.last_event_at,
            started_at: self.state.open_runs(rules).iter().map(|run| run.started_at).min(),
            event_count: self.event_count,
            incident_id: self.incident_id.clone(),
        })
    }
}

/// Writes back what was judged.
pub(crate) fn save(tx: &mut dyn Tx, judged: Vec<&Judged>, now: Moment) -> Result<(), Trouble> {
    let lives: Vec<Live> = judged.iter().map(|one| one.live()).collect::<Result<_, _>>()?;
    let rows: Vec<(i64, i64, &Live)> = judged
        .iter()
        .zip(&lives)
        .map(|(one, live)| (one.monitor.id, one.monitor.version, live))
        .collect();
    monitors::save(tx, &rows, now)
}
