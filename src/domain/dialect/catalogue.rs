//! The services that are data: their names, and where each is written down.
//!
//! A run has one or two targets, so nothing is read before it is used, and then only the family that
//! holds it. What was read is kept for the life of the process: [`Service`]s are leaked on purpose,
//! at most one per name, so that a dialect can be copied like a number.

use std::sync::OnceLock;

use toml::de::DeTable;

use super::reader;
use super::reading::Mistake;
use super::service::Service;

const ALERT: &str = include_str!("table/alert.toml");
const BEAT: &str = include_str!("table/beat.toml");
const DATAGRAM: &str = include_str!("table/datagram.toml");
const JSON: &str = include_str!("table/json.toml");
const METRICS: &str = include_str!("table/metrics.toml");
const QUERY: &str = include_str!("table/query.toml");
const SENTRY: &str = include_str!("table/sentry.toml");
const SUFFIX: &str = include_str!("table/suffix.toml");

/// Every service but Healthchecks, with the text that it stands in, in the order of the manual.
const FAMILIES: [(&str, &str); 53] = [
    ("watchgoose", SUFFIX),
    ("betterstack", SUFFIX),
    ("ohdear", SUFFIX),
    ("cronbeats", SUFFIX),
    ("cronping", SUFFIX),
    ("cronradar", SUFFIX),
    ("cronhub", SUFFIX),
    ("cronbro", SUFFIX),
    ("cronly", SUFFIX),
    ("cronitor", QUERY),
    ("deadmanssnitch", QUERY),
    ("uptime_kuma", QUERY),
    ("peekaping", QUERY),
    ("gatus", QUERY),
    ("sentry", SENTRY),
    ("sentry_envelope", SENTRY),
    ("oneuptime", JSON),
    ("honeybadger", JSON),
    ("appsignal", JSON),
    ("cronbeacon", JSON),
    ("webhook", JSON),
    ("checkly", BEAT),
    ("uptimerobot", BEAT),
    ("hyperping", BEAT),
    ("updown", BEAT),
    ("heartfly", BEAT),
    ("securyblack", BEAT),
    ("alertkick", BEAT),
    ("kener", BEAT),
    ("goalert", BEAT),
    ("grafana_oncall", BEAT),
    ("rootly", BEAT),
    ("opsgenie", BEAT),
    ("notifly", BEAT),
    ("get_success", BEAT),
    ("heartbeat_path_generic", BEAT),
    ("ping_path_generic", BEAT),
    ("pagerduty", ALERT),
    ("goalert_alert", ALERT),
    ("grafana_oncall_webhook", ALERT),
    ("ntfy", ALERT),
    ("gotify", ALERT),
    ("notifly_message", ALERT),
    ("alertmanager", ALERT),
    ("command", ALERT),
    ("pushgateway", METRICS),
    ("zabbix_api", METRICS),
    ("icinga2", METRICS),
    ("nrdp", METRICS),
    ("statsd", DATAGRAM),
    ("dogstatsd", DATAGRAM),
    ("zabbix_trapper", DATAGRAM),
    ("nsca", DATAGRAM),
];

static READ: [OnceLock<&'static Service>; FAMILIES.len()] =
    [const { OnceLock::new() }; FAMILIES.len()];

/// The names of all services in the table.
pub(super) fn names() -> impl Iterator<Item = &'static str> + Clone {
    FAMILIES.iter().map(|(name, _)| *name)
}

/// The service of that name.
pub(super) fn find(name: &str) -> Option<&'static Service> {
    let at = FAMILIES.iter().position(|(known, _)| *known == name)?;
    Some(READ[at].get_or_init(|| keep(read(name, FAMILIES[at].1).0)))
}

/// Keeps a service for the life of the process.
pub(crate) fn keep(service: Service) -> &'static Service {
    Box::leak(Box::new(service))
}

fn read(name: &str, text: &str) -> (Service, Vec<Mistake>) {
    let (tree, _) = DeTable::parse_recoverable(text);
    let empty = DeTable::default();
    let table = tree.get_ref().get(name).and_then(|value| value.get_ref().as_table());
    reader::read(name, table.unwrap_or(&empty))
}

#[cfg(test)]
mod tests {
    use super::{FAMILIES, read};

    #[test]
    fn every_table_is_without_a_mistake() {
        for (name, text) in FAMILIES {
            toml::de::DeTable::parse(text).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(text.contains(&format!("[{name}]\n")), "{name} is in no table");
            let (service, mistakes) = read(name, text);
            assert!(mistakes.is_empty(), "{name}: {mistakes:?}");
            assert!(!service.on.is_empty(), "{name} says nothing");
            assert!(!service.example.is_empty() && !service.title.is_empty(), "{name}");
        }
    }
}
