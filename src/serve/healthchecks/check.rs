//! How what is said of a check becomes a monitor.

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use super::fields::Spec;
use crate::domain::ping::mail::MailFilter;
use crate::domain::ping::{BodyWords, Filters};
use crate::domain::schedule::Kind;
use crate::serve::alerts::Chosen;
use crate::serve::creation;
use crate::serve::definition::StoredRules;
use crate::store::monitors::About;

/// The period of a check of which none was said: a day.
pub(super) const TIMEOUT_S: u64 = 86_400;

/// The grace of a check of which none was said: an hour.
const GRACE_S: u64 = 3_600;

/// The longest slug that is made of a name.
const SLUG_CHARS_MAX: usize = 100;

/// What is said of a check and is none of hb's own rules. It is kept beside its filters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Words {
    pub(super) start_kw: String,
    pub(super) success_kw: String,
    pub(super) failure_kw: String,
    pub(super) filter_subject: bool,
    pub(super) filter_body: bool,
    pub(super) filter_http_body: bool,
    pub(super) filter_default_fail: bool,
    /// Pings do not end a pause.
    pub(super) manual_resume: bool,
}

/// The text of one of which nothing was said: most of them.
const NOTHING: &str = "{}";

/// The text in which filters and words are kept.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Kept {
    #[serde(flatten)]
    filters: Filters,
    healthchecks: Words,
}

impl Words {
    /// Reads what the store has.
    pub(crate) fn parse(text: &str) -> Words {
        if text == NOTHING {
            return Words::default();
        }
        serde_json::from_str::<Kept>(text).unwrap_or_default().healthchecks
    }

    /// What they make of a mail.
    pub(crate) fn mail(&self) -> MailFilter {
        let (subject, body) = (self.filter_subject, self.filter_body);
        let words = if subject || body { self.words() } else { BodyWords::default() };
        MailFilter { subject, body, words }
    }

    fn words(&self) -> BodyWords {
        BodyWords {
            failure: self.failure_kw.clone(),
            success: self.success_kw.clone(),
            start: self.start_kw.clone(),
            default_fails: self.filter_default_fail,
        }
    }

    /// As the store keeps them, with the filters that follow from them.
    fn stored(self, post_only: bool) -> String {
        let body = self.filter_http_body.then(|| self.words());
        let kept = Kept { filters: Filters { post_only, body }, healthchecks: self };
        serde_json::to_string(&kept).unwrap_or_else(|_| "{}".to_owned())
    }
}

/// Whether only POST counts.
pub(super) fn is_post_only(filters: &str) -> bool {
    filters != NOTHING && serde_json::from_str::<Filters>(filters).unwrap_or_default().post_only
}

/// The rules of a check of which nothing was said. A run may take its grace, nothing is expected
/// before the first ping, and no missed one is tolerated.
pub(crate) fn rules_by_default() -> StoredRules {
    StoredRules {
        schedule: Some(format!("every {TIMEOUT_S}s")),
        timezone: Some("UTC".to_owned()),
        grace_s: Some(GRACE_S),
        run_at_most_s: Some(GRACE_S),
        tolerance: Some(0),
        wait_first: true,
        healthchecks: true,
        ..StoredRules::default()
    }
}

/// A check of which nothing was said; nobody is told of it.
pub(super) fn bare() -> About {
    About {
        rules: creation::rules_text(&rules_by_default()),
        filters: Words::default().stored(false),
        channels: Chosen::Some(Vec::new()).stored(),
        source: "api".to_owned(),
        ..About::default()
    }
}

/// A check as it is with what was said of it. The first two versions make the slug of the name.
pub(super) fn apply(about: &About, spec: &Spec, version: u8, chosen: Option<Chosen>) -> About {
    let mut about = about.clone();
    if let Some(name) = &spec.name {
        about.name = without_nul(name);
        if version < 3 {
            about.slug = slug_of(name);
        }
    }
    if let Some(slug) = &spec.slug {
        about.slug.clone_from(slug);
    }
    if let Some(tags) = &spec.tags {
        about.tags = tags_of(tags);
    }
    if let Some(desc) = &spec.desc {
        about.description = without_nul(desc);
    }
    if let Some(chosen) = chosen {
        about.channels = chosen.stored();
    }
    about.rules = rules(&about.rules, spec);
    about.filters = filters(&about.filters, spec);
    about
}

fn rules(known: &str, spec: &Spec) -> String {
    let mut rules: StoredRules = serde_json::from_str(known).unwrap_or_default();
    match (&spec.schedule, spec.timeout) {
        (Some((kind, text)), _) => {
            let kind = Kind::ALL.iter().find(|(_, known)| known == kind);
            let kind = kind.map_or("cron", |(word, _)| *word);
            rules.schedule = Some(format!("{kind} {text}"));
            rules.timezone.get_or_insert_with(|| "UTC".to_owned());
        }
        (None, Some(timeout)) => rules.schedule = Some(format!("every {timeout}s")),
        (None, None) => {}
    }
    if let Some(tz) = &spec.tz {
        rules.timezone = Some(tz.clone());
    }
    if let Some(grace) = spec.grace {
        rules.grace_s = Some(grace);
        if rules.healthchecks {
            rules.run_at_most_s = Some(grace);
        }
    }
    creation::rules_text(&rules)
}

