//! `hb ping --dry-run --event FILE`: a case with its own configuration and event, and the requests
//! that it makes, so that anyone can check a dialect against an expectation of their own.
//!
//! The file holds one case, and an array of requests is printed; or an array of cases, and an array of
//! such arrays is.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::context::Context;
use super::ping::PingArguments;
use super::{dialects, dry_run, exit, say};
use crate::config::understand::Config;
use crate::domain::address::Address;
use crate::domain::dialect::{Dialect, Limits, Parameters, Place};
use crate::domain::event::{Counted, Event, Kind};
use crate::domain::metric::Metrics;
use crate::domain::run::RunId;
use crate::domain::time::Moment;
use crate::sys::{clock, files};

/// One case, or many.
#[derive(Deserialize)]
#[serde(untagged)]
enum Cases {
    Many(Vec<Case>),
    One(Box<Case>),
}

/// A whole case.
#[derive(Deserialize)]
struct Case {
    config: CaseConfig,
    event: CaseEvent,
}

/// How the target is configured. Everything else is a parameter of its dialect.
#[derive(Deserialize)]
struct CaseConfig {
    dialect: Option<String>,
    url: Option<String>,
    dsn: Option<String>,
    base: Option<String>,
    addr: Option<String>,
    signals: Option<Vec<String>>,
    #[serde(default)]
    learned: CaseLearned,
    #[serde(default)]
    options: Map<String, Value>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// What answers have told before.
#[derive(Deserialize, Default)]
struct CaseLearned {
    ping_body_limit: Option<usize>,
}

/// What happened; moments are seconds, as on a shell's `date +%s`.
#[derive(Deserialize)]
struct CaseEvent {
    kind: String,
    monitor: Option<String>,
    run_id: Option<String>,
    at: Option<f64>,
    started_at: Option<f64>,
    duration_ms: Option<f64>,
    exit_code: Option<i32>,
    message: Option<String>,
    tail: Option<String>,
    stage: Option<String>,
    progress: Option<CaseProgress>,
    metrics: Option<Value>,
    host: Option<String>,
    env: Option<String>,
}

/// How far it is.
#[derive(Deserialize)]
struct CaseProgress {
    percent: Option<f64>,
    #[serde(flatten)]
    counted: Counted,
}

/// Prints the requests of the case in `file`.
pub(crate) fn main(file: &str, arguments: &PingArguments) -> i32 {
    let monitor = &arguments.monitor;
    if !arguments.telling.dry_run {
        say::error("`--event` goes with `--dry-run`: a case is shown, never sent");
        return exit::USAGE;
    }
    let read = match file {
        "-" => files::read_bounded(std::io::stdin().lock(), files::GIVEN_FILE_BYTES_MAX),
        file => files::read_given(std::path::Path::new(file)),
    };
    let config = Context::read().config;
    let shown = read
        .map_err(|error| format!("cannot read `{file}`: {error}"))
        .and_then(|bytes| {
            serde_json::from_slice(&bytes)
                .map_err(|error| format!("`{file}` is not a case: {error}"))
        })
        .and_then(|cases| match cases {
            Cases::One(case) => requests(*case, monitor, &config),
            Cases::Many(cases) => {
                let shown = cases.into_iter().map(|case| requests(case, monitor, &config));
                shown.collect::<Result<Vec<Value>, String>>().map(Value::Array)
            }
        });
    match shown {
        Ok(shown) => {
            say::json(&shown);
            exit::OK
        }
        Err(why) => {
            say::error(why);
            exit::USAGE
        }
    }
}

fn requests(case: Case, monitor: &str, known: &Config) -> Result<Value, String> {
    let Case { config, event: given } = case;
    let words = [Kind::Pause, Kind::Resume].into_iter().find(|kind| kind.word() == given.kind);
    let kind = Kind::parse(&given.kind).or(words);
    let kind = kind.ok_or_else(|| format!("there is no event `{}`", given.kind))?;
    let wants =
        |kind: &str| config.signals.as_ref().is_none_or(|on| on.iter().any(|on| on == kind));
    // To pause is nobody's wish to hear of something.
    if words.is_none() && !wants(&given.kind) {
        return Ok(Value::Array(Vec::new()));
    }
    let named = dialects::dialect_flag(&config.dialect, known)?;
    let address = config.addr.as_ref().map(|addr| format!("udp://{addr}"));
    let url = [&config.url, &config.dsn, &config.base].into_iter().flatten().next().cloned();
    let default = || named.and_then(Dialect::default_url).map(str::to_owned);
    let url = url.or(address).or_else(default).ok_or("the case has no `url`")?;
    let pasted = Address::parse(&url)?;
    let key = config.rest.get("key").cloned();
    let place = Place { monitor_is_named: true, has_key: key.is_some() };
    let dialect = match named {
        Some(dialect) => dialect,
        None => dialects::recognise(&pasted, place)?,
    };
    let mut parameters = Parameters::default();
    parameters.start_untold = !wants(Kind::Start.word());
    for (name, value) in config.rest.into_iter().chain(config.options) {
        parameters.set(&name, value);
    }
    if let Some(key) = key {
        // A `key` is the one of Zabbix's items where the dialect has such a thing.
        let item = dialect.parameters().contains(&"item_key").then_some("item_key");
        if let Some(name) = item.or(dialect.key_parameter())
            && !parameters.has(name)
        {
            parameters.set(name, key);
        }
    }
    let monitor = given.monitor.clone().unwrap_or_else(|| monitor.to_owned());
    let address = dialect.complete(&pasted, &parameters, Some(&monitor), &monitor)?;
    let event = event(given, kind, &monitor);
    parameters.sent_at = Some(event.at);
    let limits = Limits { body_bytes_max: config.learned.ping_body_limit };
    let requests = dialect.spell(&address, &event, limits, &parameters);
    Ok(Value::Array(requests.iter().map(|request| dry_run::shown(request, &[])).collect()))
}

fn event(given: CaseEvent, kind: Kind, monitor: &str) -> Event {
    let moment = |seconds: f64| Moment::from_epoch_ms((seconds * 1000.0) as i64);
    let mut event = Event::new(kind, monitor, given.at.map_or_else(clock::now, moment));
    event.run_id = given.run_id.as_deref().and_then(RunId::parse);
    event.started_at = given.started_at.map(moment);
    event.elapsed_ms = given.duration_ms.map(|ms| ms as u64);
    event.exit_code = given.exit_code;
    event.message = given.message;
    event.tail = given.tail.unwrap_or_default().into_bytes();
    event.stage = given.stage;
    if let Some(progress) = given.progress {
        event.percent = progress.percent;
        event.counted = progress.counted;
    }
    event.metrics = given.metrics.as_ref().map(Metrics::from_json).unwrap_or_default();
    event.host = given.host;
    event.env = given.env;
    event
}
