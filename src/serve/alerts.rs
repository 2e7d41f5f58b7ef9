//! What people are told, written into the outbox in the transaction that causes it.
//!
//! A message is made of words here and now, because later the monitor may be another one. Each delivery has
//! an id that follows from its incident, its channel and its turn, so writing it twice is writing it once.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::folds;
use super::judge::Judged;
use super::quoted;
use crate::domain::incident::{self, Opening, Severity, Told};
use crate::domain::time::Moment;
use crate::domain::transition::Reason;
use crate::notify::message::{About, Acknowledge, Message, What, last_lines, when};
use crate::store::channels::{self, Channel};
use crate::store::deliveries::{self, Delivery, DeliveryState, NewDelivery};
use crate::store::incidents::{self, Incident};
use crate::store::monitors::Monitor;
use crate::store::{Trouble, Tx};

/// Of an output as much is kept for a webhook's `$BODY`: what Healthchecks keeps.
const BODY_BYTES_MAX: usize = 10_000;

/// The channels of a monitor, as its row has them: all of its project's, or those of these UUIDs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Chosen {
    /// All of the project's.
    All,
    /// These.
    Some(Vec<String>),
}

/// How the store has it that all channels are told.
const ALL: &str = "\"*\"";

impl Chosen {
    /// Reads what the store has.
    pub(crate) fn parse(text: &str) -> Chosen {
        if text == ALL {
            return Chosen::All;
        }
        match serde_json::from_str::<Value>(text) {
            Ok(Value::Array(uuids)) => Chosen::Some(
                uuids.iter().filter_map(|uuid| uuid.as_str().map(str::to_owned)).collect(),
            ),
            // What cannot be read means everybody: told once too often is better than never.
            Ok(_) | Err(_) => Chosen::All,
        }
    }

    /// As the store keeps it.
    pub(crate) fn stored(&self) -> String {
        match self {
            Chosen::All => ALL.to_owned(),
            Chosen::Some(uuids) => json!(uuids).to_string(),
        }
    }

    /// Those of a project's channels that are told. Where not one of the chosen is there any more, it is
    /// all of them: somebody was to be told. Only who has chosen none wants silence.
    pub(crate) fn told<'a>(&self, channels: &'a [Channel]) -> Vec<&'a Channel> {
        match self {
            Chosen::Some(uuids) if !self.is_all(channels) => {
                channels.iter().filter(|channel| uuids.contains(&channel.about.uuid)).collect()
            }
            Chosen::All | Chosen::Some(_) => channels.iter().collect(),
        }
    }

    /// Whether it is all of a project's channels, by choice or because none of the chosen is there.
    pub(crate) fn is_all(&self, channels: &[Channel]) -> bool {
        let Chosen::Some(uuids) = self else { return true };
        !uuids.is_empty() && !channels.iter().any(|channel| uuids.contains(&channel.about.uuid))
    }

    /// Whether nobody would be told if this one of the project's channels went.
    pub(crate) fn needs(&self, channel: &Channel, channels: &[Channel]) -> bool {
        let told = self.told(channels);
        *self != Chosen::All && matches!(told[..], [only] if only.id == channel.id)
    }
}

/// The channels that are told of a monitor.
fn told_of(tx: &mut dyn Tx, monitor: &Monitor) -> Result<Vec<Channel>, Trouble> {
    let chosen = Chosen::parse(&monitor.about.channels);
    let all = channels::of_project(tx, monitor.project_id)?;
    Ok(chosen.told(&all).into_iter().cloned().collect())
}

/// Why people are told of an incident that is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Something went bad.
    Opened,
    /// It is worse.
    Worse,
    /// It is still bad.
    Reminder,
}

impl Turn {
    fn what(self) -> What {
        match self {
            Turn::Opened => What::Opened,
            Turn::Worse => What::Worse,
            Turn::Reminder => What::Reminder,
        }
    }

    /// What tells its deliveries from the others of the incident: it opens once, is worse once for each
    /// severity, and is reminded of again and again.
    fn mark(self, incident: &Incident, now: Moment) -> String {
        match self {
            Turn::Opened => "opened".to_owned(),
            Turn::Worse => format!("worse-{}", incident.severity),
            Turn::Reminder => format!("reminder-{}", now.epoch_ms()),
        }
    }
}

/// Tells of an incident that is open.
pub(crate) fn told(
    tx: &mut dyn Tx,
    judged: &Judged,
    incident: &Incident,
    turn: Turn,
    now: Moment,
) -> Result<(), Trouble> {
    let message = message(tx, judged, incident, turn.what(), now)?;
    let mark = turn.mark(incident, now);
    for channel in told_of(tx, &judged.monitor)? {
        write(tx, &message, incident, &channel, &mark, now)?;
    }
    Ok(())
}

