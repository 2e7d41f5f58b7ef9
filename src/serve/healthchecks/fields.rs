//! What a client says of a check, read as strictly as Healthchecks does and refused in its words.

use serde_json::{Map, Value};

use super::refusal::Refusal;
use super::zones;
use crate::domain::schedule::zone::Zone;
use crate::domain::schedule::{Kind, Schedule};
use crate::domain::time::Moment;
use crate::sys::zone;

/// The longest name, slug and schedule.
const NAME_CHARS_MAX: usize = 100;

/// The longest list of keywords.
const WORDS_CHARS_MAX: usize = 200;

/// The shortest period and grace.
const SECONDS_MIN: u64 = 60;

/// The longest period and grace: a year.
const SECONDS_MAX: u64 = 31_536_000;

/// From when on Healthchecks looks for the first moment of a schedule: 2000-01-01, in UTC.
const FIRST_LOOK_MS: i64 = 946_684_800_000;

/// What `unique` may name.
const UNIQUE: [&str; 5] = ["name", "slug", "tags", "timeout", "grace"];

/// What was said; what was not stays as it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Spec {
    pub(super) channels: Option<String>,
    pub(super) desc: Option<String>,
    pub(super) failure_kw: Option<String>,
    pub(super) filter_body: Option<bool>,
    pub(super) filter_default_fail: Option<bool>,
    pub(super) filter_http_body: Option<bool>,
    pub(super) filter_subject: Option<bool>,
    pub(super) grace: Option<u64>,
    pub(super) manual_resume: Option<bool>,
    pub(super) methods: Option<String>,
    pub(super) name: Option<String>,
    /// Its kind, and the text as it was sent.
    pub(super) schedule: Option<(Kind, String)>,
    pub(super) slug: Option<String>,
    pub(super) start_kw: Option<String>,
    pub(super) subject: Option<String>,
    pub(super) subject_fail: Option<String>,
    pub(super) success_kw: Option<String>,
    pub(super) tags: Option<String>,
    pub(super) timeout: Option<u64>,
    pub(super) tz: Option<String>,
    /// The members by which a check is found that is to be changed instead of another made.
    pub(super) unique: Vec<String>,
}

impl Spec {
    /// Reads the members of a body; those that Healthchecks does not know are passed over.
    pub(super) fn read(members: &Map<String, Value>) -> Result<Spec, Refusal> {
        let all = Members(members);
        Ok(Spec {
            channels: all.text("channels", usize::MAX)?,
            desc: all.text("desc", usize::MAX)?,
            failure_kw: all.text("failure_kw", WORDS_CHARS_MAX)?,
            filter_body: all.flag("filter_body")?,
            filter_default_fail: all.flag("filter_default_fail")?,
            filter_http_body: all.flag("filter_http_body")?,
            filter_subject: all.flag("filter_subject")?,
            grace: all.seconds("grace")?,
            manual_resume: all.flag("manual_resume")?,
            methods: all.methods()?,
            name: all.text("name", NAME_CHARS_MAX)?,
            schedule: all.schedule()?,
            slug: all.slug()?,
            start_kw: all.text("start_kw", WORDS_CHARS_MAX)?,
            subject: all.text("subject", WORDS_CHARS_MAX)?,
            subject_fail: all.text("subject_fail", WORDS_CHARS_MAX)?,
            success_kw: all.text("success_kw", WORDS_CHARS_MAX)?,
            tags: all.text("tags", usize::MAX)?,
            timeout: all.seconds("timeout")?,
            tz: all.tz()?,
            unique: all.unique()?,
        })
    }
}

/// Whether the zone that a schedule itself names is one.
fn has_zone(schedule: &Schedule) -> bool {
    match schedule {
        Schedule::Calendar(calendar) => {
            calendar.zone().is_none_or(|name| zone::named(name).is_ok())
        }
        Schedule::Every(_) | Schedule::Cron(_) | Schedule::Window(_) => true,
    }
}

struct Members<'a>(&'a Map<String, Value>);

