//! `--dry-run`: what would be sent, as JSON, and nothing else happens.
//!
//! The URLs are whole here, keys and all: somebody asked to see exactly what goes out.

use serde_json::{Value, json};

use crate::domain::base64;
use crate::domain::dialect::{Exchange, HttpRequest, Limits, Request};
use crate::domain::event::{Event, Kind};
use crate::run::plan::Plan;
use crate::send::target::Target;
use crate::sys::{clock, host, random};

/// The requests of a run that succeeds, and of one that fails with 1.
pub(crate) fn of_run(plan: &Plan) -> Value {
    let now = clock::now();
    let mut event = Event::new(Kind::Start, &plan.monitor, now);
    event.run_id = Some(random::run_id(now));
    event.started_at = Some(now);
    event.host = Some(host::name());
    let mut shown = Vec::new();
    for (kind, exit_code) in
        [(Kind::Start, None), (Kind::Success, Some(0)), (Kind::Failure, Some(1))]
    {
        event.kind = kind;
        event.exit_code = exit_code;
        event.message = exit_code.map(|code| format!("exited with {code}"));
        for target in &plan.targets {
            let mut event = event.clone();
            plan.telling.describe(target, &mut event);
            for (mut request, word) in of_event(target, &event) {
                request["event"] = json!(word);
                request["target"] = json!(target.name);
                shown.push(request);
            }
        }
    }
    Value::Array(shown)
}

/// The requests of one event at one target, each with the event's word.
pub(crate) fn of_event(target: &Target, event: &Event) -> Vec<(Value, &'static str)> {
    let requests = target.spell(event, Limits::default(), event.at);
    let headers = &target.headers.0;
    let shown = |request| {
        let mut shown = shown(request, headers);
        shown["dialect"] = json!(target.dialect.name());
        (shown, event.kind.word())
    };
    requests.iter().map(shown).collect()
}

/// One request.
pub(crate) fn shown(request: &Request, more: &[(String, String)]) -> Value {
    match request {
        Request::Http(request) => shown_http(request, more),
        Request::Command { environment, input, .. } => json!({
            "transport": "command",
            "environment": environment.iter().cloned().collect::<std::collections::BTreeMap<_, _>>(),
            "stdin": String::from_utf8_lossy(input),
        }),
        Request::Udp { to, lines } => json!({ "transport": "udp", "addr": to, "lines": lines }),
        Request::Tcp { to, exchange: Exchange::Zabbix(content) } => {
            json!({ "transport": "tcp", "addr": to, "json": content })
        }
        Request::Tcp { to, exchange: Exchange::Nsca(packet) } => {
            let fields = json!({
                "host_name": packet.host_name,
                "svc_description": packet.svc_description,
                "return_code": packet.return_code,
                "plugin_output": packet.plugin_output,
            });
            let encryption = packet.encryption.number();
            json!({ "transport": "tcp", "addr": to, "fields": fields, "encryption": encryption })
        }
    }
}

fn shown_http(request: &HttpRequest, more: &[(String, String)]) -> Value {
    let own = request.headers.iter().map(|(name, value)| (name.clone(), json!(value)));
    let more = more.iter().map(|(name, value)| (name.to_lowercase(), json!(value)));
    let agent = ("user-agent".to_owned(), json!(concat!("hb/", env!("CARGO_PKG_VERSION"))));
    let headers: serde_json::Map<String, Value> =
        [agent].into_iter().chain(own).chain(more).collect();
    let body = match std::str::from_utf8(&request.body) {
        Ok(text) => json!(text),
        Err(_) => json!({ "base64": base64::encode(&request.body) }),
    };
    json!({ "method": request.method, "url": request.url, "headers": headers, "body": body })
}