fn filters(known: &str, spec: &Spec) -> String {
    let mut words = Words::parse(known);
    let text = |known: &mut String, said: &Option<String>| {
        if let Some(said) = said {
            *known = without_nul(said);
        }
    };
    // The old names for two of the keywords switch the filter with them.
    text(&mut words.success_kw, &spec.subject);
    text(&mut words.failure_kw, &spec.subject_fail);
    if spec.subject.is_some() || spec.subject_fail.is_some() {
        words.filter_subject = !(words.success_kw.is_empty() && words.failure_kw.is_empty());
    }
    text(&mut words.start_kw, &spec.start_kw);
    text(&mut words.success_kw, &spec.success_kw);
    text(&mut words.failure_kw, &spec.failure_kw);
    for (known, said) in [
        (&mut words.filter_subject, spec.filter_subject),
        (&mut words.filter_body, spec.filter_body),
        (&mut words.filter_http_body, spec.filter_http_body),
        (&mut words.filter_default_fail, spec.filter_default_fail),
        (&mut words.manual_resume, spec.manual_resume),
    ] {
        *known = said.unwrap_or(*known);
    }
    let post_only = spec.methods.as_ref().map(|methods| methods == "POST");
    words.stored(post_only.unwrap_or_else(|| is_post_only(known)))
}

/// Tags as a list: blanks part them.
pub(super) fn tags_of(text: &str) -> Vec<String> {
    text.split_whitespace().map(without_nul).collect()
}

fn without_nul(text: &str) -> String {
    text.replace('\0', "")
}

/// A slug of a name as Django makes it: `Crème & Co. (2)` is `creme-co-2`. What has a plainer form takes
/// it, and what is not ASCII then is left out.
pub(super) fn slug_of(name: &str) -> String {
    let mut slug = String::new();
    for letter in name.nfkd().filter(char::is_ascii) {
        if letter.is_ascii_alphanumeric() || letter == '_' {
            slug.push(letter.to_ascii_lowercase());
        } else if (letter == '-' || letter.is_whitespace()) && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.trim_matches(['-', '_']).chars().take(SLUG_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn with(about: &About, body: serde_json::Value, version: u8) -> About {
        let members = body.as_object().expect("an object").clone();
        apply(about, &Spec::read(&members).expect("right"), version, None)
    }

    #[test]
    fn what_is_not_said_stays() {
        let all = json!({"name": "A b", "tags": " x  y ", "desc": "d", "schedule": " 5 4 * * * ",
            "tz": "Europe/Riga", "grace": 90, "methods": "POST", "subject": "OK"});
        let first = with(&bare(), all, 3);
        assert_eq!(
            (first.slug.as_str(), first.tags.as_slice()),
            ("", ["x", "y"].map(String::from).as_slice())
        );
        let rules: StoredRules = serde_json::from_str(&first.rules).expect("rules");
        assert_eq!(rules.schedule.as_deref(), Some("cron  5 4 * * * "));
        assert_eq!((rules.grace_s, rules.run_at_most_s), (Some(90), Some(90)));
        assert_eq!(with(&first, json!({}), 1), first);
        let words = Words::parse(&first.filters);
        assert!(words.filter_subject && words.success_kw == "OK" && is_post_only(&first.filters));
        let second = with(&first, json!({"name": "B c", "subject": "", "timeout": 60}), 1);
        assert_eq!(second.slug, "b-c");
        assert!(!Words::parse(&second.filters).filter_subject);
        let rules: StoredRules = serde_json::from_str(&second.rules).expect("rules");
        assert_eq!(rules.schedule.as_deref(), Some("every 60s"));
        assert_eq!(rules.timezone.as_deref(), Some("Europe/Riga"));
    }

    #[test]
    fn a_body_is_looked_through_only_where_that_is_asked_for() {
        let about = with(&bare(), json!({"success_kw": "OK"}), 3);
        let filters: Filters = serde_json::from_str(&about.filters).expect("filters");
        assert_eq!(filters, Filters::default());
        let about = with(&about, json!({"filter_http_body": true, "failure_kw": "E"}), 3);
        let filters: Filters = serde_json::from_str(&about.filters).expect("filters");
        let words = filters.body.expect("words");
        assert_eq!((words.success.as_str(), words.failure.as_str()), ("OK", "E"));
    }

    #[test]
    fn slugs_are_made_as_django_makes_them() {
        for (name, slug) in [
            ("My Check #1", "my-check-1"),
            ("  --Crème &  Co._ ", "creme-co"),
            ("a.b", "ab"),
            ("☃", ""),
            ("Ğüneş İstanbul", "gunes-istanbul"),
            ("Žižka čaj", "zizka-caj"),
            ("½ cup", "12-cup"),
            ("a\u{a0}b", "a-b"),
            ("ﬁle № 3", "file-no-3"),
            ("Łódź", "odz"),
        ] {
            assert_eq!(slug_of(name), slug, "{name}");
        }
    }
}
