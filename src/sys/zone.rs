//! Time zones by name, from the host's own database, and the zone of this host.

use jiff::tz::TimeZone;

use crate::domain::schedule::zone::Zone;
use crate::domain::text;

/// The zone of this host.
pub(crate) fn of_this_host() -> Zone {
    Zone::new(TimeZone::system())
}

/// The zone of a name, spelled as the database spells it; an error says what to write.
pub(crate) fn named(name: &str) -> Result<Zone, String> {
    if name.eq_ignore_ascii_case("utc") {
        return Ok(Zone::utc());
    }
    let shown = text::excerpt(name.as_bytes());
    let known = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/_+-".contains(&byte));
    match TimeZone::get(name) {
        Ok(zone) if known => match zone.iana_name() {
            Some(spelled) if spelled != name => {
                Err(format!("there is no time zone `{shown}`, did you mean `{spelled}`?"))
            }
            Some(_) | None => Ok(Zone::new(zone)),
        },
        Ok(_) | Err(_) => {
            Err(format!("there is no time zone `{shown}`; write one such as `Europe/Berlin`"))
        }
    }
}
