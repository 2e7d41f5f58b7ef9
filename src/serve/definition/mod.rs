//! What a person or a job says about a monitor, checked member by member.
//!
//! One reader for every way in: hb's own API, `hb run --schedule`, later files. What is wrong is refused
//! with the member, the reason and, where it can be guessed, the repair; then nothing is changed.

mod members;
mod written;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::reply::Mistake;
use crate::domain::arrival;
pub(crate) use crate::domain::name::slug_of;
use crate::domain::schedule::{Line, Schedule};
use crate::domain::text;
use crate::domain::time::Moment;
use crate::sys::zone;
use members::{
    flag, foreign_keys, list, presence, schedule_text, seconds, slug, tolerance, words, zone_name,
};
pub(crate) use members::{slug as checked_slug, span_of};

/// The longest name, owner, tag.
const NAME_CHARS_MAX: usize = 200;

/// The longest description.
const DESCRIPTION_CHARS_MAX: usize = 4000;

/// When a success is expected and how long nobody is told, as the store keeps it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct StoredRules {
    /// The schedule as it was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) schedule: Option<String>,
    /// The zone it is meant in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) timezone: Option<String>,
    /// How long nobody is told; without it the interval says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) grace_s: Option<u64>,
    /// Within what a start is expected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) start_within_s: Option<u64>,
    /// How long a run may take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) run_at_most_s: Option<u64>,
    /// Missed runs in a row that are no reason to tell anybody.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tolerance: Option<u32>,
    /// Whether only time in which its host was awake counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) presence: Option<Presence>,
    /// How long a deadline is put off by that at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) absent_at_most_s: Option<u64>,
    /// Whether nothing is expected before the first ping.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) wait_first: bool,
    /// Whether it is judged as Healthchecks would: see `domain::healthchecks`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) healthchecks: bool,
}

/// Whose presence counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Presence {
    /// The host's that was last heard of: a laptop that sleeps is not late.
    Host,
}

/// A foreign key that leads to a monitor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ForeignKey {
    /// The service whose key it was.
    pub(crate) dialect: String,
    /// Its parts.
    pub(crate) key: Vec<String>,
}

/// A monitor as it was described.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Definition {
    /// Its name in URLs and on the command line.
    pub(crate) slug: String,
    /// Its name for people.
    pub(crate) name: String,
    /// What it is for.
    pub(crate) description: String,
    /// Who is responsible.
    pub(crate) owner: String,
    /// Labels.
    pub(crate) tags: Vec<String>,
    /// When a success is expected.
    pub(crate) rules: StoredRules,
    /// The channels that are told; none: all of the project.
    pub(crate) channels: Option<Vec<String>>,
    /// Keys of other services that lead here; none: as they are.
    pub(crate) keys: Option<Vec<ForeignKey>>,
}

impl Definition {
    /// Reads a JSON object over what is known; a member that is `null` goes back to its default.
    pub(crate) fn read(self, value: &Value, now: Moment) -> Result<Definition, Mistake> {
        let members =
            value.as_object().ok_or_else(|| Mistake::bad("the body is no JSON object"))?;
        let mut read = self;
        for (name, value) in members {
            read.member(name, value)?;
        }
        read.check(now)?;
        Ok(read)
    }

    /// As [`Definition::read`], with every mistake there is; what is wrong is left as it was.
    pub(crate) fn read_all(self, value: &Value, now: Moment) -> (Definition, Vec<Mistake>) {
        let Some(members) = value.as_object() else {
            return (self, vec![Mistake::bad("a monitor is a table of its members")]);
        };
        let mut read = self;
        let mut mistakes: Vec<Mistake> =
            members.iter().filter_map(|(name, value)| read.member(name, value).err()).collect();
        let is_told = |member: &str| mistakes.iter().any(|one| one.member() == Some(member));
        if !is_told("slug") && !is_told("name") {
            mistakes.extend(read.check(now).err());
        }
        (read, mistakes)
    }

    /// Takes what a mistake was found in where that is as it was: Healthchecks' API sets longer texts and
    /// lists than people may write here, and what is exported can be applied.
    pub(crate) fn upholds(&mut self, mistake: &Mistake, value: &Value, was: &Definition) -> bool {
        match mistake.member() {
            Some("description") if value["description"] == was.description.as_str() => {
                self.description.clone_from(&was.description);
            }
            Some("tags") if value["tags"] == Value::from(was.tags.as_slice()) => {
                self.tags.clone_from(&was.tags);
            }
            Some(_) | None => return false,
        }
        true
    }

