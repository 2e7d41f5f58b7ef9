//! Pauses: nothing is expected for a while, everything is recorded.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Extensions, HeaderMap};
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::extract::{Path, Query, Writer};
use super::monitors::one_of;
use super::{json_of, views};
use crate::domain::time::Moment;
use crate::domain::transition::Input;
use crate::serve::access::{self, Caller};
use crate::serve::app::App;
use crate::serve::audit;
use crate::serve::blind;
use crate::serve::definition::span_of;
use crate::serve::effects::Effects;
use crate::serve::judge::{self, Judged};
use crate::serve::reply::{self, Mistake};
use crate::store::channels;
use crate::store::monitors::{self, Named};
use crate::sys::clock;

/// Pauses a monitor: `for`, `until`, `until_success`; with none of them until somebody resumes it.
pub(crate) async fn pause(
    State(app): State<Arc<App>>,
    Writer(caller): Writer,
    Path(slug): Path,
    body: Body,
) -> Result<Response, Mistake> {
    let input = asked(&json_of(body).await?, clock::now())?;
    apply(&app, caller, &slug, input).await
}

/// Expects runs again.
pub(crate) async fn resume(
    State(app): State<Arc<App>>,
    Writer(caller): Writer,
    Path(slug): Path,
) -> Result<Response, Mistake> {
    apply(&app, caller, &slug, Input::Resume).await
}

/// What stands in the query of a request.
type Pairs = Vec<(String, String)>;

/// The same for scripts that were written for Notifly: `POST /heartbeat/<id>/pause?for=1h`.
pub(crate) async fn pause_heartbeat(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    extensions: Extensions,
    Path(id): Path,
    Query(pairs): Query<Pairs>,
    body: Body,
) -> Result<Response, Mistake> {
    let request = (&headers, &extensions);
    let caller = access::writer_with(&app, request, key_of(&headers, &pairs)).await?;
    let mut wanted = json_of(body).await?;
    if let Value::Object(members) = &mut wanted {
        members.extend(members_of(pairs));
    }
    let input = asked(&wanted, clock::now())?;
    apply(&app, caller, &id, input).await
}

/// And `POST /heartbeat/<id>/resume`.
pub(crate) async fn resume_heartbeat(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    extensions: Extensions,
    Path(id): Path,
    Query(pairs): Query<Pairs>,
) -> Result<Response, Mistake> {
    let request = (&headers, &extensions);
    let caller = access::writer_with(&app, request, key_of(&headers, &pairs)).await?;
    apply(&app, caller, &id, Input::Resume).await
}

/// The name under which Notifly's clients send their key in a query.
const TOKEN: &str = "token";

/// The API key where only Notifly's clients carry it.
fn key_of(headers: &HeaderMap, pairs: &Pairs) -> Option<String> {
    let own = headers.get("x-notifly-key").and_then(|value| value.to_str().ok());
    let asked = || pairs.iter().find(|(name, _)| name == TOKEN).map(|(_, key)| key.clone());
    own.map(str::to_owned).or_else(asked)
}

/// The members of a pause that stand in a query.
fn members_of(pairs: Pairs) -> Map<String, Value> {
    let wanted = pairs.into_iter().filter(|(name, _)| name != TOKEN);
    wanted
        .map(|(name, value)| match (name.as_str(), value.as_str()) {
            ("until_success", "" | "1" | "true") => (name, json!(true)),
            ("until_success", "0" | "false") => (name, json!(false)),
            _ => (name, Value::String(value)),
        })
        .collect()
}

fn asked(body: &Value, now: Moment) -> Result<Input<'static>, Mistake> {
    let members = body.as_object().ok_or_else(|| Mistake::bad("the body is no JSON object"))?;
    let (mut until, mut until_success, mut reason) = (None, false, None);
    for (name, value) in members {
        match (name.as_str(), value) {
            (_, Value::Null) => {}
            ("for", value) => until = Some(now.after(span_of("for", value)?)),
            ("until", value) => until = Some(moment("until", value, now)?),
            ("until_success", Value::Bool(on)) => until_success = *on,
            ("reason", Value::String(text)) => reason = Some(text.clone()),
            ("until_success", _) => {
                return Err(Mistake::field("until_success", "`until_success` is true or false"));
            }
            ("reason", _) => return Err(Mistake::field("reason", "`reason` is not a text")),
            (other, _) => {
                let shown = crate::domain::text::excerpt(other.as_bytes());
                return Err(Mistake::field(
                    shown.clone(),
                    format!(
                        "there is no `{shown}` in a pause; it has for, until, until_success, reason"
                    ),
                ));
            }
        }
    }
    Ok(Input::Pause { until, until_success, reason })
}

/// A moment that lies ahead.
pub(crate) fn moment(name: &str, value: &Value, now: Moment) -> Result<Moment, Mistake> {
    let read = value.as_str().and_then(Moment::parse_rfc3339);
    match read {
        Some(at) if at > now => Ok(at),
        Some(_) => Err(Mistake::field(name, format!("`{name}` lies in the past"))),
        None => {
            Err(Mistake::field(name, format!("`{name}` is a moment such as 2026-12-24T18:00:00Z")))
        }
    }
}

/// What the audit log says of it.
fn noted(input: &Input) -> (&'static str, Option<Value>) {
    match input {
        Input::Pause { until, until_success, reason } => {
            let until = views::moment(*until);
            let said = json!({ "until": until, "until_success": until_success, "reason": reason });
            ("monitor.pause", Some(said))
        }
        _ => ("monitor.resume", None),
    }
}

async fn apply(
    app: &Arc<App>,
    caller: Caller,
    name: &str,
    input: Input<'static>,
) -> Result<Response, Mistake> {
    let judge_app = Arc::clone(app);
    let names = [
        Named::Slug(caller.project_id, name.to_owned()),
        Named::Uuid(name.to_ascii_lowercase()),
        Named::Alias("notifly".to_owned(), name.to_owned()),
    ];
    let done = app.store.write(move |tx| {
        let now = clock::now();
        blind::notice(tx, &judge_app.watch, now)?;
        let monitor = match one_of(tx, caller, &names, true)? {
            Ok(monitor) => monitor,
            Err(mistake) => return Ok(Err(mistake)),
        };
        let id = monitor.id;
        let (action, detail) = noted(&input);
        audit::note(tx, caller, action, &monitor.about.slug, detail.as_ref(), now)?;
        let mut effects = Effects::default();
        let mut judged = Judged::new(&judge_app, monitor, now);
        judged.step(&input, now);
        judged.settle(tx, now, &mut effects)?;
        judge::save(tx, vec![&judged], now)?;
        let shown = monitors::look(tx, &[Named::Id(id)])?.into_iter().next();
        Ok(match shown {
            Some(found) => {
                Ok((found.monitor, channels::of_project(tx, caller.project_id)?, effects))
            }
            None => Err(Mistake::not_found("monitor")),
        })
    });
    let (monitor, channels, effects) = done.await??;
    app.done(&effects);
    Ok(reply::json_ok(&views::monitor(app, &monitor, &channels, clock::now())))
}
