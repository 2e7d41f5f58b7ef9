//! The page for Prometheus: how each check and each tag does.

use std::collections::BTreeMap;
use std::fmt::Write;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::caller::{Call, reader};
use super::checks::all;
use super::refusal::Refusal;
use super::{unique, view};
use crate::domain::healthchecks::{Shown, Word};
use crate::store::monitors::{Filter, Monitor};
use crate::store::projects;
use crate::sys::clock;

/// What one check has a line for.
type Measure = (&'static str, &'static str, fn(&Shown) -> bool);

/// What each check has a line for.
const MEASURES: [Measure; 4] = [
    ("hc_check_up", "Whether the check is currently up (1 for yes, 0 for no).", |shown| {
        !view::is_down(shown.word)
    }),
    (
        "hc_check_started",
        "Whether the check is currently started (1 for yes, 0 for no).",
        |shown| shown.started_at.is_some(),
    ),
    (
        "hc_check_grace",
        "Whether the check is currently in the grace period (1 for yes, 0 for no).",
        |shown| shown.word == Word::Grace,
    ),
    ("hc_check_paused", "Whether the check is currently paused (1 for yes, 0 for no).", |shown| {
        shown.word == Word::Paused
    }),
];

/// The page of a project, for a caller with a key that may read it.
pub(super) async fn page(
    call: Call,
    project: String,
    key: Option<String>,
) -> Result<Response, Refusal> {
    let key = key.or_else(|| call.bearer()).ok_or_else(|| Refusal::key("missing api key"))?;
    let caller = reader(&call.app, &key).await.map_err(Refusal::without_words)?;
    let found = call.app.store.read(move |tx| {
        let own = projects::all(tx)?.into_iter().find(|own| own.uuid == project);
        match own.filter(|own| own.id == caller.project_id) {
            Some(own) => all(tx, own.id, &Filter::default()).map(Some),
            None => Ok(None),
        }
    });
    let monitors = found.await?.ok_or_else(Refusal::forbidden)?;
    let now = clock::now();
    let checks: Vec<(Shown, Monitor)> = monitors
        .into_iter()
        .map(|monitor| (view::standing(&call.app, &monitor, now).0, monitor))
        .collect();
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    Ok((StatusCode::OK, [(header::CONTENT_TYPE, kind)], text(&checks)).into_response())
}

fn text(checks: &[(Shown, Monitor)]) -> String {
    let labels_of = |Monitor { uuid, about, .. }: &Monitor| {
        format!(
            "name=\"{}\", tags=\"{}\", unique_key=\"{}\"",
            escaped(&about.name),
            escaped(&about.tags.join(" ")),
            unique::key(uuid)
        )
    };
    let labels: Vec<String> = checks.iter().map(|(_, monitor)| labels_of(monitor)).collect();
    let mut text = String::new();
    for (name, help, measure) in MEASURES {
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge");
        for ((shown, _), labels) in checks.iter().zip(&labels) {
            let _ = writeln!(text, "{name}{{{labels}}} {}", u8::from(measure(shown)));
        }
    }
    let mut tags: BTreeMap<&str, bool> = BTreeMap::new();
    for (shown, monitor) in checks {
        for tag in &monitor.about.tags {
            *tags.entry(tag).or_insert(true) &= !view::is_down(shown.word);
        }
    }
    let help = "Whether all checks with this tag are up (1 for yes, 0 for no).";
    let _ = writeln!(text, "# HELP hc_tag_up {help}\n# TYPE hc_tag_up gauge");
    for (tag, is_up) in tags {
        let _ = writeln!(text, "hc_tag_up{{tag=\"{}\"}} {}", escaped(tag), u8::from(is_up));
    }
    let down = checks.iter().filter(|(shown, _)| view::is_down(shown.word)).count();
    for (name, help, count) in [
        ("hc_checks_total", "The total number of checks.", checks.len()),
        ("hc_checks_down_total", "The number of checks currently down.", down),
    ] {
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {count}");
    }
    text
}

/// A label's value as Prometheus wants it.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
