//! The address of an Opsgenie heartbeat: pasted whole, or made of its name.

use super::parameters::Parameters;
use super::template::plain;
use crate::domain::address::{Address, percent_encode};

/// The address of one heartbeat.
pub(super) fn complete(
    pasted: &Address,
    parameters: &Parameters,
    monitor: Option<&str>,
) -> Result<Address, String> {
    let mut segments = pasted.segments();
    if segments.ends_with(&["ping"]) && segments.contains(&"heartbeats") {
        return Ok(pasted.clone());
    }
    // What is there of the way to a heartbeat is not put there a second time.
    if let Some(at) = segments.iter().rposition(|segment| *segment == "heartbeats") {
        if segments.len() == at + 2 {
            segments.push("ping");
            return Ok(pasted.with_segments(&segments));
        }
        segments.truncate(at.saturating_sub(1));
    }
    let name = parameters.get("name").map(plain).or(monitor.map(str::to_owned));
    let name = name.ok_or("an Opsgenie heartbeat needs a name; name the monitor, or set `name`")?;
    let name = percent_encode(&name);
    segments.extend(["v2", "heartbeats", &name, "ping"]);
    Ok(pasted.with_segments(&segments))
}
