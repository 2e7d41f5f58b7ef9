//! Which dialect is meant: the one that is named, or the one that an address looks like.

use crate::config::understand::Config;
use crate::domain::address::Address;
use crate::domain::dialect::{Dialect, Parameters, Place};
use crate::domain::text;

/// A parameter that is needed and missing.
pub(crate) fn missing(
    dialect: Dialect,
    address: &Address,
    parameters: &Parameters,
) -> Option<&'static str> {
    dialect.missing(address, &|name| parameters.has(name)).first().copied()
}

/// The dialect that an address looks like.
pub(crate) fn recognise(address: &Address, place: Place) -> Result<Dialect, String> {
    let found = Dialect::recognise(address, place).map(|(dialect, _)| dialect);
    found.ok_or_else(|| {
        let scheme = address.scheme();
        format!("`{scheme}://` does not say what is spoken there; add `dialect`, as in `statsd`")
    })
}

/// The dialect that a flag names, if it is given.
pub(crate) fn dialect_flag(
    name: &Option<String>,
    config: &Config,
) -> Result<Option<Dialect>, String> {
    name.as_deref().map(|name| dialect_named(name, config)).transpose()
}

/// The dialect of that name: a built-in one, or one of the configuration.
pub(crate) fn dialect_named(name: &str, config: &Config) -> Result<Dialect, String> {
    let known = Dialect::parse(name).or_else(|| config.dialects.get(name).copied());
    known.ok_or_else(|| {
        let shown = text::excerpt(name.as_bytes());
        let mut known: Vec<&str> = Dialect::names().collect();
        known.extend(config.dialects.keys().map(String::as_str));
        match crate::domain::nearest::nearest(name, known.iter().copied()) {
            Some(near) => format!("there is no dialect `{shown}`, did you mean `{near}`?"),
            None => format!("there is no dialect `{shown}`; known: {}", known.join(", ")),
        }
    })
}
