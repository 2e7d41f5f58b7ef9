//! A call with its key. Healthchecks counts the characters of a key, and takes it from the body, too.

use std::sync::Arc;

use axum::http::Method;
use axum::http::request::Parts;
use serde_json::{Map, Value};

use super::refusal::Refusal;
use crate::serve::access::{self, Caller};
use crate::serve::app::App;
use crate::serve::secrets;

/// Every key of the API is as long as this.
pub(crate) const KEY_CHARS: usize = 32;

/// A call that was read.
pub(super) struct Call {
    /// What all parts share.
    pub(super) app: Arc<App>,
    /// The version of the API.
    pub(super) version: u8,
    /// The method.
    pub(super) method: Method,
    /// The members of its body.
    pub(super) body: Map<String, Value>,
    parts: Parts,
}

impl Call {
    /// Reads a call. A body that is no JSON is refused before the key is looked at, since the key may be
    /// in it.
    pub(super) fn new(
        app: &Arc<App>,
        version: u8,
        parts: Parts,
        body: &[u8],
    ) -> Result<Call, Refusal> {
        let body = match parts.method {
            Method::POST if !body.is_empty() => serde_json::from_slice(body)
                .map_err(|_| Refusal::error("could not parse request body"))?,
            _ => Value::Object(Map::new()),
        };
        let Value::Object(body) = body else {
            return Err(Refusal::field("value is not an object"));
        };
        Ok(Call { app: Arc::clone(app), version, method: parts.method.clone(), body, parts })
    }

    /// The pairs of the query.
    pub(super) fn query(&self) -> Vec<(String, String)> {
        let query = self.parts.uri.query().unwrap_or_default();
        let decoded = |text: &str| crate::domain::address::percent_decode(&text.replace('+', " "));
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        pairs
            .map(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                (decoded(name), decoded(value))
            })
            .collect()
    }

    /// The key as it was sent: the header wins.
    fn key(&self) -> String {
        match self.parts.headers.get("x-api-key") {
            Some(header) => header.to_str().unwrap_or_default().to_owned(),
            None => self.body.get("api_key").and_then(Value::as_str).unwrap_or_default().to_owned(),
        }
    }

    /// The key of the bearer.
    pub(super) fn bearer(&self) -> Option<String> {
        let header = self.parts.headers.get(axum::http::header::AUTHORIZATION)?.to_str().ok()?;
        header.strip_prefix("Bearer ").map(str::to_owned)
    }

    /// Whether it has the key of the numbers about the server; where none is set nobody has.
    pub(super) fn may_count(&self) -> bool {
        let sent = self.parts.headers.get("x-metrics-key").and_then(|key| key.to_str().ok());
        let known = self.app.metrics_key.as_deref();
        sent.zip(known).is_some_and(|(sent, known)| secrets::is_same(&secrets::hash(sent), known))
    }

    /// A caller who may write.
    pub(super) async fn writer(&self) -> Result<Caller, Refusal> {
        let caller = self.reader().await?;
        if caller.kind.writes() { Ok(caller) } else { Err(Refusal::key("wrong api key")) }
    }

    /// A caller who may read.
    pub(super) async fn reader(&self) -> Result<Caller, Refusal> {
        reader(&self.app, &self.key()).await
    }
}

/// The caller of a key, if it may read.
pub(super) async fn reader(app: &App, key: &str) -> Result<Caller, Refusal> {
    if key.chars().count() != KEY_CHARS {
        return Err(Refusal::key("missing api key"));
    }
    let caller = access::caller(app, key).await?;
    caller.filter(|caller| caller.kind.reads()).ok_or_else(|| Refusal::key("wrong api key"))
}
