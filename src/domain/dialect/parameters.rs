//! What a target says to its dialect besides the address: a token, a host's name, an option.

use std::collections::BTreeMap;

use serde_json::Value;

use super::service::Service;
use crate::domain::address::Address;
use crate::domain::host::Uptime;
use crate::domain::time::Moment;

/// Values by name. They print as their names: most are secret.
#[derive(Clone, Default, PartialEq)]
pub(crate) struct Parameters {
    values: BTreeMap<String, Value>,
    /// Whether the receiver has not been told of the start of the run, so that it must not be told
    /// of the end of something that it never saw begin.
    pub(crate) start_untold: bool,
    /// When the request is sent, for a receiver that wants to know how wrong this clock is.
    pub(crate) sent_at: Option<Moment>,
    /// For how long this host had been running then, for a receiver that waits while it sleeps.
    pub(crate) uptime: Option<Uptime>,
}

impl Parameters {
    /// Adds a value.
    pub(crate) fn set(&mut self, name: &str, value: Value) {
        self.values.insert(name.to_owned(), value);
    }

    /// The value of that name.
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.values.get(name)
    }

    /// Whether there is a value of that name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }
}

impl std::fmt::Debug for Parameters {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_list().entries(self.values.keys()).finish()
    }
}

/// The parameters that a target of this service needs and that neither it nor its address has.
pub(super) fn missing<'a>(
    service: &'a Service,
    address: &Address,
    has: &dyn Fn(&str) -> bool,
) -> Vec<&'a str> {
    let there = |name: &str, query: Option<&str>| {
        has(name) || query.is_some_and(|query| address.pair(query).is_some())
    };
    let needed = service.parameters.iter().filter(|(_, parameter)| parameter.needed);
    needed
        .filter(|(name, parameter)| !there(name, parameter.query.as_deref()))
        .map(|(name, _)| name.as_str())
        .collect()
}