impl Members<'_> {
    fn text(&self, name: &str, chars_max: usize) -> Result<Option<String>, Refusal> {
        match self.0.get(name) {
            None => Ok(None),
            Some(Value::String(text)) if text.chars().count() <= chars_max => {
                Ok(Some(text.clone()))
            }
            Some(Value::String(_)) => Err(Refusal::field(format_args!("{name} is too long"))),
            Some(_) => Err(Refusal::field(format_args!("{name} is not a string"))),
        }
    }

    fn flag(&self, name: &str) -> Result<Option<bool>, Refusal> {
        match self.0.get(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(_) => Err(Refusal::field(format_args!("{name} is not a boolean"))),
        }
    }

    fn seconds(&self, name: &str) -> Result<Option<u64>, Refusal> {
        let Some(value) = self.0.get(name) else { return Ok(None) };
        let wrong = |why: &str| Refusal::field(format_args!("{name} is {why}"));
        let Value::Number(number) = value else { return Err(wrong("not a number")) };
        match (number.as_u64(), number.as_i64(), number.as_f64()) {
            (Some(seconds), ..) if seconds < SECONDS_MIN => Err(wrong("too small")),
            (Some(seconds), ..) if seconds > SECONDS_MAX => Err(wrong("too large")),
            (Some(seconds), ..) => Ok(Some(seconds)),
            (None, Some(_), _) => Err(wrong("too small")),
            // A whole number that is too large for us is no fraction.
            (None, None, Some(huge)) if huge.abs() > 1e18 && huge > 0.0 => Err(wrong("too large")),
            (None, None, Some(huge)) if huge.abs() > 1e18 => Err(wrong("too small")),
            (None, None, _) => Err(wrong("not a number")),
        }
    }

    fn methods(&self) -> Result<Option<String>, Refusal> {
        match self.0.get("methods") {
            None => Ok(None),
            Some(Value::String(text)) if matches!(text.as_str(), "" | "POST") => {
                Ok(Some(text.clone()))
            }
            Some(_) => Err(Refusal::field("methods has unexpected value")),
        }
    }

    fn slug(&self) -> Result<Option<String>, Refusal> {
        let slug = self.text("slug", NAME_CHARS_MAX)?;
        let sign = |byte: u8| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_')
        };
        match slug {
            Some(slug) if !slug.bytes().all(sign) => {
                Err(Refusal::field("slug does not match pattern"))
            }
            slug => Ok(slug),
        }
    }

    fn schedule(&self) -> Result<Option<(Kind, String)>, Refusal> {
        let Some(text) = self.text("schedule", NAME_CHARS_MAX)? else { return Ok(None) };
        // One line of five words is cron's, anything else is systemd's.
        let is_cron = !text.trim().contains('\n') && text.split_whitespace().count() == 5;
        let kind = if is_cron { Kind::Cron } else { Kind::Calendar };
        let read = Schedule::parse(kind, text.trim()).ok();
        // A calendar may be over by now, but what was never to come is a mistake.
        let since = Moment::from_epoch_ms(FIRST_LOOK_MS);
        let read = read.filter(|read| has_zone(read) && read.next(since, &Zone::utc()).is_some());
        match read {
            Some(_) if !text.contains('\0') => Ok(Some((kind, text))),
            Some(_) | None => {
                Err(Refusal::field("schedule is not a valid cron or OnCalendar expression"))
            }
        }
    }

    fn tz(&self) -> Result<Option<String>, Refusal> {
        let Some(name) = self.text("tz", usize::MAX)? else { return Ok(None) };
        let name = zones::current(&name);
        match zone::named(name) {
            Ok(_) if !name.is_empty() => Ok(Some(name.to_owned())),
            Ok(_) | Err(_) => Err(Refusal::field("tz is not a valid timezone")),
        }
    }

    fn unique(&self) -> Result<Vec<String>, Refusal> {
        let items = match self.0.get("unique") {
            None => return Ok(Vec::new()),
            Some(Value::Array(items)) => items,
            Some(_) => return Err(Refusal::field("unique is not an array")),
        };
        let known =
            |item: &Value| item.as_str().filter(|name| UNIQUE.contains(name)).map(str::to_owned);
        items
            .iter()
            .map(|item| {
                let unknown = || Refusal::field("an item in 'unique' has unexpected value");
                known(item).ok_or_else(unknown)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn why(body: Value) -> Option<String> {
        let members = body.as_object().expect("an object").clone();
        let refusal = Spec::read(&members).err()?;
        Some(format!("{refusal:?}"))
    }

    #[test]
    fn what_is_wrong_is_refused_in_healthchecks_words() {
        let long = "a".repeat(201);
        for (body, part) in [
            (json!({"name": null}), "name is not a string"),
            (json!({"name": "a".repeat(101)}), "name is too long"),
            (json!({"timeout": 59}), "timeout is too small"),
            (json!({"timeout": -1}), "timeout is too small"),
            (json!({"timeout": true}), "timeout is not a number"),
            (json!({"timeout": 60.5}), "timeout is not a number"),
            (json!({"timeout": 1e20}), "timeout is too large"),
            (json!({"grace": 31_536_001}), "grace is too large"),
            (json!({"grace": "60"}), "grace is not a number"),
            (json!({"slug": "A"}), "slug does not match pattern"),
            (json!({"methods": "GET"}), "methods has unexpected value"),
            (json!({"success_kw": long}), "success_kw is too long"),
            (json!({"manual_resume": 1}), "manual_resume is not a boolean"),
            (json!({"tz": ""}), "tz is not a valid timezone"),
            (json!({"unique": "name"}), "unique is not an array"),
            (json!({"unique": ["status"]}), "an item in 'unique' has unexpected value"),
            (json!({"schedule": "@daily"}), "not a valid cron or OnCalendar expression"),
            (json!({"schedule": "every 1h"}), "not a valid cron or OnCalendar expression"),
            (json!({"schedule": "0 0 31 2 *"}), "not a valid cron or OnCalendar expression"),
            (json!({"schedule": "* * * * * *"}), "not a valid cron or OnCalendar expression"),
            (
                json!({"schedule": "10:00 Nowhere/Land"}),
                "not a valid cron or OnCalendar expression",
            ),
            (json!({"schedule": "*-02-30"}), "not a valid cron or OnCalendar expression"),
            (json!({"schedule": "1999-01-01"}), "not a valid cron or OnCalendar expression"),
            (json!({"schedule": "2000-01-01"}), "not a valid cron or OnCalendar expression"),
        ] {
            let why = why(body.clone()).unwrap_or_default();
            assert!(why.contains(part), "{body}: {why}");
        }
        for body in [
            json!({"name": "", "slug": "", "tags": "", "unknown": [1], "unique": ["name"]}),
            json!({"schedule": "  0   0 1 * *  ", "tz": "Europe/Kiev"}),
            json!({"schedule": "2019-01-01"}),
            json!({"schedule": "2000-01-01 00:00:01"}),
            json!({"schedule": "10:00 Europe/Riga"}),
            json!({"schedule": "12:00\n18:00"}),
            json!({"timeout": 60, "grace": 31_536_000}),
        ] {
            assert_eq!(why(body.clone()), None, "{body}");
        }
    }
}
