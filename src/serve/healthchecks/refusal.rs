//! How Healthchecks says no: a status, and one line of JSON or none.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::serve::reply;
use crate::store::Trouble;

/// A call that is not carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    status: StatusCode,
    body: Body,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Body {
    Nothing,
    Text(&'static str),
    Error(String),
}

impl Refusal {
    /// Something in the call is wrong.
    pub(super) fn error(why: impl Into<String>) -> Refusal {
        Refusal { status: StatusCode::BAD_REQUEST, body: Body::Error(why.into()) }
    }

    /// A member of the call is wrong.
    pub(super) fn field(why: impl std::fmt::Display) -> Refusal {
        Refusal::error(format!("json validation error: {why}"))
    }

    /// A query is wrong.
    pub(super) fn bad_query() -> Refusal {
        Refusal { status: StatusCode::BAD_REQUEST, body: Body::Nothing }
    }

    /// The key is none, or the wrong one.
    pub(super) fn key(why: &str) -> Refusal {
        Refusal { status: StatusCode::UNAUTHORIZED, body: Body::Error(why.to_owned()) }
    }

    /// It belongs to somebody else.
    pub(super) fn forbidden() -> Refusal {
        Refusal { status: StatusCode::FORBIDDEN, body: Body::Nothing }
    }

    /// A wrong key, where Healthchecks says no more than that.
    pub(super) fn without_words(self) -> Refusal {
        match self.status {
            StatusCode::UNAUTHORIZED => Refusal::forbidden(),
            _ => self,
        }
    }

    /// The line, for those who do not answer with it.
    pub(super) fn why(self) -> String {
        match self.body {
            Body::Nothing => self.status.to_string(),
            Body::Text(text) => text.to_owned(),
            Body::Error(why) => why,
        }
    }

    /// There is no such thing.
    pub(super) fn not_found() -> Refusal {
        Refusal { status: StatusCode::NOT_FOUND, body: Body::Text("not found") }
    }

    /// It cannot be resumed.
    pub(super) fn not_paused() -> Refusal {
        Refusal { status: StatusCode::CONFLICT, body: Body::Text("check is not paused") }
    }
}

impl From<Trouble> for Refusal {
    fn from(_: Trouble) -> Refusal {
        // What is wrong inside is in the log; a caller can only come back later.
        let why = "the store cannot be reached, try again";
        Refusal { status: StatusCode::SERVICE_UNAVAILABLE, body: Body::Error(why.to_owned()) }
    }
}

impl From<reply::Mistake> for Refusal {
    fn from(mistake: reply::Mistake) -> Refusal {
        Refusal { status: mistake.status(), body: Body::Error(mistake.message().to_owned()) }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = match self.body {
            Body::Nothing => self.status.into_response(),
            Body::Text(text) => reply::text(self.status, text),
            Body::Error(why) => reply::json_with(self.status, &json!({ "error": why })),
        };
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            let soon = axum::http::HeaderValue::from_static("5");
            response.headers_mut().insert(header::RETRY_AFTER, soon);
        }
        response
    }
}
