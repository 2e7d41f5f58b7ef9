//! The answers that clients of each service wait for. 200 wherever the service has no code of its own:
//! half of the clients demand exactly that.

use serde_json::{Value, json};

use super::body;
use super::bounds::PING_BODY_LIMIT;
use super::reader::Refused;
use super::request::Request;
use super::route::{Route, route};
use super::spot::{Native, native};
use crate::domain::event::Kind;
use crate::domain::time::Moment;

/// What became of a request.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Outcome {
    /// It is on disk.
    Taken {
        /// How it was taken.
        accepted: Accepted,
        /// What it told; none: nothing.
        kind: Option<Kind>,
        /// When.
        received_at: Moment,
    },
    /// Its monitor did not exist; now it does, and the ping is on disk.
    Created,
    /// No monitor has this key.
    Unknown,
    /// More than one monitor has this slug.
    Ambiguous,
    /// It cannot be read, or is not allowed.
    Refused(Refused),
    /// The path takes other methods.
    BadMethod {
        /// Those it takes.
        allow: &'static str,
    },
    /// Nothing can be stored now; the client is asked to come again after so many seconds.
    Busy {
        /// The seconds.
        retry_after_s: u32,
    },
}

/// How a ping was taken: the header `X-HB-Accepted`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Accepted {
    /// Stored.
    Stored,
    /// It had been stored before.
    Duplicate,
    /// Stored, and too late to change anything.
    Late,
    /// A rule of the monitor, or a link preview: recorded at most.
    Ignored,
}

impl Accepted {
    /// The word on the wire.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Accepted::Stored => "stored",
            Accepted::Duplicate => "duplicate",
            Accepted::Late => "late",
            Accepted::Ignored => "ignored",
        }
    }
}

/// An answer, ready to be sent.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answer {
    /// The HTTP status.
    pub(crate) status: u16,
    /// Empty where there is no body.
    pub(crate) content_type: &'static str,
    /// Headers besides; their names in lower case.
    pub(crate) headers: Vec<(&'static str, String)>,
    /// The body; empty for HEAD.
    pub(crate) body: Vec<u8>,
}

const TEXT: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json";

/// The answer that a client of `dialect` gets.
pub(crate) fn answer(dialect: &str, outcome: &Outcome, request: &Request) -> Answer {
    let mut answer = match outcome {
        Outcome::Taken { kind, received_at, .. } => taken(dialect, *kind, *received_at, request),
        Outcome::Created => text(201, "Created"),
        Outcome::Unknown => unknown(dialect, request),
        Outcome::Ambiguous => text(409, "ambiguous slug"),
        Outcome::Refused(refused) => refuse(dialect, refused),
        Outcome::BadMethod { .. } => text(405, "method not allowed"),
        Outcome::Busy { .. } => text(503, "cannot store now"),
    };
    match outcome {
        Outcome::Taken { accepted, .. } => {
            answer.headers.push(("x-hb-accepted", accepted.word().to_owned()));
        }
        Outcome::Created => answer.headers.push(("x-hb-accepted", "stored".to_owned())),
        Outcome::BadMethod { allow } => answer.headers.push(("allow", (*allow).to_owned())),
        Outcome::Busy { retry_after_s } => {
            answer.headers.push(("retry-after", retry_after_s.to_string()));
        }
        Outcome::Unknown | Outcome::Ambiguous | Outcome::Refused(_) => {}
    }
    if matches!(outcome, Outcome::Taken { .. } | Outcome::Created) {
        // runitor sizes its bodies by this; others do not mind.
        answer.headers.push(("ping-body-limit", PING_BODY_LIMIT.to_string()));
    }
    answer.headers.push(("access-control-allow-origin", "*".to_owned()));
    let never = "max-age=0, no-cache, no-store, must-revalidate, private";
    answer.headers.push(("cache-control", never.to_owned()));
    if request.method == "HEAD" {
        answer.body.clear();
    }
    answer
}

