//! A request's parts as `domain::ping` wants them, and its answer as HTTP has it.

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;

use crate::domain::ping::{self, Answer};
use crate::domain::proxies::Proxies;
use crate::domain::text;
use crate::serve::body::Unread;
use crate::serve::client::Client;
use crate::serve::reply;

/// Of a user agent as much is kept: Healthchecks' limit.
const AGENT_CHARS_MAX: usize = 200;

/// Of a method as much is kept.
const METHOD_CHARS_MAX: usize = 10;

/// A request that has been read.
pub(crate) struct Wire {
    parts: Parts,
    client: String,
    scheme: &'static str,
    body: Vec<u8>,
    body_bytes: u64,
}

impl Wire {
    /// Of these parts; where it comes from is as far believed as these proxies are.
    pub(crate) fn new(parts: Parts, proxies: &Proxies, (body, body_bytes): (Vec<u8>, u64)) -> Wire {
        let client = Client::of(&parts.headers, &parts.extensions, proxies);
        let scheme = if client.is_https { "https" } else { "http" };
        Wire { client: client.address, scheme, parts, body, body_bytes }
    }

    /// The headers, borrowed.
    pub(crate) fn headers(&self) -> Vec<(&str, &[u8])> {
        self.parts.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect()
    }

    /// The request, borrowed.
    pub(crate) fn request<'a>(&'a self, headers: &'a [(&'a str, &'a [u8])]) -> ping::Request<'a> {
        ping::Request {
            method: self.parts.method.as_str(),
            path: self.parts.uri.path(),
            query: self.parts.uri.query().unwrap_or_default(),
            headers,
            body: &self.body,
            body_bytes: self.body_bytes,
        }
    }

    /// The method, as far as it is kept.
    pub(crate) fn method(&self) -> String {
        self.parts.method.as_str().chars().take(METHOD_CHARS_MAX).collect()
    }

    /// The address of the client, as far as it is known.
    pub(crate) fn client(&self) -> String {
        self.client.clone()
    }

    /// The scheme that the client used.
    pub(crate) fn scheme(&self) -> String {
        self.scheme.to_owned()
    }

    /// What kind of program sent it.
    pub(crate) fn agent(&self) -> String {
        let agent = self.parts.headers.get(header::USER_AGENT);
        let agent = agent.map(|agent| text::to_text(agent.as_bytes())).unwrap_or_default();
        text::without_controls(&agent).chars().take(AGENT_CHARS_MAX).collect()
    }

    /// The path for logs.
    pub(crate) fn masked(&self) -> String {
        ping::mask(self.parts.uri.path())
    }

    /// Whether the query asks for the monitor to be made: `create=1`.
    pub(crate) fn creates(&self) -> bool {
        self.parts.uri.query().is_some_and(|query| query.split('&').any(|pair| pair == "create=1"))
    }
}

/// The answer as HTTP has it.
pub(crate) fn response(answer: Answer) -> Response {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() =
        StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    if !answer.content_type.is_empty() {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(answer.content_type));
    }
    for (name, value) in answer.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    response
}

/// The answer to a request whose body cannot be had.
pub(crate) fn refused(unread: &Unread) -> Response {
    match unread {
        Unread::Broken => reply::text(StatusCode::BAD_REQUEST, "the body did not come whole\n"),
        Unread::Slow => reply::text(StatusCode::REQUEST_TIMEOUT, "the body came too slowly\n"),
        Unread::TooLong => reply::text(StatusCode::PAYLOAD_TOO_LARGE, "the body is too long\n"),
    }
}
