//! What a ping key may reach: all monitors of its project or some of them, and whether it may make one.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::reply::Mistake;
use crate::domain::wildcard;

/// Patterns of one scope.
const PATTERNS_MAX: usize = 100;

/// The longest pattern: as long as a slug, and a few stars.
const PATTERN_CHARS_MAX: usize = 120;

/// What a ping key may reach.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Scope {
    /// Slugs, `*` for any letters; none: every monitor.
    #[serde(skip_serializing_if = "Option::is_none")]
    monitors: Option<Vec<String>>,
    /// Whether a ping may make the monitor that it names.
    #[serde(skip_serializing_if = "Option::is_none")]
    create: Option<bool>,
}

impl Scope {
    /// Reads what a person said.
    pub(crate) fn parse(value: &Value) -> Result<Scope, Mistake> {
        let why = "`scope` is such as {\"monitors\": [\"db-*\"], \"create\": false}";
        let members = value.as_object().ok_or_else(|| Mistake::field("scope", why))?;
        if members.keys().any(|name| name != "monitors" && name != "create") {
            return Err(Mistake::field("scope", why));
        }
        let scope: Scope =
            serde_json::from_value(value.clone()).map_err(|_| Mistake::field("scope", why))?;
        let patterns = scope.monitors.as_deref().unwrap_or_default();
        let fits = |pattern: &String| pattern.chars().count() <= PATTERN_CHARS_MAX;
        if patterns.len() > PATTERNS_MAX || !patterns.iter().all(fits) {
            let why = format!(
                "`scope` takes {PATTERNS_MAX} patterns of {PATTERN_CHARS_MAX} characters at most"
            );
            return Err(Mistake::field("scope", why));
        }
        Ok(scope)
    }

    /// As the store keeps it.
    pub(crate) fn stored(&self) -> String {
        serde_json::to_string(self).unwrap_or_else(|_| "{}".to_owned())
    }

    /// Of a stored key: one without a scope reaches everything, one that cannot be read nothing.
    pub(crate) fn of_stored(stored: Option<&str>) -> Scope {
        let nothing = Scope { monitors: Some(Vec::new()), create: Some(false) };
        stored.map_or_else(Scope::default, |stored| serde_json::from_str(stored).unwrap_or(nothing))
    }

    /// Whether it reaches the monitor of this slug.
    pub(crate) fn has(&self, slug: &str) -> bool {
        let patterns = self.monitors.as_ref();
        patterns.is_none_or(|patterns| patterns.iter().any(|one| wildcard::fits(one, slug)))
    }

    /// Whether a ping may make a monitor of this slug.
    pub(crate) fn may_create(&self, slug: &str) -> bool {
        self.create != Some(false) && self.has(slug)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Scope;

    #[test]
    fn a_scope_reaches_what_it_names_and_no_more() {
        let whole = Scope::of_stored(None);
        assert!(whole.has("anything") && whole.may_create("anything"));
        let some = Scope::parse(&json!({ "monitors": ["db-*", "www"] })).expect("it is fine");
        let some = Scope::of_stored(Some(&some.stored()));
        for (slug, reached) in
            [("db-", true), ("db-one", true), ("www", true), ("www2", false), ("mydb-one", false)]
        {
            assert_eq!((some.has(slug), some.may_create(slug)), (reached, reached), "{slug}");
        }
        let fixed = Scope::parse(&json!({ "create": false })).expect("it is fine");
        assert!(fixed.has("a") && !fixed.may_create("a"));
        let broken = Scope::of_stored(Some("{nonsense"));
        assert!(!broken.has("a") && !broken.may_create("a"), "a scope is never widened by damage");
    }

    #[test]
    fn what_is_no_scope_is_refused() {
        for bad in [
            json!("all"),
            json!({ "monitor": ["a"] }),
            json!({ "monitors": "a" }),
            json!({ "create": "no" }),
            json!({ "monitors": vec!["a"; 101] }),
            json!({ "monitors": ["a".repeat(121)] }),
        ] {
            assert!(Scope::parse(&bad).is_err(), "{bad}");
        }
    }
}