/// The answer to a list of hb's own events: for each its run, its place, what became of it and why.
pub(crate) fn answer_events(results: &[EventResult]) -> Answer {
    let results: Vec<Value> = results
        .iter()
        .map(|result| {
            let mut said = json!({"run_id": result.run_id, "seq": result.seq});
            match &result.became {
                // It changed nothing, and is on disk: nobody needs to tell it again.
                Ok(Accepted::Late) => said["result"] = json!(Accepted::Stored.word()),
                Ok(accepted) => said["result"] = json!(accepted.word()),
                Err(why) => {
                    said["result"] = json!("refused");
                    said["reason"] = json!(why);
                }
            }
            for (member, why) in &result.untaken {
                said["untaken"][member] = json!(why);
            }
            said
        })
        .collect();
    value(200, &Value::Array(results))
}

/// What became of one of hb's own events.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct EventResult {
    /// The run it belongs to.
    pub(crate) run_id: Option<String>,
    /// Its place there.
    pub(crate) seq: Option<u32>,
    /// How it was taken, or why not.
    pub(crate) became: Result<Accepted, String>,
    /// Members of its definition that were wrong and are left as they were, each with the reason.
    pub(crate) untaken: Vec<(String, String)>,
}

fn text(status: u16, body: &str) -> Answer {
    Answer { status, content_type: TEXT, headers: Vec::new(), body: body.as_bytes().to_vec() }
}

fn value(status: u16, body: &Value) -> Answer {
    let body = body.to_string().into_bytes();
    Answer { status, content_type: JSON, headers: Vec::new(), body }
}

fn empty(status: u16) -> Answer {
    Answer { status, content_type: "", headers: Vec::new(), body: Vec::new() }
}

/// The yes of each service.
fn taken(dialect: &str, kind: Option<Kind>, at: Moment, request: &Request) -> Answer {
    let began = kind == Some(Kind::Start);
    let failed = kind == Some(Kind::Failure);
    match dialect {
        "uptime_kuma" => value(200, &json!({"ok": true})),
        "peekaping" => value(200, &json!({"ok": "true"})),
        "oneuptime" => value(200, &json!({})),
        "kener" => value(200, &json!({"status": "OK"})),
        "cronly" => value(200, &json!({"status": "ok", "reason": ""})),
        "sentry" => empty(202),
        "gatus" | "goalert" => empty(200),
        "loki" => empty(204),
        "grafana_oncall" => text(200, "\":)\""),
        "deadmanssnitch" => text(202, "Got it, thanks!\n"),
        "sentry_envelope" => value(200, &json!({"id": envelope_id(request)})),
        "opsgenie" => value(
            202,
            &json!({"result": "PONG - Heartbeat received", "took": 0.001, "requestId": ""}),
        ),
        "pagerduty" => value(
            202,
            &json!({
                "status": "success", "message": "Event processed",
                "dedup_key": member(request, "dedup_key"),
            }),
        ),
        "cronping" => {
            let status = if began {
                "started"
            } else if failed {
                "down"
            } else {
                "up"
            };
            value(200, &json!({"ok": true, "status": status}))
        }
        "cronradar" => {
            let ends = request.path.trim_end_matches('/').ends_with("/complete");
            let status = if began {
                "started"
            } else if ends {
                "completed"
            } else {
                "ok"
            };
            value(200, &json!({"status": status}))
        }
        "cronbeats" => value(
            200,
            &json!({
                "status": "success", "action": kind.map_or("ping", Kind::word),
                "job_key": request.path.split('/').nth(2).unwrap_or_default(),
                "timestamp": at.to_rfc3339(), "processing_time_ms": 0, "next_expected": null,
            }),
        ),
        "cronbeacon" => value(200, &json!({"status": "ok", "event": member(request, "event")})),
        "gotify" => value(
            200,
            &json!({
                "id": at.epoch_ms(), "appid": 1, "date": at.to_rfc3339(),
                "message": member(request, "message"), "title": member(request, "title"),
                "priority": member(request, "priority"),
            }),
        ),
        "zabbix_api" => zabbix(request),
        "alertmanager" => empty(200),
        _ => text(200, "OK"),
    }
}

