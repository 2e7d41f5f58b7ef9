//! The backup of an Uptime Kuma: of its monitors those of type `push`, which wait for a job. Pure.

use serde_json::{Map, Value, json};

use super::import_files::Found;
use crate::client::answer::Object;

/// Reads a backup.
pub(super) fn read(whole: &Value) -> Result<Found, &'static str> {
    let monitors = whole.get("monitorList").and_then(Value::as_array);
    let monitors = monitors.ok_or("it has no `monitorList`, as a backup of Uptime Kuma has")?;
    let mut found = Found::default();
    for monitor in monitors.iter().map(Object) {
        let name = monitor.text("name");
        let Some(token) = monitor.word("pushToken").filter(|_| monitor.text("type") == "push")
        else {
            let kind = monitor.word("type").unwrap_or("nothing known");
            let why = match kind {
                "push" => "it has no push token".to_owned(),
                kind => format!("it is of type {kind}, which asks and does not wait for a job"),
            };
            found.skipped.push((name.to_owned(), why));
            continue;
        };
        let slug = found.slug(name);
        let mut members = Map::new();
        let interval = monitor.whole("interval").unwrap_or(60).max(1);
        members.insert("name".to_owned(), json!(if name.is_empty() { &slug } else { name }));
        members.insert("schedule".to_owned(), json!(format!("every {interval}s")));
        members.insert("wait_first".to_owned(), json!(true));
        let retries = monitor.whole("maxretries").unwrap_or(0);
        // Without a retry it is down at the second; hb's own grace is kinder to a clock that drifts.
        if retries > 0 {
            let rest = monitor.whole("retryInterval").unwrap_or(interval).max(1);
            members.insert("grace".to_owned(), json!(retries.saturating_mul(rest)));
            members.insert("tolerance".to_owned(), json!(0));
        }
        if let Some(description) = monitor.word("description") {
            members.insert("description".to_owned(), json!(description));
        }
        let tags: Vec<String> = monitor.items("tags").iter().map(Object).filter_map(tag).collect();
        if !tags.is_empty() {
            members.insert("tags".to_owned(), json!(tags));
        }
        let key = json!([{ "dialect": "uptime_kuma", "key": [token] }]);
        members.insert("keys".to_owned(), key);
        let is_off = monitor.0["active"] == json!(false) || monitor.0["active"] == json!(0);
        if is_off {
            found.paused.push(slug.clone());
        }
        members.insert("slug".to_owned(), json!(slug));
        found.monitors.push(members);
    }
    Ok(found)
}

fn tag(tag: Object<'_>) -> Option<String> {
    let name = tag.word("name")?;
    Some(tag.word("value").map_or_else(|| name.to_owned(), |value| format!("{name}:{value}")))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::read;

    #[test]
    fn push_monitors_are_taken_and_others_are_named() {
        let whole = json!({"version": "1.23.1", "monitorList": [
            {"name": "DB dump", "type": "push", "interval": 3600, "retryInterval": 60, "maxretries": 3,
             "pushToken": "abc", "active": 1, "tags": [{"name": "env", "value": "prod"}, {"name": "x"}]},
            {"name": "DB dump", "type": "push", "interval": 60, "pushToken": "def", "active": false,
             "description": "second"},
            {"name": "site", "type": "http", "url": "https://example.org"},
            {"name": "odd", "type": "push"}, 7,
        ]});
        let found = read(&whole).expect("a backup");
        let monitors: Vec<Value> = found.monitors.into_iter().map(Value::Object).collect();
        let expected = json!([
            {"slug": "db-dump", "name": "DB dump", "schedule": "every 3600s", "grace": 180,
             "tolerance": 0, "wait_first": true, "tags": ["env:prod", "x"],
             "keys": [{"dialect": "uptime_kuma", "key": ["abc"]}]},
            {"slug": "db-dump-2", "name": "DB dump", "schedule": "every 60s", "wait_first": true,
             "description": "second", "keys": [{"dialect": "uptime_kuma", "key": ["def"]}]},
        ]);
        assert_eq!(json!(monitors), expected);
        assert_eq!(found.paused, ["db-dump-2"]);
        let skipped: Vec<&str> = found.skipped.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(skipped, ["site", "odd", ""]);
        assert!(read(&json!([])).is_err() && read(&json!({})).is_err());
    }
}
