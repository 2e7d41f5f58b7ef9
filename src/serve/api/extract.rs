//! Parts of a request, with refusals in the words of this API instead of the library's plain text.
//!
//! Who is calling is one of them: a handler names the least that its caller must be, so what it may do
//! stands in its signature, and nothing of the request is looked at before.

use std::sync::Arc;

use axum::extract::{FromRequestParts, path, rejection};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::serve::access::{self, Caller};
use crate::serve::app::App;
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

/// A caller who may read.
pub(crate) struct Reader(pub(crate) Caller);

impl FromRequestParts<Arc<App>> for Reader {
    type Rejection = Mistake;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Reader, Mistake> {
        access::reader(app, (&parts.headers, &parts.extensions)).await.map(Reader)
    }
}

/// A caller who may change things.
pub(crate) struct Writer(pub(crate) Caller);

impl FromRequestParts<Arc<App>> for Writer {
    type Rejection = Mistake;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Writer, Mistake> {
        access::writer(app, (&parts.headers, &parts.extensions)).await.map(Writer)
    }
}

/// A caller who may make keys and see who did what.
pub(crate) struct Admin(pub(crate) Caller);

impl FromRequestParts<Arc<App>> for Admin {
    type Rejection = Mistake;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Admin, Mistake> {
        access::admin(app, (&parts.headers, &parts.extensions)).await.map(Admin)
    }
}

/// The person to whom the receiver belongs.
pub(crate) struct Owner(pub(crate) Caller);

impl FromRequestParts<Arc<App>> for Owner {
    type Rejection = Mistake;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Owner, Mistake> {
        access::only_owner(app, (&parts.headers, &parts.extensions)).await.map(Owner)
    }
}