/// One member of the JSON that was sent, to be sent back.
fn member(request: &Request, name: &str) -> Value {
    let sent = body::json(request).and_then(|mut sent| sent.get_mut(name).map(Value::take));
    let form = || body::form(request, &[name]);
    let found = || form()?.into_iter().find(|(known, _)| known == name).map(|(_, value)| value);
    sent.or_else(|| found().map(Value::String)).unwrap_or(Value::Null)
}

/// The id in the first line of an envelope.
fn envelope_id(request: &Request) -> Value {
    let line = request.body.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let header: Option<Value> = serde_json::from_slice(line).ok();
    header.and_then(|header| header.get("event_id").cloned()).unwrap_or(Value::Null)
}

/// One result for each item, under the id of the question.
fn zabbix(request: &Request) -> Answer {
    let sent = body::json(request).unwrap_or(Value::Null);
    let items = match &sent["params"] {
        Value::Array(items) => items.len(),
        _ => 1,
    };
    let data: Vec<Value> = (0..items).map(|item| json!({"itemid": item.to_string()})).collect();
    let result = json!({"response": "success", "data": data});
    value(200, &json!({"jsonrpc": "2.0", "result": result, "id": sent["id"]}))
}

/// The no of each service to a key that nobody has; the same words whether the monitor is unknown or
/// merely not ours to see.
fn unknown(dialect: &str, request: &Request) -> Answer {
    match dialect {
        "uptime_kuma" => {
            value(404, &json!({"ok": false, "msg": "Monitor not found or not active."}))
        }
        "peekaping" => {
            value(404, &json!({"ok": "false", "msg": "Monitor not found or not active."}))
        }
        "kener" => value(400, &json!({"error": "Invalid heartbeat"})),
        "rootly" => value(404, &json!({"errors": [{"title": "Not found or unauthorized"}]})),
        "zabbix_api" => {
            let id = member(request, "id");
            let error =
                json!({"code": -32602, "message": "Invalid params.", "data": "Item not found."});
            value(200, &json!({"jsonrpc": "2.0", "error": error, "id": id}))
        }
        "hb" | "oneuptime" | "honeybadger" | "gatus" | "goalert" | "sentry" => {
            text(404, "not found")
        }
        _ if has_capital_slug(request) => text(400, "invalid url format"),
        _ => text(404, "not found"),
    }
}

/// Whether Healthchecks would refuse the slug in this path for its capitals.
fn has_capital_slug(request: &Request) -> bool {
    let Route::Family { spots } = route(request) else { return false };
    let capital = |slug: &str| slug.bytes().any(|byte| byte.is_ascii_uppercase());
    spots.iter().any(|spot| {
        matches!(native(&spot.key), Some(Native::Slug { slug, .. }) if capital(slug) && !slug.contains('.'))
    })
}

/// A refusal in the service's own form.
fn refuse(dialect: &str, refused: &Refused) -> Answer {
    match dialect {
        "uptime_kuma" => value(refused.status, &json!({"ok": false, "msg": refused.line})),
        "peekaping" => value(refused.status, &json!({"ok": "false", "msg": refused.line})),
        "hb" => {
            value(refused.status, &json!({"error": {"code": "invalid", "message": refused.line}}))
        }
        "pagerduty" => value(
            refused.status,
            &json!({"status": "invalid event", "message": refused.line, "errors": [refused.line]}),
        ),
        "cronbeacon" | "kener" | "gotify" => value(refused.status, &json!({"error": refused.line})),
        _ => text(refused.status, &refused.line),
    }
}
