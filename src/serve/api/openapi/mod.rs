//! The document that describes this API, from the table of operations and the schemas beside this file.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::operations::{Needs, OPERATIONS, Operation, Param};
use super::repeated::KEY_BYTES_MAX;
use super::{PAGE, PAGE_MAX};
use crate::domain::monitor::Status;
use crate::serve::app::App;
use crate::serve::reply::{self, Mistake};

/// What bodies and answers look like, by name.
const SCHEMAS: &str = include_str!("schemas.json");

/// The operations that answer with an entity tag.
const TAGGED: [&str; 5] =
    ["getMonitor", "createMonitor", "putMonitor", "changeMonitor", "releaseMonitor"];

/// The whole document.
pub(crate) async fn show(State(app): State<Arc<App>>) -> Result<Response, Mistake> {
    Ok(reply::json_ok(&document(&app.public_url())))
}

fn document(public_url: &str) -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for operation in OPERATIONS {
        let path = paths.entry(operation.path).or_insert_with(|| json!({}));
        path[operation.method.to_ascii_lowercase()] = described(operation);
    }
    let schemas: Value = serde_json::from_str(SCHEMAS).unwrap_or_default();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "hb serve",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Moments are RFC 3339; spans are seconds out, seconds or text such as `90m` in.",
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": format!("{public_url}/api/hb/v1") }],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "key": { "type": "http", "scheme": "bearer" },
                "header": { "type": "apiKey", "in": "header", "name": "X-Api-Key" },
                "password": { "type": "http", "scheme": "basic" },
            },
        },
    })
}

fn described(operation: &Operation) -> Value {
    let mut responses = Map::new();
    for (status, schema) in operation.answers {
        let content = match *schema {
            "text/event-stream" => json!({ "text/event-stream": {} }),
            schema => json!({ "application/json": { "schema": reference(schema) } }),
        };
        let mut good = json!({ "description": "done", "content": content });
        if TAGGED.contains(&operation.id) {
            let what = "changes with what people say of the monitor; for `If-Match`";
            good["headers"]["ETag"] =
                json!({ "description": what, "schema": { "type": "string" } });
        }
        responses.insert(status.to_string(), good);
    }
    let refused = json!({
        "description": "refused, and nothing has changed",
        "content": { "application/json": { "schema": reference("Error") } },
    });
    for status in refusals(operation) {
        responses.insert(status.to_string(), refused.clone());
    }
    let mut shown = json!({
        "operationId": operation.id,
        "summary": operation.summary,
        "description": needs(operation.needs),
        "tags": [operation.path.split('/').nth(1).unwrap_or_default()],
        "parameters": parameters(operation),
        "responses": responses,
        "security": security(operation.needs),
    });
    if let Some(schema) = operation.body {
        // A body that may be left out says nothing.
        let is_required = matches!(
            schema,
            "NewMonitor" | "NewChannel" | "NewKey" | "NewProject" | "Wanted" | "Import"
        );
        shown["requestBody"] = json!({
            "required": is_required,
            "content": { "application/json": { "schema": reference(schema) } },
        });
    }
    shown
}

/// The statuses with which a call may be refused.
fn refusals(operation: &Operation) -> Vec<u16> {
    let is_changing = operation.method != "GET";
    let has_name = operation.path.contains('{');
    let mut statuses = vec![503];
    if operation.needs != Needs::Nothing {
        statuses.extend([401, 403]);
    }
    if !matches!(operation.needs, Needs::Nothing | Needs::Ping) {
        // The password may be tried only so often.
        statuses.push(429);
    }
    if is_changing || !operation.query.is_empty() || has_name {
        statuses.push(400);
    }
    if has_name || operation.needs == Needs::Ping {
        statuses.push(404);
    }
    if is_changing || has_name {
        // Also to look at one of several monitors that share a slug.
        statuses.push(409);
    }
    if is_changing {
        statuses.extend([412, 413, 422]);
    }
    statuses
}

