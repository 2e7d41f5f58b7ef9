//! The backup of an Uptime Kuma: of its monitors those of type `push`, which wait for a job. Pure.

use serde_json::{Map, Value, json};

use super::import_files::Found;
use crate::client::answer::Object;

/// Reads a backup; `channels` are those of the receiver.
pub(super) fn read(whole: &Value, channels: &[String]) -> Result<Found, &'static str> {
    let monitors: Vec<&Value> = match whole.get("monitorList") {
        Some(Value::Array(monitors)) => monitors.iter().collect(),
        // As its own interface and clients of that have them, each by its number.
        Some(Value::Object(monitors)) => monitors.values().collect(),
        _ => return Err("it has no `monitorList`, as a backup of Uptime Kuma has"),
    };
    let mut found = Found::default();
    for item in monitors.into_iter().map(Object) {
        let name = item.text("name");
        let kind = item.word("type").unwrap_or("nothing known");
        if kind != "push" {
            let why = format!("it is of type {kind}, which does not wait for a job");
            found.skipped.push((name.to_owned(), why));
            continue;
        }
        match monitor(item, &told(whole, item, channels)) {
            Ok(mut members) => {
                let slug = found.slug(name);
                members
                    .insert("name".to_owned(), json!(if name.is_empty() { &slug } else { name }));
                if is(item, "active") == Some(false) {
                    found.paused.push(slug.clone());
                }
                members.insert("slug".to_owned(), json!(slug));
                found.monitors.push(members);
            }
            Err(why) => found.refused.push((name.to_owned(), why.to_owned())),
        }
    }
    Ok(found)
}

/// A monitor that waits for a job, without its names.
fn monitor(item: Object<'_>, channels: &[&str]) -> Result<Map<String, Value>, &'static str> {
    let token = item.word("pushToken").or(item.word("push_token")).ok_or("it has no push token")?;
    if is(item, "upsideDown") == Some(true) {
        return Err("it is upside down: there a heartbeat is bad news, here it is a success");
    }
    let interval = seconds(item, "interval", 60).ok_or("its interval is no time")?;
    let mut members = Map::new();
    members.insert("schedule".to_owned(), json!(format!("every {interval}s")));
    members.insert("wait_first".to_owned(), json!(true));
    // Without a retry it is down at the second; hb's own grace is kinder to a clock that drifts.
    if let Some(retries) = seconds(item, "maxretries", 0) {
        let rest = seconds(item, "retryInterval", interval).unwrap_or(interval);
        members.insert("grace".to_owned(), json!(retries.saturating_mul(rest)));
        members.insert("tolerance".to_owned(), json!(0));
    }
    if let Some(description) = item.word("description") {
        members.insert("description".to_owned(), json!(description));
    }
    let tags: Vec<String> = item.items("tags").iter().map(Object).filter_map(tag).collect();
    if !tags.is_empty() {
        members.insert("tags".to_owned(), json!(tags));
    }
    // Where none of them is known here, all channels are told: silence would be worse.
    if !channels.is_empty() {
        members.insert("channels".to_owned(), json!(channels));
    }
    let key = json!([{ "dialect": "uptime_kuma", "key": [token] }]);
    members.insert("keys".to_owned(), key);
    Ok(members)
}

/// The receiver's channels that are called like those which this monitor tells there.
fn told<'a>(whole: &Value, item: Object<'_>, channels: &'a [String]) -> Vec<&'a str> {
    let told = |id: i64| item.0["notificationIDList"][id.to_string()] == json!(true);
    let names: Vec<&str> = Object(whole)
        .items("notificationList")
        .iter()
        .map(Object)
        .filter(|one| one.whole("id").is_some_and(told))
        .map(|one| one.text("name"))
        .collect();
    channels.iter().map(String::as_str).filter(|name| names.contains(name)).collect()
}

/// A number above zero, rounded up: its database keeps fractions, and people write texts.
fn seconds(item: Object<'_>, member: &str, default: i64) -> Option<i64> {
    let number = match &item.0[member] {
        Value::Null => default as f64,
        Value::String(text) => text.trim().parse().ok()?,
        other => other.as_f64()?,
    };
    // A number that is too large is one that the receiver refuses.
    Some(number.ceil() as i64).filter(|number| *number > 0)
}

/// A switch, which its database keeps as a number.
fn is(item: Object<'_>, member: &str) -> Option<bool> {
    match &item.0[member] {
        Value::Bool(switch) => Some(*switch),
        Value::Number(number) => Some(number.as_f64() != Some(0.0)),
        _ => None,
    }
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
        let whole = json!({"version": "1.23.1", "notificationList": [{"id": 1, "name": "ntfy"},
            {"id": 4, "name": "Mail"}], "monitorList": [
            {"name": "DB dump", "type": "push", "interval": 3600, "retryInterval": 60, "maxretries": 3,
             "pushToken": "abc", "active": 1, "notificationIDList": {"1": true, "4": true}, "tags": [{"name": "env", "value": "prod"}, {"name": "x"}]},
            {"name": "DB dump", "type": "push", "interval": 60, "pushToken": "def", "active": false,
             "description": "second"},
            {"name": "slow", "type": "push", "interval": 5400.5, "pushToken": "ghi", "maxretries": 0,
             "notificationIDList": {"1": true}},
            {"name": "turned", "type": "push", "interval": 60, "pushToken": "jkl", "upsideDown": true},
            {"name": "never", "type": "push", "interval": 0, "pushToken": "mno"},
            {"name": "site", "type": "http", "url": "https://example.org"},
            {"name": "odd", "type": "push"}, 7,
        ]});
        let found = read(&whole, &["Mail".to_owned()]).expect("a backup");
        let monitors: Vec<Value> = found.monitors.into_iter().map(Value::Object).collect();
        let expected = json!([
            {"slug": "db-dump", "name": "DB dump", "schedule": "every 3600s", "grace": 180,
             "tolerance": 0, "wait_first": true, "tags": ["env:prod", "x"],
             "channels": ["Mail"], "keys": [{"dialect": "uptime_kuma", "key": ["abc"]}]},
            {"slug": "db-dump-2", "name": "DB dump", "schedule": "every 60s", "wait_first": true,
             "description": "second", "keys": [{"dialect": "uptime_kuma", "key": ["def"]}]},
            {"slug": "slow", "name": "slow", "schedule": "every 5401s", "wait_first": true,
             "keys": [{"dialect": "uptime_kuma", "key": ["ghi"]}]},
        ]);
        assert_eq!(json!(monitors), expected);
        assert_eq!(found.paused, ["db-dump-2"]);
        let names = |of: &[(String, String)]| -> Vec<String> {
            of.iter().map(|(name, _)| name.clone()).collect()
        };
        assert_eq!(names(&found.skipped), ["site", ""]);
        assert_eq!(names(&found.refused), ["turned", "never", "odd"]);
        let by_number = read(&json!({"monitorList": {"7": whole["monitorList"][0]}}), &[]);
        assert_eq!(by_number.map(|found| found.monitors.len()), Ok(1));
        assert!(read(&json!([]), &[]).is_err() && read(&json!({}), &[]).is_err());
    }
}