/// Tells that it is over: to whom it was told, and as one message where it could not be told before.
pub(crate) fn closed(
    tx: &mut dyn Tx,
    judged: &Judged,
    incident: &Incident,
    now: Moment,
) -> Result<(), Trouble> {
    let mut by_channel: BTreeMap<i64, Vec<Delivery>> = BTreeMap::new();
    for delivery in deliveries::of_incident(tx, &incident.id)? {
        by_channel.entry(delivery.about.channel_id).or_default().push(delivery);
    }
    for (channel_id, deliveries) in by_channel {
        let Some(channel) = channels::by_id(tx, channel_id)? else { continue };
        let what = match incident::closing(taken_back(tx, &deliveries)?) {
            Told::Recovery => What::Recovered,
            Told::Merged => What::WasDown,
            Told::Silent => continue,
        };
        let message = message(tx, judged, incident, what, now)?;
        write(tx, &message, incident, &channel, deliveries::CLOSED, now)?;
    }
    Ok(())
}

/// Takes back what nobody has begun to tell of an incident that ends without a word: who heard of it now
/// would never hear that it is over.
pub(crate) fn withdraw(tx: &mut dyn Tx, incident_id: &str) -> Result<(), Trouble> {
    let deliveries = deliveries::of_incident(tx, incident_id)?;
    taken_back(tx, &deliveries).map(drop)
}

/// An alarm could not be told. Where its incident is over by now, the message about the end has waited for
/// it and both become one; where there is none, nobody is to hear of it any more.
pub(crate) fn not_told(tx: &mut dyn Tx, alarm: &Delivery) -> Result<(), Trouble> {
    let Some(incident_id) = &alarm.about.incident_id else { return Ok(()) };
    let mut deliveries = deliveries::of_incident(tx, incident_id)?;
    deliveries.retain(|one| one.about.channel_id == alarm.about.channel_id);
    let is_end = |one: &&Delivery| one.about.what == deliveries::CLOSED;
    let Some(end) = deliveries.iter().find(is_end).cloned() else {
        let incident = incidents::by_id(tx, std::slice::from_ref(incident_id))?.pop();
        return match incident.is_some_and(|incident| incident.closed_at.is_some()) {
            true => taken_back(tx, &deliveries).map(drop),
            false => Ok(()),
        };
    };
    if incident::closing(taken_back(tx, &deliveries)?) != Told::Merged {
        return Ok(());
    }
    let Ok(known) = serde_json::from_str::<Message>(&end.about.message) else { return Ok(()) };
    let text = text_of(&Message { what: What::WasDown, ..known })?;
    deliveries::reword(tx, &end.about.id, &text).map(drop)
}

/// Takes back the alarms of one channel that nobody has begun to send, and says what became of all.
fn taken_back(tx: &mut dyn Tx, deliveries: &[Delivery]) -> Result<Opening, Trouble> {
    let mut alarms = Vec::new();
    for delivery in deliveries.iter().filter(|one| one.about.what != deliveries::CLOSED) {
        alarms.push(match delivery.state {
            // If that comes too late, somebody is sending it.
            DeliveryState::Pending => match deliveries::merge(tx, &delivery.about.id)? {
                true => Opening::Pending,
                false => Opening::Sending,
            },
            DeliveryState::Sending => Opening::Sending,
            DeliveryState::Sent => Opening::Sent,
            DeliveryState::Failed => Opening::Failed,
            DeliveryState::Merged => Opening::Unplanned,
        });
    }
    Ok(Opening::of(&alarms))
}

fn text_of(message: &Message) -> Result<String, Trouble> {
    serde_json::to_string(message)
        .map_err(|error| Trouble::Ours(format!("a message cannot be written: {error}")))
}

fn write(
    tx: &mut dyn Tx,
    message: &Message,
    incident: &Incident,
    channel: &Channel,
    turn: &str,
    now: Moment,
) -> Result<(), Trouble> {
    let id = format!("{}-{turn}-{}", incident.id, channel.id);
    let mut message = Message { delivery_id: id.clone(), ..message.clone() };
    if channel.about.kind != "webhook" {
        // Only a webhook's template can ask for it.
        message.body = None;
    }
    let text = text_of(&message)?;
    let (fold, next_at) =
        folds::of(tx, channel, (incident.monitor_id, message.host.as_deref()), message.what, now)?;
    let delivery = NewDelivery {
        id,
        incident_id: Some(incident.id.clone()),
        monitor_id: Some(incident.monitor_id),
        channel_id: channel.id,
        what: turn.split('-').next().unwrap_or(turn).to_owned(),
        message: text,
        next_at,
        fold,
    };
    deliveries::insert(tx, &[delivery], now).map(drop)
}

