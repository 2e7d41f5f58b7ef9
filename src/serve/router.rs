//! Which path is whose. Everything that is no page, no API and no health check may be a ping.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, Uri};
use axum::middleware;
use axum::response::Response;
use axum::routing::{get, post};

use super::app::App;
use super::{api, healthchecks, metrics, ping, reply};

/// The routes of a receiver, as they are and below the path of its public URL.
pub(crate) fn router(app: &Arc<App>) -> Router {
    let below = middleware::map_request_with_state(Arc::clone(app), without_prefix);
    // A layer runs before routes are looked up only where it stands around all of them.
    Router::new().fallback_service(routes(app)).layer(below)
}

async fn without_prefix(State(app): State<Arc<App>>, mut request: Request) -> Request {
    let uri = request.uri();
    if let Some(path) = app.path_below(uri.path()) {
        let target = match uri.query() {
            Some(query) => format!("{path}?{query}"),
            None => path.to_owned(),
        };
        if let Ok(below) = Uri::try_from(target) {
            *request.uri_mut() = below;
        }
    }
    request
}

fn routes(app: &Arc<App>) -> Router {
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
