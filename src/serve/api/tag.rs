//! Entity tags of monitors: they change with what people say of a monitor, not with what hb finds out, so
//! that `If-Match` tells whether somebody else has changed it meanwhile, and `If-None-Match` whether somebody
//! else has made it.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use serde_json::json;

use crate::serve::reply::Mistake;
use crate::serve::secrets;
use crate::store::monitors::About;

/// Digits of a tag.
const DIGITS: usize = 20;

/// The tag of what is said of a monitor.
pub(super) fn of(about: &About) -> String {
    let said = json!([
        about.slug,
        about.name,
        about.description,
        about.owner,
        about.tags,
        about.rules,
        about.filters,
        about.channels,
        about.priority,
    ]);
    let hash = secrets::hash(&said.to_string());
    format!("\"{}\"", hash.get(..DIGITS).unwrap_or_default())
}

/// An answer with its tag.
pub(super) fn tagged(mut response: Response, about: &About) -> Response {
    if let Ok(tag) = HeaderValue::from_str(&of(about)) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

/// What a change asks to find.
#[derive(Clone, Default)]
pub(super) struct Condition {
    /// It is one of these.
    is: Option<String>,
    /// It is none of these.
    is_not: Option<String>,
}

impl Condition {
    /// Of the headers of a request.
    pub(super) fn of(headers: &HeaderMap) -> Condition {
        let said = |name| {
            let value = headers.get(name).and_then(|value| value.to_str().ok());
            value.map(str::to_owned)
        };
        Condition { is: said(header::IF_MATCH), is_not: said(header::IF_NONE_MATCH) }
    }

    /// Whether a monitor has to be there: what is not there is none of any.
    pub(super) fn needs_one(&self) -> bool {
        self.is.is_some()
    }

    /// Whether the monitor is as the caller knows it.
    pub(super) fn check(&self, about: &About) -> Result<(), Mistake> {
        let tag = of(about);
        // A proxy that packs an answer may call its tag a weak one.
        let names = |tags: &str| {
            let mut tags = tags.split(',').map(|one| one.trim().trim_start_matches("W/"));
            tags.any(|one| one == "*" || one == tag)
        };
        if self.is_not.as_deref().is_some_and(names) {
            let why = "there is one already; look at it and change that";
            return Err(Mistake::new(StatusCode::PRECONDITION_FAILED, "exists_already", why));
        }
        if self.is.as_deref().is_none_or(names) {
            return Ok(());
        }
        let why = "somebody has changed it meanwhile; look at it again and repeat the change";
        Err(Mistake::new(StatusCode::PRECONDITION_FAILED, "changed_meanwhile", why))
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderValue};

    use super::{About, Condition, of};

    #[test]
    fn a_change_that_expects_another_state_is_refused() {
        let (old, new) = (About::default(), About { owner: "dba".to_owned(), ..About::default() });
        assert_ne!(of(&old), of(&new));
        let asking = |name: &'static str, value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(name, HeaderValue::from_str(value).expect("a header"));
            Condition::of(&headers)
        };
        let asked = |value: &str| asking("if-match", value);
        assert!(Condition::default().check(&new).is_ok());
        assert!(asked("*").check(&new).is_ok());
        assert!(asked(&format!("\"x\", {}", of(&new))).check(&new).is_ok());
        assert!(asked(&of(&old)).check(&new).is_err());
        assert!(asking("if-none-match", &of(&old)).check(&new).is_ok());
        assert!(asking("if-none-match", &of(&new)).check(&new).is_err());
        assert!(asking("if-none-match", "*").check(&new).is_err());
    }
}
