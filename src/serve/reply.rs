//! Answers: JSON, plain text, and mistakes that say in one line what is wrong.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::json;

use crate::store::Trouble;

/// What a client is told when it cannot be served now; it should come back after so many seconds.
const RETRY_AFTER_S: &str = "5";

/// A request that is not carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mistake {
    status: StatusCode,
    code: &'static str,
    message: String,
    field: Option<String>,
}

impl Mistake {
    /// The request is wrong.
    pub(crate) fn bad(message: impl Into<String>) -> Mistake {
        Mistake::new(StatusCode::BAD_REQUEST, "bad_request", message)
    }

    /// A member of the request is wrong.
    pub(crate) fn field(field: impl Into<String>, message: impl Into<String>) -> Mistake {
        Mistake { field: Some(field.into()), ..Mistake::bad(message) }
    }

    /// There is no such thing, or it is none of the caller's business.
    pub(crate) fn not_found(what: &str) -> Mistake {
        Mistake::new(StatusCode::NOT_FOUND, "not_found", format!("there is no such {what}"))
    }

    /// It clashes with what is there.
    pub(crate) fn conflict(message: impl Into<String>) -> Mistake {
        Mistake::new(StatusCode::CONFLICT, "conflict", message)
    }

    /// No key, or an unknown one.
    pub(crate) fn unauthorized() -> Mistake {
        let message = "an API key is needed: `Authorization: Bearer <key>` or `X-Api-Key: <key>`";
        Mistake::new(StatusCode::UNAUTHORIZED, "unauthorized", message)
    }

    /// The key may not do this.
    pub(crate) fn forbidden(message: impl Into<String>) -> Mistake {
        Mistake::new(StatusCode::FORBIDDEN, "forbidden", message)
    }

    /// This receiver does not let anybody do what a member asks for.
    pub(crate) fn barred(member: &str, message: impl Into<String>) -> Mistake {
        Mistake { field: Some(member.into()), ..Mistake::forbidden(message) }
    }

    /// More than is taken.
    pub(crate) fn too_large(message: impl Into<String>) -> Mistake {
        Mistake::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message)
    }

    /// More than is answered now; the caller may come again.
    pub(crate) fn too_many(message: impl Into<String>) -> Mistake {
        Mistake::new(StatusCode::TOO_MANY_REQUESTS, "too_many", message)
    }

    /// Another status, with its code.
    pub(crate) fn new(
        status: StatusCode,
        code: &'static str,
        message: impl Into<String>,
    ) -> Mistake {
        Mistake { status, code, message: message.into(), field: None }
    }

    /// The line, for shapes that answer in text.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// The member that is wrong, where it is one.
    pub(crate) fn member(&self) -> Option<&str> {
        self.field.as_deref()
    }

    /// The status.
    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }
}

impl From<Trouble> for Mistake {
    fn from(trouble: Trouble) -> Mistake {
        match trouble {
            Trouble::Conflict(_) => Mistake::conflict("something of that name is already there"),
            Trouble::Overtaken => {
                Mistake::conflict("somebody else changed it meanwhile; look at it and try again")
            }
            // What is wrong inside is in the log; a caller can only come back later.
            Trouble::Unavailable(_)
            | Trouble::Newer { .. }
            | Trouble::Fatal(_)
            | Trouble::Ours(_) => Mistake::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                "the store cannot be reached, try again",
            ),
        }
    }
}

impl IntoResponse for Mistake {
    fn into_response(self) -> Response {
        let mut error = json!({ "code": self.code, "message": self.message });
        if let Some(field) = self.field {
            error["field"] = field.into();
        }
        let mut response = json_with(self.status, &json!({ "error": error }));
        let headers = response.headers_mut();
        if [StatusCode::SERVICE_UNAVAILABLE, StatusCode::TOO_MANY_REQUESTS].contains(&self.status) {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER_S));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// JSON with a status.
pub(crate) fn json_with(status: StatusCode, value: &impl Serialize) -> Response {
    json_text(status, serde_json::to_vec(value).unwrap_or_default())
}

/// JSON that is written already.
pub(crate) fn json_text(status: StatusCode, text: Vec<u8>) -> Response {
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    (status, headers, text).into_response()
}

/// JSON.
pub(crate) fn json_ok(value: &impl Serialize) -> Response {
    json_with(StatusCode::OK, value)
}

/// Plain text with a status.
pub(crate) fn text(status: StatusCode, text: impl Into<String>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (status, headers, text.into()).into_response()
}
