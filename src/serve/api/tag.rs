//! Entity tags of monitors: they change with what people say of a monitor, not with what hb finds out, so
//! that `If-Match` tells whether somebody else has changed it meanwhile.

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
pub(super) struct IfMatch(Option<String>);

impl IfMatch {
    /// Of the headers of a request.
    pub(super) fn of(headers: &HeaderMap) -> IfMatch {
        let value = headers.get(header::IF_MATCH).and_then(|value| value.to_str().ok());
        IfMatch(value.map(str::to_owned))
    }

    /// Whether it asks for anything.
    pub(super) fn is_set(&self) -> bool {
        self.0.is_some()
    }

    /// Whether the monitor is as the caller knows it.
    pub(super) fn check(&self, about: &About) -> Result<(), Mistake> {
        let Some(wanted) = &self.0 else { return Ok(()) };
        let tag = of(about);
        if wanted.split(',').map(str::trim).any(|one| one == "*" || one == tag) {
            return Ok(());
        }
        let why = "somebody has changed it meanwhile; look at it again and repeat the change";
        Err(Mistake::new(StatusCode::PRECONDITION_FAILED, "changed_meanwhile", why))
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderValue};

    use super::{About, IfMatch, of};

    #[test]
    fn a_change_that_expects_another_state_is_refused() {
        let (old, new) = (About::default(), About { owner: "dba".to_owned(), ..About::default() });
        assert_ne!(of(&old), of(&new));
        let asked = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("if-match", HeaderValue::from_str(value).expect("a header"));
            IfMatch::of(&headers)
        };
        assert!(IfMatch::default().check(&new).is_ok());
        assert!(asked("*").check(&new).is_ok());
        assert!(asked(&format!("\"x\", {}", of(&new))).check(&new).is_ok());
        assert!(asked(&of(&old)).check(&new).is_err());
    }
}
