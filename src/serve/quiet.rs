//! Who is left alone now: the plans of maintenance, as every judgement asks for them.
//!
//! Plans are kept in memory with the windows that are open now, and are looked at again only when the
//! nearest window begins or ends. So judging costs nothing while there is no maintenance, and nobody is
//! visited when it begins. At its end those are woken about whom something was kept back: their state
//! has the end of the window in it, which is a moment to wake up like any other.
//!
//! The hard part is a plan that is called off while several nodes judge. One that has not heard of it
//! yet keeps people undisturbed for the window as it was. So every node that reads changed plans wakes
//! whoever may have been kept back, and the last one to hear of it sets right what was done before.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::app::App;
use crate::domain::maintenance::{Scope, When};
use crate::domain::schedule::{Line, Schedule};
use crate::domain::time::Moment;
use crate::store::maintenance::{self, Maintenance};
use crate::store::{Trouble, Tx, due, meta};
use crate::sys::{clock, zone};

/// The name under which the store has the number of the last change of plans, for other nodes.
const CHANGES: &str = "maintenance-changes";

/// The scope of a plan as the store has it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct StoredScope {
    /// For monitors with these slugs.
    pub(crate) monitors: Vec<String>,
    /// For monitors with any of these tags.
    pub(crate) tags: Vec<String>,
    /// The zone of the schedule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) timezone: Option<String>,
}

impl StoredScope {
    /// Reads what the store has.
    pub(crate) fn parse(text: &str) -> StoredScope {
        serde_json::from_str(text).unwrap_or_default()
    }
}

/// A plan that can be asked; none where what the store has makes no sense, for then people are told.
pub(crate) fn when(plan: &Maintenance) -> Option<When> {
    if let Some(schedule) = &plan.schedule {
        let line = Line::parse(None, schedule).ok()?;
        let named = line.zone.or(StoredScope::parse(&plan.scope).timezone);
        let zone = match named {
            Some(name) => zone::named(&name).ok()?,
            None => zone::of_this_host(),
        };
        let fits = matches!(line.schedule, Schedule::Cron(_) | Schedule::Calendar(_));
        let lasts = Duration::from_millis(plan.duration_ms?);
        let schedule = Box::new(line.schedule);
        return fits.then_some(When::Again { schedule, zone, lasts });
    }
    Some(When::Once { from: plan.from_at?, until: plan.until_at? })
}

/// A window that is open.
#[derive(Debug)]
struct Window {
    scope: Scope,
    until: Moment,
}

#[derive(Debug, Default)]
struct Known {
    /// The number of the change that these are the plans of; none where that must be read again.
    number: Option<u64>,
    plans: Vec<(i64, Scope, When)>,
    /// The open windows by project, and from when until when that is all of them.
    open: HashMap<i64, Vec<Window>>,
    holds: Option<(Moment, Moment)>,
}

/// The plans of all projects.
#[derive(Debug, Default)]
pub(crate) struct Quiet {
    known: Mutex<Known>,
}

impl Quiet {
    /// Until when a monitor is to be left alone; none where it is not.
    pub(crate) fn until(
        &self,
        project_id: i64,
        slug: &str,
        tags: &[String],
        now: Moment,
    ) -> Option<Moment> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.plans.is_empty() {
            return None;
        }
        if !known.holds.is_some_and(|(from, until)| from <= now && now < until) {
            known.look(now);
        }
        let open = known.open.get(&project_id)?;
        open.iter()
            .filter(|window| window.scope.covers(slug, tags))
            .map(|window| window.until)
            .max()
    }

    /// Takes plans as they were after a change, unless newer ones are known.
    pub(super) fn take(&self, number: u64, plans: &[(i64, Maintenance)]) {
        let plans = plans.iter().filter_map(|(_, plan)| {
            let StoredScope { monitors, tags, .. } = StoredScope::parse(&plan.scope);
            Some((plan.project_id, Scope { monitors, tags }, when(plan)?))
        });
        let new = Known { number: Some(number), plans: plans.collect(), ..Known::default() };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.number.is_none_or(|known| known < number) {
            *known = new;
        }
    }

    /// The number of the change whose plans are known; none where they must be read.
    pub(super) fn number(&self) -> Option<u64> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).number
    }

    fn read_again(&self) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).number = None;
    }
}

impl Known {
    /// Finds the windows that are open at `now`, and until when they are all of them.
    fn look(&mut self, now: Moment) {
        let mut holds_until = Moment::from_epoch_ms(i64::MAX);
        self.open.clear();
        for (project_id, scope, when) in &self.plans {
            let until = when.quiet_until(now);
            for at in [until, when.next_begin(now)].into_iter().flatten() {
                holds_until = holds_until.min(at);
            }
            if let Some(until) = until {
                let window = Window { scope: scope.clone(), until };
                self.open.entry(*project_id).or_default().push(window);
            }
        }
        self.holds = Some((now, holds_until));
    }
}

/// The number of the last change of plans.
fn number(tx: &mut dyn Tx) -> Result<u64, Trouble> {
    Ok(meta::find(tx, CHANGES)?.and_then(|text| text.parse().ok()).unwrap_or(0))
}

/// Notes within a transaction that plans have changed, so that every node reads them again.
pub(crate) fn changed(tx: &mut dyn Tx) -> Result<(), Trouble> {
    meta::count(tx, CHANGES)
}

/// The number of a change, and all plans with their own numbers as they are since.
type Changed = (u64, Vec<(i64, Maintenance)>);

/// The plans, if their last change is another one than is known.
pub(super) fn newer(tx: &mut dyn Tx, known: Option<u64>) -> Result<Option<Changed>, Trouble> {
    let number = number(tx)?;
    // Where there never was a plan there is nothing to read.
    if known.unwrap_or(0) == number {
        return Ok(None);
    }
    Ok(Some((number, maintenance::all(tx)?)))
}

/// Reads the plans, if they have changed since they were read, and has those judged again about whom
/// something may have been kept back.
pub(crate) async fn refresh(app: &Arc<App>) -> Result<(), Trouble> {
    let known = app.quiet.number();
    let found = app.store.read(move |tx| newer(tx, known));
    let Some((number, plans)) = found.await? else { return Ok(()) };
    app.quiet.take(number, &plans);
    // What is judged by the plans before, and not yet committed, must be found by what follows.
    app.catch_up().await;
    let woken = app.store.write(|tx| due::wake_untold(tx, clock::now())).await;
    if woken.is_err() {
        app.quiet.read_again();
    }
    app.wake_checker.notify_one();
    woken.map(drop)
}
