//! What a request tells which monitor, one reader for each way of spelling it.

mod beacon;
mod cronitor;
mod generic;
mod hb;
mod healthchecks;
mod metrics;
mod oneuptime;
mod push;
mod sentry;
mod suffix;
mod wire;

use super::request::Request;
use super::spot::Spot;
use crate::domain::arrival::Arrival;

/// What a request tells one monitor.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Told {
    /// The keys of that monitor, to be looked up one after the other. More than one where a service has
    /// a token besides: the tuple with it comes first.
    pub(crate) keys: Vec<Vec<String>>,
    /// The secret that was sent along: an API key or a token of the service.
    pub(crate) token: Option<String>,
    /// What it hears.
    pub(crate) heard: Heard,
}

/// What came of reading.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Heard {
    /// Something happened.
    Event(Box<Arrival>),
    /// Nothing that says anything: an alert that is over, an item of another kind. Answered with a yes.
    Nothing,
    /// One of several is refused, and this is why; the others count.
    Refused(String),
}

/// A request that is refused as a whole: its status and its line, as the service has them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Refused {
    /// The HTTP status.
    pub(crate) status: u16,
    /// What is wrong, in the words its clients know.
    pub(crate) line: String,
}

impl Refused {
    fn new(status: u16, line: &str) -> Refused {
        Refused { status, line: line.to_owned() }
    }
}

/// What one reader is: the spot and the request in, what is told out.
type Reader = fn(&Spot, &Request) -> Result<Vec<Told>, Refused>;

/// The reader of every dialect that is not read as [`generic::read`] does.
const READERS: [(&str, Reader); 42] = [
    ("healthchecks", healthchecks::read),
    ("watchgoose", healthchecks::read),
    ("cronping", healthchecks::read_lenient),
    ("hb", hb::read),
    ("betterstack", suffix::beat),
    ("heartfly", suffix::beat),
    ("securyblack", suffix::beat),
    ("alertkick", suffix::beat),
    ("checkly", suffix::beat),
    ("uptimerobot", suffix::beat),
    ("hyperping", suffix::beat),
    ("updown", suffix::beat),
    ("kener", suffix::beat),
    ("goalert", suffix::beat),
    ("grafana_oncall", suffix::beat),
    ("cronbeat", suffix::beat),
    ("get_success", suffix::beat),
    ("notifly", suffix::notifly),
    ("opsgenie", suffix::opsgenie),
    ("rootly", suffix::rootly),
    ("cronhub", suffix::cronhub),
    ("cronbro", suffix::cronbro),
    ("cronly", suffix::cronly),
    ("cronradar", suffix::cronradar),
    ("cronbeats", suffix::cronbeats),
    ("ohdear", suffix::ohdear),
    ("cronitor", cronitor::read),
    ("deadmanssnitch", push::deadmanssnitch),
    ("uptime_kuma", push::uptime_kuma),
    ("peekaping", push::peekaping),
    ("gatus", push::gatus),
    ("sentry", sentry::read),
    ("sentry_envelope", sentry::read_envelope),
    ("oneuptime", oneuptime::read),
    ("honeybadger", beacon::honeybadger),
    ("appsignal", beacon::appsignal),
    ("cronbeacon", beacon::cronbeacon),
    ("pagerduty", beacon::pagerduty),
    ("gotify", wire::gotify),
    ("ntfy", wire::ntfy),
    ("loki", wire::loki),
    ("alertmanager", wire::alertmanager),
];

/// What this request tells, read as a ping of `dialect` at `spot`. An empty list: it is answered with a
/// yes and tells nobody anything.
pub(crate) fn read(dialect: &str, spot: &Spot, request: &Request) -> Result<Vec<Told>, Refused> {
    let reader = match dialect {
        "pushgateway" => metrics::pushgateway,
        "zabbix_api" => metrics::zabbix_api,
        _ => {
            let found = READERS.iter().find(|(name, _)| *name == dialect);
            found.map_or(generic::read as Reader, |(_, reader)| *reader)
        }
    };
    reader(spot, request)
}

/// One arrival for the monitor of this spot.
fn one(spot: &Spot, arrival: Arrival) -> Result<Vec<Told>, Refused> {
    Ok(vec![told(spot.key.clone(), arrival)])
}

/// One arrival for the monitor of that key.
fn told(key: Vec<String>, arrival: Arrival) -> Told {
    Told { keys: vec![key], token: None, heard: Heard::Event(Box::new(arrival)) }
}
