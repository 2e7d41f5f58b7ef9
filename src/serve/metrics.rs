//! `/metrics` in Prometheus' text form: how much there is of what, no names and no keys.

use std::fmt::Write;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::app::App;
use super::reply::Mistake;
use crate::store::{deliveries, due, incidents, monitors};
use crate::sys::clock;

/// The numbers of this receiver.
pub(crate) async fn page(State(app): State<Arc<App>>) -> Result<Response, Mistake> {
    let found = app.store.read(|tx| {
        Ok((
            monitors::counts(tx)?,
            incidents::open_counts(tx)?,
            deliveries::counts(tx)?,
            deliveries::oldest_unsent(tx)?,
            due::next_wake(tx)?,
        ))
    });
    let (by_status, open, deliveries, oldest_unsent, next_wake) = found.await?;
    let mut text = String::new();
    let head = |text: &mut String, name: &str, kind: &str, help: &str| {
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
    };
    head(&mut text, "hb_monitors", "gauge", "Monitors by status.");
    for (project_id, status, count) in by_status {
        let _ =
            writeln!(text, "hb_monitors{{project=\"{project_id}\",status=\"{status}\"}} {count}");
    }
    head(&mut text, "hb_incidents_open", "gauge", "Incidents that are open, by severity.");
    for (project_id, severity, count) in open {
        let _ = writeln!(
            text,
            "hb_incidents_open{{project=\"{project_id}\",severity=\"{severity}\"}} {count}"
        );
    }
    head(&mut text, "hb_deliveries", "gauge", "Alerts on their way and done, by state.");
    for (state, count) in deliveries {
        let _ = writeln!(text, "hb_deliveries{{state=\"{state}\"}} {count}");
    }
    let now = clock::now();
    let oldest = "How long the oldest alert that is not sent has waited.";
    head(&mut text, "hb_deliveries_oldest_seconds", "gauge", oldest);
    let age = oldest_unsent.map_or(0, |at| now.since(at).as_secs());
    let _ = writeln!(text, "hb_deliveries_oldest_seconds {age}");
    let delay = "From a deadline to the alarm about it that a channel took, since the start.";
    head(&mut text, "hb_alarm_delay_seconds", "histogram", delay);
    app.lateness.write(&mut text);
    head(&mut text, "hb_pings_total", "counter", "Pings that were kept since the start.");
    let _ = writeln!(text, "hb_pings_total {}", app.recorder.count());
    head(&mut text, "hb_deadline_lag_seconds", "gauge", "How long the oldest due deadline waits.");
    let lag = next_wake.map_or(0, |at| now.since(at).as_secs());
    let _ = writeln!(text, "hb_deadline_lag_seconds {lag}");
    head(
        &mut text,
        "hb_ready",
        "gauge",
        "Whether deadlines are watched and the store takes writes.",
    );
    let is_ready = app.health.is_proved() && app.prove().await.is_ok();
    let _ = writeln!(text, "hb_ready {}", u8::from(is_ready));
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    Ok((StatusCode::OK, [(header::CONTENT_TYPE, kind)], text).into_response())
}
