//! A definition as JSON: what was said of a monitor and nothing that hb found out. Read again, it is the
//! same definition.

use serde_json::{Map, Value, json};

use super::Definition;

impl Definition {
    /// Only what was said: a default is left out, so that a later default holds for it, too.
    pub(crate) fn written(&self) -> Value {
        let mut members = Map::new();
        let mut put = |name: &str, value: Value| {
            let is_said = match &value {
                Value::Null | Value::Bool(false) => false,
                Value::String(text) => !text.is_empty(),
                Value::Array(items) => !items.is_empty(),
                Value::Bool(true) | Value::Number(_) | Value::Object(_) => true,
            };
            if is_said {
                members.insert(name.to_owned(), value);
            }
        };
        put("slug", json!(self.slug));
        if self.name != self.slug {
            put("name", json!(self.name));
        }
        put("description", json!(self.description));
        put("owner", json!(self.owner));
        put("tags", json!(self.tags));
        let rules = &self.rules;
        // Clients of Healthchecks leave blanks around it, which say nothing.
        put("schedule", json!(rules.schedule.as_deref().map(str::trim)));
        put("timezone", json!(rules.timezone));
        put("grace", json!(rules.grace_s));
        put("start_within", json!(rules.start_within_s));
        put("run_at_most", json!(rules.run_at_most_s));
        put("tolerance", json!(rules.tolerance));
        put("presence", json!(rules.presence));
        put("absent_at_most", json!(rules.absent_at_most_s));
        put("wait_first", json!(rules.wait_first));
        let keys = self.keys.iter().flatten();
        let keys = keys.map(|key| json!({ "dialect": key.dialect, "key": key.key }));
        put("keys", keys.collect());
        // No channel at all is said, too: without the member it is every channel of the project.
        if let Some(channels) = &self.channels {
            members.insert("channels".to_owned(), json!(channels));
        }
        Value::Object(members)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Definition;
    use crate::domain::time::Moment;

    #[test]
    fn what_is_written_is_read_as_the_same() {
        let now = Moment::from_epoch_ms(1_795_000_000_000);
        for said in [
            json!({ "slug": "bare" }),
            json!({
                "slug": "whole", "name": "Whole", "description": "all of it", "owner": "dba",
                "tags": ["a", "b"], "schedule": "0 3 * * *", "timezone": "Europe/Berlin",
                "grace": 5400, "start_within": 600, "run_at_most": 7200, "tolerance": 2,
                "presence": "host", "absent_at_most": 259_200,
                "wait_first": true, "channels": ["mail"],
                "keys": [{ "dialect": "cronitor", "key": ["a", "b"] }],
            }),
            json!({ "slug": "silent", "channels": [] }),
        ] {
            let read = Definition::default().read(&said, now).expect("it is fine");
            assert_eq!(read.written(), said);
        }
    }
}
