//! `hb ping --dry-run --event FILE`: a case with its own configuration and event, and the requests
//! that it makes, so that anyone can check a dialect against an expectation of their own.

use serde::Deserialize;
use serde_json::Value;

use super::{dry_run, exit, say};
use crate::domain::address::Address;
use crate::domain::dialect::{Dialect, Limits};
use crate::domain::event::{Event, Kind};
use crate::domain::metric::Metrics;
use crate::domain::run::RunId;
use crate::domain::time::Moment;
use crate::sys::{clock, files};

/// A whole case.
#[derive(Deserialize)]
struct Case {
    config: CaseConfig,
    event: CaseEvent,
}

/// How the target is configured. Unknown members belong to other dialects.
#[derive(Deserialize)]
struct CaseConfig {
    dialect: Option<String>,
    url: Option<String>,
    key: Option<String>,
    signals: Option<Vec<String>>,
    #[serde(default)]
    learned: CaseLearned,
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
    duration_ms: Option<u64>,
    exit_code: Option<i32>,
    message: Option<String>,
    tail: Option<String>,
    stage: Option<String>,
    progress: Option<CaseProgress>,
    metrics: Option<Value>,
    host: Option<String>,
}

/// How far it is.
#[derive(Deserialize)]
struct CaseProgress {
    percent: Option<f64>,
}

/// Prints the requests of the case in `file`.
pub(crate) fn main(file: &str, monitor: &str, dry: bool) -> i32 {
    if !dry {
        say::error("`--event` goes with `--dry-run`: a case is shown, never sent");
        return exit::USAGE;
    }
    let read = match file {
        "-" => files::read_bounded(std::io::stdin().lock()),
        file => files::read_given(std::path::Path::new(file)),
    };
    let requests = read
        .map_err(|error| format!("cannot read `{file}`: {error}"))
        .and_then(|bytes| {
            serde_json::from_slice(&bytes)
                .map_err(|error| format!("`{file}` is not a case: {error}"))
        })
        .and_then(|case| requests(case, monitor));
    match requests {
        Ok(requests) => {
            say::json(&Value::Array(requests));
            exit::OK
        }
        Err(why) => {
            say::error(why);
            exit::USAGE
        }
    }
}

fn requests(case: Case, monitor: &str) -> Result<Vec<Value>, String> {
    let Case { config, event: given } = case;
    let kind =
        Kind::parse(&given.kind).ok_or_else(|| format!("there is no event `{}`", given.kind))?;
    if config.signals.is_some_and(|signals| !signals.contains(&given.kind)) {
        return Ok(Vec::new());
    }
    let url = config.url.ok_or("the case has no `url`")?;
    let pasted = Address::parse(&url)?;
    let dialect: Dialect = super::targets::choose_dialect(config.dialect.as_deref(), &pasted)?;
    let monitor = given.monitor.as_deref().unwrap_or(monitor);
    let address = dialect.complete(&pasted, config.key.as_deref(), monitor)?;
    let moment = |seconds: f64| Moment::from_epoch_ms((seconds * 1000.0) as i64);
    let mut event = Event::new(kind, monitor, given.at.map_or_else(clock::now, moment));
    event.run_id = given.run_id.as_deref().and_then(RunId::parse);
    event.started_at = given.started_at.map(moment);
    event.elapsed_ms = given.duration_ms;
    event.exit_code = given.exit_code;
    event.message = given.message;
    event.tail = given.tail.unwrap_or_default().into_bytes();
    event.stage = given.stage;
    event.percent = given.progress.and_then(|progress| progress.percent);
    event.metrics = given.metrics.as_ref().map(Metrics::from_json).unwrap_or_default();
    event.host = given.host;
    let limits = Limits { body_bytes_max: config.learned.ping_body_limit };
    let requests = dialect.spell(&address, &event, limits);
    Ok(requests.iter().map(|request| dry_run::shown(request, &[])).collect())
}
