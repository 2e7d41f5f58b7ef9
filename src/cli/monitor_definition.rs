//! What `hb monitor add` and `edit` say about a monitor: flags into the members of the API.
//!
//! The receiver judges the values; here only that is refused which it could not see: a file that cannot
//! be read, a name that `hb run` could not use.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Map, Value, json};

use super::given::object_of;
use super::receiver::Failed;
use crate::domain::name;

/// A monitor's definition. An empty value takes back what was said before.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "The monitor")]
pub(crate) struct DefinitionArguments {
    /// When a success is expected: `0 3 * * *`, `every 1h`, `calendar Mon..Fri 02:00`, `by 08:00`
    #[arg(long, value_name = "SCHEDULE")]
    pub(crate) schedule: Option<String>,
    /// The time zone of the schedule: Europe/Berlin [default: the receiver's]
    #[arg(long, value_name = "ZONE")]
    pub(crate) tz: Option<String>,
    /// How late a success may be: 90m [default: by how often it is expected]
    #[arg(long, value_name = "TIME")]
    grace: Option<String>,
    /// How late a start may be
    #[arg(long, value_name = "TIME")]
    start_within: Option<String>,
    /// How long a run may take
    #[arg(long, value_name = "TIME")]
    run_at_most: Option<String>,
    /// How many expected runs in a row may be missed
    #[arg(long, value_name = "N")]
    tolerance: Option<u32>,
    /// `host`: only time in which its host is awake counts, for a laptop that sleeps [default: always]
    #[arg(long, value_name = "WHOSE")]
    presence: Option<String>,
    /// With that, how long after its deadline it is told in any case [default: 14d]
    #[arg(long, value_name = "TIME")]
    absent_at_most: Option<String>,
    /// Who is responsible
    #[arg(long, value_name = "NAME")]
    owner: Option<String>,
    /// What it is for
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// Its name for people
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    /// A label (repeatable); together they replace those before
    #[arg(long, value_name = "TAG")]
    tag: Vec<String>,
    /// A channel that is told (repeatable); together they replace those before [default: all]
    #[arg(long, value_name = "NAME")]
    channel: Vec<String>,
    /// Everything else, as the API takes it, from a file; `-` is stdin
    #[arg(long, value_name = "FILE")]
    json_settings: Option<PathBuf>,
}

impl DefinitionArguments {
    /// The members that were given.
    pub(crate) fn members(&self) -> Result<Map<String, Value>, Failed> {
        let mut members = match &self.json_settings {
            Some(path) => object_of(path)?,
            None => Map::new(),
        };
        let texts = [
            ("schedule", &self.schedule),
            ("timezone", &self.tz),
            ("grace", &self.grace),
            ("start_within", &self.start_within),
            ("run_at_most", &self.run_at_most),
            ("presence", &self.presence),
            ("absent_at_most", &self.absent_at_most),
            ("owner", &self.owner),
            ("description", &self.description),
            ("name", &self.title),
        ];
        for (member, value) in texts {
            if let Some(value) = value {
                let value = if value.trim().is_empty() { Value::Null } else { json!(value) };
                members.insert(member.to_owned(), value);
            }
        }
        if let Some(tolerance) = self.tolerance {
            members.insert("tolerance".to_owned(), json!(tolerance));
        }
        for (member, values) in [("tags", &self.tag), ("channels", &self.channel)] {
            if !values.is_empty() {
                let values: Vec<&String> =
                    values.iter().filter(|value| !value.trim().is_empty()).collect();
                // Nothing but an empty one: none of its own.
                let value = if values.is_empty() { Value::Null } else { json!(values) };
                members.insert(member.to_owned(), value);
            }
        }
        Ok(members)
    }
}

/// A name that `hb run` can use, too.
pub(crate) fn usable_name(word: &str) -> Result<(), Failed> {
    name::refuse(word).map_or(Ok(()), |why| Err(Failed::usage(why)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::DefinitionArguments;

    #[test]
    fn flags_become_members_and_an_empty_one_takes_back() {
        let flags = DefinitionArguments {
            schedule: Some("every 1h".into()),
            grace: Some(" ".into()),
            tolerance: Some(2),
            tag: vec!["a".into(), "b".into()],
            channel: vec![String::new()],
            title: Some("The nightly dump".into()),
            ..DefinitionArguments::default()
        };
        let members = flags.members().map(serde_json::Value::Object).unwrap();
        let expected = json!({"schedule": "every 1h", "grace": null, "tolerance": 2, "tags": ["a", "b"],
            "channels": null, "name": "The nightly dump"});
        assert_eq!(members, expected);
        assert!(DefinitionArguments::default().members().unwrap().is_empty());
    }
}
