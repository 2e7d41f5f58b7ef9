//! What Cronitor's API says of its monitors: of these jobs and heartbeats, which wait for a ping. Pure.

use serde_json::{Map, Value, json};

use super::import_files::Found;
use crate::client::answer::Object;

/// Reads the answer of `GET /api/monitors`, or its configuration file as JSON: `{"jobs": {"key": {}}}`.
/// `key` is the API key that jobs ping with; `channels` are those of the receiver.
pub(super) fn read(
    whole: &Value,
    key: Option<&str>,
    channels: &[String],
) -> Result<Found, &'static str> {
    let mut found = Found::default();
    found.is_known_by_slug = true;
    let mut is_known = false;
    if let Some(items) = whole.get("monitors").and_then(Value::as_array) {
        is_known = true;
        for item in items {
            let kind = Object(item).text("type");
            monitor(&mut found, (Object(item).text("key"), kind), Object(item), key, channels);
        }
    }
    for kind in ["jobs", "heartbeats", "checks", "sites", "monitors"] {
        let items = whole.get(kind).and_then(Value::as_object);
        is_known |= items.is_some();
        for (name, item) in items.into_iter().flatten() {
            let kind = kind.trim_end_matches('s');
            monitor(&mut found, (name, kind), Object(item), key, channels);
        }
    }
    if is_known {
        Ok(found)
    } else {
        Err("it has no `monitors`, as an answer of Cronitor's API has")
    }
}

fn monitor(
    found: &mut Found,
    (own, kind): (&str, &str),
    item: Object<'_>,
    key: Option<&str>,
    channels: &[String],
) {
    let name = item.word("name").unwrap_or(own);
    if !matches!(kind, "job" | "heartbeat" | "monitor") {
        let why = format!("it is of type {kind}, which asks and does not wait for a job");
        found.skipped.push((name.to_owned(), why));
        return;
    }
    if own.is_empty() {
        found.refused.push((name.to_owned(), "it has no key".to_owned()));
        return;
    }
    let slug = found.slug(own);
    let mut members = Map::new();
    let mut put = |member: &str, value: Value| drop(members.insert(member.to_owned(), value));
    put("slug", json!(slug));
    put("name", json!(name));
    put("wait_first", json!(true));
    let all = item.texts("schedules");
    let schedule = item.word("schedule").or(all.first().copied());
    if let Some(schedule) = schedule {
        put("schedule", json!(schedule));
    }
    if let Some(zone) = item.word("timezone") {
        put("timezone", json!(zone));
    }
    if let Some(grace) = item.whole("grace_seconds").filter(|grace| *grace > 0) {
        put("grace", json!(grace));
    }
    if let Some(missed) = item.whole("schedule_tolerance").filter(|missed| *missed >= 0) {
        put("tolerance", json!(missed));
    }
    if let Some(note) = item.word("note") {
        put("description", json!(note));
    }
    let tags = item.texts("tags");
    if !tags.is_empty() {
        put("tags", json!(tags));
    }
    let told: Vec<&str> = item
        .texts("notify")
        .into_iter()
        .filter(|name| channels.iter().any(|one| one == name))
        .collect();
    // Where none of them is known here, all channels are told: silence would be worse.
    if !told.is_empty() {
        put("channels", json!(told));
    }
    if let Some(key) = key {
        put("keys", json!([{ "dialect": "cronitor", "key": [key, own] }]));
    }
    if all.len() > 1 {
        let why = format!("of its {} schedules only the first is taken", all.len());
        found.skipped.push((format!("{name} (in part)"), why));
    }
    if item.0["paused"] == json!(true) || item.0["disabled"] == json!(true) {
        found.paused.push(slug);
    }
    found.monitors.push(members);
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::read;

    #[test]
    fn jobs_and_heartbeats_are_taken_in_both_forms() {
        let whole = json!({"monitors": [
            {"key": "abc123", "name": "Nightly", "type": "job", "schedule": "0 3 * * *",
             "timezone": "Europe/Berlin", "grace_seconds": 600, "schedule_tolerance": 1,
             "notify": ["default", "ops"], "tags": ["x"], "note": "n", "paused": true},
            {"key": "beat", "type": "heartbeat", "schedules": ["every 5 minutes", "0 4 * * *"]},
            {"key": "web", "name": "Web", "type": "check"},
        ]});
        let found = read(&whole, Some("apikey"), &["ops".to_owned()]).expect("an answer");
        let monitors: Vec<Value> = found.monitors.into_iter().map(Value::Object).collect();
        let expected = json!([
            {"slug": "abc123", "name": "Nightly", "schedule": "0 3 * * *", "timezone": "Europe/Berlin",
             "grace": 600, "tolerance": 1, "channels": ["ops"], "tags": ["x"], "description": "n",
             "wait_first": true, "keys": [{"dialect": "cronitor", "key": ["apikey", "abc123"]}]},
            {"slug": "beat", "name": "beat", "schedule": "every 5 minutes", "wait_first": true,
             "keys": [{"dialect": "cronitor", "key": ["apikey", "beat"]}]},
        ]);
        assert_eq!(json!(monitors), expected);
        assert_eq!(found.paused, ["abc123"]);
        assert_eq!(found.skipped.len(), 2);
        let file = json!({"jobs": {"k": {"schedule": "0 1 * * *"}}, "sites": {"s": {}}});
        let found = read(&file, None, &[]).expect("a file");
        assert_eq!((found.monitors.len(), found.skipped.len()), (1, 1));
        assert!(!found.monitors[0].contains_key("keys"));
        assert!(read(&json!({}), None, &[]).is_err() && read(&json!(1), None, &[]).is_err());
    }
}