    fn member(&mut self, name: &str, value: &Value) -> Result<(), Mistake> {
        match name {
            "slug" => self.slug = slug(name, value)?,
            "name" => self.name = words(name, value, NAME_CHARS_MAX)?,
            "description" => self.description = words(name, value, DESCRIPTION_CHARS_MAX)?,
            "owner" => self.owner = words(name, value, NAME_CHARS_MAX)?,
            "tags" => self.tags = list(name, value)?.unwrap_or_default(),
            "channels" => self.channels = list(name, value)?,
            "keys" => self.keys = foreign_keys(name, value)?,
            "schedule" => {
                self.rules.schedule = schedule_text(name, value)?;
            }
            "timezone" => self.rules.timezone = zone_name(name, value)?,
            "grace" => self.rules.grace_s = seconds(name, value, true)?,
            "start_within" => self.rules.start_within_s = seconds(name, value, false)?,
            "run_at_most" => self.rules.run_at_most_s = seconds(name, value, false)?,
            "tolerance" => self.rules.tolerance = tolerance(name, value)?,
            "presence" => self.rules.presence = presence(name, value)?,
            "absent_at_most" => self.rules.absent_at_most_s = seconds(name, value, false)?,
            "wait_first" => self.rules.wait_first = flag(name, value)?,
            // What an answer holds may be sent back as it came.
            "id" | "ping_url" | "status" | "facts" | "due_at" | "deadline_at" | "created_at"
            | "last_success_at" | "last_event_at" | "project" | "pause" | "updated_at"
            | "event_count" | "warnings" | "explanation" | "source" | "file" | "fault" => {}
            other => {
                let shown = text::excerpt(other.as_bytes());
                let near = crate::domain::nearest::nearest(other, MEMBERS)
                    .map(|near| format!(", did you mean `{near}`?"))
                    .unwrap_or_default();
                return Err(Mistake::field(
                    shown.clone(),
                    format!("there is no `{shown}` in a monitor{near}"),
                ));
            }
        }
        Ok(())
    }

    /// What a job says about its monitor; what it leaves out stays. So does what it says wrongly: nobody
    /// stands beside a job to mend it, and the rest of what it says is still true.
    pub(crate) fn over(
        self,
        said: &arrival::Definition,
        now: Moment,
    ) -> (Definition, Vec<Mistake>) {
        let before = (self.rules.schedule.clone(), self.rules.timezone.clone());
        let mut read = self;
        let mut mistakes = Vec::new();
        for (name, value) in members_of(said) {
            // What cannot be read is not assigned.
            mistakes.extend(read.member(&name, &value).err());
        }
        if let Err(mistake) = read.check(now) {
            (read.rules.schedule, read.rules.timezone) = before;
            mistakes.push(mistake);
        }
        (read, mistakes)
    }

    fn check(&mut self, now: Moment) -> Result<(), Mistake> {
        if self.slug.is_empty() && self.name.is_empty() {
            return Err(Mistake::field("slug", "a monitor needs a `slug`, its name in URLs"));
        }
        if self.slug.is_empty() {
            self.slug = slug_of(&self.name);
        }
        if self.name.is_empty() {
            self.name.clone_from(&self.slug);
        }
        let Some(given) = &self.rules.schedule else { return Ok(()) };
        let line = Line::parse(None, given).map_err(|fault| {
            let hint = fault.hint.map(|hint| format!("; {hint}")).unwrap_or_default();
            Mistake::field("schedule", format!("{}{hint}", fault.why))
        })?;
        let zone = match line.zone.as_deref().or(self.rules.timezone.as_deref()) {
            Some(name) => zone::named(name).map_err(|why| Mistake::field("timezone", why))?,
            None => zone::of_this_host(),
        };
        if line.schedule.next(now, &zone).is_none() {
            return Err(Mistake::field("schedule", "this schedule never comes true again"));
        }
        if let Schedule::Calendar(calendar) = &line.schedule
            && let Some(number) = calendar.dead_line(now, &zone)
        {
            let why = format!("line {number} of this schedule never comes true again");
            return Err(Mistake::field("schedule", why));
        }
        Ok(())
    }
}

/// What a job says, as a person would have written it.
fn members_of(said: &arrival::Definition) -> Map<String, Value> {
    match serde_json::to_value(said) {
        Ok(Value::Object(members)) => members,
        Ok(_) | Err(_) => Map::new(),
    }
}

