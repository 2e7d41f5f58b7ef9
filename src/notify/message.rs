//! What is to be told, before anybody knows through which channel.
//!
//! A message is written down together with its delivery, so it holds words rather than things to
//! look up: moments are spelled in the monitor's zone by whoever makes it. It is read back by the
//! same hb or by a later one, hence a default for every field. What a job or a client has put into
//! its fields may be hostile; the words made of it (`wording`) and every channel treat it so.

use serde::{Deserialize, Serialize};

use super::together::Other;
use crate::domain::incident::Severity;
use crate::domain::schedule::zone::Zone;
use crate::domain::text;
use crate::domain::time::Moment;

/// Lines of a job's output that a message quotes: what fits on a screen beside the rest.
pub(crate) const LAST_LINES_MAX: usize = 20;

/// Bytes of a job's output that a message quotes.
pub(crate) const LAST_LINES_BYTES_MAX: usize = 2 * 1024;

/// What is being told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum What {
    /// Something went bad.
    Opened,
    /// What is bad got worse.
    Worse,
    /// It is still bad.
    Reminder,
    /// It is good again.
    Recovered,
    /// It was bad and is good again, and nobody could be told in between.
    WasDown,
    /// Somebody tries the channel.
    #[default]
    Test,
    /// The receiver itself could not see for a while.
    Blind,
}

impl What {
    /// Whether this says that something is well.
    pub(crate) fn is_good(self) -> bool {
        matches!(self, What::Recovered | What::WasDown)
    }
}

/// The monitor that a message is about. A message about hb itself has one without a name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct About {
    /// What people call it.
    pub(crate) name: String,
    /// Its short name, as commands and URLs have it.
    pub(crate) slug: String,
    /// Its UUID: `$CODE` of a webhook.
    pub(crate) uuid: String,
    /// Who looks after it.
    pub(crate) owner: Option<String>,
    /// What it is for.
    pub(crate) description: Option<String>,
    /// Its tags.
    pub(crate) tags: Vec<String>,
    /// Its page.
    pub(crate) url: Option<String>,
}

/// How the reader says "I am on it".
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Acknowledge {
    /// In words: `hb incident ack 0199a1b2-0000-7000-8000-000000000001`.
    pub(crate) text: String,
    /// A page to press a button on.
    pub(crate) url: Option<String>,
}

/// Everything a message can say.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Message {
    /// What is being told.
    pub(crate) what: What,
    /// The project's name.
    pub(crate) project: String,
    /// The monitor.
    pub(crate) monitor: About,
    /// How bad it is.
    pub(crate) severity: Severity,
    /// The incident, the same for all its messages.
    pub(crate) incident_id: String,
    /// The delivery: the same for every attempt at it, so that repeats are recognised.
    pub(crate) delivery_id: String,
    /// The status word: what it is now while bad, what it was once it is good again.
    pub(crate) status: String,
    /// Why, in one sentence without a full stop.
    pub(crate) reason: String,
    /// When the run was expected: `03:00 Europe/Berlin (01:00 UTC)`.
    pub(crate) expected: Option<String>,
    /// When what is being told happened; see [`when`].
    pub(crate) happened_at: String,
    /// The last exit code; negative for a unix signal.
    pub(crate) exit_code: Option<i32>,
    /// The end of the last run's output; see [`last_lines`].
    pub(crate) last_lines: Vec<String>,
    /// Since when it is or was bad, or hb was blind.
    pub(crate) since: Option<String>,
    /// Until when it was bad, or hb was blind.
    pub(crate) until: Option<String>,
    /// How to acknowledge it.
    pub(crate) how_to_ack: Option<Acknowledge>,
    /// The moment that it is about: `$NOW` of a webhook; none: when it is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) at_ms: Option<i64>,
    /// What came with the last ping, as it came: `$BODY` of a webhook; none: the last lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) body: Option<String>,
    /// The host that it ran on, where clients have said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) host: Option<String>,
    /// The other monitors that this is about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) others: Vec<Other>,
    /// The monitor as the management API shows it: `$JSON` of a webhook.
    pub(crate) monitor_json: Option<serde_json::Value>,
}

/// A moment as a woken person reads it, in the monitor's zone and in UTC:
/// `2026-09-29 03:40 Europe/Berlin (01:40 UTC)`. The day of the UTC time is said where it differs.
pub(crate) fn when(at: Moment, zone: &Zone) -> String {
    let offset_s = zone.offset_s(at.epoch_ms().div_euclid(1_000));
    let minutes = |text: String| text.chars().take("2026-09-29 03:40".len()).collect::<String>();
    let local = minutes(at.to_short(i32::try_from(offset_s).unwrap_or(0)));
    let utc = minutes(at.to_short_utc());
    let name = zone.name();
    // Hosts call it `Etc/UTC`; nobody needs to read it twice.
    if matches!(name, "UTC" | "Etc/UTC") {
        return format!("{utc} UTC");
    }
    let utc = match (local.split_once(' '), utc.split_once(' ')) {
        (Some((day, _)), Some((same, time))) if day == same => time.to_owned(),
        _ => utc,
    };
    format!("{local} {name} ({utc} UTC)")
}

/// The end of a job's output as a message quotes it: what a terminal would still show, harmless, at
/// most [`LAST_LINES_MAX`] lines and [`LAST_LINES_BYTES_MAX`] bytes. Of a line that is too long its
/// end is quoted, for that is where it says what went wrong.
pub(crate) fn last_lines(output: &[u8]) -> Vec<String> {
    // Escapes make text longer, four bytes for one at the most, so this much is enough to look at.
    let near = &output[output.len().saturating_sub(4 * LAST_LINES_BYTES_MAX)..];
    let shown = text::printable(&text::clean(near));
    let mut room = LAST_LINES_BYTES_MAX;
    let mut lines = Vec::new();
    let filled = shown.lines().rev().map(str::trim_end).filter(|line| !line.is_empty());
    for line in filled.take(LAST_LINES_MAX) {
        if room == 0 {
            break;
        }
        let mut from = line.len().saturating_sub(room);
        while !line.is_char_boundary(from) {
            from += 1;
        }
        lines.push(line[from..].to_owned());
        room = room.saturating_sub(line.len() + 1);
    }
    lines.reverse();
    lines
}
