//! The key of a Gatus endpoint: its group and its name, as the server itself makes them fit a path.

use super::parameters::Parameters;
use super::template::plain;
use crate::domain::address::{Address, percent_encode};

/// The address of one endpoint.
pub(super) fn complete(
    pasted: &Address,
    parameters: &Parameters,
    monitor: Option<&str>,
) -> Result<Address, String> {
    let mut segments = pasted.segments();
    if segments.ends_with(&["external"]) {
        return Ok(pasted.clone());
    }
    let part = |name: &str| parameters.get(name).map(plain);
    let name = part("name").or(monitor.map(str::to_owned));
    let name = name.ok_or("a Gatus endpoint needs a name; name the monitor, or set `name`")?;
    let key = format!("{}_{}", clean(&part("group").unwrap_or_default()), clean(&name));
    let key = percent_encode(&key);
    segments.extend(["api", "v1", "endpoints", &key, "external"]);
    Ok(pasted.with_segments(&segments))
}

/// As the server does it: trimmed, in lower case, with `-` for what does not fit.
fn clean(part: &str) -> String {
    let lower = part.trim().to_lowercase();
    lower
        .chars()
        .map(|c| if matches!(c, '/' | '_' | '.' | ',' | ' ' | '#' | '+' | '&') { '-' } else { c })
        .collect()
}
