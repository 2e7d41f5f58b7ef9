//! Which path is whose. Everything that is no page, no API and no health check may be a ping.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};

use super::app::App;
use super::{api, healthchecks, metrics, ping, reply};

/// The routes of a receiver.
pub(crate) fn router(app: &Arc<App>) -> Router {
    Router::new()
        .route("/healthz", get(alive))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics::page).fallback(ping::any))
        .nest("/api/hb/v1", api::routes(app))
        .route("/heartbeat/{id}/pause", post(api::pause_heartbeat).fallback(ping::any))
        .route("/heartbeat/{id}/resume", post(api::resume_heartbeat).fallback(ping::any))
        .fallback(other)
        .with_state(Arc::clone(app))
}

/// The management API of Healthchecks has some paths within those of pings: `/api/v1/checks/` is its
/// own, `/api/v1/push/<key>` is a ping.
async fn other(State(app): State<Arc<App>>, request: Request) -> Response {
    match healthchecks::route(request.uri().path()) {
        Some(route) => healthchecks::answer(&app, route, request).await,
        None => ping::any(State(app), request).await,
    }
}

async fn alive() -> Response {
    reply::text(StatusCode::OK, "alive\n")
}

/// Whether a ping could be stored: the proof is a write.
async fn ready(State(app): State<Arc<App>>) -> Response {
    match app.prove().await {
        Ok(()) => reply::text(StatusCode::OK, "ready\n"),
        Err(trouble) => {
            app.log.debug("not ready", &[("trouble", &trouble.to_string())]);
            reply::text(StatusCode::SERVICE_UNAVAILABLE, "the store does not take writes\n")
        }
    }
}
