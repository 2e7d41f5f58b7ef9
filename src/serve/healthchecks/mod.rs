//! The management API of Healthchecks, versions 1, 2 and 3, with its badges and its page for Prometheus.
//!
//! A check is a monitor; what is said here in Healthchecks' words is a view of it. Answers are exact to
//! the letter, because clients compare them: [`route`](route::route) knows the paths and methods,
//! [`caller`] the keys, [`fields`] what may be said of a check, [`check`] how that becomes a monitor,
//! and [`view`] how a monitor is shown. [`habits`] lets the pings of such a check be judged as
//! Healthchecks would.

mod badges;
mod caller;
mod changes;
mod check;
mod checks;
mod fields;
pub(super) mod habits;
mod imported;
pub(super) mod list;
mod moved;
mod numbers;
mod pings;
mod prometheus;
mod refusal;
mod route;
mod svg;
mod unique;
mod view;
mod zones;

use std::sync::Arc;

use axum::extract::Request;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::app::App;
use super::body::{self, Unread};
use crate::domain::prefix;
use caller::Call;
pub(crate) use caller::KEY_CHARS;
pub(crate) use check::{Words, rules_by_default};
pub(crate) use moved::{Moving, take};
use refusal::Refusal;
use route::Target;
pub(crate) use route::{Route, route};

/// The longest body of a call.
const BODY_BYTES_MAX: usize = 1024 * 1024;

/// Answers a call.
pub(crate) async fn answer(app: &Arc<App>, route: Route, request: Request) -> Response {
    let methods = route.target.methods();
    let mut response = match carry_out(app, route, request).await {
        Ok(response) => response,
        Err(refusal) => refusal.into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    let allowed = HeaderValue::from_static("X-Api-Key");
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, allowed);
    if let Ok(methods) = HeaderValue::from_str(&format!("{methods}, OPTIONS")) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
    }
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    response
}

async fn carry_out(app: &Arc<App>, route: Route, request: Request) -> Result<Response, Refusal> {
    let methods = route.target.methods();
    match &route.target {
        Target::Nothing => return Err(Refusal::not_found()),
        Target::Slashless(whole) => {
            let query = request.uri().query().map(|query| format!("?{query}"));
            let place =
                format!("{}{whole}{}", prefix::of(&app.public_url()), query.unwrap_or_default());
            let to = [(header::LOCATION, place)];
            return Ok((StatusCode::MOVED_PERMANENTLY, to).into_response());
        }
        _ if request.method() == Method::OPTIONS => {
            return Ok(StatusCode::NO_CONTENT.into_response());
        }
        _ if !methods.split(", ").any(|method| request.method() == method) => {
            let allow = [(header::ALLOW, methods)];
            return Ok((StatusCode::METHOD_NOT_ALLOWED, allow).into_response());
        }
        _ => {}
    }
    let (parts, body) = request.into_parts();
    let bytes = body::whole(body, BODY_BYTES_MAX).await.map_err(|unread| match unread {
        Unread::TooLong => Refusal::error("the request body is too long"),
        Unread::Broken | Unread::Slow => Refusal::error("could not parse request body"),
    })?;
    let call = Call::new(app, route.version, parts, &bytes)?;
    match (route.target, &call.method) {
        (Target::Checks, &Method::POST) => checks::create(call).await,
        (Target::Checks, _) => checks::list(call).await,
        (Target::Check(name), &Method::POST) => checks::update(call, name).await,
        (Target::Check(name), &Method::DELETE) => checks::remove(call, name).await,
        (Target::Check(name), _) => checks::show(call, name).await,
        (Target::Pause(uuid), _) => changes::pause(call, uuid).await,
        (Target::Resume(uuid), _) => changes::resume(call, uuid).await,
        (Target::Flips(name), _) => changes::flips(call, name).await,
        (Target::Pings(uuid), _) => pings::list(call, uuid).await,
        (Target::Body(uuid, n), _) => pings::body(call, uuid, n).await,
        (Target::Channels, _) => checks::channels(call).await,
        (Target::Badges, _) => badges::list(call).await,
        (Target::Badge(badge), _) => badges::of_check(app, badge).await,
        (Target::TagBadge(badge), _) => badges::of_tag(app, badge).await,
        (Target::Prometheus { project, key }, _) => prometheus::page(call, project, key).await,
        (Target::Metrics, _) => numbers::show(call).await,
        (Target::Status, _) => checks::status(call).await,
        (Target::Callback, _) => Ok(StatusCode::OK.into_response()),
        (Target::Nothing | Target::Slashless(_), _) => Err(Refusal::not_found()),
    }
}