fn message(
    tx: &mut dyn Tx,
    judged: &Judged,
    incident: &Incident,
    what: What,
    now: Moment,
) -> Result<Message, Trouble> {
    let zone = &judged.compiled.rules.zone;
    let data: Value = serde_json::from_str(&incident.data).unwrap_or_default();
    let opened_with = data["status"].as_str().unwrap_or("down").to_owned();
    // A reminder comes without a change; what it is about was written down.
    let stored = match judged.last_change() {
        Some(_) => None,
        None => judged.last_stored(tx)?,
    };
    let news = judged.last_change();
    let change = news.or(stored.as_ref());
    let happened_at = news.map_or(now, |change| change.at);
    let status = if what.is_good() { opened_with } else { judged.shown_status().to_owned() };
    let expected = match change.map(|change| &change.reason) {
        Some(Reason::Missed { due_at, .. } | Reason::Late { due_at, .. }) => Some(*due_at),
        _ if what.is_good() => None,
        // What went wrong leaves it open when the next good run has to come.
        _ => judged.state.due_at(&judged.compiled.rules),
    };
    let quoted = quoted::of(tx, judged, change)?;
    let body_end = quoted.output.len().min(BODY_BYTES_MAX);
    Ok(Message {
        what,
        project: String::new(),
        monitor: about(&judged.monitor),
        severity: Severity::parse(&incident.severity).unwrap_or_default(),
        incident_id: incident.id.clone(),
        delivery_id: String::new(),
        status,
        reason: if what.is_good() || news.is_some() {
            judged.reason(now)
        } else {
            incident.reason.clone()
        },
        expected: expected.map(|at| when(at, zone)),
        happened_at: when(happened_at, zone),
        exit_code: quoted.exit_code,
        last_lines: last_lines(&quoted.output),
        at_ms: Some(happened_at.epoch_ms()),
        body: Some(String::from_utf8_lossy(&quoted.output[..body_end]).into_owned()),
        since: Some(when(incident.opened_at, zone)),
        until: what.is_good().then(|| when(happened_at, zone)),
        how_to_ack: (!what.is_good())
            .then(|| Acknowledge { text: format!("hb incident ack {}", incident.id), url: None }),
        host: quoted.host,
        others: Vec::new(),
        monitor_json: None,
    })
}

/// What a message says of the monitor itself.
pub(crate) fn about(monitor: &Monitor) -> About {
    let name = &monitor.about.name;
    let text = |text: &String| (!text.is_empty()).then(|| text.clone());
    About {
        name: if name.is_empty() { monitor.uuid.clone() } else { name.clone() },
        slug: monitor.about.slug.clone(),
        uuid: monitor.uuid.clone(),
        owner: text(&monitor.about.owner),
        description: text(&monitor.about.description),
        tags: monitor.about.tags.clone(),
        // A monitor has no page of its own that a link could lead to.
        url: None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Channel, Chosen};
    use crate::domain::time::Moment;
    use crate::store::channels::NewChannel;

    fn channel(id: i64, uuid: &str) -> Channel {
        let text = str::to_owned;
        Channel {
            id,
            about: NewChannel {
                uuid: text(uuid),
                project_id: 1,
                name: text(uuid),
                kind: text("slack"),
                settings: text("{}"),
                disabled: None,
            },
            created_at: Moment::from_epoch_ms(0),
            last_ok_at: None,
            last_error: None,
            last_error_at: None,
            last_note: None,
        }
    }

    #[test]
    fn who_was_to_be_told_is_never_nobody() {
        let channels = [channel(1, "a"), channel(2, "b")];
        for (stored, told, needs_a) in [
            ("\"*\"", "ab", false),
            ("[]", "", false),
            ("[\"a\"]", "a", true),
            ("[\"a\", \"gone\"]", "a", true),
            ("[\"a\", \"b\"]", "ab", false),
            ("[\"b\"]", "b", false),
            ("[\"gone\"]", "ab", false),
            ("damaged", "ab", false),
        ] {
            let chosen = Chosen::parse(stored);
            let names: Vec<&str> =
                chosen.told(&channels).iter().map(|one| one.about.name.as_str()).collect();
            assert_eq!(names.concat(), told, "{stored}");
            assert_eq!(chosen.needs(&channels[0], &channels), needs_a, "{stored}");
        }
        let gone = Chosen::parse("[\"gone\"]");
        assert!(gone.told(&[]).is_empty() && gone.is_all(&[]) && !Chosen::parse("[]").is_all(&[]));
    }
}
