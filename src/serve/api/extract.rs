//! Parts of a request, with refusals in the words of this API instead of the library's plain text.

use axum::extract::{FromRequestParts, path, rejection};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::serve::reply::Mistake;

/// What the path names.
pub(crate) struct Path(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for Path {
    type Rejection = Mistake;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Path, Mistake> {
        let read: Result<path::Path<String>, rejection::PathRejection> =
            axum::extract::Path::from_request_parts(parts, state).await;
        // A name that is no text is the name of nothing.
        read.map(|axum::extract::Path(name)| Path(name))
            .map_err(|_| Mistake::not_found("object: its name is no text"))
    }
}

/// What the query asks for.
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Mistake;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Query<T>, Mistake> {
        let read = axum::extract::Query::from_request_parts(parts, state).await;
        read.map(|axum::extract::Query(asked)| Query(asked))
            .map_err(|_| Mistake::bad("the query cannot be read: each name once, as text"))
    }
}
