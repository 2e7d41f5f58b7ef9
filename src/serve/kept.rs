//! The text in which the store keeps the state of a monitor: the state, and what stands beside it.
//!
//! A text that makes no sense is never a reason not to watch: it is read as the state of a new monitor
//! that is damaged. People are told of that, and it lasts until the job is heard of again.

use crate::domain::healthchecks::Memory;
use crate::domain::transition::State;
use crate::store::Trouble;
use crate::store::monitors::{Live, Monitor};

/// What a text holds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Kept {
    /// The state.
    pub(crate) state: State,
    /// Why it may not be right.
    pub(crate) damage: Option<String>,
}

/// What stands beside the state, as members of the same JSON.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct Beside {
    healthchecks: Memory,
    damage: Option<String>,
}

/// Most states have nothing beside them, and they are read all the time.
fn beside(text: &str, name: &str) -> Option<Beside> {
    let is_there = text.contains(&format!("\"{name}\":"));
    is_there.then(|| serde_json::from_str(text).unwrap_or_default())
}

/// What Healthchecks remembers of a check beside its state.
pub(crate) fn memory(live: &Live) -> Memory {
    beside(&live.state, "healthchecks").unwrap_or_default().healthchecks
}

impl Kept {
    /// Of a monitor, whatever its row holds.
    pub(crate) fn of(monitor: &Monitor) -> Kept {
        let text = &monitor.live.state;
        match serde_json::from_str(text) {
            Ok(state) => {
                let known = beside(text, "damage").and_then(|beside| beside.damage);
                Kept { state, damage: known.or_else(|| monitor.damage.clone()) }
            }
            Err(error) => Kept {
                state: State::new(monitor.created_at),
                damage: Some(format!("what was known of it cannot be read: {error}")),
            },
        }
    }
}

/// The text of a state with what stands beside it.
pub(crate) fn text(
    state: &State,
    memory: Option<&Memory>,
    damage: Option<&str>,
) -> Result<String, Trouble> {
    let ours = |error| Trouble::Ours(format!("a state cannot be written: {error}"));
    let mut text = serde_json::to_string(state).map_err(ours)?;
    let mut add = |name: &str, value: String| {
        // The state has members always: what was told last.
        if text.pop() == Some('}') {
            text.push_str(&format!(",\"{name}\":{value}}}"));
        }
    };
    if let Some(memory) = memory.filter(|memory| **memory != Memory::default()) {
        add("healthchecks", serde_json::to_string(memory).map_err(ours)?);
    }
    if let Some(damage) = damage {
        add("damage", serde_json::to_string(damage).map_err(ours)?);
    }
    Ok(text)
}
