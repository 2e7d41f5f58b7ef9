//! Members of an answer, read leniently: what is missing or of another type is nothing.
//!
//! The receiver may be older or newer than this client. A member that it does not have yet, or spells
//! in another way, must not keep the rest from being shown.

use std::time::Duration;

use serde_json::Value;

use crate::domain::time::Moment;

/// One object of an answer.
#[derive(Clone, Copy)]
pub(crate) struct Object<'a>(pub(crate) &'a Value);

impl<'a> Object<'a> {
    /// A text; empty where there is none.
    pub(crate) fn text(self, name: &str) -> &'a str {
        self.0.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// A text that says something.
    pub(crate) fn word(self, name: &str) -> Option<&'a str> {
        Some(self.text(name)).filter(|text| !text.is_empty())
    }

    /// A moment.
    pub(crate) fn moment(self, name: &str) -> Option<Moment> {
        Moment::parse_rfc3339(self.text(name))
    }

    /// A span, which is sent as seconds.
    pub(crate) fn span(self, name: &str) -> Option<Duration> {
        let seconds = self.0.get(name)?.as_f64()?;
        Duration::try_from_secs_f64(seconds).ok()
    }

    /// A whole number.
    pub(crate) fn whole(self, name: &str) -> Option<i64> {
        self.0.get(name)?.as_i64()
    }

    /// The texts of a list.
    pub(crate) fn texts(self, name: &str) -> Vec<&'a str> {
        self.items(name).iter().filter_map(Value::as_str).collect()
    }

    /// The items of a list.
    pub(crate) fn items(self, name: &str) -> &'a [Value] {
        self.0.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// Another object in this one.
    pub(crate) fn object(self, name: &str) -> Option<Object<'a>> {
        self.0.get(name).filter(|value| value.is_object()).map(Object)
    }

    /// The members of an object, each with its name.
    pub(crate) fn members(self, name: &str) -> impl Iterator<Item = (&'a str, &'a Value)> {
        let object = self.0.get(name).and_then(Value::as_object);
        object.into_iter().flatten().map(|(name, value)| (name.as_str(), value))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Object;

    #[test]
    fn what_is_not_there_is_nothing() {
        for value in [json!(null), json!(3), json!([]), json!({}), json!({"a": {"a": null}})] {
            let object = Object(&value);
            assert_eq!(object.text("a"), "");
            assert_eq!(object.word("a"), None);
            assert_eq!(object.moment("a"), None);
            assert_eq!(object.span("a"), None);
            assert_eq!(object.whole("a"), None);
            assert!(object.items("a").is_empty());
        }
        let value = json!({"t": "x", "at": "2026-03-29T01:00:00.500Z", "s": 90, "l": ["a", 1, "b"],
            "minus": -1, "m": {"up": 3}});
        let object = Object(&value);
        assert_eq!(object.word("t"), Some("x"));
        assert_eq!(object.moment("at").map(|at| at.epoch_ms() % 1000), Some(500));
        assert_eq!(object.span("s").map(|span| span.as_secs()), Some(90));
        assert_eq!(object.span("minus"), None);
        assert_eq!(object.texts("l"), ["a", "b"]);
        assert_eq!(object.members("m").map(|(name, _)| name).collect::<Vec<_>>(), ["up"]);
    }
}