fn reference(schema: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{schema}") })
}

fn needs(needs: Needs) -> &'static str {
    match needs {
        Needs::Nothing => "Takes no key.",
        Needs::Ping => "Takes a ping key.",
        Needs::Read => "Takes a read, write or admin key.",
        Needs::Write => "Takes a write or admin key.",
        Needs::Admin => "Takes an admin key or the admin password.",
        Needs::Owner => "Takes the admin password.",
    }
}

fn security(needs: Needs) -> Value {
    match needs {
        Needs::Nothing => json!([]),
        Needs::Ping => json!([{ "key": [] }]),
        Needs::Owner => json!([{ "password": [] }]),
        Needs::Read | Needs::Write | Needs::Admin => {
            json!([{ "key": [] }, { "header": [] }, { "password": [] }])
        }
    }
}

fn parameters(operation: &Operation) -> Vec<Value> {
    let names = operation.path.split('/').filter_map(|part| {
        let name = part.strip_prefix('{')?.strip_suffix('}')?;
        Some(json!({
            "name": name, "in": "path", "required": true, "schema": { "type": "string" },
        }))
    });
    names.chain(operation.query.iter().map(|param| parameter(*param))).collect()
}

fn parameter(param: Param) -> Value {
    let asked =
        |name: &str, schema: Value| json!({ "name": name, "in": "query", "schema": schema });
    match param {
        Param::Limit => asked(
            "limit",
            json!({ "type": "integer", "minimum": 1, "maximum": PAGE_MAX, "default": PAGE }),
        ),
        Param::Cursor => asked("cursor", json!({ "type": "string" })),
        Param::Slug => asked("slug", json!({ "type": "string" })),
        Param::Status => {
            let words = Status::ALL.map(|(_, word)| word);
            asked("status", json!({ "type": "string", "enum": words }))
        }
        Param::Open => asked("open", json!({ "type": "boolean" })),
        Param::Tag => json!({
            "name": "tag", "in": "query", "explode": true,
            "schema": { "type": "array", "items": { "type": "string" } },
        }),
        Param::LastEventId => json!({
            "name": "Last-Event-ID", "in": "header", "schema": { "type": "integer", "minimum": 0 },
        }),
        Param::IfMatch => json!({
            "name": "If-Match", "in": "header", "schema": { "type": "string" },
            "description": "an `ETag` that was answered: if it is another by now, 412 and no change",
        }),
        Param::IfNoneMatch => json!({
            "name": "If-None-Match", "in": "header", "schema": { "type": "string" },
            "description": "with `*`: if there is one already, 412 and no change",
        }),
        Param::IdempotencyKey => json!({
            "name": "Idempotency-Key", "in": "header",
            "schema": { "type": "string", "minLength": 1, "maxLength": KEY_BYTES_MAX },
            "description": "chosen by the client: within a day the same call with the same key is \
                            carried out once and gets the same answer; another call gets 422",
        }),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::{OPERATIONS, SCHEMAS, document};

    #[test]
    fn every_schema_is_there_and_every_one_is_used() {
        let schemas: Value = serde_json::from_str(SCHEMAS).expect("the schemas are JSON");
        let known: BTreeSet<&str> =
            schemas.as_object().expect("an object").keys().map(String::as_str).collect();
        let text = document("http://h").to_string();
        let used: BTreeSet<&str> = text
            .split("#/components/schemas/")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .collect();
        assert_eq!(known, used);
    }

    #[test]
    fn no_two_operations_have_one_name_or_one_place() {
        let ids: BTreeSet<&str> = OPERATIONS.iter().map(|one| one.id).collect();
        let places: BTreeSet<(&str, &str)> =
            OPERATIONS.iter().map(|one| (one.method, one.path)).collect();
        assert_eq!((ids.len(), places.len()), (OPERATIONS.len(), OPERATIONS.len()));
    }
}
