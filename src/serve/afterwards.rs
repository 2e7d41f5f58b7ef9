//! After a blind time: one message that says what was due meanwhile, and what became of it.
//!
//! How many runs were due is counted when the blind time is noticed, in the transaction that writes it
//! down, for afterwards their deadlines move on. The message is written once the last doubt is settled;
//! what waits for that stands in the store, so that a restart neither forgets nor repeats it.
//!
//! It explains alarms, so it comes with alarms only: where all that was due is confirmed nobody is woken to
//! hear it, and of a single run its own alarm says as much.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::app::App;
use super::blind::Blind;
use super::effects::Effects;
use crate::domain::incident::Severity;
use crate::domain::time::Moment;
use crate::notify::message::{About, Message, What, when};
use crate::store::deliveries::{self, NewDelivery};
use crate::store::doubts::{self, Between};
use crate::store::{Trouble, Tx, channels, meta};
use crate::sys::zone;

/// The name under which the store has what is to be told.
const NAME: &str = "blind-reports";

/// Reports that wait at most; then the oldest is told as things stand.
const REPORTS_MAX: usize = 50;

/// No doubt lasts longer than this after a blind time, and it is judged within the rest.
const SETTLED_AFTER: Duration = Duration::from_secs(15 * 60 + 5);

/// Deadlines are judged a moment after they pass.
const JUDGED_AFTER: Duration = Duration::from_secs(1);

/// While something is still to be judged it is asked again after this.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// A blind time of which a project is to be told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Report {
    project_id: i64,
    from: Moment,
    until: Moment,
    due: u64,
    look_at: Moment,
}

impl Report {
    fn between(&self) -> Between {
        Between { from: self.from, until: self.until }
    }
}

fn waiting(tx: &mut dyn Tx) -> Result<Vec<Report>, Trouble> {
    let text = meta::find(tx, NAME)?;
    // What cannot be read is a report that is lost, which must not keep anybody from being alarmed.
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
}

fn save(tx: &mut dyn Tx, reports: &[Report]) -> Result<(), Trouble> {
    let text = serde_json::to_string(reports)
        .map_err(|error| Trouble::Ours(format!("a report cannot be written: {error}")))?;
    meta::save(tx, NAME, &text)
}

/// Notes whom a blind time that was just noticed concerns.
pub(crate) fn note(tx: &mut dyn Tx, blind: Blind) -> Result<(), Trouble> {
    let between = Between { from: blind.from, until: blind.until };
    let due = doubts::doubtful_counts(tx, between, blind.until.after(JUDGED_AFTER))?;
    if due.is_empty() {
        return Ok(());
    }
    let mut reports = waiting(tx)?;
    // Two nodes may notice one blind time a moment apart.
    let overlaps = |known: &Report, id: i64| known.project_id == id && known.until > blind.from;
    let due = due.into_iter().filter(|(id, _)| !reports.iter().any(|known| overlaps(known, *id)));
    let due: Vec<(i64, u64)> = due.collect();
    reports.extend(due.into_iter().map(|(project_id, due)| Report {
        project_id,
        from: blind.from,
        until: blind.until,
        due,
        look_at: blind.until,
    }));
    save(tx, &reports)
}

/// Tells what is settled by `now`.
pub(crate) fn tell(
    tx: &mut dyn Tx,
    app: &App,
    now: Moment,
    effects: &mut Effects,
) -> Result<Option<Moment>, Trouble> {
    let mut reports = waiting(tx)?;
    if reports.is_empty() {
        return Ok(None);
    }
    let known = reports.clone();
    let mut kept = Vec::new();
    let too_many = reports.len().saturating_sub(REPORTS_MAX);
    for (place, mut report) in reports.drain(..).enumerate() {
        let over_at = report.until.after(SETTLED_AFTER);
        let is_pressed = now >= over_at || place < too_many;
        if now < report.look_at && !is_pressed {
            kept.push(report);
            continue;
        }
        let last = doubts::last_doubt(tx, report.project_id, report.between(), over_at)?;
        if let Some(last) = last.filter(|_| !is_pressed) {
            // When the last doubt ends, or at once for those that wait to be judged.
            report.look_at = last.max(now).after(LOOK_EVERY);
            kept.push(report);
            continue;
        }
        let missing = doubts::unheard(tx, report.project_id, report.between())?.min(report.due);
        if is_news(report.due, missing) {
            write(tx, app, &report, missing, now)?;
            effects.alerts = true;
        }
    }
    if kept != known {
        save(tx, &kept)?;
    }
    Ok(kept.iter().map(|report| report.look_at).min())
}

/// Whether people are told of it.
fn is_news(due: u64, missing: u64) -> bool {
    due > 1 && missing > 0
}

fn write(
    tx: &mut dyn Tx,
    app: &App,
    report: &Report,
    missing: u64,
    now: Moment,
) -> Result<(), Trouble> {
    let zone = zone::of_this_host();
    let message = Message {
        what: What::Blind,
        monitor: About { url: Some(app.public_url()), ..About::default() },
        severity: Severity::Warning,
        status: "unknown".to_owned(),
        reason: sentence(report.due, missing),
        happened_at: when(report.until, &zone),
        at_ms: Some(report.until.epoch_ms()),
        since: Some(when(report.from, &zone)),
        until: Some(when(report.until, &zone)),
        ..Message::default()
    };
    let (from, until) = (report.from.epoch_ms(), report.until.epoch_ms());
    for channel in channels::of_project(tx, report.project_id)? {
        let id = format!("blind-{}-{from}-{until}-{}", report.project_id, channel.id);
        let message = Message { delivery_id: id.clone(), ..message.clone() };
        let text = serde_json::to_string(&message)
            .map_err(|error| Trouble::Ours(format!("a message cannot be written: {error}")))?;
        let delivery = NewDelivery {
            id,
            incident_id: None,
            monitor_id: None,
            channel_id: channel.id,
            what: "blind".to_owned(),
            message: text,
            next_at: now,
            fold: None,
        };
        deliveries::insert(tx, &[delivery], now)?;
    }
    Ok(())
}

/// What was due, and what became of it.
fn sentence(due: u64, missing: u64) -> String {
    let told = match due.saturating_sub(missing) {
        0 => "none is confirmed since".to_owned(),
        1 => format!("1 is confirmed since, {missing} not"),
        told => format!("{told} are confirmed since, {missing} not"),
    };
    format!("{due} runs were due then; {told}")
}

#[cfg(test)]
mod tests {
    use super::{is_news, sentence};

    #[test]
    fn it_says_how_many_were_due_and_what_became_of_them() {
        let cases = [
            (14, 2, "14 runs were due then; 12 are confirmed since, 2 not"),
            (2, 1, "2 runs were due then; 1 is confirmed since, 1 not"),
            (4, 4, "4 runs were due then; none is confirmed since"),
        ];
        for (due, missing, said) in cases {
            assert_eq!(sentence(due, missing), said);
            assert!(is_news(due, missing));
        }
        assert!(
            ![(14, 0), (1, 1), (1, 0), (0, 0)]
                .into_iter()
                .any(|(due, missing)| is_news(due, missing))
        );
    }
}