/// Everything that a person may write.
const MEMBERS: [&str; 16] = [
    "slug",
    "name",
    "description",
    "owner",
    "tags",
    "schedule",
    "timezone",
    "grace",
    "start_within",
    "run_at_most",
    "tolerance",
    "presence",
    "absent_at_most",
    "wait_first",
    "channels",
    "keys",
];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Definition, slug_of};
    use crate::domain::time::Moment;

    fn read(value: serde_json::Value) -> Result<Definition, String> {
        let now = Moment::from_epoch_ms(1_795_000_000_000);
        Definition::default().read(&value, now).map_err(|mistake| mistake.message().to_owned())
    }

    #[test]
    fn members_are_read_as_people_write_them() {
        let read = read(json!({
            "slug": "nightly", "schedule": "0 3 * * *", "timezone": "Europe/Berlin", "grace": "90m",
            "run_at_most": 3600, "tags": "backup prod", "tolerance": 1,
            "keys": [{"dialect": "cronitor", "key": ["a", "b"]}],
        }))
        .expect("it is right");
        assert_eq!(read.name, "nightly");
        assert_eq!(read.rules.grace_s, Some(5400));
        assert_eq!(read.rules.run_at_most_s, Some(3600));
        assert_eq!(read.tags, ["backup", "prod"]);
        assert_eq!(read.keys.expect("keys")[0].key, ["a", "b"]);
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (value, part) in [
            (json!([]), "no JSON object"),
            (json!({}), "needs a `slug`"),
            (json!({"slug": "a/b"}), "letters, digits"),
            (json!({"slug": ".."}), "letters, digits"),
            (json!({"slug": "a", "grase": 1}), "did you mean `grace`?"),
            (json!({"slug": "a", "grace": -1}), "whole seconds"),
            (json!({"slug": "a", "grace": "5x"}), "`grace`"),
            (json!({"slug": "a", "schedule": "0 3 * *"}), "field"),
            (json!({"slug": "a", "schedule": "0 0 31 2 *"}), ""),
            (json!({"slug": "a", "schedule": "every 1h", "timezone": "Mars/Base"}), "no time zone"),
            (json!({"slug": "a", "presence": "hosts"}), "`presence` is `host`"),
            (json!({"slug": "a", "presence": true}), "`presence` is `host`"),
            (json!({"slug": "a", "absent_at_most": 0}), "longer than nothing"),
            (json!({"slug": "a", "tags": [1]}), "not a text"),
            (json!({"slug": "a", "tolerance": 1e9}), "missed runs"),
            (json!({"slug": "a", "keys": [{}]}), "cronitor"),
        ] {
            let why = read(value.clone()).expect_err(&value.to_string());
            assert!(why.contains(part), "{value}: {why}");
        }
    }

    #[test]
    fn of_what_a_job_says_the_right_part_is_taken() {
        let now = Moment::from_epoch_ms(1_795_000_000_000);
        let known = Definition::default()
            .read(&json!({"slug": "a", "schedule": "every 1h", "grace": 60, "owner": "dba"}), now)
            .expect("it is right");
        for (said, wrong, changed) in [
            (json!({}), &[][..], json!({})),
            (json!({"owner": "web", "tolerance": 2}), &[], json!({"owner": "web", "tolerance": 2})),
            (json!({"tags": ["x"], "name": "A"}), &[], json!({"tags": ["x"], "name": "A"})),
            (
                json!({"schedule": "0 3 * *", "owner": "web"}),
                &["schedule"],
                json!({"owner": "web"}),
            ),
            (
                json!({"schedule": "0 0 30 2 *", "grace": "5m"}),
                &["schedule"],
                json!({"grace": 300}),
            ),
            (json!({"timezone": "Mars/Base", "grace": "x"}), &["grace", "timezone"], json!({})),
            (
                json!({"run_at_most": "0", "tolerance": 9999}),
                &["run_at_most", "tolerance"],
                json!({}),
            ),
        ] {
            let described = serde_json::from_value(said.clone()).expect("a definition");
            let (read, mistakes) = known.clone().over(&described, now);
            let mut members: Vec<_> = mistakes.iter().filter_map(|one| one.member()).collect();
            members.sort_unstable();
            assert_eq!(members, wrong, "{said}");
            assert_eq!(read, known.clone().read(&changed, now).expect("right"), "{said}");
        }
    }

    #[test]
    fn a_slug_is_made_of_a_name() {
        assert_eq!(slug_of("Customer database (nightly)"), "customer-database-nightly");
        assert_eq!(slug_of("Ünï / ☃"), "n");
        assert_eq!(slug_of("☃"), "monitor");
    }
}
